//! A priority queue of 128-bit keys: the soonest few in a sorted array, the rest in a timing wheel.
//!
//! A key is 56 bits of time, 40 bits of sequence, 32 bits that name what is pending; comparing one
//! `u128` orders events by time and, at equal times, by the order in which they were scheduled.
//! The order is total, so how the queue is built shows in no result.
//!
//! What is due by `limit` lies in the array, what is due later in the wheel, which sorts by a few
//! digits of the time only. When the array runs empty, the wheel's next bucket is put there, and
//! those that follow it if they are small; `limit` becomes the end of the last; when it runs full, its later half goes back to the
//! wheel, and `limit` becomes the time of the last that stays. So the array follows the density of
//! the events, from microseconds to hours, and a few pending events never leave it. Where neither
//! helps (a flood at one instant) a heap takes what the array cannot, at O(log n).

pub mod heap;
pub mod near;
pub mod roster;
pub mod wheel;

use std::hint::black_box;

use heap::Heap;
pub use near::NOTHING;
use near::{NEAR_MAX, Near};
use roster::Roster;
use wheel::Wheel;

/// How many keys the array keeps when it ran full, and takes from the heap or from small buckets
/// when it ran empty.
const HALF: usize = NEAR_MAX / 2;

/// With more entries than this the roster does not lie in the nearest cache: those of the next keys
/// are fetched together, rather than waited for one by one.
const LARGE: usize = 4096;

/// Keys come out in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// All of it is below all of `flood`.
    near: Near,
    /// What is due by `limit` and found no place in `near`.
    flood: Heap,
    /// What is due after `limit`.
    wheel: Wheel,
    limit: u64,
    refills: u64,
}

impl Queue {
    /// The next few keys, those of cancelled events that have not surfaced included.
    pub fn soon(&self) -> impl Iterator<Item = u128> {
        self.near.descending().iter().copied()
    }

    /// How often the array was filled anew.
    #[inline]
    pub fn refills(&self) -> u64 {
        self.refills
    }

