//! How much a site can bear, as a document: `capacity.json`, and what the terminal's and the
//! manager's report are written from.

pub mod markdown;
#[cfg(test)]
pub(super) mod sample;
pub mod terminal;
mod words;

use serde::Serialize;

pub use words::{load, not_even, roughly};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-capacity/2";

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
    /// What a million requests cost. `None`: there are no prices.
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

/// What happens if something is lost.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Losses {
    /// For so long, seconds.
    pub gone_s: f64,
    /// Replications of each; thrice as many where these leave it open.
    pub replications: u32,
    /// One of each kind.
    pub each: Vec<Loss>,
}

/// Something is lost at the safe load.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Loss {
    /// `crash of app.1`.
    pub name: String,
    /// How many there are of its kind: what holds for one holds for each.
    pub alike: u32,
    /// Whether all objectives are kept while it is gone.
    pub kept: Kept,
    /// The one that is missed by most.
    pub worst: Option<String>,
    /// By how much: what is bad over what may be.
    pub badness: Option<f64>,
    /// Requests that fail while it is gone.
    pub failed_share: Option<f64>,
    /// The highest load at which they are kept meanwhile and afterwards: a lower bound; `None`: none
    /// of those tried.
    pub survives: Option<Load>,
    /// Then the lowest load that was tried.
    pub not_even: Option<Load>,
    /// Whether all is well in the second half of as long a time after it is back.
    pub well_again: Kept,
    /// If it is not, what becomes of it at the safe load.
    pub later: Option<Later>,
    /// If it is never well while it is watched, what keeps it so.
    pub ending: Option<Ending>,
}

/// Whether objectives are kept, as far as a few replications can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Surely (95%).
    Yes,
    /// It can be either.
    Perhaps,
    /// Surely not (95%).
    No,
}

impl Loss {
    /// The safe load is borne without it.
    pub fn is_borne(&self) -> bool {
        self.kept == Kept::Yes && self.well_again == Kept::Yes
    }

    /// It is not, surely.
    pub fn is_missed(&self) -> bool {
        self.kept == Kept::No || self.well_again == Kept::No
    }
}

/// What becomes of a site that is not well in time although what it had lost is back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Later {
    /// It recovers slowly.
    Slow {
        /// Well in the second half of so long a time, seconds.
        within_s: f64,
    },
    /// It recovers slowly, and had not at the end.
    Draining {
        /// Seconds for which it was watched.
        watched_s: f64,
        /// After about so many more what has piled up is worked off.
        more_s: f64,
    },
    /// It stays bad though its twin that lost nothing is well, and nothing is worked off: hysteresis.
    Stays {
        /// Seconds for which it was watched.
        watched_s: f64,
    },
    /// Its twin is not well for so long either, or nobody can see whether what has piled up goes away.
    Unknown {
        /// Seconds for which it was watched.
        watched_s: f64,
    },
}

/// A site that was not well for as long as it was watched: the time of the loss and many times as long.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Ending {
    /// Share of visitors' requests that fail, of those that came once all was back. `None`: nobody came.
    pub failed_share: Option<f64>,
    /// Why most of them do.
    pub failing: Vec<Failing>,
    /// Servers that callers pass over for their failures, over all the time watched.
    pub banned: Vec<Banned>,
    /// Attempts that fail, inside of the site as well, for each request of a visitor, over all the time
    /// watched.
    pub failed_attempts: f64,
}

/// Visitors' requests that fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Failing {
    /// Where they fail first.
    pub service: String,
    /// `no server`, `response timeout`, …
    pub cause: String,
    /// Of all requests that came once all was back.
    pub share: f64,
}

/// Servers that are banned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Banned {
    /// The service that they belong to.
    pub servers: String,
    /// The service that calls them.
    pub by: String,
    /// Of the time of all servers in the eyes of all callers.
    pub share: f64,
}

/// What more machines bring.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Growth {
    /// Each service at other sizes, by the utilisation law.
    pub services: Vec<Grown>,
    /// What is full next once the first bottlenecks are relieved, tried.
    #[cfg_attr(test, serde(default))]
    pub turns: Vec<Turn>,
    /// What to add next, one after the other.
    pub steps: Vec<Step>,
    /// The service whose station is full first, at several sizes, simulated. `None`: nothing runs
    /// out, or no objective is missed.
    pub curves: Option<Curves>,
}

/// A site in which the first bottlenecks never run out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Turn {
    /// These: `CPU of app-2`.
    pub relieved: Vec<String>,
    /// What is full next, by the utilisation law.
    pub next: String,
    /// At so many requests a second.
    pub full_at_per_s: f64,
    /// The load that was tried, near that. `None`: not simulated, for it is so high, or not measured.
    pub tried: Option<Load>,
    /// What was busiest then, as measured.
    pub busiest: Option<Busy>,
    /// Whether that is what the law says, or as busy within 2%, and at least 80% of it is in use.
    pub is_next: Option<bool>,
}

/// A service at several sizes, all else as it is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Curves {
    /// Which.
    pub service: String,
    /// By instances.
    pub wider: Vec<Sized>,
    /// By cores of each of its hosts.
    pub taller: Vec<Sized>,
}

/// One of its sizes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Sized {
    /// Instances, or cores.
    pub size: u32,
    /// The bound, requests a second.
    pub bound_per_s: Option<f64>,
    /// Where the first objective is missed, as simulated: about, low, high. `None`: not near there.
    pub missed_at: Option<[Load; 3]>,
}

/// A service made larger.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Grown {
    /// Which.
    pub service: String,
    /// Instances that there are.
    pub from: u32,
    /// With these and more instances.
    pub wider: Vec<Size>,
    /// With half, as many, one and a half times and twice the cores of each host.
    pub taller: Vec<Size>,
}

impl Grown {
    /// With half, as many, one and a half times and twice the cores, as far as there are such numbers.
    pub(super) fn by_cores(&self) -> [Option<&Size>; 4] {
        // Twice as many is the last, and always there; half and half as many again may not be.
        let Some((twice, rest)) = self.taller.split_last() else { return [None; 4] };
        let now = twice.size / 2;
        let of = |is: &dyn Fn(u32) -> bool| rest.iter().find(|it| is(it.size));
        [of(&|size| size < now), of(&|size| size == now), of(&|size| size > now), Some(twice)]
    }
}

/// What a service could serve at one of its sizes.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Size {
    /// Instances, or cores of each.
    pub size: u32,
    /// Requests a second at which the first of its own stations is full, whatever else is. `None`:
    /// it cannot be done, or nothing of it runs out.
    pub alone_per_s: Option<f64>,
    /// Of the whole site with it.
    pub site_per_s: Option<f64>,
}

/// One more of what runs out first.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Step {
    /// `app: 5 instances`.
    pub what: String,
    /// What was the bottleneck before.
    pub relieves: String,
    /// The bound with it, requests a second.
    pub bound_per_s: f64,
    /// The load at which the first objective is missed with it, as simulated, about.
    pub missed_at: Option<Load>,
    /// Cost an hour with it; a machine with more cores is taken to cost as much more.
    pub cost_per_h: Option<f64>,
    /// So many steps before it, more of the same, are left out.
    pub skipped: u32,
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
}
