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
        // One of the two is empty.
        self.len as usize + self.many.len()
    }

    #[inline]
    pub(super) fn last(&self) -> Option<&T> {
        let few = (self.len as usize).wrapping_sub(1);
        self.few.get(few).or_else(|| self.many.last())
    }

    /// Puts an entry before those at the end that are to stay behind it. Whether it is the last.
    #[inline]
    pub(super) fn insert(&mut self, entry: T, stays_behind: impl Fn(&T) -> bool) -> bool {
        let len = self.len as usize;
        if len >= FEW || !self.many.is_empty() {
            return self.insert_into_many(entry, stays_behind);
        }
        let mut place = len;
        while place > 0 && stays_behind(&self.few[place - 1]) {
            self.few[place] = self.few[place - 1];
            place -= 1;
        }
        self.few[place] = entry;
        self.len += 1;
        place == len
    }

    #[inline(never)]
    fn insert_into_many(&mut self, entry: T, stays_behind: impl Fn(&T) -> bool) -> bool {
        self.many.extend_from_slice(&self.few[..self.len as usize]);
        self.len = 0;
        let place = self.many.iter().rposition(|it| !stays_behind(it)).map_or(0, |it| it + 1);
        let is_last = place == self.many.len();
        self.many.insert(place, entry);
        is_last
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
