//! The compiled form of a scenario: flat tables of typed ids. The running site reads it and never
//! changes it; it holds no string but the names that reports print.

use crate::engine::{
    sample::Law,
    time::{Instant, Span},
    timeline::DelayId,
};
pub use crate::resource::cpu::Discipline;

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
    /// The measured window, which begins where the warm-up ends.
    pub duration: Span,
    /// How long after the window its requests may still take; later they count as unfinished.
    pub drain: Span,
    /// Every distinct constant delay; `DelayId` is an index here.
    pub delays: Vec<Span>,
    /// Every distribution.
    pub laws: Vec<Law>,
    /// Machines. Those of visitors are not here.
    pub hosts: Vec<Host>,
    /// One-way delays between zones: `latency[from * zones + to]`. The last zone is the visitors'.
    pub latency: Vec<DelayId>,
    /// How many zones there are, the visitors' included.
    pub zones: u32,
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
    pub ops: Vec<Op>,
    /// For each operation, the place of its draws: a hash of the scenario's own names for it
    /// (service, endpoint, path in its steps), so that nothing added elsewhere moves it.
    pub places: Vec<u64>,
    /// Populations of files.
    pub files: Vec<Files>,
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
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    /// `web-1`, or the name of its `[host]` table.
    pub name: String,
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

/// A caller's view of a service: everything between "call it" and "it has answered".
#[derive(Clone, Debug)]
pub struct Upstream {
    /// As in the file: `backend web`, `upstream app`, …
    pub name: String,
    /// A hash of its caller's name and its own.
    pub place: u64,
    /// Who calls.
    pub caller: ServiceId,
    /// Who is called.
    pub callee: ServiceId,
    /// Its servers: `first .. first + count` in `Blueprint::servers`.
    pub first_server: u32,
    /// How many.
    pub servers: u32,
    /// Whether all of them have the same weight.
    pub are_weights_equal: bool,
    /// Who is picked.
    pub balance: Balance,
    /// Requests (or pool connections) at one server at a time, `u32::MAX` for no limit.
    pub slots: u32,
    /// Requests waiting at one server, `u32::MAX` for no limit.
    pub server_queue: u32,
    /// Whether a call that finds every server full waits (in the backend's queue) or fails.
    pub queues: bool,
    /// Seconds that a call waits for a slot. `None`: for ever.
    pub queue_timeout: Option<LawId>,
    /// `queue_timeout` as a constant, if it is one.
    pub queue_delay: Option<DelayId>,
    /// From SYN to SYN-ACK. `None`: the kernel's own limit.
    pub connect_timeout: Option<DelayId>,
    /// Inactivity while waiting for the answer. `None`: for ever.
    pub response_timeout: Option<DelayId>,
    /// What happens after a failed attempt.
    pub retry: Retry,
    /// Idle connections kept to each server by a process; 0: one connection a request.
    pub idle_max: u32,
    /// Idle connections kept by a process to all servers together; the longest idle one is closed
    /// for another. `u32::MAX`: no limit.
    pub idle_all_max: u32,
    /// Idle connections are closed after this long. `None`: never.
    pub idle: Option<DelayId>,
    /// Who may have an idle connection.
    pub reuse: Reuse,
    /// How often a process closes half of its idle connections. `None`: never.
    pub purge: Option<DelayId>,
    /// Round trips of a handshake above the connection's own one (TLS 1.3: 1, TLS 1.2: 2).
    pub handshake_rounds: u32,
    /// Passive health: `max_fails` and `fail_timeout`. `None`: no bans.
    pub ban: Option<Ban>,
    /// Active health checks. `None`: no checks.
    pub check: Option<Check>,
    /// HTTP status that the caller answers with when a call through here fails for good.
    pub statuses: Statuses,
    /// Whether an answer is taken in as fast as the server sends (a buffering proxy), or only as
    /// fast as it can be passed on.
    pub buffers: bool,
}

/// Who may have an idle connection rather than a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Every request.
    Always,
    /// Not the first request of a client's connection, but on one that was reused before.
    Aggressive,
    /// Not the first request of a client's connection: if the server closed it meanwhile, the
    /// client could not be told to try again.
    Safe,
}

/// Who is picked among the usable servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Smooth weighted round robin.
    RoundRobin,
    /// Fewest calls in flight per weight.
    LeastConnections {
        /// Ties are drawn, rather than taken in turn.
        random_ties: bool,
    },
    /// The best of so many draws by weight (with replacement), by calls in flight per weight.
    Random {
        /// How many draws.
        draws: u32,
    },
    /// A client with a list of addresses, in a rotation drawn for each visitor: the first, and
    /// after a failure the next.
    Addresses,
}

