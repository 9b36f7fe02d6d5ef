//! Where the command line meets the scenario layer.

use super::{exit::Problem, terminal::Terminal};
use crate::{
    model::blueprint::Blueprint,
    scenario::{self, Override, Source},
};
use std::path::Path;

/// Reads, checks and compiles a scenario with changes, the last of which wins.
pub(super) fn compile<'a>(
    file: &Path,
    changes: impl Iterator<Item = &'a String>,
    terminal: Terminal,
) -> Result<Blueprint, Problem> {
    let source = source(file)?;
    let compiled = scenario::compile(&source, &overrides(changes));
    compiled.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))
}

pub(super) fn source(file: &Path) -> Result<Source, Problem> {
    let text = super::read::read(file)?;
    Ok(Source { path: file.to_string_lossy().into_owned(), text })
}

/// What has no value is a mistake like all others.
pub(super) fn overrides<'a>(set: impl Iterator<Item = &'a String>) -> Vec<Override> {
    let split = |text: &String| {
        let (path, value) = text.split_once('=').unwrap_or((text, ""));
        Override { path: path.trim().to_owned(), value: value.trim().to_owned() }
    };
    set.map(split).collect()
}

/// A scenario with every default filled in.
pub(super) fn explain<'a>(
    file: &Path,
    changes: impl Iterator<Item = &'a String>,
    terminal: Terminal,
) -> Result<String, Problem> {
    let source = source(file)?;
    let explained = scenario::explain(&source, &overrides(changes));
    explained.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))
}
