//! What changes with the calls at one instance, the parts touched together next to each other: with
//! thousands of instances the cache misses are what measuring costs.

use super::{is_refusal, pages::Page};
use crate::{
    engine::time::{Instant, Span},
    measure::{
        gauge::{Crowd, Gauge, Occupancy, Stretch, Swept},
        histogram::{Size, Times},
        outcome::Cause,
        shape::{InstanceShape, Workers},
        tally::{CallTally, InstanceTally, Load},
    },
};

/// An instance while its site runs.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub(super) struct Station {
    // The first two lines of the cache, fetched together: changed when a call comes or goes.
    /// Index of its service.
    pub(super) service: u32,
    /// Calls here; above the ceiling is who waits for a slot.
    pub(super) calls: Occupancy,
    // The next lines: changed when a call is over.
    sojourn: Times<4, u32>,
    /// Of those that did wait.
    wait: Times<4, u32>,
    // Not for every call.
    pub(super) connections: Gauge,
    pub(super) connections_max: u32,
    /// What must be told because the workers are loops.
    pub(super) loops: Option<Box<Loops>>,
}

/// An instance whose workers are loops.
#[derive(Clone, Debug)]
pub(super) struct Loops {
    pub(super) waiting: Occupancy,
    pub(super) busy: Gauge,
}

impl Station {
    /// Nothing yet.
    pub(super) fn new(shape: &InstanceShape) -> Station {
        let workers = shape.workers.unwrap_or(u32::MAX);
        let (ceiling, loops) = match shape.workers_are {
            Workers::Slots => (workers, None),
            Workers::Loops => {
                let (waiting, busy) = (Occupancy::new(u32::MAX), Gauge::new(workers));
                (u32::MAX, Some(Box::new(Loops { waiting, busy })))
            }
        };
        Station {
            service: shape.service,
            calls: Occupancy::new(ceiling),
            sojourn: Times::default(),
            wait: Times::default(),
            connections: Gauge::new(u32::MAX),
            connections_max: 0,
            loops,
        }
    }

    /// The number of calls changes.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in the way of every call that comes or goes")]
    pub(super) fn set_calls(&mut self, level: u32, now: Instant, crowd: &mut Crowd) {
        let was = self.calls.set(level, now);
        crowd.calls.change(was, level, now);
        let (waited, waiting) = (self.calls.above(was), self.calls.above(level));
        if waited != waiting {
            crowd.waiting.change(waited, waiting, now);
        }
    }

    /// The number of calls that wait to be accepted changes.
    #[inline]
    pub(super) fn set_waiting(&mut self, level: u32, now: Instant, crowd: &mut Crowd) {
        if let Some(loops) = &mut self.loops {
            let was = loops.waiting.set(level, now);
            crowd.waiting.change(was, level, now);
        }
    }

    /// The number of connections changes.
    #[inline]
    pub(super) fn set_connections(&mut self, level: u32, now: Instant) {
        let over = self.connections.set(level, now);
        self.were_connected(over);
    }

    fn were_connected(&mut self, over: Stretch) {
        if over.nanos > 0 {
            self.connections_max = self.connections_max.max(over.level);
        }
    }

    /// The number of busy loops changes.
    #[inline]
    pub(super) fn set_busy(&mut self, level: u32, now: Instant) {
        if let Some(loops) = &mut self.loops {
            loops.busy.set(level, now);
        }
    }

    /// Fetches what `set_calls` changes.
    #[inline]
    pub(super) fn seen(&self) -> u64 {
        self.calls.seen()
    }

    /// Fetches what `stayed` changes first.
    #[inline]
    pub(super) fn counted(&self) -> u64 {
        self.sojourn.moments.count
    }

    /// How many have stayed about as long.
    #[inline]
    pub(super) fn like(&self, size: Size) -> u64 {
        self.sojourn.histogram.like(size)
    }

    /// A call ended well that took so long.
    #[inline]
    pub(super) fn stayed(&mut self, sojourn: Span, size: Size) {
        self.sojourn.record_sized(sojourn, size);
    }

    /// A call that was let in had to wait.
    #[inline]
    pub(super) fn waited(&mut self, wait: Span, size: Size) {
        self.wait.record_sized(wait, size);
    }

    /// A page is over. How many calls were there, and how many of them waited.
    pub(super) fn sweep(&mut self, page: Page, whole: Span, tally: &mut InstanceTally) -> Load {
        let calls = self.calls.sweep(page.end);
        let (connections, over) = self.connections.sweep(page.end);
        self.were_connected(over);
        let (waiting, busy) = match &mut self.loops {
            None => (calls.area - calls.used, Swept { area: calls.used, ..calls }),
            Some(loops) => (loops.waiting.sweep(page.end).area, loops.busy.sweep(page.end).0),
        };
        match page.part {
            None => {
                self.calls.forget();
                if let Some(loops) = &mut self.loops {
                    loops.waiting.forget();
                }
                self.connections_max = 0;
            }
            Some(part) => {
                tally.in_system.area += u128::from(calls.area);
                tally.waiting.area += u128::from(waiting);
                tally.busy.add(part, busy);
                tally.connections_area += u128::from(connections.area);
            }
        }
        if page.is_last {
            let in_system = &self.calls.spent().all;
            let waiting = match &self.loops {
                None => &self.calls.spent().above,
                Some(loops) => &loops.waiting.spent().all,
            };
            tally.in_system.by_level_ns = in_system.by_level(whole.nanos());
            tally.waiting.by_level_ns = waiting.by_level(whole.nanos());
            tally.in_system.max = in_system.highest();
            tally.waiting.max = waiting.highest();
            tally.connections_max = self.connections_max;
        }
        Load { in_system: calls.area, waiting }
    }

    /// The run is over. What follows from what was counted is not counted for each call: `tally` has
    /// the failures, and how far the calls completed in the window differ from those that arrived
    /// in it and ended well.
    pub(super) fn close(self, tally: &mut CallTally<4, u32>) {
        let ok = self.sojourn.moments.count;
        tally.causes[Cause::None as usize] = ok;
        tally.completed = tally.completed.wrapping_add(ok);
        let mut wait = self.wait;
        let refused = Cause::ALL.iter().filter(|cause| is_refusal(**cause));
        let refused: u64 = refused.map(|&cause| tally.causes[cause as usize]).sum();
        wait.moments.zeros = tally.count() - refused - wait.moments.count;
        wait.moments.count += wait.moments.zeros;
        (tally.sojourn, tally.wait) = (self.sojourn, wait);
    }
}
