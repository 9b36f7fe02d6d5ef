//! What is pending, by slot: the key of each entry and its neighbours on the list that holds it.
//!
//! Slot 0 is nobody's: it ends every list, and its links may be written without looking.

/// Names nothing, and ends a list.
pub const NONE: u32 = 0;
/// Set in a name that stands for the head of a lane.
pub const LANE: u32 = 1 << 31;
/// The bits of the sequence in a key.
pub const SEQUENCE_BITS: u32 = 40;

const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

/// When the entry of a key is due.
#[inline]
pub fn due(key: u128) -> u64 {
    (key >> (32 + SEQUENCE_BITS)) as u64
}

/// The key of what needs no name.
#[inline]
pub fn key_of(due: u64, sequence: u64) -> u128 {
    u128::from(due << (SEQUENCE_BITS - 32) | sequence >> 32) << 64
        | u128::from(sequence as u32) << 32
}

/// The name in a key.
#[inline]
pub fn named(key: u128) -> u32 {
    key as u32
}

/// One entry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Node {
    /// The upper 64 bits of the key.
    upper: u64,
    /// The low 32 bits of the sequence.
    lower: u32,
    /// The following entry of the list: a lane, or the free slots.
    pub next: u32,
    /// The one before, unless this is the first of its list.
    pub previous: u32,
    /// The lane that holds it, or that it stands for; without meaning for others.
    pub lane: u32,
}

const _: () = assert!(size_of::<Node>() == 24);

/// All entries. Freed slots are used again, last freed first.
#[derive(Clone, Debug)]
pub struct Roster {
    nodes: Vec<Node>,
    free: u32,
    live: u32,
}

impl Default for Roster {
    fn default() -> Roster {
        Roster { nodes: vec![Node::default()], free: NONE, live: 0 }
    }
}

impl Roster {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// A new entry.
    #[inline]
    pub fn insert(&mut self, due: u64, sequence: u64) -> u32 {
        self.live += 1;
        let slot = self.free;
        if slot == NONE {
            return self.grow(due, sequence);
        }
        self.free = self.nodes[slot as usize].next;
        self.set(slot, due, sequence);
        slot
    }

    #[cold]
    fn grow(&mut self, due: u64, sequence: u64) -> u32 {
        let slot = self.nodes.len() as u32;
        assert!(slot < LANE, "2^31 events pending");
        self.nodes.push(Node::default());
        self.set(slot, due, sequence);
        slot
    }

    /// Gives an entry another key.
    #[inline]
    pub fn set(&mut self, slot: u32, due: u64, sequence: u64) {
        let node = &mut self.nodes[slot as usize];
        node.upper = due << (SEQUENCE_BITS - 32) | sequence >> 32;
        node.lower = sequence as u32;
    }

    /// Removes an entry, which is on no list.
    #[inline]
    pub fn remove(&mut self, slot: u32) {
        let node = &mut self.nodes[slot as usize];
        node.upper = 0;
        node.lower = 0;
        node.next = self.free;
        self.free = slot;
        self.live -= 1;
    }

    /// The entry of a name.
    #[inline]
    pub fn node(&self, named: u32) -> &Node {
        &self.nodes[(named & !LANE) as usize]
    }

    /// The entry of a name.
    #[inline]
    pub fn node_mut(&mut self, named: u32) -> &mut Node {
        &mut self.nodes[(named & !LANE) as usize]
    }

    /// The key of an entry.
    #[inline]
    pub fn key(&self, named: u32) -> u128 {
        let node = self.node(named);
        u128::from(node.upper) << 64 | u128::from(node.lower) << 32 | u128::from(named)
    }

    /// Whether the entry of a key is still the one that the key was made for.
    #[inline]
    pub fn is_live(&self, key: u128) -> bool {
        self.is_key(named(key), key)
    }

    /// Whether `key` has the time and the sequence of an entry, whatever it names.
    #[inline]
    pub fn is_key(&self, slot: u32, key: u128) -> bool {
        let node = self.node(slot);
        node.upper == (key >> 64) as u64 && node.lower == (key >> 32) as u32
    }

    /// Gives the entry `to` the time and the sequence of `from`.
    #[inline]
    pub fn copy_key(&mut self, from: u32, to: u32) {
        let Node { upper, lower, .. } = *self.node(from);
        let node = self.node_mut(to);
        node.upper = upper;
        node.lower = lower;
    }

    /// When an entry is due.
    #[inline]
    pub fn due(&self, named: u32) -> u64 {
        self.node(named).upper >> (SEQUENCE_BITS - 32)
    }

    /// The sequence of an entry, 0 of a free slot.
    #[inline]
    pub fn sequence(&self, named: u32) -> u64 {
        let node = self.node(named);
        (node.upper << 32 | u64::from(node.lower)) & SEQUENCE_MASK
    }
}
