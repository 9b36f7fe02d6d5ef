//! What cores work on: that of the first few beside what else is known of a processor, that of the
//! others elsewhere. Most machines of a large site have few busy cores, and each table of its own
//! that an event touches is memory that has to be fetched.

/// How many entries lie in the structure itself.
const FEW: usize = 4;

/// Entries by core, only as many as have ever been busy at once.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Running<T> {
    few: [T; FEW],
    len: u32,
    more: Vec<T>,
}

impl<T: Copy + Default> Running<T> {
    /// No core has been busy.
    pub(super) fn new() -> Running<T> {
        Running { len: 0, few: [T::default(); FEW], more: Vec::new() }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// The entry of a core that has been busy.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub(super) fn at(&mut self, core: u32) -> &mut T {
        let place = core as usize;
        if place < FEW { &mut self.few[place] } else { &mut self.more[place - FEW] }
    }

    /// The entry of another core.
    pub(super) fn push(&mut self, entry: T) {
        match self.few.get_mut(self.len as usize) {
            Some(place) => *place = entry,
            None => self.more.push(entry),
        }
        self.len += 1;
    }

    /// All of them, the first core's first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let few = FEW.min(self.len as usize);
        self.few[..few].iter_mut().chain(&mut self.more)
    }
}
