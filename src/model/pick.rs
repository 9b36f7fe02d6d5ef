//! Where a call goes: the balancing policy is asked, limits and retries have their say.

use super::{
    balance::{addresses, random},
    blueprint::{Balance, Next, Upstream},
    run::Run,
    view::View,
};
use crate::{
    engine::slab::Key,
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
    #[inline]
    pub(crate) fn pick(&mut self, key: Key, upstream: &Upstream) -> Pick {
        let call = &self.site.calls[key];
        let is_retry = call.rest.attempt > 0;
        if is_retry && upstream.retry.next == Next::Same && upstream.balance != Balance::Addresses {
            return self.pick_same(key);
        }
        let servers = upstream.servers_in(&self.plan.servers);
        let attempt_key = call.attempt_key ^ self.site.salt;
        if !upstream.keeps.loads
            && !upstream.keeps.bars
            && let Balance::Random { .. } = upstream.balance
        {
            // The view is not looked at: among millions it would be a cache miss each time.
            return Pick::Server(random::draw(upstream, &self.plan.servers, attempt_key));
        }
        let now = self.site.line.now();
        let is_limited = upstream.slots != u32::MAX;
        let by_draw = matches!(upstream.balance, Balance::Random { .. });
        let view = &mut self.site.views[call.rest.view as usize];
        // Whoever asks for a server with room, and sees others wait for one, knows that there is
        // none (`HAProxy`'s `assign_server`, backend.c: leastconn and round robin). A draw does not
        // ask: those who wait may have drawn busy servers while others are idle.
        if is_limited && upstream.queues && !by_draw && !view.queue.is_empty() {
            return if view.up > 0 { Pick::BackendQueue } else { Pick::Fail(Cause::NoServer) };
        }
        if upstream.balance == Balance::Addresses {
            let word = self.site.draw(call.request_key, PICK);
            let first = addresses::first(word, upstream.servers);
            return Pick::Server((first + u32::from(call.rest.attempt)) % upstream.servers);
        }
        if let Some(ban) = upstream.ban {
            view.end_bans(ban, now);
        }
        let choose = |view: &mut View| view.pick(upstream, servers, attempt_key);
        let (chosen, is_any_fit) = match upstream.retry.next {
            Next::Other if is_retry => {
                view.pass_over(call.rest.server);
                let other = choose(view);
                view.consider_again(call.rest.server);
                let chosen = other.or_else(|| choose(view));
                (chosen, view.is_any_fit())
            }
            // One alone is tried again, whatever it has done (`peers->single` of nginx).
            Next::Untried if call.rest.tried != 0 && upstream.servers > 1 => {
                let tried =
                    (0..upstream.servers).filter(|it| call.rest.tried & (1 << (it & 63)) != 0);
                tried.clone().for_each(|server| view.pass_over(server));
                let chosen = choose(view);
                let is_any_fit = view.is_any_fit();
                tried.for_each(|server| view.consider_again(server));
                (chosen, is_any_fit)
            }
            Next::Same | Next::Other | Next::Untried => (choose(view), view.is_any_fit()),
        };
        let Some(server) = chosen else {
            let is_full = is_limited && !by_draw && is_any_fit;
            return if is_full && upstream.queues {
                Pick::BackendQueue
            } else {
                Pick::Fail(Cause::NoServer)
            };
        };
        if let Some(ban) = upstream.ban {
            view.look_at(server, ban, now);
        }
        if is_limited { place_at(view, upstream, server) } else { Pick::Server(server) }
    }

    /// A retry that must go to the server that failed.
    fn pick_same(&self, key: Key) -> Pick {
        let call = &self.site.calls[key];
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let view = &self.site.views[call.rest.view as usize];
        let queue = view.queue_of(call.rest.server);
        if view.sent(call.rest.server) < upstream.slots && queue.is_empty() {
            Pick::Server(call.rest.server)
        } else if !upstream.queues {
            Pick::Fail(Cause::NoServer)
        } else if queue.len() < upstream.server_queue {
            Pick::ServerQueue(call.rest.server)
        } else {
            Pick::Fail(Cause::QueueFull)
        }
    }
}

/// A server with limits was chosen: it has a free slot, or the call waits.
fn place_at(view: &View, upstream: &Upstream, server: u32) -> Pick {
    if view.sent(server) < upstream.slots {
        Pick::Server(server)
    } else if !upstream.queues {
        Pick::Fail(Cause::NoServer)
    } else if matches!(upstream.balance, Balance::Random { .. }) {
        Pick::BackendQueue
    } else {
        Pick::ServerQueue(server)
    }
}
