//! Work and the rate at which it is done, in fixed-point numbers: nothing drifts, and the same work
//! takes the same time on every machine.

use crate::engine::time::{Instant, Span};

/// Work is counted in 2^-12 ns (a quarter of a picosecond).
const WORK_BITS: u32 = 12;
/// Rates are in 2^-36: at 1000 jobs a core the share is exact to 10^-8.
const RATE_BITS: u32 = 36;
/// What is left of a nanosecond times a rate beyond whole units.
const CARRY_BITS: u32 = RATE_BITS - WORK_BITS;
/// One second of work a second.
const UNIT_RATE: u64 = 1 << RATE_BITS;
/// The longest job: 13 days of work.
const WORK_MAX: Span = Span::from_nanos(1 << 50);

/// Work, in units.
#[inline]
pub(super) fn units(work: Span) -> u64 {
    work.min(WORK_MAX).nanos() << WORK_BITS
}

/// How fast work is done; 0 is a standstill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(u64);

impl Rate {
    /// The speed of a core. At least the smallest rate if it is not 0.
    pub(super) fn of(speed: f64) -> Rate {
        assert!(speed.is_finite() && speed >= 0.0, "a speed of {speed}");
        let rate = (speed * UNIT_RATE as f64 + 0.5) as u64;
        Rate(if speed > 0.0 { rate.max(1) } else { 0 })
    }

    /// What each of `threads` gets of so many cores of this rate. Rounded down, so that no more
    /// work is done than the cores can do, but not to a standstill.
    pub(super) fn share(self, cores: u32, threads: u32) -> Rate {
        if threads <= cores {
            return self;
        }
        let each = match self.0.checked_mul(u64::from(cores)) {
            Some(all) => all / u64::from(threads),
            None => (u128::from(self.0) * u128::from(cores) / u128::from(threads)) as u64,
        };
        Rate(each.max(u64::from(self.0 > 0)))
    }

    /// The units done in `passed`, and what is left beyond them, if `carry` was left before.
    #[inline]
    pub(super) fn done(self, passed: Span, carry: u64) -> (u64, u64) {
        // A widening multiplication is one instruction.
        let moved = u128::from(passed.nanos()) * u128::from(self.0) + u128::from(carry);
        let units = u64::try_from(moved >> CARRY_BITS).unwrap_or(u64::MAX);
        (units, moved as u64 & ((1 << CARRY_BITS) - 1))
    }

    /// When work is done that is begun at `from`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub(super) fn end_of(self, from: Instant, work: Span) -> Instant {
        if self.0 == UNIT_RATE { from + work.min(WORK_MAX) } else { self.end(from, units(work), 0) }
    }

    /// When so many units are done that are begun at `from`, `carry` of the first having been done
    /// already. Rounded up, so that no work is over before its time.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub(super) fn end(self, from: Instant, units: u64, carry: u64) -> Instant {
        if units == 0 {
            return from;
        }
        if self.0 == 0 {
            return Instant::NEVER;
        }
        let nanos = if self.0 == UNIT_RATE {
            // The part of a unit makes no difference to what is rounded up.
            ((units - 1) >> WORK_BITS) + 1
        } else {
            self.nanos_at_odd_rate(units, carry)
        };
        Instant::from_nanos(from.nanos().saturating_add(nanos))
    }

    #[inline(never)]
    fn nanos_at_odd_rate(self, units: u64, carry: u64) -> u64 {
        if units >> (64 - CARRY_BITS) == 0 {
            ((units << CARRY_BITS) - carry).div_ceil(self.0)
        } else {
            // More than a quarter of a second.
            let missing = (u128::from(units) << CARRY_BITS) - u128::from(carry);
            u64::try_from(missing.div_ceil(u128::from(self.0))).unwrap_or(u64::MAX)
        }
    }
}
