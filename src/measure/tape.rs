//! The recorder of a replication. Arrays by id, one comparison for a new part of the window;
//! nothing here is drawn, hashed or scheduled.
//!
//! Requests and calls count if they *arrive* in the measured window; levels and busy devices are
//! integrated over it; failed attempts, page-cache look-ups and log events count if they happen in
//! it.

use super::{
    outcome::Cause,
    recorder::{Device, Finished, Level, Recorder, Served},
    shape::{ObjectiveScope, ObjectiveShape, Shape},
    tally::{CallTally, ObjectiveTally, Tally},
};
use crate::{
    engine::time::{Instant, Span},
    measure::{
        histogram::Counter,
        window::{Areas, Ruler},
    },
};

/// Records one replication.
#[derive(Clone, Debug)]
pub struct Tape {
    tally: Tally,
    /// Objectives on visitors' requests (index).
    on_requests: Vec<u32>,
    /// Objectives on calls (index), by service.
    on_calls: Vec<Vec<u32>>,
}

impl Tape {
    /// An empty tape for a site that begins with all levels at 0.
    pub fn new(shape: &Shape) -> Tape {
        let mut on_requests = Vec::new();
        let mut on_calls = vec![Vec::new(); shape.services as usize];
        for (index, objective) in shape.objectives.iter().enumerate() {
            match objective.scope {
                ObjectiveScope::Service(service) => on_calls[service as usize].push(index as u32),
                ObjectiveScope::Site | ObjectiveScope::Request(_) | ObjectiveScope::Workload(_) => {
                    on_requests.push(index as u32);
                }
            }
        }
        Tape { tally: Tally::new(shape), on_requests, on_calls }
    }

    /// The end of the replication, at or behind the end of the window.
    pub fn close(mut self, now: Instant) -> Tally {
        let Tally { shape, usage_ruler: ruler, instances, hosts, upstreams, .. } = &mut self.tally;
        assert!(now >= shape.until, "closed at {now:?}, within the window");
        let end = shape.until;
        for instance in instances {
            instance.in_system.set(instance.in_system.gauge.level(), end, ruler);
            instance.waiting.set(instance.waiting.gauge.level(), end, ruler);
            instance.busy.set(instance.busy.gauge.level(), end, ruler);
            instance.connections.set(instance.connections.level(), end, ruler);
        }
        for host in hosts {
            host.runnable.set(host.runnable.gauge.level(), end, ruler);
        }
        for upstream in upstreams {
            upstream.queued.set(upstream.queued.level(), end, ruler);
        }
        self.tally
    }

    #[inline]
    fn is_inside(&self, at: Instant) -> bool {
        self.tally.shape.from <= at && at < self.tally.shape.until
    }
}

impl Recorder for Tape {
    fn arrived(&mut self, _workload: u32, request: u32, now: Instant) {
        if self.is_inside(now) {
            self.tally.requests[request as usize].begun += 1;
        }
    }

    fn finished(&mut self, request: Finished, _now: Instant) {
        let Finished { key, arrived, ended, outcome, .. } = request;
        let is_cut_off = outcome.cause == Cause::Unfinished;
        let tally = &mut self.tally;
        let ruler = tally.request_ruler;
        let of_type = &mut tally.requests[request.request as usize];
        if let Some(part) = ruler.part(ended).filter(|_| !is_cut_off) {
            of_type.parts[part].ended += 1;
            of_type.parts[part].completed += u64::from(outcome.is_ok());
            of_type.completed += u64::from(outcome.is_ok());
        }
        let Some(part) = ruler.part(arrived) else { return };
        let latency = ended.since(arrived);
        of_type.causes[outcome.cause as usize] += 1;
        let workload = &mut tally.workloads[request.workload as usize];
        if outcome.is_ok() {
            of_type.ok.record(latency);
            of_type.parts[part].ok += 1;
            of_type.parts[part].latency.record(latency);
            workload.ok += 1;
        } else {
            of_type.failed.record(latency);
            of_type.parts[part].failed += 1;
            workload.failed += 1;
            if let Some(service) = tally.services.get_mut(outcome.at as usize) {
                service.blamed[outcome.cause as usize] += 1;
            }
        }
        tally.events.fold(key);
        tally.events.fold(ended.nanos());
        let seen = u64::from(outcome.status) << 8 | outcome.cause as u64;
        tally.events.fold(u64::from(outcome.at) << 32 | seen);
        for &index in &self.on_requests {
            let objective = &tally.shape.objectives[index as usize];
            let is_about = match objective.scope {
                ObjectiveScope::Site => true,
                ObjectiveScope::Request(index) => index == request.request,
                ObjectiveScope::Workload(index) => index == request.workload,
                ObjectiveScope::Service(_) => false,
            };
            if is_about {
                let counter = &mut tally.objectives[index as usize];
                judge(objective, counter, arrived, latency, outcome.is_ok());
            }
        }
    }

