//! What is said above the panels: the names of lines, and what stands for a point above capacity.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{figure::Figure, layout::LEFT};
use crate::{
    report::plot::{
        PlotError,
        canvas::{Area, COLOURS, Key, failed, legend, px, text, width_of},
    },
    stats::interval::CONFIDENCE,
};

/// Between two lines of a hatch.
const HATCH: i32 = 9;
/// The height of a row of the legend.
const ROW: i32 = 26;
pub(super) const SHADE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);

/// What stands for a point above capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    Hatched,
    /// And crossed.
    Shaded,
    Crossed,
}

/// What is above the panels.
pub(super) struct Legend {
    pub(super) figure: Figure,
    /// Names of lines.
    pub(super) keys: Vec<Key>,
    /// There are such points.
    pub(super) above: Option<Above>,
    /// There are points without a value.
    pub(super) lacks_some: bool,
    /// Intervals are written.
    pub(super) has_bounds: bool,
}

impl Legend {
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.above.is_some() {
            let said = match self.figure {
                Figure::P99 => {
                    "above capacity: latency depends on how long was looked and on who gives up"
                }
                Figure::Success | Figure::Throughput | Figure::Busiest => {
                    "above capacity: work piles up, or is given up, for as long as the load lasts"
                }
            };
            notes.push(said.to_owned());
        }
        if self.lacks_some {
            notes.push("–  no value".to_owned());
        }
        if self.has_bounds {
            notes.push(format!("±  half of the {}% interval", CONFIDENCE * 100.0));
        }
        notes
    }

    /// How high it is.
    pub(super) fn height(&self) -> i32 {
        let keys = i32::from(!self.keys.is_empty());
        let notes = i32::from(!self.notes().is_empty());
        (keys + notes) * ROW
    }

    /// With its upper edge at `top`.
    pub(super) fn draw(&self, root: &Area<'_>, top: i32) -> Result<(), PlotError> {
        let style = text(15, BLACK, HPos::Left, VPos::Center);
        let mut y = top + ROW / 2;
        if !self.keys.is_empty() {
            legend(root, &self.keys, (LEFT, y))?;
            y += ROW;
        }
        let mut left = LEFT;
        for (number, said) in self.notes().into_iter().enumerate() {
            if let Some(above) = self.above.filter(|_| number == 0) {
                swatch(root, above, (left, y))?;
                left += 36;
            }
            root.draw_text(&said, &style, (px(left), px(y))).map_err(failed)?;
            left += width_of(&said, &style) + 30;
        }
        Ok(())
    }
}

fn swatch(root: &Area<'_>, above: Above, (left, y): (i32, i32)) -> Result<(), PlotError> {
    // The middle of small letters is above that of the line.
    let y = y - 2;
    let corners = [(px(left), px(y - 8)), (px(left + 28), px(y + 8))];
    match above {
        Above::Hatched => {
            hatch(root, corners, BLACK)?;
            let edge = Rectangle::new(corners, BLACK.mix(0.5).stroke_width(px(1) as u32));
            return root.draw(&edge).map_err(failed);
        }
        Above::Shaded => {
            root.draw(&Rectangle::new(corners, SHADE.mix(0.2).filled())).map_err(failed)?;
        }
        Above::Crossed => {}
    }
    cross(root, (px(left + 14), px(y)), COLOURS[6])
}

/// A cross in pixels.
pub(super) fn cross(
    root: &Area<'_>,
    (x, y): (i32, i32),
    colour: RGBColor,
) -> Result<(), PlotError> {
    let reach = px(5);
    for slope in [-1, 1] {
        let ends = vec![(x - reach, y - reach * slope), (x + reach, y + reach * slope)];
        // White around it, so that it is seen on its own line.
        for (paint, wide) in [(WHITE, 4), (colour, 2)] {
            let stroke = PathElement::new(ends.clone(), paint.stroke_width(px(wide) as u32));
            root.draw(&stroke).map_err(failed)?;
        }
    }
    Ok(())
}

/// Slanted lines over a rectangle in pixels; those of neighbours meet.
pub(super) fn hatch(
    root: &Area<'_>,
    [(left, top), (right, bottom)]: [(i32, i32); 2],
    ink: RGBColor,
) -> Result<(), PlotError> {
    let step = px(HATCH);
    let style = ink.mix(0.55).stroke_width(px(1) as u32);
    let first = (left + top).div_euclid(step) + 1;
    let last = (right + bottom).div_euclid(step);
    // Along each of the lines x + y is the same.
    for sum in (first..=last).map(|it| it * step) {
        let (from, to) = (left.max(sum - bottom), right.min(sum - top));
        if from < to {
            let ends = vec![(from, sum - from), (to, sum - to)];
            root.draw(&PathElement::new(ends, style)).map_err(failed)?;
        }
    }
    Ok(())
}
