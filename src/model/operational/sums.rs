//! Demand, added up call by call: at one host or instance where callers share by weight, at any of several
//! where callers prefer the idle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::blueprint::{
        Blueprint, EndpointId, HostId, InstanceId, LogId, RequestId, Service, ServiceId, Serving,
        UpstreamId,
    },
    choice,
    flow::{Called, Flows},
    place::{adapts, instances, servers, shares_by_host, speed},
    program::Run,
    residence::{Residence, Residences},
    station::{Kind, Station, Where},
};

/// What is asked at one place, or at any of several.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub(super) capacity: f64,
    pub(super) demand: f64,
    pub(super) visits: f64,
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
        let group = Where::Group(shares.iter().map(|it| it.0).collect());
        let slowness: f64 =
            instances(plan, view.callee).iter().map(|&(it, part)| part / speed(plan, it)).sum();
        let work_s = run.work_s + run.handshake_s * called.fresh / called.count.max(1e-300);
        let asked_at = |instance: InstanceId| {
            self.asked(instance, run, work_s, residences, &residence, slowness)
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
        if let Some(most) = connections_most(service) {
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
        let sum = self.sums.entry((asked.kind, place)).or_default();
        sum.capacity = asked.capacity;
        sum.demand += count * asked.amount * pace;
        sum.visits += count;
        sum.is_least |= asked.is_least;
        *sum.by_service.entry(service.0).or_default() += count * asked.amount * pace;
        *sum.by_request.entry(self.request).or_default() += count * asked.amount * pace;
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
        let is_group = adapts(view) && callees.len() > 1;
        let may_stay = is_group && from.keys().any(|host| to.contains_key(host));
        let is_limited = |host: &u32| plan.hosts[*host as usize].nic_bits.is_some();
        let has_limit = !is_group || to.keys().all(is_limited);
        let group = Where::Group(callees.iter().map(|it| it.0).collect());
        let at_callee =
            |host: u32| if is_group { group.clone() } else { Where::Host(HostId(host)) };
        let mut send = |place, kind, bytes: f64, service, host: u32, share: f64| {
            let Some(bits) = plan.hosts[host as usize].nic_bits else { return };
            let capacity = bits as f64;
            let it = Asked { kind, amount: bytes * 8.0, capacity, is_least: may_stay };
            let is_group = matches!(place, Where::Group(_));
            self.put(place, service, count * share, it, is_group, InstanceId(0));
        };
        // Whoever prefers the idle may keep all calls on their host where a server stands there: only what
        // comes from elsewhere has to come over a line, to whichever of the servers.
        let stays = |share: f64| if is_group && share > 0.0 { 1.0 } else { share };
        let shared: f64 =
            from.iter().filter(|(host, _)| to.contains_key(host)).map(|(_, part)| part).sum();
        for (&host, &part) in to.iter().filter(|_| has_limit) {
            let here = if is_group { shared } else { from.get(&host).copied().unwrap_or(0.0) };
            let away = part * (1.0 - here).max(0.0);
            send(at_callee(host), Kind::NicIn, asked, view.callee, host, away);
            send(at_callee(host), Kind::NicOut, answer, view.callee, host, away);
        }
        for (&host, &part) in &from {
            let away = part * (1.0 - stays(to.get(&host).copied().unwrap_or(0.0)));
            let place = Where::Host(HostId(host));
            send(place.clone(), Kind::NicOut, asked, view.caller, host, away);
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
