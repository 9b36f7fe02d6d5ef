//! What visitors waited: three significant digits from 1 µs to an hour, and exact moments.
//!
//! While a site runs, requests are counted in an array that has the buckets of the HDR histogram and
//! nothing else; it becomes one when the replication is over.

use hdrhistogram::Histogram as Hdr;
use serde::{Deserialize, Serialize};

use super::histogram::Moments;
use crate::engine::time::Span;

/// Lowest and highest value told apart, in nanoseconds, and significant digits: one configuration
/// everywhere, for only histograms of the same one can be added.
const LOW_NS: u64 = 1_000;
const HIGH_NS: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

/// How the HDR histogram of these bounds is cut: a unit has 2^9 ns, an octave 2^10 buckets (below it
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
        let mut latency = Latency { hdr: None, moments: self.moments, saturated: self.saturated };
        for (bucket, &count) in self.counts.iter().enumerate() {
            if count > 0 {
                latency.histogram().saturating_record_n(least(bucket), count);
            }
        }
        latency
    }
}

/// Latencies of one kind of request and outcome. 192 KiB once it holds a value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    /// By size. `None`: no value yet.
    #[serde(with = "v2")]
    hdr: Option<Box<Hdr<u64>>>,
    /// Exactly.
    pub moments: Moments,
    /// How many were longer than an hour and counted as one.
    pub saturated: u64,
}

/// The HDR histogram's own format, version 2, not compressed.
mod v2 {
    use super::Hdr;
    use hdrhistogram::serialization::{Deserializer as V2Reader, Serializer as _, V2Serializer};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _, ser::Error as _};

    #[expect(clippy::ref_option, reason = "as serde calls it")]
    pub(super) fn serialize<S: Serializer>(
        hdr: &Option<Box<Hdr<u64>>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        if let Some(hdr) = hdr {
            V2Serializer::new().serialize(hdr, &mut bytes).map_err(S::Error::custom)?;
        }
        to.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Box<Hdr<u64>>>, D::Error> {
        let bytes = <&[u8]>::deserialize(from)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let read = V2Reader::new().deserialize(&mut &bytes[..]);
        read.map(|hdr| Some(Box::new(hdr))).map_err(|_| D::Error::custom("no histogram"))
    }
}

impl Latency {
    fn histogram(&mut self) -> &mut Hdr<u64> {
        self.hdr.get_or_insert_with(|| {
            let empty = Hdr::new_with_bounds(LOW_NS, HIGH_NS, DIGITS);
            Box::new(empty.expect("the bounds are constants"))
        })
    }

    /// Takes in the values of `other`.
    pub fn merge(&mut self, other: &Latency) {
        self.moments.merge(&other.moments);
        self.saturated += other.saturated;
        if let Some(theirs) = &other.hdr {
            self.histogram().add(&**theirs).expect("one configuration everywhere");
        }
    }

    /// The value below which this share lies, in seconds; `None` if there is no value at all.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let max = self.moments.max_s()?;
        let hdr = self.hdr.as_ref().filter(|_| share < 1.0);
        let Some(hdr) = hdr else { return Some(max) };
        let zeros = self.moments.zeros;
        if zeros > 0 && share * self.moments.count as f64 <= zeros as f64 {
            return Some(0.0);
        }
        let top = hdr.value_at_quantile(share);
        // The middle of the bucket, rather than its upper end: without bias.
        let bottom = hdr.lowest_equivalent(top);
        Some(((top + bottom) as f64 / 2e9).min(max))
    }
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

    proptest! {
        /// The array has the buckets of the histogram that it becomes.
        #[test]
        fn buckets_are_those_of_the_histogram(shift in 0u32..64, bits in any::<u64>()) {
            let nanos = Span::from_nanos(bits >> shift);
            let mut expected = Latency::default();
            expected.histogram().saturating_record(nanos.nanos());
            let counted = |latency: &Latency| {
                let recorded = latency.hdr.as_ref().unwrap().iter_recorded();
                recorded.map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
            };
            let (got, expected): (Vec<_>, Vec<_>) = (counted(&of([nanos])), counted(&expected));
            prop_assert_eq!(got, expected);
        }
    }
}
