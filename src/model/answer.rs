//! Answers: what a call sends back, how long that holds it, and what it sends if it has failed.

use super::{blueprint::Op, event::Event, network::PACKET_BYTES, run::Run};
use crate::{
    engine::{
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

impl<R: Recorder> Run<'_, R> {
    /// Sends the answer. Whether the call has to wait until its send buffer takes the rest.
    pub(super) fn answer(&mut self, key: Key, op: &Op, here: u64) -> bool {
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

    /// The answer is an error page, or nothing but a closed connection.
    pub(super) fn answer_error(&mut self, key: Key) {
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
    pub(super) fn truncate(&mut self, key: Key) {
        let cause = Cause::Truncated;
        let outcome = Outcome { cause, ..self.site.calls[key].outcome };
        self.hang_up_on_caller(key, cause);
        self.leave_loop(key);
        self.leave(key, outcome);
    }
}

/// How long a sender of `bytes` that take `left` is held, if the last `buffer` of them need not
/// have left.
fn held(left: Span, bytes: u64, buffer: u64) -> Span {
    let share = u128::from(bytes.saturating_sub(buffer));
    Span::from_nanos((u128::from(left.nanos()) * share / u128::from(bytes.max(1))) as u64)
}
