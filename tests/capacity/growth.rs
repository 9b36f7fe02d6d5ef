//! What to add, what that costs, and what is in the way next.

use crate::{
    command::Desk,
    known::{erlang_c, root},
    site::Asking,
};
use serde_json::Value;

/// A chain of three machines of one core each that take 2, 10 and 4 ms.
const CHAIN_SITE: &str = r#"
[network]
latency  = 0
loopback = 0
[hardware.one]
cores = 1
[service.front]
kind = "service"
hardware = "one"
[service.front.endpoint.page]
steps = [ { cpu = { exponential = "2ms" } }, { call = "back.page" } ]
[service.back]
kind = "service"
hardware = "one"
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } }, { call = "db.query" } ]
[service.db]
kind = "service"
hardware = "one"
[service.db.endpoint.query]
steps = [ { cpu = { exponential = "4ms" } } ]
"#;

fn chain() -> String {
    let visitors =
        Asking { enters: "front", page: "front.page", per_s: 50, require: "mean < 80ms" };
    visitors.at(CHAIN_SITE)
}

const ASKED: &str = "capacity site.toml --budget 20 --no-losses --no-plots --set duration=20s";

pub(crate) fn asked(scenario: &str, options: &str) -> (Value, String) {
    let desk = Desk::new();
    desk.write("site.toml", scenario);
    let said = desk.run(&format!("{ASKED} {options}")).expect(0, &["SAFE LOAD"]);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{}", said.out);
    let text = desk.read("results/site-capacity/capacity.json");
    (serde_json::from_str(&text).unwrap(), said.out)
}

#[test]
fn the_next_bottlenecks_are_tried() {
    let (found, said) = asked(&chain(), "");
    let turns = found["growth"]["turns"].as_array().unwrap();
    let of = |turn: &Value| (turn["next"].clone(), turn["full_at_per_s"].as_f64().unwrap());
    assert_eq!(of(&turns[0]), ("CPU of db-1".into(), 250.0), "{said}");
    assert_eq!(of(&turns[1]), ("CPU of front-1".into(), 500.0), "{said}");
    for turn in turns {
        assert!(turn["is_next"] == true && turn["busiest"]["name"] == turn["next"], "{said}");
        let used = turn["busiest"]["utilisation"].as_f64().unwrap();
        assert!((0.93..1.0).contains(&used), "{said}");
    }
    // What is far beyond the first takes too long.
    let (found, said) = asked(&chain().replace("\"4ms\"", "\"800us\""), "");
    let turns = found["growth"]["turns"].as_array().unwrap();
    assert!(turns[0]["is_next"] == true && turns[1]["tried"].is_null(), "{said}");
    assert!(said.contains("not tried"), "{said}");
}

/// Where nothing else comes to light, more of the same is no news.
#[test]
fn a_service_alone_is_not_told_a_hundred_instances() {
    let visitors =
        Asking { enters: "queue", page: "queue.page", per_s: 50, require: "mean < 80ms" };
    let alone = visitors.at(r#"
[hardware.one]
cores = 1
price = "0.36 USD/h"
[service.queue]
kind = "service"
hardware = "one"
[service.queue.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } } ]
"#);
    // Whoever is idle is asked.
    let alone = alone
        .replace("[workload.visitors]", "[workload.visitors]\nbalance = \"least_connections\"");
    let (found, said) = asked(&alone, "");
    let steps = found["growth"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 6, "{said}");
    assert!(steps[5]["what"] == "queue: 7 instances" && steps[5]["skipped"] == 0, "{said}");
    // A machine costs 0.36 an hour.
    let costs: Vec<f64> = steps.iter().map(|it| it["cost_per_h"].as_f64().unwrap()).collect();
    assert!((costs[0] - 0.72).abs() < 1e-9 && (costs[5] - 2.52).abs() < 1e-9, "{costs:?}");
    assert!(said.contains("USD/h"), "{said}");
    // Nor is it its own next bottleneck.
    assert_eq!(found["growth"]["turns"].as_array().unwrap().len(), 0, "{said}");
}

