//! The pending events of one simulation: a queue for what varies, lanes for constant delays.
//!
//! Every pending event has a slot in a slab. An event on the queue is named there by its slot and
//! its sequence number, which is also its generation: a key whose sequence is no longer the slot's
//! own is stale and dropped as it surfaces, so cancelling is O(1). Events after a *constant* delay
//! go on a **lane** instead, a doubly linked list through the slab: they are due in the order in
//! which they were pushed, so only the head of a lane stands in the queue. A million pending
//! time-outs cost one key.

use super::{
    queue::Queue,
    time::{Instant, Span},
};

const NONE: u32 = u32::MAX;
/// Set in the slot field of a key that stands for the head of a lane.
const LANE: u32 = 1 << 31;
const SEQUENCE_BITS: u32 = 40;
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

/// Names a lane: a constant delay known when the scenario was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelayId(pub u32);

/// Names a pending event, so that it can be cancelled. Harmless once the event has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    slot: u32,
    /// The low bits of the event's sequence: a slot is not used 2^32 times while a ticket is kept.
    generation: u32,
}

impl Ticket {
    /// A ticket for nothing; cancelling it does nothing.
    pub const NONE: Ticket = Ticket { slot: NONE, generation: 0 };

    /// Whether this is a ticket for nothing.
    pub fn is_none(self) -> bool {
        self.slot == NONE
    }
}

#[derive(Clone, Copy, Debug)]
struct Pending<E> {
    event: E,
    /// 0 while the slot is free.
    sequence: u64,
    due: Instant,
    /// Neighbours on the lane; `next` also links free slots.
    previous: u32,
    next: u32,
    /// `NONE` if the event stands in the queue itself.
    lane: u32,
}

#[derive(Clone, Debug)]
struct Lane {
    delay: Span,
    head: u32,
    tail: u32,
    /// Whether a key for this lane stands in the queue. It may be that of a head since cancelled,
    /// which is sooner than the present head's; it is corrected when it surfaces.
    is_queued: bool,
}

/// The clock and everything that is going to happen.
#[derive(Clone, Debug)]
pub struct Timeline<E> {
    now: Instant,
    sequence: u64,
    queue: Queue,
    pending: Vec<Pending<E>>,
    free: u32,
    lanes: Vec<Lane>,
    live: u32,
    happened: u64,
}

impl<E: Copy> Timeline<E> {
    /// A timeline at time zero, with one lane for each constant delay.
    pub fn new(delays: &[Span]) -> Timeline<E> {
        let lane = |&delay| Lane { delay, head: NONE, tail: NONE, is_queued: false };
        Timeline {
            now: Instant::ZERO,
            sequence: 0,
            queue: Queue::new(),
            pending: Vec::new(),
            free: NONE,
            lanes: delays.iter().map(lane).collect(),
            live: 0,
            happened: 0,
        }
    }

    /// The present.
    #[inline]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many events are pending.
    pub fn pending(&self) -> usize {
        self.live as usize
    }

    /// How many keys stand in the queue: pending events but for those behind a lane's head, and
    /// stale ones that have not surfaced.
    pub fn keys(&self) -> usize {
        self.queue.len()
    }

    /// How many events have happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// Schedules `event` at `due` (not before the present). At or beyond the horizon it is dropped.
    #[inline]
    pub fn at(&mut self, due: Instant, event: E) -> Ticket {
        assert!(due >= self.now, "an event in the past: {due:?} at {:?}", self.now);
        if due.is_never() {
            return Ticket::NONE;
        }
        let (slot, sequence) = self.allocate(event, due, NONE);
        self.queue.push(key(due, sequence, slot));
        Ticket { slot, generation: sequence as u32 }
    }

    /// Schedules `event` after `span`.
    #[inline]
    pub fn after(&mut self, span: Span, event: E) -> Ticket {
        self.at(self.now + span, event)
    }

    /// Schedules `event` after a constant delay, on its lane.
    #[inline]
    pub fn later(&mut self, delay: DelayId, event: E) -> Ticket {
        let number = delay.0;
        let due = self.now + self.lanes[number as usize].delay;
        if due.is_never() {
            return Ticket::NONE;
        }
        let (slot, sequence) = self.allocate(event, due, number);
        let lane = &mut self.lanes[number as usize];
        let tail = lane.tail;
        self.pending[slot as usize].previous = tail;
        lane.tail = slot;
        if tail == NONE {
            lane.head = slot;
            if !lane.is_queued {
                lane.is_queued = true;
                self.queue.push(key(due, sequence, LANE | number));
            }
        } else {
            self.pending[tail as usize].next = slot;
        }
        Ticket { slot, generation: sequence as u32 }
    }

    /// How long the constant delay is.
    pub fn delay(&self, delay: DelayId) -> Span {
        self.lanes[delay.0 as usize].delay
    }

    /// When the event of `ticket` is due, if it is still pending.
    pub fn due(&self, ticket: Ticket) -> Option<Instant> {
        self.is_pending(ticket).then(|| self.pending[ticket.slot as usize].due)
    }

    /// Forgets the event of `ticket` if it is still pending.
    #[inline]
    pub fn cancel(&mut self, ticket: Ticket) {
        if self.is_pending(ticket) {
            self.unlink(ticket.slot);
            self.release(ticket.slot);
        }
    }

    #[inline]
    fn is_pending(&self, ticket: Ticket) -> bool {
        ticket.slot != NONE && {
            let sequence = self.pending[ticket.slot as usize].sequence;
            sequence != 0 && sequence as u32 == ticket.generation
        }
    }

