//! Two scenarios against each other.

use crate::command::{Desk, QUEUE, promise};
use serde_json::Value;

fn desk() -> Desk {
    Desk::with(&promise("p(95) < 150ms", "margin = \"1%\""))
}

#[test]
fn a_scenario_is_identical_with_itself() {
    let said = desk().run("compare queue.toml queue.toml --budget 20");
    said.expect(0, &["identical   it", "nothing in the scenario", "common luck"]);
}

#[test]
fn a_slower_processor_is_worse_and_a_faster_one_better() {
    let desk = desk();
    let compare = |speed: &str| {
        desk.run(&format!("compare queue.toml --budget 40 --set queue.hardware.speed={speed}"))
    };
    compare("0.95").expect(0, &["WORSE       it", "+ speed = 0.95", "pairing narrows"]);
    compare("1.05").expect(0, &["better      it"]);
}

/// Where a default comes from is no part of what was changed, least of all the half of it.
#[test]
fn what_was_changed_is_told_without_comments() {
    let desk = desk();
    let line = "compare queue.toml --budget 10 --round 5 --set queue.queue=700";
    let said = desk.run(line).expect(0, &["What was changed"]);
    let changed = said.out.lines().filter(|line| line.starts_with(['+', '-']));
    let changed: Vec<&str> = changed.collect();
    assert!(!changed.is_empty() && changed.iter().all(|it| !it.contains('#')), "{}", said.out);
}

#[test]
fn independent_luck_decides_nothing() {
    let said = desk().run("compare queue.toml --budget 20 --set seed=7");
    said.expect(0, &["undecided   it", "on independent luck, seeds 1 and 7"]);
}

#[test]
fn matched_by_name() {
    let desk = desk();
    let other = desk.read("queue.toml").replace("\"it\"", "\"another\"");
    desk.write(
        "other.toml",
        &other.replace("request.customer", "request.guest").replace("customer = 1", "guest = 1"),
    );
    desk.run("compare queue.toml other.toml --budget 20 --json c.json").expect(
        0,
        &["objective `another`: it is new", "objective `it`: it is gone", "request guest: success"],
    );
    let json: Value = serde_json::from_str(&desk.read("c.json")).unwrap();
    assert_eq!(json["objectives"].as_array().unwrap().len(), 0);
    assert!(json["exploratory"].as_array().unwrap().len() > 5);
}

/// All take exactly as long, so that each percentile lies in one bucket of 128 an octave.
fn constant(wait: &str, margin: &str) -> String {
    format!(
        "[scenario]\nduration = \"20s\"\nwarm_up = \"1s\"\n\
         [network]\nlatency = 0\nloopback = 0\n[hardware.one]\ncores = 1\n\
         [service.s]\nkind = \"service\"\nhardware = \"one\"\n\
         [service.s.endpoint.serve]\nsteps = [ {{ wait = \"{wait}\" }} ]\n\
         [request.r]\nto = \"s.serve\"\n\
         [workload.w]\narrivals = {{ even = \"50/s\" }}\nmix = {{ r = 1 }}\n{}",
        promise("p(95) < 20ms", &format!("margin = \"{margin}\""))
    )
}

/// Neither is what lies in one bucket identical, nor what lies in two of them far apart.
#[test]
fn buckets_are_no_evidence() {
    let desk = Desk::new();
    let check = |one: &str, other: &str, margin: &str, says: &str| {
        desk.write("one.toml", &constant(one, margin));
        desk.write("other.toml", &constant(other, margin));
        desk.run("compare one.toml other.toml --budget 10 --round 5").expect(0, &[says])
    };
    check("10ms", "10ms", "0%", "identical   it");
    check("10ms", "10.01ms", "0%", "undecided   it");
    check("10ms", "10.01ms", "2%", "equivalent  it");
    let said = check("10ms", "10.04ms", "0.5%", "undecided   it");
    assert!(!said.out.contains("by more than its margin"), "{}", said.out);
    check("10ms", "10.4ms", "0.5%", "worse by more than its margin");
}

/// A figure that shrinks to next to nothing does not shrink by more than all of it.
#[test]
fn no_interval_is_below_nothing() {
    let desk = desk();
    let line = "compare queue.toml --budget 20 --json c.json --set queue.hardware.speed=8";
    desk.run(line).expect(0, &["better      it"]);
    let json: Value = serde_json::from_str(&desk.read("c.json")).unwrap();
    let figures = json["exploratory"].as_array().unwrap();
    let bounds =
        |it: &serde_json::Value| Some((it["relative"][0].as_f64()?, it["relative"][1].as_f64()?));
    let all: Vec<(f64, f64)> = figures.iter().filter_map(bounds).collect();
    assert!(all.len() > 10 && all.iter().all(|it| -1.0 <= it.0 && it.0 <= it.1), "{all:?}");
}

#[test]
fn nothing_to_compare_with() {
    let desk = desk();
    desk.run("compare queue.toml").expect(2, &["nothing to compare it with", "hint: "]);
    desk.run("compare queue.toml a.toml b.toml").expect(2, &["b.toml"]);
    desk.run("compare queue.toml none.toml").expect(2, &["no such file"]);
    desk.run("compare queue.toml --baseline x").expect(2, &["there is no `x"]);
    desk.run("compare queue.toml queue.toml --baseline x")
        .expect(2, &["a baseline is compared with one scenario"]);
}

#[test]
fn the_same_bytes_whatever_the_threads() {
    let desk = desk();
    let said = |threads: u32| {
        let line = format!("compare queue.toml --set workers=1 --threads {threads} --budget 20");
        desk.run(&line.replace("workers=1", "customers.arrivals.poisson=79/s")).expect(0, &[]).out
    };
    assert_eq!(said(1), said(2));
}

