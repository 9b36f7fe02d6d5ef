//! Where calls run: at the servers of the view through which they come, by weight, or at whichever of them
//! is idle.

use std::collections::BTreeMap;

use super::{
    super::blueprint::{
        Balance, Blueprint, HostId, InstanceId, Server, ServiceId, Upstream, UpstreamId,
    },
    time::Part,
};

/// Shares of calls by instance, none of them 0.
pub(super) type Shares = Vec<(InstanceId, f64)>;

/// Where the calls that come through a view run.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    /// By weight.
    pub(super) shares: Shares,
    /// Whether they follow the weights only as long as all are alike: whoever is quicker may do more, up to
    /// all of it.
    pub(super) is_free: bool,
}

impl Spread {
    /// Of the calls through a view; of visitors, who are called by nobody, where there is none.
    pub(super) fn of(plan: &Blueprint, via: Option<UpstreamId>, caller: ServiceId) -> Spread {
        let Some(via) = via else {
            return Spread { shares: instances(plan, caller), is_free: false };
        };
        let view = &plan.upstreams[via.index()];
        let shares = servers(plan, view);
        let is_free = shares.len() > 1 && (adapts(view) || moves_on(plan, view));
        Spread { shares, is_free }
    }

    /// All of its instances.
    pub(super) fn instances(&self) -> Vec<InstanceId> {
        self.shares.iter().map(|it| it.0).collect()
    }

    /// Shares by host, by index. Visitors have none.
    pub(super) fn hosts(&self, plan: &Blueprint) -> BTreeMap<u32, f64> {
        hosts(plan, &self.shares)
    }

    /// On average over its instances by weight. Where they are free it is the least, if that is asked for.
    pub(super) fn mean_or_least(&self, least: bool, of: impl FnMut(InstanceId) -> f64) -> f64 {
        let mut of = of;
        if least && self.is_free {
            let each = self.shares.iter().map(|it| of(it.0));
            return each.fold(f64::INFINITY, f64::min);
        }
        self.shares.iter().map(|&(it, share)| share * of(it)).sum()
    }

    /// The same of times.
    pub(super) fn part_or_least(&self, least: bool, of: impl FnMut(InstanceId) -> Part) -> Part {
        let mut of = of;
        let parts: Vec<(f64, Part)> = self.shares.iter().map(|it| (it.1, of(it.0))).collect();
        if least && self.is_free {
            let best = parts.iter().map(|it| it.1);
            let best = best.min_by(|one, other| one.mean_s.total_cmp(&other.mean_s));
            return best.unwrap_or_default();
        }
        Part::of_one(&parts)
    }
}

/// Which servers of a view are called how often: by weight. A list of addresses knows of none.
pub(super) fn servers(plan: &Blueprint, view: &Upstream) -> Shares {
    let servers = view.servers_in(&plan.servers);
    if view.balance == Balance::Addresses {
        return servers.iter().map(|it| (it.instance, 1.0 / servers.len() as f64)).collect();
    }
    let whole: f64 = servers.iter().map(|it| f64::from(it.weight)).sum();
    if whole == 0.0 {
        return Vec::new();
    }
    let share = |weight: u32| f64::from(weight) / whole;
    let called = servers.iter().filter(|it| it.weight > 0);
    called.map(|it| (it.instance, share(it.weight))).collect()
}

/// All instances of a service alike.
fn instances(plan: &Blueprint, service: ServiceId) -> Shares {
    let service = &plan.services[service.index()];
    let all = service.first_instance..service.first_instance + service.instances;
    all.map(|it| (InstanceId(it), 1.0 / f64::from(service.instances))).collect()
}

/// Whether a view sends less to whoever is busy, so that only all of its servers together saturate.
pub(super) fn adapts(view: &Upstream) -> bool {
    let is_limited = view.slots != u32::MAX;
    match view.balance {
        Balance::LeastConnections { .. } => true,
        // Who has drawn a full server waits for any.
        Balance::Random { draws, .. } => draws > 1 || is_limited,
        // Whoever is full is passed over.
        Balance::RoundRobin => is_limited,
        Balance::Addresses => false,
    }
}

