//! What a shell gets: an answer, a folder, the same bytes whatever the threads, and answers that are none.

use crate::{
    command::{Desk, QUEUE, promise},
    site::Asking,
};

const SMALL: &str = "capacity queue.toml --set duration=20s --budget 40 --loss 10s";

#[test]
fn a_safe_load_and_its_folder() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let line = format!("{SMALL} --set hardware.one.price=0.36USD/h");
    let said = desk.run(&line).expect(
        0,
        &[
            "SAFE LOAD",
            "requests/s hold all objectives for 20 s",
            "no more than 100.0/s can be served",
            "`it` is missed from about",
            "single points of failure: crash of queue.1; loss of host queue-1",
            "queue: 2 instances",
            "0.36 USD an hour",
            "confirmed",
            "Not modelled",
        ],
    );
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    let safe = said.out.split("SAFE LOAD").nth(1).unwrap().split_whitespace().next().unwrap();
    // The truth is ln(100) / 250 ms below 100 a second, and 40 times 20 s show that a safe load is well
    // below it.
    let safe: f64 = safe.parse().unwrap();
    assert!((50.0..82.5).contains(&safe), "{safe}");
    let folder = "results/queue-capacity";
    for name in ["capacity.json", "load.png", "losses.png", "scaling.png", "sizes.png"] {
        assert!(desk.file(&format!("{folder}/{name}")).exists(), "{name}");
    }
    let report = desk.read(&format!("{folder}/capacity.md"));
    let first = report.find("hold all objectives").unwrap();
    let last = report.find("## What isn't modelled").unwrap();
    assert!(first < 200 && report[last..].matches("\n## ").count() == 0, "{report}");
    // It is replaced by the answer to the same question alone, drawn or not.
    desk.run(&format!("{line} --no-losses --no-scaling"))
        .expect(2, &["`results/queue-capacity` is not replaced", "of another experiment"]);
    assert!(desk.file(&format!("{folder}/losses.png")).exists());
    desk.run(&format!("{line} --no-plots")).expect(0, &["SAFE LOAD"]);
    assert!(!desk.file(&format!("{folder}/losses.png")).exists());
}

/// What is known at once is told at once, and so above what has to be found first.
#[test]
fn what_needs_no_search_comes_first() {
    let desk = Desk::with(&promise("p(50) < 5ms", ""));
    let said = desk.run(SMALL).expect(3, &["no more than 100.0/s can be served"]);
    let place =
        |words: &str| said.out.find(words).unwrap_or_else(|| panic!("{words}: {}", said.out));
    assert!(place("CPU of queue-1") < place("no load holds all objectives"));
    assert_eq!(said.out.matches("What runs out, without simulating").count(), 1);
    assert!(desk.run(&format!("{SMALL} --quiet")).out.is_empty());
}

#[test]
fn the_same_bytes_whatever_the_threads() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let one = desk.run(&format!("{SMALL} --threads 1 --out one")).expect(0, &[]);
    let two = desk.run(&format!("{SMALL} --threads 2 --out two")).expect(0, &[]);
    assert_eq!(one.out, two.out);
    for name in
        ["capacity.json", "capacity.md", "load.png", "losses.png", "scaling.png", "sizes.png"]
    {
        let read = |folder: &str| std::fs::read(desk.file(&format!("{folder}/{name}"))).unwrap();
        assert!(read("one") == read("two"), "{name} differs");
    }
}

/// What comes now is what is answered now, users' requests as well, and costs as much as all machines.
#[test]
fn cost_is_that_of_answered_requests() {
    let cost_now = |workloads: &str| {
        let desk = Desk::with(&format!("{}{workloads}", promise("p(99) < 250ms", "")));
        let line = format!("{SMALL} --set hardware.one.price=0.36USD/h --no-losses --no-scaling");
        desk.run(&line).expect(0, &["a million answered requests at the safe load; "]);
        let text = desk.read("results/queue-capacity/capacity.json");
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["cost"]["per_million_now"].as_f64().unwrap()
    };
    // 0.36 an hour are 100 a million seconds; 80 requests a second come.
    let alone = cost_now("");
    assert!((1.2..1.3).contains(&alone), "{alone}");
    // Ten users who think for 2 s or so add 4 or 5 requests a second: Little's law, 10 / (2 s + 0.07 s).
    let users = "[workload.users]\nmix = { customer = 1 }\n\
                 arrivals = { users = 10, think = { exponential = \"2s\" } }\n";
    let mixed = cost_now(users);
    assert!((1.14..1.21).contains(&mixed), "{mixed}");
}

