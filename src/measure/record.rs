//! What a replication leaves for comparisons: its main figures as numbers, and what it counted for
//! each objective. Small, so that it can be kept for every replication, and written down.

use serde::{Deserialize, Serialize};

use super::{
    figures::{CallFigures, Figures, RequestFigures},
    histogram::Size,
    phases::Sliced,
    series::Sample,
    shape::{Meter, ObjectiveShape, Shape, Subject},
    tally::{ObjectiveTally, Tally},
};
use crate::engine::time::Span;

/// A site with more hosts than this is compared by its services alone.
const HOSTS_MAX: usize = 500;

/// One replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// In the order of `kinds`. `None`: no data.
    pub figures: Vec<Option<Figure>>,
    /// By objective.
    pub objectives: Vec<Seen>,
}

/// A figure of one replication.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figure {
    /// A sum over a sum, which is more than 0.
    Ratio(f64, f64),
    /// Anything else.
    Number(f64),
}

impl From<Sample> for Figure {
    fn from(sample: Sample) -> Figure {
        match sample {
            Sample::Ratio { part, whole } => Figure::Ratio(part, whole),
            Sample::Number(value) | Sample::Maximum(value) => Figure::Number(value),
        }
    }
}

impl Figure {
    /// The sum and what it is over, or the number and 1.
    pub const fn sums(self) -> (f64, f64) {
        match self {
            Figure::Ratio(part, whole) => (part, whole),
            Figure::Number(value) => (value, 1.0),
        }
    }

    /// As a number.
    pub fn value(self) -> f64 {
        let (part, whole) = self.sums();
        part / whole
    }
}

/// What a replication saw of an objective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// How many there were of what it is about.
    pub count: u64,
    /// How many of them failed or took as long as the limit less its margin, the limit itself, the
    /// limit with its margin.
    pub beyond: [u64; 3],
    /// How long they took together, in seconds.
    pub sum_s: f64,
    /// The sum of the squares of how long they took, in seconds squared; 0 in baselines that do not say.
    #[serde(default)]
    pub squares_s2: f64,
    /// Of a percentile: how many failed, or took as long as a half, a quarter, an eighth of the limit, as far as
    /// buckets tell; 0 in baselines that do not say.
    #[serde(default)]
    pub nearer: [u64; 3],
    /// Of a rate or a level its mean over the window, of a percentile itself, in seconds; `None` if
    /// failures are beyond it.
    pub value: Option<f64>,
    /// How many there were in each slice of the window, and how many of those were beyond the limit;
    /// of a silent one, in which none arrived, how many older ones lasted through all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<[u32; 2]>,
    /// Of an error budget: what slices come to, wherever their grid begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliced: Option<Sliced>,
}

/// What a figure is about. Indices are those of the compiled scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// All requests.
    Site,
    /// Requests of one type.
    Request(u32),
    /// Calls at one service.
    Service(u32),
    /// A machine.
    Host(u32),
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0 to 1.
    Share,
    /// Seconds.
    Seconds,
    /// Events a second.
    PerSecond,
    /// Calls, on average.
    Calls,
}

/// How closely a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Exactly.
    Exact,
    /// From buckets of three digits.
    Digits,
    /// From 128 buckets an octave.
    Fine,
}

impl Resolution {
    /// The width of the bucket a value is read from; 0: it is exact.
    pub fn width(self, value: f64) -> f64 {
        let (share, least_s) = match self {
            Resolution::Exact => return 0.0,
            Resolution::Digits => (1.0 / 1024.0, 512e-9),
            Resolution::Fine => (1.0 / 128.0, 32e-9),
        };
        (share * value).max(least_s)
    }
}

/// A figure, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Of what.
    pub about: About,
    /// Which: `p99`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// A larger value is better, rather than worse.
    pub more_is_better: bool,
}

impl Kind {
    /// How closely it is known: percentiles are read from histograms.
    pub fn resolution(self) -> Resolution {
        let last = self.name.rsplit(' ').next().unwrap_or_default();
        let is_percentile = last
            .strip_prefix('p')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        match self.about {
            _ if !is_percentile => Resolution::Exact,
            About::Site | About::Request(_) => Resolution::Digits,
            About::Service(_) | About::Host(_) => Resolution::Fine,
        }
    }
}

