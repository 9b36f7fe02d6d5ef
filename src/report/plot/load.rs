//! Load over time: what arrives, what is answered and what fails above; how long it takes below.
//! What happened is shaded.

use super::{
    PlotError,
    canvas::{
        Axis, COLOURS, GREY, Key, legend, line, linear, panel, seconds_axis, sheet, time_axis,
    },
    marks,
};
use crate::{
    measure::tally::{RequestPart, Tally},
    model::blueprint::Blueprint,
    report::{
        format::{span, thousands},
        summary::Summary,
    },
};

/// What all pictures of a scenario are called.
pub(super) fn title(summary: &Summary) -> String {
    let scenario = &summary.scenario;
    if scenario.title.is_empty() { scenario.name.clone() } else { scenario.title.clone() }
}

pub(super) fn draw(
    site: &Blueprint,
    summary: &Summary,
    pool: &Tally,
) -> Result<Vec<u8>, PlotError> {
    let all = pool.site();
    let replications = f64::from(pool.replications);
    let points = |of: &dyn Fn(&RequestPart, f64) -> Option<f64>| -> Vec<(f64, Option<f64>)> {
        let parts = all.parts.iter().enumerate();
        parts
            .map(|(index, part)| {
                let (from, until) = pool.request_ruler.edges_s(index);
                (f64::midpoint(from, until), of(part, (until - from) * replications))
            })
            .collect()
    };
    let rate = |count: u64, seconds: f64| Some(count as f64 / seconds);
    let offered = points(&|part, seconds| rate(part.ok + part.failed, seconds));
    let answered = points(&|part, seconds| rate(part.completed, seconds));
    let failed = points(&|part, seconds| rate(part.failed, seconds));
    let quantile = |share: f64| {
        points(&|part, _| part.latency.quantile(share).map(|it| libm::log10(it.max(1e-6))))
    };
    let quantiles = [quantile(0.5), quantile(0.95), quantile(0.99)];
    let width = span(pool.request_ruler.width.seconds());
    let remark = format!("windows of {width}, mean of {} replications", pool.replications);
    sheet(&format!("{}: load and latency", title(summary)), &remark, |root| {
        let marks = marks::of(site);
        let window = pool.window_s();
        let most = offered.iter().chain(&answered).filter_map(|it| it.1).fold(0.0, f64::max);
        let (high, ticks) = linear(most * 1.12, 5.0, rate_label);
        let title = "requests per second".to_owned();
        let y = Axis { low: 0.0, high, ticks, minor: Vec::new(), title };
        let chart = panel(root, (128, 354), 40, &time_axis(window, false), &y)?;
        marks::shade(root, &chart, &marks, &y, true)?;
        line(&chart, &offered, GREY, true, 2)?;
        line(&chart, &answered, COLOURS[0], false, 2)?;
        line(&chart, &failed, COLOURS[1], false, 2)?;
        let key = |name: &str, colour, is_dashed| Key { name: name.to_owned(), colour, is_dashed };
        let keys = [
            key("arrive", GREY, true),
            key("answered well", COLOURS[0], false),
            key("fail (by arrival)", COLOURS[1], false),
        ];
        legend(root, &keys, (100, 84))?;
        let known = || quantiles.iter().flatten().filter_map(|it| it.1);
        let (least, most) = (known().fold(f64::MAX, f64::min), known().fold(f64::MIN, f64::max));
        let is_empty = least > most;
        let (least, most) = if is_empty { (-3.0, 0.0) } else { (least, most) };
        let y = seconds_axis(libm::exp10(least), libm::exp10(most), "latency of successes");
        let chart = panel(root, (432, 650), 40, &time_axis(window, true), &y)?;
        marks::shade(root, &chart, &marks, &y, false)?;
        let mut keys = Vec::new();
        for ((points, name), colour) in
            quantiles.iter().zip(["p50", "p95", "p99"]).zip([COLOURS[2], COLOURS[4], COLOURS[3]])
        {
            line(&chart, points, colour, false, 2)?;
            keys.push(Key { name: name.to_owned(), colour, is_dashed: false });
        }
        legend(root, &keys, (100, 410))
    })
}

fn rate_label(rate: f64) -> String {
    if rate < 10.0 { format!("{}", (rate * 1e3).round() / 1e3) } else { thousands(rate as u64) }
}
