//! Pictures: the distribution of latency, the load over time, the use of resources over time.
//!
//! Drawn from the same numbers as the tables, without any font or library of the system's.

pub(super) mod canvas;
pub mod capacity;
mod latency;
mod load;
mod marks;
mod utilisation;

use super::{folder::File, summary::Summary};
use crate::{measure::tally::Tally, model::blueprint::Blueprint};

/// Why a picture could not be drawn; ours to mend, not the user's.
#[derive(Clone, Debug)]
pub struct PlotError(String);

impl std::fmt::Display for PlotError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "a picture could not be drawn: {}", self.0)
    }
}

impl std::error::Error for PlotError {}

/// All pictures, as PNG files.
pub fn render(site: &Blueprint, summary: &Summary, pool: &Tally) -> Result<Vec<File>, PlotError> {
    Ok(vec![
        File { name: "latency.png", bytes: latency::draw(summary, pool)? },
        File { name: "load.png", bytes: load::draw(site, summary, pool)? },
        File { name: "utilisation.png", bytes: utilisation::draw(site, summary, pool)? },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// `PLOT_DIR=/tmp cargo test --lib plot` leaves the pictures there to be looked at.
    #[test]
    fn pictures_of_a_small_site() {
        let (site, fold) = (sample::site(), sample::fold());
        let summary = Summary::new(&site, &fold);
        let files = render(&site, &summary, &fold.pool).unwrap();
        for file in &files {
            assert!(file.bytes.starts_with(b"\x89PNG"));
            if let Ok(folder) = std::env::var("PLOT_DIR") {
                std::fs::write(std::path::Path::new(&folder).join(file.name), &file.bytes).unwrap();
            }
        }
        let again = render(&site, &summary, &fold.pool).unwrap();
        assert!(files.iter().zip(&again).all(|(one, other)| one.bytes == other.bytes));
    }

    #[test]
    fn nothing_measured_is_no_reason_to_fail() {
        let site = sample::site();
        let fold = crate::measure::fold::Fold::new(sample::idle());
        let summary = Summary::new(&site, &fold);
        assert_eq!(render(&site, &summary, &fold.pool).unwrap().len(), 3);
    }
}
