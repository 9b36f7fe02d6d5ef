//! How much a site can bear, as a document: `capacity.json`, and what the terminal's and the
//! manager's report are written from.

mod growth;
mod losses;
pub mod markdown;
#[cfg(test)]
pub(super) mod sample;
pub mod terminal;
mod words;

use serde::Serialize;

pub use self::{
    growth::{Curves, Grown, Growth, Size, Sized, Step, Turn},
    losses::{Banned, Ending, Failing, Kept, Later, Loss, Losses},
    words::{fails, load, not_even, roughly, unit},
};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-capacity/3";

/// Everything.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Capacity {
    /// `SCHEMA`.
    pub schema: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// Digest of the scenario's text, its changes and the options: whose report it is.
    #[cfg_attr(test, serde(default))]
    pub experiment: String,
    /// What was asked about.
    pub scenario: Scenario,
    /// How sure the safe load is.
    pub confidence: f64,
    /// What came of it.
    pub answer: Answer,
    /// The highest load that surely holds all objectives.
    pub safe: Option<Safe>,
    /// Where each objective is missed.
    pub objectives: Vec<Limit>,
    /// Loads that miss although a higher one holds.
    pub islands: Vec<Load>,
    /// What is known without simulating.
    pub operational: Known,
    /// What was measured, load by load.
    pub curve: Vec<Point>,
    /// Where latency begins to cost more than throughput gains, of the loads tried. `None`: it does at
    /// none of them.
    pub knee: Option<Load>,
    /// Where all that was tried holds: the next load, left out for it takes so many requests.
    #[cfg_attr(test, serde(default))]
    pub untried: Option<Left>,
    /// What is busiest at the safe load, as measured.
    pub busiest: Vec<Busy>,
    /// What the law says is full first, where it was measured to be less busy than that.
    #[cfg_attr(test, serde(default))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eased: Option<Eased>,
    /// What happens if something is lost. `None`: not asked.
    pub losses: Option<Losses>,
    /// What more machines bring. `None`: not asked.
    pub growth: Option<Growth>,
    /// What a million answered requests cost. `None`: there are no prices.
    pub cost: Option<Cost>,
    /// How it was found.
    pub method: Method,
    /// What the model leaves out.
    pub unmodelled: Vec<String>,
}

/// A station that is less busy than the utilisation law says, for requests that fail before they get there ask
/// nothing of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Eased {
    /// Its name.
    pub name: String,
    /// Where that was seen.
    pub load: Load,
    /// How busy it was …
    pub utilisation: f64,
    /// … and how busy it should have been.
    pub by_law: f64,
}

/// What was asked about.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Scenario {
    /// Its file's name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The experiment's seed.
    pub seed: u64,
    /// For how long a load has to be borne, seconds.
    pub sustained_s: f64,
    /// Simulated before that, seconds.
    pub warm_up_s: f64,
    /// The load that it has itself.
    pub load: Load,
}

/// A load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Load {
    /// So many times the scenario's own.
    pub factor: f64,
    /// Requests a second that come from outside.
    pub per_s: Option<f64>,
    /// Users who come back.
    pub users: Option<u64>,
}

/// What came of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// There is a safe load.
    Found,
    /// Not even the smallest load holds all objectives.
    NoLoad,
    /// No load misses any, however far beyond what the site can serve.
    EveryLoad,
    /// What seemed safe was not confirmed.
    Unconfirmed,
}

/// The highest load that surely holds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Safe {
    /// The load: a lower bound.
    pub load: Load,
    /// The best guess of where the first objective is missed, with its interval.
    pub missed_at: Option<[Load; 3]>,
    /// Which objective that is.
    pub limited_by: Option<String>,
    /// How much more than the scenario's own load that is, as a share of the latter.
    pub headroom: f64,
    /// What the first station is used at, by the utilisation law.
    pub utilisation: Option<f64>,
    /// Seconds after which the site has forgotten how it began, at that load, by the order of magnitude.
    /// `None`: who would have to wait is turned away.
    pub relaxation_s: Option<f64>,
    /// The stated time is short against that.
    pub is_short: bool,
    /// Replications on fresh seeds that confirmed it.
    pub confirmed_by: u32,
    /// What was not to be seen on these, none of which by itself missed an objective.
    #[cfg_attr(test, serde(default))]
    pub unseen: Option<Unseen>,
    /// How far below the best guess of the first miss it lies, of that.
    pub below: f64,
    /// That is more than was asked for.
    pub is_coarse: bool,
    /// All replications of a load that there may be were looked at.
    #[cfg_attr(test, serde(default))]
    pub is_spent: bool,
    /// It is the most that the hardware's bound allows, whatever the objectives do.
    #[cfg_attr(test, serde(default))]
    pub is_capped: bool,
}

