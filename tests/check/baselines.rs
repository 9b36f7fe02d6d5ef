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

/// How often it is replicated is not what a scenario is.
#[test]
fn the_number_of_replications_is_no_change() {
    let said = desk().run("check queue.toml --baseline base --json v.json");
    let said = said.expect(0, &["nothing in the scenario"]);
    assert!(!said.out.contains("replications ="), "{}", said.out);
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

/// Whoever loosens a limit is not judged by the new one.
#[test]
fn a_loosened_limit_hides_nothing() {
    let desk = desk();
    desk.write("change.toml", &desk.read("queue.toml").replace("p(95) < 200ms", "p(95) < 900ms"));
    let slow = "check change.toml --baseline base --set queue.hardware.speed=0.9";
    let outputs = "--junit j.xml --markdown m.md --github";
    desk.run(&format!("{slow} {outputs}")).expect(
        1,
        &["WORSE it: p(95) < 900ms (it was p(95) < 200ms)", "title=worse%3A it::p(95) < 900ms"],
    );
    // By how much, wherever it is told.
    let said = desk.run(&format!("{slow} {outputs}"));
    for text in [desk.read("j.xml"), desk.read("m.md"), said.out] {
        let told = text.lines().find(|line| line.contains("a difference of +"));
        assert!(told.is_some(), "{text}");
    }
    assert!(desk.read("j.xml").contains("message=\"worse: p(95) &lt; 900ms: "));
}

/// What has nothing to be compared with is not green.
#[test]
fn what_is_not_compared_is_no_data() {
    let desk = desk();
    let before = desk.read("queue.toml");
    desk.write("queue.toml", &before.replace("p(95) < 200ms", "p(99) < 200ms"));
    desk.run("check queue.toml --baseline base --junit j.xml --json v.json --github").expect(
        3,
        &["nothing was compared; 1 without data", "it was `p(95) < 200ms`", "::error file="],
    );
    assert!(desk.read("j.xml").contains("tests=\"1\" skipped=\"0\" failures=\"0\" errors=\"1\""));
    assert!(desk.read("v.json").contains("\"verdict\": \"no data\""));
    let rare = "[[slo]]\nname = \"rare\"\nrequire = \"mean < 1s\"\n\
                where = { request = \"rare\" }\n[request.rare]\nto = \"queue.serve\"\n";
    desk.write("queue.toml", &format!("{before}{rare}"));
    // What came in addition makes nothing worse; what took another's place is not compared.
    let said = desk.run("check queue.toml --baseline base");
    said.expect(0, &["identical", "objective `rare`: it is new", "none of 1 objectives is worse"]);
    let instead = before.replace("\"it\"", "\"other\"");
    let more = "[[slo]]\nname = \"mean\"\nrequire = \"mean < 1s\"\n";
    desk.write("queue.toml", &format!("{before}{more}"));
    desk.run("queue.toml --no-plots --replications 10 --out two").expect(0, &[]);
    desk.write("queue.toml", &format!("{instead}{more}"));
    let said = desk.run("check queue.toml --baseline two");
    said.expect(3, &["objective `other`: it is new", "objective `it`: it is gone"]);
    desk.write("queue.toml", &format!("{before}{rare}"));
    // It was there, and nothing happened that it is about.
    desk.run("queue.toml --no-plots --replications 10 --out both").expect(0, &[]);
    let said = desk.run("check queue.toml --baseline both");
    said.expect(3, &["objective `rare`: too little happened that it is about"]);
}

/// Each scenario needs a record of its own.
#[test]
fn two_of_one_name_are_not_held_against_one_record() {
    let desk = desk();
    for folder in ["prod", "stage"] {
        std::fs::create_dir(desk.file(folder)).unwrap();
        desk.write(&format!("{folder}/queue.toml"), &desk.read("queue.toml"));
    }
    let said = desk.run("check prod/queue.toml stage/queue.toml --baseline base");
    said.expect(2, &["`prod/queue.toml` and `stage/queue.toml` would be held against the same"]);
    desk.run("check prod/queue.toml stage/queue.toml --junit j.xml").expect(0, &[]);
    let suites = desk.read("j.xml");
    for name in ["prod/queue.toml", "stage/queue.toml"] {
        assert!(suites.contains(&format!("testsuite name=\"{name}\"")), "{suites}");
    }
}

#[test]
fn another_scenarios_baseline_is_refused() {
    let desk = desk();
    desk.write("other.toml", &desk.read("queue.toml").replace("\"it\"", "\"other\""));
    let said = desk.run("check other.toml --baseline base");
    said.expect(2, &["`base` is of `queue`, which has no objective in common with `other`"]);
    // Renamed, it is still the same.
    desk.write("renamed.toml", &desk.read("queue.toml"));
    desk.run("check renamed.toml --baseline base").expect(0, &["identical"]);
    desk.run("check queue.toml --baseline base --budget 40").expect(2, &["cannot be used with"]);
    desk.run("compare queue.toml --baseline base --round 40").expect(2, &["cannot be used with"]);
}

/// Both sides are cut at the same instant, so that the same visitors meet.
#[test]
fn a_warm_up_that_was_found_is_found_once() {
    let desk = Desk::with(&promise("p(95) < 200ms", "margin = \"2%\""));
    let text = desk.read("queue.toml");
    // A load at which there is a beginning to be left out.
    desk.write("queue.toml", &text.replace("\"5s\"", "\"auto\"").replace("80/s", "90/s"));
    desk.run("queue.toml --no-plots --replications 10 --out base").expect(0, &[]);
    desk.run("check queue.toml --baseline base").expect(0, &["identical"]);
    let recorded: serde_json::Value =
        serde_json::from_str(&desk.read("base/replications.json")).unwrap();
    let seconds = recorded["warm_up_ns"].as_f64().unwrap() / 1e9;
    let said = desk.run("compare queue.toml --baseline base --set queue.hardware.speed=0.93");
    let told = format!("warm-up: {seconds} s for `queue`, as in the baseline");
    said.expect(0, &[&told, "+ speed = 0.93", "WORSE"]);
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
    check(&whole.replace("replications/2", "replications/9"), &["is of another version"]);
    check("", &["is of another program"]);
    desk.run("check queue.toml --baseline nowhere").expect(2, &["there is no `nowhere"]);
    desk.run("queue.toml --no-plots --replications 1 --out one").expect(0, &[]);
    desk.run("check queue.toml --baseline one").expect(2, &["too few replications to judge by: 1"]);
}
