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
/// What is bad jumps where it is so many times less than may be at a load, and so many times more at the
/// next.
const FAR: f64 = 2.0;

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

/// The neighbours between which a fit crosses 0, if both are far from it.
fn jump(at: &[f64], values: &[f64]) -> Option<(f64, f64)> {
    let fit = isotonic(values);
    let high = fit.iter().position(|it| *it > 0.0)?;
    let low = high.checked_sub(1)?;
    let far = ln(FAR);
    (fit[low] < -far && fit[high] > far).then(|| (at[low], at[high]))
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
    /// The first of them.
    pub(super) first: Crossing,
    /// Which that is.
    pub(super) limiting: usize,
    /// Each of them, if it is near.
    pub(super) each: Vec<Option<Crossing>>,
}

/// Where one is missed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    /// By the fit, as a factor.
    pub(super) at: Estimator,
    /// The loads on both sides of it, where what is bad jumps from one to the other: the fit between them
    /// is a guess, of whose error replications know nothing.
    pub(super) jump: Option<(f64, f64)>,
}

impl Crossing {
    /// Where it lies, two-sided: across a jump anywhere in the gap.
    pub(super) fn interval(&self, confidence: f64) -> (f64, f64) {
        let (low, high) = self.at.interval(confidence);
        self.jump.map_or((low, high), |(held, missed)| (low.min(held), high.max(missed)))
    }
}

/// How near their limits objectives were at loads in ascending order, with all replications and without each.
struct Near {
    at: Vec<f64>,
    count: usize,
    objectives: usize,
    /// By replication left out (the last: none), by level, by objective.
    tables: Vec<Vec<Vec<Option<f64>>>>,
}

impl Near {
    fn of(levels: &[&Level], count: usize) -> Near {
        let table = |left_out: Option<usize>| -> Vec<Vec<Option<f64>>> {
            let of = |level: &&Level| match left_out {
                None => badness(&level.judgements(count)),
                Some(index) => badness(&level.judgements_without(count, index)),
            };
            levels.iter().map(of).collect()
        };
        Near {
            at: levels.iter().map(|level| level.factor).collect(),
            count,
            objectives: levels.first().map_or(0, |level| level.plan().objectives.len()),
            tables: (0..count).map(Some).chain([None]).map(table).collect(),
        }
    }

    fn values(&self, objective: usize, left_out: Option<usize>) -> Option<Vec<f64>> {
        let table = &self.tables[left_out.unwrap_or(self.count)];
        table.iter().map(|level| level[objective].map(scaled)).collect()
    }

    /// Which objectives are missed hereabouts, and where, is a matter of all replications.
    fn missed(&self) -> Vec<(usize, f64)> {
        let (Some(first), Some(last)) = (self.at.first(), self.at.last()) else {
            return Vec::new();
        };
        let nearby = 2.0 * first - last..=2.0 * last - first;
        (0..self.objectives)
            .filter_map(|it| Some((it, crossing(&self.at, &self.values(it, None)?)?)))
            .filter(|(_, found)| nearby.contains(found))
            .collect()
    }

    fn one(&self, objective: usize, left_out: Option<usize>) -> Option<f64> {
        Some(crossing_nearby(&self.at, &self.values(objective, left_out)?))
    }

    /// Of the least of all that are missed, whichever it is without a replication.
    fn first(&self, missed: &[(usize, f64)], left_out: Option<usize>) -> Option<f64> {
        missed.iter().filter_map(|(it, _)| self.one(*it, left_out)).min_by(f64::total_cmp)
    }

    fn jump(&self, objective: usize) -> Option<(f64, f64)> {
        jump(&self.at, &self.values(objective, None)?)
    }
}

/// By the first `count` replications of these loads.
pub(super) fn crossings(levels: &[&Level], count: usize) -> Option<Crossings> {
    let near = Near::of(levels, count);
    let missed = near.missed();
    let each: Vec<Option<Crossing>> = (0..near.objectives)
        .map(|it| {
            missed.iter().find(|(objective, _)| *objective == it)?;
            let found = jackknife_of(count, |left_out| near.one(it, left_out))?;
            Some(Crossing { at: found, jump: near.jump(it) })
        })
        .collect();
    let (limiting, _) = *missed.iter().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let first = jackknife_of(count, |left_out| near.first(&missed, left_out))?;
    let first = Crossing { at: first, jump: near.jump(limiting) };
    Some(Crossings { first, limiting, each })
}

/// By which factor the first objective is missed further up in one site than in another, at the same loads
/// and on the same luck: what the two share of that cancels.
pub(super) fn shifted(from: &[&Level], to: &[&Level], count: usize) -> Option<Estimator> {
    let (from, to) = (Near::of(from, count), Near::of(to, count));
    let missed = (from.missed(), to.missed());
    jackknife_of(count, |left_out| {
        Some(to.first(&missed.1, left_out)? / from.first(&missed.0, left_out)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_far_on_both_sides() {
        let at = [1.0, 2.0, 3.0];
        assert_eq!(jump(&at, &[-7.0, -6.0, 4.0]), Some((2.0, 3.0)));
        assert_eq!(jump(&at, &[-7.0, -0.1, 4.0]), None);
        assert_eq!(jump(&at, &[-7.0, 0.1, 4.0]), None);
        assert_eq!(jump(&at, &[1.0, 2.0, 4.0]), None);
        assert_eq!(jump(&at, &[-3.0, -2.0, -1.0]), None);
    }
}
