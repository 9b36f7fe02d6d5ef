//! Random sites of plain services, between which calls are direct unless something speaks against it.

use std::fmt::Write as _;

use proptest::{collection, prelude::*, sample::select};

/// A chain of services, by its texts.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    seed: u64,
    ground: String,
    services: Vec<String>,
    load: String,
    events: Vec<(u64, u64, usize, bool)>,
}

impl Plain {
    /// In the scenario language.
    pub(crate) fn scenario(&self) -> String {
        let mut out = format!("[scenario]\nseed = {}\nduration = \"2s\"\n", self.seed);
        out.push_str("drain = \"60s\"\nreplications = 1\n");
        out.push_str(&self.ground);
        for (number, service) in self.services.iter().enumerate() {
            let below = match self.services.len() - number {
                1 => String::new(),
                _ => format!("s{}.work", number + 1),
            };
            out.push_str(&service.replace("NAME", &format!("s{number}")).replace("BELOW", &below));
        }
        out.push_str("[request.page]\nto = \"s0.work\"\n[workload.visitors]\nmix = { page = 1 }\n");
        out.push_str(&self.load);
        for (at, length, victim, is_lost) in &self.events {
            let victim = format!("s{}.1", victim % self.services.len());
            let what = if *is_lost {
                format!("lose = \"host of {victim}\"")
            } else {
                format!("crash = \"{victim}\"")
            };
            let _ = writeln!(out, "[[event]]\nat = \"{at}ms\"\nfor = \"{length}ms\"\n{what}");
        }
        out
    }
}

fn one(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

fn ground() -> impl Strategy<Value = String> {
    let discipline = one(&["sharing", "fifo", "fifo", "priority", "preemptive", "lifo"]);
    let latency = one(&["0", "\"100us\"", "\"5ms\""]);
    (1..4_u32, discipline, latency).prop_map(|(cores, discipline, latency)| {
        format!(
            "[network]\nlatency = {latency}\n[hardware.box]\ncores = {cores}\n\
             discipline = \"{discipline}\"\n\
             [host.one]\nhardware = \"box\"\n[host.two]\nhardware = \"box\"\n"
        )
    })
}

/// What a service does for a request: `BELOW` is what it may call.
const CALLS: &[&str] = &[
    "{ call = \"BELOW\" }",
    "{ call = \"BELOW\" }",
    "{ branch = \"40%\", steps = [ { call = \"BELOW\" } ], else = [ { cpu = \"1ms\" } ] }",
    "{ parallel = \"BELOW\", count = 2 }",
    "{ repeat = 2, steps = [ { call = \"BELOW\" } ] }",
    "{ repeat = { probability = 0.3 }, steps = [ { call = \"BELOW\" } ] }",
];
const WORK: &[&str] = &[
    "{ cpu = { exponential = \"3ms\" } }",
    "{ cpu = { exponential = \"3ms\" }, of = \"request\" }",
    "{ wait = { exponential = \"2ms\" } }",
    "{ cpu = \"0ms\" }",
    "{ respond = \"2kB\" }, { cpu = \"1ms\" }",
];

fn service() -> impl Strategy<Value = String> {
    let place = one(&["hardware = \"box\"", "hardware = \"box\"", "on = [\"one\", \"two\"]"]);
    let room = one(&[
        "",
        "",
        "workers = 2\n",
        "workers = 1\nqueue = 3\n",
        "workers = 2\nqueue_timeout = \"20ms\"\n",
        "workers = 2\nqueue_order = \"lifo\"\n",
    ]);
    let balance = one(&["round_robin", "random(1)", "random(2)", "least_connections"]);
    let steps = (one(WORK), prop::option::of(one(CALLS)), prop::option::of(one(WORK)));
    (1..4_u32, place, room, balance, any::<bool>(), steps).prop_map(
        |(instances, place, room, balance, has_timeout, (first, call, last))| {
            let steps: Vec<&str> =
                [Some(first), call.or(Some(CALLS[0])), last].into_iter().flatten().collect();
            // One answer at most: the second one is left out.
            let mut steps = steps.join(",\n  ");
            if steps.matches("respond").count() > 1 {
                steps = steps.replacen("{ respond = \"2kB\" }, ", "", 1);
            }
            let timeout =
                if has_timeout { "response_timeout = \"50ms\"\nretries = 1\n" } else { "" };
            format!(
                "[service.NAME]\nkind = \"service\"\ninstances = {instances}\n{place}\n{room}\
                 [service.NAME.upstream.below]\nservers = \"BELOW-SERVICE\"\n\
                 balance = \"{balance}\"\n{timeout}\
                 [service.NAME.endpoint.work]\nsteps = [\n  {steps}\n]\n"
            )
        },
    )
}

/// The last service of the chain calls nobody.
fn at_the_end(service: &str) -> String {
    let mut out = String::new();
    let mut is_upstream = false;
    for line in service.lines() {
        if line.starts_with('[') {
            is_upstream = line.contains(".upstream.");
        }
        if !is_upstream && !line.contains("BELOW") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn load() -> impl Strategy<Value = String> {
    let arrivals = one(&[
        "arrivals = { poisson = \"60/s\" }\n",
        "arrivals = { poisson = \"400/s\" }\n",
        "arrivals = { even = \"100/s\" }\n",
        "arrivals = { batches = { rate = \"20/s\", size = { geometric1 = 4 } } }\n",
        "arrivals = { users = 7, think = { exponential = \"30ms\" } }\n",
    ]);
    let patience = one(&["", "patience = \"40ms\"\n", "patience = { exponential = \"60ms\" }\n"]);
    let latency = one(&["", "latency = \"3ms\"\n", "latency = { exponential = \"3ms\" }\n"]);
    (arrivals, patience, latency).prop_map(|(one, two, three)| format!("{one}{two}{three}"))
}

/// Sites of one to three services.
pub(crate) fn plain_sites() -> impl Strategy<Value = Plain> {
    let event = (0..1_800_u64, 20..600_u64, 0..3_usize, any::<bool>());
    let events = prop_oneof![Just(Vec::new()), collection::vec(event, 1..3)];
    let services = collection::vec(service(), 1..4);
    (0..1_000_u64, ground(), services, load(), events).prop_map(
        |(seed, ground, mut services, load, events)| {
            let last = services.len() - 1;
            services[last] = at_the_end(&services[last]);
            for (number, service) in services.iter_mut().enumerate() {
                *service = service.replace("BELOW-SERVICE", &format!("s{}", number + 1));
            }
            Plain { seed, ground, services, load, events }
        },
    )
}
