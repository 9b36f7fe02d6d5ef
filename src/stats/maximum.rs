//! What the worst moment of a horizon is like: the expected maximum, and where the next one lies.
//!
//! A maximum over a longer horizon is larger, so the figure belongs to *this* horizon, and the
//! pooled maximum of all replications to none. The interval for the next one is bounded by order
//! statistics where enough replications were made (no law assumed; Hahn and Meeker, *Statistical
//! Intervals*, 5), else it is Student's, mean ± t s √(1 + 1/n), which takes maxima for normal:
//! they lean to the right, so its upper bound is a little low.

use super::{estimator::Estimator, student};

/// Of a quantity that is never negative, over one horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maximum {
    /// The expected maximum.
    pub mean: Estimator,
    /// Holds the maximum of one more replication, with the confidence asked for.
    pub prediction: (f64, f64),
}

/// From the maximum of each replication; `None` of fewer than two.
pub fn maximum(maxima: &[f64], confidence: f64) -> Option<Maximum> {
    assert!(0.0 < confidence && confidence < 1.0, "a confidence of {confidence}");
    let mean = Estimator::of(maxima)?;
    let count = maxima.len() as f64;
    // One more is as likely to fall into any of the n + 1 gaps.
    let outside = ((count + 1.0) * (1.0 - confidence) / 2.0 + 1e-9).floor() as usize;
    if outside >= 1 {
        let mut sorted = maxima.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let prediction = (sorted[outside - 1], sorted[sorted.len() - outside]);
        return Some(Maximum { mean, prediction });
    }
    // s √(1 + 1/n) = (s / √n) √(n + 1).
    let spread = mean.error * (count + 1.0).sqrt();
    let half = student::t_quantile(0.5 + confidence / 2.0, mean.freedom) * spread;
    let prediction = ((mean.value - half).max(0.0), mean.value + half);
    Some(Maximum { mean, prediction })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::trial::Luck;

    /// Mean 3, s² = 2.5, t(4) = 2.776445: 3 ± 2.776445 √(2.5 · 1.2).
    #[test]
    fn of_few_it_is_students() {
        let found = maximum(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert_eq!(found.prediction.0, 0.0);
        assert!((found.prediction.1 - 7.808_944).abs() < 1e-5, "{found:?}");
        assert_eq!(maximum(&[1.0], 0.95), None);
    }

    /// With 39 the least and the largest leave 1 of 40 on each side.
    #[test]
    fn of_many_it_is_order_statistics() {
        let values: Vec<f64> = (1..=39).rev().map(f64::from).collect();
        assert_eq!(maximum(&values, 0.95).unwrap().prediction, (1.0, 39.0));
        assert!(maximum(&values[..38], 0.95).unwrap().prediction.1 > 39.0);
        let values: Vec<f64> = (1..=79).map(f64::from).collect();
        assert_eq!(maximum(&values, 0.95).unwrap().prediction, (2.0, 78.0));
    }

    /// Maxima of 100 exponentials: the next lies within as often as it says.
    #[test]
    fn the_next_one_is_within() {
        let mut luck = Luck::new(5);
        for count in [10, 39, 60] {
            let mut next = || (0..100).map(|_| luck.exponential(1.0)).fold(0.0, f64::max);
            let held = (0..2_000).filter(|_| {
                let maxima: Vec<f64> = (0..count).map(|_| next()).collect();
                let (low, high) = maximum(&maxima, 0.95).unwrap().prediction;
                (low..=high).contains(&next())
            });
            let covered = held.count() as f64 / 2_000.0;
            assert!((0.925..0.975).contains(&covered), "{count}: {covered}");
        }
    }
}
