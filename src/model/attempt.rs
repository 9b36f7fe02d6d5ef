//! How an attempt ends for its caller: answered, failed and tried again, failed for good, or given
//! up because its caller was given up itself.

use super::{
    blueprint::{Balance, Next, Statuses},
    call::{Call, NONE, Phase, Place, Stage},
    event::Event,
    run::Run,
};
use crate::{
    engine::{luck::mix, slab::Key, timeline::Ticket},
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Missed, Recorder},
    },
};

const ATTEMPT: u64 = 0x4154_5445;

impl<R: Recorder> Run<'_, R> {
    /// The whole answer is there.
    #[inline(never)]
    pub(crate) fn complete(&mut self, key: Key) {
        let plan = self.plan;
        let call = &mut self.site.calls[key];
        if call.is.is_check {
            self.check_answered(key);
            return;
        }
        let upstream = &plan.upstreams[call.upstream.index()];
        let timer = std::mem::replace(&mut call.timer, Ticket::NONE);
        let connection = std::mem::replace(&mut call.rest.connection, Key::NONE);
        let was_whole = call.phase == Phase::Sent;
        call.phase = Phase::Over;
        let (caller, outcome, bytes) = (call.caller, call.outcome, call.bytes);
        let cuts_through = call.is.cuts_through;
        if upstream.ban.is_some() {
            self.site.views[call.rest.view as usize].forgive(call.rest.server);
        }
        if !timer.is_none() {
            self.site.line.cancel(timer);
        }
        if !connection.is_none() {
            self.put_back(key, connection, upstream);
        }
        self.release_server(key);
        self.settle(key);
        if was_whole && cuts_through {
            // It came in one piece: beginning and end at once.
            let now = self.now();
            self.site.calls[caller].is.goes_on = true;
            self.callee_answered(caller, outcome, bytes);
            self.callee_begins(caller, bytes, now, outcome);
        } else {
            self.callee_answered(caller, outcome, bytes);
        }
    }

    /// The caller learns that its call is lost.
    pub(crate) fn broken(&mut self, key: Key, cause: Cause) {
        let Some(call) = self.site.calls.get(key) else { return };
        let cause = match call.phase {
            Phase::Over => return,
            Phase::Receiving => Cause::Truncated,
            Phase::Queued | Phase::Pausing | Phase::Connecting | Phase::Sent => cause,
        };
        self.fail(key, cause);
    }

    /// The caller's timer.
    pub(crate) fn timed_out(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        call.timer = Ticket::NONE;
        let cause = match call.phase {
            Phase::Queued => Cause::QueueTimeout,
            Phase::Connecting => Cause::ConnectTimeout,
            Phase::Sent => Cause::ResponseTimeout,
            Phase::Receiving => Cause::Truncated,
            Phase::Pausing | Phase::Over => return,
        };
        self.fail(key, cause);
    }

    /// An attempt has failed. It is tried again, or the caller learns of it.
    pub(crate) fn fail(&mut self, key: Key, cause: Cause) {
        let now = self.now();
        let call = &mut self.site.calls[key];
        call.make_ordinary();
        if call.is.is_check {
            self.check_failed(key);
            return;
        }
        let (caller, upstream) = (call.caller, call.upstream);
        let statuses = self.plan.upstreams[upstream.index()].statuses;
        let at = self.plan.upstreams[upstream.index()].caller.0 as u16;
        let by_timer = self.is_by_timer(key, cause);
        let outcome = Outcome { status: status(statuses, cause, by_timer), cause, at };
        self.tape.attempt_failed(upstream.0, outcome, now);
        self.tell_missed(key);
        self.blame(key, cause);
        let next = self.next_attempt(key, cause);
        self.part(key);
        self.release_server(key);
        self.settle(key);
        match next {
            Some((call, pause)) => {
                let next = self.site.calls.insert(call);
                self.site.calls[caller].callee = next;
                if pause {
                    self.pause(next);
                } else {
                    self.route(next);
                }
            }
            None if self.site.calls.contains(caller) => self.callee_failed(caller, outcome),
            None => {}
        }
    }

    /// An attempt is over, or the run is. If no server ever had it, none will tell of it.
    pub(crate) fn tell_missed(&mut self, key: Key) {
        let now = self.now();
        let call = &self.site.calls[key];
        if call.stage != Stage::Away || call.phase == Phase::Pausing || call.is.is_check {
            return;
        }
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let instance = if call.instance != NONE {
            Some(call.instance)
        } else if call.place == Place::ServerQueue {
            let server = &upstream.servers_in(&self.plan.servers)[call.rest.server as usize];
            Some(server.instance.0)
        } else {
            None
        };
        self.tape.missed(Missed { upstream: call.upstream.0, instance, made: call.arrived }, now);
    }

    /// Whether a connection was given up by the caller's own time-out, which has fired, rather than
    /// by the kernel.
    fn is_by_timer(&self, key: Key, cause: Cause) -> bool {
        let call = &self.site.calls[key];
        let has_timeout = self.plan.upstreams[call.upstream.index()].connect_timeout.is_some();
        cause == Cause::ConnectTimeout && has_timeout && call.timer.is_none()
    }

    /// The next attempt at what failed, if there is one, and whether it begins with a pause.
    fn next_attempt(&self, key: Key, cause: Cause) -> Option<(Call, bool)> {
        let call = &self.site.calls[key];
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let retry = &upstream.retry;
        let is_wanted = match cause {
            Cause::ConnectTimeout if self.is_by_timer(key, cause) => retry.on_connect_timeout,
            Cause::Refused | Cause::ConnectTimeout => retry.on_connect,
            // The server's queue at its caller is no server that could have failed: `HAProxy`
            // answers at once where `maxqueue` is reached (backend.c, `SRV_STATUS_FULL`).
            Cause::QueueFull => retry.on_connect && call.is.holds_server,
            Cause::Reset | Cause::TooManyConnections => retry.on_reset,
            Cause::ResponseTimeout => retry.on_timeout,
            Cause::None
            | Cause::NoServer
            | Cause::QueueTimeout
            | Cause::OutOfConnections
            | Cause::Truncated
            | Cause::Patience
            | Cause::Unfinished
            | Cause::ClientClosed => false,
        };
        // What was refused was not begun.
        let was_refused = matches!(cause, Cause::Refused | Cause::QueueFull);
        let was_begun = call.is.was_sent && !was_refused;
        let is_safe = call.is.is_idempotent || retry.unsafe_too || !was_begun;
        let was_reused = !call.is.is_fresh && !call.rest.connection.is_none();
        let is_forgiven = retry.forgives_reused && was_reused && cause == Cause::Reset;
        let has_more = is_forgiven || u32::from(call.rest.attempt) < retry.attempts;
        if !is_wanted || !is_safe || !has_more || !self.site.calls.contains(call.caller) {
            return None;
        }
        let attempt_key = mix(call.attempt_key, ATTEMPT);
        let mut next = Call::new(call.endpoint, call.request_key, attempt_key);
        next.arrived = self.now();
        next.caller = call.caller;
        next.upstream = call.upstream;
        next.rest.view = call.rest.view;
        next.rest.server = call.rest.server;
        next.rest.tried = call.rest.tried;
        next.rest.attempt = call.rest.attempt + u16::from(!is_forgiven);
        next.rest.one_way = call.rest.one_way;
        next.is.is_idempotent = call.is.is_idempotent;
        next.is.cuts_through = call.is.cuts_through;
        let up = self.site.views[call.rest.view as usize].up;
        let is_same = retry.next == Next::Same || up <= 1;
        let pauses = retry.turnaround.is_some() && is_same && cause == Cause::Refused;
        Some((next, pauses && upstream.balance != Balance::Addresses))
    }

    fn pause(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        call.phase = Phase::Pausing;
        let turnaround = self.plan.upstreams[call.upstream.index()].retry.turnaround;
        let delay = turnaround.expect("only upstreams with a turn-around pause");
        let timer = self.site.line.later(delay, Event::Retry { call: key });
        self.site.calls[key].timer = timer;
    }

    /// The turn-around is over.
    pub(crate) fn retry_now(&mut self, key: Key) {
        let now = self.now();
        if let Some(call) = self.site.calls.get_mut(key)
            && call.phase == Phase::Pausing
        {
            call.timer = Ticket::NONE;
            call.arrived = now;
            self.route(key);
        }
    }

    /// The caller has nothing to do with this call any more: its timer, its place in a queue and
    /// its connection are gone; the server will notice.
    pub(crate) fn part(&mut self, key: Key) {
        self.site.calls[key].make_ordinary();
        self.leave_queue(key);
        let call = &mut self.site.calls[key];
        let timer = std::mem::replace(&mut call.timer, Ticket::NONE);
        let connection = std::mem::replace(&mut call.rest.connection, Key::NONE);
        let (phase, stage) = (call.phase, call.stage);
        self.site.line.cancel(timer);
        let is_at_work = !matches!(phase, Phase::Queued | Phase::Pausing)
            && !matches!(stage, Stage::Away | Stage::Over);
        if self.site.connections.contains(connection) {
            if is_at_work && !self.stops_when_abandoned(key) {
                self.leave_open(key, connection);
            } else {
                self.close(key, connection);
            }
        }
        if is_at_work {
            let way = self.way(key);
            self.signal(way, Event::Abandoned { call: key });
        }
        self.site.calls[key].phase = Phase::Over;
    }

    /// A call that is given up itself gives up what it waits for.
    pub(crate) fn abandon_callees(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let callees = if call.has_many_callees() {
            let mut keys = self.site.calls_in_order();
            keys.retain(|&other| self.site.calls[other].caller == key);
            keys
        } else {
            vec![call.callee]
        };
        for callee in callees {
            let Some(below) = self.site.calls.get(callee) else { continue };
            if below.caller == key && below.phase != Phase::Over {
                self.tell_missed(callee);
                self.part(callee);
                self.release_server(callee);
                self.settle(callee);
            }
        }
        self.site.calls[key].pending = 0;
    }
}

/// What a caller answers with when a call has failed for good.
fn status(statuses: Statuses, cause: Cause, by_timer: bool) -> u16 {
    match cause {
        Cause::None => 200,
        Cause::ConnectTimeout if by_timer => statuses.connect_timeout,
        Cause::Refused | Cause::ConnectTimeout | Cause::NoServer => statuses.unreachable,
        Cause::QueueTimeout | Cause::QueueFull => statuses.queue,
        Cause::ResponseTimeout => statuses.timeout,
        Cause::Reset | Cause::Truncated | Cause::TooManyConnections => statuses.reset,
        Cause::OutOfConnections => 500,
        Cause::Patience | Cause::Unfinished | Cause::ClientClosed => 0,
    }
}
