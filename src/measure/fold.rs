//! Many replications made one: sums are pooled, and each figure is kept as a series for its
//! interval. Tallies must come in the order of the replications; memory does not grow with them.

use crate::engine::digest::Digest;

use super::{
    figures::Figures,
    record::Record,
    series::{Sample, Series},
    tally::Tally,
};

/// What an experiment has measured so far.
#[derive(Clone, Debug)]
pub struct Fold {
    /// All replications together.
    pub pool: Tally,
    /// Each figure by replication.
    pub series: Figures<Series>,
    /// What is kept of each replication.
    pub records: Vec<Record>,
    /// Requests by which the work in flight grew over the window.
    pub growth: Series,
    /// Calls a second by which there are more at each service in the second half of the window.
    pub piling: Vec<Series>,
    /// Seconds a second by which replicas fell behind in the second half of the window.
    pub falling_behind: Series,
}

/// What grew in one replication.
struct Grown {
    requests: f64,
    lag: f64,
    piles_per_s: Vec<f64>,
}

impl Grown {
    fn of(it: &Tally) -> Grown {
        Grown {
            requests: it.growth(),
            lag: it.falling_behind(),
            piles_per_s: it.piles_per_s().collect(),
        }
    }
}

impl Fold {
    /// The first replication.
    pub fn new(mut first: Tally) -> Fold {
        let figures = Figures::of(&first);
        let series = figures.map(&|_| Series::default());
        // The digest of an experiment is that of its replications' digests, the first one's too.
        let mut digest = Digest::new();
        digest.fold_digest(first.events);
        first.events = digest;
        let records = vec![Record::new(&first, &figures)];
        let grown = Grown::of(&first);
        let piling = vec![Series::default(); first.services.len()];
        let (growth, falling_behind) = (Series::default(), Series::default());
        let mut fold = Fold { pool: first, series, records, growth, piling, falling_behind };
        fold.series.each(&figures, &|series, value| series.push(*value));
        fold.see(grown);
        fold
    }

    /// The next one.
    pub fn push(&mut self, next: &Tally) {
        let figures = Figures::of(next);
        self.series.each(&figures, &|series, value| series.push(*value));
        self.records.push(Record::new(next, &figures));
        self.see(Grown::of(next));
        self.pool.merge(next);
    }

    fn see(&mut self, grown: Grown) {
        self.growth.push(Some(Sample::Number(grown.requests)));
        self.falling_behind.push(Some(Sample::Number(grown.lag)));
        for (series, per_s) in self.piling.iter_mut().zip(grown.piles_per_s) {
            series.push(Some(Sample::Number(per_s)));
        }
    }
}
