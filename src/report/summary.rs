//! All that an experiment says, by name: the document that `summary.json` is, and that the
//! terminal's report is printed from.

use serde::Serialize;

use super::{
    diagnosis::{Diagnosis, diagnose},
    estimates::estimates,
    one_run::no_batches,
    precise::Precise,
};
use crate::{
    measure::{
        figures::{
            CallFigures, Figures, HostFigures, InstanceFigures, RequestFigures, SiteFigures,
            UpstreamFigures,
        },
        fold::Fold,
        gauge::LevelTimes,
        outcome::Cause,
        tally::{Causes, RequestTally, Tally},
    },
    model::{
        blueprint::{Blueprint, Serving},
        shape::windows as named_windows,
    },
    slo::{objective::Measured, one_run::Batches},
    stats::{
        batches::TooShort,
        interval::{CONFIDENCE, Estimate},
    },
};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-summary/2";
/// The kind of service that visitors are.
pub const VISITORS: &str = "visitors";

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// `SCHEMA`.
    pub schema: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// What ran.
    pub scenario: Scenario,
    /// How sure each interval is.
    pub confidence: f64,
    /// Why a long run alone gives no intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_batches: Option<String>,
    /// What was to be known precisely.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub precision: Vec<Precise>,
    /// All requests.
    pub site: Requests,
    /// Levels of the whole site.
    #[serde(flatten)]
    pub whole: SiteFigures<Estimate>,
    /// All requests before, during and after each event.
    pub windows: Vec<Window>,
    /// By request type.
    pub requests: Vec<Requests>,
    /// What was promised.
    pub objectives: Vec<Measured>,
    /// What gives in first.
    pub diagnosis: Diagnosis,
    /// By service.
    pub services: Vec<Service>,
    /// By instance.
    pub instances: Vec<Instance>,
    /// By host.
    pub hosts: Vec<Host>,
    /// By upstream.
    pub upstreams: Vec<Upstream>,
    /// Of workloads: where visitors themselves met the failure, not a service on their behalf.
    pub visitors: Vec<Blame>,
    /// Key, end and outcome of each request, in order.
    pub events_digest: String,
}

/// What ran.
#[derive(Clone, Debug, Serialize)]
pub struct Scenario {
    /// Its file.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The experiment's seed.
    pub seed: u64,
    /// How often.
    pub replications: u32,
    /// Seconds before anything counts.
    pub warm_up_s: f64,
    /// Seconds measured, in each replication.
    pub duration_s: f64,
    /// Seconds after which what has not ended is unfinished.
    pub drain_s: f64,
}

/// So many failures for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failures {
    /// The reason.
    pub cause: &'static str,
    /// How many.
    pub count: u64,
}

/// Requests that failed first at one place.
#[derive(Clone, Debug, Serialize)]
pub struct Blame {
    /// Which workload.
    pub name: String,
    /// Why, the most frequent first.
    pub blamed: Vec<Failures>,
}

/// Requests of a type, or all.
#[derive(Clone, Debug, Serialize)]
pub struct Requests {
    /// `page`; of all: `site`.
    pub name: String,
    /// `GET /product/*`.
    pub label: String,
    /// Arrived in the window, in all replications.
    pub count: u64,
    /// Failed, by cause.
    pub failures: Vec<Failures>,
    /// Rates and latencies.
    #[serde(flatten)]
    pub figures: RequestFigures<Estimate>,
}

/// All requests within a stretch of the window.
#[derive(Clone, Debug, Serialize)]
pub struct Window {
    /// From here, seconds after the beginning of the window …
    pub from_s: f64,
    /// … to here.
    pub until_s: f64,
    /// What was seen: named `during crash of app.2`.
    #[serde(flatten)]
    pub all: Requests,
    /// The same by request type.
    pub requests: Vec<Requests>,
}

/// A service.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    /// As in the scenario.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// How many instances.
    pub instances: u32,
    /// Calls that arrived in the window, in all replications.
    pub calls: u64,
    /// Failed calls, by cause.
    pub failures: Vec<Failures>,
    /// Visitors' requests that failed here first, by cause.
    pub blamed: Vec<Failures>,
    /// Calls that ended when nobody was left to answer.
    pub wasted: u64,
    /// Rates and times.
    #[serde(flatten)]
    pub figures: CallFigures<Estimate>,
}

