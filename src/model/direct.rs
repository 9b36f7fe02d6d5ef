//! Direct calls: between services without connections, over hosts whose NICs have no limit, through
//! views without limits, time-outs, retries or opinions. Nothing can happen to such a call on its way,
//! so its whole life is here: sent, there, answered, over. It differs from an ordinary call in what it
//! costs and in nothing else; whenever something is not as usual (its server is down, it has to be
//! turned away, its caller gives up) it becomes an ordinary one and goes on as that.

#![expect(clippy::inline_always, reason = "each is called in one or two places, once an event")]

use super::{
    balance::random,
    blueprint::{
        Balance, Blueprint, DirectCall, Instruction, LawId, Milestone, Op, Serving, Upstream,
        UpstreamId,
    },
    call::{NONE, Phase, Stage},
    event::Event,
    network::Cores,
    program::in_round,
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        luck::{draw, mix},
        slab::Key,
        time::Span,
    },
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
                    let entry = self.endpoints[endpoint.index()].entry;
                    *op = Op::CallDirectly(DirectCall { upstream, endpoint, entry });
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
            if let Op::CallDirectly(DirectCall { upstream, endpoint, .. }) = *op {
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
    /// A direct call is at its server.
    #[inline(always)]
    pub(crate) fn reach(&mut self, key: Key) {
        let Run { plan, site, tape } = self;
        let Site { calls, instances, hosts, line, books, salt, .. } = &mut **site;
        let now = line.now();
        let Some(call) = calls.get_mut(key) else { return };
        let index = call.instance;
        let state = &mut instances[index as usize];
        if !call.is.is_direct || !state.is_up {
            call.make_ordinary();
            self.deliver(key);
            return;
        }
        call.arrived = now;
        call.waited = Span::ZERO;
        state.calls += 1;
        books.services[state.service as usize].started += 1;
        tape.level(Level::Calls(index), state.calls, now);
        if state.is_full() {
            self.find_no_seat(key);
            return;
        }
        state.seat(call);
        call.stage = Stage::Running;
        if !(Cores { plan, salt: *salt, hosts, line, tape: *tape }.burst(key, call, state)) {
            self.advance(key);
        }
    }

    /// A call that has waited within its instance goes on: a direct one begins, as a rule with a
    /// burst.
    pub(crate) fn go_on_in_slot(&mut self, key: Key) {
        if !(self.site.calls[key].is.is_direct && self.burst(key)) {
            self.advance(key);
        }
    }

    /// Goes on with the program of a call that has computed, or has what it waited for: a direct
    /// one calls or answers.
    #[inline(always)]
    pub(crate) fn go_on_directly(&mut self, key: Key) {
        let (plan, salt) = (self.plan, self.site.salt);
        let call = &mut self.site.calls[key];
        while call.is.is_direct {
            let Instruction { op, place } = plan.program[call.pc as usize];
            let here = in_round(place, call.round);
            match op {
                Op::CallDirectly(op) => return self.call_directly(key, op, here),
                Op::Respond { bytes, is_last: true } => {
                    return self.answer_directly(key, bytes, here);
                }
                Op::Branch { share, otherwise } => {
                    let goes_on = ((draw(call.request_key ^ salt, here) >> 32) as u32) < share;
                    call.pc = if goes_on { call.pc + 1 } else { otherwise };
                }
                Op::End if call.is.is_root => return self.visit_is_over(key, Cause::None),
                _ => break,
            }
        }
        self.advance(key);
    }

    /// As `call_directly`, for callers outside the loop.
    #[inline(never)]
    pub(crate) fn call_from_here(&mut self, caller: Key, op: DirectCall, place: u64) {
        self.call_directly(caller, op, place);
    }

    /// As `answer_directly`, for callers outside the loop.
    #[inline(never)]
    pub(crate) fn answer_from_here(&mut self, key: Key, bytes: LawId, place: u64) {
        self.answer_directly(key, bytes, place);
    }

    /// A call makes another and waits for it.
    #[inline(always)]
    fn call_directly(&mut self, caller: Key, op: DirectCall, place: u64) {
        let DirectCall { upstream: to, endpoint, entry } = op;
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
        let now = self.site.line.now();
        let (key, call) = self.site.calls.claim();
        call.begin(endpoint, request_key, attempt_key);
        call.caller = caller;
        call.upstream = to;
        call.instance = instance;
        call.delay = delay;
        call.phase = Phase::Sent;
        call.stage = Stage::Away;
        call.arrived = now;
        call.pc = entry;
        call.is.is_idempotent = is_idempotent;
        self.site.calls[caller].callee = key;
        self.site.line.hop(delay, Event::Reach { call: key });
    }

    /// Whose turn it is, or whom the draw hits: nothing speaks against any of them.
    #[inline(always)]
    fn next_server(&mut self, upstream: &Upstream, to: UpstreamId, process: u32, key: u64) -> u32 {
        let key = key ^ self.site.salt;
        if upstream.servers == 1 {
            0
        } else if matches!(upstream.balance, Balance::Random { .. }) {
            random::draw(upstream, &self.plan.servers, key)
        } else {
            self.server_in_turn(upstream, to, process, key)
        }
    }

    #[inline(never)]
    fn server_in_turn(&mut self, from: &Upstream, to: UpstreamId, process: u32, key: u64) -> u32 {
        let view = self.view_of_process(to, process) as usize;
        let picked = self.site.views[view].pick(from, from.servers_in(&self.plan.servers), key);
        picked.expect("somebody may be picked where nobody is ever barred")
    }

    /// A direct call answers at its end, and the answer is as good as there: the call is over, and
    /// nothing is left of it. (One that goes on after its answer is an ordinary call from then on.)
    #[inline(always)]
    fn answer_directly(&mut self, key: Key, bytes: LawId, place: u64) {
        let Run { plan, site, tape } = self;
        let Site { calls, instances, line, books, salt, .. } = &mut **site;
        let now = line.now();
        let call = &calls[key];
        let bytes = plan.laws[bytes.index()].draw_at(call.request_key ^ *salt, place);
        line.hop(call.delay, Event::Return { call: call.caller, bytes: bytes as u32 });
        let (instance, arrived, waited) = (call.instance, call.arrived, call.waited);
        let state = &mut instances[instance as usize];
        let service = state.service;
        state.calls -= 1;
        state.busy -= 1;
        if call.seat != NONE {
            state.seats.push_back(call.seat);
        }
        let (left, waits) = (state.calls, state.waiting_count > 0);
        calls.remove(key);
        books.services[service as usize].succeeded += 1;
        let outcome = Outcome::OK;
        let over = Served {
            service,
            instance,
            arrived,
            waited,
            outcome,
            is_wasted: false,
            is_check: false,
        };
        tape.left(over, left, now);
        if waits {
            self.grant_slots(instance as usize);
        }
    }

    /// The answer of a direct call is back. Who goes on with it.
    #[inline(always)]
    pub(crate) fn returned(&mut self, key: Key, bytes: u32) -> Option<Key> {
        let call = self.site.calls.get_mut(key)?;
        if call.stage == Stage::Over {
            // It died meanwhile, and its own caller has not been told yet.
            return None;
        }
        call.pending -= 1;
        call.bytes = bytes;
        if call.is.is_direct && call.outcome.is_ok() {
            return Some(key);
        }
        self.go_on(key);
        None
    }
}
