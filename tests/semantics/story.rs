//! Runs one small scenario and keeps all that visitors and servers saw.

use std::collections::BTreeMap;

use simulate::{
    engine::time::{Instant, Span},
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Device, Finished, Level, Missed, Recorder, Served},
    },
    model::{
        blueprint::{Arrivals, Blueprint},
        run::replicate,
    },
};

use crate::compile::compile;

/// What every scenario begins with: packets take 1 ms from anywhere to anywhere, a read takes
/// 10 ms, a flush 5 ms, and nobody waits for a core.
const GROUND: &str = r#"
[scenario]
duration = "1h"
drain = "10min"
replications = 1
[network]
latency = "1ms"
[hardware.box]
cores = 64
disk = { read = "10ms", fsync = "5ms", parallel = 64 }
"#;

/// A run, told.
#[derive(Default)]
pub(crate) struct Story {
    /// Visitors' requests in the order of their arrival.
    pub(crate) visits: Vec<Finished>,
    /// Calls in the order of their end.
    pub(crate) served: Vec<Served>,
    /// Attempts that failed: name of the upstream, why, when.
    pub(crate) failures: Vec<(String, Cause, Instant)>,
    /// Attempts that no server had: the server that had been picked, when they were made, how long they
    /// took, in ms.
    pub(crate) missed: Vec<(Option<u32>, f64, f64)>,
    /// Lags of transactions as replicas showed them, in order.
    pub(crate) lags: Vec<Span>,
    /// Pages asked for, in order: whether they were in the pool.
    pub(crate) pages: Vec<bool>,
    /// The most connections that any instance had.
    pub(crate) connections_max: u32,
    /// The most calls that were at each instance, by its index.
    pub(crate) calls_max: BTreeMap<u32, u32>,
    names: Vec<String>,
}

impl Story {
    /// How long the visits took, in ms, in the order of their arrival.
    pub(crate) fn took_ms(&self) -> Vec<f64> {
        self.visits.iter().map(|visit| ms(visit.ended.since(visit.arrived))).collect()
    }

    /// How long the n-th visit took, how it was answered and why.
    pub(crate) fn visit(&self, number: usize) -> (f64, u16, Cause) {
        let visit = &self.visits[number];
        (self.took_ms()[number], visit.outcome.status, visit.outcome.cause)
    }

    /// How all visits were answered.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.visits.iter().map(|visit| visit.outcome.status).collect()
    }

    /// When attempts failed, in ms.
    pub(crate) fn failed_ms(&self) -> Vec<f64> {
        self.failures.iter().map(|failure| ms(failure.2.since(Instant::ZERO))).collect()
    }
}

impl Recorder for Story {
    fn finished(&mut self, request: Finished, _: Instant) {
        self.visits.push(request);
    }
    fn served(&mut self, call: Served, _: Instant) {
        self.served.push(call);
    }
    fn attempt_failed(&mut self, upstream: u32, outcome: Outcome, now: Instant) {
        self.failures.push((self.names[upstream as usize].clone(), outcome.cause, now));
    }
    fn missed(&mut self, attempt: Missed, now: Instant) {
        let made = ms(attempt.made.since(Instant::ZERO));
        self.missed.push((attempt.instance, made, ms(now.since(attempt.made))));
    }
    fn level(&mut self, level: Level, value: u32, _: Instant) {
        if let Level::Connections(_) = level {
            self.connections_max = self.connections_max.max(value);
        }
        if let Level::Calls(instance) = level {
            let most = self.calls_max.entry(instance).or_default();
            *most = value.max(*most);
        }
    }
    fn busy(&mut self, _: Device, _: Instant, _: Instant, _: Instant) {}
    fn page_cache(&mut self, _: u32, _: bool, _: Instant) {}
    fn buffer_pool(&mut self, _: u32, is_hit: bool, _: Instant) {
        self.pages.push(is_hit);
    }
    fn applied(&mut self, _: u32, lag: Span, _: Instant) {
        self.lags.push(lag);
    }
    fn flushed(&mut self, _: u32, _: u32, _: Instant) {}
}

/// Milliseconds.
pub(crate) fn ms(span: Span) -> f64 {
    span.nanos() as f64 / 1e6
}

/// The scenario on the common ground.
pub(crate) fn plan(text: &str) -> Blueprint {
    compile(&format!("{GROUND}\n{text}"))
}

/// Only the first `count` arrivals of each open workload come.
pub(crate) fn only(mut plan: Blueprint, count: u32) -> Blueprint {
    for workload in &mut plan.workloads {
        if let Arrivals::Open { rate, .. } = &mut workload.arrivals {
            let per_second = rate.knots[0].1;
            let end_s = (f64::from(count) + 0.5) / per_second;
            let end = Instant::ZERO + Span::from_seconds(end_s);
            rate.knots = vec![(Instant::ZERO, per_second), (end, per_second), (end, 0.0)];
        }
    }
    plan
}

/// Runs a replication of a blueprint.
pub(crate) fn run(plan: &Blueprint, replication: u64) -> Story {
    let names = plan.upstreams.iter().map(|upstream| upstream.name.clone()).collect();
    let mut story = Story { names, ..Story::default() };
    if let Err(broken) = replicate(plan, replication, &mut story) {
        panic!("{}", broken.says);
    }
    story.visits.sort_by_key(|visit| visit.arrived);
    story
}

/// Runs the scenario with `count` visitors.
pub(crate) fn story(text: &str, count: u32) -> Story {
    run(&only(plan(text), count), 0)
}
