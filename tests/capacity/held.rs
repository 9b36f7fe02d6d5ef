//! What is given back before all is over, what is never begun, and what is only known of one mix: bounds by
//! hand that must not be too low, beside runs above what they used to say.

use std::sync::atomic::AtomicBool;

use simulate::{
    engine::time::Span,
    experiment::{replicate::Replications, study::study},
    model::{
        blueprint::Blueprint,
        operational::{Kind, Operational},
    },
    report::{
        diagnosis::Stability,
        summary::Summary,
        terminal::{Colour, render},
    },
};

use crate::{
    compile::compile,
    operational::{near, station},
};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Pages of `a` call `b`. What both services are and do, and how `a` calls.
fn two(a: &str, view: &str, page: &str, b: &str, part: &str) -> Blueprint {
    compile(&format!(
        r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.big]
cores = 64
disk = {{ read = "10ms" }}
[service.a]
kind = "service"
hardware = "big"
{a}
[service.a.upstream.b]
servers = "b"
{view}
[service.a.endpoint.page]
steps = [ {page} ]
[service.b]
kind = "service"
hardware = "big"
{b}
[service.b.endpoint.part]
steps = [ {part} ]
[request.page]
to = "a.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ poisson = "10/s" }}
"#
    ))
}

pub(crate) fn summary(plan: &Blueprint, per_s: f64) -> Summary {
    let plan = Blueprint { duration: Span::from_millis(20_000), ..plan.clone() };
    let plan = plan.at_load(per_s / Operational::of(&plan).open_per_s);
    let work = Replications { count: 2, threads: None, interrupted: &NEVER };
    let fold = study(&plan, work, |_| ()).unwrap().unwrap();
    Summary::new(&plan, &fold)
}

#[track_caller]
fn is_borne(plan: &Blueprint, per_s: f64) {
    let summary = summary(plan, per_s);
    assert_ne!(summary.diagnosis.stability, Stability::Unstable, "{:?}", summary.diagnosis);
}

const CALL: &str = r#"{ cpu = "1ms" }, { call = "b.part" }"#;
const BEHIND: &str = r#"{ cpu = "1ms" }, { respond = "1kB" }, { wait = "50ms" }"#;

/// What a service does behind its answer nobody waits for; its own worker is held for all of it.
#[test]
fn an_answer_ends_what_the_caller_holds() {
    let plan = two("workers = 1", "slots = 1", CALL, "workers = 8", BEHIND);
    let known = Operational::of(&plan);
    near(known.no_load_s, 0.002);
    near(station(&known, &plan, "workers of a.1").demand, 0.002);
    near(station(&known, &plan, "slots from a to b").demand, 0.001);
    near(station(&known, &plan, "workers of b.1").demand, 0.051);
    near(known.bound_per_s().unwrap(), 8.0 / 0.051);
    let plan = two("workers = 1", "", CALL, "", BEHIND);
    near(Operational::of(&plan).bound_per_s().unwrap(), 1.0 / 0.002);
    is_borne(&plan, 100.0);
}

/// On each way of a branch, in rounds before the answer and with calls behind it.
#[test]
fn answers_within_branches() {
    let part = r#"{ repeat = { probability = 0.5 }, steps = [ { wait = "2ms" } ] },
        { branch = "25%", steps = [ { wait = "4ms" }, { respond = "1kB" }, { wait = "80ms" } ],
          else = [ { respond = "1kB" } ] },
        { wait = "20ms" }"#;
    let plan = two("workers = 1", "", CALL, "workers = 8", part);
    let known = Operational::of(&plan);
    let close = |value: f64, expected: f64| assert!((value / expected - 1.0).abs() < 1e-7);
    // One round of 2 ms on average.
    close(station(&known, &plan, "workers of a.1").demand, 0.001 + 0.002 + 0.25 * 0.004);
    close(station(&known, &plan, "workers of b.1").demand, 0.002 + 0.25 * 0.084 + 0.02);
}

