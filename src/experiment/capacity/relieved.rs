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
    changed::REPLICATIONS,
    search::said,
    settled,
};
use crate::{
    engine::time::Span,
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, HostId, ServiceId, Serving},
        operational::{Kind, Operational, Station},
    },
    report::{
        summary::Summary,
        used::{Used, held, is_measured},
    },
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
