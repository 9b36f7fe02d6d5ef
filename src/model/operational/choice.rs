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
    super::blueprint::{Blueprint, HostId, InstanceId, ServiceId, Serving, UpstreamId},
    place::speed,
    station::{Kind, Station, Where},
    sums::{Sum, connections_most},
};

/// Unions of overlapping choices that are looked at. Beyond them the bound may be too high.
const SETS_MAX: usize = 64;
/// Demands that differ by less than this share, by rounding only, are the same.
const ALIKE: f64 = 1e-9;

/// Hosts, or instances for what belongs to those.
type Places = BTreeSet<u32>;

/// Work that is confined to all of these places, but to none of them.
struct Choice<'a> {
    places: Places,
    group: &'a Where,
    sum: &'a Sum,
}

/// What may run out at each of its places.
#[derive(Clone, Copy)]
struct Resource<'a> {
    plan: &'a Blueprint,
    kind: Kind,
    /// Whose slots they are.
    view: Option<UpstreamId>,
}

/// All stations of one kind.
pub(super) fn stations(plan: &Blueprint, kind: Kind, sums: &[(&Where, &Sum)]) -> Vec<Station> {
    let mut by_view: BTreeMap<Option<UpstreamId>, Vec<(&Where, &Sum)>> = BTreeMap::new();
    for &(place, sum) in sums {
        let view = if let Where::View { of, .. } = place { Some(*of) } else { None };
        by_view.entry(view).or_default().push((place, sum));
    }
    let each = by_view.into_iter();
    each.flat_map(|(view, sums)| Resource { plan, kind, view }.stations(&sums)).collect()
}

