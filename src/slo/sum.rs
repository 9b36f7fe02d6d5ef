//! What parts come to that know nothing of each other: each with its own luck, and with its own ignorance of what comes
//! seldom. That one of them varies says nothing of what was never seen of another.
//!
//! How far the sum may lie above what was seen is the root of the squares of how far each part may, by the bounds that
//! each has by itself (MOVER, the method of variance estimates recovery: Zou and Donner, Statistics in Medicine 27, 2008;
//! of parts that are shares: Zou, Huang and Zhang, CSDA 53, 2009). Left out: what parts have in common, of which the
//! spread of the sum over replications knows.

use super::rare::Carried;
use crate::{
    engine::maths::{exp, ln},
    stats::{
        estimator::Estimator,
        ratio::{Pair, jackknife, ratio},
    },
};

/// A p-value that is smaller is none.
const LEAST: f64 = 1e-12;
/// How closely a p-value is found.
const CLOSE: u32 = 40;
/// Where it is told which part is known worst.
const LEVEL: f64 = 0.05;

/// A part as replications have it: what it adds to the whole, and what a single event more would add.
#[derive(Clone, Debug)]
pub(super) struct Portion {
    pub(super) pairs: Vec<Pair>,
    pub(super) one: f64,
}

/// The parts.
#[derive(Clone, Debug)]
pub(super) struct Sum(Vec<Part>);

#[derive(Clone, Debug)]
struct Part {
    seen: Estimator,
    carried: Carried,
}

impl Part {
    /// `whole`: what there is of the whole in a replication, on average.
    fn of(portion: &Portion, whole: f64) -> Option<Part> {
        let seen = jackknife(&portion.pairs)?;
        // What each replication adds, however many it has of what is counted.
        let added = |it: &Pair| seen.value + (it.part - seen.value * it.whole) / whole;
        let added: Vec<f64> = portion.pairs.iter().map(added).collect();
        Some(Part { seen, carried: Carried::of(&added, portion.one / whole) })
    }

    /// How much more it may be, at this level.
    fn reach(&self, level: f64) -> f64 {
        let (_, high) = self.seen.sure_interval(1.0 - 2.0 * level);
        high.max(self.carried.worst(self.seen.value, level)) - self.seen.value
    }
}

impl Sum {
    /// Portions of the same whole, and what they come to; `None` of fewer than two replications.
    pub(super) fn of(portions: &[Portion]) -> Option<(Estimator, Sum)> {
        let all = all_of(portions)?;
        let whole = all.iter().map(|it| it.whole).sum::<f64>() / all.len() as f64;
        let mean = jackknife(&all)?;
        let parts = portions.iter().map(|it| Part::of(it, whole));
        Some((mean, Sum(parts.collect::<Option<_>>()?)))
    }

    /// What portions come to as they are: the ratio of the sums.
    pub(super) fn ratio(portions: &[Portion]) -> Option<f64> {
        ratio(&all_of(portions)?)
    }

    /// What is a part by itself.
    pub(super) fn of_one(seen: Estimator, carried: Carried) -> Sum {
        Sum(vec![Part { seen, carried }])
    }

    /// Whether less is worse: of one part only.
    pub(super) fn is_less_worse(&self) -> bool {
        self.0.iter().any(|it| it.carried.is_less_worse())
    }

    /// The p-value of "the sum is as bad as `limit`, or worse", by what may be rare.
    pub(super) fn p_as_bad(&self, limit: f64) -> f64 {
        if let [only] = self.0.as_slice() {
            return only.carried.p_as_bad(limit);
        }
        let value: f64 = self.0.iter().map(|it| it.seen.value).sum();
        let is_within = |level: f64| value + self.reach(level) >= limit;
        if is_within(0.5) {
            return 1.0;
        }
        if !is_within(LEAST) {
            return 0.0;
        }
        let (mut low, mut high) = (ln(LEAST), ln(0.5));
        for _ in 0..CLOSE {
            let middle = f64::midpoint(low, high);
            if is_within(exp(middle)) { low = middle } else { high = middle }
        }
        exp(high)
    }

    /// The worst that the sum may be at this level, where `value` was seen.
    pub(super) fn worst(&self, value: f64, level: f64) -> f64 {
        match self.0.as_slice() {
            [only] => only.carried.worst(value, level),
            _ => value + self.reach(level),
        }
    }

    /// Whether so few of many replications carry the part that is known worst that nobody knows how often they come.
    pub(super) fn is_by_few(&self) -> bool {
        let worst = |one: &&Part, other: &&Part| one.reach(LEVEL).total_cmp(&other.reach(LEVEL));
        match self.0.as_slice() {
            [only] => only.carried.is_by_few(),
            all => all.iter().max_by(worst).is_some_and(|it| it.carried.is_by_few()),
        }
    }

    fn reach(&self, level: f64) -> f64 {
        self.0.iter().map(|it| it.reach(level) * it.reach(level)).sum::<f64>().sqrt()
    }
}

/// All portions of the whole together.
fn all_of(portions: &[Portion]) -> Option<Vec<Pair>> {
    let (first, others) = portions.split_first()?;
    let mut all = first.pairs.clone();
    for portion in others {
        all.iter_mut().zip(&portion.pairs).for_each(|(sum, it)| sum.part += it.part);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portion(parts: &[f64], one: f64) -> Portion {
        let pairs = parts.iter().map(|&part| Pair { part, whole: 1.0 });
        Portion { pairs: pairs.collect(), one }
    }

    /// Twenty alike, of which one more may be 4 (0.56 at 5%: 1 - 0.05^(1/20) is 13.9%), beside what varies.
    #[test]
    fn that_one_part_varies_says_nothing_of_the_other() {
        let varies: Vec<f64> = (0..20).map(|it| 1.0 + 0.01 * f64::from(it % 5)).collect();
        let (mean, sum) = Sum::of(&[portion(&[0.0; 20], 4.0), portion(&varies, 0.0)]).unwrap();
        assert!((mean.value - 1.02).abs() < 1e-12);
        let unseen = 4.0 * (1.0 - libm::pow(0.05, 0.05));
        let seen = mean.sure_interval(0.9).1 - mean.value;
        let expected = mean.value + libm::hypot(unseen, seen);
        assert!((sum.worst(mean.value, 0.05) - expected).abs() < 1e-9);
        assert!((sum.p_as_bad(expected) - 0.05).abs() < 1e-9);
        // Together they seem to be known well.
        let one = portion(&varies, 4.0);
        let (mean, sum) = Sum::of(&[one]).unwrap();
        assert_eq!(sum.p_as_bad(expected), 0.0);
        assert_eq!(sum.worst(mean.value, 0.05), mean.value);
    }

    #[test]
    fn p_values_have_ends() {
        let (_, sum) = Sum::of(&[portion(&[1.0; 20], 0.1), portion(&[2.0; 20], 0.1)]).unwrap();
        assert_eq!((sum.p_as_bad(2.9), sum.p_as_bad(3.2)), (1.0, 0.0));
        assert!(sum.p_as_bad(3.01) > sum.p_as_bad(3.02) && !sum.is_by_few());
        let mut few = [0.0; 20];
        few[3] = 1.0;
        let (_, sum) = Sum::of(&[portion(&few, 1.0), portion(&[2.0; 20], 0.1)]).unwrap();
        assert!(sum.is_by_few());
        // What is by few, and small beside what is not known of the other, is not what is to be told.
        let (_, sum) = Sum::of(&[portion(&few, 1.0), portion(&[2.0; 20], 100.0)]).unwrap();
        assert!(!sum.is_by_few());
    }
}
