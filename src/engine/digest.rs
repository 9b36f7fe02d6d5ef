//! A digest of everything that happened, in order: equal digests, equal runs.
//!
//! A rolling fold to 128 bits: every step is a bijection of the state for a given word, so two runs
//! that differ once cannot meet again by losing bits, only by a coincidence of 2^-128. It guards
//! against accidents, not against forgers.

use std::fmt;

/// Folds words, in order, to 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    state: u128,
}

/// An odd multiplier of 64 bits (two machine multiplications for 128 by 64): Steele and Vigna,
/// "Computationally easy, spectrally good multipliers", for 128-bit states.
const MULTIPLIER: u128 = 0xDA94_2042_E4DD_58B5;
/// The golden ratio's fraction; without it a run of zeros would not count.
const INCREMENT: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

impl Digest {
    /// Of nothing.
    pub const fn new() -> Digest {
        Digest { state: 0 }
    }

    /// Takes in one more word.
    #[inline]
    pub fn fold(&mut self, word: u64) {
        let taken = (self.state ^ u128::from(word)).wrapping_mul(MULTIPLIER);
        // A multiplication carries upwards only; turning brings the well-mixed half down.
        self.state = taken.wrapping_add(INCREMENT).rotate_right(61);
    }

    /// Takes in a string of bytes and its length.
    pub fn fold_bytes(&mut self, bytes: &[u8]) {
        self.fold(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
    }

    /// Takes in another digest: of a replication into that of its experiment.
    pub fn fold_digest(&mut self, other: Digest) {
        for word in other.words() {
            self.fold(word);
        }
    }

    /// Both halves, to be written down; the more significant first.
    pub fn words(self) -> [u64; 2] {
        [(self.state >> 64) as u64, self.state as u64]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.state)
    }
}
