//! A share of what is bad: too late, or failed. It is judged by how it is spread over replications, and where few
//! were seen by what else is known (`few`).

use super::few::{Times, counted, is_known, p_above_by_size};
use crate::{measure::record::Seen, stats::share::Share};

/// A share of what is bad, and how it is spread over replications.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub(super) share: Share,
    /// Replications that had any.
    seen_in: u64,
    /// The same of what is good.
    good_in: u64,
    /// What each replication with data adds to the share, times their number: the share is their mean.
    parts: Vec<f64>,
    /// Of those that are bad for the time they took.
    times: Times,
}

/// Fewer replications than this say nothing, in either direction.
pub(super) const REPLICATIONS_MIN: usize = 5;

/// How closely bounds are found, on their logarithm.
const CLOSE: u32 = 40;

impl Bad {
    /// Of what each replication counted, for a limit less its margin, itself, and with its margin. `limits`: beyond
    /// which it is bad for the time it took, seconds; `None` if that does not matter.
    pub(super) fn of_limits(counts: &[&Seen], limits: Option<[f64; 3]>) -> Option<Box<[Bad; 3]>> {
        // What fails does so together as well, where it waits together.
        let times = Times::of(counts);
        let bad = |which: usize| {
            let counted = counted(counts, |it| it.beyond[which]);
            let with_data = counted.iter().filter(|it| it.whole > 0);
            let mean = counted.iter().map(|it| it.whole as f64).sum::<f64>()
                / with_data.clone().count().max(1) as f64;
            let limit_s = limits.map_or(f64::INFINITY, |limits| limits[which]);
            Share::of(&counted).map(|share| Bad {
                share,
                parts: with_data.map(|it| it.part as f64 / mean).collect(),
                seen_in: counted.iter().filter(|it| it.part > 0).count() as u64,
                good_in: counted.iter().filter(|it| it.part < it.whole).count() as u64,
                times: times.clone().of_limit(limit_s),
            })
        };
        match (bad(0), bad(1), bad(2)) {
            (Some(near), Some(at), Some(far)) => Some(Box::new([near, at, far])),
            _ => None,
        }
    }

    /// The p-value of "it is as much as `limit`, or more". Few replications say nothing.
    pub(super) fn p_below(&self, limit: f64) -> f64 {
        if self.share.replications < REPLICATIONS_MIN {
            return 1.0;
        }
        let limit = limit.min(1.0);
        let scattered = self.share.p_below(limit);
        if is_known(&self.share) {
            return scattered;
        }
        let far = self.times.p_far(limit);
        let seen = (self.share.value, self.seen_in);
        scattered.max(self.times.p_of_few(&self.share, seen, limit, far))
    }

    /// The p-value of "it is as little as `limit`, or less": a few bursts may have been bad luck, unless
    /// they are far too large for that.
    pub(super) fn p_above(&self, limit: f64) -> f64 {
        if self.share.replications < REPLICATIONS_MIN || limit >= 1.0 {
            return 1.0;
        }
        let by_spread = self.p_above_by_spread(limit);
        if is_known(&self.share) {
            return by_spread;
        }
        // The smaller of two p-values, each of which costs half of the level.
        (2.0 * by_spread).min(p_above_by_size(&self.parts, limit)).min(1.0)
    }

    /// Where nearly all is bad it is what is good that was seen too seldom.
    fn p_above_by_spread(&self, limit: f64) -> f64 {
        let scattered = self.share.p_above(limit);
        if self.share.is_scattered {
            return scattered;
        }
        if self.share.value <= 0.5 {
            return 1.0;
        }
        let good = (1.0 - self.share.value, self.good_in);
        scattered.max(self.times.p_of_few(&self.share, good, 1.0 - limit, None))
    }

    /// Where the truth lies: the bounds are where each test has half of what is left.
    pub(super) fn interval(&self, confidence: f64) -> (f64, f64) {
        let level = (1.0 - confidence) / 2.0;
        let value = self.share.value;
        let low = bound(value, |limit| self.p_above(limit) > level);
        // Seen from the other side, so that what is close to all keeps its digits as well.
        let room = bound(1.0 - value, |room| self.p_below(1.0 - room) > level);
        (low, 1.0 - room)
    }
}

/// Going down from `from` to 0, where `is_open` ends: what is open above need not be below.
fn bound(from: f64, is_open: impl Fn(f64) -> bool) -> f64 {
    // So close to 0 nobody asks.
    let (mut low, mut high) = (1e-12 * from, from);
    if from <= 0.0 || is_open(low) {
        return 0.0;
    }
    for _ in 0..CLOSE {
        let middle = if low < 0.01 * high { (low * high).sqrt() } else { 0.5 * (low + high) };
        if is_open(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}
