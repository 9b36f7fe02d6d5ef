//! The report of an earlier search for a capacity, which another may be about to replace.

use super::{
    exit::Problem,
    publish::problem,
    terminal::{printable, shown},
};
use crate::{model::blueprint::Blueprint, report::folder::CAPACITY};
use serde_json::Value;
use std::{fs, path::Path};

/// Whether a report on this scenario may be written: nothing is there, or one on the same scenario by the
/// same version of this program. To be asked before a long search.
pub(super) fn check(folder: &Path, plan: &Blueprint) -> Result<(), Problem> {
    CAPACITY.check(folder).map_err(|error| problem(&error))?;
    let Some(document) = document(folder) else { return Ok(()) };
    let refused = |found: String| {
        let says = format!("`{}` is not replaced: it holds {found}", shown(folder));
        Err(Problem::wrong(says, Some("name another folder with `--out`, or remove this one")))
    };
    let name = document["scenario"]["name"].as_str().unwrap_or_default();
    if name != plan.name {
        return refused(format!("the capacity of another scenario, `{}`", printable(name)));
    }
    let (version, this) =
        (document["version"].as_str().unwrap_or_default(), env!("CARGO_PKG_VERSION"));
    if version != this {
        let version = printable(version);
        return refused(format!("a report by `simulate` {version}; this is {this}"));
    }
    Ok(())
}

/// Whether there is a report whose safe load was confirmed.
pub(super) fn is_confirmed(folder: &Path) -> bool {
    document(folder).is_some_and(|it| it["answer"] == "found")
}

fn document(folder: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(folder.join(CAPACITY.marker)).ok()?).ok()
}
