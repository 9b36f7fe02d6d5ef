//! Work that piles up at services, whoever still waits for it: visitors who give up leave their calls behind, in
//! the queues of callers and at servers that work for nobody, so that no more visitors are under way and yet
//! more and more is to be done.

use std::ops::Range;

use super::summary::{VISITORS, window_s};
use crate::{measure::tally::Tally, model::blueprint::Blueprint};

/// More than so much of what arrives has to stay.
const STAYS: f64 = 0.02;
/// So few that stay are none.
const STAYED_MIN: f64 = 20.0;
/// So many standard deviations of Poisson arrivals may stay by bad luck alone. A queue that is only just too busy
/// to settle is a random walk whose steps are arrivals and departures; what is made of the means of two quarters
/// has a standard deviation of 1.6 of those: this is 2.8 times that.
const LUCK: f64 = 4.5;

/// A service whose calls become more and more in the second half of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pile {
    /// Which (index).
    pub(super) service: usize,
    /// Calls a second by which there are more.
    pub(super) per_s: f64,
}

/// The service at which most calls pile up. A call that waits in a caller's queue is the caller's, too.
pub(super) fn pile(site: &Blueprint, pool: &Tally) -> Option<Pile> {
    let half_s = half_s(pool);
    let services = site.services.iter().zip(&pool.services).enumerate();
    let piles = services.filter_map(|(service, (it, tally))| {
        if it.kind == VISITORS {
            return None;
        }
        let per_s = per_s(pool, |parts| {
            let load = tally.load_by_part.get(parts).unwrap_or(&[]);
            load.iter().map(|it| u128::from(it.in_system)).sum()
        });
        let stayed = per_s * half_s * f64::from(pool.replications);
        let came = tally.calls.count() as f64 * half_s / window_s(pool) + stayed.max(0.0);
        let is_more = stayed > STAYS * came && stayed > STAYED_MIN && stayed > LUCK * came.sqrt();
        is_more.then_some(Pile { service, per_s })
    });
    piles.fold(None, |most: Option<Pile>, it| match most {
        Some(most) if most.per_s >= it.per_s => Some(most),
        _ => Some(it),
    })
}

/// Calls a second by which more wait, at services or for them.
pub(super) fn waiting_per_s(pool: &Tally) -> f64 {
    per_s(pool, |parts| {
        let at_services = pool.services.iter().filter_map(|it| it.load_by_part.get(parts.clone()));
        let queued = pool.upstreams.iter().filter_map(|it| it.queued_by_part.get(parts.clone()));
        let at_services: u128 = at_services.flatten().map(|it| u128::from(it.waiting)).sum();
        at_services + queued.flatten().map(|&it| u128::from(it)).sum::<u128>()
    })
}

/// By how much a level is higher in the last quarter of the window than in the one before, a second. `area`:
/// under it, in some parts.
fn per_s(pool: &Tally, area: impl Fn(Range<usize>) -> u128) -> f64 {
    let parts = pool.usage_ruler.parts();
    let quarters = [parts / 2, parts * 3 / 4, parts];
    if quarters[0] == quarters[1] {
        return 0.0;
    }
    let level = |from: usize, until: usize| {
        let nanos = (edge_s(pool, until) - edge_s(pool, from)) * 1e9;
        area(from..until) as f64 / (nanos * f64::from(pool.replications))
    };
    let apart_s = half_s(pool) / 2.0;
    (level(quarters[1], quarters[2]) - level(quarters[0], quarters[1])) / apart_s
}

/// How long the second half of the window is, as its parts have it.
fn half_s(pool: &Tally) -> f64 {
    window_s(pool) - edge_s(pool, pool.usage_ruler.parts() / 2)
}

fn edge_s(pool: &Tally, part: usize) -> f64 {
    let ruler = &pool.usage_ruler;
    if part < ruler.parts() { ruler.edges_s(part).0 } else { window_s(pool) }
}
