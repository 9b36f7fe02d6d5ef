//! Where over the load an objective is missed: an isotonic fit of how near its limit it was, on a
//! logarithmic scale (what is bad grows exponentially with the load near a limit, and a level that is
//! proportional to it is straight enough between neighbours), and the error of its crossing by
//! leaving out one replication of all loads at a time, which they have in common.

use super::{bench::Level, judgement::Judgement};
use crate::{
    engine::maths::ln,
    stats::{
        estimator::Estimator,
        isotonic::{crossing, crossing_nearby, isotonic},
        ratio::jackknife_of,
    },
};

/// What was hardly ever bad is no nearer to the limit than this, for the fit.
const LEAST: f64 = 1e-3;

/// How near their limits the objectives were; of what nobody came for nothing.
pub(super) fn badness(judgements: &[Judgement]) -> Vec<Option<f64>> {
    judgements.iter().map(Judgement::badness).collect()
}

/// The one that was nearest to its limit, or furthest beyond it.
pub(super) fn worst(badness: &[Option<f64>]) -> Option<(usize, f64)> {
    let known = badness.iter().enumerate().filter_map(|(index, it)| Some((index, (*it)?)));
    known.fold(None, |best: Option<(usize, f64)>, it| match best {
        Some(known) if known.1 >= it.1 => Some(known),
        Some(_) | None => Some(it),
    })
}

/// Whether a load holds all objectives, by what was measured.
pub(super) fn holds(badness: &[Option<f64>]) -> bool {
    worst(badness).is_none_or(|(_, it)| it <= 1.0)
}

/// How near its limit an objective was on the fit's scale, 0 right at it.
fn scaled(badness: f64) -> f64 {
    ln(badness.clamp(LEAST, 1.0 / LEAST))
}

/// The fit of each objective to the first `count` replications of these loads. `None`: nobody came for
/// whom it would matter.
pub(super) fn fitted(levels: &[&Level], count: usize) -> Vec<Option<Vec<f64>>> {
    let table: Vec<_> = levels.iter().map(|level| badness(&level.judgements(count))).collect();
    let objectives = levels.first().map_or(0, |level| level.plan().objectives.len());
    let values = |objective: usize| -> Option<Vec<f64>> {
        table.iter().map(|level| level[objective].map(scaled)).collect()
    };
    (0..objectives).map(|objective| Some(isotonic(&values(objective)?))).collect()
}

/// Where the objectives are missed.
#[derive(Clone, Debug)]
pub(super) struct Crossings {
    /// The first of them, as a factor.
    pub(super) first: Estimator,
    /// Which that is.
    pub(super) limiting: usize,
    /// Each of them, if it is near.
    pub(super) each: Vec<Option<Estimator>>,
}

/// By the first `count` replications of these loads.
pub(super) fn crossings(levels: &[&Level], count: usize) -> Option<Crossings> {
    let at: Vec<f64> = levels.iter().map(|level| level.factor).collect();
    // By replication left out (the last: none), by level, by objective.
    let near = |left_out: Option<usize>| -> Vec<Vec<Option<f64>>> {
        let of = |level: &&Level| match left_out {
            None => badness(&level.judgements(count)),
            Some(index) => badness(&level.judgements_without(count, index)),
        };
        levels.iter().map(of).collect()
    };
    let tables: Vec<_> = (0..count).map(Some).chain([None]).map(near).collect();
    let table = |left_out: Option<usize>| &tables[left_out.unwrap_or(count)];
    let values = |objective: usize, left_out: Option<usize>| -> Option<Vec<f64>> {
        table(left_out).iter().map(|level| level[objective].map(scaled)).collect()
    };
    let width = at.last()? - at.first()?;
    let nearby = at[0] - width..=at[at.len() - 1] + width;
    // Which objectives are missed hereabouts is a matter of all replications.
    let objectives = levels.first()?.plan().objectives.len();
    let missed: Vec<(usize, f64)> = (0..objectives)
        .filter_map(|it| Some((it, crossing(&at, &values(it, None)?)?)))
        .filter(|(_, found)| nearby.contains(found))
        .collect();
    let one = |objective: usize, left_out: Option<usize>| {
        Some(crossing_nearby(&at, &values(objective, left_out)?))
    };
    let each: Vec<Option<Estimator>> = (0..objectives)
        .map(|it| {
            missed.iter().find(|(objective, _)| *objective == it)?;
            jackknife_of(count, |left_out| one(it, left_out))
        })
        .collect();
    let (limiting, _) = *missed.iter().min_by(|one, other| one.1.total_cmp(&other.1))?;
    // Of the least of all, whichever it is without a replication.
    let first = jackknife_of(count, |left_out| {
        missed.iter().filter_map(|(it, _)| one(*it, left_out)).min_by(f64::total_cmp)
    })?;
    Some(Crossings { first, limiting, each })
}
