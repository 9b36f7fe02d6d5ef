//! A single file of output, named by the user: written beside and renamed; what is no file (a pipe, a
//! device) is written into.

use super::{exit::Problem, terminal::shown};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Whether a file may be written there. To be asked before a long run.
pub(super) fn check(path: &Path, inputs: &[PathBuf]) -> Result<(), Problem> {
    let name = shown(path);
    spare(path, inputs, "a scenario")?;
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

/// Whether an output would be written over one of these files, which hold `what`.
pub(super) fn spare(path: &Path, files: &[PathBuf], what: &str) -> Result<(), Problem> {
    if files.iter().any(|file| is_same(file, path) || is_linked(file, path)) {
        return Err(Problem::wrong(
            format!("`{}` is {what}, it is not written over", shown(path)),
            Some("name another file for the output"),
        ));
    }
    Ok(())
}

/// Whether a scenario is given twice: it would be judged twice, and told twice.
pub(super) fn check_once(inputs: &[PathBuf]) -> Result<(), Problem> {
    for (index, path) in inputs.iter().enumerate() {
        let is_known = |other: &PathBuf| is_same(other, path) || is_linked(other, path);
        if inputs[..index].iter().any(is_known) {
            let says = format!("`{}` is given twice", shown(path));
            return Err(Problem::wrong(says, Some("a scenario is judged once; leave one out")));
        }
    }
    Ok(())
}

/// Whether two outputs are the same file, one of which would be lost.
pub(super) fn check_distinct(paths: &[&PathBuf]) -> Result<(), Problem> {
    for (index, path) in paths.iter().enumerate() {
        // What is no file takes both.
        if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
            continue;
        }
        if paths[..index].iter().any(|other| is_same(other, path)) {
            let says = format!("two outputs are to be written to `{}`", shown(path));
            return Err(Problem::wrong(says, Some("name a file for each")));
        }
    }
    Ok(())
}

/// Writes it, whole or not at all where that can be.
pub(super) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Problem> {
    // What a link points to, be it there or not, so that the link stays.
    let target = fs::canonicalize(path).or_else(|_| {
        let linked = fs::read_link(path)?;
        Ok::<_, io::Error>(folder_of(path).join(linked))
    });
    let target = target.unwrap_or_else(|_| path.to_owned());
    let is_other = fs::metadata(path).is_ok_and(|it| !it.is_file());
    let written = if is_other { fs::write(path, content) } else { replace(&target, content) };
    written.map_err(|error| {
        Problem::wrong(format!("`{}` could not be written: {error}", shown(path)), None)
    })
}

fn replace(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let mut beside = path.file_name().unwrap_or_default().to_os_string();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = folder_of(path).join(beside);
    let written = fs::write(&beside, content).and_then(|()| fs::rename(&beside, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Two names of one file.
#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let node = |path: &Path| fs::metadata(path).map(|it| (it.dev(), it.ino()));
    matches!((node(one), node(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// Also where they are not there yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        fs::canonicalize(path).or_else(|_| {
            let folder = fs::canonicalize(folder_of(path))?;
            Ok::<_, io::Error>(folder.join(path.file_name().unwrap_or_default()))
        })
    };
    matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}