type Column = (&'static str, Unit, bool);

const REQUEST: [Column; 8] = [
    ("success", Unit::Share, true),
    ("throughput", Unit::PerSecond, true),
    ("mean", Unit::Seconds, false),
    ("p50", Unit::Seconds, false),
    ("p90", Unit::Seconds, false),
    ("p95", Unit::Seconds, false),
    ("p99", Unit::Seconds, false),
    ("p99.9", Unit::Seconds, false),
];
const SERVICE: [Column; 6] = [
    ("failed", Unit::Share, false),
    ("time mean", Unit::Seconds, false),
    ("time p99", Unit::Seconds, false),
    ("wait mean", Unit::Seconds, false),
    ("wait p99", Unit::Seconds, false),
    ("calls in it", Unit::Calls, false),
];
const HOST: [Column; 1] = [("CPU", Unit::Share, false)];

fn of_requests<T: Copy>(it: &RequestFigures<T>) -> [T; REQUEST.len()] {
    let (rates, ok) = (&it.rates, &it.ok);
    [
        rates.success_share,
        rates.throughput_per_s,
        ok.mean_s,
        ok.p50_s,
        ok.p90_s,
        ok.p95_s,
        ok.p99_s,
        ok.p99_9_s,
    ]
}

fn of_calls<T: Copy>(it: &CallFigures<T>) -> [T; SERVICE.len()] {
    [
        it.failed_share,
        it.sojourn_mean_s,
        it.sojourn_p99_s,
        it.wait_mean_s,
        it.wait_p99_s,
        it.in_system_mean,
    ]
}

/// The figures of a record, in its order, whatever they are.
pub fn in_order<T: Copy>(figures: &Figures<T>) -> Vec<T> {
    let mut values = of_requests(&figures.site).to_vec();
    values.extend(figures.requests.iter().flat_map(of_requests));
    values.extend(figures.services.iter().flat_map(of_calls));
    if figures.hosts.len() <= HOSTS_MAX {
        values.extend(figures.hosts.iter().map(|host| host.cpu_utilisation));
    }
    values
}

impl Record {
    /// Of a replication.
    pub fn new(tally: &Tally, figures: &Figures<Option<Sample>>) -> Record {
        let figures = in_order(figures).into_iter().map(|it| it.map(Figure::from)).collect();
        let shapes = tally.shape.objectives.iter();
        let objectives =
            shapes.zip(&tally.objectives).map(|(it, counted)| Seen::new(it, counted, &tally.shape));
        Record { figures, objectives: objectives.collect() }
    }
}

impl Seen {
    fn new(it: &ObjectiveShape, counted: &ObjectiveTally, shape: &Shape) -> Seen {
        let window_s = it.until.since(it.from).seconds();
        let ObjectiveTally { count, beyond, area, squares_s2, .. } = *counted;
        let (sum_s, value) = if let Some(value) = rate_or_level(it, (count, area), window_s, shape)
        {
            (0.0, Some(value))
        } else {
            (area as f64 / 1e9, percentile(it, counted))
        };
        let (nearer, mut slices) = (nearer(it, counted), counted.slices());
        let sliced = it.phases.map(|phases| {
            let mut parts = std::mem::take(&mut slices);
            parts.resize(it.slices(), [0; 2]);
            phases.mean(&parts)
        });
        Seen { count, beyond, sum_s, squares_s2, nearer, value, slices, sliced }
    }
}

/// Of a rate or a level its mean over so many seconds, by its count or its integral; `None` of all else.
pub(super) fn rate_or_level(
    it: &ObjectiveShape,
    (count, area): (u64, u128),
    seconds: f64,
    shape: &Shape,
) -> Option<f64> {
    match &it.subject {
        Subject::Requests(..) | Subject::Calls(..) | Subject::Lag(..) => None,
        Subject::Ended(_) | Subject::Served(_) => Some(count as f64 / seconds),
        Subject::Level(meter) => Some(area as f64 / (1e9 * seconds * capacity(meter, shape))),
    }
}

/// Of a percentile: itself, in seconds; `None` of all else, and where failures are beyond it.
pub fn percentile(it: &ObjectiveShape, counted: &ObjectiveTally) -> Option<f64> {
    let sizes = &counted.sizes;
    // Failures are beyond every quantile of the others.
    let among_ok = |share: f64| share * counted.count as f64 / sizes.count().max(1) as f64;
    let quantile = it.quantile.map(among_ok).filter(|share| *share <= 1.0);
    quantile.and_then(|share| sizes.quantile(share))
}

/// Of a percentile: how many failed, or took as long as a half, a quarter, an eighth of the limit.
pub(super) fn nearer(it: &ObjectiveShape, counted: &ObjectiveTally) -> [u64; 3] {
    let sizes = &counted.sizes;
    match (it.quantile, it.limit()) {
        (Some(_), Some(limit)) => {
            let failed = counted.count - sizes.count();
            [2, 4, 8]
                .map(|part| failed + sizes.from(Size::of(Span::from_nanos(limit.nanos() / part))))
        }
        _ => [0; 3],
    }
}

/// How much of a level there is at most; 1 where it is not a share of anything.
pub fn capacity(meter: &Meter, shape: &Shape) -> f64 {
    let host = |index: &u32| &shape.hosts[*index as usize];
    let whole: u64 = match meter {
        Meter::Cores(of) => of.iter().map(|it| u64::from(host(it).cores)).sum(),
        Meter::Disks(of) => of.iter().map(|it| u64::from(host(it).disk_parallel)).sum(),
        Meter::Sending(of) => of.len() as u64,
        Meter::Workers(of) => {
            let workers = of.iter().filter_map(|&it| shape.instances[it as usize].workers);
            workers.map(u64::from).sum()
        }
        Meter::Waiting(..) => 1,
    };
    whole.max(1) as f64
}

/// What the figures of a record are.
pub fn kinds(shape: &Shape) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut add = |about: About, columns: &[Column]| {
        kinds.extend(columns.iter().map(|&(name, unit, more_is_better)| Kind {
            about,
            name,
            unit,
            more_is_better,
        }));
    };
    add(About::Site, &REQUEST);
    (0..shape.requests).for_each(|index| add(About::Request(index), &REQUEST));
    (0..shape.services).for_each(|index| add(About::Service(index), &SERVICE));
    if shape.hosts.len() <= HOSTS_MAX {
        (0..shape.hosts.len() as u32).for_each(|index| add(About::Host(index), &HOST));
    }
    kinds
}
