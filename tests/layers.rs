//! Each layer uses those below it, never above: read off the `use crate::` lines.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// From the bottom.
const LAYERS: [&str; 10] = [
    "engine",
    "resource",
    "measure",
    "model",
    "scenario",
    "stats",
    "slo",
    "report",
    "experiment",
    "cli",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The layers that a file names behind `crate::`, in any form of `use` or path.
fn named(text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = text[at + "crate::".len()..].trim_start();
        let names = match rest.strip_prefix('{') {
            Some(list) => top_level_names(list),
            None => vec![word(rest)],
        };
        found.extend(LAYERS.iter().filter(|layer| names.contains(layer)));
    }
    found
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first words of a braced list's items.
fn top_level_names(list: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut names = Vec::new();
    let mut begins = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(list[begins..at].trim_start()));
                return names;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(list[begins..at].trim_start()));
                begins = at + 1;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn layers_look_down_only() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in files {
        let inside = path.strip_prefix(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let own = first.trim_end_matches(".rs");
        if ["main", "lib"].contains(&own) {
            continue;
        }
        let Some(height) = LAYERS.iter().position(|layer| *layer == own) else {
            wrong.push(format!("{} is of no layer", inside.display()));
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for used in named(&text) {
            seen += 1;
            if LAYERS.iter().position(|layer| *layer == used).unwrap() > height {
                wrong.push(format!("{} uses {used}", inside.display()));
            }
        }
    }
    assert!(seen > 100, "the search finds nothing: {seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
