//! A few keys in a sorted array: an insertion shifts what is sooner, which is little.

/// How many keys there are at most.
pub const NEAR_MAX: usize = 32;

/// At most `NEAR_MAX` keys, sorted.
#[derive(Clone, Debug, Default)]
pub struct Near {
    /// Descending, so that the soonest is popped from the end.
    keys: [u128; NEAR_MAX],
    len: usize,
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
        let mut at = self.len;
        self.len += 1;
        let keys = &mut self.keys[..self.len];
        while at > 0 && keys[at - 1] < key {
            keys[at] = keys[at - 1];
            at -= 1;
        }
        keys[at] = key;
    }

    /// The soonest.
    #[inline]
    pub fn soonest(&self) -> Option<u128> {
        self.keys[..self.len].last().copied()
    }

    /// The last.
    #[inline]
    pub fn last(&self) -> Option<u128> {
        self.keys[..self.len].first().copied()
    }

    /// Takes out the soonest.
    #[inline]
    pub fn pop(&mut self) {
        self.len -= 1;
    }

    /// All keys, the last first.
    pub fn descending(&self) -> &[u128] {
        &self.keys[..self.len]
    }

    /// Takes out the last.
    pub fn pop_last(&mut self) -> u128 {
        let last = self.keys[0];
        self.forget_last(1);
        last
    }

    /// Takes out the last `count`.
    pub fn forget_last(&mut self, count: usize) {
        self.keys.copy_within(count..self.len, 0);
        self.len -= count;
    }

    /// Adds a key that is beyond all others, and is moved there by `reverse`.
    pub fn push_last(&mut self, key: u128) {
        self.keys[self.len] = key;
        self.len += 1;
    }

    /// Turns keys that were added in ascending order round.
    pub fn reverse(&mut self) {
        self.keys[..self.len].reverse();
    }
}
