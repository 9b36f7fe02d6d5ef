//! Random scenarios: visitors, perhaps balancers, perhaps web servers, applications, perhaps a
//! database and another service; small limits, short time-outs, loads from a trickle to far too
//! much, and whatever may break.

use std::fmt::Write as _;

use proptest::{collection, prelude::*, sample::select};

/// A site by its texts, so that a failure is read as a scenario.
#[derive(Clone, Debug)]
pub(crate) struct World {
    seed: u64,
    ground: String,
    lb: Option<String>,
    web: Option<String>,
    app: String,
    steps: Vec<&'static str>,
    db: Option<String>,
    other: Option<String>,
    keeps_for_ever: bool,
    load: String,
    events: Vec<(u64, u64, usize, bool)>,
    spike: Option<u32>,
}

/// What `events` choose from, if it is there.
const VICTIMS: [&str; 9] =
    ["app.1", "app.2", "lb.1", "lb.2", "web.1", "web.2", "db.1", "db.2", "other.1"];

impl World {
    /// In the scenario language.
    pub(crate) fn scenario(&self) -> String {
        let mut out = format!("[scenario]\nseed = {}\nduration = \"3s\"\n", self.seed);
        out.push_str("drain = \"60s\"\nreplications = 1\n");
        out.push_str(&self.ground);
        let services = [&self.lb, &self.web, &Some(self.app.clone()), &self.db, &self.other];
        for service in services.into_iter().flatten() {
            out.push_str(service);
        }
        out.push_str(&self.programs());
        out.push_str(&self.requests());
        for (at, length, victim, is_lost) in &self.events {
            let victim = VICTIMS[*victim];
            if !self.has(victim) {
                continue;
            }
            let what = if *is_lost {
                format!("lose = \"host of {victim}\"")
            } else {
                format!("crash = \"{victim}\"")
            };
            let _ = writeln!(out, "[[event]]\nat = \"{at}ms\"\nfor = \"{length}ms\"\n{what}");
        }
        if let (Some(extra), false) = (self.spike, self.load.contains("users")) {
            let spike = format!("workload = \"visitors\", extra = \"{extra}/s\", hold = \"300ms\"");
            let _ = writeln!(out, "[[event]]\nat = \"200ms\"\nspike = {{ {spike} }}");
        }
        out
    }

    /// Whether an instance is there.
    fn has(&self, victim: &str) -> bool {
        match victim.split_once('.').unwrap() {
            ("app", _) => true,
            ("lb", _) => self.lb.is_some(),
            ("web", _) => self.web.is_some(),
            ("db", _) => self.db.is_some(),
            _ => self.other.is_some(),
        }
    }

    fn programs(&self) -> String {
        let mut steps: Vec<&str> = self.steps.clone();
        if self.db.is_none() {
            steps.retain(|step| !step.contains("db."));
        }
        if self.other.is_none() {
            steps.retain(|step| !step.contains("other."));
        }
        format!("[service.app.endpoint.page]\nsteps = [\n  {}\n]\n", steps.join(",\n  "))
    }

    fn requests(&self) -> String {
        let entry = match (&self.lb, &self.web) {
            (Some(_), _) => "lb",
            (None, Some(_)) => "web",
            (None, None) => "app",
        };
        let mut out = "[request.page]\nto = \"app.page\"\n\
                       [request.order]\nto = \"app.page\"\nmethod = \"POST\"\n"
            .to_owned();
        let mut mix = "page = 3, order = 1".to_owned();
        if self.web.is_some() {
            out.push_str("[request.file]\nto = \"web.static\"\n");
            mix.push_str(", file = 2");
        }
        let _ =
            write!(out, "[workload.visitors]\nto = \"{entry}\"\nmix = {{ {mix} }}\n{}", self.load);
        out
    }

    /// Whether connections are kept that nobody ever closes.
    pub(crate) fn keeps_for_ever(&self) -> bool {
        self.other.is_some() && self.keeps_for_ever
    }

    /// Whether nothing breaks.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.events.iter().all(|(_, _, victim, _)| !self.has(VICTIMS[*victim]))
    }
}

