//! The gamma distribution with scale 1: density, and the exact quantile.
//!
//! The incomplete gamma functions by series and by continued fraction (Abramowitz and Stegun 6.5.29
//! and 6.5.31), their inverse by Newton in the logarithms of both value and probability. There both
//! tails are concave for every shape (the logarithm of a gamma variate has a log-concave density),
//! so Newton cannot run away whatever the shape.

use super::shape::STEPS_MAX;
use crate::engine::maths::{exp, ln, normal_quantile_of};

const TERMS_MAX: u32 = 100_000;

/// The density at `x`.
pub(super) fn density(shape: f64, x: f64) -> f64 {
    exp(ln_density_of_ln(shape, x, ln(x))) / x
}

/// The logarithm of the density of ln X at `ln_x`.
fn ln_density_of_ln(shape: f64, x: f64, ln_x: f64) -> f64 {
    shape * ln_x - x - libm::lgamma(shape)
}

/// The value that is not exceeded with probability `p`; `q` = 1 - `p`.
pub(super) fn quantile(shape: f64, p: f64, q: f64) -> f64 {
    let is_lower = p < q;
    let ln_goal = if is_lower { ln(p) } else { ln(q) };
    let mut ln_x = first_guess(shape, p, q);
    // Convergence is quadratic on the scale of ln X: the next step would be lost in rounding.
    let near_enough = 1e-8 / (1.0 + shape.sqrt());
    for _ in 0..STEPS_MAX {
        let x = exp(ln_x);
        let ln_density = ln_density_of_ln(shape, x, ln_x);
        let (ln_below, ln_above) = ln_tails(shape, x, ln_density);
        let step = if is_lower {
            (ln_goal - ln_below) * exp(ln_below - ln_density)
        } else {
            (ln_above - ln_goal) * exp(ln_above - ln_density)
        };
        ln_x += step;
        if step.abs() <= near_enough {
            break;
        }
    }
    exp(ln_x)
}

/// Wilson and Hilferty's cube root where it makes sense, else the leading term at 0 or at infinity.
fn first_guess(shape: f64, p: f64, q: f64) -> f64 {
    let ninth = 1.0 / (9.0 * shape);
    let root = 1.0 - ninth + normal_quantile_of(p, q) * ninth.sqrt();
    if shape > 0.5 && root > 0.1 {
        return ln(shape) + 3.0 * ln(root);
    }
    let at_zero = (ln(p) + libm::lgamma(shape + 1.0)) / shape;
    if at_zero < -2.0 { at_zero } else { ln((-ln(q) - libm::lgamma(shape)).max(0.1)) }
}

/// The logarithms of P(X < x) and P(X > x).
fn ln_tails(shape: f64, x: f64, ln_density: f64) -> (f64, f64) {
    if x < shape + 1.0 {
        let mut term = 1.0 / shape;
        let mut sum = term;
        let mut place = shape;
        for _ in 0..TERMS_MAX {
            place += 1.0;
            term *= x / place;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let below = ln_density + ln(sum);
        (below, libm::log1p(-exp(below)))
    } else {
        let above = ln_density + ln(continued_fraction(shape, x));
        (libm::log1p(-exp(above)), above)
    }
}

/// The fraction of the upper incomplete gamma function, by Lentz's method.
fn continued_fraction(shape: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - shape;
    let mut c = f64::MAX;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for term in 1..TERMS_MAX {
        let term = f64::from(term);
        let a = -term * (term - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}
