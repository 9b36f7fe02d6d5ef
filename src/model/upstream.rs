//! A caller process's view of a service, and the life of a call as its caller sees it:
//! routed → queued (at a server, or at the backend as a whole) → assigned → connecting → sent →
//! answered, or failed and tried again.

#![expect(clippy::inline_always, reason = "a step of every call that is taken in one place")]

use super::{
    blueprint::{EndpointId, Milestone, Next, Upstream, UpstreamId},
    call::{NONE, Phase, Place, Stage},
    event::Event,
    pick::Pick,
    program::cuts_through,
    run::Run,
};
use crate::{
    engine::{list::List, luck::mix, slab::Key, time::Span, timeline::Ticket},
    measure::recorder::{Level, Recorder},
};

const QUEUE_PATIENCE: u64 = 0x5155_4555;

impl<R: Recorder> Run<'_, R> {
    /// A call makes a call.
    pub(crate) fn place(
        &mut self,
        caller: Key,
        upstream: UpstreamId,
        endpoint: EndpointId,
        until: Milestone,
        place: u64,
    ) {
        let above = &self.site.calls[caller];
        let now = self.now();
        let request_key = mix(above.request_key, place);
        let attempt_key = mix(above.attempt_key, place);
        let view = self.view_of_process(upstream, above.process);
        let is_idempotent = above.is.is_idempotent;
        let is_drawn = above.is.is_root && !above.is.is_direct;
        let one_way = if is_drawn { above.rest.one_way } else { None };
        let (key, call) = self.site.calls.claim();
        call.begin(endpoint, request_key, attempt_key);
        call.make_ordinary();
        call.caller = caller;
        call.upstream = upstream;
        call.phase = Phase::Over;
        call.stage = Stage::Away;
        call.arrived = now;
        call.instance = NONE;
        call.process = NONE;
        call.is.is_idempotent = is_idempotent;
        call.is.cuts_through = cuts_through(until);
        call.rest.view = view;
        call.rest.one_way = one_way;
        let above = &mut self.site.calls[caller];
        above.callee = key;
        above.passes_on = cuts_through(until);
        self.route(key);
    }

    /// The view that a caller's process has of one of its upstreams.
    #[inline]
    pub(crate) fn view_of_process(&self, upstream: UpstreamId, process: u32) -> u32 {
        let it = &self.plan.upstreams[upstream.index()].derived;
        it.first_view + (process - it.first_process) * it.views_apart
    }

    /// Finds a server for a call.
    pub(crate) fn route(&mut self, key: Key) {
        let plan = self.plan;
        let upstream = &plan.upstreams[self.site.calls[key].upstream.index()];
        let kept =
            if upstream.derived.has_users { self.server_of_kept_connection(key) } else { None };
        let pick = kept.map_or_else(|| self.pick(key, upstream), Pick::Server);
        match pick {
            Pick::Server(server) => self.assign(key, upstream, server),
            Pick::ServerQueue(server) => self.queue_at(key, Some(server)),
            Pick::BackendQueue => self.queue_at(key, None),
            Pick::Fail(cause) => self.fail(key, cause),
        }
    }

    /// A call waits, at one server or for any.
    fn queue_at(&mut self, key: Key, server: Option<u32>) {
        let now = self.now();
        let call = &mut self.site.calls[key];
        call.phase = Phase::Queued;
        call.rest.queued = now;
        let upstream = call.upstream;
        let declared = &self.plan.upstreams[upstream.index()];
        let view = &mut self.site.views[call.rest.view as usize];
        if let Some(server) = server {
            call.place = Place::ServerQueue;
            call.rest.server = server;
            let weight = declared.servers_in(&self.plan.servers)[server as usize].weight;
            view.enqueue(&mut self.site.links, server, weight, key.index());
        } else {
            call.place = Place::BackendQueue;
            self.site.links.push_back(&mut view.queue, key.index());
        }
        self.count_queued(upstream, 1);
        let event = Event::TimeOut { call: key };
        let timer = match (declared.queue_delay, declared.queue_timeout) {
            (Some(delay), _) => self.site.line.later(delay, event),
            (None, Some(law)) => {
                let word = self.site.draw(self.site.calls[key].attempt_key, QUEUE_PATIENCE);
                let span = Span::from_seconds(self.plan.laws[law.index()].draw(word));
                self.site.line.after(span, event)
            }
            (None, None) => Ticket::NONE,
        };
        self.site.calls[key].timer = timer;
    }

    fn count_queued(&mut self, upstream: UpstreamId, change: i32) {
        let now = self.now();
        let queued = &mut self.site.queued[upstream.index()];
        *queued = queued.wrapping_add_signed(change);
        self.tape.level(Level::Queued(upstream.0), *queued, now);
    }

    pub(crate) fn leave_queue(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        if !matches!(call.place, Place::ServerQueue | Place::BackendQueue) {
            return;
        }
        let place = std::mem::replace(&mut call.place, Place::Nowhere);
        let (upstream, server) = (call.upstream, call.rest.server);
        let view = &mut self.site.views[call.rest.view as usize];
        if place == Place::ServerQueue {
            let declared = &self.plan.upstreams[upstream.index()];
            let weight = declared.servers_in(&self.plan.servers)[server as usize].weight;
            view.dequeue(&mut self.site.links, server, weight, key.index());
        } else {
            self.site.links.remove(&mut view.queue, key.index());
        }
        self.count_queued(upstream, -1);
    }

    /// A call gets a slot at a server.
    #[inline(always)]
    fn assign(&mut self, key: Key, upstream: &Upstream, server: u32) {
        let plan = self.plan;
        let call = &mut self.site.calls[key];
        call.rest.server = server;
        call.rest.tried |= 1 << (server & 63);
        call.is.holds_server = true;
        call.phase = Phase::Connecting;
        let declared = &plan.servers[(upstream.first_server + server) as usize];
        call.instance = declared.instance.0;
        if upstream.keeps.loads {
            self.site.views[call.rest.view as usize].take_slot(server, declared.weight);
        }
        self.lay_way(key, upstream);
        self.connect(key, upstream);
    }

    /// Gives the slot back; the next in the server's queue or the backend's, whoever is older,
    /// gets it.
    #[inline(always)]
    pub(crate) fn release_server(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        if !std::mem::replace(&mut call.is.holds_server, false) {
            return;
        }
        let (view, server) = (call.rest.view, call.rest.server);
        let upstream = &self.plan.upstreams[call.upstream.index()];
        if upstream.keeps.loads {
            let declared = &self.plan.servers[(upstream.first_server + server) as usize];
            let (state, weight) = (&mut self.site.views[view as usize], declared.weight);
            state.free_slot(server, weight);
            if state.is_waited_for(server) {
                self.dequeue(view, server);
            }
        }
    }

    /// Free slots of a server go to those who wait for it, or for any.
    pub(crate) fn dequeue(&mut self, view_index: u32, server: u32) {
        loop {
            let view = &self.site.views[view_index as usize];
            let plan = self.plan;
            let upstream = &plan.upstreams[view.upstream as usize];
            if upstream.slots == u32::MAX || view.sent(server) >= upstream.slots {
                return;
            }
            let own = view.queue_of(server).first();
            let weight = self.plan.servers[(upstream.first_server + server) as usize].weight;
            let takes_any = view.is_up(server) && weight > 0;
            let any = if takes_any { view.queue.first() } else { None };
            let age = |index: u32| self.site.calls[self.site.calls.key_at(index)].rest.queued;
            let next = match (own, any) {
                (Some(own), Some(any)) => {
                    if age(any) < age(own) {
                        any
                    } else {
                        own
                    }
                }
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => return,
            };
            let key = self.site.calls.key_at(next);
            self.leave_queue(key);
            let timer = std::mem::replace(&mut self.site.calls[key].timer, Ticket::NONE);
            self.site.line.cancel(timer);
            self.assign(key, upstream, server);
        }
    }

    /// Calls that wait for a server that went down, or for a backend without any, are routed anew.
    pub(crate) fn redistribute(&mut self, view_index: u32, server: u32) {
        let view = &self.site.views[view_index as usize];
        let upstream = &self.plan.upstreams[view.upstream as usize];
        let mut moved = Vec::new();
        if upstream.retry.next != Next::Same {
            moved.extend(self.listed(view.queue_of(server)));
        }
        if view.up == 0 {
            moved.extend(self.listed(view.queue));
        }
        for &key in &moved {
            self.leave_queue(key);
            let timer = std::mem::replace(&mut self.site.calls[key].timer, Ticket::NONE);
            self.site.line.cancel(timer);
        }
        for key in moved {
            if self.site.calls.get(key).is_some_and(|call| call.phase == Phase::Queued) {
                self.route(key);
            }
        }
    }

    fn listed(&self, list: List) -> Vec<Key> {
        let following = |&index: &u32| self.site.links.next(index);
        let indices = std::iter::successors(list.first(), following);
        indices.map(|index| self.site.calls.key_at(index)).collect()
    }
}
