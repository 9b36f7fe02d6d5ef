//! Belts: what is put on one comes off it after the belt's constant delay, and nothing is ever taken
//! off between. Messages on their way are most of what is pending and are never cancelled, so they
//! need no slot, no links and no place in the queue: each belt is a ring, and the few heads are
//! compared directly.

use super::{queue::NOTHING, time::Span};

/// More belts than this, and comparing heads costs more than a queue.
pub const BELTS_MAX: usize = 8;

/// Some belts.
#[derive(Clone, Debug)]
pub struct Belts<E> {
    /// One for each constant delay. Those that are no belts stay empty.
    all: Vec<Belt<E>>,
    /// Those that are.
    moving: Vec<u32>,
    /// The least of their heads, and whose it is.
    soonest: u128,
    first: usize,
    /// The least of the other heads.
    second: u128,
}

/// A ring of 2^n places, none before the first use.
#[derive(Clone, Debug)]
struct Belt<E> {
    places: Vec<(u128, Option<E>)>,
    /// How many have come and gone, modulo 2^32.
    come: u32,
    gone: u32,
    /// After how long what is put on it comes off; `Span::MAX` if it is no belt.
    delay: Span,
}

/// The places of a belt that is used.
const PLACES_MIN: usize = 8;

impl<E: Copy> Belt<E> {
    fn new(delay: Span) -> Belt<E> {
        Belt { places: Vec::new(), come: 0, gone: 0, delay }
    }

    #[inline]
    fn len(&self) -> usize {
        self.come.wrapping_sub(self.gone) as usize
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & self.places.len().wrapping_sub(1)
    }

    /// The key of what comes off first, `NOTHING` if there is none.
    #[inline]
    fn head(&self) -> u128 {
        if self.gone == self.come { NOTHING } else { self.places[self.place(self.gone)].0 }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every message")]
    fn push(&mut self, key: u128, event: E) {
        if self.len() == self.places.len() {
            self.grow();
        }
        let last = self.place(self.come);
        self.places[last] = (key, Some(event));
        self.come = self.come.wrapping_add(1);
    }

    /// Takes off the first, which must be there.
    #[inline]
    fn pop(&mut self) -> Option<E> {
        let first = self.place(self.gone);
        self.gone = self.gone.wrapping_add(1);
        self.places[first].1
    }

    /// Twice the places, the first that is there in the first of them.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let (len, places) = (self.len(), self.places.len());
        assert!(places < 1 << 31, "2^31 events on a belt");
        let first = self.place(self.gone).min(places);
        self.places.rotate_left(first);
        self.places.resize((2 * places).max(PLACES_MIN), (NOTHING, None));
        (self.gone, self.come) = (0, len as u32);
    }
}

impl<E: Copy> Belts<E> {
    /// For so many constant delays, none of which has a belt.
    pub fn new(delays: usize) -> Belts<E> {
        let all = (0..delays).map(|_| Belt::new(Span::MAX)).collect();
        Belts { all, moving: Vec::new(), soonest: NOTHING, first: 0, second: NOTHING }
    }

    /// A constant delay gets a belt.
    pub fn lay(&mut self, number: u32, delay: Span) {
        assert!(self.moving.len() < BELTS_MAX, "more than {BELTS_MAX} belts");
        self.all[number as usize].delay = delay;
        self.moving.push(number);
    }

    /// After how long what is put on a belt comes off it, `Span::MAX` if it is none.
    #[inline]
    pub fn delay(&self, number: u32) -> Span {
        self.all[number as usize].delay
    }

    /// How much is on all of them.
    pub fn len(&self) -> usize {
        self.all.iter().map(Belt::len).sum()
    }

    /// Whether nothing is on any.
    pub fn is_empty(&self) -> bool {
        self.soonest == NOTHING
    }

    /// How many of them carry something.
    pub fn busy(&self) -> usize {
        self.all.iter().filter(|belt| belt.len() > 0).count()
    }

    /// The least key, `NOTHING` if there is none.
    #[inline]
    pub fn soonest(&self) -> u128 {
        self.soonest
    }

    /// What comes off each belt after the first `skip` on it, at most `count` of them.
    pub fn ahead(&self, skip: usize, count: usize) -> impl Iterator<Item = &E> {
        let moving = self.moving.iter().map(|&number| &self.all[number as usize]);
        moving.flat_map(move |belt| {
            let numbers = skip.min(belt.len())..(skip + count).min(belt.len());
            numbers.filter_map(|number| {
                let place = belt.place(belt.gone.wrapping_add(number as u32));
                belt.places[place].1.as_ref()
            })
        })
    }

    /// Puts something behind all else on a belt: its key is greater.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every message")]
    pub fn push(&mut self, number: u32, key: u128, event: E) {
        let on = &mut self.all[number as usize];
        let was_empty = on.come == on.gone;
        on.push(key, event);
        if was_empty {
            self.begin(number as usize, key);
        }
    }

    /// A belt that was empty has a head.
    #[inline]
    fn begin(&mut self, belt: usize, key: u128) {
        if key < self.soonest {
            (self.soonest, self.second) = (key, self.soonest);
            self.first = belt;
        } else if key < self.second {
            self.second = key;
        }
    }

    /// Takes off what has the least key, which must be there.
    #[inline]
    pub fn pop(&mut self) -> Option<E> {
        debug_assert!(!self.is_empty());
        let belt = &mut self.all[self.first];
        let event = belt.pop();
        let head = belt.head();
        self.soonest = head;
        if head > self.second {
            self.look_at_all();
        }
        event
    }

    /// Another belt has the least head.
    #[inline(never)]
    fn look_at_all(&mut self) {
        let (mut soonest, mut first, mut second) = (NOTHING, 0, NOTHING);
        for &number in &self.moving {
            let head = self.all[number as usize].head();
            let is_soonest = head < soonest;
            second = if is_soonest { soonest } else { second.min(head) };
            first = if is_soonest { number as usize } else { first };
            soonest = soonest.min(head);
        }
        (self.soonest, self.first, self.second) = (soonest, first, second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comes_off_in_the_order_of_keys(steps in prop::collection::vec((0usize..4, 1u128..50), 0..400)) {
            let mut belts = Belts::new(4);
            (1..4).for_each(|number| belts.lay(number, Span::from_millis(u64::from(number))));
            let (mut last, mut expected) = ([0; 3], Vec::new());
            for (number, (what, gap)) in steps.into_iter().enumerate() {
                if what < 3 {
                    last[what] += gap * 1000;
                    let key = last[what] + number as u128;
                    belts.push(what as u32 + 1, key, key);
                    expected.push(key);
                    expected.sort_unstable();
                } else if !expected.is_empty() {
                    prop_assert_eq!(belts.pop(), Some(expected.remove(0)));
                }
                prop_assert_eq!(belts.len(), expected.len());
                prop_assert_eq!(belts.soonest(), expected.first().copied().unwrap_or(NOTHING));
            }
        }
    }
}
