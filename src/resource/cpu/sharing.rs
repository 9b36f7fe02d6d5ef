//! Processor sharing: all runnable threads are served at once, each by an equal share of the cores
//! and by one core at most. What a fair scheduler with ever shorter time slices tends to
//! (Kleinrock, *Queueing Systems* II, 4.4).

use super::{
    Admission,
    in_service::InService,
    work::{Rate, units},
};
use crate::engine::time::{Instant, Span};
use std::sync::Arc;

/// Shares are looked up for so many threads beyond the number of cores, then computed.
const SHARES: u32 = 64;

#[derive(Clone, Debug)]
pub(super) struct Sharing<J> {
    cores: u32,
    /// The rate of a thread that has a core to itself.
    full: Rate,
    /// The rate of each of n threads beyond the number of cores. Shared between copies of a site.
    shares: Arc<[Rate]>,
    admitted: u64,
    threads: InService<J>,
}

impl<J: Copy + Default> Sharing<J> {
    pub(super) fn new(cores: u32, speed: f64) -> Sharing<J> {
        let full = Rate::of(speed);
        Sharing {
            cores,
            full,
            shares: table(full, cores),
            admitted: 0,
            threads: InService::new(full),
        }
    }

    #[inline]
    pub(super) fn admit(&mut self, now: Instant, job: J, work: Span) -> Admission {
        self.threads.advance(now);
        let is_first = self.threads.begin(units(work), self.admitted, job);
        self.admitted += 1;
        self.share_anew();
        // Nobody is done sooner because of another thread.
        if is_first { Admission::Departs(self.threads.due()) } else { Admission::Waits }
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
        self.full = Rate::of(speed);
        self.shares = table(self.full, self.cores);
        self.share_anew();
    }

    #[inline]
    pub(super) fn runnable(&self) -> u32 {
        self.threads.len()
    }

    #[inline]
    fn share_anew(&mut self) {
        let threads = self.threads.len();
        self.threads.set_rate(if threads <= self.cores {
            self.full
        } else {
            let known = self.shares.get((threads - self.cores - 1) as usize);
            known.map_or_else(|| self.full.share(self.cores, threads), |it| *it)
        });
    }
}

fn table(full: Rate, cores: u32) -> Arc<[Rate]> {
    (1..=SHARES).map(|beyond| full.share(cores, cores + beyond)).collect()
}
