//! Jobs that are given work at one common rate, and when the first of them is done.
//!
//! One clock counts the work that each job in service has been given. A job is done when the clock
//! stands at its target, so a change of the rate touches no job. The clock is fixed-point and
//! carries its remainder: reading it often or seldom gives the same bits, and nothing drifts.

use crate::engine::time::{Instant, Span};
use std::{cmp::Ordering, collections::BinaryHeap};

/// The clock counts work in 2^-12 ns (a quarter of a picosecond).
const WORK_BITS: u32 = 12;
/// Rates are in 2^-36: at 1000 jobs a core the share is exact to 10^-8.
const RATE_BITS: u32 = 36;
/// What the clock's remainder holds.
const CARRY_BITS: u32 = RATE_BITS - WORK_BITS;
/// One second of work a second.
const UNIT_RATE: u64 = 1 << RATE_BITS;
/// Beyond this the clock is set back, and all targets with it.
const CLOCK_MAX: u64 = 1 << 62;
/// The longest job: 13 days of work.
const WORK_MAX: Span = Span::from_nanos(1 << 50);

/// A rate for `InService`: the speed of a core. At least the smallest one if it is not 0.
pub(super) fn rate_of(speed: f64) -> u64 {
    assert!(speed.is_finite() && speed >= 0.0, "a speed of {speed}");
    let rate = (speed * UNIT_RATE as f64 + 0.5) as u64;
    if speed > 0.0 { rate.max(1) } else { 0 }
}

/// Work, on the clock's scale.
#[inline]
pub(super) fn units(work: Span) -> u64 {
    work.min(WORK_MAX).nanos() << WORK_BITS
}

/// A job in service.
#[derive(Clone, Copy, Debug)]
struct Entry<J> {
    /// Where the clock stands when it is done.
    target: u64,
    /// The order of admission.
    order: u64,
    class: u8,
    job: J,
}

/// What was taken out of service before it was done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interrupted<J> {
    pub(super) work_left: u64,
    pub(super) order: u64,
    pub(super) class: u8,
    pub(super) job: J,
}

/// The jobs in service.
#[derive(Clone, Debug)]
pub(super) struct InService<J> {
    /// When the clock was read last.
    at: Instant,
    /// The work that a job has been given which was there from the beginning.
    clock: u64,
    /// And the part of a unit beyond it, in 2^-36 ns.
    carry: u64,
    /// By how much the clock moves in a nanosecond.
    rate: u64,
    jobs: BinaryHeap<Entry<J>>,
}

impl<J: Copy> InService<J> {
    pub(super) fn new(rate: u64) -> InService<J> {
        InService { at: Instant::ZERO, clock: 0, carry: 0, rate, jobs: BinaryHeap::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.jobs.len() as u32
    }

    /// Moves the clock on to `now`.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) {
        assert!(now >= self.at, "time runs backwards: {now:?} after {:?}", self.at);
        let passed = now.since(self.at).nanos();
        self.at = now;
        if self.jobs.is_empty() || passed == 0 {
            return;
        }
        // A widening multiplication is one instruction; no division is done in 128 bits.
        let moved = u128::from(passed) * u128::from(self.rate) + u128::from(self.carry);
        self.carry = moved as u64 & ((1 << CARRY_BITS) - 1);
        let units = u64::try_from(moved >> CARRY_BITS).unwrap_or(u64::MAX);
        self.clock = self.clock.saturating_add(units);
    }

    /// From now on work is given at `rate`; the clock must have been read.
    #[inline]
    pub(super) fn set_rate(&mut self, rate: u64) {
        self.rate = rate;
    }

    /// A job begins; the clock must have been read.
    #[inline]
    pub(super) fn begin(&mut self, work: u64, order: u64, class: u8, job: J) {
        if self.jobs.is_empty() {
            self.clock = 0;
            self.carry = 0;
        } else if self.clock >= CLOCK_MAX {
            self.set_back();
        }
        // The part of a unit that has been given already was not given to this job.
        let begun = u64::from(work > 0 && self.carry > 0);
        let target = self.clock.saturating_add(work + begun);
        self.jobs.push(Entry { target, order, class, job });
    }

    /// When the first job is done at the present rate, in whole nanoseconds, rounded up so that no
    /// job leaves before its work is done.
    #[inline]
    pub(super) fn due(&self) -> Instant {
        let Some(first) = self.jobs.peek() else { return Instant::NEVER };
        if first.target <= self.clock {
            return self.at;
        }
        if self.rate == 0 {
            return Instant::NEVER;
        }
        let missing = first.target - self.clock;
        let nanos = if missing >> (64 - CARRY_BITS) == 0 {
            let missing = (missing << CARRY_BITS) - self.carry;
            // The compiler makes a shift of the first.
            if self.rate == UNIT_RATE {
                missing.div_ceil(UNIT_RATE)
            } else {
                missing.div_ceil(self.rate)
            }
        } else {
            let missing = (u128::from(missing) << CARRY_BITS) - u128::from(self.carry);
            u64::try_from(missing.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX)
        };
        Instant::from_nanos(self.at.nanos().saturating_add(nanos))
    }

    /// Takes out the first job if it is done; the clock must have been read.
    #[inline]
    pub(super) fn end(&mut self) -> Option<J> {
        if self.jobs.peek()?.target <= self.clock { self.jobs.pop().map(|it| it.job) } else { None }
    }

    /// Takes out the job of the highest class, the last admitted of several, if its class is above
    /// `class`; the clock must have been read.
    pub(super) fn interrupt(&mut self, class: u8) -> Option<Interrupted<J>> {
        let victim = *self.jobs.iter().max_by_key(|it| (it.class, it.order))?;
        // Whoever is done is not interrupted: its departure has only not been asked for.
        if victim.class <= class || victim.target <= self.clock {
            return None;
        }
        self.jobs.retain(|it| it.order != victim.order);
        let Entry { target, order, class, job } = victim;
        Some(Interrupted { work_left: target - self.clock, order, class, job })
    }

    pub(super) fn remove_if(&mut self, mut leaves: impl FnMut(J) -> bool) {
        self.jobs.retain(|it| !leaves(it.job));
    }

    /// Sets the clock back to 0: it has run for weeks without a pause.
    #[cold]
    fn set_back(&mut self) {
        let clock = std::mem::take(&mut self.clock);
        let mut jobs = std::mem::take(&mut self.jobs).into_vec();
        for job in &mut jobs {
            job.target = job.target.saturating_sub(clock);
        }
        self.jobs = BinaryHeap::from(jobs);
    }
}

/// The greatest of a heap is the first done: the order is the reverse of (target, order).
impl<J> Ord for Entry<J> {
    #[inline]
    fn cmp(&self, other: &Entry<J>) -> Ordering {
        (other.target, other.order).cmp(&(self.target, self.order))
    }
}

impl<J> PartialOrd for Entry<J> {
    #[inline]
    fn partial_cmp(&self, other: &Entry<J>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Entry<J> {
    fn eq(&self, other: &Entry<J>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<J> Eq for Entry<J> {}
