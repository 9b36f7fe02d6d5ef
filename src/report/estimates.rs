//! All figures of an experiment with their intervals: each by the estimator that its kind asks for.

use super::one_run;
use crate::{
    measure::{
        figures::{CallFigures, Figures, RequestFigures},
        fold::Fold,
        histogram::Moments,
        series::{Sample, Section, Series},
        tally::RequestTally,
    },
    model::blueprint::Blueprint,
    stats::{
        clustering::{at_most, design_effect},
        interval::{Estimate, REPLICATIONS_MIN, estimate, longest, share},
        ratio::Pair,
    },
};

/// All figures with their intervals.
pub fn estimates(site: &Blueprint, fold: &Fold) -> Figures<Estimate> {
    let bare = |value| Estimate { value, ..Estimate::default() };
    let mut figures = match fold.pool.replications {
        // All of them together are the one.
        1 => fold.series.map(&|series| bare(series.sections().first().map(Section::value))),
        _ => Figures::of(&fold.pool).map(&|sample| bare(sample.map(Sample::value))),
    };
    figures.each(&fold.series, &|it: &mut Estimate, series| *it = estimate(it.value, series));
    doubts(&mut figures, fold);
    maxima(&mut figures, &fold.series);
    shares(&mut figures, fold);
    for (_, own) in &mut figures.instances {
        own.utilisation = own.utilisation.below(1.0);
    }
    for (host, what) in figures.hosts.iter_mut().zip(&site.hosts) {
        for share in [
            &mut host.cpu_utilisation,
            &mut host.sending_utilisation,
            &mut host.receiving_utilisation,
            &mut host.disk_utilisation,
        ] {
            *share = share.below(1.0);
        }
        if what.nic_bits.is_none() {
            // An unlimited NIC is never busy; that is no finding.
            host.sending_utilisation = Estimate::default();
            host.receiving_utilisation = Estimate::default();
        }
    }
    if site.is_steady() && fold.pool.replications == 1 {
        one_run::by_batches(&mut figures, &fold.pool);
    }
    figures
}

/// How many requests, or calls, count for one: by their mean in each replication, and all of them together.
fn alike(mean: &Series, all: &Moments) -> f64 {
    // Of fewer there are no intervals, and a sweep has many of those.
    if mean.count() < REPLICATIONS_MIN {
        return 1.0;
    }
    let pairs = mean.sections().iter().map(|it| Pair { part: it.part, whole: it.whole });
    let squares = all.second_moment_s2().unwrap_or(0.0) * all.count as f64;
    design_effect(&pairs.collect::<Vec<_>>(), squares)
}

/// The same, as it may be.
fn alike_at_most(mean: &Series, all: &Moments) -> f64 {
    at_most(alike(mean, all), mean.sections().len())
}

/// Shares of what is counted one by one.
fn shares(figures: &mut Figures<Estimate>, fold: &Fold) {
    let (series, pool) = (&fold.series, &fold.pool);
    let set = |it: &mut Estimate, series: &Series, alike: f64| {
        *it = share(it.value, series, alike);
    };
    let success = |it: &mut RequestFigures<Estimate>,
                   tally: &RequestTally,
                   series: &RequestFigures<Series>| {
        let alike = alike(&series.ok.mean_s, &tally.ok.moments);
        set(&mut it.rates.success_share, &series.rates.success_share, alike);
    };
    success(&mut figures.site, &pool.site(), &series.site);
    let types = figures.requests.iter_mut().zip(&pool.requests).zip(&series.requests);
    types.for_each(|((it, tally), series)| success(it, tally, series));
    let windows = figures.windows.iter_mut().zip(&pool.windows).zip(&series.windows);
    for ((it, tally), series) in windows {
        success(&mut it.site, &tally.site(), &series.site);
        let types = it.requests.iter_mut().zip(&tally.requests).zip(&series.requests);
        types.for_each(|((it, tally), series)| success(it, tally, series));
    }
    let calls =
        |it: &mut CallFigures<Estimate>, moments: &Moments, series: &CallFigures<Series>| {
            let alike = alike(&series.sojourn_mean_s, moments);
            set(&mut it.refused_share, &series.refused_share, alike);
            set(&mut it.failed_share, &series.failed_share, alike);
            set(&mut it.wait_positive_share, &series.wait_positive_share, alike);
            set(&mut it.buffer_pool_hit_share, &series.buffer_pool_hit_share, 1.0);
        };
    let services = figures.services.iter_mut().zip(&pool.services).zip(&series.services);
    services.for_each(|((it, tally), series)| calls(it, &tally.calls.sojourn.moments, series));
    let instances = figures.instances.iter_mut().zip(&pool.instances).zip(&series.instances);
    for ((it, tally), series) in instances {
        calls(&mut it.0, &tally.calls.sojourn.moments, &series.0);
    }
    for (it, series) in figures.hosts.iter_mut().zip(&series.hosts) {
        set(&mut it.page_cache_hit_share, &series.page_cache_hit_share, 1.0);
    }
}

