//! A hierarchical timing wheel: buckets by the digits of the time.
//!
//! An entry lies on the level of the highest digit (of six bits) in which its time differs from
//! `base`, in the bucket of that digit. All buckets of a lower level are sooner than all of a
//! higher one. `advance` moves `base` to the first bucket, whose entries fall to lower levels; each
//! falls at most ten times, most fall once or twice. Nothing is tuned and nothing resized: levels
//! are used as the spread of the times asks for. Buckets are lists through the roster, in no order.
//! After Varghese and Lauck, SOSP 1987, scheme 7; the xor is that of radix heaps (Ahuja et al.,
//! 1990).

use super::roster::{NONE, Roster};

const DIGIT: u32 = 6;
/// How many values a digit has.
const DIGITS: usize = 1 << DIGIT;
/// More than 56 bits need, a power of two.
const LEVELS: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    first: u32,
    count: u32,
}

/// Entries by the digits of their time.
#[derive(Clone, Debug)]
pub struct Wheel {
    buckets: Vec<Bucket>,
    /// For each level a bit for each bucket that is not empty.
    occupied: [u64; LEVELS],
    /// A bit for each level that is not empty.
    levels: u32,
    /// Nothing here is due before.
    base: u64,
    len: usize,
}

impl Default for Wheel {
    fn default() -> Wheel {
        Wheel {
            buckets: vec![Bucket::default(); LEVELS * DIGITS],
            occupied: [0; LEVELS],
            levels: 0,
            base: 0,
            len: 0,
        }
    }
}

impl Wheel {
    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// The time before which nothing may be pushed.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Sets `base` while the wheel is empty.
    pub fn begin(&mut self, base: u64) {
        assert!(self.is_empty());
        self.base = base;
    }

    /// Level and digit of a time.
    #[inline]
    fn place(&self, due: u64) -> (usize, usize) {
        let level = ((due ^ self.base) | 1).ilog2() / DIGIT;
        let digit = (due >> (level * DIGIT)) as usize % DIGITS;
        (level as usize % LEVELS, digit)
    }

    /// Adds an entry.
    #[inline]
    pub fn push(&mut self, roster: &mut Roster, named: u32) {
        self.len += 1;
        self.link(roster, named);
    }

    #[inline]
    fn link(&mut self, roster: &mut Roster, named: u32) {
        let (level, digit) = self.place(roster.due(named));
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        let bucket = &mut self.buckets[level * DIGITS + digit];
        let next = bucket.first;
        bucket.first = named;
        bucket.count += 1;
        roster.node_mut(named).next = next;
        roster.node_mut(next).previous = named;
    }

    /// Takes out an entry.
    pub fn remove(&mut self, roster: &mut Roster, named: u32) {
        let (level, digit) = self.place(roster.due(named));
        let node = *roster.node(named);
        let bucket = &mut self.buckets[level * DIGITS + digit];
        self.len -= 1;
        bucket.count -= 1;
        roster.node_mut(node.next).previous = node.previous;
        if bucket.first != named {
            roster.node_mut(node.previous).next = node.next;
            return;
        }
        bucket.first = node.next;
        if node.next == NONE {
            self.empty(level, digit);
        }
    }

    #[inline]
    fn empty(&mut self, level: usize, digit: usize) {
        self.occupied[level] &= !(1 << digit);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    #[inline]
    fn first(&self) -> (usize, usize) {
        let level = self.levels.trailing_zeros() as usize % LEVELS;
        (level, self.occupied[level].trailing_zeros() as usize % DIGITS)
    }

    /// How many entries the first bucket has.
    #[inline]
    pub fn first_count(&self) -> usize {
        let (level, digit) = self.first();
        self.buckets[level * DIGITS + digit].count as usize
    }

    /// Moves on until the first bucket has at most `count` entries or is of a single instant.
    /// Returns the last instant of that bucket.
    #[inline]
    pub fn advance(&mut self, roster: &mut Roster, count: usize) -> u64 {
        loop {
            let (level, digit) = self.first();
            let shift = level as u32 * DIGIT;
            self.base = (self.base >> shift >> DIGIT << DIGIT | digit as u64) << shift;
            if level == 0 || self.first_count() <= count {
                return self.base | ((1 << shift) - 1);
            }
            let mut named = self.clear(level, digit);
            while named != NONE {
                let next = roster.node(named).next;
                self.link(roster, named);
                named = next;
            }
        }
    }

    /// Takes all entries out of the first bucket.
    #[inline]
    pub fn drain(&mut self, roster: &Roster, mut take: impl FnMut(u128)) {
        let (level, digit) = self.first();
        let mut named = self.clear(level, digit);
        while named != NONE {
            take(roster.key(named));
            named = roster.node(named).next;
            self.len -= 1;
        }
    }

    /// Empties a bucket; returns the first of its entries.
    #[inline]
    fn clear(&mut self, level: usize, digit: usize) -> u32 {
        self.empty(level, digit);
        std::mem::take(&mut self.buckets[level * DIGITS + digit]).first
    }
}
