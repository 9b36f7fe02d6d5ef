//! What is recorded while a site runs: counts, histograms, areas under curves.

pub mod batch;
pub mod breach;
pub mod carried;
pub mod figures;
pub mod fold;
pub mod gauge;
pub mod histogram;
pub mod latency;
pub mod outcome;
pub mod phases;
mod piling;
pub mod record;
pub mod recorder;
mod rows;
pub mod series;
pub mod shape;
mod sparse;
pub mod stretch;
pub mod tally;
pub mod tape;
pub mod window;
