//! Balancing: who is picked among the servers that may be.
//!
//! An algorithm is one file here and one line in `pick`.

pub mod addresses;
pub mod least_connections;
pub mod random;
pub mod round_robin;

use super::{
    blueprint::{Balance, Server},
    upstream::Peer,
};

/// Whether the server at an index may be picked at all.
pub(crate) type Usable<'a> = &'a dyn Fn(&[Peer], usize) -> bool;

/// What an algorithm chooses from.
pub(crate) struct Field<'a> {
    /// Weights.
    pub(crate) servers: &'a [Server],
    /// Whether they are all the same.
    pub(crate) are_weights_equal: bool,
    /// Who may be picked.
    pub(crate) usable: Usable<'a>,
}

/// The index of the server picked, if any may be. `key` decides draws.
#[inline]
pub(crate) fn pick(
    balance: Balance,
    field: &Field<'_>,
    peers: &mut [Peer],
    turn: &mut u32,
    key: u64,
) -> Option<usize> {
    match balance {
        Balance::RoundRobin => round_robin::pick(field, peers),
        Balance::LeastConnections { random_ties } => {
            least_connections::pick(field, peers, turn, random_ties.then_some(key))
        }
        Balance::Random { draws } => random::pick(field, peers, draws, key),
        Balance::Addresses => (0..peers.len()).find(|&index| (field.usable)(peers, index)),
    }
}
