//! Whole numbers by a table of cumulative probabilities, found through a guide table: one look at
//! the guide and, on average, less than two steps (Chen and Asau, 1974).

use std::fmt;

use crate::engine::maths::{exp, ln};

/// Values `first`, `first` + 1, … with given probabilities.
#[derive(Clone)]
pub struct Steps {
    first: f64,
    /// The probability of each value or less; the last is 1.
    cumulative: Box<[f64]>,
    /// For each of as many equal parts of (0, 1), the first value that reaches into it.
    guide: Box<[u32]>,
    mean: f64,
    variance: f64,
}

impl fmt::Debug for Steps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Steps")
            .field("first", &self.first)
            .field("count", &self.cumulative.len())
            .field("mean", &self.mean)
            .field("variance", &self.variance)
            .finish_non_exhaustive()
    }
}

impl Steps {
    fn new(first: f64, weights: &[f64]) -> Steps {
        let total = sum(weights.iter().copied());
        let places = || weights.iter().zip(0_u32..);
        let mean = sum(places().map(|(weight, place)| weight * f64::from(place))) / total;
        let variance = sum(places().map(|(weight, place)| {
            let off = f64::from(place) - mean;
            weight * off * off
        })) / total;
        let mut running = Sum::default();
        let mut cumulative: Box<[f64]> = weights
            .iter()
            .map(|weight| {
                running.add(*weight);
                running.total() / total
            })
            .collect();
        cumulative[weights.len() - 1] = 1.0;
        let parts = weights.len();
        let mut value = 0;
        let guide = (0..parts)
            .map(|part| {
                while cumulative[value] <= part as f64 / parts as f64 {
                    value += 1;
                }
                value as u32
            })
            .collect();
        Steps { first, cumulative, guide, mean: first + mean, variance }
    }

    /// Rank r with a weight of (r + 1)^-s.
    pub(super) fn zipf(n: u32, s: f64) -> Steps {
        let weights: Vec<f64> = (1..=n).map(|rank| exp(-s * ln(f64::from(rank)))).collect();
        Steps::new(0.0, &weights)
    }

    /// Poisson, without values so rare (10^-18 of the most likely one) that no word draws them.
    pub(super) fn poisson(mean: f64) -> Steps {
        let ln_mean = ln(mean);
        let weight = |k: f64| exp(k * ln_mean - mean - libm::lgamma(k + 1.0));
        let middle = mean.floor();
        let least = 1e-18 * weight(middle);
        let mut first = middle;
        while first > 0.0 && weight(first - 1.0) >= least {
            first -= 1.0;
        }
        let mut weights = Vec::new();
        let mut value = first;
        while value <= middle || weight(value) >= least {
            weights.push(weight(value));
            value += 1.0;
        }
        Steps { mean, variance: mean, ..Steps::new(first, &weights) }
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn variance(&self) -> f64 {
        self.variance
    }

    /// The least value whose cumulative probability is not below `u` in (0, 1).
    #[inline]
    pub(super) fn at(&self, u: f64) -> f64 {
        let mut value = self.guide[(u * self.guide.len() as f64) as usize] as usize;
        while self.cumulative[value] < u {
            value += 1;
        }
        self.first + value as f64
    }
}

/// A sum that keeps what rounding takes away (Neumaier).
#[derive(Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let high = self.high + value;
        self.low += if self.high.abs() >= value.abs() {
            (self.high - high) + value
        } else {
            (value - high) + self.high
        };
        self.high = high;
    }

    fn total(&self) -> f64 {
        self.high + self.low
    }
}

fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Sum::default();
    for value in values {
        sum.add(value);
    }
    sum.total()
}
