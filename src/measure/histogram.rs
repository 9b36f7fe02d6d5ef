//! Histograms of times with a fixed relative error, and exact moments beside them.
//!
//! Log-linear: each octave is cut into `2^BITS` buckets of equal width, so a bucket is at most
//! `2^-BITS` of its values wide; a quantile is interpolated in its bucket and at most that far off.
//! Below 4 µs all buckets are as wide as those at 4 µs, and the last bucket begins below 2.4 hours;
//! what is longer is counted there, and the exact maximum is kept.

use super::{rows, sparse};
use crate::engine::time::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Buckets below 2^12 ns (4 µs) have one width.
const LINEAR_BITS: u32 = 12;
/// Values from 2^43 ns (2.4 hours) on share the last bucket.
const TOP_BITS: u32 = 43;

/// 16 buckets an octave: quantiles within 6.3%. 64 bytes an octave, 2 KiB at most.
pub type Compact = Histogram<4, u32>;
/// 128 buckets an octave: quantiles within 0.8%. 1 KiB an octave, 32 KiB at most.
pub type Fine = Histogram<7, u64>;

const _: () = assert!(Compact::BUCKETS * size_of::<u32>() == 2048);

/// The finest cut into buckets, of which every other one is a coarsening.
const FINEST_BITS: u32 = 7;

/// How long something was, to the width of one of the finest buckets: found once for all
/// histograms that count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(usize);

impl Size {
    /// Of a time.
    #[inline]
    pub fn of(value: Span) -> Size {
        let units = value.nanos() >> (LINEAR_BITS - FINEST_BITS);
        // Below 2^FINEST_BITS units a bucket is a unit; `| 1` only keeps the logarithm defined.
        let octave = (units | 1).ilog2().max(FINEST_BITS) - FINEST_BITS;
        Size(((octave as usize) << FINEST_BITS) + (units >> octave) as usize)
    }
}

/// A counter in a histogram.
pub trait Counter: Copy + Default + Into<u64> {
    /// Adds; a full counter stays full.
    fn add(&mut self, more: u64);
}

impl Counter for u32 {
    #[inline]
    fn add(&mut self, more: u64) {
        *self = self.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
    }
}

impl Counter for u64 {
    #[inline]
    fn add(&mut self, more: u64) {
        *self = self.saturating_add(more);
    }
}

/// Octaves that there is room for before they are needed.
const MORE_OCTAVES: usize = 4;

/// Counts by size, with `2^BITS` buckets an octave. It holds the octaves from its shortest value to
/// its longest one: there may be thousands of histograms, and most values are alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram<const BITS: u32, C> {
    counts: Vec<C>,
    /// The bucket of the first count.
    first: usize,
}

impl<const BITS: u32, C: Counter> Histogram<BITS, C> {
    /// How many buckets there are.
    pub const BUCKETS: usize = ((TOP_BITS - LINEAR_BITS + 1) << BITS) as usize;
    /// The narrowest buckets are 2 to the power of this many nanoseconds wide.
    const UNIT_BITS: u32 = LINEAR_BITS - BITS;

    /// A bucket is 2 to the power of the missing bits of the finest ones, neighbours of each other.
    #[inline]
    fn bucket(size: Size) -> usize {
        size.0 >> (FINEST_BITS - BITS)
    }

    /// From where to where a bucket goes, in nanoseconds.
    fn edges(bucket: usize) -> (u64, u64) {
        let octave = (bucket >> BITS).saturating_sub(1);
        let low = ((bucket - (octave << BITS)) as u64) << octave;
        (low << Self::UNIT_BITS, (low + (1 << octave)) << Self::UNIT_BITS)
    }

    /// From where to where the truth may lie of a quantile that came out as this, in seconds: the
    /// edges of its bucket.
    pub fn edges_around(quantile_s: f64) -> (f64, f64) {
        let nanos = Span::from_nanos((quantile_s * 1e9) as u64);
        let bucket = Self::bucket(Size::of(nanos)).min(Self::BUCKETS - 1);
        let (low, high) = Self::edges(bucket);
        (low as f64 / 1e9, high as f64 / 1e9)
    }

    /// Counts a value.
    #[inline]
    pub fn record(&mut self, size: Size) {
        match self.counts.get_mut(Self::bucket(size).wrapping_sub(self.first)) {
            Some(count) => count.add(1),
            None => self.record_outside(size),
        }
    }

    /// How many values of about this size there are.
    #[inline]
    pub fn like(&self, size: Size) -> u64 {
        let place = Self::bucket(size).wrapping_sub(self.first);
        self.counts.get(place).map_or(0, |&count| count.into())
    }

