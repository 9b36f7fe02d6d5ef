//! What replications at a load say of an objective, and whether it says so by having no data: where
//! visitors came and nothing is left to be judged, the site is dead, which is no way to keep a promise.

use crate::{
    measure::tally::Tally,
    model::blueprint::{Arrivals, Blueprint, Objective, Promise, Scope, Workload},
    report::capacity::Kept,
    slo::evidence::Evidence,
    stats::interval::CONFIDENCE,
};

/// Where nothing is left, or a level that has to be high is 0, it is so far beyond the limit. A number,
/// for reports cannot write down what is infinite.
const DEAD: f64 = 1e9;
/// Calls inside of the site that should have come, at least, if none is to mean that they were lost.
const EXPECTED: f64 = 10.0;

/// Of one objective.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    evidence: Evidence,
    /// Visitors came, but there is nothing to judge.
    is_dead: bool,
}

impl Judgement {
    pub(super) fn new(
        (plan, index): (&Blueprint, usize),
        evidence: Evidence,
        pool: Option<&Tally>,
    ) -> Judgement {
        let is_dead = evidence.is_empty()
            && pool.is_some_and(|pool| is_expected(&plan.objectives[index], plan, pool));
        Judgement { evidence, is_dead }
    }

    /// How near the limit it is, 1 right at it; `None`: nobody came for whom it would matter.
    pub(super) fn badness(&self) -> Option<f64> {
        if self.is_dead { Some(DEAD) } else { self.evidence.badness().map(|it| it.min(DEAD)) }
    }

    /// The same at both ends of its interval.
    pub(super) fn badness_between(&self) -> Option<(f64, f64)> {
        if self.is_dead {
            return Some((DEAD, DEAD));
        }
        let (low, high) = self.evidence.badness_between(CONFIDENCE)?;
        Some((low.min(DEAD), high.min(DEAD)))
    }

    pub(super) fn kept(&self) -> Kept {
        let surely = 1.0 - CONFIDENCE;
        if self.is_dead || self.evidence.p_broken() <= surely {
            Kept::No
        } else if self.evidence.is_empty() || self.evidence.p_kept() <= surely {
            Kept::Yes
        } else {
            Kept::Perhaps
        }
    }
}

/// Whether so many visitors came that there should be data.
fn is_expected(objective: &Objective, plan: &Blueprint, pool: &Tally) -> bool {
    let (came, all) = visitors(objective, plan, pool);
    if came == 0 && !are_stuck(objective, plan, pool, all) {
        return false;
    }
    let is_lag = match objective.promise {
        Promise::Percentile { .. } | Promise::Mean { .. } | Promise::Success { .. } => false,
        Promise::Lag { .. } => true,
        // Levels and rates are there whoever comes, and events need not happen.
        Promise::Throughput { .. }
        | Promise::Utilisation { .. }
        | Promise::Queue { .. }
        | Promise::Recovery(_)
        | Promise::Budget(_) => return false,
    };
    let inside: u64 = match (is_lag, objective.scope) {
        (true, _) => pool.instances.iter().map(|it| it.lag.moments.count).sum(),
        (false, Scope::Service(id)) => pool.services[id.index()].calls.causes.iter().sum(),
        (false, Scope::Site | Scope::Request(_) | Scope::Workload(_)) => return true,
    };
    // As many for each visitor as at the times when there were some.
    came > 0 && inside as f64 * came as f64 >= EXPECTED * (all - came) as f64 && all > came
}

/// Users come again and again, unless they wait for an answer that never comes: whether so many should
/// have come in the window of an objective, by what came at other times, that none means this.
fn are_stuck(objective: &Objective, plan: &Blueprint, pool: &Tally, all: u64) -> bool {
    let is_users = |it: &Workload| matches!(it.arrivals, Arrivals::Closed { .. });
    let window_s = objective.until.since(objective.from).seconds();
    let other_s = pool.request_ruler.until.since(pool.request_ruler.from).seconds() - window_s;
    plan.workloads.iter().all(is_users)
        && all as f64 * window_s >= EXPECTED * other_s
        && other_s > 0.0
}

/// Visitors that an objective is about: within its window, and at all.
fn visitors(objective: &Objective, plan: &Blueprint, pool: &Tally) -> (u64, u64) {
    let is_meant = |request: usize| match objective.scope {
        Scope::Site | Scope::Service(_) => true,
        Scope::Request(id) => id.index() == request,
        Scope::Workload(id) => {
            plan.workloads[id.index()].mix.iter().any(|it| it.request.index() == request)
        }
    };
    let ruler = &pool.request_ruler;
    let [from_s, until_s] =
        [objective.from, objective.until].map(|at| at.since(ruler.from.min(at)).seconds());
    let (mut came, mut all) = (0, 0);
    for (_, tally) in pool.requests.iter().enumerate().filter(|(request, _)| is_meant(*request)) {
        for (number, part) in tally.parts.iter().enumerate() {
            let (begin, end) = ruler.edges_s(number);
            let count = part.ok + part.failed;
            all += count;
            if (from_s..until_s).contains(&f64::midpoint(begin, end)) {
                came += count;
            }
        }
    }
    (came, all)
}
