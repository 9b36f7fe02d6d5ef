//! The standard library's binary heap.

use super::Yardstick;
use std::{cmp::Reverse, collections::BinaryHeap};

/// `std::collections::BinaryHeap`, turned round.
#[derive(Default)]
pub struct Standard(BinaryHeap<Reverse<u128>>);

impl Yardstick for Standard {
    const NAME: &'static str = "std BinaryHeap";

    #[inline]
    fn push(&mut self, key: u128) {
        self.0.push(Reverse(key));
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        self.0.pop().map(|Reverse(key)| key)
    }
}
