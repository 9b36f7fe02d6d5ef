//! A sorted array: popped from its end, pushed to by shifting what is sooner.

use super::Yardstick;

/// How many of the soonest are looked through one by one before the rest is halved.
const LINEAR: usize = 16;

/// Keys in descending order.
#[derive(Default)]
pub struct Sorted(Vec<u128>);

impl Yardstick for Sorted {
    const NAME: &'static str = "sorted array";
    const SIZE_MAX: usize = 16_384;

    #[inline]
    fn push(&mut self, key: u128) {
        let keys = &mut self.0;
        let place = if keys.len() <= LINEAR {
            keys.iter().rposition(|&other| other > key).map_or(0, |last| last + 1)
        } else {
            keys.partition_point(|&other| other > key)
        };
        keys.insert(place, key);
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        self.0.pop()
    }
}
