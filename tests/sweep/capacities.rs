//! A search for a capacity in parts: round by round, to the report that one machine would have written.

use crate::command::{Desk, promise};
use std::fs;

#[test]
fn parts_find_the_report_of_the_whole() {
    parts_of("--set duration=10s --no-losses --no-scaling --budget 40", 60);
}

/// What is lost and what is added is looked at in rounds as well.
#[test]
fn parts_lose_and_grow_as_the_whole_does() {
    parts_of("--set duration=5s --loss 3s --budget 20", 200);
}

/// The parts have the answer in fewer rounds than so many.
fn parts_of(options: &str, rounds_max: u32) {
    let desk = Desk::with(&promise("p(90) < 100ms", ""));
    let asked = format!("capacity queue.toml {options}");
    desk.run(&format!("{asked} --out plain --quiet"));
    let mut rounds = 0;
    while {
        for number in [2, 1] {
            desk.run(&format!("{asked} --shard {number}/2 --out parts")).expect(0, &[]);
        }
        let said = desk.run("merge parts --out merged --quiet");
        said.talk.contains("of the next round")
    } {
        rounds += 1;
        assert!(rounds < rounds_max, "it never ends");
    }
    assert!(rounds > 2, "there were no rounds to speak of");
    let mut names: Vec<_> = fs::read_dir(desk.file("plain")).unwrap().flatten().collect();
    names.sort_by_key(fs::DirEntry::file_name);
    assert!(names.len() >= 3);
    for name in names {
        let merged = fs::read(desk.file("merged").join(name.file_name())).unwrap();
        assert!(fs::read(name.path()).unwrap() == merged, "{} differs", name.file_name().display());
    }
    desk.run(&format!("{asked} --shard 1/2 --out parts")).expect(0, &["all rounds are done"]);
}
