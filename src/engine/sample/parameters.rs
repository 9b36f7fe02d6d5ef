//! Laws from the parameters that people know: means, percentiles, coefficients of variation.
//!
//! Parameters that no distribution can have are refused with the reason, in words for the one who
//! wrote them.

use std::fmt::Display;

use super::{Law, shape::Shape, tables};
use crate::engine::maths::{exp, ln};

/// The standard normal quantile at 0.99.
const Z_99: f64 = 2.326_347_874_040_840_8;
/// Ranks and values of counts are tabulated; more than this would not be worth their memory.
const STEPS_MAX: u32 = 1 << 24;

impl Law {
    /// Always `value`.
    pub fn constant(value: f64) -> Result<Law, String> {
        not_negative("a value", value)?;
        Ok(Law::Constant(value))
    }

    /// Exponential with this mean; 0 is the constant 0.
    pub fn exponential(mean: f64) -> Result<Law, String> {
        not_negative("a mean", mean)?;
        Ok(if mean == 0.0 { Law::Constant(0.0) } else { Law::Exponential { mean } })
    }

    /// Everything from `low` to `high` alike.
    pub fn uniform(low: f64, high: f64) -> Result<Law, String> {
        not_negative("the lower end", low)?;
        not_negative("the upper end", high)?;
        in_order(low, high)?;
        Ok(if low == high { Law::Constant(low) } else { Law::Uniform { low, width: high - low } })
    }

    /// The sum of `k` exponential stages, together of this mean.
    pub fn erlang(mean: f64, k: u32) -> Result<Law, String> {
        positive("a mean", mean)?;
        match k {
            0 => Err("an Erlang distribution has at least one stage, not 0".into()),
            1 => Law::exponential(mean),
            2..=1_000_000 => Ok(curve(Shape::gamma(mean, f64::from(k)))),
            1_000_001.. => {
                Err(format!("{k} stages leave no variation worth drawing; use a constant"))
            }
        }
    }

    /// Gamma by mean and coefficient of variation; `cv` 0 is a constant.
    pub fn gamma(mean: f64, cv: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        not_negative("a coefficient of variation", cv)?;
        if cv == 0.0 {
            return Ok(Law::Constant(mean));
        }
        if cv == 1.0 {
            return Law::exponential(mean);
        }
        between("a gamma distribution's coefficient of variation", cv, 0.001, 10.0)?;
        Ok(curve(Shape::gamma(mean, 1.0 / (cv * cv))))
    }

    /// Lognormal by median and 99th percentile.
    pub fn lognormal_median_p99(median: f64, p99: f64) -> Result<Law, String> {
        positive("a median", median)?;
        positive("a 99th percentile", p99)?;
        if p99 < median {
            return Err(format!(
                "the 99th percentile {p99} is below the median {median}; 99% of all values cannot \
                 be less than what half of them exceed"
            ));
        }
        lognormal(median, ln(p99 / median) / Z_99)
    }

