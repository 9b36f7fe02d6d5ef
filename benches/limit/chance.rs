//! Luck for the loops: wyrand, the fastest generator that passes the usual tests of randomness.

use simulate::engine::maths::{ln, unit};

/// A sequence of uniform words.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
    /// The next exponential, of mean 1: drawn ahead, so that no event waits for a logarithm.
    ahead: f64,
}

impl Dice {
    pub fn new(seed: u64) -> Dice {
        let mut dice = Dice { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), ahead: 0.0 };
        dice.exponential(0.0);
        dice
    }

    /// Wang Yi's wyrand: a counter and one multiplication of 64 by 64 bits, folded.
    #[inline]
    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0xA076_1D64_78BD_642F);
        let product = u128::from(self.state) * u128::from(self.state ^ 0xE703_7ED1_A0B4_28DB);
        (product >> 64) as u64 ^ product as u64
    }

    /// Uniform in `0 .. bound`.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    /// Whole units, with this mean.
    #[inline]
    pub fn exponential(&mut self, mean: f64) -> u64 {
        let span = (self.ahead * mean + 0.5) as u64;
        self.ahead = -ln(unit(self.word()));
        span
    }
}
