//! Everything that can happen to a running site.

use crate::{
    engine::{
        slab::Key,
        timeline::{DelayId, Happening, WORD_BITS},
    },
    measure::outcome::Cause,
};

/// 16 bytes and `Copy`: the timeline moves events, it never boxes them. Calls and connections are
/// named by key; an event whose key has gone stale is about something that no longer exists.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// The next visitor (or batch) of a source arrives.
    Visit {
        /// Index of the workload.
        source: u32,
    },
    /// A closed user has finished thinking.
    Ask {
        /// Index of the user.
        user: u32,
    },
    /// A direct call is at its server.
    Reach {
        /// Which.
        call: Key,
    },
    /// The answer to a direct call is back.
    Return {
        /// Of the call that waits for it.
        call: Key,
        /// Of the answer.
        bytes: u32,
    },
    /// A SYN reaches the server.
    Syn {
        /// For which call.
        call: Key,
    },
    /// The SYN-ACK reaches the caller.
    Connected {
        /// For which call.
        call: Key,
    },
    /// Connected, TLS included: the request is sent.
    Send {
        /// Which.
        call: Key,
    },
    /// The last packet of a request reaches the server's line.
    Arrive {
        /// Which.
        call: Key,
    },
    /// The request has been taken in.
    Deliver {
        /// Which.
        call: Key,
    },
    /// The answer begins to arrive.
    FirstByte {
        /// Of which call.
        call: Key,
    },
    /// The last packet of the answer reaches the caller's line.
    LastByte {
        /// Of which call.
        call: Key,
    },
    /// The answer has been taken in.
    Answered {
        /// Of which call.
        call: Key,
    },
    /// The caller learns that its call is lost (refused, reset, cut off).
    Broken {
        /// Which.
        call: Key,
        /// Why.
        cause: Cause,
    },
    /// The server learns that its caller has gone.
    Abandoned {
        /// Of which call.
        call: Key,
    },
    /// The server learns that a connection was closed.
    Closed {
        /// Which.
        connection: Key,
    },
    /// A closed user's connection has been idle for too long.
    Idle {
        /// Which.
        connection: Key,
    },
    /// So may have those that a process keeps to a server.
    Stale {
        /// Index of the peer.
        peer: u32,
        /// What is too long.
        delay: DelayId,
    },
    /// The caller's timer: of queueing, connecting or waiting for the answer.
    TimeOut {
        /// Of which call.
        call: Key,
    },
    /// A visitor's patience is at its end.
    GiveUp {
        /// The visitor's own call.
        call: Key,
    },
    /// A call gives up waiting for a slot.
    Renege {
        /// Which.
        call: Key,
    },
    /// A pause within a program is over: a wait, a disk read, a full send buffer.
    Resume {
        /// Of which call.
        call: Key,
    },
    /// A failed call is tried again after its turn-around.
    Retry {
        /// Which.
        call: Key,
    },
    /// A job on shared cores is done, unless more have come meanwhile.
    Cpu {
        /// Index of the host.
        host: u32,
    },
    /// A core has worked on a job until its end, unless it was stopped meanwhile.
    Computed {
        /// Index of the host.
        host: u32,
        /// Which core.
        core: u32,
        /// Which of its stints.
        turn: u32,
    },
    /// A commit group is on stable storage.
    Flushed {
        /// Index of the log.
        log: u16,
        /// Whose: 0 is the primary, then its replicas.
        writer: u16,
        /// Which flush of the group it was.
        stage: u16,
        /// The instance's run.
        epoch: u32,
    },
    /// A transaction reaches a replica.
    Shipped {
        /// Index of the log.
        log: u16,
        /// Index among the log's replicas.
        replica: u16,
        /// The replica's connection it was sent on.
        epoch: u32,
    },
    /// A replica tries to reach its source again.
    Follow {
        /// Index of the log.
        log: u16,
        /// Index among the log's replicas.
        replica: u16,
        /// The replica's connection that was lost.
        epoch: u32,
    },
    /// A health check is due.
    Check {
        /// Index of the view.
        view: u32,
        /// Index among its servers.
        server: u32,
    },
    /// A process closes half of its idle connections.
    Purge {
        /// Index of the view.
        view: u32,
    },
    /// Something on the scenario's timeline.
    Happen {
        /// Index in the blueprint's timeline.
        index: u32,
    },
}

const _: () = assert!(size_of::<Event>() <= 16);

/// Set in the words of visits.
const VISIT: u32 = 1 << (WORD_BITS - 1);
/// How many bits name a core within its host, in the words of computed jobs.
const CORE_BITS: u32 = 8;

impl Event {
    /// Tells `Visit`.
    #[inline]
    pub(crate) fn word_of_source(source: u32) -> u32 {
        assert!(source < VISIT, "{source} sources");
        VISIT | source
    }

    /// Tells `Computed`, whose turn is the sequence of the event. `None` for a core too many.
    #[inline]
    pub(crate) fn word_of_core(host: u32, core: u32) -> Option<u32> {
        let fits = core >> CORE_BITS == 0 && host < VISIT >> CORE_BITS;
        fits.then_some(host << CORE_BITS | core)
    }
}

impl Happening for Event {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "an event handed over in memory stalls")]
    fn told(word: u32, sequence: u32) -> Event {
        if word & VISIT != 0 {
            return Event::Visit { source: word & !VISIT };
        }
        let (host, core) = (word >> CORE_BITS, word & ((1 << CORE_BITS) - 1));
        Event::Computed { host, core, turn: sequence }
    }
}
