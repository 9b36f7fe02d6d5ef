//! An objective beside what was measured of it.

use serde::Serialize;

use super::{
    evidence::Evidence,
    one_run::{Batches, value as value_of_one},
    recovery::Recovered,
    sides::Sides,
};
use crate::{
    engine::time::Instant,
    measure::{fold::Fold, record::Unit},
    model::blueprint::{Blueprint, Objective, Promise, Scope},
    stats::interval::{Estimate, six_digits},
};

/// What was promised, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// As in the scenario.
    pub name: String,
    /// The requirement as it was written.
    pub require: String,
    /// Where: `all requests`, `request page`, …
    #[serde(rename = "where")]
    pub place: String,
    /// From here, seconds after the beginning of the window …
    pub from_s: f64,
    /// … to here.
    pub until_s: f64,
    /// What is measured: `share`, `seconds`, `per_second`, `calls`.
    pub unit: Unit,
    /// In that unit; of a percentile and of successes the least share that must be good.
    pub limit: f64,
    /// Of a percentile, the time that makes one good, seconds.
    pub limit_s: Option<f64>,
    /// What was measured, in the same unit.
    pub estimate: Estimate,
    /// How many requests, calls or transactions it is about, in all replications; of a level 0.
    pub count: u64,
    /// How many of them were too slow, or failed.
    pub beyond: u64,
    /// Of recoveries, where their clock starts, seconds after the beginning of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_s: Option<f64>,
    /// It is a share of an error budget that is burnt.
    #[serde(skip)]
    pub is_budget: bool,
    /// Of recoveries: the time after which half of them are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_half: Option<Recovered>,
    /// And 95% of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_most: Option<Recovered>,
    /// Why the interval is not to be trusted, or is not there.
    pub note: Option<&'static str>,
}

impl Measured {
    /// Puts an objective (index) beside its counters, with intervals of this confidence.
    pub fn new(site: &Blueprint, index: usize, sides: &Sides<'_>, confidence: f64) -> Measured {
        let objective = &site.objectives[index];
        let evidence = Evidence::of(objective, index, sides);
        let (unit, limit, limit_s) = bounds(objective);
        let counts = sides.whole.iter().map(|it| &it.objectives[index]);
        let (count, beyond) = evidence.replications().unwrap_or_else(|| {
            counts.fold((0, 0), |(count, beyond), it| (count + it.count, beyond + it.beyond[1]))
        });
        let since_warm_up = |at: Instant| at.since(Instant::ZERO + site.warm_up).seconds();
        let (estimate, note) = estimate(&evidence, objective, sides, index, confidence);
        Measured {
            name: objective.name.clone(),
            require: objective.require.clone(),
            place: place(site, objective),
            from_s: since_warm_up(objective.from),
            until_s: since_warm_up(objective.until),
            unit,
            limit,
            limit_s,
            estimate,
            count,
            beyond,
            clock_s: match objective.promise {
                Promise::Recovery(it) => Some(since_warm_up(it.clock)),
                _ => None,
            },
            is_budget: matches!(objective.promise, Promise::Budget(_)),
            recovered_half: evidence.recovered_after(0.5, confidence),
            recovered_most: evidence.recovered_after(0.95, confidence),
            note,
        }
    }

    /// Of an experiment by itself: if it is one long run, with what its batches say.
    pub fn of_experiment(
        site: &Blueprint,
        index: usize,
        fold: &Fold,
        batches: &Batches,
        confidence: f64,
    ) -> Measured {
        let alone = Measured::new(site, index, &Sides::alone(&fold.records), confidence);
        if fold.records.len() != 1 || alone.estimate.value.is_none() {
            return alone;
        }
        let (estimate, note) = match batches.evidence(site, index) {
            Err(why) => (alone.estimate, Some(why)),
            Ok(evidence) => match evidence.estimate(confidence) {
                Some((_, bounds)) => bounded(alone.estimate, &evidence, bounds),
                None => (alone.estimate, alone.note),
            },
        };
        Measured { estimate, note, ..alone }
    }
}

