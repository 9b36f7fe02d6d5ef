//! `simulate explain FILE`: the scenario with every default filled in.

use super::{
    arguments::Explain,
    exit::{Exit, Problem},
    layers,
    terminal::Terminal,
};

pub(super) fn explain(options: &Explain, terminal: Terminal) -> Result<Exit, Problem> {
    let scenario = &options.scenario;
    let text = layers::explain(scenario.file(), scenario.changes.set.iter(), terminal)?;
    terminal.print(&text)?;
    Ok(Exit::Done)
}
