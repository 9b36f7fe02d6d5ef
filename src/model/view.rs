//! A caller process's view of a service: what it counts and thinks of each server.
//!
//! There may be tens of millions of pairs of a process and a server. So a view keeps a table only
//! if its upstream needs it (`Keeps`, decided at compile time): one that draws servers at random
//! and limits, checks and bans nothing keeps no word about any of them.
//!
//! Who may be picked, and how many may, is kept up to date as calls come and go, so that no pick
//! asks all servers. A server may be barred for several reasons at a time.

use super::{
    balance::{Balancer, Field},
    ban::Bans,
    blueprint::{Balance, Ban, Server, Upstream},
};
use crate::engine::{
    list::{Links, List},
    time::Instant,
    timeline::Ticket,
};

/// It is there to be drained: weight 0.
const WEIGHTLESS: u8 = 1;
/// Checks say so.
const DOWN: u8 = 2;
/// Its failures say so.
const BANNED: u8 = 4;
/// It has all the calls it may have.
const FULL: u8 = 8;
/// For one pick: a retry wants another.
const PASSED_OVER: u8 = 16;

/// A process's state of one of its upstreams.
#[derive(Clone, Debug)]
pub struct View {
    /// Index of the declared upstream.
    pub upstream: u32,
    /// Index of the process among those of the calling service.
    pub process: u32,
    /// The idle connections to its servers: lists `first_idle ..`, if any are kept.
    pub first_idle: u32,
    /// Calls that wait before a server is picked.
    pub(crate) queue: List,
    /// Servers that checks don't say are down.
    pub(crate) up: u32,
    /// Servers that may be picked.
    open: u32,
    /// Servers that may be picked but for being full.
    fit: u32,
    /// With so many calls, sent or queued there, a server is full.
    room: u32,
    /// Loads are weighed with the next call.
    counts_next: bool,
    balancer: Balancer,
    /// Slots held at each server: calls sent and not answered.
    sent: Vec<u32>,
    /// Calls that wait for each.
    queues: Vec<List>,
    /// Why each may not be picked.
    bars: Vec<u8>,
    pub(crate) checks: Vec<Checked>,
    bans: Bans,
}

/// What active checks have found of a server.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    /// `0..rise+fall-1`, up from `rise` on.
    pub(crate) health: u32,
    /// The next check.
    pub(crate) next: Ticket,
    /// Checks begun, for their luck.
    pub(crate) begun: u64,
}

impl View {
    /// As it stands when its process starts, which thinks that all servers are up.
    pub(crate) fn new(
        declared: &Upstream,
        servers: &[Server],
        [upstream, process, first_idle]: [u32; 3],
    ) -> View {
        let keeps = declared.keeps;
        let count = |is_kept: bool| if is_kept { declared.servers as usize } else { 0 };
        let checked = |rise| Checked { health: rise, next: Ticket::NONE, begun: 0 };
        let mut view = View {
            upstream,
            process,
            first_idle,
            queue: List::default(),
            up: declared.servers,
            open: declared.servers,
            fit: declared.servers,
            room: room(declared),
            counts_next: matches!(
                declared.balance,
                Balance::LeastConnections { counts_next: true, .. }
            ),
            balancer: Balancer::new(declared),
            sent: vec![0; count(keeps.loads)],
            queues: vec![List::default(); count(keeps.queues)],
            bars: vec![0; count(keeps.bars)],
            checks: Vec::new(),
            bans: Bans::new(if declared.ban.is_some() { declared.servers } else { 0 }),
        };
        if let Some(check) = declared.check {
            view.checks = vec![checked(check.rise); declared.servers as usize];
        }
        if keeps.bars {
            for (server, it) in servers.iter().enumerate() {
                if it.weight == 0 {
                    view.bar(server, WEIGHTLESS);
                }
            }
        }
        view
    }

    /// The policy's choice, if anybody may be picked.
    #[inline]
    pub(crate) fn pick(
        &mut self,
        upstream: &Upstream,
        servers: &[Server],
        key: u64,
    ) -> Option<u32> {
        let (sent, bars, open) = (&self.sent, &self.bars, self.open);
        let field = Field { upstream, servers, sent, bars, open, key };
        self.balancer.pick(&field).map(|server| server as u32)
    }

    /// Whether somebody could be picked who is full at present.
    pub(crate) fn is_any_fit(&self) -> bool {
        self.fit > 0
    }

    /// A retry wants another server than this.
    pub(crate) fn pass_over(&mut self, server: u32) {
        self.bar(server as usize, PASSED_OVER);
    }

    pub(crate) fn consider_again(&mut self, server: u32) {
        self.admit(server as usize, PASSED_OVER);
    }

    /// Slots held at a server. 0 if they need not be counted.
    pub(crate) fn sent(&self, server: u32) -> u32 {
        self.sent.get(server as usize).copied().unwrap_or(0)
    }

