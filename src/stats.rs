//! Numbers in, numbers out: intervals over replications.

pub mod interval;
