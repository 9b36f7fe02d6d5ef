//! What more machines bring: by the operational bound for every service, and for what is to be added
//! next by simulation as well, for a site may miss its objectives long before anything saturates.

use super::{
    bench::{Bench, Work},
    fit::{badness, crossings, holds},
    search::said,
};
use crate::{
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, ServiceId},
        operational::Operational,
    },
};

/// Instances added to each service, at most.
const WIDER: u32 = 4;
/// Steps that are planned, and how many of them are simulated.
const STEPS: usize = 6;
const SIMULATED: usize = 3;
/// A step that brings less than this is none.
const WORTH: f64 = 1.005;
/// Loads tried, of the one at which an objective should be missed, and their replications.
const TRIED: [f64; 4] = [0.88, 0.96, 1.02, 1.08];
const FURTHER_DOWN: [f64; 3] = [0.55, 0.7, 0.8];
const REPLICATIONS: u32 = 5;

/// The scenario with changes; `None`: they make no scenario.
pub type Change<'a> = &'a dyn Fn(&[String]) -> Option<Blueprint>;

/// A service made larger.
#[derive(Clone, Debug)]
pub(super) struct Grown {
    pub(super) service: ServiceId,
    pub(super) wider: Vec<Option<f64>>,
    pub(super) taller: Option<f64>,
}

/// One more of what runs out first.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) relieves: String,
    pub(super) bound: f64,
    /// Where the first objective is missed with it.
    pub(super) missed_at: Option<f64>,
    pub(super) plan: Blueprint,
}

fn bound(plan: Option<Blueprint>) -> Option<f64> {
    Operational::of(&plan?).bound_per_s()
}

fn wider(plan: &Blueprint, service: ServiceId, more: u32) -> String {
    let it = &plan.services[service.index()];
    format!("service.{}.instances={}", it.name, it.instances + more)
}

/// Twice the cores of all hosts of a service.
fn taller(plan: &Blueprint, service: ServiceId) -> Vec<String> {
    let it = &plan.services[service.index()];
    let host = plan.instances[it.first_instance as usize].host;
    let host = &plan.hosts[host.index()];
    let cores = 2 * host.cores;
    if host.name == format!("{}-1", it.name) {
        return vec![format!("service.{}.hardware.cores={cores}", it.name)];
    }
    // Shared hosts have names of their own.
    let first = it.first_instance as usize;
    let instances = &plan.instances[first..first + it.instances as usize];
    let mut names: Vec<&str> =
        instances.iter().map(|it| plan.hosts[it.host.index()].name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| format!("host.{name}.hardware.cores={cores}")).collect()
}

/// Each service with more instances and with more cores, at once.
pub(super) fn services(plan: &Blueprint, change: Change<'_>) -> Vec<Grown> {
    let services = (0..).zip(&plan.services).filter(|(_, it)| it.kind != "visitors");
    services
        .map(|(id, _)| {
            let service = ServiceId(id);
            let wider = (1..=WIDER).map(|more| bound(change(&[wider(plan, service, more)])));
            let taller = bound(change(&taller(plan, service)));
            Grown { service, wider: wider.collect(), taller }
        })
        .collect()
}

/// What to add next, one after the other: an instance of the service whose station saturates first,
/// or twice its cores where one more instance does not relieve it. `crossing` is where the first
/// objective is missed without any. `None`: interrupted.
pub(super) fn steps(
    plan: &Blueprint,
    known: &Operational,
    crossing: Option<f64>,
    change: Change<'_>,
    work: &mut Work<'_>,
) -> Result<Option<Vec<Step>>, Failure> {
    let mut steps: Vec<Step> = Vec::new();
    let mut changes: Vec<String> = Vec::new();
    let (mut here, mut now) = (plan.clone(), known.clone());
    while steps.len() < STEPS {
        let (Some(first), Some(bound)) = (now.stations.first(), now.bound_per_s()) else { break };
        let service = first.service;
        let name = here.services[service.index()].name.clone();
        let relieves = first.name(&here);
        let options = [(vec![wider(&here, service, 1)], true), (taller(&here, service), false)];
        let found = options.into_iter().find_map(|(more, is_wider)| {
            let all: Vec<String> = changes.iter().cloned().chain(more).collect();
            let next = change(&all)?;
            let then = Operational::of(&next);
            let risen = then.bound_per_s().is_none_or(|then| then > WORTH * bound);
            risen.then_some((all, next, then, is_wider))
        });
        let Some((all, next, then, is_wider)) = found else { break };
        let it = &next.services[service.index()];
        let host = next.instances[it.first_instance as usize].host;
        let what = if is_wider {
            format!("{name}: {} instances", it.instances)
        } else {
            format!("{name}: {} cores each", next.hosts[host.index()].cores)
        };
        let bound = then.bound_per_s().unwrap_or(bound);
        steps.push(Step { what, relieves, bound, missed_at: None, plan: next.clone() });
        (changes, here, now) = (all, next, then);
    }
    let before = known.bound_per_s().unwrap_or(1.0);
    let mut seen: Option<f64> = crossing;
    let mut bound_before = before;
    for (number, step) in steps.iter_mut().enumerate().take(SIMULATED) {
        let Some(from) = seen else { break };
        let expected = from * step.bound / bound_before;
        let label = format!("with {} (step {})", step.what, number + 1);
        if !simulate(step, expected, &label, known, work)? {
            return Ok(None);
        }
        (seen, bound_before) = (step.missed_at, step.bound);
    }
    Ok(Some(steps))
}

/// Looks for where the first objective is missed, near where it should be. `false`: interrupted.
fn simulate(
    step: &mut Step,
    expected: f64,
    label: &str,
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<bool, Failure> {
    let mut bench = Bench::new(&step.plan, label);
    let nice = |share: &f64| said(known, share * expected);
    let mut tried: Vec<f64> = TRIED.iter().map(nice).collect();
    let wanted = |tried: &[f64]| tried.iter().map(|&it| (it, REPLICATIONS)).collect::<Vec<_>>();
    if !bench.run(&wanted(&tried), 0, label, work)? {
        return Ok(false);
    }
    if !holds(&badness(&bench.levels[0].evidence(REPLICATIONS as usize))) {
        let lower: Vec<f64> = FURTHER_DOWN.iter().map(nice).collect();
        if !bench.run(&wanted(&lower), 0, label, work)? {
            return Ok(false);
        }
        tried = lower.into_iter().chain(tried).collect();
    }
    work.requests += bench.requests();
    let places: Vec<usize> = tried.iter().map(|&it| bench.level(it)).collect();
    let levels: Vec<_> = places.iter().map(|&it| &bench.levels[it]).collect();
    step.missed_at = crossings(&levels, REPLICATIONS as usize).map(|it| it.first.value);
    Ok(true)
}