    fn served(&mut self, call: Served, now: Instant) {
        let is_inside = self.is_inside(call.arrived);
        let ends_inside = self.is_inside(now);
        if !is_inside && !ends_inside {
            return;
        }
        let Tally { services, instances, shape, objectives, .. } = &mut self.tally;
        let service = &mut services[call.service as usize].calls;
        let instance = &mut instances[call.instance as usize].calls;
        if ends_inside && call.outcome.is_ok() {
            service.completed += 1;
            instance.completed += 1;
        }
        if !is_inside {
            return;
        }
        count(service, &call, now);
        count(instance, &call, now);
        for &index in &self.on_calls[call.service as usize] {
            let objective = &shape.objectives[index as usize];
            let counter = &mut objectives[index as usize];
            let latency = now.since(call.arrived);
            judge(objective, counter, call.arrived, latency, call.outcome.is_ok());
        }
    }

    fn attempt_failed(&mut self, upstream: u32, outcome: super::outcome::Outcome, now: Instant) {
        if self.is_inside(now) {
            self.tally.upstreams[upstream as usize].failed[outcome.cause as usize] += 1;
        }
    }

    #[inline]
    fn level(&mut self, level: Level, value: u32, now: Instant) {
        let Tally { usage_ruler: ruler, instances, hosts, upstreams, .. } = &mut self.tally;
        match level {
            Level::Calls(id) => instances[id as usize].in_system.set(value, now, ruler),
            Level::Waiting(id) => instances[id as usize].waiting.set(value, now, ruler),
            Level::Busy(id) => instances[id as usize].busy.set(value, now, ruler),
            Level::Connections(id) => {
                instances[id as usize].connections.set(value, now, ruler);
            }
            Level::Runnable(id) => hosts[id as usize].runnable.set(value, now, ruler),
            Level::Queued(id) => {
                upstreams[id as usize].queued.set(value, now, ruler);
            }
        }
    }

    #[inline]
    fn busy(&mut self, device: Device, from: Instant, until: Instant, _now: Instant) {
        let Tally { usage_ruler: ruler, hosts, .. } = &mut self.tally;
        match device {
            Device::Sending(id) => stretch(&mut hosts[id as usize].sending, from, until, ruler),
            Device::Receiving(id) => stretch(&mut hosts[id as usize].receiving, from, until, ruler),
            Device::Disk(id) => stretch(&mut hosts[id as usize].disk, from, until, ruler),
        }
    }

    fn page_cache(&mut self, host: u32, is_hit: bool, now: Instant) {
        if self.is_inside(now) {
            let host = &mut self.tally.hosts[host as usize];
            host.cache_hits += u64::from(is_hit);
            host.cache_misses += u64::from(!is_hit);
        }
    }

    fn applied(&mut self, instance: u32, lag: Span, now: Instant) {
        if self.is_inside(now) {
            self.tally.instances[instance as usize].lag.record(lag);
        }
    }