/// M/M/1/4 turns away whoever would have to wait for long, so that more may come than it can serve: the bound limits
/// what is answered.
#[test]
fn what_is_turned_away_is_no_load_of_the_hardware() {
    let desk = Desk::with(&promise("success > 60%", ""));
    let line = format!("{SMALL} --no-losses --no-scaling --set queue.queue=3");
    let said = desk.run(&line).expect(0, &["SAFE LOAD", "LESS BUSY  CPU of queue-1 was"]);
    let safe = said.out.split("SAFE LOAD").nth(1).unwrap().split_whitespace().next().unwrap();
    let safe: f64 = safe.parse().unwrap();
    // Four are there for ρ⁴ (1 − ρ) / (1 − ρ⁵) of the time: 40% at 155.1 a second.
    assert!((0.96 * 155.1..155.1).contains(&safe), "{safe}");
    // Refused at once, not left over.
    assert!(!said.out.contains("not over when the run ends"), "{}", said.out);
    assert!(!said.out.contains("BOUND"), "{}", said.out);
}

/// Where the hardware is full before the objectives are missed, no budget brings the safe load nearer to
/// where they are.
#[test]
fn what_is_left_over_at_the_end_is_no_latency() {
    let desk = Desk::with(&promise("p(95) < 1000000s", ""));
    let said = desk.run(&format!("{SMALL} --no-losses --no-scaling --set scenario.drain=2s"));
    let said =
        said.expect(0, &["where `it` is first missed", "not over when the run ends", "BOUND"]);
    assert!(!said.out.contains("COARSE"), "{}", said.out);
}

#[test]
fn users_are_counted_as_users() {
    let desk = Desk::with(&promise("mean < 100ms", ""));
    let line = format!(
        "{SMALL} --no-losses --no-scaling --set customers.arrivals={{users=10,think=\"190ms\"}}"
    );
    let said = desk.run(&line).expect(0, &["users hold all objectives"]);
    let safe = said.out.split("SAFE LOAD").nth(1).unwrap().split_whitespace().next().unwrap();
    let safe: f64 = safe.parse().unwrap();
    // Mean value analysis of the machine repairman's model: 100 ms between 25 and 29 users.
    assert!((20.0..=29.0).contains(&safe), "{safe}");
}

#[test]
fn what_no_load_holds() {
    let desk = Desk::with(&promise("p(50) < 5ms", ""));
    let said = desk.run(SMALL).expect(3, &["no load holds all objectives", "all but idle"]);
    assert!(!said.out.contains("SAFE LOAD") && !desk.file("results").exists());
}

/// Nobody is told that an objective is far from its limit that is missed all the time.
#[test]
fn what_is_missed_at_every_load_is_told_as_such() {
    let two =
        promise("p(50) < 5ms", "") + "[[slo]]\nname = \"works\"\nrequire = \"success > 99%\"\n";
    let desk = Desk::with(&two);
    let said = desk.run(SMALL).expect(3, &["no load holds all objectives"]);
    let row = |says: &str| {
        let line = said.out.lines().find(|line| line.contains(says));
        line.unwrap_or_else(|| panic!("{says}: {}", said.out)).to_owned()
    };
    assert!(row("p(50) < 5ms").contains("every load tried"), "{}", said.out);
    // Only loads beyond what can be served leave requests behind.
    assert!(row("success > 99%").contains("not near the limit"), "{}", said.out);
}

/// Nothing saturates where requests only wait: there is no table of it, and no advice about objectives that
/// are there already.
#[test]
fn where_nothing_runs_out() {
    let desk = Desk::new();
    // A load that is doubled twelve times is no small one.
    let waits = QUEUE.replace("cpu = {", "wait = {").replace("workers  = 1\n", "");
    let waits = waits.replace("80/s", "1/s");
    desk.write("queue.toml", &format!("{waits}{}", promise("p(99) < 250ms", "")));
    let said = desk.run(&format!("{SMALL} --no-losses --no-scaling"));
    let said = said.expect(3, &["nothing runs out", "nothing that is modelled runs out here"]);
    assert!(!said.out.contains("a request asks for"), "{}", said.out);
    assert!(!said.out.contains("objective on the latency"), "{}", said.out);
}

#[test]
fn what_every_load_holds() {
    let desk = Desk::with(&promise("success > 1%", ""));
    let said =
        desk.run(SMALL).expect(3, &["no load misses an objective", "does not depend on the load"]);
    assert!(!said.out.contains("SAFE LOAD") && !desk.file("results").exists());
}

