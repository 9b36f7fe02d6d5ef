//! A share of clustered things: requests that failed, calls that were late.
//!
//! Requests of one replication are alike, so they count for fewer than they are. Where many
//! *effective* events were seen, Student's t on the jackknife over replications holds. Where few
//! were, the interval is that of Korn and Graubard (Survey Methodology 24, 1998): Clopper and
//! Pearson's, with the effective sample size n* = p (1 - p) / var in place of the requests, made
//! smaller by (t(n-1) / t(R-1))² for how badly R replications know the variance, and never more
//! than the n requests themselves.
//!
//! Events that come in bursts of which few were seen, in fewer than five replications, guess their
//! own spread too low: with two bursts an interval misses one time in three. It is not trusted
//! then, unless no replication had two events, which is what independent ones look like.
//!
//! Where nothing was seen, or nothing else, replications agree and say nothing of how requests
//! cluster. If it is known by what else they have in common how many are alike, there is room for
//! so many fewer bursts; else the requests count as they are, which assumes them independent, and is too narrow
//! by as much as failures come in bursts: zero failures rule out many small faults, not one rare
//! large one.

use super::{
    binomial,
    estimator::Estimator,
    ratio::{Pair, jackknife},
    student,
};

/// With so many effective events, and non-events, Student's t is close enough.
const EVENTS_FOR_STUDENT: f64 = 30.0;
/// Below this there is nothing that an interval could stand on.
const EFFECTIVE_MIN: f64 = 30.0;
/// Below this the spread of replications is a guess.
const REPLICATIONS_MIN: usize = 5;
/// Bursts seen in fewer replications than these are too few to know bursts by.
const SEEN_IN_MIN: usize = 5;
/// Of bursts whose sizes differ as exponential ones do, or more, the design effect is at least so many times
/// their mean size.
const SIZES: f64 = 2.0;

/// What one replication counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those meant.
    pub part: u64,
    /// All; 0: no data.
    pub whole: u64,
}

/// A share over all replications, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Of everything counted.
    pub value: f64,
    /// How many independent observations would know as much, at most as many as were counted.
    pub effective: f64,
    /// Effective observations of the rarer outcome.
    pub effective_events: f64,
    /// Whether bounds come from the binomial law, rather than from Student's t.
    pub is_exact: bool,
    /// By the jackknife; its value is corrected for bias.
    pub estimator: Estimator,
    /// How many things were counted.
    pub whole: u64,
    /// How many replications counted any.
    pub replications: usize,
    /// Whether the rarer outcome was seen in five replications, or never twice in one.
    pub is_scattered: bool,
    /// Whether it was seen in fewer than five.
    pub is_rare: bool,
    /// How many bursts there was room for: as many as were counted, if each of them goes its own way.
    pub room: f64,
}

impl Share {
    /// `None` where fewer than two replications have data: one alone says nothing of how its
    /// requests hang together.
    pub fn of(counts: &[Counted]) -> Option<Share> {
        let pair = |one: &Counted| Pair { part: one.part as f64, whole: one.whole as f64 };
        let pairs: Vec<Pair> = counts.iter().map(pair).collect();
        let estimator = jackknife(&pairs)?;
        let part: u64 = counts.iter().map(|one| one.part).sum();
        let whole: u64 = counts.iter().map(|one| one.whole).sum();
        assert!(part <= whole, "{part} of {whole}");
        let value = part as f64 / whole as f64;
        let seen_both = 0 < part && part < whole;
        let effective = if seen_both && estimator.error > 0.0 {
            (value * (1.0 - value) / (estimator.error * estimator.error)).min(whole as f64)
        } else {
            whole as f64
        };
        let effective_events = effective * value.min(1.0 - value);
        Some(Share {
            value,
            effective,
            effective_events,
            is_exact: effective_events < EVENTS_FOR_STUDENT || estimator.error == 0.0,
            estimator,
            whole,
            replications: counts.iter().filter(|one| one.whole > 0).count(),
            is_scattered: is_scattered(counts, 2 * part > whole),
            is_rare: seen_in(counts, 2 * part > whole) < SEEN_IN_MIN,
            room: whole as f64,
        })
    }

