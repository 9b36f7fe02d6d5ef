//! What fails or ends on its way asks for less: bounds by hand that must not be too low, and that a bound which
//! is one on what is answered does not limit what comes.

use simulate::{
    model::{blueprint::Blueprint, operational::Operational},
    report::diagnosis::Stability,
};

use crate::{
    compile::compile,
    growth::asked,
    held::summary,
    operational::{near, station},
    site::Asking,
};

const MACHINES: &str = r#"
[network]
latency  = 0
loopback = 0
[hardware.one]
cores = 1
[hardware.big]
cores = 64
[hardware.line]
cores = 16
nic = "100Mbit/s"
"#;

/// Pages of `front`, and what all services are.
fn site(services: &str, require: &str) -> String {
    let visitors = Asking { enters: "front", page: "front.page", per_s: 60, require };
    visitors.at(&format!("{MACHINES}{services}"))
}

fn compiled(services: &str) -> Blueprint {
    compile(&site(services, "success > 50%"))
}

/// Branches are cut into whole numbers of 2^-32.
#[track_caller]
fn close(value: f64, expected: f64) {
    assert!((value / expected - 1.0).abs() < 1e-6, "{value} is not {expected}");
}

/// A round that is not answered in time is the last one.
#[test]
fn a_loop_is_left_by_whoever_gives_up() {
    let plan = compiled(
        r#"
[service.front]
kind = "service"
hardware = "big"
[service.front.upstream.db]
servers = "db"
response_timeout = "200ms"
[service.front.endpoint.page]
steps = [
  { repeat = { probability = 0.9 }, steps = [
    { branch = "50%", steps = [ { cpu = "1ms" } ] },
    { call = "db.query" },
  ] },
  { cpu = "4ms" },
]
[service.db]
kind = "service"
hardware = "one"
[service.db.endpoint.query]
steps = [ { cpu = "1ms" }, { branch = "2%", steps = [ { wait = "1s" } ] } ]
"#,
    );
    let known = Operational::of(&plan);
    let rounds = 0.9 / (1.0 - 0.9 * 0.98);
    close(station(&known, &plan, "CPU of db-1").demand, rounds * 0.001);
    let end = 0.1 / (1.0 - 0.9 * 0.98);
    close(station(&known, &plan, "CPU of front-1").demand, rounds * 0.0005 + end * 0.004);
}

/// Nobody sends what nobody waits for any longer.
#[test]
fn a_late_answer_crosses_no_line() {
    let of = |wait: &str| {
        let services = format!(
            r#"
[service.front]
kind = "nginx"
hardware = "line"
worker_processes = 4
worker_connections = 20000
[service.front.upstream.app]
servers = "app"
proxy_read_timeout = "100ms"
proxy_next_upstream = "off"
max_fails = 0
[service.app]
kind = "app"
hardware = "line"
workers = 2000
[service.app.endpoint.page]
steps = [ {{ cpu = "0.1ms" }}, {{ branch = "20%", steps = [ {{ wait = "{wait}" }} ] }}, {{ respond = "100kB" }} ]
"#
        );
        let plan = compile(&site(&services, "success > 50%").replace("front.page", "app.page"));
        let known = Operational::of(&plan);
        ["NIC out of front-1", "NIC in of front-1", "NIC out of app-1"]
            .map(|name| station(&known, &plan, name).demand)
    };
    let (all, in_time) = (of("1us"), of("1s"));
    for (all, in_time) in all.into_iter().zip(in_time) {
        close(all - in_time, 0.2 * 800_000.0);
    }
}

/// Whoever may choose may choose the server that is never in time.
#[test]
fn the_slowest_server_may_be_asked() {
    let plan = compiled(
        r#"
[service.front]
kind = "service"
hardware = "one"
workers = "unlimited"
[service.front.upstream.db]
servers = "db"
slots = 1000
response_timeout = "100ms"
[service.front.endpoint.page]
steps = [ { call = "db.query" }, { cpu = "10ms" } ]
[service.db]
kind = "service"
hardware = "big"
instances = 2
instance.2 = { speed = 0.02 }
[service.db.endpoint.query]
steps = [ { cpu = "5ms" } ]
"#,
    );
    let bound = Operational::of(&plan).bound_per_s().unwrap();
    // Half of the pages end before their 10 ms.
    assert!(bound > 200.0, "{bound}");
    let diagnosis = summary(&plan, 150.0).diagnosis;
    assert_eq!(diagnosis.stability, Stability::Stable, "{diagnosis:?}");
}

/// Of what has no variance it is known that it is seldom many times its mean (Markov).
#[test]
fn a_far_time_out_is_never_reached() {
    let plan = compiled(
        r#"
[service.front]
kind = "service"
hardware = "one"
[service.front.upstream.db]
servers = "db"
response_timeout = "30s"
[service.front.endpoint.page]
steps = [ { call = "db.query" }, { cpu = "10ms" } ]
[service.db]
kind = "service"
hardware = "big"
[service.db.endpoint.query]
steps = [ { cpu = { pareto = { min = "1ms", alpha = 1.9 } } } ]
"#,
    );
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 100.0);
    assert_eq!(known.stations[0].name(&plan), "CPU of front-1");
}

