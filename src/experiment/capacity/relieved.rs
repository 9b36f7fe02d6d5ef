//! What is the bottleneck once the first is relieved, and once the second is: the utilisation law says so at
//! once, and a trial of such a site, at the load that nearly fills what is next, shows whether that is what
//! is busiest then. What is held for longer while others queue, or retries, may be in the way earlier.
//!
//! To relieve a bottleneck is to give its service so much of it that it never runs out, at all of its
//! instances; all else stays as it is. A trial has as many requests as one at the first bound has, but for the
//! warm-up: its window is as much shorter as its load is higher.

use std::collections::BTreeSet;

use super::{
    bench::{Bench, Level, Work},
    growth::REPLICATIONS,
    search::said,
    settled,
};
use crate::{
    engine::time::Span,
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, HostId, InstanceId, ServiceId, Serving, Upstream},
        operational::{Kind, Operational, Station, Where},
    },
    report::summary::{Instance, Summary},
};

/// Bottlenecks that are relieved, one after the other.
const RELIEVED: usize = 2;
/// So many times as much never runs out: the trials' loads stay below.
const PLENTY: u32 = 64;
/// Event loops of a process, at most: each of them is a place in the site.
const LOOPS_MOST: u32 = 4_096;
/// A load that is more times the first bound than this takes too long to warm up.
const HIGHEST: f64 = 10.0;
/// Trials are at this share of what the law says is full next; users, who never fill it, are so many times
/// as many as where the asymptotes meet.
const NEARLY: f64 = 0.97;
const CROWD: f64 = 2.0;
/// What is busiest is that within so much: two may be full at about the same load.
const TIE: f64 = 0.02;
/// And no less: what is nearly full has to be busy.
const BUSY: f64 = 0.8;

/// A site without its first bottlenecks.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// What never runs out.
    pub(super) relieved: Vec<String>,
    /// What is full next, by the law, and at so many requests a second.
    pub(super) next: String,
    pub(super) full_at_per_s: f64,
    /// `None`: it was not simulated.
    pub(super) seen: Option<Seen>,
}

/// A trial.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) factor: f64,
    /// What was busiest, and how busy.
    pub(super) busiest: (String, f64),
    /// It is what the law says.
    pub(super) is_next: bool,
}

/// One bottleneck after the other. `None`: interrupted.
pub(super) fn turns(
    plan: &Blueprint,
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<Vec<Turn>>, Failure> {
    let mut turns = Vec::new();
    let (mut here, mut now) = (plan.clone(), known.clone());
    let mut relieved = Vec::new();
    let mut plenty: Vec<(ServiceId, Kind)> = Vec::new();
    let Some(first_per_s) = known.bound_per_s() else { return Ok(Some(turns)) };
    for _ in 0..RELIEVED {
        let Some(first) = scarce(&now, &plenty) else { break };
        relieved.push(first.name(&here));
        plenty.push((first.service, first.kind));
        let Some(larger) = with_plenty(&here, first) else { break };
        now = Operational::of(&larger);
        here = larger;
        let Some(next) = scarce(&now, &plenty) else { break };
        let full_at_per_s = next.saturates_at_per_s();
        let mut turn =
            Turn { relieved: relieved.clone(), next: next.name(&here), full_at_per_s, seen: None };
        let share = first_per_s / full_at_per_s;
        if is_measured(&here, next) && share * HIGHEST >= 1.0 {
            let full = full_at_per_s / now.load_per_s();
            let tried = trial(&here, &now, (full, share.min(1.0)), &relieved, work)?;
            let Some(bench) = tried else { return Ok(None) };
            turn.seen = seen(&bench.levels[0], next);
        }
        turns.push(turn);
    }
    Ok(Some(turns))
}

/// What is full first of all that there is not plenty of.
fn scarce<'a>(known: &'a Operational, plenty: &[(ServiceId, Kind)]) -> Option<&'a Station> {
    known.stations.iter().find(|it| !plenty.contains(&(it.service, it.kind)))
}

/// Whether how busy it is can be measured.
fn is_measured(plan: &Blueprint, station: &Station) -> bool {
    match station.kind {
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::Loops
        | Kind::Workers
        | Kind::Connections
        | Kind::Appliers => true,
        Kind::Pool => pooled_at(plan, station).is_some(),
        Kind::DiskBytes | Kind::DiskOperations => false,
    }
}

