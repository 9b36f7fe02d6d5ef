//! Ctrl-C, and the end that a job runner announces: what is finished is kept, and said.

use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};

use crate::command::{Desk, promise};

/// Runs a line until something is under way, sends the signal, and gives the code and what was printed.
fn interrupted(desk: &Desk, line: &str, signal: Signal) -> (Option<i32>, String) {
    let mut command = Command::new(cargo_bin!("simulate"));
    command.current_dir(desk.path()).args(line.split_whitespace());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_secs(3));
    kill_process(Pid::from_child(&child), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_judgement_keeps_what_it_has() {
    for signal in [Signal::INT, Signal::TERM] {
        let desk = Desk::with(&promise("p(99) < 230.3ms", ""));
        let line = "check queue.toml --budget 100000 --json v.json";
        let (code, out) = interrupted(&desk, line, signal);
        assert_eq!(code, Some(130), "{signal:?}: {out}");
        assert!(out.contains("interrupted") && desk.read("v.json").contains("undecided"), "{out}");
    }
}

/// Of fewer than five pairs nothing is told, least of all that there is nothing to be told.
#[test]
fn a_comparison_of_next_to_nothing_says_so() {
    let desk = Desk::with(&promise("p(99) < 230.3ms", ""));
    let line =
        "compare queue.toml --set queue.hardware.speed=1.1 --set duration=100000s --threads 1";
    let (code, out) = interrupted(&desk, line, Signal::INT);
    assert_eq!(code, Some(130), "{out}");
    assert!(out.is_empty() || out.contains("none could be compared"), "{out}");
    assert!(!out.contains("none that both sides have"), "{out}");
}
