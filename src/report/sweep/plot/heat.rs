//! A heat map: two parameters across and down, a figure as colour and, where there is room, in words.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    Shown,
    colours::{colour, ink, share},
    figure::Figure,
    marks::hatch,
    scale::Names,
};
use crate::report::{
    diagnosis::Stability,
    format::three,
    plot::{
        PlotError,
        canvas::{Area, Axis, Frame, GREY, failed, fitted, px, text, width_of},
    },
};

/// Sizes that text in cells may have.
const SIZES: [i32; 5] = [16, 14, 12, 10, 9];
/// Names of rows have so much room.
pub(super) const ROW_NAMES_MAX: i32 = 150;

/// The names of rows and columns, and which way rows go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    pub(super) columns: &'a [String],
    pub(super) rows: &'a [String],
    /// The first row is the lowest.
    pub(super) rises: bool,
}

#[derive(Debug)]
pub(super) struct Heat<'a> {
    pub(super) figure: Figure,
    pub(super) axis: &'a Axis,
    pub(super) sides: Sides<'a>,
    /// Of rows and columns, one size on all maps of a sheet.
    pub(super) points: i32,
}

/// What is written into cells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    size: i32,
    /// Of what stands below the value; `None`: nothing does.
    pub(super) second: Option<i32>,
}

