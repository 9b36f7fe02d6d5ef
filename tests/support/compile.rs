//! Scenarios of tests.

use simulate::{
    model::blueprint::Blueprint,
    scenario::{self, Source},
};

/// The compiled form of a scenario; its mistakes are the test's.
pub(crate) fn compile(text: &str) -> Blueprint {
    let source = Source { path: "test.toml".to_owned(), text: text.to_owned() };
    match scenario::compile(&source, &[]) {
        Ok(plan) => plan,
        Err(mistakes) => panic!("{}\n{text}", mistakes.draw(false)),
    }
}
