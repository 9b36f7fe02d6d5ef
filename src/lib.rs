//! A deterministic discrete-event simulator of a whole web site.
//!
//! Layers, each using only those below it: `cli`, `experiment`, `report` and `slo`, `stats`,
//! `scenario`, `model`, `measure`, `resource`, `engine`. `ARCHITECTURE.md` is the map.

pub mod cli;
pub mod engine;
pub mod experiment;
pub mod measure;
pub mod model;
pub mod report;
pub mod resource;
pub mod scenario;
pub mod slo;
pub mod stats;
