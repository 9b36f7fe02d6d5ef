//! Where the values of a parameter stand on its axis: as numbers, if they are, or side by side.

use plotters::{
    prelude::*,
    style::{
        TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    AxisOf,
    figure::{between, plain},
    layout::OVERHANG,
};
use crate::report::plot::{
    PlotError,
    canvas::{Area, Axis, Ticks, failed, fitted, px, text, width_of},
};

/// More values than this are not all written below the axis.
const TICKS_MAX: usize = 12;
/// The values are a geometric series if the logarithms of their ratios differ by no more than this
/// factor: 1, 2, 5, 10 and rounded ones are.
const RATIO_SPREAD: f64 = 2.0;
/// A range must be so wide before a logarithm shows anything.
const RATIO_LEAST: f64 = 7.0;
/// Labels that stand upright have so much room.
const UPRIGHT_MAX: i32 = 120;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Linear,
    Logarithmic,
    Categories,
}

#[derive(Debug)]
pub(super) struct Scale {
    pub(super) kind: Kind,
    /// Of each value.
    pub(super) positions: Vec<f64>,
    numbers: Vec<f64>,
    unit: String,
}

impl Scale {
    pub(super) fn new(axis: &AxisOf) -> Scale {
        let side_by_side = (0..axis.values.len()).map(|it| it as f64);
        let Some((numbers, unit)) = numbers(&axis.values).filter(|_| axis.values.len() > 1) else {
            let positions = side_by_side.collect();
            let kind = Kind::Categories;
            return Scale { kind, positions, numbers: Vec::new(), unit: String::new() };
        };
        let is_logarithmic = is_geometric(&numbers);
        let kind = if is_logarithmic { Kind::Logarithmic } else { Kind::Linear };
        let position = |&it: &f64| if is_logarithmic { libm::log10(it) } else { it };
        Scale { kind, positions: numbers.iter().map(position).collect(), numbers, unit }
    }

    pub(super) fn is_numeric(&self) -> bool {
        self.kind != Kind::Categories
    }

    /// From the bottom to the top, as numbers grow, or from the top to the bottom, as text is read.
    pub(super) fn rises(&self) -> bool {
        self.numbers.is_sorted() && self.is_numeric()
    }

    pub(super) fn title(&self, axis: &AxisOf) -> String {
        let mut said = vec![self.unit.as_str()];
        if self.kind == Kind::Logarithmic {
            said.push("logarithmic");
        }
        said.retain(|it| !it.is_empty());
        if said.is_empty() {
            return axis.title.clone();
        }
        format!("{} ({})", axis.title, said.join(", "))
    }

    /// The axis, its labels in text of `points` on `width`. Categories have none: they are written by
    /// `names`, upright if need be.
    pub(super) fn axis(&self, points: i32, width: i32) -> Axis {
        let ends = |ends: (f64, f64), it: &f64| (ends.0.min(*it), ends.1.max(*it));
        let (least, most) = self.positions.iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        if !self.is_numeric() {
            let (low, high) = (least - 0.5, most + 0.5);
            return Axis {
                low,
                high,
                ticks: Ticks::new(),
                minor: Vec::new(),
                title: String::new(),
            };
        }
        let margin = (most - least) * 0.02;
        let (low, high) = (least - margin, most + margin);
        let mut ticks: Ticks =
            self.numbers.iter().zip(&self.positions).map(|(it, &at)| (at, plain(*it))).collect();
        ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
        if ticks.len() > TICKS_MAX || collide(&ticks, (low, high), points, width) {
            ticks = if self.kind == Kind::Linear {
                between(least, most, plain).2
            } else {
                decades(least, most)
            };
        }
        let style = text(points, BLACK, HPos::Center, VPos::Top);
        ticks.retain(|it| {
            let from_left = (it.0 - low) / (high - low) * f64::from(width);
            let room = from_left.min(f64::from(width) - from_left) + f64::from(OVERHANG);
            low <= it.0 && it.0 <= high && f64::from(width_of(&it.1, &style)) / 2.0 <= room
        });
        while ticks.len() > 1 && collide(&ticks, (low, high), points, width) {
            let mut number = 0;
            ticks.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        Axis { low, high, ticks, minor: Vec::new(), title: String::new() }
    }
}

/// Whether labels would run into each other.
fn collide(ticks: &Ticks, (low, high): (f64, f64), points: i32, width: i32) -> bool {
    let style = text(points, BLACK, HPos::Center, VPos::Top);
    let place = |at: f64| (at - low) / (high - low) * f64::from(width);
    ticks.windows(2).any(|pair| {
        let room = place(pair[1].0) - place(pair[0].0);
        let wide = i32::midpoint(width_of(&pair[0].1, &style), width_of(&pair[1].1, &style));
        room < f64::from(wide + 10)
    })
}

/// Decades, and 2 and 5 in between where there are few.
fn decades(least: f64, most: f64) -> Ticks {
    let has_few = most - least < 4.0;
    let mut ticks = Ticks::new();
    for decade in least.floor() as i32..=most.ceil() as i32 {
        for factor in [1.0, 2.0, 5.0] {
            if factor == 1.0 || has_few {
                let value = factor * libm::exp10(f64::from(decade));
                ticks.push((libm::log10(value), plain(value)));
            }
        }
    }
    ticks
}

/// The values as numbers of one unit; times of different units become seconds.
fn numbers(values: &[String]) -> Option<(Vec<f64>, String)> {
    let split: Option<Vec<(f64, &str)>> = values.iter().map(|it| number(it)).collect();
    let split = split?;
    let unit = split.first()?.1;
    if split.iter().all(|it| it.1 == unit) {
        return Some((split.iter().map(|it| it.0).collect(), unit.to_owned()));
    }
    let sizes = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("min", 60.0)];
    let size = |unit: &str| sizes.iter().find(|it| it.0 == unit).map(|it| it.1);
    let seconds: Option<Vec<f64>> = split.iter().map(|it| Some(it.0 * size(it.1)?)).collect();
    Some((seconds?, "s".to_owned()))
}

