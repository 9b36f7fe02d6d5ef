//! Promises: what must hold, of which part of the site, when.

use super::{RequestId, ServiceId, WorkloadId};
use crate::engine::time::{Instant, Span};

/// What was promised.
#[derive(Clone, Debug)]
pub struct Objective {
    /// As in the file.
    pub name: String,
    /// The requirement as it was written.
    pub require: String,
    /// The line of the file where it stands, from 1; 0 if it does not stand in a file.
    pub line: u32,
    /// Which requests, or which machinery.
    pub scope: Scope,
    /// Only what stands in this zone (index).
    pub zone: Option<u32>,
    /// From here …
    pub from: Instant,
    /// … to here: arrivals of what is counted, the time over which a level is averaged.
    pub until: Instant,
    /// What is counted.
    pub promise: Promise,
    /// A percentile counts successes only, rather than failures as beyond every limit.
    pub successes_only: bool,
    /// Relative distance to the limit at which nobody needs to know on which side.
    pub margin: f64,
}

impl Objective {
    /// From where on what is bad breaks it: of a recovery from its clock.
    pub fn judged_from(&self) -> Instant {
        match self.promise {
            Promise::Recovery(it) => self.from.max(it.clock),
            _ => self.from,
        }
    }
}

impl Objective {
    /// The service whose calls it judges one by one, if it does.
    pub fn judges_calls_of(&self) -> Option<ServiceId> {
        match (self.scope, self.promise) {
            (
                Scope::Service(id),
                Promise::Percentile { .. }
                | Promise::Mean { .. }
                | Promise::Success { .. }
                | Promise::Recovery(_)
                | Promise::Budget(_),
            ) => Some(id),
            _ => None,
        }
    }
}

/// What an objective is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All requests, or all hosts.
    Site,
    /// Requests of one kind.
    Request(RequestId),
    /// Requests of one source.
    Workload(WorkloadId),
    /// Calls to one service (as it sees them), or what it runs on.
    Service(ServiceId),
}

/// What is required.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Promise {
    /// At least this share is faster than the limit.
    Percentile {
        /// 0.99 for p(99).
        share: f64,
        /// The limit.
        limit: Span,
    },
    /// Successes take less than this on average.
    Mean {
        /// The limit.
        limit: Span,
    },
    /// At least this share succeeds.
    Success {
        /// 0.999 for 99.9%.
        share: f64,
    },
    /// More than so many successes a second.
    Throughput {
        /// The limit, per second.
        least: f64,
    },
    /// A resource is in use for less than this share of its time.
    Utilisation {
        /// Which.
        of: Resource,
        /// The limit, 0 to 1.
        most: f64,
    },
    /// Fewer calls than this wait for a service, on average.
    Queue {
        /// The limit.
        most: f64,
    },
    /// Transactions are visible at replicas sooner than this.
    Lag {
        /// The share of which that is required; `None`: on average.
        share: Option<f64>,
        /// The limit.
        limit: Span,
    },
    /// After an event, things are as good as they would be without it, sooner than this.
    Recovery(Recovery),
    /// Over a long time, the events that are to be expected and everyday failures together burn less
    /// than this share of what may be bad.
    Budget(Budget),
}

/// When a request is good, and how many have to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Good {
    /// At least this share.
    pub share: f64,
    /// What takes as long or longer is bad, as failures are. `None`: only those are.
    pub limit: Option<Span>,
}

/// How soon everything is well again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// Sooner than this.
    pub within: Span,
    /// What being well is.
    pub of: Good,
    /// The clock starts here.
    pub clock: Instant,
    /// It has to stay well for so long.
    pub hold: Span,
    /// In at least this share of all cases.
    pub share: f64,
}

/// An error budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// What it is the budget of.
    pub of: Good,
    /// Over so long.
    pub over: Span,
    /// The limit, 1.0 for all of it.
    pub most: f64,
    /// A slice of so long is bad as a whole, or good. `None`: each request is.
    pub slice: Option<Span>,
}

/// What a service runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Its hosts' cores.
    Cpu,
    /// Its slots or loops.
    Workers,
    /// Its hosts' disk channels.
    Disk,
    /// Its hosts' NICs, outwards.
    Nic,
}

impl Resource {
    /// Each of them.
    pub const ALL: [Resource; 4] =
        [Resource::Cpu, Resource::Workers, Resource::Disk, Resource::Nic];

    /// As scenarios write it.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Cpu => "cpu",
            Resource::Workers => "workers",
            Resource::Disk => "disk",
            Resource::Nic => "nic",
        }
    }
}
