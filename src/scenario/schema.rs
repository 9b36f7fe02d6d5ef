//! What a scenario says, read but not yet resolved: names are still names, with their places.
//! Products are gone here: presets have turned their settings into these nouns.

use crate::{
    engine::{
        sample::Law,
        time::{Instant, Span},
    },
    model::blueprint::{Balance, Discipline, Gaps, Next, Order, Promise, Reuse, Statuses},
    scenario::{law::Room, mistake::At, units::Price},
};

/// A whole scenario.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) title: String,
    pub(crate) seed: u64,
    pub(crate) duration: Span,
    pub(crate) warm_up: Span,
    /// It is 0 until pilots have found it.
    pub(crate) finds_warm_up: bool,
    pub(crate) drain: Span,
    pub(crate) replications: u32,
    pub(crate) network: Network,
    pub(crate) machines: Vec<Machine>,
    pub(crate) shared: Vec<SharedHost>,
    /// Workloads' visitors come behind the services of the file.
    pub(crate) services: Vec<Service>,
    pub(crate) requests: Vec<Request>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) events: Vec<Event>,
    /// One for each event of the file, in its order.
    pub(crate) episodes: Vec<Episode>,
    pub(crate) objectives: Vec<Objective>,
}

/// A word of the file.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: At,
}

/// Where hosts stand and how far apart.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) latency: Span,
    pub(crate) loopback: Span,
    /// At least one; the one of a file without zones has no name.
    pub(crate) zones: Vec<Name>,
    pub(crate) links: Vec<Link>,
    pub(crate) at: At,
}

/// Two zones and the delay between them.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) ends: [usize; 2],
    pub(crate) latency: Span,
}

/// A profile of hardware.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: Name,
    pub(crate) cores: u32,
    pub(crate) speed: f64,
    pub(crate) discipline: Discipline,
    pub(crate) nic_bits: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) disk: Option<Disk>,
    /// Of an hour, in the file's only currency.
    pub(crate) price: Option<Price>,
}

/// A disk of a profile.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) read: Law,
    pub(crate) write: Law,
    pub(crate) fsync: Law,
    pub(crate) parallel: u32,
    pub(crate) throughput: Option<f64>,
    pub(crate) iops: Option<f64>,
}

/// A host that several services share.
#[derive(Debug)]
pub(crate) struct SharedHost {
    pub(crate) name: Name,
    pub(crate) machine: usize,
    pub(crate) zone: usize,
}

impl Site {
    /// Where an instance stands; visitors' own stand nowhere.
    pub(crate) fn zone_of(&self, service: &Service, instance: u32) -> Option<usize> {
        match &service.standing {
            Standing::Own { zones, .. } => {
                zones.get(instance as usize % zones.len().max(1)).copied()
            }
            Standing::On(hosts) => {
                let host = hosts.get(instance as usize % hosts.len().max(1))?;
                Some(self.shared[*host].zone)
            }
            Standing::Outside => None,
        }
    }

    /// What the instances of a service run on.
    pub(crate) fn machines_of(&self, service: &Service) -> Vec<&Machine> {
        match &service.standing {
            Standing::Own { machine, .. } => vec![&self.machines[*machine]],
            Standing::On(hosts) => {
                hosts.iter().map(|host| &self.machines[self.shared[*host].machine]).collect()
            }
            Standing::Outside => Vec::new(),
        }
    }
}

impl Service {
    /// Whether its calls never wait for a worker.
    pub(crate) fn has_unlimited_workers(&self) -> bool {
        matches!(self.parts.serving, Serving::Slots { slots: u32::MAX, .. })
    }
}

/// A role.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: Name,
    pub(crate) kind: &'static str,
    pub(crate) instances: u32,
    pub(crate) standing: Standing,
    pub(crate) memory: u64,
    pub(crate) memory_at: At,
    pub(crate) odd: Vec<Odd>,
    pub(crate) parts: Parts,
}

/// Where the instances of a service run.
#[derive(Debug)]
pub(crate) enum Standing {
    /// A machine each, in these zones in turn.
    Own { machine: usize, zones: Vec<usize> },
    /// On shared hosts in turn.
    On(Vec<usize>),
    /// Outside, as visitors do. Also what a mistake leaves behind.
    Outside,
}

/// An instance that is not like the others; numbered from 0.
#[derive(Debug)]
pub(crate) struct Odd {
    pub(crate) number: u32,
    pub(crate) speed: f64,
    pub(crate) weight: u32,
}

