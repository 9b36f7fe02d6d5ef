//! Instances at work: how a call arrives, how it leaves, and what is left when processes die.

use std::collections::VecDeque;

use super::{
    blueprint::{Blueprint, HostId, Instance, InstanceId, Order, Serving},
    call::{Phase, Place, Stage},
    event::Event,
    event_loop::LoopState,
    run::Run,
    site::Site,
};
use crate::{
    engine::{list::List, slab::Key, time::Span},
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Level, Recorder, Served},
    },
};

/// What was dropped before a full accept queue comes again at these times, in ms: the data after
/// 200 ms and then twice as long each time (Linux's minimal retransmission time-out), and the
/// server's SYN-ACK after 1 s and then twice as long each time, which makes the client's kernel
/// repeat its last packet (`net.ipv4.tcp_synack_retries` 5).
const HANDSHAKE_ENDS_AGAIN_AT: [u64; 12] =
    [200, 600, 1_000, 1_400, 3_000, 6_200, 7_000, 12_600, 15_000, 25_400, 31_000, 51_000];
/// The server's kernel has forgotten the connection 63 s after its SYN-ACK: the next data is reset.
const HANDSHAKE_IS_RESET_AT: u64 = 102_200;
/// A data packet that nobody acknowledges is sent again after this long, then twice that …
const DATA_RESENT_AFTER: Span = Span::from_millis(200);
/// At most this far apart (`TCP_RTO_MAX`) …
const DATA_RESENT_AFTER_MAX: Span = Span::from_millis(120_000);
/// … and so often, some 15 minutes (`net.ipv4.tcp_retries2`).
const DATA_RETRIES: u8 = 15;

/// What nginx logs when its client has gone before it had an answer.
const CLIENT_CLOSED: u16 = 499;

/// A run of a service, as it stands. What every call there asks for comes first, on one line of the
/// cache.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct InstanceState {
    /// Its service.
    pub(crate) service: u32,
    /// Its machine.
    pub(crate) host: HostId,
    /// Its first process, counted over all instances.
    pub(crate) first_process: u32,
    /// How many processes it has.
    pub(crate) processes: u32,
    /// Calls that have arrived and not left.
    pub(crate) calls: u32,
    /// Slots held, or loops busy.
    pub(crate) busy: u32,
    pub(crate) capacity: u32,
    pub(crate) waiting_count: u32,
    /// Its speed relative to its machine.
    pub(crate) speed: f64,
    /// Counts its starts; a connection of an earlier run is dead.
    pub(crate) epoch: u32,
    /// Connections accepted and not closed.
    pub(crate) connections: u32,
    /// Connections that wait to be accepted.
    pub(crate) unaccepted: List,
    /// Its processes run.
    pub(crate) is_up: bool,
    /// Calls that wait for a slot, by class (one class unless the order is by priority).
    pub(crate) waiting: Vec<List>,
    /// Idle slots, the longest idle first (as a kernel wakes those that wait to accept), where it
    /// matters which one is taken: in the only process there is they are all alike.
    pub(crate) seats: VecDeque<u32>,
    /// Connections of runs before this one are known to be dead by their other ends.
    pub(crate) broken_epoch: u32,
    /// Crashes that are not over.
    pub(crate) crashes: u32,
}

const _: () = assert!(size_of::<InstanceState>() == 128);
const _: () = assert!(std::mem::offset_of!(InstanceState, waiting) == 64);

/// How many slots are told apart.
pub(crate) fn seats(capacity: u32, processes: u32) -> u32 {
    if capacity == u32::MAX || processes == 1 { 0 } else { capacity }
}

impl InstanceState {
    /// As it stands after a start.
    pub fn new(plan: &Blueprint, instance: &Instance) -> InstanceState {
        let service = &plan.services[instance.service.index()];
        let (capacity, classes) = match service.serving {
            Serving::Loops { .. } => (u32::MAX, 1),
            Serving::Slots { slots, order, .. } => {
                let classes = match order {
                    Order::Fifo | Order::Lifo => 1,
                    Order::Priority => 256,
                };
                (slots.saturating_mul(service.processes), classes)
            }
        };
        let seats = seats(capacity, service.processes);
        InstanceState {
            service: instance.service.0,
            first_process: instance.first_process,
            processes: service.processes,
            host: instance.host,
            speed: instance.speed,
            is_up: true,
            crashes: 0,
            epoch: 1,
            broken_epoch: 0,
            seats: (0..seats).collect(),
            capacity,
            busy: 0,
            waiting: vec![List::default(); classes],
            waiting_count: 0,
            calls: 0,
            connections: 0,
            unaccepted: List::default(),
        }
    }

    /// How many would have to be served before one that came now.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.busy >= self.capacity
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A request's last packet has reached the server's line.
    pub(crate) fn arrive(&mut self, key: Key) {
        let Some(call) = self.site.calls.get(key) else { return };
        let bytes = u64::from(self.plan.endpoints[call.endpoint.index()].request_bytes);
        match self.receive(call.rest.server_host, bytes) {
            Some(done) => drop(self.site.line.at(done, Event::Deliver { call: key })),
            None => self.deliver(key),
        }
    }

