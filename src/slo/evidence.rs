//! What replications say about an objective: the measured quantity, and p-values for its promise
//! being kept, being broken, and for lying so close to the limit that nobody needs to know.
//!
//! A percentile is judged as a share: p99 < 800 ms if and only if fewer than 1% take 800 ms or
//! longer. Shares are counted exactly for each declared limit, so no bucket of a histogram enters.
//! The replication is the unit throughout.

use serde::Serialize;

use super::{budget, recovery::recovery_time, sides::Sides};
use crate::{
    measure::record::Seen,
    model::blueprint::{Objective, Promise},
    stats::{
        binomial, bursts,
        clustering::{Sums, design_effect},
        estimator::Estimator,
        ratio::{Pair, jackknife},
        share::{Counted, Share},
        survival::{KaplanMeier, Observed, clopper_pearson},
    },
};

/// What is known of an objective.
#[derive(Clone, Debug)]
pub struct Evidence {
    of: Of,
    /// The limit less its margin, itself, and with its margin.
    limits: [f64; 3],
    /// The promise is kept above its limit, rather than below.
    is_kept_above: bool,
    /// What it is about was not over by the end of the window.
    is_cut_short: bool,
}

#[derive(Clone, Debug)]
enum Of {
    /// Nothing happened that it is about.
    Nothing,
    /// It happened in one replication only, or there is but one.
    Once,
    /// Of what fails or is too slow, for the three limits of a time.
    Shares(Box<[Bad; 3]>),
    /// A mean over replications.
    Number(Estimator),
    /// Times of recovery.
    Times(Recoveries),
}

/// Times of recovery, how many of them were surely short enough, and how many surely were not. Of what
/// was cut off before the limit nobody knows.
#[derive(Clone, Debug)]
struct Recoveries {
    times: Vec<Observed>,
    quick: u64,
    slow: u64,
}

impl Recoveries {
    fn of(times: Vec<Observed>, within_s: f64) -> Of {
        if times.is_empty() {
            return Of::Nothing;
        }
        let count =
            |is: &dyn Fn(&Observed) -> bool| times.iter().filter(|it| is(it)).count() as u64;
        let quick = count(&|it| !it.is_censored && it.time < within_s);
        let slow = count(&|it| it.time >= within_s);
        Of::Times(Recoveries { times, quick, slow })
    }

    fn whole(&self) -> u64 {
        self.times.len() as u64
    }

    /// Of those of which it is known, the share that was quick.
    fn share(&self) -> f64 {
        let known = self.quick + self.slow;
        if known > 0 { self.quick as f64 / known as f64 } else { 0.0 }
    }

    /// Where the truth lies, whatever came of those that were cut off.
    fn interval(&self, confidence: f64) -> (f64, f64) {
        let (low, _) = clopper_pearson(self.quick, self.whole(), confidence);
        let (_, high) = clopper_pearson(self.whole() - self.slow, self.whole(), confidence);
        (low, high)
    }

    /// The p-value of "so large a share is quick, or a larger one", as if all that were cut off were.
    fn p_below(&self, limit: f64) -> f64 {
        binomial::at_most((self.whole() - self.slow) as f64, self.whole() as f64, limit.min(1.0))
    }

    /// The p-value of "so large a share is quick, or a smaller one", as if none that was cut off were.
    fn p_above(&self, limit: f64) -> f64 {
        binomial::at_least(self.quick as f64, self.whole() as f64, limit.min(1.0))
    }
}

/// A share of what is bad, and how it is spread over replications.
#[derive(Clone, Debug)]
struct Bad {
    share: Share,
    /// Replications that had any.
    seen_in: u64,
    /// The same of what is good.
    good_in: u64,
    /// What each replication with data adds to the share, times their number: the share is their mean.
    parts: Vec<f64>,
    /// Of those that are bad for the time they took.
    times: Times,
}

/// What all times, not only those beyond a limit, say of how many are beyond it.
#[derive(Clone, Debug)]
struct Times {
    /// For how many of those that are counted one independent one would do.
    alike: f64,
    /// What is beyond a half, a quarter, an eighth of the limit, where enough is for its spread to be known.
    nearer: Vec<Share>,
    /// The mean of their squares.
    squares: Option<Estimator>,
    /// The square of the limit, seconds squared; infinite where the time does not matter.
    limit_s2: f64,
}

/// Fewer replications than this say nothing, in either direction.
const REPLICATIONS_MIN: usize = 5;

/// From so many effective events on the spread of bursts is known well enough for their skewness to
/// be taken out.
const EVENTS_MIN: f64 = 20.0;

