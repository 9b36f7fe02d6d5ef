//! Slots: pre-forked workers and threads, each held by one call from start to end, and the queue of
//! calls that wait for one.

use super::{
    blueprint::{LawId, Order, Room, Serving},
    call::{NONE, Place, Stage},
    event::Event,
    run::Run,
};
use crate::{
    engine::{list::List, slab::Key, time::Span, timeline::Ticket},
    measure::{outcome::Cause, recorder::Recorder},
};

/// Where the draws of a call that have no operation of their own take place.
const ROOM: u64 = 0x524F_4F4D;
const PATIENCE: u64 = 0x5041_5449;

impl<R: Recorder> Run<'_, R> {
    /// A call that has arrived finds all slots taken.
    pub(crate) fn find_no_seat(&mut self, key: Key) {
        let service = self.service_of(key) as usize;
        let Serving::Slots { room, patience, .. } = self.plan.services[service].serving else {
            unreachable!("only slots are ever all taken")
        };
        if self.has_room(key, room) {
            self.wait_for_slot(key, patience);
        } else {
            self.turn_away(key, Cause::QueueFull);
        }
    }

    fn has_room(&mut self, key: Key, room: Room) -> bool {
        let call = &self.site.calls[key];
        let waiting = self.site.instances[call.instance as usize].waiting_count;
        match room {
            Room::Unlimited => true,
            Room::Places(places) => waiting < places,
            Room::Law(law) => {
                let word = self.site.draw(call.request_key, ROOM);
                f64::from(waiting) < self.plan.laws[law.index()].draw(word)
            }
        }
    }

    fn wait_for_slot(&mut self, key: Key, patience: Option<LawId>) {
        let class = self.endpoint(key).class;
        let call = &mut self.site.calls[key];
        call.stage = Stage::Waiting;
        call.place = Place::SlotQueue;
        let (index, attempt) = (call.instance as usize, call.attempt_key);
        let state = &mut self.site.instances[index];
        let class = usize::from(class).min(state.waiting.len() - 1);
        self.site.links.push_back(&mut state.waiting[class], key.index());
        state.waiting_count += 1;
        if let Some(law) = patience {
            self.site.calls[key].make_ordinary();
            let word = self.site.draw(attempt, PATIENCE);
            let span = Span::from_seconds(self.plan.laws[law.index()].draw(word));
            let ticket = self.site.line.after(span, Event::Renege { call: key });
            self.site.calls[key].rest.hold = ticket;
        }
    }

    /// A call has waited for a slot for as long as it is willing to.
    pub(crate) fn renege(&mut self, key: Key) {
        let Some(call) = self.site.calls.get_mut(key) else { return };
        if call.stage != Stage::Waiting {
            return;
        }
        call.rest.hold = Ticket::NONE;
        self.leave_slot_queue(key);
        self.turn_away(key, Cause::QueueTimeout);
    }

    pub(crate) fn leave_slot_queue(&mut self, key: Key) {
        let now = self.now();
        let class = self.endpoint(key).class;
        let call = &mut self.site.calls[key];
        call.place = Place::Nowhere;
        call.waited = now.since(call.arrived);
        let index = call.instance as usize;
        let state = &mut self.site.instances[index];
        let class = usize::from(class).min(state.waiting.len() - 1);
        self.site.links.remove(&mut state.waiting[class], key.index());
        state.waiting_count -= 1;
    }

    /// A slot is taken: the one that has been idle longest.
    #[inline]
    pub(crate) fn take_seat(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let index = call.instance as usize;
        let state = &mut self.site.instances[index];
        state.busy += 1;
        call.process = state.first_process;
        if state.processes > 1 {
            // Without a limit there are no numbered seats, and one process.
            call.seat = state.seats.pop_front().unwrap_or(NONE);
            call.process += if call.seat == NONE { 0 } else { call.seat % state.processes };
        }
        call.is.holds_slot = true;
    }

    pub(crate) fn give_back_seat(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        call.is.holds_slot = false;
        let index = call.instance as usize;
        let state = &mut self.site.instances[index];
        state.busy -= 1;
        if call.seat != NONE {
            state.seats.push_back(call.seat);
        }
        if state.waiting_count > 0 {
            self.grant_slots(index);
        }
    }

    /// Free slots go to those who wait.
    pub(crate) fn grant_slots(&mut self, index: usize) {
        let service = self.plan.instances[index].service;
        let Serving::Slots { order, .. } = self.plan.services[service.index()].serving else {
            return;
        };
        while !self.site.instances[index].is_full() {
            let state = &self.site.instances[index];
            let next = match order {
                Order::Fifo => state.waiting[0].first(),
                Order::Lifo => state.waiting[0].last(),
                Order::Priority => state.waiting.iter().find_map(List::first),
            };
            let Some(next) = next else { break };
            let key = self.site.calls.key_at(next);
            self.leave_slot_queue(key);
            let call = &mut self.site.calls[key];
            if !call.is.is_direct {
                let hold = std::mem::replace(&mut call.rest.hold, Ticket::NONE);
                self.site.line.cancel(hold);
            }
            self.take_seat(key);
            let call = &mut self.site.calls[key];
            call.stage = Stage::Running;
            call.pc = self.plan.endpoints[call.endpoint.index()].entry;
            self.site.ready.push(key);
        }
    }
}
