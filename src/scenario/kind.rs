//! Presets: each turns a product's own settings into services, upstreams and programs. A new one
//! is a file here and a line in `KINDS`.

mod app;
mod haproxy;
mod mysql;
mod nginx;
mod popular;
mod service;

use crate::{
    engine::sample::Law,
    model::blueprint::{Balance, Next, Reuse, Statuses},
    scenario::{
        fields::{Fields, Notes, Read},
        law::{SpanLaw, constant},
        mistake::At,
        schema::{Attempts, Name, Parts, Passing, ReadFrom, Retry, Upstream},
        tree::Node,
    },
};

pub(crate) use service::read_balance as generic_balance;

/// A preset.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) read: fn(&Fields<'_>, Ground) -> Parts,
    /// Settings that the product has and the model has not.
    pub(crate) unmodelled: &'static [&'static str],
}

pub(crate) const KINDS: [Kind; 5] =
    [haproxy::KIND, nginx::KIND, app::KIND, mysql::KIND, service::KIND];

/// What a preset has to know of where it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    /// Of the (first) host.
    pub(crate) cores: u32,
    pub(crate) instances: u32,
}

/// What Linux caps every accept queue at (`net.core.somaxconn` since 5.4).
const SOMAXCONN: u32 = 4096;

/// A product's version: numbers between dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32, u32);

impl Read for Version {
    fn read(node: &Node, notes: &Notes) -> Option<Version> {
        let text = String::read(node, notes)?;
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor]) => Some(Version(*major, *minor, 0)),
            Some([major, minor, patch]) => Some(Version(*major, *minor, *patch)),
            Some(_) | None => {
                notes.hinted(node.at, format!("`{text}` is not a version"), "as in \"2.8\"");
                None
            }
        }
    }
}

/// What the product calls its ways to pick a server.
struct Algorithms {
    product: &'static str,
    /// Its words and what they mean here.
    known: &'static [(&'static str, Balance)],
    /// Its other words.
    unmodelled: &'static [&'static str],
    /// Whether `random(n)` is one of its words.
    counts_draws: bool,
}

impl Algorithms {
    fn read(&self, fields: &Fields<'_>, default: &str, source: &str) -> Balance {
        let text = fields.or::<String>("balance", &format!("\"{default}\""), source);
        let at = fields.at("balance");
        if let Some((_, balance)) = self.known.iter().find(|(word, _)| *word == text) {
            return *balance;
        }
        let draws = text.strip_prefix("random(").and_then(|rest| rest.strip_suffix(')'));
        if let Some(draws) = draws.filter(|_| self.counts_draws) {
            if let Ok(draws @ 1..=1_000) = draws.trim().parse::<u32>() {
                return Balance::Random { draws, are_distinct: false };
            }
            fields.notes.mistake(at, format!("`{text}`: 1 to 1000 draws"));
            return Balance::RoundRobin;
        }
        let word = text.split_whitespace().next().unwrap_or_default();
        if self.unmodelled.contains(&word) {
            let modelled: Vec<&str> = self.known.iter().map(|(word, _)| *word).collect();
            let says = format!(
                "balancing algorithm of {} that is not modelled (yet): `{word}`",
                self.product
            );
            fields.notes.hinted(at, says, format!("modelled: {}", modelled.join(", ")));
            return Balance::RoundRobin;
        }
        let words = self.known.iter().map(|(word, _)| *word);
        fields.notes.find("balancing algorithm", "algorithms", &text, at, words);
        Balance::RoundRobin
    }
}

/// A view of `servers` with no limits, no retries and no opinions.
fn bare_upstream(name: String, servers: Name) -> Upstream {
    Upstream {
        name,
        servers,
        callee: None,
        balance: Balance::RoundRobin,
        slots: u32::MAX,
        server_queue: u32::MAX,
        queues: true,
        queue_timeout: None,
        connect_timeout: None,
        response_timeout: None,
        retry: no_retry(),
        idle_max: 0,
        idle_all_max: u32::MAX,
        reuse: Reuse::Always,
        purge: None,
        idle: None,
        handshake_rounds: 0,
        ban: None,
        check: None,
        statuses: Statuses {
            unreachable: 500,
            connect_timeout: 500,
            queue: 500,
            timeout: 500,
            reset: 500,
        },
        buffers: true,
        read_from: ReadFrom::Replicas,
    }
}

fn no_retry() -> Retry {
    Retry {
        attempts: Attempts::Fixed(0),
        on_connect: false,
        on_connect_timeout: false,
        on_reset: false,
        on_timeout: false,
        unsafe_too: false,
        forgives_reused: false,
        next: Next::Other,
        turnaround: None,
    }
}

/// The name behind `servers`; an empty one behind a mistake.
fn servers(fields: &Fields<'_>) -> Name {
    let text = fields.need::<String>("servers").unwrap_or_default();
    Name { text, at: fields.at("servers") }
}

/// Whom nobody has declared.
fn nobody(at: At) -> Name {
    Name { text: String::new(), at }
}

/// What a proxy spends on connections, requests and responses.
fn passing(service: &Fields<'_>, source: &str) -> Passing {
    let cpu = service.sub("cpu");
    let law = |key: &'static str| -> Law { cpu.or::<SpanLaw>(key, "0", source).0 };
    let passing = Passing {
        connection: law("connection"),
        request: law("request"),
        response: law("response"),
    };
    cpu.finish();
    passing
}

/// Visitors of a workload: clients are no special case. Each has its own addresses, connections
/// and patience; they run as calls of one process without limits.
pub(crate) fn visitors(at: At) -> (Parts, Upstream) {
    let upstream = Upstream {
        statuses: Statuses { unreachable: 0, connect_timeout: 0, queue: 0, timeout: 0, reset: 0 },
        ..bare_upstream(String::new(), nobody(at))
    };
    let parts = Parts {
        processes: 1,
        serving: crate::scenario::schema::Serving::Slots {
            slots: u32::MAX,
            room: crate::scenario::law::Room::Unlimited,
            order: crate::model::blueprint::Order::Fifo,
            patience: None,
        },
        accept: None,
        stops_when_abandoned: true,
        upstreams: Vec::new(),
        endpoints: Vec::new(),
        passing: None,
        undeclared: upstream.clone(),
        log: None,
        pool: None,
    };
    (parts, upstream)
}

/// Of a program's demand that nobody has declared: none at all.
fn nothing() -> Law {
    constant(0.0)
}
