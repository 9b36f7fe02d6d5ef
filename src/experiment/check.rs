//! Scenarios against their objectives: rounds of replications until each verdict is reached or the
//! budget is spent.
//!
//! Which replications there are depends on what was measured in whole rounds only, never on who was
//! first, so threads and neighbours show in no verdict.

use std::sync::atomic::Ordering;

use super::{
    replicate::Failure,
    rounds::{Crew, Running, round},
};
use crate::{
    measure::{fold::Fold, record::Record},
    model::blueprint::Blueprint,
    report::{diagnosis::has_no_end, summary::Summary},
    slo::{
        evidence::Evidence,
        gate::{Gate, Rules, Verdict},
        objective::Measured,
        sides::{Day, Sides, days, on},
    },
};

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Checked {
    /// All that was measured.
    pub fold: Fold,
    /// By objective.
    pub verdicts: Vec<Verdict>,
    /// By objective, with what was seen on other days.
    pub measured: Vec<Measured>,
    /// It was stopped before it was through.
    pub is_interrupted: bool,
}

/// What is done, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Replications done.
    pub done: u64,
    /// Replications under way or done; more may follow.
    pub planned: u64,
    /// Scenarios that are through.
    pub through: usize,
}

/// A scenario, and where in the list its days stand.
struct Case<'a> {
    site: &'a Blueprint,
    days: Vec<Day>,
    first: usize,
    gate: Gate,
    rounds: u32,
    is_open: bool,
}

/// Judges the scenarios, in their order. `None`: interrupted before its first replication was done.
pub fn check(
    plans: &[Blueprint],
    rules: &Rules,
    crew: Crew<'_>,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Vec<Option<Checked>>, Failure> {
    let mut sites: Vec<Blueprint> = Vec::new();
    let mut cases: Vec<Case<'_>> = Vec::new();
    for site in plans {
        let days = days(site);
        let first = sites.len();
        sites.extend(days.iter().map(|&day| on(site, day)));
        let gate = Gate::new(site.objectives.len(), rules);
        cases.push(Case { site, days, first, gate, rounds: 0, is_open: true });
    }
    let label = |(number, site): (usize, &'_ Blueprint)| format!("{number}: {}", site.name);
    let labels: Vec<String> = sites.iter().enumerate().map(label).collect();
    let mut running: Vec<Running<'_>> =
        sites.iter().zip(labels).map(|(site, label)| Running::labelled(site, label)).collect();
    let mut done = 0;
    loop {
        let work = next_round(&cases, rules);
        if work.is_empty() || crew.interrupted.load(Ordering::Relaxed) {
            break;
        }
        let planned = done + work.len() as u64;
        let through = cases.iter().filter(|case| !case.is_open).count();
        let before = done;
        round(&mut running, &work, crew, |count| {
            done = before + count;
            progress(Progress { done, planned, through });
        })?;
        for case in &mut cases {
            case.judge(&running, rules);
        }
    }
    let is_interrupted = crew.interrupted.load(Ordering::Relaxed);
    Ok(cases.into_iter().map(|case| case.close(&running, rules, is_interrupted)).collect())
}

/// The replications of the next round, scenario by scenario, all days of one after the other.
fn next_round(cases: &[Case<'_>], rules: &Rules) -> Vec<(usize, u64)> {
    let open = cases.iter().filter(|case| case.is_open);
    let numbers = open.flat_map(|case| {
        let from = rules.replications(case.rounds);
        let until = rules.replications(case.rounds + 1);
        (from..until).flat_map(move |number| {
            (0..case.days.len()).map(move |day| (case.first + day, u64::from(number)))
        })
    });
    numbers.collect()
}

fn records<'a>(running: &'a Running<'_>) -> &'a [Record] {
    running.fold.as_ref().map_or(&[], |fold| &fold.records)
}

impl Case<'_> {
    /// What was seen on each day.
    fn sides<'r>(&self, running: &'r [Running<'_>]) -> Sides<'r> {
        let mut sides = Sides::alone(records(&running[self.first]));
        for (place, day) in self.days.iter().enumerate() {
            let seen = records(&running[self.first + place]);
            match *day {
                Day::Whole => {}
                Day::Quiet => sides.quiet = seen,
                Day::Only(episode) => {
                    let rate = self.site.episodes[episode as usize].rate.unwrap_or(0.0);
                    sides.only.push((rate, seen));
                }
            }
        }
        sides
    }

    fn evidence(&self, running: &[Running<'_>]) -> Vec<Evidence> {
        let sides = self.sides(running);
        let all = self.site.objectives.iter().enumerate();
        all.map(|(index, it)| Evidence::of(it, index, &sides)).collect()
    }

    fn judge(&mut self, running: &[Running<'_>], rules: &Rules) {
        let wanted = rules.replications(self.rounds + 1);
        let own = &running[self.first..self.first + self.days.len()];
        if !self.is_open || own.iter().any(|day| day.replications() < wanted) {
            // An interrupted round is not judged: it was not planned to be looked at.
            return;
        }
        let evidence = self.evidence(running);
        let goes_on = self.gate.look(&evidence);
        self.rounds += 1;
        self.is_open = goes_on && self.rounds < rules.rounds();
    }

    fn close(
        self,
        running: &[Running<'_>],
        rules: &Rules,
        is_interrupted: bool,
    ) -> Option<Checked> {
        let evidence = self.evidence(running);
        let fold = running[self.first].fold.clone()?;
        let stability = Summary::new(self.site, &fold).diagnosis.stability;
        let sides = self.sides(running);
        let measured = (0..self.site.objectives.len())
            .map(|index| Measured::new(self.site, index, &sides, rules.confidence))
            .collect();
        let is_interrupted = is_interrupted && self.is_open;
        let is_unstable = has_no_end(self.site, stability);
        let verdicts = self.gate.close(&evidence, is_unstable, is_interrupted);
        Some(Checked { fold, verdicts, measured, is_interrupted })
    }
}
