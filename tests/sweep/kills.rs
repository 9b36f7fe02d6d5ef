//! Killed at any moment, a sweep goes on where it was, and nothing is run twice.

use crate::{command::Desk, desk, same};
use assert_cmd::cargo::cargo_bin;
use std::{
    fs,
    process::{self, Child},
    thread,
    time::Duration,
};

const VARY: &str =
    "--vary customers.arrivals.poisson=20/s..90/s:5/s --vary hardware.one.speed=1..3";

/// Kills the sweep again and again, at moments that differ from time to time.
fn killed(times: u32) {
    let desk = desk();
    desk.run(&format!("sweep queue.toml {VARY} --out plain --quiet")).expect(0, &[]);
    let whole = fs::metadata(desk.file("plain/shard-1-of-1.records")).unwrap().len();
    let mut before = 0;
    for time in 0..times {
        let line = format!("sweep queue.toml {VARY} --out killed --quiet --threads 2");
        let mut child = begin(&desk, &line);
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

fn begin(desk: &Desk, line: &str) -> Child {
    let mut command = process::Command::new(cargo_bin!("simulate"));
    command.current_dir(desk.path()).args(line.split_whitespace()).spawn().unwrap()
}

/// Bytes of records behind the first line.
fn recorded(desk: &Desk, folder: &str) -> usize {
    let bytes = fs::read(desk.file(folder).join("shard-1-of-1.records")).unwrap_or_default();
    bytes.iter().position(|&byte| byte == b'\n').map_or(0, |end| bytes.len() - end - 1)
}

/// Waits until something is written down, and kills it.
fn kill_with_records(desk: &Desk, folder: &str, mut child: Child) {
    while recorded(desk, folder) == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "it is done before anything was seen");
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Points that share their warm-up are one piece of work, but each is written down by itself.
#[test]
fn forked_points_are_kept_one_by_one() {
    let desk = desk();
    let event = "[[event]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"queue.1\"\n";
    desk.write("queue.toml", &format!("{}{event}", desk.read("queue.toml")));
    let line = "sweep queue.toml --vary event.1.at=1s..40s:1s --replications 1 --threads 1 \
                --set duration=400s --quiet --out";
    desk.run(&format!("{line} plain")).expect(0, &[]);
    kill_with_records(&desk, "killed", begin(&desk, &format!("{line} killed")));
    let (kept, whole) = (recorded(&desk, "killed"), recorded(&desk, "plain"));
    // Of 32 points in the first piece of work.
    assert!(kept < whole * 32 / 40, "{kept} of {whole}");
    desk.run(&format!("{line} killed")).expect(0, &[]);
    same(&desk, "plain", "killed");
    assert_eq!(recorded(&desk, "killed"), whole);
}

/// Results that are whole stay so while the same is done again.
#[test]
fn results_are_not_taken_apart_by_doing_it_again() {
    let desk = desk();
    let line = "sweep queue.toml --vary hardware.one.speed=1..3 --set duration=400s --quiet \
                --threads 1 --out";
    desk.run(&format!("{line} whole")).expect(0, &[]);
    desk.run(&format!("{line} again")).expect(0, &[]);
    fs::remove_file(desk.file("again/shard-1-of-1.records")).unwrap();
    kill_with_records(&desk, "again", begin(&desk, &format!("{line} again")));
    same(&desk, "whole", "again");
    desk.run(&format!("{line} again")).expect(0, &[]);
    same(&desk, "whole", "again");
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
