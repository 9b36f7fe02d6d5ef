//! A sorted array that lies in the structure itself while it is short.

/// How many entries lie in the structure itself.
const FEW: usize = 4;
/// From how few on they are taken back there.
const BACK: usize = 2;

/// Entries in an order that the user keeps.
#[derive(Clone, Debug)]
pub(super) struct Sorted<T> {
    /// How many of `few` are in use; 0 while `many` is.
    len: u32,
    few: [T; FEW],
    /// All of them, if they are more.
    many: Vec<T>,
}

impl<T: Copy + Default> Sorted<T> {
    pub(super) fn new() -> Sorted<T> {
        Sorted { len: 0, few: [T::default(); FEW], many: Vec::new() }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[T] {
        let few = &self.few[..(self.len as usize).min(FEW)];
        if few.is_empty() { &self.many } else { few }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Puts an entry before the one at `place`.
    #[inline]
    pub(super) fn insert(&mut self, place: usize, entry: T) {
        let len = self.len as usize;
        if len < FEW && self.many.is_empty() {
            self.few.copy_within(place..len, place + 1);
            self.few[place] = entry;
            self.len += 1;
        } else {
            self.insert_into_many(place, entry);
        }
    }

    fn insert_into_many(&mut self, place: usize, entry: T) {
        self.many.extend_from_slice(&self.few[..self.len as usize]);
        self.len = 0;
        self.many.insert(place, entry);
    }

    /// Takes out the last.
    #[inline]
    pub(super) fn pop(&mut self) {
        if self.len > 0 {
            self.len -= 1;
            return;
        }
        self.many.pop();
        if self.many.len() <= BACK {
            self.take_back();
        }
    }

    fn take_back(&mut self) {
        self.few[..self.many.len()].copy_from_slice(&self.many);
        self.len = self.many.len() as u32;
        self.many.clear();
    }

    /// Changes all of them at once.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<T>)) {
        self.many.extend_from_slice(&self.few[..self.len as usize]);
        self.len = 0;
        change(&mut self.many);
        if self.many.len() <= BACK {
            self.take_back();
        }
    }
}
