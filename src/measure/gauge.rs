//! Levels over time: the area under the curve, exactly, over the measured window only.
//!
//! A `Gauge` is what changes with every event, 32 bytes: it sums up within a *page*, a stretch of
//! time that never crosses an edge of the window or of one of its parts. At the end of a page
//! (`tape/pages.rs`) the sums of all gauges are taken, to be kept or dropped.

use super::window::{Areas, Ruler};
use crate::engine::time::Instant;
use serde::{Deserialize, Serialize};

/// Levels from here on share one entry in a distribution of time by level.
pub const LEVELS: usize = 64;

/// A level, and the areas under it since the present page began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// Up to where the areas are known, in nanoseconds.
    since_ns: u64,
    /// The present level.
    level: u32,
    /// What is above it waits (runnable threads above the number of cores).
    ceiling: u32,
    /// Under the level, and under the lower of the level and the ceiling.
    area: u64,
    used: u64,
}

const _: () = assert!(size_of::<Gauge>() == 32);

/// A stretch at one level.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The level.
    pub level: u32,
    /// How long it lasted, in nanoseconds.
    pub nanos: u64,
}

/// The areas under a gauge in a page, level times nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Under the level.
    pub area: u64,
    /// Under the lower of the level and the ceiling.
    pub used: u64,
}

impl Gauge {
    /// Level 0 from the beginning of time.
    pub fn new(ceiling: u32) -> Gauge {
        Gauge { since_ns: 0, level: 0, ceiling, area: 0, used: 0 }
    }

    /// The level changes to `level`. Returns the stretch that is over.
    #[inline]
    pub fn set(&mut self, level: u32, now: Instant) -> Stretch {
        debug_assert!(self.since_ns <= now.nanos(), "time runs backwards");
        let over = Stretch { level: self.level, nanos: now.nanos() - self.since_ns };
        self.area += u64::from(over.level) * over.nanos;
        self.used += u64::from(over.level.min(self.ceiling)) * over.nanos;
        self.level = level;
        self.since_ns = now.nanos();
        over
    }

    /// The present level.
    #[inline]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// How much of a level is above the ceiling.
    #[inline]
    pub fn above(&self, level: u32) -> u32 {
        level.saturating_sub(self.ceiling)
    }

    /// The page is over; the next one begins. Returns the stretch up to here, too.
    pub fn sweep(&mut self, end: Instant) -> (Swept, Stretch) {
        let over = self.set(self.level, end);
        let swept = Swept { area: self.area, used: self.used };
        (self.area, self.used) = (0, 0);
        (swept, over)
    }
}

/// How long each level lasted, as it comes in. Level 0 is left out: it has what is left.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Durations {
    /// Of the lowest levels, beside the gauge. What is there for level 0 means nothing.
    low: [u64; LOW],
    /// Of those above; none before the first of them.
    high: Option<Box<High>>,
}

/// The levels that are not low.
#[derive(Clone, Debug)]
struct High {
    nanos: [u64; LEVELS + 1 - LOW],
    /// The highest that lasted.
    top: u32,
}

/// How many levels are low.
const LOW: usize = 8;

impl Durations {
    /// A stretch is over.
    #[inline]
    pub fn add(&mut self, over: Stretch) {
        match self.low.get_mut(over.level as usize) {
            Some(nanos) => *nanos += over.nanos,
            None => self.add_high(over),
        }
    }

    /// How long one of the lowest levels lasted.
    #[inline]
    pub fn low(&self, level: usize) -> u64 {
        self.low[level]
    }

    fn add_high(&mut self, over: Stretch) {
        let none = || Box::new(High { nanos: [0; LEVELS + 1 - LOW], top: 0 });
        let high = self.high.get_or_insert_with(none);
        high.nanos[(over.level as usize).min(LEVELS) - LOW] += over.nanos;
        if over.nanos > 0 {
            high.top = high.top.max(over.level);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.low.fill(0);
        self.high = None;
    }

    /// The highest level that lasted.
    pub fn highest(&self) -> u32 {
        let low = || self.low.iter().skip(1).rposition(|&nanos| nanos > 0).map_or(0, |it| it + 1);
        match &self.high {
            Some(high) if high.top > 0 => high.top,
            _ => low() as u32,
        }
    }

    /// By level up to the highest that lasted, of so much time in all.
    pub fn by_level(&self, whole_ns: u64) -> Vec<u64> {
        let high = self.high.as_ref().map_or(&[][..], |high| &high.nanos);
        let mut by_level = [&self.low, high].concat();
        by_level[0] = whole_ns - by_level[1..].iter().sum::<u64>();
        let levels = by_level.iter().skip(1).rposition(|&nanos| nanos > 0).map_or(0, |it| it + 1);
        by_level.truncate(levels + 1);
        by_level
    }
}

/// What a level was over the whole window, with its distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelTimes {
    /// Level times nanoseconds.
    pub area: u128,
    /// Nanoseconds at level n; the last of `LEVELS + 1` entries is for all from `LEVELS` on. Only
    /// as long as the highest level that lasted.
    pub by_level_ns: Vec<u64>,
    /// The highest level that lasted; of several replications, in any of them.
    pub max: u32,
}

