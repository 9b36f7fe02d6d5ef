//! What more machines bring: by the operational bound for every service, and for what is to be added
//! next by simulation as well, for a site may miss its objectives long before anything saturates.

use super::{
    bench::{Bench, Work},
    bracket::{Side, gap, parts, side},
    fit::{badness, crossings, holds},
    relieved::Turn,
    search::said,
    settled,
};
use crate::{
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, Host, ServiceId},
        operational::Operational,
    },
    stats::estimator::Estimator,
};

/// Instances added to each service, at most.
const WIDER: u32 = 4;
/// Steps that are told; there are more of them, up to so many, if it takes these to get to the second
/// bottleneck. And how many of them are simulated.
const STEPS: usize = 6;
const STEPS_MOST: usize = 100;
const SIMULATED: usize = 3;
/// A step that brings less than this is none.
const WORTH: f64 = 1.005;
/// Loads tried, of the one at which an objective should be missed, and their replications.
const TRIED: [f64; 4] = [0.88, 0.96, 1.02, 1.08];
const FURTHER_DOWN: [f64; 3] = [0.55, 0.7, 0.8];
/// Of the highest of these, where even that holds.
const FURTHER_UP: [f64; 2] = [1.1, 1.2];
/// The gap around the crossing is cut into parts until it is so narrow, of the crossing, but so often at
/// most.
const CLOSE: f64 = 0.025;
const CUTS: u32 = 5;
/// A crossing whose standard error is more than this, of it, is looked at on so many times as many
/// replications.
const NOISY: f64 = 0.015;
const AGAIN: u32 = 4;
pub(super) const REPLICATIONS: u32 = 5;

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

/// One more of what runs out first.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) what: String,
    pub(super) relieves: String,
    pub(super) bound: f64,
    /// Where the first objective is missed with it.
    pub(super) missed_at: Option<Estimator>,
    pub(super) plan: Blueprint,
    /// Steps before it that are not told.
    pub(super) skipped: u32,
}

/// A service at one of several sizes.
#[derive(Clone, Debug)]
pub(super) struct Sized {
    /// Instances, or cores of each of their hosts.
    pub(super) size: u32,
    pub(super) bound: Option<f64>,
    /// Where the first objective is missed, as simulated.
    pub(super) missed_at: Option<Estimator>,
}

/// The service whose station is full first, at several sizes, each of them simulated.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    pub(super) service: ServiceId,
    pub(super) wider: Vec<Sized>,
    pub(super) taller: Vec<Sized>,
}

/// All that was found of larger sites.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    pub(super) services: Vec<Grown>,
    pub(super) turns: Vec<Turn>,
    pub(super) steps: Vec<Step>,
    /// `None`: no objective is missed, or nothing runs out.
    pub(super) curves: Option<Curves>,
}

fn wider(plan: &Blueprint, service: ServiceId, more: u32) -> String {
    of_instances(plan, service, plan.services[service.index()].instances + more)
}

fn of_instances(plan: &Blueprint, service: ServiceId, instances: u32) -> String {
    format!("service.{}.instances={instances}", plan.services[service.index()].name)
}

fn cores(plan: &Blueprint, service: ServiceId) -> u32 {
    let first = plan.services[service.index()].first_instance;
    plan.hosts[plan.instances[first as usize].host.index()].cores
}

/// Twice the cores of all hosts of a service.
fn taller(plan: &Blueprint, service: ServiceId) -> Vec<String> {
    of_cores(plan, service, 2 * cores(plan, service))
}

/// Half, as many, one and a half times and twice as many.
fn heights(cores: u32) -> Vec<u32> {
    let mut sizes = vec![cores / 2, cores, cores + cores.div_ceil(2), 2 * cores];
    sizes.dedup();
    sizes.retain(|size| *size > 0);
    sizes
}

