//! Where the command line meets the layers below it.

use super::{arguments::Scenario, exit::Problem, terminal::Terminal};
use crate::model::blueprint::Blueprint;

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
