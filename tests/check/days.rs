//! Recovery beside a quiet twin, error budgets, windows around events.

use crate::command::{Desk, QUEUE, promise};

const CRASH: &str = "[[event]]\nat = \"20s\"\nfor = \"4s\"\ncrash = \"queue.1\"\nrate = \"2/d\"\n";

fn desk(promises: &str) -> Desk {
    let desk = Desk::new();
    let load = QUEUE
        .replace("80/s", "40/s")
        .replace("workers  = 1", "workers  = 1\nconnections = \"tcp\"");
    desk.write("queue.toml", &format!("{load}{CRASH}{promises}"));
    desk
}

#[test]
fn recovery_counts_from_the_clock() {
    let rest = "of = \"success > 99%\"\nhold = \"2s\"\nclock = \"begin\"";
    let check = |require: &str, budget: u32| {
        desk(&promise(require, rest)).run(&format!("check queue.toml --budget {budget}"))
    };
    // It is down for 4 s.
    check("recovery < 8s", 120).expect(0, &["met", "are well again within 8.00 s from 20 s on,"]);
    check("recovery < 3s", 120).expect(1, &["MISSED", "half are well again after 4"]);
}

#[test]
fn what_is_not_over_by_the_end_is_censored() {
    let desk = desk(&promise("recovery < 5s", "of = \"success > 99%\"\nclock = \"begin\""));
    let text = desk.read("queue.toml").replace("for = \"4s\"\n", "");
    desk.write("queue.toml", &text);
    let said = desk.run("check queue.toml --budget 60");
    said.expect(1, &["MISSED", "later than was looked"]);
}

#[test]
fn a_budget_by_renewal_and_reward() {
    // A crash refuses 4 s × 40/s = 160 requests; twice a day for 30 days are 9,600. Of 40/s over 30
    // days 0.01% may fail: 10,368. So some 93% are burnt.
    let rest = "of = \"success > 99.99%\"\nover = \"30d\"";
    let said = desk(&promise("error_budget < 100%", rest)).run("check queue.toml --budget 60");
    let said = said.expect(0, &["met"]);
    let burnt = said.out.split("required less").next().unwrap().lines().last().unwrap().trim();
    let burnt: f64 = burnt.split('%').next().unwrap().parse().unwrap();
    assert!((86.0..99.0).contains(&burnt), "{burnt}");
    desk(&promise("error_budget < 70%", rest)).run("check queue.toml --budget 60").expect(1, &[]);
}

#[test]
fn before_during_and_after() {
    let check = |window: &str, code: i32| {
        let rest = format!("window = \"{window}\"");
        desk(&promise("success > 99%", &rest)).run("check queue.toml --budget 20").expect(code, &[])
    };
    check("before event 1", 0);
    let said = check("during event 1", 1);
    assert!(said.out.contains("crash queue.1") || said.out.contains("throughout"), "{}", said.out);
    check("after event 1", 0);
    let said = desk("").run("queue.toml --no-plots");
    said.expect(0, &["Around events", "before all events", "during crash queue.1", "after crash"]);
}
