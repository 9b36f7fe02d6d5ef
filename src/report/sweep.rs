//! What the points of a sweep say: each by itself, in a table and in lines of JSON as they are done,
//! and all together on a page and in pictures.

pub mod csv;
pub mod json;
pub mod page;
pub mod plot;

use std::sync::Arc;

use serde::Serialize;

use super::{
    diagnosis::{Resource, Stability},
    summary::{Summary, VISITORS},
};
use crate::{
    measure::{
        figures::{CallFigures, RequestFigures},
        record::Unit,
    },
    slo::objective::Measured,
    stats::interval::Estimate,
};

/// A parameter and its value at a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The setting's path.
    pub path: String,
    /// Its value, as it would be written in the file, without quotes.
    pub value: String,
}

/// A figure of a point.
#[derive(Clone, Debug, Serialize)]
pub struct Measure {
    /// `all requests`, `request page`, `service app`, `host app-2`, `objective …`.
    pub about: Arc<str>,
    /// `p99`.
    pub measure: &'static str,
    /// `s`, `1/s`, `share`, `calls`.
    pub unit: &'static str,
    /// The figure with its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
}

/// All that a point says.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Its number, from 0.
    pub point: u64,
    /// Where it is.
    pub settings: Vec<Setting>,
    /// How many replications are behind it.
    pub replications: u32,
    /// Above capacity there is no steady state: figures then depend on how long was looked.
    pub stability: Stability,
    /// What gives in first, the busiest first.
    pub busiest: Vec<Resource>,
    /// What was promised.
    pub objectives: Vec<Measured>,
    /// Its figures.
    pub measures: Vec<Measure>,
    /// Key, end and outcome of each request, in order.
    pub events_digest: String,
}

/// How many of the busiest resources are named.
const BUSIEST: usize = 3;

/// A value without the quotes of a text.
pub fn bare(value: &str) -> String {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value).to_owned()
}

impl Told {
    /// Of a point. `settings`: paths and values as in the file.
    pub fn new(
        point: u64,
        settings: impl Iterator<Item = (String, String)>,
        summary: Summary,
    ) -> Told {
        let measures = measures(&summary);
        let mut busiest = summary.diagnosis.busiest;
        busiest.truncate(BUSIEST);
        Told {
            point,
            settings: settings.map(|(path, value)| Setting { path, value: bare(&value) }).collect(),
            replications: summary.scenario.replications,
            stability: summary.diagnosis.stability,
            busiest,
            objectives: summary.objectives,
            measures,
            events_digest: summary.events_digest,
        }
    }

    /// A figure by its names.
    pub fn measure(&self, about: &str, measure: &str) -> Option<&Measure> {
        self.measures.iter().find(|it| *it.about == *about && it.measure == measure)
    }
}

const SECONDS: &str = "s";
const PER_SECOND: &str = "1/s";
const SHARE: &str = "share";
const CALLS: &str = "calls";

fn measures(summary: &Summary) -> Vec<Measure> {
    let mut all = Vec::new();
    let about = Arc::from("all requests");
    requests(&about, &summary.site.figures, &mut all);
    all.push(Measure {
        about,
        measure: "in flight max",
        unit: CALLS,
        estimate: summary.whole.in_flight_max,
    });
    for it in &summary.requests {
        requests(&named("request", &it.name), &it.figures, &mut all);
    }
    for objective in &summary.objectives {
        let unit = match objective.unit {
            Unit::Share => SHARE,
            Unit::Seconds => SECONDS,
            Unit::PerSecond => PER_SECOND,
            Unit::Calls => CALLS,
        };
        let about = named("objective", &objective.name);
        all.push(Measure { about, measure: "measured", unit, estimate: objective.estimate });
    }
    for it in summary.services.iter().filter(|it| it.kind != VISITORS) {
        calls(&named("service", &it.name), &it.figures, &mut all);
    }
    for it in &summary.hosts {
        let about = named("host", &it.name);
        let figures = &it.figures;
        for (measure, estimate) in [
            ("CPU", figures.cpu_utilisation),
            ("NIC out", figures.sending_utilisation),
            ("NIC in", figures.receiving_utilisation),
            ("disk", figures.disk_utilisation),
            ("page cache hits", figures.page_cache_hit_share),
        ] {
            all.push(Measure { about: about.clone(), measure, unit: SHARE, estimate });
        }
    }
    for it in &summary.instances {
        let about = named("instance", &it.name);
        for (measure, unit, estimate) in [
            (it.workers_kind, SHARE, it.own.utilisation),
            ("lag mean", SECONDS, it.own.lag_mean_s),
            ("lag p99", SECONDS, it.own.lag_p99_s),
            ("lag max", SECONDS, it.own.lag_max_s),
        ] {
            all.push(Measure { about: Arc::clone(&about), measure, unit, estimate });
        }
    }
    // What is not there at all is no row.
    all.retain(|it| it.estimate.value.is_some());
    all
}

fn named(kind: &str, name: &str) -> Arc<str> {
    format!("{kind} {name}").into()
}

fn requests(about: &Arc<str>, figures: &RequestFigures<Estimate>, all: &mut Vec<Measure>) {
    let (rates, ok) = (&figures.rates, &figures.ok);
    for (measure, unit, estimate) in [
        ("offered", PER_SECOND, rates.offered_per_s),
        ("throughput", PER_SECOND, rates.throughput_per_s),
        ("success", SHARE, rates.success_share),
        ("mean", SECONDS, ok.mean_s),
        ("p50", SECONDS, ok.p50_s),
        ("p90", SECONDS, ok.p90_s),
        ("p95", SECONDS, ok.p95_s),
        ("p99", SECONDS, ok.p99_s),
        ("p99.9", SECONDS, ok.p99_9_s),
        ("max of a run", SECONDS, ok.max_s),
    ] {
        all.push(Measure { about: Arc::clone(about), measure, unit, estimate });
    }
}

fn calls(about: &Arc<str>, figures: &CallFigures<Estimate>, all: &mut Vec<Measure>) {
    for (measure, unit, estimate) in [
        ("throughput", PER_SECOND, figures.throughput_per_s),
        ("failed", SHARE, figures.failed_share),
        ("refused", SHARE, figures.refused_share),
        ("time mean", SECONDS, figures.sojourn_mean_s),
        ("time p50", SECONDS, figures.sojourn_p50_s),
        ("time p95", SECONDS, figures.sojourn_p95_s),
        ("time p99", SECONDS, figures.sojourn_p99_s),
        ("wait mean", SECONDS, figures.wait_mean_s),
        ("wait p99", SECONDS, figures.wait_p99_s),
        ("in it", CALLS, figures.in_system_mean),
        ("in it max", CALLS, figures.in_system_max),
        ("waiting", CALLS, figures.waiting_mean),
        ("waiting max", CALLS, figures.waiting_max),
        ("buffer pool hits", SHARE, figures.buffer_pool_hit_share),
    ] {
        all.push(Measure { about: Arc::clone(about), measure, unit, estimate });
    }
}
