//! Random with several draws (the power of `d` choices): by weight, with replacement; of those
//! drawn the one with the fewest calls sent per weight.

use super::Field;
use crate::{engine::luck::mix, model::upstream::Peer};

/// Draws that hit servers which may not be picked are repeated so often; then the first usable one
/// after the last draw is taken (as nginx does after 20 bad draws).
const BAD_DRAWS_MAX: u64 = 20;

/// The winner of `draws` draws.
pub(crate) fn pick(field: &Field<'_>, peers: &[Peer], draws: u32, key: u64) -> Option<usize> {
    let mut best: Option<usize> = None;
    for draw in 0..u64::from(draws.max(1)) {
        let Some(drawn) = usable_draw(field, peers, mix(key, draw)) else { return best };
        let is_better = best.is_none_or(|best| {
            u64::from(peers[drawn].served) * u64::from(field.servers[best].weight)
                < u64::from(peers[best].served) * u64::from(field.servers[drawn].weight)
        });
        if is_better {
            best = Some(drawn);
        }
    }
    best
}

fn usable_draw(field: &Field<'_>, peers: &[Peer], key: u64) -> Option<usize> {
    let mut drawn = 0;
    for attempt in 0..BAD_DRAWS_MAX {
        drawn = by_weight(field, if attempt == 0 { key } else { mix(key, attempt) });
        if (field.usable)(peers, drawn) {
            return Some(drawn);
        }
    }
    let count = peers.len();
    (1..=count).map(|step| (drawn + step) % count).find(|&index| (field.usable)(peers, index))
}

fn by_weight(field: &Field<'_>, word: u64) -> usize {
    let servers = field.servers;
    if field.are_weights_equal {
        return ((u128::from(word) * servers.len() as u128) >> 64) as usize;
    }
    let total: u64 = servers.iter().map(|server| u64::from(server.weight)).sum();
    let mut left = ((u128::from(word) * u128::from(total)) >> 64) as u64;
    for (index, server) in servers.iter().enumerate() {
        let weight = u64::from(server.weight);
        if left < weight {
            return index;
        }
        left -= weight;
    }
    servers.len() - 1
}
