//! Warm-up by pilots, precision by rounds, one replication alone.

use crate::command::Desk;

#[test]
fn what_starts_empty_needs_a_warm_up() {
    // At load 0.97 the queue takes a while to fill.
    let desk = Desk::with("");
    let line = "queue.toml --set warm_up=auto --set duration=400s --no-plots \
                --set customers.arrivals.poisson=97/s --seed 2 --replications 5";
    let said = desk.run(line).expect(0, &["warm-up: ", "by 10 pilots without events"]);
    let seconds = said.talk.split("warm-up: ").nth(1).unwrap().split(' ').next().unwrap();
    let seconds: f64 = seconds.parse().unwrap();
    assert!((1.0..=1600.0).contains(&seconds), "{seconds}");
    // The whole experiment has the same one, whatever the threads.
    let again = desk.run(&format!("{line} --threads 1 --out again"));
    assert!(again.talk.contains(&format!("warm-up: {seconds} s")), "{}", again.talk);
}

#[test]
fn what_never_settles_is_refused() {
    let desk = Desk::with("");
    let line = "queue.toml --set warm_up=auto --set customers.arrivals.poisson=120/s";
    let said = desk.run(line).expect(3, &["never settles", "at or above capacity", "hint: "]);
    assert!(said.out.is_empty() && !desk.file("results").exists());
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
    let width = (of("high") - of("low")) / 2.0 / of("value");
    let told = said.talk.split('±').nth(1).unwrap().split('%').next().unwrap();
    let told: f64 = told.parse().unwrap();
    assert!((100.0 * width - told).abs() < 0.01 && told <= 3.0, "{width} for {told}%");
    let line = ["queue.toml", "--precision", "0.1%", "--budget", "20", "--no-plots"];
    desk.run_words(&line).expect(0, &["the budget of 20 replications is spent"]);
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
