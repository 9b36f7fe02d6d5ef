//! The least of many keys that change one at a time: a tree of minima, sixteen to a node.
//!
//! Finding it and its equals, and changing a key, each looks at a few short runs of neighbours,
//! one a level (four levels for 65,536 keys). A tree adds a fifteenth to what its keys take.

/// Children of a node: a cache line of `u32`.
const WIDTH: usize = 16;
/// Of 2³² keys, the keys themselves included.
const LEVELS_MAX: usize = 9;

/// Keys and their minima. All are `K::default()`, the least of all, to begin with.
#[derive(Clone, Debug)]
pub(crate) struct Minima<K> {
    count: usize,
    /// The keys, then the minima of each sixteen of them, then of each sixteen of those; the last
    /// is the least of all.
    nodes: Vec<K>,
    /// How many keys below each node equal its minimum. Empty if nobody is going to ask.
    ties: Vec<u32>,
}

impl<K: Copy + Ord + Default> Minima<K> {
    /// `counts_ties`: `ties` and `tie` may be asked.
    pub(crate) fn new(count: usize, counts_ties: bool) -> Minima<K> {
        let (mut nodes, mut level) = (count, count);
        while level > 1 {
            level = level.div_ceil(WIDTH);
            nodes += level;
        }
        let mut minima = Minima { count, nodes: vec![K::default(); nodes], ties: Vec::new() };
        if counts_ties {
            minima.ties = vec![1; nodes];
            minima.count_ties();
        }
        minima
    }

    fn count_ties(&mut self) {
        let (mut start, mut level) = (0, self.count);
        while level > 1 {
            let above = start + level;
            for (node, first) in (start..above).step_by(WIDTH).enumerate() {
                let last = (first + WIDTH).min(above);
                self.ties[above + node] = self.ties[first..last].iter().sum();
            }
            (start, level) = (above, level.div_ceil(WIDTH));
        }
    }

    pub(crate) fn get(&self, index: usize) -> K {
        self.nodes[index]
    }

    /// The least key.
    #[inline]
    pub(crate) fn least(&self) -> K {
        self.nodes[self.nodes.len() - 1]
    }

    /// Changes a key, and the minima above it as far as they change.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, key: K) {
        let mut was = std::mem::replace(&mut self.nodes[index], key);
        let (mut is, mut child) = (key, index);
        let (mut start, mut level) = (0, self.count);
        while level > 1 {
            let node = child / WIDTH;
            let above = start + level;
            let first = start + node * WIDTH;
            let children = first..(first + WIDTH).min(above);
            let at = above + node;
            let least = self.nodes[at];
            let least_now = if is <= least {
                is
            } else if was == least {
                minimum(&self.nodes[children.clone()])
            } else {
                least
            };
            if self.ties.is_empty() {
                if least_now == least {
                    return;
                }
            } else {
                let ties = children.filter(|&child| self.nodes[child] == least_now);
                let ties = ties.map(|child| self.ties[child]).sum();
                if least_now == least && self.ties[at] == ties {
                    return;
                }
                self.ties[at] = ties;
            }
            self.nodes[at] = least_now;
            (was, is, child) = (least, least_now, node);
            (start, level) = (above, level.div_ceil(WIDTH));
        }
    }

    /// The first index from `from` on whose key is the least of all.
    #[inline]
    pub(crate) fn first_least(&self, from: usize) -> Option<usize> {
        let least = self.least();
        let (mut start, mut level, mut from) = (0, self.count, from);
        let mut starts = [0; LEVELS_MAX];
        for depth in 0..LEVELS_MAX {
            starts[depth] = start;
            if from >= level {
                return None;
            }
            let end = ((from / WIDTH + 1) * WIDTH).min(level);
            let run = &self.nodes[start + from..start + end];
            if let Some(found) = run.iter().position(|&key| key == least) {
                return Some(self.descend(from + found, &starts[..depth]));
            }
            (start, level, from) = (start + level, level.div_ceil(WIDTH), end.div_ceil(WIDTH));
        }
        None
    }

    /// From a node with the least key to the first such key below it.
    fn descend(&self, node: usize, starts: &[usize]) -> usize {
        let least = self.least();
        starts.iter().rev().fold(node, |node, start| {
            let children = &self.nodes[start + node * WIDTH..];
            let found = children.iter().position(|&key| key == least);
            node * WIDTH + found.expect("a node's minimum is one of its children's")
        })
    }

    /// How many keys are the least.
    pub(crate) fn ties(&self) -> u32 {
        self.ties[self.nodes.len() - 1]
    }

    /// The index of the `rank`-th of the least keys, from 0.
    pub(crate) fn tie(&self, rank: u32) -> usize {
        let least = self.least();
        let (mut start, mut level) = (0, self.count);
        let mut levels = [(0, 0); LEVELS_MAX];
        let mut depth = 0;
        while level > 1 {
            levels[depth] = (start, start + level);
            depth += 1;
            (start, level) = (start + level, level.div_ceil(WIDTH));
        }
        let (mut node, mut left) = (0, rank);
        for &(start, end) in levels[..depth].iter().rev() {
            let mut child = start + node * WIDTH;
            loop {
                assert!(child < end, "fewer ties than counted");
                if self.nodes[child] == least {
                    if left < self.ties[child] {
                        break;
                    }
                    left -= self.ties[child];
                }
                child += 1;
            }
            node = child - start;
        }
        node
    }
}

fn minimum<K: Copy + Ord>(keys: &[K]) -> K {
    keys.iter().copied().fold(keys[0], Ord::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::luck::mix;

    fn check(count: usize, range: u64, counts_ties: bool) {
        let mut minima = Minima::<u32>::new(count, counts_ties);
        let mut naive = vec![0; count];
        for step in 0..2_000 {
            let word = mix(count as u64, mix(step, range));
            let index = (word >> 32) as usize % count;
            let key = (word & 0xFFFF_FFFF) % range;
            minima.set(index, key as u32);
            naive[index] = key as u32;
            let least = *naive.iter().min().unwrap();
            assert_eq!(minima.least(), least);
            let all: Vec<usize> = (0..count).filter(|&index| naive[index] == least).collect();
            let from = (word >> 16) as usize % (count + 1);
            let expected = all.iter().copied().find(|&index| index >= from);
            assert_eq!(minima.first_least(from), expected, "from {from} of {count}");
            if counts_ties {
                assert_eq!(minima.ties() as usize, all.len());
                let rank = (word >> 8) as usize % all.len();
                assert_eq!(minima.tie(rank as u32), all[rank]);
            }
        }
    }

    #[test]
    fn the_same_as_a_scan() {
        for count in [1, 2, 15, 16, 17, 255, 256, 257, 300, 4_097] {
            for range in [1, 3, 1_000] {
                check(count, range, false);
                check(count, range, true);
            }
        }
    }
}
