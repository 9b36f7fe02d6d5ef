//! A figure along a parameter: lines in bands where the parameter is a number, points with whiskers
//! where it is not.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    Shown,
    figure::Figure,
    marks::{SHADE, cross},
    scale::Scale,
};
use crate::{
    report::{
        diagnosis::Stability,
        plot::{
            PlotError,
            canvas::{Area, Axis, Chart, Frame, GREY, failed, fitted, line, px, text},
        },
    },
    stats::interval::Estimate,
};

/// Points are marked if there are no more of them; otherwise the line alone is clearer.
const DOTS_MAX: usize = 40;
/// Nobody sees more points than this across a sheet.
const SPOTS_MAX: usize = 600;
/// Crosses closer than this would be a smear.
const CROSS_ROOM: i32 = 9;

/// A point of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    x: f64,
    estimate: Estimate,
    is_above: bool,
}

#[derive(Debug)]
pub(super) struct Curve {
    pub(super) colour: RGBColor,
    /// From left to right.
    spots: Vec<Spot>,
    is_numeric: bool,
}

impl Curve {
    /// `points`: of each value of the axis. `shift`: so much to the right, for categories that have
    /// several points each.
    pub(super) fn new<'a>(
        figure: Figure,
        scale: &Scale,
        points: impl Iterator<Item = Option<&'a Shown>>,
        colour: RGBColor,
        shift: f64,
    ) -> Curve {
        let is_numeric = scale.is_numeric();
        let shift = if is_numeric { 0.0 } else { shift };
        let mut spots: Vec<Spot> = scale
            .positions
            .iter()
            .zip(points)
            .map(|(&x, shown)| Spot {
                x: x + shift,
                estimate: shown.map_or(Estimate::default(), |it| figure.of(it)),
                is_above: shown.is_some_and(|it| it.stability != Stability::Stable),
            })
            .collect();
        spots.sort_by(|one, other| one.x.total_cmp(&other.x));
        Curve { colour, spots, is_numeric }
    }

    /// Behind everything: where it is above capacity.
    pub(super) fn shade(&self, chart: &Chart<'_, '_>, y: &Axis) -> Result<(), PlotError> {
        let spots = &self.spots;
        let edge = chart.as_coord_spec().get_x_range();
        let middle = |one: usize, next: usize| f64::midpoint(spots[one].x, spots[next].x);
        let mut from = None;
        for at in 0..spots.len() {
            if spots[at].is_above && from.is_none() {
                from = Some(if at == 0 { edge.start } else { middle(at - 1, at) });
            }
            let is_last = at + 1 == spots.len();
            if let Some(begin) = from.filter(|_| is_last || !spots[at + 1].is_above) {
                let end = if is_last { edge.end } else { middle(at, at + 1) };
                let corners = [(begin, y.low), (end, y.high)];
                let shade = Rectangle::new(corners, SHADE.mix(0.2).filled());
                chart.plotting_area().draw(&shade).map_err(failed)?;
                from = None;
            }
        }
        Ok(())
    }

    pub(super) fn draw(
        &self,
        root: &Area<'_>,
        chart: &Chart<'_, '_>,
        figure: Figure,
    ) -> Result<(), PlotError> {
        let known = |it: &Spot| it.estimate.value.is_some();
        if self.is_numeric {
            let thin = thinned(&self.spots);
            self.band(chart, figure, &thin)?;
            let position = |value: Option<f64>| value.map(|it| figure.position(it));
            let points: Vec<(f64, Option<f64>)> =
                thin.iter().map(|it| (it.x, position(it.estimate.value))).collect();
            // A thick line would hide that it goes up and down.
            let wide = if self.spots.len() > SPOTS_MAX { 1 } else { 2 };
            line(chart, &points, self.colour, false, wide)?;
        } else {
            self.spots.iter().try_for_each(|it| self.whisker(root, chart, figure, it))?;
        }
        let mut free = i32::MIN;
        let unknown = text(15, GREY, HPos::Center, VPos::Bottom);
        let low = chart.as_coord_spec().get_y_range().start;
        for it in self.spots.iter().filter(|it| !self.is_numeric && !known(it)) {
            let (x, y) = chart.backend_coord(&(it.x, low));
            root.draw_text("no value", &unknown, (x, y - px(6))).map_err(failed)?;
        }
        for it in self.spots.iter().filter(|it| known(it)) {
            let value = figure.position(it.estimate.value.expect("it is known"));
            let place = chart.backend_coord(&(it.x, value));
            if self.spots.len() <= DOTS_MAX || !self.is_numeric {
                let dot = Circle::new((it.x, value), px(4), self.colour.filled());
                chart.plotting_area().draw(&dot).map_err(failed)?;
            }
            if it.is_above && place.0 >= free {
                cross(root, place, self.colour)?;
                free = place.0 + px(CROSS_ROOM);
            }
        }
        Ok(())
    }

    /// What the intervals cover; broken where there is none.
    fn band(&self, chart: &Chart<'_, '_>, figure: Figure, spots: &[Spot]) -> Result<(), PlotError> {
        let bounds = |it: &Spot| {
            let (low, high) = (it.estimate.low?, it.estimate.high?);
            Some((it.x, clamped(chart, figure, low), clamped(chart, figure, high)))
        };
        for piece in spots.split(|it| bounds(it).is_none()) {
            let piece: Vec<(f64, f64, f64)> = piece.iter().filter_map(bounds).collect();
            if piece.len() < 2 {
                continue;
            }
            // One piece a step: a long outline is slow to fill.
            for pair in piece.windows(2) {
                let [(left, low, high), (right, low_next, high_next)] = [pair[0], pair[1]];
                let corners =
                    vec![(left, low), (left, high), (right, high_next), (right, low_next)];
                let fill = Polygon::new(corners, self.colour.mix(0.2).filled());
                chart.plotting_area().draw(&fill).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn whisker(
        &self,
        root: &Area<'_>,
        chart: &Chart<'_, '_>,
        figure: Figure,
        spot: &Spot,
    ) -> Result<(), PlotError> {
        let (Some(low), Some(high)) = (spot.estimate.low, spot.estimate.high) else {
            return Ok(());
        };
        let [bottom, top] =
            [low, high].map(|it| chart.backend_coord(&(spot.x, clamped(chart, figure, it))));
        let style = self.colour.stroke_width(px(2) as u32);
        let cap = |(x, y): (i32, i32)| vec![(x - px(5), y), (x + px(5), y)];
        for piece in [vec![bottom, top], cap(bottom), cap(top)] {
            root.draw(&PathElement::new(piece, style)).map_err(failed)?;
        }
        Ok(())
    }
}

/// Above the axis: which resource is the busiest from where to where.
pub(super) fn resources<'a>(
    root: &Area<'_>,
    chart: &Chart<'_, '_>,
    frame: Frame,
    points: impl Iterator<Item = (f64, Option<&'a Shown>)>,
) -> Result<(), PlotError> {
    let low = chart.as_coord_spec().get_y_range().start;
    let mut named: Vec<(i32, &str)> = points
        .filter_map(|(x, it)| {
            let name = it?.busiest.as_ref()?.1.as_str();
            Some((chart.backend_coord(&(x, low)).0, name))
        })
        .collect();
    named.sort_by_key(|it| it.0);
    let style = text(14, BLACK, HPos::Center, VPos::Bottom);
    let mut left = px(frame.left);
    for run in named.chunk_by(|one, next| one.1 == next.1) {
        let last = run[run.len() - 1].0;
        let next = named.iter().find(|it| it.0 > last);
        let right = next.map_or(px(frame.right), |it| i32::midpoint(last, it.0));
        let name = fitted(run[0].1, &style, (right - left) / px(1) - 8);
        let place = (i32::midpoint(left, right), px(frame.bottom - 6));
        // A letter and dots say nothing.
        if name.chars().count() > 3 {
            root.draw_text(&name, &style, place).map_err(failed)?;
        }
        if next.is_some() {
            let edge = vec![(right, px(frame.bottom - 26)), (right, px(frame.bottom))];
            let edge = PathElement::new(edge, GREY.stroke_width(px(1) as u32));
            root.draw(&edge).map_err(failed)?;
        }
        left = right;
    }
    Ok(())
}

/// A bound where it is seen: an interval may reach beyond the axis.
fn clamped(chart: &Chart<'_, '_>, figure: Figure, value: f64) -> f64 {
    let range = chart.as_coord_spec().get_y_range();
    figure.position(value).clamp(range.start, range.end)
}

/// Of very many points the lowest and the highest of each stretch.
fn thinned(spots: &[Spot]) -> Vec<Spot> {
    if spots.len() <= SPOTS_MAX {
        return spots.to_vec();
    }
    let size = (2 * spots.len()).div_ceil(SPOTS_MAX);
    let mut thin = Vec::new();
    for stretch in spots.chunks(size) {
        let value = |it: &&Spot| it.estimate.value.unwrap_or(f64::NEG_INFINITY);
        let least = stretch.iter().min_by(|one, other| value(one).total_cmp(&value(other)));
        let most = stretch.iter().max_by(|one, other| value(one).total_cmp(&value(other)));
        let mut both: Vec<Spot> = least.into_iter().chain(most).copied().collect();
        both.sort_by(|one, other| one.x.total_cmp(&other.x));
        thin.append(&mut both);
    }
    thin
}
