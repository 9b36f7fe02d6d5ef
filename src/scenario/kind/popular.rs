//! What is kept in memory: how popular each of many things is, and how the memory starts.

use crate::{
    engine::sample::Law,
    scenario::{
        fields::{Fields, Notes, Read},
        program::choice,
        tree::Node,
        units::Number,
    },
};

/// Zipf's exponent; 0: all alike.
pub(super) struct Popularity(pub(super) f64);

impl Popularity {
    /// The law of ranks, 0 the most popular of so many.
    pub(super) fn law(&self, count: u32) -> Result<Law, String> {
        let law = if self.0 == 0.0 { Law::uniform_rank(count) } else { Law::zipf(count, self.0) };
        law.map_err(|reason| format!("no such law: {reason}"))
    }
}

impl Read for Popularity {
    fn read(node: &Node, notes: &Notes) -> Option<Popularity> {
        let fields = Fields::of(node, "a popularity", notes)?;
        let uniform = fields.get::<bool>("uniform");
        let zipf = fields.get::<Number>("zipf");
        fields.finish();
        match (uniform, zipf) {
            (Some(true), None) => Some(Popularity(0.0)),
            (None, Some(Number(exponent))) if exponent <= 10.0 => Some(Popularity(exponent)),
            _ => {
                let hint = "`{ zipf = 0.9 }`, with an exponent up to 10, or `{ uniform = true }`";
                notes.hinted(node.at, "no such popularity", hint);
                None
            }
        }
    }
}

/// `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Warm,
    Cold,
}

impl Read for Start {
    fn read(node: &Node, notes: &Notes) -> Option<Start> {
        choice(node, notes, &[("warm", Start::Warm), ("cold", Start::Cold)])
    }
}
