//! What cannot be answered is refused before anything is run, all of it at once, and nothing is written.

use crate::command::{Desk, QUEUE, promise};

#[test]
fn a_scenario_that_promises_nothing() {
    let desk = Desk::with("");
    let said = desk.run("capacity queue.toml");
    said.expect(2, &["`queue.toml` promises nothing", "hint: an objective"]);
    assert!(!desk.file("results").exists());
}

#[test]
fn a_folder_that_is_not_ours_and_all_else_at_once() {
    let desk = Desk::with("");
    std::fs::create_dir_all(desk.file("results/queue-capacity")).unwrap();
    desk.write("results/queue-capacity/thesis.tex", "years of work");
    let said = desk.run("capacity queue.toml");
    said.expect(2, &["promises nothing", "is not replaced: it holds `thesis.tex`"]);
    assert_eq!(desk.read("results/queue-capacity/thesis.tex"), "years of work");
    // Nor are the results of another command.
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    desk.run("queue.toml --no-plots --set duration=2s --replications 2 --out mine").expect(0, &[]);
    desk.run("capacity queue.toml --out mine").expect(2, &["is not replaced"]);
    assert!(desk.file("mine/summary.json").exists());
}

#[test]
fn the_report_of_another_scenario_or_version() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let short = "--set duration=5s --budget 20 --no-losses --no-scaling --no-plots --out R --quiet";
    desk.run(&format!("capacity queue.toml {short}")).expect(0, &[]);
    let first = desk.read("R/capacity.json");
    // Another file is another scenario, whatever is in it.
    desk.write("other.toml", &desk.read("queue.toml"));
    desk.run(&format!("capacity other.toml {short}"))
        .expect(2, &["`R` is not replaced: it holds the results of another scenario, `queue`"]);
    assert_eq!(desk.read("R/capacity.json"), first);
    let version = env!("CARGO_PKG_VERSION");
    let older = first.replace(&format!("\"version\": \"{version}\""), "\"version\": \"0.0.7\"");
    desk.write("R/capacity.json", &older);
    desk.run(&format!("capacity queue.toml {short}"))
        .expect(2, &["`R` is not replaced: it holds a report by `simulate` 0.0.7"]);
    assert_eq!(desk.read("R/capacity.json"), older);
    // The same question may be asked again.
    desk.write("R/capacity.json", &first);
    desk.run(&format!("capacity queue.toml {short}")).expect(0, &[]);
    assert_eq!(desk.read("R/capacity.json"), first);
}

/// What is called alike need not be alike: a report is that of a text, its changes and the options.
#[test]
fn the_report_of_another_experiment() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let short = "--set duration=5s --no-losses --no-scaling --no-plots --quiet";
    desk.run(&format!("capacity queue.toml {short} --budget 20")).expect(0, &[]);
    let first = desk.read("results/queue-capacity/capacity.json");
    let kept = |line: &str, says: &str| {
        desk.run(line).expect(2, &["`results/queue-capacity` is not replaced: it holds", says]);
        assert_eq!(desk.read("results/queue-capacity/capacity.json"), first);
    };
    let other = "the report of another experiment";
    for options in ["--budget 24", "--budget 20 --seed 8", "--budget 20 --confidence 50%"] {
        kept(&format!("capacity queue.toml {short} {options}"), other);
    }
    // Of the same name in another folder.
    std::fs::create_dir(desk.file("b")).unwrap();
    desk.write("b/queue.toml", &desk.read("queue.toml").replace("10ms", "5ms"));
    kept(&format!("capacity b/queue.toml {short} --budget 20"), other);
    // Before pilots look for a warm-up: these would find that it never settles.
    let never = desk.read("queue.toml").replace("\"5s\"", "\"auto\"").replace("80/s", "200/s");
    desk.write("queue.toml", &never);
    kept(&format!("capacity queue.toml {short} --budget 20"), other);
    // Parts are put together for long, and then not for nothing.
    let parts = "--set duration=5s --no-losses --no-scaling --budget 24 --out parts";
    desk.run(&format!("capacity b/queue.toml {parts} --shard 1/1")).expect(0, &[]);
    kept("merge parts --no-plots", other);
    // A report that does not say what it is of is nobody's.
    let (before, after) = first.split_once("\"experiment\"").unwrap();
    let unnamed = format!("{before}{}", after.split_once('\n').unwrap().1);
    desk.write("results/queue-capacity/capacity.json", &unnamed);
    desk.run(&format!("capacity queue.toml {short} --budget 20"))
        .expect(2, &["does not say which experiment it is of"]);
    assert_eq!(desk.read("results/queue-capacity/capacity.json"), unnamed);
}

