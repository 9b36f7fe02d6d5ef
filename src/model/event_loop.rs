//! Event loops: each works on one call at a time. A call has its loop while it computes or reads from
//! disk, and waits for it in a queue; while it waits for anything else it holds nothing but its
//! connection.

#![expect(clippy::inline_always, reason = "as a rule one question")]

use super::{
    blueprint::{Blueprint, Serving},
    call::{NONE, Place, Stage},
    run::Run,
    site::Site,
};
use crate::{
    engine::{list::List, luck::mix, slab::Key},
    measure::recorder::{Level, Recorder},
};

const SEAT: u64 = 0x5345_4154;

/// An event loop.
#[derive(Clone, Debug)]
pub struct LoopState {
    pub(crate) holder: Key,
    pub(crate) queue: List,
}

impl Default for LoopState {
    fn default() -> LoopState {
        LoopState { holder: Key::NONE, queue: List::default() }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A call goes to the loop of its connection, once that is accepted.
    pub(crate) fn join_loop(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        match self.site.connections.get_mut(call.rest.connection) {
            Some(connection) if !connection.is_accepted => {
                call.stage = Stage::Waiting;
                connection.waiting = key;
                self.count_unaccepted(key, 1);
                return;
            }
            Some(connection) => {
                call.seat = connection.seat;
                call.process = connection.processes[0];
            }
            None => {
                let word = call.attempt_key;
                let index = call.instance;
                self.site.calls[key].seat = self.choose_loop(index, mix(word, SEAT));
                self.sit_down(key);
            }
        }
        self.start(key);
    }

    /// A connection was accepted at last; the request that came on it begins.
    pub(crate) fn begin_accepted(&mut self, key: Key, seat: u32) {
        let now = self.now();
        let call = &mut self.site.calls[key];
        call.waited = now.since(call.arrived);
        call.seat = seat;
        call.stage = Stage::Running;
        call.pc = self.plan.endpoints[call.endpoint.index()].entry;
        self.count_unaccepted(key, -1);
        self.sit_down(key);
        self.site.ready.push(key);
    }

    pub(crate) fn count_unaccepted(&mut self, key: Key, change: i32) {
        let now = self.now();
        let index = self.site.calls[key].instance;
        let state = &mut self.site.instances[index as usize];
        state.waiting_count = state.waiting_count.wrapping_add_signed(change);
        self.tape.level(Level::Waiting(index), state.waiting_count, now);
    }

    /// The process of a call is that of its loop.
    fn sit_down(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        call.process = process_of_loop(self.plan, call.instance, call.seat);
    }

    /// A loop of an instance: an idle one if there is one (it takes the connection first), else
    /// the one with the shortest queue.
    pub(crate) fn choose_loop(&self, instance: u32, word: u64) -> u32 {
        let it = &self.plan.instances[instance as usize];
        let service = &self.plan.services[it.service.index()];
        let Serving::Loops { loops } = service.serving else { return NONE };
        let count = loops * service.processes;
        let first = (((word >> 32) * u64::from(count)) >> 32) as u32;
        let all = &self.site.loops[it.first_loop as usize..][..count as usize];
        let (mut chosen, mut least) = (first, u32::MAX);
        for at in (first..count).chain(0..first) {
            let candidate = &all[at as usize];
            let load = candidate.queue.len() + u32::from(!candidate.holder.is_none());
            if load < least {
                (chosen, least) = (at, load);
            }
            if load == 0 {
                break;
            }
        }
        it.first_loop + chosen
    }

    /// Whether the call has its loop to itself now; if not it waits, and runs the same operation
    /// when its turn comes.
    #[inline(always)]
    pub(crate) fn hold_loop(&mut self, key: Key) -> bool {
        let Run { site, tape, .. } = self;
        let Site { calls, loops, instances, links, line, .. } = &mut **site;
        let call = &mut calls[key];
        if !call.is.on_loop {
            return true;
        }
        let at = &mut loops[call.seat as usize];
        if at.holder == key {
            return true;
        }
        if at.holder.is_none() {
            at.holder = key;
            let state = &mut instances[call.instance as usize];
            state.busy += 1;
            tape.level(Level::Busy(call.instance), state.busy, line.now());
            return true;
        }
        call.place = Place::LoopQueue;
        links.push_back(&mut at.queue, key.index());
        false
    }

    /// The call does something else than computing or reading; the next one has the loop.
    #[inline]
    pub(crate) fn leave_loop(&mut self, key: Key) {
        let call = &self.site.calls[key];
        if call.is.on_loop && self.site.loops[call.seat as usize].holder == key {
            self.give_back_loop(key);
        }
    }

    #[inline(never)]
    fn give_back_loop(&mut self, key: Key) {
        let Run { site, tape, .. } = self;
        let Site { calls, loops, instances, links, line, ready, .. } = &mut **site;
        let call = &calls[key];
        let at = &mut loops[call.seat as usize];
        if let Some(next) = links.pop_front(&mut at.queue) {
            let next = calls.key_at(next);
            at.holder = next;
            calls[next].place = Place::Nowhere;
            ready.push(next);
            return;
        }
        at.holder = Key::NONE;
        let state = &mut instances[call.instance as usize];
        state.busy -= 1;
        tape.level(Level::Busy(call.instance), state.busy, line.now());
    }
}

/// The process of a loop.
pub(crate) fn process_of_loop(plan: &Blueprint, instance: u32, seat: u32) -> u32 {
    let it = &plan.instances[instance as usize];
    match plan.services[it.service.index()].serving {
        Serving::Loops { loops } => it.first_process + (seat - it.first_loop) / loops,
        Serving::Slots { .. } => it.first_process,
    }
}
