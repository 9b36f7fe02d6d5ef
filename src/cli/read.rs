//! Reads a scenario file, whatever it turns out to be.

use super::{exit::Problem, terminal::shown};
use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

/// The largest scenario: whatever is larger is not one.
const BYTES_MAX: u64 = 64 << 20;

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Problem> {
    let name = shown(path);
    let cannot = |error: std::io::Error| {
        let hint = match error.kind() {
            ErrorKind::NotFound => Some("the scenarios that come along are in `scenarios/`"),
            ErrorKind::IsADirectory => Some("name a scenario file in it"),
            ErrorKind::PermissionDenied => Some("it may be read by others only"),
            _ => None,
        };
        Problem::wrong(format!("cannot read `{name}`: {}", says(&error)), hint)
    };
    let file = File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > BYTES_MAX {
        let hint = Some("a scenario is a TOML file of a few kilobytes");
        return Err(Problem::wrong(format!("`{name}` is larger than 64 MiB"), hint));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        let says = format!("`{name}` is not UTF-8 text: line {line} is the first that is not");
        Problem::wrong(says, Some("a scenario is a TOML file; save it as UTF-8"))
    })
}

/// In the words of this program where the system's would depend on the system.
fn says(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::IsADirectory => "it is a directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
