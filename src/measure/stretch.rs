//! Some slices together.
//!
//! Requests are bad by their arrival. While everybody waits nobody arrives: users wait for an answer before they ask
//! again. So a stretch without arrivals says nothing good, and slices in which none arrived while older requests lasted
//! through them, *silent* ones, are counted by themselves.

use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

/// What was seen in some slices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Requests that arrived.
    pub count: u64,
    /// How many of them were bad.
    pub bad: u64,
    /// Slices in which none arrived while older ones lasted through them.
    pub silent: u64,
}

impl Stretch {
    /// Of slices as `ObjectiveTally` tells them.
    pub fn of(slices: &[[u32; 2]]) -> Stretch {
        slices.iter().fold(Stretch::default(), |mut all, &slice| {
            all += Stretch::of_one(slice);
            all
        })
    }

    /// Of one of them.
    pub(super) fn of_one([count, bad]: [u32; 2]) -> Stretch {
        if count > 0 {
            Stretch { count: u64::from(count), bad: u64::from(bad), silent: 0 }
        } else {
            Stretch { count: 0, bad: 0, silent: u64::from(bad > 0) }
        }
    }

    /// The share of its requests that is bad; 0 of none.
    pub fn share(self) -> f64 {
        if self.count > 0 { self.bad as f64 / self.count as f64 } else { 0.0 }
    }
}

impl AddAssign for Stretch {
    fn add_assign(&mut self, other: Stretch) {
        self.count += other.count;
        self.bad += other.bad;
        self.silent += other.silent;
    }
}

impl SubAssign for Stretch {
    fn sub_assign(&mut self, other: Stretch) {
        self.count -= other.count;
        self.bad -= other.bad;
        self.silent -= other.silent;
    }
}
