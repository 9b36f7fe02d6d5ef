//! Many replications made one: sums are pooled, and each figure is kept as a series for its
//! interval. Tallies must come in the order of the replications; memory does not grow with them.

use crate::engine::digest::Digest;

use super::{figures::Figures, series::Series, tally::Tally};

/// What an experiment has measured so far.
#[derive(Clone, Debug)]
pub struct Fold {
    /// All replications together.
    pub pool: Tally,
    /// Each figure by replication.
    pub series: Figures<Series>,
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
        let mut fold = Fold { pool: first, series };
        fold.series.each(&figures, &|series, value| series.push(*value));
        fold
    }

    /// The next one.
    pub fn push(&mut self, next: &Tally) {
        self.series.each(&Figures::of(next), &|series, value| series.push(*value));
        self.pool.merge(next);
    }
}
