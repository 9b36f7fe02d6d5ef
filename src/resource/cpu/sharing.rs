//! Processor sharing: all runnable threads are served at once, each by an equal share of the cores
//! and by one core at most. What a fair scheduler with ever shorter time slices tends to
//! (Kleinrock, *Queueing Systems* II, 4.4).

use super::in_service::{InService, rate_of, units};
use crate::engine::time::{Instant, Span};
use std::sync::Arc;

/// Shares are looked up for so many threads beyond the number of cores, then computed.
const TABLE_BEYOND_CORES: usize = 64;
/// Of very large machines the table holds less.
const TABLE_MAX: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Sharing<J> {
    cores: u32,
    /// The rate of a thread that has a core to itself.
    full: u64,
    /// The rate of each of n threads. Shared between copies of a site.
    rates: Arc<[u64]>,
    admitted: u64,
    threads: InService<J>,
}

impl<J: Copy> Sharing<J> {
    pub(super) fn new(cores: u32, speed: f64) -> Sharing<J> {
        let full = rate_of(speed);
        let rates = table(full, cores);
        Sharing { cores, full, rates, admitted: 0, threads: InService::new(full) }
    }

    #[inline]
    pub(super) fn admit(&mut self, now: Instant, job: J, work: Span) {
        self.threads.advance(now);
        self.threads.begin(units(work), self.admitted, 0, job);
        self.admitted += 1;
        self.share_anew();
    }

    #[inline]
    pub(super) fn due(&self) -> Instant {
        self.threads.due()
    }

    #[inline]
    pub(super) fn depart(&mut self, now: Instant) -> Option<J> {
        self.threads.advance(now);
        let job = self.threads.end();
        if job.is_some() {
            self.share_anew();
        }
        job
    }

    pub(super) fn remove_if(&mut self, now: Instant, leaves: impl FnMut(J) -> bool) {
        self.threads.advance(now);
        self.threads.remove_if(leaves);
        self.share_anew();
    }

    pub(super) fn set_speed(&mut self, now: Instant, speed: f64) {
        self.threads.advance(now);
        self.full = rate_of(speed);
        self.rates = table(self.full, self.cores);
        self.share_anew();
    }

    #[inline]
    pub(super) fn runnable(&self) -> u32 {
        self.threads.len()
    }

    #[inline]
    fn share_anew(&mut self) {
        let threads = self.threads.len();
        let known = self.rates.get(threads as usize);
        self.threads
            .set_rate(known.map_or_else(|| share(self.full, self.cores, threads), |it| *it));
    }
}

fn table(full: u64, cores: u32) -> Arc<[u64]> {
    let beyond = (cores as usize + TABLE_BEYOND_CORES).min(TABLE_MAX);
    (0..beyond).map(|threads| share(full, cores, threads as u32)).collect()
}

/// The rate of each of `threads`. Rounded down, so that no more work is done than the cores can do,
/// but not to a standstill.
fn share(full: u64, cores: u32, threads: u32) -> u64 {
    if threads <= cores {
        return full;
    }
    let all = full.checked_mul(u64::from(cores));
    let each = all.map_or_else(
        || (u128::from(full) * u128::from(cores) / u128::from(threads)) as u64,
        |all| all / u64::from(threads),
    );
    each.max(u64::from(full > 0))
}