/// An instance.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// `web.2`.
    pub name: String,
    /// Its service.
    pub service: String,
    /// Its host.
    pub host: String,
    /// What runs requests: `workers` or `loops`.
    pub workers_kind: &'static str,
    /// How many of them; `None`: no limit.
    pub workers: Option<u32>,
    /// Calls that arrived in the window, in all replications.
    pub calls: u64,
    /// Failed calls, by cause.
    pub failures: Vec<Failures>,
    /// Rates and times.
    #[serde(flatten)]
    pub figures: CallFigures<Estimate>,
    /// What runs the calls, and replication.
    #[serde(flatten)]
    pub own: InstanceFigures<Estimate>,
    /// Transactions applied, as a replica.
    pub applied: u64,
    /// Share of time with 0, 1, 2, … calls in it; the 65th entry is for 64 and more.
    pub in_system_time_share: Vec<f64>,
    /// Share of time with 0, 1, 2, … calls waiting.
    pub waiting_time_share: Vec<f64>,
}

/// A host.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// As in the scenario.
    pub name: String,
    /// Processors.
    pub cores: u32,
    /// Utilisations.
    #[serde(flatten)]
    pub figures: HostFigures<Estimate>,
}

/// An upstream.
#[derive(Clone, Debug, Serialize)]
pub struct Upstream {
    /// As in the scenario.
    pub name: String,
    /// Who calls.
    pub caller: String,
    /// Who is called.
    pub callee: String,
    /// Failed attempts, by cause; a call may have had several.
    pub failed_attempts: Vec<Failures>,
    /// Queue and failures.
    #[serde(flatten)]
    pub figures: UpstreamFigures<Estimate>,
}

impl Summary {
    /// Puts names and intervals to what was measured.
    pub fn new(site: &Blueprint, fold: &Fold) -> Summary {
        let pool = &fold.pool;
        let figures = estimates(site, fold);
        let batches = Batches::of(fold);
        let measured = |index| Measured::of_experiment(site, index, fold, &batches, CONFIDENCE);
        let mut summary = Summary {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            scenario: scenario(site, pool.replications),
            confidence: CONFIDENCE,
            no_batches: no_batches(site, pool).map(TooShort::reason),
            precision: Vec::new(),
            site: of_requests("site", "all requests", &pool.site(), &figures.site),
            whole: figures.whole.clone(),
            windows: windows(site, pool, &figures),
            requests: by_type(site, &pool.requests, &figures.requests),
            objectives: (0..site.objectives.len()).map(measured).collect(),
            diagnosis: Diagnosis::default(),
            services: services(site, pool, &figures),
            instances: instances(site, pool, &figures),
            hosts: hosts(site, &figures),
            upstreams: upstreams(site, pool, &figures),
            visitors: visitors(site, pool),
            events_digest: pool.events.to_string(),
        };
        summary.diagnosis = diagnose(site, &summary, fold);
        summary
    }
}

fn scenario(site: &Blueprint, replications: u32) -> Scenario {
    Scenario {
        name: site.name.clone(),
        title: site.title.clone(),
        seed: site.seed,
        replications,
        warm_up_s: site.warm_up.seconds(),
        duration_s: site.duration.seconds(),
        drain_s: site.drain.seconds(),
    }
}

/// Causes with their counts, the most frequent first; what did not fail is left out.
fn failures(causes: &Causes) -> Vec<Failures> {
    let counted = Cause::ALL.iter().zip(causes);
    let mut failures: Vec<Failures> = counted
        .filter(|&(&cause, &count)| cause != Cause::None && count > 0)
        .map(|(cause, &count)| Failures { cause: cause.name(), count })
        .collect();
    failures.sort_by_key(|failures| std::cmp::Reverse(failures.count));
    failures
}

fn of_requests(
    name: &str,
    label: &str,
    tally: &RequestTally,
    figures: &RequestFigures<Estimate>,
) -> Requests {
    Requests {
        name: name.to_owned(),
        label: label.to_owned(),
        count: tally.causes.iter().sum(),
        failures: failures(&tally.causes),
        figures: figures.clone(),
    }
}

