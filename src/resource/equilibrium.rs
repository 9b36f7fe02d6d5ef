//! Where a cache stands after a long time: Che's approximation (Che, Tung and Wang 2002; shown to
//! be asymptotically exact by Fricker, Robert and Roberts 2012).
//!
//! With independent requests an object is in an LRU cache if it was asked for within the last T
//! seconds, the same *characteristic time* T for all; T is where the expected bytes in the cache
//! are its budget.

use crate::engine::memo::Memo;

/// What a characteristic time follows from: rates as bits, sizes, budget.
type Population = (Vec<u64>, Vec<u64>, u64);

/// Every replication builds its caches anew.
static KNOWN: Memo<Population, f64> = Memo::new(16);
/// Larger populations are not remembered.
const KNOWN_OBJECTS_MAX: usize = 1 << 16;

/// Newton's steps from below double the known digits; this is far beyond what they take.
const STEPS_MAX: u32 = 500;

/// The characteristic time in seconds of a cache of `budget` bytes: the root of
/// Σ `bytes` (1 − exp(−`rate` T)) = `budget`. Infinite if everything that is asked for fits.
pub fn characteristic_time(rates: &[f64], bytes: &[u64], budget: u64) -> f64 {
    assert_eq!(rates.len(), bytes.len());
    assert!(rates.iter().all(|rate| rate.is_finite() && *rate >= 0.0));
    let asked = rates.iter().zip(bytes).filter(|(rate, _)| **rate > 0.0);
    let total: u128 = asked.clone().map(|(_, size)| u128::from(*size)).sum();
    if total <= u128::from(budget) {
        return f64::INFINITY;
    }
    if rates.len() > KNOWN_OBJECTS_MAX {
        return root(rates, bytes, budget);
    }
    let bits = rates.iter().map(|rate| rate.to_bits()).collect();
    *KNOWN.get((bits, bytes.to_vec(), budget), |_| root(rates, bytes, budget))
}

fn root(rates: &[f64], bytes: &[u64], budget: u64) -> f64 {
    // The sum is concave in T, so that a tangent's root never lies beyond the sum's.
    let mut time = 0.0;
    for _ in 0..STEPS_MAX {
        let (mut missing, mut slope) = (budget as f64, 0.0);
        for (rate, size) in rates.iter().zip(bytes).filter(|(rate, _)| **rate > 0.0) {
            let absent = libm::exp(-rate * time) * *size as f64;
            missing -= *size as f64 - absent;
            slope += rate * absent;
        }
        let step = missing / slope;
        // No number where the slope has vanished.
        if step.is_nan() || step <= time * 1e-12 {
            break;
        }
        time += step;
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(rates: &[f64], bytes: &[u64], time: f64) -> f64 {
        let share = |rate: f64| 1.0 - libm::exp(-rate * time);
        rates.iter().zip(bytes).map(|(rate, size)| share(*rate) * *size as f64).sum()
    }

    proptest! {
        /// By bisection.
        #[test]
        fn agrees_with_brute_force(
            objects in prop::collection::vec((0.0f64..10.0, 1u64..100_000), 1..200),
            share in 0.0f64..0.999,
        ) {
            let (rates, bytes): (Vec<f64>, Vec<u64>) = objects.into_iter().unzip();
            let asked = rates.iter().zip(&bytes).filter(|it| *it.0 > 0.0);
            let total = asked.map(|it| *it.1).sum::<u64>();
            let budget = (total as f64 * share) as u64;
            let (mut low, mut high) = (0.0, 1e12);
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                let is_low = filled(&rates, &bytes, middle) < budget as f64;
                (low, high) = if is_low { (middle, high) } else { (low, middle) };
            }
            let time = characteristic_time(&rates, &bytes, budget);
            prop_assert!(total == 0 || (time - low).abs() <= 1e-6 * low, "{} {}", time, low);
        }
    }

    #[test]
    fn what_fits_stays() {
        assert_eq!(characteristic_time(&[1.0, 0.0], &[10, 1000], 10), f64::INFINITY);
        assert_eq!(characteristic_time(&[], &[], 0), f64::INFINITY);
        assert_eq!(characteristic_time(&[1.0], &[10], 0), 0.0);
    }

    /// Zipf over a million files: a quarter of a second would be felt at every start.
    #[test]
    fn is_quick_and_right_for_many_files() {
        let rates: Vec<f64> = (1..=1_000_000).map(|rank| 1000.0 / f64::from(rank)).collect();
        let bytes = vec![10_000; rates.len()];
        let time = characteristic_time(&rates, &bytes, 2_000_000_000);
        assert!((filled(&rates, &bytes, time) / 2e9 - 1.0).abs() < 1e-9);
    }
}
