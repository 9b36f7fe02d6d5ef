//! Any number of parts, in any order, one of them killed and run again, make the whole's bytes.

use crate::{command::Desk, desk, same};
use assert_cmd::cargo::cargo_bin;
use std::{process, thread, time::Duration};

const VARY: &str =
    "--vary customers.arrivals.poisson=20/s..80/s:20/s --vary hardware.one.speed=1..3";

/// Orders that no reader can predict; the tests must hold for all.
fn shuffled(of: u32, salt: u32) -> Vec<u32> {
    let mut parts: Vec<u32> = (1..=of).collect();
    parts.sort_by_key(|part| {
        part.wrapping_mul(2_654_435_761).wrapping_add(salt).rotate_left(salt % 31)
    });
    parts
}

fn part(desk: &Desk, number: u32, of: u32) -> String {
    let _ = desk;
    format!("sweep queue.toml {VARY} --out parts{of} --quiet --shard {number}/{of}")
}

#[test]
fn parts_make_the_whole() {
    let desk = desk();
    desk.run(&format!("sweep queue.toml {VARY} --out plain --quiet")).expect(0, &[]);
    for of in [1, 2, 3, 7] {
        for (place, number) in shuffled(of, 5).into_iter().enumerate() {
            let line = part(&desk, number, of);
            if place == of as usize / 2 {
                // One is killed in the middle, whenever that is.
                let mut words = line.split_whitespace();
                let mut child = process::Command::new(cargo_bin!("simulate"))
                    .current_dir(desk.path())
                    .args(words.by_ref())
                    .spawn()
                    .unwrap();
                thread::sleep(Duration::from_millis(15));
                let _ = child.kill();
                child.wait().unwrap();
            }
            desk.run(&line).expect(0, &[]);
        }
        let out = format!("merged{of}");
        desk.run(&format!("merge parts{of} --out {out} --quiet")).expect(0, &[]);
        same(&desk, "plain", &out);
    }
    // Into the parts' own folder too.
    desk.run("merge parts3 --quiet").expect(0, &[]);
    same(&desk, "plain", "parts3");
}

#[test]
fn parts_may_lie_in_folders_of_their_own() {
    let desk = desk();
    desk.run(&format!("sweep queue.toml {VARY} --out plain --quiet")).expect(0, &[]);
    for number in 1..=3 {
        let line = format!("sweep queue.toml {VARY} --out own{number} --quiet --shard {number}/3");
        desk.run(&line).expect(0, &[]);
    }
    desk.run("merge own2 own1 own3 --out all --quiet").expect(0, &[]);
    same(&desk, "plain", "all");
}

#[test]
fn what_is_missing_is_named() {
    let desk = desk();
    for number in [1, 3] {
        desk.run(&part(&desk, number, 4)).expect(0, &[]);
    }
    let said = desk.run("merge parts4").expect(3, &["missing are parts of shards 2/4, 4/4"]);
    assert!(said.out.is_empty());
    assert!(!desk.file("parts4/sweep.csv").exists());
}

#[test]
fn mixtures_are_refused() {
    let desk = desk();
    desk.run(&part(&desk, 1, 2)).expect(0, &[]);
    let line = format!("sweep queue.toml {VARY} --seed 2 --out other --quiet --shard 2/2");
    desk.run(&line).expect(0, &[]);
    desk.run("merge parts2 other").expect(2, &["`other/shard-2-of-2.records` is of another experiment than `parts2/shard-1-of-2.records`"]);
    // Another version of the program.
    let path = desk.file("parts2/shard-1-of-2.records");
    let bytes = std::fs::read(&path).unwrap();
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let at = bytes.windows(version.len()).position(|it| it == version.as_bytes()).unwrap();
    let mut foreign = bytes.clone();
    foreign[at + version.len() - 2] = b'9';
    std::fs::write(&path, foreign).unwrap();
    desk.run("merge parts2").expect(2, &["the records were written by `simulate`"]);
    // One that bears the same version and was built from other sources.
    let build = b"\"build\":\"";
    let at = bytes.windows(build.len()).position(|it| it == build).unwrap() + build.len();
    let mut foreign = bytes.clone();
    foreign[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    std::fs::write(&path, foreign).unwrap();
    let says = "the records were written by another build of `simulate`";
    desk.run("merge parts2").expect(2, &[says]);
}
