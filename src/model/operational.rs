//! What is known of a site without running it: operational analysis (Denning and Buzen, Computing
//! Surveys 10, 1978; Lazowska et al., *Quantitative System Performance*, 1984, chapters 3 and 5).
//!
//! A request of each kind asks each station for so many seconds on average: its demand. By the
//! utilisation law a station is busy for load × demand, so no site bears more than the least of
//! capacity / demand over all of them, and no request is answered sooner than if nobody were in its
//! way. Demands on processors, lines and disks follow exactly from the programs, and from where calls
//! are made where that is by weight; where callers may choose, the least that must be asked is. What is *held*
//! while others work (workers, pools, connections) is held for at least as long as at no load, or until
//! somebody gives up.
//!
//! Left out, for they cannot be known without running it: queues, retries, how many
//! commits share a flush (so that flushes never bound the load here), health checks, and how often
//! a connection is opened where it might have been kept.

mod choice;
mod course;
mod crossing;
mod flow;
mod patience;
mod place;
mod program;
mod reach;
mod residence;
mod station;
mod sums;
mod time;

use std::collections::BTreeMap;

pub use reach::{below, touched};
pub use station::{Kind, Station, Where};

use self::{
    flow::Flows,
    program::{Late, Run},
    residence::Residences,
    sums::Stations,
};
use super::{
    blueprint::{Arrivals, Balance, Blueprint, EndpointId, RequestId, ServiceId, Workload},
    buffer_pool,
    files::Misses,
};
use crate::engine::time::Instant;

/// Mixes are whole numbers of this.
const WHOLE: f64 = (1_u64 << 53) as f64;

/// What is known at once.
#[derive(Clone, Debug)]
pub struct Operational {
    /// Requests a second that come from outside, spikes aside.
    pub open_per_s: f64,
    /// Users that come back.
    pub users: u32,
    /// Seconds that they think, on average.
    pub think_s: f64,
    /// By kind of request, those that are asked for.
    pub requests: Vec<Demanded>,
    /// Seconds until an answer at no load, over the mix.
    pub no_load_s: f64,
    /// Seconds until an answer at any load, at least: where callers prefer the idle these may be the
    /// quickest.
    pub least_s: f64,
    /// All stations that are asked for anything, the first to saturate first.
    pub stations: Vec<Station>,
    /// Users wait for their answers while others come, too, so that the mix of requests changes with the load: what is
    /// known is that of no load, and no bound.
    pub mix_changes: bool,
    /// By service, where it would be full by its own work.
    alone_per_s: BTreeMap<u32, f64>,
}

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub struct Demanded {
    /// Which.
    pub request: RequestId,
    /// Its share of all requests.
    pub share: f64,
    /// Seconds until the answer at no load.
    pub no_load_s: f64,
}

/// A visitor's program, and its share of all requests.
struct Visit {
    endpoint: EndpointId,
    request: RequestId,
    share: f64,
    no_load_s: f64,
    least_s: f64,
}

impl Operational {
    /// Of a site as its scenario loads it.
    pub fn of(plan: &Blueprint) -> Operational {
        Operational::of_those(plan, |_| true)
    }

    /// Of those of its visitors who come whatever happens, as if there were no users who wait. At any load of
    /// both it is a bound of theirs.
    pub fn of_open(plan: &Blueprint) -> Operational {
        Operational::of_those(plan, |it| matches!(it.arrivals, Arrivals::Open { .. }))
    }

