//! Batch means: an interval from one long steady run.
//!
//! The run is cut into twenty to thirty batches so long that what they average no longer depends
//! on the batch before (Schmeiser, Operations Research 30, 1982, on why not more); then they are
//! treated as replications. Whether they are long enough is asked of von Neumann's ratio of
//! their means (Annals of Mathematical Statistics 12, 1941). That sees little in twenty values, so that it is also
//! asked of the run's finer parts for how long they remember: the sum of their autocorrelations, up to five times
//! as far as it reaches (Sokal, Monte Carlo methods in statistical mechanics, 1996, 3.2). A terminating scenario has
//! no batches: its parts are not alike.

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

/// A batch has to be so many times as long as the run's memory. At M/M/1 and M^X/M/1 (batches of 100) with loads of
/// 0.5 to 0.95, intervals of the mean wait hold in 88 to 90% of runs that are just so long, in 92% of those twice as
/// long, in 94% of those four times as long, and in half of those half as long, of which nine in ten are refused.
const MEMORIES: f64 = 5.0;
/// Parts of a batch, at least, to tell by.
const PARTS_MIN: usize = 4;
/// How far autocorrelations are summed up, of their sum: five times half of it.
const WINDOW: f64 = 2.5;

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
    /// Batches are hardly longer than what the run remembers.
    Remembers {
        /// How many times as long.
        batch: f64,
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
            TooShort::Remembers { batch } => format!(
                "one run, each of whose batches is only {batch:.1} times as long as the site remembers what \
                 happened (it takes {MEMORIES}): no [low, high]"
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

/// Whether so many batches of a run of equal `parts`, in their order, are long enough to forget; few parts cannot
/// tell.
pub fn forgets(parts: &[Pair], batches: usize) -> Result<(), TooShort> {
    let length = parts.len() / batches;
    if length < PARTS_MIN {
        return Err(TooShort::Parts);
    }
    let batch = length as f64 / memory(parts).max(1e-9);
    if batch < MEMORIES { Err(TooShort::Remembers { batch }) } else { Ok(()) }
}

/// How long a run remembers, in parts: by one plus twice the sum of autocorrelations of what they have beyond the ratio
/// of all. That is never less than one, for each part is all of itself, however long it is against the memory. Were
/// correlations to die out exponentially, the memory would be about the sum less its inverse.
fn memory(parts: &[Pair]) -> f64 {
    let all = sum(parts);
    let ratio = if all.whole > 0.0 { all.part / all.whole } else { 0.0 };
    let more: Vec<f64> = parts.iter().map(|it| it.part - ratio * it.whole).collect();
    let product = |lag: usize| more.iter().zip(&more[lag..]).map(|(a, b)| a * b).sum::<f64>();
    let squares = product(0);
    let nothing = ROUNDING * all.part / parts.len() as f64;
    if squares <= parts.len() as f64 * nothing * nothing {
        return 0.0;
    }
    let mut seen = 1.0;
    for lag in 1..parts.len() / 2 {
        seen += 2.0 * product(lag) / squares;
        if seen <= 1.0 || lag as f64 >= WINDOW * seen {
            break;
        }
    }
    if seen > 1.0 { seen - 1.0 / seen } else { 0.0 }
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

    /// Each part is new but for what is left of the one before: one plus twice the sum of autocorrelations is
    /// (1 + r) / (1 - r), so 1, 3, 9.
    #[test]
    fn memory_of_a_chain() {
        let mut luck = Luck::new(5);
        let mut chain = |keeps: f64| {
            let mut at = 0.0;
            let next = |_| {
                at = keeps * at + luck.normal();
                at
            };
            parts(&(0..600).map(next).collect::<Vec<_>>())
        };
        for (keeps, low, high) in [(0.0, 0.0, 0.8), (0.5, 1.8, 4.0), (0.8, 5.0, 15.0)] {
            let found = memory(&chain(keeps));
            assert!((low..high).contains(&found), "{keeps}: {found}");
        }
        assert_eq!(forgets(&chain(0.0), 20), Ok(()));
        assert!(matches!(forgets(&chain(0.9), 20), Err(TooShort::Remembers { .. })));
        // What never differs forgets at once, and few parts cannot tell.
        assert_eq!(memory(&parts(&[0.3; 600])), 0.0);
        assert_eq!(forgets(&chain(0.0)[..79], 20), Err(TooShort::Parts));
    }

    /// M/M/1 at load 0.9: runs of 6,000 customers are nearly all refused, and what is told of longer ones holds.
    #[test]
    fn runs_that_remember_are_refused() {
        let tell = |seed: u64, customers: usize| {
            let waits = Luck::new(seed).waits(0.9, customers);
            let each = customers / 120;
            let part = |of: &[f64]| Pair { part: of.iter().sum(), whole: each as f64 };
            let parts: Vec<Pair> = waits.chunks(each).map(part).collect();
            forgets(&parts, 20).and_then(|()| batch_means(&parts, 20)).ok()
        };
        let short = (0..100).filter(|&seed| tell(seed, 6_000).is_some()).count();
        assert!(short <= 15, "{short} of 100 are told");
        let long: Vec<_> = (0..60).filter_map(|seed| tell(seed, 240_000)).collect();
        let holds = |it: &&Estimator| {
            let (low, high) = it.sure_interval(0.95);
            (low..=high).contains(&9.0)
        };
        let held = long.iter().filter(holds).count();
        assert!(long.len() >= 40 && held * 100 >= long.len() * 85, "{held} of {}", long.len());
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
