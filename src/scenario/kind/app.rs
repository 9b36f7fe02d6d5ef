//! An application server: pre-forked worker processes with threads, a connection pool in each.
//! Defaults are gunicorn's settings and, for the pool, `HikariCP`'s.
//!
//! Left out: the master's time-out that kills workers, recycling of workers, interpreter locks,
//! pauses of a garbage collector.

use crate::{
    engine::time::Span,
    model::blueprint::{Next, Order},
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{Ground, Kind, SOMAXCONN, bare_upstream, generic_balance, nobody, servers},
        law::{Room, constant},
        mistake::At,
        program::{choice, endpoints},
        schema::{Accept, Name, Parts, ReadFrom, Retry, Serving, Upstream},
        tree::Node,
        units::Maybe,
    },
};

pub(super) const KIND: Kind = Kind { name: "app", read, unmodelled: &UNMODELLED };

const UNMODELLED: [&str; 14] = [
    "graceful_timeout",
    "limit_request_line",
    "listen",
    "max_requests",
    "max_requests_jitter",
    "max_spare_threads",
    "max_threads",
    "min_threads",
    "pm",
    "preload_app",
    "request_terminate_timeout",
    "timeout",
    "worker_class",
    "worker_connections",
];

const UNMODELLED_UPSTREAM: [&str; 8] = [
    "breaker",
    "hedge",
    "idle_timeout",
    "max_lifetime",
    "min_idle",
    "retries",
    "retry",
    "validation_timeout",
];

/// What pools call it, and what it is called here.
const POOL_NAMES: [(&str, &str); 4] = [
    ("maximumPoolSize", "it is `size` here"),
    ("connectionTimeout", "it is `wait` here"),
    ("pool_size", "it is `size` here"),
    ("pool_timeout", "it is `wait` here"),
];

const UNMODELLED_POOL: [&str; 6] =
    ["idle", "idle_timeout", "max_lifetime", "max_overflow", "min_idle", "recycle"];

const POOL_SIZE: u32 = 10;
const POOL_WAIT: Span = Span::from_millis(30_000);
const CONNECT: Span = Span::from_millis(10_000);

fn read(service: &Fields<'_>, _ground: Ground) -> Parts {
    let source = "gunicorn settings, workers";
    let workers = service.count_or("workers", 1..=65_536, "1", source);
    let source = "gunicorn settings, threads";
    let threads = service.count_or("threads", 1..=65_536, "1", source);
    let source = "gunicorn settings, backlog; Linux caps it at net.core.somaxconn, 4096";
    let backlog = service.count_or("backlog", 1..=u32::MAX, "2048", source).min(SOMAXCONN);
    let (default, source) = if threads > 1 {
        ("\"2s\"", "gunicorn settings, keepalive: workers with threads are gthread")
    } else {
        ("0", "gunicorn settings, keepalive: sync workers close after each answer")
    };
    let keepalive = service.or::<Span>("keepalive", default, source);
    let upstreams = service.named("upstream", "upstream").iter().map(upstream).collect();
    Parts {
        processes: workers,
        serving: Serving::Slots {
            slots: threads,
            room: Room::Unlimited,
            order: Order::Fifo,
            patience: None,
        },
        accept: Some(Accept {
            backlog,
            connections_max: u32::MAX,
            is_strict: false,
            process_connections_max: u32::MAX,
            idle: (!keepalive.is_zero()).then_some(keepalive),
            keeps_alive: !keepalive.is_zero(),
        }),
        stops_when_abandoned: false,
        upstreams,
        endpoints: endpoints(service),
        passing: None,
        undeclared: undeclared(service.at),
        log: None,
        pool: None,
    }
}

fn undeclared(at: At) -> Upstream {
    pooled(String::new(), nobody(at), POOL_SIZE, Some(POOL_WAIT))
}

fn pooled(name: String, servers: Name, size: u32, wait: Option<Span>) -> Upstream {
    Upstream {
        slots: size,
        queue_timeout: wait.map(|wait| constant(wait.seconds())),
        connect_timeout: Some(CONNECT),
        idle_max: size,
        retry: Retry { next: Next::Other, ..super::no_retry() },
        ..bare_upstream(name, servers)
    }
}

fn upstream(named: &Named<'_>) -> Upstream {
    let fields = &named.fields;
    let servers = servers(fields);
    let pool = fields.sub("pool");
    let size = pool.count_or("size", 1..=1_000_000, "10", "HikariCP, maximumPoolSize");
    let wait = pool.or::<Maybe<Span>>("wait", "\"30s\"", "HikariCP, connectionTimeout").0;
    pool.elsewhere(&POOL_NAMES);
    pool.finish_product("a pool", &UNMODELLED_POOL);
    let source = "servers that are alike take turns";
    let balance = generic_balance(fields, "round_robin", source);
    let source = "MySQL Connector/Python and PyMySQL, connect_timeout";
    let connect_timeout = fields.or::<Maybe<Span>>("connect_timeout", "\"10s\"", source).0;
    let source = "MySQL Connector/Python and PyMySQL, read_timeout";
    let response_timeout = fields.or::<Maybe<Span>>("read_timeout", "\"none\"", source).0;
    let source = "a site that has replicas reads from them";
    let read_from = fields.or::<ReadFrom>("read_from", "\"replicas\"", source);
    fields.finish_product("an app", &UNMODELLED_UPSTREAM);
    Upstream {
        balance,
        connect_timeout,
        response_timeout,
        read_from,
        ..pooled(format!("upstream {}", named.name), servers, size, wait)
    }
}

impl Read for ReadFrom {
    fn read(node: &Node, notes: &Notes) -> Option<ReadFrom> {
        const WORDS: [(&str, ReadFrom); 3] = [
            ("replicas", ReadFrom::Replicas),
            ("any", ReadFrom::Any),
            ("primary", ReadFrom::Primary),
        ];
        choice(node, notes, &WORDS)
    }
}
