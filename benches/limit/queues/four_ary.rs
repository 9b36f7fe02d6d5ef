//! A heap with four children a node: half as deep as a binary one, a node's children on one or two
//! cache lines.

use super::Yardstick;

const ARITY: usize = 4;

/// An implicit 4-ary min-heap.
#[derive(Default)]
pub struct FourAry(Vec<u128>);

impl Yardstick for FourAry {
    const NAME: &'static str = "4-ary heap";

    #[inline]
    fn push(&mut self, key: u128) {
        let mut at = self.0.len();
        self.0.push(key);
        let heap = self.0.as_mut_slice();
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if heap[parent] <= key {
                break;
            }
            heap[at] = heap[parent];
            at = parent;
        }
        heap[at] = key;
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        let last = self.0.pop()?;
        let heap = self.0.as_mut_slice();
        let Some(&soonest) = heap.first() else { return Some(last) };
        let mut at = 0;
        // All four children: the least by a tournament, without a branch.
        while let Some(&[a, b, c, d]) = heap.get(at * ARITY + 1..at * ARITY + 5) {
            let (left, place_left) = if b < a { (b, 1) } else { (a, 0) };
            let (right, place_right) = if d < c { (d, 3) } else { (c, 2) };
            let (least, place) =
                if right < left { (right, place_right) } else { (left, place_left) };
            if last <= least {
                heap[at] = last;
                return Some(soonest);
            }
            heap[at] = least;
            at = at * ARITY + 1 + place;
        }
        // The last node may have fewer; its children have none.
        let first = at * ARITY + 1;
        if let Some((place, &least)) =
            heap.get(first..).and_then(|rest| rest.iter().enumerate().min_by_key(|(_, key)| **key))
            && least < last
        {
            heap[at] = least;
            at = first + place;
        }
        heap[at] = last;
        Some(soonest)
    }
}
