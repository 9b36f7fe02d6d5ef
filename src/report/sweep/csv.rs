//! `sweep.csv`: a row a point and measure, a column for each parameter.

use super::Told;
use crate::report::diagnosis::Stability;
use csv::{Terminator, WriterBuilder};

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
    rows([first.chain(rest).map(str::to_owned).collect()])
}

/// The rows of a point.
pub fn point(told: &Told) -> String {
    let stability = match told.stability {
        Stability::Stable => "stable",
        Stability::Saturated => "saturated",
        Stability::Unstable => "unstable",
    };
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let first: Vec<String> = std::iter::once(told.point.to_string())
        .chain(told.settings.iter().map(|it| it.value.clone()))
        .collect();
    rows(told.measures.iter().map(|it| {
        let estimate = it.estimate;
        let mut row = first.clone();
        row.extend([
            it.about.clone(),
            it.measure.to_owned(),
            it.unit.to_owned(),
            number(estimate.value),
            number(estimate.low),
            number(estimate.high),
            estimate.is_rough.to_string(),
            told.replications.to_string(),
            stability.to_owned(),
        ]);
        row
    }))
}

fn rows(rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut builder = WriterBuilder::new();
    let mut writer = builder.terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("memory takes all");
    }
    String::from_utf8(writer.into_inner().expect("memory takes all")).expect("text was written")
}