impl Resource<'_> {
    fn stations(&self, sums: &[(&Where, &Sum)]) -> Vec<Station> {
        let (confined, mut choices) = self.sorted(sums);
        // Where more may be asked, though nothing is sure to be.
        let mut open = Places::new();
        choices.retain(|it| {
            let is_asked = it.sum.demand > 0.0;
            if !is_asked {
                open.extend(&it.places);
            }
            is_asked
        });
        let sets = unions(&choices);
        if sets.is_empty()
            && let Some(all) = self.all_alike(&confined)
        {
            return vec![all];
        }
        let alone: Vec<(u32, Station)> = confined
            .iter()
            .map(|(&at, sum)| {
                // What may be done here or elsewhere comes on top.
                let is_elsewhere = sets.iter().any(|set| set.contains(&at));
                let is_least = sum.is_least || is_elsewhere || open.contains(&at);
                let sum = Sum { capacity: self.capacity(at), is_least, ..sum.clone() };
                (at, self.station(self.place(at), &[at].into(), &sum, &sum))
            })
            .collect();
        let together = sets.iter().map(|set| {
            let station = self.together(set, &confined, &choices);
            let is_partly =
                |it: &Choice<'_>| !it.places.is_subset(set) && !it.places.is_disjoint(set);
            let more = choices.iter().any(is_partly) || !open.is_disjoint(set);
            Station { is_least: station.is_least || more, ..station }
        });
        let together: Vec<Station> = together.collect();
        // What must be done at one place of a choice says something only if it runs out before the choice does.
        let is_told = |(at, it): &&(u32, Station)| {
            let mut around = together.iter().zip(&sets).filter(|(_, set)| set.contains(at));
            around.all(|(set, _)| it.saturates_at_per_s() < set.saturates_at_per_s())
        };
        let alone = alone.iter().filter(is_told).map(|it| &it.1);
        let all = alone.chain(&together);
        all.filter(|it| it.capacity > 0.0 && it.demand > 0.0).cloned().collect()
    }

    /// What is confined to a place, and what is to several.
    fn sorted<'b>(&self, sums: &[(&'b Where, &'b Sum)]) -> (BTreeMap<u32, Sum>, Vec<Choice<'b>>) {
        let mut confined: BTreeMap<u32, Sum> = BTreeMap::new();
        let mut choices = Vec::new();
        for &(place, sum) in sums {
            let all = match place {
                Where::Host(HostId(at)) | Where::Instance(InstanceId(at)) => {
                    confined.entry(*at).or_default().take_in(sum, 1.0);
                    continue;
                }
                Where::Group(all) | Where::View { callers: all, .. } => all,
                Where::Hosts(_) => unreachable!("nothing is added up there"),
            };
            let places: Places = all.iter().map(|it| self.at(*it)).collect();
            if let (1, Some(&only)) = (places.len(), places.first()) {
                let pace = 1.0 / self.members_pace(only, &[place]);
                confined.entry(only).or_default().take_in(sum, pace);
            } else {
                choices.push(Choice { places, group: place, sum });
            }
        }
        (confined, choices)
    }

    /// All that may be done at any of a set, and what is confined to its places.
    fn together(
        &self,
        set: &Places,
        confined: &BTreeMap<u32, Sum>,
        choices: &[Choice<'_>],
    ) -> Station {
        let inside: Vec<&Choice<'_>> =
            choices.iter().filter(|it| it.places.is_subset(set)).collect();
        let groups: Vec<&Where> = inside.iter().map(|it| it.group).collect();
        let (mut own, mut whole) = (Sum::default(), Sum::default());
        for it in &inside {
            own.take_in(it.sum, 1.0);
        }
        whole.take_in(&own, 1.0);
        for place in set {
            let pace = self.members_pace(*place, &groups);
            whole.capacity += self.capacity(*place) * pace;
            if let Some(sum) = confined.get(place) {
                whole.take_in(sum, pace);
            }
        }
        let all: BTreeSet<InstanceId> = members(&groups).collect();
        let services: BTreeSet<u32> =
            all.iter().map(|it| self.plan.instances[it.index()].service.0).collect();
        let place = if let Some(of) = self.view {
            Where::View { of, callers: all.into_iter().collect() }
        } else if services.len() == 1 {
            Where::Group(all.into_iter().collect())
        } else {
            Where::Hosts(set.iter().map(|it| HostId(*it)).collect())
        };
        self.station(place, set, &whole, &own)
    }

    /// The slots of a view as one, where all callers need the same of them.
    fn all_alike(&self, confined: &BTreeMap<u32, Sum>) -> Option<Station> {
        let of = self.view?;
        let caller = &self.plan.services[self.plan.upstreams[of.index()].caller.index()];
        let first = confined.values().next()?.demand;
        if first <= 0.0 {
            return None;
        }
        let is_like = |it: &Sum| (it.demand - first).abs() <= ALIKE * first;
        if confined.len() != caller.instances as usize || !confined.values().all(is_like) {
            return None;
        }
        let mut whole = Sum::default();
        for (at, sum) in confined {
            whole.take_in(sum, 1.0);
            whole.capacity += self.capacity(*at);
        }
        let callers = confined.keys().map(|it| InstanceId(*it)).collect();
        Some(self.station(Where::View { of, callers }, &Places::new(), &whole, &whole))
    }

    fn place(&self, at: u32) -> Where {
        match self.view {
            Some(of) => Where::View { of, callers: vec![InstanceId(at)] },
            None if is_of_hosts(self.kind) => Where::Host(HostId(at)),
            None => Where::Instance(InstanceId(at)),
        }
    }

    /// Where an instance finds it.
    fn at(&self, instance: InstanceId) -> u32 {
        if is_of_hosts(self.kind) {
            self.plan.instances[instance.index()].host.0
        } else {
            instance.0
        }
    }

    /// A station of `whole`, told as that of the service which asks most of `own`.
    fn station(&self, place: Where, at: &Places, whole: &Sum, own: &Sum) -> Station {
        let most =
            own.by_service.iter().fold(None, |best: Option<(u32, f64)>, (id, it)| match best {
                Some((_, most)) if most >= *it => best,
                Some(_) | None => Some((*id, *it)),
            });
        let mut services: Vec<(u32, f64)> =
            whole.by_service.iter().map(|(id, it)| (*id, *it)).collect();
        services.sort_by(|one, other| other.1.total_cmp(&one.1));
        Station {
            kind: self.kind,
            place,
            at: if self.view.is_some() { Vec::new() } else { at.iter().copied().collect() },
            services: services.into_iter().map(|(id, _)| ServiceId(id)).collect(),
            service: ServiceId(most.map_or(0, |it| it.0)),
            capacity: whole.capacity,
            demand: whole.demand,
            by_request: whole.by_request.clone(),
            visits: whole.visits,
            is_least: whole.is_least,
        }
    }

    /// Work that a second of one core does: of the quickest member of these groups there. 1 of what has no
    /// speed.
    fn members_pace(&self, place: u32, groups: &[&Where]) -> f64 {
        let plan = self.plan;
        if self.kind != Kind::Cpu {
            return 1.0;
        }
        let here = members(groups).filter(|it| plan.instances[it.index()].host.0 == place);
        let speeds = here.map(|it| speed(plan, it));
        let quickest = speeds.fold(0.0, f64::max);
        if quickest > 0.0 { quickest } else { plan.hosts[place as usize].speed }
    }

    /// How many at once, or how much a second, in seconds of one of them.
    fn capacity(&self, place: u32) -> f64 {
        let (plan, kind) = (self.plan, self.kind);
        if !is_of_hosts(kind) {
            let service = &plan.services[plan.instances[place as usize].service.index()];
            let processes = f64::from(service.processes);
            return match (kind, &service.serving) {
                (Kind::Loops, Serving::Loops { loops }) => f64::from(*loops) * processes,
                (Kind::Workers, Serving::Slots { slots, .. }) => f64::from(*slots) * processes,
                (Kind::Connections, _) => connections_most(service).unwrap_or(f64::INFINITY),
                (Kind::Pool, _) => {
                    let view = self.view.map(|it| &plan.upstreams[it.index()]);
                    view.map_or(0.0, |it| processes * f64::from(it.servers) * f64::from(it.slots))
                }
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
            Where::Group(all) | Where::View { callers: all, .. } => all.as_slice(),
            Where::Host(_) | Where::Instance(_) | Where::Hosts(_) => &[],
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
