//! A pairing heap in an arena: pushed by one comparison, popped by merging the root's children in
//! pairs, then from the right (Fredman, Sedgewick, Sleator, Tarjan 1986).

use super::Yardstick;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    key: u128,
    child: u32,
    /// The next sibling; among free nodes the next free one.
    sibling: u32,
}

/// Nodes by index, the free ones in a list.
pub struct Pairing {
    nodes: Vec<Node>,
    root: u32,
    free: u32,
}

impl Default for Pairing {
    fn default() -> Pairing {
        Pairing { nodes: Vec::new(), root: NONE, free: NONE }
    }
}

impl Pairing {
    /// The root of two heaps made one.
    #[inline]
    fn merge(&mut self, one: u32, other: u32) -> u32 {
        let is_first = self.nodes[one as usize].key < self.nodes[other as usize].key;
        let (above, below) = if is_first { (one, other) } else { (other, one) };
        self.nodes[below as usize].sibling = self.nodes[above as usize].child;
        self.nodes[above as usize].child = below;
        above
    }

    fn merge_siblings(&mut self, mut first: u32) -> u32 {
        // Pairs from the left, stacked through their sibling links.
        let mut stack = NONE;
        while first != NONE {
            let second = self.nodes[first as usize].sibling;
            if second == NONE {
                self.nodes[first as usize].sibling = stack;
                stack = first;
                break;
            }
            let rest = self.nodes[second as usize].sibling;
            let pair = self.merge(first, second);
            self.nodes[pair as usize].sibling = stack;
            stack = pair;
            first = rest;
        }
        let mut root = stack;
        if root != NONE {
            stack = self.nodes[root as usize].sibling;
            while stack != NONE {
                let rest = self.nodes[stack as usize].sibling;
                root = self.merge(root, stack);
                stack = rest;
            }
        }
        root
    }
}

impl Yardstick for Pairing {
    const NAME: &'static str = "pairing heap";

    #[inline]
    fn push(&mut self, key: u128) {
        let node = Node { key, child: NONE, sibling: NONE };
        let at = self.free;
        let at = if at == NONE {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        } else {
            self.free = self.nodes[at as usize].sibling;
            self.nodes[at as usize] = node;
            at
        };
        self.root = if self.root == NONE { at } else { self.merge(self.root, at) };
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        if self.root == NONE {
            return None;
        }
        let Node { key, child, .. } = self.nodes[self.root as usize];
        self.nodes[self.root as usize].sibling = self.free;
        self.free = self.root;
        self.root = self.merge_siblings(child);
        Some(key)
    }
}