    /// The next event, if it is due at or before `until`; the clock moves to it.
    #[inline]
    pub fn next(&mut self, until: Instant) -> Option<E> {
        loop {
            let top = self.queue.peek()?;
            let due = Instant::from_nanos((top >> 72) as u64);
            if due > until {
                return None;
            }
            self.queue.pop();
            let named = top as u32;
            let slot =
                if named & LANE == 0 { named } else { self.lanes[(named ^ LANE) as usize].head };
            let sequence = (top >> 32) as u64 & SEQUENCE_MASK;
            let is_live = slot != NONE && self.pending[slot as usize].sequence == sequence;
            if named & LANE != 0 {
                if is_live {
                    self.unlink(slot);
                }
                self.advance_lane(named ^ LANE);
            }
            if is_live {
                let event = self.pending[slot as usize].event;
                self.release(slot);
                self.now = due;
                self.happened += 1;
                return Some(event);
            }
        }
    }

    /// Puts the key of a lane's present head into the queue, after the last one was taken out.
    fn advance_lane(&mut self, number: u32) {
        let lane = &mut self.lanes[number as usize];
        lane.is_queued = lane.head != NONE;
        if lane.is_queued {
            let head = &self.pending[lane.head as usize];
            self.queue.push(key(head.due, head.sequence, LANE | number));
        }
    }

    /// Moves the clock on to `until`, before which nothing is due.
    pub fn rest_until(&mut self, until: Instant) {
        assert!(until >= self.now);
        self.now = until;
    }

    #[inline]
    fn allocate(&mut self, event: E, due: Instant, lane: u32) -> (u32, u64) {
        self.sequence += 1;
        let sequence = self.sequence;
        assert!(
            sequence <= SEQUENCE_MASK,
            "2^40 events scheduled: split the run into shorter ones"
        );
        self.live += 1;
        let entry = Pending { event, sequence, due, previous: NONE, next: NONE, lane };
        let slot = self.free;
        if slot == NONE {
            let slot = self.pending.len() as u32;
            assert!(slot < LANE, "2^31 events pending");
            self.pending.push(entry);
            (slot, sequence)
        } else {
            self.free = self.pending[slot as usize].next;
            self.pending[slot as usize] = entry;
            (slot, sequence)
        }
    }

    #[inline]
    fn release(&mut self, slot: u32) {
        let entry = &mut self.pending[slot as usize];
        entry.sequence = 0;
        entry.next = self.free;
        self.free = slot;
        self.live -= 1;
    }

    /// Takes a slot off its lane, before it is freed.
    #[inline]
    fn unlink(&mut self, slot: u32) {
        let Pending { previous, next, lane, .. } = self.pending[slot as usize];
        if lane == NONE {
            return;
        }
        let lane = &mut self.lanes[lane as usize];
        if previous == NONE {
            lane.head = next;
        } else {
            self.pending[previous as usize].next = next;
        }
        if next == NONE {
            lane.tail = previous;
        } else {
            self.pending[next as usize].previous = previous;
        }
    }
}

#[inline]
fn key(due: Instant, sequence: u64, named: u32) -> u128 {
    (u128::from(due.nanos()) << 72) | (u128::from(sequence) << 32) | u128::from(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ties_break_by_the_order_of_scheduling() {
        let mut line = Timeline::new(&[Span::from_nanos(5)]);
        line.after(Span::from_nanos(5), 'a');
        line.later(DelayId(0), 'b');
        line.after(Span::from_nanos(5), 'c');
        let order: String = std::iter::from_fn(|| line.next(Instant::NEVER)).collect();
        assert_eq!(order, "abc");
    }

    #[test]
    fn nothing_is_scheduled_beyond_the_horizon() {
        let mut line = Timeline::new(&[Span::MAX]);
        assert!(line.later(DelayId(0), ()).is_none());
        assert!(line.after(Span::MAX, ()).is_none());
        assert_eq!(line.pending(), 0);
    }

    proptest! {
        /// Against a sorted list of (due, order): pushes, cancels and pops in any order.
        #[test]
        fn agrees_with_a_sorted_list(steps in prop::collection::vec((0u8..5, 0u64..40, 0usize..64), 0..600)) {
            let delays = [Span::from_nanos(7), Span::from_nanos(13), Span::ZERO];
            let mut line = Timeline::new(&delays);
            let mut model: Vec<(u64, usize)> = Vec::new();
            let mut tickets = Vec::new();
            for (number, (what, value, which)) in steps.into_iter().enumerate() {
                match what {
                    0 => {
                        let ticket = line.after(Span::from_nanos(value), number);
                        model.push((line.now().nanos() + value, number));
                        tickets.push((ticket, number));
                    }
                    1 | 2 => {
                        let lane = which % 3;
                        let ticket = line.later(DelayId(lane as u32), number);
                        model.push((line.now().nanos() + delays[lane].nanos(), number));
                        tickets.push((ticket, number));
                    }
                    3 if !tickets.is_empty() => {
                        let (ticket, number) = tickets[which % tickets.len()];
                        line.cancel(ticket);
                        model.retain(|&(_, other)| other != number);
                    }
                    _ => {
                        model.sort_unstable();
                        let expected = if model.is_empty() { None } else { Some(model.remove(0)) };
                        let got = line.next(Instant::NEVER);
                        prop_assert_eq!(got, expected.map(|(_, number)| number));
                        if let Some((due, _)) = expected {
                            prop_assert_eq!(line.now().nanos(), due);
                        }
                    }
                }
                prop_assert_eq!(line.pending(), model.len());
            }
        }
    }
}
