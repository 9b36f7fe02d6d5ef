//! How much of the beginning to leave out.
//!
//! MSER-5 (White, *Simulation* 69, 1997; White, Cobb and Spratt, WSC 2000): the cut that leaves
//! the narrowest interval for the mean of what remains, on means of five observations. The series
//! is best averaged over pilots first (Hoad, Robinson and Davies, WSC 2008), index by index. A
//! minimum in the second half says that the pilots were too short, and there may be no steady
//! state to be found at all: `drifts` asks the pilots one by one whether the work in flight still
//! grows.

use super::estimator::Estimator;

/// Observations to a batch.
const BATCH: usize = 5;
/// The last batches are no place for a cut: the variance of almost nothing is almost nothing.
const LAST_BATCHES: usize = 5;
/// The chance of calling a steady system a drifting one.
const DRIFT_LEVEL: f64 = 0.01;
/// Growth from the third quarter to the last that matters.
const DRIFT_MATTERS: f64 = 0.1;

/// Why no cut can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Fewer than fifty observations.
    TooFew,
    /// The best cut lies in the second half: the pilots are too short to tell, or the system
    /// never settles.
    LateMinimum,
    /// The work in flight still grows at the end: as much arrives as can be done, or more.
    Drifts,
}

/// How many observations to leave out at the beginning, a multiple of five.
pub fn mser5(series: &[f64]) -> Result<usize, Refusal> {
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / BATCH as f64;
    let batches: Vec<f64> = series.chunks_exact(BATCH).map(mean).collect();
    if batches.len() < 2 * LAST_BATCHES {
        return Err(Refusal::TooFew);
    }
    let cut = best_cut(&batches);
    // Half of the batches, and not one more.
    if 2 * cut > batches.len() { Err(Refusal::LateMinimum) } else { Ok(cut * BATCH) }
}

/// The number of batches without which the squared error of the mean of the others is least; the
/// first of equals.
fn best_cut(batches: &[f64]) -> usize {
    // From the end on, by Welford's recursion.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let (mut best, mut least) = (0, f64::INFINITY);
    for (cut, &value) in batches.iter().enumerate().rev() {
        count += 1.0;
        let distance = value - mean;
        mean += distance / count;
        squares += distance * (value - mean);
        let error = squares / (count * count);
        if cut + LAST_BATCHES <= batches.len() && error <= least {
            (best, least) = (cut, error);
        }
    }
    best
}

/// Whether the work in flight still grows over the second half of the pilots: significantly by
/// the slopes of the pilots, and by more than a tenth from the third quarter to the last. One
/// pilot has no spread to judge by; then growth alone decides.
pub fn drifts(series_by_pilot: &[Vec<f64>]) -> bool {
    let length = series_by_pilot.iter().map(Vec::len).min().unwrap_or(0);
    if length < 4 {
        return false;
    }
    let (half, three_quarters) = (length / 2, length - length / 4);
    let mean_over = |from: usize, to: usize| {
        let of = |series: &Vec<f64>| series[from..to].iter().sum::<f64>() / (to - from) as f64;
        series_by_pilot.iter().map(of).sum::<f64>() / series_by_pilot.len() as f64
    };
    let (third, last) = (mean_over(half, three_quarters), mean_over(three_quarters, length));
    if last - third <= DRIFT_MATTERS * third.abs() {
        return false;
    }
    let slopes: Vec<f64> =
        series_by_pilot.iter().map(|series| slope(&series[half..length])).collect();
    Estimator::of(&slopes).is_none_or(|slope| slope.p_above(0.0) < DRIFT_LEVEL)
}

/// Of the least-squares line through equidistant values.
fn slope(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut above, mut below) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let distance = index as f64 - middle;
        above += distance * value;
        below += distance * distance;
    }
    above / below
}