/// One of several texts.
fn one(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

const SHORT: &[&str] = &["30ms", "100ms", "300ms", "1s", "3s"];

fn ground() -> impl Strategy<Value = String> {
    let nic = one(&["\"unlimited\"", "\"100Mbit/s\"", "\"10Gbit/s\""]);
    let discipline = one(&["sharing", "sharing", "fifo", "priority", "preemptive", "lifo"]);
    let latency = one(&["0", "\"100us\"", "\"5ms\""]);
    (1..4_u32, nic, discipline, latency, any::<bool>()).prop_map(
        |(cores, nic, discipline, latency, has_cache)| {
            let memory = if has_cache { "memory = \"64MiB\"\n" } else { "" };
            format!(
                "[network]\nlatency = {latency}\n[hardware.box]\ncores = {cores}\nnic = {nic}\n\
                 discipline = \"{discipline}\"\n{memory}\
                 disk = {{ read = {{ exponential = \"2ms\" }}, fsync = \"1ms\", parallel = 2 }}\n\
                 [host.one]\nhardware = \"box\"\n[host.two]\nhardware = \"box\"\n"
            )
        },
    )
}

/// Hosts of its own, or those that it shares with others.
fn place() -> impl Strategy<Value = &'static str> {
    one(&["hardware = \"box\"", "hardware = \"box\"", "on = [\"one\", \"two\"]"])
}

fn balancers(to: &'static str) -> impl Strategy<Value = String> {
    let lb = (
        place(),
        one(&["\"unlimited\"", "3", "40"]),
        one(&[
            "[]",
            "[\"redispatch\"]",
            "[\"abortonclose\"]",
            "[\"redispatch\", \"abortonclose\"]",
        ]),
        0..4_u32,
        (one(SHORT), one(SHORT), one(SHORT), one(SHORT)),
    );
    let backend = (
        one(&["roundrobin", "leastconn", "random(2)", "random(1)"]),
        one(&["0", "1", "4"]),
        one(&["0", "2"]),
        one(&["safe", "never", "always"]),
        one(&[
            "",
            "check = { inter = \"200ms\" }",
            "check = { inter = \"1s\", fall = 1, rise = 1 }",
        ]),
    );
    (lb, backend).prop_map(move |(lb, backend)| {
        let (place, maxconn, option, retries, (connect, server, queue, client)) = lb;
        let (balance, slots, room, reuse, check) = backend;
        format!(
            "[service.lb]\nkind = \"haproxy\"\ninstances = 2\n{place}\nmaxconn = {maxconn}\n\
             option = {option}\nretries = {retries}\nbacklog = 5\n\
             timeout = {{ connect = \"{connect}\", \
             server = \"{server}\", queue = \"{queue}\", client = \"{client}\" }}\n\
             cpu = {{ connection = \"300us\", request = \"50us\", response = \"20us\" }}\n\
             [service.lb.backend.next]\nservers = \"{to}\"\nbalance = \"{balance}\"\n\
             maxconn = {slots}\nmaxqueue = {room}\nhttp-reuse = \"{reuse}\"\n{check}\n"
        )
    })
}

fn webs() -> impl Strategy<Value = String> {
    let web = (place(), 1..4_u32, one(&["6", "30", "512"]), one(&["0", "\"400ms\"", "\"75s\""]));
    let upstream = (
        one(&["round_robin", "least_conn", "random", "random two"]),
        0..3_u32,
        one(&["0", "2"]),
        0..3_u32,
        (one(SHORT), one(SHORT)),
        one(&[
            "[\"error\", \"timeout\"]",
            "\"off\"",
            "[\"error\", \"timeout\", \"non_idempotent\"]",
        ]),
    );
    (web, upstream).prop_map(|(web, upstream)| {
        let (place, workers, connections, keepalive) = web;
        let (balance, fails, conns, kept, (connect, read), next) = upstream;
        format!(
            "[service.web]\nkind = \"nginx\"\ninstances = 2\n{place}\n\
             worker_processes = {workers}\n\
             worker_connections = {connections}\nkeepalive_timeout = {keepalive}\n\
             cpu = {{ request = \"100us\", response = \"50us\" }}\n\
             [service.web.location.static]\nfiles = {{ count = 500, popularity = {{ zipf = 0.9 }}, \
             size = {{ lognormal = {{ median = \"20kB\", p99 = \"900kB\" }} }}, \
             start = \"cold\" }}\n\
             [service.web.upstream.app]\nservers = \"app\"\nbalance = \"{balance}\"\n\
             max_fails = {fails}\nfail_timeout = \"500ms\"\nmax_conns = {conns}\n\
             keepalive = {kept}\n\
             proxy_connect_timeout = \"{connect}\"\nproxy_read_timeout = \"{read}\"\n\
             proxy_next_upstream = {next}\n"
        )
    })
}

