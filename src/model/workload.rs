//! Visitors: client processes that come from outside, each with a program of its own.

pub mod rate;

use super::{
    blueprint::{Arrivals, Blueprint, Choice, Gaps, Instruction, Op, Workload, WorkloadId},
    call::{Call, NONE, Phase, Stage},
    event::Event,
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        luck::{Stream, draw, mix},
        maths::ln,
        slab::Key,
        time::{Instant, Span},
        timeline::Ticket,
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
            self.line.tell(due, Event::word_of_source(id.0));
        }
    }
}

impl Workload {
    /// What a visitor asks for.
    #[inline]
    fn choose(&self, word: impl FnOnce() -> u64) -> Choice {
        if let [only] = self.mix.as_slice() {
            return *only;
        }
        let word = word() >> 11;
        let choice = self.mix.iter().find(|choice| word < choice.below);
        *choice.unwrap_or(&self.mix[self.mix.len() - 1])
    }
}

impl Blueprint {
    /// Whether a request that arrives at this instant counts.
    #[inline]
    fn is_measured(&self, arrived: Instant) -> bool {
        let from = Instant::ZERO + self.warm_up;
        arrived >= from && arrived < from + self.duration
    }

    /// The workload whose visitors are a service.
    #[inline]
    fn workload_of(&self, service: u32) -> usize {
        service as usize - (self.services.len() - self.workloads.len())
    }

    /// How a visitor's request ended.
    #[inline]
    fn finished(&self, call: &Call, workload: usize, cause: Cause, ended: Instant) -> Finished {
        let is_own = matches!(cause, Cause::Patience | Cause::Unfinished);
        let outcome = if is_own {
            let at = self.workloads[workload].service.0 as u16;
            Outcome { status: 0, cause, at }
        } else {
            call.outcome
        };
        Finished {
            key: call.request_key,
            workload: workload as u32,
            request: self.endpoints[call.endpoint.index()].request.0,
            arrived: call.arrived,
            ended,
            outcome,
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// The workload whose visitors are an instance.
    #[inline]
    pub(crate) fn workload_of(&self, instance: u32) -> usize {
        self.plan.workload_of(self.site.instances[instance as usize].service)
    }

    /// The next visitors of a source arrive.
    pub(crate) fn visit(&mut self, index: u32) {
        let id = WorkloadId(index);
        let workload = &self.plan.workloads[id.index()];
        let Arrivals::Open { batch, .. } = &workload.arrivals else { return };
        match batch {
            None => self.begin_next_visit(index),
            Some(law) => {
                let source = &self.site.sources[id.index()];
                let word = self.site.draw(mix(source.key, BATCH), source.next);
                let together = self.plan.laws[law.index()].draw(word) as u64;
                (0..together).for_each(|_| self.begin_next_visit(index));
                if together == 0 {
                    // Nobody has this number, or the same empty batch would be drawn for ever.
                    self.site.sources[id.index()].next += 1;
                }
            }
        }
        self.site.schedule_visit(self.plan, id);
    }

    #[inline]
    fn begin_next_visit(&mut self, index: u32) {
        let source = &mut self.site.sources[index as usize];
        let visitor = mix(source.key, source.next);
        source.next += 1;
        self.begin_visit(index, visitor, 0, NONE);
    }

    /// A closed user has finished thinking.
    pub(crate) fn ask(&mut self, index: u32) {
        let user = &mut self.site.users[index as usize];
        let (workload, key, ordinal) = (user.workload, user.key, user.ordinal);
        user.ordinal += 1;
        self.begin_visit(workload, key, ordinal, index);
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "whether there is a user is known where it is called")]
    fn begin_visit(&mut self, index: u32, visitor: u64, ordinal: u64, user: u32) {
        let Run { plan, site, tape } = self;
        let Site { calls, instances, line, books, salt, .. } = &mut **site;
        let now = line.now();
        let workload = &plan.workloads[index as usize];
        let request_key = mix(visitor, ordinal);
        let choice = workload.choose(|| draw(request_key ^ *salt, MIX));
        let (key, root) = calls.claim();
        root.begin(choice.endpoint, request_key, mix(request_key, ATTEMPT));
        root.arrived = now;
        root.instance = plan.services[workload.service.index()].first_instance;
        root.process = instances[root.instance as usize].first_process;
        root.phase = Phase::Over;
        root.is.is_root = true;
        root.is.is_idempotent = plan.requests[choice.request.index()].is_idempotent;
        root.begin_program(plan);
        if workload.latency.is_some() || user != NONE {
            root.make_ordinary();
            root.rest.user = user;
            root.rest.one_way = workload.latency.map(|law| {
                let word = draw(visitor ^ *salt, LATENCY);
                Span::from_seconds(plan.laws[law.index()].draw(word))
            });
        }
        let event = Event::GiveUp { call: key };
        root.timer = match (workload.patience_delay, workload.patience) {
            (Some(delay), _) => line.later(delay, event),
            (None, Some(law)) => {
                let word = draw(request_key ^ *salt, PATIENCE);
                line.after(Span::from_seconds(plan.laws[law.index()].draw(word)), event)
            }
            (None, None) => Ticket::NONE,
        };
        books.workloads[index as usize].started += 1;
        tape.arrived(index, choice.request.0, now);
        books.outstanding += u64::from(plan.is_measured(now));
        // As a rule a visitor's program begins with a call.
        let Instruction { op, place } = plan.program[root.pc as usize];
        match op {
            Op::CallDirectly(call) => self.call_from_here(key, call, place),
            _ => self.advance(key),
        }
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
        let Run { plan, site, tape } = self;
        let Site { calls, instances, line, books, .. } = &mut **site;
        let now = line.now();
        let call = &calls[key];
        debug_assert!(call.stage == Stage::Running, "over twice");
        let workload = plan.workload_of(instances[call.instance as usize].service);
        let user = if call.is.is_direct { NONE } else { call.rest.user };
        let (arrived, timer) = (call.arrived, call.timer);
        tape.finished(plan.finished(call, workload, cause, now), now);
        line.cancel(timer);
        calls.remove(key);
        let account = &mut books.workloads[workload];
        if cause == Cause::None {
            account.succeeded += 1;
        } else {
            account.failed += 1;
        }
        books.outstanding -= u64::from(plan.is_measured(arrived));
        if user != NONE {
            self.think(user, arrived);
        }
    }

    /// A closed user has an answer to a request made at `asked`, and thinks about it.
    fn think(&mut self, user: u32, asked: Instant) {
        let it = &self.site.users[user as usize];
        let arrivals = &self.plan.workloads[it.workload as usize].arrivals;
        let &Arrivals::Closed { think, .. } = arrivals else { return };
        let word = self.site.draw(mix(it.key, it.ordinal), THINK);
        let mut think = Span::from_seconds(self.plan.laws[think.index()].draw(word));
        if asked == self.now() {
            // Answered in no time and without a thought: time must go on all the same.
            think = think.max(INSTANT_PAUSE);
        }
        self.site.line.after(think, Event::Ask { user });
    }

    /// Tells whoever measures of a visitor's request that is cut off by the end of the run.
    pub(crate) fn cut_off_visit(&mut self, key: Key) {
        let now = self.now();
        let call = &self.site.calls[key];
        let workload = self.workload_of(call.instance);
        self.tape.finished(self.plan.finished(call, workload, Cause::Unfinished, now), now);
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
