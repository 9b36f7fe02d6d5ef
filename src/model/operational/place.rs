//! Where the instances of a service stand, on average over those that are called: how quick, how far
//! from their callers.

use std::collections::BTreeMap;

use super::super::blueprint::{Balance, Blueprint, InstanceId, ServiceId, Upstream};

/// Shares of calls by instance, none of them 0.
pub(super) type Shares = Vec<(InstanceId, f64)>;

/// Which servers of a view are called how often: by weight.
pub(super) fn servers(plan: &Blueprint, view: &Upstream) -> Shares {
    let servers = view.servers_in(&plan.servers);
    let whole: f64 = servers.iter().map(|it| f64::from(it.weight)).sum();
    if whole == 0.0 {
        return Vec::new();
    }
    let share = |weight: u32| f64::from(weight) / whole;
    let called = servers.iter().filter(|it| it.weight > 0);
    called.map(|it| (it.instance, share(it.weight))).collect()
}

/// All instances of a service alike.
pub(super) fn instances(plan: &Blueprint, service: ServiceId) -> Shares {
    let service = &plan.services[service.index()];
    let all = service.first_instance..service.first_instance + service.instances;
    all.map(|it| (InstanceId(it), 1.0 / f64::from(service.instances))).collect()
}

/// Whether a view sends less to whoever is busy, so that only all of its servers together saturate.
pub(super) fn adapts(view: &Upstream) -> bool {
    match view.balance {
        Balance::LeastConnections { .. } => true,
        Balance::Random { draws, .. } => draws > 1,
        // Whoever is full is passed over.
        Balance::RoundRobin => view.slots != u32::MAX,
        Balance::Addresses => false,
    }
}

/// How much work an instance does in a second on one core.
pub(super) fn speed(plan: &Blueprint, instance: InstanceId) -> f64 {
    let it = &plan.instances[instance.index()];
    plan.hosts.get(it.host.index()).map_or(1.0, |host| host.speed * it.speed)
}

/// Seconds one way between callers and callees, on average.
pub(super) fn one_way_s(plan: &Blueprint, callers: &Shares, callees: &Shares) -> f64 {
    let delay = |at: u32| plan.delays[plan.latency[at as usize].0 as usize].seconds();
    let loopback = plan.delays[plan.loopback.0 as usize].seconds();
    let (from, to) = (zones(plan, callers), zones(plan, callees));
    let mut mean = 0.0;
    for (one, share) in &from {
        for (other, part) in &to {
            mean += share * part * delay(one * plan.zones + other);
        }
    }
    // Where both stand on the same host the way is shorter.
    let here = hosts(plan, callers);
    for (host, share) in hosts(plan, callees) {
        if let Some(part) = here.get(&host) {
            let zone = plan.hosts[host as usize].zone;
            mean += share * part * (loopback - delay(zone * plan.zones + zone));
        }
    }
    mean
}

/// How many of the calls stay on their host.
pub(super) fn shares_by_host(plan: &Blueprint, of: &Shares) -> BTreeMap<u32, f64> {
    hosts(plan, of)
}

fn zones(plan: &Blueprint, of: &Shares) -> BTreeMap<u32, f64> {
    let mut zones = BTreeMap::new();
    for (instance, share) in of {
        *zones.entry(plan.instances[instance.index()].zone).or_insert(0.0) += share;
    }
    zones
}

fn hosts(plan: &Blueprint, of: &Shares) -> BTreeMap<u32, f64> {
    let mut hosts = BTreeMap::new();
    for (instance, share) in of {
        let host = plan.instances[instance.index()].host;
        if host.index() < plan.hosts.len() {
            *hosts.entry(host.0).or_insert(0.0) += share;
        }
    }
    hosts
}