/// Nobody says what a machine with more cores costs: in proportion to these, as those that are let do.
fn of_cores(plan: &Blueprint, service: ServiceId, cores: u32) -> Vec<String> {
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
        let what = if is_wider {
            format!("{name}: {} instances", it.instances)
        } else {
            format!("{name}: {} cores each", next.hosts[host.index()].cores)
        };
        let bound = then.bound_per_s().unwrap_or(bound);
        steps.push(Step { what, relieves, bound, missed_at: None, plan: next.clone(), skipped: 0 });
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
        let Some(found) = simulate(&step.plan, expected, &label, known, work)? else {
            return Ok(None);
        };
        step.missed_at = found.missed_at;
        (seen, bound_before) = (step.missed_at.map(|it| it.value), step.bound);
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

/// The service whose station is full first with one instance less, as it is, with one and two more; and
/// with half, one and a half times and twice the cores. `None`: interrupted.
pub(super) fn curves(
    plan: &Blueprint,
    known: &Operational,
    crossing: &Estimator,
    (change, steps): (Change<'_>, &[Step]),
    work: &mut Work<'_>,
) -> Result<Option<Curves>, Failure> {
    let mut found = Curves { service: ServiceId(0), wider: Vec::new(), taller: Vec::new() };
    let (Some(first), Some(before)) = (known.stations.first(), known.bound_per_s()) else {
        return Ok(Some(found));
    };
    // Of those that work there the first that makes a difference.
    let Some((service, axes)) = first.services.iter().find_map(|&id| {
        let axes = axes(plan, id, before, change);
        axes.contains(&true).then_some((id, axes))
    }) else {
        return Ok(Some(found));
    };
    found.service = service;
    let name = plan.services[service.index()].name.clone();
    let (instances, cores) = (plan.services[service.index()].instances, cores(plan, service));
    let mut one = |size: u32,
                   is_now: bool,
                   changes: Vec<String>,
                   unit: &str|
     -> Result<Option<Vec<Sized>>, Failure> {
        if is_now {
            let found = Sized { size, bound: Some(before), missed_at: Some(*crossing) };
            return Ok(Some(vec![found]));
        }
        let Some(sized) = change(&changes) else { return Ok(Some(Vec::new())) };
        let bound = Operational::of(&sized).bound_per_s();
        let what = format!("{name}: {size} {unit}");
        let is_like =
            |it: &Step| it.what.starts_with(&format!("{name}: ")) && it.what.ends_with(unit);
        // What to add next may have asked the same.
        let mut same = steps.iter().take(SIMULATED).take_while(|it| is_like(it));
        let missed_at = if let Some(step) = same.find(|it| it.what == what) {
            step.missed_at
        } else {
            let expected = crossing.value * bound.unwrap_or(before) / before;
            let label = format!("with {what}");
            let Some(seen) = simulate(&sized, expected, &label, known, work)? else {
                return Ok(None);
            };
            seen.missed_at
        };
        Ok(Some(vec![Sized { size, bound, missed_at }]))
    };
    for size in widths(instances).filter(|_| axes[0]) {
        let changes = vec![of_instances(plan, service, size)];
        let Some(it) = one(size, size == instances, changes, "instances")? else {
            return Ok(None);
        };
        found.wider.extend(it);
    }
    for size in heights(cores).into_iter().filter(|_| axes[1]) {
        let changes = of_cores(plan, service, size);
        let Some(it) = one(size, size == cores, changes, "cores each")? else {
            return Ok(None);
        };
        found.taller.extend(it);
    }
    Ok(Some(found))
}

/// One instance less, as many, one and two more.
fn widths(instances: u32) -> std::ops::RangeInclusive<u32> {
    instances.saturating_sub(1).max(1)..=instances + 2
}

/// Whether other numbers of instances, and of cores, move the site's bound at all.
fn axes(plan: &Blueprint, service: ServiceId, before: f64, change: Change<'_>) -> [bool; 2] {
    let moves = |changes: Vec<String>| {
        let bound = change(&changes).and_then(|it| Operational::of(&it).bound_per_s());
        bound.is_some_and(|bound| (bound / before - 1.0).abs() > WORTH - 1.0)
    };
    let mut wider = widths(plan.services[service.index()].instances);
    let mut taller = heights(cores(plan, service)).into_iter();
    [
        wider.any(|size| moves(vec![of_instances(plan, service, size)])),
        taller.any(|size| moves(of_cores(plan, service, size))),
    ]
}

/// Where the first objective is missed; `None`: not thereabouts.
struct Simulated {
    missed_at: Option<Estimator>,
}

/// Looks for where the first objective is missed, near where it should be; there may be no such load
/// thereabouts. `None`: interrupted.
fn simulate(
    plan: &Blueprint,
    expected: f64,
    label: &str,
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<Simulated>, Failure> {
    // Warmed up as the search is, for what this site can bear.
    let highest = TRIED[TRIED.len() - 1] * expected;
    let mut bench = Bench::new(&plan.warmed_up_for(settled(plan, highest)), label);
    let nice = |share: &f64| said(known, share * expected);
    let mut tried: Vec<f64> = TRIED.iter().map(nice).collect();
    tried.dedup();
    let wanted = |tried: &[f64]| tried.iter().map(|&it| (it, REPLICATIONS)).collect::<Vec<_>>();
    if !bench.run(&wanted(&tried), 0, label, work)? {
        return Ok(None);
    }
    if !holds(&badness(&bench.levels[0].judgements(REPLICATIONS as usize))) {
        let lower: Vec<f64> = FURTHER_DOWN.iter().map(nice).collect();
        if !bench.run(&wanted(&lower), 0, label, work)? {
            return Ok(None);
        }
        tried = lower.into_iter().chain(tried).collect();
        tried.dedup();
    }
    // Between loads far apart the fit only guesses; beyond them it knows nothing.
    for _ in 0..CUTS {
        let mut closer: Vec<f64> = match side(&mut bench, &tried, REPLICATIONS) {
            Side::Below => break,
            Side::Above => {
                let last = tried[tried.len() - 1];
                FURTHER_UP.iter().map(|share| said(known, share * last)).collect()
            }
            Side::Within => {
                let around =
                    missed(&mut bench, &tried, REPLICATIONS).and_then(|it| gap(&tried, it.value));
                match around {
                    Some((low, high)) if high - low > CLOSE * high => {
                        parts((low, high), |factor| said(known, factor))
                    }
                    Some(_) | None => break,
                }
            }
        };
        closer.retain(|it| !tried.contains(it));
        closer.dedup();
        // Whole users have no loads between them.
        if closer.is_empty() {
            break;
        }
        if !bench.run(&wanted(&closer), 0, label, work)? {
            return Ok(None);
        }
        tried.extend(closer);
        tried.sort_by(f64::total_cmp);
    }
    let mut missed_at = missed(&mut bench, &tried, REPLICATIONS);
    if let Some(it) = missed_at.filter(|it| it.error > NOISY * it.value) {
        let (low, high) = (it.value - 2.0 * it.error, it.value + 2.0 * it.error);
        let from = tried.iter().rposition(|load| *load <= low).unwrap_or(0);
        let to = tried.iter().position(|load| *load >= high).unwrap_or(tried.len() - 1);
        let count = AGAIN * REPLICATIONS;
        let again: Vec<(f64, u32)> = tried[from..=to].iter().map(|&load| (load, count)).collect();
        if !bench.run(&again, 0, label, work)? {
            return Ok(None);
        }
        missed_at = missed(&mut bench, &tried[from..=to], count).or(missed_at);
    }
    work.requests += bench.requests();
    Ok(Some(Simulated { missed_at }))
}

/// Where the first objective is missed, of loads in ascending order; `None`: not between these.
fn missed(bench: &mut Bench, tried: &[f64], count: u32) -> Option<Estimator> {
    if side(bench, tried, count) != Side::Within {
        return None;
    }
    let places: Vec<usize> = tried.iter().map(|&it| bench.level(it)).collect();
    let levels: Vec<_> = places.iter().map(|&it| &bench.levels[it]).collect();
    crossings(&levels, count as usize).map(|it| it.first.at)
}
