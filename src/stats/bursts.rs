//! Rare things that come in bursts, of which few were seen.
//!
//! Bursts come as a Poisson process, and their sizes differ. Were the sizes exponential, k bursts that
//! add up to a share p would say of the true one: its ratio to p is that of two gamma variables, one
//! for how often bursts come (Garwood, Biometrika 28, 1936: shape k + 1 for an upper bound), one for how
//! large they are on average (shape k), so it follows Fisher's F. Queues' bursts are busy periods, and
//! vary more than exponential ones: k of them count as fewer. Left out: bursts larger than any
//! that were seen by more than that, of which no sample says anything.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// The squared coefficient of variation of sizes. Measured at queues and at bursts of exponential and
/// lognormal sizes (of squared coefficient 4): at 2 verdicts keep their level, at 1 they do not.
const VARIATION: f64 = 2.0;

/// The p-value of "the share is as much as `limit`, or more" where it was `value`, above 0: in bursts that
/// so many replications had, and that are worth so many independent events. (Of exponential sizes
/// an event is worth two bursts.)
pub fn p_below(value: f64, seen_in: u64, effective_events: f64, limit: f64) -> f64 {
    assert!(value > 0.0, "no burst was seen");
    let bursts = (seen_in as f64).min(2.0 * effective_events);
    let alike = 2.0 * bursts / (1.0 + VARIATION);
    let ratio = limit / value * bursts / (bursts + 1.0);
    let law = FisherSnedecor::new(2.0 * alike + 2.0, 2.0 * alike).expect("more than no burst");
    law.sf(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Three bursts count as two: F with 6 and 4 degrees of freedom is beyond 9.1979 in 2.5% of all
    /// cases, and beyond 6.1631 in 5% (tables of NIST/SEMATECH, 1.3.6.7.3).
    #[test]
    fn as_in_the_tables() {
        for (ratio, expected) in [(9.197_9, 0.025), (6.163_1, 0.05)] {
            let p = p_below(0.003, 3, 9.0, 0.003 * ratio * 4.0 / 3.0);
            assert!((p - expected).abs() < 1e-5, "{p} at {ratio}");
        }
        // Two effective events are worth four bursts at most.
        assert_eq!(p_below(0.003, 9, 2.0, 0.01), p_below(0.003, 4, 2.0, 0.01));
    }

    proptest! {
        #[test]
        fn more_bursts_and_farther_limits_are_surer(
            seen_in in 1_u64..40, limit in 1.0..50.0_f64,
        ) {
            let at = |seen_in, limit| p_below(1.0, seen_in, 100.0, limit);
            prop_assert!(at(seen_in, limit + 1.0) <= at(seen_in, limit) + 1e-12);
            prop_assert!(limit < 3.0 || at(seen_in + 1, limit) <= at(seen_in, limit) + 1e-9);
        }
    }
}
