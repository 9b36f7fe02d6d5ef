//! The service whose station is full first, at several sizes: the bound as a line, what was simulated as
//! points with their intervals; by instances on the left, by cores on the right.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    super::{
        PlotError,
        canvas::{
            Area, Axis, COLOURS, Frame, Key, failed, legend, line, linear, panel_in, px, sheet,
            text, upright,
        },
    },
    curve::count_label,
};
use crate::report::capacity::{Capacity, Curves, Sized};

const TOP: i32 = 128;
const BOTTOM: i32 = 630;
/// From left to right, by instances and by cores.
const PANELS: [(i32, i32); 2] = [(96, 620), (690, 1170)];

pub(super) fn draw(it: &Capacity, curves: &Curves) -> Result<Vec<u8>, PlotError> {
    let remark = "line: the bound by the utilisation law; points: where the first objective is \
                  missed, simulated, with 95% intervals";
    let title = format!("{}: {} at other sizes", super::title(it), curves.service);
    sheet(&title, remark, |root| {
        let all = curves.wider.iter().chain(&curves.taller);
        let most = all.flat_map(|it| [it.bound_per_s, simulated(it).map(|it| it[2])]).flatten();
        let (high, ticks) = linear(most.fold(0.0, f64::max) * 1.05, 6.0, count_label);
        let y = Axis { low: 0.0, high, ticks, minor: Vec::new(), title: String::new() };
        one(root, PANELS[0], &curves.wider, "instances", &y)?;
        one(root, PANELS[1], &curves.taller, "cores of each", &y)?;
        upright(root, "requests per second", 16, (14, i32::midpoint(TOP, BOTTOM)))?;
        let key = |name: &str, colour| Key { name: name.to_owned(), colour, is_dashed: false };
        let keys = [
            key("hardware is full", COLOURS[0]),
            key("objectives are missed, simulated", COLOURS[1]),
        ];
        legend(root, &keys, (100, 98))
    })
}

/// Requests a second: about, low, high.
fn simulated(it: &Sized) -> Option<[f64; 3]> {
    let [about, low, high] = it.missed_at.as_ref()?.map(|it| it.per_s);
    Some([about?, low?, high?])
}

fn one(
    root: &Area<'_>,
    (left, right): (i32, i32),
    sizes: &[Sized],
    what: &str,
    y: &Axis,
) -> Result<(), PlotError> {
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return Ok(()) };
    let room = 0.12 * f64::from((last.size - first.size).max(1));
    let x = Axis {
        low: f64::from(first.size) - room,
        high: f64::from(last.size) + room,
        ticks: sizes.iter().map(|it| (f64::from(it.size), it.size.to_string())).collect(),
        minor: Vec::new(),
        title: String::new(),
    };
    let frame = Frame { left, right, top: TOP, bottom: BOTTOM };
    let chart = panel_in(root, frame, 15, &x, y)?;
    let style = text(16, BLACK, HPos::Center, VPos::Top);
    let middle = px(i32::midpoint(left, right));
    root.draw_text(what, &style, (middle, px(BOTTOM + 32))).map_err(failed)?;
    let bounds: Vec<_> = sizes.iter().map(|it| (f64::from(it.size), it.bound_per_s)).collect();
    line(&chart, &bounds, COLOURS[0], false, 2)?;
    let area = chart.plotting_area();
    let cap = 0.18 * room;
    for it in sizes {
        let Some([about, low, high]) = simulated(it) else { continue };
        let (at, low) = (f64::from(it.size), low.max(y.low));
        // Pale and below, so that an interval no wider than the dot is seen.
        let dot = Circle::new((at, about), px(6), COLOURS[1].mix(0.35).filled());
        area.draw(&dot).map_err(failed)?;
        let style = COLOURS[1].stroke_width(px(2) as u32);
        for path in [
            vec![(at, low), (at, high)],
            vec![(at - cap, low), (at + cap, low)],
            vec![(at - cap, high), (at + cap, high)],
        ] {
            area.draw(&PathElement::new(path, style)).map_err(failed)?;
        }
    }
    Ok(())
}
