//! The two kinds of pictures: lines, and heat maps; each in one panel or in several.

use super::{
    Shown,
    colours::bar,
    figure::Figure,
    grid::Grid,
    heat::{Heat, ROW_NAMES_MAX, Sides},
    layout::{BEGIN, Layout, Margins, Panel, second_remark},
    lines::{Curve, resources},
    marks::{Above, Legend},
    roles::{Roles, Second},
    scale::{Names, Scale},
};
use crate::{
    report::{
        diagnosis::Stability,
        plot::{
            PlotError,
            canvas::{
                Area, Axis, COLOURS, Frame, Key, Ticks, WIDTH, fitted, panel_in, px, sheet, text,
                width_of,
            },
        },
    },
    stats::interval::CONFIDENCE,
};
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

/// A second line of remarks.
const REMARK: i32 = 20;
/// Of lines, for the last label of the axis across.
const RIGHT: i32 = 40;
/// Of heat maps, for the bar of colours.
const BAR: i32 = 150;

/// One figure of all points.
pub(super) struct Picture<'a> {
    pub(super) title: &'a str,
    pub(super) figure: Figure,
    pub(super) grid: &'a Grid<'a>,
    pub(super) roles: Roles,
}

impl Picture<'_> {
    pub(super) fn draw(&self) -> Result<Vec<u8>, PlotError> {
        let said = format!("{}: {}", self.title, self.figure.title());
        let second = self.second_remark();
        sheet(&said, &self.remark(), |root| {
            if let Some(said) = &second {
                second_remark(root, said)?;
            }
            let top = if second.is_some() { REMARK } else { 0 };
            match self.roles.second {
                Second::Down(down) => self.heat(root, top, down),
                Second::Lines(axis) => self.lines(root, top, Some(axis)),
                Second::Nothing => self.lines(root, top, None),
            }
        })
    }

    fn remark(&self) -> String {
        let figure = self.figure;
        let mut said = figure.remark().to_owned();
        let has_bounds = self.grid.all().any(|it| figure.of(it).low.is_some());
        if has_bounds {
            let sure = CONFIDENCE * 100.0;
            let is_numeric = self.across().is_numeric();
            said.push_str(&match self.roles.second {
                // Said where they are written.
                Second::Down(_) => String::new(),
                _ if is_numeric => format!("; bands: {sure}% intervals"),
                _ => format!("; whiskers: {sure}% intervals"),
            });
        }
        said
    }

    /// What is not shown.
    fn second_remark(&self) -> Option<String> {
        let mut said = Vec::new();
        if let Some(axis) = self.roles.panels.map(|it| self.grid.axes[it]) {
            let shown = self.roles.shown(self.grid).len();
            if shown < axis.values.len() {
                said.push(format!("{shown} of {} values of {}", axis.values.len(), axis.title));
            }
        }
        if !self.grid.held.is_empty() {
            said.push(format!("only points with {}", self.grid.held.join(", ")));
        }
        (!said.is_empty()).then(|| format!("shown are {}", said.join("; ")))
    }

    fn across(&self) -> Scale {
        Scale::new(self.grid.axes[self.roles.across])
    }

    fn at(&self, across: usize, second: usize, panel: usize) -> Option<&Shown> {
        self.grid.at(&self.roles.place(across, second, panel))
    }

    /// The axis of the figure, for all panels; bounds count where they are drawn.
    fn axis(&self, is_length: bool) -> Axis {
        let estimates = self.grid.all().map(|it| self.figure.of(it));
        let values: Vec<f64> = estimates
            .flat_map(|it| {
                // Few replications may know next to nothing: that is not to flatten all the rest.
                let near =
                    |bound: &f64| it.value.is_some_and(|it| (it / 3.0..it * 3.0).contains(bound));
                let bound = |bound: Option<f64>| bound.filter(|it| is_length && near(it));
                [it.value, bound(it.low), bound(it.high)]
            })
            .flatten()
            .collect();
        self.figure.axis(&values, is_length)
    }

    fn legend(&self, above: Above, keys: Vec<Key>) -> Legend {
        let has_above = self.grid.all().any(|it| it.stability != Stability::Stable);
        let has_value = |it: &Shown| self.figure.of(it).value.is_some();
        Legend {
            figure: self.figure,
            keys,
            above: has_above.then_some(above),
            lacks_some: above == Above::Hatched && !self.grid.is_full(has_value),
            has_bounds: false,
        }
    }

    fn headings(&self, root: &Area<'_>, layout: &Layout) -> Result<(), PlotError> {
        let Some(axis) = self.roles.panels.map(|it| self.grid.axes[it]) else { return Ok(()) };
        let shown = self.roles.shown(self.grid);
        let values: Vec<&str> = shown.iter().map(|&it| axis.values[it].as_str()).collect();
        layout.headings(root, &axis.title, &values)
    }

    /// The size of names and ticks.
    fn points(&self) -> i32 {
        match self.roles.shown(self.grid).len() {
            1 => 15,
            2..=9 => 13,
            _ => 11,
        }
    }

    fn lines(&self, root: &Area<'_>, top: i32, second: Option<usize>) -> Result<(), PlotError> {
        let (points, panels) = (self.points(), self.roles.shown(self.grid));
        let across = self.grid.axes[self.roles.across];
        let (scale, y) = (self.across(), self.axis(true));
        let keys = second.map_or(Vec::new(), |it| keys(self.grid.axes[it]));
        let count = keys.len().max(1);
        let legend = self.legend(if count == 1 { Above::Shaded } else { Above::Crossed }, keys);
        let left = widest(y.ticks.iter().map(|it| it.1.as_str()), points) + 12;
        let mut margins =
            Margins { left, right: RIGHT, top: top + legend.height() + 6, bottom: points + 10 };
        let has_headings = self.roles.panels.is_some();
        let mut layout = Layout::new(panels.len(), margins, has_headings);
        let slot = |layout: &Layout| {
            f64::from(layout.panels[0].frame.width()) / across.values.len() as f64
        };
        let names = (!scale.is_numeric()).then(|| {
            let names = Names::new(&across.values, points, slot(&layout));
            margins.bottom = names.height + 8;
            layout = Layout::new(panels.len(), margins, has_headings);
            names
        });
        legend.draw(root, BEGIN + top)?;
        self.headings(root, &layout)?;
        for (panel, &value) in layout.panels.iter().zip(&panels) {
            let x = scale.axis(points, panel.frame.width());
            let (x, y) = (ticked(x, panel.is_lowest), ticked(y.clone(), panel.is_first));
            let chart = panel_in(root, panel.frame, points, &x, &y)?;
            let curves: Vec<Curve> = (0..count)
                .map(|line| {
                    let all = (0..across.values.len()).map(|it| self.at(it, line, value));
                    let shift = (line as f64 - (count - 1) as f64 / 2.0) * 0.1;
                    Curve::new(self.figure, &scale, all, COLOURS[line], shift)
                })
                .collect();
            if count == 1 {
                curves[0].shade(&chart, &y)?;
            }
            curves.iter().try_for_each(|it| it.draw(root, &chart, self.figure))?;
            if self.figure == Figure::Busiest && self.roles.second == Second::Nothing {
                let points = (0..across.values.len()).map(|it| self.at(it, 0, value));
                resources(root, &chart, panel.frame, scale.positions.iter().copied().zip(points))?;
            }
            if let Some(names) = names.as_ref().filter(|_| panel.is_lowest) {
                names
                    .draw(root, panel.frame.bottom + 8, |at| chart.backend_coord(&(at, y.low)).0)?;
            }
        }
        layout.titles(root, &scale.title(across), &y.title)
    }

    fn heat(&self, root: &Area<'_>, top: i32, down: usize) -> Result<(), PlotError> {
        let (points, panels) = (self.points(), self.roles.shown(self.grid));
        let (across, down) = (self.grid.axes[self.roles.across], self.grid.axes[down]);
        let scale = Scale::new(down);
        let axis = self.axis(false);
        let mut legend = self.legend(Above::Hatched, Vec::new());
        let left = widest(down.values.iter().map(String::as_str), points).min(ROW_NAMES_MAX) + 8;
        let has_headings = self.roles.panels.is_some();
        let mut margins =
            Margins { left, right: BAR, top: top + legend.height() + 10, bottom: points + 10 };
        let slot = |layout: &Layout| {
            f64::from(layout.panels[0].frame.width()) / across.values.len() as f64
        };
        let names = Names::new(
            &across.values,
            points,
            slot(&Layout::new(panels.len(), margins, has_headings)),
        );
        margins.bottom = names.height + 8;
        let mut layout = Layout::new(panels.len(), margins, has_headings);
        let sides = Sides { columns: &across.values, rows: &down.values, rises: scale.rises() };
        let heat = Heat { figure: self.figure, axis: &axis, sides, points };
        let words = |layout: &Layout| heat.words(layout.panels[0].frame, &self.grid.all());
        let has_second = words(&layout).is_some_and(|it| it.second.is_some());
        if has_second && self.figure != Figure::Busiest {
            legend.has_bounds = true;
            margins.top = top + legend.height() + 10;
            layout = Layout::new(panels.len(), margins, has_headings);
        }
        let words = words(&layout);
        legend.draw(root, BEGIN + top)?;
        self.headings(root, &layout)?;
        for (&Panel { frame, is_first, is_lowest }, &value) in layout.panels.iter().zip(&panels) {
            heat.draw(root, frame, words, |column, row| self.at(column, row, value))?;
            if is_first {
                heat.rows(root, frame)?;
            }
            if is_lowest {
                heat.columns(root, frame, &names)?;
            }
        }
        let whole = layout.whole;
        let left = whole.right + 34;
        let middle = i32::midpoint(whole.top, whole.bottom);
        let half = (whole.height() / 2).min(190);
        let frame = Frame { left, right: left + 18, top: middle - half, bottom: middle + half };
        bar(root, frame, &axis)?;
        layout.titles(root, &self.across().title(across), &scale.title(down))
    }
}

