//! What a mean may owe to times that are longer than all that were seen.
//!
//! Where times have a tail like a power's, x^-α with α below 2, they have no variance: most of the mean's error is in
//! times that a sample does not have, and neither Student nor a correction for skewness knows of them (of samples of
//! Pareto times with α = 1.2 nearly half agree with themselves on a mean that is too low). Beyond the longest time of
//! N that were seen 1 / N of all are to be expected, of α / (α - 1) times its length on average. How many
//! expected ones of that size a mean has to owe to be as bad as its limit is a mean of Poisson's law, and none of them was seen.
//!
//! The index is told by how replications' sums of squares differ: where α is below 2 these are positive stable with index
//! α / 2, whose logarithm has the variance π²/6 (4/α² - 1) (Zolotarev 1986, section 3.6). Where they hardly
//! differ that comes to 2, and the longest time is short: then nothing is owed.

use crate::{
    engine::maths::{exp, ln},
    measure::record::Seen,
};
use std::f64::consts::PI;

/// The index is taken as low as it may be, a variance of the logarithms of so many standard errors more: where the longest
/// times are not there it looks higher than it is.
const ERRORS: f64 = 3.0;

/// What is expected beyond the longest time that was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// What a mean owes to each time that is expected there, seconds; infinite where it may have none.
    each_s: f64,
}

impl Tail {
    /// By what each replication saw. `None` where squares were not kept, and of fewer than two.
    pub(super) fn of(counts: &[&Seen]) -> Option<Tail> {
        let seen: Vec<&&Seen> = counts.iter().filter(|it| it.count > 0).collect();
        if seen.len() < 2 || seen.iter().any(|it| it.squares_s2 <= 0.0 && it.sum_s > 0.0) {
            return None;
        }
        let count: f64 = seen.iter().map(|it| it.count as f64).sum();
        // Of as many each.
        let mut squares: Vec<f64> = seen.iter().map(|it| it.squares_s2 / it.count as f64).collect();
        squares.sort_by(f64::total_cmp);
        let (middle, most) = (squares[squares.len() / 2], squares[squares.len() - 1]);
        if most <= 0.0 {
            return Some(Tail { each_s: 0.0 });
        }
        let longest_s = ((most - middle) * count / seen.len() as f64).sqrt();
        let index = index(&squares);
        let each_s =
            if index > 1.0 { longest_s / count * index / (index - 1.0) } else { f64::INFINITY };
        Some(Tail { each_s })
    }

    /// Whether the times surely have a mean.
    pub(super) fn is_bounded(self) -> bool {
        self.each_s.is_finite()
    }

    /// The p-value of "the mean, `value` in the sample, is `limit` or more".
    pub(super) fn p_as_bad(self, value: f64, limit: f64) -> f64 {
        if limit <= value {
            return 1.0;
        }
        if self.each_s == 0.0 { 0.0 } else { exp((value - limit) / self.each_s) }
    }

    /// The most that a mean may be at this level, if there is one.
    pub(super) fn most(self, value: f64, level: f64) -> f64 {
        value - self.each_s * ln(level)
    }
}

/// The least that the tail's index may be, if it is below 2.
fn index(squares: &[f64]) -> f64 {
    let count = squares.len() as f64;
    let logs = || squares.iter().map(|it| ln(it.max(f64::MIN_POSITIVE)));
    let mean = logs().sum::<f64>() / count;
    let variance = logs().map(|it| (it - mean) * (it - mean)).sum::<f64>() / (count - 1.0);
    let most = variance * (1.0 + ERRORS * (4.0 / count).sqrt());
    2.0 / (1.0 + 6.0 / (PI * PI) * most).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replications of so many times at even steps of their law, shifted a little from one to the next.
    fn seen(replications: u32, count: u32, quantile: impl Fn(f64) -> f64) -> Vec<Seen> {
        let one = |number: u32| {
            let shift = (f64::from(number) + 0.5) / f64::from(replications);
            let times = (0..count).map(|it| quantile((f64::from(it) + shift) / f64::from(count)));
            let (sum_s, squares_s2) =
                times.fold((0.0, 0.0), |(sum, squares), it| (sum + it, squares + it * it));
            Seen { count: u64::from(count), sum_s, squares_s2, ..Seen::default() }
        };
        (0..replications).map(one).collect()
    }

    fn tail(seen: &[Seen]) -> Tail {
        Tail::of(&seen.iter().collect::<Vec<_>>()).expect("squares were kept")
    }

    #[test]
    fn thin_tails_owe_next_to_nothing() {
        let exponential = tail(&seen(20, 8000, |u| -ln(1.0 - u)));
        assert!(exponential.each_s < 1e-3, "{exponential:?}");
        assert!(exponential.p_as_bad(1.0, 1.01) < 1e-4);
        // Always the same, and nothing at all.
        assert_eq!(tail(&seen(20, 10, |_| 0.25)).p_as_bad(0.25, 0.3), 0.0);
        assert_eq!(tail(&seen(20, 10, |_| 0.0)).most(0.0, 0.05), 0.0);
    }

    #[test]
    fn heavy_tails_owe_what_is_longer_than_all() {
        let (count, replications) = (4000, 100);
        let pareto = tail(&seen(replications, count, |u| exp(ln(1.0 - u) / -1.5)));
        // 400,000 times: the longest is 1.6 × 400,000^(2/3), one more is of three times its length or more.
        let longest = exp(ln(2.0 * f64::from(count * replications)) / 1.5);
        let owed = pareto.each_s * f64::from(count * replications) / longest;
        assert!((2.5..6.0).contains(&owed), "{owed}");
        assert!((pareto.p_as_bad(3.0, pareto.most(3.0, 0.05)) - 0.05).abs() < 1e-9);
        assert_eq!(pareto.p_as_bad(3.0, 2.9), 1.0);
        // So few replications cannot tell that there is a mean at all.
        assert!(!tail(&seen(6, 1000, |u| exp(ln(1.0 - u) / -1.1))).is_bounded());
        assert!(tail(&seen(6, 1000, |u| -ln(1.0 - u))).is_bounded());
    }
}
