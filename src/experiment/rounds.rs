//! Several scenarios, replicated round by round: a round of all of them is one list of work for all
//! threads, so that a slow one does not leave processors idle while the others wait.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use super::{
    ledger::{Item, Ledger},
    replicate::{Failure, Replications, Trouble, replicate},
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
    /// What is done already, where more is written down, and which part is to be done here. `None`:
    /// all of it, and nothing is kept.
    pub ledger: Option<&'a Ledger>,
    /// The CPU time of the thread that asks, for whoever wants to know how long sweeps simulate: nothing else
    /// depends on it.
    pub clock: Option<fn() -> Duration>,
}

impl<'a> Crew<'a> {
    /// All work is done here, and nothing is kept on disk.
    pub fn new(threads: Option<usize>, interrupted: &'a AtomicBool) -> Crew<'a> {
        Crew { threads, interrupted, ledger: None, clock: None }
    }
}

impl Crew<'_> {
    /// Whether nothing more is to be begun.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Runs these replications (index of the scenario, its number) and folds each into its scenario, in
/// the order of the list. `progress` is told how many are done.
pub fn round(
    running: &mut [Running<'_>],
    work: &[(usize, u64)],
    crew: Crew<'_>,
    progress: impl FnMut(u64) + Send,
) -> Result<(), Failure> {
    if let Some(ledger) = crew.ledger {
        do_part(running, work, ledger, crew)?;
    }
    let Crew { threads, interrupted, ledger, .. } = crew;
    let mut folds: Vec<Option<Fold>> = running.iter_mut().map(|it| it.fold.take()).collect();
    let sites: Vec<_> = running
        .iter()
        .map(|it| Site { plan: it.plan, shape: &it.shape, label: &it.label })
        .collect();
    let run = |item: u64| {
        let (index, replication) = work[item as usize];
        sites[index].found_or_run(replication, ledger)
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
            let says = format!("in `{}`: {says}", sites[index].plan.name);
            Failure::Broken { replication, says }
        }
        other => other,
    });
    drop(sites);
    for (running, fold) in running.iter_mut().zip(folds) {
        running.fold = fold;
    }
    named.map(drop)
}

/// What a replication needs.
#[derive(Clone, Copy)]
struct Site<'a> {
    plan: &'a Blueprint,
    shape: &'a Shape,
    label: &'a str,
}

impl Site<'_> {
    fn item(self, replication: u64) -> Item {
        Item::new(self.label, replication)
    }

    fn found_or_run(self, replication: u64, ledger: Option<&Ledger>) -> Result<Tally, Trouble> {
        let Some(ledger) = ledger else {
            return Ok(measure(self.plan, self.shape, replication)?);
        };
        let item = self.item(replication);
        if let Some(tally) = ledger.read(item, self.shape)? {
            return Ok(tally);
        }
        let tally = measure(self.plan, self.shape, replication)?;
        ledger.keep(item, &tally)?;
        Ok(tally)
    }
}

/// Where others do a part of the round, and it is not there yet: does the part that is to be done
/// here and says what is missing.
fn do_part(
    running: &[Running<'_>],
    work: &[(usize, u64)],
    ledger: &Ledger,
    crew: Crew<'_>,
) -> Result<(), Failure> {
    let site = |index: usize| {
        let it = &running[index];
        Site { plan: it.plan, shape: &it.shape, label: &it.label }
    };
    let is_missing = |place: &u64| {
        let (index, replication) = work[*place as usize];
        !ledger.has(site(index).item(replication))
    };
    let open: Vec<u64> = (0..work.len() as u64).filter(is_missing).collect();
    let (own, missing): (Vec<u64>, Vec<u64>) = open.into_iter().partition(|&it| ledger.is_own(it));
    if missing.is_empty() {
        return Ok(());
    }
    let Crew { threads, interrupted, .. } = crew;
    let run = |number: u64| {
        let (index, replication) = work[own[number as usize] as usize];
        site(index).found_or_run(replication, Some(ledger)).map(drop)
    };
    let count = own.len() as u64;
    let done = replicate(Replications { count, threads, interrupted }, run, |_, ()| (), |_| ())?;
    if done < count {
        // Interrupted: its own part is not whole either.
        let rest = own[done as usize..].iter().chain(&missing).copied();
        return Err(Failure::Elsewhere { missing: rest.collect() });
    }
    ledger.sync().map_err(|error| Failure::Ledger { says: error.to_string() })?;
    Err(Failure::Elsewhere { missing })
}
