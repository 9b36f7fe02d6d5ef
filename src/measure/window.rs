//! The measured window cut into equal parts, for what is drawn over time.
//!
//! The parts have a width that people count in (1 s, 15 s, 5 min), chosen once from the length of
//! the window so that there are never more than a given number of them: memory is bounded whatever
//! the number of requests. The last part may be shorter. What happens outside is not shown.

use crate::engine::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// From where to where the measured window goes, and how it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruler {
    /// Its beginning.
    pub from: Instant,
    /// Its end, which is not part of it.
    pub until: Instant,
    /// Of every part but perhaps the last.
    pub width: Span,
}

/// Widths below a minute are 1, 2 or 5 times a power of ten, or among these; then these; then days.
const WIDTHS_S: [u64; 15] =
    [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800];

impl Ruler {
    /// Cuts `from .. until` into at most `parts_max` parts.
    pub fn new(from: Instant, until: Instant, parts_max: u32) -> Ruler {
        assert!(from < until && parts_max > 0);
        let least = until.since(from).nanos().div_ceil(u64::from(parts_max));
        let mut decade = 1;
        let width = loop {
            let round = [decade, 2 * decade, 5 * decade].into_iter().find(|&width| width >= least);
            match round {
                Some(width) if width <= 10_000_000_000 => break width,
                _ if decade < 10_000_000_000 => decade *= 10,
                _ => break nice_above_ten_seconds(least),
            }
        };
        Ruler { from, until, width: Span::from_nanos(width) }
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.until.since(self.from).nanos().div_ceil(self.width.nanos()) as usize
    }

    /// Those that are as long as the others; the last may be shorter.
    pub fn whole_parts(&self) -> impl Iterator<Item = usize> {
        (0..self.parts()).filter(|&part| {
            let (from, until) = self.edges_s(part);
            (until - from) > 0.999 * self.width.seconds()
        })
    }

    /// The part in which an instant lies, if it lies in the window.
    #[inline]
    pub fn part(&self, at: Instant) -> Option<usize> {
        let is_inside = self.from <= at && at < self.until;
        is_inside.then(|| (at.since(self.from).nanos() / self.width.nanos()) as usize)
    }

    /// Where a part begins and ends, in seconds since the beginning of the window.
    pub fn edges_s(&self, part: usize) -> (f64, f64) {
        let begin = self.width.times(part as u64);
        let end = self.width.times(part as u64 + 1).min(self.until.since(self.from));
        (begin.seconds(), end.seconds())
    }
}

fn nice_above_ten_seconds(least: u64) -> u64 {
    const SECOND: u64 = 1_000_000_000;
    let round = WIDTHS_S.into_iter().map(|width| width * SECOND).find(|&width| width >= least);
    let day = 86_400 * SECOND;
    round.unwrap_or_else(|| least.div_ceil(day) * day)
}

/// Finds parts of the window for instants that come nearly in order: it remembers the last one.
#[derive(Clone, Debug)]
pub struct Cursor {
    ruler: Ruler,
    part: usize,
    begin_ns: u64,
    end_ns: u64,
}

impl Cursor {
    /// At no part yet.
    pub fn new(ruler: Ruler) -> Cursor {
        Cursor { ruler, part: 0, begin_ns: 0, end_ns: 0 }
    }

    /// The part in which an instant lies, if it lies in the window.
    #[inline]
    pub fn part(&mut self, at: Instant) -> Option<usize> {
        if self.begin_ns <= at.nanos() && at.nanos() < self.end_ns {
            return Some(self.part);
        }
        self.seek(at)
    }

    /// The part in which an instant lies that came not long before the last one.
    #[inline]
    pub fn part_before(&self, at: Instant) -> Option<usize> {
        if self.begin_ns <= at.nanos() && at.nanos() < self.end_ns {
            return Some(self.part);
        }
        let is_near = self.begin_ns.saturating_sub(at.nanos()) <= self.ruler.width.nanos();
        if at.nanos() < self.begin_ns && is_near {
            return self.part.checked_sub(1);
        }
        self.ruler.part(at)
    }

    #[cold]
    #[inline(never)]
    fn seek(&mut self, at: Instant) -> Option<usize> {
        self.part = self.ruler.part(at)?;
        self.begin_ns = self.ruler.from.nanos() + self.ruler.width.times(self.part as u64).nanos();
        self.end_ns = (self.begin_ns + self.ruler.width.nanos()).min(self.ruler.until.nanos());
        Some(self.part)
    }
}

/// The integral of a level over each part of the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Areas {
    from_ns: u64,
    until_ns: u64,
    width_ns: u64,
    /// Level times nanoseconds, by part.
    pub by_part: Vec<u64>,
    /// The part that was added to last, and where it begins and ends.
    part: usize,
    begin_ns: u64,
    end_ns: u64,
}

impl Areas {
    /// Nothing yet.
    pub fn new(ruler: &Ruler) -> Areas {
        let (from_ns, until_ns) = (ruler.from.nanos(), ruler.until.nanos());
        let width_ns = ruler.width.nanos();
        let by_part = vec![0; ruler.parts()];
        Areas { from_ns, until_ns, width_ns, by_part, part: 0, begin_ns: from_ns, end_ns: from_ns }
    }

