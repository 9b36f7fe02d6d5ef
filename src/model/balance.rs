//! Balancing: who is picked among the servers that may be.
//!
//! An algorithm is one file here, with what it keeps up to date as loads and bars change, and one
//! line in each function of `Balancer`.

pub mod addresses;
pub mod least_connections;
mod minima;
pub mod random;
pub mod round_robin;

use super::blueprint::{Balance, Server, Upstream};
use least_connections::LeastConnections;
use random::Urn;
use round_robin::RoundRobin;

/// What an algorithm knows of the servers of one process's view.
#[derive(Clone, Debug)]
pub(crate) enum Balancer {
    RoundRobin(RoundRobin),
    LeastConnections(LeastConnections),
    /// Draws, and rotations that the caller has drawn: nothing is kept.
    Stateless,
}

/// What it chooses from.
pub(crate) struct Field<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) servers: &'a [Server],
    /// Calls sent to each, if they are counted.
    pub(crate) sent: &'a [u32],
    /// Who may be picked: those with 0, or all if it is empty.
    pub(crate) bars: &'a [u8],
    /// How many they are.
    pub(crate) open: u32,
    /// Decides draws.
    pub(crate) key: u64,
}

impl Balancer {
    /// As it stands when its process starts: no load, nobody barred.
    pub(crate) fn new(upstream: &Upstream) -> Balancer {
        let (servers, is_even) = (upstream.servers, upstream.are_weights_equal);
        match upstream.balance {
            Balance::RoundRobin => {
                Balancer::RoundRobin(RoundRobin::new(servers, is_even, upstream.keeps.bars))
            }
            Balance::LeastConnections { random_ties, .. } => {
                Balancer::LeastConnections(LeastConnections::new(servers, is_even, random_ties))
            }
            Balance::Random { .. } | Balance::Addresses => Balancer::Stateless,
        }
    }

    /// The index of the server picked, if any may be.
    #[inline]
    pub(crate) fn pick(&mut self, field: &Field<'_>) -> Option<usize> {
        match (self, field.upstream.balance) {
            (Balancer::RoundRobin(turns), _) => turns.pick(field.servers, field.bars, field.open),
            (Balancer::LeastConnections(loads), Balance::LeastConnections { random_ties, .. }) => {
                loads.pick(random_ties.then_some(field.key))
            }
            (_, balance) => {
                let urn = Urn {
                    servers: field.servers,
                    are_weights_equal: field.upstream.are_weights_equal,
                    sent: field.sent,
                    bars: field.bars,
                    open: field.open,
                };
                let (draws, are_distinct) = match balance {
                    Balance::Random { draws, are_distinct } => (draws, are_distinct),
                    _ => (1, false),
                };
                urn.pick(draws, are_distinct, field.key)
            }
        }
    }

    /// Calls sent to a server or queued there.
    #[inline]
    pub(crate) fn set_load(&mut self, server: usize, load: u32, weight: u32) {
        if let Balancer::LeastConnections(loads) = self {
            loads.set_load(server, load, weight);
        }
    }

    /// From here on a server may not be picked.
    pub(crate) fn bar(&mut self, server: usize) {
        match self {
            Balancer::RoundRobin(turns) => turns.bar(server),
            Balancer::LeastConnections(loads) => loads.bar(server),
            Balancer::Stateless => {}
        }
    }

    /// It may again.
    pub(crate) fn admit(&mut self, server: usize) {
        match self {
            Balancer::RoundRobin(turns) => turns.admit(server),
            Balancer::LeastConnections(loads) => loads.admit(server),
            Balancer::Stateless => {}
        }
    }
}
