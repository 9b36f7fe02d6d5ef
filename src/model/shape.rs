//! What a recorder must know of a site: counts and limits.

use super::{
    blueprint::{
        Blueprint, Budget, Episode, HostId, Instance, Objective, Promise, Recovery, Resource,
        Scope, Serving,
    },
    episodes::around as around_event,
};
use crate::{
    engine::time::{Instant, Span},
    measure::{
        phases::Phases,
        shape::{
            Callees, Detail, HostShape, InstanceShape, Judged, Meter, ObjectiveShape, Shape,
            Subject, Whose, Workers,
        },
    },
};
use std::collections::BTreeSet;

/// Slices of a window.
const SLICES_MAX: u64 = 4_000;

/// Parts of the slices of an error budget, of which no replication keeps more than what they come to.
const PARTS_MAX: u64 = 40_000;
/// Into so many parts a slice is cut: where its grid begins is known to a hundredth of it ...
const PARTS: u64 = 100;
/// ... or to a quarter, however many slices there are.
const PARTS_LEAST: u64 = 4;

/// The shape of a site.
pub fn shape(plan: &Blueprint) -> Shape {
    let from = Instant::ZERO + plan.warm_up;
    let host = |host: &super::blueprint::Host| HostShape {
        cores: host.cores,
        disk_parallel: host.disk.as_ref().map_or(0, |disk| disk.parallel),
    };
    Shape {
        detail: Detail::FINE,
        from,
        until: from + plan.duration,
        services: plan.services.len() as u32,
        instances: plan.instances.iter().map(|it| instance(plan, it)).collect(),
        hosts: plan.hosts.iter().map(host).collect(),
        upstreams: plan.upstreams.len() as u32,
        requests: plan.requests.len() as u32,
        workloads: plan.workloads.len() as u32,
        objectives: plan.objectives.iter().map(|it| objective(plan, it)).collect(),
        windows: windows(plan).into_iter().map(|(_, from, until)| (from, until)).collect(),
        is_steady: plan.is_steady(),
    }
}

/// The times before the first event, during each, and after each until the next one, as far as there
/// is such a time. Where events overlap it is the time in which none runs.
pub fn windows(plan: &Blueprint) -> Vec<(String, Instant, Instant)> {
    let begin = Instant::ZERO + plan.warm_up;
    let end = begin + plan.duration;
    let mut episodes: Vec<&Episode> = plan.episodes.iter().collect();
    episodes.sort_by_key(|it| it.from);
    let lasts: Vec<_> = episodes.iter().map(|it| (it.from, it.until)).collect();
    let first = episodes.first().map(|it| ("before all events".to_owned(), begin, it.from));
    let each = episodes.iter().enumerate().flat_map(|(index, it)| {
        let [_, after] = around_event(&lasts, index, (begin, end));
        [
            (format!("during {}", it.name), it.from, it.until),
            (format!("after {}", it.name), after.0, after.1),
        ]
    });
    first.into_iter().chain(each).filter(|(_, from, until)| from < until).collect()
}

fn instance(plan: &Blueprint, it: &Instance) -> InstanceShape {
    let service = &plan.services[it.service.index()];
    let (workers_are, each) = match service.serving {
        Serving::Loops { loops } => (Workers::Loops, loops),
        Serving::Slots { slots, .. } => (Workers::Slots, slots),
    };
    let workers = (each != u32::MAX).then(|| each.saturating_mul(service.processes));
    InstanceShape { service: it.service.0, workers, workers_are }
}

fn objective(plan: &Blueprint, it: &Objective) -> ObjectiveShape {
    let subject = match it.promise {
        Promise::Percentile { limit, .. } => each(plan, it, around(limit, it.margin)),
        Promise::Recovery(Recovery { of, .. }) | Promise::Budget(Budget { of, .. }) => {
            each(plan, it, [of.limit.unwrap_or(Span::MAX); 3])
        }
        Promise::Success { .. } | Promise::Mean { .. } => each(plan, it, [Span::MAX; 3]),
        Promise::Throughput { .. } => match whose(it.scope) {
            Some(whose) => Subject::Ended(whose),
            None => Subject::Served(instances(plan, it)),
        },
        Promise::Lag { limit, .. } => {
            let judged = Judged { limits: around(limit, it.margin), successes_only: true };
            Subject::Lag(replicas(plan, it), judged)
        }
        Promise::Queue { .. } => {
            Subject::Level(Meter::Waiting(instances(plan, it), towards(plan, it)))
        }
        Promise::Utilisation { of: Resource::Workers, .. } => {
            Subject::Level(Meter::Workers(instances(plan, it)))
        }
        Promise::Utilisation { of: Resource::Cpu, .. } => {
            Subject::Level(Meter::Cores(hosts(plan, it)))
        }
        Promise::Utilisation { of: Resource::Disk, .. } => {
            Subject::Level(Meter::Disks(hosts(plan, it)))
        }
        Promise::Utilisation { of: Resource::Nic, .. } => {
            Subject::Level(Meter::Sending(hosts(plan, it)))
        }
    };
    let slice = match it.promise {
        Promise::Recovery(recovery) => Some(slice_of(it, &recovery)),
        Promise::Budget(budget) => Some(part_of(it, &budget).0),
        _ => None,
    };
    let phases = match it.promise {
        Promise::Budget(budget) => {
            Some(Phases { parts: part_of(it, &budget).1, allowed: 1.0 - budget.of.share })
        }
        _ => None,
    };
    let quantile = match it.promise {
        Promise::Percentile { share, .. } => Some(share),
        Promise::Lag { share, .. } => share,
        _ => None,
    };
    let told_from = it.judged_from();
    ObjectiveShape { subject, from: it.from, until: it.until, slice, phases, told_from, quantile }
}

