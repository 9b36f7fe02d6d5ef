//! What more machines bring: the bound of each service made larger by itself on the left, what to add
//! next one after the other on the right.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    super::{
        PlotError,
        canvas::{Area, Axis, COLOURS, Key, failed, legend, line, linear, panel, px, sheet, text},
    },
    curve::count_label,
};
use crate::report::capacity::{Capacity, Growth};

/// Services that are drawn.
const LINES_MAX: usize = 7;
/// Where the left panel ends, from the right.
const SPLIT: i32 = 640;
/// Of the right one.
const LEFT: i32 = 660;
const RIGHT: i32 = 1160;
const TOP: i32 = 128;
const BOTTOM: i32 = 600;

pub(super) fn draw(it: &Capacity, growth: &Growth) -> Result<Vec<u8>, PlotError> {
    let remark = "left: the bound by the utilisation law with more instances of one service; \
     right: what to add next, in turn";
    sheet(&format!("{}: what more machines bring", super::title(it)), remark, |root| {
        let now = it.operational.bound_per_s.unwrap_or(0.0);
        let wider = growth.services.iter().flat_map(|it| it.wider_per_s.iter().flatten().copied());
        let steps = growth.steps.iter().map(|it| it.bound_per_s);
        let most = wider.chain(steps).fold(now, f64::max);
        let (high, ticks) = linear(most * 1.05, 6.0, count_label);
        let title = "requests per second".to_owned();
        let y = Axis { low: 0.0, high, ticks, minor: Vec::new(), title };
        services(root, growth, now, &y)?;
        in_turn(root, it, growth, &y)
    })
}

fn services(root: &Area<'_>, growth: &Growth, now: f64, y: &Axis) -> Result<(), PlotError> {
    let count = growth.services.iter().map(|it| it.wider_per_s.len()).max().unwrap_or(0);
    let ticks = (0..=count).map(|more| {
        let label = if more == 0 { "now".to_owned() } else { format!("+{more}") };
        (more as f64, label)
    });
    let x = Axis {
        low: -0.2,
        high: count as f64 + 0.2,
        ticks: ticks.collect(),
        minor: Vec::new(),
        title: "instances added to one service".to_owned(),
    };
    let chart = panel(root, (TOP, BOTTOM), SPLIT, &x, y)?;
    let mut keys = Vec::new();
    for (number, grown) in growth.services.iter().enumerate().take(LINES_MAX) {
        // Beside each other where they are the same.
        let shift = 0.04 * number as f64;
        let mut points = vec![(shift, Some(now))];
        points
            .extend((1..).zip(&grown.wider_per_s).map(|(more, it)| (f64::from(more) + shift, *it)));
        line(&chart, &points, COLOURS[number], false, 2)?;
        for (at, value) in points {
            if let Some(value) = value {
                let dot = Circle::new((at, value), px(4), COLOURS[number].filled());
                chart.plotting_area().draw(&dot).map_err(failed)?;
            }
        }
        keys.push(Key { name: grown.service.clone(), colour: COLOURS[number], is_dashed: false });
    }
    legend(root, &keys, (100, 98))
}

fn in_turn(root: &Area<'_>, it: &Capacity, growth: &Growth, y: &Axis) -> Result<(), PlotError> {
    let now = it.operational.bound_per_s.unwrap_or(0.0);
    let missed = it.safe.as_ref().and_then(|safe| safe.missed_at.as_ref()?[0].per_s);
    let mut bars = vec![("now".to_owned(), now, missed)];
    for step in &growth.steps {
        let at = step.missed_at.as_ref().and_then(|load| load.per_s);
        bars.push((format!("+ {}", step.what), step.bound_per_s, at));
    }
    let height = |value: f64| px(BOTTOM) - (f64::from(px(BOTTOM - TOP)) * value / y.high) as i32;
    let width = f64::from(px(RIGHT - LEFT)) / bars.len() as f64;
    for (at, _) in &y.ticks {
        let style = BLACK.mix(0.13).stroke_width(px(1) as u32);
        let edge = vec![(px(LEFT), height(*at)), (px(RIGHT), height(*at))];
        root.draw(&PathElement::new(edge, style)).map_err(failed)?;
    }
    for (number, (name, bound, missed)) in bars.iter().enumerate() {
        let from = px(LEFT) + (width * (number as f64 + 0.12)) as i32;
        let until = px(LEFT) + (width * (number as f64 + 0.88)) as i32;
        let bar = [(from, height(*bound)), (until, px(BOTTOM))];
        root.draw(&Rectangle::new(bar, COLOURS[5].mix(0.6).filled())).map_err(failed)?;
        let style = text(13, BLACK, HPos::Center, VPos::Bottom);
        let middle = i32::midpoint(from, until);
        root.draw_text(&count_label(bound.round()), &style, (middle, height(*bound) - px(4)))
            .map_err(failed)?;
        if let Some(missed) = missed {
            let style = COLOURS[1].stroke_width(px(3) as u32);
            let edge = vec![(from, height(*missed)), (until, height(*missed))];
            root.draw(&PathElement::new(edge, style)).map_err(failed)?;
        }
        // Two rows, so that neighbours do not meet.
        let style = text(13, BLACK, HPos::Center, VPos::Top);
        let place = (middle, px(BOTTOM + 10 + 22 * (number as i32 % 3)));
        root.draw_text(name, &style, place).map_err(failed)?;
    }
    let style = BLACK.mix(0.8).stroke_width(px(1) as u32);
    let edge = vec![(px(LEFT), px(BOTTOM)), (px(RIGHT), px(BOTTOM))];
    root.draw(&PathElement::new(edge, style)).map_err(failed)?;
    let key = |name: &str, colour| Key { name: name.to_owned(), colour, is_dashed: false };
    let keys = [
        key("hardware is full", COLOURS[5]),
        key("objectives are missed, as simulated", COLOURS[1]),
    ];
    legend(root, &keys, (LEFT, 98))
}
