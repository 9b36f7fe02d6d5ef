//! A continuous quantile as a table: cubic pieces in the body, the exact function in the far tails.
//!
//! Cells shrink geometrically towards both ends (32 to each halving of the distance to the nearer
//! end), as the quantiles of all our laws bend on that scale. A cell in which the cubic misses the
//! exact quantile by more than `TOLERANCE` is left out and drawn exactly, as is what lies beyond
//! the last halving (1 draw in 4096): the table decides the speed, never the law.

use std::fmt;

use super::shape::Shape;
use crate::engine::maths::unit;

/// Halvings of the distance to the nearer end that are tabulated.
const OCTAVES: u64 = 12;
/// Cells to a halving, as a power of two.
const CELL_BITS: u32 = 5;
const CELLS: usize = (OCTAVES as usize) << CELL_BITS;
/// The cells of a side and, before them, an empty one for all that lies nearer to the end.
const SIDE: usize = CELLS + 1;
/// In the bits of a float: the width of a cell.
const WIDTH: u64 = 1 << WIDTH_BITS;
const WIDTH_BITS: u32 = 52 - CELL_BITS;
/// In the bits of a float: where the cells begin.
const BEGIN: u64 = 0.5_f64.to_bits() - (OCTAVES << 52);
/// How far a cubic may be off, as a share of the value and of the law's mean together.
const TOLERANCE: f64 = 1e-7;

/// A continuous law and the table it is drawn by.
#[derive(Clone)]
pub struct Curve {
    /// The lower side's cells, then the upper side's, each from its end to the middle. A cell holds
    /// the coefficients of a cubic over 0 … 1, or NaN where the law must be drawn exactly.
    cells: Box<[[f64; 4]]>,
    shape: Shape,
}

impl fmt::Debug for Curve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shape.fmt(formatter)
    }
}

impl Curve {
    pub(super) fn new(shape: Shape) -> Curve {
        let mean = shape.mean();
        let mut cells = vec![EXACT; 2 * SIDE].into_boxed_slice();
        for (side, is_upper) in cells.chunks_exact_mut(SIDE).zip([false, true]) {
            let mut from = Knot::at(&shape, edge(0), is_upper);
            for (cell, index) in side[1..].iter_mut().zip(1..) {
                let to = Knot::at(&shape, edge(index), is_upper);
                *cell = cubic(&shape, mean, is_upper, from, to);
                from = to;
            }
        }
        Curve { cells, shape }
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline]
    pub(super) fn draw(&self, bits: u64) -> f64 {
        let is_upper = bits >> 63 != 0;
        let near = unit(if is_upper { !bits } else { bits });
        // The exponent of a float and the first bits of its fraction number geometric cells.
        let place = near.to_bits().max(BEGIN - WIDTH) - (BEGIN - WIDTH);
        let index = (place >> WIDTH_BITS) as usize + if is_upper { SIDE } else { 0 };
        let within = (place % WIDTH) << CELL_BITS;
        let t = f64::from_bits(1.0_f64.to_bits() | within) - 1.0;
        let value = at(&self.cells[index], t);
        if value.is_nan() { self.draw_exactly(near, is_upper) } else { value }
    }

    #[cold]
    #[inline(never)]
    fn draw_exactly(&self, near: f64, is_upper: bool) -> f64 {
        exact(&self.shape, near, is_upper)
    }
}

const EXACT: [f64; 4] = [f64::NAN; 4];

/// A cubic at `t`.
#[inline]
fn at([c0, c1, c2, c3]: &[f64; 4], t: f64) -> f64 {
    (c0 + t * c1) + (t * t) * (c2 + t * c3)
}

/// The `index`-th edge of a side's cells, as a probability.
fn edge(index: u64) -> f64 {
    f64::from_bits(BEGIN + index * WIDTH)
}

fn exact(shape: &Shape, near: f64, is_upper: bool) -> f64 {
    if is_upper { shape.quantile(1.0 - near, near) } else { shape.quantile(near, 1.0 - near) }
}

/// The quantile and its slope at an edge.
#[derive(Clone, Copy)]
struct Knot {
    near: f64,
    value: f64,
    slope: f64,
}

impl Knot {
    fn at(shape: &Shape, near: f64, is_upper: bool) -> Knot {
        let value = exact(shape, near, is_upper);
        // A gamma variate of small shape underflows to 0, where its density is infinite.
        let sparsity = if value == 0.0 { 0.0 } else { 1.0 / shape.density(value) };
        Knot { near, value, slope: if is_upper { -sparsity } else { sparsity } }
    }
}

/// The cubic with the values and slopes of both ends, if it is good enough in between.
fn cubic(shape: &Shape, mean: f64, is_upper: bool, from: Knot, to: Knot) -> [f64; 4] {
    let width = to.near - from.near;
    let (rise, start, end) = (to.value - from.value, from.slope * width, to.slope * width);
    let cubic = [from.value, start, 3.0 * rise - 2.0 * start - end, start + end - 2.0 * rise];
    let is_good = [0.25, 0.5, 0.75].into_iter().all(|t| {
        let value = exact(shape, from.near + t * width, is_upper);
        (at(&cubic, t) - value).abs() <= TOLERANCE * (value + mean)
    });
    if is_good { cubic } else { EXACT }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Share of the luck that falls where the cubics were not good enough.
    fn exact_share(curve: &Curve) -> f64 {
        let body = curve.cells.iter().enumerate().filter(|(index, _)| index % SIDE != 0);
        let exact = body.filter(|(_, cell)| cell[0].is_nan());
        exact
            .map(|(index, _)| (index % SIDE) as u64)
            .map(|index| edge(index) - edge(index - 1))
            .sum()
    }

    #[test]
    fn the_table_covers_the_body() {
        let hyperexponential = vec![(0.999, 1e-3), (0.001, 3600.0)];
        for (shape, share_max) in [
            (Shape::gamma(1.0, 0.01), 0.03),
            (Shape::gamma(1.0, 0.1), 0.0),
            (Shape::gamma(1.0, 1.5), 0.0),
            (Shape::gamma(1.0, 1e6), 0.0),
            (Shape::Lognormal { mu: 0.0, sigma: 0.1 }, 0.0),
            (Shape::Lognormal { mu: 0.0, sigma: 1.0 }, 0.0),
            (Shape::Lognormal { mu: 0.0, sigma: 8.0 }, 0.03),
            (Shape::Weibull { scale: 1.0, shape: 0.5 }, 0.0),
            (Shape::Weibull { scale: 1.0, shape: 100.0 }, 0.0),
            (Shape::Hyperexponential { branches: hyperexponential }, 0.001),
        ] {
            let curve = Curve::new(shape);
            let share = exact_share(&curve);
            assert!(share <= share_max, "{curve:?} draws {share} of its values exactly");
        }
    }
}
