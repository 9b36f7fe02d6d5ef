//! Where the command line meets the scenario layer.

use super::{
    arguments::Scenario,
    exit::Problem,
    terminal::{Terminal, printable},
};
use crate::{
    model::blueprint::Blueprint,
    scenario::{self, Override, Source},
};

/// Reads, checks and compiles a scenario, with `changes` on top of the user's own.
pub(super) fn compile(
    options: &Scenario,
    changes: &[String],
    terminal: Terminal,
) -> Result<Blueprint, Problem> {
    let source = source(options)?;
    let overrides = overrides(options.set.iter().chain(changes))?;
    let compiled = scenario::compile(&source, &overrides);
    compiled.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))
}

fn source(options: &Scenario) -> Result<Source, Problem> {
    let text = super::read::read(options.file())?;
    Ok(Source { path: options.file().to_string_lossy().into_owned(), text })
}

fn overrides<'a>(set: impl Iterator<Item = &'a String>) -> Result<Vec<Override>, Problem> {
    let split = |text: &String| match text.split_once('=') {
        Some((path, value)) => {
            Ok(Override { path: path.trim().to_owned(), value: value.trim().to_owned() })
        }
        None => Err(Problem::wrong(
            format!("`--set` takes PATH=VALUE, not `{}`", printable(text)),
            Some("such as `--set app.workers=12`"),
        )),
    };
    set.map(split).collect()
}

/// A scenario with every default filled in.
pub(super) fn explain(options: &Scenario, terminal: Terminal) -> Result<String, Problem> {
    let source = source(options)?;
    let explained = scenario::explain(&source, &overrides(options.set.iter())?);
    explained.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))
}
