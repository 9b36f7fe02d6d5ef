//! Between which loads the first objective is missed, by what was tried so far, and what to try next.
//!
//! A site that collapses misses its objectives from one load to the next: by how much it misses them
//! there says nothing of where between the two that is. The gap is cut into parts instead, until it is
//! narrow enough for a fit.

use super::{
    bench::{Bench, Level},
    fit::{badness, fitted, holds},
};

/// A gap is cut into so many parts.
const PARTS: u32 = 4;

/// Where the first miss lies of loads that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Even the lowest misses.
    Below,
    /// Some lower ones hold, some higher ones miss.
    Within,
    /// All of them hold.
    Above,
}

/// By the first `count` replications of these loads, as the fit sees them, which never falls.
pub(super) fn side(bench: &Bench, factors: &[f64], count: u32) -> Side {
    let fits = fitted(&bench.levels_at(factors), count as usize);
    let misses = |at: fn(&[f64]) -> Option<&f64>| {
        fits.iter().flatten().any(|fit| at(fit).is_some_and(|it| *it > 0.0))
    };
    if misses(<[f64]>::first) {
        Side::Below
    } else if misses(<[f64]>::last) {
        Side::Within
    } else {
        Side::Above
    }
}

/// Two neighbours of all that was tried, the first of which holds and the second misses: the nearest to
/// these loads, on that side of them. Where there is no such load yet, one that is a step further.
pub(super) fn beyond(bench: &Bench, near: &[f64], is_above: bool) -> (f64, f64) {
    let (first, last) = (near[0], near[near.len() - 1]);
    let step = (last - first).max(0.1 * last);
    let tried = || bench.levels.iter().filter(|it| it.replications() > 0);
    let held = |it: &&Level| holds(&badness(&it.judgements(it.replications() as usize)));
    if is_above {
        let high = tried().find(|it| it.factor > last && !held(it)).map(|it| it.factor);
        let below = |it: &&Level| high.is_none_or(|high| it.factor < high);
        let low = tried().rfind(below).map_or(last, |it| it.factor.max(last));
        return (low, high.unwrap_or(low + step));
    }
    let low = tried().rfind(|it| it.factor < first && held(it)).map(|it| it.factor);
    let above = |it: &&Level| low.is_none_or(|low| it.factor > low);
    let high = tried().find(above).map_or(first, |it| it.factor.min(first));
    (low.unwrap_or((high - step).max(0.5 * high)), high)
}

/// The neighbours of a place among loads in ascending order.
pub(super) fn gap(near: &[f64], place: f64) -> Option<(f64, f64)> {
    near.windows(2).map(|two| (two[0], two[1])).find(|(low, high)| (*low..=*high).contains(&place))
}

/// A gap's ends, and what cuts it into parts.
pub(super) fn parts((low, high): (f64, f64), nice: impl Fn(f64) -> f64) -> Vec<f64> {
    let part = |it: u32| nice(low + f64::from(it) / f64::from(PARTS) * (high - low));
    let mut parts: Vec<f64> = (0..=PARTS).map(part).collect();
    parts.dedup();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_cut_between_its_ends() {
        assert_eq!(gap(&[1.0, 2.0, 4.0], 3.0), Some((2.0, 4.0)));
        assert_eq!(gap(&[1.0, 2.0, 4.0], 0.5), None);
        assert_eq!(parts((2.0, 4.0), |it| it), [2.0, 2.5, 3.0, 3.5, 4.0]);
        // Whole users have no loads between neighbours.
        assert_eq!(parts((2.0, 3.0), f64::round), [2.0, 3.0]);
    }
}
