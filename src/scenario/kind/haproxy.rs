//! `HAProxy`: event loops (threads) in one process, a queue for each server and one for the
//! backend, active checks. Section numbers are those of the configuration manual of the version.
//!
//! Left out: stick tables, ACLs, compression, caches, priorities, agent checks, slow start, TCP
//! mode. Balancing and termination follow the generic algorithms and causes, not yet the product's
//! own virtual times and two-letter codes.

use crate::{
    engine::time::Span,
    model::blueprint::{Balance, Next, Reuse, Statuses},
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{
            Algorithms, Ground, Kind, SOMAXCONN, Version, bare_upstream, nobody, passing, servers,
        },
        law::constant,
        schema::{Accept, Attempts, Check, Parts, Retry, Serving, Target, Upstream},
        tree::{Node, Value},
        units::Maybe,
    },
};

pub(super) const KIND: Kind = Kind { name: "haproxy", read, unmodelled: &UNMODELLED };

/// The smallest time that `HAProxy` tells apart.
const MILLISECOND: Span = Span::from_millis(1);
/// Every so often half of the idle server connections above the need are closed (management guide
/// and `pool-purge-delay` of the manual, section 5.2).
const POOL_PURGE_DELAY: Span = Span::from_millis(5_000);

const UNMODELLED: [&str; 37] = [
    "acl",
    "bind",
    "cache",
    "compression",
    "cookie",
    "default_backend",
    "email-alert",
    "errorfile",
    "filter",
    "frontend",
    "fullconn",
    "hard-stop-after",
    "hash-type",
    "http-after-response",
    "http-check",
    "http-request",
    "http-response",
    "listen",
    "load-server-state-from-file",
    "log",
    "max-keep-alive-queue",
    "maxcompcpuusage",
    "maxconnrate",
    "maxpipes",
    "maxsessrate",
    "maxsslconn",
    "mode",
    "monitor-uri",
    "nbproc",
    "peers",
    "rate-limit",
    "redirect",
    "retry-on",
    "spread-checks",
    "stick-table",
    "tcp-request",
    "use_backend",
];

const UNMODELLED_BACKEND: [&str; 28] = [
    "acl",
    "agent-check",
    "allbackups",
    "backup",
    "compression",
    "cookie",
    "error-limit",
    "fullconn",
    "hash-balance-factor",
    "hash-preserve-affinity",
    "hash-type",
    "http-check",
    "http-request",
    "http-response",
    "init-state",
    "load-server-state-from-file",
    "max-reuse",
    "minconn",
    "observe",
    "on-error",
    "on-marked-down",
    "pool-max-conn",
    "pool-purge-delay",
    "retry-on",
    "send-proxy",
    "slowstart",
    "stick",
    "stick-table",
];

/// What `HAProxy` takes in a backend, and the model for all of a balancer's backends.
const OF_THE_SERVICE: [(&str, &str); 3] = [
    ("retries", "for all backends: a key of the service, `[service.NAME]`"),
    ("option", "for all backends: a key of the service, `[service.NAME]`"),
    ("timeout", "for all backends: `[service.NAME.timeout]`"),
];

const UNMODELLED_TIMEOUT: [&str; 7] =
    ["client-fin", "client-hs", "http-request", "server-fin", "tarpit", "tunnel", "queue-fin"];

const UNMODELLED_OPTIONS: [&str; 14] = [
    "allbackups",
    "forwardfor",
    "http-buffer-request",
    "http-keep-alive",
    "http-no-delay",
    "http-server-close",
    "httpchk",
    "httpclose",
    "httplog",
    "persist",
    "prefer-last-server",
    "splice-auto",
    "tcp-check",
    "tcpka",
];

const ALGORITHMS: Algorithms = Algorithms {
    product: "haproxy",
    known: &[
        ("roundrobin", Balance::RoundRobin),
        ("leastconn", Balance::LeastConnections { random_ties: false, counts_next: true }),
        ("random", Balance::Random { draws: 2, are_distinct: false }),
    ],
    unmodelled: &[
        "static-rr",
        "first",
        "source",
        "uri",
        "url_param",
        "hdr",
        "hash",
        "rdp-cookie",
        "log-hash",
        "sticky",
    ],
    counts_draws: true,
};

/// `timeout`, where nothing set means for ever.
struct Timeouts {
    client: Option<Span>,
    connect: Option<Span>,
    server: Option<Span>,
    queue: Option<Span>,
    check: Option<Span>,
    keep_alive: Option<Span>,
}

/// What the whole service says about each of its backends.
struct Common {
    version: Version,
    timeouts: Timeouts,
    retries: u32,
    redispatches: bool,
}