    /// A request has been taken in.
    #[inline]
    pub(crate) fn deliver(&mut self, key: Key) {
        let Site { calls, instances, connections, .. } = &*self.site;
        let Some(call) = calls.get(key) else { return };
        if call.stage != Stage::Away {
            return;
        }
        let state = &instances[call.instance as usize];
        let connection = connections.get(call.rest.connection);
        let is_alive = connection.is_none_or(|connection| connection.epoch == state.epoch);
        if !state.is_up || !is_alive {
            self.find_nobody(key);
        } else if !call.is.is_fresh || !state.is_full() || !self.is_left_in_the_kernel(key) {
            self.take_in(key);
        }
    }

    #[inline(never)]
    fn take_in(&mut self, key: Key) {
        let Run { site, tape, .. } = self;
        let Site { calls, instances, books, line, .. } = &mut **site;
        let now = line.now();
        let call = &mut calls[key];
        call.arrived = now;
        call.waited = Span::ZERO;
        let state = &mut instances[call.instance as usize];
        state.calls += 1;
        books.services[state.service as usize].started += 1;
        tape.level(Level::Calls(call.instance), state.calls, now);
        if call.is.on_loop {
            self.join_loop(key);
        } else if state.is_full() {
            self.find_no_seat(key);
        } else {
            self.take_seat(key);
            self.start(key);
        }
    }

    /// A request reaches a host on which nobody takes it in.
    #[cold]
    fn find_nobody(&mut self, key: Key) {
        let call = &self.site.calls[key];
        if self.site.is_lost(self.plan.instances[call.instance as usize].host) {
            self.send_data_again(key);
            return;
        }
        let is_open = self.site.connections.contains(call.rest.connection);
        let cause = if is_open { Cause::Reset } else { Cause::Refused };
        let way = self.way(key);
        self.signal(way, Event::Broken { call: key, cause });
    }

    /// A new connection to workers who are all busy, and whose accept queue is full: the kernel
    /// drops the handshake's last packet and the data with it, and the caller's sends it again.
    #[cold]
    fn is_left_in_the_kernel(&mut self, key: Key) -> bool {
        let call = &self.site.calls[key];
        let instance = &self.plan.instances[call.instance as usize];
        let service = &self.plan.services[instance.service.index()];
        let (Some(accept), Serving::Slots { .. }) = (service.accept, service.serving) else {
            return false;
        };
        let state = &self.site.instances[call.instance as usize];
        if state.waiting_count <= accept.backlog {
            return false;
        }
        self.end_handshake_again(key);
        true
    }

    /// The end of a handshake that was dropped comes again, with the data or because of the
    /// server's SYN-ACK.
    fn end_handshake_again(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let sent = usize::from(call.rest.resent);
        call.rest.resent += 1;
        let at = |number: usize| HANDSHAKE_ENDS_AGAIN_AT.get(number).copied();
        let last = sent.checked_sub(1).and_then(at).unwrap_or(0);
        let (next, event) = match at(sent) {
            Some(next) => (next, Event::Deliver { call: key }),
            None => (HANDSHAKE_IS_RESET_AT, Event::Broken { call: key, cause: Cause::Reset }),
        };
        self.site.line.after(Span::from_millis(next - last), event);
    }

    /// Data that nobody acknowledged is sent again by the caller's kernel, less and less often.
    fn send_data_again(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        if call.rest.connection.is_none() {
            return;
        }
        let sent = call.rest.resent;
        call.rest.resent += 1;
        let pause = DATA_RESENT_AFTER.times(1 << sent.min(10)).min(DATA_RESENT_AFTER_MAX);
        let event = if sent < DATA_RETRIES {
            Event::Deliver { call: key }
        } else {
            Event::Broken { call: key, cause: Cause::Reset }
        };
        self.site.line.after(pause, event);
    }

    /// A call is refused by the service itself, at once.
    pub(crate) fn turn_away(&mut self, key: Key, cause: Cause) {
        let at = self.service_of(key) as u16;
        self.hang_up_on_caller(key, cause);
        self.leave(key, Outcome { status: 503, cause, at });
    }

    /// Tells the caller, which still waits, that there will be no (more) answer.
    pub(crate) fn hang_up_on_caller(&mut self, key: Key, cause: Cause) {
        let call = &mut self.site.calls[key];
        call.make_ordinary();
        if call.phase == Phase::Over {
            return;
        }
        let way = self.way(key);
        self.site.calls[key].is.is_cut = true;
        self.signal(way, Event::Broken { call: key, cause });
    }

