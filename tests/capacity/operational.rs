//! Operational analysis against what can be computed by hand, and against a run at a low load.

use std::sync::atomic::AtomicBool;

use simulate::{
    engine::time::Span,
    experiment::{replicate::Replications, study::study},
    model::{
        blueprint::{Blueprint, ServiceId},
        operational::{Kind, Operational, Station, Where},
    },
    report::summary::Summary,
};

use crate::{compile::compile, known::jackson};

static NEVER: AtomicBool = AtomicBool::new(false);

#[track_caller]
pub(crate) fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-8 * expected.abs(), "{value} is not {expected}");
}

pub(crate) fn station<'a>(known: &'a Operational, plan: &Blueprint, name: &str) -> &'a Station {
    let found = known.stations.iter().find(|it| it.name(plan) == name);
    found.unwrap_or_else(|| {
        let names: Vec<String> = known.stations.iter().map(|it| it.name(plan)).collect();
        panic!("no `{name}` among {names:?}")
    })
}

fn queue(cores: u32, workers: &str, arrivals: &str) -> Blueprint {
    compile(&format!(
        r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.machine]
cores = {cores}
speed = 2.0
[service.queue]
kind = "service"
hardware = "machine"
workers = {workers}
[service.queue.endpoint.job]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {arrivals}
"#
    ))
}

#[test]
fn as_many_as_servers_over_their_time() {
    let plan = queue(3, "3", "{ poisson = \"100/s\" }");
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 3.0 / 0.005);
    near(known.saturates_at().unwrap(), 6.0);
    near(known.no_load_s, 0.005);
    near(station(&known, &plan, "workers of queue.1").saturates_at_per_s(), 600.0);
    near(known.relaxation_s(0.25), 0.005 / 3.0 / 0.25);
    // Fewer workers than cores are the bottleneck.
    let known = Operational::of(&queue(3, "2", "{ poisson = \"100/s\" }"));
    near(known.bound_per_s().unwrap(), 400.0);
}

#[test]
fn users_meet_two_asymptotes() {
    let known =
        Operational::of(&queue(1, "1", "{ users = 10, think = { exponential = \"95ms\" } }"));
    assert!(known.is_closed());
    near(known.users_per_s(5.0), 5.0 / 0.1);
    near(known.users_per_s(500.0), 200.0);
    // N* = (R + Z) / D = 20 users.
    near(known.saturates_at().unwrap(), 2.0);
}

#[test]
fn a_loop_is_met_again_and_again() {
    let plan = compile(&jackson(10));
    let known = Operational::of(&plan);
    // The shares of branches are whole numbers of 2^-32.
    let close = |value: f64, expected: f64| assert!((value / expected - 1.0).abs() < 1e-8);
    close(station(&known, &plan, "CPU of app-1").demand, 0.02 / (1.0 - 0.6));
    close(station(&known, &plan, "CPU of db-1").demand, 0.01 * 0.6 / (1.0 - 0.6));
    close(known.bound_per_s().unwrap(), 1.0 / 0.015);
    close(known.no_load_s, 0.002 + 0.008 + 0.05 + 0.015);
    let names: Vec<String> = known.bottlenecks().iter().map(|it| it.name(&plan)).collect();
    assert_eq!(names, ["CPU of db-1", "CPU of app-1", "CPU of web-1", "CPU of lb-1"]);
}

