//! Warm-up by pilots, precision by rounds, one replication alone.

use crate::command::Desk;

#[test]
fn what_starts_empty_needs_a_warm_up() {
    // At load 0.97 the queue takes a while to fill.
    let desk = Desk::with("");
    let line = "queue.toml --set warm_up=auto --set duration=400s --no-plots \
                --set customers.arrivals.poisson=97/s --seed 2 --replications 5";
    let said = desk.run(line).expect(0, &["warm-up: ", "by 20 pilots without events"]);
    let seconds = said.talk.split("warm-up: ").nth(1).unwrap().split(' ').next().unwrap();
    let seconds: f64 = seconds.parse().unwrap();
    assert!((1.0..=1600.0).contains(&seconds), "{seconds}");
    // The whole experiment has the same one, whatever the threads.
    let again = desk.run(&format!("{line} --threads 1 --out again"));
    assert!(again.talk.contains(&format!("warm-up: {seconds} s")), "{}", again.talk);
}

/// Whatever the seed, at a load where the beginning is small beside the noise: something is cut, and no more
/// than half.
#[test]
fn most_beginnings_are_found() {
    let desk = Desk::with("");
    let cut = |seed: u32| -> f64 {
        let said = desk.run(&format!(
            "queue.toml --set warm_up=auto --set customers.arrivals.poisson=90/s --seed {seed} \
             --no-plots --replications 5"
        ));
        let seconds = said.talk.split("warm-up: ").nth(1).map(|it| it.split(' ').next().unwrap());
        seconds.map_or(0.0, |it| it.parse().unwrap())
    };
    let cuts: Vec<f64> = (1..=10).map(cut).collect();
    let found = cuts.iter().filter(|it| **it > 0.0).count();
    assert!(found >= 8 && cuts.iter().all(|it| *it <= 240.0), "{cuts:?}");
}

#[test]
fn what_never_settles_is_refused() {
    let desk = Desk::with("");
    let line = "queue.toml --set warm_up=auto --set customers.arrivals.poisson=120/s";
    let said = desk.run(line).expect(3, &["never settles", "at or above capacity", "hint: "]);
    assert!(said.out.is_empty() && !desk.file("results").exists());
}

/// At load 0.9 one seed in a hundred has pilots that seem to drift; as many others do not.
#[test]
fn what_seems_to_drift_is_looked_at_twice() {
    let desk = Desk::with("");
    let queue = "queue.toml --set warm_up=auto --no-plots --replications 5 \
                 --set queue.serve.cpu.exponential=8ms";
    for (rate, seed) in [("112.5", 1053), ("112.5", 1111), ("118.75", 24)] {
        let rate = format!("--set customers.arrivals.poisson={rate}/s --seed {seed}");
        let said = desk.run(&format!("{queue} {rate} --out r{seed}"));
        assert!(!said.talk.contains("at or above capacity"), "{}", said.talk);
    }
}

/// Ten windows of 50 s at load 0.95 are hardly longer than what the queue remembers: what leans to the right is rough. At
/// load 0.5 it is not.
#[test]
fn what_is_remembered_for_long_is_known_roughly() {
    let rough = |rate: &str| -> [bool; 2] {
        let desk = Desk::with("");
        let line =
            format!("queue.toml --set customers.arrivals.poisson={rate}/s --replications 10");
        let line = format!("{line} --no-plots --set duration=50s --set warm_up=60s");
        let said = desk.run(&line).expect(0, &[]);
        let low = said.out.lines().find_map(|it| it.trim_start().strip_prefix("low")).unwrap();
        let cells: Vec<&str> = low.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect();
        // The mean and p90.
        [cells[0], cells[2]].map(|it| it.starts_with('~'))
    };
    assert_eq!((rough("50"), rough("95")), ([false; 2], [true; 2]));
}