    /// A call leaves its instance for good.
    pub(crate) fn leave(&mut self, key: Key, outcome: Outcome) {
        let call = &mut self.site.calls[key];
        call.stage = Stage::Over;
        call.outcome = outcome;
        let is = call.is;
        if !is.is_direct && !call.rest.hold.is_none() {
            self.site.line.cancel(call.rest.hold);
        }
        if is.holds_slot {
            self.give_back_seat(key);
        }
        if is.is_background {
            self.applied(key);
            self.site.calls.remove(key);
            return;
        }
        let Run { site, tape, .. } = self;
        let Site { calls, instances, books, line, .. } = &mut **site;
        let now = line.now();
        let call = &calls[key];
        let (instance, arrived, waited) = (call.instance, call.arrived, call.waited);
        let is_wasted = is.is_wasted;
        let mut left_open = Key::NONE;
        if call.phase == Phase::Over {
            if !is.is_direct {
                left_open = call.rest.connection;
            }
            calls.remove(key);
        }
        let state = &mut instances[instance as usize];
        let service = state.service;
        let account = &mut books.services[service as usize];
        if is_wasted {
            account.cancelled += 1;
        } else if outcome.is_ok() {
            account.succeeded += 1;
        } else {
            account.failed += 1;
        }
        state.calls -= 1;
        let is_check = is.is_check;
        let over = Served { service, instance, arrived, waited, outcome, is_wasted, is_check };
        tape.left(over, state.calls, now);
        if !left_open.is_none() {
            self.closed(left_open);
        }
    }

    /// The caller has gone, and the server notices: whatever was under way here ends.
    pub(crate) fn cancel(&mut self, key: Key) {
        self.abandon_callees(key);
        let call = &self.site.calls[key];
        match call.place {
            Place::SlotQueue => self.leave_slot_queue(key),
            Place::LoopQueue => {
                let at = &mut self.site.loops[call.seat as usize];
                self.site.links.remove(&mut at.queue, key.index());
            }
            Place::Nowhere | Place::ServerQueue | Place::BackendQueue | Place::CommitQueue => {}
        }
        self.site.calls[key].place = Place::Nowhere;
        if self.site.calls[key].stage == Stage::Waiting && self.site.calls[key].is.on_loop {
            let now = self.now();
            let call = &mut self.site.calls[key];
            call.waited = now.since(call.arrived);
            let connection = call.rest.connection;
            self.count_unaccepted(key, -1);
            if let Some(connection) = self.site.connections.get_mut(connection) {
                connection.waiting = Key::NONE;
            }
        } else {
            self.leave_loop(key);
        }
        let call = &self.site.calls[key];
        let at = self.plan.instances[call.instance as usize].service.0 as u16;
        let given_up = Outcome { status: CLIENT_CLOSED, cause: Cause::ClientClosed, at };
        // What was answered, or had failed, ends as that.
        let has_ended = call.is.is_answered || !call.outcome.is_ok();
        self.leave(key, if has_ended { call.outcome } else { given_up });
    }

    /// The server learns that its caller has gone.
    pub(crate) fn abandoned(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if matches!(call.stage, Stage::Away | Stage::Over) {
            return;
        }
        call.is.is_wasted = true;
        // What was never accepted cannot be worked on for nobody.
        let is_unaccepted = call.is.on_loop && call.stage == Stage::Waiting;
        if !is_unaccepted && !self.stops_when_abandoned(key) {
            return;
        }
        // A burst or a read that has begun goes on; the loop notices when it is over.
        let call = &self.site.calls[key];
        let computes = call.stage == Stage::Running
            && (!call.is.on_loop || self.site.loops[call.seat as usize].holder == key);
        if !computes {
            self.cancel(key);
        }
    }

    /// Whether a call whose caller has gone is given up.
    pub(crate) fn stops_when_abandoned(&self, key: Key) -> bool {
        self.plan.services[self.service_of(key) as usize].stops_when_abandoned
    }

    /// Index of the service that serves a call.
    #[inline]
    pub(crate) fn service_of(&self, key: Key) -> u32 {
        self.plan.instances[self.site.calls[key].instance as usize].service.0
    }

    /// Forgets all work of an instance whose processes are gone.
    pub(crate) fn clear_instance(&mut self, id: InstanceId) {
        let now = self.now();
        let it = &self.plan.instances[id.index()];
        let old = &self.site.instances[id.index()];
        let (crashes, epoch, broken_epoch) = (old.crashes, old.epoch, old.broken_epoch);
        let fresh = InstanceState::new(self.plan, it);
        self.site.instances[id.index()] =
            InstanceState { is_up: false, crashes, epoch, broken_epoch, ..fresh };
        let service = &self.plan.services[it.service.index()];
        if let Serving::Loops { loops } = service.serving {
            let first = it.first_loop as usize;
            let count = (loops * service.processes) as usize;
            self.site.loops[first..first + count].fill(LoopState::default());
        }
        let processes = it.first_process as usize..(it.first_process + service.processes) as usize;
        self.site.process_connections[processes].fill(0);
        for level in
            [Level::Calls(id.0), Level::Waiting(id.0), Level::Busy(id.0), Level::Connections(id.0)]
        {
            self.tape.level(level, 0, now);
        }
    }
}