fn by_type(
    site: &Blueprint,
    tallies: &[RequestTally],
    figures: &[RequestFigures<Estimate>],
) -> Vec<Requests> {
    let all = site.requests.iter().zip(tallies).zip(figures);
    all.map(|((kind, tally), figures)| of_requests(&kind.name, &kind.label, tally, figures))
        .collect()
}

fn windows(site: &Blueprint, pool: &Tally, figures: &Figures<Estimate>) -> Vec<Window> {
    let begin = pool.shape.from;
    let all = named_windows(site).into_iter().zip(&pool.windows).zip(&figures.windows);
    all.map(|(((name, from, until), tally), figures)| Window {
        from_s: from.since(begin).seconds(),
        until_s: until.since(begin).seconds(),
        all: of_requests(&name, "all requests", &tally.site(), &figures.site),
        requests: by_type(site, &tally.requests, &figures.requests),
    })
    .collect()
}

fn visitors(site: &Blueprint, pool: &Tally) -> Vec<Blame> {
    let all = site.services.iter().zip(&pool.services);
    all.filter(|(service, _)| service.kind == VISITORS)
        .map(|(service, tally)| Blame {
            name: service.name.clone(),
            blamed: failures(&tally.blamed),
        })
        .filter(|blame| !blame.blamed.is_empty())
        .collect()
}

fn services(site: &Blueprint, pool: &Tally, figures: &Figures<Estimate>) -> Vec<Service> {
    let all = site.services.iter().zip(&pool.services).zip(&figures.services);
    all.filter(|((service, _), _)| service.kind != VISITORS)
        .map(|((service, tally), figures)| Service {
            name: service.name.clone(),
            kind: service.kind,
            instances: service.instances,
            calls: tally.calls.count(),
            failures: failures(&tally.calls.causes),
            blamed: failures(&tally.blamed),
            wasted: tally.calls.wasted,
            figures: figures.clone(),
        })
        .collect()
}

fn instances(site: &Blueprint, pool: &Tally, figures: &Figures<Estimate>) -> Vec<Instance> {
    let mut said = Vec::new();
    for (index, instance) in site.instances.iter().enumerate() {
        let service = &site.services[instance.service.index()];
        if service.kind == VISITORS {
            continue;
        }
        let tally = &pool.instances[index];
        let (calls, own) = &figures.instances[index];
        said.push(Instance {
            name: instance.name.clone(),
            service: service.name.clone(),
            host: site.hosts[instance.host.index()].name.clone(),
            workers_kind: match service.serving {
                Serving::Loops { .. } => "loops",
                Serving::Slots { .. } => "workers",
            },
            workers: pool.shape.instances[index].workers,
            calls: tally.calls.count(),
            failures: failures(&tally.calls.causes),
            figures: calls.clone(),
            own: own.clone(),
            applied: tally.lag.moments.count,
            in_system_time_share: time_shares(&tally.in_system, pool),
            waiting_time_share: time_shares(&tally.waiting, pool),
        });
    }
    said
}

fn time_shares(times: &LevelTimes, pool: &Tally) -> Vec<f64> {
    let window = pool.shape.until.since(pool.shape.from);
    let nanos = window.nanos() as f64 * f64::from(pool.replications);
    times.by_level_ns.iter().map(|&time| time as f64 / nanos).collect()
}

fn hosts(site: &Blueprint, figures: &Figures<Estimate>) -> Vec<Host> {
    let all = site.hosts.iter().zip(&figures.hosts);
    all.map(|(host, figures)| Host {
        name: host.name.clone(),
        cores: host.cores,
        figures: figures.clone(),
    })
    .collect()
}

fn upstreams(site: &Blueprint, pool: &Tally, figures: &Figures<Estimate>) -> Vec<Upstream> {
    let all = site.upstreams.iter().zip(&pool.upstreams).zip(&figures.upstreams);
    all.map(|((upstream, tally), figures)| Upstream {
        name: upstream.name.clone(),
        caller: site.services[upstream.caller.index()].name.clone(),
        callee: site.services[upstream.callee.index()].name.clone(),
        failed_attempts: failures(&tally.failed),
        figures: figures.clone(),
    })
    .collect()
}
