//! Demand, added up call by call: at one host or instance where callers share by weight, over all of them
//! where callers prefer the idle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::blueprint::{
        Blueprint, EndpointId, HostId, InstanceId, LogId, RequestId, ServiceId, Serving, UpstreamId,
    },
    flow::{Called, Flows},
    place::{Shares, adapts, instances, servers, shares_by_host, speed},
    program::Run,
    residence::{Residence, Residences},
    station::{Kind, Station, Where},
};

#[derive(Clone, Debug, Default)]
struct Sum {
    capacity: f64,
    demand: f64,
    visits: f64,
    is_least: bool,
    by_service: BTreeMap<u32, f64>,
    by_request: BTreeMap<RequestId, f64>,
}

impl Sum {
    /// What others ask of it besides.
    fn take_in(&mut self, other: &Sum, pace: f64) {
        self.demand += other.demand * pace;
        self.visits += other.visits;
        for (request, demand) in &other.by_request {
            *self.by_request.entry(*request).or_default() += demand * pace;
        }
    }
}

/// Demand while it is added up.
pub(super) struct Stations<'a> {
    plan: &'a Blueprint,
    /// Whose demand is being added.
    request: RequestId,
    sums: BTreeMap<(Kind, Where), Sum>,
}

/// What a call asks of something at its instance.
#[derive(Clone, Copy)]
struct Asked {
    kind: Kind,
    /// Of one of them.
    amount: f64,
    capacity: f64,
    is_least: bool,
}

