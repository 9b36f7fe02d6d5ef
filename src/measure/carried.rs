//! A replication's tally as bytes, so that what one process has measured another can fold.
//!
//! Whole and exact: counters, sums and histograms as they are, nothing averaged. The shape is not in
//! it; whoever reads compiles the same scenario.

use super::{shape::Shape, tally::Tally};

/// As bytes.
pub fn to_bytes(tally: &Tally) -> Vec<u8> {
    append(tally, Vec::new())
}

/// As bytes behind others.
pub fn append(tally: &Tally, to: Vec<u8>) -> Vec<u8> {
    postcard::to_extend(tally, to).expect("a tally is made of numbers")
}

/// From bytes of a tally of this shape. `None`: they are not.
pub fn from_bytes(bytes: &[u8], shape: &Shape) -> Option<Tally> {
    let mut tally: Tally = postcard::from_bytes(bytes).ok()?;
    let fresh = Tally::new(shape);
    let is_like = tally.request_ruler == fresh.request_ruler
        && tally.usage_ruler == fresh.usage_ruler
        && tally.requests.len() == fresh.requests.len()
        && tally.workloads.len() == fresh.workloads.len()
        && tally.services.len() == fresh.services.len()
        && tally.instances.len() == fresh.instances.len()
        && tally.hosts.len() == fresh.hosts.len()
        && tally.upstreams.len() == fresh.upstreams.len()
        && tally.objectives.len() == fresh.objectives.len()
        && tally.windows.len() == fresh.windows.len()
        && tally.windows.iter().all(|it| it.requests.len() == fresh.requests.len());
    tally.shape = fresh.shape;
    is_like.then_some(tally)
}