/// Its labels only where they are read.
fn ticked(axis: Axis, is_labelled: bool) -> Axis {
    if is_labelled {
        return axis;
    }
    let ticks: Ticks = axis.ticks.into_iter().map(|(at, _)| (at, String::new())).collect();
    Axis { ticks, ..axis }
}

/// How wide the widest of these is.
fn widest<'a>(said: impl Iterator<Item = &'a str>, points: i32) -> i32 {
    let style = text(points, BLACK, HPos::Left, VPos::Top);
    said.map(|it| width_of(it, &style)).max().unwrap_or(0)
}

/// A name for each line; with the parameter's where there is room.
fn keys(axis: &super::AxisOf) -> Vec<Key> {
    let style = text(15, BLACK, HPos::Left, VPos::Center);
    let room = (WIDTH - 60) / axis.values.len() as i32 - 58;
    let whole: Vec<String> =
        axis.values.iter().map(|it| format!("{} = {it}", axis.title)).collect();
    let fits = whole.iter().all(|it| width_of(it, &style) <= room);
    let names = if fits { whole } else { axis.values.clone() };
    let key = |(name, &colour): (String, &RGBColor)| Key {
        name: fitted(&name, &style, room),
        colour,
        is_dashed: false,
    };
    let mut keys: Vec<Key> = names.into_iter().zip(&COLOURS).map(key).collect();
    if !fits && let Some(first) = keys.first_mut() {
        let said = format!("{}: {}", axis.title, first.name);
        first.name = fitted(&said, &style, room.max(px(100)));
    }
    keys
}
