//! The recorder of a replication. Arrays by id, and for each event a few additions: whatever can be
//! derived from other counts is derived when the replication is over. Nothing here is drawn, hashed
//! or scheduled.
//!
//! Requests and calls count if they *arrive* in the measured window; levels and busy devices are
//! integrated over it; failed attempts, page-cache look-ups and log events count if they happen in
//! it.

mod notes;
mod objectives;
mod pages;
mod reserved;
mod station;
mod sweep;
#[cfg(test)]
mod tests;

use self::{
    notes::{Notes, Stay},
    objectives::Watch,
    pages::Pages,
    reserved::Reserved,
    station::Station,
};
use super::{
    gauge::{Crowd, Gauge, Stretch},
    histogram::Size,
    latency::Latencies,
    outcome::{Cause, Outcome},
    recorder::{Device, Finished, Level, Missed, Recorder, Served},
    shape::Shape,
    tally::Tally,
    window::{Cursor, Ruler},
};
use crate::engine::time::{Instant, Span};

/// Records one replication.
#[derive(Clone, Debug)]
pub struct Tape {
    /// What is known already.
    tally: Tally,
    /// The window: when it begins and how long it is, in nanoseconds.
    from_ns: u64,
    length_ns: u64,
    /// The part of the window in which requests end.
    cursor: Cursor,
    /// Of the levels.
    pages: Pages,
    stations: Vec<Station>,
    /// What has not been taken in yet, in a site of many instances.
    notes: Option<Box<Notes>>,
    /// Threads that want a core, by host.
    runnable: Vec<Gauge>,
    /// Calls in the queues of an upstream.
    queued: Vec<Gauge>,
    /// The most there were, by upstream.
    queued_max: Vec<u32>,
    /// Calls, by service.
    crowds: Vec<Crowd>,
    /// Visitors' requests under way, and the most of them.
    in_flight: u64,
    in_flight_max: u64,
    /// What devices still have to do, by host.
    reserved: Vec<Ahead>,
    /// Latencies by request type.
    visits: Vec<Visits>,
    /// Latencies by stretch of the window and request type.
    windows: Vec<Vec<Visits>>,
    /// Objectives.
    watch: Watch,
}

/// Requests of one type.
#[derive(Clone, Debug, Default)]
struct Visits {
    ok: Latencies,
    failed: Latencies,
}

/// What the devices of a host still have to do.
#[derive(Clone, Debug, Default)]
struct Ahead {
    sending: Reserved,
    receiving: Reserved,
    disk: Reserved,
}

/// One of so many parts, which are made when the first is needed.
fn nth_part<T: Clone + Default>(all: &mut Vec<T>, part: usize, parts: usize) -> &mut T {
    if all.is_empty() {
        all.resize(parts, T::default());
    }
    &mut all[part]
}

impl Tape {
    /// A recorder that has heard the warm-up goes on with another window's questions: objectives and
    /// stretches, about which nothing can have been heard yet. All else of the shape is the same.
    #[must_use]
    pub fn for_window(&self, shape: &Shape) -> Tape {
        let mut tape = self.clone();
        let fresh = Tape::new(shape);
        tape.tally.shape = fresh.tally.shape;
        tape.tally.objectives = fresh.tally.objectives;
        tape.tally.windows = fresh.tally.windows;
        tape.windows = fresh.windows;
        tape.watch = fresh.watch;
        tape.pages.set_edges(tape.watch.edges(shape));
        tape
    }

    /// An empty tape for a site that begins with all levels at 0.
    pub fn new(shape: &Shape) -> Tape {
        let watch = Watch::new(shape);
        let tally = Tally::new(shape);
        Tape {
            from_ns: shape.from.nanos(),
            length_ns: shape.until.since(shape.from).nanos(),
            cursor: Cursor::new(tally.request_ruler),
            pages: Pages::new(tally.usage_ruler, watch.edges(shape)),
            stations: shape.instances.iter().map(Station::new).collect(),
            notes: Notes::of(shape.instances.len()),
            runnable: shape.hosts.iter().map(|host| Gauge::new(host.cores)).collect(),
            queued: vec![Gauge::new(u32::MAX); shape.upstreams as usize],
            queued_max: vec![0; shape.upstreams as usize],
            crowds: vec![Crowd::default(); shape.services as usize],
            in_flight: 0,
            in_flight_max: 0,
            reserved: vec![Ahead::default(); shape.hosts.len()],
            visits: vec![Visits::default(); shape.requests as usize],
            windows: vec![vec![Visits::default(); shape.requests as usize]; shape.windows.len()],
            tally,
            watch,
        }
    }

