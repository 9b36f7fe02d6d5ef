//! Tables of laws, each made once: a curve takes half a millisecond.

use super::{curve::Curve, shape::Shape, steps::Steps};
use crate::engine::memo::Memo;
use std::sync::Arc;

/// Curves of 25 kB.
const CURVES_MAX: usize = 256;
const STEPS_MAX: usize = 16;
/// Tables of more values are made anew.
const VALUES_MAX: u32 = 1 << 16;

/// The quantile of a shape.
pub(super) fn curve(shape: Shape) -> Arc<Curve> {
    static KNOWN: Memo<(u8, Vec<u64>), Curve> = Memo::new(CURVES_MAX);
    KNOWN.get(key(&shape), |_| Curve::new(shape))
}

/// Poisson.
pub(super) fn poisson(mean: f64) -> Arc<Steps> {
    static KNOWN: Memo<u64, Steps> = Memo::new(STEPS_MAX);
    if mean > f64::from(VALUES_MAX) {
        return Arc::new(Steps::poisson(mean));
    }
    KNOWN.get(mean.to_bits(), |_| Steps::poisson(mean))
}

/// Zipf.
pub(super) fn zipf(n: u32, s: f64) -> Arc<Steps> {
    static KNOWN: Memo<(u32, u64), Steps> = Memo::new(STEPS_MAX);
    if n > VALUES_MAX {
        return Arc::new(Steps::zipf(n, s));
    }
    KNOWN.get((n, s.to_bits()), |_| Steps::zipf(n, s))
}

/// The very bits of the parameters.
fn key(shape: &Shape) -> (u8, Vec<u64>) {
    let two = |one: f64, other: f64| vec![one.to_bits(), other.to_bits()];
    match shape {
        Shape::Gamma { scale, shape } => (0, two(*scale, *shape)),
        Shape::Lognormal { mu, sigma } => (1, two(*mu, *sigma)),
        Shape::Weibull { scale, shape } => (2, two(*scale, *shape)),
        Shape::Hyperexponential { branches } => {
            (3, branches.iter().flat_map(|&(share, mean)| two(share, mean)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parameters_have_one_table() {
        let lognormal = |mu| curve(Shape::Lognormal { mu, sigma: 0.25 });
        let first = lognormal(3.5);
        assert!(Arc::ptr_eq(&first, &lognormal(3.5)));
        assert!(!Arc::ptr_eq(&first, &lognormal(3.5 + 1e-15)));
        // The same numbers mean something else in another law.
        assert!(!Arc::ptr_eq(&first, &curve(Shape::Weibull { scale: 3.5, shape: 0.25 })));
    }
}
