//! What is recorded while a site runs: counts, histograms, areas under curves.

pub mod outcome;
pub mod recorder;
