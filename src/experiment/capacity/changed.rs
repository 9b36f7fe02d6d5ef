//! Where a site that was changed misses its first objective: near where the law puts it, or, if the law
//! says that the change does not matter, beside the site as it is, on the same luck.

use super::{
    bench::{Bench, Work},
    bracket::{Side, gap, parts, side},
    fit::{Crossing, badness, crossings, holds, shifted},
    search::said,
    settled,
};
use crate::{
    engine::time::Span,
    experiment::replicate::Failure,
    model::{blueprint::Blueprint, operational::Operational},
};

/// Loads tried, of the one at which an objective should be missed, and their replications.
const TRIED: [f64; 4] = [0.88, 0.96, 1.02, 1.08];
const FURTHER_DOWN: [f64; 3] = [0.55, 0.7, 0.8];
/// Of the highest of these, where even that holds.
const FURTHER_UP: [f64; 2] = [1.1, 1.2];
/// The gap around the crossing is cut into parts until it is so narrow, of the crossing, but so often at
/// most.
const CLOSE: f64 = 0.025;
const CUTS: u32 = 5;
/// A crossing whose standard error is more than this, of it, is looked at on so many times as many
/// replications.
const NOISY: f64 = 0.015;
const AGAIN: u32 = 4;
pub(super) const REPLICATIONS: u32 = 5;
/// What is held against the site as it is is tried around where that misses; further off, where few
/// replications leave it open on which side they are.
const BESIDE: [[f64; 3]; 3] = [[0.985, 1.0, 1.015], [0.95, 1.0, 1.05], [0.9, 1.0, 1.1]];

/// Where the first objective is missed; `None`: not thereabouts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Miss {
    pub(super) at: Option<Crossing>,
}

