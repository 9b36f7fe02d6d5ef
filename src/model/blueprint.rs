//! The compiled form of a scenario: flat tables of typed ids. The running site reads it and never
//! changes it; it holds no string but the names that reports print.

mod derived;
mod load;
mod objective;
mod op;
mod upstream;
mod variant;

use std::ops::Range;

use crate::engine::{
    sample::Law,
    time::{Instant, Span},
    timeline::DelayId,
};
pub use crate::resource::cpu::Discipline;
pub use load::{Arrivals, Choice, Gaps, Rate, Request, Workload};
pub use objective::{Budget, Good, Objective, Promise, Recovery, Resource, Scope};
pub use op::{DirectCall, Instruction, Milestone, Op};
pub use upstream::{
    Balance, Ban, Check, Derived, Keeps, Next, Retry, Reuse, Server, Statuses, Upstream,
};
pub use variant::Lost;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into its table.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A machine.
    HostId
    /// A role.
    ServiceId
    /// One run of a service on a host.
    InstanceId
    /// A caller's declared view of a service; each process of the caller has its own state of it.
    UpstreamId
    /// A kind of request that a service answers.
    EndpointId
    /// A distribution.
    LawId
    /// A kind of request that visitors make.
    RequestId
    /// A source of visitors.
    WorkloadId
    /// A population of files.
    FilesId
    /// A table of pages.
    TableId
    /// A replicated log.
    LogId
    /// An objective.
    ObjectiveId
}

/// A whole site, its load, what happens to it and what was promised.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The scenario's name, from its file, and its title.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The experiment's seed; replication `r` runs with `mix(seed, r)`.
    pub seed: u64,
    /// How many replications unless told otherwise.
    pub replications: u32,
    /// Simulated before anything counts.
    pub warm_up: Span,
    /// It is 0 until pilots have found it.
    pub finds_warm_up: bool,
    /// The measured window, which begins where the warm-up ends.
    pub duration: Span,
    /// How long after the window its requests may still take; later they count as unfinished.
    pub drain: Span,
    /// Every distinct constant delay; `DelayId` is an index here.
    pub delays: Vec<Span>,
    /// Those of them that messages travel for, the first few. Derived.
    pub hops: Vec<DelayId>,
    /// Every distribution.
    pub laws: Vec<Law>,
    /// Machines. Those of visitors are not here.
    pub hosts: Vec<Host>,
    /// What prices are in: `USD`. `None`: there are none.
    pub currency: Option<String>,
    /// One-way delays between zones: `latency[from * zones + to]`. The last ones are the visitors',
    /// one for each workload.
    pub latency: Vec<DelayId>,
    /// How many zones there are, the visitors' included.
    pub zones: u32,
    /// The names of those that have one: all but the visitors'.
    pub zone_names: Vec<String>,
    /// From a host to itself.
    pub loopback: DelayId,
    /// Roles. Each workload is a service too (its visitors are client processes), after the others.
    pub services: Vec<Service>,
    /// All instances; those of one service lie together.
    pub instances: Vec<Instance>,
    /// All upstreams; those of one service lie together.
    pub upstreams: Vec<Upstream>,
    /// The servers of all upstreams; those of one upstream lie together.
    pub servers: Vec<Server>,
    /// All endpoints; those of one service lie together.
    pub endpoints: Vec<Endpoint>,
    /// The programs of all endpoints.
    pub program: Vec<Instruction>,
    /// Populations of files.
    pub files: Vec<Files>,
    /// Tables; those of one service lie together.
    pub tables: Vec<Table>,
    /// What services keep of them in memory, at most one for each service.
    pub buffer_pools: Vec<BufferPool>,
    /// Replicated logs.
    pub logs: Vec<Log>,
    /// Kinds of requests.
    pub requests: Vec<Request>,
    /// Sources of visitors.
    pub workloads: Vec<Workload>,
    /// What happens, in the order of time (ties in the order of the file).
    pub timeline: Vec<Happening>,
    /// What was promised.
    pub objectives: Vec<Objective>,
    /// What happens, as stretches of time, in the order of the scenario.
    pub episodes: Vec<Episode>,
}

/// An event as a stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// `crash of app.2`.
    pub name: String,
    /// When it begins.
    pub from: Instant,
    /// When it is undone; the end of the run if it is not.
    pub until: Instant,
    /// How often it is to be expected in real life, per second; `None`: nobody said.
    pub rate: Option<f64>,
}

impl Blueprint {
    /// Nothing happens and no rate changes: after a while it is in a steady state, if it has one.
    pub fn is_steady(&self) -> bool {
        let is_constant = |workload: &Workload| match &workload.arrivals {
            Arrivals::Open { rate, .. } => rate.knots.len() == 1,
            Arrivals::Closed { .. } => true,
        };
        self.timeline.is_empty() && self.workloads.iter().all(is_constant)
    }

