//! An objective beside what was measured of it. It is for the reader to judge: a verdict needs a
//! sequential test of its own, and none is pronounced here.

use serde::Serialize;

use crate::{
    measure::{series::Series, tally::ObjectiveTally},
    model::blueprint::{Blueprint, Objective, Promise, Scope},
    stats::interval::{Estimate, Intervals},
};

/// What was promised, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// As in the scenario.
    pub name: String,
    /// The requirement as it was written.
    pub require: String,
    /// Which requests: `all requests`, `request page`, …
    pub scope: String,
    /// Arrivals from here, seconds after the beginning of the window …
    pub from_s: f64,
    /// … to here.
    pub until_s: f64,
    /// The limit of a percentile, seconds.
    pub limit_s: Option<f64>,
    /// The least share that must be within it.
    pub share_required: f64,
    /// The share that was.
    pub share: Estimate,
    /// How many requests it is about, in all replications.
    pub count: u64,
    /// How many of them were too slow, or failed.
    pub beyond: u64,
}

impl Measured {
    /// Puts an objective beside its counters.
    pub fn new(
        site: &Blueprint,
        objective: &Objective,
        tally: ObjectiveTally,
        series: &Series,
        intervals: &Intervals,
    ) -> Measured {
        let (share_required, limit) = match objective.promise {
            Promise::Percentile { share, limit } => (share, Some(limit)),
            Promise::Success { share } => (share, None),
        };
        let since_warm_up = |at: crate::engine::time::Instant| {
            at.since(crate::engine::time::Instant::ZERO + site.warm_up).seconds()
        };
        Measured {
            name: objective.name.clone(),
            require: objective.require.clone(),
            scope: scope(site, objective.scope),
            from_s: since_warm_up(objective.from),
            until_s: since_warm_up(objective.until),
            limit_s: limit.map(crate::engine::time::Span::seconds),
            share_required,
            share: intervals.share(tally.count - tally.beyond, tally.count, series),
            count: tally.count,
            beyond: tally.beyond,
        }
    }
}

fn scope(site: &Blueprint, scope: Scope) -> String {
    match scope {
        Scope::Site => "all requests".to_owned(),
        Scope::Request(id) => format!("request {}", site.requests[id.index()].name),
        Scope::Workload(id) => format!("workload {}", site.workloads[id.index()].name),
        Scope::Service(id) => format!("calls to {}", site.services[id.index()].name),
    }
}