/// Levels at their highest.
fn maxima(figures: &mut Figures<Estimate>, series: &Figures<Series>) {
    let calls = |it: &mut CallFigures<Estimate>, series: &CallFigures<Series>| {
        it.in_system_max = longest(&series.in_system_max);
        it.waiting_max = longest(&series.waiting_max);
    };
    figures.whole = series.whole.map(&longest);
    let services = figures.services.iter_mut().zip(&series.services);
    services.for_each(|(it, series)| calls(it, series));
    for ((it, own), (series, own_series)) in figures.instances.iter_mut().zip(&series.instances) {
        calls(it, series);
        own.connections_max = longest(&own_series.connections_max);
        own.lag_max_s = longest(&own_series.lag_max_s);
    }
    for (it, series) in figures.upstreams.iter_mut().zip(&series.upstreams) {
        it.queued_max = longest(&series.queued_max);
    }
}

/// Means and percentiles of few observations, and maxima, which are of another kind.
fn doubts(figures: &mut Figures<Estimate>, fold: &Fold) {
    let pool = &fold.pool;
    let each = f64::from(pool.replications);
    let requests = |figures: &mut RequestFigures<Estimate>,
                    tally: &RequestTally,
                    series: &RequestFigures<Series>| {
        let both = [
            (&mut figures.ok, &tally.ok, &series.ok),
            (&mut figures.failed, &tally.failed, &series.failed),
        ];
        for (it, latency, series) in both {
            let alike = alike_at_most(&series.mean_s, &latency.moments);
            let all = latency.moments.count as f64;
            it.mean_s = it.mean_s.of_mean(all, alike);
            for (share, it) in [
                (0.5, &mut it.p50_s),
                (0.9, &mut it.p90_s),
                (0.95, &mut it.p95_s),
                (0.99, &mut it.p99_s),
                (0.999, &mut it.p99_9_s),
            ] {
                *it = it.of_percentile(share, all / each, alike);
            }
            it.max_s = longest(&series.max_s);
        }
    };
    requests(&mut figures.site, &pool.site(), &fold.series.site);
    let types = figures.requests.iter_mut().zip(&pool.requests).zip(&fold.series.requests);
    types.for_each(|((figures, tally), series)| requests(figures, tally, series));
    let windows = figures.windows.iter_mut().zip(&pool.windows).zip(&fold.series.windows);
    for ((figures, tally), series) in windows {
        requests(&mut figures.site, &tally.site(), &series.site);
        let types = figures.requests.iter_mut().zip(&tally.requests).zip(&series.requests);
        types.for_each(|((figures, tally), series)| requests(figures, tally, series));
    }
    let calls = |it: &mut CallFigures<Estimate>,
                 [sojourn, wait]: [&Moments; 2],
                 series: &CallFigures<Series>| {
        let (all, of) = (sojourn.count as f64, alike_at_most(&series.sojourn_mean_s, sojourn));
        it.sojourn_mean_s = it.sojourn_mean_s.of_mean(all, of);
        it.sojourn_second_moment_s2 = it.sojourn_second_moment_s2.of_mean(all, of);
        it.in_system_mean = it.in_system_mean.of_mean(all, of);
        it.sojourn_p50_s = it.sojourn_p50_s.of_percentile(0.5, all / each, of);
        it.sojourn_p95_s = it.sojourn_p95_s.of_percentile(0.95, all / each, of);
        it.sojourn_p99_s = it.sojourn_p99_s.of_percentile(0.99, all / each, of);
        let (all, of) = (wait.count as f64, alike_at_most(&series.wait_mean_s, wait));
        it.wait_mean_s = it.wait_mean_s.of_mean(all, of);
        it.wait_second_moment_s2 = it.wait_second_moment_s2.of_mean(all, of);
        it.waiting_mean = it.waiting_mean.of_mean(all, of);
        it.wait_p50_s = it.wait_p50_s.of_percentile(0.5, all / each, of);
        it.wait_p95_s = it.wait_p95_s.of_percentile(0.95, all / each, of);
        it.wait_p99_s = it.wait_p99_s.of_percentile(0.99, all / each, of);
    };
    let services = figures.services.iter_mut().zip(&pool.services).zip(&fold.series.services);
    for ((it, tally), series) in services {
        calls(it, [&tally.calls.sojourn.moments, &tally.calls.wait.moments], series);
    }
    let instances = figures.instances.iter_mut().zip(&pool.instances).zip(&fold.series.instances);
    for (((it, own), tally), (series, own_series)) in instances {
        calls(it, [&tally.calls.sojourn.moments, &tally.calls.wait.moments], series);
        let (applied, of) = (
            tally.lag.moments.count as f64,
            alike_at_most(&own_series.lag_mean_s, &tally.lag.moments),
        );
        own.lag_mean_s = own.lag_mean_s.of_mean(applied, of);
        own.lag_p95_s = own.lag_p95_s.of_percentile(0.95, applied / each, of);
        own.lag_p99_s = own.lag_p99_s.of_percentile(0.99, applied / each, of);
    }
}
