//! Whose calls take longer than before, where something was held against what was there before.
//!
//! By Little's law a service has as many calls more as come, times how much longer they take. The way is followed
//! along what became more, as it is followed along what is held (`held.rs`): most of what a service has more is at
//! one that it calls, or it is its own.

use super::{
    path::along,
    who::{Who, busy},
};
use crate::{
    measure::{figures::Figures, tally::Tally},
    model::blueprint::{Blueprint, Objective, Promise, Scope},
    report::{
        format::{seconds, three},
        versus::Comparison,
    },
    slo::versus::{Told, new_figure},
    stats::comparison::Direction,
};

/// The mean time of calls at each service, before and now.
pub struct Since {
    services: Vec<Option<Took>>,
    /// What the objective was about, on average.
    value: f64,
}

#[derive(Clone, Copy)]
struct Took {
    before_s: f64,
    now_s: f64,
    is_worse: bool,
    /// There was no such service.
    is_new: bool,
}

impl Since {
    /// By a comparison, of an objective that both sides have.
    pub fn of(site: &Blueprint, pool: &Tally, comparison: &Comparison, objective: &Told) -> Since {
        let figures = Figures::of(pool).numbers().services;
        let services = site.services.iter().zip(figures).map(|(service, now)| {
            let name = format!("service {}: time mean", service.name);
            match comparison.exploratory.iter().find(|it| it.name == name) {
                Some(told) => {
                    let is_worse = told.verdict == Direction::Worse;
                    let (before_s, now_s) = (told.one, told.other);
                    Some(Took { before_s, now_s, is_worse, is_new: false })
                }
                None if comparison.unmatched.contains(&new_figure(&name)) => {
                    let now_s = now.sojourn_mean_s?;
                    Some(Took { before_s: 0.0, now_s, is_worse: true, is_new: true })
                }
                None => None,
            }
        });
        Since { services: services.collect(), value: objective.one }
    }

    /// What the objective was about, on average.
    pub(super) fn value(&self) -> f64 {
        self.value
    }
}

impl Who<'_> {
    /// Whoever became slower, unless it is short at the end of the path along what is held.
    pub(super) fn slower(
        &self,
        since: &Since,
        objective: &Objective,
        held: &[usize],
    ) -> Option<(Vec<usize>, String)> {
        if !matches!(objective.promise, Promise::Percentile { .. } | Promise::Mean { .. }) {
            return None;
        }
        let mut path = along(held[0], |last, _| self.added_below(since, last));
        let last = path[path.len() - 1];
        let took = since.services[last].filter(|it| it.is_worse)?;
        let waits = self.waits_more(since, last);
        path.extend(waits);
        // What is short where the time goes says more.
        if self.is_in_the_way(held) {
            return None;
        }
        let end = path[path.len() - 1];
        let [name, caller] = [end, last].map(|it| &self.site.services[it].name);
        let now = seconds(took.now_s);
        let longer = if took.is_new {
            format!("{now} and were not there before")
        } else {
            let more = three(100.0 * (took.now_s / took.before_s - 1.0));
            format!("longer than before, {now} rather than {} (+{more}%)", seconds(took.before_s))
        };
        let used = self.busiest(end).map_or(String::new(), |it| format!(", {} at most", busy(&it)));
        let (here, _) = self.load(end);
        let here = format!("{used}; {} calls there on average", three(here));
        let text = match waits {
            Some(_) => format!(
                "{name}: calls wait for a place for it at {caller} (pool, limit a server), those of \
                 {caller} take {longer}{here}"
            ),
            None => format!("{name}: its calls take {longer}{here}"),
        };
        Some((path, text))
    }

    /// Where no call takes longer than before, and what visitors see does.
    pub(super) fn unchanged(
        &self,
        since: &Since,
        objective: &Objective,
        held: &[usize],
    ) -> Option<(Vec<usize>, String)> {
        let is_of_visitors = !matches!(objective.scope, Scope::Service(_))
            && matches!(objective.promise, Promise::Percentile { .. } | Promise::Mean { .. });
        let entry = held[0];
        let is_worse = since.services[entry]?.is_worse;
        (is_of_visitors && !is_worse && !self.is_in_the_way(held)).then(|| {
            let name = &self.site.services[entry].name;
            let why = "the time goes to the lines of who calls";
            (vec![entry], format!("{name}: its calls take no longer than before, {why}"))
        })
    }

    /// The service for which calls wait at its caller, if that is most of what the caller has more than before.
    fn waits_more(&self, since: &Since, caller: usize) -> Option<usize> {
        let added = self.added(since, caller)?;
        let upstreams = self.site.upstreams.iter().filter(|it| it.caller.index() == caller);
        let queued = upstreams.map(|it| it.callee.index());
        let queued = queued.map(|callee| (callee, self.queued_for(caller, callee)));
        let most = queued.max_by(|one, other| one.1.total_cmp(&other.1))?;
        (2.0 * most.1 > added).then_some(most.0)
    }

    /// The service that a service calls which has most of what it has more than before.
    fn added_below(&self, since: &Since, service: usize) -> Option<usize> {
        let own = self.added(since, service)?;
        let upstreams = self.site.upstreams.iter().filter(|it| it.caller.index() == service);
        let mut below: Vec<usize> = upstreams.map(|it| it.callee.index()).collect();
        below.sort_unstable();
        below.dedup();
        let part = |it: usize| Some((it, self.added(since, it)? * self.share_of(it, service)));
        let most = below.into_iter().filter_map(part).max_by(|a, b| a.1.total_cmp(&b.1))?;
        (most.1 > 0.0 && 2.0 * most.1 > own).then_some(most.0)
    }

    /// How many calls more are at a service, because each takes longer.
    fn added(&self, since: &Since, service: usize) -> Option<f64> {
        let took = since.services[service]?;
        Some(self.served[service]? * (took.now_s - took.before_s))
    }
}
