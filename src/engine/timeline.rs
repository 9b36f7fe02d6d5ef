//! The pending events of one simulation: a queue for what varies, lanes for what is in order.
//!
//! Every pending event has a slot. An event in the queue is named there by its slot and its
//! sequence number, which is also its generation: a key whose sequence is no longer the slot's own
//! is stale and dropped as it surfaces, so cancelling is O(1). Events after a *constant* delay go
//! on a **lane** instead, a doubly linked list through the slots: they are due in the order in
//! which they were pushed, so only the head of a lane stands in the queue, through a slot of the
//! lane's own. A million pending time-outs cost one key. So do the events of a *monotone* lane,
//! whose delays vary but whose times do not decrease. What is never cancelled after a constant delay
//! (a message on its way) goes on a **belt**, which costs least. What is never cancelled and can be
//! **told** in 30 bits needs no slot: its name in the queue says it all.

#![expect(clippy::inline_always, reason = "an event handed over in memory stalls, see `enter`")]

use super::{
    belts::Belts,
    queue::{
        NOTHING, Queue,
        roster::{self, LANE, NONE, Roster, SEQUENCE_BITS, TOLD, Tie},
    },
    time::{Instant, Span},
};

/// Names a lane: a constant delay known when the scenario was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DelayId(pub u32);

/// Names a monotone lane: events that are due in the order in which they are scheduled, such as
/// the departures of a server that serves in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(u32);

/// Names a pending event, so that it can be cancelled. Harmless once the event has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The slot, marked with `LANE` if the event is on a lane.
    named: u32,
    /// The low bits of the event's sequence: a slot is not used 2^32 times while a ticket is kept.
    generation: u32,
}

impl Ticket {
    /// A ticket for nothing; cancelling it does nothing.
    pub const NONE: Ticket = Ticket { named: NONE, generation: 0 };

    /// Whether this is a ticket for nothing.
    #[inline]
    pub fn is_none(self) -> bool {
        self.named == NONE
    }
}

/// How many bits tell an event.
pub const WORD_BITS: u32 = 30;

const _: () = assert!(1 << WORD_BITS == TOLD);

/// What happens.
pub trait Happening: Copy {
    /// What a word tells that was given to `tell`; the sequence was `coming` then. For kinds of
    /// events of which none is ever told there is nothing to be written.
    fn told(word: u32, sequence: u32) -> Self {
        unreachable!("nobody has told {word} ({sequence})")
    }
}

impl Happening for () {}
impl Happening for char {}
impl Happening for u64 {}
impl Happening for usize {
    fn told(word: u32, _: u32) -> usize {
        word as usize
    }
}

#[derive(Clone, Debug)]
struct Lane {
    delay: Span,
    head: u32,
    tail: u32,
    /// The entry that stands in the queue for the head. Its key may be that of a head since
    /// cancelled, which is sooner than the present head's; it is corrected when it surfaces.
    proxy: u32,
    is_queued: bool,
}

/// The clock and everything that is going to happen.
#[derive(Clone, Debug)]
pub struct Timeline<E> {
    now: Instant,
    sequence: u64,
    happened: u64,
    queue: Queue,
    roster: Roster<E>,
    lanes: Vec<Lane>,
    belts: Belts<E>,
    cancelled: u64,
    /// What is due now, before everything else.
    held: Option<E>,
}

impl<E: Happening> Timeline<E> {
    /// A timeline at time zero, with one lane for each constant delay.
    pub fn new(delays: &[Span]) -> Timeline<E> {
        Timeline::with_belts(delays, &[])
    }

    /// A timeline at time zero, with one lane for each constant delay, and belts for those of them
    /// on which most events travel.
    pub fn with_belts(delays: &[Span], hops: &[DelayId]) -> Timeline<E> {
        let mut belts = Belts::new(delays.len());
        for &hop in hops {
            let delay = delays[hop.0 as usize];
            // What takes no time at all may be what happens next.
            if !delay.is_zero() {
                belts.lay(hop.0, delay);
            }
        }
        let mut line = Timeline {
            now: Instant::ZERO,
            sequence: 0,
            happened: 0,
            queue: Queue::default(),
            roster: Roster::default(),
            lanes: Vec::with_capacity(delays.len()),
            belts,
            cancelled: 0,
            held: None,
        };
        for &delay in delays {
            line.lane(delay);
        }
        line
    }

