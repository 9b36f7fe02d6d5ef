//! What more machines bring: by the operational bound for every service, and for what is to be added
//! next by simulation as well, for a site may miss its objectives long before anything saturates.

use super::{bench::Work, changed::first_miss, fit::Crossing, relieved::Turn, sizes::Curves};
use crate::{
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, Host, ServiceId},
        operational::Operational,
    },
};

/// Instances added to each service, at most.
const WIDER: u32 = 4;
/// Steps that are told; there are more of them, up to so many, if it takes these to get to the second
/// bottleneck. And how many of them are simulated.
const STEPS: usize = 6;
const STEPS_MOST: usize = 100;
pub(super) const SIMULATED: usize = 3;
/// A step that brings less than this is none.
pub(super) const WORTH: f64 = 1.005;
/// The scenario with changes; `None`: they make no scenario.
pub type Change<'a> = &'a dyn Fn(&[String]) -> Option<Blueprint>;

/// A service made larger.
#[derive(Clone, Debug)]
pub(super) struct Grown {
    pub(super) service: ServiceId,
    pub(super) wider: Vec<Scaled>,
    pub(super) taller: Vec<Scaled>,
}

/// What it could serve at a size, and the whole site with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scaled {
    pub(super) size: u32,
    pub(super) alone: Option<f64>,
    pub(super) site: Option<f64>,
}

/// A service at a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) service: ServiceId,
    /// Instances, rather than cores of each of their hosts.
    pub(super) is_wider: bool,
    pub(super) count: u32,
}

/// One more of what runs out first.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) what: String,
    /// The same as a size.
    pub(super) size: Size,
    pub(super) relieves: String,
    pub(super) bound: f64,
    /// Where the first objective is missed with it.
    pub(super) missed_at: Option<Crossing>,
    pub(super) plan: Blueprint,
    /// Steps before it that are not told.
    pub(super) skipped: u32,
}

/// All that was found of larger sites.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    pub(super) services: Vec<Grown>,
    pub(super) turns: Vec<Turn>,
    pub(super) steps: Vec<Step>,
    /// Each service at several sizes, simulated, the fullest first; none where no objective is missed.
    pub(super) curves: Vec<Curves>,
}

fn wider(plan: &Blueprint, service: ServiceId, more: u32) -> String {
    of_instances(plan, service, plan.services[service.index()].instances + more)
}

pub(super) fn of_instances(plan: &Blueprint, service: ServiceId, instances: u32) -> String {
    format!("service.{}.instances={instances}", plan.services[service.index()].name)
}

pub(super) fn cores(plan: &Blueprint, service: ServiceId) -> u32 {
    let first = plan.services[service.index()].first_instance;
    plan.hosts[plan.instances[first as usize].host.index()].cores
}

/// Twice the cores of all hosts of a service.
fn taller(plan: &Blueprint, service: ServiceId) -> Vec<String> {
    of_cores(plan, service, 2 * cores(plan, service))
}

/// Half, as many, one and a half times and twice as many.
pub(super) fn heights(cores: u32) -> Vec<u32> {
    let mut sizes = vec![cores / 2, cores, cores + cores.div_ceil(2), 2 * cores];
    sizes.dedup();
    sizes.retain(|size| *size > 0);
    sizes
}

/// Nobody says what a machine with more cores costs: in proportion to these, as those that are let do.
pub(super) fn of_cores(plan: &Blueprint, service: ServiceId, cores: u32) -> Vec<String> {
    let it = &plan.services[service.index()];
    let host = plan.instances[it.first_instance as usize].host;
    let host = &plan.hosts[host.index()];
    let sized = |owner: String, host: &Host| {
        let price = host.price_per_h.zip(plan.currency.as_ref()).map(|(price, currency)| {
            let price = price * f64::from(cores) / f64::from(host.cores);
            format!("{owner}.hardware.price={price}{currency}/h")
        });
        [Some(format!("{owner}.hardware.cores={cores}")), price]
    };
    if !host.is_declared {
        return sized(format!("service.{}", it.name), host).into_iter().flatten().collect();
    }
    // Shared hosts have names of their own.
    let first = it.first_instance as usize;
    let instances = &plan.instances[first..first + it.instances as usize];
    let mut hosts: Vec<&Host> = instances.iter().map(|it| &plan.hosts[it.host.index()]).collect();
    hosts.sort_unstable_by_key(|it| it.name.as_str());
    hosts.dedup_by_key(|it| it.name.as_str());
    hosts.iter().flat_map(|it| sized(format!("host.{}", it.name), it)).flatten().collect()
}

/// All machines of a site, an hour; `None`: there are no prices.
pub(super) fn price(plan: &Blueprint) -> Option<f64> {
    plan.currency.as_ref()?;
    Some(plan.hosts.iter().filter_map(|it| it.price_per_h).sum())
}

