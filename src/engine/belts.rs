//! Belts: what is put on one comes off it after the belt's constant delay, and nothing is ever taken
//! off between. Messages on their way are most of what is pending and are never cancelled, so they
//! need no slot, no links and no place in the queue: each belt is a ring, and the few heads are
//! compared directly.

use std::collections::VecDeque;

/// More belts than this, and comparing heads costs more than a queue.
pub const BELTS_MAX: usize = 8;

/// Nothing is due.
const NOTHING: u128 = u128::MAX;

/// Some belts.
#[derive(Clone, Debug)]
pub struct Belts<E> {
    all: Vec<Belt<E>>,
    /// The least of their heads, and whose it is.
    soonest: u128,
    first: usize,
}

#[derive(Clone, Debug)]
struct Belt<E> {
    /// The key of what is first.
    head: u128,
    ring: VecDeque<(u128, E)>,
}

impl<E: Copy> Belts<E> {
    /// So many empty belts.
    pub fn new(count: usize) -> Belts<E> {
        assert!(count <= BELTS_MAX, "{count} belts");
        let belt = || Belt { head: NOTHING, ring: VecDeque::new() };
        Belts { all: (0..count).map(|_| belt()).collect(), soonest: NOTHING, first: 0 }
    }

    /// How much is on all of them.
    pub fn len(&self) -> usize {
        self.all.iter().map(|belt| belt.ring.len()).sum()
    }

    /// Whether nothing is on any.
    pub fn is_empty(&self) -> bool {
        self.soonest == NOTHING
    }

    /// How many of them carry something.
    pub fn busy(&self) -> usize {
        self.all.iter().filter(|belt| belt.head != NOTHING).count()
    }

    /// The least key, `u128::MAX` if there is none.
    #[inline]
    pub fn soonest(&self) -> u128 {
        self.soonest
    }

    /// What comes off each belt after the first `skip` on it, at most `count` of them.
    pub fn ahead(&self, skip: usize, count: usize) -> impl Iterator<Item = &E> {
        let on = move |belt: &Belt<E>| {
            let len = belt.ring.len();
            skip.min(len)..(skip + count).min(len)
        };
        let parts = self.all.iter().map(move |belt| belt.ring.range(on(belt)));
        parts.flatten().map(|(_, event)| event)
    }

    /// Puts something behind all else on a belt: its key is greater.
    #[inline]
    pub fn push(&mut self, belt: usize, key: u128, event: E) {
        let on = &mut self.all[belt];
        if on.head == NOTHING {
            on.head = key;
            if key < self.soonest {
                self.soonest = key;
                self.first = belt;
            }
        }
        on.ring.push_back((key, event));
    }

    /// Takes off what has the least key.
    #[inline]
    pub fn pop(&mut self) -> Option<E> {
        let on = self.all.get_mut(self.first)?;
        let (_, event) = on.ring.pop_front()?;
        on.head = on.ring.front().map_or(NOTHING, |&(key, _)| key);
        self.soonest = NOTHING;
        for (belt, on) in self.all.iter().enumerate() {
            if on.head < self.soonest {
                self.soonest = on.head;
                self.first = belt;
            }
        }
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_off_in_the_order_of_keys(steps in prop::collection::vec((0usize..4, 1u128..50), 0..400)) {
            let mut belts = Belts::new(3);
            let (mut last, mut expected) = ([0; 3], Vec::new());
            for (number, (what, gap)) in steps.into_iter().enumerate() {
                if what < 3 {
                    last[what] += gap * 1000;
                    let key = last[what] + number as u128;
                    belts.push(what, key, key);
                    expected.push(key);
                    expected.sort_unstable();
                } else {
                    let first = if expected.is_empty() { None } else { Some(expected.remove(0)) };
                    prop_assert_eq!(belts.pop(), first);
                }
                prop_assert_eq!(belts.len(), expected.len());
                prop_assert_eq!(belts.soonest(), expected.first().copied().unwrap_or(NOTHING));
            }
        }
    }
}
