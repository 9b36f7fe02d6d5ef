//! The whole distribution of latency by request type. Across: the share of requests, stretched
//! towards the slowest so that each nine has the same room (an HDR plot). Whiskers: 95% intervals.

use plotters::prelude::*;

use super::{
    PlotError,
    canvas::{Axis, COLOURS, Chart, Key, failed, legend, line, panel, px, seconds_axis, sheet},
};
use crate::{
    measure::{figures::LatencyFigures, latency::Latency, tally::Tally},
    report::{csv::shares, summary::Summary},
    stats::interval::Estimate,
};

/// Types drawn; of more, the most frequent ones.
const CURVES_MAX: usize = 6;

struct Curve<'a> {
    name: String,
    latency: &'a Latency,
    whiskers: &'a LatencyFigures<Estimate>,
}

pub(super) fn draw(summary: &Summary, pool: &Tally) -> Result<Vec<u8>, PlotError> {
    let site = pool.site();
    let types = pool.requests.iter().zip(&summary.requests);
    let mut curves: Vec<Curve<'_>> = types
        .filter(|(tally, _)| tally.ok.moments.count > 0)
        .map(|(tally, request)| Curve {
            name: request.name.clone(),
            latency: &tally.ok,
            whiskers: &request.figures.ok,
        })
        .collect();
    let left_out = curves.len().saturating_sub(CURVES_MAX);
    curves.sort_by_key(|curve| std::cmp::Reverse(curve.latency.moments.count));
    curves.truncate(CURVES_MAX);
    let failures = (site.failed.moments.count > 0).then(|| Curve {
        name: "all failures".to_owned(),
        latency: &site.failed,
        whiskers: &summary.site.figures.failed,
    });
    let mut remark = "latency of successes by request type, as visitors see it; whiskers: 95% \
                      intervals over the replications"
        .to_owned();
    if left_out > 0 {
        remark = format!("{remark}; {left_out} rarer types are left out");
    }
    let title = format!("{}: latency", super::load::title(summary));
    sheet(&title, &remark, |root| {
        let all = || curves.iter().chain(&failures);
        let counts = all().map(|curve| curve.latency.moments.count);
        let x = share_axis(counts.max().unwrap_or(1));
        let least = all().filter_map(|curve| curve.latency.quantile(0.0)).fold(f64::MAX, f64::min);
        let most = all().filter_map(|curve| curve.latency.moments.max_s()).fold(0.0, f64::max);
        let y = seconds_axis(least.max(1e-6), most, "latency");
        let chart = panel(root, (116, 630), 40, &x, &y)?;
        let mut keys = Vec::new();
        for (number, curve) in curves.iter().enumerate() {
            let colour = COLOURS[number % (COLOURS.len() - 1)];
            of_one(&chart, curve, colour, false)?;
            keys.push(Key { name: curve.name.clone(), colour, is_dashed: false });
        }
        if let Some(curve) = &failures {
            of_one(&chart, curve, COLOURS[6], true)?;
            keys.push(Key { name: curve.name.clone(), colour: COLOURS[6], is_dashed: true });
        }
        legend(root, &keys, (100, 92))
    })
}

/// Where a share lies across: the number of nines.
fn nines(share: f64) -> f64 {
    -libm::log10(1.0 - share)
}

fn share_axis(count: u64) -> Axis {
    let high = libm::log10(count.max(10) as f64).min(7.0);
    let labels = ["0%", "90%", "99%", "99.9%", "99.99%", "99.999%", "99.9999%", "99.99999%"];
    let mut ticks = vec![(0.0, labels[0].to_owned())];
    let mut minor = Vec::new();
    for decade in 0..high.ceil() as usize {
        if decade as f64 + 1.0 <= high {
            ticks.push((decade as f64 + 1.0, labels[decade + 1].to_owned()));
        }
        minor.extend((2..10).map(|it| decade as f64 + 1.0 - libm::log10(f64::from(it))));
    }
    minor.retain(|&at| at <= high);
    ticks.push((nines(0.5), "50%".to_owned()));
    let title = "share of requests that are at least as quick".to_owned();
    Axis { low: 0.0, high, ticks, minor, title }
}

fn of_one(
    chart: &Chart<'_, '_>,
    curve: &Curve<'_>,
    colour: RGBColor,
    is_dashed: bool,
) -> Result<(), PlotError> {
    let count = curve.latency.moments.count;
    let mut quantile = curve.latency.ascending();
    let points: Vec<(f64, Option<f64>)> = shares(count)
        .into_iter()
        .filter(|&share| share < 1.0)
        .map(|share| (nines(share), quantile(share).map(|seconds| libm::log10(seconds.max(1e-6)))))
        .collect();
    line(chart, &points, colour, is_dashed, 2)?;
    let LatencyFigures { p50_s, p90_s, p95_s, p99_s, p99_9_s, .. } = curve.whiskers;
    for (share, estimate) in
        [(0.5, p50_s), (0.9, p90_s), (0.95, p95_s), (0.99, p99_s), (0.999, p99_9_s)]
    {
        if let (Some(low), Some(high)) = (estimate.low, estimate.high)
            && (1.0 - share) * count as f64 >= 1.0
        {
            whisker(chart, nines(share), (low, high), colour)?;
        }
    }
    Ok(())
}

fn whisker(
    chart: &Chart<'_, '_>,
    x: f64,
    (low, high): (f64, f64),
    colour: RGBColor,
) -> Result<(), PlotError> {
    let area = chart.plotting_area();
    let bottom = chart.as_coord_spec().get_y_range().start;
    let (low, high) = (libm::log10(low.max(1e-6)).max(bottom), libm::log10(high.max(1e-6)));
    let style = colour.stroke_width(px(2) as u32);
    let cap = 0.025;
    for piece in [
        vec![(x, low), (x, high)],
        vec![(x - cap, low), (x + cap, low)],
        vec![(x - cap, high), (x + cap, high)],
    ] {
        area.draw(&PathElement::new(piece, style)).map_err(failed)?;
    }
    Ok(())
}