    /// Another monotone lane, for `later_at`.
    pub fn monotone_lane(&mut self) -> LaneId {
        self.lane(Span::ZERO);
        LaneId(self.lanes.len() as u32 - 1)
    }

    fn lane(&mut self, delay: Span) {
        let proxy = self.roster.insert(0, 0, None);
        self.roster.tie_mut(proxy).lane = self.lanes.len() as u32;
        let proxy = proxy | LANE;
        self.lanes.push(Lane { delay, head: NONE, tail: NONE, proxy, is_queued: false });
    }

    /// The present.
    #[inline]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many events are pending.
    pub fn pending(&self) -> usize {
        // Whatever is scheduled has a sequence.
        (self.sequence - self.happened - self.cancelled) as usize
    }

    /// How many keys stand in the queue: pending events but for those behind a lane's head, and
    /// stale ones that have not surfaced.
    pub fn keys(&self) -> usize {
        self.queue.len() + self.belts.busy() + usize::from(self.held.is_some())
    }

    /// How many events have happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// What is on the belts, after the first `skip` on each and at most `count` of them.
    pub fn on_belts(&self, skip: usize, count: usize) -> impl Iterator<Item = &E> {
        self.belts.ahead(skip, count)
    }

    /// Some of what happens next, in no order.
    pub fn soon(&self) -> impl Iterator<Item = E> {
        self.queue.soon().filter_map(|key| match roster::named(key) {
            name if name & TOLD != 0 => Some(told(key)),
            name => self.roster.node(name).event().copied(),
        })
    }

    /// Changes when other events have become the next ones.
    pub fn refills(&self) -> u64 {
        self.queue.refills()
    }

    /// Schedules `event` at `due` (not before the present). At or beyond the horizon it is dropped.
    #[inline(always)]
    pub fn at(&mut self, due: Instant, event: E) -> Ticket {
        assert!(due >= self.now, "an event in the past: {due:?} at {:?}", self.now);
        if due.is_never() { Ticket::NONE } else { self.line_up(due, event) }
    }

    /// The low bits of the sequence of the next event that is scheduled.
    #[inline]
    pub fn coming(&self) -> u32 {
        (self.sequence + 1) as u32
    }

    /// Schedules the event that is told by `word` at `due` (not before the present). It cannot be
    /// cancelled.
    #[inline(always)]
    pub fn tell(&mut self, due: Instant, word: u32) {
        assert!(due >= self.now, "an event in the past: {due:?} at {:?}", self.now);
        assert!(word < TOLD, "{word} is longer than {WORD_BITS} bits");
        if due.is_never() {
            return;
        }
        let key = roster::key_of(due.nanos(), self.next_sequence()) | u128::from(word | TOLD);
        self.queue.push(&mut self.roster, key, self.now.nanos());
    }

    /// Schedules `event` after `span`.
    #[inline(always)]
    pub fn after(&mut self, span: Span, event: E) -> Ticket {
        match self.now.later(span) {
            Some(due) => self.line_up(due, event),
            None => Ticket::NONE,
        }
    }

    #[inline(always)]
    fn line_up(&mut self, due: Instant, event: E) -> Ticket {
        let (slot, sequence) = self.enter(due, event);
        let key = roster::key_of(due.nanos(), sequence) | u128::from(slot);
        self.queue.push(&mut self.roster, key, self.now.nanos());
        Ticket { named: slot, generation: sequence as u32 }
    }

    /// Schedules `event` after a constant delay, on its lane.
    #[inline(always)]
    pub fn later(&mut self, delay: DelayId, event: E) -> Ticket {
        match self.now.later(self.lanes[delay.0 as usize].delay) {
            Some(due) => self.append(delay.0, due, event),
            None => Ticket::NONE,
        }
    }

