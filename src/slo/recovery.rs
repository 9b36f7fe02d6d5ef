//! How long it takes until everything is well again after an event.
//!
//! Well is: over the time for which it has to hold, the share of bad requests is within its limit,
//! AND close to that of the quiet twin (the same replication without events), AND there is no silence
//! that the twin does not know (`stretch`). A replication that is not well again by the end of the
//! run is censored: it would have taken longer than was looked.

use serde::Serialize;

use super::stretch::Wellness;
use crate::{
    engine::time::Span,
    measure::record::Seen,
    model::{
        blueprint::{Objective, Recovery},
        shape::slice_of,
    },
    stats::{
        binomial,
        survival::{KaplanMeier, Observed, clopper_pearson},
    },
};

/// When one replication is well again, seconds after the clock has started.
pub fn recovery_time(objective: &Objective, it: &Recovery, seen: &Seen, quiet: &Seen) -> Observed {
    let slice = slice_of(objective, it);
    let window = objective.until.since(objective.from).nanos();
    let slices = window.div_ceil(slice.nanos()) as usize;
    let held = it.hold.nanos().div_ceil(slice.nanos()).max(1) as usize;
    let clock = it.clock.since(objective.from).nanos();
    // Slices are whole nanoseconds: the one that begins with the clock may begin a few of them earlier.
    let first = (clock / slice.nanos()) as usize;
    let wellness = Wellness::new(objective, it.of.share, held, seen, quiet);
    let last = slices.saturating_sub(held);
    if let Some(slice_number) = (first..=last).find(|&from| wellness.is_well(from)) {
        let at = slice_number as u64 * slice.nanos();
        Observed { time: Span::from_nanos(at.saturating_sub(clock)).seconds(), is_censored: false }
    } else {
        // None that begins with a later slice would be seen to hold.
        let looked = ((last + 1) as u64 * slice.nanos()).saturating_sub(clock);
        Observed { time: Span::from_nanos(looked).seconds(), is_censored: true }
    }
}

/// A quantile of recovery times (Kaplan and Meier); `None`: later than was looked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recovered {
    /// The quantile.
    pub time_s: Option<f64>,
    /// Its lower bound.
    pub low_s: Option<f64>,
    /// Its upper bound.
    pub high_s: Option<f64>,
}

/// Times of recovery, how many of them were surely short enough, and how many surely were not. Of what
/// was cut off before the limit nobody knows.
#[derive(Clone, Debug)]
pub(super) struct Recoveries {
    pub(super) times: Vec<Observed>,
    quick: u64,
    pub(super) slow: u64,
}

impl Recoveries {
    /// `None`: nothing happened.
    pub(super) fn of(times: Vec<Observed>, within_s: f64) -> Option<Recoveries> {
        if times.is_empty() {
            return None;
        }
        let count =
            |is: &dyn Fn(&Observed) -> bool| times.iter().filter(|it| is(it)).count() as u64;
        let quick = count(&|it| !it.is_censored && it.time < within_s);
        let slow = count(&|it| it.time >= within_s);
        Some(Recoveries { times, quick, slow })
    }

    /// How many there were.
    pub(super) fn whole(&self) -> u64 {
        self.times.len() as u64
    }

    /// Of those of which it is known, the share that was quick.
    pub(super) fn share(&self) -> f64 {
        let known = self.quick + self.slow;
        if known > 0 { self.quick as f64 / known as f64 } else { 0.0 }
    }

    /// Where the truth lies, whatever came of those that were cut off.
    pub(super) fn interval(&self, confidence: f64) -> (f64, f64) {
        let (low, _) = clopper_pearson(self.quick, self.whole(), confidence);
        let (_, high) = clopper_pearson(self.whole() - self.slow, self.whole(), confidence);
        (low, high)
    }

    /// The p-value of "so large a share is quick, or a larger one", as if all that were cut off were.
    pub(super) fn p_below(&self, limit: f64) -> f64 {
        binomial::at_most((self.whole() - self.slow) as f64, self.whole() as f64, limit.min(1.0))
    }

    /// The p-value of "so large a share is quick, or a smaller one", as if none that was cut off were.
    pub(super) fn p_above(&self, limit: f64) -> f64 {
        binomial::at_least(self.quick as f64, self.whole() as f64, limit.min(1.0))
    }

    /// The time after which a share of them is over, with its bounds if they are to be trusted.
    pub(super) fn recovered_after(&self, share: f64, confidence: Option<f64>) -> Recovered {
        let curve = KaplanMeier::of(&self.times);
        let (low, high) = confidence.map_or((None, None), |it| curve.quantile_interval(share, it));
        Recovered { time_s: curve.quantile(share), low_s: low, high_s: high }
    }
}
