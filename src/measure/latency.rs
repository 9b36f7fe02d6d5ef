//! What visitors waited: three significant digits from 1 µs to an hour, and exact moments.
//!
//! The buckets are those of the HDR histogram of three digits. While a site runs, requests are counted in
//! an array of all of them; what is kept of it goes from the first that holds any to the last one.

use std::ops::Range;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::{histogram::Moments, rows, sparse};
use crate::engine::time::Span;

/// The highest value told apart, in nanoseconds.
const HIGH_NS: u64 = 3_600_000_000_000;

/// How the HDR histogram of three digits from 1 µs to an hour is cut: a unit has 2^9 ns, an octave 2^10 buckets (below it
/// a bucket is a unit), and there are values up to 2^42 ns (73 minutes).
const UNIT_BITS: u32 = 9;
const OCTAVE_BITS: u32 = 10;
const BUCKETS: usize = ((42 - UNIT_BITS - OCTAVE_BITS + 1) << OCTAVE_BITS) as usize;

#[inline]
fn bucket(nanos: u64) -> usize {
    let units = nanos >> UNIT_BITS;
    // `| 1` only keeps the logarithm defined.
    let octave = (units | 1).ilog2().max(OCTAVE_BITS) - OCTAVE_BITS;
    ((octave as usize) << OCTAVE_BITS) + (units >> octave) as usize
}

/// The least value in a bucket, in nanoseconds.
fn least(bucket: usize) -> u64 {
    let octave = (bucket >> OCTAVE_BITS).saturating_sub(1);
    ((bucket - (octave << OCTAVE_BITS)) as u64) << octave << UNIT_BITS
}

/// Latencies as they come in. 192 KiB once it holds a value, of which a few are in use.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// By bucket.
    counts: Vec<u64>,
    /// Exactly.
    moments: Moments,
    /// How many were longer than an hour.
    saturated: u64,
}

impl Latencies {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        let nanos = value.nanos();
        self.moments.record(value);
        self.saturated += u64::from(nanos > HIGH_NS);
        match self.counts.get_mut(bucket(nanos)) {
            Some(count) => *count += 1,
            None => self.record_first_or_long(nanos),
        }
    }

    #[cold]
    #[inline(never)]
    fn record_first_or_long(&mut self, nanos: u64) {
        self.counts.resize(BUCKETS, 0);
        let bucket = bucket(nanos);
        let bucket = if bucket < BUCKETS { bucket } else { self::bucket(HIGH_NS) };
        self.counts[bucket] += 1;
    }

    /// What came in, to be merged, kept and asked.
    pub fn close(&self) -> Latency {
        let Range { start: first, end } = rows::in_use(&self.counts);
        let counts = Counts { first, counts: self.counts[first..end].to_vec() };
        Latency { counts, moments: self.moments, saturated: self.saturated }
    }
}

/// Latencies of one kind of request and outcome.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    #[serde(with = "written")]
    counts: Counts,
    /// Exactly.
    pub moments: Moments,
    /// How many were longer than an hour and counted as one.
    pub saturated: u64,
}

/// How many by bucket, from the first that has any to the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    first: usize,
    counts: Vec<u64>,
}

impl Counts {
    fn merge(&mut self, other: &Counts) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        let missing = self.first.saturating_sub(other.first);
        if missing > 0 {
            self.counts.splice(..0, std::iter::repeat_n(0, missing));
            self.first = other.first;
        }
        let from = other.first - self.first;
        let until = from + other.counts.len();
        if self.counts.len() < until {
            self.counts.resize(until, 0);
        }
        for (mine, theirs) in self.counts[from..until].iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }
}

