//! A check in parts: rounds, and the verdicts that one machine would have reached.

use crate::command::{Desk, promise};

/// Close to its limit, so that one round is not enough.
fn desk() -> Desk {
    Desk::with(&promise("p(99) < 240ms", ""))
}

const SHORT: &str = "--set duration=20s";

#[test]
fn parts_reach_the_verdict_of_the_whole() {
    let desk = desk();
    std::fs::create_dir(desk.file("sites")).unwrap();
    desk.write("sites/queue.toml", &desk.read("queue.toml"));
    let effort = format!("{SHORT} --round 10 --budget 40");
    let plain =
        desk.run(&format!("check sites/queue.toml {effort} --json plain.json --junit plain.xml"));
    let mut rounds = 0;
    let merged = loop {
        rounds += 1;
        assert!(rounds < 6, "it never ends");
        for number in [2, 3, 1] {
            let line = format!("check sites/queue.toml {effort} --shard {number}/3 --out parts");
            desk.run(&line).expect(0, &[]);
        }
        let said = desk.run("merge parts --json merged.json --junit merged.xml");
        if !said.out.is_empty() {
            break said;
        }
        // The part that came last has seen the round whole, and begun the next.
        said.expect(3, &["of the next round", "replications are missing", "run with `--shard`: "]);
    };
    assert_eq!((merged.code, &merged.out), (plain.code, &plain.out));
    assert_eq!(desk.read("merged.json"), desk.read("plain.json"));
    assert_eq!(desk.read("merged.xml"), desk.read("plain.xml"));
    assert!(rounds > 1, "one round was enough, so rounds were not tested");
    let line = format!("check sites/queue.toml {effort} --shard 1/3 --out parts");
    desk.run(&line).expect(0, &["all rounds are done"]);
}

#[test]
fn a_part_that_is_missing_is_named() {
    let desk = desk();
    desk.run(&format!("check queue.toml {SHORT} --shard 2/2 --out parts"))
        .expect(0, &["missing: 1/2"]);
    desk.run("merge parts").expect(3, &["10 replications are missing", "`--shard`: 1/2"]);
}

#[test]
fn a_part_needs_a_folder_for_records_alone() {
    let desk = desk();
    desk.run("check queue.toml --shard 1/2").expect(2, &["--out"]);
    desk.run("check queue.toml --shard 1/2 --out .").expect(2, &["holds `queue.toml`"]);
}
