//! A sheet to draw on: drawn twice as large and averaged (plotters places text on whole pixels and
//! lines wobble on shallow slopes), with axes of our own, for its logarithmic ones know decades only.

use std::sync::OnceLock;

use plotters::{
    chart::ChartContext,
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
    style::{
        FontStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::PlotError;

/// Everything is drawn so many times as large.
const SCALE: i32 = 2;
pub(in crate::report) const WIDTH: i32 = 1200;
pub(in crate::report) const HEIGHT: i32 = 720;

/// Okabe and Ito's colours, told apart with any kind of sight; yellow is too pale for lines.
pub(in crate::report) const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x00, 0x00, 0x00),
];
pub(in crate::report) const GREY: RGBColor = RGBColor(0x77, 0x77, 0x77);

pub(in crate::report) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
pub(in crate::report) type Chart<'a, 'b> =
    ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Positions on an axis with what is written there.
pub(in crate::report) type Ticks = Vec<(f64, String)>;

/// One entry of a legend.
pub(in crate::report) struct Key {
    pub(in crate::report) name: String,
    pub(in crate::report) colour: RGBColor,
    pub(in crate::report) is_dashed: bool,
}

/// An axis: its range, marks and title.
#[derive(Clone, Debug)]
pub(in crate::report) struct Axis {
    pub(in crate::report) low: f64,
    pub(in crate::report) high: f64,
    pub(in crate::report) ticks: Ticks,
    /// Faint lines without labels.
    pub(in crate::report) minor: Vec<f64>,
    pub(in crate::report) title: String,
}

/// Lengths in points of the finished picture.
pub(in crate::report) const fn px(points: i32) -> i32 {
    points * SCALE
}

pub(in crate::report) fn failed(error: impl std::fmt::Debug) -> PlotError {
    PlotError(format!("{error:?}"))
}

fn register_fonts() -> Result<(), PlotError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let is_registered = *REGISTERED.get_or_init(|| {
        let regular = (FontStyle::Normal, dejavu::sans::regular());
        let bold = (FontStyle::Bold, dejavu::sans::bold());
        [regular, bold].into_iter().all(|(style, bytes)| {
            plotters::style::register_font("sans-serif", style, bytes).is_ok()
        })
    });
    if is_registered { Ok(()) } else { Err(PlotError("the font was refused".to_owned())) }
}

/// Text of a size in points, anchored.
pub(in crate::report) fn text(
    points: i32,
    colour: RGBColor,
    across: HPos,
    down: VPos,
) -> TextStyle<'static> {
    let font = ("sans-serif", f64::from(px(points))).into_font();
    let style = TextStyle::from(font).pos(Pos::new(across, down));
    TextStyle { color: colour.to_backend_color(), ..style }
}

/// How wide a text is, in points; fonts are registered once a sheet is begun.
pub(in crate::report) fn width_of(said: &str, style: &TextStyle<'_>) -> i32 {
    let width = style.font.layout_box(said).map_or(0, |((from, _), (to, _))| to - from);
    width.div_euclid(SCALE) + 1
}

/// As much of a text as there is room for.
pub(in crate::report) fn fitted(said: &str, style: &TextStyle<'_>, width: i32) -> String {
    if width_of(said, style) <= width {
        return said.to_owned();
    }
    let mut short: String = said.to_owned();
    while short.pop().is_some() {
        let cut = format!("{}…", short.trim_end());
        if width_of(&cut, style) <= width {
            return cut;
        }
    }
    String::new()
}

/// Draws on a white sheet with a title and a remark, and gives its PNG.
pub(in crate::report) fn sheet(
    title: &str,
    remark: &str,
    draw: impl FnOnce(&Area<'_>) -> Result<(), PlotError>,
) -> Result<Vec<u8>, PlotError> {
    register_fonts()?;
    let (width, height) = (px(WIDTH) as u32, px(HEIGHT) as u32);
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
        let root = backend.into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let bold = ("sans-serif", f64::from(px(24)), FontStyle::Bold).into_font();
        let style = TextStyle::from(bold).color(&BLACK);
        let title = fitted(title, &style, WIDTH - 40);
        root.draw_text(&title, &style, (px(20), px(16))).map_err(failed)?;
        let style = text(15, GREY, HPos::Left, VPos::Top);
        let remark = fitted(remark, &style, WIDTH - 40);
        root.draw_text(&remark, &style, (px(20), px(50))).map_err(failed)?;
        draw(&root)?;
        root.present().map_err(failed)?;
    }
    encode(&halved(&pixels))
}

