//! Doubly linked lists through a slab's indices: O(1) at both ends and in the middle.
//!
//! An entry is on one list at a time, which is what waiting means: a call waits for one thing.

const NONE: u32 = u32::MAX;

/// One list: its ends and its length. The links are in `Links`.
#[derive(Clone, Copy, Debug)]
pub struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for List {
    fn default() -> List {
        List { head: NONE, tail: NONE, len: 0 }
    }
}

impl List {
    /// How many are on it.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether none is on it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first, who came first.
    pub fn first(&self) -> Option<u32> {
        (self.head != NONE).then_some(self.head)
    }

    /// The last, who came last.
    pub fn last(&self) -> Option<u32> {
        (self.tail != NONE).then_some(self.tail)
    }
}

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

/// The neighbours of every entry, by its index. Shared by all lists over the same slab.
#[derive(Clone, Debug, Default)]
pub struct Links {
    links: Vec<Link>,
}

impl Links {
    /// Puts `index` at the end of `list`.
    #[inline]
    pub fn push_back(&mut self, list: &mut List, index: u32) {
        if self.links.len() <= index as usize {
            self.links.resize(index as usize + 1, Link { previous: NONE, next: NONE });
        }
        self.links[index as usize] = Link { previous: list.tail, next: NONE };
        match list.last() {
            Some(tail) => self.links[tail as usize].next = index,
            None => list.head = index,
        }
        list.tail = index;
        list.len += 1;
    }

    /// Takes `index`, which is on `list`, off it.
    #[inline]
    pub fn remove(&mut self, list: &mut List, index: u32) {
        let Link { previous, next } = self.links[index as usize];
        if previous == NONE {
            assert_eq!(list.head, index, "not on this list");
            list.head = next;
        } else {
            self.links[previous as usize].next = next;
        }
        if next == NONE {
            assert_eq!(list.tail, index, "not on this list");
            list.tail = previous;
        } else {
            self.links[next as usize].previous = previous;
        }
        list.len -= 1;
    }

    /// Takes the first off the list.
    #[inline]
    pub fn pop_front(&mut self, list: &mut List) -> Option<u32> {
        let head = list.first()?;
        self.remove(list, head);
        Some(head)
    }

    /// Takes the last off the list.
    #[inline]
    pub fn pop_back(&mut self, list: &mut List) -> Option<u32> {
        let tail = list.last()?;
        self.remove(list, tail);
        Some(tail)
    }

    /// Who comes after `index`.
    pub fn next(&self, index: u32) -> Option<u32> {
        let next = self.links[index as usize].next;
        (next != NONE).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_the_middle() {
        let mut links = Links::default();
        let mut list = List::default();
        for index in [4, 2, 9, 0] {
            links.push_back(&mut list, index);
        }
        links.remove(&mut list, 9);
        assert_eq!(links.pop_front(&mut list), Some(4));
        assert_eq!(links.pop_back(&mut list), Some(0));
        assert_eq!(links.pop_back(&mut list), Some(2));
        assert_eq!(links.pop_front(&mut list), None);
        assert!(list.is_empty());
    }
}
