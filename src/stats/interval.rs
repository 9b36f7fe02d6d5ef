//! 95% intervals of figures from replications.
//!
//! Replications are independent, so nothing is assumed about the requests within one. Fewer than
//! five give no interval. Bounds are rounded to six digits: the quantile of t comes from the
//! platform's mathematics, whose last bit is nobody's concern.

use serde::Serialize;

use super::{
    clustering::is_enough,
    estimator::Estimator,
    maximum::maximum,
    percentile::{is_sufficient, sectioning},
    ratio::{Pair, jackknife},
    share::{Counted, Share},
};
use crate::measure::series::{Section, Series};

/// How sure an interval is.
pub const CONFIDENCE: f64 = 0.95;

/// A figure of all replications together, and where the truth lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Of all requests, over all replications; `None`: no data.
    pub value: Option<f64>,
    /// Lower bound; `None`: nothing that is to be trusted.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// The bounds come from so few observations that they cover less often than they say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_rough: bool,
    /// Of a maximum, where `value`, its expectation over this horizon, lies; `low` and `high` are
    /// where the maximum of one more replication will.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_low: Option<f64>,
    /// Upper bound of the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_high: Option<f64>,
}

/// With fewer observations beyond it in each replication, a percentile has no bounds at all.
const BEYOND_LEAST: f64 = 10.0;

/// Fewer replications than this give no interval that anybody should rely on.
pub const REPLICATIONS_MIN: u32 = 5;

/// Where a figure lies: `value` from all replications together, the bounds from how they differ.
/// Ratios by the jackknife, everything else measured from the pooled value (`percentile`).
pub fn estimate(value: Option<f64>, series: &Series) -> Estimate {
    assert!(value.is_none_or(f64::is_finite), "not a number: {value:?}");
    let alone = Estimate { value, ..Estimate::default() };
    let Some(pooled) = value.filter(|_| series.count() >= REPLICATIONS_MIN) else { return alone };
    let sections = series.sections();
    let estimator = if series.is_ratio {
        let pairs = sections.iter().map(|it| Pair { part: it.part, whole: it.whole });
        jackknife(&pairs.collect::<Vec<_>>())
    } else {
        sectioning(pooled, &sections.iter().map(Section::value).collect::<Vec<_>>())
    };
    let Some(estimator) = estimator else { return alone };
    alone.bounded(&estimator)
}

/// Of a share of things, each of which counts or does not, and of which so many are alike: with its own interval
/// (`share`), which knows of bursts and of what was never seen; none where that is not to be trusted.
pub fn share(value: Option<f64>, series: &Series, alike: f64) -> Estimate {
    let alone = Estimate { value, ..Estimate::default() };
    if value.is_none() || !series.is_ratio || series.count() < REPLICATIONS_MIN {
        return alone;
    }
    let sums = series.sections().iter().map(|it| Pair { part: it.part, whole: it.whole });
    alone.of_share(&sums.collect::<Vec<_>>(), alike)
}

/// The longest, or the highest, of one replication: what is to be expected of the next one, and
/// between which bounds it will lie (`maximum`). The longest of several grows with their number and
/// says nothing of any.
pub fn longest(series: &Series) -> Estimate {
    let (sum, count) = series
        .sections()
        .iter()
        .fold((0.0, 0.0), |(sum, count), it| (sum + it.part, count + it.whole));
    let alone = Estimate { value: (count > 0.0).then_some(sum / count), ..Estimate::default() };
    if series.count() < REPLICATIONS_MIN {
        return alone;
    }
    // A few singles bound the next one as well as all would; their mean all make narrower.
    let bounds = maximum(&series.singles, CONFIDENCE).map(|it| it.prediction);
    let values: Vec<f64> = series.sections().iter().map(Section::value).collect();
    let (Some(value), Some((low, high))) = (alone.value, bounds) else { return alone };
    // Maxima lean to the right.
    let Some(expected) = Estimator::of(&values) else { return alone };
    let (expected_low, expected_high) = Estimator { value, ..expected }.sure_interval(CONFIDENCE);
    Estimate {
        low: Some(six_digits(low)),
        high: Some(six_digits(high)),
        expected_low: Some(six_digits(expected_low.max(0.0))),
        expected_high: Some(six_digits(expected_high)),
        ..alone
    }
}

