//! What was measured, folded and told several replications at a time if they are small.

use super::{
    Point,
    shelf::{Members, Shelf},
};
use crate::{
    experiment::replicate::Failure,
    measure::{fold::Fold, tally::Tally},
};
use std::{mem, sync::Arc};

/// With so many requests there is enough to tell, a tenth of a second's work. With half or four times as many,
/// sweeps of small points take longer: the program's code or the tallies are in no near cache.
const REQUESTS: u64 = 400_000;
/// An instance counts as so many: no more of them wait than memory has room for.
const INSTANCE: u64 = 2_000;

/// A point of which everything is measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// Its number.
    pub number: u64,
    /// What ran.
    pub point: &'a Point,
    /// What came of it.
    pub fold: &'a Fold,
}

/// Tells points whose replications are all there.
pub(super) struct Telling<'a, T> {
    shelf: &'a Shelf<'a>,
    tell: T,
    /// A replication of the points of a group, each.
    waiting: Vec<(u64, Vec<Tally>)>,
    /// How much they are, in requests.
    weight: u64,
    /// Of the group that is not whole yet.
    folds: Vec<Fold>,
    replications: u64,
}

impl<'a, T: FnMut(&[Measured<'_>]) -> Result<(), Failure>> Telling<'a, T> {
    pub(super) fn new(shelf: &'a Shelf<'a>, tell: T) -> Self {
        Telling { shelf, tell, waiting: Vec::new(), weight: 0, folds: Vec::new(), replications: 0 }
    }

    /// The next replication, in the order of the list.
    pub(super) fn put(&mut self, group: u64, tallies: Vec<Tally>) -> Result<(), Failure> {
        let begun = |it: &Tally| it.requests.iter().map(|it| it.begun).sum::<u64>();
        let weight = |it: &Tally| begun(it) + it.instances.len() as u64 * INSTANCE;
        self.weight += tallies.iter().map(weight).sum::<u64>();
        self.waiting.push((group, tallies));
        if self.weight < REQUESTS { Ok(()) } else { self.flush() }
    }

    /// Those that wait.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.weight = 0;
        let mut whole: Vec<(u64, Arc<Members>, Vec<Fold>)> = Vec::new();
        for (group, tallies) in mem::take(&mut self.waiting) {
            self.fold(tallies);
            if self.replications == u64::from(self.shelf.sweep.replications) {
                self.replications = 0;
                whole.push((group, self.shelf.take(group), mem::take(&mut self.folds)));
            }
        }
        let mut measured = Vec::new();
        for (group, points, folds) in &whole {
            let numbers = self.shelf.groups.points(*group).into_iter();
            let all = numbers.zip(&points.members).zip(folds);
            measured.extend(all.map(|((number, point), fold)| Measured { number, point, fold }));
        }
        if measured.is_empty() { Ok(()) } else { (self.tell)(&measured) }
    }

    fn fold(&mut self, tallies: Vec<Tally>) {
        if self.replications == 0 {
            self.folds = tallies.into_iter().map(Fold::new).collect();
        } else {
            self.folds.iter_mut().zip(&tallies).for_each(|(fold, tally)| fold.push(tally));
        }
        self.replications += 1;
    }
}
