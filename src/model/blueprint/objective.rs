//! What was promised.

use super::{RequestId, ServiceId, WorkloadId};
use crate::engine::time::{Instant, Span};

/// Something that was promised.
#[derive(Clone, Debug)]
pub struct Objective {
    /// As in the file.
    pub name: String,
    /// The requirement as it was written.
    pub require: String,
    /// Which requests.
    pub scope: Scope,
    /// Arrivals from here …
    pub from: Instant,
    /// … to here count.
    pub until: Instant,
    /// What is counted.
    pub promise: Promise,
    /// A percentile counts successes only, rather than failures as beyond every limit.
    pub successes_only: bool,
    /// Relative distance to the limit at which nobody needs to know on which side.
    pub margin: f64,
}

/// Which requests an objective is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Site,
    /// Of one kind.
    Request(RequestId),
    /// Of one source.
    Workload(WorkloadId),
    /// Calls to one service (as it sees them).
    Service(ServiceId),
}

/// What is required.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// At least this share is at most this slow.
    Percentile {
        /// 0.99 for p(99).
        share: f64,
        /// The limit.
        limit: Span,
    },
    /// At least this share succeeds.
    Success {
        /// 0.999 for 99.9%.
        share: f64,
    },
}
