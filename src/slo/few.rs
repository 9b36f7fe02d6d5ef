//! What few bad events say of how many there are to be expected.
//!
//! Of fewer than forty effective events, or bursts in fewer than five replications, their own spread says
//! little. How long all requests took says more: those that wait behind each other are alike, whether or not
//! any was beyond its limit yet. docs/design/sound.md tells why each of these tests is there, and how
//! often they are wrong.

use crate::{
    measure::record::Seen,
    stats::{
        binomial, bursts,
        clustering::design_effect,
        estimator::Estimator,
        ratio::{Pair, jackknife},
        share::{Counted, Share},
    },
};

/// What all times, not only those beyond a limit, say of how many are beyond it.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// For how many of those that are counted one independent one would do.
    alike: f64,
    /// What is beyond a half, a quarter, an eighth of the limit, where enough is for its spread to be known.
    nearer: Vec<Share>,
    /// The mean of their squares.
    squares: Option<Estimator>,
    /// The square of the limit, seconds squared; infinite where the time does not matter.
    limit_s2: f64,
}

/// From so many effective events on the spread of bursts is known well enough for their skewness to
/// be taken out.
const EVENTS_MIN: f64 = 40.0;

/// What hangs together no more than this times as much as all times do is no burst of its own kind.
const EXPLAINED: f64 = 2.0;

/// What this part of a level is for: limits that are far away from all times. The rest is for nearer ones.
const FAR: f64 = 0.1;

/// Replications that are so many times as bad as the limit are rare if it holds on average.
const WORSE: [f64; 3] = [10.0, 100.0, 1000.0];

impl Times {
    /// Beside a limit, seconds; infinite where the time does not matter.
    pub(super) fn of_limit(self, limit_s: f64) -> Times {
        Times { limit_s2: limit_s * limit_s, ..self }
    }

    /// Of baselines that do not say nothing is known.
    pub(super) fn of(counts: &[&Seen]) -> Times {
        let pairs = |part: fn(&Seen) -> f64| -> Vec<Pair> {
            counts.iter().map(|it| Pair { part: part(it), whole: it.count as f64 }).collect()
        };
        let says = counts.iter().all(|it| it.squares_s2 > 0.0 || it.sum_s == 0.0);
        let squares = jackknife(&pairs(|it| it.squares_s2)).filter(|_| says);
        let nearer = (0..3).filter_map(|which| Share::of(&counted(counts, |it| it.nearer[which])));
        let nearer: Vec<Share> = nearer.filter(is_known).collect();
        let own = design_effect(&pairs(|it| it.sum_s), counts.iter().map(|it| it.squares_s2).sum());
        // Of what is beyond half of the limit, or a quarter, it may be more.
        let nearest = nearer.first().map_or(1.0, |it| it.whole as f64 / it.effective);
        Times { alike: own.max(nearest), nearer, squares, limit_s2: f64::INFINITY }
    }

    /// The p-value of "the rare side of it is as much as `limit`, or more", where few of it were seen, so
    /// that its own spread says little. What is too late is no less clustered than all times are: requests may
    /// be late together without having been too late yet. Where it is more clustered than they explain, it
    /// comes in bursts of its own kind, of which `seen_in` replications know. `far`: the p-value by all times
    /// being far from the limit, for what was never seen.
    pub(super) fn p_of_few(
        &self,
        share: &Share,
        (value, seen_in): (f64, u64),
        limit: f64,
        far: Option<f64>,
    ) -> f64 {
        let Share { whole, effective, effective_events, .. } = *share;
        let whole = whole as f64;
        if seen_in == 0 {
            // As many bursts as there is room for may have come, and none did.
            let clustered = binomial::at_most(0.0, share.of_alike(self.alike).room, limit);
            return match far {
                Some(far) => (clustered / (1.0 - FAR)).min(far / FAR).min(1.0),
                None => clustered,
            };
        }
        let trials = effective.min(whole / self.alike);
        let clustered = binomial::at_most(value * trials, trials, limit);
        if whole / effective <= EXPLAINED * self.alike {
            return clustered;
        }
        clustered.max(bursts::p_below(value, seen_in, effective_events, limit))
    }

    /// The p-value of "as much as `share` is beyond the limit" for what was never near it: so much would be beyond
    /// half of the limit as well, and the mean square would have to be as much of the limit's square (Markov's
    /// inequality). `None` where the time does not matter.
    pub(super) fn p_far(&self, share: f64) -> Option<f64> {
        if !self.limit_s2.is_finite() {
            return None;
        }
        let nearer = self.nearer.iter().map(|it| it.p_below(share));
        let by_squares = match &self.squares {
            Some(mean) => mean.surely_below(share * self.limit_s2),
            None => 1.0,
        };
        Some(nearer.fold(by_squares, f64::min))
    }
}

/// Whether enough was seen for its spread to be known.
pub(super) fn is_known(share: &Share) -> bool {
    share.is_scattered && share.effective_events >= EVENTS_MIN
}

/// By Markov's inequality, whatever the law: what is `limit` on average is c times as much in one
/// replication of c at most. Each c that is tried costs its part of the level, and to be one of two
/// tests as much again. `parts`: what each replication adds to the share, times their number.
pub(super) fn p_above_by_size(parts: &[f64], limit: f64) -> f64 {
    let tail = |worse: f64| {
        let so_bad = parts.iter().filter(|part| **part >= worse * limit).count();
        binomial::at_least(so_bad as f64, parts.len() as f64, 1.0 / worse)
    };
    let least = WORSE.into_iter().map(tail).fold(1.0, f64::min);
    (2.0 * WORSE.len() as f64 * least).min(1.0)
}

/// How many there were, and which part of them was meant.
pub(super) fn counted(counts: &[&Seen], part: impl Fn(&Seen) -> u64) -> Vec<Counted> {
    counts.iter().map(|it| Counted { part: part(it), whole: it.count }).collect()
}
