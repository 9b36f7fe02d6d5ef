//! A digest of everything that happened, in order: equal digests, equal runs.
//!
//! A rolling fold to 128 bits: every step is a bijection of the state for a given word, so two runs
//! that differ once cannot meet again by losing bits, only by a coincidence of 2^-128. It guards
//! against accidents, not against forgers.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Folds words, in order, to 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.fold(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[u64]) -> Digest {
        let mut digest = Digest::new();
        for word in words {
            digest.fold(*word);
        }
        digest
    }

    #[test]
    fn bits_are_pinned() {
        assert_eq!(of(&[]).to_string(), "0".repeat(32));
        assert_eq!(of(&[1, 2, 3]).to_string(), "fa8a1e3728e9230a05994a7a33359d48");
        let mut digest = Digest::new();
        digest.fold_bytes(b"a name of more than eight bytes");
        assert_eq!(digest.to_string(), "d61f61f80a84ca0a8ccadbf72c4bb7d7");
        digest.fold_digest(of(&[7]));
        assert_eq!(digest.words(), [0x4F1F_DD77_52DE_29DD, 0x40A4_6CC3_5A82_D7AE]);
    }

    #[test]
    fn order_length_and_every_bit_count() {
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[0]), of(&[0, 0]));
        assert_ne!(of(&[]), of(&[0]));
        let (mut short, mut long) = (Digest::new(), Digest::new());
        short.fold_bytes(b"a");
        long.fold_bytes(b"a\0");
        assert_ne!(short, long);
        let words = [5; 20];
        for flipped in 0..20 * 64 {
            let mut other = words;
            other[flipped / 64] ^= 1 << (flipped % 64);
            assert_ne!(of(&words), of(&other), "bit {flipped}");
        }
    }

    /// Two differences one after the other must not cancel: the usual weakness of rolling folds.
    #[test]
    fn neighbouring_differences_do_not_cancel() {
        let mut seen: Vec<[u64; 2]> = Vec::new();
        for first in 0..64 {
            for second in 0..64 {
                seen.push(of(&[1 << first, 1 << second, 9]).words());
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 64 * 64);
        // Nor may they leave half of the digest as it was.
        for half in 0..2 {
            let mut halves: Vec<u64> = seen.iter().map(|words| words[half]).collect();
            halves.sort_unstable();
            halves.dedup();
            assert_eq!(halves.len(), 64 * 64);
        }
    }
}