mod written {
    use super::{BUCKETS, Counts, sparse};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(it: &Counts, to: S) -> Result<S::Ok, S::Error> {
        sparse::with_bytes(it.first, &it.counts, |bytes| to.serialize_bytes(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Counts, D::Error> {
        let read = sparse::from_bytes(<&[u8]>::deserialize(from)?, BUCKETS);
        let (first, counts) = read.ok_or_else(|| D::Error::custom("no counts of latencies"))?;
        Ok(Counts { first, counts })
    }
}

impl Latency {
    /// Takes in the values of `other`.
    pub fn merge(&mut self, other: &Latency) {
        self.moments.merge(&other.moments);
        self.saturated += other.saturated;
        self.counts.merge(&other.counts);
    }

    /// As the histogram whose buckets these are, in nanoseconds, for whatever reads its formats.
    pub fn hdr(&self) -> Histogram<u64> {
        let mut hdr = empty_hdr();
        let mut add = |nanos, count| {
            if count > 0 {
                hdr.record_n(nanos, count).expect("all buckets are within its bounds");
            }
        };
        let mut zeros = self.moments.zeros;
        add(0, zeros);
        for (bucket, &count) in (self.counts.first..).zip(&self.counts.counts) {
            // Zeros lie in the first.
            add(least(bucket).max(1), count - std::mem::take(&mut zeros));
        }
        hdr
    }

    /// The value below which this share lies, in seconds; `None` if there is no value at all.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        self.ascending()(share)
    }

    /// The values below which these shares lie, the least first, found in one go.
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> [Option<f64>; N] {
        shares.map(self.ascending())
    }

    /// What tells the value below which a share lies, for shares that only grow: all of them are found
    /// in one go.
    pub fn ascending(&self) -> impl FnMut(f64) -> Option<f64> {
        let Moments { count, zeros, .. } = self.moments;
        let Counts { first, counts } = &self.counts;
        let (mut next, mut seen) = (0, 0);
        move |share| {
            let max = self.moments.max_s()?;
            if zeros > 0 && share < 1.0 && share * count as f64 <= zeros as f64 {
                return Some(0.0);
            }
            let rank = ((share * count as f64).ceil() as u64).max(1);
            let (passed, here) = rows::before(&counts[next..], rank.saturating_sub(seen));
            (next, seen) = (next + passed, seen + here);
            while seen < rank && next < counts.len() {
                (next, seen) = (next + 1, seen + counts[next]);
            }
            let bucket = (first + next).saturating_sub(1);
            // The middle of the bucket, rather than its upper end: without bias. Nothing lies below the
            // share of nothing.
            let top = if share > 0.0 { least(bucket + 1) - 1 } else { least(bucket) };
            let middle = (least(bucket) + top) as f64 / 2e9;
            Some(if share < 1.0 { middle.min(max) } else { max })
        }
    }
}

fn empty_hdr() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, HIGH_NS, 3).expect("bounds that make sense")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: impl IntoIterator<Item = Span>) -> Latency {
        let mut latencies = Latencies::default();
        values.into_iter().for_each(|value| latencies.record(value));
        latencies.close()
    }

    #[test]
    fn three_digits_and_the_exact_maximum() {
        assert_eq!(of([]).quantile(0.5), None);
        let latency = of((1..=1000).map(Span::from_millis));
        let median = latency.quantile(0.5).unwrap();
        assert!((median - 0.5).abs() < 0.0005, "{median}");
        assert_eq!(latency.quantile(1.0), Some(1.0));
        assert_eq!(latency.moments.mean_s(), Some(0.5005));
    }

    #[test]
    fn more_than_an_hour_is_counted() {
        let latency = of([Span::from_seconds(7200.0)]);
        assert_eq!((latency.saturated, latency.moments.max_s()), (1, Some(7200.0)));
        assert!(latency.quantile(0.5).unwrap() >= 3600.0);
    }

    #[test]
    fn parts_make_the_whole() {
        let of = |millis: &[u64]| of(millis.iter().map(|&millis| Span::from_millis(millis)));
        let (whole, mut left, right) = (of(&[3, 70, 900]), of(&[3]), of(&[70, 900]));
        left.merge(&right);
        assert_eq!(left.quantile(0.9), whole.quantile(0.9));
        assert_eq!(left.moments, whole.moments);
    }

    /// The histogram whose buckets these are.
    fn hdr(values: &[Span]) -> Histogram<u64> {
        let mut hdr = empty_hdr();
        for value in values {
            hdr.saturating_record(value.nanos());
        }
        hdr
    }

    fn span(shift: u32, bits: u64) -> Span {
        Span::from_nanos(bits >> shift)
    }

    proptest! {
        #[test]
        fn buckets_and_quantiles_are_those_of_the_hdr_histogram(
            values in prop::collection::vec((20u32..64, any::<u64>()), 1..60),
            share in 0.0..1.0_f64,
        ) {
            let values: Vec<Span> = values.into_iter().map(|(shift, bits)| span(shift, bits)).collect();
            let (hdr, latency) = (hdr(&values), of(values.iter().copied()));
            let ours = (latency.counts.first..).zip(&latency.counts.counts);
            let ours: Vec<_> = ours
                .filter(|(_, count)| **count > 0)
                .map(|(bucket, count)| (least(bucket + 1) - 1, *count))
                .collect();
            let theirs = hdr.iter_recorded();
            let theirs: Vec<_> =
                theirs.map(|step| (step.value_iterated_to(), step.count_at_value())).collect();
            prop_assert_eq!(ours, theirs);
            let zeros = latency.moments.zeros as f64;
            if share * values.len() as f64 > zeros {
                let top = hdr.value_at_quantile(share);
                let middle = (top + hdr.lowest_equivalent(top)) as f64 / 2e9;
                let expected = middle.min(latency.moments.max_s().unwrap());
                prop_assert_eq!(latency.quantile(share), Some(expected));
            }
            prop_assert_eq!(&latency.hdr(), &hdr);
            let all = latency.quantiles([0.0, 0.3, 0.9, 0.999, 1.0]);
            let each = [0.0, 0.3, 0.9, 0.999, 1.0].map(|share| latency.quantile(share));
            prop_assert_eq!(all, each);
        }

        #[test]
        fn what_is_written_is_read(
            one in prop::collection::vec((0u32..64, any::<u64>()), 0..40),
            other in prop::collection::vec((0u32..64, any::<u64>()), 0..40),
        ) {
            let of = |values: &[(u32, u64)]| of(values.iter().map(|&(shift, bits)| span(shift, bits)));
            let mut both = of(&one);
            both.merge(&of(&other));
            let bytes = postcard::to_allocvec(&both).unwrap();
            let read: Latency = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&read.counts, &both.counts);
            let whole = of(&[one, other].concat());
            prop_assert_eq!(read.counts, whole.counts);
        }
    }
}
