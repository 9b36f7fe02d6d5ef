//! What the products do, as promises: small scenarios with constant times, answers to the
//! millisecond.

#[path = "semantics/apps.rs"]
mod apps;
#[path = "support/compile.rs"]
mod compile;
#[path = "semantics/databases.rs"]
mod databases;
#[path = "semantics/haproxy.rs"]
mod haproxy;
#[path = "semantics/health.rs"]
mod health;
#[path = "semantics/lines.rs"]
mod lines;
#[path = "semantics/nginx.rs"]
mod nginx;
#[path = "semantics/pools.rs"]
mod pools;
#[path = "semantics/story.rs"]
mod story;
