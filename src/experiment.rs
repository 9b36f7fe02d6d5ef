//! Replications and whole experiments; the only place with threads.

pub mod replicate;
pub mod study;
