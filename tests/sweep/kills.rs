//! Killed at any moment, a sweep goes on where it was, and nothing is run twice.

use crate::{desk, same};
use assert_cmd::cargo::cargo_bin;
use std::{fs, process, thread, time::Duration};

const VARY: &str =
    "--vary customers.arrivals.poisson=20/s..90/s:5/s --vary hardware.one.speed=1..3";

/// Kills the sweep again and again, at moments that differ from time to time.
fn killed(times: u32) {
    let desk = desk();
    desk.run(&format!("sweep queue.toml {VARY} --out plain --quiet")).expect(0, &[]);
    let whole = fs::metadata(desk.file("plain/shard-1-of-1.records")).unwrap().len();
    let mut before = 0;
    for time in 0..times {
        let words = format!("sweep queue.toml {VARY} --out killed --quiet --threads 2");
        let mut child = process::Command::new(cargo_bin!("simulate"))
            .current_dir(desk.path())
            .args(words.split_whitespace())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(u64::from(time * 7919 % 61)));
        let _ = child.kill();
        child.wait().unwrap();
        let now = fs::metadata(desk.file("killed/shard-1-of-1.records")).map_or(0, |it| it.len());
        // A torn record at the end is all that may be lost.
        assert!(now + 100_000 > before, "{now} after {before}");
        before = now;
    }
    desk.run(&format!("sweep queue.toml {VARY} --out killed --quiet")).expect(0, &[]);
    same(&desk, "plain", "killed");
    // Were anything run twice, there would be more than one record of it.
    let records = fs::metadata(desk.file("killed/shard-1-of-1.records")).unwrap().len();
    assert_eq!(records, whole);
}

#[test]
fn a_few_times() {
    killed(6);
}

#[test]
#[ignore = "long: kills a sweep a hundred times"]
fn a_hundred_times() {
    killed(100);
}