/// What is not known of replications that go wrong as a whole.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Unseen {
    /// Of what hits fewer than one in so many of them.
    pub once_in: f64,
    /// One in so many would break the promise, as bad as the worst that the search saw where most are well.
    /// `None`: such would have been seen.
    pub breaks_it: Option<f64>,
}

/// A load that was left out.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Left {
    /// Which.
    pub load: Load,
    /// What it takes.
    pub requests: f64,
}

/// An objective, and where it is missed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Limit {
    /// As in the scenario.
    pub name: String,
    /// As it was written.
    pub require: String,
    /// Best guess, low, high. `None`: it was not missed where it was looked for.
    pub missed_at: Option<[Load; 3]>,
    /// Where it is missed, most of what counts against it is requests that are not over at the end.
    #[cfg_attr(test, serde(default))]
    pub is_unfinished: bool,
}

/// What is known at once.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize), serde(bound(deserialize = "'de: 'static")))]
pub struct Known {
    /// No load of this mix can be more, requests a second.
    pub bound_per_s: Option<f64>,
    /// The same as a load.
    pub bound: Option<Load>,
    /// It is that of the mix at no load, and no bound: the mix changes with the load.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, serde(default))]
    pub mix_changes: bool,
    /// Seconds until an answer at no load.
    pub no_load_s: f64,
    /// It takes longer where things that go on side by side are in each other's way.
    #[cfg_attr(test, serde(default))]
    pub forks: bool,
    /// By kind of request.
    pub requests: Vec<Demanded>,
    /// What saturates first, next, and so on.
    pub stations: Vec<Station>,
    /// What is not known without simulating.
    pub unknown: Vec<String>,
    /// What the scenario has in store: it happens at every load alike.
    #[cfg_attr(test, serde(default))]
    pub events: Vec<Event>,
    /// Promised throughputs, which go with the load.
    #[cfg_attr(test, serde(default))]
    pub promised: Vec<Promised>,
}

/// An event of the scenario.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Event {
    /// `crash of app.2`.
    pub name: String,
    /// Seconds after the warm-up.
    pub at_s: f64,
    /// For so many seconds. `None`: until the end.
    pub lasts_s: Option<f64>,
}

/// A throughput that is promised: at another load it is as much more or less.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Promised {
    /// The objective's name.
    pub objective: String,
    /// As a share of what comes of that. `None`: what comes is not even, or waits for answers.
    pub of_what_comes: Option<f64>,
}

/// A kind of request.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Demanded {
    /// As in the scenario.
    pub name: String,
    /// Share of all requests.
    pub share: f64,
    /// Seconds until its answer at no load.
    pub no_load_s: f64,
}

/// A station.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Station {
    /// `CPU of app-2`.
    pub name: String,
    /// Whose.
    pub service: String,
    /// `CPU`, `workers`, …
    pub kind: &'static str,
    /// What one request asks of it: seconds, bits, bytes, operations.
    pub demand: f64,
    /// The same of a request of each kind, in the order of `requests`.
    pub demands: Vec<f64>,
    /// How many at once, or how much a second.
    pub capacity: f64,
    /// Share in use at the scenario's own load.
    pub utilisation: f64,
    /// Requests a second at which all of it is.
    pub saturates_at_per_s: f64,
    /// It may saturate earlier: what is known is a bound.
    pub is_least: bool,
}

/// What was measured at a load.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Point {
    /// Which.
    pub load: Load,
    /// How often.
    pub replications: u32,
    /// Requests a second that were answered well.
    pub answered_per_s: Option<f64>,
    /// Latency of successes, seconds: mean, p50, p95, p99.
    pub latency_s: [Option<f64>; 4],
    /// By objective: how near its limit it was, low, high; 1 is the limit.
    pub badness: Vec<Option<[f64; 3]>>,
}

/// A resource in use.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Busy {
    /// `CPU of app-2`.
    pub name: String,
    /// Share in use.
    pub utilisation: f64,
}

/// What it costs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Cost {
    /// `USD`.
    pub currency: String,
    /// All hosts.
    pub per_h: f64,
    /// Of requests that are answered at the safe load.
    pub per_million: Option<f64>,
    /// Of those that are at the scenario's own, if that was tried.
    pub per_million_now: Option<f64>,
    /// Hosts without a price.
    pub unpriced: u32,
}

/// How it was found.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Method {
    /// Replications in all.
    pub replications: u64,
    /// Requests simulated in all, in measured windows.
    pub requests: u64,
    /// Loads tried.
    pub loads: u32,
    /// How far below the first miss the safe load might lie, of it.
    pub precision: f64,
    /// What was tried for confirmation.
    pub attempts: Vec<Attempt>,
}

/// A load that was to be confirmed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Attempt {
    /// Which.
    pub load: Load,
    /// On so many fresh replications.
    pub replications: u32,
    /// All objectives were met.
    pub is_met: bool,
    /// What kept it from that.
    pub says: Option<String>,
    /// Work piled up at it, so that more replications would not help.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, serde(default))]
    pub piles_up: bool,
}
