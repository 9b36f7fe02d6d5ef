//! A grid of variants of one scenario, each replicated on the same luck.
//!
//! The work is a list of items in a fixed order, numbered from 0: one replication of one *group* of
//! points. Points that cannot differ before their window begins are a group, of no more than some dozens,
//! and share their warm-up; all others are groups of their own. What is finished is written down at once, in any order; what
//! is folded is folded in the order of the list, so threads, shards and kills show in no result.
//!
//! Points that are simulated within milliseconds are compiled and told several at a time: between simulations
//! the program's other code is in none of the processor's caches, and runs five to eight times as long there.

mod group;
mod shelf;
mod telling;

use super::{
    ledger::{Item, Ledger},
    replicate::{Failure, Replications, replicate, try_replicate},
    rounds::Crew,
};
use crate::{
    engine::luck::mix,
    measure::{
        shape::{Detail, Shape},
        tally::Tally,
    },
    model::{self, blueprint::Blueprint},
    scenario::{Draft, Grid, Mistakes, Override, Source},
};
use group::Groups;
use shelf::Shelf;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
pub use telling::Measured;
use telling::Telling;

/// More points than this are not all compiled before the first is run.
const CHECKED_MAX: u64 = 10_000;
/// Nobody reads more.
const WRONG_MAX: usize = 200;

/// A scenario and what is varied of it.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The scenario.
    pub source: Source,
    /// What is changed of it at all points.
    pub changes: Vec<Override>,
    /// The points.
    pub grid: Grid,
    /// Replications of each point.
    pub replications: u32,
    /// Each point has luck of its own, rather than all the same.
    pub is_independent: bool,
}

/// A point, ready to run.
#[derive(Clone, Debug)]
pub struct Point {
    /// What runs.
    pub plan: Blueprint,
    /// What is measured of it.
    pub shape: Shape,
    label: String,
}

/// What came of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Every point is told.
    Whole,
    /// The part that was to be done here is done.
    Part,
    /// It was interrupted; what is finished is kept.
    Interrupted,
}

/// How far a sweep is, in replications of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Measured here and now.
    pub measured: u64,
    /// Measured before, and read.
    pub found: u64,
    /// CPU time of all threads in which they simulated, if there is a clock: with the closing of the recorder,
    /// without keeping what was measured.
    pub simulated: Duration,
}

#[derive(Debug, Default)]
struct Counts {
    measured: AtomicU64,
    found: AtomicU64,
    simulated_ns: AtomicU64,
    clock: Option<fn() -> Duration>,
}

impl Counts {
    fn now(&self) -> Progress {
        let [measured, found, simulated] = [&self.measured, &self.found, &self.simulated_ns]
            .map(|count| count.load(Ordering::Relaxed));
        Progress { measured, found, simulated: Duration::from_nanos(simulated) }
    }

    /// CPU time of this thread, if anybody wants to know.
    fn time(&self) -> Duration {
        self.clock.map_or(Duration::ZERO, |clock| clock())
    }
}

impl Sweep {
    /// Of a scenario with changes, to look at its points: nothing of it is run.
    pub fn of_changes(source: Source, changes: Vec<Override>, grid: Grid) -> Sweep {
        Sweep { source, changes, grid, replications: 0, is_independent: false }
    }