    fn of_those(plan: &Blueprint, is_meant: impl Fn(&Workload) -> bool) -> Operational {
        let missed = buffer_pool::missed(plan);
        let runs = |late: &Late| -> Vec<Run> {
            let run = |entry| {
                let mut run = Run::with(plan, entry, late);
                run.miss(plan, &missed);
                run
            };
            plan.endpoints.iter().map(|it| run(it.entry)).collect()
        };
        let misses = Misses::new(plan);
        let whole = runs(&Late::default());
        // Whoever is not answered in time does not do what would have been next.
        let late = Residences::new(plan, &whole, &misses, &missed).least().late();
        let runs = if late.calls.is_empty() { whole } else { runs(&late) };
        let mut residences = Residences::new(plan, &runs, &misses, &missed);
        let mut least = Residences::new(plan, &runs, &misses, &missed).least();
        let load = Load::of(plan, is_meant, &mut residences, &mut least);
        let mut stations = Stations::new(plan);
        let mut requests: Vec<Demanded> = Vec::new();
        for visit in &load.visits {
            let flows = Flows::of(plan, &runs, visit.endpoint);
            stations.add((visit.request, visit.share), &flows, &runs, &mut least);
            match requests.iter_mut().find(|it| it.request == visit.request) {
                Some(known) => {
                    let share = known.share + visit.share;
                    let sum = known.share * known.no_load_s + visit.share * visit.no_load_s;
                    known.no_load_s = sum / share;
                    known.share = share;
                }
                None => requests.push(Demanded {
                    request: visit.request,
                    share: visit.share,
                    no_load_s: visit.no_load_s,
                }),
            }
        }
        let no_load_s = requests.iter().map(|it| it.share * it.no_load_s).sum();
        let least_s = load.visits.iter().map(|it| it.share * it.least_s).sum();
        let alone_per_s = stations.alone();
        let mix_changes = load.users > 0 && !load.asks_alike;
        let mut stations = stations.finish();
        for station in &mut stations {
            station.is_least |= mix_changes || !late.calls.is_empty();
        }
        Operational {
            open_per_s: load.open_per_s,
            users: load.users,
            think_s: load.think_s,
            requests,
            no_load_s,
            least_s,
            mix_changes,
            alone_per_s,
            stations,
        }
    }

    /// Requests a second that no mix like this one can exceed (see `mix_changes`). `None`: nothing runs
    /// out.
    pub fn bound_per_s(&self) -> Option<f64> {
        self.stations.first().map(Station::saturates_at_per_s)
    }

    /// Whether users wait for their answers while others come whatever happens, so that the users may give way.
    pub fn is_mixed(&self) -> bool {
        self.users > 0 && self.open_per_s > 0.0
    }

    /// Requests a second at the scenario's own load: of users those that they could make if nobody
    /// were in their way.
    pub fn load_per_s(&self) -> f64 {
        self.open_per_s + f64::from(self.users) / self.cycle_s()
    }

    /// Whether users who wait for their answers are all that comes.
    pub fn is_closed(&self) -> bool {
        self.users > 0 && self.open_per_s == 0.0
    }

    /// How many times the scenario's load saturates the first station. With users alone it is where
    /// the asymptotes meet: (R + Z) times the bound, over the users.
    pub fn saturates_at(&self) -> Option<f64> {
        Some(self.bound_per_s()? / self.load_per_s())
    }

    /// How many times the scenario's load no site can sustain. Users who wait for their answers may give way to
    /// all others, so that these alone are what is known. `None`: any.
    pub fn filled_at(&self, plan: &Blueprint) -> Option<f64> {
        if self.is_closed() {
            return None;
        }
        if self.is_mixed() {
            return Operational::of_open(plan).saturates_at();
        }
        self.saturates_at()
    }

    /// Requests a second of so many users at most: the lower of both asymptotes.
    pub fn users_per_s(&self, users: f64) -> f64 {
        let free = users / self.cycle_s();
        self.bound_per_s().map_or(free, |bound| free.min(bound))
    }

    /// Seconds after which a site that is busy for `rho` has forgotten how it began: the relaxation
    /// time of M/M/1, 1 / (mu (1 - sqrt(rho))^2), of the first station as if it were one server as
    /// quick as all of it (Morse 1955; Abate and Whitt, *Queueing Systems* 2, 1987). No more than all
    /// users can queue where nobody else comes, so that it is bounded, and finite at any load: that of
    /// M/M/1/K, 1 / (mu (1 + rho - 2 sqrt(rho) cos(pi / (K + 1)))) (Morse 1955).
    pub fn relaxation_s(&self, rho: f64) -> f64 {
        let Some(first) = self.stations.first() else { return 0.0 };
        let visit_s = first.visit_s() / first.capacity;
        if self.is_closed() {
            let room = (rho * first.saturates_at_per_s() * self.cycle_s()).max(1.0);
            let turn = libm::cos(std::f64::consts::PI / (room + 1.0));
            return visit_s / (1.0 + rho - 2.0 * rho.sqrt() * turn);
        }
        let gap = 1.0 - rho.clamp(0.0, 0.999).sqrt();
        visit_s / (gap * gap)
    }

