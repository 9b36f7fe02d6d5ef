//! What is known without simulating, as reports tell it: before anything is run, and again with what was
//! found.

use crate::{
    model::{
        blueprint::Blueprint,
        operational::{Operational, Station as Found},
    },
    report::capacity::{Demanded, Known, Load, Station},
};

/// Stations that are told.
const STATIONS_MAX: usize = 20;

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
        bound: known.saturates_at().map(|factor| load(known, factor)),
        no_load_s: known.no_load_s,
        requests: requests.collect(),
        stations: stations.collect(),
        unknown: unknown(plan, known.stations.iter().any(|it| it.is_least)),
    }
}

/// A load as it is said.
pub(super) fn load(known: &Operational, factor: f64) -> Load {
    let users = (f64::from(known.users) * factor + 0.5) as u64;
    Load {
        factor,
        per_s: (known.open_per_s > 0.0).then_some(known.open_per_s * factor),
        users: (known.users > 0).then(|| users.max(1)),
    }
}

/// What the bound does not say.
fn unknown(plan: &Blueprint, has_least: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if has_least {
        lines.push(
            "≤: it may be full earlier, for it is held longer while others queue, or connections \
             are opened more often than at best."
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
