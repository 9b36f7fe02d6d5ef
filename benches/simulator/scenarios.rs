//! The frozen scenarios, and those that are generated.

use simulate::{
    model::blueprint::Blueprint,
    scenario::{Override, Source, compile},
};

/// One of `benches/scenarios`, with settings changed as by `--set`.
pub fn frozen(name: &str, set: &[&str]) -> Blueprint {
    let path = format!("{}/benches/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the scenario is there");
    of(&path, &text, set)
}

/// A scenario from its text.
pub fn of(path: &str, text: &str, set: &[&str]) -> Blueprint {
    let source = Source { path: path.to_owned(), text: text.to_owned() };
    let overrides: Result<Vec<Override>, String> = set.iter().map(|it| it.parse()).collect();
    let overrides = overrides.unwrap_or_else(|says| panic!("{says}"));
    compile(&source, &overrides).unwrap_or_else(|mistakes| panic!("{}", mistakes.draw(false)))
}
