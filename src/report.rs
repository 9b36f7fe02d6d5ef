//! What is printed, written and drawn.

pub mod csv;
pub mod diagnosis;
pub mod folder;
pub mod format;
pub mod json;
pub mod plot;
pub mod summary;
pub mod table;
pub mod terminal;

#[cfg(test)]
pub(crate) mod sample;
