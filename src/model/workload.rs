//! Visitors: client processes that come from outside, each with a program of its own.

pub mod rate;

use super::{
    blueprint::{Arrivals, Blueprint, Gaps, Workload, WorkloadId},
    call::{NONE, Phase, Stage},
    event::Event,
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        luck::{Stream, mix},
        maths::ln,
        slab::Key,
        time::{Instant, Span},
        timeline::{DelayId, Ticket},
    },
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Finished, Recorder},
    },
};
use rate::Clock;

const MIX: u64 = 0x4D49_5821;
const BATCH: u64 = 0x4241_5443;
const THINK: u64 = 0x5448_494E;
const PATIENCE: u64 = 0x5041_5456;
const LATENCY: u64 = 0x4C41_5445;
const ATTEMPT: u64 = 0x524F_4F54;
/// A user who was answered at the very instant of asking does not ask again sooner than this.
const INSTANT_PAUSE: Span = Span::from_millis(1);

/// A source of visitors, as it stands.
#[derive(Clone, Debug)]
pub struct Source {
    /// Of unit-rate arrivals.
    pub(crate) stream: Stream,
    /// Keys of its visitors are derived from this.
    key: u64,
    /// The next visitor's number.
    next: u64,
    /// Where the unit-rate process stands on the real clock.
    clock: Clock,
    /// Its first closed user.
    first_user: u32,
}

/// A closed user.
#[derive(Clone, Debug)]
pub struct User {
    workload: u32,
    key: u64,
    ordinal: u64,
    /// Kept between requests.
    pub(crate) connection: Key,
}

/// How long a visitor waits.
enum Patience {
    Constant(DelayId),
    Drawn(Span),
    Endless,
}

impl Source {
    /// At rest.
    pub fn new(workload: &Workload, seed: u64, first_user: u32) -> Source {
        Source {
            stream: Stream::named(seed, workload.place, 0),
            key: mix(seed, workload.place),
            next: 0,
            clock: Clock::default(),
            first_user,
        }
    }

    /// The next gap at unit rate.
    fn gap(&mut self, gaps: Gaps) -> f64 {
        let mut exponential = || -ln(self.stream.unit());
        match gaps {
            Gaps::Poisson => exponential(),
            Gaps::Even => 1.0,
            Gaps::Erlang(stages) => {
                (0..stages).map(|_| exponential()).sum::<f64>() / f64::from(stages)
            }
        }
    }
}

impl Site {
    /// Schedules a source's first arrival, or its users' first requests.
    pub(crate) fn begin_source(&mut self, plan: &Blueprint, id: WorkloadId) {
        match &plan.workloads[id.index()].arrivals {
            Arrivals::Open { .. } => self.schedule_visit(plan, id),
            Arrivals::Closed { users, think } => {
                let key = self.sources[id.index()].key;
                let first = self.sources[id.index()].first_user;
                for number in 0..*users {
                    let key = mix(key, u64::from(number));
                    let connection = Key::NONE;
                    self.users.push(User { workload: id.0, key, ordinal: 0, connection });
                    let word = self.draw(key, THINK);
                    let think = Span::from_seconds(plan.laws[think.index()].draw(word));
                    self.line.after(think, Event::Ask { user: first + number });
                }
            }
        }
    }

