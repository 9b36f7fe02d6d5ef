//! Demand, added up call by call: at one host or instance where callers share by weight, at any of several
//! where callers prefer the idle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::blueprint::{
        Blueprint, EndpointId, InstanceId, LogId, RequestId, Service, ServiceId, Serving, Upstream,
        UpstreamId,
    },
    choice,
    crossing::Crossing,
    flow::{Call, Called, Flows},
    place::{Spread, speed},
    program::Run,
    residence::Residences,
    station::{Kind, Station, Where},
};

/// What is asked at one place, or at any of several.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) capacity: f64,
    pub(super) demand: f64,
    pub(super) visits: f64,
    /// More may be asked.
    pub(super) is_least: bool,
    pub(super) by_service: BTreeMap<u32, f64>,
    pub(super) by_request: BTreeMap<RequestId, f64>,
}

impl Sum {
    /// What others ask besides, where a second of theirs is `pace` seconds here.
    pub(super) fn take_in(&mut self, other: &Sum, pace: f64) {
        self.demand += other.demand * pace;
        self.visits += other.visits;
        self.is_least |= other.is_least;
        for (service, demand) in &other.by_service {
            *self.by_service.entry(*service).or_default() += demand * pace;
        }
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
        for (call, called) in &flows.calls {
            self.call(share, *call, *called, runs, residences);
        }
        for (&(log, apply), &count) in &flows.commits {
            self.applied(share * count, LogId(log), EndpointId(apply), runs, residences);
        }
    }

    fn call(
        &mut self,
        share: f64,
        call: Call,
        called: Called,
        runs: &[Run],
        residences: &mut Residences<'_>,
    ) {
        let plan = self.plan;
        let Call { upstream, endpoint, via } = call;
        let view = &plan.upstreams[upstream.index()];
        let from = Spread::of(plan, via, view.caller);
        let to = Spread::of(plan, Some(upstream), view.caller);
        let run = &runs[endpoint.index()];
        let count = share * called.count;
        let (shares, is_group) = (&to.shares, to.is_free);
        let group = Where::Group(to.instances());
        let work_s = run.work_s + run.handshake_s * called.fresh / called.count.max(1e-300);
        let mut asked_at = |instance: InstanceId| {
            let held_s = residences.held_s(endpoint, instance);
            let connected_s = residences.connected_s(endpoint, instance);
            self.asked(instance, run, work_s, residences, (held_s, connected_s))
        };
        let asked: Vec<Vec<Asked>> = shares.iter().map(|it| asked_at(it.0)).collect();
        let least = is_group.then(|| least(&asked));
        for (&(instance, part), asked) in shares.iter().zip(asked) {
            for it in asked {
                let is_least = it.is_least
                    || (it.kind == Kind::Cpu
                        && run.handshake_s > 0.0
                        && called.fresh < called.fresh_most);
                let mut it = Asked { is_least, ..it };
                // Whoever is quickest may do all of it; where one has no such limit nothing runs out.
                if let (Some(least), true) = (&least, it.kind != Kind::Cpu) {
                    let Some(&amount) = least.get(&it.kind) else { continue };
                    it.is_least |= amount < it.amount;
                    it.amount = amount;
                }
                let place = match it.kind {
                    Kind::Loops | Kind::Workers | Kind::Connections => Where::Instance(instance),
                    _ => Where::Host(plan.instances[instance.index()].host),
                };
                let place = if is_group { group.clone() } else { place };
                self.put(place, view.callee, count * part, it, is_group, instance);
            }
        }
        let below = residences.through(endpoint, upstream);
        let request = f64::from(plan.endpoints[endpoint.index()].request_bytes);
        // Nobody sends what is not awaited any longer.
        let answered = if called.count > 0.0 { called.in_time / called.count } else { 1.0 };
        self.transfers(count, view, (&from, &to), (request, answered * below.bytes));
        if view.slots != u32::MAX {
            let held_s = |it| residences.pooled_s(it, endpoint, upstream);
            self.pooled(count, upstream, &from, held_s);
        }
    }

    /// For how long a call holds one of its caller's slots.
    fn pooled(
        &mut self,
        count: f64,
        upstream: UpstreamId,
        from: &Spread,
        mut held_s: impl FnMut(InstanceId) -> f64,
    ) {
        let caller = self.plan.upstreams[upstream.index()].caller;
        let least = |amount| Asked { kind: Kind::Pool, amount, capacity: 0.0, is_least: true };
        if from.is_free {
            let place = Where::View { of: upstream, callers: from.instances() };
            let asked = least(from.mean_or_least(true, held_s));
            self.put(place, caller, count, asked, false, InstanceId(0));
            return;
        }
        for &(instance, part) in &from.shares {
            let place = Where::View { of: upstream, callers: vec![instance] };
            self.put(place, caller, count * part, least(held_s(instance)), false, instance);
        }
    }

    /// What a call asks of its instance and of the host.
    fn asked(
        &self,
        instance: InstanceId,
        run: &Run,
        work_s: f64,
        residences: &Residences<'_>,
        (held_s, connected_s): (f64, f64),
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
        let least = |kind, amount, capacity| Asked { kind, amount, capacity, is_least: true };
        match service.serving {
            Serving::Loops { loops } => {
                asked.push(exact(Kind::Loops, cpu_s + disk_s, f64::from(loops) * processes));
            }
            Serving::Slots { slots, .. } if slots != u32::MAX => {
                asked.push(least(Kind::Workers, held_s, f64::from(slots) * processes));
            }
            Serving::Slots { .. } => {}
        }
        if let Some(most) = connections_most(service) {
            asked.push(least(Kind::Connections, connected_s, most));
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
            // Nothing is sure to be asked there, but something may be.
            if asked.is_least {
                self.sums.entry((asked.kind, place)).or_default().is_least = true;
            }
            return;
        }
        let pace =
            if is_group && asked.kind == Kind::Cpu { speed(self.plan, instance) } else { 1.0 };
        let sum = self.sums.entry((asked.kind, place)).or_default();
        sum.capacity = asked.capacity;
        sum.demand += count * asked.amount * pace;
        sum.visits += count;
        sum.is_least |= asked.is_least;
        *sum.by_service.entry(service.0).or_default() += count * asked.amount * pace;
        *sum.by_request.entry(self.request).or_default() += count * asked.amount * pace;
    }