/// Connections that are idle for more than 5 ms are closed, and opening one takes a long way there and
/// back: at low loads most requests open one, at higher ones few do.
const KEPT_SITE: &str = r#"
[zone.here]
[zone.there]
[link.here-there]
latency = "3ms"
[hardware.one]
cores = 8
[hardware.shop]
cores = 1
[service.front]
kind = "haproxy"
hardware = "one"
zones = ["here"]
timeout = { client = "30s", connect = "5s", server = "30s" }
[service.front.backend.shop]
servers = "shop"
http-reuse = "always"
[service.shop]
kind = "nginx"
hardware = "shop"
zones = ["there"]
keepalive_timeout = "5ms"
cpu = { request = "1ms" }
[service.shop.upstream.app]
servers = "app"
[service.app]
kind = "service"
hardware = "one"
zones = ["there"]
[service.app.endpoint.page]
steps = [ { cpu = "1us" } ]
"#;

fn kept() -> String {
    let visitors =
        Asking { enters: "front", page: "app.page", per_s: 300, require: "p(50) < 10ms" };
    visitors.at(KEPT_SITE)
}

#[test]
fn a_low_load_that_misses_where_a_higher_one_holds() {
    let desk = Desk::new();
    desk.write("kept.toml", &kept());
    let said = desk.run("capacity kept.toml --budget 40 --no-losses --no-scaling");
    said.expect(3, &["miss although a higher load holds"]);
}

/// Its own load is a hundredth of what the site bears, and too few come in that time to show that a hundredth
/// of them is quick.
#[test]
fn a_lightly_loaded_site_has_a_capacity() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let line = format!("{SMALL} --no-losses --no-scaling --set customers.arrivals.poisson=1/s");
    let said = desk.run(&line).expect(0, &["SAFE LOAD", "now        1.000 requests/s"]);
    let safe = said.out.split("SAFE LOAD").nth(1).unwrap().split_whitespace().next().unwrap();
    let safe: f64 = safe.parse().unwrap();
    assert!((50.0..82.5).contains(&safe), "{safe}");
}

/// Two queues in a row of fixed times, for so short a time that few replications say little: from 80.2
/// requests a second on too many are late, by 400 replications.
const CLIFF: &str = r#"
[scenario]
duration = "5s"
[hardware.one]
cores = 1
[service.a]
kind = "service"
hardware = "one"
[service.b]
kind = "service"
hardware = "one"
[service.a.endpoint.page]
steps = [ { cpu = "10ms" }, { call = "b.page" } ]
[service.b.endpoint.page]
steps = [ { cpu = "9ms" } ]
[request.page]
to = "a.page"
[workload.visitors]
arrivals = { poisson = "10/s" }
mix = { page = 1 }
[[slo]]
name = "quick"
require = "p(95) < 200ms"
"#;

/// What few replications guess across a cliff is looked at until loads on both sides of it are known.
#[test]
fn a_cliff_is_found_wherever_the_first_guess_is() {
    for seed in [1, 3, 4] {
        let desk = Desk::new();
        desk.write("site.toml", CLIFF);
        let line = format!("capacity site.toml --no-losses --no-scaling --no-plots --seed {seed}");
        let said = desk.run(&line).expect(0, &["SAFE LOAD"]);
        let text = desk.read("results/site-capacity/capacity.json");
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        let per_s = |it: &serde_json::Value| it["per_s"].as_f64().unwrap();
        let safe = &found["safe"];
        assert!((76.0..80.2).contains(&per_s(&safe["load"])), "{}", said.out);
        let [at, low, high] = [0, 1, 2].map(|it| per_s(&safe["missed_at"][it]));
        assert!(low > 77.0 && high < 84.0 && (79.0..82.0).contains(&at), "{}", said.out);
        // Nor does the table say otherwise: what is told as spent was spent.
        for point in found["curve"].as_array().unwrap() {
            let misses = point["badness"][0][0].as_f64().is_some_and(|it| it > 1.0);
            assert!(!misses || per_s(&point["load"]) > low, "{}", said.out);
            assert!(misses || per_s(&point["load"]) < high, "{}", said.out);
        }
        let most = found["curve"].as_array().unwrap().iter();
        let most = most.map(|it| it["replications"].as_u64().unwrap()).max().unwrap();
        assert!(!said.out.contains("the budget was spent") || most == 400, "{}", said.out);
    }
}

