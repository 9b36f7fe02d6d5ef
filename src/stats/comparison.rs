//! A paired difference against a margin.
//!
//! Whether there is a difference is Student's paired t, and that with Hall's correction for skewness, whichever is
//! less sure; whether it is too small to matter is two
//! one-sided tests (Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). Both
//! may hold at once, and then it is too small to matter. Differences that are all exactly zero
//! are no matter of chance: no test is made of them.
//!
//! Values that are read from the buckets of a histogram are known to the width of a bucket only, and
//! no number of replications makes them better known. By how much their difference may be off, its
//! *blur*, stands beside every test: a difference is told, or told to be within the margin, if it is
//! so wherever in their buckets the values lie.

use serde::Serialize;

use super::estimator::Estimator;

/// What a larger value means to whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Larger {
    /// As of a throughput.
    IsBetter,
    /// As of a latency.
    IsWorse,
}

/// What the other is, compared with the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Significantly, and not shown to be within the margin.
    Better,
    /// Significantly, and not shown to be within the margin.
    Worse,
    /// Within the margin.
    Equivalent,
    /// In every replication, exactly.
    Identical,
    /// Neither a difference nor the lack of one could be shown.
    Undecided,
}

/// A difference `other - one`, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// With its error.
    pub difference: Estimator,
    /// By how much it may be off besides, whatever the number of replications.
    pub blur: f64,
    /// The two-sided p-value of "there is none"; 1 where it is exactly zero.
    pub p_zero: f64,
    /// The p-value of "it is as large as the margin": the larger one of two one-sided tests.
    pub p_equivalent: f64,
}

/// Holds a difference against a margin, which may be 0.
pub fn compare(difference: &Estimator, margin: f64) -> Compared {
    compare_blurred(difference, margin, 0.0)
}

/// The same of a difference that may be off by `blur`.
pub fn compare_blurred(difference: &Estimator, margin: f64, blur: f64) -> Compared {
    assert!(margin >= 0.0, "a margin of {margin}");
    assert!(blur >= 0.0, "a blur of {blur}");
    let smaller = difference.surely_below(-blur).min(difference.surely_above(blur));
    let within = margin - blur;
    let p_equivalent = if within < 0.0 {
        1.0
    } else {
        difference.surely_below(within).max(difference.surely_above(-within))
    };
    Compared { difference: *difference, blur, p_zero: (2.0 * smaller).min(1.0), p_equivalent }
}

impl Compared {
    /// Whether no replication showed any difference.
    pub fn is_identical(&self) -> bool {
        self.difference.value == 0.0 && self.difference.error == 0.0 && self.blur == 0.0
    }

    /// Where the true difference lies, blur and all.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        let (low, high) = self.difference.sure_interval(confidence);
        (low - self.blur, high + self.blur)
    }

    /// What both p-values say at a level. For a family of comparisons, put in the adjusted ones.
    pub fn direction(&self, level: f64, larger: Larger) -> Direction {
        if self.is_identical() {
            Direction::Identical
        } else if self.p_equivalent <= level {
            Direction::Equivalent
        } else if self.p_zero > level {
            Direction::Undecided
        } else if (self.difference.value > 0.0) == (larger == Larger::IsBetter) {
            Direction::Better
        } else {
            Direction::Worse
        }
    }
}

/// By how much pairing narrows: the variance of a difference of independent sides over that of
/// the paired one. `None` of fewer than two pairs, or where the paired one does not vary.
pub fn variance_reduction(one: &[f64], other: &[f64]) -> Option<f64> {
    assert!(one.len() == other.len(), "{} against {}", one.len(), other.len());
    let differences: Vec<f64> = one.iter().zip(other).map(|(one, other)| other - one).collect();
    // All three have the same count, so squared errors stand for variances.
    let square = |values: &[f64]| Estimator::of(values).map(|of| of.error * of.error);
    let paired = square(&differences)?;
    (paired > 0.0).then_some((square(one)? + square(other)?) / paired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(value: f64, error: f64) -> Estimator {
        Estimator { value, error, freedom: 9.0, skewness: 0.0 }
    }

    /// With nine degrees of freedom 1.833 errors are 5% on one side, 2.262 on two.
    #[test]
    fn two_one_sided_tests() {
        let compared = compare(&of(1.0, 1.0), 2.833_112_9);
        assert!((compared.p_equivalent - 0.05).abs() < 1e-7, "{}", compared.p_equivalent);
        let compared = compare(&of(2.262_157_163, 1.0), 0.0);
        assert!((compared.p_zero - 0.05).abs() < 1e-8);
        assert!(compared.p_equivalent > 0.5);
    }

    #[test]
    fn directions() {
        for (value, error, margin, expected) in [
            (0.0, 0.0, 1.0, Direction::Identical),
            (0.1, 0.0, 1.0, Direction::Equivalent),
            (0.1, 0.2, 1.0, Direction::Equivalent),
            (5.0, 1.0, 1.0, Direction::Worse),
            (-5.0, 1.0, 1.0, Direction::Better),
            (0.5, 1.0, 1.0, Direction::Undecided),
            // Sure to be there, and sure not to matter.
            (0.5, 0.01, 1.0, Direction::Equivalent),
        ] {
            let compared = compare(&of(value, error), margin);
            assert_eq!(compared.direction(0.05, Larger::IsWorse), expected, "{value} {error}");
        }
        let compared = compare(&of(5.0, 1.0), 1.0);
        assert_eq!(compared.direction(0.05, Larger::IsBetter), Direction::Better);
        assert_eq!(compare(&of(0.0, 0.0), 1.0).p_zero, 1.0);
    }

    /// What lies in one bucket is not the same, and what lies in two may hardly differ.
    #[test]
    fn buckets_are_no_evidence() {
        for (value, margin, blur, expected) in [
            (0.0, 0.0, 0.5, Direction::Undecided),
            (0.0, 1.0, 0.5, Direction::Equivalent),
            (0.4, 0.0, 0.5, Direction::Undecided),
            (0.6, 0.0, 0.5, Direction::Worse),
            (0.6, 1.0, 0.5, Direction::Worse),
            (0.4, 1.0, 0.5, Direction::Equivalent),
        ] {
            let compared = compare_blurred(&of(value, 0.0), margin, blur);
            assert_eq!(compared.direction(0.05, Larger::IsWorse), expected, "{value} {margin}");
        }
        assert_eq!(compare_blurred(&of(1.0, 0.0), 0.0, 0.5).interval(0.9), (0.5, 1.5));
    }

    #[test]
    fn pairing_narrows() {
        let (one, other) = ([1.0, 2.0, 3.0, 4.0], [1.1, 2.0, 3.1, 4.0]);
        let reduction = variance_reduction(&one, &other).unwrap();
        assert!(reduction > 900.0, "{reduction}");
        assert_eq!(variance_reduction(&one, &one), None);
        assert_eq!(variance_reduction(&[1.0], &[2.0]), None);
    }

    proptest! {
        #[test]
        fn sides_are_symmetric(
            value in -5.0..5.0_f64, error in 0.01..5.0_f64, margin in 0.0..5.0_f64,
        ) {
            let one = compare(&of(value, error), margin);
            let other = compare(&of(-value, error), margin);
            prop_assert!((one.p_zero - other.p_zero).abs() < 1e-12);
            prop_assert!((one.p_equivalent - other.p_equivalent).abs() < 1e-12);
        }
    }
}
