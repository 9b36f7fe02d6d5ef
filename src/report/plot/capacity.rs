//! Pictures of a capacity: latency and objectives over the load, what is left without a part, what
//! more machines bring.

mod curve;
mod losses;
mod scaling;
mod sizes;

use super::PlotError;
use crate::report::{capacity::Capacity, folder::File};

/// All pictures that there is anything to draw for, as PNG files.
pub fn render(it: &Capacity) -> Result<Vec<File>, PlotError> {
    let mut files = Vec::new();
    if it.curve.len() > 1 {
        files.push(File { name: "load.png", bytes: curve::draw(it)? });
    }
    if let (Some(losses), Some(safe)) = (&it.losses, &it.safe)
        && !losses.each.is_empty()
    {
        files.push(File { name: "losses.png", bytes: losses::draw(it, losses, safe)? });
    }
    if let Some(growth) = &it.growth
        && !growth.services.is_empty()
        && it.operational.bound_per_s.is_some()
    {
        files.push(File { name: "scaling.png", bytes: scaling::draw(it, growth)? });
    }
    if let Some(curves) = it.growth.as_ref().map(|it| &it.curves).filter(|it| !it.is_empty()) {
        files.push(File { name: "sizes.png", bytes: sizes::draw(it, curves)? });
    }
    Ok(files)
}

/// What all pictures of a scenario are called.
fn title(it: &Capacity) -> String {
    if it.scenario.title.is_empty() { it.scenario.name.clone() } else { it.scenario.title.clone() }
}
