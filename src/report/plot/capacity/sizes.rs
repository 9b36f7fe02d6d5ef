//! Each service at several sizes: the site's bound as a line, what was simulated as points with their
//! intervals; a column for each service, by instances above, by cores below.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    super::{
        PlotError,
        canvas::{
            Area, Axis, COLOURS, Frame, Key, failed, fitted, legend, line, linear, panel_in, px,
            sheet, text, upright,
        },
    },
    curve::{across, count_label},
};
use crate::report::capacity::{Capacity, Curves, Sized, unit};

/// Services that are drawn: those that are full first.
const COLUMNS_MAX: usize = 6;
/// Their panels lie between these, so far from each other.
const LEFT: i32 = 96;
const RIGHT: i32 = 1170;
const APART: i32 = 64;
/// Where the panels by instances and by cores begin and end.
const ROWS: [(i32, i32); 2] = [(156, 370), (442, 656)];

pub(super) fn draw(it: &Capacity, curves: &[Curves]) -> Result<Vec<u8>, PlotError> {
    // Bounds are of requests: users are not to be held against these.
    let loads = || curves.iter().flat_map(|it| it.wider.iter().chain(&it.taller));
    let unit = loads().find_map(|it| it.missed_at.as_ref()).map_or("requests/s", |it| unit(&it[0]));
    let has_bounds = unit == "requests/s";
    let points = "where the first objective is missed, simulated, with 95% intervals";
    let remark = if has_bounds {
        format!("line: the bound by the utilisation law; points: {points}")
    } else {
        points.to_owned()
    };
    let title = format!("{}: each service at other sizes", super::title(it));
    let drawn = &curves[..curves.len().min(COLUMNS_MAX)];
    sheet(&title, &remark, |root| {
        let all = drawn.iter().flat_map(|it| it.wider.iter().chain(&it.taller));
        let bound = |it: &Sized| it.bound_per_s.filter(|_| has_bounds);
        let most = all.flat_map(|it| [bound(it), simulated(it).map(|it| it[2])]).flatten();
        let (high, ticks) = linear(most.fold(0.0, f64::max) * 1.05, 5.0, count_label);
        let y = Axis { low: 0.0, high, ticks, minor: Vec::new(), title: String::new() };
        let columns = drawn.len() as i32;
        let width = (RIGHT - LEFT - (columns - 1) * APART) / columns;
        for (column, it) in (0..).zip(drawn) {
            let left = LEFT + column * (width + APART);
            let right = left + width;
            let middle = (px(i32::midpoint(left, right)), px(ROWS[0].0 - 8));
            let style = text(17, BLACK, HPos::Center, VPos::Bottom);
            root.draw_text(&fitted(&it.service, &style, width), &style, middle).map_err(failed)?;
            one(root, frame(0, left, right), (&it.wider, has_bounds), "instances", &y)?;
            one(root, frame(1, left, right), (&it.taller, has_bounds), "cores of each", &y)?;
        }
        for ((top, bottom), sizes) in ROWS.into_iter().zip([&drawn[0].wider, &drawn[0].taller]) {
            if !sizes.is_empty() {
                upright(root, unit, 15, (14, i32::midpoint(top, bottom)))?;
            }
        }
        let key = |name: &str, colour| Key { name: name.to_owned(), colour, is_dashed: false };
        let mut keys = vec![key("objectives are missed, simulated", COLOURS[1])];
        if has_bounds {
            keys.insert(0, key("hardware is full", COLOURS[0]));
        }
        legend(root, &keys, (100, 92))
    })
}

fn frame(row: usize, left: i32, right: i32) -> Frame {
    let (top, bottom) = ROWS[row];
    Frame { left, right, top, bottom }
}

/// Where the first objective is missed: about, low, high.
fn simulated(it: &Sized) -> Option<[f64; 3]> {
    it.missed_at.as_ref().map(|it| it.map(|load| across(&load)))
}

fn one(
    root: &Area<'_>,
    frame: Frame,
    (sizes, has_bounds): (&[Sized], bool),
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
    let (middle, below) = (px(i32::midpoint(frame.left, frame.right)), px(frame.bottom + 28));
    let chart = panel_in(root, frame, 14, &x, y)?;
    let style = text(15, BLACK, HPos::Center, VPos::Top);
    root.draw_text(what, &style, (middle, below)).map_err(failed)?;
    let bounds: Vec<_> = sizes.iter().map(|it| (f64::from(it.size), it.bound_per_s)).collect();
    if has_bounds {
        line(&chart, &bounds, COLOURS[0], false, 2)?;
    }
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
