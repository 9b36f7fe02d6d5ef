//! A few keys in a sorted array: an insertion shifts what is sooner, which is little.

use std::cell::Cell;

/// How many keys there are at most.
pub const NEAR_MAX: usize = 32;

/// Nothing waits.
pub const NOTHING: u128 = u128::MAX;

/// At most `NEAR_MAX` keys, sorted.
#[derive(Clone, Debug)]
pub struct Near {
    /// Descending, so that the soonest is popped from the end, behind a guard: it ends every
    /// search, and is what is soonest when nothing waits.
    keys: [u128; NEAR_MAX + 1],
    len: usize,
}

impl Default for Near {
    fn default() -> Near {
        Near { keys: [NOTHING; NEAR_MAX + 1], len: 0 }
    }
}

impl Near {
    /// How many keys there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a key.
    #[inline]
    pub fn insert(&mut self, key: u128) {
        self.len += 1;
        let keys = Cell::from_mut(&mut self.keys[..=self.len]).as_slice_of_cells();
        for pair in keys.windows(2).rev() {
            let before = pair[0].get();
            if before >= key {
                // At the latest the guard.
                pair[1].set(key);
                return;
            }
            pair[1].set(before);
        }
    }

    /// The soonest, `NOTHING` if there is none.
    #[inline]
    pub fn soonest(&self) -> u128 {
        self.keys[self.len]
    }

    /// The last.
    #[inline]
    pub fn last(&self) -> Option<u128> {
        self.descending().first().copied()
    }

    /// Takes out the soonest.
    #[inline]
    pub fn pop(&mut self) {
        self.len -= 1;
    }

    /// All keys, the last first.
    pub fn descending(&self) -> &[u128] {
        &self.keys[1..=self.len]
    }

    /// Takes out the last.
    pub fn pop_last(&mut self) -> u128 {
        let last = self.keys[1];
        self.forget_last(1);
        last
    }

    /// Takes out the last `count`.
    pub fn forget_last(&mut self, count: usize) {
        self.keys.copy_within(1 + count..=self.len, 1);
        self.len -= count;
    }

    /// Adds a key that is beyond all others, and is moved there by `reverse`.
    pub fn push_last(&mut self, key: u128) {
        self.len += 1;
        self.keys[self.len] = key;
    }

    /// Adds a key where all are in ascending order, to be turned round by `reverse`.
    #[inline]
    pub fn insert_last(&mut self, key: u128) {
        self.len += 1;
        let mut place = self.len;
        while place > 1 && self.keys[place - 1] > key {
            self.keys[place] = self.keys[place - 1];
            place -= 1;
        }
        self.keys[place] = key;
    }

    /// Turns keys that were added in ascending order round.
    pub fn reverse(&mut self) {
        self.keys[1..=self.len].reverse();
    }
}