    /// What all points have in common.
    pub fn draft(&self) -> Draft<'_> {
        Draft::of(&self.source, &self.changes)
    }

    /// A point, or what is wrong with it.
    pub fn point(&self, draft: &Draft<'_>, number: u64) -> Result<Point, Mistakes> {
        let label = self.label(number);
        let mut plan = draft.compile_point(&self.grid, number)?;
        if self.is_independent {
            plan.seed = mix(plan.seed, number + 1);
        }
        let shape = Shape { detail: Detail::COARSE, ..model::shape::shape(&plan) };
        Ok(Point { plan, shape, label })
    }

    /// How many replications there are in all.
    pub fn replications(&self) -> u64 {
        self.grid.points().saturating_mul(u64::from(self.replications))
    }

    /// The replications that `ledger` lacks, as the shards (numbers) that have to run again.
    pub fn missing(&self, ledger: &Ledger) -> Vec<u32> {
        let groups = Groups::new(&self.grid);
        let mut shards = vec![false; ledger.parts as usize];
        for place in 0..groups.count().saturating_mul(u64::from(self.replications)) {
            let (group, replication) = self.item(place);
            let is_there = groups.points(group).iter().all(|&point| {
                let label = self.label(point);
                ledger.has(Item::new(&label, replication))
            });
            if !is_there {
                shards[(place % u64::from(ledger.parts)) as usize] = true;
            }
        }
        (1..).zip(shards).filter(|(_, is_missing)| *is_missing).map(|(number, _)| number).collect()
    }

    fn label(&self, point: u64) -> String {
        self.grid.label(point)
    }

    fn item(&self, place: u64) -> (u64, u64) {
        let each = u64::from(self.replications);
        (place / each, place % each)
    }

    /// How many replications of a point `run` goes through, measured before or not.
    pub fn own_replications(&self, ledger: &Ledger) -> u64 {
        let Stretch { first, step, count, is_whole } = self.stretch(ledger);
        if is_whole {
            return self.replications();
        }
        let groups = Groups::new(&self.grid);
        (0..count).map(|number| groups.len(self.item(first + number * step).0)).sum()
    }

    /// What is wrong with the points; of many, with those at which one axis has each of its values.
    pub fn check(&self, crew: Crew<'_>) -> Result<Vec<Mistakes>, Failure> {
        let (points, draft) = (self.checked(), self.draft());
        let mut wrong = Vec::new();
        let run = |number: u64| {
            let found = self.point(&draft, points[number as usize]);
            Ok::<_, String>(found.err())
        };
        let Crew { threads, interrupted, .. } = crew;
        let work = Replications { count: points.len() as u64, threads, interrupted };
        let add = |_, mistakes: Option<Mistakes>| {
            if wrong.len() < WRONG_MAX {
                wrong.extend(mistakes);
            }
        };
        replicate(work, run, add, |_| ())?;
        Ok(wrong)
    }

    fn checked(&self) -> Vec<u64> {
        let all = self.grid.points();
        if all <= CHECKED_MAX {
            return (0..all).collect();
        }
        let lengths = self.grid.lengths();
        let mut weight = 1_u64;
        let mut points = Vec::new();
        for length in lengths.iter().rev() {
            let most = (CHECKED_MAX / lengths.len() as u64).min(*length);
            points.extend((0..most).map(|at| at * weight));
            // The last value too, which is the largest as a rule.
            points.push((length - 1).saturating_mul(weight));
            weight = weight.saturating_mul(*length);
        }
        points.sort_unstable();
        points.dedup();
        points
    }

    /// The places of the list that are gone through here: all, or those of a shard.
    fn stretch(&self, ledger: &Ledger) -> Stretch {
        let all = Groups::new(&self.grid).count().saturating_mul(u64::from(self.replications));
        match ledger.shard {
            Some(shard) if shard.of > 1 => {
                let (first, step) = (u64::from(shard.number) - 1, u64::from(shard.of));
                let count = all.saturating_sub(first).div_ceil(step);
                Stretch { first, step, count, is_whole: false }
            }
            _ => Stretch { first: 0, step: 1, count: all, is_whole: true },
        }
    }

    /// Runs what `ledger` lacks of its part. Where all of the work belongs to it, or is there
    /// already, `tell` gets every point with what was measured, in the order of the groups, several at a time if
    /// they are small.
    pub fn run(
        &self,
        crew: Crew<'_>,
        ledger: &Ledger,
        tell: impl FnMut(&[Measured<'_>]) -> Result<(), Failure> + Send,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Swept, Failure> {
        let Crew { threads, interrupted, clock, .. } = crew;
        let groups = Groups::new(&self.grid);
        let stretch = self.stretch(ledger);
        let Stretch { first, step: of, count, is_whole: tells } = stretch;
        let shelf = Shelf::of(self, &groups, stretch);
        let counts = Counts { clock, ..Counts::default() };
        let mut telling = Telling::new(&shelf, tell);
        let run = |number: u64| {
            let (group, replication) = self.item(first + number * of);
            let points = shelf.get(group)?;
            points.found_or_run(replication, ledger, &counts)
        };
        let fold = |number: u64, tallies: Vec<Tally>| {
            let (group, _) = self.item(first + number * of);
            if tells {
                return telling.put(group, tallies);
            }
            shelf.forget_before(group);
            Ok(())
        };
        let work = Replications { count, threads, interrupted };
        let result = try_replicate(work, run, fold, |_| progress(counts.now()));
        // Points that are whole are told even where later ones fail, or are not wanted any more.
        let result = telling.flush().and(result);
        let synced = ledger.sync();
        let done = result.map_err(|failure| self.named(failure, first, of))?;
        synced.map_err(|error| Failure::Ledger { says: error.to_string() })?;
        Ok(match (done == count, tells) {
            (false, _) => Swept::Interrupted,
            (true, true) => Swept::Whole,
            (true, false) => Swept::Part,
        })
    }

    /// A failure with the point's and the replication's own numbers.
    fn named(&self, failure: Failure, first: u64, of: u64) -> Failure {
        match failure {
            Failure::Broken { replication: number, says } => {
                let (group, replication) = self.item(first + number * of);
                let point = Groups::new(&self.grid).points(group)[0];
                let says = format!("at `{}`: {says}", self.label(point));
                Failure::Broken { replication, says }
            }
            other => other,
        }
    }
}

/// Places of the list: from the first one on, each `step`th.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    first: u64,
    step: u64,
    count: u64,
    /// All of them, so that points can be told.
    is_whole: bool,
}

impl Stretch {
    /// The groups that are gone through behind one, where each has so many replications.
    fn groups_behind(self, group: u64, replications: u64) -> impl Iterator<Item = u64> {
        let place = move |number: u64| self.first + number * self.step;
        let mut last = group;
        let mut next = ((group + 1) * replications).saturating_sub(self.first).div_ceil(self.step);
        std::iter::from_fn(move || {
            while next < self.count && place(next) / replications <= last {
                next += 1;
            }
            last = place(next) / replications;
            (next < self.count).then_some(last)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_passes_over_groups_of_which_it_has_nothing() {
        let behind = |first, step, count, group, replications| -> Vec<u64> {
            let stretch = Stretch { first, step, count, is_whole: step == 1 };
            stretch.groups_behind(group, replications).collect()
        };
        assert_eq!(behind(0, 1, 12, 0, 3), [1, 2, 3]);
        assert_eq!(behind(0, 1, 12, 3, 3), [0; 0]);
        // Places 1, 8, 15, 22 of two replications each.
        assert_eq!(behind(1, 7, 4, 0, 2), [4, 7, 11]);
        assert_eq!(behind(1, 7, 4, 4, 2), [7, 11]);
        assert_eq!(behind(1, 7, 4, 11, 2), [0; 0]);
        // Places 2, 4, 6 of five each.
        assert_eq!(behind(2, 2, 3, 0, 5), [1]);
    }
}
