//! One run cut into batches for objectives: what their counters had come to at equal distances through
//! the objective's window. They are read where pages are turned, so no request costs more for it, and what
//! a batch saw is the difference of two readings. A request is of the batch in which it is over; what
//! is over behind the window is of the last one. A page is turned by the first arrival or level behind its end,
//! so an end that comes before that is of the batch that is over.

use super::{
    record::{Seen, nearer, rate_or_level},
    shape::{ObjectiveShape, Shape},
    tally::ObjectiveTally,
};
use crate::engine::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// Of one run: twenty to thirty, not more (Schmeiser, Operations Research 30, 1982).
pub const BATCHES: usize = 20;

/// What an objective's counters had come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// As in its tally.
    count: u64,
    beyond: [u64; 3],
    area: u128,
    squares_s2: f64,
    /// As in `Seen`.
    nearer: [u64; 3],
}

impl Reading {
    /// Of the counters as they are. `area`: of a level, since its window began.
    pub(super) fn of(it: &ObjectiveShape, counted: &ObjectiveTally, area: u128) -> Reading {
        let ObjectiveTally { count, beyond, squares_s2, .. } = *counted;
        Reading { count, beyond, area, squares_s2, nearer: nearer(it, counted) }
    }

    fn since(&self, before: &Reading) -> Reading {
        let less = |now: [u64; 3], then: [u64; 3]| [0, 1, 2].map(|it| now[it] - then[it]);
        Reading {
            count: self.count - before.count,
            beyond: less(self.beyond, before.beyond),
            area: self.area - before.area,
            squares_s2: self.squares_s2 - before.squares_s2,
            nearer: less(self.nearer, before.nearer),
        }
    }
}

impl ObjectiveShape {
    /// Whether it is read batch by batch: what is counted in slices is held against other days.
    pub(super) fn has_batches(&self) -> bool {
        self.slice.is_none()
    }

    /// Where its first batches end, so many of them.
    pub(super) fn end_of_batches(&self, batches: usize) -> Instant {
        let whole = u128::from(self.until.since(self.from).nanos());
        let nanos = whole * batches as u128 / BATCHES as u128;
        self.from + Span::from_nanos(nanos as u64)
    }

    /// Where batches end within its window, in order.
    pub(super) fn ends_of_batches(&self) -> impl Iterator<Item = Instant> {
        let ends: Vec<Instant> = (1..BATCHES).map(|it| self.end_of_batches(it)).collect();
        ends.into_iter()
    }
}

/// What each batch of one run saw of an objective, as if it were a replication; none if it was not read so.
pub fn batches(it: &ObjectiveShape, counted: &ObjectiveTally, shape: &Shape) -> Vec<Seen> {
    if counted.readings.len() + 1 != BATCHES {
        return Vec::new();
    }
    let seconds = it.until.since(it.from).seconds() / BATCHES as f64;
    let all = Reading::of(it, counted, counted.area);
    let mut before = Reading::default();
    let ends = counted.readings.iter().chain([&all]);
    ends.map(|end| {
        let Reading { count, beyond, area, squares_s2, nearer } = end.since(&before);
        before = *end;
        let value = rate_or_level(it, (count, area), seconds, shape);
        let sum_s = if value.is_some() { 0.0 } else { area as f64 / 1e9 };
        Seen { count, beyond, sum_s, squares_s2, nearer, value, ..Seen::default() }
    })
    .collect()
}
