//! Replications and whole experiments; the only place with threads.

pub mod capacity;
pub mod charter;
pub mod check;
pub mod compare;
pub mod ledger;
pub mod pilot;
pub mod precision;
pub mod replicate;
pub mod rounds;
pub mod study;
pub mod sweep;