/// What runs out next is what does once all that came before is enlarged, at any of its instances.
#[test]
fn the_next_bottleneck_is_that_of_a_site_without_the_first() {
    let of = |cores: u32| {
        let text = jackson(10)
            .replace("[hardware.db]\ncores = 1", &format!("[hardware.db]\ncores = {cores}"));
        compile(&text)
    };
    let (plan, relieved) = (of(1), of(1_000));
    let names = |plan: &Blueprint| -> Vec<String> {
        Operational::of(plan).bottlenecks().iter().map(|it| it.name(plan)).collect()
    };
    let (before, after) = (names(&plan), names(&relieved));
    assert_eq!(before[1..], after[..3], "{after:?}");
    let (known, grown) = (Operational::of(&plan), Operational::of(&relieved));
    near(known.bottlenecks()[1].saturates_at_per_s(), grown.bound_per_s().unwrap());
    // A service alone knows nothing of the others.
    let alone = |known: &Operational, name: &str| {
        let id = plan.services.iter().position(|it| it.name == name).unwrap();
        known.alone_per_s(ServiceId(id as u32)).unwrap()
    };
    near(alone(&known, "app"), alone(&grown, "app"));
    near(alone(&known, "app"), 4.0 / 0.05);
    near(alone(&grown, "db") / alone(&known, "db"), 1_000.0);
}

/// Two types of requests: each asks for its own, and together for what the mix does.
#[test]
fn demands_by_type_of_request() {
    let plan = compile(
        r#"
[scenario]
duration = "10s"
[hardware.machine]
cores = 1
[service.web]
kind = "service"
hardware = "machine"
[service.web.endpoint.page]
steps = [ { cpu = "2ms" }, { call = "db.query" }, { call = "db.query" } ]
[service.web.endpoint.image]
steps = [ { cpu = "1ms" } ]
[service.db]
kind = "service"
hardware = "machine"
[service.db.endpoint.query]
steps = [ { cpu = "3ms" } ]
[request.page]
to = "web.page"
[request.image]
to = "web.image"
[workload.visitors]
mix = { page = 1, image = 3 }
arrivals = { poisson = "10/s" }
"#,
    );
    let known = Operational::of(&plan);
    let of = |station: &Station| -> Vec<f64> {
        known.requests.iter().map(|it| known.demand_of(station, it)).collect()
    };
    for (name, [page, image]) in [("CPU of web-1", [0.002, 0.001]), ("CPU of db-1", [0.006, 0.0])] {
        let station = station(&known, &plan, name);
        let demands = of(station);
        near(demands[0], page);
        near(demands[1] + 1.0, image + 1.0);
        let mix: f64 = known.requests.iter().zip(&demands).map(|(it, one)| it.share * one).sum();
        near(mix, station.demand);
    }
}

#[test]
fn branches_forks_and_copies() {
    let plan = compile(
        r#"
[scenario]
duration = "10s"
[network]
latency = "1ms"
[hardware.machine]
cores = 1
nic = "1Gbit/s"
[service.top]
kind = "service"
hardware = "machine"
[service.top.endpoint.page]
request = "1000B"
steps = [
  { branch = "25%", steps = [ { cpu = "8ms" } ], else = [ { wait = "4ms" } ] },
  { repeat = 3, steps = [ { cpu = "1ms" } ] },
  { parallel = "leaf.part", count = 5 },
  { respond = "5000B" },
]
[service.leaf]
kind = "service"
hardware = "machine"
instances = 2
[service.leaf.upstream.none]
servers = "top"
[service.leaf.endpoint.part]
request = "200B"
steps = [ { cpu = "2ms" }, { respond = "3000B" } ]
[request.page]
to = "top.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "10/s" }
"#,
    );
    let known = Operational::of(&plan);
    near(station(&known, &plan, "CPU of top-1").demand, 0.25 * 0.008 + 0.003);
    near(station(&known, &plan, "CPU of leaf-1").demand, 2.5 * 0.002);
    near(station(&known, &plan, "NIC out of top-1").demand, 8.0 * (5000.0 + 5.0 * 200.0));
    near(station(&known, &plan, "NIC in of top-1").demand, 8.0 * (1000.0 + 5.0 * 3000.0));
    near(station(&known, &plan, "NIC out of leaf-2").demand, 8.0 * 2.5 * 3000.0);
    // Its own work and waiting, one round trip to the leaves, their work and answer, its own answer.
    let own = 0.25 * 0.008 + 0.75 * 0.004 + 0.003;
    let below = 0.002 + 0.002 + 3000.0 * 8.0 / 1e9;
    near(known.no_load_s, own + below + 5000.0 * 8.0 / 1e9);
}

