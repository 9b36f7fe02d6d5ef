//! `examples/cluster/rounds`: checks and searches for a capacity in parts, from the first round to the
//! answer that one machine would have given.
#![cfg(unix)]

use crate::command::{Desk, promise};
use assert_cmd::cargo::cargo_bin;
use std::{fs, process::Command};

/// The code that it ended with, and what it printed.
fn rounds(desk: &Desk, line: &str) -> (Option<i32>, String) {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cluster/rounds"))
        .current_dir(desk.path())
        .args(line.split_whitespace())
        .env("SIMULATE", cargo_bin!("simulate"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), format!("{said}{}", String::from_utf8(output.stderr).unwrap()))
}

#[test]
fn a_check_comes_to_its_verdict() {
    let desk = Desk::with(&promise("p(99) < 240ms", ""));
    let asked = "check queue.toml --set duration=20s --round 10 --budget 40";
    let plain = desk.run(&format!("{asked} --json plain.json --junit plain.xml"));
    assert_eq!(rounds(&desk, &format!("3 done {asked}")), (Some(plain.code), plain.out));
    assert_eq!(desk.read("done/check.json"), desk.read("plain.json"));
    assert_eq!(desk.read("done/check.xml"), desk.read("plain.xml"));
    // More than one round; each part was begun in each of them.
    let log = desk.read("done.log/1.log");
    assert!(log.contains("of this round is done; missing: "), "{log}");
    // Again: there is nothing to do.
    let before = fs::read(desk.file("done.parts/shard-1-of-3.records")).unwrap();
    assert_eq!(rounds(&desk, &format!("3 done {asked}")).0, Some(plain.code));
    assert_eq!(fs::read(desk.file("done.parts/shard-1-of-3.records")).unwrap(), before);
}

#[test]
fn a_capacity_is_found() {
    let desk = Desk::with(&promise("p(90) < 100ms", ""));
    let asked = "capacity queue.toml --set duration=5s --no-losses --no-scaling --budget 20";
    let plain = desk.run(&format!("{asked} --out plain"));
    let (code, said) = rounds(&desk, &format!("2 done {asked}"));
    assert_eq!((code, said), (Some(plain.code), plain.out));
    for file in ["capacity.json", "capacity.md"] {
        assert_eq!(desk.read(&format!("done/{file}")), desk.read(&format!("plain/{file}")));
    }
}

#[test]
fn what_is_wrong_is_told_once() {
    let desk = Desk::with(&promise("p(90) < 100ms", ""));
    let (code, said) = rounds(&desk, "2 done check queue.toml --set queue.workers=-1");
    assert_eq!(code, Some(2), "{said}");
    assert_eq!(said.matches("error").count(), 1, "{said}");
}