    /// Services whose calls are judged one by one.
    pub fn judges_calls_of(&self) -> Vec<ServiceId> {
        self.objectives.iter().filter_map(Objective::judges_calls_of).collect()
    }

    /// Whether two sites cannot differ before their window begins: all that they are made of is the
    /// same but what happens later, what is promised, and what they are called.
    pub fn is_same_until_window(&self, other: &Blueprint) -> bool {
        let until_then = |plan: &Blueprint| {
            let mut plan = plan.with_only(None);
            (plan.objectives, plan.episodes) = (Vec::new(), Vec::new());
            (plan.name, plan.title) = (String::new(), String::new());
            for workload in plan.workloads.iter_mut().filter(|it| it.spike.is_some()) {
                if let Arrivals::Open { rate, .. } = &mut workload.arrivals {
                    rate.knots.clear();
                }
            }
            format!("{plan:?}")
        };
        until_then(self) == until_then(other)
    }

    /// The same site on a day on which nothing happens, or only one of the events (index). All that
    /// does happen has the same luck.
    #[must_use]
    pub fn with_only(&self, episode: Option<u32>) -> Blueprint {
        let mut plan = self.clone();
        plan.timeline.retain(|happening| Some(happening.episode) == episode);
        for workload in &mut plan.workloads {
            if workload.spike.is_some()
                && workload.spike != episode
                && let Arrivals::Open { rate, .. } = &mut workload.arrivals
            {
                rate.knots.iter_mut().for_each(|knot| knot.1 = 0.0);
            }
        }
        plan
    }
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    /// `web-1`, or the name of its `[host]` table.
    pub name: String,
    /// It has a `[host]` table.
    pub is_declared: bool,
    /// Where it stands.
    pub zone: u32,
    /// Processors.
    pub cores: u32,
    /// How much work a core does in a second, 1.0 for the machine the CPU times were measured on.
    pub speed: f64,
    /// Who gets the cores.
    pub discipline: Discipline,
    /// Line rate in bits a second, each way. `None` is unlimited.
    pub nic_bits: Option<u64>,
    /// `None`: no disk; nothing on this host may read or write.
    pub disk: Option<Disk>,
    /// Bytes left for the page cache after what its services take.
    pub page_cache: u64,
    /// What it costs in an hour. `None`: nobody said.
    pub price_per_h: Option<f64>,
}

/// A disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Seconds for one read (of any size; `throughput` adds what the bytes take).
    pub read: LawId,
    /// Seconds for one write into the device's cache.
    pub write: LawId,
    /// Seconds for one flush to stable storage.
    pub fsync: LawId,
    /// How many operations it works on at once.
    pub parallel: u32,
    /// Ceiling in bytes a second, over all operations. `None` is unlimited.
    pub throughput: Option<f64>,
    /// Ceiling in operations a second. `None` is unlimited.
    pub iops: Option<f64>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Service {
    /// As in the file.
    pub name: String,
    /// `haproxy`, `nginx`, `app`, `mysql`, `service`; `visitors` for a workload.
    pub kind: &'static str,
    /// Its instances: `first .. first + count`.
    pub first_instance: u32,
    /// How many instances.
    pub instances: u32,
    /// Its upstreams: `first .. first + count`.
    pub first_upstream: u32,
    /// How many upstreams.
    pub upstreams: u32,
    /// Processes of each instance. Each has upstream states of its own.
    pub processes: u32,
    /// What runs requests.
    pub serving: Serving,
    /// How connections are accepted; `None`: calls arrive without connections.
    pub accept: Option<Accept>,
    /// Whether a call in service ends when its caller has gone (an event loop notices; a worker
    /// or a database thread works on for nobody).
    pub stops_when_abandoned: bool,
}

/// What a process holds while it works on a request, and while it waits.
#[derive(Clone, Copy, Debug)]
pub enum Serving {
    /// Serial event loops, `loops` in each process: a call holds nothing but its connection while
    /// it waits; CPU bursts and blocking disk reads of one loop exclude each other.
    Loops {
        /// Loops (threads) in each process.
        loops: u32,
    },
    /// Slots (pre-forked workers, threads), each held by one call from start to end.
    Slots {
        /// Slots in each process, `u32::MAX` for no limit.
        slots: u32,
        /// How many calls may wait for a slot of the instance.
        room: Room,
        /// Who is next.
        order: Order,
        /// Seconds that a call waits for a slot before it gives up. `None`: for ever.
        patience: Option<LawId>,
    },
}

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// No limit.
    Unlimited,
    /// At most so many; the next is refused at once.
    Places(u32),
    /// Each arrival draws how long a queue it is willing to join; refused beyond it.
    Law(LawId),
}

/// Who is next in a queue for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served.
    Fifo,
    /// Last come, first served.
    Lifo,
    /// Lower class of the endpoint first, then first come.
    Priority,
}