fn read(service: &Fields<'_>, ground: Ground) -> Parts {
    service.remark(
        "haproxy runs on the generic algorithms and causes, under their own names, in this version",
    );
    let version = service.or::<Version>("version", "\"2.8\"", "a long-term release");
    let source = "HAProxy manual, section 3.1, nbthread: as many as the processors it is bound to";
    let threads =
        service.count_or("nbthread", 1..=4096, &ground.cores.min(4096).to_string(), source);
    let source = "HAProxy manual, section 3.1, maxconn: what the limit of file descriptors allows";
    let maxconn = service.or::<Maybe<u32>>("maxconn", "\"unlimited\"", source).0;
    let maxconn = maxconn.unwrap_or(u32::MAX);
    if maxconn == 0 {
        service.notes.mistake(service.at("maxconn"), "`maxconn` of 0 lets nobody in");
    }
    let backlog = maxconn.clamp(1, SOMAXCONN).to_string();
    let source =
        "HAProxy manual, section 4.2, backlog: maxconn; Linux caps it at net.core.somaxconn, 4096";
    let backlog = service.count_or("backlog", 1..=u32::MAX, &backlog, source).min(SOMAXCONN);
    let timeouts = timeouts(service);
    let retries = service.count_or("retries", 0..=100, "3", "HAProxy manual, section 4.2, retries");
    let options = options(service, version);
    let passing = passing(service, "costs of the machine, which no manual can know");
    let has = |word: &str| options.iter().any(|option| option == word);
    let redispatches = has("redispatch");
    let common = Common { version, timeouts, retries, redispatches };
    let upstreams =
        service.named("backend", "backend").iter().map(|named| backend(named, &common)).collect();
    Parts {
        processes: 1,
        serving: Serving::Loops(threads),
        accept: Some(Accept {
            backlog,
            connections_max: maxconn,
            is_strict: false,
            process_connections_max: u32::MAX,
            idle: common.timeouts.keep_alive.or(common.timeouts.client),
            keeps_alive: true,
        }),
        stops_when_abandoned: has("abortonclose"),
        upstreams,
        endpoints: Vec::new(),
        passing: Some(passing),
        undeclared: bare_upstream(String::new(), nobody(service.at)),
        log: None,
        pool: None,
    }
}

fn timeouts(service: &Fields<'_>) -> Timeouts {
    let fields = service.sub("timeout");
    let infinite = "HAProxy manual, section 4.2: unset is infinite";
    let get = |key: &'static str| fields.or::<Maybe<Span>>(key, "\"none\"", infinite).0;
    let (client, connect, server) = (get("client"), get("connect"), get("server"));
    // As it is written, if it could be read.
    let like_connect = connect.and_then(|_| fields.toml("connect"));
    let like_connect = like_connect.unwrap_or_else(|| "\"none\"".to_owned());
    let source = "HAProxy manual, section 4.2, timeout queue: the value of timeout connect";
    let queue = fields.or::<Maybe<Span>>("queue", &like_connect, source).0;
    let source = "HAProxy manual, section 4.2, timeout check, for the answer alone: unset, inter is for both";
    let check = fields.or::<Maybe<Span>>("check", "\"none\"", source).0;
    let source =
        "HAProxy manual, section 4.2, timeout http-keep-alive: unset, timeout client counts";
    let keep_alive = fields.or::<Maybe<Span>>("http-keep-alive", "\"none\"", source).0;
    fields.finish_product("haproxy", &UNMODELLED_TIMEOUT);
    Timeouts { client, connect, server, queue, check, keep_alive }
}

fn options(service: &Fields<'_>, version: Version) -> Vec<String> {
    let (default, source) = if version >= Version(3, 3, 0) {
        (
            "[\"abortonclose\"]",
            "HAProxy manual, section 4.2, option abortonclose: on for HTTP since 3.3",
        )
    } else {
        ("[]", "HAProxy manual, section 4.2: options are off unless named")
    };
    service.or::<Options>("option", default, source).0
}

struct Options(Vec<String>);

impl Read for Options {
    fn read(node: &Node, notes: &Notes) -> Option<Options> {
        let Value::List(items) = &node.value else {
            let says = format!("`option` is a list, here it is {}", node.value.kind());
            notes.hinted(node.at, says, "write `option = [\"redispatch\"]`");
            return None;
        };
        let mut options = Vec::new();
        for item in items {
            let text = String::read(item, notes)?;
            if UNMODELLED_OPTIONS.contains(&text.as_str()) {
                let says = format!("option of haproxy that is not modelled (yet): `{text}`");
                notes.hinted(item.at, says, "modelled: redispatch, abortonclose");
                continue;
            }
            let known = ["redispatch", "abortonclose"];
            notes.find("option", "options", &text, item.at, known.into_iter());
            options.push(text);
        }
        Some(Options(options))
    }
}

