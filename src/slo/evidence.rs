//! What replications say about an objective: the measured quantity, and p-values for its promise
//! being kept, being broken, and for lying so close to the limit that nobody needs to know.
//!
//! A percentile is judged as a share: p99 < 800 ms if and only if fewer than 1% take 800 ms or
//! longer. Shares are counted exactly for each declared limit, so no bucket of a histogram enters.
//! The replication is the unit throughout.

use super::{
    bad::{Bad, REPLICATIONS_MIN},
    budget,
    rare::Carried,
    recovery::{Recovered, Recoveries, recovery_time},
    sides::Sides,
    sum::{Portion, Sum},
    tail::Tail,
};
use crate::{
    measure::record::Seen,
    model::blueprint::{Objective, Promise},
    stats::{estimator::Estimator, ratio::Pair, survival::Observed},
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
    /// No more than this there is of a level.
    most: f64,
    /// How many replications were run.
    run: usize,
}

#[derive(Clone, Debug)]
enum Of {
    /// Nothing happened that it is about.
    Nothing,
    /// It happened in one replication only, or there is but one.
    Once,
    /// Of what fails or is too slow, for the three limits of a time.
    Shares(Box<[Bad; 3]>),
    /// A mean over replications, and what was not seen of it.
    Number(Estimator, Unseen),
    /// Times of recovery.
    Times(Recoveries),
}

/// What a mean may owe to what is rare.
#[derive(Clone, Debug)]
struct Unseen {
    /// Its parts, which few replications may carry.
    parts: Sum,
    /// Of times: what is longer than all that were seen.
    tail: Option<Tail>,
    /// The mean as it is told: of a ratio that of the sums.
    told: f64,
}

impl Unseen {
    /// A p-value of what was seen, and what this says of a limit, seen from the side where all is better.
    fn p_as_bad(&self, seen: f64, value: f64, limit: f64, is_above: bool) -> f64 {
        let is_bad = self.parts.is_less_worse() == is_above;
        let carried = if is_bad { self.parts.p_as_bad(limit) } else { 0.0 };
        // A mean is too low by what was seen or by what was not: either may be the reason.
        let tail = self.tail.filter(|_| !is_above).map_or(0.0, |it| it.p_as_bad(value, limit));
        (seen.max(carried) + tail).min(1.0)
    }

    /// The values at this level that it adds to an interval.
    fn worst(&self, value: f64, level: f64) -> (f64, f64) {
        let worst = self.parts.worst(value, level);
        let tail = self.tail.filter(|it| it.is_bounded());
        let most = tail.map_or(value, |it| it.most(value, level));
        (worst.min(value), worst.max(most))
    }
}

/// A queue that was never there may be one of ten calls for a hundredth of the time; what was never used may be in
/// full use for a tenth of it.
const LEVEL_LEAST: f64 = 0.1;

