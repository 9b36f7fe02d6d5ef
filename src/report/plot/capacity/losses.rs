//! What load each loss is survived at, as bars beside the safe load.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, VPos},
};

use super::{
    super::{
        PlotError,
        canvas::{COLOURS, Key, WIDTH, failed, fitted, legend, linear, px, sheet, text, width_of},
    },
    curve::{across, count_label, unit},
};
use crate::report::{
    capacity::{Capacity, Later, Loss, Losses, Safe, fails, load, not_even, roughly},
    format::span,
};

/// Losses that are drawn; of more those that bear least.
const ROWS_MAX: usize = 18;
const TOP: i32 = 128;
const BOTTOM: i32 = 640;
const LEFT: i32 = 330;
/// Where the bars end at most, and at least; what is said of each loss stands to the right of them.
const RIGHT: i32 = 1000;
const RIGHT_LEAST: i32 = 660;
const MARGIN: i32 = 16;

pub(super) fn draw(it: &Capacity, losses: &Losses, safe: &Safe) -> Result<Vec<u8>, PlotError> {
    let borne = |loss: &Loss| loss.survives.as_ref().map_or(0.0, across);
    let mut rows: Vec<_> = losses.each.iter().collect();
    if rows.len() > ROWS_MAX {
        rows.sort_by(|one, other| borne(one).total_cmp(&borne(other)));
        rows.truncate(ROWS_MAX);
    }
    let gone = span(losses.gone_s);
    let of = if rows.len() < losses.each.len() {
        format!("; of {} losses the {} that bear least", losses.each.len(), rows.len())
    } else {
        String::new()
    };
    let remark = format!(
        "the highest load at which all objectives hold while one of each is lost for {gone}, and \
         afterwards{of}"
    );
    sheet(&format!("{}: what is left without a part", super::title(it)), &remark, |root| {
        let most = across(&safe.load) * 1.02;
        let (high, ticks) = linear(most, 6.0, count_label);
        let high = high.min(most * 1.15);
        let said: Vec<String> = rows.iter().map(|it| says(it)).collect();
        let style = text(15, BLACK, HPos::Left, VPos::Center);
        let widest = said.iter().map(|it| width_of(it, &style)).max().unwrap_or(0);
        let right = (WIDTH - MARGIN - 10 - widest).clamp(RIGHT_LEAST, RIGHT);
        let x = |value: f64| px(LEFT) + (f64::from(px(right - LEFT)) * value / high) as i32;
        let y = |row: f64| px(TOP) + (f64::from(px(BOTTOM - TOP)) * row / rows.len() as f64) as i32;
        for (at, label) in ticks.iter().filter(|tick| tick.0 <= high) {
            let style = BLACK.mix(0.13).stroke_width(px(1) as u32);
            root.draw(&PathElement::new(vec![(x(*at), px(TOP)), (x(*at), px(BOTTOM))], style))
                .map_err(failed)?;
            let style = text(15, BLACK, HPos::Center, VPos::Top);
            root.draw_text(label, &style, (x(*at), px(BOTTOM + 8))).map_err(failed)?;
        }
        let style = text(16, BLACK, HPos::Center, VPos::Top);
        let middle = px(i32::midpoint(LEFT, right));
        root.draw_text(unit(&safe.load), &style, (middle, px(BOTTOM + 34))).map_err(failed)?;
        for (row, (loss, says)) in rows.iter().zip(&said).enumerate() {
            let row = row as f64;
            let colour = match (loss.is_borne(), loss.is_missed()) {
                _ if loss.is_blind() => COLOURS[3],
                (true, _) => COLOURS[2],
                (false, false) => COLOURS[5],
                (false, true) => COLOURS[4],
            };
            let bar = [(x(0.0), y(row + 0.2)), (x(borne(loss)), y(row + 0.8))];
            root.draw(&Rectangle::new(bar, colour.filled())).map_err(failed)?;
            let style = text(15, BLACK, HPos::Right, VPos::Center);
            let name = shortened(&loss.name);
            root.draw_text(&name, &style, (px(LEFT - 10), y(row + 0.5))).map_err(failed)?;
            let is_down = loss.is_fatal() || loss.is_blind();
            let colour = if is_down { COLOURS[1] } else { BLACK };
            let style = text(15, colour, HPos::Left, VPos::Center);
            // Behind the line of the safe load, where nothing is in the way.
            let from = x(across(&safe.load)) + px(10);
            let says = fitted(says, &style, WIDTH - MARGIN - from / px(1));
            root.draw_text(&says, &style, (from, y(row + 0.5))).map_err(failed)?;
        }
        for (at, colour) in
            [(across(&it.scenario.load), COLOURS[6]), (across(&safe.load), COLOURS[0])]
        {
            if at <= high {
                let style = colour.stroke_width(px(2) as u32);
                let edge = vec![(x(at), px(TOP)), (x(at), px(BOTTOM))];
                root.draw(&PathElement::new(edge, style)).map_err(failed)?;
            }
        }
        let key = |name: &str, colour| Key { name: name.to_owned(), colour, is_dashed: false };
        let mut keys = vec![
            key("bears the safe load", COLOURS[2]),
            key("perhaps; surely this much", COLOURS[5]),
            key("bears less", COLOURS[4]),
        ];
        if rows.iter().any(|it| it.is_blind()) {
            keys.push(key("kept or perhaps, but many fail", COLOURS[3]));
        }
        keys.extend([key("safe load", COLOURS[0]), key("load now", COLOURS[6])]);
        legend(root, &keys, (100, 98))
    })
}

/// What is left, and what comes after it.
fn says(loss: &Loss) -> String {
    let says = match &loss.survives {
        // The axis says of what.
        None => not_even(loss, roughly),
        Some(_) if loss.is_blind() => fails(loss),
        Some(some) => load(some),
    };
    match loss.later {
        Some(Later::Stays { .. }) => format!("{says}; STAYS BAD"),
        Some(Later::Unknown { .. }) => format!("{says}; not well in time"),
        Some(_) => format!("{says}; recovers slowly"),
        None => says,
    }
}

fn shortened(name: &str) -> String {
    const MOST: usize = 36;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let start: String = name.chars().take(MOST - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::capacity::sample;

    /// Nothing runs out of the sheet.
    #[test]
    fn what_is_said_of_a_loss_ends_before_the_edge() {
        let mut it = sample::document();
        let mut losses = it.losses.take().unwrap();
        let safe = it.safe.take().unwrap();
        for loss in &mut losses.each {
            loss.survives = Some(crate::report::capacity::Load {
                factor: 1.17,
                per_s: Some(587.4),
                users: Some(1_234_567),
            });
            loss.later = Some(Later::Slow { within_s: 240.0 });
        }
        let bytes = draw(&it, &losses, &safe).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let row = 3 * WIDTH as usize;
        let edges = pixels.chunks(row).map(|row| &row[row.len() - 3 * 10..]);
        assert!(edges.flatten().all(|it| *it == 255));
    }
}
