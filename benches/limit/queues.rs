//! The priority queues that the engine is measured against, on the hold model.
//!
//! All of them hold the engine's own 128-bit keys (56 bits of time, 40 of sequence, 32 of slot),
//! and the harness round them does what any simulator must: it numbers each event, keeps its
//! payload in a slot that is used again, and moves the clock. What only the engine does besides
//! (cancelling, lanes, the horizon) it does at its own cost.

pub mod calendar;
pub mod four_ary;
pub mod pairing;
pub mod sorted;
pub mod standard;

/// A priority queue of keys, the least first.
pub trait Yardstick: Default {
    /// What it is called in a table.
    const NAME: &'static str;
    /// Beyond this many keys it is hopeless and left out.
    const SIZE_MAX: usize = usize::MAX;

    /// Adds a key.
    fn push(&mut self, key: u128);
    /// Takes out the least.
    fn pop(&mut self) -> Option<u128>;
}

/// A timeline that can neither cancel nor stop: a queue, the payloads, the clock.
#[derive(Default)]
pub struct Plain<Q> {
    queue: Q,
    payloads: Vec<u64>,
    free: Vec<u32>,
    sequence: u64,
    now: u64,
}

impl<Q: Yardstick> Plain<Q> {
    /// Schedules `payload` after `span` nanoseconds.
    #[inline]
    pub fn after(&mut self, span: u64, payload: u64) {
        self.sequence += 1;
        let slot = if let Some(slot) = self.free.pop() {
            self.payloads[slot as usize] = payload;
            slot
        } else {
            self.payloads.push(payload);
            self.payloads.len() as u32 - 1
        };
        let due = u128::from(self.now + span);
        self.queue.push((due << 72) | (u128::from(self.sequence) << 32) | u128::from(slot));
    }

    /// The payload of the soonest; the clock moves to it.
    #[inline]
    pub fn next(&mut self) -> Option<u64> {
        let key = self.queue.pop()?;
        self.now = (key >> 72) as u64;
        let slot = key as u32;
        self.free.push(slot);
        Some(self.payloads[slot as usize])
    }
}
