//! Smooth weighted round robin, as in nginx: each usable server gains its weight, the largest sum
//! is picked (the first listed of equals) and loses the total of the usable. Weights 5, 1, 1 give
//! `a a b a c a a`, never bursts; a server that is out of the question for a pick gains nothing.
//!
//! With equal weights nothing need be scanned. If all servers may always be picked, that is a
//! rotation. Otherwise sums all grow alike, so a tree of minima holds how far each lies behind
//! them, and only who is picked, leaves or comes back changes. Unequal weights are a scan.

use super::minima::Minima;
use crate::model::blueprint::Server;

/// Who may not be picked comes after all others, …
const BARRED: u64 = 1 << 63;
/// … with its distance from the present (which may be on either side).
const PRESENT: u64 = 1 << 62;

/// Whose turn it is.
#[derive(Clone, Debug)]
pub(crate) enum RoundRobin {
    /// One after the other.
    Rotation {
        next: u32,
        servers: u32,
    },
    /// Equal weights: picks so far less the server's sum (in weights), for each; it is due when
    /// that is least.
    Due {
        picks: u64,
        due: Minima<u64>,
    },
    Sums(Vec<i64>),
}

impl RoundRobin {
    /// `has_bars`: there are servers that may not be picked at times.
    pub(crate) fn new(servers: u32, are_weights_equal: bool, has_bars: bool) -> RoundRobin {
        match (are_weights_equal, has_bars) {
            (true, false) => RoundRobin::Rotation { next: 0, servers },
            (true, true) => RoundRobin::Due { picks: 0, due: Minima::new(servers as usize, false) },
            (false, _) => RoundRobin::Sums(vec![0; servers as usize]),
        }
    }

    /// `open` servers may be picked: those whose bars are 0, or all if there are none.
    #[inline]
    pub(crate) fn pick(&mut self, servers: &[Server], bars: &[u8], open: u32) -> Option<usize> {
        match self {
            RoundRobin::Rotation { next, servers } => {
                let picked = *next;
                *next = if picked + 1 == *servers { 0 } else { picked + 1 };
                Some(picked as usize)
            }
            RoundRobin::Due { picks, due } => {
                if due.least() >= BARRED {
                    return None;
                }
                let picked = due.first_least(0)?;
                due.set(picked, due.get(picked) + u64::from(open));
                *picks += 1;
                Some(picked)
            }
            RoundRobin::Sums(sums) => largest(sums, servers, bars),
        }
    }

    /// Its sum stands still.
    pub(crate) fn bar(&mut self, server: usize) {
        if let RoundRobin::Due { picks, due } = self {
            due.set(server, BARRED | (due.get(server) + PRESENT - *picks));
        }
    }

    /// Its sum grows again.
    pub(crate) fn admit(&mut self, server: usize) {
        if let RoundRobin::Due { picks, due } = self {
            due.set(server, (due.get(server) & !BARRED) + *picks - PRESENT);
        }
    }
}

fn largest(sums: &mut [i64], servers: &[Server], bars: &[u8]) -> Option<usize> {
    let mut best: Option<usize> = None;
    let mut total = 0;
    for (index, server) in servers.iter().enumerate() {
        if bars.get(index).is_some_and(|&bars| bars != 0) {
            continue;
        }
        let weight = i64::from(server.weight);
        total += weight;
        sums[index] += weight;
        if best.is_none_or(|best| sums[index] > sums[best]) {
            best = Some(index);
        }
    }
    let best = best?;
    sums[best] -= total;
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::luck::mix, model::blueprint::InstanceId};

    /// Whatever comes and goes, the tree picks as the sums do.
    #[test]
    fn the_same_as_the_sums() {
        for (count, weight) in [(1, 1), (2, 3), (3, 1), (10, 2), (100, 1)] {
            let server = Server { instance: InstanceId(0), weight, weight_up_to: 0 };
            let servers = vec![server; count];
            let mut bars = vec![0; count];
            let mut due = RoundRobin::new(count as u32, true, true);
            let mut sums = RoundRobin::new(count as u32, false, true);
            for step in 0..5_000 {
                let word = mix(step, count as u64);
                if word.is_multiple_of(4) {
                    let server = (word >> 40) as usize % count;
                    bars[server] ^= 1;
                    if bars[server] == 0 { due.admit(server) } else { due.bar(server) }
                }
                let open = bars.iter().map(|&bars| u32::from(bars == 0)).sum();
                let picked = due.pick(&servers, &bars, open);
                assert_eq!(picked, sums.pick(&servers, &bars, open), "step {step} of {count}");
            }
        }
    }

    #[test]
    fn a_rotation_is_the_same_as_the_sums() {
        let server = Server { instance: InstanceId(0), weight: 4, weight_up_to: 0 };
        let servers = [server; 5];
        let mut rotation = RoundRobin::new(5, true, false);
        let mut sums = RoundRobin::new(5, false, false);
        for _ in 0..12 {
            assert_eq!(rotation.pick(&servers, &[], 5), sums.pick(&servers, &[], 5));
        }
    }
}
