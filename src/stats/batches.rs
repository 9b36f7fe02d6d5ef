//! Batch means: an interval from one long steady run.
//!
//! The run is cut into twenty to thirty batches so long that what they average no longer depends
//! on the batch before (Schmeiser, Operations Research 30, 1982, on why not more); then they are
//! treated as replications. Whether they are long enough is asked of von Neumann's ratio of
//! their means (Annals of Mathematical Statistics 12, 1941). A terminating scenario has no
//! batches: its parts are not alike.

use super::{
    estimator::Estimator,
    ratio::{Pair, jackknife},
    student,
};

/// Batches are too short where independent ones would look as correlated this rarely. Not 5%: an
/// interval that is too narrow does more harm than a run that is longer than needed.
const SUSPICION: f64 = 0.1;

/// Means that differ by less than this share of themselves are the same.
const ROUNDING: f64 = 1e-9;

/// Why a run gives no interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TooShort {
    /// Fewer parts than batches, or a batch in which nothing was counted.
    Parts,
    /// Each batch resembles the one before.
    Correlated {
        /// Of neighbours.
        lag_1: f64,
    },
}

impl TooShort {
    /// In words, and what would help.
    pub fn reason(self) -> String {
        match self {
            TooShort::Parts => {
                "one run, too short to be cut into batches: no [low, high]".to_owned()
            }
            TooShort::Correlated { lag_1 } => format!(
                "one run, whose batches resemble their neighbours (correlation {lag_1:.2}; one run in \
                 ten does so by chance): no [low, high]"
            ),
        }
    }
}

/// The ratio of sums over a run of equal `parts`, in their order, from so many batches.
pub fn batch_means(parts: &[Pair], batches: usize) -> Result<Estimator, TooShort> {
    jackknife(&batch_sums(parts, batches)?).ok_or(TooShort::Parts)
}

/// The sums over so many batches of a run of equal `parts`, in their order, if batches are as good as
/// replications.
///
/// What does not fill the batches is left out at the beginning, where the run is least steady.
pub fn batch_sums(parts: &[Pair], batches: usize) -> Result<Vec<Pair>, TooShort> {
    assert!(batches >= 10, "{batches} batches");
    let length = parts.len() / batches;
    if length == 0 {
        return Err(TooShort::Parts);
    }
    let sums: Vec<Pair> = parts[parts.len() % batches..].chunks(length).map(sum).collect();
    if sums.iter().any(|batch| batch.whole <= 0.0) {
        return Err(TooShort::Parts);
    }
    apart(&sums.iter().map(|batch| batch.part / batch.whole).collect::<Vec<_>>())?;
    Ok(sums)
}

/// Whether batches, by what each of them has on average, do not resemble their neighbours.
pub fn apart(means: &[f64]) -> Result<(), TooShort> {
    let (lag_1, p) = von_neumann(means);
    if p < SUSPICION { Err(TooShort::Correlated { lag_1 }) } else { Ok(()) }
}

fn sum(parts: &[Pair]) -> Pair {
    parts.iter().fold(Pair::default(), |sum, pair| Pair {
        part: sum.part + pair.part,
        whole: sum.whole + pair.whole,
    })
}

/// One minus half of von Neumann's ratio, about the correlation of neighbours, and the chance of
/// as much among independent values: normal with variance (n - 2) / (n² - 1).
fn von_neumann(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    // What is the same but for rounding resembles nothing.
    if squares <= n * (ROUNDING * mean) * (ROUNDING * mean) {
        return (0.0, 0.5);
    }
    let steps: f64 = values.windows(2).map(|two| (two[1] - two[0]) * (two[1] - two[0])).sum();
    let lag_1 = 1.0 - steps / (2.0 * squares);
    (lag_1, student::normal_tail(lag_1 / ((n - 2.0) / (n * n - 1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::trial::Luck;

    fn parts(values: &[f64]) -> Vec<Pair> {
        values.iter().map(|&part| Pair { part, whole: 1.0 }).collect()
    }

    /// Of 1, 2, 3, 4: squares 5, steps 3, so 1 - 3/10; of 1, 4, 2, 3: 1 - 14/10.
    #[test]
    fn von_neumanns_ratio_by_hand() {
        assert!((von_neumann(&[1.0, 2.0, 3.0, 4.0]).0 - 0.7).abs() < 1e-12);
        assert!((von_neumann(&[1.0, 4.0, 2.0, 3.0]).0 + 0.4).abs() < 1e-12);
        assert_eq!(von_neumann(&[2.0; 20]), (0.0, 0.5));
    }

    #[test]
    fn the_beginning_is_left_out() {
        let mut values = vec![1e9, 1e9];
        for _ in 0..10 {
            values.extend([3.0, 4.0, 5.0]);
        }
        let estimator = batch_means(&parts(&values), 10).unwrap();
        assert_eq!((estimator.value, estimator.error), (4.0, 0.0));
        assert_eq!(batch_means(&parts(&values[..9]), 10), Err(TooShort::Parts));
        assert_eq!(batch_means(&[Pair::default(); 20], 10), Err(TooShort::Parts));
    }

    /// M/M/1 at load 0.7: batches of 20 customers remember, batches of 10,000 have forgotten,
    /// and then the interval holds the mean wait 0.7 / 0.3.
    #[test]
    fn short_batches_are_refused_and_long_ones_cover() {
        let (mut refused, mut made, mut held) = (0, 0, 0);
        for seed in 0..100 {
            let mut luck = Luck::new(seed);
            if batch_means(&parts(&luck.waits(0.7, 600)), 30).is_err() {
                refused += 1;
            }
            let waits = parts(&luck.waits(0.7, 100_000));
            if let Ok(estimator) = batch_means(&waits, 20) {
                let (low, high) = estimator.interval(0.95);
                made += 1;
                held += u32::from(low <= 0.7 / 0.3 && 0.7 / 0.3 <= high);
            }
        }
        assert!(refused >= 50, "{refused} refused");
        assert!(made >= 75 && held * 100 >= made * 88, "{held} of {made}");
    }
}
