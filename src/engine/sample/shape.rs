//! The continuous laws that are drawn by table: exact quantiles, densities, moments.

use super::gamma;
use crate::engine::maths::{exp, ln, normal_quantile_of};

/// Which law, with its parameters.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Gamma {
        scale: f64,
        shape: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Weibull {
        scale: f64,
        shape: f64,
    },
    /// (probability, mean) of each branch.
    Hyperexponential {
        branches: Vec<(f64, f64)>,
    },
}

/// Newton's steps until they no longer move; all our functions are convex or concave, on which it
/// runs monotonically and needs far fewer.
pub(super) const STEPS_MAX: u32 = 100;

impl Shape {
    pub(super) fn gamma(mean: f64, shape: f64) -> Shape {
        Shape::Gamma { scale: mean / shape, shape }
    }

    pub(super) fn mean(&self) -> f64 {
        match self {
            Shape::Gamma { scale, shape } => scale * shape,
            Shape::Lognormal { mu, sigma } => exp(mu + sigma * sigma / 2.0),
            Shape::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Shape::Hyperexponential { branches } => {
                branches.iter().map(|(share, mean)| share * mean).sum()
            }
        }
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        match self {
            Shape::Gamma { scale, shape } => scale * scale * shape,
            Shape::Lognormal { sigma, .. } => mean * mean * libm::expm1(sigma * sigma),
            Shape::Weibull { scale, shape } => {
                scale * scale * libm::tgamma(1.0 + 2.0 / shape) - mean * mean
            }
            Shape::Hyperexponential { branches } => {
                branches.iter().map(|(share, mean)| 2.0 * share * mean * mean).sum::<f64>()
                    - mean * mean
            }
        }
    }

    /// The value that is not exceeded with probability `p`; `q` = 1 - `p`.
    pub(super) fn quantile(&self, p: f64, q: f64) -> f64 {
        match self {
            Shape::Gamma { scale, shape } => scale * gamma::quantile(*shape, p, q),
            Shape::Lognormal { mu, sigma } => exp(mu + sigma * normal_quantile_of(p, q)),
            Shape::Weibull { scale, shape } => scale * exp(ln(minus_ln(p, q)) / shape),
            Shape::Hyperexponential { branches } => hyperexponential_quantile(branches, p, q),
        }
    }

    pub(super) fn density(&self, x: f64) -> f64 {
        match self {
            Shape::Gamma { scale, shape } => gamma::density(*shape, x / scale) / scale,
            Shape::Lognormal { mu, sigma } => {
                let z = (ln(x) - mu) / sigma;
                exp(-z * z / 2.0) / (x * sigma * (2.0 * std::f64::consts::PI).sqrt())
            }
            Shape::Weibull { scale, shape } => {
                let ln_relative = ln(x / scale);
                shape / x * exp(shape * ln_relative - exp(shape * ln_relative))
            }
            Shape::Hyperexponential { branches } => {
                branches.iter().map(|(share, mean)| share / mean * exp(-x / mean)).sum()
            }
        }
    }
}

/// -ln q, where `q` = 1 - `p`, accurate at both ends.
fn minus_ln(p: f64, q: f64) -> f64 {
    if p < q { -libm::log1p(-p) } else { -ln(q) }
}

/// On the lower side Newton on the distribution function (concave), on the upper side on the
/// logarithm of the survival function (convex): from 0 both only ever move up to the root.
fn hyperexponential_quantile(branches: &[(f64, f64)], p: f64, q: f64) -> f64 {
    let ln_q = ln(q);
    let mut x = 0.0;
    for _ in 0..STEPS_MAX {
        let (mut below, mut above, mut density) = (0.0, 0.0, 0.0);
        for (share, mean) in branches {
            let survival = share * exp(-x / mean);
            above += survival;
            density += survival / mean;
            below -= share * libm::expm1(-x / mean);
        }
        let step = if p < q { (p - below) / density } else { (ln(above) - ln_q) * above / density };
        x += step;
        // Convergence is quadratic: the next step would be lost in rounding.
        if step <= 1e-10 * x {
            break;
        }
    }
    x
}
