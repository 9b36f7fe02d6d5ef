//! A call: one attempt of one request at one instance, as both of its ends see it.

use super::blueprint::{EndpointId, UpstreamId};
use crate::{
    engine::{
        slab::Key,
        time::{Instant, Span},
        timeline::{DelayId, Ticket},
    },
    measure::outcome::Outcome,
};

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// How the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In the queue of a server or of the backend as a whole.
    Queued,
    /// Holds no slot; is tried again in a moment.
    Pausing,
    /// A slot is held, the connection is being opened.
    Connecting,
    /// The request is on its way or being worked on.
    Sent,
    /// The answer has begun.
    Receiving,
    /// Nobody waits for it: answered, given up, or it has no caller.
    Over,
}

/// How the server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has not arrived.
    Away,
    /// Waits for a slot, or for its connection to be accepted.
    Waiting,
    /// Its program runs (or waits for something below).
    Running,
    /// Its program is over but for the rest of an answer that it passes on.
    Relaying,
    /// Nothing is left of it here.
    Over,
}

/// Where a waiting call is listed. It waits for one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On no list.
    Nowhere,
    /// At one server of its view.
    ServerQueue,
    /// At its view's backend.
    BackendQueue,
    /// For a slot of its instance.
    SlotQueue,
    /// For its event loop.
    LoopQueue,
    /// For a commit group.
    CommitQueue,
}

/// What else is to be known of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits {
    /// May be repeated safely.
    pub is_idempotent: bool,
    /// Its connection was opened for it.
    pub is_fresh: bool,
    /// A health check: holds no slot of its view, is never tried again.
    pub is_check: bool,
    /// A visitor's own program.
    pub is_root: bool,
    /// Background work without a caller (a replica's applier).
    pub is_background: bool,
    /// It holds a slot of its view at its server.
    pub holds_server: bool,
    /// It holds a slot of its instance.
    pub holds_slot: bool,
    /// It was answered (or its answer is on the way).
    pub is_answered: bool,
    /// What was sent of its answer will never arrive.
    pub is_cut: bool,
    /// Its caller has gone; what it does is wasted.
    pub is_wasted: bool,
    /// More than one of its calls may be under way.
    pub has_forked: bool,
    /// The request was sent.
    pub was_sent: bool,
    /// Its instance has event loops.
    pub on_loop: bool,
    /// The caller goes on when the answer begins.
    pub cuts_through: bool,
    /// It has gone on with the answer that it passes on, before that was complete.
    pub goes_on: bool,
}

/// One attempt of one request at one instance.
#[derive(Clone, Debug)]
pub struct Call {
    /// Decides what is asked.
    pub request_key: u64,
    /// Decides how long it takes and random picks.
    pub attempt_key: u64,
    /// When it arrived at the instance; for a visitor's own program, when the visitor came.
    pub arrived: Instant,
    /// When it was queued at its caller, for its age.
    pub queued: Instant,
    /// How long it waited for a slot.
    pub waited: Span,
    /// When the last byte of its answer leaves the server.
    pub sent_until: Instant,
    /// When the last byte of its answer reaches the caller.
    pub answer_until: Instant,
    /// When the last byte of the answer it passes on has reached it.
    pub body_until: Instant,
    /// Who waits for it.
    pub caller: Key,
    /// Whom it waits for (the last one, if it has forked).
    pub callee: Key,
    /// What carries it.
    pub connection: Key,
    /// The caller's timer: queue, connect or response time-out; then the answer's last byte. A
    /// visitor's patience.
    pub timer: Ticket,
    /// The server's timer: patience for a slot, or the send buffer.
    pub hold: Ticket,
    /// Servers that were tried, by index modulo 64.
    pub tried: u64,
    /// What is asked.
    pub endpoint: EndpointId,
    /// Through which declared view it was called.
    pub upstream: UpstreamId,
    /// The caller's process's state of that view.
    pub view: u32,
    /// Index among the view's servers.
    pub server: u32,
    /// Index of the instance that serves it; of a visitor's program, the visitors'.
    pub instance: u32,
    /// Process of that instance, counted over all instances.
    pub process: u32,
    /// Event loop, counted over all instances; for slots, the slot within the instance.
    pub seat: u32,
    /// The next operation.
    pub pc: u32,
    /// Draws of the same place differ between rounds of a loop.
    pub round: u32,
    /// Disk reads left of the present operation.
    pub reads: u32,
    /// Calls that have not answered yet.
    pub pending: u32,
    /// Bytes of the answer: of the file picked, or of the last call's answer.
    pub bytes: u32,
    /// The file that is being read from disk.
    pub file: u32,
    /// A visitor's kind of request.
    pub request: u32,
    /// A closed user's index.
    pub user: u32,
    /// One-way delay to the visitor that made it, if it is not the zones'.
    pub one_way: Option<Span>,
    /// The constant delay between its two ends.
    pub delay: DelayId,
    /// The host that serves it; `NONE` if no NIC is between its ends.
    pub server_host: u32,
    /// The host that made it; `NONE` if no NIC is between its ends.
    pub caller_host: u32,
    /// How it ended, or what went wrong below so far.
    pub outcome: Outcome,
    /// 0 for the first.
    pub attempt: u16,
    /// SYNs sent, or requests sent anew to a full accept queue.
    pub resent: u8,
    /// How the caller sees it.
    pub phase: Phase,
    /// How the server sees it.
    pub stage: Stage,
    /// Where it waits.
    pub place: Place,
    /// It answers with whatever its callee answers, errors included.
    pub passes_on: bool,
    /// What else is to be known.
    pub is: Traits,
}

impl Call {
    /// A call that nobody has made yet.
    pub fn new(endpoint: EndpointId, request_key: u64, attempt_key: u64) -> Call {
        Call {
            request_key,
            attempt_key,
            arrived: Instant::ZERO,
            queued: Instant::ZERO,
            waited: Span::ZERO,
            sent_until: Instant::ZERO,
            answer_until: Instant::ZERO,
            body_until: Instant::ZERO,
            caller: Key::NONE,
            callee: Key::NONE,
            connection: Key::NONE,
            timer: Ticket::NONE,
            hold: Ticket::NONE,
            tried: 0,
            endpoint,
            upstream: UpstreamId(NONE),
            view: NONE,
            server: NONE,
            instance: NONE,
            process: NONE,
            seat: NONE,
            pc: 0,
            round: 0,
            reads: 0,
            pending: 0,
            bytes: 0,
            file: NONE,
            request: NONE,
            user: NONE,
            one_way: None,
            delay: DelayId(NONE),
            server_host: NONE,
            caller_host: NONE,
            outcome: Outcome::OK,
            attempt: 0,
            resent: 0,
            phase: Phase::Over,
            stage: Stage::Away,
            place: Place::Nowhere,
            passes_on: false,
            is: Traits::default(),
        }
    }

    /// Whether several of its calls may be under way.
    pub fn has_many_callees(&self) -> bool {
        self.is.has_forked && self.pending > 0
    }

    /// Whether anybody waits for its answer.
    pub fn is_awaited(&self) -> bool {
        matches!(self.phase, Phase::Sent | Phase::Receiving) && !self.is.is_cut
    }

    /// Whether its answer is coming in, its last byte under way.
    pub fn is_receiving(&self) -> bool {
        self.phase == Phase::Receiving && !self.is.is_cut
    }
}