    /// What requests and answers ask of lines, in bytes: nothing between two on the same host. Whoever may
    /// choose may choose the server beside it, or to be asked beside it; only what has to cross counts.
    fn transfers(
        &mut self,
        count: f64,
        view: &Upstream,
        (from, to): (&Spread, &Spread),
        (request, answer): (f64, f64),
    ) {
        let plan = self.plan;
        let crossing = Crossing::between(plan, from, to);
        let has_line = |at: &Where| match at {
            Where::Group(all) => all.iter().all(|it| {
                let host = plan.instances[it.index()].host;
                plan.hosts[host.index()].nic_bits.is_some()
            }),
            Where::Host(host) => plan.hosts[host.index()].nic_bits.is_some(),
            Where::Instance(_) | Where::Hosts(_) | Where::View { .. } => false,
        };
        let ends = [
            (crossing.callers, view.caller, Kind::NicOut, Kind::NicIn),
            (crossing.callees, view.callee, Kind::NicIn, Kind::NicOut),
        ];
        for (places, service, requests, answers) in ends {
            for (place, share) in places.into_iter().filter(|it| has_line(&it.0)) {
                for (kind, bytes) in [(requests, request), (answers, answer)] {
                    let is_least = crossing.is_least;
                    let it = Asked { kind, amount: bytes * 8.0, capacity: 0.0, is_least };
                    self.put(place.clone(), service, count * share, it, false, InstanceId(0));
                }
            }
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
        let event_bits = plan.laws[log.event_bytes.index()].whole_mean() * 8.0;
        let from = plan.instances[log.primary.index()].host;
        for &replica in &log.replicas {
            let host = plan.instances[replica.index()].host;
            let cpu_s = run.work_s / speed(plan, replica);
            let disk_s = residences.disk_s(run, replica);
            let held_s = cpu_s + disk_s + residences.flushing(log, replica).mean_s;
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

    /// For each service the requests a second at which the first of its stations would be full if nobody
    /// else did anything there.
    pub(super) fn alone(&self) -> BTreeMap<u32, f64> {
        let mut found: BTreeMap<u32, f64> = BTreeMap::new();
        let services: BTreeSet<u32> =
            self.sums.values().flat_map(|it| it.by_service.keys().copied()).collect();
        let kinds: BTreeSet<Kind> = self.sums.keys().map(|it| it.0).collect();
        for service in services {
            let only = |sum: &Sum| {
                let demand = *sum.by_service.get(&service)?;
                Some(Sum { demand, by_service: [(service, demand)].into(), ..sum.clone() })
            };
            for &kind in &kinds {
                let own = self.sums.iter().filter(|it| it.0.0 == kind);
                let own: Vec<(&Where, Sum)> =
                    own.filter_map(|((_, place), sum)| Some((place, only(sum)?))).collect();
                let own: Vec<(&Where, &Sum)> =
                    own.iter().map(|(place, sum)| (*place, sum)).collect();
                for station in choice::stations(self.plan, kind, &own) {
                    let least = found.entry(service).or_insert(f64::INFINITY);
                    *least = least.min(station.saturates_at_per_s());
                }
            }
        }
        found
    }

    /// All stations, the first to saturate first; ties in the order of their names.
    pub(super) fn finish(self) -> Vec<Station> {
        let plan = self.plan;
        let kinds: BTreeSet<Kind> = self.sums.keys().map(|it| it.0).collect();
        let mut stations: Vec<Station> = Vec::new();
        for kind in kinds {
            let sums = self.sums.iter().filter(|it| it.0.0 == kind);
            let sums: Vec<(&Where, &Sum)> = sums.map(|((_, place), sum)| (place, sum)).collect();
            stations.extend(choice::stations(plan, kind, &sums));
        }
        stations.retain(|it| plan.services[it.service.index()].kind != "visitors");
        stations
            .sort_by(|one, other| one.saturates_at_per_s().total_cmp(&other.saturates_at_per_s()));
        stations
    }
}

/// What a call asks where it asks least, of what all members of a group have.
fn least(asked: &[Vec<Asked>]) -> BTreeMap<Kind, f64> {
    let mut found: BTreeMap<Kind, (f64, usize)> = BTreeMap::new();
    for it in asked.iter().flatten() {
        let (least, count) = found.entry(it.kind).or_insert((f64::INFINITY, 0));
        *least = least.min(it.amount);
        *count += 1;
    }
    found.retain(|_, (_, count)| *count == asked.len());
    found.into_iter().map(|(kind, (least, _))| (kind, least)).collect()
}

/// Connections that an instance holds at most, all its processes together. `None`: no limit.
pub(super) fn connections_most(service: &Service) -> Option<f64> {
    let accept = service.accept?;
    let limit = |most: u32| (most != u32::MAX).then(|| f64::from(most));
    let each = limit(accept.process_connections_max).map(|it| it * f64::from(service.processes));
    match (each, limit(accept.connections_max)) {
        (Some(each), Some(all)) => Some(each.min(all)),
        (each, all) => each.or(all),
    }
}
