//! Replications and whole experiments; the only place with threads.

pub mod capacity;
pub mod check;
pub mod compare;
pub mod pilot;
pub mod precision;
pub mod replicate;
pub mod rounds;
pub mod study;