/// What hangs together no more than this times as much as all times do is no burst of its own kind.
const EXPLAINED: f64 = 2.0;

/// Of bursts whose sizes differ as exponential ones do, or more, the design effect is at least so many times
/// their mean size.
const SIZES: f64 = 2.0;

/// How closely bounds are found, on their logarithm.
const CLOSE: u32 = 40;

/// What this part of a level is for: limits that are far away from all times. The rest is for nearer ones.
const FAR: f64 = 0.1;

/// Replications that are so many times as bad as the limit are rare if it holds on average.
const WORSE: [f64; 3] = [10.0, 100.0, 1000.0];

/// So much of a limit is an error of rounding.
const ROUNDING: f64 = 1e-12;

impl Bad {
    /// The p-value of "it is as much as `limit`, or more". Few replications say nothing.
    fn p_below(&self, limit: f64) -> f64 {
        if self.share.replications < REPLICATIONS_MIN {
            return 1.0;
        }
        let limit = limit.min(1.0);
        let scattered = self.share.p_below(limit);
        if self.is_known() {
            return scattered;
        }
        let far = self.times.limit_s2.is_finite().then(|| self.times.p_far(limit));
        scattered.max(self.p_of_few(self.share.value, self.seen_in, limit, far))
    }

    /// The p-value of "it is as little as `limit`, or less": a few bursts may have been bad luck, unless
    /// they are far too large for that.
    fn p_above(&self, limit: f64) -> f64 {
        if self.share.replications < REPLICATIONS_MIN || limit >= 1.0 {
            return 1.0;
        }
        let by_spread = self.p_above_by_spread(limit);
        if self.is_known() {
            return by_spread;
        }
        // The smaller of two p-values, each of which costs half of the level.
        (2.0 * by_spread).min(self.p_above_by_size(limit)).min(1.0)
    }

    /// Whether enough was seen for its spread to be known.
    fn is_known(&self) -> bool {
        is_known_share(&self.share)
    }

    /// The p-value of "the rare side of it is as much as `limit`, or more", where few of it were seen, so
    /// that its own spread says little. What is too late is no less clustered than all times are: requests may
    /// be late together without having been too late yet. Where it is more clustered than they explain, it
    /// comes in bursts of its own kind, of which `seen_in` replications know. `far`: the p-value by all times
    /// being far from the limit, for what was never seen.
    fn p_of_few(&self, value: f64, seen_in: u64, limit: f64, far: Option<f64>) -> f64 {
        let Share { whole, effective, effective_events, .. } = self.share;
        let whole = whole as f64;
        if seen_in == 0 {
            // As many bursts as there are room for may have come, and none did.
            let trials = whole.min(SIZES * whole / self.times.alike);
            let clustered = binomial::at_most(0.0, trials, limit);
            return match far {
                Some(far) => (clustered / (1.0 - FAR)).min(far / FAR).min(1.0),
                None => clustered,
            };
        }
        let trials = effective.min(whole / self.times.alike);
        let clustered = binomial::at_most(value * trials, trials, limit);
        if whole / effective <= EXPLAINED * self.times.alike {
            return clustered;
        }
        clustered.max(bursts::p_below(value, seen_in, effective_events, limit))
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
        scattered.max(self.p_of_few(1.0 - self.share.value, self.good_in, 1.0 - limit, None))
    }
}

impl Times {
    /// The p-value of "as much as `share` is beyond the limit" for what was never near it: so much would be beyond
    /// half of the limit as well, and the mean square would have to be as much of the limit's square (Markov's
    /// inequality).
    fn p_far(&self, share: f64) -> f64 {
        let nearer = self.nearer.iter().map(|it| it.p_below(share));
        let by_squares = match &self.squares {
            Some(mean) => mean.surely_below(share * self.limit_s2),
            None => 1.0,
        };
        nearer.fold(by_squares, f64::min)
    }
}

