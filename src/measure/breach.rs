//! What blame wants to know of an objective besides how much was bad: where its requests failed and of
//! what, and how its calls went part by part of its window. Of requests the window's own parts tell
//! that; of calls nobody else counts those that no server ever had.

use serde::{Deserialize, Serialize};

use super::{
    outcome::{Cause, Outcome},
    window::Ruler,
};
use crate::engine::time::{Instant, Span};

/// Parts of an objective's window, at most.
const PARTS_MAX: u32 = 150;

/// Of one objective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Its failed requests, by where and of what they failed first, in that order.
    pub failed: Vec<Failed>,
    /// How its window is cut; `None` as long as no call came.
    pub ruler: Option<Ruler>,
    /// Its calls by part of the window.
    pub parts: Vec<CallPart>,
}

/// Requests that failed for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The service where they failed first (index).
    pub at: u16,
    /// The cause (index).
    pub cause: u8,
    /// How many.
    pub count: u64,
}

/// Calls that arrived in one part of the window; of those that are counted by their end, that ended there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPart {
    /// How many count.
    pub count: u64,
    /// How many of them failed, or took as long as the limit.
    pub beyond: u64,
    /// The sum of their durations in nanoseconds.
    pub area: u128,
}

impl Failed {
    /// What it failed of.
    pub fn cause(&self) -> Cause {
        Cause::ALL[usize::from(self.cause)]
    }
}

impl Breach {
    /// One of the objective's requests failed.
    #[cold]
    pub(super) fn see_failure(&mut self, outcome: Outcome) {
        self.add(Failed { at: outcome.at, cause: outcome.cause as u8, count: 1 });
    }

    /// One of its calls came at `at`, or ended there, and took so long.
    pub(super) fn see_call(
        &mut self,
        (from, until): (Instant, Instant),
        at: Instant,
        took: Span,
        is_beyond: bool,
    ) {
        let ruler = *self.ruler.get_or_insert_with(|| Ruler::new(from, until, PARTS_MAX));
        if self.parts.is_empty() {
            self.parts.resize(ruler.parts(), CallPart::default());
        }
        let Some(part) = ruler.part(at) else { return };
        let part = &mut self.parts[part];
        part.count += 1;
        part.beyond += u64::from(is_beyond);
        part.area += u128::from(took.nanos());
    }

    /// Takes in what was seen of the same objective elsewhere.
    pub(super) fn merge(&mut self, other: &Breach) {
        other.failed.iter().for_each(|it| self.add(*it));
        self.ruler = self.ruler.or(other.ruler);
        if self.parts.len() < other.parts.len() {
            self.parts.resize(other.parts.len(), CallPart::default());
        }
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            mine.count += theirs.count;
            mine.beyond += theirs.beyond;
            mine.area += theirs.area;
        }
    }

    fn add(&mut self, more: Failed) {
        let place = |it: &Failed| (it.at, it.cause);
        match self.failed.binary_search_by_key(&place(&more), place) {
            Ok(index) => self.failed[index].count += more.count,
            Err(index) => self.failed.insert(index, more),
        }
    }
}
