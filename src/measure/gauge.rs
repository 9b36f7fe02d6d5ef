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
pub struct Durations {
    /// Of the lowest levels. What is there for level 0 means nothing.
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

/// A level whose distribution is kept, in two cache lines. What it was for how long says what the
/// areas are, so nothing else is summed up for the lowest levels before a page is over.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Occupancy {
    /// Up to where all is known, in nanoseconds.
    since_ns: u64,
    level: u32,
    /// What is above it waits.
    ceiling: u32,
    /// How long each of the lowest levels has lasted in this page.
    low: [u64; LOW],
    /// Of the higher ones: the areas in this page.
    area: u64,
    used: u64,
    spent: Box<Spent>,
}

/// How long each level lasted, those of the present page that are low left out.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// Of all that is there.
    pub all: Durations,
    /// Of what is above the ceiling.
    pub above: Durations,
}

impl Occupancy {
    /// Level 0 from the beginning of time.
    pub fn new(ceiling: u32) -> Occupancy {
        Occupancy {
            since_ns: 0,
            level: 0,
            ceiling,
            low: [0; LOW],
            area: 0,
            used: 0,
            spent: Box::default(),
        }
    }

    /// The level changes to `level`. Returns what it was.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in the way of every call that comes or goes")]
    pub fn set(&mut self, level: u32, now: Instant) -> u32 {
        debug_assert!(self.since_ns <= now.nanos(), "time runs backwards");
        let nanos = now.nanos() - self.since_ns;
        let was = self.level;
        match self.low.get_mut(was as usize) {
            Some(low) => *low += nanos,
            None => self.add_high(nanos),
        }
        self.level = level;
        self.since_ns = now.nanos();
        was
    }

    #[inline(never)]
    fn add_high(&mut self, nanos: u64) {
        let level = self.level;
        self.area += u64::from(level) * nanos;
        self.used += u64::from(level.min(self.ceiling)) * nanos;
        self.lasted(level, nanos);
    }

    fn lasted(&mut self, level: u32, nanos: u64) {
        self.spent.all.add(Stretch { level, nanos });
        let above = self.above(level);
        if above > 0 {
            self.spent.above.add(Stretch { level: above, nanos });
        }
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

    /// Fetches what `set` changes.
    #[inline]
    pub fn seen(&self) -> u64 {
        self.low[1] ^ u64::from(self.level)
    }

    /// The page is over; the next one begins.
    pub fn sweep(&mut self, end: Instant) -> Swept {
        self.set(self.level, end);
        let (area, used) = (std::mem::take(&mut self.area), std::mem::take(&mut self.used));
        let mut swept = Swept { area, used };
        for (level, nanos) in (0..).zip(std::mem::take(&mut self.low)) {
            // Most levels have not been there.
            if nanos == 0 {
                continue;
            }
            swept.area += u64::from(level) * nanos;
            swept.used += u64::from(level.min(self.ceiling)) * nanos;
            self.lasted(level, nanos);
        }
        swept
    }

    /// Forgets how long each level lasted.
    pub fn forget(&mut self) {
        self.spent.all.clear();
        self.spent.above.clear();
    }

    /// How long each level lasted, up to the last page that is over.
    pub fn spent(&self) -> &Spent {
        &self.spent
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

/// The calls of several instances together, for the highest there were at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Calls.
    pub calls: Peak,
    /// Those that wait among them.
    pub waiting: Peak,
}

impl Crowd {
    /// Sees what has lasted up to now.
    pub fn settle(&mut self, now: Instant) {
        self.calls.settle(now);
        self.waiting.settle(now);
    }

    /// Forgets what has been before now, not what is.
    pub fn forget(&mut self) {
        (self.calls.highest, self.waiting.highest) = (0, 0);
    }
}

/// The highest that a level has been. What changes and changes back at the same instant was never
/// there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Since when the level is above the highest, if it is, in nanoseconds.
    since_ns: u64,
    level: u32,
    /// The highest of those that are over.
    pub highest: u32,
}

impl Peak {
    /// One of the parts goes from a level to another.
    #[inline]
    pub fn change(&mut self, from: u32, to: u32, now: Instant) {
        if self.level > self.highest {
            self.settle(now);
        }
        self.level = self.level + to - from;
        if self.level > self.highest {
            self.since_ns = now.nanos();
        }
    }

