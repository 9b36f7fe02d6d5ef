//! First in, first out, in a buffer of 2^n places: an index is masked, never wrapped by a branch.

/// What waits, in the order in which it came.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    /// None before the first came; then a power of two, filled with whatever has been there.
    places: Vec<T>,
    /// How many have gone and come, modulo 2^32.
    gone: u32,
    come: u32,
}

/// The first buffer.
const LEAST: usize = 8;

impl<T> Default for Ring<T> {
    fn default() -> Ring<T> {
        Ring { places: Vec::new(), gone: 0, come: 0 }
    }
}

impl<T: Copy> Ring<T> {
    /// How many wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.come.wrapping_sub(self.gone) as usize
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.come == self.gone
    }

    /// Who came first.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        if self.is_empty() { None } else { self.places.get(self.place(self.gone)) }
    }

    /// Another comes.
    #[inline]
    pub fn push_back(&mut self, entry: T) {
        if self.len() == self.places.len() {
            self.grow(entry);
        }
        let place = self.place(self.come);
        self.places[place] = entry;
        self.come = self.come.wrapping_add(1);
    }

    /// One goes back to where it came from, before all others.
    pub fn push_front(&mut self, entry: T) {
        if self.len() == self.places.len() {
            self.grow(entry);
        }
        self.gone = self.gone.wrapping_sub(1);
        let place = self.place(self.gone);
        self.places[place] = entry;
    }

    /// The first goes.
    #[inline]
    pub fn pop_front(&mut self) -> Option<T> {
        let first = *self.front()?;
        self.gone = self.gone.wrapping_add(1);
        Some(first)
    }

    /// Keeps those that it is said to keep, in their order.
    pub fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        let mut kept = self.gone;
        for ahead in 0..self.len() as u32 {
            let number = self.gone.wrapping_add(ahead);
            let entry = self.places[self.place(number)];
            if keeps(&entry) {
                let place = self.place(kept);
                self.places[place] = entry;
                kept = kept.wrapping_add(1);
            }
        }
        self.come = kept;
    }

    #[inline]
    fn place(&self, number: u32) -> usize {
        number as usize & self.places.len().wrapping_sub(1)
    }

    /// Twice the places, the first of those who wait in the first of them.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, filler: T) {
        let len = self.places.len();
        assert!(len < 1 << 31, "2^31 wait");
        let first = self.place(self.gone).min(len);
        self.places.rotate_left(first);
        self.places.resize((2 * len).max(LEAST), filler);
        (self.gone, self.come) = (0, len as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn agrees_with_the_standard_one(steps in prop::collection::vec((0u8..9, any::<u16>()), 0..500)) {
            let (mut ring, mut model) = (Ring::default(), VecDeque::new());
            for (what, value) in steps {
                match what {
                    0..4 => {
                        ring.push_back(value);
                        model.push_back(value);
                    }
                    4 => {
                        ring.push_front(value);
                        model.push_front(value);
                    }
                    5 if value % 8 == 0 => {
                        ring.retain(|it| it % 3 > 0);
                        model.retain(|it| it % 3 > 0);
                    }
                    _ => prop_assert_eq!(ring.pop_front(), model.pop_front()),
                }
                prop_assert_eq!(ring.len(), model.len());
                prop_assert_eq!(ring.front(), model.front());
            }
        }
    }
}
