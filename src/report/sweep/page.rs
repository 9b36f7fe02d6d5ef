//! A sweep at a glance: a line a point.

use super::{Told, json::Head};
use crate::{
    report::{
        diagnosis::Stability,
        format::{counted, or_dash, percent, seconds, thousands, three, utilisation},
        page::{Colour, Page, WIDTH},
    },
    stats::interval::Estimate,
};

/// More points than this are in the files only.
pub const SHOWN: usize = 48;

/// A point as a line of the page.
#[derive(Clone, Debug)]
pub struct Line {
    cells: Vec<String>,
    stability: Stability,
}

impl Line {
    /// Of a point.
    pub fn new(told: &Told) -> Line {
        let figure = |measure: &str| {
            told.measure("all requests", measure).map_or(Estimate::default(), |it| it.estimate)
        };
        let mut cells: Vec<String> = told.settings.iter().map(|it| it.value.clone()).collect();
        cells.push(or_dash(figure("success").value, percent));
        cells.push(or_dash(figure("throughput").value, |it| format!("{}/s", three(it))));
        for measure in ["p50", "p99"] {
            let it = figure(measure);
            cells.push(or_dash(it.value, seconds));
            if measure == "p99" {
                cells.push(or_dash(half_width(it), |it| format!("±{}", utilisation(it))));
            }
        }
        cells.push(told.busiest.first().map_or_else(
            || "–".to_owned(),
            |it| format!("{} {} {}", it.kind, it.of, utilisation(it.utilisation)),
        ));
        Line { cells, stability: told.stability }
    }
}

/// A length of time, unless it varies.
fn length(of: Option<f64>) -> String {
    of.map_or_else(|| "varying length".to_owned(), seconds)
}

/// Half of the interval, as a share of the value.
fn half_width(it: Estimate) -> Option<f64> {
    let (value, low, high) = (it.value?, it.low?, it.high?);
    (value > 0.0).then(|| (high - low) / 2.0 / value)
}

/// The page. `lines`: of the first points.
pub fn render(head: &Head, lines: &[Line], colour: Colour) -> String {
    let mut page = Page::new(colour);
    page.painted_paragraph("1", &head.title, 0);
    page.paragraph(
        &format!(
            "{}, {} of {} each after {} of warm-up, {}",
            counted(head.points, "point"),
            counted(u64::from(head.replications), "replication"),
            length(head.duration_s),
            length(head.warm_up_s),
            match (head.seed, head.luck) {
                (None, _) => "with seeds that vary".to_owned(),
                (Some(seed), "common") => format!("seed {seed}, all on the same luck"),
                (Some(seed), _) => format!("seed {seed}, each with its own luck"),
            },
        ),
        0,
    );
    page.line("");
    let mut titles: Vec<String> = head.parameters.iter().map(|it| it.path.clone()).collect();
    titles.extend(
        ["success", "answered", "p50", "p99", "", "busiest"].iter().map(|&it| it.to_owned()),
    );
    table(&mut page, &titles, lines);
    let rest = head.points - lines.len() as u64;
    if rest > 0 {
        page.line(&format!("… and {} more in `sweep.csv`", thousands(rest)));
    }
    if lines.iter().any(|it| it.stability != Stability::Stable) {
        page.line("");
        page.paragraph(
            "! above capacity, work piles up: latencies there depend on how long was looked; \
             * saturated, but what is too much is turned away",
            2,
        );
    }
    page.heading("Digest");
    page.line(&format!("outputs  {}", head.outputs_digest));
    page.text
}

/// Columns aligned; the long paths of parameters are written above each other where the line would
/// be wider than the page.
fn table(page: &mut Page, titles: &[String], lines: &[Line]) {
    let parameters = titles.len() - 6;
    let mut titles = titles.to_vec();
    let width = |column: usize, titles: &[String]| {
        let cells = lines.iter().map(|line| line.cells[column].chars().count());
        cells.max().unwrap_or(0).max(titles[column].chars().count())
    };
    let whole = |titles: &[String]| {
        (0..titles.len()).map(|column| width(column, titles) + 2).sum::<usize>() + 1
    };
    if whole(&titles) > WIDTH {
        for (index, title) in titles.iter_mut().take(parameters).enumerate() {
            let letter = char::from(b'A' + (index % 26) as u8);
            page.line(&format!("{letter}  {title}"));
            *title = letter.to_string();
        }
        page.line("");
    }
    let row = |cells: &[String], mark: &str| {
        let mut out = format!("{mark:1} ");
        for (column, cell) in cells.iter().enumerate() {
            let wide = width(column, &titles);
            let is_last = column + 1 == cells.len();
            if column < parameters || is_last {
                out.push_str(&format!("{cell:<wide$}  "));
            } else {
                out.push_str(&format!("{cell:>wide$}  "));
            }
        }
        shortened(out.trim_end())
    };
    page.painted("2", &row(&titles, " "));
    for line in lines {
        let mark = match line.stability {
            Stability::Stable => " ",
            Stability::Saturated => "*",
            Stability::Unstable => "!",
        };
        page.line(&row(&line.cells, mark));
    }
}

/// No wider than the page; that something is left out is said.
fn shortened(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let start: String = line.chars().take(WIDTH - 1).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so() {
        let (fits, long) = ("x".repeat(WIDTH), "é".repeat(WIDTH + 1));
        assert_eq!(shortened(&fits), fits);
        assert_eq!(shortened(&long), format!("{}…", "é".repeat(WIDTH - 1)));
    }
}