    /// Schedules `event`, which will not be cancelled, after a constant delay: on its belt, if it
    /// has one.
    #[inline(always)]
    pub fn hop(&mut self, delay: DelayId, event: E) {
        match self.now.later(self.belts.delay(delay.0)) {
            Some(due) => {
                let sequence = self.next_sequence();
                self.belts.push(delay.0, roster::key_of(due.nanos(), sequence), event);
            }
            None => self.hop_otherwise(delay, event),
        }
    }

    /// A hop without a belt. If it takes no time and nothing else is due at this instant, it is what
    /// happens next.
    #[inline(never)]
    fn hop_otherwise(&mut self, delay: DelayId, event: E) {
        let first = self.belts.soonest().min(self.queue.least());
        let is_next = self.held.is_none() && roster::due(first) > self.now.nanos();
        if is_next && self.delay(delay).is_zero() {
            self.next_sequence();
            self.held = Some(event);
        } else {
            self.later(delay, event);
        }
    }

    /// Schedules `event` at `due` on a monotone lane; in the queue itself if `due` is before
    /// something that the lane holds.
    #[inline]
    pub fn later_at(&mut self, lane: LaneId, due: Instant, event: E) -> Ticket {
        let Lane { tail, proxy, is_queued, .. } = self.lanes[lane.0 as usize];
        // Without a tail the key of a head since cancelled may still stand in the queue.
        let last = if tail == NONE { proxy } else { tail };
        if due.is_never() || (is_queued && due.nanos() < self.roster.due(last)) {
            return self.at(due, event);
        }
        assert!(due >= self.now, "an event in the past: {due:?} at {:?}", self.now);
        self.append(lane.0, due, event)
    }

    #[inline(always)]
    fn append(&mut self, number: u32, due: Instant, event: E) -> Ticket {
        let (slot, sequence) = self.enter(due, event);
        let lane = &mut self.lanes[number as usize];
        let tail = lane.tail;
        lane.tail = slot;
        self.roster.node_mut(slot).next = NONE;
        *self.roster.tie_mut(slot) = Tie { previous: tail, lane: number };
        self.roster.node_mut(tail).next = slot;
        if tail == NONE {
            lane.head = slot;
            if !lane.is_queued {
                lane.is_queued = true;
                self.advance_lane(number);
            }
        }
        Ticket { named: slot | LANE, generation: sequence as u32 }
    }

    /// How long the constant delay is.
    pub fn delay(&self, delay: DelayId) -> Span {
        self.lanes[delay.0 as usize].delay
    }

    /// When the event of `ticket` is due, if it is still pending.
    pub fn due(&self, ticket: Ticket) -> Option<Instant> {
        self.is_pending(ticket).then(|| Instant::from_nanos(self.roster.due(ticket.named)))
    }

    /// Forgets the event of `ticket` if it is still pending.
    #[inline]
    pub fn cancel(&mut self, ticket: Ticket) {
        if ticket.is_none() || !self.is_pending(ticket) {
            return;
        }
        let slot = ticket.named & !LANE;
        if ticket.named == slot {
            self.queue.remove(&self.roster, slot);
        } else {
            self.unlink(slot);
        }
        self.roster.remove(slot);
        self.cancelled += 1;
    }

    #[inline]
    fn is_pending(&self, ticket: Ticket) -> bool {
        let sequence = self.roster.sequence(ticket.named);
        sequence != 0 && sequence as u32 == ticket.generation
    }

