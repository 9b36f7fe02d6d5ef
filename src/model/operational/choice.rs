//! Stations of work that may be done at one place or another.
//!
//! Some of the work is *confined* to a place: its callers share by weight, or cannot choose. Some is confined
//! only to all the places among which its callers prefer the idle. However it is spread, a set of places
//! does all that is confined to it, so that no load exceeds the set's capacity over that demand; and some
//! spread bears the least of this over all sets (Gale, *Pacific Journal of Mathematics* 7, 1957, from
//! Ford and Fulkerson's cuts). The least is attained by a place alone, or by places of choices that overlap:
//! any other set is no better off than its parts.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::blueprint::{Blueprint, HostId, InstanceId, ServiceId, Serving},
    place::speed,
    station::{Kind, Station, Where},
    sums::{Sum, connections_most},
};

/// Unions of overlapping choices that are looked at. Beyond them the bound may be too high.
const SETS_MAX: usize = 64;

/// Hosts, or instances for what belongs to those.
type Places = BTreeSet<u32>;

/// Work that is confined to all of these places, but to none of them.
struct Choice<'a> {
    places: Places,
    group: &'a Where,
    sum: &'a Sum,
}

/// All stations of one kind.
pub(super) fn stations(plan: &Blueprint, kind: Kind, sums: &[(&Where, &Sum)]) -> Vec<Station> {
    let mut confined: BTreeMap<u32, Sum> = BTreeMap::new();
    let mut choices: Vec<Choice<'_>> = Vec::new();
    let mut found = Vec::new();
    for &(place, sum) in sums {
        match place {
            Where::Host(HostId(at)) | Where::Instance(InstanceId(at)) => {
                confined.entry(*at).or_default().take_in(sum, 1.0);
            }
            Where::Group(all) => {
                let places: Places = all.iter().map(|it| at(plan, kind, *it)).collect();
                if places.len() == 1 {
                    let only = places.first().copied().unwrap_or_default();
                    let pace = 1.0 / members_pace(plan, kind, only, &[place]);
                    confined.entry(only).or_default().take_in(sum, pace);
                } else {
                    choices.push(Choice { places, group: place, sum });
                }
            }
            Where::Hosts(_) => unreachable!("nothing is added up there"),
            Where::View(_) => found.push(station(kind, place.clone(), Vec::new(), sum, sum)),
        }
    }
    let sets = unions(&choices);
    for (&at, sum) in &confined {
        let place = if is_of_hosts(kind) {
            Where::Host(HostId(at))
        } else {
            Where::Instance(InstanceId(at))
        };
        // What may be done here or elsewhere comes on top.
        let is_least = sum.is_least || sets.iter().any(|set| set.contains(&at));
        let sum = Sum { capacity: capacity(plan, kind, at), is_least, ..sum.clone() };
        found.push(station(kind, place, vec![at], &sum, &sum));
    }
    let alone = found.len();
    for set in &sets {
        let inside: Vec<&Choice<'_>> =
            choices.iter().filter(|it| it.places.is_subset(set)).collect();
        let groups: Vec<&Where> = inside.iter().map(|it| it.group).collect();
        let (mut own, mut whole) = (Sum::default(), Sum::default());
        for it in &inside {
            own.take_in(it.sum, 1.0);
        }
        whole.take_in(&own, 1.0);
        for place in set {
            let pace = members_pace(plan, kind, *place, &groups);
            whole.capacity += capacity(plan, kind, *place) * pace;
            if let Some(sum) = confined.get(place) {
                whole.take_in(sum, pace);
            }
        }
        let all: BTreeSet<InstanceId> = members(&groups).collect();
        let services: BTreeSet<u32> =
            all.iter().map(|it| plan.instances[it.index()].service.0).collect();
        let place = if services.len() == 1 {
            Where::Group(all.into_iter().collect())
        } else {
            Where::Hosts(set.iter().map(|it| HostId(*it)).collect())
        };
        found.push(station(kind, place, set.iter().copied().collect(), &whole, &own));
    }
    // What must be done at one place of a choice says something only if it runs out before the choice does.
    let (alone, together) = found.split_at(alone);
    let is_told = |it: &Station| {
        let (Where::Host(HostId(at)) | Where::Instance(InstanceId(at))) = it.place else {
            return true;
        };
        let mut around = together.iter().zip(&sets).filter(|(_, set)| set.contains(&at));
        around.all(|(set, _)| it.saturates_at_per_s() < set.saturates_at_per_s())
    };
    let alone = alone.iter().filter(|it| is_told(it));
    alone.chain(together).filter(|it| it.capacity > 0.0).cloned().collect()
}

