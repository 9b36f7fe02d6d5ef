//! What a recorder must know of a site: counts and limits.

use super::blueprint::{Blueprint, Instance, Objective, Promise, Scope, Serving};
use crate::{
    engine::time::Instant,
    measure::shape::{HostShape, InstanceShape, ObjectiveScope, ObjectiveShape, Shape, Workers},
};

/// The shape of a site.
pub fn shape(plan: &Blueprint) -> Shape {
    let from = Instant::ZERO + plan.warm_up;
    let host = |host: &super::blueprint::Host| HostShape {
        cores: host.cores,
        disk_parallel: host.disk.as_ref().map_or(0, |disk| disk.parallel),
    };
    Shape {
        from,
        until: from + plan.duration,
        services: plan.services.len() as u32,
        instances: plan.instances.iter().map(|it| instance(plan, it)).collect(),
        hosts: plan.hosts.iter().map(host).collect(),
        upstreams: plan.upstreams.len() as u32,
        requests: plan.requests.len() as u32,
        workloads: plan.workloads.len() as u32,
        objectives: plan.objectives.iter().map(objective).collect(),
    }
}

fn instance(plan: &Blueprint, it: &Instance) -> InstanceShape {
    let service = &plan.services[it.service.index()];
    let (workers_are, each) = match service.serving {
        Serving::Loops { loops } => (Workers::Loops, loops),
        Serving::Slots { slots, .. } => (Workers::Slots, slots),
    };
    let workers = (each != u32::MAX).then(|| each.saturating_mul(service.processes));
    InstanceShape { service: it.service.0, workers, workers_are }
}

fn objective(it: &Objective) -> ObjectiveShape {
    let scope = match it.scope {
        Scope::Site => ObjectiveScope::Site,
        Scope::Request(id) => ObjectiveScope::Request(id.0),
        Scope::Workload(id) => ObjectiveScope::Workload(id.0),
        Scope::Service(id) => ObjectiveScope::Service(id.0),
    };
    let limit = match it.promise {
        Promise::Percentile { limit, .. } => Some(limit),
        Promise::Success { .. } => None,
    };
    let successes_only = it.successes_only;
    ObjectiveShape { limit, scope, from: it.from, until: it.until, successes_only }
}
