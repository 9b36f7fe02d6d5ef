//! Laws of chance: one uniform word in, one value out, by inversion.
//!
//! Every law is drawn as its quantile at `maths::unit(word)`, so values grow with the word and two
//! variants of a scenario that share their luck stay in step. Nothing here rejects, and nothing
//! uses the platform's maths. Laws are over non-negative values: seconds, bytes, counts. Left out:
//! empirical tables, correlation between draws, laws without a mean.

mod curve;
mod gamma;
mod parameters;
mod shape;
mod steps;
mod tables;
#[cfg(test)]
mod tests;
mod whole;

use std::sync::Arc;

use self::{curve::Curve, steps::Steps};
use super::{
    luck,
    maths::{exp, ln, unit},
};

/// A distribution over non-negative values (seconds, bytes, counts).
#[derive(Clone, Debug)]
pub enum Law {
    /// Exponential.
    Exponential {
        /// Its mean.
        mean: f64,
    },
    /// Always the same.
    Constant(f64),
    /// Everything between two values alike.
    Uniform {
        /// The least value.
        low: f64,
        /// From the least to the greatest.
        width: f64,
    },
    /// Gamma, Erlang, lognormal, hyperexponential, Weibull: by a table of the quantile.
    Curve(Arc<Curve>),
    /// Pareto (type I).
    Pareto {
        /// The least value.
        min: f64,
        /// The tail's exponent.
        alpha: f64,
    },
    /// Failures before a success, from `first` on.
    Geometric {
        /// The least value, 0 or 1.
        first: f64,
        /// Mean above `first`.
        mean: f64,
        /// 1 / ln(probability of a failure).
        per_ln: f64,
    },
    /// Whole numbers, each as likely as the next.
    UniformCount {
        /// The least.
        low: u64,
        /// How many there are.
        count: u64,
    },
    /// Whole numbers by a table of cumulative probabilities: Poisson, Zipf.
    Steps(Arc<Steps>),
}

const _: () = assert!(size_of::<Law>() <= 32);

impl Law {
    /// The value that `key` draws at `place`. A constant draws nothing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub fn draw_at(&self, key: u64, place: u64) -> f64 {
        if let Law::Constant(value) = self { *value } else { self.draw(luck::draw(key, place)) }
    }

    /// The value for a uniform word: the quantile at `maths::unit(bits)`, and so growing with it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub fn draw(&self, bits: u64) -> f64 {
        // Most draws are one of these two; the others need not be inlined everywhere.
        if let Law::Exponential { mean } = self {
            -mean * ln(unit(!bits))
        } else if let Law::Constant(value) = self {
            *value
        } else {
            self.draw_otherwise(bits)
        }
    }

    #[inline(never)]
    fn draw_otherwise(&self, bits: u64) -> f64 {
        match self {
            Law::Exponential { mean } => -mean * ln(unit(!bits)),
            Law::Constant(value) => *value,
            Law::Uniform { low, width } => low + width * unit(bits),
            Law::Curve(curve) => curve.draw(bits),
            Law::Pareto { min, alpha } => min * exp(ln(unit(!bits)) / -alpha),
            Law::Geometric { first, per_ln, .. } => first + (ln(unit(!bits)) * per_ln).floor(),
            Law::UniformCount { low, count } => {
                (low + ((u128::from(bits) * u128::from(*count)) >> 64) as u64) as f64
            }
            Law::Steps(steps) => steps.at(unit(bits)),
        }
    }

    /// The mean, always finite.
    pub fn mean(&self) -> f64 {
        match self {
            Law::Exponential { mean } => *mean,
            Law::Constant(value) => *value,
            Law::Uniform { low, width } => low + width / 2.0,
            Law::Curve(curve) => curve.shape().mean(),
            Law::Pareto { min, alpha } => min * alpha / (alpha - 1.0),
            Law::Geometric { first, mean, .. } => first + mean,
            Law::UniformCount { low, count } => *low as f64 + (count - 1) as f64 / 2.0,
            Law::Steps(steps) => steps.mean(),
        }
    }

    /// The variance, if it is finite.
    pub fn variance(&self) -> Option<f64> {
        match self {
            Law::Exponential { mean } => Some(mean * mean),
            Law::Constant(_) => Some(0.0),
            Law::Uniform { width, .. } => Some(width * width / 12.0),
            Law::Curve(curve) => Some(curve.shape().variance()),
            Law::Pareto { min, alpha } => (*alpha > 2.0).then(|| {
                let relative = min / (alpha - 1.0);
                relative * relative * alpha / (alpha - 2.0)
            }),
            Law::Geometric { mean, .. } => Some(mean * (mean + 1.0)),
            Law::UniformCount { count, .. } => {
                let count = *count as f64;
                Some((count * count - 1.0) / 12.0)
            }
            Law::Steps(steps) => Some(steps.variance()),
        }
    }

    /// The value, if it is always the same.
    pub fn as_constant(&self) -> Option<f64> {
        match self {
            Law::Constant(value) => Some(*value),
            Law::Exponential { .. }
            | Law::Uniform { .. }
            | Law::Curve(_)
            | Law::Pareto { .. }
            | Law::Geometric { .. }
            | Law::UniformCount { .. }
            | Law::Steps(_) => None,
        }
    }

    /// The least value that is not exceeded with probability `p` in (0, 1).
    pub fn quantile(&self, p: f64) -> f64 {
        assert!(0.0 < p && p < 1.0, "a quantile at {p}");
        match self {
            Law::Exponential { mean } => -mean * libm::log1p(-p),
            Law::Constant(value) => *value,
            Law::Uniform { low, width } => low + width * p,
            Law::Curve(curve) => curve.shape().quantile(p, 1.0 - p),
            Law::Pareto { min, alpha } => min * exp(libm::log1p(-p) / -alpha),
            Law::Geometric { first, per_ln, .. } => first + (libm::log1p(-p) * per_ln).floor(),
            Law::UniformCount { low, count } => {
                (low + ((p * *count as f64) as u64).min(count - 1)) as f64
            }
            Law::Steps(steps) => steps.at(p),
        }
    }

    /// Whether all values are whole numbers.
    pub fn is_count(&self) -> bool {
        match self {
            Law::Constant(value) => value.fract() == 0.0,
            Law::Geometric { .. } | Law::UniformCount { .. } | Law::Steps(_) => true,
            Law::Exponential { .. } | Law::Uniform { .. } | Law::Curve(_) | Law::Pareto { .. } => {
                false
            }
        }
    }
}