impl Estimate {
    /// The same value with bounds of its own.
    #[must_use]
    pub fn bounded(self, estimator: &Estimator) -> Estimate {
        let (low, high) = estimator.sure_interval(CONFIDENCE);
        let (low, high) = (Some(six_digits(low.max(0.0))), Some(six_digits(high)));
        Estimate { low, high, ..self }
    }

    /// The same value with bounds of a share, by what each replication or batch counted; so many of them are alike.
    #[must_use]
    pub fn of_share(self, sums: &[Pair], alike: f64) -> Estimate {
        let count =
            |it: &Pair| Counted { part: it.part.round() as u64, whole: it.whole.round() as u64 };
        let counts: Vec<Counted> = sums.iter().map(count).collect();
        match Share::of(&counts).map(|it| it.of_alike(alike)).filter(Share::is_trustworthy) {
            None => Estimate { low: None, high: None, ..self },
            Some(share) => {
                let (low, high) = share.interval(CONFIDENCE);
                Estimate { low: Some(six_digits(low)), high: Some(six_digits(high)), ..self }
            }
        }
    }

    /// Of a percentile, by how many observations each replication has of what it is about, of which so many are
    /// alike: from too few it has bounds that are rough, from next to none it has none.
    #[must_use]
    pub fn of_percentile(self, quantile: f64, observations: f64, alike: f64) -> Estimate {
        if observations * quantile.min(1.0 - quantile) < BEYOND_LEAST {
            return Estimate { value: self.value, ..Estimate::default() };
        }
        let is_sufficient = is_sufficient(observations, alike, quantile, usize::MAX);
        Estimate { is_rough: self.low.is_some() && !is_sufficient, ..self }
    }

    /// Of a mean over so many values in all, of which so many are alike: from few its bounds are rough.
    #[must_use]
    pub fn of_mean(self, values: f64, alike: f64) -> Estimate {
        Estimate { is_rough: self.low.is_some() && !is_enough(values, alike), ..self }
    }

    /// Of a quantity that cannot exceed `most`.
    #[must_use]
    pub fn below(self, most: f64) -> Estimate {
        Estimate { high: self.high.map(|high| high.min(most)), ..self }
    }
}