/// Each service by itself with more instances and with other numbers of cores, at once.
pub(super) fn services(plan: &Blueprint, change: Change<'_>) -> Vec<Grown> {
    let services = (0..).zip(&plan.services).filter(|(_, it)| it.kind != "visitors");
    services
        .map(|(id, it)| {
            let service = ServiceId(id);
            let at = |size: u32, changes: &[String]| {
                let known = change(changes).map(|it| Operational::of(&it));
                Scaled {
                    size,
                    alone: known.as_ref().and_then(|it| it.alone_per_s(service)),
                    site: known.as_ref().and_then(Operational::bound_per_s),
                }
            };
            let wider = (it.instances..=it.instances + WIDER)
                .map(|size| at(size, &[of_instances(plan, service, size)]));
            let taller = heights(cores(plan, service));
            let taller = taller.into_iter().map(|size| at(size, &of_cores(plan, service, size)));
            Grown { service, wider: wider.collect(), taller: taller.collect() }
        })
        .collect()
}

/// What to add next, one after the other: an instance of the service whose station saturates first,
/// or twice its cores where one more instance does not relieve it, or costs more for what it brings.
/// `crossing` is where the first
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
    let mut first_of_all = None;
    let mut comes_to_another = false;
    while steps.len() < STEPS_MOST {
        let (Some(first), Some(bound)) = (now.stations.first(), now.bound_per_s()) else { break };
        let service = first.service;
        let is_same = *first_of_all.get_or_insert((service, first.kind)) == (service, first.kind);
        let relieves = first.name(&here);
        // Hosts are shared: what relieves them may be more of any service that works there. First of all of
        // the one that asks most.
        let others = first.services.iter().copied().filter(|it| *it != service);
        let options = [service]
            .into_iter()
            .chain(others)
            .flat_map(|id| [(id, vec![wider(&here, id, 1)], true), (id, taller(&here, id), false)]);
        let found = options.filter_map(|(id, more, is_wider)| {
            let all: Vec<String> = changes.iter().cloned().chain(more).collect();
            let next = change(&all)?;
            let then = Operational::of(&next);
            // Even by little, if that brings another bottleneck to light.
            let is_next = then.stations.first().map(|it| (it.service, it.kind))
                != Some((service, first.kind));
            let worth = if is_next { 1.0 } else { WORTH };
            let risen = then.bound_per_s().is_none_or(|then| then > worth * bound);
            // What a request a second more costs an hour; among equals, and without prices, the first.
            let gained = then.bound_per_s().map_or(f64::INFINITY, |then| then - bound);
            let more = price(&next).zip(price(&here)).map_or(0.0, |(then, now)| then - now);
            let dear = more / gained.max(1e-9);
            risen.then_some((dear, (id, all, next, then, is_wider)))
        });
        let found = found.reduce(|one, other| if other.0 < 0.999 * one.0 { other } else { one });
        let Some((_, (id, all, next, then, is_wider))) = found else { break };
        let it = &next.services[id.index()];
        let name = &it.name;
        let host = next.instances[it.first_instance as usize].host;
        let count = if is_wider { it.instances } else { next.hosts[host.index()].cores };
        let what = format!("{name}: {count} {}", if is_wider { "instances" } else { "cores each" });
        let size = Size { service: id, is_wider, count };
        let bound = then.bound_per_s().unwrap_or(bound);
        steps.push(Step {
            what,
            size,
            relieves,
            bound,
            missed_at: None,
            plan: next.clone(),
            skipped: 0,
        });
        (changes, here, now) = (all, next, then);
        comes_to_another |= !is_same;
        if steps.len() >= STEPS && !is_same {
            break;
        }
    }
    // More of the same for ever is told as far as anything else would be.
    if comes_to_another {
        shorten(&mut steps);
    } else {
        steps.truncate(STEPS);
    }
    let before = known.bound_per_s().unwrap_or(1.0);
    let mut seen = crossing;
    let mut bound_before = before;
    for (number, step) in steps.iter_mut().enumerate().take(SIMULATED) {
        let Some(from) = seen else { break };
        let expected = from * step.bound / bound_before;
        let label = format!("with {} (step {})", step.what, number + 1);
        let Some(found) = first_miss(&step.plan, expected, &label, known, work)? else {
            return Ok(None);
        };
        step.missed_at = found.at;
        (seen, bound_before) = (step.missed_at.map(|it| it.at.value), step.bound);
    }
    Ok(Some(steps))
}

/// Leaves out the steps before the last two that are more than can be told.
fn shorten(steps: &mut Vec<Step>) {
    let Some(more) = steps.len().checked_sub(STEPS).filter(|it| *it > 0) else { return };
    let from = STEPS - 2;
    steps.drain(from..from + more);
    steps[from].skipped = more as u32;
}
