//! How much alike the requests of a replication are.
//!
//! The variance of a mean over replications, as a multiple of what it were if every request had gone
//! its own way (the design effect; Kish, *Survey Sampling*, 1965, 8.2): of so many requests one
//! counts. Those of a queue wait behind each other: of the waits of M/M/1 the effect is 10 at load 0.5, and 360 at
//! load 0.9.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::ratio::{Pair, jackknife};

/// Of values as skewed as waiting times, Student's interval of their mean holds as often as it says from so many
/// independent ones on: at M/M/1, ten replications, in 90 to 92% of cases of 10 to 60, and in 94 to 96% of more.
const INDEPENDENT_MIN: f64 = 100.0;

/// The design effect of the mean value, 1 at least; 1 where nothing is known of it. `replications`: the sum of the
/// values of each, and how many they were; `squares`: the sum of the squares of all.
pub fn design_effect(replications: &[Pair], squares: f64) -> f64 {
    let Some(mean) = jackknife(replications) else { return 1.0 };
    let count: f64 = replications.iter().map(|it| it.whole).sum();
    let average = replications.iter().map(|it| it.part).sum::<f64>() / count;
    let variance = squares / count - average * average;
    if variance > 0.0 { (mean.error * mean.error * count / variance).max(1.0) } else { 1.0 }
}

/// What the effect may be, as so many replications know it: 95% of the estimates of one that is as large are above what
/// was found (the variance of normal values: chi-squared). Whoever was lucky to see little of it would be sure of what is
/// too low.
pub fn at_most(effect: f64, replications: usize) -> f64 {
    let freedom = replications.saturating_sub(1) as f64;
    if effect <= 1.0 || freedom < 1.0 {
        return effect;
    }
    let law = ChiSquared::new(freedom).expect("some degrees of freedom");
    effect * freedom / law.inverse_cdf(0.05)
}

/// Whether so many values, of which one counts for so many that are alike, are enough for the interval of a mean.
pub fn is_enough(values: f64, alike: f64) -> bool {
    values >= INDEPENDENT_MIN * alike
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::trial::Luck;

    fn effect(replications: &[&[f64]]) -> f64 {
        let pair = |it: &&[f64]| Pair { part: it.iter().sum(), whole: it.len() as f64 };
        let squares = replications.iter().copied().flatten().map(|it| it * it).sum();
        design_effect(&replications.iter().map(pair).collect::<Vec<_>>(), squares)
    }

    /// Two values of each of four replications, each value twice: variance 1.25, that of the mean over
    /// replications 5/3/4, of eight independent ones it were 1.25/8.
    #[test]
    fn by_hand() {
        let twins = effect(&[&[1.0, 1.0], &[2.0, 2.0], &[3.0, 3.0], &[4.0, 4.0]]);
        assert!((twins - 5.0 / 12.0 / (1.25 / 8.0)).abs() < 1e-12);
        assert_eq!(effect(&[&[1.0, 2.0], &[1.0, 2.0]]), 1.0);
        assert_eq!(effect(&[&[3.0, 3.0], &[3.0, 3.0]]), 1.0);
        assert_eq!(effect(&[&[1.0, 2.0]]), 1.0);
        // A baseline that does not say.
        assert_eq!(design_effect(&[Pair { part: 7.0, whole: 2.0 }; 3], 0.0), 1.0);
    }

    /// The 5% quantile of chi-squared with 9 degrees of freedom is 3.325, with 99 it is 77.05.
    #[test]
    fn few_replications_know_it_little() {
        assert!((at_most(10.0, 10) - 90.0 / 3.325_113).abs() < 1e-4);
        assert!((at_most(10.0, 100) - 990.0 / 77.046_33).abs() < 1e-3);
        assert_eq!((at_most(1.0, 10), at_most(7.0, 1)), (1.0, 7.0));
    }

    /// Of the waits of M/M/1 at load r it is (2 + 5 r - 4 r² + r³) / ((1 - r)² (2 - r)) (Daley, Journal of the
    /// Australian Mathematical Society 8, 1968): 9.7 at load 0.5.
    #[test]
    fn as_queues_have_it() {
        let mut luck = Luck::new(7);
        let waits: Vec<Vec<f64>> = (0..400).map(|_| luck.waits(0.5, 4_000)).collect();
        let effect = effect(&waits.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert!((8.0..11.5).contains(&effect), "{effect}");
    }
}
