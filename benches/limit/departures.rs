//! Pending departures: a handful, in a sorted array. It is what is fastest for so few.

use super::counts::boxed;

/// As many as ever may be pending.
const MOST: usize = 4096;

/// Words that come out in ascending order.
#[derive(Clone, Debug)]
pub struct Departures {
    /// Descending; the soonest is the last. Below all of them stands a sentinel.
    words: Box<[u64; MOST]>,
    count: usize,
}

impl Departures {
    pub fn new() -> Departures {
        Departures { words: boxed(u64::MAX), count: 1 }
    }

    /// `u64::MAX` if there is none.
    #[inline]
    pub fn soonest(&self) -> u64 {
        self.words[(self.count - 1) % MOST]
    }

    #[inline]
    pub fn pop(&mut self) {
        self.count -= 1;
    }

    #[inline]
    pub fn push(&mut self, word: u64) {
        let mut place = self.count;
        assert!(place < MOST, "too many departures pending");
        // The sentinel at 0 ends the search.
        while place > 0 && self.words[place - 1] < word {
            self.words[place] = self.words[place - 1];
            place -= 1;
        }
        self.words[place] = word;
        self.count += 1;
    }
}
