//! A heap with four children a node.

const ARITY: usize = 4;

/// An implicit 4-ary min-heap of keys.
#[derive(Clone, Debug, Default)]
pub struct Heap(Vec<u128>);

impl Heap {
    /// How many keys there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a key.
    pub fn push(&mut self, key: u128) {
        let mut at = self.0.len();
        self.0.push(key);
        while at > 0 {
            let parent = (at - 1) / ARITY;
            if self.0[parent] <= key {
                break;
            }
            self.0[at] = self.0[parent];
            at = parent;
        }
        self.0[at] = key;
    }

    /// Takes out the least.
    pub fn pop(&mut self) -> Option<u128> {
        let last = self.0.pop()?;
        let Some(&soonest) = self.0.first() else { return Some(last) };
        let heap = self.0.as_mut_slice();
        let mut at = 0;
        loop {
            let first = at * ARITY + 1;
            let children = heap.get(first..heap.len().min(first + ARITY)).unwrap_or(&[]);
            let Some((place, &least)) = children.iter().enumerate().min_by_key(|(_, key)| **key)
            else {
                break;
            };
            if last <= least {
                break;
            }
            heap[at] = least;
            at = first + place;
        }
        heap[at] = last;
        Some(soonest)
    }
}
