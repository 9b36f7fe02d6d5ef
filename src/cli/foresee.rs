//! How long something would take, before it is begun.

use super::exit::Problem;
use crate::{
    experiment::{replicate::Replications, rounds::Crew, study::study},
    model::blueprint::Blueprint,
    report::format::{span, thousands},
};

/// How long a replication takes, by the first one.
#[expect(clippy::disallowed_methods, reason = "for people to read, not for any result")]
pub(super) fn took_s(plan: &Blueprint, crew: Crew<'_>) -> Result<f64, Problem> {
    let begin = std::time::Instant::now();
    let once = Replications { count: 1, threads: Some(1), interrupted: crew.interrupted };
    study(plan, once, |_| ())
        .map_err(|failure| Problem::failed(&failure, |it| format!("replication {it}")))?;
    Ok(begin.elapsed().as_secs_f64())
}

/// A time that may be longer than anybody waits.
pub(super) fn long(seconds: f64) -> String {
    const DAY: f64 = 86_400.0;
    match seconds {
        s if s < DAY => span(s),
        s if s < 730.0 * DAY => format!("{:.0} days", s / DAY),
        s => format!("{} years", thousands((s / (365.25 * DAY)) as u64)),
    }
}
