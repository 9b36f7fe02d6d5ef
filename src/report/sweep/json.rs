//! `sweep.jsonl`, a line a point, and `sweep.json`, what they are points of.

use serde::Serialize;

use super::Told;
use crate::report::json;

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-sweep/1";

/// A sweep.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// `SCHEMA`.
    pub schema: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// A digest of all that it depends on.
    pub experiment: String,
    /// The scenario's name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The experiment's seed; `None`: it varies.
    pub seed: Option<u64>,
    /// All points have the same luck, or each its own.
    pub luck: &'static str,
    /// Replications of each point.
    pub replications: u32,
    /// Seconds before anything counts; `None`: they vary.
    pub warm_up_s: Option<f64>,
    /// Seconds measured, in each replication; `None`: they vary.
    pub duration_s: Option<f64>,
    /// How sure each interval is.
    pub confidence: f64,
    /// What is changed at all points: `path=value`.
    pub changes: Vec<String>,
    /// What varies, slowest first.
    pub parameters: Vec<Varied>,
    /// How many points there are.
    pub points: u64,
    /// Of the bytes of `sweep.csv` and `sweep.jsonl`.
    pub outputs_digest: String,
}

/// A parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Varied {
    /// Its path.
    pub path: String,
    /// How many values it has.
    pub values: u64,
}

/// A point, on one line.
pub fn point(told: &Told) -> String {
    json::compact(told)
}
