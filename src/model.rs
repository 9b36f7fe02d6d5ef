//! The site as it runs. No word of any product here: products are presets over these nouns.

pub mod attempt;
pub mod balance;
mod ban;
pub mod blueprint;
pub mod call;
pub mod connection;
mod direct;
pub mod event;
pub mod event_loop;
pub mod fault;
pub mod files;
pub mod health;
pub mod instance;
mod latch;
pub mod leaks;
pub mod log;
pub mod network;
pub mod pick;
pub mod pool;
pub mod program;
pub mod run;
pub mod shape;
pub mod site;
pub mod slots;
pub mod upstream;
pub mod view;
pub mod workload;
