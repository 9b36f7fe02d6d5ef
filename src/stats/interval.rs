//! 95% intervals from replications: Student's t over one number from each.
//!
//! Replications are independent, so nothing is assumed about the requests within one. Fewer than
//! two give no interval. Bounds are rounded to six digits: the quantile of t comes from the
//! platform's mathematics, whose last bit is nobody's concern.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::measure::series::Series;

/// How sure an interval is.
pub const CONFIDENCE: f64 = 0.95;

/// A figure of all replications together, and where the truth lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Of all requests, over all replications; `None`: no data.
    pub value: Option<f64>,
    /// Lower bound; `None`: fewer than two replications had data.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
}

/// Makes intervals; knows the quantiles of t that an experiment needs.
#[derive(Clone, Debug)]
pub struct Intervals {
    /// By number of values.
    quantiles: Vec<f64>,
}

impl Intervals {
    /// For at most so many replications.
    pub fn new(replications: u32) -> Intervals {
        let quantile = |values: u32| {
            let freedom = f64::from(values.max(2) - 1);
            let law = StudentsT::new(0.0, 1.0, freedom).expect("one degree of freedom at least");
            law.inverse_cdf(0.5 + CONFIDENCE / 2.0)
        };
        Intervals { quantiles: (0..=replications).map(quantile).collect() }
    }

    /// Half the width of the interval for the mean of `series`.
    pub fn half_width(&self, series: &Series) -> Option<f64> {
        let error = (series.variance()? / f64::from(series.count)).sqrt();
        Some(self.quantiles[series.count as usize] * error)
    }

    /// Of a quantity that is never negative: `value` from all, the bounds from the replications.
    pub fn estimate(&self, value: Option<f64>, series: &Series) -> Estimate {
        assert!(value.is_none_or(f64::is_finite), "not a number: {value:?}");
        let half = self.half_width(series);
        let low = half.map(|half| rounded((series.mean - half).max(0.0)));
        let high = half.map(|half| rounded(series.mean + half));
        Estimate { value, low, high }
    }

    /// Of a share of `whole` things, each of which counts or does not. Where all or none did, the
    /// replications agree and Student knows nothing; then it is the rule of three: not seen in n
    /// means rarer than 3/n, with 95% confidence (Hanley and Lippman-Hand 1983).
    pub fn share(&self, part: u64, whole: u64, series: &Series) -> Estimate {
        if whole == 0 {
            return Estimate::default();
        }
        let rare = (3.0 / whole as f64).min(1.0);
        if part == whole {
            return Estimate { value: Some(1.0), low: Some(rounded(1.0 - rare)), high: Some(1.0) };
        }
        if part == 0 {
            return Estimate { value: Some(0.0), low: Some(0.0), high: Some(rounded(rare)) };
        }
        self.estimate(Some(part as f64 / whole as f64), series).below(1.0)
    }
}

impl Estimate {
    /// Of a quantity that cannot exceed `most`.
    #[must_use]
    pub fn below(self, most: f64) -> Estimate {
        Estimate { high: self.high.map(|high| high.min(most)), ..self }
    }
}

/// To six significant digits, and close to 1 to as many of what is missing.
fn rounded(value: f64) -> f64 {
    if (0.9..1.0).contains(&value) {
        return 1.0 - rounded(1.0 - value);
    }
    format!("{value:.5e}").parse().expect("a number was printed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        for &value in values {
            series.push(Some(value));
        }
        series
    }

    #[test]
    fn students_t_as_in_the_tables() {
        let intervals = Intervals::new(30);
        for (values, expected) in [(2, 12.706_204_7), (10, 2.262_157_2), (30, 2.045_229_6)] {
            assert!((intervals.quantiles[values] - expected).abs() < 1e-6);
        }
        // Mean 3, standard deviation 1.5811, five values, t(4) = 2.7764.
        let estimate = intervals.estimate(Some(3.0), &series(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!((estimate.low, estimate.high), (Some(1.036_76), Some(4.963_24)));
    }

    #[test]
    fn one_replication_has_no_interval() {
        let estimate = Intervals::new(1).estimate(Some(3.0), &series(&[3.0]));
        assert_eq!(estimate, Estimate { value: Some(3.0), low: None, high: None });
    }

    #[test]
    fn no_failure_seen_is_not_no_failure_ever() {
        let estimate = Intervals::new(3).share(3_000, 3_000, &series(&[1.0, 1.0, 1.0]));
        assert_eq!(estimate, Estimate { value: Some(1.0), low: Some(0.999), high: Some(1.0) });
        let estimate = Intervals::new(3).share(0, 3_000, &series(&[0.0; 3]));
        assert_eq!(estimate.high, Some(0.001));
    }

    #[test]
    fn bounds_stay_where_they_make_sense() {
        let estimate = Intervals::new(3).share(2, 3, &series(&[1.0, 0.0, 1.0]));
        assert_eq!((estimate.low, estimate.high), (Some(0.0), Some(1.0)));
    }
}
