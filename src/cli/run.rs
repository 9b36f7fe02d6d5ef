//! `simulate FILE`: all replications of one scenario, and the report.

use super::{
    arguments::Run,
    exit::{Exit, Problem, Text},
    layers, publish,
    terminal::{Terminal, quoted},
};
use crate::{
    experiment::{
        replicate::{Failure, Replications},
        study::study,
    },
    measure::fold::Fold,
    model::blueprint::Blueprint,
};
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

pub(super) fn run(options: &Run, terminal: Terminal) -> Result<Exit, Problem> {
    let plan = layers::compile(&options.scenario, &changes(options), terminal)?;
    let folder = publish::folder(options, &plan)?;
    let Some(fold) = measure(&plan, options, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    publish::publish(&plan, &fold, options, &folder, terminal)?;
    let is_whole = fold.pool.replications == plan.replications;
    if !is_whole {
        let (done, all) = (fold.pool.replications, plan.replications);
        terminal.tell(&format!("interrupted: {done} of {all} replications were finished"));
    }
    Ok(if is_whole { Exit::Done } else { Exit::Interrupted })
}

/// The options that stand for settings of the scenario go the way of `--set`, behind it: checked
/// and explained in one place, and the last one wins.
fn changes(options: &Run) -> Vec<String> {
    let seed = options.seed.map(|seed| format!("scenario.seed={seed}"));
    let count = options.replications.map(|count| format!("scenario.replications={count}"));
    seed.into_iter().chain(count).collect()
}

/// Set by the first Ctrl-C: no further replication is begun, and those finished are reported. The
/// second one ends the program at once.
fn on_interrupt() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    // Where signals cannot be caught, an interrupt ends the program: results are whole or absent.
    drop(ctrlc::set_handler(handler));
    interrupted
}

fn measure(plan: &Blueprint, options: &Run, terminal: Terminal) -> Result<Option<Fold>, Problem> {
    let interrupted = on_interrupt();
    let count = u64::from(plan.replications);
    let work = Replications {
        count,
        threads: options.threads.map(usize::from),
        interrupted: &interrupted,
    };
    let bar = terminal.progress(count);
    let result = study(plan, work, |done| bar.set_position(done));
    bar.finish_and_clear();
    result.map_err(|failure| match &failure {
        Failure::NoThreads { .. } => {
            Problem::wrong(failure.to_string(), Some("try fewer, such as `--threads 1`"))
        }
        Failure::Broken { replication, .. } => Problem {
            exit: Exit::Broken,
            text: Text::Plain {
                says: failure.to_string(),
                hint: Some(format!(
                    "this is a mistake of the simulator, not of the scenario; please report it \
                     with the scenario; it was seed {}, replication {replication}, and is seen \
                     again with\n  {}",
                    plan.seed,
                    command(options, plan.seed, *replication)
                )),
            },
        },
    })
}

/// What runs up to a replication again.
fn command(options: &Run, seed: u64, replication: u64) -> String {
    let mut out = format!("simulate run {}", quoted(&options.scenario.file().to_string_lossy()));
    for setting in &options.scenario.set {
        let _ = write!(out, " --set {}", quoted(setting));
    }
    let _ = write!(out, " --seed {seed} --replications {} --threads 1", replication + 1);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::{Arguments, Command};
    use clap::Parser as _;

    #[test]
    fn a_broken_replication_can_be_repeated() {
        let line = ["simulate", "my shop.toml", "--set", "a.b=3", "--seed", "1", "--threads", "9"];
        let arguments = Arguments::parse_from(line);
        let Command::Run(options) = arguments.asked() else { panic!("not run") };
        assert_eq!(changes(options), ["scenario.seed=1"]);
        assert_eq!(
            command(options, 1, 4),
            "simulate run 'my shop.toml' --set a.b=3 --seed 1 --replications 5 --threads 1"
        );
    }
}
