//! The stations of a simulation: anything with a capacity and a queue. Nothing here schedules an
//! event or knows what a job is for: a station is told the time and says when it is due.

pub mod chunked;
pub mod cpu;
pub mod disk;
pub mod equilibrium;
pub mod line;
pub mod nic;
pub mod page_cache;
