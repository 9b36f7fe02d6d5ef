//! One scenario, replicated: a recorder for each replication, all of them folded into one result.

use super::replicate::{Failure, Replications, Trouble, replicate};
use crate::{
    measure::{
        fold::Fold,
        shape::Shape,
        tally::{Imbalance, Tally},
        tape::Tape,
    },
    model::{self, blueprint::Blueprint, run::Run, site::Site},
};

/// Runs the replications of `plan`. `None` if it was interrupted before the first was finished; how
/// many were finished is in the result's `pool`.
pub fn study(
    plan: &Blueprint,
    work: Replications<'_>,
    progress: impl FnMut(u64) + Send,
) -> Result<Option<Fold>, Failure> {
    let shape = model::shape::shape(plan);
    let mut fold: Option<Fold> = None;
    let add = |_, tally: Tally| match &mut fold {
        Some(fold) => fold.push(&tally),
        None => fold = Some(Fold::new(tally)),
    };
    replicate(work, |replication| measure(plan, &shape, replication), add, progress)?;
    Ok(fold)
}

/// One replication. An error is a law of the simulator that was broken.
pub(super) fn measure(plan: &Blueprint, shape: &Shape, replication: u64) -> Result<Tally, String> {
    let mut tape = Tape::new(shape);
    let site = model::run::replicate(plan, replication, &mut tape).map_err(|broken| broken.says)?;
    close(plan, &site, tape)
}

fn close(plan: &Blueprint, site: &Site, tape: Tape) -> Result<Tally, String> {
    let tally = tape.close(site.line.now());
    // The model has kept books of its own; this is what it has told.
    tally.check_conservation().map_err(|imbalance| {
        let Imbalance { request, arrived, finished } = imbalance;
        let name = &plan.requests[request as usize].name;
        format!("of `{name}` {arrived} requests arrived and {finished} came to an end")
    })?;
    Ok(tally)
}

/// One replication of several variants that are the same until their window begins, and whose shapes
/// differ in objectives and stretches alone: it warms up once. Each of them goes the way that it
/// would have gone by itself; `finished` gets its index and what was measured as soon as it is done.
pub(super) fn measure_forked(
    variants: &[(&Blueprint, &Shape)],
    replication: u64,
    mut finished: impl FnMut(usize, Tally) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    if let [(plan, shape)] = variants {
        return finished(0, measure(plan, shape, replication)?);
    }
    let [(first, shape), ..] = variants else { return Ok(()) };
    let mut warm = Site::new(first, replication);
    let mut tape = Tape::new(shape);
    Run { plan: first, site: &mut warm, tape: &mut tape }.warm_up();
    for (index, (plan, shape)) in variants.iter().enumerate() {
        let (mut site, mut tape) = (warm.fork(0), tape.for_window(shape));
        model::run::finish(plan, &mut site, &mut tape).map_err(|broken| broken.says)?;
        finished(index, close(plan, &site, tape)?)?;
    }
    Ok(())
}
