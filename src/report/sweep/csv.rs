//! `sweep.csv`: a row a point and measure, a column for each parameter.

use super::Told;
use crate::report::diagnosis::Stability;
use csv::{Terminator, Writer, WriterBuilder};

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
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let (point, replications) = (told.point.to_string(), told.replications.to_string());
    let mut writer = writer();
    for it in &told.measures {
        let estimate = it.estimate;
        let first = std::iter::once(&point[..]).chain(told.settings.iter().map(|it| &it.value[..]));
        let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(number);
        let is_rough = if estimate.is_rough { "true" } else { "false" };
        let names = [&it.about[..], it.measure, it.unit];
        let rest = [&value[..], &low, &high, is_rough, &replications, stability];
        writer.write_record(first.chain(names).chain(rest)).expect("memory takes all");
    }
    text(writer)
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new())
}

fn text(writer: Writer<Vec<u8>>) -> String {
    String::from_utf8(writer.into_inner().expect("memory takes all")).expect("text was written")
}
