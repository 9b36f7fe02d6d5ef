//! A continuous quantile as a table: cubic pieces in the body, the exact function in the far tails.
//!
//! Cells shrink geometrically towards both ends (32 to each halving of the distance to the nearer
//! end), as the quantiles of all our laws bend on that scale. A cell in which the cubic misses the
//! exact quantile by more than `TOLERANCE` is left out and drawn exactly, as is what lies beyond
//! the last halving (1 draw in 4096): the table decides the speed, never the law.

use std::fmt;

use super::shape::Shape;

/// Halvings of the distance to the nearer end that are tabulated.
const OCTAVES: u32 = 12;
/// Cells to a halving, as a power of two.
const CELL_BITS: u32 = 5;
const SIDE_CELLS: usize = (OCTAVES as usize) << CELL_BITS;
/// A uniform word is an odd number of 2^-53; the distance to the nearer end has this many bits.
const NEAR_BITS: u32 = 52;
const FRACTION_BITS: u32 = 52;
/// How far a cubic may be off, of the value, and of the law's mean.
const TOLERANCE: f64 = 1e-7;
const TOLERANCE_OF_MEAN: f64 = 1e-9;

/// A continuous law and the table it is drawn by.
#[derive(Clone)]
pub struct Curve {
    /// The lower side's cells, then the upper side's, each from the far end to the middle. A cell
    /// is the coefficients of a cubic over 0 … 1; NaN if it must be drawn exactly.
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
        let mut cells = Vec::with_capacity(2 * SIDE_CELLS);
        for is_upper in [false, true] {
            let mut from = Knot::at(&shape, edge(0), is_upper);
            for index in 1..=SIDE_CELLS {
                let to = Knot::at(&shape, edge(index), is_upper);
                cells.push(cell(&shape, is_upper, from, to));
                from = to;
            }
        }
        Curve { cells: cells.into_boxed_slice(), shape }
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    #[inline]
    pub(super) fn draw(&self, bits: u64) -> f64 {
        let odd = (bits >> 11) | 1;
        let is_upper = odd >> NEAR_BITS != 0;
        let near = if is_upper { (1 << (NEAR_BITS + 1)) - odd } else { odd };
        // The exponent and the top bits of the fraction of a float number the geometric cells.
        let scaled = (near as f64).to_bits() - FIRST_EDGE.min((near as f64).to_bits());
        let index = (scaled >> (FRACTION_BITS - CELL_BITS)) as usize;
        let within = scaled & ((1 << (FRACTION_BITS - CELL_BITS)) - 1);
        let t = within as f64 * (1.0 / (1_u64 << (FRACTION_BITS - CELL_BITS)) as f64);
        let [c0, c1, c2, c3] = self.cells[index + if is_upper { SIDE_CELLS } else { 0 }];
        let value = c0 + t * (c1 + t * (c2 + t * c3));
        if value.is_nan() || near < FIRST_NEAR {
            return self.exact(near, is_upper);
        }
        value
    }

    #[cold]
    #[inline(never)]
    fn exact(&self, near: u64, is_upper: bool) -> f64 {
        exact(&self.shape, share(near as f64), is_upper)
    }
}

/// The smallest distance that is tabulated, in units of 2^-53.
const FIRST_NEAR: u64 = 1 << (NEAR_BITS - OCTAVES);
/// Its bits as a float.
const FIRST_EDGE: u64 = (FIRST_NEAR as f64).to_bits();

/// The `index`-th edge of a side's cells, in units of 2^-53.
fn edge(index: usize) -> f64 {
    f64::from_bits(FIRST_EDGE + ((index as u64) << (FRACTION_BITS - CELL_BITS)))
}

/// As a probability.
fn share(near: f64) -> f64 {
    near * (1.0 / (1_u64 << (NEAR_BITS + 1)) as f64)
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
        let near = share(near);
        let value = exact(shape, near, is_upper);
        let sparsity = 1.0 / shape.density(value);
        Knot { near, value, slope: if is_upper { -sparsity } else { sparsity } }
    }
}

/// The cubic with the values and slopes of both ends, if it is good enough in between.
fn cell(shape: &Shape, is_upper: bool, from: Knot, to: Knot) -> [f64; 4] {
    let width = to.near - from.near;
    let (rise, start, end) = (to.value - from.value, from.slope * width, to.slope * width);
    let cubic = [from.value, start, 3.0 * rise - 2.0 * start - end, start + end - 2.0 * rise];
    let is_good = [0.25, 0.5, 0.75].into_iter().all(|t| {
        let value = exact(shape, from.near + t * width, is_upper);
        let off = cubic[0] + t * (cubic[1] + t * (cubic[2] + t * cubic[3])) - value;
        off.abs() <= TOLERANCE * value + TOLERANCE_OF_MEAN * shape.mean()
    });
    if is_good { cubic } else { [f64::NAN; 4] }
}
