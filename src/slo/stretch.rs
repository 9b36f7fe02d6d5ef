//! What was seen in a stretch of slices, and whether it is as it should be.
//!
//! Requests are bad by their arrival. While everybody waits nobody arrives: users wait for an answer
//! before they ask again. So a stretch without arrivals says nothing good, and slices in which none
//! arrived while older requests lasted through them, *silent* ones, are counted by themselves.

use crate::{measure::record::Seen, model::blueprint::Objective};

/// As well as on the quiet day is: no more above it than this part of what may be bad, if the
/// objective has no margin.
const APART: f64 = 0.5;

/// Some slices together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Requests that arrived, and how many of them were bad.
    pub(super) count: u64,
    pub(super) bad: u64,
    /// Slices in which none arrived while older ones lasted through them.
    pub(super) silent: u64,
}

impl Stretch {
    /// So many slices from this one on.
    pub(super) fn of(seen: &Seen, from: usize, length: usize) -> Stretch {
        let until = (from + length).min(seen.slices.len());
        let mut stretch = Stretch::default();
        for &[count, bad] in seen.slices.get(from..until).unwrap_or(&[]) {
            if count > 0 {
                stretch.count += u64::from(count);
                stretch.bad += u64::from(bad);
            } else {
                stretch.silent += u64::from(bad > 0);
            }
        }
        stretch
    }

    fn share(self) -> f64 {
        if self.count > 0 { self.bad as f64 / self.count as f64 } else { 0.0 }
    }
}

/// How a stretch has to be: within the limit, and like the same stretch of the quiet twin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wellness<'a> {
    seen: &'a Seen,
    quiet: &'a Seen,
    /// Slices of a stretch.
    length: usize,
    /// The share of requests that may be bad, and how much more than on the quiet day.
    allowed: f64,
    apart: f64,
    /// The most silent slices in a stretch of the quiet day.
    silent_most: u64,
}

impl<'a> Wellness<'a> {
    /// Of stretches of so many slices. `share`: of requests that has to be good.
    pub(super) fn new(
        objective: &Objective,
        share: f64,
        length: usize,
        seen: &'a Seen,
        quiet: &'a Seen,
    ) -> Wellness<'a> {
        let allowed = 1.0 - share;
        let margin = if objective.margin > 0.0 { objective.margin } else { APART };
        let silent_at = |from: usize| Stretch::of(quiet, from, length).silent;
        // On most days there is no silence, and nothing to look through.
        let is_any = Stretch::of(quiet, 0, quiet.slices.len()).silent > 0;
        let silent_most =
            if is_any { (0..quiet.slices.len()).map(silent_at).max().unwrap_or(0) } else { 0 };
        Wellness { seen, quiet, length, allowed, apart: margin * allowed, silent_most }
    }

    /// Whether the stretch that begins with this slice is well.
    pub(super) fn is_well(&self, from: usize) -> bool {
        let here = Stretch::of(self.seen, from, self.length);
        let there = Stretch::of(self.quiet, from, self.length);
        here.silent <= self.silent_most
            && (here.count > 0 || there.count == 0)
            && here.share() <= self.allowed
            && here.share() <= there.share() + self.apart
    }
}
