//! Is it luck? Every test is a standard score over fixed inputs: the same figure for ever, so a
//! bound of 4.5 is no gamble but what a good hash stays below, and a poor one misses by thousands.

use super::*;

type Hash = fn(u64, u64) -> u64;
type Inputs = fn(u64) -> (u64, u64);

/// What is tested, on raw counters in one argument, in the other, and in both.
const HASHES: [(&str, Hash); 2] = [("mix", mix), ("draw", draw)];
const COUNTERS: [(&str, Inputs); 7] = [
    ("first counts", |n| (n, 1)),
    ("second counts", |n| (1, n)),
    ("first counts in steps of 2^40", |n| (n << 40, 0)),
    ("second counts in steps of 2^40", |n| (0, n << 40)),
    ("both count", |n| (n, n)),
    ("a grid", |n| (n >> 10, n & 0x3FF)),
    ("against each other", |n| (n, n.wrapping_neg())),
];
const SCORE_MAX: f64 = 4.5;

/// One folded multiplication, to see that the tests can tell.
fn one_fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ PI[0]) * u128::from(b ^ PI[2]);
    product as u64 ^ (product >> 64) as u64
}

fn words(hash: Hash, inputs: Inputs) -> Vec<u64> {
    (0..1 << 20).map(inputs).map(|(a, b)| hash(a, b)).collect()
}

/// The standard score of counts that should all be alike.
fn chi_square(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    let expected = total / counts.len() as f64;
    let freedom = (counts.len() - 1) as f64;
    let off = |count: &u32| (f64::from(*count) - expected) * (f64::from(*count) - expected);
    (counts.iter().map(off).sum::<f64>() / expected - freedom) / (2.0 * freedom).sqrt()
}

/// The worst score of the bytes of words, each byte by itself.
fn uniformity(words: &[u64]) -> f64 {
    let scores = (0..8).map(|byte| {
        let mut counts = [0; 256];
        for word in words {
            counts[(word >> (8 * byte)) as usize & 0xFF] += 1;
        }
        chi_square(&counts).abs()
    });
    scores.fold(0.0, f64::max)
}

/// The worst score of pairs of neighbours: the top bits of both in a square, and the low bits.
fn pairs(words: &[u64], apart: usize) -> f64 {
    let scores = [60, 0].into_iter().map(|shift| {
        let mut counts = [0; 256];
        for (word, next) in words.iter().zip(&words[apart..]) {
            counts[(word >> shift & 15 | (next >> shift & 15) << 4) as usize] += 1;
        }
        chi_square(&counts).abs()
    });
    scores.fold(0.0, f64::max)
}

/// The score of the correlation of neighbours as uniform numbers.
fn correlation(words: &[u64], apart: usize) -> f64 {
    let units: Vec<f64> = words.iter().map(|word| maths::unit(*word) - 0.5).collect();
    let products: f64 = units.iter().zip(&units[apart..]).map(|(left, right)| left * right).sum();
    // A product of two has the variance 1/144.
    (products * 12.0 / ((units.len() - apart) as f64).sqrt()).abs()
}

fn worst(words: &[u64]) -> f64 {
    let mut worst = uniformity(words);
    for apart in [1, 2, 3, 16, 256, 1024] {
        worst = worst.max(pairs(words, apart)).max(correlation(words, apart));
    }
    worst
}

#[test]
fn raw_counters_become_uniform_and_independent() {
    for (name, hash) in HASHES {
        for (what, inputs) in COUNTERS {
            let score = worst(&words(hash, inputs));
            assert!(score < SCORE_MAX, "{name}, {what}: {score}");
        }
    }
}

#[test]
fn one_fold_would_not_do() {
    let score = worst(&words(one_fold, |n| (n, 1)));
    assert!(score > 1000.0, "{score}");
}

#[test]
fn the_two_hashes_are_independent_of_each_other() {
    for (what, inputs) in COUNTERS {
        let both = words(mix, inputs).into_iter().zip(words(draw, inputs));
        let score =
            correlation(&both.flat_map(|(left, right)| [left, right]).collect::<Vec<_>>(), 1);
        assert!(score < SCORE_MAX, "{what}: {score}");
    }
}

