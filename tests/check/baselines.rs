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
        assert!(alone.contains("REGRESSION  it\n"), "{alone}");
        let told = format!("REGRESSION  {name}.toml: it\n");
        assert!(both.out.contains(&told) && both.out.contains("what  "), "{told}\n{}", both.out);
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
    check(&whole.replace("replications/5", "replications/9"), &["is of another version"]);
    let older =
        whole.replace("replications/5", "replications/4").replace("\"window_ns\":", "\"w\":");
    check(&older, &["is of another version"]);
    check("", &["is of another program"]);
    desk.run("check queue.toml --baseline nowhere").expect(2, &["there is no `nowhere"]);
    desk.run("queue.toml --no-plots --replications 1 --out one").expect(0, &[]);
    desk.run("check queue.toml --baseline one").expect(2, &["too few replications to judge by: 1"]);
}

/// A rank of a longer run is another one; a mean is not.
#[test]
fn a_longer_run_is_no_worse_one() {
    let mean = "[[slo]]\nname = \"mean\"\nrequire = \"mean < 300ms\"\nmargin = \"5%\"\n";
    let desk = Desk::with(&format!("{}{mean}", promise("p(99.9) < 600ms", "margin = \"5%\"")));
    desk.run("queue.toml --no-plots --replications 40 --set duration=10s --out base")
        .expect(0, &[]);
    for seed in 1..=5 {
        let says = ["no data it", "windows of different lengths", "none of 1 objectives is worse"];
        desk.run(&format!("check queue.toml --baseline base --seed {seed}")).expect(3, &says);
    }
    desk.run("check queue.toml --baseline base --set queue.hardware.speed=0.9")
        .expect(1, &["REGRESSION mean"]);
}

/// What does not settle now, and did before, is worse: it is looked at from where the baseline was.
#[test]
fn what_never_settles_is_held_against_what_did() {
    let desk = Desk::with(&promise("p(95) < 300ms", "margin = \"2%\""));
    let open = desk.read("queue.toml").replace("\"5s\"", "\"auto\"").replace("80/s", "60/s");
    desk.write("queue.toml", &open);
    desk.run("queue.toml --no-plots --replications 10 --out base").expect(0, &[]);
    let over = "--set customers.arrivals.poisson=130/s";
    let says = ["as in the baseline: it does not settle", "REGRESSION it"];
    desk.run(&format!("check queue.toml {over} --baseline base --junit j.xml")).expect(1, &says);
    assert!(desk.read("j.xml").contains("failures=\"1\""));
    desk.run(&format!("compare queue.toml {over} --budget 20")).expect(0, &["WORSE it"]);
    // Where it stands in the file the warm-up is no change.
    let said = desk.run("check queue.toml --baseline base --set warm_up=5s");
    let whole = said.out.matches("000000ns").count();
    assert_eq!(whole, 0, "{}", said.out);
}

/// Above capacity a measure says how long the run is; but what is overloaded now and was not is worse.
#[test]
fn what_piles_up_is_no_better() {
    let succ = "[[slo]]\nname = \"quick\"\nrequire = \"p(99) < 60s\"\n";
    let desk = Desk::with(&format!("{}{succ}", promise("throughput > 90/s", "")));
    let load = |per_s: u32| format!("--set customers.arrivals.poisson={per_s}/s");
    for (per_s, name) in [(115, "over"), (80, "under")] {
        let load = load(per_s);
        desk.run(&format!("queue.toml --no-plots --replications 10 {load} --out {name}"))
            .expect(0, &[]);
    }
    desk.run(&format!("check queue.toml {} --baseline over --json v.json", load(110)))
        .expect(3, &["undecided", "unfinished work piles up"]);
    assert!(desk.read("v.json").contains("\"verdict\": \"undecided\""));
    let said = desk.run(&format!("check queue.toml {} --baseline under", load(110)));
    said.expect(1, &["REGRESSION quick", "unfinished work piles up"]);
    desk.run(&format!("compare queue.toml {} --budget 20", load(115)))
        .expect(0, &["undecided it", "WORSE quick"]);
}

