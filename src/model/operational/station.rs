//! Whatever has a capacity, and what one request of the mix asks of it.

use std::collections::BTreeMap;

use super::super::blueprint::{Blueprint, HostId, InstanceId, RequestId, ServiceId, UpstreamId};

/// Places that a station's name lists.
const NAMED_MAX: usize = 3;

/// What it is that may run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Cores.
    Cpu,
    /// The line out of a host.
    NicOut,
    /// The line into a host.
    NicIn,
    /// Operations that a disk works on at once.
    Disk,
    /// Bytes a second of a disk.
    DiskBytes,
    /// Operations a second of a disk.
    DiskOperations,
    /// Event loops.
    Loops,
    /// Slots that a call holds from its start to its end.
    Workers,
    /// Calls that a caller may have at its servers at a time.
    Pool,
    /// Connections that an instance holds at most.
    Connections,
    /// Workers by which a replica applies transactions.
    Appliers,
}

impl Kind {
    /// As reports say it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Cpu => "CPU",
            Kind::NicOut => "NIC out",
            Kind::NicIn => "NIC in",
            Kind::Disk => "disk",
            Kind::DiskBytes => "disk throughput",
            Kind::DiskOperations => "disk operations",
            Kind::Loops => "loops",
            Kind::Workers => "workers",
            Kind::Pool => "slots",
            Kind::Connections => "connections",
            Kind::Appliers => "appliers",
        }
    }
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// At one host.
    Host(HostId),
    /// At one instance.
    Instance(InstanceId),
    /// At instances of a service that only saturate together, for who calls them prefers the idle.
    Group(Vec<InstanceId>),
    /// At hosts that only saturate together, for services that share them may choose.
    Hosts(Vec<HostId>),
    /// In a view, at callers that only saturate together.
    View {
        /// Whose.
        of: UpstreamId,
        /// Which of its service's instances.
        callers: Vec<InstanceId>,
    },
}

/// A station, and what a request asks of it.
#[derive(Clone, Debug)]
pub struct Station {
    /// What.
    pub kind: Kind,
    /// Where.
    pub place: Where,
    /// Its places: hosts, or instances for what belongs to those. Empty in a view.
    pub at: Vec<u32>,
    /// The service that asks most of it.
    pub service: ServiceId,
    /// All that ask anything of it, the one that asks most first.
    pub services: Vec<ServiceId>,
    /// How many things at once, or how much a second.
    pub capacity: f64,
    /// Of one request of the mix: seconds of one of them, or how many.
    pub demand: f64,
    /// What the requests of each kind add to that, by their share.
    pub by_request: BTreeMap<RequestId, f64>,
    /// How often a request comes by.
    pub visits: f64,
    /// The truth may be more: a queue, or a connection opened anew, adds to it.
    pub is_least: bool,
}

impl Station {
    /// The load at which all of it is in use.
    pub fn saturates_at_per_s(&self) -> f64 {
        self.capacity / self.demand
    }

    /// How much of it is in use at a load.
    pub fn utilisation(&self, per_s: f64) -> f64 {
        per_s * self.demand / self.capacity
    }

    /// What one visit asks.
    pub fn visit_s(&self) -> f64 {
        if self.visits > 0.0 { self.demand / self.visits } else { 0.0 }
    }

    /// Its name: `CPU of app-2`.
    pub fn name(&self, plan: &Blueprint) -> String {
        let kind = self.kind.name();
        let instance = |id: InstanceId| plan.instances[id.index()].name.as_str();
        match &self.place {
            Where::Host(id) => format!("{kind} of {}", plan.hosts[id.index()].name),
            Where::Instance(id) => format!("{kind} of {}", instance(*id)),
            Where::Group(all) => {
                let service = &plan.services[plan.instances[all[0].index()].service.index()];
                let count = all.len();
                if count == service.instances as usize {
                    format!("{kind} of {} ×{count}", service.name)
                } else {
                    format!("{kind} of {}", listed(all.len(), |it| instance(all[it])))
                }
            }
            Where::Hosts(all) => {
                let host = |it: usize| plan.hosts[all[it].index()].name.as_str();
                format!("{kind} of {}", listed(all.len(), host))
            }
            Where::View { of, callers } => {
                let view = &plan.upstreams[of.index()];
                let caller = &plan.services[view.caller.index()];
                let callee = &plan.services[view.callee.index()].name;
                if callers.len() == caller.instances as usize {
                    return format!("{kind} from {} to {callee}", caller.name);
                }
                let some = listed(callers.len(), |it| instance(callers[it]));
                format!("{kind} from {some} to {callee}")
            }
        }
    }
}

/// Names of several: the first few, and how many more.
fn listed<'a>(count: usize, name: impl Fn(usize) -> &'a str) -> String {
    let names: Vec<&str> = (0..count.min(NAMED_MAX)).map(name).collect();
    match count - names.len() {
        0 => names.join(" + "),
        more => format!("{} + {more} more", names.join(" + ")),
    }
}
