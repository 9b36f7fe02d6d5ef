//! Laws where they are asked for whole numbers, and the least they give.
//!
//! A number of reads or bytes is the whole part of what is drawn, so the mean of that is what counts.

use super::Law;

/// Words at the middle of as many cells of the same probability.
const CELL_BITS: u32 = 14;

impl Law {
    /// The mean of the whole part of what is drawn.
    pub fn whole_mean(&self) -> f64 {
        match self {
            Law::Constant(value) => value.floor(),
            // Each further one is there with the probability of being exceeded.
            Law::Exponential { mean } if *mean > 0.0 => 1.0 / libm::expm1(1.0 / mean),
            Law::Uniform { low, width } if *width > 0.0 => {
                (floors_up_to(low + width) - floors_up_to(*low)) / width
            }
            _ if self.is_count() => self.mean(),
            // What is cut off lies between 0 and 1, so that it needs no tails.
            _ => {
                let cells = 1_u64 << CELL_BITS;
                let shift = 64 - CELL_BITS;
                let words = (0..cells).map(|cell| (cell << shift) | (1 << (shift - 1)));
                let cut: f64 = words.map(|word| self.draw(word).fract()).sum();
                (self.mean() - cut / cells as f64).max(0.0)
            }
        }
    }

    /// No value is below this. (Some laws have none so low.)
    pub fn least(&self) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::Uniform { low, .. } => *low,
            Law::Pareto { min, .. } => *min,
            Law::Geometric { first, .. } => *first,
            Law::UniformCount { low, .. } => *low as f64,
            Law::Exponential { .. } | Law::Curve(_) | Law::Steps(_) => 0.0,
        }
    }
}

/// The integral of the whole part from 0.
fn floors_up_to(value: f64) -> f64 {
    let whole = value.floor();
    whole * (whole - 1.0) / 2.0 + whole * (value - whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_part_of_what_is_drawn() {
        let near = |law: Law, expected: f64, within: f64| {
            let mean = law.whole_mean();
            assert!((mean - expected).abs() <= within, "{mean} is not {expected}");
        };
        near(Law::Constant(2.9), 2.0, 0.0);
        near(Law::exponential(0.4).unwrap(), 1.0 / libm::expm1(2.5), 1e-12);
        // A quarter of 0 to 2 is below 0.5: of 0.5 to 2.5 a quarter is 0, half is 1, a quarter 2.
        near(Law::uniform(0.5, 2.5).unwrap(), 1.0, 1e-12);
        near(Law::geometric(0.4).unwrap(), 0.4, 1e-12);
        // P(X >= k) = (1.5 / k)^6 from 2 on, and 1 is always reached.
        let tails: f64 = (2..100_000).map(|it| libm::pow(1.5 / f64::from(it), 6.0)).sum();
        near(Law::pareto(1.5, 6.0).unwrap(), 1.0 + tails, 1e-4);
        // Two stages of mean 0.5: P(X >= k) = exp(-2 k) (1 + 2 k).
        let tails: f64 =
            (1..100).map(f64::from).map(|it| libm::exp(-2.0 * it) * (1.0 + 2.0 * it)).sum();
        near(Law::erlang(1.0, 2).unwrap(), tails, 1e-3);
    }
}