/// Looks for where the first objective is missed, near where it should be; there may be no such load
/// thereabouts. `None`: interrupted.
pub(super) fn first_miss(
    plan: &Blueprint,
    expected: f64,
    label: &str,
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<Miss>, Failure> {
    // Warmed up as the search is, for what this site can bear.
    let highest = TRIED[TRIED.len() - 1] * expected;
    let mut bench = Bench::new(&plan.warmed_up_for(settled(plan, highest)), label);
    let nice = |share: &f64| said(known, share * expected);
    let mut tried: Vec<f64> = TRIED.iter().map(nice).collect();
    tried.dedup();
    if !bench.run(&wanted(&tried), 0, label, work)? {
        return Ok(None);
    }
    if !holds(&badness(&bench.levels[0].judgements(REPLICATIONS as usize))) {
        let lower: Vec<f64> = FURTHER_DOWN.iter().map(nice).collect();
        if !bench.run(&wanted(&lower), 0, label, work)? {
            return Ok(None);
        }
        tried = lower.into_iter().chain(tried).collect();
        tried.dedup();
    }
    // Between loads far apart the fit only guesses; beyond them it knows nothing.
    for _ in 0..CUTS {
        let mut closer: Vec<f64> = match side(&bench, &tried, REPLICATIONS) {
            Side::Below => break,
            Side::Above => {
                let last = tried[tried.len() - 1];
                FURTHER_UP.iter().map(|share| said(known, share * last)).collect()
            }
            Side::Within => {
                let around =
                    missed(&bench, &tried, REPLICATIONS).and_then(|it| gap(&tried, it.at.value));
                match around {
                    Some((low, high)) if high - low > CLOSE * high => {
                        parts((low, high), |factor| said(known, factor))
                    }
                    Some(_) | None => break,
                }
            }
        };
        closer.retain(|it| !tried.contains(it));
        closer.dedup();
        // Whole users have no loads between them.
        if closer.is_empty() {
            break;
        }
        if !bench.run(&wanted(&closer), 0, label, work)? {
            return Ok(None);
        }
        tried.extend(closer);
        tried.sort_by(f64::total_cmp);
    }
    let mut at = missed(&bench, &tried, REPLICATIONS);
    if let Some(it) = at.map(|it| it.at).filter(|it| it.error > NOISY * it.value) {
        let (low, high) = (it.value - 2.0 * it.error, it.value + 2.0 * it.error);
        let from = tried.iter().rposition(|load| *load <= low).unwrap_or(0);
        let to = tried.iter().position(|load| *load >= high).unwrap_or(tried.len() - 1);
        let count = AGAIN * REPLICATIONS;
        let again: Vec<(f64, u32)> = tried[from..=to].iter().map(|&load| (load, count)).collect();
        if !bench.run(&again, 0, label, work)? {
            return Ok(None);
        }
        at = missed(&bench, &tried[from..=to], count).or(at);
    }
    work.requests += bench.requests();
    Ok(Some(Miss { at }))
}

fn wanted(tried: &[f64]) -> Vec<(f64, u32)> {
    tried.iter().map(|&it| (it, REPLICATIONS)).collect()
}

/// Where the first objective is missed, of loads in ascending order; `None`: not between these.
fn missed(bench: &Bench, tried: &[f64], count: u32) -> Option<Crossing> {
    if side(bench, tried, count) != Side::Within {
        return None;
    }
    crossings(&bench.levels_at(tried), count as usize).map(|it| it.first)
}

/// The site as it is, at loads around where it misses its first objective.
#[derive(Clone, Debug)]
pub(super) struct AsItIs {
    bench: Bench,
    tried: Vec<f64>,
    crossing: Crossing,
    /// Of both sides: with another one visitors are others.
    warm_up: Span,
}

/// What there is to hold others against.
#[derive(Clone, Debug)]
pub(super) enum Reference {
    /// A few replications show where it misses.
    There(Box<AsItIs>),
    /// They do not, or it collapses from one load to the next, of which they know nothing.
    Unclear,
    Interrupted,
}

impl AsItIs {
    pub(super) fn run(
        plan: &Blueprint,
        crossing: &Crossing,
        known: &Operational,
        work: &mut Work<'_>,
    ) -> Result<Reference, Failure> {
        let label = "as it is, beside other sizes";
        let at = crossing.at.value;
        let warm_up = settled(plan, BESIDE[2][2] * at);
        let mut bench = Bench::new(&plan.warmed_up_for(warm_up), label);
        if crossing.jump.is_some() {
            return Ok(Reference::Unclear);
        }
        let mut found = Reference::Unclear;
        for beside in BESIDE {
            let mut tried = beside.map(|share| said(known, share * at)).to_vec();
            tried.dedup();
            if !bench.run(&wanted(&tried), 0, label, work)? {
                return Ok(Reference::Interrupted);
            }
            if missed(&bench, &tried, REPLICATIONS).is_some_and(|it| it.jump.is_none()) {
                let it = AsItIs { bench: bench.clone(), tried, crossing: *crossing, warm_up };
                found = Reference::There(Box::new(it));
                break;
            }
        }
        work.requests += bench.requests();
        Ok(found)
    }

    /// Where another site misses, that should miss where this one does: by how much further up it does so on the
    /// same luck, which is known far better than either. It is looked for by itself if it does not miss
    /// at these loads. `None`: interrupted.
    pub(super) fn beside(
        &self,
        plan: &Blueprint,
        label: &str,
        known: &Operational,
        work: &mut Work<'_>,
    ) -> Result<Option<Miss>, Failure> {
        let at = self.crossing.at.value;
        let mut bench = Bench::new(&plan.warmed_up_for(self.warm_up), label);
        if !bench.run(&wanted(&self.tried), 0, label, work)? {
            return Ok(None);
        }
        work.requests += bench.requests();
        let tried = &self.tried;
        let shift =
            missed(&bench, tried, REPLICATIONS).filter(|it| it.jump.is_none()).and_then(|_| {
                let (now, then) = (self.bench.levels_at(tried), bench.levels_at(tried));
                shifted(&now, &then, REPLICATIONS as usize)
            });
        let Some(shift) = shift else {
            let label = format!("{label}, by itself");
            return first_miss(plan, at, &label, known, work);
        };
        Ok(Some(Miss { at: Some(Crossing { at: self.crossing.at.times(&shift), jump: None }) }))
    }
}
