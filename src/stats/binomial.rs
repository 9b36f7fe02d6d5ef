//! Tails of the binomial law, and the interval of Clopper and Pearson (Biometrika 26, 1934).
//!
//! Counts may be fractions, as effective counts are: the tails are those of the incomplete beta
//! function, taken from its continued fraction by Lentz's method (DLMF 8.17.22). Both tails are
//! kept apart, so that none is a difference of almost equal numbers. Past a thousand million
//! trials five digits are left.

use crate::engine::maths;

/// Enough for a thousand million trials: the fraction converges in about the root of them.
const STEPS_MAX: u32 = 200_000;

/// The interval for the share behind `part` successes among `whole` independent trials. It
/// covers with at least `confidence`, whatever the share.
pub fn clopper_pearson(part: u64, whole: u64, confidence: f64) -> (f64, f64) {
    assert!(part <= whole, "{part} of {whole}");
    if whole == 0 {
        return (0.0, 1.0);
    }
    let level = (1.0 - confidence) / 2.0;
    (lower(part as f64, whole as f64, level), upper(part as f64, whole as f64, level))
}

/// The largest share below which `part` or more of `whole` has at most the chance `level`.
pub fn lower(part: f64, whole: f64, level: f64) -> f64 {
    if part <= 0.0 {
        return 0.0;
    }
    bisect(0.0, part / whole, |share| at_least(part, whole, share) < level)
}

/// The smallest share above which `part` or fewer of `whole` has at most the chance `level`.
pub fn upper(part: f64, whole: f64, level: f64) -> f64 {
    if part >= whole {
        return 1.0;
    }
    bisect(part / whole, 1.0, |share| at_most(part, whole, share) > level)
}

/// The chance of `part` or more of `whole` trials that succeed with `share` each.
pub fn at_least(part: f64, whole: f64, share: f64) -> f64 {
    if part <= 0.0 {
        return 1.0;
    }
    beta_tails(part, whole - part + 1.0, share).0
}

/// The chance of `part` or fewer of `whole` trials that succeed with `share` each.
pub fn at_most(part: f64, whole: f64, share: f64) -> f64 {
    if part >= whole {
        return 1.0;
    }
    beta_tails(part + 1.0, whole - part, share).1
}

/// Where `is_below` turns false, between `low` and `high`.
fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    // Towards 0 in steps of a half, so that tiny shares keep their digits.
    for _ in 0..120 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high || high - low < 1e-13 * high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The regularised incomplete beta function at `x`, and what it lacks to 1.
fn beta_tails(a: f64, b: f64, x: f64) -> (f64, f64) {
    assert!(a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x), "beta of {a}, {b} at {x}");
    if x == 0.0 {
        return (0.0, 1.0);
    }
    if x == 1.0 {
        return (1.0, 0.0);
    }
    let log_scale = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * maths::ln(x);
    let scale = maths::exp(log_scale + b * libm::log1p(-x));
    // The fraction converges fast on the near side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        let below = (scale * fraction(a, b, x) / a).min(1.0);
        (below, 1.0 - below)
    } else {
        let above = (scale * fraction(b, a, 1.0 - x) / b).min(1.0);
        (1.0 - above, above)
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_0 = |y: f64| if y.abs() < TINY { TINY } else { y };
    let (mut c, mut d) = (1.0, 1.0 / away_from_0(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for step in 1..STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_0(1.0 + numerator * d);
            c = away_from_0(1.0 + numerator / c);
            factor = c * d;
            value *= factor;
        }
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sums of the terms themselves.
    #[test]
    fn tails_are_sums_of_chances() {
        let (whole, share) = (20_u32, 0.3_f64);
        let mut chance = (0..whole).fold(1.0, |chance, _| chance * (1.0 - share));
        let mut sum = 0.0;
        for part in 0..whole {
            let above = at_least(f64::from(part), f64::from(whole), share);
            assert!((above - (1.0 - sum)).abs() < 1e-13, "{part}: {above}");
            sum += chance;
            let below = at_most(f64::from(part), f64::from(whole), share);
            assert!((below - sum).abs() < 1e-13, "{part}: {below} for {sum}");
            chance *= f64::from(whole - part) / f64::from(part + 1) * share / (1.0 - share);
        }
    }

    /// R: `binom.test`; the ends in closed form: 1 - (level)^(1/n).
    #[test]
    fn clopper_pearson_as_published() {
        for (part, whole, low, high) in [
            (0, 10, 0.0, 0.308_497_10),
            (1, 10, 0.002_528_579, 0.445_016_117),
            (5, 10, 0.187_086_03, 0.812_913_97),
            (10, 10, 0.691_502_90, 1.0),
            (7, 20, 0.153_909_2, 0.592_188_5),
        ] {
            let (below, above) = clopper_pearson(part, whole, 0.95);
            assert!((below - low).abs() < 2e-7, "{part} of {whole}: {below}");
            assert!((above - high).abs() < 2e-7, "{part} of {whole}: {above}");
        }
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
    }

    /// With many trials and few successes it is Garwood's interval for a Poisson mean (1936):
    /// 4.795 to 18.390 about 10.
    #[test]
    fn many_trials() {
        for whole in [1_000_000_u64, 1_000_000_000] {
            let (low, high) = clopper_pearson(10, whole, 0.95);
            assert!((low * whole as f64 - 4.795_389).abs() < 2e-4, "{low}");
            assert!((high * whole as f64 - 18.390_356).abs() < 4e-4, "{high}");
        }
        let (low, high) = clopper_pearson(500_000_000, 1_000_000_000, 0.95);
        let half = 1.959_964 * 0.5 / 1e9_f64.sqrt();
        assert!((low - (0.5 - half)).abs() < 1e-8 && (high - (0.5 + half)).abs() < 1e-8);
    }

    proptest! {
        #[test]
        fn bounds_mirror_and_hold_the_share(
            whole in 1_u64..5_000, fraction in 0.0..1.0_f64, confidence in 0.5..0.999_f64,
        ) {
            let part = (fraction * (whole + 1) as f64) as u64;
            let (low, high) = clopper_pearson(part, whole, confidence);
            let (mirror_low, mirror_high) = clopper_pearson(whole - part, whole, confidence);
            let share = part as f64 / whole as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            prop_assert!((low - (1.0 - mirror_high)).abs() < 1e-10);
            prop_assert!((high - (1.0 - mirror_low)).abs() < 1e-10);
        }
    }
}
