//! Pictures of a sweep: lines with bands for one parameter, heat maps for two, small multiples for
//! three.

mod colours;
mod figure;
mod grid;
mod heat;
mod layout;
mod lines;
mod marks;
mod roles;
mod scale;
mod sheets;
#[cfg(test)]
mod tests;

use super::Told;
use crate::{
    report::{diagnosis::Stability, folder::File, plot::PlotError},
    stats::interval::Estimate,
};
use figure::Figure;
use grid::Grid;
use roles::Roles;
use sheets::Picture;

/// What is drawn of a point: `p99`, `success`, `throughput` of all requests, and how busy the busiest
/// resource is.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Where it stands on each axis.
    pub place: Vec<u64>,
    /// Latency of successes, 99th percentile, seconds.
    pub p99_s: Estimate,
    /// Share of requests that succeed.
    pub success: Estimate,
    /// Successes a second.
    pub throughput_per_s: Estimate,
    /// Utilisation of the busiest resource, and its name.
    pub busiest: Option<(f64, String)>,
    /// Whether work piles up.
    pub stability: Stability,
}

/// What varies along an axis: zipped parameters together.
#[derive(Clone, Debug)]
pub struct AxisOf {
    /// `app.instances`.
    pub title: String,
    /// In order.
    pub values: Vec<String>,
}

impl Shown {
    /// Of a point at this place.
    pub fn new(told: &Told, place: Vec<u64>) -> Shown {
        let of = |measure: &str| {
            told.measure("all requests", measure).map_or(Estimate::default(), |it| it.estimate)
        };
        let busiest = told.busiest.first();
        Shown {
            place,
            p99_s: of("p99"),
            success: of("success"),
            throughput_per_s: of("throughput"),
            busiest: busiest.map(|it| (it.utilisation, format!("{} of {}", it.kind, it.of))),
            stability: told.stability,
        }
    }
}

/// All pictures, as PNG files. `axes`: slowest first.
pub fn draw(title: &str, axes: &[AxisOf], shown: &[Shown]) -> Result<Vec<File>, PlotError> {
    // A sweep of one point has a picture all the same, which says what the point is.
    let titles: Vec<&str> = axes.iter().map(|it| it.title.as_str()).collect();
    let values: Vec<&str> =
        axes.iter().filter_map(|it| it.values.first()).map(|it| &it[..]).collect();
    let nothing = AxisOf { title: titles.join(", "), values: vec![values.join(", ")] };
    let grid = Grid::new(axes, shown, &nothing);
    let roles = Roles::of(&grid.axes);
    let picture = |figure: Figure| -> Result<File, PlotError> {
        let picture = Picture { title, figure, grid: &grid, roles };
        Ok(File { name: figure.file(), bytes: picture.draw()? })
    };
    Figure::ALL.into_iter().map(picture).collect()
}
