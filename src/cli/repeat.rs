//! The command that runs a replication again, alone: what is told when an invariant is broken.

use super::terminal::quoted;
use std::{fmt::Write as _, path::Path};

/// Of a scenario with the user's settings.
pub(super) fn replication(file: &Path, set: &[String], seed: u64, number: u64) -> String {
    let mut out = scenario("run", file, set, seed);
    let _ = write!(out, " --replication {number} --threads 1");
    out
}

/// The beginning of it: which scenario, with which settings.
pub(super) fn scenario(command: &str, file: &Path, set: &[String], seed: u64) -> String {
    let mut out = format!("simulate {command} {}", quoted(&file.to_string_lossy()));
    for setting in set {
        let _ = write!(out, " --set {}", quoted(setting));
    }
    let _ = write!(out, " --seed {seed}");
    out
}
