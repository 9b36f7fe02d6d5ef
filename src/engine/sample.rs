//! Laws of chance: one uniform word in, one value out, by inversion.

/// A distribution over non-negative values (seconds, bytes, counts).
#[derive(Clone, Debug)]
pub enum Law {
    /// Always the same.
    Constant(f64),
}
