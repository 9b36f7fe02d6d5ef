//! What of a site an objective is about: the kinds of requests, the services that those touch, and
//! what they failed of. What happens elsewhere breaks no promise here.

use crate::{
    measure::{
        outcome::Cause,
        tally::{Causes, Tally},
    },
    model::{
        blueprint::{Blueprint, HostId, Objective, Scope, What},
        operational::{below, touched},
    },
};

/// Of these attempts fail before a server has them, or at its door.
const BEFORE: [Cause; 7] = [
    Cause::Refused,
    Cause::ConnectTimeout,
    Cause::QueueFull,
    Cause::QueueTimeout,
    Cause::TooManyConnections,
    Cause::NoServer,
    Cause::OutOfConnections,
];

/// Of one objective.
pub(super) struct Concerned {
    /// Kinds of requests (indices).
    pub(super) requests: Vec<usize>,
    /// By service, whether they touch it.
    services: Vec<bool>,
    /// By service, whether they may be seen to fail there: who calls one of those, too.
    places: Vec<bool>,
    /// What they failed of. A workload's are those of its kinds of requests, whoever else makes them.
    pub(super) causes: Causes,
}

impl Concerned {
    pub(super) fn new(site: &Blueprint, pool: &Tally, objective: &Objective) -> Concerned {
        let services = match objective.scope {
            Scope::Site => vec![true; site.services.len()],
            Scope::Request(id) => touched(site, |_, request| request == id),
            Scope::Workload(id) => {
                let own = site.workloads[id.index()].service;
                touched(site, |workload, _| workload.service == own)
            }
            Scope::Service(id) => below(site, id.index()),
        };
        let mut places = services.clone();
        for upstream in &site.upstreams {
            places[upstream.caller.index()] |= services[upstream.callee.index()];
        }
        let requests: Vec<usize> = match objective.scope {
            Scope::Site => (0..site.requests.len()).collect(),
            Scope::Request(id) => vec![id.index()],
            Scope::Workload(id) => {
                let mix = &site.workloads[id.index()].mix;
                let mut asked: Vec<usize> = mix.iter().map(|it| it.request.index()).collect();
                asked.sort_unstable();
                asked.dedup();
                asked
            }
            Scope::Service(id) => (0..site.requests.len())
                .filter(|&it| touched(site, |_, request| request.index() == it)[id.index()])
                .collect(),
        };
        let causes = match objective.scope {
            Scope::Service(id) => of_calls(site, pool, id.index()),
            _ => requests.iter().fold(Causes::default(), |mut sum, &it| {
                let causes = pool.requests[it].causes;
                sum.iter_mut().zip(causes).for_each(|(sum, it)| *sum += it);
                sum
            }),
        };
        Concerned { requests, services, places, causes }
    }

    /// Whether they touch a service.
    pub(super) fn touches(&self, service: usize) -> bool {
        self.services[service]
    }

    /// Whether they may be seen to fail there.
    pub(super) fn may_fail_at(&self, service: usize) -> bool {
        self.places[service]
    }

    /// Whether an event (index) strikes any of their services, or the machines of one.
    pub(super) fn is_struck_by(&self, site: &Blueprint, episode: usize) -> bool {
        let own = || site.instances.iter().filter(|it| self.touches(it.service.index()));
        let is_own_host = |host: HostId| own().any(|it| it.host == host);
        let strikes = |what: What| match what {
            What::Crash(instance) | What::Restart(instance) => {
                self.touches(site.instances[instance.index()].service.index())
            }
            What::Lose(host) | What::Restore(host) => is_own_host(host),
        };
        let mut timeline = site.timeline.iter().filter(|it| it.episode as usize == episode);
        let mut spikes =
            site.workloads.iter().filter(|it| it.spike.is_some_and(|it| it as usize == episode));
        timeline.any(|it| strikes(it.what))
            || spikes.any(|spike| {
                let asked = touched(site, |workload, _| workload.service == spike.service);
                let mut instances = site.instances.iter().filter(|it| asked[it.service.index()]);
                instances.any(|it| self.touches(it.service.index()) || is_own_host(it.host))
            })
    }
}

/// What calls to a service failed of. Those that never reached an instance only their callers know of; what is
/// turned away at an instance is seen from both sides.
fn of_calls(site: &Blueprint, pool: &Tally, service: usize) -> Causes {
    let mut causes = pool.services[service].calls.causes;
    let both = site.upstreams.iter().zip(&pool.upstreams);
    let callers: Vec<&Causes> = both
        .filter(|(it, _)| it.callee.index() == service)
        .map(|(_, tally)| &tally.failed)
        .collect();
    for cause in BEFORE {
        let seen: u64 = callers.iter().map(|failed| failed[cause as usize]).sum();
        let there = &mut causes[cause as usize];
        *there = seen.max(*there);
    }
    causes
}
