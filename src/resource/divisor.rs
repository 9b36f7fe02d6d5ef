//! Division by a number that is known long before: a multiplication and one correction, a fraction
//! of what the instruction takes, and exact (Granlund and Montgomery, 1994).

use std::num::NonZeroU64;

/// What is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divisor {
    by: NonZeroU64,
    /// 2^64 / `by`, rounded down.
    reciprocal: u64,
}

impl Divisor {
    /// Of anything but 0.
    pub fn new(by: NonZeroU64) -> Divisor {
        // For 1 this is one too little, as for any power of two: the correction sees to it.
        Divisor { by, reciprocal: u64::MAX / by }
    }

    /// The number itself.
    #[inline]
    pub fn get(self) -> u64 {
        self.by.get()
    }

    /// Quotient and remainder.
    #[inline]
    pub fn divide(self, number: u64) -> (u64, u64) {
        // The reciprocal is at most `by` / 2^64 of itself too small, so that the guess is right or
        // one too low.
        let guess = ((u128::from(number) * u128::from(self.reciprocal)) >> 64) as u64;
        let rest = number - guess * self.get();
        if rest < self.get() { (guess, rest) } else { (guess + 1, rest - self.get()) }
    }

    /// The quotient, rounded up.
    #[inline]
    pub fn divide_up(self, number: u64) -> u64 {
        let (quotient, rest) = self.divide(number);
        quotient + u64::from(rest > 0)
    }

    /// Quotient, at most the largest integer, and remainder of a number of any size.
    #[cold]
    pub fn divide_wide(self, number: u128) -> (u64, u64) {
        let by = u128::from(self.get());
        (u64::try_from(number / by).unwrap_or(u64::MAX), (number % by) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(number: u64, by: u64) {
        let divisor = Divisor::new(NonZeroU64::new(by).unwrap());
        assert_eq!(divisor.divide(number), (number / by, number % by), "{number} / {by}");
        assert_eq!(divisor.divide_up(number), number.div_ceil(by), "{number} / {by}");
        assert_eq!(divisor.divide_wide(u128::from(number)), (number / by, number % by));
    }

    #[test]
    fn the_edges_are_exact() {
        let edges = [1, 2, 3, 7, 1 << 32, (1 << 32) + 1, 1 << 63, u64::MAX / 2, u64::MAX];
        for by in edges.into_iter().flat_map(|it| [it.saturating_sub(1).max(1), it]) {
            for number in edges.into_iter().flat_map(|it| [0, it - 1, it, it.saturating_add(1)]) {
                check(number, by);
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_instruction(
            number: u64, by in 1u64.., number_shift in 0u32..64, by_shift in 0u32..64,
        ) {
            check(number >> number_shift, (by >> by_shift).max(1));
            let by = (by >> by_shift).max(1);
            check((number >> number_shift) / by * by, by);
            check(((number >> number_shift) / by * by).saturating_sub(1), by);
        }
    }
}
