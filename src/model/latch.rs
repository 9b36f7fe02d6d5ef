//! A latch: many calls wait for one thing, which has a root of its own (a group's flush, a fill, an
//! acknowledgement). It opens for all of them at once, in the order in which they came; a waiter that
//! leaves cancels only its waiting.

use crate::engine::list::{Links, List};

/// Those who wait.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Latch {
    waiting: List,
}

impl Latch {
    /// Another call (by index) waits.
    #[inline]
    pub(crate) fn wait(&mut self, links: &mut Links, index: u32) {
        links.push_back(&mut self.waiting, index);
    }

    /// The next of those who go on, once it has opened.
    #[inline]
    pub(crate) fn next(&mut self, links: &mut Links) -> Option<u32> {
        links.pop_front(&mut self.waiting)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> u32 {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
