//! Smooth weighted round robin, as in nginx: each server gains its weight, the largest sum is
//! picked and loses the total. Weights 5, 1, 1 give `a a b a c a a`, never bursts.

use super::Field;
use crate::model::upstream::Peer;

/// Ties go to the first listed.
pub(crate) fn pick(field: &Field<'_>, peers: &mut [Peer]) -> Option<usize> {
    let mut best: Option<usize> = None;
    let mut total = 0;
    for index in 0..peers.len() {
        if !(field.usable)(peers, index) {
            continue;
        }
        let weight = i64::from(field.servers[index].weight);
        total += weight;
        peers[index].current += weight;
        if best.is_none_or(|best| peers[index].current > peers[best].current) {
            best = Some(index);
        }
    }
    let best = best?;
    peers[best].current -= total;
    Some(best)
}
