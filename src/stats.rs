//! Numbers in, numbers out: estimates from replications, what they leave open, and verdicts.

pub mod batches;
pub mod binomial;
pub mod bursts;
pub mod clustering;
pub mod comparison;
#[cfg(test)]
mod coverage;
pub mod estimator;
pub mod interval;
pub mod isotonic;
pub mod maximum;
pub mod multiple;
pub mod percentile;
pub mod ratio;
pub mod share;
pub mod spending;
pub mod student;
pub mod survival;
#[cfg(test)]
mod trial;
pub mod warm_up;
