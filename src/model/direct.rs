//! Direct calls: between services without connections, over hosts whose NICs have no limit, through
//! views without limits, time-outs, retries or opinions. Nothing can happen to such a call on its way,
//! so its whole life is here: sent, there, answered, over. It differs from an ordinary call in what it
//! costs and in nothing else; whenever something is not as usual (its server is down, it has to be
//! turned away, its caller gives up) it becomes an ordinary one and goes on as that.

use super::{
    balance::random,
    blueprint::{
        Balance, Blueprint, EndpointId, Instruction, LawId, Milestone, Op, Serving, Upstream,
        UpstreamId,
    },
    call::{NONE, Phase, Stage},
    event::Event,
    program::in_round,
    run::Run,
};
use crate::{
    engine::{luck::mix, slab::Key, time::Span},
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Level, Recorder, Served},
    },
};

impl Blueprint {
    /// Finds the views through which calls are direct, and has programs make them so.
    pub(crate) fn find_direct_calls(&mut self) {
        for index in 0..self.upstreams.len() {
            self.upstreams[index].derived.is_direct = self.is_direct(index);
        }
        let mut forked = 0;
        for Instruction { op, .. } in &mut self.program {
            match *op {
                Op::Fork { calls, .. } => forked = u32::from(calls),
                Op::Call { .. } if forked > 0 => forked -= 1,
                Op::Call { upstream, endpoint, until: Milestone::LastByte }
                    if self.upstreams[upstream.index()].derived.is_direct =>
                {
                    *op = Op::CallDirectly { upstream, endpoint };
                }
                _ => {}
            }
        }
    }

    /// The same site without direct calls: nothing of what happens in it differs.
    #[must_use]
    pub fn with_ordinary_calls(&self) -> Blueprint {
        let mut plan = self.clone();
        for Instruction { op, .. } in &mut plan.program {
            if let Op::CallDirectly { upstream, endpoint } = *op {
                *op = Op::Call { upstream, endpoint, until: Milestone::LastByte };
            }
        }
        plan
    }

