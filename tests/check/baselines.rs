//! Results of an earlier run, held against a later version of the scenario.

use crate::command::{Desk, promise};

fn desk() -> Desk {
    let desk = Desk::with(&promise("p(95) < 200ms", "margin = \"2%\""));
    desk.run("queue.toml --no-plots --replications 20 --out base").expect(0, &[]);
    desk
}

#[test]
fn only_what_is_worse_fails() {
    let desk = desk();
    let check = |change: &str| desk.run(&format!("check queue.toml --baseline base {change}"));
    check("").expect(0, &["identical", "none of 1 objectives is worse"]);
    check("--set queue.hardware.speed=1.1").expect(0, &["better", "none of 1 objectives"]);
    let worse = "--set queue.hardware.speed=0.9 --junit j.xml --github";
    check(worse).expect(1, &["REGRESSION  it", "speed = 0.9", "::error file=queue.toml"]);
    assert!(desk.read("j.xml").contains("failures=\"1\""));
    desk.run("compare queue.toml --baseline base").expect(0, &["identical"]);
}

/// Each against the record of its name, and as it would be alone.
#[test]
fn several_scenarios_have_a_record_each() {
    let desk = Desk::with(&promise("p(95) < 200ms", "margin = \"2%\""));
    desk.write("other.toml", &desk.read("queue.toml").replace("80/s", "60/s"));
    for name in ["queue", "other"] {
        let run = format!("{name}.toml --no-plots --replications 10 --out base/{name}");
        desk.run(&run).expect(0, &[]);
    }
    let slow = "--baseline base --set queue.hardware.speed=0.9";
    let both = desk.run(&format!("check queue.toml other.toml {slow}")).expect(1, &["REGRESSION"]);
    for name in ["queue", "other"] {
        let alone = desk.run(&format!("check {name}.toml {slow}")).out;
        let told = alone.lines().find(|line| line.contains("REGRESSION")).expect(&alone);
        assert!(both.out.contains(told), "{told}\n{}", both.out);
    }
}

/// Far from its limit or beyond it: what was there before is what counts.
#[test]
fn a_limit_that_was_broken_before_is_no_regression() {
    let desk = Desk::with(&promise("p(95) < 100ms", ""));
    desk.run("queue.toml --no-plots --replications 20 --out base").expect(0, &[]);
    desk.run("check queue.toml --budget 20").expect(1, &["MISSED"]);
    desk.run("check queue.toml --baseline base").expect(0, &["identical"]);
}

#[test]
fn torn_and_foreign_ones_are_refused() {
    let desk = desk();
    let whole = desk.read("base/replications.json");
    let check = |text: &str, says: &[&str]| {
        desk.write("base/replications.json", text);
        desk.run("check queue.toml --baseline base").expect(2, says);
        desk.run("compare queue.toml --baseline base").expect(2, says);
    };
    check(&whole[..whole.len() / 2], &["is torn", "run it again"]);
    let at = whole.find("\"count\":").unwrap() + 9;
    let digit = if &whole[at..=at] == "7" { "8" } else { "7" };
    let changed = format!("{}{digit}{}", &whole[..at], &whole[at + 1..]);
    check(&changed, &["is torn or was changed"]);
    check("{\"schema\":\"other\"}", &["is of another program"]);
    check(&whole.replace("replications/1", "replications/9"), &["is of another version"]);
    check("", &["is of another program"]);
    desk.run("check queue.toml --baseline nowhere").expect(2, &["there is no `nowhere"]);
    desk.run("queue.toml --no-plots --replications 1 --out one").expect(0, &[]);
    desk.run("check queue.toml --baseline one").expect(2, &["too few replications to judge by: 1"]);
}
