//! Quantiles and tails of Student's t (through statrs) and of the normal law (AS 241).
//!
//! The last bits of a t quantile are the platform's: whoever prints a bound rounds it.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::engine::{maths, memo::Memo};

/// From so many degrees of freedom on, quantiles come from the expansion about the normal, which
/// is then good to ten digits; inverting the incomplete beta function gets worse and worse.
const EXPANDED_FROM: f64 = 1e3;
/// From so many on, tails do too.
const NORMAL_FROM: f64 = 1e5;

/// A report asks for a hundred intervals of the same few degrees of freedom.
static KNOWN: Memo<[u64; 2], f64> = Memo::new(1000);

/// The value that Student's t stays below with `probability`, in (0, 1).
pub fn t_quantile(probability: f64, freedom: f64) -> f64 {
    assert!(0.0 < probability && probability < 1.0, "no quantile at {probability}");
    // Exactly, not as the root of a small difference.
    if probability == 0.5 {
        return 0.0;
    }
    if freedom >= EXPANDED_FROM {
        return expanded(normal_quantile(probability), freedom);
    }
    let of = [probability, freedom].map(f64::to_bits);
    *KNOWN.get(of, |_| student(freedom).inverse_cdf(probability))
}

/// P(T > t) for Student's t; infinite `t` are allowed.
pub fn t_tail(t: f64, freedom: f64) -> f64 {
    assert!(!t.is_nan(), "no tail beyond NaN");
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    if freedom >= NORMAL_FROM {
        return normal_tail(normal_of(t, freedom));
    }
    student(freedom).sf(t)
}

/// The value that a standard normal stays below with `probability`, in (0, 1).
pub fn normal_quantile(probability: f64) -> f64 {
    assert!(0.0 < probability && probability < 1.0, "no quantile at {probability}");
    maths::normal_quantile(probability)
}

/// P(Z > z) for a standard normal, with all its digits far out too.
pub fn normal_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The quantile of t where the normal's is `z` (Abramowitz and Stegun 26.7.5).
fn expanded(z: f64, freedom: f64) -> f64 {
    let (square, by) = (z * z, 1.0 / freedom);
    let first = (square + 1.0) / 4.0;
    let second = ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    z * (1.0 + by * (first + by * (second + by * third)))
}

/// The normal value with about the same tail as `t` (Wallace, Annals of Mathematical Statistics
/// 30, 1959): off by less than one part in the square of the degrees of freedom, however far out.
fn normal_of(t: f64, freedom: f64) -> f64 {
    if freedom.is_infinite() {
        return t;
    }
    let shrink = (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0);
    shrink * (freedom * libm::log1p(t * t / freedom)).sqrt().copysign(t)
}

fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("some freedom, above 0")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tables of the NIST/SEMATECH handbook (1.3.6.7.2), more digits from the closed forms of one
    /// and two degrees of freedom.
    #[test]
    fn as_in_the_tables() {
        for (probability, freedom, expected) in [
            (0.975, 1.0, 12.706_204_736),
            (0.975, 2.0, 4.302_652_730),
            (0.95, 4.0, 2.131_846_786),
            (0.975, 9.0, 2.262_157_163),
            (0.995, 9.0, 3.249_835_542),
            (0.975, 29.0, 2.045_229_642),
            (0.999, 100.0, 3.173_739_5),
            (0.975, 1e3, 1.962_339_081),
            (0.975, 1e8, 1.959_964_008),
            (0.975, f64::INFINITY, 1.959_963_985),
        ] {
            let quantile = t_quantile(probability, freedom);
            assert!((quantile - expected).abs() < 1e-6, "{quantile} for {expected}");
        }
        assert!((t_tail(1.0, 1.0) - 0.25).abs() < 1e-14);
        assert!((t_tail(-1.0, 1.0) - 0.75).abs() < 1e-14);
        assert!((normal_tail(1.959_963_984_540_054) - 0.025).abs() < 1e-15);
        assert_eq!((t_tail(f64::INFINITY, 3.0), t_tail(f64::NEG_INFINITY, 3.0)), (0.0, 1.0));
        assert_eq!(t_quantile(0.5, 7.0), 0.0);
    }

    proptest! {
        #[test]
        fn a_tail_inverts_a_quantile(probability in 1e-6..0.999_999_f64, freedom in 1.0..1e8_f64) {
            let back = t_tail(t_quantile(probability, freedom), freedom);
            prop_assert!((back - (1.0 - probability)).abs() < 1e-8, "{back}");
        }

        #[test]
        fn quantiles_are_symmetric_and_wider_than_normal(
            probability in 0.51..0.9999_f64, freedom in 1.0..1e6_f64,
        ) {
            let (high, low) =
                (t_quantile(probability, freedom), t_quantile(1.0 - probability, freedom));
            prop_assert!((high + low).abs() < 1e-6 * high);
            prop_assert!(high > normal_quantile(probability) * (1.0 - 1e-9));
        }
    }
}
