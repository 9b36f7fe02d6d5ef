//! Levels over time: the area under the curve, exactly, over the measured window only.

use super::window::{Areas, Ruler};
use crate::engine::time::Instant;

/// Levels from here on share one entry in a distribution of time by level.
pub const LEVELS: usize = 64;

/// What a level has been.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// The present level.
    level: u32,
    /// Up to where the area is known, in nanoseconds, never outside the window.
    since_ns: u64,
    /// Level times nanoseconds.
    pub area: u128,
    /// The highest level within the window.
    pub level_max: u32,
}

/// A stretch within the window at one level.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// The level.
    pub level: u32,
    /// Where it begins, in nanoseconds.
    pub from_ns: u64,
    /// Where it ends.
    pub until_ns: u64,
}

impl Gauge {
    /// Level 0 at the beginning of the window.
    pub fn new(ruler: &Ruler) -> Gauge {
        Gauge { level: 0, since_ns: ruler.from.nanos(), area: 0, level_max: 0 }
    }

    /// The level changes to `level`. Returns the stretch that is over, clipped to the window.
    #[inline]
    pub fn set(&mut self, level: u32, now: Instant, ruler: &Ruler) -> Stretch {
        let now_ns = now.nanos().clamp(ruler.from.nanos(), ruler.until.nanos());
        let over = Stretch { level: self.level, from_ns: self.since_ns, until_ns: now_ns };
        assert!(over.from_ns <= now_ns, "time runs backwards");
        self.area += u128::from(over.level) * u128::from(now_ns - over.from_ns);
        if over.from_ns < now_ns {
            self.level_max = self.level_max.max(over.level);
        }
        self.level = level;
        self.since_ns = now_ns;
        over
    }

    /// The present level.
    pub fn level(&self) -> u32 {
        self.level
    }

    /// Takes in the area of `other`.
    pub fn merge(&mut self, other: &Gauge) {
        self.area += other.area;
        self.level_max = self.level_max.max(other.level_max);
    }
}

/// A gauge that also knows how long each level lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelTimes {
    /// The area.
    pub gauge: Gauge,
    /// Nanoseconds at level n; the last of `LEVELS + 1` entries is for all from `LEVELS` on. Only
    /// as long as the highest level met.
    pub by_level_ns: Vec<u64>,
}

impl LevelTimes {
    /// Level 0 at the beginning of the window.
    pub fn new(ruler: &Ruler) -> LevelTimes {
        LevelTimes { gauge: Gauge::new(ruler), by_level_ns: Vec::new() }
    }

    /// The level changes to `level`.
    #[inline]
    pub fn set(&mut self, level: u32, now: Instant, ruler: &Ruler) {
        let over = self.gauge.set(level, now, ruler);
        let entry = (over.level as usize).min(LEVELS);
        if entry >= self.by_level_ns.len() {
            self.by_level_ns.resize(entry + 1, 0);
        }
        self.by_level_ns[entry] += over.until_ns - over.from_ns;
    }

    /// Takes in the times of `other`.
    pub fn merge(&mut self, other: &LevelTimes) {
        self.gauge.merge(&other.gauge);
        if self.by_level_ns.len() < other.by_level_ns.len() {
            self.by_level_ns.resize(other.by_level_ns.len(), 0);
        }
        for (mine, theirs) in self.by_level_ns.iter_mut().zip(&other.by_level_ns) {
            *mine += theirs;
        }
    }
}

/// A gauge with its area by part of the window, of the level or of a ceiling if that is lower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The area under the whole level.
    pub gauge: Gauge,
    ceiling: u32,
    /// The area under the level where it is below the ceiling, else under the ceiling.
    pub used: Areas,
}

impl Usage {
    /// Level 0; what is above `ceiling` waits (runnable threads above the number of cores).
    pub fn new(ceiling: u32, ruler: &Ruler) -> Usage {
        Usage { gauge: Gauge::new(ruler), ceiling, used: Areas::new(ruler) }
    }

    /// The level changes to `level`.
    #[inline]
    pub fn set(&mut self, level: u32, now: Instant, ruler: &Ruler) {
        let over = self.gauge.set(level, now, ruler);
        let used = over.level.min(self.ceiling);
        self.used.add(u64::from(used), over.from_ns, over.until_ns);
    }

    /// Takes in what `other` has seen.
    pub fn merge(&mut self, other: &Usage) {
        self.gauge.merge(&other.gauge);
        self.used.merge(&other.used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;

    fn ruler() -> Ruler {
        let instant = Instant::from_nanos;
        Ruler { from: instant(100), until: instant(200), width: Span::from_nanos(25) }
    }

    #[test]
    fn only_the_window_counts() {
        let ruler = ruler();
        let mut times = LevelTimes::new(&ruler);
        for (at, level) in [(10, 7), (50, 2), (110, 70), (130, 1), (190, 3), (500, 9)] {
            times.set(level, Instant::from_nanos(at), &ruler);
        }
        assert_eq!(times.gauge.area, 2 * 10 + 70 * 20 + 60 + 3 * 10);
        assert_eq!(times.gauge.level_max, 70);
        assert_eq!(
            (times.by_level_ns[1], times.by_level_ns[2], times.by_level_ns[3]),
            (60, 10, 10)
        );
        assert_eq!(times.by_level_ns[LEVELS], 20);
        assert_eq!(times.by_level_ns.iter().sum::<u64>(), 100);
    }

    #[test]
    fn what_is_above_the_ceiling_waits() {
        let ruler = ruler();
        let mut usage = Usage::new(4, &ruler);
        usage.set(6, Instant::from_nanos(100), &ruler);
        usage.set(3, Instant::from_nanos(140), &ruler);
        usage.set(0, Instant::from_nanos(160), &ruler);
        assert_eq!(usage.gauge.area, 6 * 40 + 3 * 20);
        assert_eq!(usage.used.by_part, [100, 4 * 15 + 3 * 10, 30, 0]);
    }
}
