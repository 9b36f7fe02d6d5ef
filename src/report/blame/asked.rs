//! How much is asked for. Of a throughput that nobody asks for nobody is to blame.

use super::{since::Since, who::Who};
use crate::{
    engine::time::Instant,
    model::blueprint::{Arrivals, Objective, Promise, Scope},
    report::format::three,
};

/// From so much of what was answered before on as much is asked for.
const AS_MANY: f64 = 0.99;

/// Where nothing comes in.
pub(super) const NOBODY: &str = "nobody asks for it";

impl Who<'_> {
    /// Why a throughput is missed that cannot be reached, for less than that arrives.
    pub(super) fn unasked(&self, objective: &Objective, since: Option<&Since>) -> Option<String> {
        let Promise::Throughput { least } = objective.promise else { return None };
        let is_asked = |request: usize| self.concerned.requests.contains(&request);
        let mut asked = self.site.workloads.iter().flat_map(|it| &it.mix);
        if !asked.any(|it| is_asked(it.request.index())) {
            return Some(NOBODY.to_owned());
        }
        // Users who wait for their answers ask for less because they wait.
        let is_open = |it: usize| matches!(self.site.workloads[it].arrivals, Arrivals::Open { .. });
        let touched = |it: &usize| self.concerned.touches(self.site.workloads[*it].service.index());
        if !(0..self.site.workloads.len()).filter(touched).all(is_open) {
            return None;
        }
        let requests = self.requests(objective);
        let per_s = match objective.scope {
            Scope::Service(_) => self.calls_per_s(&requests)?,
            _ => requests.arrived as f64 / requests.seconds,
        };
        let (fewest, than) = match since.map(Since::value) {
            None => (least, format!("required more than {}/s", three(least))),
            Some(before) => (AS_MANY * before, format!("{}/s were answered before", three(before))),
        };
        let comes = three(per_s);
        (per_s < fewest).then(|| format!("fewer ask for it: {comes}/s arrive, {than}"))
    }

    /// Calls a second over the whole window, unless requests got stuck on their way there.
    fn calls_per_s(&self, requests: &Requests) -> Option<f64> {
        let failures = &self.concerned.failures;
        let is_known = !failures.are_of_whole_run && requests.are_answered();
        is_known.then(|| failures.all as f64 / self.pool.seconds())
    }

    /// Those that arrive in the window of an objective: in the parts of it in which the least is served the least
    /// arrives, too, whatever the reason.
    fn requests(&self, objective: &Objective) -> Requests {
        let ruler = self.pool.request_ruler;
        let start = Instant::ZERO + self.site.warm_up;
        let [begin, end] = [objective.from, objective.until].map(|it| it.since(start).seconds());
        let is_inside = |part: &usize| {
            let (from, until) = ruler.edges_s(*part);
            begin < until && from < end
        };
        let mut sum = Requests { arrived: 0, completed: 0, seconds: 0.0 };
        for part in (0..ruler.parts()).filter(is_inside) {
            let (from, until) = ruler.edges_s(part);
            sum.seconds += (until - from) * f64::from(self.pool.replications);
            let all = self.concerned.requests.iter().map(|&it| &self.pool.requests[it].parts);
            for it in all.filter_map(|it| it.get(part)) {
                sum.arrived += it.ok + it.failed;
                sum.completed += it.completed;
            }
        }
        sum
    }
}

/// Requests that arrive in a time, and those that succeed in it.
struct Requests {
    arrived: u64,
    completed: u64,
    seconds: f64,
}

impl Requests {
    /// Whether nearly all of what arrived was answered.
    fn are_answered(&self) -> bool {
        100 * self.completed >= 99 * self.arrived
    }
}
