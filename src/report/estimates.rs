//! All figures of an experiment with their intervals: each by the estimator that its kind asks for.

use super::one_run;
use crate::{
    measure::{
        figures::{CallFigures, Figures, RequestFigures},
        fold::Fold,
        series::{Sample, Section, Series},
        tally::RequestTally,
    },
    model::blueprint::Blueprint,
    stats::interval::{Estimate, estimate, longest, share},
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
    shares(&mut figures, &fold.series);
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

/// Shares of what is counted one by one.
fn shares(figures: &mut Figures<Estimate>, series: &Figures<Series>) {
    let set = |it: &mut Estimate, series: &Series| *it = share(it.value, series);
    let success = |it: &mut RequestFigures<Estimate>, series: &RequestFigures<Series>| {
        set(&mut it.rates.success_share, &series.rates.success_share);
    };
    success(&mut figures.site, &series.site);
    let types = figures.requests.iter_mut().zip(&series.requests);
    let windows = figures.windows.iter_mut().zip(&series.windows);
    let windows = windows.flat_map(|(it, series)| {
        let types = it.requests.iter_mut().zip(&series.requests);
        std::iter::once((&mut it.site, &series.site)).chain(types)
    });
    types.chain(windows).for_each(|(it, series)| success(it, series));
    let calls = |it: &mut CallFigures<Estimate>, series: &CallFigures<Series>| {
        set(&mut it.refused_share, &series.refused_share);
        set(&mut it.failed_share, &series.failed_share);
        set(&mut it.wait_positive_share, &series.wait_positive_share);
        set(&mut it.buffer_pool_hit_share, &series.buffer_pool_hit_share);
    };
    let services = figures.services.iter_mut().zip(&series.services);
    services.for_each(|(it, series)| calls(it, series));
    let instances = figures.instances.iter_mut().zip(&series.instances);
    instances.for_each(|(it, series)| calls(&mut it.0, &series.0));
    for (it, series) in figures.hosts.iter_mut().zip(&series.hosts) {
        set(&mut it.page_cache_hit_share, &series.page_cache_hit_share);
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

/// Percentiles of few observations, and maxima, which are of another kind.
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
            let count = latency.moments.count as f64 / each;
            it.p50_s = it.p50_s.of_percentile(0.5, count);
            it.p90_s = it.p90_s.of_percentile(0.9, count);
            it.p95_s = it.p95_s.of_percentile(0.95, count);
            it.p99_s = it.p99_s.of_percentile(0.99, count);
            it.p99_9_s = it.p99_9_s.of_percentile(0.999, count);
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
    let calls = |it: &mut CallFigures<Estimate>, ended: u64, let_in: u64| {
        let (ended, let_in) = (ended as f64 / each, let_in as f64 / each);
        it.sojourn_p50_s = it.sojourn_p50_s.of_percentile(0.5, ended);
        it.sojourn_p95_s = it.sojourn_p95_s.of_percentile(0.95, ended);
        it.sojourn_p99_s = it.sojourn_p99_s.of_percentile(0.99, ended);
        it.wait_p50_s = it.wait_p50_s.of_percentile(0.5, let_in);
        it.wait_p95_s = it.wait_p95_s.of_percentile(0.95, let_in);
        it.wait_p99_s = it.wait_p99_s.of_percentile(0.99, let_in);
    };
    for (it, tally) in figures.services.iter_mut().zip(&pool.services) {
        calls(it, tally.calls.sojourn.moments.count, tally.calls.wait.moments.count);
    }
    for ((it, own), tally) in figures.instances.iter_mut().zip(&pool.instances) {
        calls(it, tally.calls.sojourn.moments.count, tally.calls.wait.moments.count);
        let applied = tally.lag.moments.count as f64 / each;
        own.lag_p95_s = own.lag_p95_s.of_percentile(0.95, applied);
        own.lag_p99_s = own.lag_p99_s.of_percentile(0.99, applied);
    }
}