    /// The same where so many are alike: what was never seen, or so seldom that nobody knows how it comes, may come in
    /// bursts as large as that makes them.
    #[must_use]
    pub fn of_alike(self, alike: f64) -> Share {
        if !self.is_rare {
            return self;
        }
        let whole = self.whole as f64;
        let room = whole.min(SIZES * whole / alike);
        let effective = self.effective.min(room);
        let effective_events = effective * self.value.min(1.0 - self.value);
        let is_exact = self.is_exact || effective_events < EVENTS_FOR_STUDENT;
        Share { effective, effective_events, is_exact, room, ..self }
    }

    /// Where the truth lies, with `confidence`, within 0 and 1.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        if !self.is_exact {
            let (low, high) = self.estimator.interval(confidence);
            return (low.max(0.0), high.min(1.0));
        }
        let level = (1.0 - confidence) / 2.0;
        let trials = self.trials(level);
        let part = self.value * trials;
        (binomial::lower(part, trials, level), binomial::upper(part, trials, level))
    }

    /// The p-value of "the truth is at `limit` (within 0 and 1) or above": small where it surely
    /// lies below. Of few events that of the binomial law, and where replications differ never less
    /// than what their skewness allows.
    pub fn p_below(&self, limit: f64) -> f64 {
        let skewed = self.estimator.surely_below(limit);
        if !self.is_exact {
            return skewed;
        }
        let exact = self.interval_below(limit);
        if self.estimator.error > 0.0 { exact.max(skewed) } else { exact }
    }

    /// The p-value of "the truth is at `limit` (within 0 and 1) or below": small where it surely
    /// lies above.
    pub fn p_above(&self, limit: f64) -> f64 {
        let skewed = self.estimator.surely_above(limit);
        if !self.is_exact {
            return skewed;
        }
        let exact = self.interval_above(limit);
        if self.estimator.error > 0.0 { exact.max(skewed) } else { exact }
    }

    /// What the interval alone says: `p_below` without regard to skewness.
    pub fn interval_below(&self, limit: f64) -> f64 {
        if !self.is_exact {
            return self.estimator.p_below(limit);
        }
        self.p_exact(|part, trials| binomial::at_most(part, trials, limit))
    }

    /// What the interval alone says: `p_above` without regard to skewness.
    pub fn interval_above(&self, limit: f64) -> f64 {
        if !self.is_exact {
            return self.estimator.p_above(limit);
        }
        self.p_exact(|part, trials| binomial::at_least(part, trials, limit))
    }

    /// Whether an interval is worth showing: five replications with data, thirty effective
    /// observations, and not a few bursts only.
    pub fn is_trustworthy(&self) -> bool {
        self.replications >= REPLICATIONS_MIN
            && self.effective >= EFFECTIVE_MIN
            && self.is_scattered
    }

    /// Trials of the binomial law at a one-sided level.
    fn trials(&self, level: f64) -> f64 {
        let all = self.whole as f64;
        if self.value == 0.0 || self.value == 1.0 {
            return self.room;
        }
        if self.estimator.error == 0.0 {
            return self.room;
        }
        let error = self.estimator.error;
        let raw = self.value * (1.0 - self.value) / (error * error);
        let requests = student::t_quantile(1.0 - level, all - 1.0);
        let replications = student::t_quantile(1.0 - level, self.estimator.freedom);
        let shrink = requests / replications;
        (raw * shrink * shrink).min(self.room)
    }

    /// The level at which the one-sided bound reaches the limit. The trials depend on the level,
    /// so it is where the level and the tail at that level meet; the tail falls as the level
    /// rises, so they meet once.
    fn p_exact(&self, tail: impl Fn(f64, f64) -> f64) -> f64 {
        let at = |level: f64| {
            let trials = self.trials(level);
            tail(self.value * trials, trials)
        };
        let (mut low, mut high) = (1e-12, 0.499);
        let most = at(high);
        if most >= high {
            return most;
        }
        for _ in 0..50 {
            let middle = (low * high).sqrt();
            if at(middle) > middle {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// Whether what was counted (or what was not, where that is rarer) is spread over replications.
fn is_scattered(counts: &[Counted], of_others: bool) -> bool {
    let is_single = |one: &Counted| rare(one, of_others) <= 1;
    seen_in(counts, of_others) >= SEEN_IN_MIN || counts.iter().all(is_single)
}

fn rare(one: &Counted, of_others: bool) -> u64 {
    if of_others { one.whole - one.part } else { one.part }
}

fn seen_in(counts: &[Counted], of_others: bool) -> usize {
    counts.iter().filter(|one| rare(one, of_others) > 0).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        engine::maths,
        stats::{spending::Looks, trial::Luck},
    };

    fn counts(parts: &[u64], whole: u64) -> Vec<Counted> {
        parts.iter().map(|&part| Counted { part, whole }).collect()
    }

    /// A single one that was seen says as little of how they come as none does; ten, each in a replication of its own, do.
    #[test]
    fn one_seen_is_no_surer_than_none() {
        let upper =
            |parts: &[u64]| Share::of(&counts(parts, 800)).unwrap().of_alike(82.0).interval(0.95).1;
        let mut one = [0; 10];
        one[4] = 1;
        assert!(upper(&one) > 0.9 * upper(&[0; 10]), "{} {}", upper(&one), upper(&[0; 10]));
        assert!(upper(&[1; 10]) < 0.01);
    }

    #[test]
    fn none_seen_is_clopper_and_pearson_on_the_requests() {
        let share = Share::of(&counts(&[0; 10], 300)).unwrap();
        assert!(share.is_exact && share.is_trustworthy());
        // 1 - 0.025^(1/3000), about 3.69/n.
        let (low, high) = share.interval(0.95);
        assert!(low == 0.0 && (high - 0.001_228_872).abs() < 1e-8, "{high}");
        // (1 - 0.001)^3000.
        assert!((share.p_below(0.001) - 0.049_712_4).abs() < 1e-6, "{}", share.p_below(0.001));
        assert_eq!(share.p_above(0.001), 1.0);
        let all = Share::of(&counts(&[300; 10], 300)).unwrap();
        assert!((all.interval(0.95).0 - (1.0 - high)).abs() < 1e-12);
        assert!((all.p_above(0.999) - share.p_below(0.001)).abs() < 1e-9);
    }

    /// By hand: parts 0, 2, 4, 0, 4 of 100 each, mean 0.02, variance of the mean
    /// 0.0016/4/5 = 0.00008, so p(1-p)/var = 245; t(499) / t(4) = 1.9647/2.7764 at 95%.
    #[test]
    fn few_events_count_by_their_effect() {
        let share = Share::of(&counts(&[0, 2, 4, 0, 4], 100)).unwrap();
        assert!((share.effective - 245.0).abs() < 1e-9, "{}", share.effective);
        assert!((share.effective_events - 4.9).abs() < 1e-9);
        assert!(share.is_exact);
        let trials = 245.0 * (1.964_729_4_f64 / 2.776_445_1) * (1.964_729_4 / 2.776_445_1);
        assert!((share.trials(0.025) - trials).abs() < 1e-4);
        let (low, high) = share.interval(0.95);
        assert!(low > 0.0 && high > 0.04, "{low} to {high}");
    }

    #[test]
    fn bursts_are_few_effective_events() {
        let share = Share::of(&counts(&[0, 0, 0, 500, 0, 0, 0, 0, 0, 0], 1000)).unwrap();
        assert!(share.effective_events < 1.5 && share.is_exact && !share.is_trustworthy());
        assert!(share.p_below(0.01) > 0.3);
    }

    #[test]
    fn few_bursts_are_not_trusted_and_few_single_events_are() {
        for (parts, expected) in [
            ([0, 0, 1, 0, 0, 1, 0, 0], true),
            ([0, 0, 2, 0, 0, 1, 0, 0], false),
            ([1, 2, 2, 0, 1, 1, 0, 0], true),
        ] {
            let share = Share::of(&counts(&parts, 1000)).unwrap();
            assert_eq!(share.is_trustworthy(), expected, "{parts:?}");
            let others = Share::of(&counts(&parts.map(|part| 1000 - part), 1000)).unwrap();
            assert_eq!(others.is_trustworthy(), expected, "{parts:?}");
        }
    }

    #[test]
    fn many_events_are_students() {
        let parts = [48, 55, 51, 44, 60, 47, 52, 49, 53, 50];
        let share = Share::of(&counts(&parts, 1000)).unwrap();
        assert!(!share.is_exact && share.is_trustworthy());
        assert_eq!(share.interval(0.95), share.estimator.interval(0.95));
        assert_eq!(share.p_above(0.05), share.estimator.surely_above(0.05));
    }

    /// How many of so many find the true share to be below or above itself, at the level of the
    /// first of ten looks: the longest sojourns of M/M/1 at load 0.8, which come in bursts.
    fn wrong(experiments: u64, customers: usize) -> (u64, u64) {
        let fractions: Vec<f64> = (1..=10).map(|look| f64::from(look) / 10.0).collect();
        let level = Looks::new(0.05, &fractions).level(0);
        // The longest one in a hundred: P(wait > limit) = 0.8 exp(-0.2 limit).
        let limit = maths::ln(0.8 / 0.01) / 0.2;
        let (mut below, mut above) = (0, 0);
        for experiment in 0..experiments {
            let mut luck = Luck::new(experiment);
            let counts = (0..20).map(|_| {
                let waits = luck.waits(0.8, customers);
                let part = waits.iter().filter(|&&wait| wait > limit).count() as u64;
                Counted { part, whole: customers as u64 }
            });
            let Some(share) = Share::of(&counts.collect::<Vec<_>>()) else { continue };
            below += u64::from(share.p_below(0.01) <= level);
            above += u64::from(share.p_above(0.01) <= level);
        }
        (below, above)
    }

    /// With Student's t alone 4% of first looks are wrong, at a level of 0.4%.
    #[test]
    fn bursts_do_not_make_first_looks_wrong() {
        let (below, above) = wrong(400, 4_000);
        assert!(below <= 10 && above <= 6, "{below} below and {above} above, of 400");
    }

    #[test]
    fn one_replication_is_not_enough() {
        assert_eq!(Share::of(&counts(&[3], 100)), None);
        let silent = Counted { part: 0, whole: 0 };
        assert_eq!(Share::of(&[Counted { part: 3, whole: 100 }, silent]), None);
    }

    proptest! {
        /// At a bound of the interval no test is surer than half of what is left.
        #[test]
        fn tests_are_no_surer_than_the_interval(
            parts in prop::collection::vec(0_u64..12, 3..20), confidence in 0.5..0.999_f64,
        ) {
            let share = Share::of(&counts(&parts, 200)).unwrap();
            let (low, high) = share.interval(confidence);
            let level = (1.0 - confidence) / 2.0;
            prop_assert!(0.0 <= low && low <= high && high <= 1.0);
            if high < 1.0 {
                prop_assert!(share.p_below(high) > level * (1.0 - 1e-4));
            }
            // A bound that close to 0 is a power that runs out of digits.
            if low > 1e-9 {
                prop_assert!(share.p_above(low) > level * (1.0 - 1e-4));
            }
        }

        /// What is sure of a share at one limit is as sure of one further away.
        #[test]
        fn p_values_are_monotone(
            parts in prop::collection::vec(0_u64..12, 3..20), near in 0.0..0.2_f64,
        ) {
            let share = Share::of(&counts(&parts, 200)).unwrap();
            prop_assert!(share.p_below(near + 0.05) <= share.p_below(near) + 1e-9);
            prop_assert!(share.p_above(near + 0.05) >= share.p_above(near) - 1e-9);
        }
    }
}