    /// Of one request of a kind, on average: seconds of a station, or how many.
    pub fn demand_of(&self, station: &Station, of: &Demanded) -> f64 {
        station.by_request.get(&of.request).map_or(0.0, |part| part / of.share)
    }

    /// Requests a second that a service could serve if nothing but its own work were done, at hosts that it
    /// shares as well. `None`: nothing of it runs out.
    pub fn alone_per_s(&self, service: ServiceId) -> Option<f64> {
        self.alone_per_s.get(&service.0).copied()
    }

    /// What saturates first, and what is next once that is *relieved*: once the service whose station
    /// it is has so much of this resource that it never runs out, at any of its instances. So the
    /// first station of each kind of each service; on hosts that services share it is relieved for all. Demands do not depend on capacities, so that nothing
    /// else moves (what is held is counted at no load).
    pub fn bottlenecks(&self) -> Vec<&Station> {
        let mut found: Vec<&Station> = Vec::new();
        for station in &self.stations {
            let is_relieved = |by: &&Station| {
                let is_there =
                    !station.at.is_empty() && station.at.iter().all(|it| by.at.contains(it));
                by.kind == station.kind && (by.service == station.service || is_there)
            };
            if !found.iter().any(is_relieved) {
                found.push(station);
            }
        }
        found
    }

    fn cycle_s(&self) -> f64 {
        self.least_s + self.think_s
    }
}

/// Who comes, and for what.
struct Load {
    open_per_s: f64,
    users: u32,
    think_s: f64,
    /// Whether all of them ask for the same in the same way, so that it does not matter who comes.
    asks_alike: bool,
    visits: Vec<Visit>,
}

impl Load {
    fn of(
        plan: &Blueprint,
        is_meant: impl Fn(&Workload) -> bool,
        residences: &mut Residences<'_>,
        least: &mut Residences<'_>,
    ) -> Load {
        let meant = plan.workloads.iter().filter(|it| it.spike.is_none() && is_meant(it));
        let meant: Vec<&Workload> = meant.collect();
        let asks_alike = meant.windows(2).all(|pair| asked(plan, pair[0]) == asked(plan, pair[1]));
        let mut load =
            Load { open_per_s: 0.0, users: 0, think_s: 0.0, asks_alike, visits: Vec::new() };
        let mut thought_s = 0.0;
        for workload in meant {
            let mut visits = visits(workload, residences, least);
            let per_s = match &workload.arrivals {
                Arrivals::Open { .. } => {
                    let per_s = workload.per_s(plan, Instant::ZERO);
                    load.open_per_s += per_s;
                    per_s
                }
                Arrivals::Closed { users, think } => {
                    let think_s = plan.laws[think.index()].mean();
                    load.users += users;
                    thought_s += f64::from(*users) * think_s;
                    let no_load: f64 = visits.iter().map(|it| it.share * it.no_load_s).sum();
                    f64::from(*users) / (think_s + no_load)
                }
            };
            for visit in &mut visits {
                visit.share *= per_s;
            }
            load.visits.extend(visits);
        }
        if load.users > 0 {
            load.think_s = thought_s / f64::from(load.users);
        }
        let whole: f64 = load.visits.iter().map(|it| it.share).sum();
        if whole > 0.0 {
            for visit in &mut load.visits {
                visit.share /= whole;
            }
        }
        load
    }
}

/// What a workload asks for, by cumulative probability, and through what.
type Asked = (Vec<(u64, RequestId)>, Option<(ServiceId, Balance, u32)>);

fn asked(plan: &Blueprint, workload: &Workload) -> Asked {
    let view = plan.upstreams.iter().find(|it| it.caller == workload.service);
    let mix = workload.mix.iter().map(|it| (it.below, it.request)).collect();
    (mix, view.map(|it| (it.callee, it.balance, it.servers)))
}

fn visits(
    workload: &Workload,
    residences: &mut Residences<'_>,
    least: &mut Residences<'_>,
) -> Vec<Visit> {
    let mut below = 0;
    let visit = |choice: &super::blueprint::Choice| {
        let share = (choice.below - std::mem::replace(&mut below, choice.below)) as f64 / WHOLE;
        let no_load_s = residences.seen_s(choice.endpoint);
        let least_s = least.seen_s(choice.endpoint);
        Visit { endpoint: choice.endpoint, request: choice.request, share, no_load_s, least_s }
    };
    workload.mix.iter().map(visit).collect()
}
