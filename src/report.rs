//! What is printed, written and drawn.

pub mod blame;
pub mod capacity;
pub mod check;
pub mod csv;
pub mod diagnosis;
pub mod estimates;
pub mod folder;
pub mod format;
pub mod hgrm;
pub mod json;
pub mod objective;
mod one_run;
pub mod page;
mod piling;
pub mod plot;
pub mod precise;
pub mod summary;
pub mod sweep;
pub mod table;
pub mod terminal;
pub mod used;
pub mod versus;

#[cfg(test)]
pub(crate) mod sample;