/// The mean of each square of `SCALE` by `SCALE` pixels.
fn halved(pixels: &[u8]) -> Vec<u8> {
    let scale = SCALE as usize;
    let (width, height) = (WIDTH as usize, HEIGHT as usize);
    let mut small = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let mut sum = 0;
                for (row, column) in (0..scale * scale).map(|it| (it / scale, it % scale)) {
                    let at = (y * scale + row) * width * scale + x * scale + column;
                    sum += usize::from(pixels[at * 3 + channel]);
                }
                small.push(((sum + scale * scale / 2) / (scale * scale)) as u8);
            }
        }
    }
    small
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, PlotError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Where a panel is, in points of the sheet.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Frame {
    pub(in crate::report) left: i32,
    pub(in crate::report) right: i32,
    pub(in crate::report) top: i32,
    pub(in crate::report) bottom: i32,
}

impl Frame {
    pub(in crate::report) fn width(self) -> i32 {
        self.right - self.left
    }

    pub(in crate::report) fn height(self) -> i32 {
        self.bottom - self.top
    }
}

/// A panel of the sheet between two heights, with its axes and grid drawn.
pub(in crate::report) fn panel<'b>(
    root: &Area<'b>,
    (top, bottom): (i32, i32),
    right_margin: i32,
    x: &Axis,
    y: &Axis,
) -> Result<Chart<'b, 'b>, PlotError> {
    let frame = Frame { left: 96, right: WIDTH - right_margin, top, bottom };
    let chart = panel_in(root, frame, 15, x, y)?;
    let style = text(16, BLACK, HPos::Center, VPos::Top);
    let middle = i32::midpoint(px(frame.left), px(frame.right));
    root.draw_text(&x.title, &style, (middle, px(bottom + 32))).map_err(failed)?;
    upright(root, &y.title, 16, (14, i32::midpoint(top, bottom)))?;
    Ok(chart)
}

/// A title that is read from the bottom to the top, centred down, its left edge at `x`.
pub(in crate::report) fn upright(
    root: &Area<'_>,
    said: &str,
    points: i32,
    (x, middle): (i32, i32),
) -> Result<(), PlotError> {
    let font = ("sans-serif", f64::from(px(points))).into_font();
    let font = font.transform(FontTransform::Rotate270);
    let style = TextStyle::from(font).color(&BLACK).pos(Pos::new(HPos::Center, VPos::Top));
    root.draw_text(said, &style, (px(x), px(middle))).map_err(failed)
}

/// A panel anywhere on the sheet, its ticks labelled in text of so many points, without titles.
pub(in crate::report) fn panel_in<'b>(
    root: &Area<'b>,
    frame: Frame,
    points: i32,
    x: &Axis,
    y: &Axis,
) -> Result<Chart<'b, 'b>, PlotError> {
    let (left, top) = (px(frame.left), px(frame.top));
    let size = (px(frame.width()) as u32, px(frame.height()) as u32);
    let chart = ChartBuilder::on(&root.clone().shrink((left, top), size))
        .build_cartesian_2d(x.low..x.high, y.low..y.high)
        .map_err(failed)?;
    let area = chart.plotting_area();
    let line = |from, to, alpha: f64| {
        area.draw(&PathElement::new(vec![from, to], BLACK.mix(alpha).stroke_width(px(1) as u32)))
            .map_err(failed)
    };
    for &at in &x.minor {
        line((at, y.low), (at, y.high), 0.05)?;
    }
    for &at in &y.minor {
        line((x.low, at), (x.high, at), 0.05)?;
    }
    for (at, label) in &x.ticks {
        line((*at, y.low), (*at, y.high), 0.13)?;
        let place = (chart.backend_coord(&(*at, y.low)).0, px(frame.bottom + 8));
        let style = text(points, BLACK, HPos::Center, VPos::Top);
        root.draw_text(label, &style, place).map_err(failed)?;
    }
    for (at, label) in &y.ticks {
        line((x.low, *at), (x.high, *at), 0.13)?;
        let place = (left - px(8), chart.backend_coord(&(x.low, *at)).1);
        let style = text(points, BLACK, HPos::Right, VPos::Center);
        root.draw_text(label, &style, place).map_err(failed)?;
    }
    line((x.low, y.low), (x.high, y.low), 0.8)?;
    line((x.low, y.low), (x.low, y.high), 0.8)?;
    Ok(chart)
}

