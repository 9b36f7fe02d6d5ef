//! A disk: so many operations at once, first come, first served, under two ceilings.
//!
//! An operation waits for a channel, then for its turn at the ceiling on operations a second, then
//! for its bytes at the ceiling on bytes a second, and then takes its own service time. The
//! ceilings are passed before the service time so that a single slow operation holds up its channel
//! and nobody else. All is known when the operation is submitted; it needs no event but its end.
//! Left out: reordering by the device, and reads overtaking writes.

use super::line::Line;
use crate::engine::time::{Instant, Span};
use std::{cmp::Reverse, collections::BinaryHeap};

/// The ceiling on operations counts thousandths, so that less than one a second can be had.
const PARTS_PER_OPERATION: u64 = 1000;

/// A disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// When each channel is free again.
    channels: BinaryHeap<Reverse<Instant>>,
    throughput: Option<Line>,
    operations: Option<Line>,
}

impl Disk {
    /// An idle disk that works on `parallel` operations at once. Ceilings in bytes a second and
    /// operations a second; `None` is unlimited.
    pub fn new(parallel: u32, throughput_bytes: Option<f64>, iops: Option<f64>) -> Disk {
        assert!(parallel > 0, "a disk without channels");
        let channels = (0..parallel).map(|_| Reverse(Instant::ZERO)).collect();
        Disk {
            channels,
            throughput: throughput_bytes.map(|rate| Line::new(whole(rate))),
            operations: iops.map(|rate| Line::new(whole(rate * PARTS_PER_OPERATION as f64))),
        }
    }

    /// An operation that moves `bytes` and takes `service` beside that. When a channel begins it,
    /// and when it is done.
    #[inline]
    pub fn submit(&mut self, now: Instant, service: Span, bytes: u64) -> (Instant, Instant) {
        let mut channel = self.channels.peek_mut().expect("a disk has channels");
        let mut start = now.max(channel.0);
        if let Some(line) = &mut self.operations {
            start = line.pass(start, PARTS_PER_OPERATION).start;
        }
        let moved = match &mut self.throughput {
            Some(line) => line.pass(start, bytes).end,
            None => start,
        };
        let end = moved + service;
        *channel = Reverse(end);
        (start, end)
    }

    /// The host has lost its power: what was queued is gone.
    pub fn reset(&mut self, now: Instant) {
        let parallel = self.channels.len();
        self.channels.clear();
        self.channels.extend((0..parallel).map(|_| Reverse(now)));
        for line in self.throughput.iter_mut().chain(&mut self.operations) {
            line.reset(now);
        }
    }
}

fn whole(rate: f64) -> u64 {
    assert!(rate > 0.0, "a ceiling of {rate}");
    ((rate + 0.5) as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Span = Span::from_millis(1);

    #[test]
    fn channels_work_side_by_side() {
        let mut disk = Disk::new(2, None, None);
        let at = |millis| Instant::ZERO + Span::from_millis(millis);
        assert_eq!(disk.submit(at(0), MILLI.times(4), 0), (at(0), at(4)));
        assert_eq!(disk.submit(at(1), MILLI.times(10), 0), (at(1), at(11)));
        assert_eq!(disk.submit(at(2), MILLI, 0), (at(4), at(5)));
        assert_eq!(disk.submit(at(20), MILLI, 0), (at(20), at(21)));
        disk.submit(at(20), MILLI.times(100), 0);
        disk.submit(at(20), MILLI.times(100), 0);
        disk.reset(at(30));
        assert_eq!(disk.submit(at(30), MILLI, 0), (at(30), at(31)));
    }

    #[test]
    fn ceilings_hold_over_all_channels() {
        let mut disk = Disk::new(1000, None, Some(30_000.0));
        let last = (0..30_001).map(|_| disk.submit(Instant::ZERO, MILLI, 4096).0).last();
        assert_eq!(last, Some(Instant::from_nanos(1_000_000_000)));

        let mut disk = Disk::new(1000, Some(1e9), None);
        let last = (0..1000).map(|_| disk.submit(Instant::ZERO, MILLI, 1_000_000).1).last();
        assert_eq!(last, Some(Instant::ZERO + Span::from_millis(1001)));
    }

    #[test]
    fn one_slow_operation_holds_up_its_channel_alone() {
        let mut disk = Disk::new(2, Some(1e6), Some(1000.0));
        disk.submit(Instant::ZERO, MILLI.times(500), 1000);
        let (start, end) = disk.submit(Instant::ZERO, MILLI, 1000);
        assert_eq!(start, Instant::ZERO + MILLI);
        assert_eq!(end, Instant::ZERO + MILLI.times(3));
    }
}