    /// The next event, if it is due at or before `until`; the clock moves to it.
    #[inline(always)]
    pub fn next(&mut self, until: Instant) -> Option<E> {
        if self.held.is_some() && self.now <= until {
            self.happened += 1;
            return self.held.take();
        }
        loop {
            let queued = self.queue.peek(&mut self.roster);
            let carried = self.belts.soonest();
            if carried < queued {
                let due = Instant::from_nanos(roster::due(carried));
                if due > until {
                    return None;
                }
                self.now = due;
                self.happened += 1;
                return self.belts.pop();
            }
            let due = Instant::from_nanos(roster::due(queued));
            if due > until || queued == NOTHING {
                return None;
            }
            self.queue.pop();
            if roster::named(queued) & TOLD != 0 {
                self.now = due;
                self.happened += 1;
                return Some(told(queued));
            }
            let event = if roster::named(queued) & LANE == 0 {
                self.roster.take(queued)
            } else {
                self.surface(queued).and_then(|slot| self.roster.remove(slot))
            };
            // A stale key is nothing that happens.
            if event.is_some() {
                self.now = due;
                self.happened += 1;
                return event;
            }
        }
    }

    /// Takes the head off the lane whose key has surfaced, if the key is its own; the next head's
    /// key goes into the queue.
    #[inline]
    fn surface(&mut self, key: u128) -> Option<u32> {
        let number = self.roster.tie(roster::named(key)).lane;
        let lane = &mut self.lanes[number as usize];
        let head = lane.head;
        let is_live = head != NONE && self.roster.is_key(head, key);
        if is_live {
            lane.head = self.roster.node(head).next;
            if lane.head == NONE {
                lane.tail = NONE;
            }
        }
        lane.is_queued = lane.head != NONE;
        if lane.is_queued {
            self.advance_lane(number);
        }
        is_live.then_some(head)
    }

    /// Puts the key of a lane's head into the queue, where none of the lane's stands.
    #[inline]
    fn advance_lane(&mut self, number: u32) {
        let Lane { head, proxy, .. } = self.lanes[number as usize];
        self.roster.copy_key(head, proxy);
        let key = self.roster.key(proxy);
        self.queue.push(&mut self.roster, key, self.now.nanos());
    }

    /// Moves the clock on to `until`, before which nothing is due.
    pub fn rest_until(&mut self, until: Instant) {
        assert!(until >= self.now);
        self.now = until;
    }

    /// Gives an event a slot, on no list yet, and a sequence number. Always inlined, together with those that call it:
    /// otherwise an event is written in parts and read as a whole at once, which stalls.
    #[inline(always)]
    fn enter(&mut self, due: Instant, event: E) -> (u32, u64) {
        let sequence = self.next_sequence();
        (self.roster.insert(due.nanos(), sequence, Some(event)), sequence)
    }

    #[inline]
    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        assert!(
            self.sequence >> SEQUENCE_BITS == 0,
            "2^40 events scheduled: split the run into shorter ones"
        );
        self.sequence
    }

    /// Takes a slot off its lane, before it is freed.
    #[inline]
    fn unlink(&mut self, slot: u32) {
        let next = self.roster.node(slot).next;
        let Tie { previous, lane } = self.roster.tie(slot);
        let lane = &mut self.lanes[lane as usize];
        if lane.head == slot {
            lane.head = next;
        } else {
            self.roster.node_mut(previous).next = next;
        }
        if lane.tail == slot {
            lane.tail = if lane.head == NONE { NONE } else { previous };
        } else {
            self.roster.tie_mut(next).previous = previous;
        }
    }
}

