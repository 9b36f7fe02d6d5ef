//! Who comes, when, and what for.

use super::{DelayId, EndpointId, LawId, RequestId, ServiceId};
use crate::engine::time::Instant;

/// A kind of request that visitors make.
#[derive(Clone, Debug)]
pub struct Request {
    /// As in the file.
    pub name: String,
    /// `POST /checkout`.
    pub label: String,
    /// Whether it may be repeated safely (not POST, PATCH, LOCK).
    pub is_idempotent: bool,
    /// Hash of its name.
    pub place: u64,
}

/// A source of visitors. Its visitors are the (one) process of an instance of a service of its own.
#[derive(Clone, Debug)]
pub struct Workload {
    /// As in the file.
    pub name: String,
    /// Hash of its name: of the visitors' keys and the arrival stream.
    pub place: u64,
    /// The service of its visitors.
    pub service: ServiceId,
    /// When they come.
    pub arrivals: Arrivals,
    /// What they want: cumulative probability (of 2^53), kind, and the visitor's own endpoint, whose
    /// program makes the call.
    pub mix: Vec<Choice>,
    /// Seconds until a visitor gives up. `None`: never.
    pub patience: Option<LawId>,
    /// `patience` as a constant, if it is one.
    pub patience_delay: Option<DelayId>,
    /// One-way seconds to the site, drawn for each visitor. `None`: those of their zone.
    pub latency: Option<LawId>,
    /// Bits a second of a visitor's own line. `None`: unlimited.
    pub bandwidth: Option<u64>,
    /// It is a spike on top of another workload, its visitors further ones: the event (index).
    pub spike: Option<u32>,
}

/// One entry of a mix.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Cumulative probability, of 2^53.
    pub below: u64,
    /// What is asked.
    pub request: RequestId,
    /// The visitor's program for it.
    pub endpoint: EndpointId,
}

/// When visitors come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// From outside, at a rate.
    Open {
        /// Visitors' gaps at unit rate.
        gaps: Gaps,
        /// The rate over time.
        rate: Rate,
        /// How many come at once. `None`: one.
        batch: Option<LawId>,
    },
    /// So many users, each of whom thinks, asks, and waits for the answer.
    Closed {
        /// How many.
        users: u32,
        /// Seconds of thought before each request.
        think: LawId,
    },
}

/// Gaps between arrivals, at unit rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Exponential: a Poisson process.
    Poisson,
    /// All the same.
    Even,
    /// Erlang with so many stages.
    Erlang(u32),
}

/// A rate over time: straight lines between knots, constant before the first and after the last.
#[derive(Clone, Debug)]
pub struct Rate {
    /// (instant of the simulation's clock, arrivals a second), in the order of time; at least one.
    pub knots: Vec<(Instant, f64)>,
}
