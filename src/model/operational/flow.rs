//! How often a request of each kind calls each endpoint, through which view, and how often that opens
//! a connection. Calls form no circle, so one pass from callers to callees is exact.
//!
//! Where a call is made follows from the view through which its caller was called itself, for all that
//! comes through a view has the same servers to go to. So calls are told apart by that view.

use std::collections::BTreeMap;

use super::{
    super::blueprint::{Blueprint, EndpointId, LogId, Reuse, UpstreamId},
    program::{Calls, Run},
};

/// Calls of one kind, for one request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Called {
    /// How often.
    pub(super) count: f64,
    /// How many of them are surely answered in time.
    pub(super) in_time: f64,
    /// How many of them at least open a connection.
    pub(super) fresh: f64,
    /// How many of them at most do.
    pub(super) fresh_most: f64,
}

/// What tells calls apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// The view that is called through.
    pub(super) upstream: UpstreamId,
    /// What is called.
    pub(super) endpoint: EndpointId,
    /// The view through which the caller was called. `None`: a visitor.
    pub(super) via: Option<UpstreamId>,
}

/// What one request of a kind causes all over the site.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    /// In the order of keys, so that sums are always the same.
    pub(super) calls: BTreeMap<Call, Called>,
    /// Transactions by log and the program that applies them.
    pub(super) commits: BTreeMap<(u32, u32), f64>,
}

impl Flows {
    /// From a visitor's own program on.
    pub(super) fn of(plan: &Blueprint, runs: &[Run], visitor: EndpointId) -> Flows {
        let mut order = Vec::new();
        let mut seen = vec![false; plan.endpoints.len()];
        sort(runs, visitor, &mut seen, &mut order);
        let mut flows = Flows::default();
        // Runs of each endpoint, by the view through which they are asked for.
        let mut asked: Vec<BTreeMap<Option<UpstreamId>, Called>> =
            vec![BTreeMap::new(); plan.endpoints.len()];
        let once = Called { count: 1.0, in_time: 1.0, fresh: 0.0, fresh_most: 0.0 };
        asked[visitor.index()].insert(None, once);
        for endpoint in order.into_iter().rev() {
            let run = &runs[endpoint.index()];
            for (via, asked_for) in std::mem::take(&mut asked[endpoint.index()]) {
                for call in &run.calls {
                    let called = through(plan, call, asked_for);
                    let (upstream, endpoint) = (call.upstream, call.endpoint);
                    let sums = [
                        flows.calls.entry(Call { upstream, endpoint, via }).or_default(),
                        asked[endpoint.index()].entry(Some(upstream)).or_default(),
                    ];
                    for sum in sums {
                        sum.count += called.count;
                        sum.in_time += called.in_time;
                        sum.fresh += called.fresh;
                        sum.fresh_most += called.fresh_most;
                    }
                }
                for &(LogId(log), EndpointId(apply), count) in &run.commits {
                    *flows.commits.entry((log, apply)).or_default() += count * asked_for.count;
                }
            }
        }
        flows
    }
}

/// Callers behind their callees.
fn sort(runs: &[Run], at: EndpointId, seen: &mut [bool], order: &mut Vec<EndpointId>) {
    if std::mem::replace(&mut seen[at.index()], true) {
        return;
    }
    for call in &runs[at.index()].calls {
        sort(runs, call.endpoint, seen, order);
    }
    order.push(at);
}

/// Calls of one kind by each of the caller's runs.
fn through(plan: &Blueprint, call: &Calls, caller: Called) -> Called {
    let view = &plan.upstreams[call.upstream.index()];
    let count = call.count * caller.count;
    let in_time = count * call.in_time;
    let none = Called { count, in_time, fresh: 0.0, fresh_most: 0.0 };
    if !view.derived.connects {
        return none;
    }
    let all = Called { fresh: count, fresh_most: count, ..none };
    let keeps_none = !view.derived.keeps_alive || (!view.keeps.idle && !view.derived.has_users);
    if keeps_none {
        return all;
    }
    match view.reuse {
        // A first request on its caller's own connection never gets one that was used before.
        Reuse::Safe => Called { fresh: call.count * caller.fresh, fresh_most: count, ..none },
        Reuse::Aggressive | Reuse::Always => Called { fresh_most: count, ..none },
    }
}