impl Heat<'_> {
    /// What there is room for in maps of this size with such points.
    pub(super) fn words<'s>(
        &self,
        frame: Frame,
        all: &(impl Iterator<Item = &'s Shown> + Clone),
    ) -> Option<Words> {
        let (columns, rows) = (self.sides.columns.len() as i32, self.sides.rows.len() as i32);
        let room = (frame.width() / columns - 6, frame.height() / rows - 2);
        let widest = |size: i32| {
            let style = text(size, BLACK, HPos::Center, VPos::Center);
            let said = all.clone().filter_map(|it| self.said(Some(it)));
            said.map(|it| width_of(&it, &style)).max().unwrap_or(0)
        };
        // Measuring ten thousand texts that cannot fit would take longer than all the rest.
        let fits = |size: &i32| room.1 >= *size && room.0 >= 2 * size && widest(*size) <= room.0;
        let size = SIZES.into_iter().find(fits)?;
        let small = (size - 3).max(SIZES[SIZES.len() - 1]);
        let style = text(small, BLACK, HPos::Center, VPos::Center);
        let second = |it: &Shown| self.second(it).is_none_or(|it| width_of(&it, &style) <= room.0);
        let has_second = room.1 >= size + small + 12
            && (self.figure == Figure::Busiest || all.clone().all(second))
            && all.clone().any(|it| self.second(it).is_some());
        Some(Words { size, second: has_second.then_some(small) })
    }

    /// In `frame`, with what is `at` a column and row.
    pub(super) fn draw<'s>(
        &self,
        root: &Area<'_>,
        frame: Frame,
        words: Option<Words>,
        at: impl Fn(usize, usize) -> Option<&'s Shown>,
    ) -> Result<(), PlotError> {
        let (columns, rows) = (self.sides.columns.len(), self.sides.rows.len());
        for (row, column) in (0..rows * columns).map(|it| (it / columns, it % columns)) {
            self.fill(root, self.cell(frame, column, row), at(column, row), words)?;
        }
        let edge = [(px(frame.left), px(frame.top)), (px(frame.right), px(frame.bottom))];
        let edge = Rectangle::new(edge, BLACK.mix(0.6).stroke_width(px(1) as u32));
        root.draw(&edge).map_err(failed)
    }

    /// A cell's corners, in pixels.
    fn cell(&self, frame: Frame, column: usize, row: usize) -> [(i32, i32); 2] {
        let (columns, rows) = (self.sides.columns.len(), self.sides.rows.len());
        let row = if self.sides.rises { rows - 1 - row } else { row };
        let place = |from: i32, length: i32, at: usize, all: usize| {
            px(from) + (i64::from(px(length)) * at as i64 / all as i64) as i32
        };
        let corner = |column: usize, row: usize| {
            let x = place(frame.left, frame.width(), column, columns);
            (x, place(frame.top, frame.height(), row, rows))
        };
        [corner(column, row), corner(column + 1, row + 1)]
    }

    fn said(&self, shown: Option<&Shown>) -> Option<String> {
        Some(self.figure.print(self.figure.of(shown?).value?))
    }

    fn fill(
        &self,
        root: &Area<'_>,
        corners: [(i32, i32); 2],
        shown: Option<&Shown>,
        words: Option<Words>,
    ) -> Result<(), PlotError> {
        let value = shown.and_then(|it| self.figure.of(it).value);
        let paint = value.map_or(WHITE, |it| colour(share(self.axis, self.figure.position(it))));
        root.draw(&Rectangle::new(corners, paint.filled())).map_err(failed)?;
        let is_above = shown.is_some_and(|it| it.stability != Stability::Stable);
        if is_above {
            hatch(root, corners, ink(paint))?;
        }
        let Some(Words { size, second }) = words else { return Ok(()) };
        let mut lines = vec![self.said(shown).unwrap_or_else(|| "–".to_owned())];
        lines.extend(shown.filter(|_| second.is_some()).and_then(|it| self.second(it)));
        let [(left, top), (right, bottom)] = corners;
        let room = (right - left) / px(1) - 6;
        let middle = (i32::midpoint(left, right), i32::midpoint(top, bottom));
        let count = lines.len() as i32;
        for (number, said) in lines.iter().enumerate() {
            let points = second.filter(|_| number > 0).unwrap_or(size);
            let colour = if value.is_some() { ink(paint) } else { GREY };
            let style = text(points, colour, HPos::Center, VPos::Center);
            let said = fitted(said, &style, room);
            let y = middle.1 + px((2 * number as i32 - count + 1) * (size + 2) / 2);
            if is_above {
                // Text over lines cannot be read.
                let half = (px(width_of(&said, &style) / 2 + 4), px(points / 2 + 3));
                let plate = [(middle.0 - half.0, y - half.1), (middle.0 + half.0, y + half.1)];
                root.draw(&Rectangle::new(plate, paint.filled())).map_err(failed)?;
            }
            root.draw_text(&said, &style, (middle.0, y)).map_err(failed)?;
        }
        Ok(())
    }

    /// What stands below the value: the interval, or which resource it is.
    fn second(&self, shown: &Shown) -> Option<String> {
        if self.figure == Figure::Busiest {
            return shown.busiest.as_ref().map(|it| it.1.clone());
        }
        let it = self.figure.of(shown);
        let half = (it.high? - it.low?) / 2.0;
        Some(format!(
            "± {}",
            match self.figure {
                // In hundredths, as it is of a share.
                Figure::Success => three(half * 100.0),
                _ => self.figure.print(half),
            }
        ))
    }

    /// Names to the left of the rows.
    pub(super) fn rows(&self, root: &Area<'_>, frame: Frame) -> Result<(), PlotError> {
        let style = text(self.points, BLACK, HPos::Right, VPos::Center);
        let slot = f64::from(frame.height()) / self.sides.rows.len() as f64;
        let every = (f64::from(self.points + 4) / slot).ceil().max(1.0) as usize;
        for (row, said) in self.sides.rows.iter().enumerate().step_by(every) {
            let [(left, top), (_, bottom)] = self.cell(frame, 0, row);
            let said = fitted(said, &style, ROW_NAMES_MAX);
            let place = (left - px(7), i32::midpoint(top, bottom));
            root.draw_text(&said, &style, place).map_err(failed)?;
        }
        Ok(())
    }

    /// Names below the columns.
    pub(super) fn columns(
        &self,
        root: &Area<'_>,
        frame: Frame,
        names: &Names,
    ) -> Result<(), PlotError> {
        names.draw(root, frame.bottom + 7, |at| {
            let [(left, _), (right, _)] = self.cell(frame, at as usize, 0);
            i32::midpoint(left, right)
        })
    }
}
