//! Several scenarios, replicated round by round: a round of all of them is one list of work for all
//! threads, so that a slow one does not leave processors idle while the others wait.

use std::sync::atomic::AtomicBool;

use super::{
    replicate::{Failure, Replications, replicate},
    study::measure,
};
use crate::{
    measure::{fold::Fold, shape::Shape, tally::Tally},
    model::{self, blueprint::Blueprint},
};

/// A scenario under way.
#[derive(Clone, Debug)]
pub struct Running<'a> {
    /// What runs.
    pub plan: &'a Blueprint,
    /// What tells it from all other variants of its experiment, whatever machine runs it.
    pub label: String,
    /// What is measured of it.
    pub shape: Shape,
    /// Of the replications so far.
    pub fold: Option<Fold>,
}

impl<'a> Running<'a> {
    /// Nothing yet of a scenario that is the only one of its name in the experiment.
    pub fn new(plan: &'a Blueprint) -> Running<'a> {
        Running::labelled(plan, plan.name.clone())
    }

    /// Nothing yet of one of several variants: no two of an experiment have the same label.
    pub fn labelled(plan: &'a Blueprint, label: String) -> Running<'a> {
        Running { plan, label, shape: model::shape::shape(plan), fold: None }
    }

    /// How many replications are done.
    pub fn replications(&self) -> u32 {
        self.fold.as_ref().map_or(0, |fold| fold.pool.replications)
    }
}

/// Who works, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Crew<'a> {
    /// `None`: as many threads as there are processors.
    pub threads: Option<usize>,
    /// Once it is set nothing more is begun.
    pub interrupted: &'a AtomicBool,
}

/// Runs these replications (index of the scenario, its number) and folds each into its scenario, in
/// the order of the list. `progress` is told how many are done.
pub fn round(
    running: &mut [Running<'_>],
    work: &[(usize, u64)],
    crew: Crew<'_>,
    progress: impl FnMut(u64),
) -> Result<(), Failure> {
    let Crew { threads, interrupted } = crew;
    let mut folds: Vec<Option<Fold>> = running.iter_mut().map(|it| it.fold.take()).collect();
    let sites: Vec<_> = running.iter().map(|it| (it.plan, &it.shape)).collect();
    let run = |item: u64| {
        let (index, replication) = work[item as usize];
        measure(sites[index].0, sites[index].1, replication)
    };
    let add = |item: u64, tally: Tally| {
        let fold = &mut folds[work[item as usize].0];
        match fold {
            Some(fold) => fold.push(&tally),
            None => *fold = Some(Fold::new(tally)),
        }
    };
    let count = work.len() as u64;
    let result = replicate(Replications { count, threads, interrupted }, run, add, progress);
    let named = result.map_err(|failure| match failure {
        Failure::Broken { replication: item, says } => {
            let (index, replication) = work[item as usize];
            let says = format!("in `{}`: {says}", sites[index].0.name);
            Failure::Broken { replication, says }
        }
        other @ Failure::NoThreads { .. } => other,
    });
    drop(sites);
    for (running, fold) in running.iter_mut().zip(folds) {
        running.fold = fold;
    }
    named.map(drop)
}
