//! Whether what was seen in a stretch of slices is as it should be.

use crate::{
    measure::{record::Seen, stretch::Stretch},
    model::blueprint::Objective,
};

/// As well as on the quiet day is: no more above it than this part of what may be bad, if the
/// objective has no margin.
const APART: f64 = 0.5;

/// How much larger a share of bad requests may be than on the quiet day.
fn apart(objective: &Objective, share: f64) -> f64 {
    let margin = if objective.margin > 0.0 { objective.margin } else { APART };
    margin * (1.0 - share)
}

/// Whether the one is worse than the other, rather than the same. `share`: of requests that has to be good.
pub(super) fn is_worse(objective: &Objective, share: f64, one: Stretch, other: Stretch) -> bool {
    one.silent > other.silent
        || (one.count == 0 && other.count > 0)
        || one.share() > other.share() + apart(objective, share)
}

/// So many slices from this one on.
fn stretch(seen: &Seen, from: usize, length: usize) -> Stretch {
    let until = (from + length).min(seen.slices.len());
    Stretch::of(seen.slices.get(from..until).unwrap_or(&[]))
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
        let silent_at = |from: usize| stretch(quiet, from, length).silent;
        // On most days there is no silence, and nothing to look through.
        let is_any = stretch(quiet, 0, quiet.slices.len()).silent > 0;
        let silent_most =
            if is_any { (0..quiet.slices.len()).map(silent_at).max().unwrap_or(0) } else { 0 };
        Wellness { seen, quiet, length, allowed, apart: apart(objective, share), silent_most }
    }

    /// Whether the stretch that begins with this slice is well.
    pub(super) fn is_well(&self, from: usize) -> bool {
        let here = stretch(self.seen, from, self.length);
        let there = stretch(self.quiet, from, self.length);
        here.silent <= self.silent_most
            && (here.count > 0 || there.count == 0)
            && here.share() <= self.allowed
            && here.share() <= there.share() + self.apart
    }
}