/// A line, dashed if asked, broken where there is no value.
pub(in crate::report) fn line(
    chart: &Chart<'_, '_>,
    points: &[(f64, Option<f64>)],
    colour: RGBColor,
    is_dashed: bool,
    points_wide: i32,
) -> Result<(), PlotError> {
    let style = colour.stroke_width(px(points_wide) as u32);
    for piece in points.split(|(_, y)| y.is_none()) {
        let piece: Vec<(f64, f64)> = piece.iter().filter_map(|&(x, y)| y.map(|y| (x, y))).collect();
        match piece.as_slice() {
            [] => {}
            [only] => chart
                .plotting_area()
                .draw(&Circle::new(*only, px(points_wide), colour.filled()))
                .map_err(failed)?,
            _ if is_dashed => {
                for dash in DashedLineSeries::new(piece, px(9) as u32, px(5) as u32, style) {
                    chart.plotting_area().draw(&dash).map_err(failed)?;
                }
            }
            _ => solid(chart, &piece, colour, px(points_wide))?,
        }
    }
    Ok(())
}

/// A line of at least two points. It is cut where it turns back: joints of a path are pointed, and
/// those of sharp turns reach far beyond the panel.
fn solid(
    chart: &Chart<'_, '_>,
    points: &[(f64, f64)],
    colour: RGBColor,
    wide: i32,
) -> Result<(), PlotError> {
    let area = chart.plotting_area();
    // Points on the same pixel have no direction.
    let mut points: Vec<((f64, f64), (i32, i32))> =
        points.iter().map(|it| (*it, chart.backend_coord(it))).collect();
    points.dedup_by_key(|it| it.1);
    let turns_back = |at: usize| {
        let [before, here, after] = [at - 1, at, at + 1].map(|it| points[it].1);
        let product =
            |from: i32, middle: i32, to: i32| i64::from(middle - from) * i64::from(to - middle);
        product(before.0, here.0, after.0) + product(before.1, here.1, after.1) < 0
    };
    let mut from = 0;
    for at in 1..points.len() {
        let is_last = at + 1 == points.len();
        if is_last || turns_back(at) {
            let path: Vec<(f64, f64)> = points[from..=at].iter().map(|it| it.0).collect();
            area.draw(&PathElement::new(path, colour.stroke_width(wide as u32))).map_err(failed)?;
            if !is_last {
                let joint = Circle::new(points[at].0, wide / 2, colour.filled());
                area.draw(&joint).map_err(failed)?;
            }
            from = at;
        }
    }
    Ok(())
}

/// Names beside pieces of their lines, in a row that begins at `left`, `top`.
pub(in crate::report) fn legend(
    root: &Area<'_>,
    keys: &[Key],
    (left, top): (i32, i32),
) -> Result<(), PlotError> {
    let mut x = px(left);
    let style = text(15, BLACK, HPos::Left, VPos::Center);
    for key in keys {
        sample(root, key, (x, px(top)))?;
        x += px(34);
        root.draw_text(&key.name, &style, (x, px(top))).map_err(failed)?;
        let (width, _) = root.estimate_text_size(&key.name, &style).map_err(failed)?;
        x += width as i32 + px(24);
    }
    Ok(())
}

/// The same in a column.
pub(in crate::report) fn legend_column(
    root: &Area<'_>,
    keys: &[Key],
    (left, top): (i32, i32),
) -> Result<(), PlotError> {
    let style = text(14, BLACK, HPos::Left, VPos::Center);
    for (row, key) in keys.iter().enumerate() {
        let y = px(top + 24 * row as i32);
        sample(root, key, (px(left), y))?;
        root.draw_text(&key.name, &style, (px(left + 34), y)).map_err(failed)?;
    }
    Ok(())
}

fn sample(root: &Area<'_>, key: &Key, (x, y): (i32, i32)) -> Result<(), PlotError> {
    let style = key.colour.stroke_width(px(3) as u32);
    let pieces: &[(i32, i32)] = if key.is_dashed { &[(0, 11), (17, 28)] } else { &[(0, 28)] };
    for &(from, to) in pieces {
        let piece = PathElement::new(vec![(x + px(from), y), (x + px(to), y)], style);
        root.draw(&piece).map_err(failed)?;
    }
    Ok(())
}

/// A linear axis from 0 to above `most`, with round steps.
pub(in crate::report) fn linear(
    most: f64,
    steps: f64,
    print: impl Fn(f64) -> String,
) -> (f64, Ticks) {
    let most = if most > 0.0 { most } else { 1.0 };
    let mut step = 1e-9;
    let factors = [2.0, 2.5, 2.0];
    let mut turn = 0;
    while step * steps < most {
        step *= factors[turn % 3];
        turn += 1;
    }
    let count = (most / step).ceil();
    let ticks = (0..=count as u32).map(|number| {
        let at = f64::from(number) * step;
        (at, print(at))
    });
    (count * step, ticks.collect())
}

