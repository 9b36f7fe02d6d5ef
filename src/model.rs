//! The site as it runs. No word of any product here: products are presets over these nouns.

pub mod balance;
pub mod blueprint;
pub mod call;
pub mod connection;
pub mod event;
pub mod fault;
pub mod files;
pub mod health;
pub mod instance;
pub mod leaks;
pub mod log;
pub mod network;
pub mod pool;
pub mod program;
pub mod run;
pub mod shape;
pub mod site;
pub mod upstream;
pub mod workload;
