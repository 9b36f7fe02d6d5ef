//! What more machines bring: on the left the load at which each service alone is full, by its instances
//! and by its cores, on the right what to add next one after the other.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    super::{
        PlotError,
        canvas::{
            Area, Axis, COLOURS, GREY, Key, Ticks, WIDTH, failed, fitted, legend, line, linear,
            logarithmic, panel, px, sheet, text, upright, width_of,
        },
    },
    curve::count_label,
};
use crate::report::capacity::{Capacity, Grown, Growth, Size};

/// Services that are drawn: those that are full first.
const LINES_MAX: usize = 6;
/// Where the left panels end, from the right.
const SPLIT: i32 = 660;
/// Where the legend of the left ones begins; it ends where they do.
const LEGEND: i32 = 60;
/// Its entries, and what each of them takes beside its name.
const KEYS_MAX: usize = LINES_MAX + 1;
const BESIDE: i32 = 46;
/// And their heights.
const PANELS: [(i32, i32); 2] = [(128, 330), (408, 600)];
/// Of the right one.
const LEFT: i32 = 660;
const RIGHT: i32 = 1160;
const TOP: i32 = 128;
const BOTTOM: i32 = 600;

pub(super) fn draw(it: &Capacity, growth: &Growth) -> Result<Vec<u8>, PlotError> {
    let remark = "left: the load at which a service alone is full, by the utilisation law (dashed: the \
                  site now); right: what to add next, in turn";
    sheet(&format!("{}: what more machines bring", super::title(it)), remark, |root| {
        let now = it.operational.bound_per_s.unwrap_or(0.0);
        let most = growth.steps.iter().map(|it| it.bound_per_s).fold(now, f64::max);
        let (high, ticks) = linear(most * 1.05, 6.0, count_label);
        let title = "requests per second".to_owned();
        let y = Axis { low: 0.0, high, ticks, minor: Vec::new(), title };
        services(root, growth, now)?;
        in_turn(root, it, growth, &y)
    })
}

/// Each service alone.
fn services(root: &Area<'_>, growth: &Growth, now: f64) -> Result<(), PlotError> {
    let alone =
        |it: &Grown| it.wider.first().and_then(|it| it.alone_per_s).unwrap_or(f64::INFINITY);
    let mut drawn: Vec<&Grown> = growth.services.iter().collect();
    drawn.sort_by(|one, other| alone(one).total_cmp(&alone(other)));
    drawn.truncate(LINES_MAX);
    let sizes = |it: &&Grown| it.wider.iter().chain(&it.taller).copied().collect::<Vec<Size>>();
    let rates = drawn.iter().flat_map(sizes).filter_map(|it| it.alone_per_s);
    let (least, most) = rates.fold((now, now), |(least, most), it| (least.min(it), most.max(it)));
    if least <= 0.0 {
        return Ok(());
    }
    let y = logarithmic((0.95 * least, 1.05 * most), "requests per second", count_label);
    let added = |it: &Grown, size: &Size| f64::from(size.size - it.from);
    let times = |it: &Grown, size: &Size| {
        let whole = it.taller.last().map_or(1, |it| it.size);
        2.0 * f64::from(size.size) / f64::from(whole)
    };
    let instances: Ticks = (0..5)
        .map(|more| {
            (f64::from(more), if more == 0 { "now".to_owned() } else { format!("+{more}") })
        })
        .collect();
    let cores: Ticks = [(0.5, "½×"), (1.0, "now"), (1.5, "1½×"), (2.0, "2×")]
        .map(|(at, label)| (at, label.to_owned()))
        .into();
    let axis = |(low, high), ticks: Ticks, title: &str| Axis {
        low,
        high,
        ticks,
        minor: Vec::new(),
        title: title.to_owned(),
    };
    let wide = axis((-0.2, 4.2), instances, "instances added to one service");
    let tall = axis((0.44, 2.06), cores, "cores of each of its hosts");
    for (place, x, is_wide) in [(PANELS[0], &wide, true), (PANELS[1], &tall, false)] {
        let chart = panel(root, place, SPLIT, x, &y)?;
        let bound = [(x.low, Some(libm::log10(now))), (x.high, Some(libm::log10(now)))];
        line(&chart, &bound, GREY, true, 2)?;
        for (number, it) in drawn.iter().enumerate() {
            let sizes = if is_wide { &it.wider } else { &it.taller };
            let at = |size: &Size| if is_wide { added(it, size) } else { times(it, size) };
            let points: Vec<(f64, Option<f64>)> =
                sizes.iter().map(|size| (at(size), size.alone_per_s.map(libm::log10))).collect();
            line(&chart, &points, COLOURS[number], false, 2)?;
            for &(at, value) in &points {
                if let Some(value) = value {
                    let dot = Circle::new((at, value), px(3), COLOURS[number].filled());
                    chart.plotting_area().draw(&dot).map_err(failed)?;
                }
            }
        }
    }
    // On two rows, with as much of each name as there is room for, where one has too little.
    let style = text(15, BLACK, HPos::Left, VPos::Center);
    let width = |it: &&Grown| width_of(&it.service, &style) + BESIDE;
    let one_row = drawn.iter().map(width).sum::<i32>() + width_of("site now", &style) + BESIDE;
    let columns = if one_row <= SPLIT - LEGEND { KEYS_MAX } else { KEYS_MAX.div_ceil(2) };
    let room = if columns == KEYS_MAX { SPLIT } else { (SPLIT - LEGEND) / columns as i32 - BESIDE };
    let key = |(number, it): (usize, &&Grown)| Key {
        name: fitted(&it.service, &style, room),
        colour: COLOURS[number],
        is_dashed: false,
    };
    let mut keys: Vec<Key> = drawn.iter().enumerate().map(key).collect();
    keys.push(Key { name: "site now".to_owned(), colour: GREY, is_dashed: true });
    for (row, keys) in keys.chunks(columns).enumerate() {
        let top = if columns == KEYS_MAX { 98 } else { 84 + 22 * row as i32 };
        legend(root, keys, (LEGEND, top))?;
    }
    Ok(())
}

