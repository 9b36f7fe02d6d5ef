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

/// How often a place was taken and freed. Odd generations live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation(u32);

impl Generation {
    /// The place is taken, or freed.
    #[inline]
    fn turn(&mut self) {
        self.0 = self.0.wrapping_add(1);
    }
}

/// What lies in a slab. An entry keeps the generation of its place among what is touched first of
/// it, so that asking whether a key is stale touches no memory that its use would not. It is the
/// slab's: nobody else writes it.
pub trait Entry {
    /// That of its place.
    fn generation(&self) -> Generation;
    /// That of its place, for the slab.
    fn generation_mut(&mut self) -> &mut Generation;
}

impl Default for Key {
    fn default() -> Key {
        Key::NONE
    }
}

/// Entries that come and go. Freed places are used again, last freed first.
#[derive(Debug)]
pub struct Slab<T> {
    places: Vec<T>,
    free: Vec<u32>,
}

/// A copy has room to grow: moving a million entries for one more would take longer than anything
/// else that it does.
impl<T: Clone> Clone for Slab<T> {
    fn clone(&self) -> Slab<T> {
        let len = self.places.len();
        let mut places = Vec::with_capacity(len + len / 8);
        places.extend_from_slice(&self.places);
        Slab { places, free: self.free.clone() }
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T: Entry> Slab<T> {
    /// How many entries live.
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// How many have lived at once at most.
    #[inline]
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an entry.
    #[inline]
    pub fn insert(&mut self, mut entry: T) -> Key {
        let index = self.free.pop().unwrap_or(self.places.len() as u32);
        assert!(index < NONE, "a slab of 2^32 entries");
        let place = self.places.get_mut(index as usize);
        let mut generation = place.as_ref().map_or(Generation(0), |place| place.generation());
        generation.turn();
        *entry.generation_mut() = generation;
        match place {
            Some(place) => *place = entry,
            None => self.places.push(entry),
        }
        Key { index, generation: generation.0 }
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
        place.generation_mut().turn();
        (Key { index, generation: place.generation().0 }, place)
    }

    #[cold]
    fn grow(&mut self)
    where
        T: Default,
    {
        let index = self.places.len() as u32;
        assert!(index < NONE, "a slab of 2^32 entries");
        self.places.push(T::default());
        self.free.push(index);
    }

    /// Frees an entry. Its place may be used again; `key` is stale from here on.
    #[inline]
    pub fn remove(&mut self, key: Key) {
        assert!(self.contains(key), "freed twice: {key:?}");
        self.places[key.index as usize].generation_mut().turn();
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
        (place.generation().0 == key.generation).then_some(place)
    }

    /// The entry, if it still lives.
    #[inline]
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        let place = self.places.get_mut(key.index as usize)?;
        (place.generation().0 == key.generation).then_some(place)
    }

    /// The key of the living entry at `index`.
    #[inline]
    pub fn key_at(&self, index: u32) -> Key {
        let Generation(generation) = self.places[index as usize].generation();
        assert!(generation & 1 == 1, "nothing lives at {index}");
        Key { index, generation }
    }

    /// The living, in the order of their places.
    pub fn keys(&self) -> Vec<Key> {
        let places = self.places.iter().zip(0u32..);
        let keys = places.map(|(it, index)| Key { index, generation: it.generation().0 });
        keys.filter(|key| key.generation & 1 == 1).collect()
    }
}

impl<T: Entry> Index<Key> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, key: Key) -> &T {
        debug_assert!(self.contains(key), "stale: {key:?}");
        &self.places[key.index as usize]
    }
}

impl<T: Entry> IndexMut<Key> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, key: Key) -> &mut T {
        debug_assert!(self.contains(key), "stale: {key:?}");
        &mut self.places[key.index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Named(&'static str, Generation);

    impl Entry for Named {
        fn generation(&self) -> Generation {
            self.1
        }

        fn generation_mut(&mut self) -> &mut Generation {
            &mut self.1
        }
    }

    fn named(name: &'static str) -> Named {
        Named(name, Generation::default())
    }

    #[test]
    fn a_stale_key_is_recognised() {
        let mut slab = Slab::default();
        let first = slab.insert(named("first"));
        slab.remove(first);
        let second = slab.insert(named("second"));
        assert_eq!(first.index(), second.index());
        assert!(slab.get(first).is_none());
        assert_eq!(slab[second].0, "second");
        assert_eq!(slab.keys(), [second]);
        assert!(!slab.contains(Key::NONE));
    }

    #[test]
    #[should_panic(expected = "freed twice")]
    fn freeing_twice_stops_the_run() {
        let mut slab = Slab::default();
        let key = slab.insert(named("only"));
        slab.remove(key);
        slab.remove(key);
    }
}