impl<'a> Stations<'a> {
    pub(super) fn new(plan: &'a Blueprint) -> Stations<'a> {
        Stations { plan, request: RequestId(0), sums: BTreeMap::new() }
    }

    /// Adds what requests of one kind ask, by their share.
    pub(super) fn add(
        &mut self,
        (request, share): (RequestId, f64),
        flows: &Flows,
        runs: &[Run],
        residences: &mut Residences<'_>,
    ) {
        self.request = request;
        for (&(upstream, endpoint), called) in &flows.calls {
            let at = (UpstreamId(upstream), EndpointId(endpoint));
            self.call(share, at, *called, runs, residences);
        }
        for (&(log, apply), &count) in &flows.commits {
            self.applied(share * count, LogId(log), EndpointId(apply), runs, residences);
        }
    }

    fn call(
        &mut self,
        share: f64,
        (upstream, endpoint): (UpstreamId, EndpointId),
        called: Called,
        runs: &[Run],
        residences: &mut Residences<'_>,
    ) {
        let plan = self.plan;
        let view = &plan.upstreams[upstream.index()];
        let shares = servers(plan, view);
        let run = &runs[endpoint.index()];
        let residence = residences.of(endpoint);
        let way_s = residences.one_way_s(upstream);
        let count = share * called.count;
        let is_group = adapts(view) && shares.len() > 1;
        let group = Where::Group(shares.first().map_or(InstanceId(0), |it| it.0), view.servers);
        let slowness: f64 =
            instances(plan, view.callee).iter().map(|&(it, part)| part / speed(plan, it)).sum();
        for &(instance, part) in &shares {
            let work_s = run.work_s + run.handshake_s * called.fresh / called.count.max(1e-300);
            let asked = self.asked(instance, run, work_s, residences, &residence, slowness);
            for it in asked {
                let is_least = it.is_least
                    || (it.kind == Kind::Cpu
                        && run.handshake_s > 0.0
                        && called.fresh < called.fresh_most);
                let it = Asked { is_least, ..it };
                let place = match it.kind {
                    Kind::Loops | Kind::Workers | Kind::Connections => Where::Instance(instance),
                    _ => Where::Host(plan.instances[instance.index()].host),
                };
                let place = if is_group { group } else { place };
                self.put(place, view.callee, count * part, it, is_group, instance);
            }
        }
        self.transfers(count, (upstream, endpoint), residence.bytes);
        if view.slots != u32::MAX {
            let caller = &plan.services[view.caller.index()];
            let views = f64::from(caller.instances) * f64::from(caller.processes);
            let capacity = views * f64::from(view.servers) * f64::from(view.slots);
            let amount = 2.0 * way_s + residence.first_s;
            let asked = Asked { kind: Kind::Pool, amount, capacity, is_least: true };
            self.put(Where::View(upstream), view.caller, count, asked, false, InstanceId(0));
        }
    }

    /// What a call asks of its instance and of the host.
    fn asked(
        &self,
        instance: InstanceId,
        run: &Run,
        work_s: f64,
        residences: &Residences<'_>,
        residence: &Residence,
        slowness: f64,
    ) -> Vec<Asked> {
        let plan = self.plan;
        let it = &plan.instances[instance.index()];
        let service = &plan.services[it.service.index()];
        let Some(host) = plan.hosts.get(it.host.index()) else { return Vec::new() };
        let cpu_s = work_s / speed(plan, instance);
        let disk_s = residences.disk_s(run, instance);
        let exact = |kind, amount, capacity| Asked { kind, amount, capacity, is_least: false };
        let mut asked = vec![exact(Kind::Cpu, cpu_s, f64::from(host.cores))];
        if let Some(disk) = &host.disk {
            asked.push(exact(Kind::Disk, disk_s, f64::from(disk.parallel)));
            let (operations, bytes) = residences.read(run, it.host);
            if let Some(rate) = disk.throughput {
                asked.push(exact(Kind::DiskBytes, bytes, rate));
            }
            if let Some(rate) = disk.iops {
                asked.push(exact(Kind::DiskOperations, operations, rate));
            }
        }
        let processes = f64::from(service.processes);
        // At this instance, which may be slower than others.
        let held_s =
            residence.first_s + residence.work_s * (1.0 / speed(plan, instance) - slowness);
        let least = |kind, capacity| Asked { kind, amount: held_s, capacity, is_least: true };
        match service.serving {
            Serving::Loops { loops } => {
                asked.push(exact(Kind::Loops, cpu_s + disk_s, f64::from(loops) * processes));
            }
            Serving::Slots { slots, .. } if slots != u32::MAX => {
                asked.push(least(Kind::Workers, f64::from(slots) * processes));
            }
            Serving::Slots { .. } => {}
        }
        if let Some(accept) = service.accept {
            let each = f64::from(accept.process_connections_max) * processes;
            let all = f64::from(accept.connections_max);
            let most = match (accept.process_connections_max, accept.connections_max) {
                (u32::MAX, u32::MAX) => return asked,
                (u32::MAX, _) => all,
                (_, u32::MAX) => each,
                _ => each.min(all),
            };
            asked.push(least(Kind::Connections, most));
        }
        asked
    }

    fn put(
        &mut self,
        place: Where,
        service: ServiceId,
        count: f64,
        asked: Asked,
        is_group: bool,
        instance: InstanceId,
    ) {
        if count * asked.amount <= 0.0 {
            return;
        }
        let pace =
            if is_group && asked.kind == Kind::Cpu { speed(self.plan, instance) } else { 1.0 };
        let capacity = if is_group {
            self.group_capacity(place, asked.kind).unwrap_or(asked.capacity)
        } else {
            asked.capacity
        };
        let sum = self.sums.entry((asked.kind, place)).or_default();
        sum.capacity = capacity;
        sum.demand += count * asked.amount * pace;
        sum.visits += count;
        sum.is_least |= asked.is_least;
        *sum.by_service.entry(service.0).or_default() += count * asked.amount * pace;
        *sum.by_request.entry(self.request).or_default() += count * asked.amount * pace;
    }

    /// Of all members of a group together: work a second, or places.
    fn group_capacity(&self, place: Where, kind: Kind) -> Option<f64> {
        let Where::Group(first, count) = place else { return None };
        let plan = self.plan;
        let members = first.0..first.0 + count;
        let mut hosts = BTreeSet::new();
        let mut whole = 0.0;
        for index in members {
            let it = &plan.instances[index as usize];
            let service = &plan.services[it.service.index()];
            let host = &plan.hosts[it.host.index()];
            let is_new = hosts.insert(it.host);
            whole += match kind {
                Kind::Cpu if is_new => f64::from(host.cores) * speed(plan, InstanceId(index)),
                Kind::Disk if is_new => {
                    host.disk.as_ref().map_or(0.0, |disk| f64::from(disk.parallel))
                }
                Kind::DiskBytes if is_new => {
                    host.disk.as_ref().and_then(|disk| disk.throughput).unwrap_or(0.0)
                }
                Kind::DiskOperations if is_new => {
                    host.disk.as_ref().and_then(|disk| disk.iops).unwrap_or(0.0)
                }
                Kind::NicOut | Kind::NicIn if is_new => host.nic_bits.unwrap_or(0) as f64,
                Kind::Loops => match service.serving {
                    Serving::Loops { loops } => f64::from(loops) * f64::from(service.processes),
                    Serving::Slots { .. } => 0.0,
                },
                Kind::Workers => match service.serving {
                    Serving::Slots { slots, .. } => f64::from(slots) * f64::from(service.processes),
                    Serving::Loops { .. } => 0.0,
                },
                Kind::Connections => return None,
                _ => 0.0,
            };
        }
        Some(whole)
    }

    /// What requests and answers ask of lines: nothing between two on the same host.
    fn transfers(
        &mut self,
        count: f64,
        (upstream, endpoint): (UpstreamId, EndpointId),
        answer: f64,
    ) {
        let plan = self.plan;
        let view = &plan.upstreams[upstream.index()];
        let asked = f64::from(plan.endpoints[endpoint.index()].request_bytes);
        let callers = instances(plan, view.caller);
        let callees = servers(plan, view);
        let (from, to) = (shares_by_host(plan, &callers), shares_by_host(plan, &callees));
        let group = adapts(view) && callees.len() > 1;
        let at_callee = |host: u32| {
            if group { Where::Group(callees[0].0, view.servers) } else { Where::Host(HostId(host)) }
        };
        let mut send = |place, kind, bytes: f64, service, host: u32, share: f64| {
            let Some(bits) = plan.hosts[host as usize].nic_bits else { return };
            let it = Asked { kind, amount: bytes * 8.0, capacity: bits as f64, is_least: false };
            let is_group = matches!(place, Where::Group(..));
            self.put(place, service, count * share, it, is_group, InstanceId(0));
        };
        for (&host, &part) in &to {
            let away = part * (1.0 - from.get(&host).copied().unwrap_or(0.0));
            send(at_callee(host), Kind::NicIn, asked, view.callee, host, away);
            send(at_callee(host), Kind::NicOut, answer, view.callee, host, away);
        }
        for (&host, &part) in &from {
            let away = part * (1.0 - to.get(&host).copied().unwrap_or(0.0));
            let place = Where::Host(HostId(host));
            send(place, Kind::NicOut, asked, view.caller, host, away);
            send(place, Kind::NicIn, answer, view.caller, host, away);
        }
    }

    /// What transactions ask of the replicas that follow, and of the line to them.
    fn applied(
        &mut self,
        count: f64,
        log: LogId,
        apply: EndpointId,
        runs: &[Run],
        residences: &mut Residences<'_>,
    ) {
        let plan = self.plan;
        let log = &plan.logs[log.index()];
        let run = &runs[apply.index()];
        let service = plan.endpoints[apply.index()].service;
        let event_bits = plan.laws[log.event_bytes.index()].mean() * 8.0;
        let from = plan.instances[log.primary.index()].host;
        for &replica in &log.replicas {
            let host = plan.instances[replica.index()].host;
            let cpu_s = run.work_s / speed(plan, replica);
            let disk_s = residences.disk_s(run, replica);
            let held_s = cpu_s + disk_s + residences.flushing_s(log, replica);
            let exact = |kind, amount, capacity| Asked { kind, amount, capacity, is_least: false };
            let cores = f64::from(plan.hosts[host.index()].cores);
            let appliers = f64::from(log.apply_workers);
            let mut asked = vec![
                (Where::Host(host), exact(Kind::Cpu, cpu_s, cores)),
                (
                    Where::Instance(replica),
                    Asked { is_least: true, ..exact(Kind::Appliers, held_s, appliers) },
                ),
            ];
            if let Some(disk) = &plan.hosts[host.index()].disk {
                let parallel = f64::from(disk.parallel);
                asked.push((Where::Host(host), exact(Kind::Disk, disk_s, parallel)));
            }
            if let Some(bits) = plan.hosts[from.index()].nic_bits
                && from != host
            {
                let shipped = exact(Kind::NicOut, event_bits, bits as f64);
                asked.push((Where::Host(from), shipped));
            }
            for (place, it) in asked {
                self.put(place, service, count, it, false, replica);
            }
        }
    }

    /// All stations, the first to saturate first; ties in the order of their names.
    pub(super) fn finish(self) -> Vec<Station> {
        let plan = self.plan;
        let mut stations: Vec<Station> = Vec::new();
        for (&(kind, place), sum) in &self.sums {
            if sum.capacity <= 0.0 || self.is_in_a_group(kind, place) {
                continue;
            }
            let whole = match place {
                Where::Group(first, count) => self.with_members(kind, (first, count), sum),
                _ => sum.clone(),
            };
            let most =
                sum.by_service.iter().fold(None, |best: Option<(u32, f64)>, (id, it)| match best {
                    Some((_, most)) if most >= *it => best,
                    Some(_) | None => Some((*id, *it)),
                });
            let service = ServiceId(most.map_or(0, |it| it.0));
            let (capacity, is_least) = (sum.capacity, sum.is_least);
            let Sum { demand, visits, by_request, .. } = whole;
            stations.push(Station {
                kind,
                place,
                service,
                capacity,
                demand,
                by_request,
                visits,
                is_least,
            });
        }
        stations.retain(|it| plan.services[it.service.index()].kind != "visitors");
        stations
            .sort_by(|one, other| one.saturates_at_per_s().total_cmp(&other.saturates_at_per_s()));
        stations
    }

    /// Whether a group of members that share work tells of it as well.
    fn is_in_a_group(&self, kind: Kind, place: Where) -> bool {
        let members = |it: &Where| match *it {
            Where::Group(first, count) => Some((first.0..first.0 + count, *it)),
            Where::Host(_) | Where::Instance(_) | Where::View(_) => None,
        };
        let groups = self.sums.keys().filter(|it| it.0 == kind).filter_map(|it| members(&it.1));
        let mut groups = groups.filter(|(_, group)| *group != place);
        match place {
            Where::Host(id) => {
                groups.any(|(mut all, _)| all.any(|it| self.plan.instances[it as usize].host == id))
            }
            Where::Instance(id) => groups.any(|(all, _)| all.contains(&id.0)),
            Where::Group(..) | Where::View(_) => false,
        }
    }

    /// A group's own demand, and what its members must do besides: for others who cannot choose.
    fn with_members(&self, kind: Kind, (first, count): (InstanceId, u32), own: &Sum) -> Sum {
        let plan = self.plan;
        let members: Shares = (first.0..first.0 + count).map(|it| (InstanceId(it), 1.0)).collect();
        let hosts = shares_by_host(plan, &members);
        let mut whole = own.clone();
        for (&(other, place), sum) in &self.sums {
            if other != kind {
                continue;
            }
            let is_inside = match place {
                Where::Host(host) => hosts.contains_key(&host.0),
                Where::Instance(it) => (first.0..first.0 + count).contains(&it.0),
                Where::Group(other_first, other_count) => {
                    let is_own = (other_first, other_count) == (first, count);
                    let inside =
                        first.0 <= other_first.0 && other_first.0 + other_count <= first.0 + count;
                    inside && !is_own
                }
                Where::View(_) => false,
            };
            if is_inside {
                let pace = match place {
                    Where::Host(host) if kind == Kind::Cpu => plan.hosts[host.index()].speed,
                    _ => 1.0,
                };
                whole.take_in(sum, pace);
            }
        }
        whole
    }
}
