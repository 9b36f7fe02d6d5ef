//! The same objective on two sides, paired by replication: what was promised is not asked here, only
//! whether the other side keeps it better or worse, and whether by more than its margin.
//!
//! Pairs are replications, never requests: both sides of a pair share their luck, and requests of one
//! replication depend on each other.
//!
//! Percentiles are those of all replications together, and their difference has its error by sectioning: from how the
//! differences of the pairs lie around it. Of few observations replications know another rank than all of them together,
//! and how they differ is no error of that (p99.9 of 350 requests each differed from itself in 26 of 60 comparisons):
//! there the means of the replications' percentiles are compared, whose differences are as likely to lie on either side. They are read from the buckets of histograms, so they are known to the width of a
//! bucket only: the difference of two has a *blur*, which no number of pairs takes away. Only what was seen alike to
//! the last nanosecond is identical.

use crate::{
    measure::{
        histogram::Fine,
        record::{Seen, Unit},
    },
    model::blueprint::{Objective, Promise},
    slo::recorded::Promised,
    stats::{
        clustering::{at_most, design_effect, is_enough},
        comparison::{Compared, Direction, Larger, compare, compare_blurred, variance_reduction},
        estimator::Estimator,
        interval::REPLICATIONS_MIN,
        percentile::{is_sufficient, sectioning},
        ratio::{Pair, jackknife_difference, ratio},
    },
};

/// One objective on two sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The quantity on the one side and on the other.
    pub values: (f64, f64),
    /// What they are counted in.
    pub unit: Unit,
    /// It is a share of what is bad, which people want to see as one of what is good.
    pub is_of_bad: bool,
    /// Other minus one.
    pub compared: Compared,
    /// What more of it means.
    pub larger: Larger,
    /// The p-value of "the other is not worse by more than the margin".
    pub p_regression: f64,
    /// By what factor pairing narrows the variance, where it is known.
    pub variance_reduction: Option<f64>,
    /// Its interval is rough, from few observations on one of the sides.
    pub is_rough: bool,
}

/// What one of two sides has to say of an objective.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// As it was promised there.
    pub promised: &'a Promised,
    /// What each replication saw.
    pub seen: &'a [Seen],
    /// Of a percentile that of all of them together; `None` if failures are beyond it.
    pub percentile: Option<f64>,
}

/// Why an objective is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Nothing happened that it is about, or in too few replications, on one of the sides.
    NoData,
    /// Failures are beyond its percentile, and its limit is not what it was.
    Failures,
    /// One side is looked at for longer.
    Length,
    /// It is measured beside days without events.
    QuietDays,
}

impl Gap {
    /// In words.
    pub const fn reason(self) -> &'static str {
        match self {
            Gap::NoData => "too little happened that it is about",
            Gap::Failures => {
                "failures lie beyond its percentile, and of another limit nobody counted"
            }
            Gap::Length => "percentiles of windows of different lengths cannot be compared",
            Gap::QuietDays => "it needs days without events, which only `check` runs",
        }
    }
}

impl Difference {
    /// Of what both sides saw, as many replications of each. The margin is that of the one side: who loosens it is not
    /// judged by the new one.
    pub fn of(
        objective: &Objective,
        one_side: Side<'_>,
        other_side: Side<'_>,
    ) -> Result<Difference, Gap> {
        let (one, other) = (one_side.seen, other_side.seen);
        assert_eq!(one.len(), other.len(), "pairs are of two");
        let (margin, before) = (one_side.promised.margin, one_side.promised.limit);
        let is_rough = [one, other].iter().any(|seen| is_rough(objective.promise, seen));
        // What a replication's percentile is off by depends on how long it is.
        let is_as_long = one_side.promised.window_s == other_side.promised.window_s;
        let found = match objective.promise {
            Promise::Percentile { limit, .. } | Promise::Lag { share: Some(_), limit } => {
                // Where failures are beyond the percentile there is none, and shares are compared.
                if !is_as_long {
                    return Err(Gap::Length);
                }
                let times = of_percentiles(one_side, other_side, margin, is_rough);
                let is_seen = |of: &[Seen]| of.iter().any(|it| it.count > 0);
                if times.is_some() || limit.seconds() == before {
                    times.or_else(|| of_times(one, other))
                } else if is_seen(one) && is_seen(other) {
                    return Err(Gap::Failures);
                } else {
                    None
                }
            }
            // The margin is a part of what may fail: a promise that is loosened takes nothing along.
            Promise::Success { share } => of_shares(one, other, margin * (1.0 - share.max(before))),
            Promise::Mean { .. } | Promise::Lag { share: None, .. } => of_means(one, other, margin),
            Promise::Throughput { .. } => {
                of_values(one, other, margin, Larger::IsBetter, Unit::PerSecond)
            }
            Promise::Utilisation { .. } => {
                of_values(one, other, margin, Larger::IsWorse, Unit::Share)
            }
            Promise::Queue { .. } => of_values(one, other, margin, Larger::IsWorse, Unit::Calls),
            // Whoever compares runs no quiet days.
            Promise::Recovery(_) | Promise::Budget(_) => return Err(Gap::QuietDays),
        };
        let is_known =
            |it: &Difference| it.compared.difference.freedom + 1.0 >= f64::from(REPLICATIONS_MIN);
        let found = found.filter(is_known).ok_or(Gap::NoData)?;
        Ok(Difference { is_rough, ..found })
    }

