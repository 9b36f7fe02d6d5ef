//! A single file of output, named by the user: written beside and renamed.

use super::{exit::Problem, terminal::shown};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whether a file may be written there. To be asked before a long run.
pub(super) fn check(path: &Path, inputs: &[PathBuf]) -> Result<(), Problem> {
    let name = shown(path);
    if inputs.iter().any(|input| is_same(input, path)) {
        return Err(Problem::wrong(
            format!("`{name}` is a scenario, it is not written over"),
            Some("name another file for the output"),
        ));
    }
    if path.is_dir() {
        return Err(Problem::wrong(format!("`{name}` is a directory"), Some("name a file in it")));
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        let says = format!("`{name}` cannot be written: there is no folder `{}`", shown(&folder));
        return Err(Problem::wrong(says, None));
    }
    Ok(())
}

/// Writes it, whole or not at all.
pub(super) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Problem> {
    let mut beside = path.file_name().unwrap_or_default().to_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = folder_of(path).join(beside);
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Problem::wrong(format!("`{}` could not be written: {error}", shown(path)), None)
    })
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
