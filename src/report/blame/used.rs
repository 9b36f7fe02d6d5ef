//! How much of what a service has is in use, and what its calls wait for where nothing is short.

use super::who::Who;
use crate::model::{
    blueprint::{Instance, Serving},
    operational::{Kind, Operational},
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
}

/// A resource of a service.
pub(super) struct Used {
    pub(super) what: Resource,
    pub(super) name: String,
    /// How much of it is in use.
    pub(super) share: f64,
}

impl Who<'_> {
    /// What a service has, host by host, and how much of it is in use while the promise is broken.
    pub(super) fn resources(&self, service: usize) -> Vec<Used> {
        let used = |areas: &[u64], of: u32| {
            let area: u64 = self.bad.parts.iter().map(|&part| areas[part]).sum();
            area as f64 / (self.bad.nanos * f64::from(of.max(1)))
        };
        let mut all: Vec<Used> = Vec::new();
        let mut consider =
            |what: Resource, name: String, share: f64| all.push(Used { what, name, share });
        let (here, waiting) = self.load(service);
        let waits = waiting > 0.01 * here;
        let instances = self.site.instances.iter().zip(&self.pool.instances).enumerate();
        for (index, (instance, tally)) in instances {
            if instance.service.index() != service {
                continue;
            }
            let host = instance.host.index();
            if let (Some(it), Some(shape)) =
                (self.pool.hosts.get(host), self.pool.shape.hosts.get(host))
            {
                let name = &self.site.hosts[host].name;
                let cpu = used(&it.runnable.used.by_part, shape.cores);
                consider(Resource::Cpu(host), format!("CPU of {name}"), cpu);
                if shape.disk_parallel > 0 {
                    let disk = used(&it.disk.by_part, shape.disk_parallel);
                    consider(Resource::Disk, format!("disk of {name}"), disk);
                }
                if self.site.hosts[host].nic_bits.is_some() {
                    for (areas, way) in [(&it.sending, "out"), (&it.receiving, "in")] {
                        let line = used(&areas.by_part, 1);
                        consider(Resource::Line, format!("NIC of {name}, {way}"), line);
                    }
                }
            }
            // Whoever holds a worker while somebody else works is short of them only if others wait.
            let is_loops = matches!(self.site.services[service].serving, Serving::Loops { .. });
            if let Some(workers) = self.pool.shape.instances[index].workers
                && (is_loops || waits)
            {
                let busy = used(&tally.busy.used.by_part, workers);
                consider(Resource::Workers, format!("workers of {}", instance.name), busy);
            }
        }
        all
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

    /// What most of the calls at a service wait for: a worker, or a core. However little of it is in
    /// use on average, they wait where they come in bursts, or where some ask for much at once.
    pub(super) fn waited_for(&self, service: usize) -> Option<Used> {
        let (here, waiting) = self.load(service);
        let for_core = self.share_that_waits_for_cores(service) * here;
        if 2.0 * (waiting + for_core) <= here {
            return None;
        }
        let is_it = |it: &Used| match it.what {
            Resource::Cpu(_) => for_core > waiting,
            Resource::Disk | Resource::Line => false,
            Resource::Workers => for_core <= waiting,
        };
        most(self.resources(service).into_iter().filter(is_it).collect())
    }

    /// Of the calls at a service, the share that has no core though it could run, over the whole window.
    /// Whoever shares a host shares its waiting threads by the calls that are there.
    fn share_that_waits_for_cores(&self, service: usize) -> f64 {
        let (mut own, mut threads) = (0.0, 0.0);
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
                let used = tally.runnable.used.by_part.iter().map(|&it| u128::from(it));
                let beyond = tally.runnable.area.saturating_sub(used.sum());
                threads += beyond as f64 * here / all;
            }
        }
        if own > 0.0 { threads / own } else { 0.0 }
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