/// Whether whoever cannot connect to one address goes on to the next one, so that a server whose accept queue is
/// full sends its visitors to the others. Where all of these are alike none of them is ever worth going to.
fn moves_on(plan: &Blueprint, view: &Upstream) -> bool {
    if view.balance != Balance::Addresses || view.retry.attempts == 0 || !view.derived.connects {
        return false;
    }
    let on_what = |it: &Server| {
        let instance = &plan.instances[it.instance.index()];
        let host = plan.hosts.get(instance.host.index());
        let service = &plan.services[instance.service.index()];
        let beside = plan.instances.iter().filter(|other| other.host == instance.host).count();
        let of_host = host.map(|it| (it.cores, it.speed, it.nic_bits, it.disk.is_some()));
        (of_host, instance.speed, instance.zone, service.processes, beside)
    };
    let servers = view.servers_in(&plan.servers);
    let is_alone = servers.iter().all(|it| on_what(it).4 == 1);
    let are_alike = servers.windows(2).all(|pair| on_what(&pair[0]) == on_what(&pair[1]));
    let mut beside = plan.upstreams.iter().filter(|it| it.callee == view.callee);
    let are_asked_alike = beside.all(|it| {
        let is_even = it.are_weights_equal || it.balance == Balance::Addresses;
        is_even && it.servers == view.servers
    });
    // Nobody waits until then.
    let gives_up_before = view.connect_timeout.is_some_and(|timeout| {
        let limit = plan.delays[timeout.0 as usize];
        let mut own = plan.workloads.iter().filter(|it| it.service == view.caller);
        own.all(|it| it.patience_delay.is_some_and(|it| plan.delays[it.0 as usize] <= limit))
    });
    !(gives_up_before || is_alone && are_alike && are_asked_alike)
}

/// How much work an instance does in a second on one core.
pub(super) fn speed(plan: &Blueprint, instance: InstanceId) -> f64 {
    let it = &plan.instances[instance.index()];
    plan.hosts.get(it.host.index()).map_or(1.0, |host| host.speed * it.speed)
}

/// How far the servers of a view are from an instance.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    zones: BTreeMap<u32, f64>,
    hosts: BTreeMap<u32, f64>,
    is_free: bool,
}

impl Ways {
    pub(super) fn to(plan: &Blueprint, spread: &Spread) -> Ways {
        let mut zones = BTreeMap::new();
        for (instance, share) in &spread.shares {
            *zones.entry(plan.instances[instance.index()].zone).or_insert(0.0) += share;
        }
        Ways { zones, hosts: spread.hosts(plan), is_free: spread.is_free }
    }

    /// Whether some of them stand on a host.
    pub(super) fn has(&self, host: HostId) -> bool {
        self.hosts.contains_key(&host.0)
    }

    /// Seconds one way from an instance: on average, or the least where servers are free and that is asked
    /// for.
    pub(super) fn seconds_from(&self, plan: &Blueprint, instance: InstanceId, least: bool) -> f64 {
        let delay = |at: u32| plan.delays[plan.latency[at as usize].0 as usize].seconds();
        let loopback = plan.delays[plan.loopback.0 as usize].seconds();
        let it = &plan.instances[instance.index()];
        let to = |zone: u32| delay(it.zone * plan.zones + zone);
        let here = self.hosts.get(&it.host.0);
        if least && self.is_free {
            let least = self.zones.keys().map(|&zone| to(zone)).fold(f64::INFINITY, f64::min);
            return if here.is_some() { least.min(loopback) } else { least };
        }
        let mean: f64 = self.zones.iter().map(|(&zone, share)| share * to(zone)).sum();
        // Where both stand on the same host the way is shorter.
        mean + here.map_or(0.0, |share| share * (loopback - to(it.zone)))
    }
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
