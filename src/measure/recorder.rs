//! What a running site tells whoever measures it. It learns nothing back.

use super::outcome::Outcome;
use crate::engine::time::{Instant, Span};

/// A visitor's request that is over (or was cut off by the end of the run).
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// The request's own key.
    pub key: u64,
    /// Index of the workload.
    pub workload: u32,
    /// Index of the request type.
    pub request: u32,
    /// The visitor's first attempt.
    pub arrived: Instant,
    /// What the visitor saw, when.
    pub ended: Instant,
    /// And how it ended.
    pub outcome: Outcome,
}

/// A call that is over at the instance that served it.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// Index of the service.
    pub service: u32,
    /// Index of the instance.
    pub instance: u32,
    /// When it arrived there.
    pub arrived: Instant,
    /// How long it waited for a slot (or to be accepted).
    pub waited: Span,
    /// How it ended. `cancelled` if nobody was left to answer.
    pub outcome: Outcome,
    /// The caller had gone: its work was wasted.
    pub is_wasted: bool,
    /// It was a health check: work, but nobody's call.
    pub is_check: bool,
}

/// An attempt that is over before any server had it: nobody picked, refused, reset or timed out while
/// connecting, given up in a queue of its caller or on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Index of the upstream that it was made through.
    pub upstream: u32,
    /// Index of the instance that had been picked for it, if one had.
    pub instance: Option<u32>,
    /// When it was made.
    pub made: Instant,
}

/// A quantity that has a level at every instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Calls at an instance (arrived, not yet answered): waiting and in service.
    Calls(u32),
    /// Calls waiting to be accepted by an instance of loops. Those that wait for a slot need not be
    /// told: they are the calls there above the number of slots.
    Waiting(u32),
    /// Loops of an instance that are busy. Slots need not be told: as many are held as there are
    /// calls, at most all.
    Busy(u32),
    /// Connections an instance has accepted and not closed.
    Connections(u32),
    /// Threads that want a core of a host, running ones included.
    Runnable(u32),
    /// Calls waiting for a server in the queues of an upstream, all its processes together.
    Queued(u32),
}

/// A device that is busy for a stretch that is known when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// A host's NIC, sending.
    Sending(u32),
    /// A host's NIC, receiving.
    Receiving(u32),
    /// One of a host's disk channels.
    Disk(u32),
}

/// Receives what happens, in the order in which it happens.
pub trait Recorder {
    /// A visitor's request has begun (its first attempt). Every request that is told of here is
    /// told of once more, as finished or cut off.
    fn arrived(&mut self, _workload: u32, _request: u32, _now: Instant) {}
    /// A visitor's request is over.
    fn finished(&mut self, request: Finished, now: Instant);
    /// A call is over at its server.
    fn served(&mut self, call: Served, now: Instant);
    /// Both in one: a call is over at its server, at which so many are left.
    #[inline]
    fn left(&mut self, call: Served, left: u32, now: Instant) {
        self.level(Level::Calls(call.instance), left, now);
        self.served(call, now);
    }
    /// An attempt through an upstream (index) failed, with its cause; it may be tried again.
    fn attempt_failed(&mut self, upstream: u32, outcome: Outcome, now: Instant);
    /// An attempt is over, and no server ever had it: `served` will not tell of it.
    fn missed(&mut self, _attempt: Missed, _now: Instant) {}
    /// The run ends, and a call is still at its server (index of the instance): `served` will not tell of it.
    fn unanswered(&mut self, _instance: u32, _arrived: Instant, _now: Instant) {}
    /// A server of an upstream (index), in the eyes of one of its callers' processes, is passed over for
    /// its failures for so long.
    fn banned(&mut self, _upstream: u32, _from: Instant, _until: Instant) {}
    /// A level has changed to `value`.
    fn level(&mut self, level: Level, value: u32, now: Instant);
    /// A device is busy from `from` (now or later) to `until`.
    fn busy(&mut self, device: Device, from: Instant, until: Instant, now: Instant);
    /// A host is gone: what its devices still had to do is not done.
    fn lost(&mut self, _host: u32, _now: Instant) {}
    /// A file was found in a host's page cache, or not.
    fn page_cache(&mut self, host: u32, is_hit: bool, now: Instant);
    /// A page was found in an instance's buffer pool, or not.
    fn buffer_pool(&mut self, _instance: u32, _is_hit: bool, _now: Instant) {}
    /// A replica (index of the instance) made a transaction visible, so long after its commit.
    fn applied(&mut self, instance: u32, lag: Span, now: Instant);
    /// The run ends, and a replica (index of the instance) does not show a transaction of that time.
    fn unseen(&mut self, _instance: u32, _committed: Instant, _now: Instant) {}
    /// A commit group of so many transactions was flushed by an instance.
    fn flushed(&mut self, instance: u32, transactions: u32, now: Instant);
}

/// Records nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Recorder for Silent {
    fn finished(&mut self, _: Finished, _: Instant) {}
    fn served(&mut self, _: Served, _: Instant) {}
    fn attempt_failed(&mut self, _: u32, _: Outcome, _: Instant) {}
    fn level(&mut self, _: Level, _: u32, _: Instant) {}
    fn busy(&mut self, _: Device, _: Instant, _: Instant, _: Instant) {}
    fn page_cache(&mut self, _: u32, _: bool, _: Instant) {}
    fn applied(&mut self, _: u32, _: Span, _: Instant) {}
    fn flushed(&mut self, _: u32, _: u32, _: Instant) {}
}
