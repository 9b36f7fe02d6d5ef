//! Random with several draws (the power of `d` choices): by weight, with replacement (`HAProxy`) or
//! without (nginx, which draws two); of those drawn the one with the fewest calls sent per weight.

use crate::{
    engine::luck::mix,
    model::blueprint::{Server, Upstream},
};

/// Draws that hit servers which may not be picked are repeated so often; then the first usable one
/// after the last draw is taken (as nginx does after 20 bad draws). That is the only scan.
const BAD_DRAWS_MAX: u64 = 20;

/// What is drawn from.
pub(crate) struct Urn<'a> {
    pub(crate) servers: &'a [Server],
    pub(crate) are_weights_equal: bool,
    /// Calls sent to each; empty if a single draw decides.
    pub(crate) sent: &'a [u32],
    /// Who may be picked: those with 0, or all if it is empty.
    pub(crate) bars: &'a [u8],
    /// How many they are.
    pub(crate) open: u32,
}

/// The only draw, where nobody is barred: servers of equal weight are not looked at.
#[inline]
pub(crate) fn draw(upstream: &Upstream, all: &[Server], key: u64) -> u32 {
    let (word, open) = (mix(key, 0), upstream.servers);
    if upstream.are_weights_equal {
        return evenly(word, open as usize) as u32;
    }
    let servers = upstream.servers_in(all);
    let urn = Urn { servers, are_weights_equal: false, sent: &[], bars: &[], open };
    urn.by_weight(word) as u32
}

/// One of so many.
#[inline]
fn evenly(word: u64, count: usize) -> usize {
    ((u128::from(word) * count as u128) >> 64) as usize
}

impl Urn<'_> {
    /// The winner of `draws` draws.
    #[inline]
    pub(crate) fn pick(&self, draws: u32, are_distinct: bool, key: u64) -> Option<usize> {
        if self.open == 0 {
            return None;
        }
        let mut best = self.usable_draw(mix(key, 0), None)?;
        if are_distinct && self.open == 1 {
            return Some(best);
        }
        for draw in 1..u64::from(draws) {
            let drawn = self.usable_draw(mix(key, draw), are_distinct.then_some(best))?;
            if self.load(drawn, best) < self.load(best, drawn) {
                best = drawn;
            }
        }
        Some(best)
    }

    /// Load per weight, times the other's weight too: without a division.
    fn load(&self, server: usize, other: usize) -> u64 {
        u64::from(self.sent[server]) * u64::from(self.servers[other].weight)
    }

    #[inline]
    fn usable_draw(&self, key: u64, but: Option<usize>) -> Option<usize> {
        let is_usable = |server: usize| self.is_open(server) && Some(server) != but;
        let mut drawn = self.by_weight(key);
        for attempt in 1..BAD_DRAWS_MAX {
            if is_usable(drawn) {
                return Some(drawn);
            }
            drawn = self.by_weight(mix(key, attempt));
        }
        let count = self.servers.len();
        (0..count).map(|step| (drawn + step) % count).find(|&server| is_usable(server))
    }

    #[inline]
    fn is_open(&self, server: usize) -> bool {
        self.bars.get(server).is_none_or(|&bars| bars == 0)
    }

    #[inline]
    fn by_weight(&self, word: u64) -> usize {
        let servers = self.servers;
        if self.are_weights_equal {
            return evenly(word, servers.len());
        }
        let total = servers.last().map_or(0, |last| last.weight_up_to);
        let left = ((u128::from(word) * u128::from(total)) >> 64) as u64;
        servers.partition_point(|server| server.weight_up_to <= left)
    }
}