fn backend(named: &Named<'_>, common: &Common) -> Upstream {
    let fields = &named.fields;
    let servers = servers(fields);
    let (default, source) = if common.version >= Version(3, 3, 0) {
        ("random", "HAProxy manual, section 4.2, balance: random since 3.3")
    } else {
        ("roundrobin", "HAProxy manual, section 4.2, balance: roundrobin up to 3.2")
    };
    let balance = ALGORITHMS.read(fields, default, source);
    let unlimited = |count: u32| if count == 0 { u32::MAX } else { count };
    let source = "HAProxy manual, section 5.2, maxconn: 0 is no limit";
    let slots = unlimited(fields.or::<u32>("maxconn", "0", source));
    let source = "HAProxy manual, section 5.2, maxqueue: 0 is no limit";
    let server_queue = unlimited(fields.or::<u32>("maxqueue", "0", source));
    let reuse =
        fields.or::<String>("http-reuse", "\"safe\"", "HAProxy manual, section 4.2, http-reuse");
    let reuses = ["safe", "never", "aggressive", "always"];
    let at = fields.at("http-reuse");
    fields.notes.find("way of `http-reuse`", "ways", &reuse, at, reuses.into_iter());
    let check = fields.has("check").then(|| check(fields, common));
    fields.elsewhere(&OF_THE_SERVICE);
    fields.finish_product("haproxy", &UNMODELLED_BACKEND);
    let timeouts = &common.timeouts;
    let second = Span::from_millis(1_000);
    Upstream {
        balance,
        slots,
        server_queue,
        queue_timeout: timeouts.queue.map(|span| constant(span.seconds())),
        connect_timeout: timeouts.connect,
        response_timeout: timeouts.server,
        retry: Retry {
            attempts: Attempts::Fixed(common.retries),
            on_connect: true,
            on_connect_timeout: true,
            on_reset: false,
            on_timeout: false,
            unsafe_too: false,
            forgives_reused: false,
            next: if common.redispatches { Next::Other } else { Next::Same },
            turnaround: Some(timeouts.connect.map_or(second, |connect| connect.min(second))),
        },
        idle_max: if reuse == "never" { 0 } else { u32::MAX },
        reuse: match reuse.as_str() {
            "always" => Reuse::Always,
            "aggressive" => Reuse::Aggressive,
            _ => Reuse::Safe,
        },
        purge: (reuse != "never").then_some(POOL_PURGE_DELAY),
        check,
        statuses: Statuses {
            unreachable: 503,
            connect_timeout: 503,
            queue: 503,
            timeout: 504,
            reset: 502,
        },
        buffers: false,
        ..bare_upstream(format!("backend {}", named.name), servers)
    }
}

fn check(backend: &Fields<'_>, common: &Common) -> Check {
    let fields = backend.sub("check");
    let inter = fields.or::<Span>("inter", "\"2s\"", "HAProxy manual, section 5.2, inter: 2000 ms");
    if inter < MILLISECOND {
        fields
            .notes
            .mistake(fields.at("inter"), "HAProxy counts in milliseconds: at least \"1ms\"");
    }
    let source = "HAProxy manual, section 5.2: unset, `inter` counts";
    let written = fields.get::<Span>("inter").and_then(|_| fields.toml("inter"));
    let text = written.unwrap_or_else(|| "\"2s\"".to_owned());
    let like_inter = |key: &'static str| fields.or::<Span>(key, &text, source);
    let (fast, down) = (like_inter("fastinter"), like_inter("downinter"));
    for (key, pause) in [("fastinter", fast), ("downinter", down)] {
        if pause < MILLISECOND && inter >= MILLISECOND {
            let says = "HAProxy counts in milliseconds: at least \"1ms\"";
            fields.notes.mistake(fields.at(key), says);
        }
    }
    let fall = fields.count_or("fall", 1..=1_000, "3", "HAProxy manual, section 5.2, fall");
    let rise = fields.count_or("rise", 1..=1_000, "2", "HAProxy manual, section 5.2, rise");
    let endpoint = fields.get::<Target>("endpoint");
    fields.finish_product("haproxy", &["port", "addr", "agent-check", "spread-checks"]);
    // Manual, section 4.2, `timeout check`: with it the smaller of `timeout connect` and `inter` is
    // for the connection, and it is for the answer; without it `inter` is for both.
    let answer_timeout = common.timeouts.check;
    let connect = common.timeouts.connect.filter(|_| answer_timeout.is_some());
    let timeout = connect.map_or(inter, |connect| connect.min(inter));
    Check { inter, fast, down, timeout, answer_timeout, fall, rise, endpoint }
}