/// What an objective's quantity is counted in.
pub fn unit(objective: &Objective) -> Unit {
    bounds(objective).0
}

/// What an objective's quantity is held against: of a percentile its time, in seconds.
pub fn limit(objective: &Objective) -> f64 {
    let (_, limit, limit_s) = bounds(objective);
    limit_s.unwrap_or(limit)
}

/// In which unit, what is the limit, and which time makes a request good.
fn bounds(objective: &Objective) -> (Unit, f64, Option<f64>) {
    match objective.promise {
        Promise::Percentile { share, limit } | Promise::Lag { share: Some(share), limit } => {
            (Unit::Share, share, Some(limit.seconds()))
        }
        Promise::Success { share } => (Unit::Share, share, None),
        Promise::Mean { limit } | Promise::Lag { share: None, limit } => {
            (Unit::Seconds, limit.seconds(), None)
        }
        Promise::Throughput { least } => (Unit::PerSecond, least, None),
        Promise::Utilisation { most, .. } => (Unit::Share, most, None),
        Promise::Queue { most } => (Unit::Calls, most, None),
        Promise::Recovery(it) => (Unit::Share, it.share, Some(it.within.seconds())),
        Promise::Budget(it) => (Unit::Share, it.most, None),
    }
}

/// The estimate with its interval where it can be trusted, else why not.
fn estimate(
    evidence: &Evidence,
    objective: &Objective,
    sides: &Sides<'_>,
    index: usize,
    confidence: f64,
) -> (Estimate, Option<&'static str>) {
    let replications = sides.whole;
    let Some((value, bounds)) = evidence.estimate(confidence) else {
        let needs_quiet_days =
            matches!(objective.promise, Promise::Recovery(_) | Promise::Budget(_));
        if needs_quiet_days && sides.quiet.is_empty() {
            let note = "`simulate check` measures it, beside days without events";
            return (Estimate::default(), Some(note));
        }
        // One replication has a value, and by itself nothing that tells how far it may be off.
        let only = match replications {
            [only] => value_of_one(objective, &only.objectives[index]),
            _ => None,
        };
        let note = only.map(|_| "one replication: no interval");
        return (Estimate { value: only, ..Estimate::default() }, note);
    };
    let estimate = Estimate { value: Some(value), ..Estimate::default() };
    if replications.len() < 5 {
        return (estimate, Some("fewer than 5 replications: no interval"));
    }
    bounded(estimate, evidence, bounds)
}

/// With these bounds, where they are to be trusted.
fn bounded(
    estimate: Estimate,
    evidence: &Evidence,
    (low, high): (f64, f64),
) -> (Estimate, Option<&'static str>) {
    if evidence.came_in_bursts() {
        return (estimate, Some("seen in few bursts: no interval"));
    }
    if !evidence.is_trustworthy() {
        return (estimate, Some("few effective observations: no interval"));
    }
    let whole = Estimate { low: Some(six_digits(low)), high: Some(six_digits(high)), ..estimate };
    (whole, None)
}

/// Where an objective holds, in words.
pub fn place(site: &Blueprint, objective: &Objective) -> String {
    let of = match objective.scope {
        Scope::Site => match objective.promise {
            Promise::Utilisation { .. } => "all hosts".to_owned(),
            _ => "all requests".to_owned(),
        },
        Scope::Request(id) => format!("request {}", site.requests[id.index()].name),
        Scope::Workload(id) => format!("workload {}", site.workloads[id.index()].name),
        Scope::Service(id) => match objective.promise {
            Promise::Utilisation { .. } | Promise::Lag { .. } | Promise::Queue { .. } => {
                site.services[id.index()].name.clone()
            }
            _ => format!("calls to {}", site.services[id.index()].name),
        },
    };
    match objective.zone {
        Some(zone) => format!("{of} in zone {}", site.zone_names[zone as usize]),
        None => of,
    }
}
