//! Least connections: the fewest calls in flight (sent or queued there) per weight.

use super::Field;
use crate::{engine::luck::mix, model::upstream::Peer};

/// Ties are drawn with `key`, or else go to the one after the last picked, so that an idle cluster
/// is used evenly rather than from its first member on.
pub(crate) fn pick(
    field: &Field<'_>,
    peers: &[Peer],
    turn: &mut u32,
    key: Option<u64>,
) -> Option<usize> {
    let count = peers.len();
    let mut best: Option<usize> = None;
    let mut ties = 0;
    for step in 1..=count {
        let index = (*turn as usize + step) % count;
        if !(field.usable)(peers, index) {
            continue;
        }
        let Some(least) = best else {
            best = Some(index);
            ties = 1;
            continue;
        };
        // load / weight < load / weight, without a division.
        let left = load(&peers[index]) * u64::from(field.servers[least].weight);
        let right = load(&peers[least]) * u64::from(field.servers[index].weight);
        if left < right {
            best = Some(index);
            ties = 1;
        } else if let (true, Some(key)) = (left == right, key) {
            ties += 1;
            // The n-th of equals replaces the others with probability 1/n.
            let word = mix(key, ties);
            if (u128::from(word) * u128::from(ties)) >> 64 == 0 {
                best = Some(index);
            }
        }
    }
    if let Some(best) = best {
        *turn = best as u32;
    }
    best
}

fn load(peer: &Peer) -> u64 {
    u64::from(peer.served) + u64::from(peer.queue.len())
}
