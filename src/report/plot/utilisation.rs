//! Use of resources over time: a line for each host, of whatever of it is used most, and one for
//! the workers of each instance; of many the busiest. What happened is shaded.

use super::{
    PlotError,
    canvas::{Axis, COLOURS, Key, legend_column, line, panel, sheet, time_axis},
    load::title,
    marks,
};
use crate::{
    measure::{tally::Tally, window::Areas},
    model::blueprint::{Blueprint, Serving},
    report::{
        csv::share,
        format::{span, utilisation},
        summary::{Summary, VISITORS},
    },
};

const LINES_MAX: usize = 12;
/// Room for the names of lines, in points.
const LEGEND: i32 = 300;
const NAME_MAX: usize = 26;

struct Curve {
    name: String,
    points: Vec<(f64, Option<f64>)>,
    mean: f64,
}

fn curve(name: String, areas: &Areas, channels: u32, pool: &Tally) -> Option<Curve> {
    let parts = 0..pool.usage_ruler.parts();
    let points: Vec<(f64, Option<f64>)> = parts
        .map(|part| {
            let (from, until) = pool.usage_ruler.edges_s(part);
            (f64::midpoint(from, until), share(areas, part, channels, pool))
        })
        .collect();
    let known = points.iter().filter_map(|point| point.1);
    let mean = known.sum::<f64>() / points.len() as f64;
    (channels > 0).then_some(Curve { name, points, mean })
}

fn curves(site: &Blueprint, pool: &Tally) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (index, host) in site.hosts.iter().enumerate() {
        let (tally, shape) = (&pool.hosts[index], pool.shape.hosts[index]);
        let nic = u32::from(host.nic_bits.is_some());
        let of = |kind: &str, areas, channels| {
            curve(format!("{} {kind}", host.name), areas, channels, pool)
        };
        let resources = [
            of("CPU", &tally.runnable.used, shape.cores),
            of("NIC out", &tally.sending, nic),
            of("NIC in", &tally.receiving, nic),
            of("disk", &tally.disk, shape.disk_parallel),
        ];
        // The first of equals, so that an idle host is shown by its CPU.
        let busiest = resources
            .into_iter()
            .flatten()
            .reduce(|best, other| if other.mean > best.mean { other } else { best });
        curves.extend(busiest);
    }
    for (index, instance) in site.instances.iter().enumerate() {
        let service = &site.services[instance.service.index()];
        if service.kind != VISITORS
            && let Some(workers) = pool.shape.instances[index].workers
        {
            let kind = match service.serving {
                Serving::Loops { .. } => "loops",
                Serving::Slots { .. } => "workers",
            };
            let name = format!("{} {kind}", instance.name);
            curves.extend(curve(name, &pool.instances[index].busy.used, workers, pool));
        }
    }
    curves.sort_by(|one, other| other.mean.total_cmp(&one.mean));
    curves
}

pub(super) fn draw(
    site: &Blueprint,
    summary: &Summary,
    pool: &Tally,
) -> Result<Vec<u8>, PlotError> {
    let mut curves = curves(site, pool);
    let left_out = curves.len().saturating_sub(LINES_MAX);
    curves.truncate(LINES_MAX);
    let width = span(pool.usage_ruler.width.seconds());
    let mut remark = format!(
        "of each host what is used most, and workers or loops; windows of {width}, mean of {} replications",
        pool.replications
    );
    if left_out > 0 {
        remark = format!("{remark}; {left_out} less busy ones are left out");
    }
    sheet(&format!("{}: utilisation", title(summary)), &remark, |root| {
        let ticks = (0..=5).map(|fifth| {
            let share = f64::from(fifth) / 5.0;
            (share, utilisation(share))
        });
        let y = Axis {
            low: 0.0,
            high: 1.0,
            ticks: ticks.collect(),
            minor: Vec::new(),
            title: "share in use".to_owned(),
        };
        let chart = panel(root, (112, 640), LEGEND, &time_axis(pool.window_s(), true), &y)?;
        marks::shade(root, &chart, &marks::of(site), &y, true)?;
        let mut keys = Vec::new();
        for (number, curve) in curves.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let is_dashed = number >= COLOURS.len();
            line(&chart, &curve.points, colour, is_dashed, 2)?;
            let name = format!("{} ({})", shortened(&curve.name), utilisation(curve.mean));
            keys.push(Key { name, colour, is_dashed });
        }
        legend_column(root, &keys, (1200 - LEGEND + 16, 122))
    })
}

/// A name that fits into the legend: its end tells instances apart.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= NAME_MAX {
        return name.to_owned();
    }
    let end: String = name.chars().skip(length - NAME_MAX + 1).collect();
    format!("…{end}")
}