    /// The end of the replication, at or behind the end of the window.
    pub fn close(mut self, now: Instant) -> Tally {
        let until = self.tally.shape.until;
        assert!(now >= until, "closed at {now:?}, within the window");
        if self.pages.is_over(until) {
            self.turn_pages(until);
        }
        self.take_in();
        for (station, instance) in self.stations.into_iter().zip(&mut self.tally.instances) {
            station.close(&mut instance.calls);
        }
        self.tally.in_flight_max = self.in_flight_max;
        self.tally.sum_up_services();
        for (visits, tally) in self.visits.iter().zip(&mut self.tally.requests) {
            (tally.ok, tally.failed) = (visits.ok.close(), visits.failed.close());
            tally.causes[Cause::None as usize] = tally.ok.moments.count;
            tally.completed = tally.parts.iter().map(|part| part.completed).sum();
        }
        let stretches = self.tally.windows.iter_mut().flat_map(|it| &mut it.requests);
        for (visits, tally) in self.windows.iter().flatten().zip(stretches) {
            (tally.ok, tally.failed) = (visits.ok.close(), visits.failed.close());
        }
        self.tally
    }

    #[inline]
    fn is_inside(&self, at: Instant) -> bool {
        at.nanos().wrapping_sub(self.from_ns) < self.length_ns
    }

    /// How much of a time is in the window.
    fn nanos_inside(&self, from: Instant, until: Instant) -> u128 {
        let end_ns = self.from_ns + self.length_ns;
        let inside = |at: Instant| at.nanos().clamp(self.from_ns, end_ns);
        u128::from(inside(until) - inside(from))
    }

    /// A call of which there is more to say than how long it took.
    #[cold]
    #[inline(never)]
    fn served_unusually(&mut self, call: &Served, now: Instant) {
        let is_ok = call.outcome.is_ok();
        let (arrives_inside, ends_inside) = (self.is_inside(call.arrived), self.is_inside(now));
        let calls = &mut self.tally.instances[call.instance as usize].calls;
        if is_ok {
            // What the successes that end in the window are more than those that arrive in it.
            let more = u64::from(ends_inside).wrapping_sub(u64::from(arrives_inside));
            calls.completed = calls.completed.wrapping_add(more);
        }
        let Tape { watch, tally, .. } = self;
        if !call.is_check {
            let watched = watch.calls.get(call.instance as usize);
            judge_call(tally, watched, (call.arrived, now), is_ok);
        }
        if !arrives_inside {
            return;
        }
        let sojourn = now.since(call.arrived);
        let calls = &mut self.tally.instances[call.instance as usize].calls;
        calls.wasted += u64::from(call.is_wasted);
        let Served { service, instance, waited, .. } = *call;
        let stay = Stay { service, instance, sojourn, waited };
        if is_ok {
            self.count_sojourn(&stay);
        } else {
            calls.causes[call.outcome.cause as usize] += 1;
        }
        if !is_refusal(call.outcome.cause) {
            self.count_wait(&stay);
        }
    }

    /// As `left`, where there is more to be done than to count.
    #[inline(never)]
    fn left_unusually(&mut self, call: &Served, left: u32, now: Instant) {
        self.level(Level::Calls(call.instance), left, now);
        self.served(*call, now);
    }

    #[inline]
    fn count_sojourn(&mut self, stay: &Stay) {
        let size = Size::of(stay.sojourn);
        self.stations[stay.instance as usize].stayed(stay.sojourn, size);
        let service = &mut self.tally.services[stay.service as usize].calls;
        service.sojourn.histogram.record_positive(stay.sojourn, size);
    }

    #[inline]
    fn count_wait(&mut self, stay: &Stay) {
        if !stay.waited.is_zero() {
            self.count_positive_wait(stay);
        }
    }

    #[inline(never)]
    fn count_positive_wait(&mut self, stay: &Stay) {
        let size = Size::of(stay.waited);
        self.stations[stay.instance as usize].waited(stay.waited, size);
        let service = &mut self.tally.services[stay.service as usize].calls;
        service.wait.histogram.record(size);
    }

