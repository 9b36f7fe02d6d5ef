//! Connections: opened with a round trip, accepted or left in the kernel's queue, reused, closed.

use super::{
    blueprint::Upstream,
    call::{Call, NONE, Phase},
    event::Event,
    event_loop::process_of_loop,
    network::Way,
    pool::Keeper,
    run::Run,
};
use crate::{
    engine::{
        luck::mix,
        slab::{Entry, Generation, Key},
        time::{Instant, Span},
        timeline::Ticket,
    },
    measure::{
        outcome::Cause,
        recorder::{Level, Recorder},
    },
};

/// A SYN is sent so many times more; then, after `LAST_SYN_WAITS`, the kernel gives up. Linux 6.5
/// and later (`tcp_syn_linear_timeouts` 4, `tcp_syn_retries` 6): at 1, 2, 3, 4, 5, 7, 11, 19, 35
/// and 67 s, error at 131 s.
const SYN_RETRIES: u8 = 10;
const SYNS_A_SECOND_APART: u8 = 5;
const LAST_SYN_WAITS: Span = Span::from_millis(64_000);
const SEAT: u64 = 0x4143_4345;

/// Between two processes, or a visitor and a process.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Index of the instance that accepted it.
    pub instance: u32,
    /// Which run of that instance.
    pub epoch: u32,
    /// The event loop that it belongs to there.
    pub seat: u32,
    /// The server process that counts it, and the caller's.
    pub processes: [u32; 2],
    /// Index of the peer in whose list it lies while idle.
    pub peer: u32,
    /// Whether a server process has accepted it (it counts among the instance's connections).
    pub is_accepted: bool,
    /// Whether it lies in the accept queue.
    pub is_queued: bool,
    /// The request that came on it before it was accepted.
    pub waiting: Key,
    /// Who keeps it while it is idle.
    pub keeper: Keeper,
    /// Since when it has been idle.
    pub idle_at: Instant,
    /// Whether it has carried more than the call it was opened for.
    pub was_reused: bool,
    /// Closes that of a closed user when it has been idle for too long.
    pub timer: Ticket,
    /// Of its place among the connections.
    pub generation: Generation,
}

impl Entry for Connection {
    fn generation(&self) -> Generation {
        self.generation
    }

