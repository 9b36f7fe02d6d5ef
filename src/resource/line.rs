//! Something that takes one thing after the other at a fixed rate: a wire, a ceiling on bytes or
//! operations a second. It is committed as far as "free at" says and needs no events.
//!
//! The time that something takes is hardly ever a whole number of nanoseconds; the remainder is
//! kept as a fraction, so that a million small things take as long as one large one.

use crate::engine::time::{Instant, Span};
use std::num::NonZeroU64;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A serialiser.
#[derive(Clone, Debug)]
pub struct Line {
    /// So many nanoseconds …
    nanos: u64,
    /// … for so many units, reduced to lowest terms: small numbers are divided faster.
    rate: NonZeroU64,
    /// When it is free again: `free` and `part / rate` of a nanosecond.
    free: Instant,
    part: u64,
}

/// When something was on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its first unit goes on.
    pub start: Instant,
    /// Its last unit is off, rounded up.
    pub end: Instant,
}

impl Line {
    /// A free line for so many units a second.
    pub fn new(rate: u64) -> Line {
        let divisor = divisor(NANOS_PER_SECOND, rate);
        let nanos = NANOS_PER_SECOND / divisor;
        let rate = NonZeroU64::new(rate / divisor).expect("a line without a rate");
        Line { nanos, rate, free: Instant::ZERO, part: 0 }
    }

    /// Sends so many units, as soon after `from` as the line is free.
    #[inline]
    pub fn pass(&mut self, from: Instant, units: u64) -> Passage {
        if self.free < from {
            self.free = from;
            self.part = 0;
        }
        let start = self.free_at();
        (self.free, self.part) = self.after(units);
        Passage { start, end: self.free_at() }
    }

    /// When the first `units` of what comes next would be off the line, if it is free by then.
    #[inline]
    pub fn ahead(&self, from: Instant, units: u64) -> Instant {
        let line =
            if self.free < from { Line { free: from, part: 0, ..*self } } else { self.clone() };
        let (free, part) = line.after(units);
        round_up(free, part)
    }

    /// Something whose last unit arrived at `last` was on the line just before, if it was free;
    /// otherwise it queued up and is off the line later.
    #[inline]
    pub fn absorb(&mut self, last: Instant, units: u64) -> Passage {
        let (free, part) = self.after(units);
        // What it takes alone, rounded down: the remainder has grown by its own, unless that made
        // another nanosecond of both.
        let taken = free.since(self.free) - Span::from_nanos(u64::from(part < self.part));
        (self.free, self.part) = if free < last { (last, 0) } else { (free, part) };
        let end = self.free_at();
        let start = Instant::from_nanos(end.nanos().saturating_sub(taken.nanos()));
        Passage { start, end }
    }

    /// When it is free again, in whole nanoseconds, rounded up.
    #[inline]
    pub fn free_at(&self) -> Instant {
        round_up(self.free, self.part)
    }

    /// Forgets what was on it.
    pub fn reset(&mut self, now: Instant) {
        self.free = now;
        self.part = 0;
    }

    #[inline]
    fn after(&self, units: u64) -> (Instant, u64) {
        let total = units.checked_mul(self.nanos).and_then(|it| it.checked_add(self.part));
        let (nanos, part) = match total {
            Some(total) => (total / self.rate, total % self.rate),
            None => self.long(units),
        };
        (Instant::from_nanos(self.free.nanos().saturating_add(nanos)), part)
    }

    /// How long so many units take, where that is too much for 64 bits on the way.
    #[cold]
    fn long(&self, units: u64) -> (u64, u64) {
        let rate = u128::from(self.rate.get());
        let total = u128::from(units) * u128::from(self.nanos) + u128::from(self.part);
        (u64::try_from(total / rate).unwrap_or(u64::MAX), (total % rate) as u64)
    }
}

/// The greatest common divisor.
fn divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { divisor(other, one % other) }
}

#[inline]
fn round_up(at: Instant, part: u64) -> Instant {
    Instant::from_nanos(at.nanos() + u64::from(part > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    proptest! {
        /// However a load is cut into pieces, it takes as long as in one piece.
        #[test]
        fn pieces_take_as_long_as_the_whole(
            rate in 1u64..20_000_000_000,
            pieces in prop::collection::vec(0u64..100_000, 1..200),
        ) {
            let mut line = Line::new(rate);
            let mut last = at(5);
            for &piece in &pieces {
                let ahead = line.ahead(at(5), piece);
                let passage = line.pass(at(5), piece);
                prop_assert!(passage.start >= last && passage.end == ahead);
                last = passage.start;
            }
            let total = u128::from(pieces.iter().sum::<u64>()) * 1_000_000_000;
            let expected = 5 + total.div_ceil(u128::from(rate));
            prop_assert_eq!(u128::from(line.free_at().nanos()), expected.min(1 << 56));
        }
    }

    #[test]
    fn what_arrives_slowly_is_not_delayed() {
        let mut line = Line::new(1_000_000_000);
        let passage = |start, end| Passage { start: at(start), end: at(end) };
        assert_eq!(line.absorb(at(1000), 100), passage(900, 1000));
        // The next one was sent at the same time and would have arrived together.
        assert_eq!(line.absorb(at(1000), 100), passage(1000, 1100));
        assert_eq!(line.absorb(at(5000), 100), passage(4900, 5000));
    }

    proptest! {
        /// What is absorbed was on the line for as long as it takes alone, rounded down.
        #[test]
        fn what_is_absorbed_was_on_the_line_for_its_time(
            rate in 1_000u64..20_000_000_000,
            pieces in prop::collection::vec((0u64..100_000, 0u64..100_000), 1..100),
        ) {
            let mut line = Line::new(rate);
            let mut now = 1 << 40;
            for (pause, piece) in pieces {
                now += pause;
                let Passage { start, end } = line.absorb(at(now), piece);
                prop_assert_eq!(end.since(start).nanos(), piece * 1_000_000_000 / rate);
            }
        }
    }
}
