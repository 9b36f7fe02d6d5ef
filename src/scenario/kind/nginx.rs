//! nginx: worker processes with one event loop each, static files, upstreams with passive health.
//! Sources are the module pages of nginx.org.
//!
//! Left out: the accept queue (loops take connections at once), caches, limits, compression, threads for
//! files, zones shared by workers (each worker has its own opinions), the commercial version's queue and
//! slow start.

use crate::{
    engine::time::Span,
    model::blueprint::{Balance, Next, Statuses},
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{
            Algorithms, Ground, Kind, Version, bare_upstream, nobody, passing,
            popular::{Popularity, Start},
            servers,
        },
        law::BytesLaw,
        program::{choice, plain, request_bytes},
        schema::{
            Accept, Attempts, Endpoint, Files, Name, Parts, Passing, Retry, Serving, Upstream, What,
        },
        tree::{Node, Value},
        units::Maybe,
    },
};

pub(super) const KIND: Kind = Kind { name: "nginx", read, unmodelled: &UNMODELLED };

const UNMODELLED: [&str; 39] = [
    "accept_mutex",
    "aio",
    "backlog",
    "client_body_timeout",
    "client_header_timeout",
    "client_max_body_size",
    "error_page",
    "fastcgi_pass",
    "gzip",
    "gzip_comp_level",
    "http2",
    "keepalive_requests",
    "limit_conn",
    "limit_conn_zone",
    "limit_rate",
    "limit_req",
    "limit_req_zone",
    "listen",
    "multi_accept",
    "open_file_cache",
    "proxy_buffer_size",
    "proxy_buffering",
    "proxy_buffers",
    "proxy_cache",
    "proxy_cache_background_update",
    "proxy_cache_lock",
    "proxy_cache_path",
    "proxy_cache_use_stale",
    "proxy_cache_valid",
    "proxy_ignore_client_abort",
    "proxy_request_buffering",
    "reset_timedout_connection",
    "send_timeout",
    "sendfile",
    "ssl_session_cache",
    "thread_pool",
    "worker_rlimit_nofile",
    "worker_shutdown_timeout",
    "worker_cpu_affinity",
];

const UNMODELLED_LOCATION: [&str; 13] = [
    "aio",
    "alias",
    "directio",
    "expires",
    "gzip",
    "gzip_static",
    "limit_rate",
    "limit_req",
    "open_file_cache",
    "proxy_cache",
    "proxy_pass",
    "root",
    "sendfile",
];

const UNMODELLED_UPSTREAM: [&str; 18] = [
    "backup",
    "hash",
    "ip_hash",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
    "proxy_bind",
    "proxy_buffering",
    "proxy_cache",
    "proxy_cache_lock",
    "proxy_ignore_client_abort",
    "proxy_next_upstream_timeout",
    "proxy_send_timeout",
    "queue",
    "resolver",
    "slow_start",
    "sticky",
    "zone",
];

/// Directives that are a value of `balance` here.
const BALANCE: [(&str, &str); 2] = [
    ("least_conn", "write `balance = \"least_conn\"`"),
    ("random", "write `balance = \"random\"` or `balance = \"random two\"`"),
];

const ALGORITHMS: Algorithms = Algorithms {
    product: "nginx",
    known: &[
        ("round_robin", Balance::RoundRobin),
        ("least_conn", Balance::LeastConnections { random_ties: false, counts_next: false }),
        ("random", Balance::Random { draws: 1, are_distinct: false }),
        ("random two", Balance::Random { draws: 2, are_distinct: true }),
    ],
    unmodelled: &["hash", "ip_hash", "least_time", "random two least_time", "sticky"],
    counts_draws: false,
};

/// `worker_processes`: a number, or one for each core.
struct Workers(Option<u32>);

impl Read for Workers {
    fn read(node: &Node, notes: &Notes) -> Option<Workers> {
        if node.text() == Some("auto") {
            return Some(Workers(None));
        }
        u32::read(node, notes).map(|count| Workers(Some(count)))
    }
}

/// `listen`'s on Linux.
const BACKLOG: u32 = 511;

