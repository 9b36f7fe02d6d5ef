//! Slots that are reused, each with a generation, so that a stale name is recognised.

use std::ops::{Index, IndexMut};

const NONE: u32 = u32::MAX;

/// Names an entry of a slab for as long as it lives. 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    /// Names nothing.
    pub const NONE: Key = Key { index: NONE, generation: 0 };

    /// Where the entry lies; unique among the living.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Whether it names nothing.
    pub const fn is_none(self) -> bool {
        self.index == NONE
    }
}

/// Entries that come and go. Freed places are used again, last freed first. An entry lies beside its
/// generation, so that asking whether a key is stale touches no memory that its use would not.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Place<T> {
    entry: T,
    /// Odd generations live.
    generation: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// How many entries live.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an entry.
    #[inline]
    pub fn insert(&mut self, entry: T) -> Key {
        if let Some(index) = self.free.pop() {
            let place = &mut self.places[index as usize];
            place.generation = place.generation.wrapping_add(1);
            place.entry = entry;
            return Key { index, generation: place.generation };
        }
        let index = self.places.len() as u32;
        assert!(index < NONE, "a slab of 2^32 entries");
        self.places.push(Place { entry, generation: 1 });
        Key { index, generation: 1 }
    }

    /// A place for another entry, with whatever the last one there has left: for entries of which
    /// only a part need be written.
    #[inline]
    pub fn claim(&mut self) -> (Key, &mut T)
    where
        T: Default,
    {
        if self.free.is_empty() {
            self.grow();
        }
        let index = self.free.pop().unwrap_or(NONE);
        let place = &mut self.places[index as usize];
        place.generation = place.generation.wrapping_add(1);
        (Key { index, generation: place.generation }, &mut place.entry)
    }

    #[cold]
    fn grow(&mut self)
    where
        T: Default,
    {
        let index = self.places.len() as u32;
        assert!(index < NONE, "a slab of 2^32 entries");
        self.places.push(Place { entry: T::default(), generation: 0 });
        self.free.push(index);
    }

    /// Frees an entry. Its place may be used again; `key` is stale from here on.
    #[inline]
    pub fn remove(&mut self, key: Key) {
        assert!(self.contains(key), "freed twice: {key:?}");
        let generation = &mut self.places[key.index as usize].generation;
        *generation = generation.wrapping_add(1);
        self.free.push(key.index);
    }

    /// Whether `key` still names a living entry.
    #[inline]
    pub fn contains(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// The entry, if it still lives.
    #[inline]
    pub fn get(&self, key: Key) -> Option<&T> {
        // A key is only ever made with an odd generation, but for the one that names nothing, whose
        // index no entry has.
        let place = self.places.get(key.index as usize)?;
        (place.generation == key.generation).then_some(&place.entry)
    }

    /// The entry, if it still lives.
    #[inline]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let place = self.places.get_mut(key.index as usize)?;
        (place.generation == key.generation).then_some(&mut place.entry)
    }

    /// The key of the living entry at `index`.
    #[inline]
    pub fn key_at(&self, index: u32) -> Key {
        let generation = self.places[index as usize].generation;
        assert!(generation & 1 == 1, "nothing lives at {index}");
        Key { index, generation }
    }

    /// The living, in the order of their places.
    pub fn keys(&self) -> Vec<Key> {
        let living = self.places.iter().zip(0u32..).filter(|(it, _)| it.generation & 1 == 1);
        living.map(|(it, index)| Key { index, generation: it.generation }).collect()
    }
}

impl<T> Index<Key> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, key: Key) -> &T {
        debug_assert!(self.contains(key), "stale: {key:?}");
        &self.places[key.index as usize].entry
    }
}

impl<T> IndexMut<Key> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, key: Key) -> &mut T {
        debug_assert!(self.contains(key), "stale: {key:?}");
        &mut self.places[key.index as usize].entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_is_recognised() {
        let mut slab = Slab::default();
        let first = slab.insert("first");
        slab.remove(first);
        let second = slab.insert("second");
        assert_eq!(first.index(), second.index());
        assert!(slab.get(first).is_none());
        assert_eq!(slab[second], "second");
        assert_eq!(slab.keys(), [second]);
        assert!(!slab.contains(Key::NONE));
    }

    #[test]
    #[should_panic(expected = "freed twice")]
    fn freeing_twice_stops_the_run() {
        let mut slab = Slab::default();
        let key = slab.insert(());
        slab.remove(key);
        slab.remove(key);
    }
}