    fn flushed(&mut self, instance: u32, transactions: u32, now: Instant) {
        if self.is_inside(now) {
            let instance = &mut self.tally.instances[instance as usize];
            instance.flushes += 1;
            instance.transactions += u64::from(transactions);
        }
    }
}

#[inline]
fn stretch(areas: &mut Areas, from: Instant, until: Instant, ruler: &Ruler) {
    let from = from.max(ruler.from).nanos();
    let until = until.min(ruler.until).nanos();
    if from < until {
        areas.add(1, from, until);
    }
}

#[inline]
fn count<const BITS: u32, C: Counter>(tally: &mut CallTally<BITS, C>, call: &Served, now: Instant) {
    tally.causes[call.outcome.cause as usize] += 1;
    tally.wasted += u64::from(call.is_wasted);
    if call.outcome.is_ok() {
        tally.sojourn.record(now.since(call.arrived));
    }
    if !is_refusal(call.outcome.cause) {
        tally.wait.record(call.waited);
    }
}

/// Whether whatever ends so was never let in.
pub const fn is_refusal(cause: Cause) -> bool {
    match cause {
        Cause::Refused | Cause::QueueFull | Cause::TooManyConnections | Cause::NoServer => true,
        Cause::None
        | Cause::ConnectTimeout
        | Cause::QueueTimeout
        | Cause::OutOfConnections
        | Cause::ResponseTimeout
        | Cause::Reset
        | Cause::Truncated
        | Cause::Patience
        | Cause::Unfinished => false,
    }
}

