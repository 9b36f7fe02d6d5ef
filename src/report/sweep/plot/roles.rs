//! Which parameter goes where: across, down or as lines, and over several panels.

use super::{
    AxisOf,
    grid::{Grid, spread},
    scale::Scale,
};

/// More lines than this in one panel cannot be told apart.
const LINES_MAX: usize = 6;
/// More panels than this are too small to be read.
const PANELS_MAX: usize = 20;

/// What the second parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// There is none: one line.
    Nothing,
    /// A line each.
    Lines(usize),
    /// Rows of a heat map.
    Down(usize),
}

/// Numbers of axes of the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) across: usize,
    pub(super) second: Second,
    pub(super) panels: Option<usize>,
}

impl Roles {
    pub(super) fn of(axes: &[&AxisOf]) -> Roles {
        let count = |it: usize| axes[it].values.len();
        // Numbers go across rather than names, then what has more values, then what varies faster.
        let is_numeric: Vec<bool> = axes.iter().map(|it| Scale::new(it).is_numeric()).collect();
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.sort_by_key(|&it| (is_numeric[it], count(it), it));
        order.reverse();
        let rest = |across: usize| -> Vec<usize> {
            let mut rest: Vec<usize> = (0..axes.len()).filter(|&it| it != across).collect();
            rest.sort_by_key(|&it| count(it));
            rest
        };
        match order.as_slice() {
            [across] => Roles { across: *across, second: Second::Nothing, panels: None },
            [across, down] => Roles { across: *across, second: Second::Down(*down), panels: None },
            _ => {
                let few = |it: &usize| count(*it) <= LINES_MAX;
                if let Some(&across) = order.iter().find(|&&it| rest(it).iter().any(few)) {
                    let [less, more] = rest(across)[..] else { unreachable!("three axes") };
                    let (lines, panels) = if few(&more) { (more, less) } else { (less, more) };
                    return Roles { across, second: Second::Lines(lines), panels: Some(panels) };
                }
                let panels = rest(usize::MAX)[0];
                let mut both = order.iter().copied().filter(|&it| it != panels);
                let across = both.next().expect("three axes");
                let down = both.next().expect("three axes");
                Roles { across, second: Second::Down(down), panels: Some(panels) }
            }
        }
    }

    /// Which values have a panel.
    pub(super) fn shown(&self, grid: &Grid<'_>) -> Vec<usize> {
        self.panels.map_or(vec![0], |it| spread(grid.axes[it].values.len(), PANELS_MAX))
    }

    /// The place in the grid.
    pub(super) fn place(&self, across: usize, second: usize, panel: usize) -> Vec<usize> {
        let mut place = vec![0; 1];
        let mut put = |axis: usize, at: usize| {
            place.resize(place.len().max(axis + 1), 0);
            place[axis] = at;
        };
        put(self.across, across);
        match self.second {
            Second::Nothing => {}
            Second::Lines(axis) | Second::Down(axis) => put(axis, second),
        }
        if let Some(axis) = self.panels {
            put(axis, panel);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_across_and_few_values_are_lines() {
        let numbers = |count: usize| AxisOf {
            title: "a".to_owned(),
            values: (0..count).map(|it| it.to_string()).collect(),
        };
        let names = AxisOf { title: "b".to_owned(), values: vec!["x".into(), "y".into()] };
        let check = |axes: &[&AxisOf], across, second, panels| {
            assert_eq!(Roles::of(axes), Roles { across, second, panels });
        };
        check(&[&names], 0, Second::Nothing, None);
        check(&[&numbers(2), &names], 0, Second::Down(1), None);
        check(&[&numbers(9), &names, &numbers(9)], 2, Second::Lines(1), Some(0));
        check(&[&numbers(9), &names, &numbers(3)], 0, Second::Lines(2), Some(1));
        check(&[&numbers(9), &numbers(8), &numbers(7)], 0, Second::Down(1), Some(2));
        // The only one with few values is not wasted on the axis across.
        check(&[&numbers(9), &numbers(5), &numbers(8)], 0, Second::Lines(1), Some(2));
    }
}