/// What happens after a failed attempt.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Further attempts after the first.
    pub attempts: u32,
    /// Connections that were refused or timed out.
    pub on_connect: bool,
    /// Connections that broke before the answer began.
    pub on_reset: bool,
    /// Answers that did not begin in time.
    pub on_timeout: bool,
    /// Whether a request that is not idempotent is tried again after it was sent.
    pub unsafe_too: bool,
    /// Who is next.
    pub next: Next,
    /// Pause before the same server is tried again after it refused.
    pub turnaround: Option<DelayId>,
}

/// Which server the next attempt goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same one.
    Same,
    /// Any but the one that failed, unless it is alone.
    Other,
    /// One that was not yet tried; none left ends the call.
    Untried,
}

/// Passive health.
#[derive(Clone, Copy, Debug)]
pub struct Ban {
    /// Failures that ban.
    pub fails_max: u32,
    /// How long, and how far apart failures may lie to add up.
    pub span: Span,
}

/// Active health checks, from every process of the caller to every server.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// From the end of a check to the next.
    pub inter: DelayId,
    /// While the state is changing.
    pub fast: DelayId,
    /// While it is down.
    pub down: DelayId,
    /// A check that has not answered by then has failed.
    pub timeout: DelayId,
    /// Failures in a row that take a server out.
    pub fall: u32,
    /// Successes in a row that bring it back.
    pub rise: u32,
    /// What is asked. `None`: a connection is opened and closed.
    pub endpoint: Option<EndpointId>,
}

/// Status codes that a caller turns failures into. 0: none, the connection is closed.
#[derive(Clone, Copy, Debug)]
pub struct Statuses {
    /// No usable server, refused, connect time-out.
    pub unreachable: u16,
    /// Waited too long for a slot, or the queue was full.
    pub queue: u16,
    /// The answer did not begin in time.
    pub timeout: u16,
    /// The connection broke before the answer began.
    pub reset: u16,
}

/// A server of an upstream.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Which instance.
    pub instance: InstanceId,
    /// Its share.
    pub weight: u32,
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
}

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
    /// Sends the answer.
    Respond {
        /// Bytes.
        bytes: LawId,
    },
    /// Sends the file that `File` picked.
    RespondFile,
    /// Passes on what the last call answered, cut through.
    Relay,
    /// The program is over.
    End,
}

/// When a caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The answer begins.
    FirstByte,
    /// The answer is complete.
    LastByte,
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

/// A kind of request that visitors make.
#[derive(Clone, Debug)]
pub struct Request {
    /// As in the file.
    pub name: String,
    /// `POST /checkout`.
    pub label: String,
    /// Whether it may be repeated safely (not POST, PATCH, LOCK).
    pub is_idempotent: bool,
    /// Hash of its name.
    pub place: u64,
}

/// A source of visitors. Its visitors are the (one) process of an instance of a service of its own.
#[derive(Clone, Debug)]
pub struct Workload {
    /// As in the file.
    pub name: String,
    /// Hash of its name: of the visitors' keys and the arrival stream.
    pub place: u64,
    /// The service of its visitors.
    pub service: ServiceId,
    /// When they come.
    pub arrivals: Arrivals,
    /// What they want: cumulative probability (of 2^53), kind, and the visitor's own endpoint, whose
    /// program makes the call.
    pub mix: Vec<Choice>,
    /// Seconds until a visitor gives up. `None`: never.
    pub patience: Option<LawId>,
    /// `patience` as a constant, if it is one.
    pub patience_delay: Option<DelayId>,
    /// One-way seconds to the site, drawn for each visitor. `None`: the zones' latency.
    pub latency: Option<LawId>,
    /// Bits a second of a visitor's own line. `None`: unlimited.
    pub bandwidth: Option<u64>,
    /// A spike on top of another workload: its visitors are further ones.
    pub is_spike: bool,
}

/// One entry of a mix.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Cumulative probability, of 2^53.
    pub below: u64,
    /// What is asked.
    pub request: RequestId,
    /// The visitor's program for it.
    pub endpoint: EndpointId,
}

/// When visitors come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// From outside, at a rate.
    Open {
        /// Visitors' gaps at unit rate.
        gaps: Gaps,
        /// The rate over time.
        rate: Rate,
        /// How many come at once. `None`: one.
        batch: Option<LawId>,
    },
    /// So many users, each of whom thinks, asks, and waits for the answer.
    Closed {
        /// How many.
        users: u32,
        /// Seconds of thought before each request.
        think: LawId,
    },
}

/// Gaps between arrivals, at unit rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Exponential: a Poisson process.
    Poisson,
    /// All the same.
    Even,
    /// Erlang with so many stages.
    Erlang(u32),
}

/// A rate over time: straight lines between knots, constant before the first and after the last.
#[derive(Clone, Debug)]
pub struct Rate {
    /// (instant of the simulation's clock, arrivals a second), in the order of time; at least one.
    pub knots: Vec<(Instant, f64)>,
}

/// Something on the timeline.
#[derive(Clone, Copy, Debug)]
pub struct Happening {
    /// On the simulation's clock.
    pub at: Instant,
    /// What.
    pub what: What,
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