/// Who holds a caller's slots: the servers of its view, where all callers are alike and nobody else calls
/// these.
fn pooled_at(plan: &Blueprint, station: &Station) -> Option<BTreeSet<InstanceId>> {
    let Where::View { of, callers } = &station.place else { return None };
    let view = &plan.upstreams[of.index()];
    if callers.len() != plan.services[view.caller.index()].instances as usize {
        return None;
    }
    let servers = |view: &Upstream| -> BTreeSet<InstanceId> {
        view.servers_in(&plan.servers).iter().map(|it| it.instance).collect()
    };
    let own = servers(view);
    let others = plan.upstreams.iter().enumerate().filter(|it| it.0 != of.index());
    others.into_iter().all(|(_, other)| servers(other).is_disjoint(&own)).then_some(own)
}

/// A trial at the load that nearly fills what is next, for a share of the stated time. `None`: interrupted.
fn trial(
    plan: &Blueprint,
    known: &Operational,
    (full, share): (f64, f64),
    relieved: &[String],
    work: &mut Work<'_>,
) -> Result<Option<Bench>, Failure> {
    let times = if known.is_closed() { CROWD } else { NEARLY };
    let factor = said(known, times * full);
    let mut plan = plan.with_only(None);
    plan.objectives.clear();
    plan.episodes.clear();
    plan.duration = Span::from_seconds((share * plan.duration.seconds()).ceil());
    let plan = plan.warmed_up_for(settled(&plan, factor));
    let label = format!("without {} as a bottleneck", relieved.join(" and "));
    let mut bench = Bench::new(&plan, &label);
    if !bench.run(&[(factor, REPLICATIONS)], 0, &label, work)? {
        return Ok(None);
    }
    work.requests += bench.requests();
    Ok(Some(bench))
}

/// How busy something was.
struct Used {
    name: String,
    utilisation: f64,
    is_next: bool,
}

fn seen(level: &Level, next: &Station) -> Option<Seen> {
    let plan = level.plan();
    let summary = Summary::new(plan, level.fold()?);
    let members = members(plan, next.service);
    let mut used = held(plan, &summary, next, REPLICATIONS);
    used.extend(summary.diagnosis.busiest.iter().map(|it| Used {
        name: format!("{} of {}", it.kind, it.of),
        utilisation: it.utilisation,
        is_next: it.kind == next.kind.name() && members.contains(it.of.as_str()),
    }));
    // Stable: among equals what should be full is named.
    used.sort_by(|one, other| other.utilisation.total_cmp(&one.utilisation));
    let most = used.first()?;
    let least = (most.utilisation - TIE).max(BUSY);
    let is_next = used.iter().take_while(|it| it.utilisation >= least).any(|it| it.is_next);
    let busiest = (most.name.clone(), most.utilisation);
    Some(Seen { factor: level.factor, busiest, is_next })
}

/// How much is held of what has no clock of its own: connections by their mean, a caller's slots by the calls at
/// its servers (those on the way are left out), appliers by the transactions on their way to be seen, which is
/// the rate at which they are applied times their lag (Little's law; all of them, if more wait).
fn held(plan: &Blueprint, summary: &Summary, next: &Station, replications: u32) -> Vec<Used> {
    let of = |id: InstanceId| &plan.instances[id.index()].name;
    let seen = |id: InstanceId| summary.instances.iter().find(|it| it.name == *of(id));
    let each = next.capacity / next.at.len() as f64;
    let at_each = |value: &dyn Fn(&Instance) -> Option<f64>| -> Vec<Used> {
        let all = next.at.iter().map(|id| InstanceId(*id));
        all.filter_map(|id| {
            let utilisation = (value(seen(id)?)? / each).min(1.0);
            let name = format!("{} of {}", next.kind.name(), of(id));
            Some(Used { name, utilisation, is_next: true })
        })
        .collect()
    };
    match next.kind {
        Kind::Connections => at_each(&|it| it.own.connections_mean.value),
        Kind::Appliers => at_each(&|it| {
            let seconds = plan.duration.seconds() * f64::from(replications);
            Some(it.applied as f64 / seconds * it.own.lag_mean_s.value?)
        }),
        Kind::Pool => {
            let Some(servers) = pooled_at(plan, next) else { return Vec::new() };
            let calls = servers.iter().filter_map(|id| seen(*id)?.figures.in_system_mean.value);
            let utilisation = (calls.sum::<f64>() / next.capacity).min(1.0);
            vec![Used { name: next.name(plan), utilisation, is_next: true }]
        }
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::DiskBytes
        | Kind::DiskOperations
        | Kind::Loops
        | Kind::Workers => Vec::new(),
    }
}

