//! The operations that programs are made of.

use super::{EndpointId, FilesId, LawId, LogId, TableId, UpstreamId};

/// An operation and where its draws take place: a hash of the scenario's own names for it (service,
/// endpoint, path in its steps), so that nothing added elsewhere moves it.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    /// What is done.
    pub op: Op,
    /// The place of its draws.
    pub place: u64,
}

const _: () = assert!(size_of::<Instruction>() <= 24);

/// One operation of a program.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// Uses a core for so many seconds of work.
    Cpu {
        /// Seconds at speed 1.
        work: LawId,
        /// Whether a retry meets the same work (the demand is the request's own).
        of_request: bool,
    },
    /// As `Cpu`, but only on a connection that has just been opened (accept, TLS handshake).
    Handshake {
        /// Seconds at speed 1.
        work: LawId,
    },
    /// Waits so many seconds and holds what it holds.
    Wait {
        /// Seconds.
        law: LawId,
    },
    /// So many disk reads, one after the other, each blocking.
    Read {
        /// How many.
        count: LawId,
        /// Bytes of each.
        bytes: u32,
    },
    /// Reads so many pages of a table one after the other: from the buffer pool, else from disk.
    Pages {
        /// Of which table.
        table: TableId,
        /// How many.
        count: LawId,
    },
    /// Picks a file and reads it: from the page cache, else from disk. Its size is the answer's.
    File {
        /// Of which population.
        files: FilesId,
    },
    /// Calls and waits.
    Call {
        /// Through which view.
        upstream: UpstreamId,
        /// What is asked.
        endpoint: EndpointId,
        /// Goes on at the first byte (a proxy that cuts through) or at the last.
        until: Milestone,
    },
    /// Calls and waits, where nothing can happen on the way.
    CallDirectly(DirectCall),
    /// Starts each of the next `calls` operations (all `Call`) `copies` times, at once, and goes on
    /// behind them when all have answered.
    Fork {
        /// How many operations.
        calls: u16,
        /// How many times each.
        copies: u16,
    },
    /// With this probability goes on, else jumps.
    Branch {
        /// Probability of going on, of 2^32.
        share: u32,
        /// Where to otherwise.
        otherwise: u32,
    },
    /// Jumps. Backwards begins a new round: draws of the same place differ.
    Jump {
        /// Where to.
        to: u32,
    },
    /// Begins a new round of an unrolled loop.
    Round,
    /// Appends to the log, waits for the group's flush to disk.
    Commit {
        /// Which log.
        log: LogId,
        /// The program by which a replica applies the transaction.
        apply: EndpointId,
    },
    /// A replica's worker has applied its transaction: it waits for those before it, and for the
    /// replica's own flush to disk.
    CommitApplied,
    /// Sends the answer.
    Respond {
        /// Bytes.
        bytes: LawId,
        /// Whether the program is over with it. Derived.
        is_last: bool,
    },
    /// Sends the file that `File` picked.
    RespondFile,
    /// Passes on what the last call answered, cut through.
    Relay,
    /// The program is over.
    End,
}

/// A call to which nothing can happen on its way.
#[derive(Clone, Copy, Debug)]
pub struct DirectCall {
    /// Through which view.
    pub upstream: UpstreamId,
    /// What is asked.
    pub endpoint: EndpointId,
    /// Where the program that answers begins.
    pub entry: u32,
}

/// When a caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The answer begins.
    FirstByte,
    /// The answer is complete.
    LastByte,
}