/// A third server would get a hundredth of the work, for the price of a machine; twice the cores bring twice
/// as much for the price of two.
#[test]
fn what_is_cheaper_for_what_it_brings_is_added() {
    let visitors =
        Asking { enters: "queue", page: "queue.page", per_s: 50, require: "mean < 80ms" };
    let pair = visitors.at(r#"
[hardware.one]
cores = 1
[service.queue]
kind = "service"
hardware = "one"
instances = 2
instance.1 = { weight = 50 }
instance.2 = { weight = 50 }
[service.queue.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } } ]
"#);
    let first = |scenario: &str| {
        let (found, said) = asked(scenario, "");
        let step = found["growth"]["steps"][0].clone();
        assert!(step["what"].is_string(), "{said}");
        (step["what"].as_str().unwrap().to_owned(), step["cost_per_h"].as_f64())
    };
    assert_eq!(first(&pair), ("queue: 3 instances".to_owned(), None));
    let priced = pair.replace("cores = 1", "cores = 1\nprice = \"0.25 USD/h\"");
    assert_eq!(first(&priced), ("queue: 2 cores each".to_owned(), Some(1.0)));
}

/// Hosts that two services share: the first host is full of both, and the second service has no other.
const SHARED_SITE: &str = r#"
[hardware.box]
cores = 2
[host.h1]
hardware = "box"
[host.h2]
hardware = "box"
[service.front]
kind = "service"
on = ["h1", "h2"]
instances = 2
[service.front.endpoint.page]
steps = [ { cpu = { exponential = "20ms" } }, { call = "back.page" } ]
[service.back]
kind = "service"
on = ["h1"]
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "30ms" } } ]
"#;

fn shared() -> String {
    let visitors =
        Asking { enters: "front", page: "front.page", per_s: 10, require: "mean < 300ms" };
    visitors.at(SHARED_SITE)
}

#[test]
fn what_shares_hosts_is_grown_by_whoever_relieves_them() {
    let (found, said) = asked(&shared(), "");
    let growth = &found["growth"];
    let close = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() < 1e-6 * expected, "{value}, not {expected}: {said}");
    };
    // By itself each is full where its own work fills its cores, whoever else works there.
    let [front, back] = [0, 1].map(|it| &growth["services"][it]);
    close(&front["wider"][0]["alone_per_s"], 2.0 / 0.010);
    close(&front["wider"][1]["alone_per_s"], 2.0 / (0.020 * 2.0 / 3.0));
    close(&back["wider"][0]["alone_per_s"], 2.0 / 0.030);
    // A third instance of front stands on the host that is full.
    let worse = "more instances of front fill the site earlier: 3 at 46.15/s, 5 at 47.62/s, now at";
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(worse), "{said}");
    // Back cannot be made larger without front, for it stands on one of front's hosts.
    let step = &growth["steps"][0];
    assert_eq!(
        (&step["what"], &step["relieves"]),
        (&"front: 4 cores each".into(), &"CPU of h1".into())
    );
    close(&step["bound_per_s"], 4.0 / 0.040);
    // Each by itself, the fuller first; what both stand on is found of front, whose machines these are.
    let curves = &growth["curves"];
    assert_eq!((&curves[0]["service"], &curves[1]["service"]), (&"back".into(), &"front".into()));
    let missed = |sized: &Value| sized["missed_at"][0]["per_s"].as_f64().unwrap();
    let taller = curves[1]["taller"].as_array().unwrap();
    assert_eq!(taller.len(), 4, "{said}");
    assert!(taller.windows(2).all(|two| missed(&two[1]) > 1.2 * missed(&two[0])), "{said}");
}

/// The mean sojourn of M/M/c in seconds (Erlang C).
fn sojourn_s(servers: u32, per_s: f64, mean_s: f64) -> f64 {
    let spare = f64::from(servers) / mean_s - per_s;
    mean_s + erlang_c(servers, per_s * mean_s) / spare
}

