//! Views of services: balancing, limits, timeouts, retries, health.

use super::{DelayId, EndpointId, InstanceId, LawId, ServiceId};
use crate::engine::time::Span;

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
    /// What a process keeps about each of them.
    pub keeps: Keeps,
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
    /// From the arrival of a SYN to that of the request behind it, if nothing can happen at the
    /// caller meanwhile: visitors at a constant distance.
    pub opening: Option<DelayId>,
    /// Passive health: `max_fails` and `fail_timeout`. `None`: no bans.
    pub ban: Option<Ban>,
    /// Active health checks. `None`: no checks.
    pub check: Option<Check>,
    /// HTTP status that the caller answers with when a call through here fails for good.
    pub statuses: Statuses,
    /// What follows.
    pub derived: Derived,
    /// Whether an answer is taken in as fast as the server sends (a buffering proxy), or only as
    /// fast as it can be passed on.
    pub buffers: bool,
}

/// What follows from all tables together (see `Blueprint::derive`).
#[derive(Clone, Copy, Debug, Default)]
pub struct Derived {
    /// Whether nothing can happen to a call on its way (see `direct`).
    pub is_direct: bool,
    /// Whether its servers accept connections.
    pub connects: bool,
    /// Whether they keep them open for more than one request.
    pub keeps_alive: bool,
    /// Whether they work in event loops.
    pub is_served_by_loops: bool,
    /// After how long one of both ends closes an idle connection. `None`: never.
    pub idle: Option<DelayId>,
    /// Connections that a process of the caller may have, in and out.
    pub process_connections_max: u32,
    /// Whether closed users call through it, who keep a connection each.
    pub has_users: bool,
    /// Bits a second of a visitor's own line. `None`: unlimited, or no visitor.
    pub bandwidth: Option<u64>,
    /// The instance that is its first server; the others follow.
    pub first_instance: u32,
    /// The delay from every caller to every server, if it is one.
    pub one_way: Option<DelayId>,
    /// The view of the caller's first process.
    pub first_view: u32,
    /// From one process's view to the next one's.
    pub views_apart: u32,
    /// The caller's first process, counted over all services.
    pub first_process: u32,
}

impl Upstream {
    /// Its servers among all.
    #[inline]
    pub fn servers_in<'a>(&self, all: &'a [Server]) -> &'a [Server] {
        &all[self.first_server as usize..][..self.servers as usize]
    }
}

/// The tables that a process keeps about the servers of an upstream. What nobody asks for is not
/// kept: there may be thousands of processes, and thousands of servers for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keeps {
    /// Calls sent to each and not answered.
    pub loads: bool,
    /// Calls that wait for each.
    pub queues: bool,
    /// Who may not be picked.
    pub bars: bool,
    /// Idle connections to each.
    pub idle: bool,
}

impl Keeps {
    /// What the upstream's rules ask for. `connects`: its servers accept connections.
    pub fn new(upstream: &Upstream, servers: &[Server], connects: bool) -> Keeps {
        let is_limited = upstream.slots != u32::MAX;
        let (looks_at_loads, minds_room) = match upstream.balance {
            Balance::RoundRobin => (false, true),
            Balance::LeastConnections { .. } => (true, true),
            Balance::Random { draws, .. } => (draws > 1, false),
            Balance::Addresses => (false, false),
        };
        let retries_elsewhere = upstream.retry.attempts > 0
            && upstream.retry.next != Next::Same
            && upstream.balance != Balance::Addresses;
        Keeps {
            loads: is_limited || looks_at_loads,
            queues: is_limited && upstream.queues,
            bars: (is_limited && minds_room)
                || upstream.check.is_some()
                || upstream.ban.is_some()
                || retries_elsewhere
                || servers.iter().any(|server| server.weight == 0),
            idle: connects && upstream.idle_max > 0,
        }
    }
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
        /// A server that is not idle is weighed with the call that it would get (`HAProxy`'s key is
        /// 0 when idle, else load plus one per weight: `lb_fwlc.c`).
        counts_next: bool,
    },
    /// The best of so many draws by weight, by calls in flight per weight.
    Random {
        /// How many draws.
        draws: u32,
        /// Whether no server is drawn twice.
        are_distinct: bool,
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
    /// Connections that were refused, or that the kernel gave up.
    pub on_connect: bool,
    /// Connections that the caller's own time-out gave up.
    pub on_connect_timeout: bool,
    /// Connections that broke before the answer began.
    pub on_reset: bool,
    /// Answers that did not begin in time.
    pub on_timeout: bool,
    /// Whether a request that is not idempotent is tried again after it was sent.
    pub unsafe_too: bool,
    /// Whether an attempt does not count if a reused connection broke under it.
    pub forgives_reused: bool,
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
    /// A check that has not answered by then has failed; not connected, if there is a time-out for
    /// the answer.
    pub timeout: DelayId,
    /// For the answer, from the connection on. `None`: `timeout` is for both.
    pub answer_timeout: Option<DelayId>,
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
    /// No usable server, refused, given up by the kernel.
    pub unreachable: u16,
    /// The connection did not open in time.
    pub connect_timeout: u16,
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
    /// The weights of the upstream's servers up to this one, its own included.
    pub weight_up_to: u64,
}
