//! Idle connections: who keeps them, who may have one again, when they are closed.
//!
//! A caller's process keeps idle connections server by server and reuses the last one used (they
//! are lists through the connections themselves); a closed user keeps one. The server's process
//! lists them too: nginx closes idle ones when it runs out of connections.

#![expect(clippy::inline_always, reason = "as a rule one question")]

use super::{
    blueprint::{Blueprint, Reuse, Upstream},
    event::Event,
    run::Run,
    site::Site,
};
use crate::{
    engine::{
        luck::mix,
        slab::Key,
        time::Span,
        timeline::{DelayId, Ticket},
    },
    measure::recorder::Recorder,
};

const PURGE: u64 = 0x5055_5247;
/// nginx closes an eighth of its idle connections at a time, one at least and so many at most
/// (`ngx_drain_connections`) …
const DRAINED_AT_ONCE: u32 = 32;
const DRAINED_PART: u32 = 8;
/// … when no more than this part of a worker's connections is free.
const DRAIN_BELOW: u32 = 16;

/// Who keeps an idle connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// It is not idle.
    Nobody,
    /// The caller's process, in the list of its peer.
    Peer,
    /// A closed user, by index.
    User(u32),
}

impl Site {
    /// Processes purge their idle connections at phases of their own.
    pub(crate) fn schedule_purges(&mut self, plan: &Blueprint) {
        for view in 0..self.views.len() as u32 {
            let it = &self.views[view as usize];
            let upstream = &plan.upstreams[it.upstream as usize];
            let Some(delay) = upstream.purge else { continue };
            let every = u128::from(self.line.delay(delay).nanos());
            let word = self.draw(mix(self.key, mix(upstream.place, PURGE)), u64::from(it.process));
            let phase = Span::from_nanos(((u128::from(word) * every) >> 64) as u64);
            self.line.after(phase, Event::Purge { view });
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// An idle connection to the call's server that is not known to be dead, the last used first.
    #[inline(always)]
    pub(crate) fn idle_connection(&mut self, key: Key, upstream: &Upstream) -> Option<Key> {
        if self.site.calls[key].is.is_check {
            return None;
        }
        if upstream.derived.has_users
            && let Some(kept) = self.kept_connection(key)
        {
            return Some(kept);
        }
        if !upstream.keeps.idle {
            return None;
        }
        let call = &self.site.calls[key];
        let is_first = upstream.reuse != Reuse::Always
            && self.site.calls.get(call.caller).is_some_and(|caller| caller.is.is_fresh);
        if is_first && upstream.reuse == Reuse::Safe {
            return None;
        }
        let peer =
            (self.site.views[call.rest.view as usize].first_idle + call.rest.server) as usize;
        let reused_only = is_first && upstream.reuse == Reuse::Aggressive;
        let broken = self.site.instances[call.instance as usize].broken_epoch;
        loop {
            let last = self.site.idle[peer].last()?;
            let found = self.site.connections.key_at(last);
            let connection = &self.site.connections[found];
            if connection.epoch < broken {
                self.forget(found);
                continue;
            }
            if reused_only && !connection.was_reused {
                return None;
            }
            self.rouse(found);
            self.site.connections[found].was_reused = true;
            return Some(found);
        }
    }

    /// A connection whose call is over is kept for the next one, or closed.
    #[inline(always)]
    pub(crate) fn put_back(&mut self, key: Key, connection: Key, upstream: &Upstream) {
        if !upstream.derived.keeps_alive {
            self.close(key, connection);
            return;
        }
        if upstream.derived.has_users
            && let Some(user) = self.user_of(key)
        {
            let accept = self.plan.services[upstream.callee.index()].accept;
            let idle = accept.and_then(|accept| accept.idle);
            self.rest(connection, Keeper::User(user as u32), idle);
            return;
        }
        let peer = self.site.connections[connection].peer as usize;
        if !upstream.keeps.idle || self.site.idle[peer].len() >= upstream.idle_max {
            self.close(key, connection);
            return;
        }
        if upstream.idle_all_max != u32::MAX {
            self.make_room(self.site.calls[key].rest.view, upstream.idle_all_max);
        }
        self.rest(connection, Keeper::Peer, upstream.derived.idle);
    }

    /// A connection becomes idle.
    fn rest(&mut self, key: Key, keeper: Keeper, delay: Option<DelayId>) {
        let now = self.now();
        let connection = &mut self.site.connections[key];
        connection.keeper = keeper;
        connection.idle_at = now;
        let (peer, process) = (connection.peer as usize, connection.processes[0] as usize);
        match keeper {
            Keeper::Nobody => unreachable!("an idle connection is kept by somebody"),
            Keeper::Peer => {
                let idle = &mut self.site.idle[peer];
                self.site.idle_links.push_back(idle, key.index());
                if let Some(delay) = delay
                    && !std::mem::replace(&mut self.site.is_idle_timed[peer], true)
                {
                    self.site.line.later(delay, Event::Stale { peer: peer as u32, delay });
                }
            }
            Keeper::User(user) => {
                if let Some(delay) = delay {
                    let event = Event::Idle { connection: key };
                    connection.timer = self.site.line.later(delay, event);
                }
                self.site.users[user as usize].connection = key;
            }
        }
        self.site.resting_links.push_back(&mut self.site.resting[process], key.index());
    }

    /// A connection is not idle any more (if it was): it is used again, or closed.
    #[inline(always)]
    pub(crate) fn rouse(&mut self, key: Key) {
        if self.site.connections[key].keeper != Keeper::Nobody {
            self.rouse_idle(key);
        }
    }

    #[inline(never)]
    fn rouse_idle(&mut self, key: Key) {
        let connection = &mut self.site.connections[key];
        let keeper = std::mem::replace(&mut connection.keeper, Keeper::Nobody);
        let (peer, process) = (connection.peer as usize, connection.processes[0] as usize);
        match keeper {
            Keeper::Nobody => return,
            Keeper::Peer => {
                let idle = &mut self.site.idle[peer];
                self.site.idle_links.remove(idle, key.index());
            }
            Keeper::User(user) => {
                let timer = std::mem::replace(&mut connection.timer, Ticket::NONE);
                self.site.line.cancel(timer);
                self.site.users[user as usize].connection = Key::NONE;
            }
        }
        self.site.resting_links.remove(&mut self.site.resting[process], key.index());
    }

    /// Closes those connections of a peer that have lain idle for too long: the first ones of its
    /// list. The last ones are taken first, so the first one is looked at when it may be due and
    /// needs no timer that would be set and cancelled at every use.
    pub(crate) fn close_stale(&mut self, peer: u32, delay: DelayId) {
        let now = self.now();
        let span = self.site.line.delay(delay);
        while let Some(first) = self.site.idle[peer as usize].first() {
            let key = self.site.connections.key_at(first);
            let due = self.site.connections[key].idle_at + span;
            if due > now {
                self.site.line.at(due, Event::Stale { peer, delay });
                return;
            }
            self.closed(key);
        }
        self.site.is_idle_timed[peer as usize] = false;
    }

    /// A closed user's connection has lain idle for too long.
    pub(crate) fn idled(&mut self, key: Key) {
        if let Some(connection) = self.site.connections.get_mut(key) {
            connection.timer = Ticket::NONE;
            self.closed(key);
        }
    }

    /// A process closes half of the idle connections to each server, the longest idle ones, as
    /// `HAProxy` does with those above what it needs (`pool-purge-delay`).
    pub(crate) fn purge(&mut self, view: u32) {
        let instance = self.instance_of_view(view);
        let it = &self.site.views[view as usize];
        let first = it.first_idle;
        let upstream = &self.plan.upstreams[it.upstream as usize];
        let servers = if upstream.keeps.idle { upstream.servers } else { 0 };
        for peer in first..first + servers {
            for _ in 0..self.site.idle[peer as usize].len().div_ceil(2) {
                self.close_longest_idle(instance, peer);
            }
        }
        if let Some(delay) = upstream.purge {
            self.site.line.later(delay, Event::Purge { view });
        }
    }

    /// The instance that a view's process belongs to.
    fn instance_of_view(&self, view: u32) -> u32 {
        let it = &self.site.views[view as usize];
        let caller = self.plan.upstreams[it.upstream as usize].caller;
        let caller = &self.plan.services[caller.index()];
        caller.first_instance + it.process / caller.processes
    }

    /// A process keeps so many idle connections in all: the longest idle one makes room.
    fn make_room(&mut self, view: u32, limit: u32) {
        let it = &self.site.views[view as usize];
        let servers = self.plan.upstreams[it.upstream as usize].servers;
        let peers = it.first_idle..it.first_idle + servers;
        let idle = |peer: u32| self.site.idle[peer as usize];
        if peers.clone().map(|peer| idle(peer).len()).sum::<u32>() < limit {
            return;
        }
        let since = |peer: &u32| {
            let first = idle(*peer).first();
            first.map(|index| self.site.connections[self.site.connections.key_at(index)].idle_at)
        };
        let longest = peers.filter(|peer| since(peer).is_some()).min_by_key(since);
        if let Some(peer) = longest {
            self.close_longest_idle(self.instance_of_view(view), peer);
        }
    }

    /// The caller's process closes an idle connection; the server learns it a little later.
    pub(crate) fn close_longest_idle(&mut self, instance: u32, peer: u32) -> bool {
        let Some(index) = self.site.idle[peer as usize].first() else { return false };
        let connection = self.site.connections.key_at(index);
        let other = self.site.connections[connection].instance;
        self.rouse(connection);
        self.let_go(connection);
        let delay = self.between(instance, other);
        self.site.line.hop(delay, Event::Closed { connection });
        true
    }

    /// A server process that is about to run out of connections closes those that have been idle
    /// longest.
    #[inline(always)]
    pub(crate) fn drain_idle(&mut self, process: u32, limit: u32) {
        let used = self.site.process_connections[process as usize];
        if limit != u32::MAX && limit.saturating_sub(used) <= limit / DRAIN_BELOW {
            self.drain_some(process);
        }
    }

    #[cold]
    fn drain_some(&mut self, process: u32) {
        let idle = self.site.resting[process as usize].len();
        for _ in 0..(idle / DRAINED_PART).clamp(1, DRAINED_AT_ONCE) {
            let Some(index) = self.site.resting[process as usize].first() else { return };
            self.closed(self.site.connections.key_at(index));
        }
    }
}