/// So much of a limit is an error of rounding.
const ROUNDING: f64 = 1e-12;

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
            Promise::Throughput { least } => {
                // One request too few; where nobody ever came, one more.
                let one = objective.until.since(objective.from).seconds().recip();
                let carried = |values: &[f64]| {
                    let nobody = values.iter().all(|value| *value == 0.0);
                    if nobody { Carried::of(values, one) } else { Carried::of_less(values, one) }
                };
                (number(&counts, carried), around(least))
            }
            Promise::Utilisation { most, .. } | Promise::Queue { most } => {
                (number(&counts, level), around(most))
            }
            Promise::Recovery(it) => {
                let pairs = sides.whole.iter().zip(sides.quiet);
                let times: Vec<Observed> = pairs
                    .map(|(whole, quiet)| {
                        let (seen, twin) = (&whole.objectives[index], &quiet.objectives[index]);
                        recovery_time(objective, &it, seen, twin)
                    })
                    .collect();
                let times = Recoveries::of(times, it.within.seconds());
                (times.map_or(Of::Nothing, Of::Times), around(it.share))
            }
            Promise::Budget(it) => {
                let burnt = ratio(&budget::burnt(objective, &it, index, sides), None);
                (burnt, around(it.most))
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
        let most = match objective.promise {
            Promise::Utilisation { .. } => 1.0,
            _ => f64::INFINITY,
        };
        let run = counts.len();
        Evidence { of, limits, is_kept_above, is_cut_short, most, run }
    }

    /// Whether there is nothing to judge.
    pub fn is_empty(&self) -> bool {
        matches!(self.of, Of::Nothing)
    }

    /// Whether more is bad than was seen, for an event goes on to do harm behind the window.
    pub fn is_cut_short(&self) -> bool {
        self.is_cut_short
    }

    /// How many replications were run.
    pub fn run(&self) -> usize {
        self.run
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
        let Of::Number(number, _) = &self.of else { return false };
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
        let limit = self.limits[which];
        match &self.of {
            Of::Shares(shares) => shares[which].p_below(limit),
            Of::Number(number, unseen) if is_known(number) => {
                unseen.p_as_bad(number.surely_below(limit), number.value, limit, false)
            }
            Of::Nothing | Of::Once | Of::Number(..) => 1.0,
            Of::Times(it) => it.p_below(limit),
        }
    }

    fn p_above(&self, which: usize) -> f64 {
        let limit = self.limits[which];
        match &self.of {
            Of::Shares(shares) => shares[which].p_above(limit),
            Of::Number(number, unseen) if is_known(number) => {
                unseen.p_as_bad(number.surely_above(limit), number.value, limit, true)
            }
            Of::Nothing | Of::Once | Of::Number(..) => 1.0,
            Of::Times(it) => it.p_above(limit),
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
            Of::Number(number, unseen) => {
                let (low, high) = number.sure_interval(confidence);
                let (least, most) = unseen.worst(number.value, (1.0 - confidence) / 2.0);
                let value = unseen.told;
                let high = high.max(most).max(value).min(self.most);
                Some((value, (low.min(least).min(value).max(0.0), high)))
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
            Of::Number(number, _) if self.is_kept_above => Some(over(limit, number.value)),
            Of::Number(number, _) => Some(over(number.value, limit)),
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
            Of::Number(..) if self.is_kept_above => Some((limit / high, limit / low.max(1e-300))),
            Of::Number(..) => Some((low / limit, high / limit)),
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
            Of::Number(number, unseen) => {
                is_known(number) && unseen.tail.is_none_or(Tail::is_bounded)
            }
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
            Of::Number(number, _) if !is_known(number) => return false,
            Of::Number(number, _) => (number.p_below(limit), number.p_above(limit)),
        };
        (below <= level && self.p_below(1) > level) || (above <= level && self.p_above(1) > level)
    }

    /// Whether what was seen came in so few bursts that nobody knows how often they come.
    pub fn came_in_bursts(&self) -> bool {
        match &self.of {
            Of::Shares(shares) => !shares[1].share.is_scattered,
            Of::Number(_, unseen) => unseen.parts.is_by_few(),
            Of::Nothing | Of::Once | Of::Times(_) => false,
        }
    }

    /// How many replications are behind a share of replications, and how many of them are surely not
    /// good.
    pub fn replications(&self) -> Option<(u64, u64)> {
        match &self.of {
            Of::Times(it) => Some((it.whole(), it.slow)),
            Of::Nothing | Of::Once | Of::Shares(_) | Of::Number(..) => None,
        }
    }

    /// Of recoveries: the time after which a share of them is over, and its bounds, seconds.
    pub fn recovered_after(&self, share: f64, confidence: f64) -> Option<Recovered> {
        let Of::Times(it) = &self.of else { return None };
        Some(it.recovered_after(share, self.is_trustworthy().then_some(confidence)))
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
    Bad::of_limits(counts, limits).map_or(Of::Nothing, Of::Shares)
}

fn mean_s(counts: &[&Seen]) -> Of {
    let pairs = counts.iter().map(|it| Pair { part: it.sum_s, whole: it.count as f64 });
    ratio(&[Portion { pairs: pairs.collect(), one: 0.0 }], Tail::of(counts))
}

/// A ratio of sums, of which each portion may owe something to what is rare.
fn ratio(portions: &[Portion], tail: Option<Tail>) -> Of {
    let sum = Sum::of(portions);
    let told = Sum::ratio(portions);
    let of = sum.zip(told);
    of.map_or(Of::Nothing, |((mean, parts), told)| Of::Number(mean, Unseen { parts, tail, told }))
}

fn number(counts: &[&Seen], carried: impl Fn(&[f64]) -> Carried) -> Of {
    let values: Vec<f64> = counts.iter().filter_map(|it| it.value).collect();
    let unseen = |it: Estimator| Unseen {
        parts: Sum::of_one(it, carried(&values)),
        tail: None,
        told: it.value,
    };
    Estimator::of(&values).map_or(Of::Nothing, |it| Of::Number(it, unseen(it)))
}

/// A level that is always there is known by what it was.
fn level(values: &[f64]) -> Carried {
    let is_seldom = values.contains(&0.0);
    Carried::of(values, if is_seldom { LEVEL_LEAST } else { 0.0 })
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
            let of = Of::Times(Recoveries::of(times, 60.0).unwrap());
            Evidence { of, limits, is_kept_above: true, is_cut_short: false, most: 1.0, run: 20 }
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
