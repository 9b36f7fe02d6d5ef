//! Programs: what a call does at its instance, one operation after the other.
//!
//! On an event loop a call holds the loop from a CPU burst or a disk read to the next operation of
//! another kind: reads block the loop, calls and waits do not. In a slot (a worker, a thread) it
//! holds the slot from start to end.

use super::{
    blueprint::{Instruction, LawId, Milestone, Op},
    call::{NONE, Stage},
    event::Event,
    run::Run,
};
use crate::{
    engine::{
        luck::mix,
        slab::Key,
        time::{Instant, Span},
    },
    measure::{outcome::Outcome, recorder::Recorder},
};

/// Spreads the rounds of a loop over the places of draws.
const ROUND: u64 = 0x9E37_79B9_7F4A_7C15;

impl<R: Recorder> Run<'_, R> {
    /// The place of the draws of a call's present operation, in its present round.
    #[inline]
    pub(crate) fn here(&self, key: Key) -> u64 {
        let call = &self.site.calls[key];
        in_round(self.plan.program[call.pc as usize].place, call.round)
    }

    #[inline]
    pub(crate) fn draw_law(&self, law: LawId, key: u64, place: u64) -> f64 {
        self.plan.laws[law.index()].draw(self.site.draw(key, place))
    }

    /// Begins the program of a call that has got what it needs to run.
    pub(crate) fn start(&mut self, key: Key) {
        self.site.calls[key].begin_program(self.plan);
        self.advance(key);
    }

    /// Goes on with a call's program until it has to wait for something: most often at once, for
    /// a burst.
    #[inline]
    pub(crate) fn advance(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let next = &self.plan.program[call.pc as usize].op;
        let computes = matches!(next, Op::Cpu { .. } | Op::Handshake { .. });
        if !computes || call.is.is_wasted || !self.burst(key) {
            self.go_through(key);
        }
    }

    #[inline(never)]
    fn go_through(&mut self, key: Key) {
        if self.site.calls[key].is.is_wasted && self.stops_when_abandoned(key) {
            self.cancel(key);
            return;
        }
        let plan = self.plan;
        loop {
            let call = &self.site.calls[key];
            let Instruction { op, place } = &plan.program[call.pc as usize];
            let here = in_round(*place, call.round);
            match *op {
                Op::Cpu { .. } | Op::Handshake { .. } => {
                    if self.burst(key) {
                        return;
                    }
                }
                Op::File { files } => {
                    if self.read_file(key, files) {
                        return;
                    }
                }
                Op::Read { count, bytes } => {
                    if self.read_disk(key, count, bytes) {
                        return;
                    }
                }
                Op::Pages { table, count } => {
                    if self.read_pages(key, table, count) {
                        return;
                    }
                }
                Op::Branch { share, otherwise } => {
                    let word = self.site.draw(call.request_key, here);
                    let goes_on = ((word >> 32) as u32) < share;
                    let call = &mut self.site.calls[key];
                    call.pc = if goes_on { call.pc + 1 } else { otherwise };
                }
                Op::Jump { to } => {
                    let call = &mut self.site.calls[key];
                    if to <= call.pc {
                        call.round += 1;
                    }
                    call.pc = to;
                }
                Op::Round => {
                    let call = &mut self.site.calls[key];
                    call.round += 1;
                    call.pc += 1;
                }
                Op::CallDirectly(op) => {
                    self.call_from_here(key, op, here);
                    return;
                }
                Op::Wait { .. }
                | Op::Call { .. }
                | Op::Fork { .. }
                | Op::Commit { .. }
                | Op::CommitApplied => {
                    self.leave_loop(key);
                    self.wait_for(key, op, here);
                    return;
                }
                Op::Respond { bytes, is_last: true } if call.is.is_direct => {
                    self.answer_from_here(key, bytes, here);
                    return;
                }
                Op::Respond { .. } | Op::RespondFile | Op::Relay => {
                    if self.answer(key, op, here) {
                        self.leave_loop(key);
                        return;
                    }
                }
                Op::End => {
                    self.leave_loop(key);
                    self.end(key);
                    return;
                }
            }
        }
    }

    /// The operations that let go of the loop and wait for something else.
    fn wait_for(&mut self, key: Key, op: &Op, here: u64) {
        let call = &mut self.site.calls[key];
        call.pc += 1;
        match *op {
            Op::Wait { law } => {
                let attempt = call.attempt_key;
                let span = Span::from_seconds(self.draw_law(law, attempt, here));
                self.site.line.after(span, Event::Resume { call: key });
            }
            Op::Call { upstream, endpoint, until } => {
                call.pending = 1;
                self.place(key, upstream, endpoint, until, here);
            }
            Op::Fork { calls, copies } => self.fork_calls(key, calls, copies),
            Op::Commit { log, apply } => self.commit(key, log, apply),
            Op::CommitApplied => self.commit_applied(key),
            Op::Cpu { .. }
            | Op::Handshake { .. }
            | Op::Read { .. }
            | Op::File { .. }
            | Op::Pages { .. }
            | Op::Branch { .. }
            | Op::Jump { .. }
            | Op::Round
            | Op::CallDirectly { .. }
            | Op::Respond { .. }
            | Op::RespondFile
            | Op::Relay
            | Op::End => unreachable!("does not wait for something else"),
        }
    }

    /// Starts several calls at once; `pc` stands at the first of them.
    fn fork_calls(&mut self, key: Key, calls: u16, copies: u16) {
        let call = &mut self.site.calls[key];
        let first = call.pc;
        call.pc += u32::from(calls);
        call.pending = u32::from(calls) * u32::from(copies);
        call.is.has_forked = true;
        let round = u64::from(call.round).wrapping_mul(ROUND);
        for pc in first..first + u32::from(calls) {
            let step = self.plan.program[pc as usize];
            let Op::Call { upstream, endpoint, until } = step.op else {
                unreachable!("compiled: only calls stand behind a fork")
            };
            let place = step.place.wrapping_add(round);
            for copy in 0..u64::from(copies) {
                self.place(key, upstream, endpoint, until, mix(place, copy));
            }
        }
    }

    /// A pause within a program is over.
    pub(crate) fn resume(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if call.stage != Stage::Running {
            return;
        }
        if call.rest.file != NONE {
            self.is_read(key);
        } else if call.rest.reads > 0 {
            call.rest.reads -= 1;
            if call.rest.reads == 0 {
                call.pc += 1;
            }
        }
        self.advance(key);
    }

    /// The program is over, but for an answer that is still being passed on.
    fn end(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        if call.is.is_root {
            let cause = call.outcome.cause;
            self.visit_is_over(key, cause);
        } else if call.pending > 0 {
            call.stage = Stage::Relaying;
        } else {
            let outcome = call.outcome;
            self.leave(key, outcome);
        }
    }

    /// Something that this call made has been answered, well or badly.
    pub(crate) fn callee_answered(&mut self, key: Key, outcome: Outcome, bytes: u32) {
        let call = &mut self.site.calls[key];
        call.pending -= 1;
        if !outcome.is_ok() && call.outcome.is_ok() && !call.is.is_answered {
            call.outcome = outcome;
        }
        if call.pending > 0 {
            return;
        }
        if call.stage == Stage::Relaying {
            let outcome = call.outcome;
            self.leave(key, outcome);
        } else if !call.is.goes_on {
            call.bytes = bytes;
            call.rest.body_until = self.site.line.now();
            self.go_on(key);
        }
    }

    /// The answer to what this call made has begun.
    pub(crate) fn callee_begins(&mut self, key: Key, bytes: u32, until: Instant, outcome: Outcome) {
        let call = &mut self.site.calls[key];
        call.is.goes_on = true;
        call.bytes = bytes;
        call.rest.body_until = until;
        if !outcome.is_ok() {
            call.outcome = outcome;
        }
        self.advance(key);
    }

    /// Everything that this call waited for is there. One that was answered with an error answers
    /// with one itself, unless it passes on what it gets.
    pub(crate) fn go_on(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let passes_on = call.is.is_root || call.passes_on;
        if call.outcome.is_ok() || passes_on || call.is.is_answered {
            self.advance(key);
        } else {
            self.answer_error(key);
        }
    }

    /// Something that this call made has failed for good, without an answer.
    pub(crate) fn callee_failed(&mut self, key: Key, outcome: Outcome) {
        let now = self.now();
        let call = &mut self.site.calls[key];
        call.pending -= 1;
        let relays = call.is.is_answered && call.is.goes_on;
        if call.outcome.is_ok() && (relays || !call.is.is_answered) {
            call.outcome = outcome;
        }
        if call.is.is_root || (call.is.is_answered && !relays) {
            if call.pending == 0 {
                self.advance(key);
            }
        } else if relays {
            self.truncate(key);
        } else if call.is.goes_on {
            // It is about to pass on what it got: the error goes with it.
            call.rest.body_until = now;
        } else if call.pending == 0 {
            self.answer_error(key);
        }
    }
}

/// The place of a draw in a round of a loop.
#[inline]
pub(crate) fn in_round(place: u64, round: u32) -> u64 {
    place.wrapping_add(u64::from(round).wrapping_mul(ROUND))
}

/// Whether a caller goes on when the answer begins.
pub(crate) fn cuts_through(until: Milestone) -> bool {
    match until {
        Milestone::FirstByte => true,
        Milestone::LastByte => false,
    }
}
