//! The scaled-up site: its time a step against the limit loop's on the four-tier site.
//!
//! A step is an arrival, a hop or a visit to a station, counted from the scenario; the table of
//! `benches/README.md` says how.

use super::{
    clock::medians,
    loops::limit_nanos,
    running::{Stretch, whole},
    scenarios::frozen,
    table::{Must, Table},
};

const ROUNDS: u64 = 7;
const FOUR_TIER_STEPS: f64 = 13.0;

/// Share of the mix; arrival and hops; visits to cores; to disks; to network cards.
const REQUESTS: [(f64, [f64; 4]); 4] = [
    (0.60, [1.0 + 4.0, 5.0, 0.06, 6.0]),
    (0.20, [1.0 + 12.0, 10.0, 0.85, 22.0]),
    (0.15, [1.0 + 10.0, 9.0, 0.65, 18.0]),
    (0.05, [1.0 + 16.0, 14.0, 5.2, 22.0]),
];

fn steps() -> f64 {
    REQUESTS.iter().map(|(share, visits)| share * visits.iter().sum::<f64>()).sum()
}

fn steps_but_network_cards() -> f64 {
    REQUESTS.iter().map(|(share, visits)| share * visits[..3].iter().sum::<f64>()).sum()
}

pub fn row(table: &mut Table) {
    let plan = frozen("scale-up", &["duration=20s"]);
    let mut last = Stretch::default();
    let mut ours = |round| {
        last = whole(&plan, round).0;
        last.nanos_a_request()
    };
    let [ours, limit] = medians(ROUNDS, [&mut ours, &mut |round| limit_nanos(round)]);
    let events = last.events as f64 / last.requests as f64;
    let (step, limit_step) = (ours / steps(), limit / FOUR_TIER_STEPS);
    let measured = format!("{step:.1} ns a step, {ours:.0} a request");
    let against = format!("{limit_step:.1} ns a step");
    let what = "scale-up / limit loop, a step";
    table.line(what, &measured, &against, step / limit_step, Must::AtMost(2.0));
    table.remark(format!(
        "scale-up: {:.0} requests a CPU second; {:.2} steps and {events:.2} events a request, \
         {:.1} ns an event; without the visits to network cards {:.2} steps, which makes the \
         ratio {:.2}",
        1e9 / ours,
        steps(),
        ours / events,
        steps_but_network_cards(),
        ours / steps_but_network_cards() / limit_step,
    ));
}
