//! How much alike the requests of a replication are.
//!
//! The variance of a mean over replications, as a multiple of what it were if every request had gone
//! its own way (the design effect; Kish, *Survey Sampling*, 1965, 8.2): of so many requests one
//! counts. Those of a queue wait behind each other: of the waits of M/M/1 the effect is 10 at load 0.5, and 360 at
//! load 0.9.

use super::ratio::{Pair, jackknife};

/// Sums over what one replication counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// How many there were.
    pub count: f64,
    /// Of their values.
    pub values: f64,
    /// Of their squares.
    pub squares: f64,
}

/// The design effect of the mean value, 1 at least; 1 where nothing is known of it.
pub fn design_effect(replications: &[Sums]) -> f64 {
    let pair = |it: &Sums| Pair { part: it.values, whole: it.count };
    let Some(mean) = jackknife(&replications.iter().map(pair).collect::<Vec<_>>()) else {
        return 1.0;
    };
    let total = |of: fn(&Sums) -> f64| replications.iter().map(of).sum::<f64>();
    let count = total(|it| it.count);
    let average = total(|it| it.values) / count;
    let variance = total(|it| it.squares) / count - average * average;
    if variance > 0.0 { (mean.error * mean.error * count / variance).max(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::trial::Luck;

    fn sums(values: &[f64]) -> Sums {
        let squares = values.iter().map(|it| it * it).sum();
        Sums { count: values.len() as f64, values: values.iter().sum(), squares }
    }

    /// Two values of each of four replications, each value twice: variance 1.25, that of the mean over
    /// replications 5/3/4, of eight independent ones it were 1.25/8.
    #[test]
    fn by_hand() {
        let twins: Vec<Sums> = [1.0, 2.0, 3.0, 4.0].map(|it| sums(&[it, it])).to_vec();
        assert!((design_effect(&twins) - 5.0 / 12.0 / (1.25 / 8.0)).abs() < 1e-12);
        assert_eq!(design_effect(&[sums(&[1.0, 2.0]), sums(&[1.0, 2.0])]), 1.0);
        assert_eq!(design_effect(&[sums(&[3.0, 3.0]), sums(&[3.0, 3.0])]), 1.0);
        assert_eq!(design_effect(&[sums(&[1.0, 2.0])]), 1.0);
        // A baseline that does not say.
        assert_eq!(design_effect(&[Sums { squares: 0.0, ..sums(&[3.0, 4.0]) }; 3]), 1.0);
    }

    /// Of the waits of M/M/1 at load r it is (2 + 5 r - 4 r² + r³) / ((1 - r)² (2 - r)) (Daley, Journal of the
    /// Australian Mathematical Society 8, 1968): 9.7 at load 0.5.
    #[test]
    fn as_queues_have_it() {
        let mut luck = Luck::new(7);
        let waits: Vec<Sums> = (0..400).map(|_| sums(&luck.waits(0.5, 4_000))).collect();
        let effect = design_effect(&waits);
        assert!((8.0..11.5).contains(&effect), "{effect}");
    }
}
