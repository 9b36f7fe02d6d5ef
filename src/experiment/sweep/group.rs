//! Points that differ in nothing before their measured window begins.

use crate::scenario::Grid;

/// Tables of the scenario that matter within the window alone.
const LATE: [&str; 2] = ["event", "slo"];

/// Points of a group at most. All of them are alive at once, and one after the other on one thread.
const MEMBERS_MAX: u64 = 32;

/// Points by what they have in common until then.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    lengths: Vec<u64>,
    /// By axis: its parameters are all late ones.
    is_late: Vec<bool>,
}

impl Groups {
    pub(super) fn new(grid: &Grid) -> Groups {
        let is_late = |parameters: &[usize]| {
            parameters.iter().all(|&index| {
                let path = &grid.parameters[index].path;
                LATE.iter().any(|&table| path.split('.').next() == Some(table))
            })
        };
        let is_late = grid.axes().iter().map(|axis| is_late(axis)).collect();
        Groups { lengths: grid.lengths(), is_late }
    }

    fn product(&self, is_late: bool) -> u64 {
        let own = self.lengths.iter().zip(&self.is_late).filter(|(_, late)| **late == is_late);
        own.map(|(length, _)| length).fold(1, |all, &length| all.saturating_mul(length))
    }

    /// Into how many groups those that differ in late parameters alone are cut.
    fn cuts(&self) -> u64 {
        self.product(true).div_ceil(MEMBERS_MAX)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.product(false).saturating_mul(self.cuts())
    }

    /// How many points there are in one.
    pub(super) fn len(&self, group: u64) -> u64 {
        let first = group % self.cuts() * MEMBERS_MAX;
        (self.product(true) - first).min(MEMBERS_MAX)
    }

    /// The points of one, in their order.
    pub(super) fn points(&self, group: u64) -> Vec<u64> {
        let (early, first) = (group / self.cuts(), group % self.cuts() * MEMBERS_MAX);
        (first..first + self.len(group)).map(|member| self.point(early, member)).collect()
    }

    /// Puts the digits of both numbers, each in its own base, where their axes are.
    fn point(&self, mut group: u64, mut member: u64) -> u64 {
        let (mut point, mut weight) = (0, 1);
        for (&length, &is_late) in self.lengths.iter().zip(&self.is_late).rev() {
            let rest = if is_late { &mut member } else { &mut group };
            point += *rest % length * weight;
            *rest /= length;
            weight *= length;
        }
        point
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Source, grid};

    fn groups(vary: &[&str]) -> Vec<Vec<u64>> {
        let vary: Vec<String> = vary.iter().map(|&it| it.to_owned()).collect();
        let source = Source { path: String::new(), text: String::new() };
        let groups = Groups::new(&grid(&source, &vary, false).unwrap());
        (0..groups.count()).map(|group| groups.points(group)).collect()
    }

    #[test]
    fn what_happens_later_is_varied_within_a_group() {
        assert_eq!(groups(&["a=1,2", "b=1..2"]), [[0], [1], [2], [3]]);
        assert_eq!(groups(&["a=1,2", "event.1.at=1s,2s"]), [[0, 1], [2, 3]]);
        assert_eq!(groups(&["event.1.at=1s,2s", "a=1,2"]), [[0, 2], [1, 3]]);
        assert_eq!(groups(&["slo.1.require=x,y,z"]), [[0, 1, 2]]);
    }

    #[test]
    fn many_are_cut_into_several() {
        let groups = groups(&["event.1.at=1s..40s", "a=1,2"]);
        let lengths: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(lengths, [32, 8, 32, 8]);
        assert_eq!((groups[0][31], groups[1][0], groups[2][0], groups[3][7]), (62, 64, 1, 79));
        let mut all = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..80).collect::<Vec<u64>>());
    }
}