/// One call in ten takes a second, of which 50 ms are waited for.
#[test]
fn nobody_waits_beyond_a_time_out() {
    let slow = r#"{ cpu = "1ms" }, { branch = "10%", steps = [ { wait = "1s" } ] }"#;
    let plan = two("workers = 4", "response_timeout = \"50ms\"", CALL, "", slow);
    let known = Operational::of(&plan);
    let expected = 0.001 + 0.9 * 0.001 + 0.1 * 0.05;
    let demand = station(&known, &plan, "workers of a.1").demand;
    assert!((demand / expected - 1.0).abs() < 1e-7, "{demand}");
    is_borne(&plan, 400.0);
    // What comes behind the call is not done where it fails.
    let page = format!("{CALL}, {{ wait = \"10ms\" }}");
    let plan = two("workers = 4", "response_timeout = \"50ms\"", &page, "", slow);
    let demand = station(&Operational::of(&plan), &plan, "workers of a.1").demand;
    assert!((demand / (expected + 0.9 * 0.01) - 1.0).abs() < 1e-7, "{demand}");
    let page = format!("{CALL}, {{ cpu = \"10ms\" }}");
    let plan = two("", "response_timeout = \"50ms\"", &page, "", slow);
    let known = Operational::of(&plan);
    let work = station(&known, &plan, "CPU of a-1");
    assert!((work.demand / 0.010 - 1.0).abs() < 1e-7 && work.is_least, "{work:?}");
    // Far from its mean a time-out hardly matters.
    let part = r#"{ wait = { exponential = "10ms" } }"#;
    let plan = two("workers = 4", "response_timeout = \"10s\"\nslots = 4", CALL, "", part);
    let known = Operational::of(&plan);
    for (name, most) in [("workers of a.1", 0.011), ("slots from a to b", 0.010)] {
        let demand = station(&known, &plan, name).demand;
        assert!((0.999 * most..=most).contains(&demand), "{name}: {demand}");
    }
    // Near to it the truth is 10 ms (1 - 1 / e), and no more is said.
    let plan = two("", "response_timeout = \"10ms\"\nslots = 4", CALL, "", part);
    let demand = station(&Operational::of(&plan), &plan, "slots from a to b").demand;
    assert!((0.004..=0.00633).contains(&demand), "{demand}");
}

/// Visitors who lose their patience free what a proxy that notices it holds.
#[test]
fn nobody_waits_beyond_his_patience() {
    let site = |patience: &str| {
        compile(&format!(
            r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.big]
cores = 64
[service.lb]
kind = "nginx"
hardware = "big"
worker_processes = 1
cpu = {{ connection = 0, request = 0, response = 0 }}
[service.lb.upstream.app]
servers = "app"
max_conns = 4
[service.app]
kind = "service"
hardware = "big"
[service.app.endpoint.page]
steps = [ {{ wait = "1s" }} ]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
mix = {{ page = 1 }}
patience = {patience}
arrivals = {{ poisson = "1/s" }}
"#
        ))
    };
    let slots = |patience: &str| {
        let plan = site(patience);
        let known = Operational::of(&plan);
        let of = known.stations.iter().find(|it| it.kind == Kind::Pool).unwrap();
        of.demand
    };
    near(slots("\"10s\""), 1.0);
    near(slots("\"100ms\""), 0.1);
    // A mean of 100 ms; quantiles are taken from below.
    let demand = slots("{ exponential = \"100ms\" }");
    assert!((0.06..=0.1).contains(&demand), "{demand}");
}

/// A number of reads is the whole part of what is drawn, and so are bytes.
#[test]
fn counts_are_whole() {
    let page = r#"{ disk_read = { exponential = 0.4 }, bytes = "16KiB" }"#;
    let plan = two("", "", page, "", r#"{ cpu = "1ms" }"#);
    let known = Operational::of(&plan);
    let reads = 1.0 / libm::expm1(2.5);
    near(station(&known, &plan, "disk of a-1").demand, reads * 0.01);
    near(known.no_load_s, (reads * 0.01 * 1e9).round() / 1e9);
    is_borne(&plan, 500.0);
}

/// Visitors by DNS know nothing of weights: each address has its share, and a server that is full passes on
/// to the others whoever cannot connect.
#[test]
fn addresses_have_no_weights() {
    let site = |odd: &str, beside: &str| {
        compile(&format!(
            r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
[service.app]
kind = "app"
hardware = "one"
instances = 2
workers = 8
instance.1 = {{ {odd} }}
[service.app.endpoint.page]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.page]
to = "app.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ poisson = "150/s" }}
{beside}
"#
        ))
    };
    let plan = site("weight = 3", "");
    let known = Operational::of(&plan);
    near(station(&known, &plan, "CPU of app-1").demand, 0.005);
    near(known.bound_per_s().unwrap(), 200.0);
    is_borne(&plan, 170.0);
    let plan = site("speed = 3.0", "");
    near(Operational::of(&plan).bound_per_s().unwrap(), 400.0);
    // Whoever has gone by then never sees the other one.
    let plan = site("speed = 3.0", "patience = \"100ms\"");
    near(Operational::of(&plan).bound_per_s().unwrap(), 200.0);
}