/// What comes is known, and all of it is answered: a cost is no guess then.
#[test]
fn the_cost_of_what_is_answered_is_exact() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let price = "--set hardware.one.price=0.36USD/h";
    desk.run(&format!("{SMALL} {price} --no-losses --no-scaling")).expect(0, &["1.25 USD now"]);
    let text = desk.read("results/queue-capacity/capacity.json");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    // 0.36 an hour are 100 a million seconds.
    let now = found["cost"]["per_million_now"].as_f64().unwrap();
    assert!((now - 100.0 / 80.0).abs() < 1e-9, "{now}");
}

/// A fixed time of service, no room to wait and even arrivals: right above 100 a second every other one is
/// turned away, and all replications agree.
const LOSS: &str = r#"
[scenario]
duration = "30s"
warm_up = "2s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
[service.queue]
kind = "service"
hardware = "one"
workers = 1
queue = 0
[service.queue.endpoint.job]
steps = [ { wait = "10ms" } ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = { job = 1 }
arrivals = { even = "50/s" }
[[slo]]
name = "most"
require = "success > 99%"
"#;

/// Where replications agree they know nothing of where between two loads the cliff is.
#[test]
fn across_a_jump_the_limit_is_anywhere_between() {
    let desk = Desk::new();
    desk.write("loss.toml", LOSS);
    let said = desk.run("capacity loss.toml --no-losses --no-scaling --no-plots");
    let said = said.expect(0, &["SAFE LOAD", "workers of queue.1, 100% busy then"]);
    let text = desk.read("results/loss-capacity/capacity.json");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    for missed in [&found["safe"]["missed_at"], &found["objectives"][0]["missed_at"]] {
        let [at, low, high] = [0, 1, 2].map(|it| missed[it]["per_s"].as_f64().unwrap());
        assert!(low <= 100.0 && 100.0 < high && low <= at && at <= high, "{}", said.out);
        assert!(high - low < 1.0, "{}", said.out);
    }
    // Latency is flat: nothing is paid with it. And nothing lasts for long where nobody waits.
    assert!(found["knee"].is_null(), "{}", said.out);
    assert!(!said.out.contains("forgotten") && !said.out.contains("--sustain"), "{}", said.out);
}

/// Interactive requests come before all others. Few of them come at low loads, where the share of slow ones,
/// 0.8% of 1% that may be, is easily above by luck.
const FIRST: &str = r#"
[scenario]
duration = "30s"
warm_up = "5s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
discipline = "preemptive"
[service.a]
kind = "service"
hardware = "one"
[service.a.endpoint.fast]
priority = 0
steps = [ { cpu = { exponential = "1ms" } } ]
[service.a.endpoint.batch]
priority = 1
steps = [ { cpu = { exponential = "50ms" } } ]
[request.fast]
to = "a.fast"
[request.batch]
to = "a.batch"
[workload.visitors]
mix = { fast = 1 }
arrivals = { poisson = "100/s" }
[workload.jobs]
mix = { batch = 1 }
arrivals = { users = 10, think = { exponential = "100ms" } }
[[slo]]
name = "quick"
require = "p(99) < 4.85ms"
where = { request = "fast" }
"#;

#[test]
fn one_low_load_that_misses_by_luck_is_no_verdict() {
    let desk = Desk::new();
    desk.write("first.toml", FIRST);
    for seed in [1, 2, 3] {
        let line = format!("capacity first.toml --no-losses --no-scaling --no-plots --seed {seed}");
        let said = desk.run(&line);
        assert!(!said.out.contains("no load is safe"), "{}", said.out);
        assert!(!said.out.contains("no load holds"), "{}", said.out);
    }
}

/// Where nothing is paid with latency up to the highest load that is tried, there is no knee.
#[test]
fn a_flat_latency_has_no_knee() {
    let desk = Desk::new();
    let waits = QUEUE.replace("cpu = {", "wait = {").replace("workers  = 1\n", "");
    let waits = waits.replace("80/s", "1/s");
    desk.write("queue.toml", &format!("{waits}{}", promise("p(99) < 250ms", "")));
    let said = desk.run(&format!("{SMALL} --no-losses --no-scaling"));
    let said = said.expect(3, &["no knee up to 4,096 requests/s"]);
    assert!(!said.out.contains("the knee"), "{}", said.out);
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    desk.run(&format!("{SMALL} --no-losses --no-scaling")).expect(0, &["the knee"]);
}
