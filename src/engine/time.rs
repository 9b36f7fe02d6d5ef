//! Simulated time: whole nanoseconds, in types that cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Sub};

/// A point in simulated time, in nanoseconds since the simulation began (the warm-up included).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Instant(u64);

/// A length of simulated time, in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span(u64);

const NANOS_PER_SECOND: f64 = 1e9;

impl Instant {
    /// The beginning.
    pub const ZERO: Instant = Instant(0);
    /// An instant that never comes: 2^56 ns, 2.28 years. At or beyond it nothing is scheduled.
    pub const NEVER: Instant = Instant(1 << 56);

    /// `nanos` after the beginning, or `NEVER` if that is beyond the horizon.
    pub const fn from_nanos(nanos: u64) -> Instant {
        if nanos < Instant::NEVER.0 { Instant(nanos) } else { Instant::NEVER }
    }

    /// Nanoseconds since the beginning.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    /// Whether this instant is beyond the horizon.
    pub const fn is_never(self) -> bool {
        self.0 >= Instant::NEVER.0
    }

    /// `span` after this, if that is not beyond the horizon.
    pub const fn later(self, span: Span) -> Option<Instant> {
        // Both are at most 2^56, so the sum cannot wrap.
        let nanos = self.0 + span.0;
        if nanos < Instant::NEVER.0 { Some(Instant(nanos)) } else { None }
    }

    /// The time since `earlier`, zero if that lies ahead.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest span; adding it to anything gives `Instant::NEVER`.
    pub const MAX: Span = Span(Instant::NEVER.0);

    /// A span of whole nanoseconds, at most `Span::MAX`.
    pub const fn from_nanos(nanos: u64) -> Span {
        if nanos < Span::MAX.0 { Span(nanos) } else { Span::MAX }
    }

    /// Rounded once, to the nearest nanosecond; negative values and NaN give zero, huge ones `MAX`.
    pub fn from_seconds(seconds: f64) -> Span {
        // `as` saturates: NaN becomes 0, infinities the largest integer. Signed integers are what
        // machines convert to at once.
        let nanos = (seconds * NANOS_PER_SECOND + 0.5) as i64;
        Span::from_nanos(nanos.max(0) as u64)
    }

    /// Whole milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span::from_nanos(millis * 1_000_000)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / NANOS_PER_SECOND
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `times` as long, at most `MAX`.
    #[must_use]
    pub const fn times(self, times: u64) -> Span {
        Span::from_nanos(self.0.saturating_mul(times))
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        // Both are at most 2^56, so the sum cannot wrap; the horizon absorbs the rest.
        Instant::from_nanos(self.0 + span.0)
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span::from_nanos(self.0 + other.0)
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    /// Zero if `other` is longer.
    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_absorbs() {
        assert!((Instant::ZERO + Span::MAX).is_never());
        assert!((Instant::NEVER + Span::MAX).is_never());
        assert_eq!(Span::from_seconds(f64::INFINITY), Span::MAX);
        assert_eq!(Span::from_seconds(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_seconds(-1.0), Span::ZERO);
    }

    #[test]
    fn seconds_round_once() {
        assert_eq!(Span::from_seconds(1.5e-9).nanos(), 2);
        assert_eq!(Span::from_seconds(0.25).nanos(), 250_000_000);
    }
}
