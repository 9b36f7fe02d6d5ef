//! What is kept of an experiment so that another one can be held against it: a scenario as it was,
//! and a few numbers of each replication. Written as `replications.json` among the results.

use serde::{Deserialize, Serialize};

use super::objective::{limit, place};
use crate::{
    engine::{digest::Digest, time::Instant},
    measure::{
        fold::Fold,
        phases::Sliced,
        record::{About, Figure, Kind, Record, Resolution, Unit, kinds, percentile},
        shape::Shape,
    },
    model::blueprint::{Blueprint, Objective, Promise},
    stats::interval::Estimate,
};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-replications/5";

/// How the names of figures by request type begin.
pub(super) const OF_TYPE: &str = "request ";

/// An experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// `SCHEMA`.
    pub schema: String,
    /// Of the program that ran it.
    pub version: String,
    /// The scenario's name.
    pub name: String,
    /// The experiment's seed.
    pub seed: u64,
    /// The scenario with every default filled in, for people.
    pub scenario: String,
    /// Where the measured window began, nanoseconds; it may have been found by pilots.
    pub warm_up_ns: u64,
    /// How long that was, nanoseconds.
    pub window_ns: u64,
    /// Unfinished work piles up for as long as the load lasts: there is no steady state to compare.
    pub piles_up: bool,
    /// Names and requirements of its objectives.
    pub objectives: Vec<Promised>,
    /// Of objectives that are percentiles: that of all replications together, in seconds, which is not the mean of
    /// theirs; `None` if failures are beyond it.
    pub percentiles: Vec<Option<f64>>,
    /// Its figures, in the order in which each replication has them.
    pub figures: Vec<Named>,
    /// One for each replication, from number 0.
    pub records: Vec<Record>,
    /// Of all that, against torn files.
    pub digest: String,
}

/// An objective by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promised {
    /// As in the scenario.
    pub name: String,
    /// As in the scenario.
    pub require: String,
    /// What it is about, whatever its limit: `p(95)`.
    pub measures: String,
    /// What it was to be below or above: of a percentile its time, in seconds.
    pub limit: f64,
    /// Where and when, in words.
    pub scope: String,
    /// How long it is looked at, in seconds.
    pub window_s: f64,
    /// As in the scenario: a share.
    pub margin: f64,
}

/// A figure by its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// `page p99`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// A larger value is better, rather than worse.
    pub more_is_better: bool,
    /// How closely it is known.
    pub resolution: Resolution,
    /// Of all replications together; `None`: no data.
    pub value: Option<f64>,
    /// How well.
    pub known: Known,
}

/// What the interval of a figure is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It covers as often as it says.
    Well,
    /// From few observations it covers less often.
    Roughly,
    /// From next to none there is no interval.
    Hardly,
}

impl Known {
    fn of(it: &Estimate) -> Known {
        match it {
            Estimate { low: None, .. } => Known::Hardly,
            Estimate { is_rough: true, .. } => Known::Roughly,
            _ => Known::Well,
        }
    }
}

/// The names of a record's figures, in its order: `request page: p99`.
pub fn names(site: &Blueprint, shape: &Shape) -> Vec<String> {
    let name = |kind: Kind| match kind.about {
        About::Site => format!("all requests: {}", kind.name),
        About::Request(index) => {
            format!("{OF_TYPE}{}: {}", site.requests[index as usize].name, kind.name)
        }
        About::Service(index) => {
            format!("service {}: {}", site.services[index as usize].name, kind.name)
        }
        About::Host(index) => format!("host {}: {}", site.hosts[index as usize].name, kind.name),
    };
    kinds(shape).into_iter().map(name).collect()
}

impl Promised {
    /// Of an objective.
    pub fn of(site: &Blueprint, it: &Objective) -> Promised {
        let start = Instant::ZERO + site.warm_up;
        let (from, until) = (it.from.since(start).seconds(), it.until.since(start).seconds());
        let whole = site.duration.seconds();
        let place = place(site, it);
        let scope = if (from, until) == (0.0, whole) {
            place
        } else {
            format!("{place}, {from} s to {until} s")
        };
        Promised {
            name: it.name.clone(),
            require: it.require.clone(),
            measures: measures(it),
            limit: limit(it),
            scope,
            window_s: until - from,
            margin: it.margin,
        }
    }

    /// How another of this name is about something else.
    pub fn otherwise(&self, now: &Promised) -> String {
        // The same words may be said of different quantities.
        let is_reworded = self.require != now.require;
        let about = |it: &Promised| {
            let what = if is_reworded { &it.require } else { &it.measures };
            format!("`{what}`, {}", it.scope)
        };
        format!("it was {}, and is {}", about(self), about(now))
    }

    /// Whether both are about the same quantity, whatever is required of it.
    pub fn is_about_the_same(&self, other: &Promised) -> bool {
        (&self.name, &self.measures, &self.scope) == (&other.name, &other.measures, &other.scope)
    }
}

