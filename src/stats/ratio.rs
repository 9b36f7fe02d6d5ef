//! Ratios of sums over replications by the delete-one jackknife.
//!
//! The ratio of sums is biased by a term in 1/n, which the jackknife removes, and its error comes
//! from what leaving out each replication changes (Quenouille 1956; Miller, Biometrika 61, 1974;
//! Asmussen and Glynn, *Stochastic Simulation*, III.4). Replications are independent and alike;
//! parts and wholes within one may depend on each other in any way. Left out: statistics that are
//! not smooth, quantiles above all (`percentile`).

use super::estimator::{Estimator, skewness};

/// What one replication adds to both sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// To the numerator.
    pub part: f64,
    /// To the denominator; 0 and below: the replication has no data.
    pub whole: f64,
}

/// The ratio of the sums. Replications without data count as (0, 0) and give no degree of
/// freedom; `None` where fewer than two have data.
pub fn jackknife(pairs: &[Pair]) -> Option<Estimator> {
    let sums = Sums::of(pairs);
    let freedom = sums.freedom()?;
    let estimator = jackknife_of(pairs.len(), |left_out| sums.ratio(left_out))?;
    Some(Estimator { freedom, ..estimator })
}

/// The ratio of the sums as it is, with its bias: what people reckon. (The jackknife's own is far from it, and may lie
/// where no ratio can, where replications are of very unequal sizes.) `None`: nobody has data.
pub fn ratio(pairs: &[Pair]) -> Option<f64> {
    Sums::of(pairs).ratio(None)
}

/// The second ratio minus the first, with one replication of both left out at a time: what the
/// two share through common luck cancels.
pub fn jackknife_difference(one: &[Pair], other: &[Pair]) -> Option<Estimator> {
    assert!(one.len() == other.len(), "{} against {}", one.len(), other.len());
    let (first, second) = (Sums::of(one), Sums::of(other));
    let freedom = first.freedom()?.min(second.freedom()?);
    let estimator =
        jackknife_of(one.len(), |left_out| Some(second.ratio(left_out)? - first.ratio(left_out)?))?;
    Some(Estimator { freedom, ..estimator })
}

/// The logarithm of the second ratio over the first: its bounds, taken back by the
/// exponential, are those of a factor, which is never negative. `None` where a ratio is not positive.
pub fn jackknife_log_factor(one: &[Pair], other: &[Pair]) -> Option<Estimator> {
    assert!(one.len() == other.len(), "{} against {}", one.len(), other.len());
    let (first, second) = (Sums::of(one), Sums::of(other));
    let freedom = first.freedom()?.min(second.freedom()?);
    let estimator = jackknife_of(one.len(), |left_out| {
        let (below, above) = (first.ratio(left_out)?, second.ratio(left_out)?);
        (below > 0.0 && above > 0.0).then(|| libm::log(above / below))
    })?;
    Some(Estimator { freedom, ..estimator })
}

/// Any smooth statistic of `count` replications: `of(None)` is that of all, `of(Some(i))` that of
/// all but the i-th. `None` of fewer than two, or where one of them does not exist.
pub fn jackknife_of(count: usize, of: impl Fn(Option<usize>) -> Option<f64>) -> Option<Estimator> {
    if count < 2 {
        return None;
    }
    let whole = of(None)?;
    // Distances, not pseudo-values: replications that agree give an error of exactly 0.
    let moved = (0..count).map(|i| Some(of(Some(i))? - whole)).collect::<Option<Vec<f64>>>()?;
    let n = count as f64;
    let mean = moved.iter().sum::<f64>() / n;
    let distances: Vec<f64> = moved.iter().map(|distance| mean - distance).collect();
    let squares: f64 = distances.iter().map(|distance| distance * distance).sum();
    let error = ((n - 1.0) / n * squares).sqrt();
    let (value, skewness) = (whole - (n - 1.0) * mean, skewness(&distances));
    Some(Estimator { value, error, freedom: n - 1.0, skewness })
}

/// Sums up to each replication and from each on: a sum without one takes no subtraction.
struct Sums {
    before: Vec<Pair>,
    after: Vec<Pair>,
    with_data: usize,
}

impl Sums {
    fn of(pairs: &[Pair]) -> Sums {
        let counted = |pair: &Pair| if pair.whole > 0.0 { *pair } else { Pair::default() };
        let running = |sum: &mut Pair, pair: Pair| {
            *sum = add(*sum, pair);
            Some(*sum)
        };
        let zero = std::iter::once(Pair::default());
        let forward = pairs.iter().map(counted).scan(Pair::default(), running);
        let backward = pairs.iter().rev().map(counted).scan(Pair::default(), running);
        let before = zero.clone().chain(forward).collect();
        let mut after: Vec<Pair> = zero.chain(backward).collect();
        after.reverse();
        Sums { before, after, with_data: pairs.iter().filter(|pair| pair.whole > 0.0).count() }
    }

    /// Of all replications, or without one of them.
    fn ratio(&self, left_out: Option<usize>) -> Option<f64> {
        let sum = match left_out {
            None => self.after[0],
            Some(i) => add(self.before[i], self.after[i + 1]),
        };
        (sum.whole > 0.0).then(|| sum.part / sum.whole)
    }