/// A tenth of the time for which everything has to stay well, but not too many for a window; a little less, so that
/// one of them begins when the clock does.
pub fn slice_of(it: &Objective, recovery: &Recovery) -> Span {
    let least = it.until.since(it.from).nanos().div_ceil(SLICES_MAX);
    let most = (recovery.hold.nanos() / 10).max(least).max(1);
    let before = recovery.clock.since(it.from).nanos();
    Span::from_nanos(if before == 0 { most } else { before / before.div_ceil(most) })
}

/// A part of a budget's slices, and how many of them are one; if it has none, such that the end of the window can be
/// looked at.
fn part_of(it: &Objective, budget: &Budget) -> (Span, usize) {
    let window = it.until.since(it.from).nanos();
    let Some(slice) = budget.slice.map(Span::nanos) else {
        return (Span::from_nanos(window.div_ceil(20).max(1)), 1);
    };
    let most = (PARTS_MAX / (window / slice).max(1)).clamp(PARTS_LEAST, PARTS);
    // Whole nanoseconds, so that parts stay where slices begin.
    let parts = (1..=most).rev().find(|parts| slice.is_multiple_of(*parts)).unwrap_or(1);
    (Span::from_nanos(slice / parts), parts as usize)
}

/// A limit less its margin, itself, and with its margin.
fn around(limit: Span, margin: f64) -> [Span; 3] {
    let times = |factor: f64| Span::from_seconds(limit.seconds() * factor);
    if margin == 0.0 { [limit; 3] } else { [times(1.0 - margin), limit, times(1.0 + margin)] }
}

fn each(plan: &Blueprint, it: &Objective, limits: [Span; 3]) -> Subject {
    let successes_only = it.successes_only || matches!(it.promise, Promise::Mean { .. });
    let judged = Judged { limits, successes_only };
    if let Some(whose) = whose(it.scope) {
        return Subject::Requests(whose, judged);
    }
    // What never had a server is in no zone.
    let upstreams = if it.zone.is_none() { towards(plan, it) } else { Vec::new() };
    Subject::Calls(Callees { instances: instances(plan, it), upstreams }, judged)
}

fn whose(scope: Scope) -> Option<Whose> {
    match scope {
        Scope::Site => Some(Whose::All),
        Scope::Request(id) => Some(Whose::Type(id.0)),
        Scope::Workload(id) => Some(Whose::Workload(id.0)),
        Scope::Service(_) => None,
    }
}

/// The upstreams that lead to the service that an objective is about.
fn towards(plan: &Blueprint, it: &Objective) -> Vec<u32> {
    let all = (0..).zip(&plan.upstreams);
    let towards = all.filter(|(_, upstream)| Scope::Service(upstream.callee) == it.scope);
    towards.map(|(index, _)| index).collect()
}

/// The instances that an objective is about.
fn instances(plan: &Blueprint, it: &Objective) -> Vec<u32> {
    let all = (0..).zip(&plan.instances);
    let own = all.filter(|(_, instance)| {
        let is_there = it.zone.is_none_or(|zone| zone == instance.zone);
        let is_of = match it.scope {
            Scope::Service(id) => id == instance.service,
            Scope::Site | Scope::Request(_) | Scope::Workload(_) => {
                plan.hosts.get(instance.host.index()).is_some()
            }
        };
        is_there && is_of
    });
    own.map(|(index, _)| index).collect()
}

/// The hosts that they run on, each once.
fn hosts(plan: &Blueprint, it: &Objective) -> Vec<u32> {
    let own = instances(plan, it).into_iter().map(|it| plan.instances[it as usize].host);
    own.map(|HostId(host)| host).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Those of them that follow a primary.
fn replicas(plan: &Blueprint, it: &Objective) -> Vec<u32> {
    let followers: BTreeSet<u32> =
        plan.logs.iter().flat_map(|log| log.replicas.iter().map(|replica| replica.0)).collect();
    instances(plan, it).into_iter().filter(|index| followers.contains(index)).collect()
}
