//! One long run of a steady scenario: each objective's interval by batch means. Batches are judged as
//! replications are (`evidence`), by the same estimators and with the same doubts, if they do not
//! resemble their neighbours and are longer than what the site remembers. What changes in time has no batches: its
//! parts are not alike.

use super::{evidence::Evidence, sides::Sides};
use crate::{
    measure::{
        batch::{BATCHES, batches},
        fold::Fold,
        record::{Record, Seen},
        tally::{RequestPart, Tally},
    },
    model::blueprint::{Blueprint, Objective, Promise},
    stats::{
        batches::{TooShort, apart, forgets},
        ratio::Pair,
    },
};

/// What each batch saw of all objectives; none if it was not one steady run.
#[derive(Clone, Debug)]
pub struct Batches {
    of: Vec<Record>,
    /// Whether they are longer than what visitors' latencies remember.
    forget: Result<(), TooShort>,
}

/// Latencies of successes in part after part of the window.
pub fn latencies(pool: &Tally) -> Vec<Pair> {
    let all = pool.site();
    pool.request_ruler.whole_parts().map(|part| latency_of(&all.parts[part])).collect()
}

/// What one part adds to a mean latency.
pub fn latency_of(part: &RequestPart) -> Pair {
    Pair { part: part.latency_ns as f64 / 1e9, whole: part.ok as f64 }
}

impl Batches {
    /// Of an experiment.
    pub fn of(fold: &Fold) -> Batches {
        let pool = &fold.pool;
        if pool.replications != 1 {
            return Batches { of: Vec::new(), forget: Ok(()) };
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
        let forget = forgets(&latencies(pool), BATCHES);
        Batches { of: (0..count).map(record).collect(), forget }
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
        if self.of.is_empty() {
            return Err("one replication: no interval");
        }
        let objective = &site.objectives[index];
        let values: Option<Vec<f64>> =
            self.of.iter().map(|it| value(objective, &it.objectives[index])).collect();
        match values.map(|values| apart(&values).and(self.forget)) {
            None | Some(Err(TooShort::Parts)) => {
                Err("one run, too short to be cut into batches: no interval")
            }
            Some(Err(TooShort::Correlated { .. })) => {
                Err("one run, whose batches resemble their neighbours: no interval")
            }
            Some(Err(TooShort::Remembers { .. })) => {
                Err("one run, too short for how long the site remembers: no interval")
            }
            Some(Ok(())) => Ok(Evidence::of(objective, index, &Sides::alone(&self.of))),
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