/// A program reads what people do.
#[test]
fn verdicts_of_a_comparison_are_not_those_of_limits() {
    let desk = Desk::with(&promise("p(95) < 100ms", ""));
    desk.run("queue.toml --no-plots --replications 20 --out base").expect(0, &[]);
    let verdicts = |change: &str, code: i32| {
        desk.run(&format!("check queue.toml --baseline base --json v.json {change}"))
            .expect(code, &[]);
        let json: serde_json::Value = serde_json::from_str(&desk.read("v.json")).unwrap();
        let case = &json["scenarios"][0];
        assert_eq!(case["verdict"], case["objectives"][0]["verdict"]);
        case["verdict"].as_str().unwrap().to_owned()
    };
    // It was missed before, and is now.
    assert_eq!(verdicts("", 0), "not worse");
    assert_eq!(verdicts("--set queue.hardware.speed=0.9", 1), "worse");
}

/// Nor is whoever loosens a margin judged by the new one.
#[test]
fn a_loosened_margin_hides_nothing() {
    let desk = desk();
    desk.write("queue.toml", &desk.read("queue.toml").replace("\"2%\"", "\"99%\""));
    desk.run("check queue.toml --baseline base --set queue.hardware.speed=0.9")
        .expect(1, &["REGRESSION it"]);
}

/// A renamed service is not compared, which is no mistake of the input.
#[test]
fn a_promise_of_a_service_that_was_renamed_has_no_data() {
    let busy = promise("utilisation < 90%", "where = { service = \"queue\" }");
    let desk = Desk::with(&busy);
    desk.run("queue.toml --no-plots --replications 10 --out base").expect(0, &[]);
    desk.write("other.toml", &desk.read("queue.toml").replace("queue", "desk"));
    desk.run("check other.toml --baseline base").expect(3, &["no data", "it was"]);
    // Nor is another window, which is said.
    desk.write(
        "queue.toml",
        &desk.read("queue.toml").replace("where", "window = \"0s..30s\"\nwhere"),
    );
    desk.run("check queue.toml --baseline base").expect(3, &["no data", "0 s to 30 s"]);
}

#[test]
fn a_baseline_is_not_written_over() {
    let desk = desk();
    let before = desk.read("base/replications.json");
    for line in ["check queue.toml", "compare queue.toml"] {
        let line = format!("{line} --baseline base --json base/../base/replications.json");
        desk.run(&line).expect(2, &["is the baseline", "hint"]);
    }
    assert_eq!(desk.read("base/replications.json"), before);
}

/// Nor does the order in which a scenario is written change it, nor does another seed tell how alike luck was.
#[test]
fn what_is_written_elsewhere_is_no_change() {
    let desk = desk();
    let (hardware, rest) = ("[hardware.one]\ncores      = 1\ndiscipline = \"fifo\"\n", "[[slo]]");
    let text = desk.read("queue.toml");
    let moved = text.replace(hardware, "").replace(rest, &format!("{hardware}{rest}"));
    let moved = moved
        .replace("warm_up      = \"5s\"\n", "")
        .replace("replications = 6\n", "replications = 6\nwarm_up = \"5s\"\n");
    assert_ne!(text, moved);
    desk.write("queue.toml", &moved);
    let said = desk.run("check queue.toml --baseline base").expect(0, &["nothing in the scenario"]);
    assert!(!said.out.contains("pairing"), "identical: {}", said.out);
    let said = desk.run("check queue.toml --baseline base --seed 9");
    assert!(!said.out.contains("pairing"), "{}", said.out);
    desk.run("check queue.toml --baseline base --set queue.hardware.speed=1.05")
        .expect(0, &["pairing narrows", "+ speed = 1.05"]);
}
