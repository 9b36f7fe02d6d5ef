//! One scenario, replicated: a recorder for each replication, all of them folded into one result.

use super::replicate::{Failure, Replications, replicate};
use crate::{
    engine::time::Instant,
    measure::{
        fold::Fold,
        shape::{HostShape, InstanceShape, ObjectiveScope, ObjectiveShape, Shape},
        tape::Tape,
    },
    model::blueprint::{self, Blueprint, Objective, Promise, Scope, Service, Serving},
};

/// Runs the replications of `plan`. `simulate` runs one of them, by number, into a recorder, and
/// says when it ended. `None` if it was interrupted before the first was finished; how many were is
/// in `Fold::pool`.
pub fn study(
    plan: &Blueprint,
    work: Replications<'_>,
    simulate: impl Fn(&Blueprint, u64, &mut Tape) -> Result<Instant, String> + Sync,
    progress: impl FnMut(u64),
) -> Result<Option<Fold>, Failure> {
    let shape = shape(plan);
    let run = |replication| {
        let mut tape = Tape::new(&shape);
        let ended = simulate(plan, replication, &mut tape)?;
        let tally = tape.close(ended);
        tally.check_conservation().map_err(|imbalance| {
            let name = &plan.requests[imbalance.request as usize].name;
            let (arrived, finished) = (imbalance.arrived, imbalance.finished);
            format!("of `{name}` {arrived} requests arrived and {finished} came to an end")
        })?;
        Ok(tally)
    };
    let mut fold: Option<Fold> = None;
    let add = |_, tally| match &mut fold {
        Some(fold) => fold.push(&tally),
        None => fold = Some(Fold::new(tally)),
    };
    replicate(work, run, add, progress)?;
    Ok(fold)
}

/// The scenario as a recorder needs to know it.
pub fn shape(plan: &Blueprint) -> Shape {
    let from = Instant::ZERO + plan.warm_up;
    let instance = |it: &blueprint::Instance| InstanceShape {
        service: it.service.0,
        workers: workers(&plan.services[it.service.index()]),
    };
    let host = |it: &blueprint::Host| HostShape {
        cores: it.cores,
        disk_parallel: it.disk.as_ref().map_or(0, |disk| disk.parallel),
    };
    Shape {
        from,
        until: from + plan.duration,
        services: plan.services.len() as u32,
        instances: plan.instances.iter().map(instance).collect(),
        hosts: plan.hosts.iter().map(host).collect(),
        upstreams: plan.upstreams.len() as u32,
        requests: plan.requests.len() as u32,
        workloads: plan.workloads.len() as u32,
        objectives: plan.objectives.iter().map(objective).collect(),
    }
}

/// Of one instance, all its processes together.
fn workers(service: &Service) -> Option<u32> {
    match service.serving {
        Serving::Loops { loops } => Some(loops.saturating_mul(service.processes)),
        Serving::Slots { slots: u32::MAX, .. } => None,
        Serving::Slots { slots, .. } => Some(slots.saturating_mul(service.processes)),
    }
}

fn objective(it: &Objective) -> ObjectiveShape {
    ObjectiveShape {
        limit: match it.promise {
            Promise::Percentile { limit, .. } => Some(limit),
            Promise::Success { .. } => None,
        },
        scope: match it.scope {
            Scope::Site => ObjectiveScope::Site,
            Scope::Request(request) => ObjectiveScope::Request(request.0),
            Scope::Workload(workload) => ObjectiveScope::Workload(workload.0),
            Scope::Service(service) => ObjectiveScope::Service(service.0),
        },
        from: it.from,
        until: it.until,
        successes_only: it.successes_only,
    }
}