    fn generation_mut(&mut self) -> &mut Generation {
        &mut self.generation
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A call that holds a slot at its server gets a connection, and is sent.
    #[inline]
    pub(crate) fn connect(&mut self, key: Key, upstream: &Upstream) {
        if !upstream.derived.connects {
            let call = &self.site.calls[key];
            if call.asks_nothing() {
                // Whether anybody is there, and no more.
                let way = call.way();
                self.signal(way, Event::Syn { call: key });
            } else {
                self.send(key);
            }
        } else if let Some(connection) = self.idle_connection(key, upstream) {
            let call = &mut self.site.calls[key];
            call.rest.connection = connection;
            call.is.is_fresh = false;
            self.send(key);
        } else {
            self.open(key, upstream);
        }
    }

    /// Opens a connection for a call.
    fn open(&mut self, key: Key, upstream: &Upstream) {
        let call = &self.site.calls[key];
        let way = call.way();
        let peer = match self.site.views.get(call.rest.view as usize) {
            Some(view) => view.first_idle + call.rest.server,
            None => NONE,
        };
        let (timeout, instance) = (upstream.connect_timeout, call.instance);
        let is_check = call.is.is_check;
        let ours = self.site.calls.get(call.caller).map_or(NONE, |caller| caller.process);
        let limit = upstream.derived.process_connections_max;
        if ours != NONE {
            self.drain_idle(ours, limit);
            if self.site.process_connections[ours as usize] >= limit {
                self.fail(key, Cause::OutOfConnections);
                return;
            }
            self.site.process_connections[ours as usize] += 1;
        }
        let connection = self.site.connections.insert(Connection {
            instance,
            epoch: 0,
            seat: NONE,
            processes: [NONE, ours],
            peer,
            is_accepted: false,
            is_queued: false,
            waiting: Key::NONE,
            keeper: Keeper::Nobody,
            idle_at: Instant::ZERO,
            was_reused: false,
            timer: Ticket::NONE,
            generation: Generation::default(),
        });
        let call = &mut self.site.calls[key];
        call.rest.connection = connection;
        call.phase = Phase::Connecting;
        call.is.is_fresh = true;
        call.rest.resent = 0;
        self.signal(way, Event::Syn { call: key });
        if let (Some(delay), false) = (timeout, is_check) {
            let timer = self.site.line.later(delay, Event::TimeOut { call: key });
            self.site.calls[key].timer = timer;
        }
    }

    /// A SYN reaches the server, or nobody.
    pub(crate) fn syn(&mut self, key: Key) {
        let Some(call) = self.site.calls.get(key) else { return };
        if call.phase != Phase::Connecting {
            return;
        }
        let index = call.instance as usize;
        let instance = &self.plan.instances[index];
        let service = &self.plan.services[instance.service.index()];
        if self.site.is_lost(instance.host) {
            self.send_syn_again(key);
            return;
        }
        let way = self.way(key);
        let state = &self.site.instances[index];
        if !state.is_up {
            self.signal(way, Event::Broken { call: key, cause: Cause::Refused });
            return;
        }
        let Some(accept) = service.accept else {
            self.signal(way, Event::Connected { call: key });
            return;
        };
        let call = &self.site.calls[key];
        let seat = self.choose_loop(index as u32, self.site.draw(mix(call.attempt_key, SEAT), 0));
        let process = if seat == NONE {
            instance.first_process
        } else {
            process_of_loop(self.plan, index as u32, seat)
        };
        let connection = call.rest.connection;
        self.drain_idle(process, accept.process_connections_max);
        let state = &self.site.instances[index];
        let is_full = state.connections >= accept.connections_max;
        let is_process_full =
            self.site.process_connections[process as usize] >= accept.process_connections_max;
        if (is_full && accept.is_strict) || is_process_full {
            // Accepted and closed at once: a check that wants no more than a connection has it.
            let asks_nothing = self.site.calls[key].asks_nothing();
            let cause = Cause::TooManyConnections;
            let broken = Event::Broken { call: key, cause };
            let event = if asks_nothing { Event::Connected { call: key } } else { broken };
            self.signal(way, event);
            return;
        }
        let queued = if seat == NONE { state.waiting_count } else { state.unaccepted.len() };
        if (is_full || seat == NONE) && queued > accept.backlog {
            self.send_syn_again(key);
            return;
        }
        let epoch = state.epoch;
        let it = &mut self.site.connections[connection];
        it.epoch = epoch;
        it.seat = seat;
        it.processes[0] = process;
        if is_full {
            it.is_queued = true;
            let state = &mut self.site.instances[index];
            self.site.idle_links.push_back(&mut state.unaccepted, connection.index());
        } else {
            self.accept(connection);
        }
        self.answer_syn(key, way);
    }

    /// The SYN-ACK is on its way; if nothing can come between, so is all that follows it.
    fn answer_syn(&mut self, key: Key, way: Way) {
        let arrives = self.now() + self.one_way(way);
        let call = &self.site.calls[key];
        let is_in_time = self.site.line.due(call.timer).is_none_or(|due| arrives < due);
        let opening = self.plan.upstreams[call.upstream.index()].opening;
        let Some(opening) = opening.filter(|_| is_in_time && !call.is.is_check) else {
            self.signal(way, Event::Connected { call: key });
            return;
        };
        self.site.line.cancel(call.timer);
        let call = &mut self.site.calls[key];
        call.rest.resent = 0;
        call.phase = Phase::Sent;
        call.is.was_sent = true;
        self.site.line.hop(opening, Event::Arrive { call: key });
    }

    /// A dropped SYN is sent again on Linux's schedule.
    fn send_syn_again(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let sent = call.rest.resent;
        call.rest.resent += 1;
        if sent >= SYN_RETRIES {
            let cause = Cause::ConnectTimeout;
            self.site.line.after(LAST_SYN_WAITS, Event::Broken { call: key, cause });
            return;
        }
        let seconds =
            if sent < SYNS_A_SECOND_APART { 1 } else { 2 << (sent - SYNS_A_SECOND_APART) };
        self.site.line.after(Span::from_millis(1000 * seconds), Event::Syn { call: key });
    }

    /// A process of the server takes a connection.
    fn accept(&mut self, key: Key) {
        let now = self.now();
        let connection = &mut self.site.connections[key];
        connection.is_accepted = true;
        let index = connection.instance;
        self.site.process_connections[connection.processes[0] as usize] += 1;
        let state = &mut self.site.instances[index as usize];
        state.connections += 1;
        self.tape.level(Level::Connections(index), state.connections, now);
    }

    /// The SYN-ACK is back.
    pub(crate) fn connected(&mut self, key: Key) {
        let Some(call) = self.site.calls.get(key) else { return };
        if call.phase != Phase::Connecting {
            return;
        }
        if call.is.is_check {
            self.check_connected(key);
            return;
        }
        let (upstream, timer) = (call.upstream, call.timer);
        self.site.calls[key].rest.resent = 0;
        self.site.line.cancel(timer);
        let rounds = self.plan.upstreams[upstream.index()].handshake_rounds;
        if rounds == 0 {
            self.send(key);
            return;
        }
        let trip = self.one_way(self.way(key)).times(2 * u64::from(rounds));
        self.site.line.after(trip, Event::Send { call: key });
    }

    /// Sends the request.
    pub(crate) fn send(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if call.phase == Phase::Over {
            return;
        }
        call.phase = Phase::Sent;
        call.is.was_sent = true;
        let timeout = self.plan.upstreams[call.upstream.index()].response_timeout;
        if let (Some(delay), false) = (timeout, call.is.is_check) {
            call.timer = self.site.line.later(delay, Event::TimeOut { call: key });
        }
        let bytes = u64::from(self.plan.endpoints[call.endpoint.index()].request_bytes);
        let way = call.way();
        let from = (call.rest.caller_host, way);
        let now = self.now();
        let arrival = self.transfer(from, bytes, now, None);
        if arrival.sent == now {
            self.signal(way, Event::Arrive { call: key });
        } else {
            self.site.line.at(arrival.last, Event::Arrive { call: key });
        }
    }

    /// The answer begins to arrive.
    pub(crate) fn first_byte(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if !call.is_awaited() {
            return;
        }
        call.phase = Phase::Receiving;
        let until = call.rest.answer_until;
        let timer = std::mem::replace(&mut call.timer, Ticket::NONE);
        self.site.line.cancel(timer);
        call.timer = self.site.line.at(until, Event::LastByte { call: key });
        if call.is.cuts_through {
            let (caller, bytes, outcome) = (call.caller, call.bytes, call.outcome);
            self.callee_begins(caller, bytes, until, outcome);
        }
    }

    /// The last packet of the answer has reached the caller's line.
    #[inline]
    pub(crate) fn last_byte(&mut self, key: Key) {
        let Some(call) = self.site.calls.get(key) else { return };
        if !call.is_awaited() {
            return;
        }
        let bytes = u64::from(call.bytes);
        match self.receive(call.rest.caller_host, bytes) {
            // Only one packet can have been in the way of one that came whole.
            Some(done) if bytes > 0 => {
                self.site.line.at(done, Event::Answered { call: key });
            }
            _ => self.complete(key),
        }
    }

    /// The answer has been taken in.
    #[inline]
    pub(crate) fn answered(&mut self, key: Key) {
        if self.site.calls.get(key).is_some_and(Call::is_awaited) {
            self.complete(key);
        }
    }

    /// The caller closes the connection of a call; the server learns it a little later.
    pub(crate) fn close(&mut self, call: Key, connection: Key) {
        self.let_go(connection);
        let way = self.way(call);
        self.signal(way, Event::Closed { connection });
    }

    /// The caller closes a connection to a server that works on, and looks at the connection again
    /// when it has something to write: it counts there until the call leaves (a thread of `MySQL`
    /// holds its place among `max_connections` until its query is over).
    pub(crate) fn leave_open(&mut self, call: Key, connection: Key) {
        self.let_go(connection);
        self.site.calls[call].rest.connection = connection;
    }

    /// The caller's process does not count a connection any more.
    #[inline]
    pub(crate) fn let_go(&mut self, connection: Key) {
        let processes = &mut self.site.connections[connection].processes;
        let ours = std::mem::replace(&mut processes[1], NONE);
        if let Some(count) = self.site.process_connections.get_mut(ours as usize) {
            *count -= 1;
        }
    }

    /// The server learns that a connection was closed; the next in the accept queue may come in.
    pub(crate) fn closed(&mut self, key: Key) {
        let Some(connection) = self.site.connections.get(key) else { return };
        let index = connection.instance;
        let is_counted =
            connection.is_accepted && connection.epoch == self.site.instances[index as usize].epoch;
        self.forget(key);
        if is_counted {
            self.accept_next(index);
        }
    }

    fn accept_next(&mut self, index: u32) {
        let state = &mut self.site.instances[index as usize];
        let Some(next) = self.site.idle_links.pop_front(&mut state.unaccepted) else { return };
        let key = self.site.connections.key_at(next);
        self.site.connections[key].is_queued = false;
        self.accept(key);
        let connection = &mut self.site.connections[key];
        let seat = connection.seat;
        let waiting = std::mem::replace(&mut connection.waiting, Key::NONE);
        if self.site.calls.contains(waiting) {
            self.begin_accepted(waiting, seat);
        }
    }

    /// Takes a connection out of all counts and frees it.
    pub(crate) fn forget(&mut self, key: Key) {
        let now = self.now();
        self.let_go(key);
        self.rouse(key);
        let connection = &self.site.connections[key];
        let (index, processes) = (connection.instance, connection.processes);
        let (is_accepted, is_queued) = (connection.is_accepted, connection.is_queued);
        let state = &mut self.site.instances[index as usize];
        if connection.epoch == state.epoch && state.is_up {
            if is_queued {
                self.site.idle_links.remove(&mut state.unaccepted, key.index());
            }
            if is_accepted {
                state.connections -= 1;
                self.site.process_connections[processes[0] as usize] -= 1;
                self.tape.level(Level::Connections(index), state.connections, now);
            }
        }
        self.site.connections.remove(key);
    }
}