fn read(service: &Fields<'_>, ground: Ground) -> Parts {
    service.remark(
        "nginx runs on the generic algorithms and causes, under their own names, in this version",
    );
    let version = service.or::<Version>("version", "\"1.28\"", "the stable branch");
    let source = "ngx_core_module, worker_processes";
    let processes = service.or::<Workers>("worker_processes", "1", source).0;
    let processes = processes.unwrap_or(ground.cores.min(4096));
    if !(1..=4096).contains(&processes) {
        let at = service.at("worker_processes");
        service.notes.mistake(at, "`worker_processes` is from 1 to 4096");
    }
    let source = "ngx_core_module, worker_connections: all connections of a worker, both sides";
    let connections = service.count_or("worker_connections", 1..=u32::MAX, "512", source);
    let source = "ngx_http_core_module, keepalive_timeout; 0 closes after each answer";
    let keepalive = service.or::<Span>("keepalive_timeout", "\"75s\"", source);
    let passing = passing(service, "costs of the machine, which no manual can know");
    let locations = service.named("location", "location");
    let endpoints = locations.iter().map(|named| location(named, &passing)).collect();
    let upstreams = service
        .named("upstream", "upstream")
        .iter()
        .map(|named| upstream(named, version))
        .collect();
    Parts {
        processes: processes.clamp(1, 4096),
        serving: Serving::Loops(1),
        accept: Some(Accept {
            // Never asked: loops accept at once, and turn away what is over `worker_connections`.
            backlog: BACKLOG,
            connections_max: u32::MAX,
            is_strict: false,
            process_connections_max: connections,
            idle: (!keepalive.is_zero()).then_some(keepalive),
            keeps_alive: !keepalive.is_zero(),
        }),
        stops_when_abandoned: true,
        upstreams,
        endpoints,
        passing: Some(passing),
        undeclared: bare_upstream(String::new(), nobody(service.at)),
        log: None,
        pool: None,
    }
}

fn location(named: &Named<'_>, passing: &Passing) -> Endpoint {
    let fields = &named.fields;
    let request_bytes = request_bytes(fields);
    let files = fields.node_needed("files").and_then(|_| files(fields));
    fields.finish_product("nginx", &UNMODELLED_LOCATION);
    let steps = vec![
        What::Handshake(passing.connection.clone()),
        What::Cpu { work: passing.request.clone(), of_request: false },
        What::File,
        What::Cpu { work: passing.response.clone(), of_request: false },
        What::RespondFile,
    ];
    Endpoint {
        name: Name { text: named.name.clone(), at: named.at },
        class: 0,
        request_bytes,
        writes: false,
        steps: plain(named.at, steps),
        files,
        apply: None,
    }
}

fn files(location: &Fields<'_>) -> Option<Files> {
    let fields = location.sub("files");
    let count = fields.need_count("count", 1..=10_000_000);
    let popularity = fields.need::<Popularity>("popularity");
    let size = fields.need::<BytesLaw>("size");
    let source = "a server that has been running for a while";
    let starts_warm = fields.or::<Start>("start", "\"warm\"", source) == Start::Warm;
    fields.finish();
    let (popularity, size) = (popularity?, size?.0);
    match popularity.law(count) {
        Ok(law) => Some(Files { count, zipf: popularity.0, popularity: law, size, starts_warm }),
        Err(reason) => {
            fields.notes.mistake(fields.at("popularity"), reason);
            None
        }
    }
}

