//! Jobs that are given work at one common rate, and when the first of them is done.
//!
//! One clock counts the work that each job in service has been given. A job is done when the clock
//! stands at its target, so a change of the rate touches no job. The clock is fixed-point and
//! carries its remainder: reading it often or seldom gives the same bits, and nothing drifts.

use super::{soonest::Soonest, work::Rate};
use crate::engine::time::Instant;

/// Beyond this the clock is set back, and all targets with it.
const CLOCK_MAX: u64 = 1 << 62;

/// The jobs in service.
#[derive(Clone, Debug)]
pub(super) struct InService<J> {
    /// When the clock was read last.
    at: Instant,
    /// The work that a job has been given which was there from the beginning.
    clock: u64,
    /// And the part of a unit beyond it, in 2^-36 ns.
    carry: u64,
    /// How fast the clock moves.
    rate: Rate,
    jobs: Soonest<J>,
}

impl<J: Copy + Default> InService<J> {
    pub(super) fn new(rate: Rate) -> InService<J> {
        InService { at: Instant::ZERO, clock: 0, carry: 0, rate, jobs: Soonest::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.jobs.len() as u32
    }

    /// Moves the clock on to `now`.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) {
        assert!(now >= self.at, "time runs backwards: {now:?} after {:?}", self.at);
        let passed = now.since(self.at);
        self.at = now;
        if self.jobs.is_empty() || passed.is_zero() {
            return;
        }
        let (units, carry) = self.rate.done(passed, self.carry);
        self.clock = self.clock.saturating_add(units);
        self.carry = carry;
    }

    /// From now on work is given at `rate`; the clock must have been read.
    #[inline]
    pub(super) fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// A job begins; the clock must have been read. Whether it is the first that will be done.
    #[inline]
    pub(super) fn begin(&mut self, work: u64, order: u64, job: J) -> bool {
        if self.jobs.is_empty() {
            self.clock = 0;
            self.carry = 0;
        } else if self.clock >= CLOCK_MAX {
            self.jobs.set_back(std::mem::take(&mut self.clock));
        }
        // The part of a unit that has been given already was not given to this job.
        let begun = u64::from(work > 0 && self.carry > 0);
        self.jobs.insert(self.clock.saturating_add(work + begun), order, job)
    }

    /// When the first job is done at the present rate, in whole nanoseconds, rounded up so that no
    /// job leaves before its work is done.
    #[inline]
    pub(super) fn due(&self) -> Instant {
        let Some(target) = self.jobs.first() else { return Instant::NEVER };
        self.rate.end(self.at, target.saturating_sub(self.clock), self.carry)
    }

    /// Takes out the first job if it is done; the clock must have been read.
    #[inline]
    pub(super) fn end(&mut self) -> Option<J> {
        self.jobs.pop(self.clock)
    }

    pub(super) fn remove_if(&mut self, leaves: impl FnMut(J) -> bool) {
        self.jobs.remove_if(leaves);
    }
}
