//! What visitors waited: three significant digits from 1 µs to an hour, and exact moments.

use hdrhistogram::Histogram as Hdr;

use super::histogram::Moments;
use crate::engine::time::Span;

/// Lowest and highest value told apart, in nanoseconds, and significant digits: one configuration
/// everywhere, for only histograms of the same one can be added.
const LOW_NS: u64 = 1_000;
const HIGH_NS: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

/// Latencies of one kind of request and outcome. 192 KiB once it holds a value.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// By size. `None`: no value yet.
    hdr: Option<Box<Hdr<u64>>>,
    /// Exactly.
    pub moments: Moments,
    /// How many were longer than an hour and counted as one.
    pub saturated: u64,
}

impl Latency {
    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: Span) {
        self.moments.record(value);
        self.saturated += u64::from(value.nanos() > HIGH_NS);
        self.histogram().saturating_record(value.nanos());
    }

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

    #[test]
    fn three_digits_and_the_exact_maximum() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(0.5), None);
        (1..=1000).for_each(|millis| latency.record(Span::from_millis(millis)));
        let median = latency.quantile(0.5).unwrap();
        assert!((median - 0.5).abs() < 0.0005, "{median}");
        assert_eq!(latency.quantile(1.0), Some(1.0));
        assert_eq!(latency.moments.mean_s(), Some(0.5005));
    }

    #[test]
    fn more_than_an_hour_is_counted() {
        let mut latency = Latency::default();
        latency.record(Span::from_seconds(7200.0));
        assert_eq!((latency.saturated, latency.moments.max_s()), (1, Some(7200.0)));
        assert!(latency.quantile(0.5).unwrap() >= 3600.0);
    }

    #[test]
    fn parts_make_the_whole() {
        let of = |millis: &[u64]| {
            let mut latency = Latency::default();
            for &millis in millis {
                latency.record(Span::from_millis(millis));
            }
            latency
        };
        let (whole, mut left, right) = (of(&[3, 70, 900]), of(&[3]), of(&[70, 900]));
        left.merge(&right);
        assert_eq!(left.quantile(0.9), whole.quantile(0.9));
        assert_eq!(left.moments, whole.moments);
    }
}
