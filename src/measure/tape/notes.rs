//! What is told of many instances, put down to be taken in by and by.
//!
//! What is kept of an instance is changed by a handful of additions, and in a site of thousands of
//! them it has to be fetched from memory first. One by one these are waits; in a loop over notes,
//! none of which asks for the result of another, the processor fetches many at once.

use super::Tape;
use crate::{
    engine::time::{Instant, Span},
    measure::{histogram::Size, recorder::Level},
};
use std::hint::black_box;

/// With more instances than this they do not lie in the nearer caches, and notes are taken.
const MANY: usize = 500;
/// How many notes are taken in together.
const TOGETHER: usize = 512;

/// Notes in the order in which they were made.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    /// Levels: which, how high and from when on.
    pub(super) levels: Batch<(Level, u32, Instant)>,
    /// Calls that ended well.
    pub(super) stays: Batch<Stay>,
}

/// A call that ended well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    /// Index of the service.
    pub(super) service: u32,
    /// Index of the instance.
    pub(super) instance: u32,
    /// From its arrival to its end.
    pub(super) sojourn: Span,
    /// How much of that it waited.
    pub(super) waited: Span,
}

impl Notes {
    /// For so many instances; `None` if they are too few for notes to be worth their while.
    pub(super) fn of(instances: usize) -> Option<Box<Notes>> {
        (instances > MANY).then(|| Box::new(Notes { levels: Batch::new(), stays: Batch::new() }))
    }
}

/// Notes of a kind.
#[derive(Clone, Debug)]
pub(super) struct Batch<N>(Vec<N>);

impl<N: Copy> Batch<N> {
    fn new() -> Batch<N> {
        Batch(Vec::with_capacity(TOGETHER))
    }

    /// Puts one down. Whether it is time to take them in.
    #[inline]
    pub(super) fn add(&mut self, note: N) -> bool {
        self.0.push(note);
        self.0.len() >= TOGETHER
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &N> {
        self.0.iter()
    }

    /// All of them, which are forgotten.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = N> {
        self.0.drain(..)
    }
}

impl Tape {
    /// Puts down that a level has changed.
    #[inline(never)]
    pub(super) fn note_level(&mut self, level: Level, value: u32, now: Instant) {
        let notes = self.notes.as_mut().expect("asked for");
        if notes.levels.add((level, value, now)) {
            self.take_in_levels();
        }
    }

    /// Puts down that a call ended well.
    #[inline(never)]
    pub(super) fn note_stay(&mut self, stay: Stay) {
        let notes = self.notes.as_mut().expect("asked for");
        if notes.stays.add(stay) {
            self.take_in_stays();
        }
    }

    pub(super) fn take_in(&mut self) {
        self.take_in_levels();
        self.take_in_stays();
    }

    fn take_in_levels(&mut self) {
        let Some(mut notes) = self.notes.take() else { return };
        let seen = notes.levels.iter().fold(0, |seen, (level, ..)| match *level {
            Level::Calls(id) => seen ^ self.stations[id as usize].seen(),
            Level::Runnable(id) => seen ^ u64::from(self.runnable[id as usize].level()),
            _ => seen,
        });
        black_box(seen);
        notes.levels.drain().for_each(|(level, value, at)| self.set(level, value, at));
        self.notes = Some(notes);
    }

    fn take_in_stays(&mut self) {
        let Some(mut notes) = self.notes.take() else { return };
        let station = |stay: &Stay| &self.stations[stay.instance as usize];
        let seen = notes.stays.iter().fold(0, |seen, stay| seen ^ station(stay).counted());
        black_box(seen);
        let seen = notes
            .stays
            .iter()
            .fold(0, |seen, stay| seen ^ station(stay).like(Size::of(stay.sojourn)));
        black_box(seen);
        notes.stays.drain().for_each(|stay| self.count(&stay));
        self.notes = Some(notes);
    }
}