    fn is_direct(&self, index: usize) -> bool {
        let upstream = &self.upstreams[index];
        let callee = &self.services[upstream.callee.index()];
        let is_plain = upstream.slots == u32::MAX
            && upstream.retry.attempts == 0
            && upstream.ban.is_none()
            && upstream.check.is_none()
            && upstream.response_timeout.is_none();
        let keeps = upstream.keeps;
        let is_blind =
            !keeps.loads && !keeps.queues && !keeps.bars && upstream.balance != Balance::Addresses;
        let is_served = callee.accept.is_none() && matches!(callee.serving, Serving::Slots { .. });
        let is_near = |service: usize| {
            let it = &self.services[service];
            let first = it.first_instance as usize;
            let instances = &self.instances[first..first + it.instances as usize];
            let nic = |host: usize| self.hosts.get(host).and_then(|host| host.nic_bits);
            instances.iter().all(|instance| nic(instance.host.index()).is_none())
        };
        let mut visitors = self.workloads.iter().filter(|it| it.service == upstream.caller);
        let is_drawn = visitors.any(|it| it.latency.is_some() || it.bandwidth.is_some());
        is_plain
            && is_blind
            && is_served
            && !is_drawn
            && is_near(upstream.caller.index())
            && is_near(upstream.callee.index())
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A call makes another and waits for it.
    #[inline]
    pub(crate) fn call_directly(
        &mut self,
        caller: Key,
        to: UpstreamId,
        endpoint: EndpointId,
        place: u64,
    ) {
        let above = &mut self.site.calls[caller];
        above.pc += 1;
        above.pending = 1;
        above.passes_on = false;
        let request_key = mix(above.request_key, place);
        let attempt_key = mix(above.attempt_key, place);
        let (from, process) = (above.instance, above.process);
        let is_idempotent = above.is.is_idempotent;
        let upstream = &self.plan.upstreams[to.index()];
        let server = self.next_server(upstream, to, process, attempt_key);
        let instance = upstream.derived.first_instance + server;
        let delay = match upstream.derived.one_way {
            Some(delay) => delay,
            None => self.between(from, instance),
        };
        let (key, call) = self.site.calls.claim();
        call.begin(endpoint, request_key, attempt_key);
        call.caller = caller;
        call.upstream = to;
        call.instance = instance;
        call.delay = delay;
        call.phase = Phase::Sent;
        call.stage = Stage::Away;
        call.is.is_idempotent = is_idempotent;
        self.site.calls[caller].callee = key;
        self.site.line.hop(delay, Event::Reach { call: key });
    }

    /// Whose turn it is, or whom the draw hits: nothing speaks against any of them.
    #[inline]
    fn next_server(&mut self, upstream: &Upstream, to: UpstreamId, process: u32, key: u64) -> u32 {
        if upstream.servers == 1 {
            return 0;
        }
        let servers = upstream.servers_in(&self.plan.servers);
        let key = key ^ self.site.salt;
        if matches!(upstream.balance, Balance::Random { .. }) {
            return random::draw(upstream, servers, key);
        }
        let view = self.view_of_process(to, process) as usize;
        let picked = self.site.views[view].pick(upstream, servers, key);
        picked.expect("somebody may be picked where nobody is ever barred")
    }

    /// A direct call is at its server.
    #[inline]
    pub(crate) fn reach(&mut self, key: Key) {
        let now = self.now();
        let Some(call) = self.site.calls.get_mut(key) else { return };
        let index = call.instance;
        let state = &mut self.site.instances[index as usize];
        if !call.is.is_direct || !state.is_up {
            call.make_ordinary();
            self.deliver(key);
            return;
        }
        call.arrived = now;
        call.waited = Span::ZERO;
        call.process = state.first_process;
        state.calls += 1;
        self.site.books.services[state.service as usize].started += 1;
        self.tape.level(Level::Calls(index), state.calls, now);
        if self.site.instances[index as usize].is_full() {
            self.find_no_seat(key);
        } else {
            self.take_seat(key);
            self.start_directly(key);
        }
    }

    /// Begins the program of a direct call: as a rule with a burst.
    #[inline]
    fn start_directly(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        call.stage = Stage::Running;
        call.pc = self.plan.endpoints[call.endpoint.index()].entry;
        let begins = self.plan.program[call.pc as usize].op;
        if !matches!(begins, Op::Cpu { .. }) || !self.burst(key) {
            self.advance(key);
        }
    }

    /// Goes on with the program of a call that has computed: a direct one calls or answers.
    #[inline]
    pub(crate) fn has_computed(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let Instruction { op, place } = self.plan.program[call.pc as usize];
        let here = in_round(place, call.round);
        let is_over = match op {
            Op::CallDirectly { upstream, endpoint } if call.is.is_direct => {
                self.call_directly(key, upstream, endpoint, here);
                true
            }
            Op::Respond { bytes, is_last: true } if call.is.is_direct => {
                self.answer_directly(key, bytes, here);
                true
            }
            _ => false,
        };
        if !is_over {
            self.advance(key);
        }
    }

    /// A direct call answers at its end, and the answer is as good as there: the call is over. (One
    /// that goes on after its answer is an ordinary call from then on.)
    #[inline]
    pub(crate) fn answer_directly(&mut self, key: Key, bytes: LawId, place: u64) {
        let call = &mut self.site.calls[key];
        let request = call.request_key;
        call.pc += 1;
        call.is.is_answered = true;
        call.phase = Phase::Over;
        let (caller, delay) = (call.caller, call.delay);
        let bytes = self.draw_law(bytes, request, place) as u32;
        self.site.line.hop(delay, Event::Return { call: caller, bytes });
        self.leave_directly(key);
    }

    /// A direct call that has answered leaves its server, and nothing is left of it.
    #[inline]
    fn leave_directly(&mut self, key: Key) {
        let now = self.now();
        let call = &self.site.calls[key];
        let (instance, arrived, waited) = (call.instance, call.arrived, call.waited);
        let seat = call.seat;
        self.site.calls.remove(key);
        let state = &mut self.site.instances[instance as usize];
        let service = state.service;
        state.calls -= 1;
        state.busy -= 1;
        self.tape.level(Level::Calls(instance), state.calls, now);
        if seat != NONE {
            state.seats.push_back(seat);
        }
        let waits = state.waiting_count > 0;
        self.site.books.services[service as usize].succeeded += 1;
        let outcome = Outcome::OK;
        let is_wasted = false;
        self.tape.served(Served { service, instance, arrived, waited, outcome, is_wasted }, now);
        if waits {
            self.grant_slots(instance as usize);
        }
    }

    /// The answer of a direct call is back.
    #[inline]
    pub(crate) fn returned(&mut self, key: Key, bytes: u32) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if call.stage == Stage::Over {
            // It died meanwhile, and its own caller has not been told yet.
            return;
        }
        call.pending -= 1;
        call.bytes = bytes;
        if call.is.is_direct && call.outcome.is_ok() {
            let Instruction { op, place } = self.plan.program[call.pc as usize];
            let here = in_round(place, call.round);
            match op {
                Op::Respond { bytes, is_last: true } => {
                    self.answer_directly(key, bytes, here);
                    return;
                }
                Op::End if self.site.calls[key].is.is_root => {
                    self.visit_is_over(key, Cause::None);
                    return;
                }
                _ => {}
            }
        }
        self.go_on(key);
    }
}