    /// The same where the values are known less well than that.
    #[must_use]
    pub fn blurred(self, blur: f64, margin: f64) -> Difference {
        let difference = self.compared.difference;
        let p_regression = match self.larger {
            Larger::IsWorse => difference.surely_above(margin + blur),
            Larger::IsBetter => difference.surely_below(-margin - blur),
        };
        let compared = compare_blurred(&difference, margin, blur);
        Difference { compared, p_regression, ..self }
    }

    /// What is to be said of it, at a level.
    pub fn direction(&self, level: f64) -> Direction {
        self.compared.direction(level, self.larger)
    }
}

fn beyond(which: usize) -> impl Fn(&Seen) -> Pair {
    move |it| Pair { part: it.beyond[which] as f64, whole: it.count as f64 }
}

fn pairs(of: &[Seen], pair: impl Fn(&Seen) -> Pair) -> Vec<Pair> {
    of.iter().map(pair).collect()
}

/// Shares of what is too slow. Its margin is one of time: the other side is as good as the one if
/// as much of it is within the limit with its margin, and no more within the limit less it.
fn of_times(one: &[Seen], other: &[Seen]) -> Option<Difference> {
    let base = pairs(one, beyond(1));
    let at = |which: usize| jackknife_difference(&base, &pairs(other, beyond(which)));
    let (near, difference, far) = (at(0)?, at(1)?, at(2)?);
    let mut it = of_shares(one, other, 0.0)?;
    it.compared = Compared {
        p_equivalent: far.surely_below(0.0).max(near.surely_above(0.0)),
        ..compare(&difference, 0.0)
    };
    it.p_regression = far.surely_above(0.0);
    Some(it)
}

/// Percentiles themselves, each from a bucket of its histogram. Where few know them, their means over replications.
fn of_percentiles(
    one: Side<'_>,
    other: Side<'_>,
    margin: f64,
    is_rough: bool,
) -> Option<Difference> {
    let of_all = (one.percentile?, other.percentile?);
    let pairs = || one.seen.iter().zip(other.seen);
    // A replication without any says nothing; one whose failures are beyond it has none.
    let both = pairs().filter(|(one, other)| one.count > 0 && other.count > 0);
    let both: (Vec<_>, Vec<_>) = both.map(|(one, other)| (one.value, other.value)).unzip();
    let each = |of: Vec<Option<f64>>| of.into_iter().collect::<Option<Vec<f64>>>();
    let values = (&each(both.0)?[..], &each(both.1)?[..]);
    let of_all = if is_rough { (mean(values.0), mean(values.1)) } else { of_all };
    let margin = margin * of_all.0;
    let it = of_sections(of_all, values, margin, Larger::IsWorse, Unit::Seconds)?;
    let is_alike = |(one, other): (&Seen, &Seen)| {
        (one.count, one.sum_s, one.value) == (other.count, other.sum_s, other.value)
    };
    if pairs().all(is_alike) {
        return Some(it);
    }
    // How far below and above what came out the difference may be, wherever in their buckets both are.
    let (from, to) = (Fine::edges_around(of_all.0), Fine::edges_around(of_all.1));
    let below = (of_all.1 - to.0) + (from.1 - of_all.0);
    let above = (to.1 - of_all.1) + (of_all.0 - from.0);
    Some(it.blurred(below.max(above), margin))
}

