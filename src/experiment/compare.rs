//! Two scenarios, replication by replication on common luck, until the difference in each objective
//! is told or the budget is spent.
//!
//! One side may be a record of an earlier experiment; then there are as many pairs as it has.

use super::{
    replicate::Failure,
    rounds::{Crew, Running, round},
};
use crate::{
    measure::{fold::Fold, record::in_order},
    model::blueprint::Blueprint,
    report::{diagnosis::has_no_end, estimates::estimates, summary::Summary},
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
    progress: impl FnMut(u64, u64) + Send,
) -> Result<Option<Ran>, Failure> {
    match one {
        Side::Live(plan, scenario) => live((plan, scenario), other, rules, crew, progress),
        Side::Saved(saved) => {
            let ran = against(&[Renewed { saved, now: other }], rules, crew, progress)?;
            Ok(ran.into_iter().next().flatten())
        }
    }
}

fn live(
    one: (&Blueprint, &str),
    other: (&Blueprint, &str),
    rules: &Rules,
    crew: Crew<'_>,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Option<Ran>, Failure> {
    let mut running = vec![Running::new(other.0), Running::new(one.0)];
    let mut versus = Versus::new(rules);
    let mut rounds = 0;
    while rounds < rules.rounds() && !crew.is_interrupted() {
        let (from, until) = (rules.replications(rounds), rules.replications(rounds + 1));
        let numbers = u64::from(from)..u64::from(until);
        let work: Vec<_> = numbers.flat_map(|number| [(0, number), (1, number)]).collect();
        let (before, planned) = (2 * u64::from(from), 2 * u64::from(until));
        round(&mut running, &work, crew, |done| progress(before + done, planned))?;
        if running.iter().any(|it| it.replications() < until) {
            break;
        }
        rounds += 1;
        let [Some(of_other), Some(of_one)] = [&running[0].fold, &running[1].fold] else { break };
        if !versus.look(other.0, &recorded(one, of_one), &recorded(other, of_other)) {
            break;
        }
    }
    let is_interrupted = crew.is_interrupted() && rounds < rules.rounds();
    let (Some(of_one), Some(fold)) = (running.swap_remove(1).fold, running.swap_remove(0).fold)
    else {
        return Ok(None);
    };
    let (one_side, other_side) = (diagnosed(one, &of_one), diagnosed(other, &fold));
    versus.close(other.0, &one_side, &other_side);
    Ok(Some(Ran { one: one_side, other: other_side, versus, fold, is_interrupted }))
}

/// An earlier experiment, and its scenario as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Renewed<'a> {
    /// What was recorded.
    pub saved: &'a Recorded,
    /// The site, and its scenario with every default filled in.
    pub now: (&'a Blueprint, &'a str),
}

/// Compares scenarios with what was recorded of them: as many pairs of each as were recorded, all of
/// them one list of work. A record cannot grow, so each is looked at once. `progress` is told how
/// many replications are done, and of how many. `None`: interrupted before its first pair was done.
pub fn against(
    all: &[Renewed<'_>],
    rules: &Rules,
    crew: Crew<'_>,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Vec<Option<Ran>>, Failure> {
    let label = |(number, it): (usize, &Renewed<'_>)| format!("{number}: {}", it.now.0.name);
    let labels = all.iter().enumerate().map(label);
    let mut running: Vec<Running<'_>> =
        all.iter().zip(labels).map(|(it, label)| Running::labelled(it.now.0, label)).collect();
    let numbers = |it: &Renewed<'_>| 0..it.saved.records.len() as u64;
    let work: Vec<_> = (0..)
        .zip(all)
        .flat_map(|(index, it)| numbers(it).map(move |number| (index, number)))
        .collect();
    if !crew.is_interrupted() {
        let planned = work.len() as u64;
        round(&mut running, &work, crew, |done| progress(done, planned))?;
    }
    Ok(all.iter().zip(running).map(|(it, running)| it.look(running, rules)).collect())
}

impl Renewed<'_> {
    fn look(&self, running: Running<'_>, rules: &Rules) -> Option<Ran> {
        let Renewed { saved, now } = *self;
        let count = saved.records.len() as u32;
        let mut versus = Versus::new(&Rules { round: count, budget: count, ..*rules });
        let is_interrupted = running.replications() < count;
        let fold = running.fold?;
        let other = diagnosed(now, &fold);
        if !is_interrupted {
            versus.look(now.0, saved, &other);
        }
        versus.close(now.0, saved, &other);
        Some(Ran { one: saved.clone(), other, versus, fold, is_interrupted })
    }
}

/// What a side left so far.
fn recorded((plan, scenario): (&Blueprint, &str), fold: &Fold) -> Recorded {
    let figures = in_order(&estimates(plan, fold));
    Recorded::new((plan, scenario), fold, &figures, false)
}

/// The same at the end: whether it is that of a steady state, if it has one.
fn diagnosed((plan, scenario): (&Blueprint, &str), fold: &Fold) -> Recorded {
    let figures = in_order(&estimates(plan, fold));
    let piles_up = has_no_end(plan, Summary::new(plan, fold).diagnosis.stability);
    Recorded::new((plan, scenario), fold, &figures, piles_up)
}
