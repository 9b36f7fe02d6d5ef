//! What is held: calls at services and in queues, and whose calls those are.

use super::who::Who;

/// Parts of the window.
pub(super) struct Time {
    pub(super) parts: Vec<usize>,
    /// How long they are, all replications together.
    pub(super) nanos: f64,
}

impl Who<'_> {
    /// Calls at a service while the promise is broken, and those of them that wait there.
    pub(super) fn load(&self, service: usize) -> (f64, f64) {
        self.load_in(&self.bad, service)
    }

    /// Calls in an upstream's queues while it is broken.
    pub(super) fn queued(&self, upstream: usize) -> f64 {
        self.queued_in(&self.bad, upstream)
    }

    /// The service further down that holds most of the calls at this one that are not waiting for
    /// it, if more are held than are worked on here.
    pub(super) fn held_by(&self, service: usize) -> Option<usize> {
        let (here, waiting) = self.load(service);
        let inside = here - waiting;
        let held = self.held_in(&self.bad, service);
        let all: f64 = held.iter().map(|(_, calls)| calls).sum();
        let most = held.into_iter().fold(None, |most: Option<(usize, f64)>, it| match most {
            Some(most) if most.1 >= it.1 => Some(most),
            _ => Some(it),
        });
        let (callee, calls) = most?;
        (calls > 0.0 && all > inside - all).then_some(callee)
    }

    /// Whether most of the calls inside a service are neither worked on by its machines nor at
    /// anybody further down, and at other times far fewer are: they wait for somebody who is not there.
    pub(super) fn hangs(&self, service: usize) -> bool {
        let (here, waiting) = self.load(service);
        let lost = self.lost_in(&self.bad, service);
        2.0 * lost > here - waiting && lost > 2.0 * self.lost_in(&self.good, service)
    }

    /// How many of the calls at `callee` come from `caller`: in proportion to what callers serve.
    pub(super) fn share_of(&self, callee: usize, caller: usize) -> f64 {
        let served = |service: usize| self.served[service].unwrap_or(0.0);
        let upstreams = self.site.upstreams.iter().filter(|it| it.callee.index() == callee);
        let mut callers: Vec<usize> = upstreams.map(|it| it.caller.index()).collect();
        callers.sort_unstable();
        callers.dedup();
        let all: f64 = callers.iter().map(|&it| served(it)).sum();
        if callers.len() == 1 || all == 0.0 { 1.0 } else { served(caller) / all }
    }

    fn load_in(&self, time: &Time, service: usize) -> (f64, f64) {
        let by_part = &self.pool.services[service].load_by_part;
        let of = time.parts.iter().filter_map(|&part| by_part.get(part));
        let (here, waiting) = of.fold((0, 0), |(here, waiting), it| {
            (here + u128::from(it.in_system), waiting + u128::from(it.waiting))
        });
        (here as f64 / time.nanos, waiting as f64 / time.nanos)
    }

    fn queued_in(&self, time: &Time, upstream: usize) -> f64 {
        let by_part = &self.pool.upstreams[upstream].queued_by_part;
        let of = time.parts.iter().filter_map(|&part| by_part.get(part));
        of.map(|&area| u128::from(area)).sum::<u128>() as f64 / time.nanos
    }

    /// Calls of a service that are at those it calls, or wait for them.
    fn held_in(&self, time: &Time, service: usize) -> Vec<(usize, f64)> {
        let mut held: Vec<(usize, f64)> = Vec::new();
        for (index, upstream) in self.site.upstreams.iter().enumerate() {
            if upstream.caller.index() != service {
                continue;
            }
            let callee = upstream.callee.index();
            let queued = self.queued_in(time, index);
            // One more view of the same: its calls are counted already.
            if let Some((_, sum)) = held.iter_mut().find(|(it, _)| *it == callee) {
                *sum += queued;
                continue;
            }
            let share = self.share_of(callee, service);
            held.push((callee, self.load_in(time, callee).0 * share + queued));
        }
        held
    }

    /// Calls inside a service that are nowhere: no core and no disk works for them, nobody further
    /// down has them.
    fn lost_in(&self, time: &Time, service: usize) -> f64 {
        if time.nanos == 0.0 {
            return 0.0;
        }
        let (here, waiting) = self.load_in(time, service);
        let held: f64 = self.held_in(time, service).iter().map(|(_, calls)| calls).sum();
        let area = |areas: &[u64]| -> u128 {
            time.parts.iter().filter_map(|&part| areas.get(part)).map(|&it| u128::from(it)).sum()
        };
        let hosts = self.hosts_of(service).into_iter().filter_map(|it| self.pool.hosts.get(it));
        let busy: u128 =
            hosts.map(|it| area(&it.runnable.used.by_part) + area(&it.disk.by_part)).sum();
        here - waiting - held - busy as f64 / time.nanos
    }

    /// The hosts that a service runs on.
    pub(super) fn hosts_of(&self, service: usize) -> Vec<usize> {
        let own = self.site.instances.iter().filter(|it| it.service.index() == service);
        let mut hosts: Vec<usize> = own.map(|it| it.host.index()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}