/// Where callers may choose the server beside them nothing is sure to cross, but more than nothing may.
#[test]
fn what_may_be_more_is_told_so() {
    let plan = compile(
        r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.thin]
cores = 8
nic = "8Mbit/s"
[host.h1]
hardware = "thin"
[host.h2]
hardware = "thin"
[service.front]
kind = "service"
on = "h1"
[service.front.upstream.back]
servers = "back"
balance = "least_connections"
[service.front.endpoint.page]
request = "100B"
steps = [ { cpu = "1ms" }, { call = "back.part" }, { respond = "100B" } ]
[service.back]
kind = "service"
on = ["h1", "h2"]
instances = 2
[service.back.endpoint.part]
request = "100B"
steps = [ { cpu = { exponential = "2ms" } }, { respond = "10000B" } ]
[request.page]
to = "front.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "100/s" }
"#,
    );
    let known = Operational::of(&plan);
    for name in ["NIC in of h1", "NIC out of h1"] {
        let line = station(&known, &plan, name);
        near(line.demand, 800.0);
        assert!(line.is_least, "{name}");
    }
    let lines = |it: &&simulate::model::operational::Station| it.name(&plan).starts_with("NIC");
    assert!(known.stations.iter().filter(lines).all(|it| it.is_least && it.demand > 0.0));
}

/// Ten users who think for 10 ms ask for what takes 10 ms, others for 1 ms: at no load nearly all requests are the users'.
/// These wait as soon as the others come, of whom nearly a thousand a second are served.
#[test]
fn the_mix_of_no_load_is_no_bound() {
    let site = r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
[service.app]
kind = "service"
hardware = "one"
[service.app.endpoint.long]
steps = [ { cpu = "10ms" } ]
[service.app.endpoint.short]
steps = [ { cpu = "1ms" } ]
[request.long]
to = "app.long"
[request.short]
to = "app.short"
[workload.users]
mix = { long = 1 }
arrivals = { users = 10, think = { exponential = "10ms" } }
[workload.visitors]
mix = { short = 1 }
arrivals = { poisson = "500/s" }
"#;
    let plan = compile(site);
    let known = Operational::of(&plan);
    assert!(known.mix_changes && known.stations.iter().all(|it| it.is_least));
    // 500 users' requests and 500 others: 5.5 ms on average.
    near(known.bound_per_s().unwrap(), 1.0 / 0.0055);
    near(known.filled_at(&plan).unwrap(), 2.0);
    let work = Replications { count: 2, threads: None, interrupted: &NEVER };
    let fold = study(&plan, work, |_| ()).unwrap().unwrap();
    let diagnosis = Summary::new(&plan, &fold).diagnosis;
    assert_ne!(diagnosis.stability, Stability::Unstable, "{diagnosis:?}");
    assert_eq!(diagnosis.beyond_per_s, None);
    // Users who ask for the same change no mix, and give way as well.
    let alike = compile(&site.replace("long = 1", "short = 1"));
    let known = Operational::of(&alike);
    assert!(!known.mix_changes && known.is_mixed());
    near(known.bound_per_s().unwrap(), 1_000.0);
    near(known.filled_at(&alike).unwrap(), 2.0);
}

/// Slots are held for longer than at no load, for others ask for what is behind them, too: nothing that is measured is
/// full, and calls wait where the slots are.
#[test]
fn what_is_idle_is_not_blamed() {
    let plan = compile(
        r#"
[scenario]
duration = "60s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
[hardware.big]
cores = 64
[service.a]
kind = "service"
hardware = "big"
[service.a.upstream.b]
servers = "b"
slots = 1
[service.a.endpoint.page]
steps = [ { cpu = "1ms" }, { call = "b.part" } ]
[service.b]
kind = "service"
hardware = "big"
[service.b.endpoint.part]
steps = [ { wait = "5ms" }, { call = "c.part" } ]
[service.c]
kind = "service"
hardware = "one"
[service.c.endpoint.part]
steps = [ { cpu = { exponential = "5ms" } } ]
[request.page]
to = "a.page"
[request.part]
to = "c.part"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "95/s" }
[workload.others]
mix = { part = 1 }
arrivals = { poisson = "60/s" }
"#,
    );
    let work = Replications { count: 2, threads: None, interrupted: &NEVER };
    let fold = study(&plan, work, |_| ()).unwrap().unwrap();
    let text = render(&Summary::new(&plan, &fold), None, Colour::Off);
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    for words in [
        "UNSTABLE: more and more calls wait at a for b; CPU of c-1 is",
        "% busy at most More arrives than is served",
    ] {
        assert!(text.contains(words), "{text}");
    }
}
