//! What is written for other programs, and that it is the same bytes whatever the threads.

use crate::command::{Desk, promise};

const PROMISES: [(&str, &str); 3] = [
    ("quick & <dirty>", "p(99) < 150ms"),
    ("served", "throughput > 78/s"),
    ("close", "mean < 50ms"),
];

fn desk() -> Desk {
    let told: Vec<String> = PROMISES
        .iter()
        .map(|(name, require)| promise(require, "").replace("\"it\"", &format!("\"{name}\"")))
        .collect();
    Desk::with(&told.concat())
}

const OUTPUTS: &str = "--junit j.xml --json v.json --markdown s.md --github";

/// What is no file is written into, what a link points to is replaced and the link stays, and two outputs
/// are two files.
#[cfg(unix)]
#[test]
fn devices_and_links_stay_what_they_are() {
    use std::os::unix::fs::FileTypeExt as _;
    let desk = desk();
    let line = "check queue.toml --budget 20";
    desk.run(&format!("{line} --json both --junit ./both")).expect(2, &["two outputs"]);
    std::os::unix::fs::symlink("target.json", desk.file("link.json")).unwrap();
    desk.run(&format!("{line} --json link.json --markdown /dev/null")).expect(1, &[]);
    assert!(std::fs::symlink_metadata(desk.file("link.json")).unwrap().is_symlink());
    assert!(desk.read("target.json").contains("simulate-check"));
    let device = std::fs::symlink_metadata("/dev/null").unwrap();
    assert!(device.file_type().is_char_device());
}

#[test]
fn each_form_tells_the_same() {
    let desk = desk();
    let said = desk.run(&format!("check queue.toml --budget 20 {OUTPUTS}")).expect(1, &[]);
    let junit = desk.read("j.xml");
    assert!(junit.contains("tests=\"3\"") && junit.contains("failures=\"1\""), "{junit}");
    assert!(junit.contains("errors=\"1\""), "undecided is an error, not a skip: {junit}");
    assert!(junit.contains("quick &amp; &lt;dirty&gt;"), "{junit}");
    let json: serde_json::Value = serde_json::from_str(&desk.read("v.json")).unwrap();
    let objectives = json["scenarios"][0]["objectives"].as_array().unwrap();
    let verdicts: Vec<&str> = objectives.iter().map(|it| it["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["missed", "met", "undecided"]);
    assert!(objectives[0]["blame"]["who"].as_str().unwrap().starts_with("queue"));
    let low = objectives[1]["estimate"]["low"].as_f64().unwrap();
    assert!(low < 80.0 && low > 78.0, "{low}");
    let markdown = desk.read("s.md");
    assert!(markdown.contains("❌ missed | quick & \\<dirty>"), "{markdown}");
    let line = desk.read("queue.toml").lines().position(|it| it.contains("150ms")).unwrap() + 1;
    let annotation = format!("::error file=queue.toml,line={line},title=missed%3A quick");
    assert!(said.out.contains(&annotation), "{}", said.out);
    assert!(!said.out.contains("title=met"), "{}", said.out);
}

#[test]
fn the_same_bytes_whatever_the_threads_and_the_folder() {
    let all = |threads: u32| {
        let desk = desk();
        let line = format!("check queue.toml --budget 40 --threads {threads} {OUTPUTS}");
        let said = desk.run(&line);
        (said.out, desk.read("j.xml"), desk.read("v.json"), desk.read("s.md"))
    };
    assert_eq!(all(1), all(3));
}

#[test]
fn several_scenarios_at_once() {
    let desk = desk();
    desk.write("other.toml", &desk.read("queue.toml").replace("150ms", "400ms"));
    let said = desk.run("check queue.toml other.toml --budget 20 --junit j.xml");
    said.expect(1, &["queue.toml, seed 1", "other.toml, seed 1", "6 objectives"]);
    assert!(desk.read("j.xml").contains("testsuite name=\"other\""));
    // One by one they are judged as together.
    let alone = desk.run("check other.toml --budget 20").expect(3, &[]);
    let words = alone.out.lines().nth(2).unwrap();
    let both = desk.run("check queue.toml other.toml --budget 20");
    assert!(both.out.contains(words), "{words}\n{}", both.out);
}

#[test]
fn a_scenario_is_not_written_over() {
    let desk = desk();
    let before = desk.read("queue.toml");
    desk.run("check queue.toml --json queue.toml").expect(2, &["is a scenario", "hint: "]);
    desk.run("check queue.toml --junit none/j.xml").expect(2, &["there is no folder `none`"]);
    assert_eq!(desk.read("queue.toml"), before);
}
