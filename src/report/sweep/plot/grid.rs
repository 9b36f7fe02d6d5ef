//! The points as a grid of at most three axes: those along which something varies.

use super::{AxisOf, Shown};

/// More axes than this cannot be looked at in one picture.
const AXES_MAX: usize = 3;

#[derive(Debug)]
pub(super) struct Grid<'a> {
    /// Slowest first; at least one.
    pub(super) axes: Vec<&'a AxisOf>,
    /// What is held at its first value, as `path = value`.
    pub(super) held: Vec<String>,
    /// Row by row; `None` where a point is missing.
    points: Vec<Option<&'a Shown>>,
}

impl<'a> Grid<'a> {
    /// `nothing` stands for the axis where there is none at all.
    pub(super) fn new(axes: &'a [AxisOf], shown: &'a [Shown], nothing: &'a AxisOf) -> Grid<'a> {
        let mut varied: Vec<usize> =
            (0..axes.len()).filter(|&it| axes[it].values.len() > 1).collect();
        let rest = varied.split_off(varied.len().min(AXES_MAX));
        let mut all: Vec<&AxisOf> = varied.iter().map(|&it| &axes[it]).collect();
        if all.is_empty() {
            all.push(nothing);
        }
        let count = all.iter().map(|it| it.values.len()).product();
        let mut points = vec![None; count];
        for it in shown.iter().filter(|it| rest.iter().all(|&axis| it.place[axis] == 0)) {
            let place = varied
                .iter()
                .fold(0, |place, &axis| place * axes[axis].values.len() + it.place[axis] as usize);
            points[place] = Some(it);
        }
        let held = rest.iter().map(|&it| format!("{} = {}", axes[it].title, axes[it].values[0]));
        Grid { axes: all, held: held.collect(), points }
    }

    /// The point at these values, one an axis.
    pub(super) fn at(&self, place: &[usize]) -> Option<&'a Shown> {
        assert_eq!(place.len(), self.axes.len());
        let index = self.axes.iter().zip(place).fold(0, |index, (axis, &at)| {
            assert!(at < axis.values.len());
            index * axis.values.len() + at
        });
        self.points[index]
    }

    /// Whether every value has a point, and every point a value.
    pub(super) fn is_full(&self, has_value: impl Fn(&Shown) -> bool) -> bool {
        self.points.iter().all(|it| it.is_some_and(&has_value))
    }

    /// All that are there.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Shown> + Clone {
        self.points.iter().copied().flatten()
    }
}

/// `count` of `all`, evenly, with the first and the last.
pub(super) fn spread(all: usize, count: usize) -> Vec<usize> {
    if all <= count {
        return (0..all).collect();
    }
    assert!(count > 1);
    (0..count).map(|it| it * (all - 1) / (count - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(title: &str, values: &[&str]) -> AxisOf {
        AxisOf { title: title.to_owned(), values: values.iter().map(|&it| it.to_owned()).collect() }
    }

    #[test]
    fn a_single_value_is_no_axis_and_the_fourth_is_held() {
        let axes = [
            axis("a", &["1", "2"]),
            axis("b", &["x"]),
            axis("c", &["1", "2"]),
            axis("d", &["1", "2"]),
            axis("e", &["5", "6"]),
        ];
        let shown: Vec<Shown> = (0..16)
            .map(|it| {
                let place = vec![it / 8, 0, it / 4 % 2, it / 2 % 2, it % 2];
                Shown { place, ..Shown::none() }
            })
            .collect();
        let nothing = axis("", &[""]);
        let grid = Grid::new(&axes, &shown, &nothing);
        let titles: Vec<&str> = grid.axes.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(titles, ["a", "c", "d"]);
        assert_eq!(grid.held, ["e = 5"]);
        assert_eq!(grid.at(&[1, 0, 1]).unwrap().place, [1, 0, 0, 1, 0]);
        assert_eq!(grid.all().count(), 8);
    }

    #[test]
    fn the_ends_are_among_the_few() {
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert_eq!(spread(100, 4), [0, 33, 66, 99]);
    }
}
