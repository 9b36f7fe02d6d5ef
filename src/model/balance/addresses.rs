//! A client that was given several addresses (DNS round robin): it begins with one and, after a
//! failure, goes on with the next. It knows nothing of loads or health.

/// The first address, by a word drawn for the visitor: resolvers hand the list out in rotation.
#[inline]
pub(crate) fn first(word: u64, addresses: u32) -> u32 {
    (((word >> 32) * u64::from(addresses)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_first_for_its_share() {
        assert_eq!(first(0, 3), 0);
        assert_eq!(first(u64::MAX, 3), 2);
        assert_eq!(first(u64::MAX / 2, 2), 0);
        assert_eq!(first(u64::MAX / 2 + 1, 2), 1);
    }
}