/// The longest cut over several state series, or the first series that has none. A series that
/// never changes has no warm-up.
pub fn cut(several: &[Vec<f64>]) -> Result<usize, (usize, Refusal)> {
    let mut longest = 0;
    for (index, series) in several.iter().enumerate() {
        if series.windows(2).all(|two| two[0] == two[1]) {
            continue;
        }
        longest = longest.max(mser5(series).map_err(|refusal| (index, refusal))?);
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{engine::maths, stats::trial::Luck};

    const PILOTS: usize = 10;

    fn averaged(pilots: &[Vec<f64>]) -> Vec<f64> {
        let at = |index: usize| pilots.iter().map(|pilot| pilot[index]).sum::<f64>();
        (0..pilots[0].len()).map(|index| at(index) / pilots.len() as f64).collect()
    }

    fn pilots(seed: u64, start: f64, load: f64, count: usize) -> Vec<Vec<f64>> {
        let mut luck = Luck::new(seed);
        (0..PILOTS).map(|_| luck.waits_from(start, load, count)).collect()
    }

    /// As it is defined, batch by batch.
    fn by_definition(batches: &[f64]) -> usize {
        let error = |cut: usize| {
            let rest = &batches[cut..];
            let count = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / count;
            rest.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count * count)
        };
        (0..=batches.len() - LAST_BATCHES).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap()
    }

    #[test]
    fn a_step_is_cut_where_it_ends() {
        let mut series = vec![9.0; 40];
        series.extend((0..200).map(|index| f64::from(index % 5)));
        assert_eq!(mser5(&series), Ok(40));
        assert_eq!(mser5(&series[40..]), Ok(0));
        let late: Vec<f64> = (0..240).map(|index| if index < 180 { 9.0 } else { 1.0 }).collect();
        assert_eq!(mser5(&late), Err(Refusal::LateMinimum));
        assert_eq!(mser5(&series[..49]), Err(Refusal::TooFew));
        let constant = vec![7.0; 240];
        assert_eq!(cut(&[constant.clone(), series.clone()]), Ok(40));
        assert_eq!(cut(&[constant, series, late]), Err((2, Refusal::LateMinimum)));
    }

    #[test]
    fn a_queue_that_starts_overloaded() {
        // Work of 200 goes down by 2/3 a customer: 300 customers.
        let found =
            (0..40).filter_map(|seed| mser5(&averaged(&pilots(seed, 200.0, 0.6, 4_000))).ok());
        let found: Vec<usize> = found.collect();
        assert!(found.len() >= 38, "{found:?}");
        assert!(found.iter().all(|cut| (250..2_000).contains(cut)), "{found:?}");
    }

    #[test]
    fn a_queue_that_starts_empty() {
        let mut means = (0.0, 0.0);
        for seed in 0..50 {
            let series = averaged(&pilots(seed, 0.0, 0.9, 2_000));
            let Ok(found) = mser5(&series) else { continue };
            means.0 += series.iter().sum::<f64>() / 2_000.0;
            means.1 += series[found..].iter().sum::<f64>() / (2_000 - found) as f64;
        }
        // In equilibrium it is 9: what is cut takes bias away.
        assert!(means.0 < means.1, "{means:?}");
    }

    #[test]
    fn a_cold_cache() {
        // The hit ratio grows as 1 - e^(-t/100), with noise.
        for seed in 0..20 {
            let mut luck = Luck::new(seed);
            let series: Vec<f64> = (0..3_000)
                .map(|at| 0.9 * (1.0 - maths::exp(-f64::from(at) / 100.0)) + 0.02 * luck.normal())
                .collect();
            let found = mser5(&series).unwrap();
            assert!((250..700).contains(&found), "{seed}: {found}");
        }
    }

    #[test]
    fn what_is_above_capacity_drifts_and_what_is_below_does_not() {
        let mut alarms = 0;
        for seed in 0..100 {
            assert!(drifts(&pilots(seed, 0.0, 1.2, 2_000)), "{seed}");
            alarms += u32::from(drifts(&pilots(seed, 0.0, 0.7, 2_000)));
        }
        assert!(alarms <= 3, "{alarms}");
        assert!(drifts(&pilots(1, 0.0, 1.2, 2_000)[..1]));
        assert!(!drifts(&[]) && !drifts(&[vec![1.0; 3]]) && !drifts(&vec![vec![1.0; 100]; 5]));
    }

    proptest! {
        #[test]
        fn the_recursion_is_the_definition(
            batches in prop::collection::vec(0.0..10.0_f64, 10..80),
        ) {
            prop_assert_eq!(best_cut(&batches), by_definition(&batches));
        }
    }
}