    fn schedule_visit(&mut self, plan: &Blueprint, id: WorkloadId) {
        let Arrivals::Open { gaps, rate, .. } = &plan.workloads[id.index()].arrivals else {
            return;
        };
        let source = &mut self.sources[id.index()];
        let gap = source.gap(*gaps);
        if let Some(seconds) = source.clock.advance(rate, gap) {
            let due = (Instant::ZERO + Span::from_seconds(seconds)).max(self.line.now());
            self.line.at(due, Event::Visit { source: id.0 });
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// The workload whose visitors are an instance.
    #[inline]
    pub(crate) fn workload_of(&self, instance: u32) -> usize {
        let service = self.plan.instances[instance as usize].service.index();
        service - (self.plan.services.len() - self.plan.workloads.len())
    }

    /// The next visitors of a source arrive.
    pub(crate) fn visit(&mut self, index: u32) {
        let id = WorkloadId(index);
        let workload = &self.plan.workloads[id.index()];
        let source = &self.site.sources[id.index()];
        let Arrivals::Open { batch, .. } = &workload.arrivals else { return };
        let together = match batch {
            Some(law) => {
                let word = self.site.draw(mix(source.key, BATCH), source.next);
                self.plan.laws[law.index()].draw(word) as u64
            }
            None => 1,
        };
        for _ in 0..together {
            let source = &mut self.site.sources[id.index()];
            let visitor = mix(source.key, source.next);
            source.next += 1;
            self.begin_visit(index, visitor, 0, NONE);
        }
        self.site.schedule_visit(self.plan, id);
    }

    /// A closed user has finished thinking.
    pub(crate) fn ask(&mut self, index: u32) {
        let user = &mut self.site.users[index as usize];
        let (workload, key, ordinal) = (user.workload, user.key, user.ordinal);
        user.ordinal += 1;
        self.begin_visit(workload, key, ordinal, index);
    }

    fn begin_visit(&mut self, index: u32, visitor: u64, ordinal: u64, user: u32) {
        let now = self.now();
        let workload = &self.plan.workloads[index as usize];
        let request_key = mix(visitor, ordinal);
        let choice = if let [only] = workload.mix.as_slice() {
            only
        } else {
            let word = self.site.draw(request_key, MIX) >> 11;
            let choice = workload.mix.iter().find(|choice| word < choice.below);
            choice.unwrap_or(&workload.mix[workload.mix.len() - 1])
        };
        let instance = self.plan.services[workload.service.index()].first_instance;
        let one_way = workload.latency.map(|law| {
            let word = self.site.draw(visitor, LATENCY);
            Span::from_seconds(self.plan.laws[law.index()].draw(word))
        });
        let patience = match (workload.patience_delay, workload.patience) {
            (Some(delay), _) => Patience::Constant(delay),
            (None, Some(law)) => {
                let word = self.site.draw(request_key, PATIENCE);
                Patience::Drawn(Span::from_seconds(self.plan.laws[law.index()].draw(word)))
            }
            (None, None) => Patience::Endless,
        };
        let (key, root) = self.site.calls.claim();
        root.begin(choice.endpoint, request_key, mix(request_key, ATTEMPT));
        root.arrived = now;
        root.instance = instance;
        root.process = self.plan.instances[instance as usize].first_process;
        root.phase = Phase::Over;
        root.is.is_root = true;
        root.is.is_idempotent = self.plan.requests[choice.request.index()].is_idempotent;
        if one_way.is_some() || user != NONE {
            root.make_ordinary();
            root.rest.one_way = one_way;
            root.rest.user = user;
        }
        let event = Event::GiveUp { call: key };
        root.timer = match patience {
            Patience::Constant(delay) => self.site.line.later(delay, event),
            Patience::Drawn(span) => self.site.line.after(span, event),
            Patience::Endless => Ticket::NONE,
        };
        self.site.books.workloads[index as usize].started += 1;
        self.tape.arrived(index, choice.request.0, now);
        if self.is_measured(now) {
            self.site.books.outstanding += 1;
        }
        self.start(key);
    }

    /// Whether a request that arrives at this instant counts.
    fn is_measured(&self, arrived: Instant) -> bool {
        let from = Instant::ZERO + self.plan.warm_up;
        arrived >= from && arrived < from + self.plan.duration
    }

    /// A visitor's patience is at its end.
    pub(crate) fn give_up(&mut self, key: Key) {
        if self.site.calls.contains(key) {
            self.site.calls[key].timer = Ticket::NONE;
            self.abandon_callees(key);
            self.visit_is_over(key, Cause::Patience);
        }
    }

    /// A visitor has what it came for, or not.
    pub(crate) fn visit_is_over(&mut self, key: Key, cause: Cause) {
        let call = &self.site.calls[key];
        debug_assert!(call.stage == Stage::Running, "over twice");
        let (timer, is_ok) = (call.timer, cause == Cause::None);
        let user = if call.is.is_direct { NONE } else { call.rest.user };
        let workload = self.workload_of(call.instance);
        let arrived = self.arrived_at(key);
        self.site.line.cancel(timer);
        self.record_visit(key, cause);
        let account = &mut self.site.books.workloads[workload];
        if is_ok {
            account.succeeded += 1;
        } else {
            account.failed += 1;
        }
        if self.is_measured(arrived) {
            self.site.books.outstanding -= 1;
        }
        self.site.calls.remove(key);
        if let Some(it) = self.site.users.get(user as usize) {
            let Arrivals::Closed { think, .. } = self.plan.workloads[workload].arrivals else {
                return;
            };
            let word = self.site.draw(mix(it.key, it.ordinal), THINK);
            let mut think = Span::from_seconds(self.plan.laws[think.index()].draw(word));
            if arrived == self.now() {
                // Answered in no time and without a thought: time must go on all the same.
                think = think.max(INSTANT_PAUSE);
            }
            self.site.line.after(think, Event::Ask { user });
        }
    }

    /// Tells whoever measures how a visitor's request ended.
    pub(crate) fn record_visit(&mut self, key: Key, cause: Cause) {
        let now = self.now();
        let call = &self.site.calls[key];
        let workload = self.workload_of(call.instance);
        let is_own = matches!(cause, Cause::Patience | Cause::Unfinished);
        let at = self.plan.workloads[workload].service.0 as u16;
        let outcome = if is_own { Outcome { status: 0, cause, at } } else { call.outcome };
        let finished = Finished {
            key: call.request_key,
            workload: workload as u32,
            request: self.plan.endpoints[call.endpoint.index()].request.0,
            arrived: call.arrived,
            ended: now,
            outcome,
        };
        self.tape.finished(finished, now);
    }

    /// The connection that the user who made a call has kept, if it still lives.
    pub(crate) fn kept_connection(&mut self, key: Key) -> Option<Key> {
        let user = self.user_of(key)?;
        let kept = self.site.users[user].connection;
        let connection = self.site.connections.get(kept)?;
        let broken = self.site.instances[connection.instance as usize].broken_epoch;
        let is_here = connection.instance == self.site.calls[key].instance;
        if !is_here || connection.epoch < broken {
            self.closed(kept);
            return None;
        }
        self.rouse(kept);
        Some(kept)
    }

    /// The server to which a user has a connection: the next request goes there.
    pub(crate) fn server_of_kept_connection(&self, key: Key) -> Option<u32> {
        let call = &self.site.calls[key];
        if call.rest.attempt > 0 {
            return None;
        }
        let connection =
            self.site.connections.get(self.site.users[self.user_of(key)?].connection)?;
        if connection.epoch < self.site.instances[connection.instance as usize].broken_epoch {
            return None;
        }
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let servers = &self.plan.servers
            [upstream.first_server as usize..(upstream.first_server + upstream.servers) as usize];
        let found = servers.iter().position(|it| it.instance.0 == connection.instance);
        found.map(|server| server as u32)
    }

    /// The closed user who made a call.
    pub(crate) fn user_of(&self, key: Key) -> Option<usize> {
        let caller = self.site.calls.get(self.site.calls[key].caller)?;
        let is_user = caller.is.is_root && !caller.is.is_direct && caller.rest.user != NONE;
        is_user.then_some(caller.rest.user as usize)
    }
}