fn upstream(named: &Named<'_>, version: Version) -> Upstream {
    let fields = &named.fields;
    let servers = servers(fields);
    let page = "ngx_http_upstream_module";
    let balance = ALGORITHMS.read(fields, "round_robin", page);
    let max_fails = fields.or::<u32>("max_fails", "1", &format!("{page}, max_fails; 0: never"));
    let source = format!("{page}, fail_timeout");
    let fail_timeout = fields.or::<Span>("fail_timeout", "\"10s\"", &source);
    let source = format!("{page}, max_conns: 0 is no limit");
    let max_conns = fields.or::<u32>("max_conns", "0", &source);
    let (default, source) = if version >= Version(1, 29, 7) {
        ("32", format!("{page}, keepalive: on since 1.29.7"))
    } else {
        ("0", format!("{page}, keepalive: off before 1.29.7"))
    };
    let idle_max = fields.or::<u32>("keepalive", default, &source);
    let page = "ngx_http_proxy_module";
    let span = |key: &'static str| {
        let span = fields.or::<Maybe<Span>>(key, "\"60s\"", &format!("{page}, {key}")).0;
        if span == Some(Span::ZERO) {
            fields.notes.mistake(fields.at(key), format!("`{key}` of no time at all"));
        }
        span
    };
    let connect_timeout = span("proxy_connect_timeout");
    let response_timeout = span("proxy_read_timeout");
    let retry = next_upstream(fields, page);
    fields.elsewhere(&BALANCE);
    fields.finish_product("nginx", &UNMODELLED_UPSTREAM);
    Upstream {
        balance,
        slots: if max_conns == 0 { u32::MAX } else { max_conns },
        queues: false,
        connect_timeout,
        response_timeout,
        retry,
        idle_max: if idle_max == 0 { 0 } else { u32::MAX },
        idle_all_max: idle_max,
        idle: (idle_max > 0).then_some(Span::from_millis(60_000)),
        ban: (max_fails > 0 && !fail_timeout.is_zero()).then_some((max_fails, fail_timeout)),
        statuses: Statuses {
            unreachable: 502,
            connect_timeout: 504,
            queue: 502,
            timeout: 504,
            reset: 502,
        },
        buffers: true,
        ..bare_upstream(format!("upstream {}", named.name), servers)
    }
}

/// When and how often `proxy_next_upstream` goes on.
fn next_upstream(fields: &Fields<'_>, page: &str) -> Retry {
    let source = format!("{page}, proxy_next_upstream");
    let default = "[\"error\", \"timeout\"]";
    let words = fields.or::<Conditions>("proxy_next_upstream", default, &source).0;
    let source = format!("{page}, proxy_next_upstream_tries: 0 is no limit");
    let tries = fields.or::<u32>("proxy_next_upstream_tries", "0", &source);
    let has = |condition: Condition| words.contains(&condition);
    let most = if has(Condition::Off) {
        0
    } else if tries == 0 {
        u32::MAX
    } else {
        tries - 1
    };
    Retry {
        attempts: Attempts::Servers(most),
        on_connect: has(Condition::Error),
        // `proxy_connect_timeout` is one of nginx's own timers (NGX_HTTP_UPSTREAM_FT_TIMEOUT).
        on_connect_timeout: has(Condition::Timeout),
        on_reset: has(Condition::Error),
        on_timeout: has(Condition::Timeout),
        unsafe_too: has(Condition::NonIdempotent),
        // ngx_http_upstream_next: "u->peer.tries++" if the peer was cached.
        forgives_reused: true,
        next: Next::Untried,
        turnaround: None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Error,
    Timeout,
    NonIdempotent,
    Off,
}

struct Conditions(Vec<Condition>);

impl Read for Conditions {
    fn read(node: &Node, notes: &Notes) -> Option<Conditions> {
        const KNOWN: [(&str, Condition); 4] = [
            ("error", Condition::Error),
            ("timeout", Condition::Timeout),
            ("non_idempotent", Condition::NonIdempotent),
            ("off", Condition::Off),
        ];
        let single = std::slice::from_ref(node);
        let items = if let Value::List(items) = &node.value { &items[..] } else { single };
        let mut conditions = Vec::new();
        for item in items {
            let text = item.text().unwrap_or_default();
            if text == "invalid_header" || text.starts_with("http_") {
                let says = format!("condition of nginx that is not modelled (yet): `{text}`");
                notes.hinted(item.at, says, "modelled: error, timeout, non_idempotent, off");
                continue;
            }
            if text.contains(' ') {
                let says = format!("`{text}` are several conditions in one text");
                let list = text.split_whitespace().collect::<Vec<_>>().join("\", \"");
                notes.hinted(item.at, says, format!("a list of them: [\"{list}\"]"));
                return None;
            }
            conditions.push(choice(item, notes, &KNOWN)?);
        }
        Some(Conditions(conditions))
    }
}
