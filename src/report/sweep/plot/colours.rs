//! A figure as a colour: cividis (Nuñez, Anderton and Renslow 2018), which looks the same with any
//! kind of sight and darkens evenly, and its bar.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use crate::report::plot::{
    PlotError,
    canvas::{Area, Axis, Frame, failed, px, text, upright},
};

/// From pale (little) to dark (much).
const STOPS: [[u8; 3]; 10] = [
    [0xFF, 0xEA, 0x46],
    [0xE4, 0xCF, 0x5B],
    [0xC4, 0xB5, 0x6C],
    [0xA6, 0x9D, 0x75],
    [0x8A, 0x87, 0x79],
    [0x70, 0x71, 0x73],
    [0x57, 0x5C, 0x6D],
    [0x39, 0x48, 0x6B],
    [0x00, 0x33, 0x6F],
    [0x00, 0x20, 0x4D],
];

/// The colour of a place on the way from 0 to 1.
pub(super) fn colour(share: f64) -> RGBColor {
    let at = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let from = (at as usize).min(STOPS.len() - 2);
    let part = at - from as f64;
    let [red, green, blue] = [0, 1, 2].map(|channel| {
        let (one, next) = (f64::from(STOPS[from][channel]), f64::from(STOPS[from + 1][channel]));
        (one + (next - one) * part).round() as u8
    });
    RGBColor(red, green, blue)
}

/// What can be read on a colour: black or white.
pub(super) fn ink(on: RGBColor) -> RGBColor {
    let light = 0.299 * f64::from(on.0) + 0.587 * f64::from(on.1) + 0.114 * f64::from(on.2);
    if light > 120.0 { BLACK } else { WHITE }
}

/// Where a position is on its axis, from 0 to 1.
pub(super) fn share(axis: &Axis, position: f64) -> f64 {
    (position - axis.low) / (axis.high - axis.low)
}

/// The bar that says which colour is how much.
pub(super) fn bar(root: &Area<'_>, frame: Frame, axis: &Axis) -> Result<(), PlotError> {
    let (left, right) = (px(frame.left), px(frame.right));
    let (top, bottom) = (px(frame.top), px(frame.bottom));
    for y in top..bottom {
        let up = f64::from(bottom - y) / f64::from(bottom - top);
        let line = Rectangle::new([(left, y), (right, y + 1)], colour(up).filled());
        root.draw(&line).map_err(failed)?;
    }
    let style = text(14, BLACK, HPos::Left, VPos::Center);
    for (at, label) in &axis.ticks {
        let y = bottom - (share(axis, *at) * f64::from(bottom - top)).round() as i32;
        let tick = PathElement::new(
            vec![(right, y), (right + px(5), y)],
            BLACK.stroke_width(px(1) as u32),
        );
        root.draw(&tick).map_err(failed)?;
        root.draw_text(label, &style, (right + px(9), y)).map_err(failed)?;
    }
    upright(root, &axis.title, 15, (frame.left - 24, i32::midpoint(frame.top, frame.bottom)))
}
