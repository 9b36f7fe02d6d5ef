//! How much of what a service has is in use, and what its calls wait for where nothing is short.

use super::who::Who;
use crate::{
    measure::{tally::HostTally, window::Areas},
    model::{
        blueprint::{Instance, Objective, Promise, Serving},
        operational::{Kind, Operational},
    },
};

/// From so much in use on a resource is short.
pub(super) const SHORT: f64 = 0.7;

/// What it is that may be short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// Cores of a host (index).
    Cpu(usize),
    Disk,
    /// Of a host, in one direction.
    Line,
    /// Places that a call holds, or loops.
    Workers,
    /// By which a replica follows.
    Appliers,
}

/// A resource of a service.
pub(super) struct Used {
    pub(super) what: Resource,
    pub(super) name: String,
    /// How much of it is in use.
    pub(super) share: f64,
    /// Of a line, how many messages it holds up on average.
    pub(super) waits: f64,
}

impl Who<'_> {
    /// What a service has, host by host, and how much of it is in use while the promise is broken.
    pub(super) fn resources(&self, service: usize) -> Vec<Used> {
        let mut all: Vec<Used> = Vec::new();
        for (index, instance) in self.site.instances.iter().enumerate() {
            if instance.service.index() != service {
                continue;
            }
            let machine = self.machine(instance.host.index());
            let appliers = self.appliers_of(index, &machine);
            all.extend(machine);
            all.extend(self.workers(index));
            all.extend(appliers);
        }
        all
    }

    /// What a host has.
    fn machine(&self, host: usize) -> Vec<Used> {
        let (Some(tally), Some(shape)) =
            (self.pool.hosts.get(host), self.pool.shape.hosts.get(host))
        else {
            return Vec::new();
        };
        let name = &self.site.hosts[host].name;
        let used =
            |what: Resource, name: String, share: f64| Used { what, name, share, waits: 0.0 };
        let cpu = self.share(&tally.runnable.used, shape.cores);
        let mut all = vec![used(Resource::Cpu(host), format!("CPU of {name}"), cpu)];
        if shape.disk_parallel > 0 {
            let disk = self.share(&tally.disk, shape.disk_parallel);
            all.push(used(Resource::Disk, format!("disk of {name}"), disk));
        }
        if self.site.hosts[host].nic_bits.is_some() {
            for (areas, wait_area, way) in [
                (&tally.sending, tally.sending_wait_area, "out"),
                (&tally.receiving, tally.receiving_wait_area, "in"),
            ] {
                let line = format!("NIC of {name}, {way}");
                let waits = wait_area as f64 / 1e9 / self.pool.seconds();
                all.push(Used { waits, ..used(Resource::Line, line, self.share(areas, 1)) });
            }
        }
        all
    }

    /// The workers of an instance. Whoever holds a worker while somebody else works is short of them only if
    /// others wait.
    fn workers(&self, instance: usize) -> Option<Used> {
        let service = self.site.instances[instance].service.index();
        let (here, waiting) = self.load(service);
        let is_loops = matches!(self.site.services[service].serving, Serving::Loops { .. });
        (is_loops || waiting > 0.01 * here).then(|| self.all_workers(instance))?
    }

    /// The same, whoever is short of them. `None`: no limit.
    fn all_workers(&self, instance: usize) -> Option<Used> {
        let (own, tally) = (&self.site.instances[instance], &self.pool.instances[instance]);
        let workers = self.pool.shape.instances[instance].workers?;
        Some(Used {
            what: Resource::Workers,
            name: format!("workers of {}", own.name),
            share: self.share(&tally.busy.used, workers),
            waits: 0.0,
        })
    }

    /// How much of so many is in use while the promise is broken.
    fn share(&self, areas: &Areas, of: u32) -> f64 {
        let area: u64 = self.bad.parts.iter().map(|&part| areas.by_part[part]).sum();
        area as f64 / (self.bad.nanos * f64::from(of.max(1)))
    }

    /// The busiest resource of a service.
    pub(super) fn busiest(&self, service: usize) -> Option<Used> {
        most(self.resources(service))
    }

    pub(super) fn is_short(&self, service: usize) -> bool {
        self.busiest(service).is_some_and(|it| it.share >= SHORT)
    }

    pub(super) fn is_congested(&self, service: usize) -> bool {
        let (here, waiting) = self.load(service);
        2.0 * waiting > here || self.is_short(service)
    }

    /// What most of the calls at a service wait for: a worker, a core, or a line. However little of it is in
    /// use on average, they wait where they come in bursts, or where some ask for much at once.
    pub(super) fn waited_for(&self, service: usize) -> Option<Used> {
        let (here, waiting) = self.load(service);
        let for_core = self.share_that_waits_for_cores(service) * here;
        let for_line = self.share_that_waits_for_lines(service) * here;
        if 2.0 * (waiting + for_core + for_line) <= here {
            return None;
        }
        let is_for_line = for_line > for_core.max(waiting);
        let is_it = |it: &Used| match it.what {
            Resource::Cpu(_) => !is_for_line && for_core > waiting,
            Resource::Line => is_for_line,
            Resource::Disk | Resource::Appliers => false,
            Resource::Workers => !is_for_line && for_core <= waiting,
        };
        let of: Vec<Used> = self.resources(service).into_iter().filter(is_it).collect();
        if is_for_line {
            return of.into_iter().max_by(|one, other| one.waits.total_cmp(&other.waits));
        }
        most(of)
    }

    /// The workers of a service, of whose queue something is promised: however few wait, they wait for these.
    pub(super) fn queued_at(&self, objective: &Objective, service: usize) -> Option<Used> {
        if !matches!(objective.promise, Promise::Queue { .. }) {
            return None;
        }
        let instances = self.site.instances.iter().enumerate();
        let own = instances.filter(|(_, it)| it.service.index() == service);
        most(own.filter_map(|(index, _)| self.all_workers(index)).collect())
    }

    /// Of the calls at a service, the share that has no core though it could run, over the whole window.
    fn share_that_waits_for_cores(&self, service: usize) -> f64 {
        self.share_that_waits(service, |host| {
            let used = host.runnable.used.by_part.iter().map(|&it| u128::from(it));
            host.runnable.area.saturating_sub(used.sum())
        })
    }

    /// Of the calls at a service, the share whose messages its lines hold up, over the whole window.
    fn share_that_waits_for_lines(&self, service: usize) -> f64 {
        // Calls whose messages are still coming in are not there yet, so that more may wait than are there.
        let share = self
            .share_that_waits(service, |host| host.sending_wait_area + host.receiving_wait_area);
        share.min(1.0)
    }

    /// Of the calls at a service, the share that waits at its hosts, over the whole window: calls times
    /// nanoseconds by host. Whoever shares a host shares those that wait there by the calls that are there.
    fn share_that_waits(&self, service: usize, at: impl Fn(&HostTally) -> u128) -> f64 {
        let (mut own, mut waits) = (0.0, 0.0);
        for host in self.hosts_of(service) {
            let instances = self.site.instances.iter().zip(&self.pool.instances);
            let (mut here, mut all) = (0.0, 0.0);
            for (instance, tally) in instances.filter(|(it, _)| it.host.index() == host) {
                let calls = tally.in_system.area as f64;
                all += calls;
                here += if instance.service.index() == service { calls } else { 0.0 };
            }
            own += here;
            if let Some(tally) = self.pool.hosts.get(host)
                && all > 0.0
            {
                waits += at(tally) as f64 * here / all;
            }
        }
        if own > 0.0 { waits / own } else { 0.0 }
    }

    /// The other service that uses most of the cores of one of a service's hosts, by what programs
    /// ask for.
    pub(super) fn neighbour(&self, service: usize, used: &Used) -> Option<&str> {
        let Resource::Cpu(host) = used.what else { return None };
        let hosts = |it: &&Instance| it.host.index() == host;
        if self.site.instances.iter().filter(hosts).all(|it| it.service.index() == service) {
            return None;
        }
        let stations = Operational::of(self.site).stations;
        let is_it = |at: &u32| *at as usize == host;
        let cpu = stations.iter().find(|it| it.kind == Kind::Cpu && it.at.iter().any(is_it))?;
        (cpu.service.index() != service).then(|| &*self.site.services[cpu.service.index()].name)
    }
}

/// The busiest of them; of those that are about as busy, the first.
fn most(of: Vec<Used>) -> Option<Used> {
    of.into_iter().fold(None, |most: Option<Used>, it| match most {
        Some(most) if it.share <= most.share + 0.005 => Some(most),
        _ => Some(it),
    })
}
