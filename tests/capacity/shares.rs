//! Where calls are made: what callers ask of lines, slots and workers, where they are called by weight and
//! where whoever is idle is preferred. Bounds by hand; what they say of lines and slots, by runs beside them.

use std::sync::atomic::AtomicBool;

use simulate::{
    engine::time::Span,
    experiment::{replicate::Replications, study::study},
    model::{
        blueprint::Blueprint,
        operational::{Kind, Operational},
    },
    report::summary::Summary,
};

use crate::{
    compile::compile,
    operational::{near, station},
};

static NEVER: AtomicBool = AtomicBool::new(false);

/// A web tier at `h1` and `h2`, and what it calls.
struct Site {
    /// Settings of both hosts.
    hosts: [&'static str; 2],
    /// Seconds of work of the web, as text.
    web_work: &'static str,
    /// More settings of the web, and of its view of the app.
    web: &'static str,
    view: &'static str,
    /// Where the app is, what it does and more of its settings.
    app_on: &'static str,
    app_step: &'static str,
    app: &'static str,
    /// How each half of the visitors balances.
    balance: [&'static str; 2],
}

const SITE: Site = Site {
    hosts: ["cores = 64", "cores = 64"],
    web_work: "0.1ms",
    web: "",
    view: "",
    app_on: r#""h3""#,
    app_step: r#"{ cpu = "0.1ms" }"#,
    app: "",
    balance: ["round_robin", "round_robin"],
};

/// Answers of the app are 10,000 bytes; all other messages are small.
fn compiled(site: &Site) -> Blueprint {
    compile(&format!(
        r#"
[scenario]
duration = "10s"
[network]
latency = 0
loopback = 0
[hardware.first]
{}
[hardware.second]
{}
[hardware.app]
cores = 64
[host.h1]
hardware = "first"
[host.h2]
hardware = "second"
[host.h3]
hardware = "app"
[host.h4]
hardware = "app"
[service.web]
kind = "service"
on = ["h1", "h2"]
instances = 2
{}
[service.web.upstream.app]
servers = "app"
{}
[service.web.endpoint.page]
request = "200B"
steps = [ {{ cpu = {{ exponential = "{}" }} }}, {{ call = "app.part" }}, {{ respond = "100B" }} ]
[service.app]
kind = "service"
on = [{}]
instances = {}
{}
[service.app.endpoint.part]
request = "100B"
steps = [ {}, {{ respond = "10000B" }} ]
[request.page]
to = "web.page"
[workload.some]
mix = {{ page = 1 }}
balance = "{}"
arrivals = {{ poisson = "50/s" }}
[workload.others]
mix = {{ page = 1 }}
balance = "{}"
arrivals = {{ poisson = "50/s" }}
"#,
        site.hosts[0],
        site.hosts[1],
        site.web,
        site.view,
        site.web_work,
        site.app_on,
        site.app_on.split(',').count(),
        site.app,
        site.app_step,
        site.balance[0],
        site.balance[1],
    ))
}

/// Answers a second at so many times a load of which the scenario has 100/s, over that load.
fn answered(plan: &Blueprint, per_s: f64, factor: f64) -> f64 {
    let duration = Span::from_millis(20_000);
    let plan = Blueprint { duration, ..plan.clone() }.at_load(factor * per_s / 100.0);
    let work = Replications { count: 2, threads: None, interrupted: &NEVER };
    let fold = study(&plan, work, |_| ()).unwrap().unwrap();
    Summary::new(&plan, &fold).site.figures.rates.throughput_per_s.value.unwrap() / per_s
}

#[track_caller]
fn lies(value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{value} is not in [{low}, {high}]");
}

const HEAVY: &str = "instance.1.weight = 3";

/// The heavy one gets three of four pages, so its line three of four answers.
#[test]
fn callers_by_weight_ask_by_weight() {
    let line = "cores = 64\nnic = \"10Mbit/s\"";
    let plan = compiled(&Site { hosts: [line; 2], web: HEAVY, ..SITE });
    let known = Operational::of(&plan);
    let bound = known.bound_per_s().unwrap();
    near(station(&known, &plan, "NIC in of h1").demand, 0.75 * 8.0 * 10_200.0);
    near(station(&known, &plan, "NIC in of h2").demand, 0.25 * 8.0 * 10_200.0);
    near(station(&known, &plan, "NIC out of h1").demand, 0.75 * 8.0 * 200.0);
    near(bound, 1e7 / (0.75 * 8.0 * 10_200.0));
    assert!(!station(&known, &plan, "NIC in of h1").is_least);
    lies(answered(&plan, bound, 0.9), 0.86, 0.93);
    // The other one has all that comes to it.
    lies(answered(&plan, bound, 1.2), 1.0, 0.75 + 0.25 * 1.2 + 0.02);
}

/// Whoever has three times the speed and the line makes three times the calls. In equal shares the thin line would
/// be full at 196 a second.
#[test]
fn whoever_is_quicker_makes_more_of_the_calls() {
    let hosts = ["cores = 1\nnic = \"8Mbit/s\"", "cores = 1\nspeed = 3.0\nnic = \"24Mbit/s\""];
    let least = ["least_connections"; 2];
    let unlike = Site { hosts, web_work: "8ms", balance: least, ..SITE };
    let plan = compiled(&unlike);
    let known = Operational::of(&plan);
    let bound = known.bound_per_s().unwrap();
    near(station(&known, &plan, "NIC in of web ×2").demand, 8.0 * 10_200.0);
    near(bound, 32e6 / (8.0 * 10_200.0));
    lies(answered(&plan, bound, 0.9), 0.86, 0.93);
    lies(answered(&plan, bound, 1.2), 0.9, 1.02);
    // Some may have lines without limit, and make all the calls.
    let hosts = ["cores = 1\nnic = \"8Mbit/s\"", "cores = 1\nspeed = 3.0"];
    let plan = compiled(&Site { hosts, ..unlike });
    assert!(Operational::of(&plan).stations.iter().all(|it| it.kind != Kind::NicIn));
}

/// Of what is sent by turns to both hosts half has to cross, whoever sends it; a caller that may choose may
/// choose the server beside it.
#[test]
fn callers_that_choose_beside_their_servers() {
    let hosts = ["cores = 1\nnic = \"8Mbit/s\"", "cores = 1\nspeed = 3.0\nnic = \"24Mbit/s\""];
    let balance = ["least_connections"; 2];
    let app_on = r#""h1", "h2""#;
    let turns = Site { hosts, web_work: "4ms", balance, app_on, ..SITE };
    let plan = compiled(&turns);
    let known = Operational::of(&plan);
    let into = station(&known, &plan, "NIC in of h1 + h2");
    near(into.demand, 8.0 * (200.0 + 0.5 * (10_000.0 + 100.0)));
    assert!(into.is_least);
    near(station(&known, &plan, "NIC out of h1 + h2").demand, 8.0 * (100.0 + 0.5 * 10_100.0));
    let bound = known.bound_per_s().unwrap();
    assert!(answered(&plan, bound, 1.2) <= 1.02);
    let plan = compiled(&Site { view: "balance = \"least_connections\"", ..turns });
    let known = Operational::of(&plan);
    near(station(&known, &plan, "NIC in of web ×2").demand, 8.0 * 200.0);
    let bound = known.bound_per_s().unwrap();
    assert!(answered(&plan, bound, 1.2) <= 1.02);
    // Three servers by turns, one of them with no caller beside it: what it is sent always crosses, and of the other
    // two thirds one.
    let hosts = ["cores = 64\nnic = \"8Mbit/s\"", "cores = 64\nnic = \"24Mbit/s\""];
    let plan = compiled(&Site { hosts, app_on: r#""h1", "h2", "h3""#, ..turns });
    let known = Operational::of(&plan);
    let into = station(&known, &plan, "NIC in of h1 + h2");
    near(into.demand, 8.0 * (200.0 + 2.0 / 3.0 * 10_000.0 + 1.0 / 3.0 * 100.0));
}

/// Half of the visitors go by weight and half to whoever is idle: the line of the heavy one has at least its
/// part of the first half, and both together have all.
#[test]
fn two_views_lead_to_the_same_callers() {
    let hosts = ["cores = 64\nnic = \"4Mbit/s\"", "cores = 64\nnic = \"40Mbit/s\""];
    let balance = ["round_robin", "least_connections"];
    let plan = compiled(&Site { hosts, web: HEAVY, balance, ..SITE });
    let known = Operational::of(&plan);
    let heavy = station(&known, &plan, "NIC in of h1");
    near(heavy.demand, 0.5 * 0.75 * 8.0 * 10_200.0);
    assert!(heavy.is_least);
    near(station(&known, &plan, "NIC in of web ×2").demand, 8.0 * 10_200.0);
    let bound = known.bound_per_s().unwrap();
    near(bound, 4e6 / (0.375 * 8.0 * 10_200.0));
    lies(answered(&plan, bound, 0.9), 0.8, 0.93);
    // Slots: all of them are full before those of the heavy one would be by what it must do.
    let pooled = Site {
        web: HEAVY,
        view: "slots = 2",
        app_step: "{ wait = \"10ms\" }",
        balance: ["round_robin", "least_connections"],
        ..SITE
    };
    let plan = compiled(&pooled);
    let known = Operational::of(&plan);
    near(station(&known, &plan, "slots from web to app").saturates_at_per_s(), 4.0 / 0.010);
}

/// Each has slots of its own: three of four calls need those of the heavy one.
#[test]
fn slots_of_callers_by_weight() {
    let pooled = Site { view: "slots = 2", app_step: "{ wait = \"10ms\" }", ..SITE };
    let plan = compiled(&pooled);
    let known = Operational::of(&plan);
    near(station(&known, &plan, "slots from web to app").saturates_at_per_s(), 4.0 / 0.010);
    let plan = compiled(&Site { web: HEAVY, ..pooled });
    let known = Operational::of(&plan);
    let bound = known.bound_per_s().unwrap();
    assert_eq!(known.stations[0].name(&plan), "slots from web.1 to app");
    near(bound, 2.0 / 0.0075);
    near(station(&known, &plan, "slots from web.2 to app").saturates_at_per_s(), 2.0 / 0.0025);
    lies(answered(&plan, bound, 0.9), 0.86, 0.93);
    lies(answered(&plan, bound, 1.2), 1.0, 0.75 + 0.25 * 1.2 + 0.02);
}

/// The quick one may answer nearly all: workers of the callers are held for at least its time. In equal shares
/// they would be full at 73 a second.
#[test]
fn what_is_held_is_held_for_the_least() {
    let plan = compiled(&Site {
        web: "workers = 2",
        view: "balance = \"least_connections\"",
        web_work: "0.001ms",
        app_on: r#""h3", "h4""#,
        app_step: "{ cpu = \"10ms\" }",
        app: "instance.2.speed = 0.1",
        ..SITE
    });
    let known = Operational::of(&plan);
    near(station(&known, &plan, "workers of web.1").saturates_at_per_s(), 4.0 / 0.010_001);
    // At no load both are asked in turn.
    near(known.no_load_s, 0.055_001);
    near(known.least_s, 0.010_001);
    lies(answered(&plan, 120.0, 1.0), 0.95, 1.05);
}

/// Between two on one host no line makes anybody wait: a large answer over a thin line would hold a worker for
/// 80 ms.
#[test]
fn nothing_is_held_for_a_line_that_is_not_used() {
    let thin = "cores = 64\nnic = \"1Mbit/s\"";
    let site = Site { hosts: [thin; 2], web: "workers = 1", app_on: r#""h1", "h2""#, ..SITE };
    let workers = |site: &Site| {
        let plan = compiled(site);
        station(&Operational::of(&plan), &plan, "workers of web.1").demand
    };
    let own = 0.5 * 0.0002;
    near(workers(&site), own + 0.25 * 0.08);
    near(workers(&Site { view: "balance = \"least_connections\"", ..site }), own);
}

/// Who has drawn a full server waits for any of them, so that no server's share is fixed.
#[test]
fn a_draw_among_servers_with_slots() {
    let plan = compiled(&Site {
        view: "balance = \"random(1)\"\nslots = 1",
        app_on: r#""h3", "h4""#,
        app_step: "{ cpu = \"10ms\" }",
        app: "workers = 2\ninstance.2.speed = 0.1",
        ..SITE
    });
    let known = Operational::of(&plan);
    near(station(&known, &plan, "workers of app ×2").demand, 0.010);
    near(known.bound_per_s().unwrap(), 4.0 / 0.010);
}

/// Hosts, callers and servers of all kinds, thirty of the 11,520 that there are: at a tenth above the bound work piles
/// up, so that no bound is too low. (It may be too high.)
#[test]
fn no_load_above_a_bound_is_sustained() {
    const HOSTS: [&str; 4] = [
        "cores = 1",
        "cores = 1\nnic = \"8Mbit/s\"",
        "cores = 1\nspeed = 3.0\nnic = \"24Mbit/s\"",
        "cores = 1\nspeed = 0.5\nnic = \"4Mbit/s\"",
    ];
    const BALANCE: [&str; 3] = ["round_robin", "least_connections", "random(2)"];
    const VIEWS: [&str; 4] =
        ["", "balance = \"least_connections\"", "slots = 2", "balance = \"random(1)\"\nslots = 1"];
    const PLACES: [&str; 5] = [r#""h3""#, r#""h1""#, r#""h2""#, r#""h1", "h2""#, r#""h3", "h4""#];
    for seed in 0..30_usize {
        // Digits of a number in mixed radix; a prime step goes through all of them.
        let mut left = (seed * 7_919 + 5) % 11_520;
        let mut one = |all: &[&'static str]| {
            let chosen = all[left % all.len()];
            left /= all.len();
            chosen
        };
        let site = Site {
            app_on: one(&PLACES),
            view: one(&VIEWS),
            hosts: [one(&HOSTS), one(&HOSTS)],
            balance: [one(&BALANCE), one(&BALANCE)],
            web: one(&["", HEAVY]),
            app: one(&["", "workers = 2\ninstance.1.speed = 0.2"]),
            web_work: "4ms",
            app_step: r#"{ cpu = { exponential = "2ms" } }"#,
        };
        let plan = compiled(&site);
        let known = Operational::of(&plan);
        let per_s = 1.1 * known.bound_per_s().unwrap();
        let duration = Span::from_millis(60_000);
        let above = Blueprint { duration, ..plan.clone() }.at_load(per_s / 100.0);
        let work = Replications { count: 2, threads: None, interrupted: &NEVER };
        let fold = study(&above, work, |_| ()).unwrap().unwrap();
        let growth = Summary::new(&above, &fold).diagnosis.growth_per_s;
        // Where the light one of two by weight is full first, a tenth of a quarter piles up.
        assert!(
            growth > 0.01 * per_s,
            "{} is not full at {per_s} a second, of which {growth} stay; seed {seed}",
            known.stations[0].name(&plan)
        );
    }
}