    /// Calls that wait for a server.
    pub(crate) fn queue_of(&self, server: u32) -> List {
        self.queues.get(server as usize).copied().unwrap_or_default()
    }

    /// Whether a call waits for a server, or for any.
    #[inline]
    pub(crate) fn is_waited_for(&self, server: u32) -> bool {
        let queue = self.queues.get(server as usize);
        !self.queue.is_empty() || queue.is_some_and(|queue| !queue.is_empty())
    }

    /// Whether checks say that a server is up.
    pub(crate) fn is_up(&self, server: u32) -> bool {
        self.bars.get(server as usize).is_none_or(|bars| bars & DOWN == 0)
    }

    /// A slot is taken at a server.
    #[inline]
    pub(crate) fn take_slot(&mut self, server: u32, weight: u32) {
        self.sent[server as usize] += 1;
        self.load_changed(server as usize, weight);
    }

    /// A slot is given back.
    #[inline]
    pub(crate) fn free_slot(&mut self, server: u32, weight: u32) {
        self.sent[server as usize] -= 1;
        self.load_changed(server as usize, weight);
    }

    /// A call waits for a server.
    pub(crate) fn enqueue(&mut self, links: &mut Links, server: u32, weight: u32, call: u32) {
        links.push_back(&mut self.queues[server as usize], call);
        self.load_changed(server as usize, weight);
    }

    /// It doesn't any more.
    pub(crate) fn dequeue(&mut self, links: &mut Links, server: u32, weight: u32, call: u32) {
        links.remove(&mut self.queues[server as usize], call);
        self.load_changed(server as usize, weight);
    }

    #[inline]
    fn load_changed(&mut self, server: usize, weight: u32) {
        let load = self.sent[server] + self.queues.get(server).map_or(0, List::len);
        let next = u32::from(self.counts_next && load > 0);
        self.balancer.set_load(server, load + next, weight);
        if load < self.room {
            if self.room != u32::MAX {
                self.admit(server, FULL);
            }
        } else {
            self.bar(server, FULL);
        }
    }

    /// Checks have taken a server out.
    pub(crate) fn goes_down(&mut self, server: u32) {
        self.up -= 1;
        self.bar(server as usize, DOWN);
    }

    /// Checks have brought it back.
    pub(crate) fn comes_up(&mut self, server: u32) {
        self.up += 1;
        self.admit(server as usize, DOWN);
    }

    /// A call at a server has failed; from when until when that bans it.
    pub(crate) fn blame(
        &mut self,
        server: u32,
        ban: Ban,
        now: Instant,
    ) -> Option<(Instant, Instant)> {
        let banned = self.bans.blame(server, ban, now);
        if banned.is_some() {
            self.bar(server as usize, BANNED);
        }
        banned
    }

    /// A call was answered: failures from before the last look at the server are forgiven.
    #[inline]
    pub(crate) fn forgive(&mut self, server: u32) {
        if self.bans.forgive(server) {
            self.admit(server as usize, BANNED);
        }
    }

    /// A server was picked.
    #[inline]
    pub(crate) fn look_at(&mut self, server: u32, ban: Ban, now: Instant) {
        if self.bans.look_at(server, ban, now) {
            self.bar(server as usize, BANNED);
        }
    }

    /// Bans whose time is over end.
    #[inline]
    pub(crate) fn end_bans(&mut self, ban: Ban, now: Instant) {
        while let Some(server) = self.bans.next_pardoned(ban, now) {
            self.admit(server as usize, BANNED);
        }
    }

    fn bar(&mut self, server: usize, why: u8) {
        let bars = self.bars[server];
        if bars == 0 {
            self.open -= 1;
            self.balancer.bar(server);
        }
        self.set_bars(server, bars | why);
    }

    #[inline]
    fn admit(&mut self, server: usize, why: u8) {
        let bars = self.bars[server];
        if bars & why != 0 {
            if bars == why {
                self.open += 1;
                self.balancer.admit(server);
            }
            self.set_bars(server, bars & !why);
        }
    }

    fn set_bars(&mut self, server: usize, bars: u8) {
        let was_fit = self.bars[server] & !FULL == 0;
        let is_fit = bars & !FULL == 0;
        self.fit = self.fit + u32::from(is_fit) - u32::from(was_fit);
        self.bars[server] = bars;
    }
}

/// A server's own queue is part of its room only for least connections (`HAProxy`'s manual: "a
/// server's queue fills only where the algorithm or persistence insists on it"). Draws do not ask
/// who is full.
fn room(upstream: &Upstream) -> u32 {
    match upstream.balance {
        Balance::Random { .. } | Balance::Addresses => u32::MAX,
        Balance::LeastConnections { .. } if upstream.server_queue != u32::MAX => {
            upstream.slots.saturating_add(upstream.server_queue)
        }
        Balance::LeastConnections { .. } | Balance::RoundRobin => upstream.slots,
    }
}

#[cfg(test)]
mod tests;
