//! All families together: no row is forgotten, and the intervals mean what they say.
//!
//! Not among the intervals: values of a limit that a finite site only approaches (`pod-*` with a
//! choice), and sequences (`swrr-*`).

use super::{
    abandonment, arrivals, balancing, cases, closed, fan_out,
    harness::{Family, Finding},
    holding, jackson, lag, lifo, loss, mg1, mm1, mmc, priority, sharing, turns,
};

static FAMILIES: [&Family; 15] = [
    &abandonment::FAMILY,
    &arrivals::FAMILY,
    &balancing::FAMILY,
    &closed::FAMILY,
    &fan_out::FAMILY,
    &holding::FAMILY,
    &jackson::FAMILY,
    &lag::FAMILY,
    &lifo::FAMILY,
    &loss::FAMILY,
    &mg1::FAMILY,
    &mm1::FAMILY,
    &mmc::FAMILY,
    &priority::FAMILY,
    &sharing::FAMILY,
];

/// What the rows begin with whose models are tested here.
const COVERED: [&str; 26] = [
    "mm1-",
    "mmc-",
    "mmck-",
    "mgcc-",
    "mg1-",
    "md1-",
    "ps1-",
    "lifo-",
    "prio-",
    "repairman-",
    "mva3-",
    "mva-multi-",
    "jackson-",
    "forkjoin2-",
    "fanout-",
    "pod-",
    "jsq2-",
    "mm1m-",
    "erlang-a-",
    "mm1d-",
    "e2m1-",
    "dm1-",
    "batch-",
    "swrr-",
    "lag-",
    "tail-",
];

/// The intervals' own level, and how surprising a count may be.
const MISSED: f64 = 0.05;
const SURPRISE: f64 = 0.01;

#[test]
fn no_row_is_forgotten() {
    let mut tested: Vec<&str> = FAMILIES.iter().flat_map(|family| family.ids()).collect();
    tested.extend(turns::IDS);
    for (id, _) in cases::rows() {
        let is_ours = COVERED.iter().any(|prefix| id.starts_with(prefix));
        assert_eq!(tested.contains(&id.as_str()), is_ours, "`{id}`");
    }
}

/// The chance of at most and of at least so many misses.
fn tails(rows: usize, missed: usize) -> (f64, f64) {
    let mut mass: f64 = (0..rows).fold(1.0, |mass, _| mass * (1.0 - MISSED));
    let (mut at_most, mut below) = (0.0, 0.0);
    for count in 0..=missed {
        below = at_most;
        at_most += mass;
        mass *= (rows - count) as f64 / (count + 1) as f64 * MISSED / (1.0 - MISSED);
    }
    (at_most, 1.0 - below)
}

#[expect(clippy::print_stdout, reason = "shown where a test fails, or on demand")]
fn check(is_long: bool) {
    let findings = FAMILIES.iter().flat_map(|family| family.findings(is_long));
    let rows: Vec<&Finding> = findings.filter(|finding| finding.is_inside.is_some()).collect();
    let outside: Vec<&str> =
        rows.iter().filter(|row| row.is_inside == Some(false)).map(|row| row.id).collect();
    let (fewer, more) = tails(rows.len(), outside.len());
    println!(
        "{} of {} intervals miss the exact value (chance of so few {fewer:.3}, so many {more:.3}): {}",
        outside.len(),
        rows.len(),
        outside.join(", ")
    );
    assert!(fewer.min(more) >= SURPRISE / 2.0, "not what 95% intervals do");
}

#[test]
fn the_intervals_are_right_as_often_as_they_say() {
    check(false);
}

#[test]
#[ignore = "long"]
fn the_intervals_are_right_in_the_long_run() {
    check(true);
}

#[test]
fn tails_as_in_the_tables() {
    let (fewer, more) = tails(20, 3);
    assert!((fewer - 0.984_098).abs() < 1e-6 && (more - 0.075_484).abs() < 1e-6);
}
