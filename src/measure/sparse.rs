//! Counts by bucket as bytes, most of them small and many empty: numbers of seven bits a byte, the lowest
//! first. First the number of the first bucket and how many there are; then eight buckets at a time: how many eights
//! without any come before these, and each count. Whether there is any, and whether all are small, is asked of
//! eight together: one by one it is a guess each time.

use std::cell::Cell;

/// Buckets that are written together.
const TOGETHER: usize = 8;

fn put(to: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn take(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Writes them behind what is there; nothing at all if there are none.
fn append<C: Copy + Into<u64>>(first: usize, counts: &[C], bytes: &mut Vec<u8>) {
    if counts.is_empty() {
        return;
    }
    put(bytes, first as u64);
    put(bytes, counts.len() as u64);
    let mut empty = 0;
    for several in counts.chunks(TOGETHER) {
        let any = several.iter().fold(0, |any, &count| any | count.into());
        if any == 0 {
            empty += 1;
            continue;
        }
        put(bytes, empty);
        empty = 0;
        if let (0..=0x7f, Ok(eight)) = (any, <&[C; TOGETHER]>::try_from(several)) {
            bytes.extend_from_slice(&eight.map(|count| count.into() as u8));
        } else {
            for &count in several {
                put(bytes, count.into());
            }
        }
    }
}

/// Gives them away as bytes, which lie in a buffer of the thread's own.
pub(super) fn with_bytes<C: Copy + Into<u64>, R>(
    first: usize,
    counts: &[C],
    take: impl FnOnce(&[u8]) -> R,
) -> R {
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut bytes = BUFFER.take();
    bytes.clear();
    bytes.reserve(counts.len() + 16);
    append(first, counts, &mut bytes);
    let taken = take(&bytes);
    BUFFER.set(bytes);
    taken
}

/// Reads them. `None`: they are none, or there are more buckets than `most`.
pub(super) fn from_bytes(mut bytes: &[u8], most: usize) -> Option<(usize, Vec<u64>)> {
    if bytes.is_empty() {
        return Some((0, Vec::new()));
    }
    let first = usize::try_from(take(&mut bytes)?).ok()?;
    let len = usize::try_from(take(&mut bytes)?).ok()?;
    if first.checked_add(len)? > most {
        return None;
    }
    let mut counts = vec![0; len];
    let mut all = counts.chunks_mut(TOGETHER);
    while !bytes.is_empty() {
        let empty = usize::try_from(take(&mut bytes)?).ok()?;
        for count in all.nth(empty)? {
            *count = take(&mut bytes)?;
        }
    }
    Some((first, counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            first in 0usize..300,
            counts in prop::collection::vec(prop_oneof![Just(0), 0..300u64, any::<u64>()], 0..60),
        ) {
            let bytes = with_bytes(first, &counts, <[u8]>::to_vec);
            let first = if counts.is_empty() { 0 } else { first };
            prop_assert_eq!(from_bytes(&bytes, 360), Some((first, counts.clone())));
            if !counts.is_empty() {
                prop_assert_eq!(from_bytes(&bytes, first + counts.len() - 1), None);
            }
        }

        #[test]
        fn whatever_is_read_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some((first, counts)) = from_bytes(&bytes, 1000) {
                prop_assert!(first + counts.len() <= 1000);
            }
        }
    }
}