/// A number and what stands behind it; `None` for `1min 30s`, `2, 3` and all that is no number.
fn number(value: &str) -> Option<(f64, &str)> {
    let is_digit = |it: char| it.is_ascii_digit() || matches!(it, '.' | '-' | '+' | '_');
    let end = value.find(|it| !is_digit(it)).unwrap_or(value.len());
    let (digits, unit) = value.split_at(end);
    let unit = unit.trim();
    let number: f64 = digits.replace('_', "").parse().ok()?;
    let is_unit = unit.chars().all(|it| it.is_alphabetic() || matches!(it, '/' | '%'));
    (number.is_finite() && is_unit).then_some((number, unit))
}

/// Whether the ratio of neighbours is about constant, and more constant than their difference.
fn is_geometric(numbers: &[f64]) -> bool {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.len() < 3 || sorted[0] <= 0.0 || sorted[sorted.len() - 1] < sorted[0] * RATIO_LEAST {
        return false;
    }
    let spread = |of: &dyn Fn(f64, f64) -> f64| {
        let all = sorted.windows(2).map(|pair| of(pair[0], pair[1]));
        let (least, most) =
            all.fold((f64::INFINITY, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
        most / least
    };
    let ratios = spread(&|one, next| libm::log(next / one));
    ratios < spread(&|one, next| next - one) && ratios < RATIO_SPREAD
}

/// How names are written below something: beside each other, or upright where they are long.
#[derive(Debug)]
pub(super) struct Names {
    said: Vec<(f64, String)>,
    is_upright: bool,
    points: i32,
    /// How high they are, in points.
    pub(super) height: i32,
}

impl Names {
    /// Of values that have `slot` points each, as many as fit.
    pub(super) fn new(values: &[String], points: i32, slot: f64) -> Names {
        let style = text(points, BLACK, HPos::Center, VPos::Top);
        let widest = values.iter().map(|it| width_of(it, &style)).max().unwrap_or(0);
        let every = |room: i32| (f64::from(room) / slot).ceil().max(1.0) as usize;
        let is_upright = every(widest + 8) > 1 && widest > 3 * points;
        let step = every(if is_upright { points + 4 } else { widest + 8 });
        // Those at the ends must not reach into the next panel.
        let fits = |at: usize| {
            let middle = (at as f64 + 0.5) * slot;
            let room = middle.min(slot * values.len() as f64 - middle) + f64::from(OVERHANG);
            is_upright || f64::from(width_of(&values[at], &style)) / 2.0 <= room
        };
        let first = (0..values.len()).find(|&at| fits(at)).unwrap_or(0);
        let said = (first..values.len()).step_by(step).filter(|&at| fits(at)).map(|at| {
            let it = &values[at];
            (at as f64, if is_upright { fitted(it, &style, UPRIGHT_MAX) } else { it.clone() })
        });
        let height = if is_upright { widest.min(UPRIGHT_MAX) + 4 } else { points + 4 };
        Names { said: said.collect(), is_upright, points, height }
    }

    /// `place`: where a value's middle is across, in pixels.
    pub(super) fn draw(
        &self,
        root: &Area<'_>,
        top: i32,
        place: impl Fn(f64) -> i32,
    ) -> Result<(), PlotError> {
        let flat = text(self.points, BLACK, HPos::Center, VPos::Top);
        let font = ("sans-serif", f64::from(px(self.points))).into_font();
        let font = font.transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
        let style = if self.is_upright { &style } else { &flat };
        for (at, said) in &self.said {
            root.draw_text(said, style, (place(*at), px(top))).map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[&str]) -> Scale {
        let values = values.iter().map(|&it| it.to_owned()).collect();
        Scale::new(&AxisOf { title: "a".to_owned(), values })
    }

    #[test]
    fn numbers_of_one_unit_are_numbers() {
        let check = |values: &[&str], kind, unit: &str| {
            let scale = scale(values);
            assert_eq!((scale.kind, scale.unit.as_str()), (kind, unit), "{values:?}");
        };
        check(&["2", "3", "4"], Kind::Linear, "");
        check(&["100/s", "200/s", "300/s"], Kind::Linear, "/s");
        check(&["1 GiB", "2 GiB", "4 GiB", "8 GiB"], Kind::Logarithmic, "GiB");
        check(&["1", "2", "5", "10", "20", "50"], Kind::Logarithmic, "");
        check(&["0", "1", "10", "100"], Kind::Linear, "");
        check(&["100ms", "1s", "10s"], Kind::Logarithmic, "s");
        check(&["1 GiB", "512 MiB"], Kind::Categories, "");
        check(&["2, 4", "3, 5"], Kind::Categories, "");
        check(&["leastconn", "roundrobin"], Kind::Categories, "");
        check(&["5"], Kind::Categories, "");
    }
}
