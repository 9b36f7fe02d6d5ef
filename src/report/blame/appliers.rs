//! Workers by which replicas apply what their primary commits. They have no clock of their own: how much of them
//! is in use follows from what is asked for (utilisation law), and whether transactions wait for them from their lag.

use super::{
    held::Time,
    used::{Resource, SHORT, Used},
    way::ways_between,
    who::Who,
};
use crate::{
    measure::tally::Tally,
    model::{
        blueprint::{Blueprint, Objective, Promise},
        operational::{Kind, Operational, Station, Where},
    },
};

/// The appliers of a replica, by a lag that is promised.
pub(super) struct Appliers {
    /// The replica (index).
    instance: usize,
    name: String,
    /// How much of them is in use.
    share: f64,
    /// Transactions could be seen in time, if they did not wait.
    are_waited_for: bool,
}

impl Appliers {
    /// Of all replicas, where a lag is promised: nobody else waits for them.
    pub(super) fn of(
        site: &Blueprint,
        pool: &Tally,
        objective: &Objective,
        bad: &Time,
    ) -> Vec<Appliers> {
        let Promise::Lag { limit, .. } = objective.promise else { return Vec::new() };
        let known = Operational::of(site);
        let appliers = known.stations.iter().filter(|it| it.kind == Kind::Appliers);
        let of_replica = appliers.filter_map(|station| match station.place {
            Where::Instance(replica) => Some((replica.index(), station)),
            _ => None,
        });
        let mut all: Vec<Appliers> = of_replica
            .map(|(instance, station)| {
                let name = &site.instances[instance].name;
                let share = asked_per_s(&known, station, pool, bad) / station.capacity;
                let visit_s = station.visit_s();
                let waits_s = lag_s(pool, bad, instance)
                    .map_or(0.0, |lag_s| lag_s - visit_s - way_s(site, instance));
                Appliers {
                    instance,
                    name: format!("appliers (replica_parallel_workers) of {name}"),
                    share: share.min(1.0),
                    are_waited_for: visit_s < limit.seconds() && waits_s > 0.05 * visit_s,
                }
            })
            .collect();
        all.sort_by_key(|it| it.instance);
        all
    }

    /// As something that may be short.
    fn used(&self) -> Used {
        Used { what: Resource::Appliers, name: self.name.clone(), share: self.share, waits: 0.0 }
    }
}

impl Who<'_> {
    /// Those of a replica (instance), unless its machine is short: then that is what holds them.
    pub(super) fn appliers_of(&self, instance: usize, machine: &[Used]) -> Option<Used> {
        let own = self.appliers.iter().find(|it| it.instance == instance)?;
        machine.iter().all(|it| it.share < SHORT).then(|| own.used())
    }

    /// The busiest ones of a service that transactions wait for, though not all of them are in use on average.
    pub(super) fn waits_for_appliers(&self, service: usize) -> Option<Used> {
        let is_own = |it: &&Appliers| self.site.instances[it.instance].service.index() == service;
        let waited = self.appliers.iter().filter(is_own).filter(|it| it.are_waited_for);
        waited.map(Appliers::used).reduce(|most, it| if it.share > most.share { it } else { most })
    }
}

/// What the requests that succeeded while the promise was broken asked of a station, a second.
fn asked_per_s(known: &Operational, station: &Station, pool: &Tally, bad: &Time) -> f64 {
    let ruler = pool.request_ruler;
    let is_bad = |part: usize| {
        let (from, until) = ruler.edges_s(part);
        bad.parts.iter().any(|&it| {
            let (begin, end) = pool.usage_ruler.edges_s(it);
            begin < until && from < end
        })
    };
    let parts: Vec<usize> = (0..ruler.parts()).filter(|it| is_bad(*it)).collect();
    let length_s: f64 = parts.iter().map(|&it| ruler.edges_s(it).1 - ruler.edges_s(it).0).sum();
    let seconds = length_s * f64::from(pool.replications);
    let asked = |request: usize| -> u64 {
        let all = &pool.requests[request].parts;
        parts.iter().filter_map(|&part| all.get(part)).map(|it| it.completed).sum()
    };
    let each = known.requests.iter().map(|it| {
        let demand = known.demand_of(station, it);
        asked(it.request.index()) as f64 * demand
    });
    if seconds > 0.0 { each.sum::<f64>() / seconds } else { 0.0 }
}

/// The mean lag of a replica while the promise is broken.
fn lag_s(pool: &Tally, bad: &Time, instance: usize) -> Option<f64> {
    let by_part = &pool.instances[instance].lag_by_part;
    let seen = bad.parts.iter().filter_map(|&part| by_part.get(part));
    let (sum_s, count) = seen.fold((0.0, 0), |sum, it| (sum.0 + it.sum_s, sum.1 + it.count));
    (count > 0).then(|| sum_s / count as f64)
}

/// The longest way from an instance of a replica's service to another one.
fn way_s(site: &Blueprint, instance: usize) -> f64 {
    let service = site.instances[instance].service.index();
    ways_between(site, service, service).iter().map(|it| it.0).fold(0.0, f64::max)
}