/// What a preset makes of a service.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) processes: u32,
    pub(crate) serving: Serving,
    pub(crate) accept: Option<Accept>,
    pub(crate) stops_when_abandoned: bool,
    pub(crate) upstreams: Vec<Upstream>,
    pub(crate) endpoints: Vec<Endpoint>,
    /// Passes on what it does not answer itself.
    pub(crate) passing: Option<Passing>,
    /// The view of a service that is called without having been declared.
    pub(crate) undeclared: Upstream,
    /// The first instance takes the writes, the others follow.
    pub(crate) log: Option<Log>,
    /// What it keeps in memory of its tables.
    pub(crate) pool: Option<Pool>,
}

/// What holds a request while it is worked on.
#[derive(Debug)]
pub(crate) enum Serving {
    Loops(u32),
    Slots { slots: u32, room: Room, order: Order, patience: Option<Law> },
}

/// The listening socket.
#[derive(Debug)]
pub(crate) struct Accept {
    pub(crate) backlog: u32,
    pub(crate) connections_max: u32,
    pub(crate) is_strict: bool,
    pub(crate) process_connections_max: u32,
    pub(crate) idle: Option<Span>,
    pub(crate) keeps_alive: bool,
}

/// What passing on costs; `connection` once for each new connection.
#[derive(Clone, Debug)]
pub(crate) struct Passing {
    pub(crate) connection: Law,
    pub(crate) request: Law,
    pub(crate) response: Law,
}

/// A caller's view of a service.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    pub(crate) name: String,
    pub(crate) servers: Name,
    /// Once `servers` has been found.
    pub(crate) callee: Option<usize>,
    pub(crate) balance: Balance,
    pub(crate) slots: u32,
    pub(crate) server_queue: u32,
    pub(crate) queues: bool,
    pub(crate) queue_timeout: Option<Law>,
    pub(crate) connect_timeout: Option<Span>,
    pub(crate) response_timeout: Option<Span>,
    pub(crate) retry: Retry,
    pub(crate) idle_max: u32,
    pub(crate) idle_all_max: u32,
    pub(crate) idle: Option<Span>,
    pub(crate) reuse: Reuse,
    pub(crate) purge: Option<Span>,
    pub(crate) handshake_rounds: u32,
    pub(crate) ban: Option<(u32, Span)>,
    pub(crate) check: Option<Check>,
    pub(crate) statuses: Statuses,
    pub(crate) buffers: bool,
    pub(crate) read_from: ReadFrom,
}

/// Which instances of a replicated service take the reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    Replicas,
    Any,
    Primary,
}

/// Further attempts.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) attempts: Attempts,
    pub(crate) on_connect: bool,
    pub(crate) on_connect_timeout: bool,
    pub(crate) on_reset: bool,
    pub(crate) on_timeout: bool,
    pub(crate) unsafe_too: bool,
    pub(crate) forgives_reused: bool,
    pub(crate) next: Next,
    pub(crate) turnaround: Option<Span>,
}

/// How many further attempts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempts {
    Fixed(u32),
    /// One at each further server, at most so many.
    Servers(u32),
}

/// Active health checks.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) inter: Span,
    pub(crate) fast: Span,
    pub(crate) down: Span,
    pub(crate) timeout: Span,
    pub(crate) answer_timeout: Option<Span>,
    pub(crate) fall: u32,
    pub(crate) rise: u32,
    pub(crate) endpoint: Option<Target>,
}

/// `service.endpoint`.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) service: String,
    pub(crate) endpoint: String,
    pub(crate) at: At,
    /// Service and endpoint, once they have been found.
    pub(crate) found: Option<(usize, usize)>,
}

/// A kind of request that a service answers itself.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) name: Name,
    pub(crate) class: u8,
    pub(crate) request_bytes: u32,
    /// Whether it changes what a replicated service holds.
    pub(crate) writes: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) files: Option<Files>,
    /// What a replica does for it.
    pub(crate) apply: Option<(Law, Law)>,
}

/// A population of files.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) count: u32,
    /// Zipf's exponent, 0 for equal popularity.
    pub(crate) zipf: f64,
    pub(crate) popularity: Law,
    pub(crate) size: Law,
    pub(crate) starts_warm: bool,
}

/// What an instance keeps in memory of its tables.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) bytes: u64,
    pub(crate) page_bytes: u32,
    pub(crate) pages: u32,
    pub(crate) at: At,
    pub(crate) tables: Vec<Table>,
}

