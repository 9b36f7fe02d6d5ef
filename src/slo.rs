//! Objectives: what was promised, and what was counted.

pub mod objective;
