//! What is pending, by slot: the key of each entry, what follows it on the list that holds it, and what happens,
//! half a cache line in all; apart from that, what only lists that can be left from the middle need.
//!
//! Slot 0 is nobody's: it ends every list, and its links may be written without looking.

/// Names nothing, and ends a list.
pub const NONE: u32 = 0;
/// Set in a name that stands for the head of a lane.
pub const LANE: u32 = 1 << 31;
/// Set in a name that says all that happens: it has no entry here.
pub const TOLD: u32 = 1 << 30;
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

/// One entry. Aligned: one in two would lie on two lines of the cache, which of a million entries are two misses.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Node<E> {
    /// The upper 64 bits of the key.
    upper: u64,
    /// The low 32 bits of the sequence.
    lower: u32,
    /// The following entry of the list: a lane, or the free slots.
    pub next: u32,
    /// What happens. `None` of what stands for a lane.
    event: Option<E>,
}

/// What holds an entry to its lane; without meaning for others.
#[derive(Clone, Copy, Debug)]
pub struct Tie {
    /// The entry before, unless this is the first of its lane.
    pub previous: u32,
    /// The lane that holds it, or that it stands for.
    pub lane: u32,
}

impl<E> Node<E> {
    /// What happens.
    #[inline]
    pub fn event(&self) -> Option<&E> {
        self.event.as_ref()
    }
}

impl<E> Default for Node<E> {
    fn default() -> Node<E> {
        Node { upper: 0, lower: 0, next: NONE, event: None }
    }
}

const NO_TIE: Tie = Tie { previous: NONE, lane: 0 };

const _: () = assert!(size_of::<Node<u64>>() == 32);

/// All entries. Freed slots are used again, last freed first.
#[derive(Clone, Debug)]
pub struct Roster<E> {
    nodes: Vec<Node<E>>,
    ties: Vec<Tie>,
    free: u32,
    live: u32,
}

impl<E> Default for Roster<E> {
    fn default() -> Roster<E> {
        Roster { nodes: vec![Node::default()], ties: vec![NO_TIE], free: NONE, live: 0 }
    }
}

impl<E: Copy> Roster<E> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// A new entry.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "an event handed over in memory stalls")]
    pub fn insert(&mut self, due: u64, sequence: u64, event: Option<E>) -> u32 {
        self.live += 1;
        if self.free == NONE {
            self.grow();
        }
        let slot = self.free;
        let node = &mut self.nodes[slot as usize];
        self.free = node.next;
        node.upper = due << (SEQUENCE_BITS - 32) | sequence >> 32;
        node.lower = sequence as u32;
        node.event = event;
        slot
    }

    #[cold]
    fn grow(&mut self) {
        let slot = self.nodes.len() as u32;
        assert!(slot < TOLD, "2^30 events pending");
        self.nodes.push(Node::default());
        self.ties.push(NO_TIE);
        self.free = slot;
    }

    /// Gives an entry another key.
    #[inline]
    pub fn set(&mut self, slot: u32, due: u64, sequence: u64) {
        let node = &mut self.nodes[slot as usize];
        node.upper = due << (SEQUENCE_BITS - 32) | sequence >> 32;
        node.lower = sequence as u32;
    }

    /// Removes an entry, which is on no list. What was to happen.
    #[inline]
    pub fn remove(&mut self, slot: u32) -> Option<E> {
        let node = &mut self.nodes[slot as usize];
        node.upper = 0;
        node.lower = 0;
        node.next = self.free;
        self.free = slot;
        self.live -= 1;
        node.event
    }

    /// Removes the entry of a key, if it is still the one that the key was made for, and on no list.
    /// What was to happen.
    #[inline]
    pub fn take(&mut self, key: u128) -> Option<E> {
        let slot = named(key);
        let node = &mut self.nodes[slot as usize];
        if node.upper != (key >> 64) as u64 || node.lower != (key >> 32) as u32 {
            return None;
        }
        node.upper = 0;
        node.lower = 0;
        node.next = self.free;
        self.free = slot;
        self.live -= 1;
        node.event
    }

    /// The entry of a name.
    #[inline]
    pub fn node(&self, named: u32) -> &Node<E> {
        &self.nodes[(named & !LANE) as usize]
    }

    /// The entry of a name.
    #[inline]
    pub fn node_mut(&mut self, named: u32) -> &mut Node<E> {
        &mut self.nodes[(named & !LANE) as usize]
    }

    /// What holds the entry of a name to its lane.
    #[inline]
    pub fn tie(&self, named: u32) -> Tie {
        self.ties[(named & !LANE) as usize]
    }

    /// What holds the entry of a name to its lane.
    #[inline]
    pub fn tie_mut(&mut self, named: u32) -> &mut Tie {
        &mut self.ties[(named & !LANE) as usize]
    }

    /// The key of an entry.
    #[inline]
    pub fn key(&self, named: u32) -> u128 {
        let node = self.node(named);
        u128::from(node.upper) << 64 | u128::from(node.lower) << 32 | u128::from(named)
    }

    /// Whether the entry of a key, if it has one, is still the one that the key was made for.
    #[inline]
    pub fn is_live(&self, key: u128) -> bool {
        named(key) & TOLD != 0 || self.is_key(named(key), key)
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
