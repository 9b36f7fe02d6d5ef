//! Many experiments, and how many of them find something.

use simulate::{
    experiment::{
        compare::{Side, compare},
        rounds::Crew,
    },
    model::blueprint::Blueprint,
    slo::gate::Rules,
    stats::comparison::Direction,
};
use std::sync::atomic::AtomicBool;

static NEVER: AtomicBool = AtomicBool::new(false);

pub(crate) fn crew() -> Crew<'static> {
    Crew::new(Some(2), &NEVER)
}

pub(crate) fn rules(budget: u32) -> Rules {
    Rules { confidence: 0.95, round: 20, budget }
}

/// How many comparisons find a difference.
pub(crate) fn differ(
    experiments: u64,
    budget: u32,
    sides: impl Fn(u64) -> (Blueprint, Blueprint),
    is: impl Fn(Direction) -> bool,
) -> u64 {
    let found = (0..experiments).filter(|&seed| {
        let (one, other) = sides(seed);
        let ran = compare(Side::Live(&one, ""), (&other, ""), &rules(budget), crew(), |_, _| ());
        let ran = ran.expect("threads").expect("not interrupted");
        is(ran.versus.objectives[0].verdict)
    });
    found.count() as u64
}