/// A figure is that of all replications together, as a run tells it, and not the mean of theirs: replications of unequal
/// size tell the two apart.
#[test]
fn figures_are_those_of_all_replications_together() {
    let desk = desk();
    desk.write("queue.toml", &desk.read("queue.toml").replace("80/s", "50/s"));
    let short = "--set scenario.replications=10";
    desk.run(&format!("queue.toml --no-plots {short}")).expect(0, &[]);
    let run: Value = serde_json::from_str(&desk.read("results/queue/summary.json")).unwrap();
    let line = "compare queue.toml --baseline results/queue --json c.json";
    desk.run(&format!("{line} --set queue.hardware.speed=0.99")).expect(0, &[]);
    let compared: Value = serde_json::from_str(&desk.read("c.json")).unwrap();
    let figures = compared["exploratory"].as_array().unwrap();
    let says = "figure `all requests: p99.9`: too few observations for an interval";
    assert!(compared["unmatched"].as_array().unwrap().contains(&says.into()), "{compared}");
    for (name, field) in [("mean", "mean_s"), ("p50", "p50_s")] {
        let name = format!("all requests: {name}");
        let it = figures.iter().find(|it| it["name"] == name.as_str()).unwrap();
        let (told, pooled) =
            (it["one"].as_f64().unwrap(), run["site"]["ok"][field]["value"].as_f64());
        // The jackknife takes out a mean's bias of order 1/n.
        let off = if field == "mean_s" { 0.01 } else { 1e-12 };
        assert!((told / pooled.unwrap() - 1.0).abs() < off, "{name}: {told} {pooled:?}");
        let (low, high) = (it["low"].as_f64().unwrap(), it["high"].as_f64().unwrap());
        let difference = it["difference"].as_f64().unwrap();
        assert!(low < difference && difference < high && it.get("is_rough").is_none(), "{it}");
    }
}

/// Of a request that is asked for twice in a replication, some replications have none; and that is no failure.
#[test]
fn a_percentile_of_what_some_replications_lack_is_compared() {
    let desk = Desk::new();
    let mixed = QUEUE.replace("customer = 1 }", "customer = 399, rare = 1 }");
    let rare = "[request.rare]\nto = \"queue.serve\"\n";
    let promised = |limit: &str| {
        let slo = format!(
            "[[slo]]\nname = \"it\"\nrequire = \"p(90) < {limit}\"\nwhere = {{ request = \"rare\" }}\n"
        );
        format!("{mixed}{rare}{slo}").replace("60s", "10s").replace("= 6", "= 40")
    };
    desk.write("one.toml", &promised("100ms"));
    desk.write("other.toml", &promised("200ms"));
    desk.run("one.toml --no-plots --out r").expect(0, &[]);
    let slower = "--set queue.hardware.speed=0.8 --json c.json";
    let said = desk.run(&format!("compare other.toml --baseline r {slower}"));
    let said = said.expect(0, &["it: p(90) < 200ms (it was p(90) < 100ms)", "ms → ", "roughly"]);
    assert!(!said.out.contains("failures lie beyond"), "{}", said.out);
}

/// Where replications are of very unequal sizes the jackknife's own value is no ratio any more: what is told is that of
/// the sums, as of a run.
#[test]
fn a_share_is_told_as_it_is() {
    let desk = Desk::new();
    let batches = "arrivals = { batches = { rate = \"0.3/s\", size = { pareto = { min = 1, alpha = 1.1 } } } }";
    let site = QUEUE
        .replace("workers  = 1", "workers  = 1\nqueue    = 20")
        .replace("arrivals = { poisson = \"80/s\" }", batches)
        .replace("60s", "20s")
        .replace("= 6", "= 10");
    desk.write("site.toml", &format!("{site}{}", promise("success > 50%", "")));
    for seed in [3, 26, 35] {
        desk.run(&format!("site.toml --no-plots --out r --seed {seed}")).expect(0, &[]);
        let run: Value = serde_json::from_str(&desk.read("r/summary.json")).unwrap();
        let line = format!("compare site.toml --baseline r --seed {seed} --json c.json");
        desk.run(&line).expect(0, &["identical   it"]);
        let compared: Value = serde_json::from_str(&desk.read("c.json")).unwrap();
        let told = compared["objectives"][0]["one"].as_f64().unwrap();
        let share = run["site"]["rates"]["success_share"]["value"].as_f64().unwrap();
        assert!((told - share).abs() < 1e-12 && share > 0.0, "{told} {share}");
        let judged = run["objectives"][0]["estimate"]["value"].as_f64().unwrap();
        assert!((judged - share).abs() < 1e-12, "{judged} {share}");
    }
}

/// Of few observations replications know another rank than all of them together.
#[test]
fn a_rank_that_few_know_does_not_differ_from_itself() {
    let desk = Desk::with(&promise("p(99.9) < 300ms", "margin = \"2%\""));
    let short = desk.read("queue.toml").replace("60s", "5s").replace("80/s", "70/s");
    desk.write("queue.toml", &short);
    let differs = |seed: u32| {
        desk.write("one.toml", &short.replace("[scenario]", &format!("[scenario]\nseed = {seed}")));
        let other = seed + 500;
        let said = desk.run(&format!("compare one.toml one.toml --budget 20 --set seed={other}"));
        said.out.contains("WORSE       it") || said.out.contains("better      it")
    };
    let wrong = (1..=40).filter(|&seed| differs(seed)).count();
    assert!(wrong <= 5, "{wrong} of 40");
}
