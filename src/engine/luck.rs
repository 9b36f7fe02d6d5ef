//! Luck: keyed hashes for draws that belong to someone, named streams for those that do not.
//!
//! A draw is a hash of a key (whose luck) and a place (what for), never the next number of a
//! sequence that another could shift. Both arguments may be raw counters: two multiplications of
//! 64 by 64 bits, each folded to its halves, pass the tests below on them; one does not.
//! Arrivals and the like come from named `ChaCha8` streams. Not for secrets.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::maths;

/// Digits 129 to 256 of the hexadecimal fraction of π: constants that hide nothing, and that are
/// not as likely as the first ones to be somebody's seed.
const PI: [u64; 8] = [
    0x9216_D5D9_8979_FB1B,
    0xD131_0BA6_98DF_B5AC,
    0x2FFD_72DB_D01A_DFB7,
    0xB8E1_AFED_6A26_7E96,
    0xBA7C_9045_F12C_7F99,
    0x24A1_9947_B391_6CF7,
    0x0801_F2E2_858E_FC16,
    0x6369_20D8_7157_4E69,
];

/// The key of one part of a whole: a visitor of a workload, a request of a visitor, a loop's round.
#[inline]
pub fn mix(a: u64, b: u64) -> u64 {
    hash(a ^ PI[0], b ^ PI[2], PI[4], PI[6])
}

/// The uniform word that `key` draws at `place`.
#[inline]
pub fn draw(key: u64, place: u64) -> u64 {
    hash(key ^ PI[1], place ^ PI[3], PI[5], PI[7])
}

/// The first product is kept beside its factors, not in their stead: where one of them happens to
/// be 0, the other one still decides.
#[inline]
fn hash(a: u64, b: u64, c: u64, d: u64) -> u64 {
    let first = u128::from(a) * u128::from(b);
    let left = a ^ first as u64 ^ c;
    let right = b ^ (first >> 64) as u64 ^ d;
    let second = u128::from(left) * u128::from(right);
    second as u64 ^ (second >> 64) as u64
}

/// A stable hash of a name, for keys and places.
pub fn name_key(name: &str) -> u64 {
    let mut key = mix(PI[3], name.len() as u64);
    for chunk in name.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        key = mix(key, u64::from_le_bytes(word));
    }
    key
}

/// A named sequence of uniform words, for luck that belongs to no request: arrivals, fsyncs.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What the generator was seeded with; re-keying needs it.
    key: [u64; 4],
    generator: ChaCha8Rng,
    /// Words that were made together, and how many of them are drawn.
    words: [u64; WORDS],
    drawn: usize,
}

/// How many words are made at once: one block of the generator's.
const WORDS: usize = 32;

impl Stream {
    /// The stream of `place` (the hash of its name) in the replication with `seed`. A `salt` other
    /// than 0 gives the stream that `rekey(salt)` would make of it.
    pub fn named(seed: u64, place: u64, salt: u64) -> Stream {
        let key = [0, 1, 2, 3].map(|part| mix(mix(part, seed), place));
        let generator = generator(key);
        let mut stream = Stream { key, generator, words: [0; WORDS], drawn: WORDS };
        stream.rekey(salt);
        stream
    }

    /// The next uniform word.
    #[inline]
    pub fn word(&mut self) -> u64 {
        if self.drawn == WORDS {
            self.make_words();
        }
        self.drawn += 1;
        self.words[self.drawn - 1]
    }

    #[inline(never)]
    fn make_words(&mut self) {
        let mut bytes = [0; 8 * WORDS];
        self.generator.fill_bytes(&mut bytes);
        for (word, &bytes) in self.words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(bytes);
        }
        self.drawn = 0;
    }

    /// The next number in (0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        maths::unit(self.word())
    }

    /// Begins another stream, independent of this one: the same whatever has been drawn so far, so
    /// that two sides of a comparison stay in step. 0 changes nothing.
    pub fn rekey(&mut self, salt: u64) {
        if salt != 0 {
            self.key = self.key.map(|part| mix(part, salt));
            self.generator = generator(self.key);
            self.drawn = WORDS;
        }
    }
}

fn generator(key: [u64; 4]) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (bytes, part) in seed.chunks_exact_mut(8).zip(key) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(seed)
}

#[cfg(test)]
mod tests;
