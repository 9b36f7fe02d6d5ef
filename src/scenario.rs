//! The scenario language: parsed, checked whole, compiled to a blueprint.
//!
//! Text becomes a tree with places (`parse`, `tree`), overrides change it, the walker reads it
//! (`fields`, `site` and its neighbours, presets in `kind`) into a description (`schema`), names
//! are resolved (`routes`, `check`), and what has no mistakes is compiled.

mod check;
mod compile;
mod explain;
mod fields;
mod happening;
mod kind;
mod law;
mod load;
mod mistake;
mod overrides;
mod parse;
mod program;
mod routes;
mod schema;
mod site;
mod tree;
mod units;

pub use mistake::{At, Mistake, Mistakes};

use crate::{
    model::blueprint::Blueprint,
    scenario::{
        fields::{Filled, Notes},
        mistake::Text,
        parse::Parser,
        routes::Routes,
        schema::Site,
        tree::Table,
    },
};

/// A scenario file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is, for messages; its stem is the scenario's name.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// A value that replaces one of the file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The shortest unambiguous path, such as `app.workers`.
    pub path: String,
    /// As in the file; quotes round a text may be left out.
    pub value: String,
}

impl std::str::FromStr for Override {
    type Err = String;

    /// `path=value`.
    fn from_str(text: &str) -> Result<Override, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => {
                Ok(Override { path: path.to_owned(), value: value.to_owned() })
            }
            Some(_) | None => Err(format!("`{}` is not `path=value`", mistake::printable(text))),
        }
    }
}

/// The compiled form of a scenario, or everything that is wrong with it.
pub fn compile(source: &Source, overrides: &[Override]) -> Result<Blueprint, Mistakes> {
    let reading = read(source, overrides)?;
    Ok(compile::compile(stem(&source.path), &reading.site, &reading.routes))
}

/// The scenario as TOML with every default filled in and its source, or everything that is wrong
/// with it.
pub fn explain(source: &Source, overrides: &[Override]) -> Result<String, Mistakes> {
    let reading = read(source, overrides)?;
    Ok(explain::explain(&reading.root, reading.filled))
}

/// A scenario without mistakes.
struct Reading {
    root: Table,
    site: Site,
    routes: Routes,
    filled: Vec<Filled>,
}

fn read(source: &Source, overrides: &[Override]) -> Result<Reading, Mistakes> {
    let mut parser = Parser::default();
    let (mut root, syntax) = parser.document(&source.text, 0);
    let mut wrong = Vec::new();
    overrides::apply(&mut root, overrides, &mut parser, &mut wrong);
    let broken = syntax.clone();
    let notes = Notes::new(parser.tables, syntax);
    for Mistake { at, says, hint } in wrong {
        match hint {
            Some(hint) => notes.hinted(at, says, hint),
            None => notes.mistake(at, says),
        }
    }
    let mut site = site::read(&root, &notes);
    let mut found = None;
    // Behind a syntax error half of the names may be lost; to miss them would only confuse. So
    // would ways that end where a name is wrong.
    if !notes.is_damaged() {
        check::check(&site, &notes);
    }
    if notes.knows_all_names() {
        let before = notes.count();
        routes::resolve(&mut site, &notes);
        load::connect(&mut site, &notes);
        check::weights(&site, &notes);
        found = (notes.count() == before).then(|| routes::find_ways(&mut site, &notes));
    }
    let is_clean = notes.is_clean();
    let (mut mistakes, filled) = notes.into_parts();
    drop_echoes(&mut mistakes, &broken, &source.text);
    match found {
        Some(routes) if is_clean => Ok(Reading { root, site, routes, filled }),
        Some(_) | None => Err(Mistakes::new(texts(source, overrides), mistakes)),
    }
}

/// What is left of a line with a syntax error makes no sense; to say so once is enough.
fn drop_echoes(mistakes: &mut Vec<Mistake>, broken: &[Mistake], text: &str) {
    let line = |at: At| text.bytes().take(at.start as usize).filter(|b| *b == b'\n').count();
    let lines: Vec<usize> = broken.iter().take(100).map(|wrong| line(wrong.at)).collect();
    mistakes.retain(|mistake| {
        let is_echo = !broken.contains(mistake)
            && mistake.at.text == 0
            && !lines.is_empty()
            && lines.contains(&line(mistake.at));
        !is_echo
    });
}

/// The texts that mistakes point into.
fn texts(source: &Source, overrides: &[Override]) -> Vec<Text> {
    let file = Text { path: source.path.clone(), text: source.text.clone() };
    let sets = overrides.iter().map(|change| Text {
        path: "--set".to_owned(),
        text: format!("{}={}", change.path, change.value),
    });
    std::iter::once(file).chain(sets).collect()
}

/// The file's name without folders and extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".toml").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scaled_up_site_compiles() {
        let path = "scenarios/3-scale_up.toml".to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source { path, text };
        match compile(&source, &[]) {
            Ok(blueprint) => assert_eq!(blueprint.name, "3-scale_up"),
            Err(mistakes) => panic!("{}", mistakes.draw(false)),
        }
    }
}