    fn freedom(&self) -> Option<f64> {
        (self.with_data >= 2).then(|| (self.with_data - 1) as f64)
    }
}

fn add(one: Pair, other: Pair) -> Pair {
    Pair { part: one.part + other.part, whole: one.whole + other.whole }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(values: &[(f64, f64)]) -> Vec<Pair> {
        values.iter().map(|&(part, whole)| Pair { part, whole }).collect()
    }

    /// By hand, with pseudo-values 3·6/6 - 2·(without i): 3 - 2·(5/5, 4/4, 3/3)... and a case
    /// that is not so tame: parts 1, 2, 6 of wholes 1, 2, 3, where r = 9/6 and without one
    /// 8/5, 7/4, 3/3; pseudo-values 1.3, 1.0, 2.5, their mean 1.6, variance 0.63.
    #[test]
    fn by_hand() {
        let estimator = jackknife(&pairs(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)])).unwrap();
        assert_eq!(estimator, Estimator { value: 1.0, error: 0.0, freedom: 2.0, skewness: 0.0 });
        let estimator = jackknife(&pairs(&[(1.0, 1.0), (2.0, 2.0), (6.0, 3.0)])).unwrap();
        assert!((estimator.value - 1.6).abs() < 1e-12);
        assert!((estimator.error - (0.63_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    /// One replication has nearly all, and most of it failed: the jackknife's value is no share.
    #[test]
    fn a_ratio_is_that_of_the_sums() {
        let mut unequal = vec![(10.0, 10.0); 9];
        unequal.push((0.0, 4_000.0));
        let unequal = pairs(&unequal);
        assert_eq!(ratio(&unequal), Some(90.0 / 4_090.0));
        assert!(jackknife(&unequal).unwrap().value < 0.0);
        assert_eq!(ratio(&pairs(&[(0.0, 0.0)])), None);
    }

    /// Every other value twice the one: the factor is 2, exactly.
    #[test]
    fn a_factor_is_positive() {
        let factor = |one: &[f64], other: &[f64]| {
            let of =
                |values: &[f64]| pairs(&values.iter().map(|it| (*it, 1.0)).collect::<Vec<_>>());
            jackknife_log_factor(&of(one), &of(other))
        };
        let estimator = factor(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]).unwrap();
        assert!((libm::exp(estimator.value) - 2.0).abs() < 1e-12 && estimator.error < 1e-12);
        let estimator = factor(&[1.0, 9.0, 1.0], &[0.1, 0.1, 0.1]).unwrap();
        assert!(estimator.error > 0.5 && libm::exp(estimator.interval(0.95).0) > 0.0);
        assert_eq!(factor(&[1.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(factor(&[1.0, 2.0], &[0.0, 0.0]), None);
        // Of unequal wholes it is that of the ratios, 4/4 and 6/3.
        let (one, other) = ([(1.0, 1.0), (3.0, 3.0)], [(4.0, 2.0), (2.0, 1.0)]);
        let estimator = jackknife_log_factor(&pairs(&one), &pairs(&other)).unwrap();
        assert!((libm::exp(estimator.value) - 2.0).abs() < 1e-12 && estimator.error < 1e-12);
    }

    #[test]
    fn replications_without_data() {
        assert_eq!(jackknife(&pairs(&[(1.0, 2.0), (0.0, 0.0)])), None);
        assert_eq!(jackknife(&[]), None);
        let estimator = jackknife(&pairs(&[(1.0, 2.0), (0.0, 0.0), (3.0, 4.0)])).unwrap();
        assert_eq!(estimator.freedom, 1.0);
        assert!(estimator.error > 0.0);
    }

    /// Of equal wholes the ratio is a mean, and the jackknife of a mean is the mean.
    #[test]
    fn of_equal_wholes_it_is_the_mean() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0];
        let ratio = jackknife(&pairs(&values.map(|value| (value, 1.0)))).unwrap();
        let mean = Estimator::of(&values).unwrap();
        assert!((ratio.value - mean.value).abs() < 1e-12);
        assert!((ratio.error - mean.error).abs() < 1e-12);
        assert_eq!(ratio.freedom, mean.freedom);
    }

    proptest! {
        #[test]
        fn the_same_twice_differs_by_exactly_nothing(
            values in prop::collection::vec((0.0..10.0_f64, 0.1..10.0_f64), 2..20),
        ) {
            let pairs = pairs(&values);
            let difference = jackknife_difference(&pairs, &pairs).unwrap();
            prop_assert_eq!((difference.value, difference.error), (0.0, 0.0));
        }

        #[test]
        fn scale_and_order_do_not_matter(
            values in prop::collection::vec((0.0..10.0_f64, 0.1..10.0_f64), 2..20),
        ) {
            let before = jackknife(&pairs(&values)).unwrap();
            let mut turned = values.clone();
            turned.reverse();
            for (part, whole) in &mut turned {
                *part *= 8.0;
                *whole *= 4.0;
            }
            let after = jackknife(&pairs(&turned)).unwrap();
            let off = |after: f64, before: f64| (after - 2.0 * before).abs() / (1.0 + before.abs());
            prop_assert!(off(after.value, before.value) < 1e-9);
            prop_assert!(off(after.error, before.error) < 1e-9);
        }
    }
}