fn judge(
    objective: &ObjectiveShape,
    counter: &mut ObjectiveTally,
    arrived: Instant,
    latency: Span,
    is_ok: bool,
) {
    let is_inside = objective.from <= arrived && arrived < objective.until;
    if !is_inside || (objective.successes_only && !is_ok) {
        return;
    }
    counter.count += 1;
    let is_slow = objective.limit.is_some_and(|limit| latency >= limit);
    counter.beyond += u64::from(is_slow || !is_ok);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{
        fold::Fold,
        outcome::Outcome,
        shape::{HostShape, InstanceShape},
    };

    const FAILED: Outcome = Outcome { status: 503, cause: Cause::QueueFull, at: 0 };

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Span::from_millis(millis)
    }

    /// Warm-up 1 s, window 10 s, one of everything.
    fn shape() -> Shape {
        let objective = |scope, limit| ObjectiveShape {
            limit,
            scope,
            from: at(1_000),
            until: at(6_000),
            successes_only: false,
        };
        Shape {
            from: at(1_000),
            until: at(11_000),
            services: 1,
            instances: vec![InstanceShape { service: 0, workers: Some(2) }],
            hosts: vec![HostShape { cores: 2, disk_parallel: 4 }],
            upstreams: 1,
            requests: 2,
            workloads: 1,
            objectives: vec![
                objective(ObjectiveScope::Request(0), Some(Span::from_millis(100))),
                objective(ObjectiveScope::Service(0), None),
            ],
        }
    }

    fn request(request: u32, arrived: u64, ended: u64, outcome: Outcome) -> Finished {
        let (arrived, ended) = (at(arrived), at(ended));
        Finished { key: 7, workload: 0, request, arrived, ended, outcome }
    }

    fn tell(tape: &mut Tape, request: Finished) {
        tape.arrived(request.workload, request.request, request.arrived);
        tape.finished(request, request.ended);
    }

    #[test]
    fn what_arrives_in_the_window_counts() {
        let mut tape = Tape::new(&shape());
        tell(&mut tape, request(0, 999, 1_500, Outcome::OK));
        tell(&mut tape, request(0, 1_000, 1_100, Outcome::OK));
        tell(&mut tape, request(0, 2_000, 2_101, Outcome::OK));
        tell(&mut tape, request(0, 3_000, 3_001, FAILED));
        tell(&mut tape, request(1, 10_999, 12_000, Outcome::OK));
        tell(&mut tape, request(1, 11_000, 11_001, Outcome::OK));
        let tally = tape.close(at(12_000));
        assert_eq!(tally.check_conservation(), Ok(()));
        let ok: Vec<u64> = tally.requests.iter().map(|tally| tally.ok.moments.count).collect();
        assert_eq!(ok, [2, 1]);
        // By their end: one from the warm-up, two from the window, none from the drain.
        assert_eq!((tally.requests[0].completed, tally.requests[1].completed), (3, 0));
        assert_eq!(tally.requests[0].causes[Cause::QueueFull as usize], 1);
        assert_eq!(tally.services[0].blamed[Cause::QueueFull as usize], 1);
        // `< 100ms` is kept neither by 100 ms, nor by 101 ms, nor by a failure.
        assert_eq!(tally.objectives[0], ObjectiveTally { count: 3, beyond: 3 });
    }

    #[test]
    fn a_lost_request_is_found() {
        let mut tape = Tape::new(&shape());
        tape.arrived(0, 1, at(5_000));
        let lost = super::super::tally::Imbalance { request: 1, arrived: 1, finished: 0 };
        assert_eq!(tape.close(at(11_000)).check_conservation(), Err(lost));
    }

    #[test]
    fn calls_and_waits() {
        let mut tape = Tape::new(&shape());
        let call = |arrived, waited, outcome| Served {
            service: 0,
            instance: 0,
            arrived: at(arrived),
            waited: Span::from_millis(waited),
            outcome,
            is_wasted: false,
        };
        tape.served(call(2_000, 0, Outcome::OK), at(2_020));
        tape.served(call(2_000, 20, Outcome::OK), at(2_060));
        tape.served(call(2_000, 0, FAILED), at(2_000));
        let figures = super::super::figures::Figures::of(&tape.close(at(11_000)));
        let calls = &figures.services[0];
        assert_eq!(calls.sojourn_mean_s, Some(0.04));
        assert_eq!(calls.wait_mean_s, Some(0.01));
        assert_eq!(calls.wait_positive_share, Some(0.5));
        assert_eq!(calls.refused_share, Some(1.0 / 3.0));
        assert_eq!(calls.throughput_per_s, Some(0.2));
        assert_eq!(figures.objectives[1], Some(2.0 / 3.0));
    }

    #[test]
    fn levels_and_devices_are_clipped_to_the_window() {
        let mut tape = Tape::new(&shape());
        tape.level(Level::Runnable(0), 3, at(500));
        tape.level(Level::Runnable(0), 1, at(6_000));
        tape.level(Level::Busy(0), 2, at(6_000));
        tape.busy(Device::Disk(0), at(10_000), at(20_000), at(9_000));
        tape.busy(Device::Sending(0), at(0), at(1_500), at(0));
        let figures = super::super::figures::Figures::of(&tape.close(at(11_000)));
        let host = &figures.hosts[0];
        assert_eq!(host.cpu_utilisation, Some(0.75));
        assert_eq!(host.runnable_mean, Some(2.0));
        assert_eq!(host.disk_utilisation, Some(0.025));
        assert_eq!(host.sending_utilisation, Some(0.05));
        assert_eq!(figures.instances[0].1.utilisation, Some(0.5));
    }

    #[test]
    fn replications_fold_in_order() {
        let tally = |latency: u64| {
            let mut tape = Tape::new(&shape());
            tell(&mut tape, request(0, 2_000, 2_000 + latency, Outcome::OK));
            tape.close(at(11_000))
        };
        let mut fold = Fold::new(tally(100));
        fold.push(&tally(300));
        assert_eq!(fold.pool.requests[0].ok.moments.mean_s(), Some(0.2));
        let mean = fold.series.site.ok.mean_s;
        assert_eq!((mean.count, mean.mean), (2, 0.2));
        let mut other_way = Fold::new(tally(300));
        other_way.push(&tally(100));
        assert_ne!(fold.pool.events, other_way.pool.events);
    }
}
