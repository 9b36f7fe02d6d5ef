//! A hierarchical timing wheel: buckets by the digits of the time.
//!
//! An entry lies on the level of the highest digit (of six bits) in which its time differs from
//! `base`, in the bucket of that digit. All buckets of a lower level are sooner than all of a
//! higher one. `advance` moves `base` to the first bucket, whose entries fall to lower levels; each
//! falls at most ten times, most fall once or twice. Nothing is tuned and nothing resized: levels
//! are used as the spread of the times asks for. After Varghese and Lauck, SOSP 1987, scheme 7; the
//! xor is that of radix heaps (Ahuja et al., 1990).
//!
//! A bucket is a chain of chunks of keys, in no order: with a million entries the cost of a bucket is
//! memory, and what lies in a row is fetched in time. So what is cancelled is not searched for: its
//! key stays until it comes out or too many are stale.

use super::roster::{self, Roster};

const DIGIT: u32 = 6;
/// How many values a digit has.
const DIGITS: usize = 1 << DIGIT;
/// More than 56 bits need, a power of two.
const LEVELS: usize = 16;

/// How many keys a chunk holds.
const CHUNK: usize = 15;
/// Ends a chain.
const NONE: u32 = u32::MAX;
/// So few stale keys are left where they are.
const STALE_MIN: usize = 1024;

#[derive(Clone, Debug)]
struct Chunk {
    keys: [u128; CHUNK],
    /// The following one of the bucket, which is full; or of those that are free.
    next: u32,
}

const _: () = assert!(size_of::<Chunk>() == 256);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The only chunk that may not be full.
    first: u32,
    count: u32,
}

const EMPTY: Bucket = Bucket { first: NONE, count: 0 };

/// Entries by the digits of their time.
#[derive(Clone, Debug)]
pub struct Wheel {
    buckets: Vec<Bucket>,
    chunks: Vec<Chunk>,
    /// The first chunk of no bucket.
    free: u32,
    /// For each level a bit for each bucket that is not empty.
    occupied: [u64; LEVELS],
    /// A bit for each level that is not empty.
    levels: u32,
    /// Nothing here is due before.
    base: u64,
    len: usize,
    /// At most so many keys are stale.
    stale: usize,
}

impl Default for Wheel {
    fn default() -> Wheel {
        Wheel {
            buckets: vec![EMPTY; LEVELS * DIGITS],
            chunks: Vec::new(),
            free: NONE,
            occupied: [0; LEVELS],
            levels: 0,
            base: 0,
            len: 0,
            stale: 0,
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

    /// Adds a key.
    #[inline]
    pub fn push(&mut self, key: u128) {
        self.len += 1;
        self.put(key);
    }

    #[inline]
    fn put(&mut self, key: u128) {
        let (level, digit) = self.place(roster::due(key));
        self.levels |= 1 << level;
        self.occupied[level] |= 1 << digit;
        let place = level * DIGITS + digit;
        let inside = self.buckets[place].count as usize % CHUNK;
        if inside == 0 {
            self.buckets[place].first = self.chunk(self.buckets[place].first);
        }
        let bucket = &mut self.buckets[place];
        bucket.count += 1;
        self.chunks[bucket.first as usize].keys[inside] = key;
    }

    /// Another chunk, before `next`.
    fn chunk(&mut self, next: u32) -> u32 {
        let chunk = self.free;
        if let Some(it) = self.chunks.get_mut(chunk as usize) {
            self.free = it.next;
            it.next = next;
            return chunk;
        }
        self.chunks.push(Chunk { keys: [0; CHUNK], next });
        self.chunks.len() as u32 - 1
    }

    /// The entry of a key here is about to leave the roster.
    #[inline]
    pub fn forget<E: Copy>(&mut self, roster: &Roster<E>) {
        self.stale += 1;
        if self.stale > STALE_MIN.max(self.len / 2) {
            self.purge(roster);
        }
    }

    /// Drops all stale keys.
    #[cold]
    fn purge<E: Copy>(&mut self, roster: &Roster<E>) {
        self.stale = 0;
        self.len = 0;
        for level in 0..LEVELS {
            for digit in 0..DIGITS {
                self.scatter(level, digit, |wheel, key| {
                    if roster.is_live(key) {
                        wheel.push(key);
                    }
                });
            }
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

    /// The level of the first bucket.
    #[inline]
    pub fn lowest(&self) -> usize {
        self.first().0
    }

    /// The last instant of the first bucket, if that is on this level, where nothing is on a lower
    /// one, and has at most `count` entries.
    #[inline]
    pub fn end_of_next(&self, level: usize, count: usize) -> Option<u64> {
        if self.is_empty() || self.lowest() != level || self.first_count() > count {
            return None;
        }
        let (_, digit) = self.first();
        let shift = level as u32 * DIGIT;
        let begin = (self.base >> shift >> DIGIT << DIGIT | digit as u64) << shift;
        Some(begin | ((1 << shift) - 1))
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
    pub fn advance(&mut self, count: usize) -> u64 {
        loop {
            let (level, digit) = self.first();
            let shift = level as u32 * DIGIT;
            self.base = (self.base >> shift >> DIGIT << DIGIT | digit as u64) << shift;
            if level == 0 || self.first_count() <= count {
                return self.base | ((1 << shift) - 1);
            }
            self.scatter(level, digit, Wheel::put);
        }
    }

    /// Takes all entries out of the first bucket.
    #[inline]
    pub fn drain(&mut self, mut take: impl FnMut(u128)) {
        let (level, digit) = self.first();
        let Bucket { first: mut chunk, count: mut left } = self.clear(level, digit);
        self.len -= left as usize;
        while left > 0 {
            let inside = inside(left);
            self.chunks[chunk as usize].keys[..inside].iter().for_each(|&key| take(key));
            left -= inside as u32;
            chunk = self.release(chunk);
        }
    }

    /// Empties a bucket; its keys go elsewhere in the wheel.
    #[inline]
    fn scatter(&mut self, level: usize, digit: usize, put: impl Fn(&mut Wheel, u128)) {
        let Bucket { first: mut chunk, count: mut left } = self.clear(level, digit);
        while left > 0 {
            let inside = inside(left);
            for place in 0..inside {
                let key = self.chunks[chunk as usize].keys[place];
                put(self, key);
            }
            left -= inside as u32;
            chunk = self.release(chunk);
        }
    }

    /// Empties a bucket; returns what it was.
    #[inline]
    fn clear(&mut self, level: usize, digit: usize) -> Bucket {
        self.empty(level, digit);
        std::mem::replace(&mut self.buckets[level * DIGITS + digit], EMPTY)
    }

    /// Frees a chunk; returns the one that followed it.
    #[inline]
    fn release(&mut self, chunk: u32) -> u32 {
        let it = &mut self.chunks[chunk as usize];
        let next = std::mem::replace(&mut it.next, self.free);
        self.free = chunk;
        next
    }
}

/// How many keys the first chunk of so many holds.
#[inline]
fn inside(left: u32) -> usize {
    (left as usize - 1) % CHUNK + 1
}
