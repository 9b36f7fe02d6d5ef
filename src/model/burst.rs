//! Bursts: CPU work that a call has to do, all that stands together in its program at once.

use super::{
    blueprint::{Blueprint, Op},
    call::Call,
    network::Cores,
    program::in_round,
    run::Run,
    site::Site,
};
use crate::{
    engine::{luck::draw, slab::Key, time::Span},
    measure::recorder::Recorder,
};

impl Call {
    /// All CPU work that stands together at the present place of its program, for a thread does not
    /// yield between two steps; none if there stands something else.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub(crate) fn take_work(&mut self, plan: &Blueprint, salt: u64) -> Span {
        let [first, next, ..] = &plan.program[self.pc as usize..] else {
            return Span::ZERO;
        };
        let Op::Cpu { work, of_request } = first.op else {
            return self.take_more_work(plan, salt);
        };
        self.pc += 1;
        let luck = if of_request { self.request_key } else { self.attempt_key };
        let here = in_round(first.place, self.round);
        let work = Span::from_seconds(plan.laws[work.index()].draw_at(luck ^ salt, here));
        // As a rule something else follows.
        if matches!(next.op, Op::Cpu { .. } | Op::Handshake { .. }) {
            work + self.take_more_work(plan, salt)
        } else {
            work
        }
    }

    #[inline(never)]
    fn take_more_work(&mut self, plan: &Blueprint, salt: u64) -> Span {
        let mut work = Span::ZERO;
        for step in &plan.program[self.pc as usize..] {
            let (law, luck) = match step.op {
                Op::Cpu { work, of_request: false } => (work, self.attempt_key),
                Op::Cpu { work, of_request: true } => (work, self.request_key),
                Op::Handshake { work } if self.is.is_fresh => (work, self.attempt_key),
                Op::Handshake { .. } => {
                    self.pc += 1;
                    continue;
                }
                _ => break,
            };
            let word = draw(luck ^ salt, in_round(step.place, self.round));
            work += Span::from_seconds(plan.laws[law.index()].draw(word));
            self.pc += 1;
        }
        work
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A CPU burst. Whether the call has to wait (for its loop, or for the burst).
    pub(crate) fn burst(&mut self, key: Key) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let Run { plan, site, tape } = self;
        let Site { calls, instances, hosts, line, salt, .. } = &mut **site;
        let call = &mut calls[key];
        let state = &instances[call.instance as usize];
        Cores { plan, salt: *salt, hosts, line, tape: *tape }.burst(key, call, state)
    }
}
