//! `sweep.csv`: a row a point and measure, a column for each parameter.

use super::Told;
use crate::{report::diagnosis::Stability, stats::interval::Estimate};
use csv::{Terminator, Writer, WriterBuilder};
use std::fmt::{Display, Write};

/// The titles of the columns. `paths`: of the parameters.
pub fn titles(paths: &[String]) -> String {
    let first = std::iter::once("point").chain(paths.iter().map(String::as_str));
    let rest = [
        "about",
        "measure",
        "unit",
        "value",
        "low",
        "high",
        "is_rough",
        "replications",
        "stability",
    ];
    let mut writer = writer();
    writer.write_record(first.chain(rest)).expect("memory takes all");
    text(writer)
}

/// The rows of a point.
pub fn point(told: &Told) -> String {
    let stability = match told.stability {
        Stability::Stable => "stable",
        Stability::Saturated => "saturated",
        Stability::Unstable => "unstable",
    };
    let mut writer = writer();
    let mut number = String::new();
    for it in &told.measures {
        let mut put = |text: &str| writer.write_field(text).expect("memory takes all");
        put(format_into(&mut number, told.point));
        told.settings.iter().for_each(|it| put(&it.value));
        for name in [&*it.about, it.measure, it.unit] {
            put(name);
        }
        let Estimate { value, low, high, is_rough, .. } = it.estimate;
        for value in [value, low, high] {
            put(value.map_or("", |value| format_into(&mut number, value)));
        }
        put(if is_rough { "true" } else { "false" });
        put(format_into(&mut number, told.replications));
        put(stability);
        writer.write_record(None::<&[u8]>).expect("memory takes all");
    }
    text(writer)
}

/// In the same place each time.
fn format_into(place: &mut String, value: impl Display) -> &str {
    place.clear();
    write!(place, "{value}").expect("memory takes all");
    place
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new())
}

fn text(writer: Writer<Vec<u8>>) -> String {
    String::from_utf8(writer.into_inner().expect("memory takes all")).expect("text was written")
}
