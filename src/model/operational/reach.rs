//! Where requests may go: the services that they touch.

use super::{
    super::blueprint::{Blueprint, Choice, RequestId, Workload},
    flow::Flows,
    program::Run,
};

/// Which services (by index) some requests touch, their visitors included. `is_meant`: which requests
/// of which workloads.
pub fn touched(plan: &Blueprint, is_meant: impl Fn(&Workload, RequestId) -> bool) -> Vec<bool> {
    let runs: Vec<Run> = plan.endpoints.iter().map(|it| Run::of(plan, it.entry)).collect();
    let mut touched = vec![false; plan.services.len()];
    for workload in &plan.workloads {
        let meant = workload.mix.iter().filter(|it| is_meant(workload, it.request));
        for &Choice { endpoint, .. } in meant {
            touched[workload.service.index()] = true;
            for call in Flows::of(plan, &runs, endpoint).calls.into_keys() {
                touched[plan.upstreams[call.upstream.index()].callee.index()] = true;
            }
        }
    }
    touched
}

/// A service and all that it may call, directly or not.
pub fn below(plan: &Blueprint, service: usize) -> Vec<bool> {
    let mut below = vec![false; plan.services.len()];
    let mut open = vec![service];
    while let Some(next) = open.pop() {
        if !std::mem::replace(&mut below[next], true) {
            let own = plan.upstreams.iter().filter(|it| it.caller.index() == next);
            open.extend(own.map(|it| it.callee.index()));
        }
    }
    below
}