/// Whether so few are behind a time that its intervals hold less often than they say.
fn is_rough(promise: Promise, seen: &[Seen]) -> bool {
    let pair = |it: &Seen| Pair { part: it.sum_s, whole: it.count as f64 };
    let squares = seen.iter().map(|it| it.squares_s2).sum();
    let alike = at_most(design_effect(&pairs(seen, pair), squares), seen.len());
    let all = seen.iter().map(|it| it.count as f64).sum::<f64>();
    match promise {
        Promise::Percentile { share, .. } | Promise::Lag { share: Some(share), .. } => {
            !is_sufficient(all / seen.len().max(1) as f64, alike, share, usize::MAX)
        }
        Promise::Mean { .. } | Promise::Lag { share: None, .. } => !is_enough(all, alike),
        _ => false,
    }
}

fn of_shares(one: &[Seen], other: &[Seen], margin: f64) -> Option<Difference> {
    let it = of_ratios(one, other, margin, beyond(1))?;
    Some(Difference { is_of_bad: true, unit: Unit::Share, ..it })
}

/// Means of times; the margin is relative to what was.
fn of_means(one: &[Seen], other: &[Seen], margin: f64) -> Option<Difference> {
    let pair = |it: &Seen| Pair { part: it.sum_s, whole: it.count as f64 };
    let base = ratio(&pairs(one, pair))?;
    of_ratios(one, other, margin * base, pair)
}

/// Ratios of sums, of which more is worse.
fn of_ratios(
    one: &[Seen],
    other: &[Seen],
    margin: f64,
    pair: impl Fn(&Seen) -> Pair,
) -> Option<Difference> {
    let (one, other) = (pairs(one, &pair), pairs(other, &pair));
    of_pairs((&one, &other), margin, Larger::IsWorse, Unit::Seconds)
}

/// Ratios of sums, paired.
pub fn of_pairs(
    (one, other): (&[Pair], &[Pair]),
    margin: f64,
    larger: Larger,
    unit: Unit,
) -> Option<Difference> {
    let difference = jackknife_difference(one, other)?;
    let each = |of: &[Pair]| -> Vec<f64> {
        of.iter().map(|it| if it.whole > 0.0 { it.part / it.whole } else { 0.0 }).collect()
    };
    let values = (ratio(one)?, ratio(other)?);
    Some(told(values, (&each(one), &each(other)), &difference, (margin, larger, unit)))
}

/// One number of each replication, if each has it.
fn values(of: &[Seen]) -> Option<Vec<f64>> {
    of.iter().map(|it| it.value).collect()
}

/// Means of numbers, one from each replication; the margin is relative to what was.
fn of_values(
    one: &[Seen],
    other: &[Seen],
    margin: f64,
    larger: Larger,
    unit: Unit,
) -> Option<Difference> {
    let (one, other) = (values(one)?, values(other)?);
    let (of_all, both) = ((mean(&one), mean(&other)), (&one[..], &other[..]));
    let difference = Estimator::of(&each(both))?;
    Some(told(of_all, both, &difference, (margin * of_all.0, larger, unit)))
}

/// The mean; 0 of none.
pub fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len().max(1) as f64
}

/// Numbers of the one side and of the other, as many of each.
pub type Both<'a> = (&'a [f64], &'a [f64]);

fn each((one, other): Both<'_>) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| other - one).collect()
}

/// Percentiles of all replications together, and those of each, paired.
pub fn of_sections(
    of_all: (f64, f64),
    both: Both<'_>,
    margin: f64,
    larger: Larger,
    unit: Unit,
) -> Option<Difference> {
    let difference = sectioning(of_all.1 - of_all.0, &each(both))?;
    Some(told(of_all, both, &difference, (margin, larger, unit)))
}

fn told(
    values: (f64, f64),
    (one, other): Both<'_>,
    difference: &Estimator,
    (margin, larger, unit): (f64, Larger, Unit),
) -> Difference {
    let p_regression = match larger {
        Larger::IsWorse => difference.surely_above(margin),
        Larger::IsBetter => difference.surely_below(-margin),
    };
    Difference {
        values,
        unit,
        is_of_bad: false,
        compared: compare(difference, margin),
        larger,
        p_regression,
        variance_reduction: variance_reduction(one, other),
        is_rough: false,
    }
}
