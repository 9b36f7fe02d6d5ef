//! Looking through many counts of which most are 0: row by row, as the sum of a row has no branches.

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
        }
    }
}
