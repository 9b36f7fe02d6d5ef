//! Sweeps: two cores against one, and what ten thousand small points take beside their simulation.

use super::{
    clock::{median, paired, process_seconds, thread_time, wall_seconds},
    table::{Must, Table},
};
use simulate::{
    experiment::{
        ledger::{Ledger, Shard},
        rounds::Crew,
        sweep::{Measured, Progress, Sweep, Swept},
    },
    measure::tape::Tape,
    model,
    report::{
        summary::Summary,
        sweep::{Told, csv, json},
    },
    scenario::{Override, Source, grid},
};
use std::sync::atomic::AtomicBool;

/// Two threads against one.
const ROUNDS: u64 = 9;
/// Small points, of few at a time: the machine's own pace changes within seconds.
const SMALL_ROUNDS: u64 = 21;
/// Points in a round: a replication of M/M/1 with some 25,000 customers each. What a point takes besides hardly
/// depends on how long it is: smaller ones waste more.
const SMALL: u64 = 100;

static NEVER: AtomicBool = AtomicBool::new(false);

fn sweep(name: &str, vary: &str, changes: &[&str], replications: u32) -> Sweep {
    let path = format!("benches/scenarios/{name}.toml");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let source = Source { path, text };
    let count = format!("replications={replications}");
    let changes = changes.iter().copied().chain([count.as_str()]);
    let changes = changes.map(|it| it.parse::<Override>().expect("a change")).collect();
    let grid = grid(&source, &[vary.to_owned()], false).expect("a grid");
    Sweep { source, changes, grid, replications, is_independent: false }
}

/// A sweep that is done.
struct Whole {
    /// By the clock.
    seconds: f64,
    /// CPU time in which it simulated.
    simulated: f64,
    tables: String,
}

/// All of it, records and tables too.
fn whole(sweep: &Sweep, threads: usize, clock: fn() -> f64) -> Whole {
    let folder = std::env::temp_dir().join(format!("simulate-bench-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let from = clock();
    let ledger = Ledger::resume(&folder, "{}", Shard::WHOLE).expect("a folder of its own");
    let alone = Crew::new(Some(threads), &NEVER);
    let crew = Crew { ledger: Some(&ledger), clock: Some(thread_time), ..alone };
    let (mut tables, mut simulated) = (String::new(), 0.0);
    let tell = |points: &[Measured<'_>]| {
        for &Measured { number, point, fold } in points {
            let paths = sweep.grid.parameters.iter().map(|it| it.path.clone());
            let settings = paths.zip(sweep.grid.values(number));
            let told = Told::new(number, settings, Summary::new(&point.plan, fold));
            tables.push_str(&csv::point(&told));
            tables.push_str(&json::point(&told));
        }
        Ok(())
    };
    let progress = |it: Progress| simulated = it.simulated.as_secs_f64();
    let swept = sweep.run(crew, &ledger, tell, progress).expect("nothing is lost");
    assert_eq!(swept, Swept::Whole);
    let seconds = clock() - from;
    std::fs::remove_dir_all(&folder).expect("it was made here");
    Whole { seconds, simulated, tables }
}

/// The replications alone, from building each site to its last event: no threads, nothing compiled, kept,
/// folded or told.
fn simulation(sweep: &Sweep) -> f64 {
    let draft = sweep.draft();
    let point = |number| sweep.point(&draft, number).expect("a point");
    let points: Vec<_> = (0..sweep.grid.points()).map(point).collect();
    let from = process_seconds();
    for point in &points {
        for replication in 0..u64::from(sweep.replications) {
            let mut tape = Tape::new(&point.shape);
            let site = model::run::replicate(&point.plan, replication, &mut tape);
            std::hint::black_box((site.expect("nothing is lost"), tape));
        }
    }
    process_seconds() - from
}

pub fn row(table: &mut Table) {
    let large = sweep("scale-up", "app.instances=2..9", &["duration=5s", "warm_up=5s"], 6);
    let (mut one_tables, mut two_tables) = (String::new(), String::new());
    let mut one = || {
        let Whole { seconds, tables, .. } = whole(&large, 1, wall_seconds);
        one_tables = tables;
        seconds
    };
    let mut two = || {
        let Whole { seconds, tables, .. } = whole(&large, 2, wall_seconds);
        two_tables = tables;
        seconds
    };
    let ([one, two], ratio) = paired(ROUNDS, &mut one, &mut two);
    if one_tables != two_tables {
        table.wrong("sweep: the tables depend on the number of threads");
    }
    let measured = format!("{:.0} ms on 1 thread", one * 1e3);
    let against = format!("{:.0} ms on 2", two * 1e3);
    let what = "sweep, 1 / 2 threads, same bytes";
    table.line(what, &measured, &against, ratio, Must::AtLeast(1.9));

    let vary = format!("scenario.seed=1..{SMALL}");
    let small = sweep("mm1", &vary, &["duration=300s", "warm_up=10s"], 1);
    let mut outside = Vec::new();
    let mut all = || {
        let Whole { seconds, simulated, .. } = whole(&small, 1, process_seconds);
        outside.push(1.0 - simulated / seconds);
        seconds
    };
    let mut alone = || simulation(&small);
    let ([all, alone], ratio) = paired(SMALL_ROUNDS, &mut all, &mut alone);
    let outside = median(outside);
    let point_ms = all * 1e3 / SMALL as f64;
    let measured = format!("{:.2} ms outside simulation", outside * point_ms);
    let against = format!("{point_ms:.2} ms a point");
    let what = "sweep of small points, outside simulation / all";
    table.line(what, &measured, &against, outside, Must::AtMost(0.05));
    // Whose caches nothing else empties.
    let measured = format!("{point_ms:.2} ms a point");
    let against = format!("{:.2} ms simulated", alone * 1e3 / SMALL as f64);
    let what = "sweep of small points / their simulation alone";
    table.line(what, &measured, &against, ratio, Must::AtMost(1.05));
    table.remark(format!(
        "sweeps: medians of the rounds' ratios; small points by CPU time, {:.1}% outside simulation, and {ratio:.3} \
         times as long as it takes alone",
        outside * 100.0
    ));
}
