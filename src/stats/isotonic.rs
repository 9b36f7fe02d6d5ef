//! Values that cannot fall, and where they cross 0.
//!
//! The least-squares fit among all that never fall pools adjacent values that do (Ayer, Brunk, Ewing,
//! Reid and Silverman, Annals of Mathematical Statistics 26, 1955). Between the points it is straight.

/// The values nearest to these, in the sense of least squares, that never fall.
pub fn isotonic(values: &[f64]) -> Vec<f64> {
    // (mean, how many) of each block.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for &value in values {
        blocks.push((value, 1));
        while let [.., (one, few), (two, many)] = blocks[..]
            && one > two
        {
            let count = few + many;
            let mean = (one * few as f64 + two * many as f64) / count as f64;
            blocks.truncate(blocks.len() - 2);
            blocks.push((mean, count));
        }
    }
    blocks.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count)).collect()
}

/// Where the fit through (`at`, `values`) crosses 0 upwards, `at` rising. Outside of what was seen the
/// nearest slope goes on; `None`: there is none, and so no crossing.
pub fn crossing(at: &[f64], values: &[f64]) -> Option<f64> {
    assert_eq!(at.len(), values.len());
    let fit = isotonic(values);
    let count = fit.len();
    if count < 2 {
        return None;
    }
    let slope = |low: usize, high: usize| (fit[high] - fit[low]) / (at[high] - at[low]);
    match fit.iter().position(|&value| value > 0.0) {
        Some(0) => {
            let rise = (1..count).map(|high| slope(0, high)).find(|it| *it > 0.0)?;
            Some(at[0] - fit[0] / rise)
        }
        Some(high) => {
            let share = -fit[high - 1] / (fit[high] - fit[high - 1]);
            Some(at[high - 1] + share * (at[high] - at[high - 1]))
        }
        None => {
            let last = count - 1;
            let rise = (0..last).rev().map(|low| slope(low, last)).find(|it| *it > 0.0)?;
            Some(at[last] - fit[last] / rise)
        }
    }
}

/// The same, but no further away from what was seen than that is wide: where a crossing lies beyond, or
/// there is none, it is that far.
pub fn crossing_nearby(at: &[f64], values: &[f64]) -> f64 {
    let (first, last) = (at[0], at[at.len() - 1]);
    let width = last - first;
    let beyond = || if isotonic(values)[0] > 0.0 { first - width } else { last + width };
    crossing(at, values).unwrap_or_else(beyond).clamp(first - width, last + width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_falls_is_pooled() {
        assert_eq!(isotonic(&[1.0, 3.0, 2.0, 4.0]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(isotonic(&[3.0, 2.0, 1.0]), [2.0, 2.0, 2.0]);
        assert_eq!(isotonic(&[]), [0.0; 0]);
    }

    #[test]
    fn crossings_are_found_between_and_a_little_beyond() {
        let at = [1.0, 2.0, 3.0];
        assert_eq!(crossing(&at, &[-1.0, 1.0, 2.0]), Some(1.5));
        assert_eq!(crossing(&at, &[0.5, 1.0, 2.0]), Some(0.0));
        assert_eq!(crossing(&at, &[-3.0, -2.0, -1.0]), Some(4.0));
        assert_eq!(crossing(&at, &[-9.0, -8.0, -7.0]), Some(10.0));
        assert_eq!(crossing(&at, &[-1.0, -1.0, -1.0]), None);
        let nearby = |values: [f64; 3]| crossing_nearby(&at, &values);
        assert_eq!(nearby([-9.0, -8.0, -7.0]), 5.0);
        assert_eq!(nearby([-1.0, -1.0, -1.0]), 5.0);
        assert_eq!(nearby([1.0, 1.0, 1.0]), -1.0);
        assert_eq!(nearby([-1.0, 1.0, 2.0]), 1.5);
    }

    proptest! {
        /// It never falls, keeps the mean, and no other fit that never falls is nearer.
        #[test]
        fn is_the_nearest(
            values in prop::collection::vec(-5.0..5.0_f64, 1..12),
            other in prop::collection::vec(-5.0..5.0_f64, 12),
        ) {
            let fit = isotonic(&values);
            prop_assert!(fit.windows(2).all(|two| two[0] <= two[1]));
            let sum = |of: &[f64]| of.iter().sum::<f64>();
            prop_assert!((sum(&fit) - sum(&values)).abs() < 1e-9);
            let mut other = other[..values.len()].to_vec();
            other.sort_by(f64::total_cmp);
            let far = |of: &[f64]| -> f64 {
                of.iter().zip(&values).map(|(one, two)| (one - two) * (one - two)).sum()
            };
            prop_assert!(far(&fit) <= far(&other) + 1e-9);
        }
    }
}
