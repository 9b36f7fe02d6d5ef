//! What is costly to compute, a pure function of little, and asked for again and again: tables of laws,
//! equilibria of caches. Points of a sweep, variants of a search and the replications of a study have most of
//! them in common. Nothing that is told can depend on whether it was known.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Values by what they are computed from; for a `static`.
pub struct Memo<K, V> {
    known: LazyLock<Mutex<HashMap<K, Arc<V>>>>,
    /// When there would be more, all are forgotten: whoever goes through so many different ones would
    /// find none of them again.
    most: usize,
}

impl<K: Eq + Hash, V> Memo<K, V> {
    /// That knows nothing yet, and never more than `most`.
    pub const fn new(most: usize) -> Memo<K, V> {
        Memo { known: LazyLock::new(Mutex::default), most }
    }

    /// What is known of `key`, or what `compute` makes of it. Two threads that miss it both compute it.
    pub fn get(&self, key: K, compute: impl FnOnce(&K) -> V) -> Arc<V> {
        // A value is inserted whole or not at all, whoever panics.
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Arc::clone(known);
        }
        let computed = Arc::new(compute(&key));
        let mut known = lock();
        if known.len() >= self.most {
            known.clear();
        }
        known.insert(key, Arc::clone(&computed));
        computed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_computed_again() {
        let memo: Memo<u64, u64> = Memo::new(4);
        assert_eq!(*memo.get(3, |key| key * key), 9);
        assert_eq!(*memo.get(3, |_| panic!("it is known")), 9);
        assert_eq!(*memo.get(4, |key| key * key), 16);
    }

    #[test]
    fn few_values_are_known_at_once() {
        let memo: Memo<u64, u64> = Memo::new(4);
        for key in 0..100 {
            assert_eq!(*memo.get(key, |key| key + 1), key + 1);
            assert!(memo.known.lock().unwrap().len() <= 4);
        }
    }
}
