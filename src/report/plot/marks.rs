//! What happened, shaded behind what is drawn over time: from a failure to its repair, and spikes.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    PlotError,
    canvas::{Area, Axis, Chart, GREY, failed, px, text},
};
use crate::{
    engine::time::Instant,
    model::blueprint::{Arrivals, Blueprint, What},
};

/// Something that lasted, in seconds since the beginning of the window.
pub(super) struct Mark {
    from_s: f64,
    until_s: f64,
    name: String,
}

/// All marks that touch the window, in the order of their beginnings.
pub(super) fn of(site: &Blueprint) -> Vec<Mark> {
    let begin = Instant::ZERO + site.warm_up;
    let since = |at: Instant| at.seconds() - begin.seconds();
    let mut marks: Vec<Mark> = Vec::new();
    for (number, happening) in site.timeline.iter().enumerate() {
        let ends = match happening.what {
            What::Crash(id) => What::Restart(id),
            What::Lose(id) => What::Restore(id),
            What::Restart(_) | What::Restore(_) => continue,
        };
        let later = &site.timeline[number..];
        let end = later.iter().find(|other| is_same(other.what, ends));
        let until_s = end.map_or(site.duration.seconds(), |end| since(end.at));
        let name = site.episodes[happening.episode as usize].name.clone();
        let from_s = since(happening.at);
        // A zone is lost host by host.
        let is_known =
            |mark: &Mark| (mark.from_s, mark.until_s) == (from_s, until_s) && mark.name == name;
        if !marks.iter().any(is_known) {
            marks.push(Mark { from_s, until_s, name });
        }
    }
    for workload in &site.workloads {
        if let Some(spike) = workload.spike
            && let Arrivals::Open { rate, .. } = &workload.arrivals
            && let (Some(first), Some(last)) = (rate.knots.first(), rate.knots.last())
        {
            let name = site.episodes[spike as usize].name.clone();
            marks.push(Mark { from_s: since(first.0), until_s: since(last.0), name });
        }
    }
    let window_s = site.duration.seconds();
    marks.retain(|mark| mark.until_s > 0.0 && mark.from_s < window_s);
    for mark in &mut marks {
        mark.from_s = mark.from_s.max(0.0);
        mark.until_s = mark.until_s.min(window_s);
    }
    marks.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
    marks
}

fn is_same(one: What, other: What) -> bool {
    match (one, other) {
        (What::Crash(one), What::Crash(other)) | (What::Restart(one), What::Restart(other)) => {
            one == other
        }
        (What::Lose(one), What::Lose(other)) | (What::Restore(one), What::Restore(other)) => {
            one == other
        }
        (What::Crash(_) | What::Restart(_) | What::Lose(_) | What::Restore(_), _) => false,
    }
}

/// Shades the marks; `names` writes what they are above the panel, in two rows where they are close.
pub(super) fn shade(
    root: &Area<'_>,
    chart: &Chart<'_, '_>,
    marks: &[Mark],
    y: &Axis,
    names: bool,
) -> Result<(), PlotError> {
    let style = text(13, GREY, HPos::Left, VPos::Top);
    let mut ends: Vec<i32> = Vec::new();
    for mark in marks {
        let corners = [(mark.from_s, y.low), (mark.until_s, y.high)];
        let shade = Rectangle::new(corners, RGBColor(0xE6, 0x9F, 0x00).mix(0.16).filled());
        chart.plotting_area().draw(&shade).map_err(failed)?;
        let edge = vec![(mark.from_s, y.low), (mark.from_s, y.high)];
        let edge = PathElement::new(edge, GREY.mix(0.6).stroke_width(px(1) as u32));
        chart.plotting_area().draw(&edge).map_err(failed)?;
        if !names {
            continue;
        }
        let (x, top) = chart.backend_coord(&(mark.from_s, y.high));
        let (width, _) = root.estimate_text_size(&mark.name, &style).map_err(failed)?;
        let row = ends.iter().position(|&end| end < x).unwrap_or(ends.len());
        let end = x + width as i32 + px(14);
        if row == ends.len() {
            ends.push(end);
        } else {
            ends[row] = end;
        }
        // Further rows would run into the legend; the shades remain.
        if row < 2 {
            let place = (x + px(1), top - px(18 + 15 * row as i32));
            root.draw_text(&mark.name, &style, place).map_err(failed)?;
        }
    }
    Ok(())
}
