//! How many slices of a window are bad, wherever their grid begins.
//!
//! A fault comes at an instant of its own and not where the scenario puts it, so that its phase on the grid of slices is
//! uniform: what lasts as long as a slice touches two of them, not the one that it may happen to fill. Slices are
//! therefore counted in parts, and what they come to is the mean over all grids that begin with a part. A slice that
//! would go on behind the window's end does so at its beginning, as if windows like it followed each other: so each part
//! is in as many slices as any other (circular blocks: Politis and Romano, in *Exploring the Limits of Bootstrap*, 1992).

use serde::{Deserialize, Serialize};

use super::stretch::Stretch;

/// What harm an event still does when the window ends is looked for in its last part of so many.
const LAST_PART: usize = 20;

/// How slices are judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// Parts of a slice, which are what is counted.
    pub parts: usize,
    /// A slice with a larger share of bad requests is bad.
    pub allowed: f64,
}

/// What one replication had of slices, as a mean over all grids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sliced {
    /// Slices in which somebody asked or waited.
    pub slices: f64,
    /// Bad ones.
    pub bad: f64,
    /// Silent ones.
    pub silent: f64,
    /// The end of the window; silence is counted in parts of slices.
    pub last: Stretch,
}

impl Phases {
    /// Of all parts of a window.
    pub(super) fn mean(self, parts: &[[u32; 2]]) -> Sliced {
        let count = parts.len();
        let last = Stretch::of(&parts[count - count.div_ceil(LAST_PART)..]);
        let mut slice = Stretch::of(&parts[..self.parts.min(count)]);
        let mut sums = [0_u64; 3];
        for from in 0..count {
            // Who lasts through the last part of a slice in which nobody arrives has lasted through all of them.
            let is_silent = slice.count == 0 && slice.silent == self.parts as u64;
            let is_bad = slice.bad as f64 > self.allowed * slice.count as f64;
            let is_any = slice.count > 0 || is_silent;
            let found = [is_any, is_bad, is_silent];
            sums.iter_mut().zip(found).for_each(|(sum, is)| *sum += u64::from(is));
            slice += Stretch::of_one(parts[(from + self.parts) % count]);
            slice -= Stretch::of_one(parts[from]);
        }
        let [slices, bad, silent] = sums.map(|sum| sum as f64 / self.parts as f64);
        Sliced { slices, bad, silent, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Phases = Phases { parts: 10, allowed: 0.1 };

    /// Six slices of ten parts, with ten parts that are bad: 19 of the places where a slice may begin see one of them.
    #[test]
    fn the_phase_does_not_matter() {
        for from in 0..60 {
            let mut parts = vec![[10, 0]; 60];
            (from..from + 10).for_each(|it| parts[it % 60] = [10, 10]);
            let found = TEN.mean(&parts);
            // Up to a tenth of a slice's requests may be bad: one part is not enough.
            assert_eq!((found.slices, found.bad, found.silent), (6.0, 1.7, 0.0), "{from}");
        }
    }

    /// Silence is no slice of any kind unless all parts are silent, and where nobody asks or waits there is nothing.
    #[test]
    fn silence_fills_a_slice() {
        let mut parts = vec![[10, 0]; 60];
        parts[20..40].fill([0, 3]);
        let found = TEN.mean(&parts);
        assert_eq!((found.slices, found.bad, found.silent), (6.0, 0.0, 1.1));
        parts[20..40].fill([0, 0]);
        assert_eq!(TEN.mean(&parts).slices, 4.9);
        assert_eq!(TEN.mean(&[[0, 0]; 60]), Sliced::default());
    }

    /// One part is a slice on the grid of the window; the end is a twentieth.
    #[test]
    fn one_part_is_a_slice() {
        let mut parts = vec![[10, 0]; 40];
        parts[39] = [10, 2];
        let found = Phases { parts: 1, allowed: 0.1 }.mean(&parts);
        assert_eq!((found.slices, found.bad), (40.0, 1.0));
        assert_eq!(found.last, Stretch { count: 20, bad: 2, silent: 0 });
    }
}
