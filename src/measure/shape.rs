//! How much there is to measure: counts and limits, no names. Made from the compiled scenario.

use super::phases::Phases;
use crate::engine::time::{Instant, Span};

/// A site as a recorder needs to know it. Indices are those of the compiled scenario.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// How finely what happened is told over time.
    pub detail: Detail,
    /// Arrivals from here …
    pub from: Instant,
    /// … to here count; levels and busy times are integrated over the same window.
    pub until: Instant,
    /// Services, those of visitors included.
    pub services: u32,
    /// Instances, those of visitors included.
    pub instances: Vec<InstanceShape>,
    /// Machines.
    pub hosts: Vec<HostShape>,
    /// Upstreams.
    pub upstreams: u32,
    /// Request types.
    pub requests: u32,
    /// Workloads.
    pub workloads: u32,
    /// Objectives.
    pub objectives: Vec<ObjectiveShape>,
    /// Stretches of the window that requests are told of by themselves.
    pub windows: Vec<(Instant, Instant)>,
    /// Nothing happens and no rate changes, so that parts of the window are alike.
    pub is_steady: bool,
}

/// Into how many parts the window is cut at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail {
    /// For requests.
    pub request_parts: u32,
    /// So many for requests however many kinds of them there are.
    pub request_parts_least: u32,
    /// For hosts and instances.
    pub usage_parts: u32,
    /// Objectives of a steady site are read batch by batch, too.
    pub has_batches: bool,
}

impl Detail {
    /// For pictures and tables of one scenario.
    pub const FINE: Detail =
        Detail { request_parts: 240, request_parts_least: 24, usage_parts: 60, has_batches: true };
    /// Enough to see whether work piles up: for thousands of variants, each of which leaves a few
    /// kilobytes a replication.
    pub const COARSE: Detail =
        Detail { request_parts: 24, request_parts_least: 24, usage_parts: 10, has_batches: false };
    /// For pilots. Widths are round, so there may be two and a half times fewer parts: at least the
    /// fifty that a warm-up is found by, whatever the duration.
    pub const PILOT: Detail = Detail {
        request_parts: 150,
        request_parts_least: 150,
        usage_parts: 150,
        has_batches: false,
    };
}

impl Default for Detail {
    fn default() -> Detail {
        Detail::FINE
    }
}

/// An instance.
#[derive(Clone, Copy, Debug)]
pub struct InstanceShape {
    /// Index of its service.
    pub service: u32,
    /// Slots or loops of all its processes together; `None`: no limit.
    pub workers: Option<u32>,
    /// Which they are.
    pub workers_are: Workers,
}

/// What serves the calls at an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// A call has one from its start to its end and waits only while all are held: how many are
    /// held, and how many calls wait, follows from the number of calls.
    Slots,
    /// A call has one only now and then: how many are busy, and how many calls wait, must be told.
    Loops,
}

/// A machine.
#[derive(Clone, Copy, Debug)]
pub struct HostShape {
    /// Processors.
    pub cores: u32,
    /// Operations its disk works on at once; 0: no disk.
    pub disk_parallel: u32,
}

/// An objective: what is counted or metered for it.
#[derive(Clone, Debug)]
pub struct ObjectiveShape {
    /// What it is about.
    pub subject: Subject,
    /// From here …
    pub from: Instant,
    /// … to here.
    pub until: Instant,
    /// Counted in slices of so long besides, from the beginning.
    pub slice: Option<Span>,
    /// Of these only what they come to is kept, as parts of slices of an error budget.
    pub phases: Option<Phases>,
    /// From here on it is told what requests fail of: of a recovery from its clock.
    pub told_from: Instant,
    /// The quantile that is wanted besides, failures beyond all others.
    pub quantile: Option<f64>,
}

impl ObjectiveShape {
    /// How many slices its window has; one without any.
    pub fn slices(&self) -> usize {
        let window = self.until.since(self.from).nanos();
        self.slice.map_or(1, |it| window.div_ceil(it.nanos())) as usize
    }

    /// The time beyond which something is bad; `None` if its time does not matter.
    pub fn limit(&self) -> Option<Span> {
        match &self.subject {
            Subject::Requests(_, judged) | Subject::Calls(_, judged) | Subject::Lag(_, judged) => {
                Some(judged.limits[1]).filter(|limit| *limit < Span::MAX)
            }
            Subject::Ended(_) | Subject::Served(_) | Subject::Level(_) => None,
        }
    }
}

/// What an objective is about. Indices are those of the compiled scenario.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Visitors' requests that arrive, one by one.
    Requests(Whose, Judged),
    /// Calls to these instances.
    Calls(Callees, Judged),
    /// Visitors' requests that succeed, by their end.
    Ended(Whose),
    /// Calls that end well at these instances, by their end.
    Served(Vec<u32>),
    /// Transactions made visible by these instances: their lag.
    Lag(Vec<u32>, Judged),
    /// A level, averaged over time.
    Level(Meter),
}

/// Whose calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callees {
    /// Those that arrive at these instances, as they see them, and those that were to go there and
    /// failed before they did.
    pub instances: Vec<u32>,
    /// Those that failed in these upstreams before a server was picked.
    pub upstreams: Vec<u32>,
}

/// Which requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All.
    All,
    /// Of one type.
    Type(u32),
    /// Of one workload.
    Workload(u32),
}

/// How something with a duration is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The limit less its margin, itself, and with its margin: what takes as long or longer is
    /// beyond it. `Span::MAX`: only failures are.
    pub limits: [Span; 3],
    /// Failures are left out, rather than counted as beyond every limit.
    pub successes_only: bool,
}

/// A level that can be read at any time: its integral so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meter {
    /// Cores in use, of hosts.
    Cores(Vec<u32>),
    /// Disk channels in use, of hosts.
    Disks(Vec<u32>),
    /// Whether NICs send, of hosts.
    Sending(Vec<u32>),
    /// Slots held or loops busy, of instances.
    Workers(Vec<u32>),
    /// Calls that wait at instances, and in the queues of upstreams.
    Waiting(Vec<u32>, Vec<u32>),
}
