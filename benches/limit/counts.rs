//! What the loops measure: log-linear counts of the simulator's sizes, and a sum.

/// Buckets below 2^12 ns have one width.
const LINEAR_BITS: u32 = 12;
/// Values from 2^43 ns on share the last bucket.
const TOP_BITS: u32 = 43;

/// Sixteen buckets an octave, as the simulator has them for each instance.
#[derive(Clone, Debug)]
pub struct Counts {
    buckets: Box<[u32; 512]>,
    count: u64,
    zeros: u64,
    sum: u64,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts { buckets: boxed(0), count: 0, zeros: 0, sum: 0 }
    }
}

impl Counts {
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.count += 1;
        self.sum += nanos;
        if nanos == 0 {
            self.zeros += 1;
        } else {
            self.buckets[bucket::<4>(nanos).min(511)] += 1;
        }
    }
}

const FINE_BITS: u32 = 10;
const FINE_BUCKETS: usize = ((TOP_BITS - LINEAR_BITS + 1) << FINE_BITS) as usize;

/// Three significant digits, as the simulator has them for what visitors wait.
#[derive(Clone, Debug)]
pub struct Latencies {
    buckets: Box<[u64; FINE_BUCKETS]>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Latencies {
    pub fn new() -> Latencies {
        Latencies { buckets: boxed(0), count: 0, sum: 0, max: 0 }
    }

    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.count += 1;
        self.sum += nanos;
        self.max = self.max.max(nanos);
        self.buckets[bucket::<FINE_BITS>(nanos).min(FINE_BUCKETS - 1)] += 1;
    }

    pub fn mean_s(&self) -> f64 {
        self.sum as f64 / self.count as f64 / 1e9
    }

    /// The lower edge of the bucket of the value below which this share lies.
    pub fn quantile_s(&self, share: f64) -> f64 {
        let rank = (share * self.count as f64).ceil() as u64;
        let mut seen = 0;
        let at = self.buckets.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let bucket = at.unwrap_or(FINE_BUCKETS - 1) as u64;
        let octave = (bucket >> FINE_BITS).saturating_sub(1);
        let units = (bucket - (octave << FINE_BITS)) << octave;
        (units << (LINEAR_BITS - FINE_BITS)) as f64 / 1e9
    }
}

/// Each octave is cut into `2^BITS` buckets of equal width.
#[inline]
fn bucket<const BITS: u32>(nanos: u64) -> usize {
    let units = nanos >> (LINEAR_BITS - BITS);
    let octave = (units | 1).ilog2().max(BITS) - BITS;
    ((octave as usize) << BITS) + (units >> octave) as usize
}

/// An array of one value, made where it stays.
pub fn boxed<T: Copy, const LENGTH: usize>(value: T) -> Box<[T; LENGTH]> {
    let slice: Box<[T]> = vec![value; LENGTH].into();
    slice.try_into().ok().expect("as many as there are")
}