    fn count_in_windows(&mut self, request: &Finished, is_cut_off: bool) {
        let Tally { shape, windows, .. } = &mut self.tally;
        let latency = request.ended.since(request.arrived);
        let is_ok = request.outcome.is_ok();
        let of_type = request.request as usize;
        let all = shape.windows.iter().zip(windows).zip(&mut self.windows);
        for ((&(from, until), stretch), visits) in all {
            let (tally, visits) = (&mut stretch.requests[of_type], &mut visits[of_type]);
            let covers = |at: Instant| from <= at && at < until;
            tally.completed += u64::from(is_ok && !is_cut_off && covers(request.ended));
            if covers(request.arrived) {
                tally.causes[request.outcome.cause as usize] += 1;
                if is_ok { visits.ok.record(latency) } else { visits.failed.record(latency) }
            }
        }
    }

    #[inline]
    fn count(&mut self, stay: &Stay) {
        self.count_sojourn(stay);
        self.count_wait(stay);
    }

    #[expect(clippy::inline_always, reason = "where it is called the kind of level is known")]
    #[inline(always)]
    fn set(&mut self, level: Level, value: u32, now: Instant) {
        match level {
            Level::Calls(id) => {
                let station = &mut self.stations[id as usize];
                let crowd = &mut self.crowds[station.service as usize];
                station.set_calls(value, now, crowd);
            }
            Level::Waiting(id) => {
                let station = &mut self.stations[id as usize];
                let crowd = &mut self.crowds[station.service as usize];
                station.set_waiting(value, now, crowd);
            }
            Level::Busy(id) => self.stations[id as usize].set_busy(value, now),
            Level::Connections(id) => self.stations[id as usize].set_connections(value, now),
            Level::Runnable(id) => {
                self.runnable[id as usize].set(value, now);
            }
            Level::Queued(id) => {
                let over = self.queued[id as usize].set(value, now);
                let most = &mut self.queued_max[id as usize];
                *most = highest(*most, over);
            }
        }
    }

    /// A transaction was committed so long ago, and is visible or the run is over.
    fn judge_lag(&mut self, instance: u32, lag: Span, now: Instant) {
        let Some(watched) = self.watch.lags.get(instance as usize) else { return };
        let committed = Instant::ZERO + Span::from_nanos(now.nanos() - lag.nanos());
        for &index in watched {
            let counter = &mut self.tally.objectives[index as usize];
            self.tally.shape.objectives[index as usize].see_lag(lag, committed, counter);
        }
    }

    #[inline]
    fn judge_request(&mut self, request: &Finished, is_cut_off: bool) {
        for &index in &self.watch.requests {
            let counter = &mut self.tally.objectives[index as usize];
            let objective = &self.tally.shape.objectives[index as usize];
            objective.see_request(request, is_cut_off, counter);
        }
    }
}

impl Recorder for Tape {
    #[inline]
    fn arrived(&mut self, _workload: u32, request: u32, now: Instant) {
        if self.pages.is_over(now) {
            self.turn_pages(now);
        }
        self.in_flight += 1;
        if self.is_inside(now) {
            self.in_flight_max = self.in_flight_max.max(self.in_flight);
            self.tally.requests[request as usize].begun += 1;
        }
    }

    fn finished(&mut self, request: Finished, now: Instant) {
        if self.is_inside(now) {
            self.in_flight_max = self.in_flight_max.max(self.in_flight);
        }
        // A tape may begin while requests are under way.
        self.in_flight = self.in_flight.saturating_sub(1);
        let Finished { key, arrived, ended, outcome, .. } = request;
        let is_cut_off = outcome.cause == Cause::Unfinished;
        self.judge_request(&request, is_cut_off);
        if !self.windows.is_empty() {
            self.count_in_windows(&request, is_cut_off);
        }
        let Tally { requests, workloads, services, events, .. } = &mut self.tally;
        let of_type = &mut requests[request.request as usize];
        let ending = self.cursor.part(ended).filter(|_| outcome.cause != Cause::Unfinished);
        if let Some(part) = ending {
            of_type.parts[part].ended += 1;
            of_type.parts[part].completed += u64::from(outcome.is_ok());
        }
        let Some(part) = self.cursor.part_before(arrived) else { return };
        let latency = ended.since(arrived);
        let visits = &mut self.visits[request.request as usize];
        let workload = &mut workloads[request.workload as usize];
        let part = &mut of_type.parts[part];
        if outcome.is_ok() {
            visits.ok.record(latency);
            part.ok += 1;
            part.latency.record(Size::of(latency));
            part.latency_ns += latency.nanos();
            workload.ok += 1;
        } else {
            visits.failed.record(latency);
            part.failed += 1;
            workload.failed += 1;
            of_type.causes[outcome.cause as usize] += 1;
            if let Some(service) = services.get_mut(outcome.at as usize) {
                service.blamed[outcome.cause as usize] += 1;
            }
        }
        events.fold(key);
        events.fold(ended.nanos());
        let seen = u64::from(outcome.status) << 8 | outcome.cause as u64;
        events.fold(u64::from(outcome.at) << 32 | seen);
    }

