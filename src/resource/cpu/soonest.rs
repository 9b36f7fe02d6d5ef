//! Jobs by their targets: the soonest few in a sorted array, the rest in a heap. A processor has a
//! few threads as a rule, whose places are found by a glance; and thousands when it is overloaded.
//! As long as they are very few the array lies in the structure itself, so that in a site of
//! thousands of processors there is one thing less to be fetched for each event.

use super::sorted::Sorted;
use std::{cmp::Ordering, collections::BinaryHeap};

/// How many of the soonest are kept sorted.
const NEAR_MAX: usize = 32;
/// How many are fetched from the heap when the array has run empty.
const REFILL: usize = 16;

/// A job in service.
#[derive(Clone, Copy, Debug, Default)]
struct Entry<J> {
    /// Where the clock stands when it is done.
    target: u64,
    /// The order of admission.
    order: u64,
    job: J,
}

#[derive(Clone, Debug)]
pub(super) struct Soonest<J> {
    /// Descending, so that the soonest is at the end. Empty only if `far` is, and all of it is
    /// below all of `far`.
    near: Sorted<Entry<J>>,
    far: BinaryHeap<Entry<J>>,
}

impl<J: Copy + Default> Soonest<J> {
    pub(super) fn new() -> Soonest<J> {
        Soonest { near: Sorted::new(), far: BinaryHeap::new() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.near.last().is_none()
    }

    /// Adds a job. Whether it is the first one now.
    #[inline]
    pub(super) fn insert(&mut self, target: u64, order: u64, job: J) -> bool {
        let entry = Entry { target, order, job };
        if self.near.len() == NEAR_MAX || !self.far.is_empty() {
            return self.insert_among_many(entry);
        }
        self.near.insert(entry, |it| it.is_before(&entry))
    }

    /// Adds a job where the array is full or the heap is in use.
    #[inline(never)]
    fn insert_among_many(&mut self, entry: Entry<J>) -> bool {
        let near = self.near.as_slice();
        if near[0].is_before(&entry) {
            self.far.push(entry);
            return false;
        }
        let is_first = self.near.insert(entry, |it| it.is_before(&entry));
        if self.near.len() > NEAR_MAX {
            let far = &mut self.far;
            self.near.change(|near| far.push(near.remove(0)));
        }
        is_first
    }

    /// The target of the first one.
    #[inline]
    pub(super) fn first(&self) -> Option<u64> {
        self.near.last().map(|it| it.target)
    }

    /// Takes out the first one if its target is at or before `clock`.
    #[inline]
    pub(super) fn pop(&mut self, clock: u64) -> Option<J> {
        let Entry { target, job, .. } = *self.near.last()?;
        if target > clock {
            return None;
        }
        self.near.pop();
        if !self.far.is_empty() {
            self.refill();
        }
        Some(job)
    }

    pub(super) fn remove_if(&mut self, mut leaves: impl FnMut(J) -> bool) {
        self.near.change(|all| all.retain(|it| !leaves(it.job)));
        self.far.retain(|it| !leaves(it.job));
        self.refill();
    }

    /// Takes `by` off all targets.
    pub(super) fn set_back(&mut self, by: u64) {
        let mut all = std::mem::take(&mut self.far).into_vec();
        let set_back = |it: &mut Entry<J>| it.target = it.target.saturating_sub(by);
        self.near.change(|near| near.iter_mut().for_each(set_back));
        all.iter_mut().for_each(set_back);
        self.far = BinaryHeap::from(all);
    }

    fn refill(&mut self) {
        if self.near.len() == 0 && !self.far.is_empty() {
            let far = &mut self.far;
            self.near.change(|near| {
                near.extend(std::iter::from_fn(|| far.pop()).take(REFILL));
                near.reverse();
            });
        }
    }
}

impl<J> Entry<J> {
    #[inline]
    fn is_before(&self, other: &Entry<J>) -> bool {
        (self.target, self.order) < (other.target, other.order)
    }
}

/// The greatest of a heap is the first done: the order is the reverse of (target, order).
impl<J> Ord for Entry<J> {
    #[inline]
    fn cmp(&self, other: &Entry<J>) -> Ordering {
        (other.target, other.order).cmp(&(self.target, self.order))
    }
}

impl<J> PartialOrd for Entry<J> {
    #[inline]
    fn partial_cmp(&self, other: &Entry<J>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<J> PartialEq for Entry<J> {
    fn eq(&self, other: &Entry<J>) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<J> Eq for Entry<J> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_sorted_list(
            steps in prop::collection::vec((0u8..8, 0u64..300), 0..600),
            grows: bool,
        ) {
            let mut ours = Soonest::new();
            let mut list: Vec<(u64, u64)> = Vec::new();
            for (order, (what, value)) in (0u64..).zip(steps) {
                list.sort_unstable();
                let first = list.first().copied();
                prop_assert_eq!((ours.len(), ours.first()), (list.len(), first.map(|it| it.0)));
                match what {
                    0 if value < 20 => {
                        ours.remove_if(|job| job % 3 == value % 3);
                        list.retain(|it| it.1 % 3 != value % 3);
                    }
                    0 if value < 30 => {
                        // As the clock is set back: by no more than the first target.
                        let by = first.map_or(0, |it| it.0);
                        ours.set_back(by);
                        list = list.into_iter().map(|it| (it.0 - by, it.1)).collect();
                    }
                    1 | 2 => prop_assert_eq!(ours.pop(value), {
                        let due = first.filter(|it| it.0 <= value);
                        due.map(|_| list.remove(0).1)
                    }),
                    3 | 4 if !grows => {
                        let expected = first.map(|_| list.remove(0).1);
                        prop_assert_eq!(ours.pop(u64::MAX), expected);
                    }
                    _ => {
                        let is_first = ours.insert(value, order, order);
                        prop_assert_eq!(is_first, first.is_none_or(|it| value < it.0));
                        list.push((value, order));
                    }
                }
            }
        }
    }
}
