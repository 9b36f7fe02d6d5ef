//! How much there is to measure: counts and limits, no names. Made from the compiled scenario.

use crate::engine::time::{Instant, Span};

/// A site as a recorder needs to know it. Indices are those of the compiled scenario.
#[derive(Clone, Debug)]
pub struct Shape {
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

/// An objective.
#[derive(Clone, Copy, Debug)]
pub struct ObjectiveShape {
    /// What is beyond it was too slow; `None`: only failures count.
    pub limit: Option<Span>,
    /// Which requests.
    pub scope: ObjectiveScope,
    /// Arrivals from here …
    pub from: Instant,
    /// … to here count.
    pub until: Instant,
    /// Failures are left out, rather than counted as beyond every limit.
    pub successes_only: bool,
}

/// Which requests an objective is about, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveScope {
    /// All.
    Site,
    /// Of one type.
    Request(u32),
    /// Of one workload.
    Workload(u32),
    /// Calls to one service, as it sees them.
    Service(u32),
}