    /// Sees what has lasted up to now.
    #[inline]
    pub fn settle(&mut self, now: Instant) {
        if self.since_ns != now.nanos() {
            self.highest = self.highest.max(self.level);
            self.since_ns = now.nanos();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn a_peak_is_what_was_there_at_once() {
        let at = Instant::from_nanos;
        let mut peak = Peak::default();
        peak.change(0, 9, at(5));
        peak.settle(at(10));
        assert_eq!(peak.highest, 9);
        peak.highest = 0;
        // Two leave at the start, three come while two others leave at the same instant.
        peak.change(9, 7, at(10));
        peak.change(0, 3, at(20));
        peak.change(7, 5, at(20));
        peak.settle(at(30));
        assert_eq!(peak.highest, 8);
    }

    proptest! {
        /// The highest level of non-zero length since it was last forgotten, whatever happens at
        /// one instant.
        #[test]
        fn a_peak_is_the_highest_that_lasted(
            steps in prop::collection::vec((0u32..9, 0u64..3, 0u8..10), 0..200),
        ) {
            let (mut peak, mut level, mut highest, mut now) = (Peak::default(), 0, 0, 0);
            for (to, gap, what) in steps {
                if gap > 0 {
                    highest = highest.max(level);
                }
                now += gap;
                if what == 0 {
                    peak.settle(Instant::from_nanos(now));
                    prop_assert_eq!(peak.highest, highest);
                    (peak.highest, highest) = (0, 0);
                } else {
                    peak.change(level, to, Instant::from_nanos(now));
                    level = to;
                }
            }
            peak.settle(Instant::from_nanos(now + 1));
            prop_assert_eq!(peak.highest, highest.max(level));
        }

        /// Where most happens between low levels, what it sums up is what a gauge does.
        #[test]
        fn an_occupancy_agrees_with_a_gauge(
            ceiling in 0u32..20,
            steps in prop::collection::vec((0u32..14, 0u64..3, 0u8..12), 0..300),
        ) {
            let mut occupancy = Occupancy::new(ceiling);
            let mut gauge = Gauge::new(ceiling);
            let (mut all, mut above) = (Durations::default(), Durations::default());
            let mut now = 0;
            for (level, gap, what) in steps {
                now += gap;
                let at = Instant::from_nanos(now);
                let over = if what == 0 {
                    let swept = occupancy.sweep(at);
                    let (expected, over) = gauge.sweep(at);
                    prop_assert_eq!(swept, expected);
                    over
                } else {
                    let level = if what == 1 { 10 * level } else { level };
                    let was = occupancy.set(level, at);
                    let over = gauge.set(level, at);
                    prop_assert_eq!(was, over.level);
                    over
                };
                all.add(over);
                if gauge.above(over.level) > 0 {
                    above.add(Stretch { level: gauge.above(over.level), ..over });
                }
            }
            let at = Instant::from_nanos(now);
            let (_, over) = gauge.sweep(at);
            occupancy.sweep(at);
            all.add(over);
            if gauge.above(over.level) > 0 {
                above.add(Stretch { level: gauge.above(over.level), ..over });
            }
            prop_assert_eq!(occupancy.level(), gauge.level());
            prop_assert_eq!(occupancy.spent.all.by_level(now), all.by_level(now));
            prop_assert_eq!(occupancy.spent.above.by_level(now), above.by_level(now));
            prop_assert_eq!(occupancy.spent.all.highest(), all.highest());
            prop_assert_eq!(occupancy.spent.above.highest(), above.highest());
        }
    }
}
