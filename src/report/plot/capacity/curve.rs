//! Latency over the load above, how near its limit each objective is below: with the safe load, the
//! knee, and where the hardware is full.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::super::{
    PlotError,
    canvas::{
        Area, Axis, COLOURS, Chart, GREY, Key, Ticks, failed, legend, line, linear, panel, px,
        seconds_axis, sheet, text,
    },
};
use crate::report::{
    capacity::{Capacity, Load, Point, load},
    format::{span, thousands},
};

/// Objectives that are drawn.
const OBJECTIVES_MAX: usize = 6;
/// What is less bad than this share of what may be is drawn there, and what is worse than that.
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;
const PANELS: [(i32, i32); 2] = [(160, 380), (452, 650)];
const RIGHT: i32 = 48;

/// Where a load lies across.
pub(super) fn across(load: &Load) -> f64 {
    match (load.per_s, load.users) {
        (Some(per_s), None) => per_s,
        (None, Some(users)) => users as f64,
        (Some(_), Some(_)) | (None, None) => load.factor,
    }
}

/// What loads are counted in.
pub(super) fn unit(load: &Load) -> &'static str {
    match (load.per_s, load.users) {
        (Some(_), None) => "load: requests per second",
        (None, Some(_)) => "load: users",
        (Some(_), Some(_)) | (None, None) => "load, times the scenario's own",
    }
}

pub(super) fn count_label(value: f64) -> String {
    if value < 10.0 { format!("{}", (value * 1e3).round() / 1e3) } else { thousands(value as u64) }
}

pub(super) fn draw(it: &Capacity) -> Result<Vec<u8>, PlotError> {
    let sustained = span(it.scenario.sustained_s);
    let remark = match &it.safe {
        Some(safe) => format!(
            "safe load {}, sustained for {sustained}; bands are 95% intervals",
            load(&safe.load)
        ),
        None => format!("sustained for {sustained}; bands are 95% intervals"),
    };
    sheet(&format!("{}: latency and objectives over the load", super::title(it)), &remark, |root| {
        let most = it.curve.iter().map(|point| across(&point.load)).fold(0.0, f64::max);
        let (high, ticks) = linear(most, 10.0, count_label);
        let high = high.min(most * 1.03);
        let axis = |title: &str| Axis {
            low: 0.0,
            high,
            ticks: ticks.iter().filter(|tick| tick.0 <= high).cloned().collect(),
            minor: Vec::new(),
            title: title.to_owned(),
        };
        latency(root, it, &axis(""))?;
        let first = it.curve.first().map_or("", |point| unit(&point.load));
        objectives(root, it, &axis(first))
    })
}

fn latency(root: &Area<'_>, it: &Capacity, x: &Axis) -> Result<(), PlotError> {
    let known = || it.curve.iter().flat_map(|point| point.latency_s.iter().flatten().copied());
    let (least, most) = (known().fold(f64::MAX, f64::min), known().fold(0.0, f64::max));
    let y = seconds_axis(least, most, "latency of successes");
    let chart = panel(root, PANELS[0], RIGHT, x, &y)?;
    marks(root, &chart, it, &y, true)?;
    let lines = [
        (0, "mean", GREY, true),
        (1, "p50", COLOURS[2], false),
        (2, "p95", COLOURS[4], false),
        (3, "p99", COLOURS[3], false),
    ];
    let mut keys = Vec::new();
    for (which, name, colour, is_dashed) in lines {
        let points: Vec<(f64, Option<f64>)> = it
            .curve
            .iter()
            .map(|point| {
                let value = point.latency_s[which].map(|it| libm::log10(it.max(1e-9)));
                (across(&point.load), value)
            })
            .collect();
        line(&chart, &points, colour, is_dashed, 2)?;
        dots(&chart, &points, colour)?;
        keys.push(Key { name: name.to_owned(), colour, is_dashed });
    }
    legend(root, &keys, (100, 92))
}

fn objectives(root: &Area<'_>, it: &Capacity, x: &Axis) -> Result<(), PlotError> {
    let y = badness_axis();
    let chart = panel(root, PANELS[1], RIGHT, x, &y)?;
    marks(root, &chart, it, &y, false)?;
    let limit = vec![(x.low, 0.0), (x.high, 0.0)];
    let style = BLACK.stroke_width(px(2) as u32);
    chart.plotting_area().draw(&PathElement::new(limit, style)).map_err(failed)?;
    let mut keys = Vec::new();
    for (index, objective) in it.objectives.iter().enumerate().take(OBJECTIVES_MAX) {
        let colour = COLOURS[index];
        let at = |which: usize| -> Vec<(f64, Option<f64>)> {
            let of = |point: &Point| {
                let value = point.badness[index].map(|it| height(it[which]));
                (across(&point.load), value)
            };
            it.curve.iter().map(of).collect()
        };
        let (middle, low, high) = (at(0), at(1), at(2));
        band(&chart, &low, &high, colour)?;
        line(&chart, &middle, colour, false, 2)?;
        dots(&chart, &middle, colour)?;
        let name = format!("{} ({})", objective.name, objective.require);
        keys.push(Key { name, colour, is_dashed: false });
    }
    // Long names would run out of the sheet.
    if keys.len() > 3 || keys.iter().map(|key| key.name.chars().count()).sum::<usize>() > 100 {
        for (key, objective) in keys.iter_mut().zip(&it.objectives) {
            key.name.clone_from(&objective.name);
        }
    }
    legend(root, &keys, (100, 430))
}

