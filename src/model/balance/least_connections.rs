//! Least connections: the fewest calls in flight (sent or queued there) per weight.
//!
//! A tree of minima holds load / weight of every server; who may not be picked comes after all
//! others. Nothing is scanned, whatever the number of servers.

use super::minima::Minima;
use crate::engine::luck::mix;

const BARRED: u32 = 1 << 31;
const BARRED_BY_WEIGHT: u64 = 1 << 63;
/// load · 2³² / weight, rounded down: for weights below 2¹⁶ different ratios are more than 2⁻³²
/// apart, so that rounding neither swaps nor equals them.
const RATIO_BITS: u32 = 32;

/// The servers by load per weight.
#[derive(Clone, Debug)]
pub(crate) struct LeastConnections {
    by: Ratio,
    /// Who was picked last.
    turn: u32,
}

#[derive(Clone, Debug)]
enum Ratio {
    /// All weights are the same: the load.
    Load(Minima<u32>),
    /// Load by weight.
    PerWeight(Minima<u64>),
}

impl LeastConnections {
    pub(crate) fn new(servers: u32, are_weights_equal: bool, random_ties: bool) -> Self {
        let count = servers as usize;
        let by = if are_weights_equal {
            Ratio::Load(Minima::new(count, random_ties))
        } else {
            Ratio::PerWeight(Minima::new(count, random_ties))
        };
        LeastConnections { by, turn: 0 }
    }

    /// Ties are drawn with `key`, or else go to the one after the last picked, so that an idle
    /// cluster is used evenly rather than from its first member on.
    #[inline]
    pub(crate) fn pick(&mut self, key: Option<u64>) -> Option<usize> {
        let picked = match &self.by {
            Ratio::Load(minima) => winner(minima, BARRED, self.turn, key),
            Ratio::PerWeight(minima) => winner(minima, BARRED_BY_WEIGHT, self.turn, key),
        }?;
        self.turn = picked as u32;
        Some(picked)
    }

    #[inline]
    pub(crate) fn set_load(&mut self, server: usize, load: u32, weight: u32) {
        assert!(load < BARRED, "2^31 calls in flight at one server");
        match &mut self.by {
            Ratio::Load(minima) => minima.set(server, load | minima.get(server) & BARRED),
            Ratio::PerWeight(minima) => {
                let ratio = (u64::from(load) << RATIO_BITS) / u64::from(weight.max(1));
                minima.set(server, ratio | minima.get(server) & BARRED_BY_WEIGHT);
            }
        }
    }

    pub(crate) fn bar(&mut self, server: usize) {
        match &mut self.by {
            Ratio::Load(minima) => minima.set(server, minima.get(server) | BARRED),
            Ratio::PerWeight(minima) => minima.set(server, minima.get(server) | BARRED_BY_WEIGHT),
        }
    }

    pub(crate) fn admit(&mut self, server: usize) {
        match &mut self.by {
            Ratio::Load(minima) => minima.set(server, minima.get(server) & !BARRED),
            Ratio::PerWeight(minima) => minima.set(server, minima.get(server) & !BARRED_BY_WEIGHT),
        }
    }
}

#[inline]
fn winner<K: Copy + Ord + Default>(
    minima: &Minima<K>,
    barred: K,
    turn: u32,
    key: Option<u64>,
) -> Option<usize> {
    if minima.least() >= barred {
        return None;
    }
    if let Some(key) = key {
        let drawn = (u128::from(mix(key, 0)) * u128::from(minima.ties())) >> 64;
        return Some(minima.tie(drawn as u32));
    }
    minima.first_least(turn as usize + 1).or_else(|| minima.first_least(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: all servers are looked at, from the one after the last picked on.
    fn scan(servers: &[(u64, u64, bool)], turn: usize) -> Option<usize> {
        let count = servers.len();
        let usable = (1..=count).map(|step| (turn + step) % count).filter(|&it| !servers[it].2);
        usable.reduce(|best, it| {
            let ((load, weight, _), (least, heft, _)) = (servers[it], servers[best]);
            if load * heft < least * weight { it } else { best }
        })
    }

    fn check(weights: &[u64]) {
        let is_even = weights.windows(2).all(|pair| pair[0] == pair[1]);
        let count = weights.len();
        let mut field = LeastConnections::new(count as u32, is_even, false);
        let mut drawn = LeastConnections::new(count as u32, is_even, true);
        let mut servers: Vec<_> = weights.iter().map(|&weight| (0, weight, false)).collect();
        let mut turn = 0;
        for step in 0..5_000 {
            let word = mix(step, count as u64);
            let server = (word >> 40) as usize % count;
            if word.is_multiple_of(8) {
                let is_barred = &mut servers[server].2;
                *is_barred = !*is_barred;
                for field in [&mut field, &mut drawn] {
                    if *is_barred { field.bar(server) } else { field.admit(server) }
                }
            }
            let expected = scan(&servers, turn);
            assert_eq!(field.pick(None), expected);
            let tie = drawn.pick(Some(word));
            assert_eq!(tie.is_some(), expected.is_some());
            let load_of = |(load, weight, _): (u64, u64, bool)| (load << 32) / weight;
            if let (Some(tie), Some(best)) = (tie, expected) {
                assert!(!servers[tie].2);
                assert_eq!(load_of(servers[tie]), load_of(servers[best]));
            }
            let changes = [expected.map(|it| (it, 1)), Some((server, u64::MAX))];
            turn = expected.unwrap_or(turn);
            for (it, change) in changes.into_iter().flatten() {
                let load = servers[it].0.saturating_add_signed(change as i64);
                servers[it].0 = load;
                for field in [&mut field, &mut drawn] {
                    field.set_load(it, load as u32, weights[it] as u32);
                }
            }
        }
    }

    #[test]
    fn the_same_as_a_scan() {
        check(&[1]);
        check(&[1; 10]);
        check(&[7; 40]);
        check(&[3, 1, 2]);
        let weights: Vec<u64> = (0..300).map(|it| 65_535 - it % 7).collect();
        check(&weights);
    }

    #[test]
    fn each_tie_is_drawn_as_often() {
        let mut drawn = LeastConnections::new(40, true, true);
        for server in (0..40).filter(|it| it % 4 != 0) {
            drawn.set_load(server, 1, 1);
        }
        let mut hits = [0_u32; 40];
        for key in 0..10_000 {
            hits[drawn.pick(Some(key)).unwrap()] += 1;
        }
        // Five standard errors of a share of a tenth.
        assert!((0..40).all(|it| (it % 4 != 0) == (hits[it] == 0)));
        assert!((0..40).step_by(4).all(|it| hits[it].abs_diff(1_000) < 150), "{hits:?}");
    }
}
