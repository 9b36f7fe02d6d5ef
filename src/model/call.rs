//! A call: one attempt of one request at one instance, as both of its ends see it.

use super::blueprint::{Blueprint, EndpointId, UpstreamId};
use crate::{
    engine::{
        slab::{Entry, Generation, Key},
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
    /// Nothing can happen to it on its way (see `direct`); its `rest` means nothing.
    pub is_direct: bool,
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
///
/// What every call needs comes first, the generation included: a direct call (see `direct`) touches
/// two neighbouring cache lines, which are fetched together, and no more. The rest is only written
/// when an ordinary call begins.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub struct Call {
    /// Decides what is asked.
    pub request_key: u64,
    /// Decides how long it takes and random picks.
    pub attempt_key: u64,
    /// When it arrived at the instance, and until then when it was made; for a visitor's own program,
    /// when the visitor came.
    pub arrived: Instant,
    /// How long it waited for a slot.
    pub waited: Span,
    /// Who waits for it.
    pub caller: Key,
    /// Whom it waits for (the last one, if it has forked).
    pub callee: Key,
    /// The caller's timer: queue, connect or response time-out; then the answer's last byte. A
    /// visitor's patience.
    pub timer: Ticket,
    /// What is asked.
    pub endpoint: EndpointId,
    /// Through which declared view it was called.
    pub upstream: UpstreamId,
    /// Index of the instance that serves it; of a visitor's program, the visitors'.
    pub instance: u32,
    /// Process of that instance, counted over all instances.
    pub process: u32,
    /// The next operation.
    pub pc: u32,
    /// Draws of the same place differ between rounds of a loop.
    pub round: u32,
    /// Calls that have not answered yet.
    pub pending: u32,
    /// Bytes of the answer: of the file picked, or of the last call's answer.
    pub bytes: u32,
    /// The constant delay between its two ends.
    pub delay: DelayId,
    /// How it ended, or what went wrong below so far.
    pub outcome: Outcome,
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
    /// Event loop, counted over all instances; for slots, the slot within the instance.
    pub seat: u32,
    /// Of its place among the calls.
    generation: Generation,
    /// What only ordinary calls have.
    pub rest: Rest,
}

/// What a direct call has no use for.
#[derive(Clone, Debug)]
pub struct Rest {
    /// When it was queued at its caller, for its age.
    pub queued: Instant,
    /// When the last byte of its answer leaves the server.
    pub sent_until: Instant,
    /// When the last byte of its answer reaches the caller.
    pub answer_until: Instant,
    /// When the last byte of the answer it passes on has reached it.
    pub body_until: Instant,
    /// What carries it.
    pub connection: Key,
    /// The server's timer: patience for a slot, or the send buffer.
    pub hold: Ticket,
    /// Servers that were tried, by index modulo 64.
    pub tried: u64,
    /// One-way delay to the visitor that made it, if it is not the zones'.
    pub one_way: Option<Span>,
    /// The caller's process's state of its view.
    pub view: u32,
    /// Index among the view's servers.
    pub server: u32,
    /// Disk reads left of the present operation.
    pub reads: u32,
    /// The file that is being read from disk.
    pub file: u32,
    /// A closed user's index.
    pub user: u32,
    /// The host that serves it; `NONE` if no NIC is between its ends.
    pub server_host: u32,
    /// The host that made it; `NONE` if no NIC is between its ends.
    pub caller_host: u32,
    /// 0 for the first.
    pub attempt: u16,
    /// SYNs sent, or requests sent anew to a full accept queue.
    pub resent: u8,
}

const _: () = assert!(std::mem::offset_of!(Call, rest) <= 128 && size_of::<Call>() <= 256);

impl Entry for Call {
    #[inline]
    fn generation(&self) -> Generation {
        self.generation
    }

    #[inline]
    fn generation_mut(&mut self) -> &mut Generation {
        &mut self.generation
    }
}

#[cfg(debug_assertions)]
impl Rest {
    /// Makes whoever reads this of a direct call stumble.
    fn spoil(&mut self) {
        self.view = NONE - 1;
        self.server = NONE - 1;
        self.user = NONE - 1;
        self.server_host = NONE - 1;
        self.caller_host = NONE - 1;
        self.one_way = Some(Span::MAX);
        self.attempt = u16::MAX;
    }
}

impl Default for Rest {
    fn default() -> Rest {
        Rest {
            queued: Instant::ZERO,
            sent_until: Instant::ZERO,
            answer_until: Instant::ZERO,
            body_until: Instant::ZERO,
            connection: Key::NONE,
            hold: Ticket::NONE,
            tried: 0,
            one_way: None,
            view: NONE,
            server: NONE,
            reads: 0,
            file: NONE,
            user: NONE,
            server_host: NONE,
            caller_host: NONE,
            attempt: 0,
            resent: 0,
        }
    }
}

impl Default for Call {
    fn default() -> Call {
        Call {
            request_key: 0,
            attempt_key: 0,
            arrived: Instant::ZERO,
            waited: Span::ZERO,
            caller: Key::NONE,
            callee: Key::NONE,
            timer: Ticket::NONE,
            endpoint: EndpointId(NONE),
            upstream: UpstreamId(NONE),
            instance: NONE,
            process: NONE,
            pc: 0,
            round: 0,
            pending: 0,
            bytes: 0,
            delay: DelayId(NONE),
            outcome: Outcome::OK,
            phase: Phase::Over,
            stage: Stage::Away,
            place: Place::Nowhere,
            passes_on: false,
            is: Traits::default(),
            seat: NONE,
            generation: Generation::default(),
            rest: Rest::default(),
        }
    }
}

impl Call {
    /// An ordinary call that nobody has made yet.
    pub fn new(endpoint: EndpointId, request_key: u64, attempt_key: u64) -> Call {
        Call { request_key, attempt_key, endpoint, ..Call::default() }
    }

    /// Makes this place a direct call, or a visitor's own program: all but `rest`, which is left as
    /// it lies.
    #[inline]
    pub(crate) fn begin(&mut self, endpoint: EndpointId, request_key: u64, attempt_key: u64) {
        self.request_key = request_key;
        self.attempt_key = attempt_key;
        self.caller = Key::NONE;
        self.callee = Key::NONE;
        self.timer = Ticket::NONE;
        self.endpoint = endpoint;
        self.pc = 0;
        self.round = 0;
        self.pending = 0;
        self.bytes = 0;
        self.outcome = Outcome::OK;
        self.place = Place::Nowhere;
        self.passes_on = false;
        self.is = Traits { is_direct: true, ..Traits::default() };
        self.seat = NONE;
        #[cfg(debug_assertions)]
        self.rest.spoil();
    }

    /// Has what it needs to run, and stands at the beginning of its program.
    #[inline]
    pub(crate) fn begin_program(&mut self, plan: &Blueprint) {
        self.stage = Stage::Running;
        self.pc = plan.endpoints[self.endpoint.index()].entry;
    }

    /// Makes a direct call an ordinary one.
    pub(crate) fn make_ordinary(&mut self) {
        if std::mem::replace(&mut self.is.is_direct, false) {
            self.rest = Rest::default();
        }
    }

    /// Whether it is a check that wants no more than a connection.
    pub(crate) fn asks_nothing(&self) -> bool {
        self.is.is_check && self.endpoint.0 == NONE
    }

    /// Whether several of its calls may be under way.
    pub fn has_many_callees(&self) -> bool {
        self.is.has_forked && self.pending > 0
    }

    /// Whether it is on its way to its server, or there.
    pub fn is_under_way(&self) -> bool {
        match self.stage {
            Stage::Away => self.phase != Phase::Over,
            Stage::Waiting | Stage::Running | Stage::Relaying => true,
            Stage::Over => false,
        }
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
