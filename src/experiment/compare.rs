//! Two scenarios, replication by replication on common luck, until the difference in each objective
//! is told or the budget is spent.
//!
//! One side may be a record of an earlier experiment; then there are as many pairs as it has.

use std::sync::atomic::Ordering;

use super::{
    replicate::Failure,
    rounds::{Crew, Running, round},
};
use crate::{
    measure::{fold::Fold, record::Record},
    model::blueprint::Blueprint,
    slo::{gate::Rules, recorded::Recorded, versus::Versus},
};

/// A side of a comparison.
#[derive(Clone, Copy, Debug)]
pub enum Side<'a> {
    /// To be run: the site, and its scenario with every default filled in.
    Live(&'a Blueprint, &'a str),
    /// Run before.
    Saved(&'a Recorded),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What both sides left.
    pub one: Recorded,
    /// The other.
    pub other: Recorded,
    /// Their differences.
    pub versus: Versus,
    /// All that was measured of the other side, which is always run.
    pub fold: Fold,
    /// It was stopped before it was through.
    pub is_interrupted: bool,
}

/// Compares the other side with the one. `None`: interrupted before the first pair was done.
pub fn compare(
    one: Side<'_>,
    other: (&Blueprint, &str),
    rules: &Rules,
    crew: Crew<'_>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Option<Ran>, Failure> {
    let mut running = vec![Running::new(other.0)];
    let mut rules = *rules;
    match one {
        Side::Live(plan, _) => running.push(Running::new(plan)),
        Side::Saved(saved) => {
            // A saved side cannot grow: one look at all there is.
            rules.budget = saved.records.len() as u32;
            rules.round = rules.budget;
        }
    }
    let of_one = |running: &[Running<'_>]| match one {
        Side::Saved(saved) => saved.clone(),
        Side::Live(plan, scenario) => {
            Recorded::new(plan, &running[1].shape, scenario, records(&running[1]))
        }
    };
    let mut versus = Versus::new(&rules);
    let mut rounds = 0;
    while rounds < rules.rounds() && !crew.interrupted.load(Ordering::Relaxed) {
        let (from, until) = (rules.replications(rounds), rules.replications(rounds + 1));
        let sides = running.len();
        let numbers = u64::from(from)..u64::from(until);
        let work: Vec<_> =
            numbers.flat_map(|number| (0..sides).map(move |side| (side, number))).collect();
        let before = u64::from(from) * sides as u64;
        let planned = u64::from(until) * sides as u64;
        round(&mut running, &work, crew, |done| progress(before + done, planned))?;
        if running.iter().any(|it| it.replications() < until) {
            break;
        }
        rounds += 1;
        let sides = (of_one(&running), records(&running[0]));
        if !versus.look(other.0, &sides.0, sides.1) {
            break;
        }
    }
    let is_interrupted = crew.interrupted.load(Ordering::Relaxed) && rounds < rules.rounds();
    let other_side = Recorded::new(other.0, &running[0].shape, other.1, records(&running[0]));
    let one_side = of_one(&running);
    let Some(fold) = running.swap_remove(0).fold else { return Ok(None) };
    if one_side.records.is_empty() {
        return Ok(None);
    }
    versus.close(other.0, &one_side, &other_side);
    Ok(Some(Ran { one: one_side, other: other_side, versus, fold, is_interrupted }))
}

fn records<'a>(running: &'a Running<'_>) -> &'a [Record] {
    running.fold.as_ref().map_or(&[], |fold| &fold.records)
}