/// How busy a station was, of all its places, on so many replications. `None`: nothing measures it.
pub(super) fn used(
    plan: &Blueprint,
    (summary, replications): (&Summary, u32),
    station: &Station,
) -> Option<f64> {
    let host = |id: u32| {
        let name = &plan.hosts[id as usize].name;
        let figures = &summary.hosts.iter().find(|it| it.name == *name)?.figures;
        match station.kind {
            Kind::Cpu => figures.cpu_utilisation.value,
            Kind::NicOut => figures.sending_utilisation.value,
            Kind::NicIn => figures.receiving_utilisation.value,
            _ => figures.disk_utilisation.value,
        }
    };
    let instance = |id: u32| {
        let name = &plan.instances[id as usize].name;
        summary.instances.iter().find(|it| it.name == *name)?.own.utilisation.value
    };
    let each: Option<Vec<f64>> = match station.kind {
        Kind::Cpu | Kind::NicOut | Kind::NicIn | Kind::Disk => {
            station.at.iter().map(|id| host(*id)).collect()
        }
        Kind::Loops | Kind::Workers => station.at.iter().map(|id| instance(*id)).collect(),
        Kind::Connections | Kind::Appliers | Kind::Pool => {
            let held = held(plan, summary, station, replications);
            Some(held.into_iter().map(|it| it.utilisation).collect())
        }
        Kind::DiskBytes | Kind::DiskOperations => None,
    };
    let each = each.filter(|it| !it.is_empty())?;
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

/// A service's instances and their hosts, by name.
fn members(plan: &Blueprint, service: ServiceId) -> BTreeSet<&str> {
    let own = plan.instances.iter().filter(|it| it.service == service);
    own.flat_map(|it| [it.name.as_str(), plan.hosts[it.host.index()].name.as_str()]).collect()
}

/// The same site where the service of a station never runs out of what that has. `None`: that cannot be had.
fn with_plenty(plan: &Blueprint, station: &Station) -> Option<Blueprint> {
    let mut plan = plan.clone();
    let id = station.service;
    let own = plan.instances.iter().filter(|it| it.service == id);
    let hosts: BTreeSet<HostId> = own.map(|it| it.host).collect();
    let service = &mut plan.services[id.index()];
    match station.kind {
        Kind::Workers => {
            let Serving::Slots { slots, .. } = &mut service.serving else { return None };
            *slots = u32::MAX;
        }
        Kind::Pool => {
            let own = plan.upstreams.iter_mut().filter(|it| it.caller == id);
            own.for_each(|view| view.slots = u32::MAX);
        }
        Kind::Appliers => {
            let is_own = |id: &crate::model::blueprint::InstanceId| {
                plan.instances[id.index()].service == station.service
            };
            let logs = plan.logs.iter_mut().filter(|log| log.replicas.iter().any(is_own));
            logs.for_each(|log| log.apply_workers = log.apply_workers.saturating_mul(PLENTY));
        }
        Kind::Loops => {
            let Serving::Loops { loops } = &mut service.serving else { return None };
            *loops = loops.saturating_mul(PLENTY).min(LOOPS_MOST.max(*loops));
            plan.number_loops();
        }
        Kind::Connections => {
            let accept = service.accept.as_mut()?;
            accept.connections_max = u32::MAX;
            accept.process_connections_max = u32::MAX;
            plan.derive();
        }
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::DiskBytes
        | Kind::DiskOperations => {
            for host in hosts {
                let host = &mut plan.hosts[host.index()];
                match (station.kind, &mut host.disk) {
                    (Kind::Cpu, _) => host.cores = host.cores.saturating_mul(PLENTY),
                    (Kind::NicOut | Kind::NicIn, _) => host.nic_bits = None,
                    (Kind::Disk, Some(disk)) => {
                        disk.parallel = disk.parallel.saturating_mul(PLENTY);
                    }
                    (Kind::DiskBytes, Some(disk)) => disk.throughput = None,
                    (Kind::DiskOperations, Some(disk)) => disk.iops = None,
                    _ => return None,
                }
            }
        }
    }
    Some(plan)
}