impl Bad {
    /// Where the truth lies: the bounds are where each test has half of what is left.
    fn interval(&self, confidence: f64) -> (f64, f64) {
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

fn is_known_share(share: &Share) -> bool {
    share.is_scattered && share.effective_events >= EVENTS_MIN
}

impl Bad {
    /// By Markov's inequality, whatever the law: what is `limit` on average is c times as much in one
    /// replication of c at most. Each c that is tried costs its part of the level, and to be one of two
    /// tests as much again.
    fn p_above_by_size(&self, limit: f64) -> f64 {
        let tail = |worse: f64| {
            let so_bad = self.parts.iter().filter(|part| **part >= worse * limit).count();
            binomial::at_least(so_bad as f64, self.parts.len() as f64, 1.0 / worse)
        };
        let least = WORSE.into_iter().map(tail).fold(1.0, f64::min);
        (2.0 * WORSE.len() as f64 * least).min(1.0)
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

impl Evidence {
    /// From what each replication counted.
    pub fn of(objective: &Objective, index: usize, sides: &Sides<'_>) -> Evidence {
        let counts: Vec<&Seen> = sides.whole.iter().map(|it| &it.objectives[index]).collect();
        let (margin, is_kept_above) = (objective.margin, kept_above(objective.promise));
        let around = |limit: f64| [limit * (1.0 - margin), limit, limit * (1.0 + margin)];
        let (of, limits) = match objective.promise {
            // These limits differ in the time they stand for, not in what may be beyond them.
            Promise::Percentile { share, limit } | Promise::Lag { share: Some(share), limit } => {
                (shares(&counts, Some(around(limit.seconds()))), [1.0 - share; 3])
            }
            Promise::Success { share } => (shares(&counts, None), around(1.0 - share)),
            Promise::Mean { limit } | Promise::Lag { share: None, limit } => {
                (mean_s(&counts), around(limit.seconds()))
            }
            Promise::Throughput { least } => (number(&counts), around(least)),
            Promise::Utilisation { most, .. } | Promise::Queue { most } => {
                (number(&counts), around(most))
            }
            Promise::Recovery(it) => {
                let pairs = sides.whole.iter().zip(sides.quiet);
                let times: Vec<Observed> = pairs
                    .map(|(whole, quiet)| {
                        let (seen, twin) = (&whole.objectives[index], &quiet.objectives[index]);
                        recovery_time(objective, &it, seen, twin)
                    })
                    .collect();
                (Recoveries::of(times, it.within.seconds()), around(it.share))
            }
            Promise::Budget(it) => {
                let burnt = budget::burnt(objective, &it, index, sides);
                (burnt.map_or(Of::Nothing, Of::Number), around(it.most))
            }
        };
        let of = match of {
            Of::Nothing if counts.iter().any(|it| it.count > 0) => Of::Once,
            of => of,
        };
        let is_cut_short = match objective.promise {
            Promise::Budget(it) => budget::is_cut_short(objective, &it, index, sides),
            _ => false,
        };
        Evidence { of, limits, is_kept_above, is_cut_short }
    }

    /// Whether there is nothing to judge.
    pub fn is_empty(&self) -> bool {
        matches!(self.of, Of::Nothing)
    }

    /// Whether more is bad than was seen, for an event goes on to do harm behind the window.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// How likely at most what was seen would be if the promise were broken.
    pub fn p_kept(&self) -> f64 {
        if self.is_at_limit() {
            return 1.0;
        }
        if self.is_kept_above { self.p_above(1) } else { self.p_below(1) }
    }

    /// How likely at most what was seen would be if it were kept.
    pub fn p_broken(&self) -> f64 {
        if self.is_at_limit() {
            return 0.0;
        }
        if self.is_kept_above { self.p_below(1) } else { self.p_above(1) }
    }

    /// Whether each replication is right at the limit: a promise to be below is broken there.
    fn is_at_limit(&self) -> bool {
        let Of::Number(number) = &self.of else { return false };
        let nothing = ROUNDING * self.limits[1];
        is_known(number)
            && number.error <= nothing
            && (number.value - self.limits[1]).abs() <= nothing
    }

    /// How likely at most it would be if the truth lay outside of the margin (two one-sided tests,
    /// Schuirmann 1987).
    pub fn p_within_margin(&self) -> f64 {
        self.p_below(2).max(self.p_above(0))
    }

    fn p_below(&self, which: usize) -> f64 {
        match &self.of {
            Of::Shares(shares) => shares[which].p_below(self.limits[which]),
            Of::Number(number) if is_known(number) => number.surely_below(self.limits[which]),
            Of::Nothing | Of::Once | Of::Number(_) => 1.0,
            Of::Times(it) => it.p_below(self.limits[which]),
        }
    }

    fn p_above(&self, which: usize) -> f64 {
        match &self.of {
            Of::Shares(shares) => shares[which].p_above(self.limits[which]),
            Of::Number(number) if is_known(number) => number.surely_above(self.limits[which]),
            Of::Nothing | Of::Once | Of::Number(_) => 1.0,
            Of::Times(it) => it.p_above(self.limits[which]),
        }
    }

    /// The measured quantity with its interval: of a share, of what was good.
    pub fn estimate(&self, confidence: f64) -> Option<(f64, (f64, f64))> {
        match &self.of {
            Of::Nothing | Of::Once => None,
            Of::Shares(shares) => {
                let (low, high) = shares[1].interval(confidence);
                Some((1.0 - shares[1].share.value, (1.0 - high, 1.0 - low)))
            }
            Of::Number(number) => {
                let (low, high) = number.interval(confidence);
                Some((number.value, (low.max(0.0), high)))
            }
            Of::Times(it) => Some((it.share(), it.interval(confidence))),
        }
    }

    /// How near the limit it is: 1 right at it, more where the promise is broken. Of what may be bad a
    /// share of what there is, of a level a share of its limit. `None`: no data.
    pub fn badness(&self) -> Option<f64> {
        let limit = self.limits[1];
        let over = |part: f64, whole: f64| if part == 0.0 { 0.0 } else { part / whole };
        match &self.of {
            Of::Nothing | Of::Once => None,
            Of::Shares(shares) => Some(over(shares[1].share.value, limit)),
            Of::Number(number) if self.is_kept_above => Some(over(limit, number.value)),
            Of::Number(number) => Some(over(number.value, limit)),
            Of::Times(it) => Some(over(1.0 - it.share(), 1.0 - limit.min(1.0))),
        }
    }

    /// The same at both ends of its interval.
    pub fn badness_between(&self, confidence: f64) -> Option<(f64, f64)> {
        let limit = self.limits[1];
        let (_, (low, high)) = self.estimate(confidence)?;
        match &self.of {
            Of::Nothing | Of::Once => None,
            Of::Shares(_) => Some(((1.0 - high) / limit, (1.0 - low) / limit)),
            Of::Number(_) if self.is_kept_above => Some((limit / high, limit / low.max(1e-300))),
            Of::Number(_) => Some((low / limit, high / limit)),
            Of::Times(_) => {
                let may = (1.0 - limit.min(1.0)).max(1e-300);
                Some(((1.0 - high) / may, (1.0 - low) / may))
            }
        }
    }

    /// Whether there are enough effective observations for an interval.
    pub fn is_trustworthy(&self) -> bool {
        match &self.of {
            Of::Nothing | Of::Once => false,
            Of::Shares(shares) => shares[1].share.is_trustworthy(),
            Of::Number(number) => is_known(number),
            Of::Times(it) => it.times.len() >= REPLICATIONS_MIN,
        }
    }

    /// Whether the interval, by itself, is as sure as `level` asks, and the verdict is not: what is skewed
    /// or rare may be further off than an interval knows.
    pub fn is_held_back(&self, level: f64) -> bool {
        let limit = self.limits[1];
        let (below, above) = match &self.of {
            Of::Nothing | Of::Once | Of::Times(_) => return false,
            Of::Shares(shares) => {
                let share = &shares[1].share;
                (share.interval_below(limit), share.interval_above(limit))
            }
            Of::Number(number) if !is_known(number) => return false,
            Of::Number(number) => (number.p_below(limit), number.p_above(limit)),
        };
        (below <= level && self.p_below(1) > level) || (above <= level && self.p_above(1) > level)
    }

    /// Whether what was seen came in so few bursts that nobody knows how often they come.
    pub fn came_in_bursts(&self) -> bool {
        matches!(&self.of, Of::Shares(shares) if !shares[1].share.is_scattered)
    }

    /// How many replications are behind a share of replications, and how many of them are surely not
    /// good.
    pub fn replications(&self) -> Option<(u64, u64)> {
        match &self.of {
            Of::Times(it) => Some((it.whole(), it.slow)),
            Of::Nothing | Of::Once | Of::Shares(_) | Of::Number(_) => None,
        }
    }

    /// Of recoveries: the time after which a share of them is over, and its bounds, seconds.
    pub fn recovered_after(&self, share: f64, confidence: f64) -> Option<Recovered> {
        let Of::Times(it) = &self.of else { return None };
        let curve = KaplanMeier::of(&it.times);
        let (low, high) = if self.is_trustworthy() {
            curve.quantile_interval(share, confidence)
        } else {
            (None, None)
        };
        Some(Recovered { time_s: curve.quantile(share), low_s: low, high_s: high })
    }
}

fn is_known(number: &Estimator) -> bool {
    number.freedom + 1.0 >= REPLICATIONS_MIN as f64
}

fn kept_above(promise: Promise) -> bool {
    matches!(promise, Promise::Throughput { .. } | Promise::Recovery(_))
}

/// `limits`: beyond which it is bad for the time it took, seconds; `None` if that does not matter.
fn shares(counts: &[&Seen], limits: Option<[f64; 3]>) -> Of {
    let times = limits.map(|_| Times::of(counts));
    let bad = |which: usize| {
        let counted = counted(counts, |it| it.beyond[which]);
        let with_data = counted.iter().filter(|it| it.whole > 0);
        let mean = counted.iter().map(|it| it.whole as f64).sum::<f64>()
            / with_data.clone().count().max(1) as f64;
        let limit_s = limits.map_or(f64::INFINITY, |limits| limits[which]);
        let times = times.clone().unwrap_or_else(Times::that_do_not_matter);
        Share::of(&counted).map(|share| Bad {
            share,
            parts: with_data.map(|it| it.part as f64 / mean).collect(),
            seen_in: counted.iter().filter(|it| it.part > 0).count() as u64,
            good_in: counted.iter().filter(|it| it.part < it.whole).count() as u64,
            times: Times { limit_s2: limit_s * limit_s, ..times },
        })
    };
    match (bad(0), bad(1), bad(2)) {
        (Some(near), Some(at), Some(far)) => Of::Shares(Box::new([near, at, far])),
        _ => Of::Nothing,
    }
}

fn counted(counts: &[&Seen], part: impl Fn(&Seen) -> u64) -> Vec<Counted> {
    counts.iter().map(|it| Counted { part: part(it), whole: it.count }).collect()
}

impl Times {
    fn that_do_not_matter() -> Times {
        Times { alike: 1.0, nearer: Vec::new(), squares: None, limit_s2: f64::INFINITY }
    }

    /// Of baselines that do not say nothing is known.
    fn of(counts: &[&Seen]) -> Times {
        let sums =
            |it: &&Seen| Sums { count: it.count as f64, values: it.sum_s, squares: it.squares_s2 };
        let pair = |it: &&Seen| Pair { part: it.squares_s2, whole: it.count as f64 };
        let says = counts.iter().all(|it| it.squares_s2 > 0.0 || it.sum_s == 0.0);
        let squares = jackknife(&counts.iter().map(pair).collect::<Vec<_>>()).filter(|_| says);
        let nearer = (0..3).filter_map(|which| Share::of(&counted(counts, |it| it.nearer[which])));
        let nearer: Vec<Share> = nearer.filter(is_known_share).collect();
        let own = design_effect(&counts.iter().map(sums).collect::<Vec<_>>());
        // Of what is beyond half of the limit, or a quarter, it may be more.
        let nearest = nearer.first().map_or(1.0, |it| it.whole as f64 / it.effective);
        Times { alike: own.max(nearest), nearer, squares, limit_s2: f64::INFINITY }
    }
}

fn mean_s(counts: &[&Seen]) -> Of {
    let pairs = counts.iter().map(|it| Pair { part: it.sum_s, whole: it.count as f64 });
    jackknife(&pairs.collect::<Vec<_>>()).map_or(Of::Nothing, Of::Number)
}

fn number(counts: &[&Seen]) -> Of {
    let values: Vec<f64> = counts.iter().filter_map(|it| it.value).collect();
    Estimator::of(&values).map_or(Of::Nothing, Of::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty that were looked at for 30 s say nothing of who is well again within 60 s.
    #[test]
    fn what_was_cut_off_before_the_limit_is_unknown() {
        let censored = |time| Observed { time, is_censored: true };
        let of = |times: Vec<Observed>| {
            let limits = [0.95; 3];
            let of = Recoveries::of(times, 60.0);
            Evidence { of, limits, is_kept_above: true, is_cut_short: false }
        };
        let unknown = of(vec![censored(30.0); 20]);
        assert_eq!((unknown.p_broken(), unknown.p_kept()), (1.0, 1.0));
        assert_eq!(unknown.estimate(0.95).unwrap().1, (0.0, 1.0));
        assert_eq!(unknown.replications(), Some((20, 0)));
        let slow = of(vec![censored(60.0); 20]);
        assert!(slow.p_broken() < 1e-9 && slow.replications() == Some((20, 20)));
        let mut mixed = vec![censored(30.0); 10];
        mixed.extend(vec![Observed { time: 20.0, is_censored: false }; 10]);
        let mixed = of(mixed);
        assert!(mixed.p_broken() == 1.0 && mixed.p_kept() > 0.5);
        assert_eq!(mixed.estimate(0.95).unwrap().0, 1.0);
    }
}
