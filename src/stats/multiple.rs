//! Many verdicts at once.
//!
//! Holm (Scandinavian Journal of Statistics 6, 1979) keeps the chance of any false alarm below
//! the level, Benjamini and Hochberg (JRSS B 57, 1995) the expected share of false alarms among
//! the alarms. Holm's holds whatever the dependence; the other where tests are independent or
//! positively dependent. Answers come in the order of the questions.

/// Which hypotheses fall, with the chance that any of them was true at most `level`.
pub fn holm(p: &[f64], level: f64) -> Vec<bool> {
    holm_adjusted(p).into_iter().map(|adjusted| adjusted <= level).collect()
}

/// P-values to be held against the level of the whole family.
pub fn holm_adjusted(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in ascending(p).iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

/// P-values to be held against the share of false discoveries that is allowed.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![0.0; p.len()];
    let mut least = 1.0_f64;
    for (rank, &index) in ascending(p).iter().enumerate().rev() {
        least = least.min(p.len() as f64 / (rank + 1) as f64 * p[index]);
        adjusted[index] = least;
    }
    adjusted
}

/// Indices, the smallest p-value first.
fn ascending(p: &[f64]) -> Vec<usize> {
    assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "not p-values: {p:?}");
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The fifteen of Benjamini and Hochberg's own example (1995, section 3.1): four discoveries
    /// at 0.05 by theirs, three by Bonferroni and Holm.
    const THROMBOLYSIS: [f64; 15] = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
        0.5719, 0.6528, 0.7590, 1.0000,
    ];

    #[test]
    fn as_published() {
        let found = benjamini_hochberg(&THROMBOLYSIS);
        assert_eq!(found.iter().filter(|&&p| p <= 0.05).count(), 4);
        assert!((found[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-15);
        assert_eq!(holm(&THROMBOLYSIS, 0.05).iter().filter(|&&falls| falls).count(), 3);
    }

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` and `"BH"`.
    #[test]
    fn as_r_adjusts() {
        let p = [0.01, 0.04, 0.03, 0.005];
        for (adjusted, expected) in [
            (holm_adjusted(&p), [0.03, 0.06, 0.06, 0.02]),
            (benjamini_hochberg(&p), [0.02, 0.04, 0.04, 0.02]),
        ] {
            for (value, expected) in adjusted.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-15);
            }
        }
        assert!(holm_adjusted(&[]).is_empty() && benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusting_keeps_order_and_only_raises(
            p in prop::collection::vec(0.0..=1.0_f64, 1..30),
        ) {
            let (holm, found) = (holm_adjusted(&p), benjamini_hochberg(&p));
            for i in 0..p.len() {
                prop_assert!(p[i] <= found[i] && found[i] <= holm[i] && holm[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || (holm[i] <= holm[j] && found[i] <= found[j]));
                }
            }
        }
    }
}