/// Stations in a row are independent (Jackson 1957), so where the chain's mean is 80 ms is known for each number
/// of cores: where that matters, and where the law says that it does not.
#[test]
fn each_service_is_simulated_at_several_sizes() {
    let pairs = chain().replace("cores = 1", "cores = 2");
    let (found, said) = asked(&pairs, "--set workload.visitors.arrivals.poisson=100/s");
    let curves = found["growth"]["curves"].as_array().unwrap();
    let names: Vec<&Value> = curves.iter().map(|it| &it["service"]).collect();
    assert_eq!(names, ["back", "db", "front"], "{said}");
    let place = |it: &Value| [0, 1, 2].map(|at| it["missed_at"][at]["per_s"].as_f64().unwrap());
    let truth = |cores: [u32; 3]| {
        let stations = || cores.into_iter().zip([0.002, 0.010, 0.004]);
        let full = stations().map(|(cores, mean_s)| f64::from(cores) / mean_s);
        let mean = |per_s: f64| -> f64 {
            stations().map(|(cores, mean_s)| sojourn_s(cores, per_s, mean_s)).sum()
        };
        let full = full.fold(f64::INFINITY, f64::min);
        root(1.0, full * (1.0 - 1e-9), |per_s| 0.080 - mean(per_s))
    };
    let (now, truth_now) = (place(&curves[0]["taller"][1]), truth([2; 3]));
    let mut beside = 0;
    for (service, curves) in [1, 2, 0].into_iter().zip(curves) {
        assert_eq!(curves["taller"].as_array().unwrap().len(), 4);
        for sized in curves["taller"].as_array().unwrap() {
            let mut cores = [2; 3];
            cores[service] = sized["size"].as_u64().unwrap() as u32;
            let ([at, low, high], truth) = (place(sized), truth(cores));
            assert!((at / truth - 1.0).abs() < 0.03, "{cores:?}: {at}, not {truth}: {said}");
            // Short windows end before the longest queues do.
            assert!(0.99 * low < truth && truth < 1.01 * high, "{cores:?}: {truth}: {said}");
            // By how much it moves the place, if by little, is known much better than the place.
            let is_beside = (truth / truth_now - 1.0).abs() < 0.01;
            if sized["bound_per_s"] == 200.0 && is_beside {
                let off = at / now[0] / (truth / truth_now) - 1.0;
                assert!(off.abs() < 0.003, "{cores:?}: {off}: {said}");
                beside += 1;
            }
        }
        // One instance of one is none less.
        assert_eq!(curves["wider"].as_array().unwrap().len(), 3);
    }
    assert_eq!(beside, 8);
}

/// By the law a pair of databases is not in the way, nor is one alone, but the objective has no room for its queue.
#[test]
fn what_the_law_does_not_know_is_found() {
    let pairs = chain().replace("cores = 1", "cores = 2").replace("\"4ms\"", "\"9.9ms\"");
    let asks = "--set workload.visitors.arrivals.poisson=100/s --set duration=60s";
    let (found, said) = asked(&pairs, asks);
    let db = &found["growth"]["curves"][1];
    assert_eq!(db["service"], "db", "{said}");
    let of = |it: &Value| it["missed_at"][0]["per_s"].as_f64().unwrap();
    let [now, more] = [0, 1].map(|it| &db["wider"][it]);
    assert!(now["bound_per_s"] == more["bound_per_s"], "{said}");
    assert!(of(more) > 1.02 * of(now), "{said}");
}

/// Loads are tried until some hold and some miss; and few replications that differ are more.
#[test]
fn a_larger_site_is_looked_at_on_both_sides_of_its_cliff() {
    let tandem = chain()
        .replace("{ exponential = \"2ms\" }", "\"10ms\"")
        .replace("{ exponential = \"10ms\" }", "\"9ms\"")
        .replace(", { call = \"db.query\" }", "")
        .replace("mean < 80ms", "p(95) < 200ms")
        .replace("warm_up  = \"2s\"", "");
    for seed in [5, 1] {
        let (found, said) = asked(&tandem, &format!("--set duration=5s --seed {seed}"));
        let wider = &found["growth"]["curves"][0]["wider"][1];
        assert_eq!(wider["size"], 2);
        let [at, low, high] = [0, 1, 2].map(|it| wider["missed_at"][it]["per_s"].as_f64().unwrap());
        // The truth is about 98.
        assert!((92.0..104.0).contains(&at) && low > 80.0 && high <= 111.2, "{said}");
    }
}

/// Declared hosts may be called as those that a service has for itself.
#[test]
fn hosts_are_larger_whatever_they_are_called() {
    let cores = |names: [&str; 2]| {
        let site = format!(
            r#"
[network]
latency  = 0
loopback = 0
[hardware.four]
cores = 4
[host.{0}]
hardware = "four"
[host.{1}]
hardware = "four"
[service.app]
kind = "service"
on = ["{0}", "{1}"]
instances = 2
[service.app.endpoint.page]
steps = [ {{ cpu = "100ms" }} ]
"#,
            names[0], names[1]
        );
        let visitors =
            Asking { enters: "app", page: "app.page", per_s: 20, require: "mean < 300ms" };
        let (found, _) = asked(&visitors.at(&site), "--set duration=5s");
        found["growth"]["services"][0]["taller"].clone()
    };
    let (own, other) = (cores(["app-1", "app-2"]), cores(["h1", "h2"]));
    assert_eq!(own, other);
    assert!(own[0]["site_per_s"].as_f64().is_some(), "{own}");
}
