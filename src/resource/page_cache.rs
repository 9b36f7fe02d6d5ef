//! A cache of whole objects of different sizes under a budget of bytes, which evicts by CLOCK
//! (second chance; Corbató 1968): a hand goes round the resident objects, spares those that were
//! used since it last came by, and evicts the first that was not. A hit writes one bit, and only
//! the first time, so that copies of a site go on sharing the list. Hit ratios are close to LRU's.
//!
//! Left out: single pages of an object (it is there as a whole or not at all), read-ahead, dirty
//! pages.

use super::chunked::Chunked;

/// Not resident, in place of the next on the ring.
const ABSENT: u32 = 0x7fff_ffff;
/// Set in a link if its object was used since the hand last came by.
const USED: u32 = 1 << 31;

/// A page cache.
#[derive(Clone, Debug)]
pub struct PageCache {
    budget: u64,
    resident: u64,
    /// For each object the next one on the ring of those that are resident, and whether it was
    /// used. The ring is linked one way: objects leave and join at the hand only.
    links: Chunked,
    /// The object *before* the one that the hand points at; `ABSENT` while the ring is empty.
    behind: u32,
}

impl PageCache {
    /// An empty cache of `budget` bytes for objects `0 .. objects`.
    pub fn new(budget: u64, objects: u32) -> PageCache {
        assert!(objects < ABSENT, "more objects than a link can name");
        PageCache { budget, resident: 0, links: Chunked::new(objects, ABSENT), behind: ABSENT }
    }

    /// Whether the object is there; if so, it is marked as used.
    #[inline]
    pub fn access(&mut self, object: u32) -> bool {
        let link = self.links.get(object);
        if link == ABSENT {
            return false;
        }
        if link & USED == 0 {
            self.links.set(object, link | USED);
        }
        true
    }

    /// Takes in an object that was read, and evicts others until it fits. One that is larger than
    /// the whole budget, or empty, is not kept.
    pub fn insert(&mut self, object: u32, bytes: impl Fn(u32) -> u64) {
        let size = bytes(object);
        if size == 0 || size > self.budget || self.links.get(object) != ABSENT {
            return;
        }
        while self.resident + size > self.budget {
            self.evict(&bytes);
        }
        self.link(object);
        self.resident += size;
    }

    /// Bytes in the cache.
    pub fn resident(&self) -> u64 {
        self.resident
    }

    /// Takes in the objects that `is_in` names, as far as they fit, without evicting. They stand on
    /// the ring in a scattered order, so that the hand does not come by the popular ones in a row.
    pub fn fill(&mut self, is_in: impl Fn(u32) -> bool, bytes: impl Fn(u32) -> u64) {
        let count = u64::from(self.links.len());
        let step = coprime_step(count);
        for number in 0..count {
            let object = (number * step % count) as u32;
            let size = bytes(object);
            let fits = size > 0 && self.resident + size <= self.budget;
            if fits && self.links.get(object) == ABSENT && is_in(object) {
                self.link(object);
                self.resident += size;
            }
        }
    }

    /// Empties it: the host was restarted.
    pub fn clear(&mut self) {
        *self = PageCache::new(self.budget, self.links.len());
    }

    /// Joins just behind the hand, which comes by it last.
    fn link(&mut self, object: u32) {
        if self.behind == ABSENT {
            self.links.set(object, object);
        } else {
            let before = self.links.get(self.behind);
            self.links.set(object, before & !USED);
            self.links.set(self.behind, object | (before & USED));
        }
        self.behind = object;
    }

    fn evict(&mut self, bytes: &impl Fn(u32) -> u64) {
        assert!(self.behind != ABSENT, "a cache over its budget holds something");
        loop {
            let before = self.links.get(self.behind);
            let object = before & !USED;
            let link = self.links.get(object);
            if link & USED != 0 {
                self.links.set(object, link & !USED);
                self.behind = object;
                continue;
            }
            if object == self.behind {
                self.behind = ABSENT;
            } else {
                self.links.set(self.behind, link | (before & USED));
            }
            self.links.set(object, ABSENT);
            self.resident -= bytes(object);
            return;
        }
    }
}

/// A step through `0 .. count` that visits all, near the golden section of it.
fn coprime_step(count: u64) -> u64 {
    let is_coprime = |step: u64| {
        let (mut a, mut b) = (count, step);
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a == 1
    };
    let golden = (count as f64 * 0.618_033_988_75) as u64;
    (golden.max(1)..=count).find(|&step| is_coprime(step)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_unused_one_goes() {
        let mut cache = PageCache::new(3, 10);
        for object in [1, 2, 3] {
            assert!(!cache.access(object));
            cache.insert(object, |_| 1);
        }
        assert!(cache.access(1) && cache.access(3));
        cache.insert(4, |_| 1);
        assert!(!cache.access(2) && cache.access(1) && cache.access(3) && cache.access(4));
    }

    #[test]
    fn a_fill_visits_all() {
        let mut cache = PageCache::new(1 << 40, 997);
        cache.fill(|object| object % 2 == 0, |_| 10);
        assert_eq!(cache.resident(), 4990);
        assert!((0..997).all(|object| cache.access(object) == (object % 2 == 0)));
        cache.clear();
        assert!(cache.resident() == 0 && !cache.access(0));
        PageCache::new(10, 0).fill(|_| true, |_| 1);
        PageCache::new(10, 1).fill(|_| true, |_| 1);
    }

    /// Against a plain ring in a `Vec`.
    struct Ring {
        budget: u64,
        objects: Vec<(u32, bool)>,
    }

    impl Ring {
        fn insert(&mut self, object: u32, bytes: fn(u32) -> u64) {
            let size = bytes(object);
            if size > self.budget {
                return;
            }
            while self.objects.iter().map(|&(it, _)| bytes(it)).sum::<u64>() + size > self.budget {
                let (first, is_used) = self.objects.remove(0);
                if is_used {
                    self.objects.push((first, false));
                }
            }
            self.objects.push((object, false));
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_ring(
            budget in 0u64..120,
            asked in prop::collection::vec(0u32..40, 0..600),
        ) {
            let bytes: fn(u32) -> u64 = |object| u64::from(object % 11) + 1;
            let mut cache = PageCache::new(budget, 40);
            let mut ring = Ring { budget, objects: Vec::new() };
            for object in asked {
                let hit = ring.objects.iter_mut().find(|it| it.0 == object).map(|it| it.1 = true);
                prop_assert_eq!(cache.access(object), hit.is_some());
                if hit.is_none() {
                    cache.insert(object, bytes);
                    ring.insert(object, bytes);
                    prop_assert_eq!(cache.clone().access(object), bytes(object) <= budget);
                }
                prop_assert!(cache.resident() <= budget);
                let held = ring.objects.iter().map(|it| bytes(it.0)).sum::<u64>();
                prop_assert_eq!(cache.resident(), held);
            }
        }
    }
}
