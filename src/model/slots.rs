//! Slots: pre-forked workers and threads, each held by one call from start to end, and the queue of
//! calls that wait for one.

use super::{
    blueprint::{Blueprint, Order, Room, Serving},
    call::{Call, NONE, Place, Stage},
    event::Event,
    instance::InstanceState,
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        list::{Links, List},
        luck::draw,
        slab::Key,
        time::Span,
        timeline::Ticket,
    },
    measure::{outcome::Cause, recorder::Recorder},
};

/// Where the draws of a call that have no operation of their own take place.
const ROOM: u64 = 0x524F_4F4D;
const PATIENCE: u64 = 0x5041_5449;

impl InstanceState {
    /// A call takes a slot: the one that has been idle longest.
    #[inline]
    pub(crate) fn seat(&mut self, call: &mut Call) {
        self.busy += 1;
        call.process = self.first_process;
        if self.processes > 1 {
            // Without a limit there are no numbered seats, and one process.
            call.seat = self.seats.pop_front().unwrap_or(NONE);
            call.process += if call.seat == NONE { 0 } else { call.seat % self.processes };
        }
        call.is.holds_slot = true;
    }

    /// The queue in which a call waits.
    #[inline]
    fn queue_of(&mut self, plan: &Blueprint, call: &Call) -> &mut List {
        let last = self.waiting.len() - 1;
        let class = if last == 0 { 0 } else { plan.endpoints[call.endpoint.index()].class };
        &mut self.waiting[usize::from(class).min(last)]
    }

    /// A call waits no longer.
    #[inline]
    fn release(&mut self, plan: &Blueprint, links: &mut Links, (key, call): (Key, &mut Call)) {
        call.place = Place::Nowhere;
        links.remove(self.queue_of(plan, call), key.index());
        self.waiting_count -= 1;
    }

    /// Who is next.
    #[inline]
    fn next(&self, order: Order) -> Option<u32> {
        match order {
            Order::Fifo => self.waiting[0].first(),
            Order::Lifo => self.waiting[0].last(),
            Order::Priority => self.waiting.iter().find_map(List::first),
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A call that has arrived finds all slots taken: it waits for one, or is turned away.
    pub(crate) fn find_no_seat(&mut self, key: Key) {
        let Run { plan, site, .. } = self;
        let Site { calls, instances, links, line, salt, .. } = &mut **site;
        let call = &mut calls[key];
        let state = &mut instances[call.instance as usize];
        let serving = plan.services[state.service as usize].serving;
        let Serving::Slots { room, patience, .. } = serving else {
            unreachable!("only slots are ever all taken")
        };
        let has_room = match room {
            Room::Unlimited => true,
            Room::Places(places) => state.waiting_count < places,
            Room::Law(law) => {
                let word = draw(call.request_key ^ *salt, ROOM);
                f64::from(state.waiting_count) < plan.laws[law.index()].draw(word)
            }
        };
        if !has_room {
            self.turn_away(key, Cause::QueueFull);
            return;
        }
        call.stage = Stage::Waiting;
        call.place = Place::SlotQueue;
        links.push_back(state.queue_of(plan, call), key.index());
        state.waiting_count += 1;
        if let Some(law) = patience {
            call.make_ordinary();
            let word = draw(call.attempt_key ^ *salt, PATIENCE);
            let span = Span::from_seconds(plan.laws[law.index()].draw(word));
            call.rest.hold = line.after(span, Event::Renege { call: key });
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
        let Site { calls, instances, links, .. } = &mut *self.site;
        let call = &mut calls[key];
        call.waited = now.since(call.arrived);
        instances[call.instance as usize].release(self.plan, links, (key, call));
    }

    /// A slot is taken.
    #[inline]
    pub(crate) fn take_seat(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        self.site.instances[call.instance as usize].seat(call);
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
        let Run { plan, site, .. } = self;
        let Site { calls, instances, links, line, ready, .. } = &mut **site;
        let state = &mut instances[index];
        let serving = plan.services[state.service as usize].serving;
        let Serving::Slots { order, .. } = serving else { return };
        while !state.is_full()
            && let Some(next) = state.next(order)
        {
            let key = calls.key_at(next);
            let call = &mut calls[key];
            call.waited = line.now().since(call.arrived);
            state.release(plan, links, (key, call));
            if !call.is.is_direct {
                line.cancel(std::mem::replace(&mut call.rest.hold, Ticket::NONE));
            }
            state.seat(call);
            call.begin_program(plan);
            ready.push(key);
        }
    }
}
