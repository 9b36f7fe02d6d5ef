//! How long calls at a service last at most, where its callers may give up and it notices.
//!
//! Visitors have their patience, callers their time-outs; whoever stops when it is abandoned lets go of what
//! it holds below as well. How much of a limit has passed when something is taken is left out.

use super::{
    super::blueprint::{Blueprint, ServiceId, Workload},
    time::Time,
};

/// A law of patience is so many values, each as likely as the next.
const CELLS: usize = 16;

/// Limits that are as likely as each other, the least first.
type Limits = [f64; CELLS];

/// By service.
pub(super) struct Patience {
    limits: Vec<Limits>,
}

impl Patience {
    pub(super) fn of(plan: &Blueprint) -> Patience {
        let mut known = vec![None; plan.services.len()];
        for service in 0..plan.services.len() {
            limits(plan, service, &mut vec![false; plan.services.len()], &mut known);
        }
        let limits = known.into_iter().map(|it| it.unwrap_or([f64::INFINITY; CELLS])).collect();
        Patience { limits }
    }

    /// The mean of what a call at a service takes if somebody gives up as early as may be.
    pub(super) fn least_s(&self, service: ServiceId, time: &Time) -> f64 {
        let limits = &self.limits[service.index()];
        if limits[0].is_infinite() {
            return time.mean_s();
        }
        if limits[0] == limits[CELLS - 1] {
            return time.within_s(limits[0]);
        }
        let each = limits
            .iter()
            .map(|it| if it.is_infinite() { time.mean_s() } else { time.within_s(*it) });
        each.sum::<f64>() / CELLS as f64
    }
}

fn limits(
    plan: &Blueprint,
    service: usize,
    open: &mut Vec<bool>,
    known: &mut Vec<Option<Limits>>,
) -> Limits {
    let mut least = [f64::INFINITY; CELLS];
    if let Some(known) = known[service] {
        return known;
    }
    // Views may lead in a circle, though no calls do.
    if std::mem::replace(&mut open[service], true) || !plan.services[service].stops_when_abandoned {
        return least;
    }
    let mut take = |other: Limits| {
        for (one, other) in least.iter_mut().zip(other) {
            *one = one.min(other);
        }
    };
    for workload in plan.workloads.iter().filter(|it| it.service.index() == service) {
        take(of_visitors(plan, workload));
    }
    for view in plan.upstreams.iter().filter(|it| it.callee.index() == service) {
        if let Some(timeout) = view.response_timeout {
            take([plan.delays[timeout.0 as usize].seconds(); CELLS]);
        }
        take(limits(plan, view.caller.index(), open, known));
    }
    open[service] = false;
    known[service] = Some(least);
    least
}

fn of_visitors(plan: &Blueprint, workload: &Workload) -> Limits {
    let Some(patience) = workload.patience else { return [f64::INFINITY; CELLS] };
    let law = &plan.laws[patience.index()];
    std::array::from_fn(|cell| match (law.as_constant(), cell) {
        (Some(always), _) => always,
        (None, 0) => law.least(),
        (None, _) => law.quantile(cell as f64 / CELLS as f64),
    })
}