/// Services that share hosts, called by whoever prefers the idle. `on`: where front, back and third are.
fn sharing(on: [&str; 3], work: [&str; 3]) -> Blueprint {
    let service = |name: &str, on: &str, work: &str, then: &str| {
        format!(
            r#"
[service.{name}]
kind = "service"
on = [{on}]
instances = {count}
[service.{name}.endpoint.job]
steps = [ {{ cpu = "{work}" }}{then} ]
"#,
            count = on.split(',').count(),
        )
    };
    let upstream = |of: &str| {
        format!(
            "[service.front.upstream.{of}]\nservers = \"{of}\"\nbalance = \"least_connections\"\n"
        )
    };
    compile(&format!(
        r#"
[scenario]
duration = "10s"
[hardware.box]
cores = 1
[host.h1]
hardware = "box"
[host.h2]
hardware = "box"
[host.h3]
hardware = "box"
{front}{to_back}{to_third}{back}{third}
[request.job]
to = "front.job"
[workload.visitors]
mix = {{ job = 1 }}
balance = "least_connections"
arrivals = {{ poisson = "10/s" }}
"#,
        front =
            service("front", on[0], work[0], ", { call = \"back.job\" }, { call = \"third.job\" }"),
        to_back = upstream("back"),
        to_third = upstream("third"),
        back = service("back", on[1], work[1], ""),
        third = service("third", on[2], work[2], ""),
    ))
}

