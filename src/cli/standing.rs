//! The results of an earlier command, which others may be about to replace.

use super::{
    exit::Problem,
    publish::problem,
    terminal::{printable, shown},
};
use crate::{
    experiment::charter::Charter,
    model::blueprint::Blueprint,
    report::folder::{CAPACITY, Kind},
};
use serde_json::Value;
use std::{fs, path::Path};

/// Whether results about this scenario may be written: nothing is there, or what an earlier command found
/// about the same scenario. To be asked before a long run.
pub(super) fn check(kind: Kind, folder: &Path, plan: &Blueprint) -> Result<(), Problem> {
    kind.check(folder).map_err(|error| problem(&error))?;
    let document = document(kind, folder);
    let name = document.as_ref().and_then(|it| it["scenario"]["name"].as_str());
    let Some(name) = name.filter(|name| *name != plan.name) else { return Ok(()) };
    refused(folder, &format!("the results of another scenario, `{}`", printable(name)))
}

/// The same of a search for a capacity, which takes long: a report by another version is kept, too, and so
/// is one on anything else than this very question. Another build of the same version may answer it anew.
pub(super) fn check_capacity(
    folder: &Path,
    plan: &Blueprint,
    charter: &Charter,
) -> Result<(), Problem> {
    check(CAPACITY, folder, plan)?;
    let Some(document) = document(CAPACITY, folder) else { return Ok(()) };
    let (version, this) =
        (document["version"].as_str().unwrap_or_default(), env!("CARGO_PKG_VERSION"));
    if version != this {
        let by = printable(version);
        return refused(folder, &format!("a report by `simulate` {by}; this is {this}"));
    }
    match document["experiment"].as_str() {
        Some(asked) if asked == charter.question() => Ok(()),
        Some(_) => refused(
            folder,
            "the report of another experiment: its scenario, changes of it (`--set`, `--seed`, \
             `--sustain`) or options are not these",
        ),
        None => refused(folder, "a report that does not say which experiment it is of"),
    }
}

fn refused(folder: &Path, found: &str) -> Result<(), Problem> {
    let says = format!("`{}` is not replaced: it holds {found}", shown(folder));
    Err(Problem::wrong(says, Some("name another folder with `--out`, or remove this one")))
}

/// Whether there is a report whose safe load was confirmed.
pub(super) fn is_confirmed(folder: &Path) -> bool {
    document(CAPACITY, folder).is_some_and(|it| it["answer"] == "found")
}

fn document(kind: Kind, folder: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(folder.join(kind.marker)).ok()?).ok()
}