/// The event whose key's name tells it.
#[inline(always)]
fn told<E: Happening>(key: u128) -> E {
    E::told(roster::named(key) & !TOLD, (key >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Happening for (u32, u32) {
        fn told(word: u32, sequence: u32) -> (u32, u32) {
            (word, sequence)
        }
    }

    #[test]
    fn what_is_told_needs_no_slot() {
        let mut line = Timeline::new(&[]);
        line.at(Instant::from_nanos(9), (1, 0));
        let sequence = line.coming();
        line.tell(Instant::from_nanos(9), TOLD - 1);
        line.tell(Instant::from_nanos(5), 3);
        line.tell(Instant::NEVER, 4);
        assert_eq!((line.pending(), line.roster.len()), (3, 1));
        let order: Vec<_> = std::iter::from_fn(|| line.next(Instant::NEVER)).collect();
        assert_eq!(order, [(3, sequence + 1), (1, 0), (TOLD - 1, sequence)]);
        assert_eq!(line.pending(), 0);
    }

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

    #[test]
    fn a_cancelled_head_does_not_hold_up_its_lane() {
        let mut line = Timeline::new(&[]);
        let lane = line.monotone_lane();
        let head = line.later_at(lane, Instant::from_nanos(100), 'a');
        line.cancel(head);
        line.later_at(lane, Instant::from_nanos(60), 'b');
        line.later_at(lane, Instant::from_nanos(150), 'c');
        assert_eq!(line.next(Instant::NEVER), Some('b'));
        assert_eq!(line.now().nanos(), 60);
        assert_eq!(line.next(Instant::NEVER), Some('c'));
        assert_eq!(line.pending(), 0);
    }

    proptest! {
        /// Against a sorted list of (due, order): pushes, cancels, looks ahead and pops in any
        /// order, with constant delays (none at all among them), monotone lanes, short spans and long
        /// ones, told or not; then a copy.
        #[test]
        fn agrees_with_a_sorted_list(
            steps in prop::collection::vec((0u8..8, 0u64..40, 0usize..64), 0..900),
            pops in 1u8..4,
        ) {
            let delays = [Span::from_nanos(7), Span::from_nanos(30_000_000_000), Span::ZERO];
            let mut line = Timeline::with_belts(&delays, &[DelayId(0), DelayId(2)]);
            let lanes = [line.monotone_lane(), line.monotone_lane()];
            let mut model: Vec<(u64, usize)> = Vec::new();
            let mut tickets = Vec::new();
            for (number, (what, value, which)) in steps.into_iter().enumerate() {
                let span = if which % 4 == 0 { value * 1_000_000_000 } else { value };
                let due = line.now() + Span::from_nanos(span);
                let ticket = match what {
                    _ if what < pops => {
                        model.sort_unstable();
                        let until = if which == 0 { due } else { Instant::NEVER };
                        let is_due = model.first().is_some_and(|first| first.0 <= until.nanos());
                        let expected = is_due.then(|| model.remove(0));
                        let got = line.next(until);
                        prop_assert_eq!(got, expected.map(|(_, number)| number));
                        if let Some((due, _)) = expected {
                            prop_assert_eq!(line.now().nanos(), due);
                        } else if which == 0 {
                            line.rest_until(until);
                        }
                        None
                    }
                    4 => {
                        if !tickets.is_empty() {
                            let (ticket, number) = tickets[which % tickets.len()];
                            let due = line.due(ticket).map(Instant::nanos);
                            let found = model.iter().find(|entry| entry.1 == number);
                            prop_assert_eq!(due, found.map(|entry| entry.0));
                            line.cancel(ticket);
                            model.retain(|&(_, other)| other != number);
                        }
                        None
                    }
                    5 => {
                        let lane = which % 3;
                        let ticket = line.later(DelayId(lane as u32), number);
                        Some((ticket, line.now() + delays[lane]))
                    }
                    6 if which > 31 => {
                        let lane = which % 3;
                        line.hop(DelayId(lane as u32), number);
                        model.push(((line.now() + delays[lane]).nanos(), number));
                        None
                    }
                    6 => Some((line.later_at(lanes[which % 2], due, number), due)),
                    7 if which > 31 => {
                        line.tell(due, number as u32);
                        model.push((due.nanos(), number));
                        None
                    }
                    _ => Some((line.at(due, number), due)),
                };
                if let Some((ticket, due)) = ticket {
                    model.push((due.nanos(), number));
                    tickets.push((ticket, number));
                }
                prop_assert_eq!(line.pending(), model.len());
            }
            model.sort_unstable();
            let mut fork = line.clone();
            for (_, number) in model {
                prop_assert_eq!(line.next(Instant::NEVER), Some(number));
                prop_assert_eq!(fork.next(Instant::NEVER), Some(number));
            }
            prop_assert_eq!(line.next(Instant::NEVER), None);
        }
    }
}
