//! Results of an earlier run, read to be held against.

use super::{exit::Problem, terminal::shown};
use crate::{
    report::folder::RECORDED,
    slo::recorded::{Recorded, SCHEMA},
    stats::interval::REPLICATIONS_MIN,
};
use std::{fs, io::ErrorKind, path::Path};

/// The record of a scenario: in the folder itself, or in one of its name there.
pub(super) fn read_of(folder: &Path, scenario: &str) -> Result<Recorded, Problem> {
    let own = folder.join(scenario);
    read(if own.join(RECORDED).is_file() { &own } else { folder })
}

/// The record in a folder of results.
pub(super) fn read(folder: &Path) -> Result<Recorded, Problem> {
    let path = folder.join(RECORDED);
    let name = shown(&path);
    let hint = Some("a baseline is a folder of results, as `simulate FILE --out DIR` writes it");
    let text = fs::read_to_string(&path).map_err(|error| {
        let says = match error.kind() {
            ErrorKind::NotFound => format!("there is no `{name}`"),
            _ => format!("cannot read `{name}`: {error}"),
        };
        Problem::wrong(says, hint)
    })?;
    let known = format!("\"schema\":\"{SCHEMA}\"");
    let is_ours = text.contains("\"schema\":\"simulate-replications/");
    let recorded: Recorded = match serde_json::from_str(&text) {
        Ok(recorded) if text.contains(&known) => recorded,
        Ok(_) => return Err(Problem::wrong(format!("`{name}` is of another version"), hint)),
        Err(error) if is_ours => {
            let says = format!("`{name}` is torn: {error}");
            return Err(Problem::wrong(says, Some("run it again")));
        }
        Err(_) => return Err(Problem::wrong(format!("`{name}` is of another program"), hint)),
    };
    if !recorded.is_whole() {
        let says = format!("`{name}` is torn or was changed: its digest is not its own");
        return Err(Problem::wrong(says, Some("run it again")));
    }
    let count = recorded.records.len();
    if count < REPLICATIONS_MIN as usize {
        let says = format!("`{name}` has too few replications to judge by: {count}");
        return Err(Problem::wrong(says, Some("10 replications or more are a baseline")));
    }
    Ok(recorded)
}
