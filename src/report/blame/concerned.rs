//! What of a site an objective is about: the kinds of requests, the services that those touch, and
//! what they failed of. What happens elsewhere breaks no promise here.

use super::late;
use crate::{
    measure::{
        outcome::Cause,
        tally::{ObjectiveTally, Tally},
    },
    model::{
        blueprint::{Blueprint, HostId, Objective, Promise, Scope, What},
        operational::{below, touched},
    },
    report::summary::VISITORS,
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
    /// What they failed of.
    pub(super) failures: Failures,
}

/// Why requests or calls failed.
#[derive(Default)]
pub(super) struct Failures {
    /// By where they failed first, and of what. Not all of them may be known.
    pub(super) known: Vec<Failed>,
    /// How many failed …
    pub(super) failed: u64,
    /// … of how many.
    pub(super) all: u64,
    /// How many are bad, because they failed or for another reason.
    pub(super) bad: u64,
    /// Of the whole run, where the objective looks at a part of it, or at one zone.
    pub(super) are_of_whole_run: bool,
}

/// Requests or calls that failed for the same reason.
#[derive(Clone, Copy)]
pub(super) struct Failed {
    /// The service that saw it.
    pub(super) place: usize,
    pub(super) cause: Cause,
    pub(super) count: u64,
}

impl Failures {
    /// The most frequent reason; of several the first.
    pub(super) fn most(&self) -> Option<Failed> {
        self.known.iter().fold(None, |most: Option<Failed>, it| match most {
            Some(most) if most.count >= it.count => Some(most),
            _ => (it.count > 0).then_some(*it).or(most),
        })
    }

    /// How many are known to have failed of one of these.
    pub(super) fn of(&self, is: impl Fn(Cause) -> bool) -> u64 {
        self.known.iter().filter(|it| is(it.cause)).map(|it| it.count).sum()
    }
}

impl Concerned {
    pub(super) fn new(
        site: &Blueprint,
        pool: &Tally,
        objective: &Objective,
        counted: &ObjectiveTally,
    ) -> Concerned {
        let services = match objective.scope {
            Scope::Site => vec![true; site.services.len()],
            Scope::Request(id) => touched(site, |_, request| request == id),
            Scope::Workload(id) => {
                let own = site.workloads[id.index()].service;
                touched(site, |workload, _| workload.service == own)
            }
            Scope::Service(id) => below(site, id.index()),
        };
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
        let failures = match objective.scope {
            Scope::Service(id) => of_calls(site, pool, objective, counted, id.index()),
            Scope::Site | Scope::Request(_) | Scope::Workload(_) => {
                of_requests(site, objective, counted)
            }
        };
        Concerned { requests, services, failures }
    }

    /// Whether they touch a service.
    pub(super) fn touches(&self, service: usize) -> bool {
        self.services[service]
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

/// How many are beyond the limit, or in the slices of an objective that looks at these.
fn bad(counted: &ObjectiveTally) -> u64 {
    let of_slices = counted.slices.iter().map(|it| u64::from(it[1])).sum();
    counted.beyond[1].max(of_slices)
}

/// What visitors' requests failed of: just those that the objective counts.
fn of_requests(site: &Blueprint, objective: &Objective, counted: &ObjectiveTally) -> Failures {
    let failed = counted.breach.failed.iter();
    let is_visitors = |place: usize| site.services[place].kind == VISITORS;
    let mut known: Vec<Failed> = Vec::new();
    for it in failed {
        let one = Failed { place: usize::from(it.at), cause: it.cause(), count: it.count };
        // Those of a spike are visitors like others.
        let same = known.iter_mut().find(|it| {
            it.cause == one.cause
                && (it.place == one.place || is_visitors(it.place) && is_visitors(one.place))
        });
        match same {
            Some(known) => known.count += one.count,
            None => known.push(one),
        }
    }
    let failed = known.iter().map(|it| it.count).sum();
    let counts_failures = match objective.promise {
        Promise::Throughput { .. } | Promise::Mean { .. } => false,
        _ => !objective.successes_only,
    };
    let all = counted.count + if counts_failures { 0 } else { failed };
    Failures { known, failed, all, bad: bad(counted), are_of_whole_run: false }
}

/// What calls to a service failed of, over the whole run. Those that never reached an instance only their
/// callers know of; what is turned away at an instance is seen from both sides.
fn of_calls(
    site: &Blueprint,
    pool: &Tally,
    objective: &Objective,
    counted: &ObjectiveTally,
    service: usize,
) -> Failures {
    let calls = &pool.services[service].calls;
    let below = below(site, service);
    let upstreams = || {
        let both = site.upstreams.iter().zip(&pool.upstreams);
        both.filter(|(it, _)| it.callee.index() == service)
    };
    // Those further down failed with, where calls that came failed first.
    let further_down = |cause: Cause| {
        let blamed = |it: &usize| pool.services[*it].blamed[cause as usize];
        let places = (0..site.services.len()).filter(|&it| below[it] && blamed(&it) > 0);
        places.max_by_key(blamed).unwrap_or(service)
    };
    let mut known: Vec<Failed> = Vec::new();
    for cause in Cause::ALL.into_iter().filter(|it| *it != Cause::None) {
        // What never had a server is in no zone.
        let is_told = cause != Cause::NoServer || objective.zone.is_none();
        let mut seen = 0;
        for (upstream, tally) in upstreams().filter(|_| BEFORE.contains(&cause) && is_told) {
            let count = tally.failed[cause as usize];
            seen += count;
            add(&mut known, Failed { place: upstream.caller.index(), cause, count });
        }
        let count = calls.causes[cause as usize].saturating_sub(seen);
        add(&mut known, Failed { place: further_down(cause), cause, count });
    }
    let window = (objective.from, objective.until);
    let is_whole = window == (pool.shape.from, pool.shape.until) && objective.zone.is_none();
    let is_success = matches!(objective.promise, Promise::Success { .. });
    let told = is_whole && is_success;
    let sum = |known: &[Failed]| known.iter().map(|it| it.count).sum::<u64>();
    // Of those that were given up on their way nobody tells but that they failed.
    for (upstream, tally) in upstreams() {
        let count = tally.failed[Cause::ResponseTimeout as usize];
        let others = sum(&known);
        let count = match late::never_arrives(site, upstream) {
            late::Never::All => count,
            late::Never::Some if told => count.min(counted.beyond[1].saturating_sub(others)),
            late::Never::Some | late::Never::None => 0,
        };
        let cause = Cause::ResponseTimeout;
        add(&mut known, Failed { place: upstream.caller.index(), cause, count });
    }
    // Callers tell of attempts by their end, objectives by their beginning: those few that are under way
    // where the window ends are no reason of their own.
    let untold = counted.beyond[1].saturating_sub(sum(&known));
    let are_many = told && untold > counted.beyond[1] / 100;
    let failed = sum(&known) + if are_many { untold } else { 0 };
    let all = failed + calls.causes[Cause::None as usize];
    Failures { known, failed, all, bad: bad(counted), are_of_whole_run: !is_whole }
}

/// One more reason, or more of the same.
fn add(known: &mut Vec<Failed>, more: Failed) {
    match known.iter_mut().find(|it| (it.place, it.cause) == (more.place, more.cause)) {
        Some(it) => it.count += more.count,
        None if more.count > 0 => known.push(more),
        None => {}
    }
}
