//! Where a call goes: the balancing policy is asked, limits and retries have their say.

use super::{
    balance::{self, Field},
    blueprint::{Balance, Next, Upstream},
    call::NONE,
    run::Run,
    upstream::{Peer, is_up},
};
use crate::{
    engine::{slab::Key, time::Instant},
    measure::{outcome::Cause, recorder::Recorder},
};

const PICK: u64 = 0x5049_434B;

/// Where a call goes.
pub(crate) enum Pick {
    /// A slot at this server is free.
    Server(u32),
    /// Wait for this server.
    ServerQueue(u32),
    /// Wait for any.
    BackendQueue,
    /// There is nobody to wait for.
    Fail(Cause),
}

impl<R: Recorder> Run<'_, R> {
    /// Asks the policy of a call's view.
    pub(crate) fn pick(&mut self, key: Key) -> Pick {
        let call = &self.site.calls[key];
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let view = &self.site.views[call.view as usize];
        let first = view.first_peer as usize;
        let is_retry = call.attempt > 0;
        if is_retry && upstream.retry.next == Next::Same && upstream.balance != Balance::Addresses {
            return self.pick_same(key);
        }
        let limit = upstream.slots;
        let is_limited = limit != u32::MAX;
        let waits = is_limited && upstream.queues;
        if waits && !view.queue.is_empty() {
            let peers = &self.site.peers[first..first + upstream.servers as usize];
            let is_any_up = peers.iter().any(|peer| is_up(peer, upstream));
            return if is_any_up { Pick::BackendQueue } else { Pick::Fail(Cause::NoServer) };
        }
        if upstream.balance == Balance::Addresses {
            let word = self.site.draw(call.request_key, PICK);
            let first = balance::addresses::first(word, upstream.servers);
            return Pick::Server((first + u32::from(call.attempt)) % upstream.servers);
        }
        // A server's own queue is part of its room only for least connections (HAProxy's manual:
        // "a server's queue fills only where the algorithm or persistence insists on it").
        let by_load = matches!(upstream.balance, Balance::LeastConnections { .. });
        let extra =
            if by_load && upstream.server_queue != u32::MAX { upstream.server_queue } else { 0 };
        let by_draw = matches!(upstream.balance, Balance::Random { .. });
        let now = self.site.line.now();
        let (avoided, tried) = match upstream.retry.next {
            Next::Other if is_retry => (call.server, 0),
            Next::Untried if is_retry => (NONE, call.tried),
            Next::Same | Next::Other | Next::Untried => (NONE, 0),
        };
        let servers = &self.plan.servers
            [upstream.first_server as usize..(upstream.first_server + upstream.servers) as usize];
        let attempt_key = call.attempt_key ^ self.site.salt;
        let turn = &mut self.site.views[call.view as usize].turn;
        let peers = &mut self.site.peers[first..first + servers.len()];
        let is_alone = servers.len() == 1;
        let usable = |peers: &[Peer], index: usize, avoided: u32, by_room: bool| {
            let peer = &peers[index];
            servers[index].weight > 0
                && is_up(peer, upstream)
                && (is_alone || !is_banned(peer, upstream, now))
                && index as u32 != avoided
                && tried & (1 << (index & 63)) == 0
                && (!by_room
                    || !is_limited
                    || peer.served + peer.queue.len() < limit.saturating_add(extra))
        };
        let are_weights_equal = upstream.are_weights_equal;
        let mut choose = |avoided: u32, by_room: bool| {
            let field = Field {
                servers,
                are_weights_equal,
                usable: &|peers, index| usable(peers, index, avoided, by_room),
            };
            balance::pick(upstream.balance, &field, peers, turn, attempt_key)
        };
        let mut chosen = choose(avoided, !by_draw);
        if chosen.is_none() && avoided != NONE {
            chosen = choose(NONE, !by_draw);
        }
        let Some(server) = chosen else {
            let is_anybody = is_limited
                && !by_draw
                && (0..servers.len()).any(|index| usable(peers, index, NONE, false));
            return if is_anybody && upstream.queues {
                Pick::BackendQueue
            } else {
                Pick::Fail(Cause::NoServer)
            };
        };
        let peer = &mut peers[server];
        if let Some(ban) = upstream.ban
            && now.since(peer.looked_at) > ban.span
        {
            peer.looked_at = now;
        }
        if peer.served < limit {
            Pick::Server(server as u32)
        } else if by_draw && upstream.queues {
            Pick::BackendQueue
        } else if upstream.queues {
            Pick::ServerQueue(server as u32)
        } else {
            Pick::Fail(Cause::NoServer)
        }
    }

    /// A retry that must go to the server that failed.
    fn pick_same(&self, key: Key) -> Pick {
        let call = &self.site.calls[key];
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let view = &self.site.views[call.view as usize];
        let peer = &self.site.peers[(view.first_peer + call.server) as usize];
        if peer.served < upstream.slots && peer.queue.is_empty() {
            Pick::Server(call.server)
        } else if !upstream.queues {
            Pick::Fail(Cause::NoServer)
        } else if peer.queue.len() < upstream.server_queue {
            Pick::ServerQueue(call.server)
        } else {
            Pick::Fail(Cause::QueueFull)
        }
    }
}

/// Whether a server is passed over for its failures (nginx's `max_fails` and `fail_timeout`).
fn is_banned(peer: &Peer, upstream: &Upstream, now: Instant) -> bool {
    upstream
        .ban
        .is_some_and(|ban| peer.fails >= ban.fails_max && now.since(peer.looked_at) <= ban.span)
}
