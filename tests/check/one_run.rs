//! Objectives of one replication: by batch means where nothing changes, if batches are long enough.

use crate::command::{Desk, promise};

#[track_caller]
fn one(promises: &str, line: &str, says: &[&str]) -> String {
    let desk = Desk::with(promises);
    let said = desk.run(&format!("queue.toml --replications 1 --no-plots {line}")).expect(0, says);
    said.out
}

/// The truth is 1.5% beyond 210 ms, 50 ms on average, and 80% in use.
#[test]
fn a_long_run_has_intervals() {
    let of_queue = "where = { service = \"queue\" }";
    for (require, rest, seen) in [
        ("p(90) < 210ms", "", "within 210 ms"),
        ("p(90) < 210ms", of_queue, "within 210 ms"),
        ("p(90) < 210ms", "window = \"0s..5min\"", "within 210 ms"),
        ("mean < 60ms", "", "ms], required less than"),
        ("throughput > 70/s", "", "/s], required more than"),
        ("throughput > 70/s", of_queue, "/s], required more than"),
        ("utilisation < 90%", of_queue, "%], required less than"),
        ("queue < 5", of_queue, "calls], required less than"),
    ] {
        let out = one(&promise(require, rest), "--set duration=15min --seed 3", &[seen]);
        let own = out.split("judges)").nth(1).expect("objectives are told of");
        let own = own.split("What gives in").next().expect("they end");
        assert!(own.contains('[') && !own.contains("no interval"), "{require}: {own}");
    }
}

/// Levels have intervals as well: 4 customers, 3.2 of them waiting, 80% in use.
#[test]
fn levels_of_a_long_run_have_intervals() {
    let desk = Desk::with("");
    desk.run("queue.toml --replications 1 --no-plots --set duration=1h --seed 5").expect(0, &[]);
    let summary: serde_json::Value =
        serde_json::from_str(&desk.read("results/queue/summary.json")).unwrap();
    let holds = |of: &serde_json::Value, truth: f64| {
        let [low, value, high] =
            ["low", "value", "high"].map(|it| of[it].as_f64().unwrap_or_else(|| panic!("{of}")));
        // A wide interval, so that it is no matter of luck.
        let room = high - low;
        assert!(low < value && value < high && room < truth, "{of}");
        assert!((low - room..high + room).contains(&truth), "{truth} is not in {of}");
    };
    let service = &summary["services"].as_array().unwrap()[0];
    holds(&service["in_system_mean"], 4.0);
    holds(&service["waiting_mean"], 3.2);
    holds(&summary["instances"][0]["utilisation"], 0.8);
    holds(&summary["hosts"][0]["cpu_utilisation"], 0.8);
}

#[test]
fn a_short_run_says_why_it_has_none() {
    let short = "--set duration=20s --seed 3";
    one(&promise("mean < 60ms", ""), short, &["batches resemble their neighbours: no interval"]);
    // Its batches do not resemble their neighbours, but are hardly longer than the queue's memory.
    let longer = "--set duration=50s --seed 3";
    one(&promise("mean < 60ms", ""), longer, &["too short for how long the site remembers"]);
    let rare = "--set duration=100ms --seed 3";
    one(&promise("p(90) < 210ms", ""), rare, &["too short to be cut into batches: no interval"]);
}

/// What changes in time has no batches, however long it is.
#[test]
fn what_changes_in_time_has_none() {
    let event = "[[event]]\nat = \"10s\"\nfor = \"1s\"\ncrash = \"queue.1\"\n";
    let promises = format!("{event}{}", promise("mean < 60ms", ""));
    let says = ["one replication of what changes in time: no interval"];
    one(&promises, "--set duration=15min", &says);
}

/// Few late requests are as little to go by as from replications.
#[test]
fn few_bursts_have_none() {
    let says = ["seen in few bursts: no interval"];
    one(&promise("p(99) < 380ms", ""), "--set duration=200s --seed 3", &says);
}

/// How high the highest of another run is, one short run cannot say.
#[test]
fn columns_without_values_are_not_explained() {
    let few = one("", "--set duration=20s", &["Most at once"]);
    let told = few.split("Most at once").nth(1).and_then(|it| it.split("\n\n").next()).unwrap();
    assert!(told.contains("in it") && !told.contains("[low, high]"), "{told}");
    let desk = Desk::with("");
    let line = "queue.toml --replications 5 --no-plots --set duration=20s";
    desk.run(line).expect(0, &["[low, high] is where the highest of another run will lie."]);
}

/// All requests take 300 ms, and what batches differ by is rounding.
#[test]
fn what_is_the_same_in_all_batches_has_an_interval() {
    let desk = Desk::new();
    desk.write(
        "same.toml",
        &format!(
            "[scenario]\nduration = \"200s\"\n[hardware.h]\ncores = 4\n\
             [service.q]\nkind = \"service\"\nhardware = \"h\"\n\
             [service.q.endpoint.page]\nsteps = [ {{ wait = \"300ms\" }} ]\n\
             [request.page]\nto = \"q.page\"\n\
             [workload.visitors]\nmix = {{ page = 1 }}\narrivals = {{ poisson = \"10/s\" }}\n{}",
            promise("mean < 400ms", "where = { service = \"q\" }")
        ),
    );
    for seed in 1..4 {
        let line = format!("same.toml --replications 1 --no-plots --seed {seed}");
        desk.run(&line).expect(0, &["300 ms [300 ms, 300 ms], required"]);
    }
}