fn in_turn(root: &Area<'_>, it: &Capacity, growth: &Growth, y: &Axis) -> Result<(), PlotError> {
    let now = it.operational.bound_per_s.unwrap_or(0.0);
    // Users are not to be held against requests a second.
    let missed = it.safe.as_ref().and_then(|safe| safe.missed_at.as_ref()?[0].per_s);
    let is_simulated = missed.is_some();
    let mut bars = vec![("now".to_owned(), now, missed)];
    for step in &growth.steps {
        let at = step.missed_at.as_ref().and_then(|load| load.per_s);
        let dots = if step.skipped > 0 { "… " } else { "+ " };
        bars.push((format!("{dots}{}", step.what), step.bound_per_s, at));
    }
    let height = |value: f64| px(BOTTOM) - (f64::from(px(BOTTOM - TOP)) * value / y.high) as i32;
    let width = f64::from(px(RIGHT - LEFT)) / bars.len() as f64;
    for (at, label) in &y.ticks {
        let style = BLACK.mix(0.13).stroke_width(px(1) as u32);
        let edge = vec![(px(LEFT), height(*at)), (px(RIGHT), height(*at))];
        root.draw(&PathElement::new(edge, style)).map_err(failed)?;
        let style = text(15, BLACK, HPos::Right, VPos::Center);
        root.draw_text(label, &style, (px(LEFT - 8), height(*at))).map_err(failed)?;
    }
    upright(root, &y.title, 16, (LEFT - 84, i32::midpoint(TOP, BOTTOM)))?;
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
        let room = ((width * 2.6) as i32 / px(1)).min(2 * (WIDTH - 8 - middle / px(1)));
        root.draw_text(&fitted(name, &style, room), &style, place).map_err(failed)?;
    }
    let style = BLACK.mix(0.8).stroke_width(px(1) as u32);
    let edge = vec![(px(LEFT), px(BOTTOM)), (px(RIGHT), px(BOTTOM))];
    root.draw(&PathElement::new(edge, style)).map_err(failed)?;
    let key = |name: &str, colour| Key { name: name.to_owned(), colour, is_dashed: false };
    let mut keys = vec![key("hardware is full", COLOURS[5])];
    if is_simulated {
        keys.push(key("objectives are missed, as simulated", COLOURS[1]));
    }
    legend(root, &keys, (LEFT, 98))
}
