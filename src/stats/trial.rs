//! Luck and little systems for the coverage experiments.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::student;
use crate::engine::maths;

pub(super) struct Luck {
    words: ChaCha8Rng,
}

impl Luck {
    pub(super) fn new(seed: u64) -> Luck {
        Luck { words: ChaCha8Rng::seed_from_u64(seed) }
    }

    pub(super) fn unit(&mut self) -> f64 {
        maths::unit(self.words.next_u64())
    }

    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * maths::ln(self.unit())
    }

    pub(super) fn normal(&mut self) -> f64 {
        student::normal_quantile(self.unit())
    }

    /// Waiting times of M/M/1 with mean service 1, by Lindley's recursion, from equilibrium on.
    pub(super) fn waits(&mut self, load: f64, count: usize) -> Vec<f64> {
        let is_busy = self.unit() < load;
        let start = if is_busy { self.exponential(1.0 / (1.0 - load)) } else { 0.0 };
        self.waits_from(start, load, count)
    }

    /// The same where the first customer waits for so long.
    pub(super) fn waits_from(&mut self, start: f64, load: f64, count: usize) -> Vec<f64> {
        let mut wait = start;
        (0..count)
            .map(|_| {
                let waited = wait;
                let change = self.exponential(1.0) - self.exponential(1.0 / load);
                wait = (wait + change).max(0.0);
                waited
            })
            .collect()
    }

    /// Of the arrivals at M/M/c/K, how many are lost; the system is empty at first.
    pub(super) fn lost(&mut self, system: Lossy, rates: &[f64]) -> u64 {
        let (mut here, mut lost) = (0, 0);
        for &rate in rates {
            loop {
                let leaving = f64::from(system.servers.min(here));
                if self.unit() * (rate + leaving) >= leaving {
                    break;
                }
                here -= 1;
            }
            if here == system.places {
                lost += 1;
            } else {
                here += 1;
            }
        }
        lost
    }
}

/// M/M/c/K with mean service 1; what finds no place is lost.
#[derive(Clone, Copy)]
pub(super) struct Lossy {
    pub(super) servers: u32,
    pub(super) places: u32,
}

impl Lossy {
    /// The expected number of losses among arrivals at these rates, empty at first: the
    /// distribution of the places taken, from one arrival to the next.
    pub(super) fn expected_losses(self, rates: &[f64]) -> f64 {
        let places = self.places as usize;
        let mut chances = vec![0.0; places + 1];
        chances[0] = 1.0;
        let mut losses = 0.0;
        for &rate in rates {
            let mut found = vec![0.0; places + 1];
            let mut passing = 0.0;
            for here in (0..=places).rev() {
                passing += chances[here];
                let leaving = f64::from(self.servers.min(here as u32));
                found[here] = passing * rate / (rate + leaving);
                passing -= found[here];
            }
            losses += found[places];
            chances = vec![0.0; places + 1];
            for here in 0..=places {
                chances[(here + 1).min(places)] += found[here];
            }
        }
        losses
    }
}

/// The share of the experiments whose interval held the truth.
pub(super) fn coverage(
    experiments: usize,
    truth: f64,
    mut interval: impl FnMut(usize) -> (f64, f64),
) -> f64 {
    let held = (0..experiments).filter(|&experiment| {
        let (low, high) = interval(experiment);
        low <= truth && truth <= high
    });
    held.count() as f64 / experiments as f64
}

/// The value below which a share `quantile` of the values lies; sorts them.
pub(super) fn quantile_of(values: &mut [f64], quantile: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (quantile * values.len() as f64).ceil() as usize;
    values[rank.max(1) - 1]
}