/// The warm-up that pilots find belongs to the question that they were asked for.
#[test]
fn a_warm_up_that_pilots_find_is_no_other_experiment() {
    let desk = Desk::new();
    let text = QUEUE.replace("warm_up      = \"5s\"", "warm_up = \"auto\"");
    desk.write("queue.toml", &format!("{text}{}", promise("p(99) < 250ms", "")));
    let line = "capacity queue.toml --budget 20 --no-losses --no-scaling --no-plots --quiet";
    desk.run(line).expect(0, &[]);
    let first = desk.read("results/queue-capacity/capacity.json");
    desk.run(line).expect(0, &[]);
    assert_eq!(desk.read("results/queue-capacity/capacity.json"), first);
}

#[test]
fn options_that_make_no_sense() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    let check = |options: &str, says: &[&str]| {
        desk.run(&format!("capacity queue.toml {options}")).expect(2, says);
    };
    check("--sustain 0ms", &["no time at all"]);
    check("--sustain soon", &["`soon` is not a number with a unit"]);
    check("--sustain 10", &["`10` has no unit"]);
    check("--loss -1s", &["is negative"]);
    check("--budget 1", &["--budget"]);
    check("--confidence 100%", &["nothing that is drawn is certain"]);
    check("--threads 0", &["--threads"]);
    desk.run("capacity").expect(2, &["<FILE>"]);
    desk.run("capacity gone.toml").expect(2, &["no such file"]);
    assert!(!desk.file("results").exists());
}

#[test]
fn an_objective_that_ends_after_a_shorter_time() {
    let desk = Desk::with(&promise("p(99) < 250ms", "window = \"0s..50s\""));
    desk.run("capacity queue.toml --sustain 10s").expect(2, &["ends after the run", "queue.toml:"]);
}

#[test]
fn prices_that_are_none() {
    let check = |price: &str, says: &[&str]| {
        let desk = Desk::new();
        let priced = QUEUE.replace("cores      = 1", &format!("cores = 1\nprice = {price}"));
        let other = "[hardware.two]\ncores = 1\nprice = \"1 EUR/h\"\n";
        desk.write("queue.toml", &format!("{priced}{}{other}", promise("p(99) < 1s", "")));
        desk.run("capacity queue.toml").expect(2, says);
    };
    check("\"0.34 USD/h\"", &["prices in USD and in EUR", "one currency"]);
    check("0.34", &["`0.34` has no unit", "0.34 USD/h"]);
    check("\"0.34 dollars/h\"", &["`dollars` is not a currency", "ISO 4217"]);
    check("\"0.34 USD\"", &["does not say for how long"]);
    check("\"-1 USD/h\"", &["is negative"]);
}

/// A bound that is far from any load that can be simulated: so much is not begun without being asked for twice.
#[test]
fn loads_that_nobody_can_simulate() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    desk.write("queue.toml", &desk.read("queue.toml").replace("\"10ms\"", "\"1ns\""));
    let said = desk.run("capacity queue.toml").expect(
        2,
        &[
            "up to 1,000,000,000 requests a second",
            "replications of all of them, altogether",
            "requests: about",
            "it is CPU of queue-1 that is full there",
            "`--yes` begins it",
        ],
    );
    // What is known at once is told nevertheless.
    assert!(said.out.contains("can be served"), "{}", said.out);
    assert!(!desk.file("results").exists());
    // A part of it is not begun either.
    desk.run("capacity queue.toml --shard 1/2 --out parts").expect(2, &["`--yes` begins it"]);
    assert!(!desk.file("parts").exists());
}