    #[inline]
    fn served(&mut self, call: Served, now: Instant) {
        let is_usual = call.outcome.is_ok()
            && !call.is_wasted
            && self.is_inside(call.arrived)
            && self.is_inside(now)
            && self.watch.calls.is_empty();
        if !is_usual {
            self.served_unusually(&call, now);
            return;
        }
        let Served { service, instance, arrived, waited, .. } = call;
        let stay = Stay { service, instance, sojourn: now.since(arrived), waited };
        if self.notes.is_some() {
            self.note_stay(stay);
        } else {
            self.count(&stay);
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "most calls that are over end in the same two places")]
    fn left(&mut self, call: Served, left: u32, now: Instant) {
        let is_usual = call.outcome.is_ok()
            && !call.is_wasted
            && self.is_inside(call.arrived)
            && self.is_inside(now)
            && !self.pages.is_over(now)
            && self.notes.is_none()
            && self.watch.calls.is_empty();
        if !is_usual {
            self.left_unusually(&call, left, now);
            return;
        }
        let station = &mut self.stations[call.instance as usize];
        station.set_calls(left, now, &mut self.crowds[station.service as usize]);
        let sojourn = now.since(call.arrived);
        let size = Size::of(sojourn);
        station.stayed(sojourn, size);
        let service = &mut self.tally.services[call.service as usize].calls;
        service.sojourn.histogram.record_positive(sojourn, size);
        if !call.waited.is_zero() {
            let Served { service, instance, waited, .. } = call;
            self.count_positive_wait(&Stay { service, instance, sojourn, waited });
        }
    }

    fn attempt_failed(&mut self, upstream: u32, outcome: Outcome, now: Instant) {
        if self.is_inside(now) {
            self.tally.upstreams[upstream as usize].failed[outcome.cause as usize] += 1;
        }
    }

    fn missed(&mut self, attempt: Missed, now: Instant) {
        let Tape { watch, tally, .. } = self;
        let watched = match attempt.instance {
            Some(instance) => watch.calls.get(instance as usize),
            None => watch.unpicked.get(attempt.upstream as usize),
        };
        judge_call(tally, watched, (attempt.made, now), false);
    }

    fn unanswered(&mut self, instance: u32, arrived: Instant, now: Instant) {
        let Tape { watch, tally, .. } = self;
        judge_call(tally, watch.calls.get(instance as usize), (arrived, now), false);
    }

    fn banned(&mut self, upstream: u32, from: Instant, until: Instant) {
        let Shape { from: begin, until: end, .. } = self.tally.shape;
        let (from, until) = (from.max(begin), until.min(end));
        if from < until {
            let area = u128::from(until.since(from).nanos());
            self.tally.upstreams[upstream as usize].banned_area += area;
        }
    }

    #[expect(clippy::inline_always, reason = "where it is called the kind of level is known")]
    #[inline(always)]
    fn level(&mut self, level: Level, value: u32, now: Instant) {
        if self.pages.is_over(now) {
            self.turn_pages(now);
        }
        if self.notes.is_some() {
            self.note_level(level, value, now);
        } else {
            self.set(level, value, now);
        }
    }