/// A table, in pages.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: Name,
    pub(crate) pages: u32,
    /// Zipf's exponent, 0 for equal popularity.
    pub(crate) zipf: f64,
    pub(crate) popularity: Law,
    pub(crate) starts_warm: bool,
}

/// One step of a program.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: At,
    pub(crate) what: What,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum What {
    Handshake(Law),
    Cpu {
        work: Law,
        of_request: bool,
    },
    Wait(Law),
    Read {
        count: Law,
        bytes: u32,
    },
    /// Of a table of the service, by its index.
    Pages {
        table: usize,
        count: Law,
    },
    File,
    Call(Target),
    Fork {
        calls: Vec<Target>,
        copies: u32,
    },
    Repeat {
        rounds: Rounds,
        steps: Vec<Step>,
    },
    Branch {
        share: f64,
        steps: Vec<Step>,
        otherwise: Vec<Step>,
    },
    Commit,
    Respond(Law),
    RespondFile,
}

/// How often a loop goes round.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rounds {
    Fixed(u32),
    /// Again with this probability, the first time too.
    Chance(f64),
}

/// A replicated log.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) fsync_stages: u32,
    pub(crate) event_bytes: Law,
    pub(crate) apply_workers: u32,
    pub(crate) reconnect: Span,
}

/// A kind of request that visitors make.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) name: Name,
    pub(crate) to: Target,
    pub(crate) label: String,
    pub(crate) is_idempotent: bool,
}

/// A source of visitors.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: Name,
    /// Where they connect, if the file says so.
    pub(crate) to: Option<Name>,
    /// Requests (index) and their weights, not all 0.
    pub(crate) mix: Vec<(usize, f64)>,
    pub(crate) arrivals: Arrivals,
    pub(crate) patience: Option<Law>,
    pub(crate) latency: Law,
    pub(crate) bandwidth: Option<u64>,
    pub(crate) connect_timeout: Option<Span>,
    pub(crate) handshake_rounds: u32,
    /// `None`: as the entry speaks.
    pub(crate) balance: Option<Balance>,
    /// The event that it is, index into `episodes`.
    pub(crate) spike: Option<usize>,
    /// Its visitors, once they have been made a service.
    pub(crate) service: usize,
}

impl Workload {
    /// Visitors a second apart from spikes, as far as the file alone tells; of users it is only
    /// known how many there are, which is enough where shares are wanted.
    pub(crate) fn usual_rate(&self) -> f64 {
        match &self.arrivals {
            Arrivals::Open { knots, batch, .. } => {
                let size = batch.as_ref().map_or(1.0, Law::whole_mean);
                knots[0].1 * size
            }
            Arrivals::Closed { users, .. } => f64::from(*users),
        }
    }
}

/// When visitors come.
#[derive(Clone, Debug)]
pub(crate) enum Arrivals {
    /// Knots of the rate on the simulation's clock.
    Open {
        gaps: Gaps,
        knots: Vec<(Instant, f64)>,
        batch: Option<Law>,
    },
    Closed {
        users: u32,
        think: Law,
    },
}

/// Something that happens.
#[derive(Debug)]
pub(crate) struct Event {
    /// From the end of the warm-up.
    pub(crate) at: Span,
    pub(crate) undone_after: Option<Span>,
    pub(crate) what: Incident,
    /// Where its target is named.
    pub(crate) place: At,
    /// Index into `episodes`.
    pub(crate) episode: usize,
}

/// An event as a stretch of time, from the end of the warm-up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Episode {
    /// `crash of app.2`.
    pub(crate) name: String,
    pub(crate) from: Span,
    /// Where it is undone, or the end of the run.
    pub(crate) until: Span,
    /// How often it is to be expected, per second.
    pub(crate) rate: Option<f64>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incident {
    /// Of an instance: service and number from 0.
    Crash(usize, u32),
    Restart(usize, u32),
    Lose(Machinery),
    Restore(Machinery),
}

/// A host, however it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machinery {
    Shared(usize),
    Of(usize, u32),
}

/// Something that was promised.
#[derive(Debug)]
pub(crate) struct Objective {
    pub(crate) name: String,
    pub(crate) require: String,
    /// Where that stands.
    pub(crate) at: At,
    pub(crate) scope: Scope,
    pub(crate) zone: Option<usize>,
    /// From the end of the warm-up.
    pub(crate) window: (Span, Span),
    pub(crate) promise: Promise,
    pub(crate) successes_only: bool,
    pub(crate) margin: f64,
}

/// What an objective is about; indices.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Site,
    Request(usize),
    Workload(usize),
    Service(usize),
}