    /// Adds `level` from `from` to `until`, as far as that is in the window.
    #[inline]
    pub fn add(&mut self, level: u32, from: Instant, until: Instant) {
        let (from_ns, until_ns) = (from.nanos(), until.nanos());
        if self.begin_ns <= from_ns && until_ns <= self.end_ns {
            self.by_part[self.part] += u64::from(level) * (until_ns - from_ns);
        } else {
            self.add_across(level, from_ns, until_ns);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_across(&mut self, level: u32, from_ns: u64, until_ns: u64) {
        self.across(from_ns, until_ns, |area, nanos| *area += u64::from(level) * nanos);
    }

    /// Takes off what was added from `from` to `until` at level 1.
    pub fn take_off(&mut self, from: Instant, until: Instant) {
        self.across(from.nanos(), until.nanos(), |area, nanos| *area -= nanos);
    }

    /// Each part that the time from `from_ns` to `until_ns` lies in, and for how long.
    fn across(&mut self, from_ns: u64, until_ns: u64, mut change: impl FnMut(&mut u64, u64)) {
        let mut from_ns = from_ns.max(self.from_ns);
        let until_ns = until_ns.min(self.until_ns);
        while from_ns < until_ns {
            self.part = ((from_ns - self.from_ns) / self.width_ns) as usize;
            self.begin_ns = self.from_ns + self.part as u64 * self.width_ns;
            self.end_ns = (self.begin_ns + self.width_ns).min(self.until_ns);
            let stop = until_ns.min(self.end_ns);
            change(&mut self.by_part[self.part], stop - from_ns);
            from_ns = stop;
        }
    }

    /// Takes in the areas of `other`, which is cut the same way.
    pub fn merge(&mut self, other: &Areas) {
        assert_eq!(self.by_part.len(), other.by_part.len());
        for (mine, theirs) in self.by_part.iter_mut().zip(&other.by_part) {
            *mine += theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Instant {
        Instant::ZERO + Span::from_seconds(seconds)
    }

    #[test]
    fn widths_are_those_people_count_in() {
        let width = |length, parts| Ruler::new(seconds(20.0), seconds(20.0 + length), parts).width;
        assert_eq!(width(120.0, 240), Span::from_millis(500));
        assert_eq!(width(600.0, 240), Span::from_millis(5_000));
        assert_eq!(width(3600.0, 240), Span::from_millis(15_000));
        assert_eq!(width(86_400.0, 240), Span::from_millis(600_000));
        assert_eq!(width(0.000_000_001, 240), Span::from_nanos(1));
        assert_eq!(width(86_400.0 * 700.0, 240), Span::from_millis(3 * 86_400_000));
    }

    #[test]
    fn an_instant_outside_has_no_part() {
        let ruler = Ruler::new(seconds(10.0), seconds(13.5), 4);
        assert_eq!((ruler.parts(), ruler.width.seconds()), (4, 1.0));
        assert_eq!(ruler.part(seconds(9.999)), None);
        assert_eq!(ruler.part(seconds(10.0)), Some(0));
        assert_eq!(ruler.part(seconds(13.499)), Some(3));
        assert_eq!(ruler.part(seconds(13.5)), None);
        assert_eq!(ruler.edges_s(3), (3.0, 3.5));
    }

    proptest! {
        #[test]
        fn a_cursor_finds_what_the_ruler_finds(steps in prop::collection::vec((0u64..200, 0u64..300), 0..50)) {
            let ruler = Ruler { from: Instant::from_nanos(100), until: Instant::from_nanos(1110), width: Span::from_nanos(70) };
            let mut cursor = Cursor::new(ruler);
            let mut now = 0;
            for (step, before) in steps {
                now += step;
                let (arrived, ended) = (Instant::from_nanos(now.saturating_sub(before)), Instant::from_nanos(now));
                prop_assert_eq!(cursor.part(ended), ruler.part(ended));
                prop_assert_eq!(cursor.part_before(arrived), ruler.part(arrived));
            }
        }

        #[test]
        fn parts_add_up(stretches in prop::collection::vec((0u64..1200, 0u64..1200, 0u32..9), 0..50)) {
            let ruler = Ruler { from: Instant::from_nanos(100), until: Instant::from_nanos(1100), width: Span::from_nanos(70) };
            let mut areas = Areas::new(&ruler);
            let mut whole = 0;
            for &(one, other, level) in &stretches {
                let (from, until) = (one.min(other), one.max(other));
                areas.add(level, Instant::from_nanos(from), Instant::from_nanos(until));
                let inside = until.clamp(100, 1100) - from.clamp(100, 1100);
                whole += u64::from(level) * inside;
            }
            prop_assert_eq!(areas.by_part.iter().sum::<u64>(), whole);
            for (one, other, level) in stretches {
                for _ in 0..level {
                    areas.take_off(Instant::from_nanos(one.min(other)), Instant::from_nanos(one.max(other)));
                }
            }
            prop_assert!(areas.by_part.iter().all(|&area| area == 0));
        }
    }
}
