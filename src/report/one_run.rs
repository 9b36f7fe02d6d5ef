//! One long run of a steady site: its figures' intervals by batches, where these are long enough. Means, rates and
//! shares of requests, levels and utilisations by batch means; percentiles by sectioning, with the batches as
//! sections. Of calls at a service times are kept for the whole window only, so that these have none.

mod levels;

use crate::{
    measure::{
        batch::BATCHES,
        figures::{Figures, LatencyFigures, RequestFigures},
        histogram::Compact,
        outcome::Cause,
        tally::{RequestPart, RequestTally, Tally},
    },
    model::blueprint::Blueprint,
    slo::one_run::{latencies, latency_of},
    stats::{
        batches::{TooShort, apart, batch_means, batch_sums, forgets},
        estimator::Estimator,
        interval::Estimate,
        percentile::sectioning,
        ratio::Pair,
    },
};

/// Why it has no intervals, if it has none.
pub(super) fn no_batches(site: &Blueprint, pool: &Tally) -> Option<TooShort> {
    if !site.is_steady() || pool.replications != 1 {
        return None;
    }
    let parts = latencies(pool);
    batch_sums(&parts, BATCHES).and_then(|_| forgets(&parts, BATCHES)).err()
}

/// Gives figures their intervals.
pub(super) fn by_batches(figures: &mut Figures<Estimate>, pool: &Tally) {
    if forgets(&latencies(pool), BATCHES).is_err() {
        return;
    }
    levels::by_batches(figures, pool);
    let whole: Vec<usize> = pool.request_ruler.whole_parts().collect();
    let seconds = pool.request_ruler.width.seconds();
    let fill = |figures: &mut RequestFigures<Estimate>, tally: &RequestTally| {
        let parts: Vec<&RequestPart> = whole.iter().map(|&part| &tally.parts[part]).collect();
        let pairs = |pair: &dyn Fn(&RequestPart) -> Pair| -> Vec<Pair> {
            parts.iter().map(|it| pair(it)).collect()
        };
        let mean = |pair: &dyn Fn(&RequestPart) -> Pair, it: &mut Estimate| {
            if let Ok(estimator) = batch_means(&pairs(pair), BATCHES) {
                *it = it.bounded(&estimator);
            }
        };
        mean(&latency_of, &mut figures.ok.mean_s);
        let rate = |it: &RequestPart| Pair { part: it.completed as f64, whole: seconds };
        mean(&rate, &mut figures.rates.throughput_per_s);
        let all = |it: &RequestPart| (it.ok + it.failed) as f64;
        let share = |it: &RequestPart| Pair { part: it.ok as f64, whole: all(it) };
        let has_both = tally.causes[Cause::None as usize] < tally.causes.iter().sum();
        if let Some(sums) = batch_sums(&pairs(&share), BATCHES).ok().filter(|_| has_both) {
            let it = &mut figures.rates.success_share;
            *it = it.of_share(&sums, 1.0);
        }
        percentiles(&mut figures.ok, &parts);
    };
    fill(&mut figures.site, &pool.site());
    match &mut figures.requests[..] {
        // All of them are of the only type.
        [only] => only.clone_from(&figures.site),
        several => several.iter_mut().zip(&pool.requests).for_each(|(it, own)| fill(it, own)),
    }
}

/// Percentiles of successes. Parts keep coarser counts than the whole, so both sides of a section's distance from the
/// whole are taken from those: what a bucket hides is on both.
fn percentiles(figures: &mut LatencyFigures<Estimate>, parts: &[&RequestPart]) {
    let length = parts.len() / BATCHES;
    if length == 0 {
        return;
    }
    // What does not fill the sections is left out at the beginning, as with means.
    let kept = &parts[parts.len() % BATCHES..];
    let section = |of: &[&RequestPart]| together(of.iter().map(|it| &it.latency));
    let sections: Vec<Compact> = kept.chunks(length).map(section).collect();
    let pooled = together(sections.iter());
    let least = sections.iter().map(Compact::count).min().unwrap_or(0);
    for (share, it) in [
        (0.5, &mut figures.p50_s),
        (0.9, &mut figures.p90_s),
        (0.95, &mut figures.p95_s),
        (0.99, &mut figures.p99_s),
        (0.999, &mut figures.p99_9_s),
    ] {
        let own: Option<Vec<f64>> =
            sections.iter().map(|section| section.quantile(share)).collect();
        let (Some(value), Some(pooled), Some(own)) = (it.value, pooled.quantile(share), own) else {
            continue;
        };
        if let Some(estimator) = sectioning(pooled, &own).filter(|_| apart(&own).is_ok()) {
            let estimator = Estimator { value, ..estimator };
            *it = it.bounded(&estimator).of_percentile(share, least as f64, 1.0);
        }
    }
}

fn together<'a>(counts: impl Iterator<Item = &'a Compact>) -> Compact {
    let mut all = Compact::default();
    counts.for_each(|it| all.merge(it));
    all
}