    #[inline]
    fn busy(&mut self, device: Device, from: Instant, until: Instant, now: Instant) {
        if self.pages.is_over(now) {
            self.turn_pages(now);
        }
        let (Device::Sending(id) | Device::Receiving(id) | Device::Disk(id)) = device;
        let held_up = match device {
            Device::Sending(_) => from,
            // What arrives is in when it has passed the line: at once, if nothing else is on it.
            Device::Receiving(_) => until,
            Device::Disk(_) => now,
        };
        let waited = if held_up > now { self.nanos_inside(now, held_up) } else { 0 };
        let (host, ahead) = (&mut self.tally.hosts[id as usize], &mut self.reserved[id as usize]);
        let (areas, reserved) = match device {
            Device::Sending(_) => (&mut host.sending, &mut ahead.sending),
            Device::Receiving(_) => (&mut host.receiving, &mut ahead.receiving),
            Device::Disk(_) => (&mut host.disk, &mut ahead.disk),
        };
        areas.add(1, from, until);
        reserved.add(from, until, now);
        match device {
            Device::Sending(_) => host.sending_wait_area += waited,
            Device::Receiving(_) => host.receiving_wait_area += waited,
            Device::Disk(_) => {}
        }
    }

    fn lost(&mut self, host: u32, now: Instant) {
        let (host, ahead) =
            (&mut self.tally.hosts[host as usize], &mut self.reserved[host as usize]);
        for (areas, reserved) in [
            (&mut host.sending, &mut ahead.sending),
            (&mut host.receiving, &mut ahead.receiving),
            (&mut host.disk, &mut ahead.disk),
        ] {
            reserved.ahead(now).for_each(|(from, until)| areas.take_off(from, until));
            reserved.clear();
        }
    }

    fn page_cache(&mut self, host: u32, is_hit: bool, now: Instant) {
        if self.is_inside(now) {
            let host = &mut self.tally.hosts[host as usize];
            host.cache_hits += u64::from(is_hit);
            host.cache_misses += u64::from(!is_hit);
            let part = at_part(&mut host.cache_by_part, &self.tally.usage_ruler, now);
            part[usize::from(!is_hit)] += 1;
        }
    }

    fn buffer_pool(&mut self, instance: u32, is_hit: bool, now: Instant) {
        if self.is_inside(now) {
            let it = &mut self.tally.instances[instance as usize];
            it.pool_hits += u64::from(is_hit);
            it.pool_misses += u64::from(!is_hit);
            let part = at_part(&mut it.pool_by_part, &self.tally.usage_ruler, now);
            part[usize::from(!is_hit)] += 1;
        }
    }

    fn applied(&mut self, instance: u32, lag: Span, now: Instant) {
        if self.is_inside(now) {
            let it = &mut self.tally.instances[instance as usize];
            it.lag.record(lag);
            let part = at_part(&mut it.lag_by_part, &self.tally.usage_ruler, now);
            part.sum_s += lag.seconds();
            part.count += 1;
        }
        self.judge_lag(instance, lag, now);
    }

    fn unseen(&mut self, instance: u32, committed: Instant, now: Instant) {
        self.judge_lag(instance, now.since(committed), now);
    }

    fn flushed(&mut self, instance: u32, transactions: u32, now: Instant) {
        if self.is_inside(now) {
            let instance = &mut self.tally.instances[instance as usize];
            instance.flushes += 1;
            instance.transactions += u64::from(transactions);
        }
    }
}

/// A call, or an attempt at one, is over that these objectives are about.
#[inline]
fn judge_call(
    tally: &mut Tally,
    watched: Option<&Vec<u32>>,
    (arrived, ended): (Instant, Instant),
    is_ok: bool,
) {
    for &index in watched.into_iter().flatten() {
        let counter = &mut tally.objectives[index as usize];
        let objective = &tally.shape.objectives[index as usize];
        objective.see_call(arrived, ended, is_ok, counter);
    }
}

/// The highest so far, if what is over lasted.
#[inline]
fn highest(most: u32, over: Stretch) -> u32 {
    if over.nanos > 0 { most.max(over.level) } else { most }
}

/// What is counted in the part of an instant, which lies in the window.
fn at_part<'a, T: Clone + Default>(
    parts: &'a mut Vec<T>,
    ruler: &Ruler,
    now: Instant,
) -> &'a mut T {
    if parts.is_empty() {
        parts.resize(ruler.parts(), T::default());
    }
    &mut parts[ruler.part(now).expect("it lies in the window")]
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
        | Cause::Unfinished
        | Cause::ClientClosed => false,
    }
}