/// A station of `whole`, told as that of the service which asks most of `own`.
fn station(kind: Kind, place: Where, at: Vec<u32>, whole: &Sum, own: &Sum) -> Station {
    let most = own.by_service.iter().fold(None, |best: Option<(u32, f64)>, (id, it)| match best {
        Some((_, most)) if most >= *it => best,
        Some(_) | None => Some((*id, *it)),
    });
    let mut services: Vec<(u32, f64)> =
        whole.by_service.iter().map(|(id, it)| (*id, *it)).collect();
    services.sort_by(|one, other| other.1.total_cmp(&one.1));
    Station {
        kind,
        place,
        at,
        services: services.into_iter().map(|(id, _)| ServiceId(id)).collect(),
        service: ServiceId(most.map_or(0, |it| it.0)),
        capacity: whole.capacity,
        demand: whole.demand,
        by_request: whole.by_request.clone(),
        visits: whole.visits,
        is_least: whole.is_least,
    }
}

/// Distinct sets among which work may be spread, and the unions of those that overlap.
fn unions(choices: &[Choice<'_>]) -> Vec<Places> {
    let mut sets: Vec<Places> = Vec::new();
    for choice in choices {
        if !sets.contains(&choice.places) {
            sets.push(choice.places.clone());
        }
    }
    let mut next = 1;
    while next < sets.len() {
        for other in 0..next {
            let union = &sets[next] | &sets[other];
            let is_new = !sets[next].is_disjoint(&sets[other]) && !sets.contains(&union);
            if is_new && sets.len() < SETS_MAX {
                sets.push(union);
            }
        }
        next += 1;
    }
    sets
}

fn members<'a>(groups: &'a [&'a Where]) -> impl Iterator<Item = InstanceId> + 'a {
    groups
        .iter()
        .flat_map(|it| match it {
            Where::Group(all) => all.as_slice(),
            _ => &[],
        })
        .copied()
}

/// Whether what may run out belongs to hosts, whoever runs there.
fn is_of_hosts(kind: Kind) -> bool {
    match kind {
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::DiskBytes
        | Kind::DiskOperations => true,
        Kind::Loops | Kind::Workers | Kind::Pool | Kind::Connections | Kind::Appliers => false,
    }
}

/// Where an instance finds it.
fn at(plan: &Blueprint, kind: Kind, instance: InstanceId) -> u32 {
    if is_of_hosts(kind) { plan.instances[instance.index()].host.0 } else { instance.0 }
}

/// Work that a second of one core does: of the quickest member of these groups there. 1 of what has no
/// speed.
fn members_pace(plan: &Blueprint, kind: Kind, place: u32, groups: &[&Where]) -> f64 {
    if kind != Kind::Cpu {
        return 1.0;
    }
    let here = members(groups).filter(|it| plan.instances[it.index()].host.0 == place);
    let speeds = here.map(|it| speed(plan, it));
    let quickest = speeds.fold(0.0, f64::max);
    if quickest > 0.0 { quickest } else { plan.hosts[place as usize].speed }
}

/// How many at once, or how much a second, in seconds of one of them.
fn capacity(plan: &Blueprint, kind: Kind, place: u32) -> f64 {
    if !is_of_hosts(kind) {
        let service = &plan.services[plan.instances[place as usize].service.index()];
        let processes = f64::from(service.processes);
        return match (kind, &service.serving) {
            (Kind::Loops, Serving::Loops { loops }) => f64::from(*loops) * processes,
            (Kind::Workers, Serving::Slots { slots, .. }) => f64::from(*slots) * processes,
            (Kind::Connections, _) => connections_most(service).unwrap_or(f64::INFINITY),
            (Kind::Appliers, _) => {
                let log = plan.logs.iter().find(|it| it.replicas.contains(&InstanceId(place)));
                log.map_or(0.0, |log| f64::from(log.apply_workers))
            }
            _ => 0.0,
        };
    }
    let host = &plan.hosts[place as usize];
    let disk = host.disk.as_ref();
    match kind {
        Kind::Cpu => f64::from(host.cores),
        Kind::Disk => disk.map_or(0.0, |disk| f64::from(disk.parallel)),
        Kind::DiskBytes => disk.and_then(|disk| disk.throughput).unwrap_or(0.0),
        Kind::DiskOperations => disk.and_then(|disk| disk.iops).unwrap_or(0.0),
        _ => host.nic_bits.unwrap_or(0) as f64,
    }
}