#[test]
fn every_bit_of_either_argument_turns_half_of_the_result() {
    const SAMPLES: u32 = 4096;
    for (name, hash) in HASHES {
        for bit in 0..128 {
            let flip = 1_u128 << bit;
            let mut turned = [0_u32; 64];
            for sample in 0..u64::from(SAMPLES) {
                let (key, place) = (sample, sample >> 6);
                let changed = hash(key ^ flip as u64, place ^ (flip >> 64) as u64);
                let difference = hash(key, place) ^ changed;
                turned
                    .iter_mut()
                    .zip(0..)
                    .for_each(|(count, at)| *count += (difference >> at & 1) as u32);
            }
            let half = f64::from(SAMPLES) / 2.0;
            let scores = turned.map(|count| (f64::from(count) - half).abs() / (half / 2.0).sqrt());
            let score = scores.into_iter().fold(0.0, f64::max);
            // The worst of 16,384 scores.
            assert!(score < 5.0, "{name}, bit {bit}: {score}");
        }
    }
}

#[test]
fn a_factor_of_nothing_leaves_the_other() {
    let inputs: [(Hash, Inputs); 4] = [
        (mix, |n| (PI[0], n)),
        (mix, |n| (n, PI[2])),
        (draw, |n| (PI[1], n)),
        (draw, |n| (n, PI[3])),
    ];
    for (hash, inputs) in inputs {
        assert_all_differ(words(hash, inputs));
    }
}

fn assert_all_differ(mut words: Vec<u64>) {
    let count = words.len();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), count);
}

#[test]
fn keys_of_a_million_visitors_differ() {
    let mut keys = words(mix, |n| (n >> 10, n & 0x3FF));
    keys.extend(words(draw, |n| (n >> 10, n & 0x3FF)));
    assert_all_differ(keys);
}

#[test]
fn hashes_are_pinned() {
    let found = [
        mix(0, 0),
        mix(1, 2),
        mix(2, 1),
        mix(u64::MAX, 57_581_445),
        draw(0, 0),
        draw(1, 2),
        draw(2, 1),
        draw(u64::MAX, 57_581_445),
        name_key(""),
        name_key("web"),
        name_key("arrivals/visitors"),
    ];
    assert_eq!(found.map(|word| format!("{word:016x}")), HASH_PINS);
}

#[test]
fn names_of_all_lengths_differ() {
    let name = "service.application.endpoint.checkout";
    let mut keys: Vec<u64> = (0..=name.len()).map(|end| name_key(&name[..end])).collect();
    keys.extend([name_key("\0"), name_key("a\0"), name_key("ab"), name_key("ba")]);
    assert_all_differ(keys);
}

#[test]
fn streams_are_pinned() {
    let mut stream = Stream::named(57_581_445, name_key("arrivals/visitors"), 0);
    let found = [stream.word(), stream.word(), stream.word()].map(|word| format!("{word:016x}"));
    assert_eq!(found, STREAM_PINS);
    stream.rekey(1);
    assert_eq!(format!("{:016x}", stream.word()), REKEYED_PIN);
}

#[test]
fn no_salt_changes_nothing() {
    let mut stream = Stream::named(1, 2, 0);
    stream.word();
    let mut forked = stream.clone();
    forked.rekey(0);
    for _ in 0..100 {
        assert_eq!(forked.word(), stream.word());
    }
}

#[test]
fn a_rekeyed_stream_keeps_nothing() {
    let fresh: Vec<u64> = draws(&mut Stream::named(1, 2, 3));
    let mut used = Stream::named(1, 2, 0);
    let before = draws(&mut used);
    used.rekey(3);
    // Whatever was drawn, and in the middle of a block as well.
    assert_eq!(draws(&mut used), fresh);
    assert!(before.iter().all(|word| !fresh.contains(word)));
    used.rekey(3);
    assert!(draws(&mut used).iter().all(|word| !fresh.contains(word)));
}

fn draws(stream: &mut Stream) -> Vec<u64> {
    (0..37).map(|_| stream.word()).collect()
}

#[test]
fn streams_that_are_named_alike_are_independent() {
    let mut words = Vec::new();
    for seed in 0..32 {
        for place in 0..32 {
            for salt in 0..32 {
                words.push(Stream::named(seed, place, salt).word());
            }
        }
    }
    let score = worst(&words);
    assert!(score < SCORE_MAX, "{score}");
}

const HASH_PINS: [&str; 11] = [
    "0e15937e8fde231c",
    "53153360b64e437b",
    "76ec9da69f2c2d1b",
    "444be11c5de8d4b0",
    "1ce3eb28c0dc9f94",
    "2d79d4afefc0deeb",
    "179a849cb6822a4f",
    "9b47a336736600be",
    "c1ade3f7595417fc",
    "7c895245500695d0",
    "8cdd1aeed3432e4b",
];
const STREAM_PINS: [&str; 3] = ["716b825dd9eb11ee", "d668df25aa1b3732", "d733ddde869f7da6"];
const REKEYED_PIN: &str = "ab5abb4e567c08b9";
