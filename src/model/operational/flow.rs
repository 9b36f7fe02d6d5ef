//! How often a request of each kind calls each endpoint, through which view, and how often that opens
//! a connection. Calls form no circle, so one pass from callers to callees is exact.

use std::collections::BTreeMap;

use super::{
    super::blueprint::{Blueprint, EndpointId, LogId, Reuse, UpstreamId},
    program::Run,
};

/// Calls of one kind, for one request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Called {
    /// How often.
    pub(super) count: f64,
    /// How many of them at least open a connection.
    pub(super) fresh: f64,
    /// How many of them at most do.
    pub(super) fresh_most: f64,
}

/// What one request of a kind causes all over the site.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    /// Calls by view and endpoint; in the order of keys, so that sums are always the same.
    pub(super) calls: BTreeMap<(u32, u32), Called>,
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
        // (runs, at least on a fresh connection, at most) of each endpoint.
        let mut asked = vec![Called::default(); plan.endpoints.len()];
        asked[visitor.index()] = Called { count: 1.0, fresh: 0.0, fresh_most: 0.0 };
        for endpoint in order.into_iter().rev() {
            let asked_for = asked[endpoint.index()];
            for call in &runs[endpoint.index()].calls {
                let called = through(plan, call.upstream, call.count, asked_for);
                let sums = [
                    flows.calls.entry((call.upstream.0, call.endpoint.0)).or_default(),
                    &mut asked[call.endpoint.index()],
                ];
                for sum in sums {
                    sum.count += called.count;
                    sum.fresh += called.fresh;
                    sum.fresh_most += called.fresh_most;
                }
            }
            for &(LogId(log), EndpointId(apply), count) in &runs[endpoint.index()].commits {
                *flows.commits.entry((log, apply)).or_default() += count * asked_for.count;
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

/// `each` calls through a view by each of the caller's runs.
fn through(plan: &Blueprint, upstream: UpstreamId, each: f64, caller: Called) -> Called {
    let view = &plan.upstreams[upstream.index()];
    let count = each * caller.count;
    let none = Called { count, fresh: 0.0, fresh_most: 0.0 };
    if !view.derived.connects {
        return none;
    }
    let all = Called { count, fresh: count, fresh_most: count };
    let keeps_none = !view.derived.keeps_alive || (!view.keeps.idle && !view.derived.has_users);
    if keeps_none {
        return all;
    }
    match view.reuse {
        // A first request on its caller's own connection never gets one that was used before.
        Reuse::Safe | Reuse::Aggressive => Called {
            count,
            fresh: if view.reuse == Reuse::Safe { each * caller.fresh } else { 0.0 },
            fresh_most: count,
        },
        Reuse::Always => Called { count, fresh: 0.0, fresh_most: count },
    }
}
