//! Replications on two cores against one: wall-clock time, and the same digest.

use super::{
    clock::{paired, wall_seconds},
    scenarios::frozen,
    table::{Must, Table},
};
use simulate::{
    engine::digest::Digest,
    experiment::{replicate::Replications, study::study},
    model::blueprint::Blueprint,
};
use std::{sync::atomic::AtomicBool, thread::available_parallelism};

const ROUNDS: u64 = 5;
const COUNT: u64 = 16;

fn timed(plan: &Blueprint, threads: usize) -> (f64, Digest) {
    let interrupted = AtomicBool::new(false);
    let work = Replications { count: COUNT, threads: Some(threads), interrupted: &interrupted };
    let from = wall_seconds();
    let fold = study(plan, work, |_| ()).expect("nothing is lost").expect("not interrupted");
    (wall_seconds() - from, fold.pool.events)
}

pub fn row(table: &mut Table) {
    let plan = frozen("scale-up", &["duration=5s", "warm_up=5s"]);
    let mut digests = Vec::new();
    let mut two_digests = Vec::new();
    let mut one = || {
        let (seconds, digest) = timed(&plan, 1);
        digests.push(digest);
        seconds
    };
    let mut two = || {
        let (seconds, digest) = timed(&plan, 2);
        two_digests.push(digest);
        seconds
    };
    let ([one, two], ratio) = paired(ROUNDS, &mut one, &mut two);
    if digests != two_digests {
        table.wrong("replications: the digest depends on the number of threads");
    }
    let (measured, against) =
        (format!("{:.0} ms on 1 thread", one * 1e3), format!("{:.0} ms on 2", two * 1e3));
    let what = "replications, 1 / 2 threads, same digest";
    table.line(what, &measured, &against, ratio, Must::AtLeast(1.9));
    let cores = available_parallelism().map_or(0, usize::from);
    table.remark(format!(
        "replications: {COUNT} of scale-up, wall clock; this machine has {cores} processors, and \
         whatever else runs on it shows here"
    ));
}
