//! The sites for which there is a loop of their own: what the simulator takes more than that loop.

use super::{
    clock::{cpu_seconds, median},
    running::whole,
    scenarios::frozen,
    table::{Must, Table},
};
use crate::limit::{self, counts::Latencies};
use simulate::model::blueprint::Blueprint;
use std::hint::black_box;

const ROUNDS: u64 = 7;
const SECONDS: u64 = 150;
const QUEUE_SECONDS: u64 = 10_000;
const WARM_UP: u64 = 10;
/// How far the mean latencies of the two sides may lie apart, of all rounds together.
const MEANS_APART: f64 = 0.02;

/// Both sides of one site.
struct Both {
    /// Nanoseconds a request.
    ours: f64,
    limit: f64,
    events: f64,
}

/// What one run has found, in nanoseconds a request and in seconds.
struct Round {
    nanos: f64,
    events: f64,
    mean_s: f64,
    p50_s: f64,
    p99_s: f64,
}

fn simulated(plan: &Blueprint, round: u64) -> Round {
    let (stretch, tally) = whole(plan, round);
    let ok = tally.site().into_owned().ok;
    let quantile = |share| ok.quantile(share).expect("some succeed");
    Round {
        nanos: stretch.nanos_a_request(),
        events: stretch.events as f64 / stretch.requests as f64,
        mean_s: ok.moments.mean_s().expect("some succeed"),
        p50_s: quantile(0.5),
        p99_s: quantile(0.99),
    }
}

/// A loop, which tells how many came and how long they took.
fn looped(run: impl FnOnce() -> (u64, Latencies)) -> Round {
    let from = cpu_seconds();
    let (count, latency) = run();
    Round {
        nanos: (cpu_seconds() - from) * 1e9 / count as f64,
        events: 0.0,
        mean_s: latency.mean_s(),
        p50_s: latency.quantile_s(0.5),
        p99_s: latency.quantile_s(0.99),
    }
}

/// Rounds of a scenario and of its loop, which takes a seed.
fn both(table: &mut Table, plan: &Blueprint, limit: impl Fn(u64) -> (u64, Latencies)) -> Both {
    let (mut ours, mut loops) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        ours.push(simulated(plan, round));
        loops.push(looped(|| limit(round + 1)));
    }
    let both = Both {
        ours: median(ours.iter().map(|round| round.nanos).collect()),
        limit: median(loops.iter().map(|round| round.nanos).collect()),
        events: ours[0].events,
    };
    let name = &plan.name;
    let [(our_mean, our_told), (mean, told)] = [&ours, &loops].map(|rounds| latencies(rounds));
    if (our_mean / mean - 1.0).abs() > MEANS_APART {
        table.wrong(&format!("{name} and its loop do not simulate the same"));
    }
    table.remark(format!(
        "{name}: {:.0} requests a CPU second, {:.2} events a request, {:.1} ns an event; {our_told}, \
         in the loop {told}",
        1e9 / both.ours,
        both.events,
        both.ours / both.events,
    ));
    both
}

/// The mean over rounds, and that and the quantiles in words.
fn latencies(rounds: &[Round]) -> (f64, String) {
    let over = |value: fn(&Round) -> f64| {
        rounds.iter().map(value).sum::<f64>() / rounds.len() as f64 * 1e3
    };
    let (mean, p50, p99) =
        (over(|round| round.mean_s), over(|round| round.p50_s), over(|round| round.p99_s));
    (mean, format!("mean {mean:.3} ms, p50 {p50:.3}, p99 {p99:.2}"))
}

fn limit_of_four_tier(seed: u64) -> (u64, Latencies) {
    let found = black_box(limit::four_tier::run(WARM_UP, SECONDS, seed));
    assert_eq!(found.timed_out, 0, "nobody waits for a second");
    (found.requests, found.latency)
}

/// What the loop takes for a request of the four-tier site, in one round.
pub fn limit_nanos(round: u64) -> f64 {
    looped(|| limit_of_four_tier(round + 1)).nanos
}

pub fn four_tier(table: &mut Table) {
    let plan = frozen("four-tier", &[&format!("duration={SECONDS}s")]);
    let Both { ours, limit, events } = both(table, &plan, limit_of_four_tier);
    let measured = format!("{ours:.0} ns, {events:.1} events a request");
    let against = format!("{limit:.0} ns a request");
    let what = "four-tier site / its limit loop";
    table.line(what, &measured, &against, ours / limit, Must::AtMost(1.4));
}

pub fn mm1(table: &mut Table) {
    let plan = frozen("mm1", &[&format!("duration={QUEUE_SECONDS}s")]);
    let Both { ours, limit, events } = both(table, &plan, |seed| {
        let found = black_box(limit::mm1::run(WARM_UP, QUEUE_SECONDS, seed));
        (found.customers, found.latency)
    });
    let measured = format!("{ours:.0} ns, {events:.1} events a customer");
    let against = format!("{limit:.1} ns a customer");
    table.line("M/M/1 / its limit loop", &measured, &against, ours / limit, Must::AtMost(2.5));
}