impl LevelTimes {
    /// Takes in the times of `other`.
    pub fn merge(&mut self, other: &LevelTimes) {
        self.area += other.area;
        self.max = self.max.max(other.max);
        if self.by_level_ns.len() < other.by_level_ns.len() {
            self.by_level_ns.resize(other.by_level_ns.len(), 0);
        }
        for (mine, theirs) in self.by_level_ns.iter_mut().zip(&other.by_level_ns) {
            *mine += theirs;
        }
    }
}

/// What a level was over the whole window, and by part of it under a ceiling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Level times nanoseconds.
    pub area: u128,
    /// The same under the lower of the level and the ceiling, by part.
    pub used: Areas,
}

impl Usage {
    /// Nothing yet.
    pub fn new(ruler: &Ruler) -> Usage {
        Usage { area: 0, used: Areas::new(ruler) }
    }

    /// A page of a part is over.
    pub fn add(&mut self, part: usize, swept: Swept) {
        self.area += u128::from(swept.area);
        self.used.by_part[part] += swept.used;
    }

    /// Takes in what `other` has seen.
    pub fn merge(&mut self, other: &Usage) {
        self.area += other.area;
        self.used.merge(&other.used);
    }
}

/// The calls of several gauges together, for the highest there were at once. What changes and
/// changes back at the same instant was never there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Since when it is what it is, in nanoseconds.
    since_ns: u64,
    /// Calls.
    calls: u32,
    /// Those that wait among them.
    waiting: u32,
    /// The most of either, each by itself, up to `since_ns`.
    pub calls_max: u32,
    /// The same of those that wait.
    pub waiting_max: u32,
}

impl Crowd {
    /// At one of the gauges the calls, and those that wait, go from a level to another.
    #[inline]
    pub fn change(&mut self, calls: (u32, u32), waiting: (u32, u32), now: Instant) {
        self.settle(now);
        self.calls = self.calls + calls.1 - calls.0;
        self.waiting = self.waiting + waiting.1 - waiting.0;
    }

    /// Sees what has lasted up to now.
    #[inline]
    pub fn settle(&mut self, now: Instant) {
        if self.since_ns != now.nanos() {
            self.since_ns = now.nanos();
            self.calls_max = self.calls_max.max(self.calls);
            self.waiting_max = self.waiting_max.max(self.waiting);
        }
    }

    /// Forgets what has been, not what is.
    pub fn forget(&mut self) {
        (self.calls_max, self.waiting_max) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_and_the_level_goes_on() {
        let mut gauge = Gauge::new(4);
        let over = gauge.set(6, Instant::from_nanos(100));
        assert_eq!((over.level, over.nanos), (0, 100));
        gauge.set(3, Instant::from_nanos(140));
        let (swept, over) = gauge.sweep(Instant::from_nanos(150));
        assert_eq!(swept, Swept { area: 6 * 40 + 3 * 10, used: 4 * 40 + 3 * 10 });
        assert_eq!((over.level, over.nanos), (3, 10));
        let (swept, _) = gauge.sweep(Instant::from_nanos(160));
        assert_eq!(swept, Swept { area: 30, used: 30 });
        assert_eq!((gauge.above(3), gauge.above(6)), (0, 2));
    }

    #[test]
    fn levels_that_lasted() {
        let mut durations = Durations::default();
        assert_eq!(durations.by_level(50), [50]);
        for (level, nanos) in [(0, 9), (2, 10), (70, 20), (3, 0)] {
            durations.add(Stretch { level, nanos });
        }
        let by_level = durations.by_level(50);
        assert_eq!((by_level.len(), by_level[LEVELS]), (LEVELS + 1, 20));
        assert_eq!(by_level[..4], [20, 0, 10, 0]);
        assert_eq!(durations.highest(), 70);
        durations.clear();
        assert_eq!(durations.highest(), 0);
        durations.add(Stretch { level: 2, nanos: 10 });
        durations.add(Stretch { level: 3, nanos: 0 });
        durations.add(Stretch { level: 30, nanos: 0 });
        assert_eq!(durations.by_level(50), [40, 0, 10]);
        assert_eq!(durations.highest(), 2);
    }

    #[test]
    fn a_crowd_is_what_is_there_at_once() {
        let at = Instant::from_nanos;
        let mut crowd = Crowd::default();
        crowd.change((0, 9), (0, 0), at(5));
        crowd.settle(at(10));
        crowd.forget();
        // Two leave at the start, three come while two others leave at the same instant.
        crowd.change((9, 7), (0, 0), at(10));
        crowd.change((0, 3), (0, 2), at(20));
        crowd.change((7, 5), (0, 0), at(20));
        crowd.change((0, 0), (2, 1), at(25));
        crowd.settle(at(30));
        assert_eq!((crowd.calls_max, crowd.waiting_max), (8, 2));
    }
}