/// To six significant digits, and close to 1 to as many of what is missing.
pub fn six_digits(value: f64) -> f64 {
    if (0.9..1.0).contains(&value) {
        return 1.0 - six_digits(1.0 - value);
    }
    format!("{value:.5e}").parse().expect("a number was printed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::series::Sample;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        for &value in values {
            series.push(Some(Sample::Number(value)));
        }
        series
    }

    #[test]
    fn students_t_as_in_the_tables() {
        // Mean 3, standard deviation 1.5811, five values, t(4) = 2.7764.
        let estimate = estimate(Some(3.0), &series(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!((estimate.low, estimate.high), (Some(1.036_76), Some(4.963_24)));
    }

    #[test]
    fn few_replications_have_no_interval() {
        let estimate = estimate(Some(3.0), &series(&[3.0, 2.0, 4.0, 3.0]));
        assert_eq!(estimate, Estimate { value: Some(3.0), ..Estimate::default() });
    }

    fn counts(parts: &[u64], whole: u64) -> Series {
        let mut series = Series::default();
        for &part in parts {
            series.push(Some(Sample::Ratio { part: part as f64, whole: whole as f64 }));
        }
        series
    }

    #[test]
    fn no_failure_seen_is_not_no_failure_ever() {
        // Clopper and Pearson: 1 - 0.025^(1/3000).
        let estimate = share(Some(1.0), &counts(&[600; 5], 600), 1.0);
        assert_eq!((estimate.low, estimate.high), (Some(0.998_771_13), Some(1.0)));
        assert_eq!(share(Some(0.0), &counts(&[0; 5], 600), 1.0).high, Some(0.001_228_87));
        // Of ten that are alike there is room for two in ten, and of a hundred for too few.
        assert_eq!(share(Some(0.0), &counts(&[0; 5], 600), 10.0).high, Some(0.006_129_27));
        assert_eq!(share(Some(0.0), &counts(&[0; 5], 600), 300.0), bare(0.0));
    }

    #[test]
    fn what_is_not_to_be_trusted_is_not_shown() {
        // Few replications, few requests, few bursts.
        assert_eq!(share(Some(1.0), &counts(&[600; 4], 600), 1.0), bare(1.0));
        assert_eq!(share(Some(1.0), &counts(&[4; 5], 4), 1.0), bare(1.0));
        assert_eq!(share(Some(0.02), &counts(&[0, 60, 0, 0, 0], 600), 1.0), bare(0.02));
    }

    fn maxima(values: &[f64]) -> Series {
        let mut series = Series::default();
        for &value in values {
            series.push(Some(Sample::Maximum(value)));
        }
        series
    }

    fn bare(value: f64) -> Estimate {
        Estimate { value: Some(value), ..Estimate::default() }
    }

    /// Of few, the mean of what each had, never what the first one happened to have.
    #[test]
    fn the_longest_of_a_few() {
        assert_eq!(longest(&maxima(&[1.0, 2.0, 6.0])), bare(3.0));
        assert_eq!(longest(&Series::default()), Estimate::default());
    }

    /// 3 ± 2.7764 · 1.5811/√5 for the mean of many, and √6 times as much for one.
    #[test]
    fn the_next_one_is_less_certain_than_the_mean() {
        let it = longest(&maxima(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!((it.expected_low, it.expected_high), (Some(1.036_76), Some(4.963_24)));
        assert_eq!((it.low, it.high), (Some(0.0), Some(7.808_94)));
    }

    /// With 300 the bounds of the next one come from the first 128, two of which are beyond each.
    #[test]
    fn of_more_than_are_kept_the_next_one_has_bounds_too() {
        let values: Vec<f64> = (0..300).map(|it| f64::from(it * 37 % 300)).collect();
        let it = longest(&maxima(&values));
        let mut first = values[..128].to_vec();
        first.sort_by(f64::total_cmp);
        assert_eq!((it.value, it.low, it.high), (Some(149.5), Some(first[2]), Some(first[125])));
        assert!(it.expected_high.unwrap() - it.expected_low.unwrap() < 25.0, "{it:?}");
    }

    #[test]
    fn a_percentile_of_few_is_rough() {
        let it =
            Estimate { value: Some(1.0), low: Some(0.9), high: Some(1.1), ..Estimate::default() };
        assert!(!it.of_percentile(0.99, 1e5, 1.0).is_rough);
        assert!(it.of_percentile(0.99, 5_000.0, 1.0).is_rough);
        assert!(it.of_percentile(0.99, 1e5, 1e3).is_rough);
        assert_eq!(it.of_percentile(0.99, 500.0, 1.0).low, None);
    }

    #[test]
    fn a_mean_of_few_that_are_not_alike_is_rough() {
        let it =
            Estimate { value: Some(1.0), low: Some(0.9), high: Some(1.1), ..Estimate::default() };
        assert!(!it.of_mean(10_000.0, 100.0).is_rough);
        assert!(it.of_mean(9_999.0, 100.0).is_rough);
        assert!(!Estimate::default().of_mean(1.0, 1.0).is_rough);
    }

    #[test]
    fn bounds_stay_where_they_make_sense() {
        let estimate = estimate(Some(0.6), &series(&[1.0, 0.0, 1.0, 1.0, 0.0])).below(1.0);
        assert_eq!((estimate.low, estimate.high), (Some(0.0), Some(1.0)));
    }
}
