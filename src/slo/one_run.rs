//! One long run of a steady scenario: each objective's interval by batch means. Batches are judged as
//! replications are (`evidence`), by the same estimators and with the same doubts, if they do not
//! resemble their neighbours. What changes in time has no batches: its parts are not alike.

use super::{evidence::Evidence, sides::Sides};
use crate::{
    measure::{batch::batches, fold::Fold, record::Record, record::Seen},
    model::blueprint::{Blueprint, Objective, Promise},
    stats::batches::{TooShort, apart},
};

/// What each batch saw of all objectives; none if it was not one steady run.
#[derive(Clone, Debug)]
pub struct Batches(Vec<Record>);

impl Batches {
    /// Of an experiment.
    pub fn of(fold: &Fold) -> Batches {
        let pool = &fold.pool;
        if pool.replications != 1 {
            return Batches(Vec::new());
        }
        let both = pool.shape.objectives.iter().zip(&pool.objectives);
        let seen: Vec<Vec<Seen>> =
            both.map(|(it, counted)| batches(it, counted, &pool.shape)).collect();
        let count = seen.iter().map(Vec::len).max().unwrap_or(0);
        // Those that need other days have none.
        let record = |batch: usize| Record {
            figures: Vec::new(),
            objectives: seen.iter().map(|it| it.get(batch).cloned().unwrap_or_default()).collect(),
        };
        Batches((0..count).map(record).collect())
    }

    /// What they say of an objective (index), or why they say nothing.
    pub(super) fn evidence(
        &self,
        site: &Blueprint,
        index: usize,
    ) -> Result<Evidence, &'static str> {
        if !site.is_steady() {
            return Err("one replication of what changes in time: no interval");
        }
        if self.0.is_empty() {
            return Err("one replication: no interval");
        }
        let objective = &site.objectives[index];
        let values: Option<Vec<f64>> =
            self.0.iter().map(|it| value(objective, &it.objectives[index])).collect();
        match values.map(|values| apart(&values)) {
            None | Some(Err(TooShort::Parts)) => {
                Err("one run, too short to be cut into batches: no interval")
            }
            Some(Err(TooShort::Correlated { .. })) => {
                Err("one run, whose batches resemble their neighbours: no interval")
            }
            Some(Ok(())) => Ok(Evidence::of(objective, index, &Sides::alone(&self.0))),
        }
    }
}

/// What one replication, or batch, has of the quantity that an objective is about; `None`: no data.
pub(super) fn value(objective: &Objective, seen: &Seen) -> Option<f64> {
    let each = |sum: f64| (seen.count > 0).then(|| sum / seen.count as f64);
    match objective.promise {
        Promise::Percentile { .. }
        | Promise::Success { .. }
        | Promise::Lag { share: Some(_), .. } => each((seen.count - seen.beyond[1]) as f64),
        Promise::Mean { .. } | Promise::Lag { share: None, .. } => each(seen.sum_s),
        Promise::Throughput { .. } | Promise::Utilisation { .. } | Promise::Queue { .. } => {
            seen.value
        }
        Promise::Recovery(_) | Promise::Budget(_) => None,
    }
}
