//! Work that piles up at services, whoever still waits for it: visitors who give up leave their calls behind, in
//! the queues of callers and at servers that work for nobody, so that no more visitors are under way and yet
//! more and more is to be done.

use super::summary::VISITORS;
use crate::{
    measure::{
        fold::Fold,
        series::{Section, Series},
        tally::Tally,
    },
    model::{blueprint::Blueprint, operational::Operational},
    stats::{estimator::Estimator, interval::REPLICATIONS_MIN},
};

/// More than so much of what arrives has to stay …
const STAYS: f64 = 0.02;
/// … or replications have to agree that in the last quarter of the window more are there than in the one before, and by so much
/// of those. What grows evenly from nothing at the begin grows by 40%, or 30% after a sixth of the window; a queue that settles very
/// slowly, like the root of time, by 18%.
const GROWS: f64 = 0.25;
/// So few that stay are none.
const STAYED_MIN: f64 = 20.0;
/// So many standard deviations of Poisson arrivals may stay by bad luck alone. A queue that is only just too busy
/// to settle is a random walk whose steps are arrivals and departures; what is made of the means of two quarters
/// has a standard deviation of 1.6 of those: this is 2.8 times that.
const LUCK: f64 = 4.5;
/// The chance of calling work that piles up what only happened to grow in most replications.
const GROWTH_LEVEL: f64 = 0.01;

/// A service whose calls become more and more in the second half of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pile {
    /// Which (index).
    pub(super) service: usize,
    /// Calls a second by which there are more.
    pub(super) per_s: f64,
}

/// The service at which most calls pile up. A call that waits in a caller's queue is the caller's, too. What
/// piles up because more is asked for than can be served (`asks_beyond`) does so however slowly.
pub(super) fn pile(site: &Blueprint, fold: &Fold, is_beyond: bool) -> Option<Pile> {
    let pool = &fold.pool;
    let half_s = pool.second_half_s();
    let luck = LUCK * luckiness(site, pool);
    let services = site.services.iter().zip(&pool.services);
    let services = services.zip(pool.piles_per_s().zip(pool.latest_loads())).enumerate();
    let piles = services.filter_map(|(service, ((it, tally), (per_s, [third, last])))| {
        if it.kind == VISITORS || !agree(&fold.piling[service]) {
            return None;
        }
        let stayed = per_s * half_s * f64::from(pool.replications);
        let came = tally.calls.count() as f64 * half_s / pool.window_s() + stayed.max(0.0);
        let is_much = stayed > STAYS * came && stayed > luck * came.sqrt();
        let is_even =
            site.is_steady() && last > (1.0 + GROWS) * third && grows(&fold.piling[service]);
        let is_enough = stayed > STAYED_MIN && (is_much || is_even || is_beyond);
        is_enough.then_some(Pile { service, per_s })
    });
    piles.fold(None, |most: Option<Pile>, it| match most {
        Some(most) if most.per_s >= it.per_s => Some(most),
        _ => Some(it),
    })
}

/// Whether users have surely asked for more than the law says can be served. Nobody waits for more than one
/// answer, so the rest of what is too much was left behind by whoever gave up: unless that is cancelled, or turned
/// away before it gets to what is full, it piles up.
pub(super) fn asks_beyond(site: &Blueprint, known: &Operational, pool: &Tally) -> bool {
    let bound = known.bound_per_s().filter(|_| known.is_closed() && site.is_steady());
    let Some(bound) = bound else { return false };
    let parts = pool.requests.iter().flat_map(|it| &it.parts);
    let came = parts.map(|part| part.ok + part.failed).sum::<u64>() as f64;
    let answered = bound * pool.window_s() + f64::from(known.users);
    let luck = LUCK * luckiness(site, pool) * came.sqrt();
    came > answered * f64::from(pool.replications) + luck
}

/// Calls a second by which more wait, at services or for them.
pub(super) fn waiting_per_s(pool: &Tally) -> f64 {
    pool.rise_per_s(|parts| {
        let at_services = pool.services.iter().filter_map(|it| it.load_by_part.get(parts.clone()));
        let queued = pool.upstreams.iter().filter_map(|it| it.queued_by_part.get(parts.clone()));
        let at_services: u128 = at_services.flatten().map(|it| u128::from(it.waiting)).sum();
        at_services + queued.flatten().map(|&it| u128::from(it)).sum::<u128>()
    })
}

/// How much more arrivals and departures of a few replications differ by luck than if they were Poisson: the root
/// of their dispersion from part to part of the window. Where replications are many enough to be asked whether they
/// `agree` nothing need be known of that, and where the load changes nothing is.
pub(super) fn luckiness(site: &Blueprint, pool: &Tally) -> f64 {
    if !site.is_steady() || pool.replications >= REPLICATIONS_MIN {
        return 1.0;
    }
    // The last part may be shorter.
    let parts = pool.request_ruler.parts() - 1;
    let dispersion = |count: &dyn Fn(usize) -> u64| {
        let counts: Vec<f64> = (0..parts).map(|part| count(part) as f64).collect();
        let mean = counts.iter().sum::<f64>() / parts as f64;
        let squares: f64 = counts.iter().map(|it| (it - mean) * (it - mean)).sum();
        if mean > 0.0 { squares / (parts as f64 - 1.0) / mean } else { 1.0 }
    };
    if parts < 2 {
        return 1.0;
    }
    let of = |part: usize| pool.requests.iter().map(move |it| &it.parts[part]);
    let came = dispersion(&|part| of(part).map(|it| it.ok + it.failed).sum());
    let went = dispersion(&|part| of(part).map(|it| it.ended).sum());
    f64::midpoint(came, went).max(1.0).sqrt()
}

/// Whether replications agree that something grows, as far as there are enough of them to be asked.
pub(super) fn agree(growth: &Series) -> bool {
    growth.count() < REPLICATIONS_MIN || grows(growth)
}

/// Whether replications, enough of them, agree that something grows, however slowly.
pub(super) fn grows(growth: &Series) -> bool {
    let values: Vec<f64> = growth.sections().iter().map(Section::value).collect();
    let is_known = growth.count() >= REPLICATIONS_MIN;
    is_known && Estimator::of(&values).is_some_and(|it| it.p_above(0.0) < GROWTH_LEVEL)
}
