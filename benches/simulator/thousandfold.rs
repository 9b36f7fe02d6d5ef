//! The four-tier site a thousand times as large: 15,000 instances, a million requests a second.
//!
//! It is run in a process of its own, as the most memory that it ever had is asked for.

use super::{
    clock::medians,
    running::Going,
    scenarios::frozen,
    table::{Must, Table},
};
use simulate::model::blueprint::Blueprint;
use std::process::Command;

/// The argument that makes the benchmark this child.
pub const CHILD: &str = "--thousandfold";

const ROUNDS: u64 = 5;
const TIMES: f64 = 1000.0;
/// Requests before the clock is read, and while it runs.
const WARM_UP: f64 = 200_000.0;
const REQUESTS: f64 = 400_000.0;
const RATE: f64 = 1000.0;
/// Where the child is stopped, so that it harms nobody.
const KILOBYTES_MAX: u64 = 8_000_000;

fn nanos(plan: &Blueprint, times: f64, round: u64) -> f64 {
    let mut going = Going::new(plan, round);
    let rate = RATE * times;
    going.on_to(WARM_UP / rate);
    going.on_to((WARM_UP + REQUESTS) / rate).nanos_a_request()
}

/// Prints nanoseconds a request of the large site and of the small one, and kilobytes.
pub fn child() {
    // The window holds warm-up and all: a recorder's memory is part of what is measured.
    let single = frozen("four-tier", &["duration=1000s", "warm_up=0s"]);
    let large = frozen(
        "four-tier",
        &[
            "duration=1s",
            "warm_up=0s",
            "lb.instances=2000",
            "web.instances=4000",
            "app.instances=6000",
            "primary.instances=1000",
            "replica.instances=2000",
            "visitors.arrivals.poisson=1000000/s",
        ],
    );
    let [large, single] = medians(
        ROUNDS,
        [&mut |round| nanos(&large, TIMES, round), &mut |round| nanos(&single, 1.0, round)],
    );
    println!("{large} {single} {}", most_kilobytes().unwrap_or(f64::NAN));
}

/// The most resident memory that this process ever had.
fn most_kilobytes() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

pub fn row(table: &mut Table) {
    let what = "thousandfold / single four-tier site";
    let program = std::env::current_exe().expect("a program has a path");
    let script = format!("ulimit -v {KILOBYTES_MAX}; exec \"$0\" {CHILD}");
    let output = Command::new("sh").arg("-c").arg(script).arg(program).output();
    let output = output.expect("there is a shell");
    let told = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = told.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    let [large, single, kilobytes] = numbers[..] else {
        let says = String::from_utf8_lossy(&output.stderr);
        let says = says.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
        table.line(what, "does not run in 8 GB", "", f64::INFINITY, Must::AtMost(2.5));
        table.remark(format!("thousandfold: {} and said: {says}", output.status));
        return;
    };
    let (measured, against) =
        (format!("{large:.0} ns a request"), format!("{single:.0} ns a request"));
    table.line(what, &measured, &against, large / single, Must::AtMost(2.5));
    let megabytes = kilobytes / 1000.0;
    let measured = format!("{megabytes:.0} MB");
    let what = "thousandfold, most memory / 1 GB";
    table.line(what, &measured, "1000 MB", megabytes / 1000.0, Must::AtMost(1.0));
}
