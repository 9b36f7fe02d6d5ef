//! What is known without simulating, as reports tell it: before anything is run, and again with what was
//! found.

use crate::{
    engine::time::Instant,
    model::{
        blueprint::{Arrivals, Blueprint, Objective, Op, Promise, Scope},
        operational::{Operational, Station as Found},
    },
    report::capacity::{Demanded, Event, Known, Load, Promised, Station},
    stats::interval::six_digits,
};

/// Stations that are told.
const STATIONS_MAX: usize = 200;

/// Of a site as its scenario loads it.
pub fn known(plan: &Blueprint) -> Known {
    told(plan, &Operational::of(plan))
}

pub(super) fn told(plan: &Blueprint, known: &Operational) -> Known {
    let per_s = known.load_per_s();
    let station = |it: &Found| Station {
        name: it.name(plan),
        service: plan.services[it.service.index()].name.clone(),
        kind: it.kind.name(),
        demand: it.demand,
        demands: known.requests.iter().map(|of| known.demand_of(it, of)).collect(),
        capacity: it.capacity,
        utilisation: it.utilisation(per_s),
        saturates_at_per_s: it.saturates_at_per_s(),
        is_least: it.is_least,
    };
    let stations = known.bottlenecks().into_iter().take(STATIONS_MAX).map(station);
    let requests = known.requests.iter().map(|it| Demanded {
        name: plan.requests[it.request.index()].name.clone(),
        share: it.share,
        no_load_s: it.no_load_s,
    });
    Known {
        bound_per_s: known.bound_per_s(),
        bound: if known.is_mixed() { known.filled_at(plan) } else { known.saturates_at() }
            .map(|factor| load(known, factor)),
        mix_changes: known.mix_changes,
        no_load_s: known.no_load_s,
        forks: plan.program.iter().any(|it| matches!(it.op, Op::Fork { .. })),
        requests: requests.collect(),
        stations: stations.collect(),
        unknown: unknown(plan, known),
        events: events(plan),
        promised: plan.objectives.iter().filter_map(|it| promised(plan, known, it)).collect(),
    }
}

/// What the scenario has in store, whatever the load.
fn events(plan: &Blueprint) -> Vec<Event> {
    let begin = Instant::ZERO + plan.warm_up;
    let end = begin + plan.duration;
    let told = plan.episodes.iter().map(|it| Event {
        name: it.name.clone(),
        at_s: it.from.since(begin).seconds(),
        lasts_s: (it.until < end).then(|| it.until.since(it.from).seconds()),
    });
    told.collect()
}

/// A promised throughput, which goes with the load.
fn promised(plan: &Blueprint, known: &Operational, it: &Objective) -> Option<Promised> {
    let Promise::Throughput { least } = it.promise else { return None };
    // What comes is plain only where it does so evenly, and waits for nothing.
    let is_plain = plan.workloads.iter().all(|it| match &it.arrivals {
        Arrivals::Open { rate, .. } => it.spike.is_none() && rate.knots.len() == 1,
        Arrivals::Closed { .. } => false,
    });
    let share = match it.scope {
        Scope::Site => Some(1.0),
        Scope::Request(id) => known.requests.iter().find(|it| it.request == id).map(|it| it.share),
        Scope::Workload(_) | Scope::Service(_) => None,
    };
    let comes = share.filter(|_| is_plain).map(|it| it * known.open_per_s).filter(|it| *it > 0.0);
    let of_what_comes = comes.map(|comes| six_digits(least / comes));
    Some(Promised { objective: it.name.clone(), of_what_comes })
}

/// A load as it is said.
pub(super) fn load(known: &Operational, factor: f64) -> Load {
    let users = (f64::from(known.users) * factor + 0.5) as u64;
    Load {
        factor,
        per_s: (known.open_per_s > 0.0).then(|| six_digits(known.open_per_s * factor)),
        users: (known.users > 0).then(|| users.max(1)),
    }
}

/// What the bound does not say.
fn unknown(plan: &Blueprint, known: &Operational) -> Vec<String> {
    let mut lines = Vec::new();
    if known.mix_changes {
        lines.push(
            "At the mix of no load: the more users wait for their answers the less of all that comes is \
             theirs, so that more, or less, can be served than this says."
                .to_owned(),
        );
    } else if known.stations.iter().any(|it| it.is_least) {
        lines.push(
            "≤: it may be full earlier, for it is held longer while others queue, or connections \
             are opened, or lines crossed, more often than at best."
                .to_owned(),
        );
    }
    if !plan.logs.is_empty() {
        lines.push(
            "Flushes of commits bound nothing here: how many commits share one is only known by \
             simulating."
                .to_owned(),
        );
    }
    lines
}