/// The listening socket.
#[derive(Clone, Copy, Debug)]
pub struct Accept {
    /// Length of the accept queue, min(backlog, somaxconn). A SYN that finds it full is dropped.
    pub backlog: u32,
    /// Connections an instance holds at most; more wait in the accept queue (`is_strict` false)
    /// or are turned away (`is_strict`). `u32::MAX`: no limit.
    pub connections_max: u32,
    /// Over the limit: accepted and closed at once, rather than left in the accept queue.
    pub is_strict: bool,
    /// Connections of one process at most, in and out together (nginx's `worker_connections`).
    pub process_connections_max: u32,
    /// Idle connections from clients are closed after this long. `None`: never.
    pub idle: Option<DelayId>,
    /// Whether a connection may carry another request after an answer.
    pub keeps_alive: bool,
}

/// One run of a service on a host.
#[derive(Clone, Debug)]
pub struct Instance {
    /// `web.2`.
    pub name: String,
    /// Its role.
    pub service: ServiceId,
    /// Its machine. Meaningless for visitors (see `Service::kind`): `HostId(u32::MAX)`.
    pub host: HostId,
    /// Where it stands (the host's zone, or the visitors').
    pub zone: u32,
    /// Speed of this instance relative to its host, 1.0 as a rule.
    pub speed: f64,
    /// Processes before this instance's first one.
    pub first_process: u32,
    /// Loops before this instance's first one (0 for a service of slots).
    pub first_loop: u32,
}

/// A kind of request that a service answers.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `app.checkout`; for a proxy the name of what it passes on.
    pub name: String,
    /// Who answers.
    pub service: ServiceId,
    /// Its first operation.
    pub entry: u32,
    /// Bytes of the request.
    pub request_bytes: u32,
    /// Class for priorities; lower goes first.
    pub class: u8,
    /// A hash of its names, for keys.
    pub place: u64,
    /// What a visitor whose own program this is asks for; meaningless for a service's.
    pub request: RequestId,
}

/// A population of files of fixed sizes and popularity.
#[derive(Clone, Debug)]
pub struct Files {
    /// `web.static`.
    pub name: String,
    /// How many.
    pub count: u32,
    /// Draws a file's rank, 0 the most popular.
    pub popularity: LawId,
    /// Share of requests for each file, by rank; sums to 1.
    pub shares: Vec<f64>,
    /// Bytes of each file, by rank (drawn once from the law of sizes, by the file's own key).
    pub bytes: Vec<u32>,
    /// Whether page caches start in equilibrium, else empty.
    pub starts_warm: bool,
    /// Requests a second for this population at one host in equilibrium; for Che's equation.
    pub rate_per_host: f64,
}

/// Pages that are read one by one.
#[derive(Clone, Debug)]
pub struct Table {
    /// `db.items`.
    pub name: String,
    /// How many.
    pub pages: u32,
    /// Bytes of each.
    pub page_bytes: u32,
    /// The number of its first page among those of its service.
    pub first: u32,
    /// Draws a page's rank, 0 the most popular.
    pub popularity: LawId,
    /// The exponent of that, 0 if all are alike.
    pub zipf: f64,
    /// Whether pools start in equilibrium, else without its pages.
    pub starts_warm: bool,
    /// Pages read a second, of all instances together; for Che's equation.
    pub reads: f64,
}

/// What each instance of a service keeps of its tables in memory.
#[derive(Clone, Debug)]
pub struct BufferPool {
    /// Whose.
    pub service: ServiceId,
    /// How many pages it holds.
    pub pages: u32,
    /// Indices of its tables.
    pub tables: Range<usize>,
}

/// A replicated log.
#[derive(Clone, Debug)]
pub struct Log {
    /// Who appends.
    pub primary: InstanceId,
    /// Who follows.
    pub replicas: Vec<InstanceId>,
    /// Flushes of a commit group to stable storage, one after the other, each a stage in which one
    /// group is at a time (redo, binary log). 0: commits wait for nothing.
    pub fsync_stages: u32,
    /// Bytes of one transaction in the log.
    pub event_bytes: LawId,
    /// Transactions a replica applies at once; they commit in order.
    pub apply_workers: u32,
    /// How long a replica waits before it connects again after its source was lost.
    pub reconnect: DelayId,
    /// A hash of its names, for draws.
    pub place: u64,
}

/// Something on the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    /// On the simulation's clock.
    pub at: Instant,
    /// What.
    pub what: What,
    /// The event that it belongs to, index into `episodes`.
    pub episode: u32,
}

/// What can happen to a site.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The processes of an instance die: connections are refused.
    Crash(InstanceId),
    /// They start again.
    Restart(InstanceId),
    /// A host is gone: packets vanish.
    Lose(HostId),
    /// It is back, its instances started anew.
    Restore(HostId),
}