fn apps() -> impl Strategy<Value = String> {
    let app = (place(), 1..3_u32, 1..5_u32, one(&["1", "5", "2048"]), one(&["0", "\"300ms\""]));
    let pool = (1..4_u32, one(SHORT), one(SHORT), one(SHORT), one(&["replicas", "any", "primary"]));
    (app, pool).prop_map(|(app, pool)| {
        let (place, workers, threads, backlog, keepalive) = app;
        let (size, wait, connect, read, from) = pool;
        let mut out = format!(
            "[service.app]\nkind = \"app\"\ninstances = 2\n{place}\nworkers = {workers}\n\
             threads = {threads}\nbacklog = {backlog}\nkeepalive = {keepalive}\n"
        );
        for to in ["db", "other"] {
            let _ = write!(
                out,
                "[service.app.upstream.{to}]\nservers = \"{to}\"\nread_from = \"{from}\"\n\
                 pool = {{ size = {size}, wait = \"{wait}\" }}\nconnect_timeout = \"{connect}\"\n\
                 read_timeout = \"{read}\"\n"
            );
        }
        out
    })
}

fn databases() -> impl Strategy<Value = String> {
    let pool = one(&["", "warm", "cold"]);
    (place(), one(&["2", "9", "151"]), 0..2_u32, 0..2_u32, 1..3_u32, pool).prop_map(
        |(place, connections, binlog, flush, workers, pool)| {
            let (size, table, read, write) = if pool.is_empty() {
                let read = "disk_reads = { geometric = 0.5 }\n";
                (String::new(), String::new(), read, "apply_reads = { geometric = 0.1 }\n")
            } else {
                let table = format!(
                    "[service.db.table.rows]\nsize = \"2MiB\"\nstart = \"{pool}\"\n\
                     popularity = {{ zipf = 0.9 }}\n"
                );
                let pages = "table = \"rows\"\npages = { geometric = 0.5 }\n";
                let size = "innodb_buffer_pool_size = \"500KiB\"\n".to_owned();
                (size, table, pages, "table = \"rows\"\n")
            };
            format!(
                "[service.db]\nkind = \"mysql\"\ninstances = 2\n{place}\n{size}\
                 max_connections = {connections}\nsync_binlog = {binlog}\n\
                 innodb_flush_log_at_trx_commit = {flush}\nreplica_parallel_workers = {workers}\n\
                 source_connect_retry = \"700ms\"\n{table}\
                 [service.db.query.read]\naccess = \"read\"\ncpu = {{ exponential = \"1ms\" }}\n\
                 {read}rows = \"3kB\"\n\
                 [service.db.query.write]\naccess = \"write\"\ncpu = \"500us\"\n\
                 apply = \"200us\"\n{write}"
            )
        },
    )
}

fn others() -> impl Strategy<Value = String> {
    (
        place(),
        one(&["1", "3", "\"unlimited\""]),
        one(&["0", "2", "\"unlimited\""]),
        one(&["fifo", "lifo", "priority"]),
        one(&["\"none\"", "\"20ms\"", "{ exponential = \"50ms\" }"]),
        one(&["connections = \"tcp\"\nbacklog = 2", "connections = \"none\""]),
    )
        .prop_map(|(place, workers, room, order, patience, connections)| {
            format!(
                "[service.other]\nkind = \"service\"\ninstances = 2\n{place}\nworkers = {workers}\n\
                 queue = {room}\nqueue_order = \"{order}\"\nqueue_timeout = {patience}\n\
                 {connections}\n\
                 [service.other.endpoint.quick]\npriority = 1\nsteps = [{{ cpu = \"300us\" }}]\n\
                 [service.other.endpoint.slow]\npriority = 0\n\
                 steps = [{{ wait = {{ exponential = \"30ms\" }} }}, {{ respond = \"200kB\" }}]\n"
            )
        })
}

