//! A priority queue of 128-bit keys: the soonest few in a sorted array, the rest in a 4-ary heap.
//!
//! A key is 56 bits of time, 40 bits of sequence, 32 bits that name what is pending; comparing one
//! `u128` orders events by time and, at equal times, by the order in which they were scheduled.
//! The array is kept because most pushes of a web site land near the front (transfers, CPU
//! departures), where shifting a few 16-byte keys beats sifting through a heap.

/// How many of the soonest keys are kept sorted.
const NEAR_MAX: usize = 32;
/// How many keys are fetched from the heap when the array has run empty.
const REFILL: usize = 16;
const ARITY: usize = 4;

/// Keys come out in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Descending, so that the soonest is popped from the end. All of it is below all of `far`.
    near: Vec<u128>,
    /// A 4-ary min-heap.
    far: Vec<u128>,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Queue {
        Queue { near: Vec::with_capacity(NEAR_MAX + 1), far: Vec::new() }
    }

    /// How many keys wait.
    pub fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.near.is_empty() && self.far.is_empty()
    }

    /// Adds a key.
    #[inline]
    pub fn push(&mut self, key: u128) {
        // `near` may only take keys that are below everything in `far`.
        let belongs_near = match self.near.first() {
            Some(&last) => key < last || (self.far.is_empty() && self.near.len() < NEAR_MAX),
            None => self.far.is_empty(),
        };
        if !belongs_near {
            self.push_far(key);
            return;
        }
        if self.near.len() == NEAR_MAX {
            let last = self.near.remove(0);
            self.push_far(last);
        }
        // From the end: most keys land close to the front of time.
        let mut place = self.near.len();
        while place > 0 && self.near[place - 1] < key {
            place -= 1;
        }
        self.near.insert(place, key);
    }

    /// The soonest key.
    #[inline]
    pub fn pop(&mut self) -> Option<u128> {
        if let Some(key) = self.near.pop() {
            return Some(key);
        }
        self.refill();
        self.near.pop()
    }

    /// The soonest key, left where it is.
    pub fn peek(&mut self) -> Option<u128> {
        if self.near.is_empty() {
            self.refill();
        }
        self.near.last().copied()
    }

    fn refill(&mut self) {
        while self.near.len() < REFILL {
            let Some(key) = self.pop_far() else { break };
            self.near.push(key);
        }
        self.near.reverse();
    }

    fn push_far(&mut self, key: u128) {
        let mut at = self.far.len();
        self.far.push(key);
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.far[parent] <= key {
                break;
            }
            self.far[at] = self.far[parent];
            at = parent;
        }
        self.far[at] = key;
    }

    fn pop_far(&mut self) -> Option<u128> {
        let last = self.far.pop()?;
        let Some(&soonest) = self.far.first() else { return Some(last) };
        let heap = self.far.as_mut_slice();
        let mut at = 0;
        loop {
            let first = at * ARITY + 1;
            let Some(children) = heap.get(first..heap.len().min(first + ARITY)) else { break };
            let mut least = match children.first() {
                Some(_) => 0,
                None => break,
            };
            for other in 1..children.len() {
                if children[other] < children[least] {
                    least = other;
                }
            }
            let child = children[least];
            if last <= child {
                break;
            }
            heap[at] = child;
            at = first + least;
        }
        heap[at] = last;
        Some(soonest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{cmp::Reverse, collections::BinaryHeap};

    proptest! {
        #[test]
        fn agrees_with_the_standard_heap(steps in prop::collection::vec((0u8..3, 0u32..500), 0..2000)) {
            let mut ours = Queue::new();
            let mut theirs = BinaryHeap::new();
            for (number, (what, value)) in steps.into_iter().enumerate() {
                if what == 0 {
                    prop_assert_eq!(ours.peek(), theirs.peek().map(|Reverse(key)| *key));
                    prop_assert_eq!(ours.pop(), theirs.pop().map(|Reverse(key)| key));
                } else {
                    let key = (u128::from(value) << 64) | number as u128;
                    ours.push(key);
                    theirs.push(Reverse(key));
                }
                prop_assert_eq!(ours.len(), theirs.len());
            }
            while let Some(Reverse(key)) = theirs.pop() {
                prop_assert_eq!(ours.pop(), Some(key));
            }
            prop_assert!(ours.is_empty());
        }
    }
}
