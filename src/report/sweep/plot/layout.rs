//! Where everything is on a sheet: legend, panels in rows and columns, their headings and titles.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use crate::report::plot::{
    PlotError,
    canvas::{Area, Frame, GREY, HEIGHT, WIDTH, failed, fitted, px, text, upright, width_of},
};

/// The left edge of all that is above the panels.
pub(super) const LEFT: i32 = 20;
/// Below the sheet's remark.
pub(super) const BEGIN: i32 = 74;
/// Between panels.
const GAP: i32 = 26;
/// How far names below a panel may reach beyond it.
pub(super) const OVERHANG: i32 = 12;
const HEADING: i32 = 24;
/// As wide as a panel should be to its height.
const SHAPE: f64 = 1.5;

/// Room around the panels, in points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    /// For names and ticks to the left, without the title.
    pub(super) left: i32,
    pub(super) right: i32,
    /// From the sheet's remark on.
    pub(super) top: i32,
    /// For names and ticks below, without the title.
    pub(super) bottom: i32,
}

#[derive(Debug)]
pub(super) struct Layout {
    /// All panels together.
    pub(super) whole: Frame,
    pub(super) panels: Vec<Panel>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) frame: Frame,
    /// It bears the names of rows.
    pub(super) is_first: bool,
    /// It bears the names of columns.
    pub(super) is_lowest: bool,
}

impl Layout {
    pub(super) fn new(count: usize, margins: Margins, has_headings: bool) -> Layout {
        let whole = Frame {
            left: LEFT + 24 + margins.left,
            right: WIDTH - margins.right,
            top: BEGIN + margins.top,
            bottom: HEIGHT - 34 - margins.bottom,
        };
        let columns = columns(count, f64::from(whole.width()) / f64::from(whole.height()));
        let rows = count.div_ceil(columns);
        let heading = if has_headings { HEADING } else { 0 };
        let slot = |length: i32, gap: i32, all: usize| (length + gap) / all as i32;
        let (wide, high) = (slot(whole.width(), GAP, columns), slot(whole.height(), GAP, rows));
        let panels = (0..count).map(|number| {
            let (column, row) = ((number % columns) as i32, number / columns);
            let left = whole.left + column * wide;
            let top = whole.top + row as i32 * high;
            let frame = Frame {
                left,
                right: left + wide - GAP,
                top: top + heading,
                bottom: top + high - GAP,
            };
            Panel { frame, is_first: column == 0, is_lowest: number + columns >= count }
        });
        Layout { whole, panels: panels.collect() }
    }

    /// The titles of the axes, in the middle of all panels.
    pub(super) fn titles(&self, root: &Area<'_>, across: &str, up: &str) -> Result<(), PlotError> {
        let style = text(16, BLACK, HPos::Center, VPos::Bottom);
        let frame = self.whole;
        let across = fitted(across, &style, frame.width());
        let place = (px(i32::midpoint(frame.left, frame.right)), px(HEIGHT - 10));
        root.draw_text(&across, &style, place).map_err(failed)?;
        let up = fitted(up, &style, frame.height());
        upright(root, &up, 16, (LEFT - 6, i32::midpoint(frame.top, frame.bottom)))
    }

    /// What the panels are of: `title = value`, or the values alone where that is too long.
    pub(super) fn headings(
        &self,
        root: &Area<'_>,
        title: &str,
        values: &[&str],
    ) -> Result<(), PlotError> {
        let style = text(13, BLACK, HPos::Left, VPos::Bottom);
        let whole: Vec<String> = values.iter().map(|it| format!("{title} = {it}")).collect();
        let fits = |said: &[String]| {
            said.iter()
                .zip(&self.panels)
                .all(|(it, panel)| width_of(it, &style) <= panel.frame.width())
        };
        // The last word of a path says enough where the whole does not fit.
        let short = title.rsplit('.').next().unwrap_or(title);
        let said = if fits(&whole) {
            whole
        } else {
            values.iter().map(|it| format!("{short} = {it}")).collect()
        };
        for (it, panel) in said.iter().zip(&self.panels) {
            let it = fitted(it, &style, panel.frame.width());
            let place = (px(panel.frame.left), px(panel.frame.top - 7));
            root.draw_text(&it, &style, place).map_err(failed)?;
        }
        Ok(())
    }
}

/// More of the remark, below the sheet's own; gives how high it is.
pub(super) fn second_remark(root: &Area<'_>, said: &str) -> Result<(), PlotError> {
    let style = text(15, GREY, HPos::Left, VPos::Top);
    let said = fitted(said, &style, WIDTH - 2 * LEFT);
    root.draw_text(&said, &style, (px(LEFT), px(BEGIN - 3))).map_err(failed)
}

/// How many panels stand beside each other on an area of this shape.
fn columns(count: usize, shape: f64) -> usize {
    if count <= 3 {
        return count.max(1);
    }
    let ideal = libm::sqrt(count as f64 * shape / SHAPE);
    ((ideal + 0.6) as usize).clamp(1, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_fill_the_sheet_and_do_not_touch() {
        let margins = Margins { left: 60, right: 30, top: 30, bottom: 20 };
        for count in 1..=20 {
            let layout = Layout::new(count, margins, true);
            assert_eq!(layout.panels.len(), count);
            for (number, one) in layout.panels.iter().enumerate() {
                let frame = one.frame;
                assert!(frame.width() > 120 && frame.height() > 60, "{count}: {frame:?}");
                assert!(layout.whole.right >= frame.right && layout.whole.bottom >= frame.bottom);
                for other in &layout.panels[number + 1..] {
                    let other = other.frame;
                    assert!(other.left > frame.right || other.top - HEADING > frame.bottom);
                }
            }
        }
        let seen: Vec<usize> = [1, 2, 3, 4, 5, 6, 9, 12, 20].map(|it| columns(it, 1.9)).to_vec();
        assert_eq!(seen, [1, 2, 3, 2, 3, 3, 3, 4, 5]);
    }
}