#[test]
fn as_narrow_as_was_asked_for() {
    let desk = Desk::with("");
    let said = desk.run_words(&[
        "queue.toml",
        "--precision",
        "3%",
        "--figure",
        "all requests: mean",
        "--no-plots",
    ]);
    let said = said.expect(0, &["all requests: mean is known to ±", "replications"]);
    let count = said.out.split(" replications of").next().unwrap().lines().last().unwrap();
    let count: u32 = count.trim().parse().unwrap();
    assert!(count >= 20 && count.is_multiple_of(20), "{count}");
    // It is the interval of the results that is so narrow, not another one.
    let summary: serde_json::Value =
        serde_json::from_str(&desk.read("results/queue/summary.json")).unwrap();
    let of = |bound: &str| summary["site"]["ok"]["mean_s"][bound].as_f64().unwrap();
    let width = (of("high") - of("value")).max(of("value") - of("low")) / of("value");
    let told = said.out.split('±').nth(1).unwrap().split('%').next().unwrap();
    let told: f64 = told.parse().unwrap();
    assert!((100.0 * width - told).abs() < 0.01 && told <= 3.0, "{width} for {told}%");
    assert_eq!(summary["precision"][0]["figure"], "all requests: mean");
    assert_eq!(summary["precision"][0]["is_reached"], true);
    let line = ["queue.toml", "--precision", "0.1%", "--budget", "20", "--no-plots"];
    desk.run_words(&line).expect(0, &["the budget of 20 replications is spent"]);
    let summary: serde_json::Value =
        serde_json::from_str(&desk.read("results/queue/summary.json")).unwrap();
    assert_eq!(summary["precision"][0]["is_reached"], false);
}

#[test]
fn a_replication_alone_is_that_of_the_whole() {
    let desk = Desk::with("");
    desk.run("queue.toml --no-plots").expect(0, &[]);
    desk.run("queue.toml --no-plots --replication 4").expect(0, &["results/queue-4"]);
    let records = |folder: &str| -> serde_json::Value {
        serde_json::from_str(&desk.read(&format!("{folder}/replications.json"))).unwrap()
    };
    let (whole, alone) = (records("results/queue"), records("results/queue-4"));
    assert_eq!(whole["records"].as_array().unwrap().len(), 6);
    assert_eq!(whole["records"][4], alone["records"][0]);
    assert_ne!(whole["records"][3], alone["records"][0]);
}

/// A pool that begins cold, whose disk is overloaded until it is warm: both are left out, whatever
/// the duration.
#[test]
fn what_begins_cold_and_overloaded_needs_a_warm_up() {
    let desk = Desk::new();
    let settle = |start: &str, duration: &str, load: &str| -> f64 {
        let scenario = format!(
            r#"
[scenario]
duration = "{duration}"
warm_up = "auto"
replications = 5
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 2
disk = {{ read = "1ms", parallel = 1 }}
memory = "8GiB"
[service.app]
kind = "app"
hardware = "one"
threads = 500
[service.app.endpoint.page]
steps = [ {{ cpu = {{ exponential = "5ms" }} }}, {{ query = "db.get" }} ]
[service.db]
kind = "mysql"
hardware = "one"
replication = "none"
innodb_buffer_pool_size = "128MiB"
[service.db.table.t]
size = "64MiB"
popularity = {{ uniform = true }}
start = "{start}"
[service.db.query.get]
access = "read"
cpu = "1ms"
table = "t"
pages = 20
[request.page]
to = "app.page"
[workload.customers]
arrivals = {{ poisson = "{load}" }}
mix = {{ page = 1 }}
"#
        );
        desk.write("pool.toml", &scenario);
        let said = desk.run("pool.toml --no-plots --replications 5").expect(0, &["warm-up: "]);
        said.talk.split("warm-up: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    // 4,096 pages at 1 ms each are read after 4 s at the soonest; that of 1,200 a second none is a new
    // one takes 28 s.
    let cold = settle("cold", "48s", "60/s");
    assert!((4.0..=100.0).contains(&cold), "{cold}");
    let warm = settle("warm", "48s", "60/s");
    assert!(warm < cold, "{warm} {cold}");
    settle("cold", "90s", "10/s");
    settle("cold", "3min", "10/s");
}

/// A long run alone: shares are shares, and where there is no interval it is said why.
#[test]
fn one_run_alone_has_intervals_that_can_be_trusted_or_none() {
    let desk = Desk::with("");
    let text = desk.read("queue.toml");
    let short = text.replace("workers  = 1", "workers = 1\nqueue = 5");
    desk.write("short.toml", &short.replace("80/s", "40/s"));
    let line = "--no-plots --replications 1 --set duration=20s";
    let said = desk.run(&format!("short.toml {line}")).expect(0, &["by batches of one long run"]);
    let success = said.out.split("Success\n").nth(1).unwrap().lines().next().unwrap();
    let high = success.split(", ").nth(1).unwrap().split('%').next().unwrap();
    assert!(high.parse::<f64>().unwrap() <= 100.0, "{success}");
    let line = "--no-plots --replications 1 --set customers.arrivals.poisson=95/s";
    let said = desk.run(&format!("queue.toml {line}"));
    said.expect(0, &["one run, whose batches resemble their neighbours (correlation 0."]);
    assert!(desk.read("results/queue/summary.json").contains("\"no_batches\""));
}