    /// Lognormal by mean and coefficient of variation.
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        not_negative("a coefficient of variation", cv)?;
        let variance = libm::log1p(cv * cv);
        lognormal(mean * exp(-variance / 2.0), variance.sqrt())
    }

    /// Lognormal by mean and 99th percentile. Two distributions have both; the one that varies less
    /// is taken.
    pub fn lognormal_mean_p99(mean: f64, p99: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        positive("a 99th percentile", p99)?;
        if p99 < mean {
            return Err(format!(
                "the 99th percentile {p99} is below the mean {mean}; the mean would hang on the \
                 rarest 1%"
            ));
        }
        // ln(p99 / mean) = z sigma - sigma² / 2, greatest at sigma = z.
        let log_ratio = ln(p99 / mean);
        let rest = Z_99 * Z_99 - 2.0 * log_ratio;
        if rest < 0.0 {
            return Err(format!(
                "the 99th percentile {p99} is {:.2} times the mean {mean}; for a lognormal \
                 distribution it is never more than {:.2} times the mean, because a heavier tail \
                 raises the mean as well",
                p99 / mean,
                exp(Z_99 * Z_99 / 2.0)
            ));
        }
        let sigma = 2.0 * log_ratio / (Z_99 + rest.sqrt());
        lognormal(mean * exp(-sigma * sigma / 2.0), sigma)
    }

    /// A mixture of exponentials: (probability, mean) of each. Probabilities add up to 1.
    pub fn hyperexponential(branches: &[(f64, f64)]) -> Result<Law, String> {
        if branches.is_empty() {
            return Err("a hyperexponential distribution needs at least one branch".into());
        }
        for &(share, mean) in branches {
            between("a branch's probability", share, 0.0, 1.0)?;
            positive("a branch's mean", mean)?;
        }
        let total: f64 = branches.iter().map(|(share, _)| share).sum();
        if (total - 1.0).abs() > 1e-9 {
            return Err(format!("the probabilities of the branches add up to {total}, not to 1"));
        }
        let taken: Vec<(f64, f64)> = branches
            .iter()
            .filter(|(share, _)| *share > 0.0)
            .map(|&(share, mean)| (share / total, mean))
            .collect();
        match taken[..] {
            [(_, mean)] => Law::exponential(mean),
            _ => Ok(curve(Shape::Hyperexponential { branches: taken })),
        }
    }

    /// Two exponentials with balanced means (each contributes half of the mean).
    pub fn hyperexponential_cv(mean: f64, cv: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        if cv < 1.0 {
            return Err(format!(
                "a hyperexponential distribution varies at least as much as an exponential one: \
                 its coefficient of variation is 1 or more, not {cv}"
            ));
        }
        between("a hyperexponential distribution's coefficient of variation", cv, 1.0, 1000.0)?;
        if cv == 1.0 {
            return Law::exponential(mean);
        }
        let square = cv * cv;
        let often = 0.5 + 0.5 * ((square - 1.0) / (square + 1.0)).sqrt();
        // 1 - often, without cancellation where cv is large.
        let seldom = 1.0 / ((square + 1.0) * 2.0 * often);
        Law::hyperexponential(&[(often, mean / 2.0 / often), (seldom, mean / 2.0 / seldom)])
    }

    /// Pareto from `min` on: P(X > x) = (min / x)^alpha.
    pub fn pareto(min: f64, alpha: f64) -> Result<Law, String> {
        positive("a least value", min)?;
        if alpha <= 1.0 {
            return Err(format!(
                "a Pareto distribution with alpha {alpha} has no finite mean; alpha must exceed 1"
            ));
        }
        positive("alpha", alpha)?;
        Ok(Law::Pareto { min, alpha })
    }

    /// Weibull by mean and shape.
    pub fn weibull(mean: f64, shape: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        between("a Weibull distribution's shape", shape, 0.05, 100.0)?;
        Ok(if shape == 1.0 {
            Law::Exponential { mean }
        } else {
            curve(Shape::Weibull { scale: mean / libm::tgamma(1.0 + 1.0 / shape), shape })
        })
    }

    /// How often something fails before it succeeds, by its mean: 0, 1, 2, …
    pub fn geometric(mean: f64) -> Result<Law, String> {
        not_negative("a mean", mean)?;
        Ok(geometric_from(0.0, mean))
    }

    /// How many trials until something succeeds, by its mean: 1, 2, 3, …
    pub fn geometric1(mean: f64) -> Result<Law, String> {
        positive("a mean", mean)?;
        if mean < 1.0 {
            return Err(format!(
                "a geometric distribution from 1 has a mean of at least 1, not {mean}; one from 0 \
                 is `geometric`"
            ));
        }
        Ok(geometric_from(1.0, mean - 1.0))
    }

    /// Poisson.
    pub fn poisson(mean: f64) -> Result<Law, String> {
        not_negative("a mean", mean)?;
        between("a Poisson distribution's mean", mean, 0.0, 1e6)?;
        Ok(if mean == 0.0 { Law::Constant(0.0) } else { Law::Steps(tables::poisson(mean)) })
    }

    /// The whole numbers from `low` to `high`, both included, each as likely as the next.
    pub fn uniform_count(low: u64, high: u64) -> Result<Law, String> {
        in_order(low, high)?;
        if high >= 1 << 53 {
            return Err(format!("{high} is too large to be counted exactly; the limit is 2^53"));
        }
        Ok(if low == high {
            Law::Constant(low as f64)
        } else {
            Law::UniformCount { low, count: high - low + 1 }
        })
    }

    /// Ranks from 0 (the most popular) to `n` - 1, rank r with a weight of (r + 1)^-s.
    pub fn zipf(n: u32, s: f64) -> Result<Law, String> {
        ranks(n)?;
        not_negative("a Zipf distribution's exponent", s)?;
        Ok(if n == 1 { Law::Constant(0.0) } else { Law::Steps(tables::zipf(n, s)) })
    }

    /// Ranks from 0 to `n` - 1, each as likely as the next.
    pub fn uniform_rank(n: u32) -> Result<Law, String> {
        ranks(n)?;
        Law::uniform_count(0, u64::from(n) - 1)
    }
}

fn curve(shape: Shape) -> Law {
    Law::Curve(tables::curve(shape))
}

fn lognormal(median: f64, sigma: f64) -> Result<Law, String> {
    if sigma == 0.0 {
        return Ok(Law::Constant(median));
    }
    if sigma > 8.0 {
        return Err(format!(
            "a lognormal distribution whose logarithm has a standard deviation of {sigma:.1} is \
             nothing but extremes; at most 8 is accepted"
        ));
    }
    Ok(curve(Shape::Lognormal { mu: ln(median), sigma }))
}

fn geometric_from(first: f64, mean: f64) -> Law {
    if mean == 0.0 {
        return Law::Constant(first);
    }
    // The probability of a failure is mean / (1 + mean).
    Law::Geometric { first, mean, per_ln: -1.0 / libm::log1p(1.0 / mean) }
}

fn ranks(n: u32) -> Result<(), String> {
    match n {
        0 => Err("there must be something to choose from, not 0 ranks".into()),
        1..=STEPS_MAX => Ok(()),
        _ => Err(format!("{n} ranks are too many; the limit is {STEPS_MAX}")),
    }
}

fn not_negative(what: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(format!("{what} must be finite and not negative, not {value}"))
    }
}

fn positive(what: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(format!("{what} must be finite and more than 0, not {value}"))
    }
}

fn between(what: &str, value: f64, least: f64, greatest: f64) -> Result<(), String> {
    if least <= value && value <= greatest {
        Ok(())
    } else {
        Err(format!("{what} must lie between {least} and {greatest}, not at {value}"))
    }
}

fn in_order<T: Copy + PartialOrd + Display>(low: T, high: T) -> Result<(), String> {
    if low <= high {
        Ok(())
    } else {
        Err(format!("the lower end {low} lies above the upper end {high}"))
    }
}
