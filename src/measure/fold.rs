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
    /// Seconds a second by which replicas fell behind in the second half of the window.
    pub falling_behind: Series,
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
        let mut growth = Series::default();
        growth.push(Some(Sample::Number(first.growth())));
        let mut falling_behind = Series::default();
        falling_behind.push(Some(Sample::Number(first.falling_behind())));
        let mut fold = Fold { pool: first, series, records, growth, falling_behind };
        fold.series.each(&figures, &|series, value| series.push(*value));
        fold
    }

    /// The next one.
    pub fn push(&mut self, next: &Tally) {
        let figures = Figures::of(next);
        self.series.each(&figures, &|series, value| series.push(*value));
        self.records.push(Record::new(next, &figures));
        self.growth.push(Some(Sample::Number(next.growth())));
        self.falling_behind.push(Some(Sample::Number(next.falling_behind())));
        self.pool.merge(next);
    }
}