/// A logarithmic axis of seconds: positions are decimal logarithms. Labels at decades, and at 2
/// and 5 in between where there are few decades.
pub(in crate::report) fn seconds_axis(least: f64, most: f64, title: &str) -> Axis {
    let (least, most) = if least > 0.0 && least <= most { (least, most) } else { (1e-3, 1.0) };
    logarithmic((least, most), title, brief)
}

/// The same of anything; both ends above 0.
pub(in crate::report) fn logarithmic(
    (least, most): (f64, f64),
    title: &str,
    print: impl Fn(f64) -> String,
) -> Axis {
    let first = libm::log10(least).floor() as i32;
    let last = libm::log10(most).floor() as i32;
    let has_few = last - first < 4;
    let (mut ticks, mut minor) = (Ticks::new(), Vec::new());
    for decade in first..=last + 1 {
        for factor in 1..10 {
            let value = f64::from(factor) * libm::exp10(f64::from(decade));
            let at = libm::log10(value);
            if factor == 1 || (has_few && (factor == 2 || factor == 5)) {
                ticks.push((at, print(value)));
            } else {
                minor.push(at);
            }
        }
    }
    // From the line below the least to the one above the most.
    let lines = || ticks.iter().map(|tick| tick.0).chain(minor.iter().copied());
    let below = |at: &f64| *at <= libm::log10(least);
    let above = |at: &f64| *at >= libm::log10(most);
    let low = lines().filter(below).fold(f64::MIN, f64::max);
    let high = lines().filter(above).fold(f64::MAX, f64::min).max(low + 0.3);
    ticks.retain(|tick| low <= tick.0 && tick.0 <= high);
    minor.retain(|at| low <= *at && *at <= high);
    if ticks.len() < 2 {
        // One number says nothing of how long anything is.
        ticks.extend(minor.drain(..).map(|at| (at, print(round(libm::exp10(at))))));
        ticks.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    let title = if title.is_empty() { String::new() } else { format!("{title} (log)") };
    Axis { low, high, ticks, minor, title }
}

/// Without what logarithms have done to the last digits.
fn round(value: f64) -> f64 {
    let size = libm::exp10(libm::log10(value).floor() - 6.0);
    (value / size).round() * size
}

/// A round number of seconds without decimals that say nothing: `20 ms`, `1 s`.
fn brief(value: f64) -> String {
    let units = [(1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")];
    let unit = units.into_iter().find(|(size, _)| value < size * 999.0);
    let (size, unit) = unit.unwrap_or((1.0, "s"));
    format!("{} {unit}", super::super::format::thousands((value / size).round() as u64))
}

/// The axis of time since the beginning of the window.
pub(in crate::report) fn time_axis(window_s: f64, title: bool) -> Axis {
    let units =
        [(180.0, 1.0, "seconds"), (10_800.0, 60.0, "minutes"), (345_600.0, 3600.0, "hours")];
    let unit = units.into_iter().find(|(below, ..)| window_s < *below);
    let (_, size, name) = unit.unwrap_or((0.0, 86_400.0, "days"));
    let print = |at: f64| format!("{}", (at * 1e6).round() / 1e6);
    let (_, mut ticks) = linear(window_s / size, 12.0, print);
    for tick in &mut ticks {
        tick.0 *= size;
    }
    ticks.retain(|tick| tick.0 <= window_s * 1.000_001);
    let title =
        if title { format!("{name} since the beginning of the window") } else { String::new() };
    Axis { low: 0.0, high: window_s, ticks, minor: Vec::new(), title }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_logarithmic_axis_has_several_numbers() {
        let check = |least: f64, most: f64, expected: &[&str]| {
            let axis = seconds_axis(least, most, "latency");
            let labels: Vec<&str> = axis.ticks.iter().map(|it| &it.1[..]).collect();
            assert_eq!(labels, expected, "{least} to {most}");
            assert!(axis.ticks.is_sorted_by(|one, other| one.0 < other.0));
            assert_eq!(axis.title, "latency (log)");
        };
        check(0.32, 0.48, &["300 ms", "400 ms", "500 ms"]);
        check(0.082, 0.088, &["80 ms", "90 ms", "100 ms"]);
        check(0.011, 0.018, &["10 ms", "20 ms"]);
        check(0.001, 0.03, &["1 ms", "2 ms", "5 ms", "10 ms", "20 ms"]);
    }
}