/// What an objective is about, in the words of `require`.
fn measures(it: &Objective) -> String {
    // Shares are binary; the digits people wrote come back.
    let percentile = |share: f64| format!("p({})", (share * 1e10).round() / 1e8);
    match it.promise {
        Promise::Percentile { share, .. } if it.successes_only => {
            format!("{} of successes", percentile(share))
        }
        Promise::Percentile { share, .. } => percentile(share),
        Promise::Mean { .. } => "mean".to_owned(),
        Promise::Success { .. } => "success".to_owned(),
        Promise::Throughput { .. } => "throughput".to_owned(),
        Promise::Utilisation { of, .. } => format!("utilisation({})", of.name()),
        Promise::Queue { .. } => "queue".to_owned(),
        Promise::Lag { share: None, .. } => "lag".to_owned(),
        Promise::Lag { share: Some(share), .. } => format!("lag {}", percentile(share)),
        Promise::Recovery(_) => "recovery".to_owned(),
        Promise::Budget(_) => "error_budget".to_owned(),
    }
}

impl Recorded {
    /// Of replications from number 0 on. `scenario`: with every default filled in. `estimates`: the figures of all
    /// together, in the order of the records. `piles_up`: as it was diagnosed.
    pub fn new(
        (site, scenario): (&Blueprint, &str),
        fold: &Fold,
        estimates: &[Estimate],
        piles_up: bool,
    ) -> Recorded {
        let shape = &fold.pool.shape;
        let objectives = site.objectives.iter().map(|it| Promised::of(site, it));
        let percentiles = shape.objectives.iter().zip(&fold.pool.objectives);
        let all = kinds(shape).into_iter().zip(names(site, shape)).zip(estimates);
        let named = all.map(|((kind, name), estimate)| Named {
            name,
            unit: kind.unit,
            more_is_better: kind.more_is_better,
            resolution: kind.resolution(),
            value: estimate.value,
            known: Known::of(estimate),
        });
        let mut recorded = Recorded {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: site.name.clone(),
            seed: site.seed,
            scenario: scenario.to_owned(),
            warm_up_ns: site.warm_up.nanos(),
            window_ns: site.duration.nanos(),
            piles_up,
            objectives: objectives.collect(),
            percentiles: percentiles.map(|(it, counted)| percentile(it, counted)).collect(),
            figures: named.collect(),
            records: fold.records.clone(),
            digest: String::new(),
        };
        recorded.digest = recorded.own_digest();
        recorded
    }

    /// Whether all of it is there as it was written.
    pub fn is_whole(&self) -> bool {
        let widths = self.records.iter().all(|it| {
            it.figures.len() == self.figures.len() && it.objectives.len() == self.objectives.len()
        });
        let is_each = self.percentiles.len() == self.objectives.len();
        widths && is_each && !self.records.is_empty() && self.digest == self.own_digest()
    }

    fn own_digest(&self) -> String {
        let mut digest = Digest::new();
        for text in [&self.schema, &self.version, &self.name, &self.scenario] {
            digest.fold_bytes(text.as_bytes());
        }
        digest.fold(self.seed);
        digest.fold(self.warm_up_ns);
        digest.fold(self.window_ns);
        digest.fold(u64::from(self.piles_up));
        for it in &self.objectives {
            digest.fold_bytes(it.name.as_bytes());
            digest.fold_bytes(it.require.as_bytes());
            digest.fold_bytes(it.measures.as_bytes());
            digest.fold(it.limit.to_bits());
            digest.fold_bytes(it.scope.as_bytes());
            digest.fold(it.window_s.to_bits());
            digest.fold(it.margin.to_bits());
        }
        // A figure is finite, so no number has the bits of "none".
        let bits = |it: &Option<f64>| it.map_or(u64::MAX, f64::to_bits);
        self.percentiles.iter().for_each(|it| digest.fold(bits(it)));
        for it in &self.figures {
            digest.fold_bytes(it.name.as_bytes());
            digest.fold(bits(&it.value));
            digest.fold(it.known as u64);
        }
        for record in &self.records {
            for figure in &record.figures {
                let sums = figure.map(Figure::sums);
                digest.fold(bits(&sums.map(|it| it.0)));
                digest.fold(bits(&sums.map(|it| it.1)));
            }
            for seen in &record.objectives {
                digest.fold(seen.count);
                seen.beyond.iter().for_each(|&beyond| digest.fold(beyond));
                digest.fold(seen.sum_s.to_bits());
                digest.fold(seen.squares_s2.to_bits());
                seen.nearer.iter().for_each(|&count| digest.fold(count));
                digest.fold(bits(&seen.value));
                for slice in &seen.slices {
                    digest.fold(u64::from(slice[0]) << 32 | u64::from(slice[1]));
                }
                if let Some(Sliced { slices, bad, silent, last }) = seen.sliced {
                    for bits in [slices, bad, silent].map(f64::to_bits) {
                        digest.fold(bits);
                    }
                    for count in [last.count, last.bad, last.silent] {
                        digest.fold(count);
                    }
                }
            }
        }
        digest.to_string()
    }
}
