//! Looking through many counts of which most are 0: row by row, as the sum of a row has no branches.

use std::ops::Range;

use super::histogram::Counter;

/// So many at once.
const ROW: usize = 16;

fn sum<C: Copy + Into<u64>>(row: &[C]) -> u64 {
    row.iter().map(|&count| count.into()).sum()
}

/// How many of the counts can be passed over before the value of this rank comes (1 the first), and how many
/// values they are.
pub(super) fn before<C: Counter>(counts: &[C], rank: u64) -> (usize, u64) {
    let (mut passed, mut seen) = (0, 0);
    for row in counts.chunks_exact(ROW) {
        let here = sum(row);
        if seen + here >= rank {
            break;
        }
        (passed, seen) = (passed + ROW, seen + here);
    }
    (passed, seen)
}

/// From the first that counts anything to behind the last one.
pub(super) fn in_use<C: Copy + Into<u64>>(counts: &[C]) -> Range<usize> {
    let counts_any = |row: &[C]| sum(row) > 0;
    let is_any = |&count: &C| count.into() > 0;
    let (mut rows, mut from_end) = (counts.chunks(ROW), counts.chunks(ROW));
    let (Some(first), Some(last)) = (rows.position(counts_any), from_end.rposition(counts_any))
    else {
        return 0..0;
    };
    let (first, last) = (first * ROW, last * ROW);
    let start = counts[first..].iter().position(is_any).map_or(first, |at| first + at);
    let end = counts[last..].iter().take(ROW).rposition(is_any).map_or(last, |at| last + at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_one_by_one(
            counts in prop::collection::vec(prop_oneof![9 => Just(0_u64), 1 => 0_u64..4], 0..200),
        ) {
            for rank in 1..=sum(&counts) {
                let (passed, seen) = before(&counts, rank);
                prop_assert!(seen == sum(&counts[..passed]) && seen < rank);
                let row = &counts[passed..(passed + ROW).min(counts.len())];
                prop_assert!(seen + sum(row) >= rank);
            }
            let is_any = |count: &u64| *count > 0;
            let first = counts.iter().position(is_any).unwrap_or(0);
            let end = counts.iter().rposition(is_any).map_or(0, |last| last + 1);
            prop_assert_eq!(in_use(&counts), first..end);
        }
    }
}