    /// How many keys wait, those of cancelled events that have not surfaced included.
    pub fn len(&self) -> usize {
        self.near.len() + self.flood.len() + self.wheel.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the key of an entry, due at or after `now`, before which nothing more is going to be due.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "few events of the next moment wait anywhere else")]
    pub fn push<E: Copy>(&mut self, roster: &mut Roster<E>, key: u128, now: u64) {
        let has_room = self.near.len() < NEAR_MAX && self.flood.is_empty();
        if has_room && roster::due(key) <= self.limit {
            self.near.insert(key);
        } else {
            self.push_otherwise(roster, key, now);
        }
    }

    /// As `push`, where it is due late, the array is full or the heap in use.
    #[inline(never)]
    fn push_otherwise<E: Copy>(&mut self, roster: &mut Roster<E>, key: u128, now: u64) {
        let has_room = self.near.len() < NEAR_MAX && self.flood.is_empty();
        if roster::due(key) <= self.limit {
            self.push_near(roster, key, now);
        } else if !self.wheel.is_empty() {
            self.wheel.push(key);
        } else if has_room {
            self.limit = roster::due(key);
            self.near.insert(key);
        } else {
            self.wheel.begin(now);
            self.wheel.push(key);
        }
    }

    /// The soonest key, left where it is, `NOTHING` if there is none. It may be that of an entry
    /// since removed.
    #[inline]
    pub fn peek<E: Copy>(&mut self, roster: &mut Roster<E>) -> u128 {
        if self.near.is_empty() {
            self.refill(roster);
        }
        self.near.soonest()
    }

    /// Nothing is due before this key, which may be that of an entry since removed; 0 if that is not
    /// known without looking further.
    #[inline]
    pub fn least(&self) -> u128 {
        if self.near.is_empty() && !self.is_empty() { 0 } else { self.near.soonest() }
    }

    /// Takes out the key that was last peeked at.
    #[inline]
    pub fn pop(&mut self) {
        self.near.pop();
    }

    /// Forgets the entry `named`, which is pushed and about to leave the roster. Its key stays until
    /// it surfaces, or is dropped from the wheel when too many there are stale.
    #[inline]
    pub fn remove<E: Copy>(&mut self, roster: &Roster<E>, named: u32) {
        if roster.due(named) > self.limit {
            self.wheel.forget(roster);
        }
    }

    fn push_near<E: Copy>(&mut self, roster: &mut Roster<E>, key: u128, now: u64) {
        if !self.flood.is_empty() && self.near.last().is_none_or(|last| last < key) {
            self.flood.push(key);
        } else if self.near.len() < NEAR_MAX {
            self.near.insert(key);
        } else {
            self.push_full(roster, key, now);
        }
    }

    /// Adds a key to the array, which is full.
    #[cold]
    fn push_full<E: Copy>(&mut self, roster: &mut Roster<E>, key: u128, now: u64) {
        if self.wheel.is_empty() {
            self.wheel.begin(now);
        }
        if !self.flood.is_empty() || !self.narrow(roster) {
            let last = self.near.pop_last();
            self.flood.push(last.max(key));
            self.near.insert(last.min(key));
        } else if roster::due(key) <= self.limit {
            self.near.insert(key);
        } else {
            self.wheel.push(key);
        }
    }

    /// Moves the later half of the array to the wheel, unless that would part what is due at one
    /// instant, or the wheel has gone past it (someone looked ahead and then scheduled before it).
    fn narrow<E: Copy>(&mut self, roster: &mut Roster<E>) -> bool {
        let keys = self.near.descending();
        let Some(split) =
            (1..=HALF).rev().find(|&at| roster::due(keys[at - 1]) > roster::due(keys[at]))
        else {
            return false;
        };
        let limit = roster::due(keys[split]);
        if limit < self.wheel.base() {
            return false;
        }
        for &key in &keys[..split] {
            if roster.is_live(key) {
                self.wheel.push(key);
            }
        }
        self.near.forget_last(split);
        self.limit = limit;
        true
    }

    /// Fills the empty array: from the heap, else with the wheel's next buckets.
    #[inline(never)]
    fn refill<E: Copy>(&mut self, roster: &mut Roster<E>) {
        self.refills += 1;
        if !self.flood.is_empty() {
            while self.near.len() < HALF
                && let Some(key) = self.flood.pop()
            {
                self.near.push_last(key);
            }
            self.near.reverse();
            return;
        }
        if self.wheel.is_empty() {
            return;
        }
        let Queue { near, flood, wheel, limit, .. } = self;
        *limit = wheel.advance(NEAR_MAX / 2);
        let count = wheel.first_count();
        if count > NEAR_MAX {
            wheel.drain(|key| flood.push(key));
            self.refill(roster);
            return;
        }
        let level = wheel.lowest();
        wheel.drain(|key| near.insert_last(key));
        while let Some(end) = wheel.end_of_next(level, HALF.saturating_sub(near.len())) {
            *limit = end;
            wheel.drain(|key| near.insert_last(key));
        }
        near.reverse();
        if roster.len() > LARGE {
            near.descending().iter().for_each(|&key| {
                black_box(roster.is_live(key));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{cmp::Reverse, collections::BinaryHeap};

    /// A queue beside the standard heap, with entries removed from either.
    #[derive(Default)]
    struct Both {
        queue: Queue,
        roster: Roster<()>,
        heap: BinaryHeap<Reverse<(u64, u64)>>,
        entries: Vec<(u32, u64, u64)>,
        sequence: u64,
        now: u64,
    }

    impl Both {
        fn push(&mut self, span: u64) {
            self.sequence += 1;
            let due = self.now + span;
            let slot = self.roster.insert(due, self.sequence, None);
            let key = self.roster.key(slot);
            self.queue.push(&mut self.roster, key, self.now);
            self.heap.push(Reverse((due, self.sequence)));
            self.entries.push((slot, due, self.sequence));
        }

        fn remove(&mut self, which: usize) {
            if self.entries.is_empty() {
                return;
            }
            let place = which % self.entries.len();
            let (slot, due, sequence) = self.entries.swap_remove(place);
            self.queue.remove(&self.roster, slot);
            self.roster.remove(slot);
            self.heap.retain(|&Reverse(other)| other != (due, sequence));
        }

        fn peek(&mut self) -> Option<u128> {
            loop {
                let key = self.queue.peek(&mut self.roster);
                if key == NOTHING {
                    return None;
                }
                if self.roster.is_live(key) {
                    return Some(key);
                }
                self.queue.pop();
            }
        }

        fn pop(&mut self) -> bool {
            let expected = self.heap.pop().map(|Reverse(entry)| entry);
            let got = self.peek();
            assert_eq!(
                got.map(|key| (roster::due(key), (key >> 32) as u64 & 0xff_ffff_ffff)),
                expected
            );
            let Some(key) = got else { return false };
            self.queue.pop();
            self.now = roster::due(key);
            self.roster.remove(roster::named(key));
            self.entries.retain(|entry| entry.0 != roster::named(key));
            true
        }
    }

    /// Nothing, nanoseconds, microseconds, half a minute give or take, years.
    fn span(kind: u8, value: u64) -> u64 {
        match kind {
            0 => 0,
            1 => value % 4,
            2 => 1000 + value % 1000,
            3 => 30_000_000_000 + value % 1_000_000,
            4 => 30_000_000_000,
            _ => 1 << (value % 50),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_heap(
            kinds in 1u8..7,
            steps in prop::collection::vec((0u8..16, 0u8..6, any::<u64>()), 0..3000),
            pops in 1u8..8,
        ) {
            let mut both = Both::default();
            for (what, kind, value) in steps {
                match what {
                    _ if what < pops => { both.pop(); }
                    8 | 9 => both.remove(value as usize),
                    10 => { both.peek(); }
                    _ => both.push(span(kind % kinds, value)),
                }
                prop_assert_eq!(both.roster.len(), both.heap.len());
                prop_assert!(both.queue.len() >= both.heap.len());
            }
            while both.pop() {}
            prop_assert!(both.queue.is_empty());
        }

        /// Floods at one instant, each of whose events schedules another at once or a little later.
        #[test]
        fn a_flood_keeps_its_order(count in 1u64..2000, again in 0u64..2000, span in 0u64..3) {
            let mut both = Both::default();
            (0..count).for_each(|_| both.push(5));
            for _ in 0..again {
                both.pop();
                both.push(span);
            }
            while both.pop() {}
            prop_assert!(both.queue.is_empty());
        }

        /// Someone looks ahead, then schedules before what was seen.
        #[test]
        fn looking_ahead_changes_nothing(
            far in 1u64..1 << 40,
            near in prop::collection::vec(0u64..1 << 20, 0..500),
        ) {
            let mut both = Both::default();
            (0..100).for_each(|number| both.push((1 << 20) + far + number * number));
            for (number, span) in near.into_iter().enumerate() {
                both.peek();
                both.push(span);
                if number % 50 == 49 {
                    both.pop();
                }
            }
            while both.pop() {}
        }
    }

    /// A hundred thousand events at one instant, beside long timers, each followed by another at
    /// once: no structure may be searched or shifted whole. (Quadratic, this takes minutes.)
    #[test]
    fn nothing_collapses() {
        let (mut queue, mut roster) = (Queue::default(), Roster::<()>::default());
        let mut sequence = 0;
        let mut push = |queue: &mut Queue, roster: &mut Roster<()>, due, now| {
            sequence += 1;
            let slot = roster.insert(due, sequence, None);
            let key = roster.key(slot);
            queue.push(roster, key, now);
        };
        let count = 100_000;
        for number in 0..count {
            push(&mut queue, &mut roster, 1000, 0);
            push(&mut queue, &mut roster, 30_000_000_000 + number, 0);
        }
        let mut last = 0;
        for step in 0..5 * count {
            let key = queue.peek(&mut roster);
            assert_ne!(key, NOTHING, "there are as many as there were");
            assert!(key > last);
            last = key;
            queue.pop();
            roster.remove(roster::named(key));
            let now = roster::due(key);
            push(&mut queue, &mut roster, now + step % 3 / 2, now);
        }
        assert_eq!(queue.len(), 2 * count as usize);
    }
}