const STEPS: &[&str] = &[
    "{ cpu = { exponential = \"2ms\" } }",
    "{ cpu = \"1ms\", of = \"request\" }",
    "{ wait = { exponential = \"20ms\" } }",
    "{ disk_read = { geometric = 1.0 } }",
    "{ query = \"db.read\" }",
    "{ query = \"db.write\" }",
    "{ call = \"other.quick\" }",
    "{ call = \"other.slow\" }",
    "{ parallel = [\"other.quick\", \"other.slow\", \"db.read\"] }",
    "{ parallel = \"other.quick\", count = 4 }",
    "{ repeat = { probability = 0.5 }, steps = [{ query = \"db.read\" }, { wait = \"3ms\" }] }",
    "{ repeat = 2, steps = [{ cpu = \"200us\" }, { call = \"other.quick\" }] }",
    "{ branch = \"30%\", steps = [{ query = \"db.write\" }], else = [{ wait = \"5ms\" }] }",
    "{ respond = \"2kB\" }",
    "{ respond = { lognormal = { median = \"100kB\", p99 = \"2MB\" } } }",
];

/// Steps, of which one answers at most.
fn steps() -> impl Strategy<Value = Vec<&'static str>> {
    collection::vec(one(STEPS), 1..7).prop_map(|mut steps| {
        let mut answers = 0;
        steps.retain(|step| {
            answers += u32::from(step.contains("respond"));
            !step.contains("respond") || answers == 1
        });
        steps.push("{ cpu = \"100us\" }");
        steps
    })
}

fn loads() -> impl Strategy<Value = String> {
    let arrivals = prop_oneof![
        (5..60_u32).prop_map(|rate| format!("{{ poisson = \"{rate}/s\" }}")),
        (100..700_u32).prop_map(|rate| format!("{{ poisson = \"{rate}/s\" }}")),
        (5..200_u32).prop_map(|rate| format!("{{ even = \"{rate}/s\" }}")),
        (2..20_u32).prop_map(|rate| {
            format!("{{ batches = {{ rate = \"{rate}/s\", size = {{ geometric1 = 6 }} }} }}")
        }),
        (1..60_u32).prop_map(|users| {
            format!("{{ users = {users}, think = {{ exponential = \"50ms\" }} }}")
        }),
        (1..5_u32).prop_map(|users| format!("{{ users = {users}, think = 0 }}")),
    ];
    (
        arrivals,
        one(&["\"500ms\"", "\"3s\"", "{ exponential = \"300ms\" }"]),
        one(&["0", "\"10ms\"", "{ exponential = \"8ms\" }"]),
        one(&["\"unlimited\"", "\"5Mbit/s\""]),
        one(&["none", "1.2", "1.3"]),
        one(&["50ms", "3s"]),
    )
        .prop_map(|(arrivals, patience, latency, bandwidth, tls, connect)| {
            format!(
                "arrivals = {arrivals}\npatience = {patience}\nlatency = {latency}\n\
                 bandwidth = {bandwidth}\ntls = \"{tls}\"\nconnect_timeout = \"{connect}\"\n"
            )
        })
}

/// Any site.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let tiers = (
        any::<[bool; 2]>(),
        balancers("web"),
        balancers("app"),
        webs(),
        apps(),
        proptest::option::of(databases()),
        proptest::option::of(others()),
    );
    let fault = (0..2_500_u64, 1..1_500_u64, 0..VICTIMS.len(), any::<bool>());
    let events = prop_oneof![
        2 => collection::vec(fault.clone(), 0..1),
        5 => collection::vec(fault, 1..6),
    ];
    let rest = (any::<u32>(), ground(), steps(), loads(), events);
    (tiers, rest, proptest::option::of(50..900_u32)).prop_map(|(tiers, rest, spike)| {
        let ([has_lb, has_web], before_web, before_app, web, app, db, other) = tiers;
        let (seed, ground, steps, load, events) = rest;
        let lb = if has_web { before_web } else { before_app };
        let app = app_without(&app, db.is_some(), other.is_some());
        World {
            seed: u64::from(seed),
            ground,
            lb: has_lb.then_some(lb),
            web: has_web.then_some(web),
            app,
            steps,
            db,
            keeps_for_ever: other.as_ref().is_some_and(|it| it.contains("tcp")),
            other,
            load,
            events,
            spike,
        }
    })
}

/// Without the upstreams of services that are not there.
fn app_without(app: &str, has_db: bool, has_other: bool) -> String {
    let mut parts = app.split("[service.app.upstream.");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_there = if part.starts_with("db") { has_db } else { has_other };
        if is_there {
            let _ = write!(out, "[service.app.upstream.{part}");
        }
    }
    out
}