/// The least of capacity over confined demand, over all sets of hosts.
#[test]
fn hosts_that_services_share_are_counted_once() {
    let two = r#""h1", "h2""#;
    // Both may choose among the same two: 2 cores for 10 + 10 ms, and 5 at the third.
    let plan = sharing([two, two, r#""h3""#], ["10ms", "10ms", "5ms"]);
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 2.0 / 0.020);
    near(station(&known, &plan, "CPU of h1 + h2").demand, 0.020);
    near(station(&known, &plan, "CPU of h3").saturates_at_per_s(), 200.0);
    assert_eq!(known.stations.iter().filter(|it| it.kind == Kind::Cpu).count(), 2);
    let next: Vec<String> = known.bottlenecks().iter().map(|it| it.name(&plan)).collect();
    assert_eq!(next, ["CPU of h1 + h2", "CPU of h3"]);
    // One cannot: its host alone runs out first.
    let plan = sharing([two, r#""h1""#, r#""h3""#], ["2ms", "18ms", "1ms"]);
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 1.0 / 0.018);
    assert_eq!(known.stations[0].name(&plan), "CPU of h1");
    near(station(&known, &plan, "CPU of front ×2").saturates_at_per_s(), 2.0 / 0.020);
    // It could do more by itself than both hosts can of both.
    let plan = sharing([two, r#""h1""#, r#""h3""#], ["10ms", "6ms", "1ms"]);
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 2.0 / 0.016);
    assert!(known.stations.iter().all(|it| it.name(&plan) != "CPU of h1"));
    // Choices that overlap: three cores for all of it, where each by itself would have two.
    let plan = sharing([two, r#""h2", "h3""#, r#""h1""#], ["10ms", "10ms", "1ms"]);
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 3.0 / 0.021);
    assert_eq!(known.stations[0].name(&plan), "CPU of h1 + h2 + h3");
}

/// Whoever is quickest may do most of it, and who has no limit sets none: held time counts as it is at best.
#[test]
fn unlike_members_of_a_choice() {
    let plan = |slow: &str, nic: [&str; 2]| {
        compile(&format!(
            r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.first]
cores = 1
{}
[hardware.second]
cores = 1
{}
[host.h1]
hardware = "first"
[host.h2]
hardware = "second"
[service.web]
kind = "service"
on = ["h1", "h2"]
instances = 2
workers = 1
instance.2 = {{ speed = {slow} }}
[service.web.endpoint.job]
steps = [ {{ cpu = "5ms" }}, {{ respond = "10KiB" }} ]
[request.job]
to = "web.job"
[workload.visitors]
mix = {{ job = 1 }}
balance = "least_connections"
arrivals = {{ poisson = "100/s" }}
"#,
            nic[0], nic[1]
        ))
    };
    let slow = plan("0.1", ["", ""]);
    let known = Operational::of(&slow);
    near(known.bound_per_s().unwrap(), 1.1 / 0.005);
    assert!(station(&known, &slow, "workers of web ×2").saturates_at_per_s() >= 220.0);
    let line = "nic = \"10Mbit/s\"";
    let both = plan("1.0", [line, line]);
    near(station(&Operational::of(&both), &both, "NIC out of web ×2").demand, 8.0 * 10_240.0);
    let one = plan("1.0", [line, ""]);
    assert!(Operational::of(&one).stations.iter().all(|it| it.kind != Kind::NicOut));
}

/// What is below the bound is answered, and above it never more than the bound.
#[test]
fn shared_hosts_do_what_their_bound_says() {
    let two = r#""h1", "h2""#;
    for (on, work) in [
        ([two, two, r#""h3""#], ["10ms", "10ms", "5ms"]),
        ([two, r#""h1""#, r#""h3""#], ["2ms", "18ms", "1ms"]),
        ([two, r#""h2", "h3""#, r#""h1""#], ["10ms", "10ms", "1ms"]),
    ] {
        let plan = sharing(on, work);
        let bound = Operational::of(&plan).bound_per_s().unwrap();
        let answered = |factor: f64| {
            let duration = Span::from_millis(60_000);
            let plan = Blueprint { duration, ..plan.clone() }.at_load(factor * bound / 10.0);
            let work = Replications { count: 4, threads: None, interrupted: &NEVER };
            let fold = study(&plan, work, |_| ()).unwrap().unwrap();
            Summary::new(&plan, &fold).site.figures.rates.throughput_per_s.value.unwrap()
        };
        let (below, above) = (answered(0.85) / bound, answered(1.3) / bound);
        assert!((0.82..=0.88).contains(&below), "{on:?}: {below} of the bound");
        assert!(above <= 1.02, "{on:?}: {above} of the bound");
    }
}

/// Large answers over thin lines; back's second server is slow. `front`: where the callers are.
fn beside(front: &str) -> Blueprint {
    compile(&format!(
        r#"
[scenario]
duration = "10s"
[hardware.thin]
cores = 2
nic = "100Mbit/s"
[host.h1]
hardware = "thin"
[host.h2]
hardware = "thin"
[host.h3]
hardware = "thin"
[service.front]
kind = "service"
on = [{front}]
instances = {count}
[service.front.upstream.back]
servers = "back"
balance = "least_connections"
[service.front.endpoint.page]
steps = [ {{ cpu = "1ms" }}, {{ call = "back.page" }}, {{ respond = "1KiB" }} ]
[service.back]
kind = "service"
on = ["h1", "h2"]
instances = 2
instance.2 = {{ speed = 0.1 }}
[service.back.endpoint.page]
steps = [ {{ cpu = {{ exponential = "20ms" }} }}, {{ respond = "1MiB" }} ]
[request.page]
to = "front.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ poisson = "10/s" }}
"#,
        count = front.split(',').count(),
    ))
}

/// Whoever prefers the idle may send as much as it likes to the server beside it: no line bounds that.
#[test]
fn calls_may_stay_on_their_host() {
    let plan = beside(r#""h1""#);
    let known = Operational::of(&plan);
    let bound = known.bound_per_s().unwrap();
    near(bound, 2.2 / 0.021);
    // Only what visitors send and get.
    near(station(&known, &plan, "NIC out of h1").demand, 8.0 * 1024.0);
    let answered = |factor: f64| {
        let duration = Span::from_millis(60_000);
        let plan = Blueprint { duration, ..plan.clone() }.at_load(factor * bound / 10.0);
        let work = Replications { count: 4, threads: None, interrupted: &NEVER };
        let fold = study(&plan, work, |_| ()).unwrap().unwrap();
        Summary::new(&plan, &fold).site.figures.rates.throughput_per_s.value.unwrap()
    };
    let (below, above) = (answered(0.85) / bound, answered(1.3) / bound);
    assert!((0.82..=0.88).contains(&below), "{below} of the bound");
    assert!(above <= 1.02, "{above} of the bound");
    // What comes from a host without a server has to cross, to whichever of them.
    let plan = beside(r#""h1", "h3""#);
    let known = Operational::of(&plan);
    // Besides what the front at h1 answers its visitors.
    near(station(&known, &plan, "NIC out of back ×2").demand, 0.5 * 8.0 * (1_048_576.0 + 1024.0));
    assert!(station(&known, &plan, "NIC out of back ×2").is_least);
    near(known.bound_per_s().unwrap(), 1e8 / station(&known, &plan, "NIC in of h3").demand);
    let all = beside(r#""h3""#);
    let known = Operational::of(&all);
    near(station(&known, &all, "NIC out of back ×2").demand, 8.0 * 1_048_576.0);
    assert!(!station(&known, &all, "NIC out of back ×2").is_least);
}

/// A service alone is full by its own work, on hosts that it shares as well.
#[test]
fn alone_on_a_host_that_others_share() {
    let plan = sharing([r#""h1""#, r#""h1""#, r#""h1", "h2""#], ["10ms", "4ms", "2ms"]);
    let known = Operational::of(&plan);
    near(known.bound_per_s().unwrap(), 1.0 / 0.014);
    let alone = |name: &str| {
        let id = plan.services.iter().position(|it| it.name == name).unwrap();
        known.alone_per_s(ServiceId(id as u32)).unwrap()
    };
    near(alone("front"), 100.0);
    near(alone("back"), 250.0);
    near(alone("third"), 1000.0);
}

/// All that the scaled-up site's processors do at a load at which nobody waits.
#[test]
fn the_demands_of_a_whole_site_are_those_of_a_run() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/3-scale_up.toml");
    let plan = compile(&std::fs::read_to_string(path).unwrap());
    let known = Operational::of(&plan);
    let duration = Span::from_millis(20_000);
    let low = Blueprint { duration, objectives: Vec::new(), ..plan.clone() }.at_load(0.05);
    let work = Replications { count: 24, threads: None, interrupted: &NEVER };
    let fold = study(&low, work, |_| ()).unwrap().unwrap();
    let summary = Summary::new(&low, &fold);
    let per_s = summary.site.figures.rates.offered_per_s.value.unwrap();
    let mut seen = 0;
    for host in &summary.hosts {
        let used = host.figures.cpu_utilisation;
        let (low, high) = (used.low.unwrap(), used.high.unwrap());
        // By itself, or among those who share the work.
        let stands = |id: u32| {
            let it = &plan.instances[id as usize];
            plan.hosts[it.host.index()].name == host.name
        };
        let station =
            known.stations.iter().filter(|it| it.kind == Kind::Cpu).find(|it| match &it.place {
                Where::Host(id) => plan.hosts[id.index()].name == host.name,
                Where::Group(all) => all.iter().any(|it| stands(it.0)),
                Where::Hosts(_) | Where::Instance(_) | Where::View { .. } => false,
            });
        let Some(station) = station else { panic!("no station for {}", host.name) };
        let expected = station.utilisation(per_s);
        // Twelve hosts: intervals are widened so that all of them hold together.
        let slack = 0.8 * (high - low);
        assert!(
            (low - slack..=high + slack).contains(&expected),
            "{}: {expected} is not in [{low}, {high}]",
            host.name
        );
        seen += 1;
    }
    assert_eq!(seen, 12);
    let no_load = known.no_load_s;
    let mean = summary.site.figures.ok.mean_s.value.unwrap();
    assert!((0.97..=1.03).contains(&(mean / no_load)), "{mean} s, expected {no_load} s");
}
