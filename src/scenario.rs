//! The scenario language: parsed, checked whole, compiled to a blueprint.
//!
//! Text becomes a tree with places (`parse`, `tree`), overrides change it, the walker reads it
//! (`fields`, `site` and its neighbours, presets in `kind`) into a description (`schema`), names
//! are resolved (`routes`, `check`), and what has no mistakes is compiled.

mod check;
mod compile;
mod fields;
mod happening;
mod kind;
mod law;
mod load;
mod mistake;
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
    scenario::{fields::Notes, mistake::Text, parse::Parser},
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

/// Everything wrong with the scenario, or its compiled form.
pub fn compile(source: &Source, overrides: &[Override]) -> Result<Blueprint, Mistakes> {
    let _ = overrides;
    let mut parser = Parser::default();
    let (root, mistakes) = parser.document(&source.text, 0);
    let notes = Notes::new(parser.tables, mistakes);
    let mut site = site::read(&root, &notes);
    let blueprint = if notes.is_damaged() {
        None
    } else {
        routes::resolve(&mut site, &notes);
        load::connect(&mut site, &notes);
        check::check(&site, &notes);
        let routes = routes::find_ways(&mut site, &notes);
        notes.is_clean().then(|| compile::compile(stem(&source.path), &site, &routes))
    };
    let (mistakes, _) = notes.into_parts();
    blueprint.ok_or_else(|| {
        let text = Text { path: source.path.clone(), text: source.text.clone() };
        Mistakes::new(vec![text], mistakes)
    })
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
