//! Programs: what a call does at its instance, one operation after the other.
//!
//! On an event loop a call holds the loop from a CPU burst or a disk read to the next operation of
//! another kind: reads block the loop, calls and waits do not. In a slot (a worker, a thread) it
//! holds the slot from start to end.

use super::{
    blueprint::{Blueprint, FilesId, Instruction, LawId, Milestone, Op, Table, TableId},
    call::{Call, NONE, Stage},
    event::Event,
    network::{Cores, PACKET_BYTES, disk_of},
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        luck::{draw, mix},
        slab::Key,
        time::{Instant, Span},
    },
    measure::{
        outcome::{Cause, Outcome},
        recorder::Recorder,
    },
};

/// What a program can write into its connection's send buffer without waiting for the peer:
/// Linux grows it with the congestion window (`net.ipv4.tcp_wmem`, 16 KiB to 4 MiB); this is what
/// it holds after a few round trips.
const SEND_BUFFER_BYTES: u64 = 64 << 10;
/// What a proxy that does not buffer takes in ahead of its client (`HAProxy`'s `tune.bufsize`).
const PROXY_BUFFER_BYTES: u64 = 16 << 10;
/// An error page.
const ERROR_BYTES: u64 = 512;
/// Spreads the rounds of a loop over the places of draws.
const ROUND: u64 = 0x9E37_79B9_7F4A_7C15;

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

    /// So many reads, one after the other. Whether the call has to wait.
    fn read_disk(&mut self, key: Key, count: LawId, bytes: u32) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let attempt = self.site.calls[key].attempt_key;
        if self.site.calls[key].rest.reads == 0 {
            let count = self.draw_law(count, attempt, here) as u32;
            if count == 0 {
                self.site.calls[key].pc += 1;
                return false;
            }
            self.site.calls[key].rest.reads = count;
        }
        let call = &self.site.calls[key];
        let host = self.plan.instances[call.instance as usize].host;
        let word = self.site.draw(attempt, mix(here, u64::from(call.rest.reads)));
        let read = disk_of(self.plan, host).read;
        let end = self.disk(host, read, word, u64::from(bytes));
        self.site.line.at(end, Event::Resume { call: key });
        true
    }

    /// Picks a file by the request's luck. Whether the call has to wait for the disk.
    fn read_file(&mut self, key: Key, files: FilesId) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let (request, attempt) = {
            let call = &self.site.calls[key];
            (call.request_key, call.attempt_key)
        };
        let population = &self.plan.files[files.index()];
        let rank = self.draw_law(population.popularity, request, here) as u32;
        let rank = rank.min(population.count - 1);
        let bytes = population.bytes[rank as usize];
        let call = &mut self.site.calls[key];
        call.bytes = bytes;
        let host = self.plan.instances[call.instance as usize].host;
        if self.is_cached(host, files, rank) {
            self.site.calls[key].pc += 1;
            return false;
        }
        self.site.calls[key].rest.file = rank;
        let word = self.site.draw(attempt, here);
        let read = disk_of(self.plan, host).read;
        let end = self.disk(host, read, word, u64::from(bytes));
        self.site.line.at(end, Event::Resume { call: key });
        true
    }

    /// Reads pages by the request's luck. Whether the call has to wait for the disk.
    fn read_pages(&mut self, key: Key, table: TableId, count: LawId) -> bool {
        if !self.hold_loop(key) {
            return true;
        }
        let here = self.here(key);
        let call = &self.site.calls[key];
        let (request, attempt, instance) = (call.request_key, call.attempt_key, call.instance);
        let mut left = call.rest.reads;
        if left == 0 {
            left = self.draw_law(count, request, here) as u32;
        }
        while left > 0 {
            let place = mix(here, u64::from(left));
            let Table { popularity, pages, page_bytes, .. } = self.plan.tables[table.index()];
            let rank = (self.draw_law(popularity, request, place) as u32).min(pages - 1);
            if self.is_pooled(instance, table, rank) {
                left -= 1;
                continue;
            }
            let rest = &mut self.site.calls[key].rest;
            (rest.reads, rest.file) = (left, rank);
            let host = self.plan.instances[instance as usize].host;
            let word = self.site.draw(attempt, place);
            let read = disk_of(self.plan, host).read;
            let end = self.disk(host, read, word, u64::from(page_bytes));
            self.site.line.at(end, Event::Resume { call: key });
            return true;
        }
        let call = &mut self.site.calls[key];
        call.rest.reads = 0;
        call.pc += 1;
        false
    }

    /// A file or a page has come from disk.
    fn is_read(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let rank = std::mem::replace(&mut call.rest.file, NONE);
        let instance = call.instance;
        match self.plan.program[call.pc as usize].op {
            Op::File { files } => {
                call.pc += 1;
                let host = self.plan.instances[instance as usize].host;
                self.cache_file(host, files, rank);
            }
            Op::Pages { table, .. } => {
                call.rest.reads -= 1;
                call.pc += u32::from(call.rest.reads == 0);
                self.pool_page(instance, table, rank);
            }
            _ => unreachable!("what is read has its operation"),
        }
    }

    /// Sends the answer. Whether the call has to wait until its send buffer takes the rest.
    fn answer(&mut self, key: Key, op: &Op, here: u64) -> bool {
        let call = &mut self.site.calls[key];
        call.make_ordinary();
        call.pc += 1;
        let (request, now) = (call.request_key, self.site.line.now());
        let (bytes, not_before) = match *op {
            Op::Respond { bytes, .. } => (self.draw_law(bytes, request, here) as u64, now),
            Op::RespondFile => (u64::from(call.bytes), now),
            Op::Relay => (u64::from(call.bytes), call.rest.body_until),
            Op::Cpu { .. }
            | Op::Handshake { .. }
            | Op::Wait { .. }
            | Op::Read { .. }
            | Op::File { .. }
            | Op::Pages { .. }
            | Op::Call { .. }
            | Op::CallDirectly { .. }
            | Op::Fork { .. }
            | Op::Branch { .. }
            | Op::Jump { .. }
            | Op::Round
            | Op::Commit { .. }
            | Op::CommitApplied
            | Op::End => unreachable!("not an answer"),
        };
        let left = self.respond(key, bytes, not_before).since(now);
        if matches!(op, Op::Relay) {
            self.slow_down_callee(key, bytes, left);
            return false;
        }
        if bytes <= SEND_BUFFER_BYTES || left.is_zero() {
            return false;
        }
        let hold = held(left, bytes, SEND_BUFFER_BYTES);
        self.site.calls[key].rest.hold = self.site.line.after(hold, Event::Resume { call: key });
        true
    }

    /// Puts an answer on its way to the caller, if there is one. When the last of what this call
    /// has ever sent leaves.
    pub(crate) fn respond(&mut self, key: Key, bytes: u64, not_before: Instant) -> Instant {
        let call = &mut self.site.calls[key];
        call.is.is_answered = true;
        if call.is.is_wasted || !call.is_awaited() {
            return call.rest.sent_until;
        }
        call.bytes = bytes as u32;
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let watches_first = call.is.cuts_through || upstream.response_timeout.is_some();
        let way = call.way();
        let from = (call.rest.server_host, way);
        let arrival = self.transfer(from, bytes, not_before, upstream.derived.bandwidth);
        let call = &mut self.site.calls[key];
        call.rest.sent_until = arrival.sent;
        call.rest.answer_until = arrival.last;
        if arrival.sent == self.now() {
            self.signal(way, Event::LastByte { call: key });
        } else if bytes > PACKET_BYTES && watches_first && arrival.first < arrival.last {
            self.site.line.at(arrival.first, Event::FirstByte { call: key });
        } else {
            self.site.line.at(arrival.last, Event::LastByte { call: key });
        }
        arrival.sent
    }

    /// A proxy that does not buffer takes an answer in only as fast as it can pass it on.
    fn slow_down_callee(&mut self, key: Key, bytes: u64, left: Span) {
        let callee = self.site.calls[key].callee;
        let Some(below) = self.site.calls.get(callee) else { return };
        let buffers = self.plan.upstreams[below.upstream.index()].buffers;
        if buffers || bytes <= 2 * PROXY_BUFFER_BYTES || !below.is_receiving() {
            return;
        }
        let now = self.now();
        let last = now + held(left, bytes, PROXY_BUFFER_BYTES);
        if last <= below.rest.answer_until {
            return;
        }
        let (timer, hold) = (below.timer, below.rest.hold);
        let is_held = self.site.line.due(hold).is_some();
        self.site.line.cancel(timer);
        let timer = self.site.line.at(last, Event::LastByte { call: callee });
        let below = &mut self.site.calls[callee];
        below.timer = timer;
        below.rest.answer_until = last;
        below.rest.sent_until = below.rest.sent_until.max(last);
        if is_held {
            self.site.line.cancel(hold);
            let hold = held(last.since(now), bytes, SEND_BUFFER_BYTES);
            let hold = self.site.line.after(hold, Event::Resume { call: callee });
            self.site.calls[callee].rest.hold = hold;
        }
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

    /// The answer is an error page, or nothing but a closed connection.
    fn answer_error(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        call.make_ordinary();
        let outcome = call.outcome;
        let now = self.now();
        if outcome.status == 0 {
            self.hang_up_on_caller(key, Cause::Reset);
        } else {
            self.respond(key, ERROR_BYTES, now);
        }
        self.leave(key, outcome);
    }

    /// What was begun to be answered cannot be finished.
    fn truncate(&mut self, key: Key) {
        let cause = Cause::Truncated;
        let outcome = Outcome { cause, ..self.site.calls[key].outcome };
        self.hang_up_on_caller(key, cause);
        self.leave_loop(key);
        self.leave(key, outcome);
    }
}

/// The place of a draw in a round of a loop.
#[inline]
pub(crate) fn in_round(place: u64, round: u32) -> u64 {
    place.wrapping_add(u64::from(round).wrapping_mul(ROUND))
}

/// How long a sender of `bytes` that take `left` is held, if the last `buffer` of them need not
/// have left.
fn held(left: Span, bytes: u64, buffer: u64) -> Span {
    let share = u128::from(bytes.saturating_sub(buffer));
    Span::from_nanos((u128::from(left.nanos()) * share / u128::from(bytes.max(1))) as u64)
}

/// Whether a caller goes on when the answer begins.
pub(crate) fn cuts_through(until: Milestone) -> bool {
    match until {
        Milestone::FirstByte => true,
        Milestone::LastByte => false,
    }
}
