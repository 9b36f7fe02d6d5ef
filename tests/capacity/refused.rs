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
    // The same scenario, edited, replaces its own report.
    desk.write("R/capacity.json", &first);
    desk.write("queue.toml", &desk.read("queue.toml").replace("250ms", "300ms"));
    desk.run(&format!("capacity queue.toml {short}")).expect(0, &[]);
    let second = desk.read("R/capacity.json");
    assert!(second != first && second.contains("p(99) < 300ms"));
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