/// What is bad over what may be, as a height: logarithmic, the limit at 0.
fn height(badness: f64) -> f64 {
    libm::log10(badness.clamp(LEAST, MOST))
}

fn badness_axis() -> Axis {
    let labels = [
        (0.01, "1% or less"),
        (0.1, "10%"),
        (1.0, "the limit"),
        (10.0, "10 times"),
        (100.0, "100 times"),
    ];
    let ticks: Ticks =
        labels.iter().map(|(at, label)| (libm::log10(*at), (*label).to_owned())).collect();
    let minor = (-2..2)
        .flat_map(|decade| (2..10).map(move |it| f64::from(decade) + libm::log10(f64::from(it))));
    let title = "allowance used".to_owned();
    Axis {
        low: height(LEAST) - 0.1,
        high: height(MOST) + 0.1,
        ticks,
        minor: minor.collect(),
        title,
    }
}

fn band(
    chart: &Chart<'_, '_>,
    low: &[(f64, Option<f64>)],
    high: &[(f64, Option<f64>)],
    colour: RGBColor,
) -> Result<(), PlotError> {
    let known = |points: &[(f64, Option<f64>)]| -> Vec<(f64, f64)> {
        points.iter().filter_map(|&(x, y)| Some((x, y?))).collect()
    };
    let (low, mut corners) = (known(low), known(high));
    corners.extend(low.into_iter().rev());
    if corners.len() > 2 {
        let shade = Polygon::new(corners, colour.mix(0.15));
        chart.plotting_area().draw(&shade).map_err(failed)?;
    }
    Ok(())
}

fn dots(
    chart: &Chart<'_, '_>,
    points: &[(f64, Option<f64>)],
    colour: RGBColor,
) -> Result<(), PlotError> {
    for &(x, y) in points {
        if let Some(y) = y {
            let dot = Circle::new((x, y), px(3), colour.filled());
            chart.plotting_area().draw(&dot).map_err(failed)?;
        }
    }
    Ok(())
}

/// The load now, the knee, the safe load, and where the hardware is full; with their names above.
fn marks(
    root: &Area<'_>,
    chart: &Chart<'_, '_>,
    it: &Capacity,
    y: &Axis,
    names: bool,
) -> Result<(), PlotError> {
    let high = chart.as_coord_spec().get_x_range().end;
    let mut marks = vec![(across(&it.scenario.load), "now".to_owned(), GREY, false)];
    if let Some(knee) = &it.knee {
        marks.push((across(knee), "knee".to_owned(), COLOURS[5], false));
    }
    if let Some(safe) = &it.safe {
        marks.push((across(&safe.load), "safe".to_owned(), COLOURS[2], true));
    }
    if let Some(bound) = &it.operational.bound {
        marks.push((across(bound), "hardware full".to_owned(), COLOURS[1], false));
    }
    if let Some(safe) = &it.safe {
        let corners = [(0.0, y.low), (across(&safe.load), y.high)];
        let shade = Rectangle::new(corners, COLOURS[2].mix(0.07).filled());
        chart.plotting_area().draw(&shade).map_err(failed)?;
    }
    marks.retain(|mark| mark.0 <= high);
    marks.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut ends = [i32::MIN; 3];
    for (at, name, colour, is_bold) in marks {
        let style = colour.stroke_width(px(if is_bold { 3 } else { 2 }) as u32);
        let edge = PathElement::new(vec![(at, y.low), (at, y.high)], style);
        chart.plotting_area().draw(&edge).map_err(failed)?;
        if !names {
            continue;
        }
        let (x, top) = chart.backend_coord(&(at, y.high));
        let style = text(14, colour, HPos::Center, VPos::Bottom);
        let (width, _) = root.estimate_text_size(&name, &style).map_err(failed)?;
        let row = ends.iter().position(|end| *end <= x - width as i32 / 2).unwrap_or(2);
        ends[row] = x + width as i32 / 2 + px(8);
        root.draw_text(&name, &style, (x, top - px(4 + 17 * row as i32))).map_err(failed)?;
    }
    Ok(())
}