    /// Counts a value of this size if it is longer than zero: zeros are known exactly elsewhere,
    /// and where most values are zero no bucket is touched.
    #[inline]
    pub fn record_positive(&mut self, value: Span, size: Size) {
        if !value.is_zero() {
            self.record(size);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_outside(&mut self, size: Size) {
        let bucket = Self::bucket(size).min(Self::BUCKETS - 1);
        let octave = bucket >> BITS << BITS;
        self.reach(octave, octave + (1 << BITS));
        self.counts[bucket - self.first].add(1);
    }

    /// Makes room for the buckets from `from` to before `until`, which are whole octaves, and for some
    /// more on either side of them: few values come in before an octave next to theirs has its first, and
    /// there are thousands of histograms to be moved.
    fn reach(&mut self, from: usize, until: usize) {
        if self.counts.is_empty() {
            self.first = from;
        }
        let first = self.first.min(from);
        let len = until.max(self.first + self.counts.len()) - first;
        if len > self.counts.capacity() {
            let room = (len + (MORE_OCTAVES << BITS)).min(Self::BUCKETS);
            self.counts.reserve_exact(room - self.counts.len());
        }
        let missing = self.first - first;
        if missing > 0 {
            self.counts.splice(..0, std::iter::repeat_n(C::default(), missing));
            self.first = first;
        }
        self.counts.resize(len, C::default());
    }

    /// Takes in the counts of `other`.
    pub fn merge(&mut self, other: &Histogram<BITS, C>) {
        if other.counts.is_empty() {
            return;
        }
        self.reach(other.first, other.first + other.counts.len());
        let mine = &mut self.counts[other.first - self.first..];
        for (mine, &theirs) in mine.iter_mut().zip(&other.counts) {
            mine.add(theirs.into());
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|&count| count.into()).sum()
    }

    /// How many values are of this size or larger, its bucket included.
    pub fn from(&self, size: Size) -> u64 {
        let bucket = Self::bucket(size).min(Self::BUCKETS - 1);
        let place = bucket.saturating_sub(self.first).min(self.counts.len());
        self.counts[place..].iter().map(|&count| count.into()).sum()
    }

    /// The value below which this share lies, in seconds; `None` if there is no value at all.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.at_rank(rank(share, count)))
    }

    /// The value of this rank (1 the smallest), in seconds.
    fn at_rank(&self, rank: u64) -> f64 {
        let (passed, mut seen) = rows::before(&self.counts, rank);
        for (bucket, &here) in (self.first + passed..).zip(&self.counts[passed..]) {
            let here = here.into();
            if seen + here >= rank {
                let (low, high) = Self::edges(bucket);
                // As if the values in the bucket lay evenly in it.
                let inside = ((rank - seen) as f64 - 0.5) / here as f64;
                return (low as f64 + inside * (high - low) as f64) / 1e9;
            }
            seen += here;
        }
        unreachable!("no value has rank {rank}");
    }
}

impl<const BITS: u32, C: Counter> Serialize for Histogram<BITS, C> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        sparse::with_bytes(self.first, &self.counts, |bytes| to.serialize_bytes(bytes))
    }
}

impl<'de, const BITS: u32, C: Counter> Deserialize<'de> for Histogram<BITS, C> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let read = sparse::from_bytes(<&[u8]>::deserialize(from)?, Self::BUCKETS);
        let (first, read) = read.ok_or_else(|| D::Error::custom("no counts of a histogram"))?;
        let mut counts = vec![C::default(); read.len()];
        counts.iter_mut().zip(read).for_each(|(mine, count)| mine.add(count));
        Ok(Histogram { counts, first })
    }
}

/// The smallest rank that leaves at most `1 - share` of `count` values above it.
fn rank(share: f64, count: u64) -> u64 {
    ((share * count as f64).ceil() as u64).clamp(1, count)
}

/// What is known exactly about a set of times: no buckets, no rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    /// How many.
    pub count: u64,
    /// How many of them were exactly zero.
    pub zeros: u64,
    /// Their sum in nanoseconds.
    pub sum_ns: u128,
    /// The sum of their squares, in square nanoseconds.
    pub squares_ns2: u128,
    /// The longest, in nanoseconds.
    pub max_ns: u64,
}

impl Moments {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        let nanos = value.nanos();
        self.count += 1;
        if nanos == 0 {
            self.zeros += 1;
            return;
        }
        self.sum_ns += u128::from(nanos);
        // 2^16 values of 2.28 years, all the time there is, would be needed to fill it.
        self.squares_ns2 += u128::from(nanos) * u128::from(nanos);
        self.max_ns = self.max_ns.max(nanos);
    }

    /// Takes in what `other` knows.
    pub fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.zeros += other.zeros;
        self.sum_ns += other.sum_ns;
        self.squares_ns2 = self.squares_ns2.saturating_add(other.squares_ns2);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// The mean in seconds; `None` of nothing.
    pub fn mean_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / (self.count as f64 * 1e9))
    }

    /// The mean square in square seconds; `None` of nothing.
    pub fn second_moment_s2(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squares_ns2 as f64 / (self.count as f64 * 1e18))
    }

    /// The share that was longer than zero; `None` of nothing.
    pub fn positive_share(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.count - self.zeros) as f64 / self.count as f64)
    }

    /// The longest in seconds; `None` of nothing.
    pub fn max_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.max_ns as f64 / 1e9)
    }
}