/// Che's equation has a cache of one file in three miss 39%; whatever was asked for last is there, so it
/// is 1 − Σ p².
#[test]
fn a_cache_of_one_file() {
    let plan = compiled(
        r#"
[hardware.disky]
cores = 16
memory = "1000MiB"
disk = { read = "10ms", parallel = 1 }
[service.front]
kind = "nginx"
hardware = "disky"
worker_processes = 16
worker_connections = 10000
[service.front.location.page]
files = { count = 3, popularity = { zipf = 2.5 }, size = "1000MiB", start = "warm" }
"#,
    );
    let known = Operational::of(&plan);
    let weights = [1.0_f64, 2.0, 3.0].map(|rank| 1.0 / (rank * rank * rank.sqrt()));
    let sum: f64 = weights.iter().sum();
    let missed = 1.0 - weights.iter().map(|it| (it / sum) * (it / sum)).sum::<f64>();
    let told = station(&known, &plan, "disk of front-1").demand / 0.01;
    assert!((told / missed - 1.0).abs() < 0.01, "{told} is not {missed}");
    let diagnosis = summary(&plan, 285.0).diagnosis;
    assert_eq!(diagnosis.stability, Stability::Stable, "{diagnosis:?}");
}

/// A door that turns away whoever finds it busy, M/M/1/1, before a machine that is full at 125/s.
const DOOR: &str = r#"
[service.front]
kind = "service"
hardware = "one"
[service.front.endpoint.page]
steps = [ { call = "door.page" }, { call = "back.page" } ]
[service.door]
kind = "service"
hardware = "one"
workers = 1
queue = 0
[service.door.endpoint.page]
steps = [ { cpu = { exponential = "5ms" } } ]
[service.back]
kind = "service"
hardware = "one"
[service.back.endpoint.page]
steps = [ { cpu = "8ms" } ]
"#;

#[test]
fn what_is_turned_away_asks_nothing_of_what_is_behind() {
    let plan = compiled(DOOR);
    let diagnosis = summary(&plan, 180.0).diagnosis;
    assert_eq!(diagnosis.stability, Stability::Stable, "{diagnosis:?}");
    let eased = diagnosis.eased.unwrap();
    assert_eq!(eased.of, "CPU of back-1");
    // Answered: 180 / (1 + 0.9) a second, 8 ms each.
    assert!((eased.utilisation / (180.0 / 1.9 * 0.008) - 1.0).abs() < 0.05, "{eased:?}");
    near(eased.by_law, 1.0);
    // And it says so.
    assert!(diagnosis.runs_out.is_none() && diagnosis.beyond_of.is_none());
}

/// Callers that ban whoever times out find nobody for a while, and those who wait for machines that are full at all
/// other times give up: these are not busy on average, and are full all the same.
#[test]
fn what_is_full_at_times_is_not_eased() {
    let services = r#"
[service.front]
kind = "nginx"
hardware = "big"
worker_processes = 4
worker_connections = 20000
[service.front.upstream.back]
servers = "back"
proxy_read_timeout = "1s"
max_fails = 1
fail_timeout = "6s"
[service.back]
kind = "service"
hardware = "one"
instances = 2
workers = 4
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } } ]
"#;
    let plan = compile(&site(services, "success > 50%").replace("front.page", "back.page"));
    let summary = summary(&plan, 600.0);
    let diagnosis = &summary.diagnosis;
    let success = summary.site.figures.rates.success_share.value.unwrap();
    assert!(success < 0.5 && diagnosis.busiest[0].utilisation < 0.95, "{success} {diagnosis:?}");
    assert!(diagnosis.eased.is_none() && diagnosis.stability != Stability::Stable, "{diagnosis:?}");
}

#[test]
fn a_bound_on_what_is_answered_limits_no_load() {
    let (found, said) = asked(&site(DOOR, "success > 50%"), "--no-scaling --set duration=10s");
    // Half are answered where as many come as the door serves.
    let safe = found["safe"]["load"]["per_s"].as_f64().unwrap();
    assert!((170.0..=200.0).contains(&safe), "{safe}");
    assert_eq!(found["safe"]["is_capped"], false);
    assert_eq!(found["eased"]["name"], "CPU of back-1");
    assert!(said.contains("LESS BUSY  CPU of back-1 was"), "{said}");
}

/// Where nothing fails on its way nothing is eased: what a pool holds while requests travel no clock shows, a run that
/// begins empty has idled first, and work that seldom takes long idles for long.
#[test]
fn what_all_get_to_is_not_eased() {
    let pool = r#"
[service.front]
kind = "app"
hardware = "big"
workers = 1
threads = 400
[service.front.upstream.db]
servers = "db"
pool = { size = 2, wait = "30s" }
[service.front.endpoint.page]
steps = [ { call = "db.query" } ]
[service.db]
kind = "service"
hardware = "big"
[service.db.endpoint.query]
steps = [ { cpu = { exponential = "2ms" } } ]
"#;
    let text = site(pool, "p(99) < 5s").replace("latency  = 0", "latency  = \"2ms\"");
    let diagnosis = summary(&compile(&text), 336.0).diagnosis;
    assert_eq!((diagnosis.stability, diagnosis.eased), (Stability::Unstable, None));
    assert_eq!(diagnosis.beyond_of.as_deref(), Some("slots from front to db"));
    let heavy = r#"
[service.front]
kind = "service"
hardware = "one"
[service.front.endpoint.page]
steps = [ { cpu = { hyperexponential = { mean = "10ms", cv = 10 } } } ]
"#;
    assert_eq!(summary(&compiled(heavy), 99.0).diagnosis.eased, None);
    let late = r#"
[service.front]
kind = "service"
hardware = "one"
[service.front.endpoint.page]
steps = [ { wait = "1s" }, { cpu = { exponential = "10ms" } } ]
"#;
    let (found, said) =
        asked(&site(late, "p(99) < 2s"), "--no-scaling --set duration=10s --set warm_up=0s");
    assert!(found["eased"].is_null() && !said.contains("LESS BUSY"), "{said}");
}