/// A histogram with exact moments, whose quantiles never exceed the exact maximum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(bound = "C: Counter")]
pub struct Times<const BITS: u32, C> {
    /// By size.
    pub histogram: Histogram<BITS, C>,
    /// Exactly.
    pub moments: Moments,
}

impl<const BITS: u32, C: Counter> Times<BITS, C> {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        self.record_sized(value, Size::of(value));
    }

    /// Counts a value whose size is known.
    #[inline]
    pub fn record_sized(&mut self, value: Span, size: Size) {
        self.moments.record(value);
        self.histogram.record_positive(value, size);
    }

    /// Takes in the values of `other`.
    pub fn merge(&mut self, other: &Times<BITS, C>) {
        self.moments.merge(&other.moments);
        self.histogram.merge(&other.histogram);
    }

    /// The value below which this share lies, in seconds; `None` if there is no value at all.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let Moments { count, zeros, .. } = self.moments;
        let max = self.moments.max_s()?;
        let rank = rank(share, count);
        Some(if rank <= zeros { 0.0 } else { self.histogram.at_rank(rank - zeros).min(max) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(nanos: u64) -> Size {
        Size::of(Span::from_nanos(nanos))
    }

    fn check_width<const BITS: u32, C: Counter>(nanos: u64) {
        let bucket = Histogram::<BITS, C>::bucket(size(nanos));
        let (low, high) = Histogram::<BITS, C>::edges(bucket);
        assert!(low <= nanos && nanos < high, "{nanos} not in {low}..{high}");
        let width = high - low;
        assert!(nanos < 4096 || width as f64 <= low as f64 / f64::from(1 << BITS), "{low}..{high}");
    }

    #[test]
    fn the_last_bucket_takes_what_is_longer() {
        fn check<const BITS: u32, C: Counter>() {
            for nanos in [(1 << 43) - 1, 1 << 43, u64::MAX] {
                let mut histogram = Histogram::<BITS, C>::default();
                histogram.record(size(nanos));
                assert_eq!(histogram.first + histogram.counts.len(), Histogram::<BITS, C>::BUCKETS);
                assert_eq!(histogram.counts.last().copied().map(Into::into), Some(1));
            }
        }
        check::<4, u32>();
        check::<7, u64>();
    }

    #[test]
    fn a_quantile_lies_in_its_bucket() {
        for nanos in [3_u64, 5_000, 10_010_000, 7_000_000_000] {
            let mut histogram = Fine::default();
            histogram.record(size(nanos));
            let quantile = histogram.quantile(0.5).unwrap();
            let (low, high) = Fine::edges_around(quantile);
            let truth = nanos as f64 / 1e9;
            assert!((low..high).contains(&truth) && (low..high).contains(&quantile), "{nanos}");
        }
    }

    #[test]
    fn how_many_are_as_large() {
        let mut histogram = Fine::default();
        assert_eq!(histogram.from(size(0)), 0);
        for millis in [1, 2, 4, 8, 1 << 40] {
            histogram.record(size(millis * 1_000_000));
        }
        let from = |millis: u64| histogram.from(size(millis * 1_000_000));
        assert_eq!([from(0), from(1), from(3), from(8), from(9)], [5, 5, 3, 2, 1]);
        assert_eq!((histogram.from(size(u64::MAX)), histogram.count()), (1, 5));
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Fine::default().quantile(0.5), None);
        assert_eq!(Times::<7, u64>::default().quantile(0.5), None);
    }

    #[test]
    fn zeros_are_exact() {
        let mut times = Times::<4, u32>::default();
        (0..60).for_each(|_| times.record(Span::ZERO));
        (0..40).for_each(|_| times.record(Span::from_millis(10)));
        assert_eq!(times.quantile(0.6), Some(0.0));
        assert!((times.quantile(0.61).unwrap() - 0.01).abs() < 0.01 / 16.0);
        assert_eq!(times.moments.positive_share(), Some(0.4));
        assert_eq!(times.moments.mean_s(), Some(0.004));
    }

    proptest! {
        #[test]
        fn every_value_lies_in_its_bucket(nanos in prop_oneof![0u64..10_000, 0u64..(1 << 43)]) {
            check_width::<4, u32>(nanos);
            check_width::<7, u64>(nanos);
        }

        #[test]
        fn parts_make_the_whole(values in prop::collection::vec(0u64..1 << 40, 1..200), cut in 0usize..200) {
            let (mut whole, mut left, mut right) = (Times::<7, u64>::default(), Times::default(), Times::default());
            for (number, &value) in values.iter().enumerate() {
                let value = Span::from_nanos(value);
                whole.record(value);
                if number < cut { left.record(value) } else { right.record(value) }
            }
            left.merge(&right);
            prop_assert_eq!(&left, &whole);
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let median = sorted[(sorted.len() - 1) / 2] as f64 / 1e9;
            let got = whole.quantile(0.5).unwrap();
            prop_assert!((got - median).abs() <= median * 0.008 + 32e-9, "{} for {}", got, median);
        }
    }
}
