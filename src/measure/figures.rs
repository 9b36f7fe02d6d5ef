//! Every figure that has an interval, named once: as one replication's number, as a series over
//! replications, or as an estimate. `None` is "no data".

use serde::Serialize;

use super::{
    histogram::Counter,
    latency::Latency,
    outcome::Cause,
    series::Sample,
    shape::Shape,
    tally::{CallTally, HostTally, InstanceTally, RequestTally, Tally, UpstreamTally},
    tape::is_refusal,
    window::Areas,
};

/// A struct whose fields all have the type `T`, with the means to go over them.
macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct $name<T> {
            $($(#[$field_doc])* pub $field: T,)*
        }

        impl<T> $name<T> {
            /// Each figure made another.
            pub fn map<U>(&self, make: &impl Fn(&T) -> U) -> $name<U> {
                $name { $($field: make(&self.$field),)* }
            }

            /// Each figure together with its counterpart.
            pub fn each<U>(&mut self, other: &$name<U>, change: &impl Fn(&mut T, &U)) {
                $(change(&mut self.$field, &other.$field);)*
            }
        }
    )*};
}

figures! {
    /// Latencies of requests.
    LatencyFigures {
        /// Mean, seconds.
        mean_s,
        /// Median, seconds.
        p50_s,
        /// 90th percentile, seconds.
        p90_s,
        /// 95th percentile, seconds.
        p95_s,
        /// 99th percentile, seconds.
        p99_s,
        /// 99.9th percentile, seconds.
        p99_9_s,
        /// Longest, seconds.
        max_s,
    }
    /// Rates of requests.
    RateFigures {
        /// Arrivals a second.
        offered_per_s,
        /// Successes a second, by their end.
        throughput_per_s,
        /// Share of arrivals that succeeded.
        success_share,
    }
    /// Levels of the site as a whole.
    SiteFigures {
        /// Visitors' requests under way, the most at once.
        in_flight_max,
    }
    /// Calls at a service or an instance.
    CallFigures {
        /// Calls that ended well, a second.
        throughput_per_s,
        /// Share that was not let in.
        refused_share,
        /// Share that failed, the refused ones included.
        failed_share,
        /// Time in it (successes), mean, seconds.
        sojourn_mean_s,
        /// The same, mean square, square seconds.
        sojourn_second_moment_s2,
        /// The same, median.
        sojourn_p50_s,
        /// The same, 95th percentile.
        sojourn_p95_s,
        /// The same, 99th percentile.
        sojourn_p99_s,
        /// Time in the queue (all that were let in), mean, seconds.
        wait_mean_s,
        /// The same, mean square, square seconds.
        wait_second_moment_s2,
        /// The same, median.
        wait_p50_s,
        /// The same, 95th percentile.
        wait_p95_s,
        /// The same, 99th percentile.
        wait_p99_s,
        /// Share of those that had to wait at all.
        wait_positive_share,
        /// Calls in it, time average.
        in_system_mean,
        /// The most at once.
        in_system_max,
        /// Calls waiting in it, time average.
        waiting_mean,
        /// The most at once.
        waiting_max,
        /// Share of pages found in the buffer pool.
        buffer_pool_hit_share,
    }
    /// What only an instance has.
    InstanceFigures {
        /// Slots held or loops busy, time average.
        busy_mean,
        /// The same as a share of all of them.
        utilisation,
        /// Connections, time average.
        connections_mean,
        /// The most at once.
        connections_max,
        /// From a commit at the source to visible at this replica, mean, seconds.
        lag_mean_s,
        /// The same, 95th percentile.
        lag_p95_s,
        /// The same, 99th percentile.
        lag_p99_s,
        /// The longest.
        lag_max_s,
        /// Transactions in a commit group, mean.
        group_size_mean,
    }
    /// A host.
    HostFigures {
        /// Share of its cores' time in use.
        cpu_utilisation,
        /// Threads that want a core, time average.
        runnable_mean,
        /// Share of time its NIC sends.
        sending_utilisation,
        /// Share of time its NIC receives.
        receiving_utilisation,
        /// Share of its disk channels' time in use.
        disk_utilisation,
        /// Share of files found in the page cache.
        page_cache_hit_share,
    }
    /// An upstream.
    UpstreamFigures {
        /// Calls in its queues, time average.
        queued_mean,
        /// The most at once.
        queued_max,
        /// Failed attempts a second.
        failed_attempts_per_s,
    }
}

/// Everything about a kind of requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestFigures<T> {
    /// How many.
    pub rates: RateFigures<T>,
    /// How long the successes took.
    pub ok: LatencyFigures<T>,
    /// How long the failures took.
    pub failed: LatencyFigures<T>,
}

/// Requests within a stretch of the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StretchFigures<T> {
    /// All of them.
    pub site: RequestFigures<T>,
    /// By request type.
    pub requests: Vec<RequestFigures<T>>,
}

/// Everything about a site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures<T> {
    /// All requests.
    pub site: RequestFigures<T>,
    /// What else there is of the whole site.
    pub whole: SiteFigures<T>,
    /// By stretch of the window.
    pub windows: Vec<StretchFigures<T>>,
    /// By request type.
    pub requests: Vec<RequestFigures<T>>,
    /// By service.
    pub services: Vec<CallFigures<T>>,
    /// By instance.
    pub instances: Vec<(CallFigures<T>, InstanceFigures<T>)>,
    /// By host.
    pub hosts: Vec<HostFigures<T>>,
    /// By upstream.
    pub upstreams: Vec<UpstreamFigures<T>>,
}

impl<T> RequestFigures<T> {
    fn map<U>(&self, make: &impl Fn(&T) -> U) -> RequestFigures<U> {
        RequestFigures {
            rates: self.rates.map(make),
            ok: self.ok.map(make),
            failed: self.failed.map(make),
        }
    }

    fn each<U>(&mut self, other: &RequestFigures<U>, change: &impl Fn(&mut T, &U)) {
        self.rates.each(&other.rates, change);
        self.ok.each(&other.ok, change);
        self.failed.each(&other.failed, change);
    }
}

impl<T> StretchFigures<T> {
    fn map<U>(&self, make: &impl Fn(&T) -> U) -> StretchFigures<U> {
        StretchFigures {
            site: self.site.map(make),
            requests: self.requests.iter().map(|request| request.map(make)).collect(),
        }
    }

    fn each<U>(&mut self, other: &StretchFigures<U>, change: &impl Fn(&mut T, &U)) {
        self.site.each(&other.site, change);
        let pairs = self.requests.iter_mut().zip(&other.requests);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
    }
}

impl<T> Figures<T> {
    /// Each figure made another.
    pub fn map<U>(&self, make: &impl Fn(&T) -> U) -> Figures<U> {
        let instance =
            |(calls, own): &(CallFigures<T>, InstanceFigures<T>)| (calls.map(make), own.map(make));
        Figures {
            site: self.site.map(make),
            whole: self.whole.map(make),
            windows: self.windows.iter().map(|window| window.map(make)).collect(),
            requests: self.requests.iter().map(|request| request.map(make)).collect(),
            services: self.services.iter().map(|service| service.map(make)).collect(),
            instances: self.instances.iter().map(instance).collect(),
            hosts: self.hosts.iter().map(|host| host.map(make)).collect(),
            upstreams: self.upstreams.iter().map(|upstream| upstream.map(make)).collect(),
        }
    }

    /// Each figure together with its counterpart of the same site.
    pub fn each<U>(&mut self, other: &Figures<U>, change: &impl Fn(&mut T, &U)) {
        self.site.each(&other.site, change);
        self.whole.each(&other.whole, change);
        let pairs = self.windows.iter_mut().zip(&other.windows);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
        let pairs = self.requests.iter_mut().zip(&other.requests);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
        let pairs = self.services.iter_mut().zip(&other.services);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
        for (mine, theirs) in self.instances.iter_mut().zip(&other.instances) {
            mine.0.each(&theirs.0, change);
            mine.1.each(&theirs.1, change);
        }
        let pairs = self.hosts.iter_mut().zip(&other.hosts);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
        let pairs = self.upstreams.iter_mut().zip(&other.upstreams);
        pairs.for_each(|(mine, theirs)| mine.each(theirs, change));
    }
}

impl Figures<Option<Sample>> {
    /// As plain numbers.
    pub fn numbers(&self) -> Figures<Option<f64>> {
        self.map(&|sample| sample.map(Sample::value))
    }

    /// The figures of one replication, or of all that were pooled.
    pub fn of(tally: &Tally) -> Figures<Option<Sample>> {
        let seconds = tally.seconds();
        let shape = &tally.shape;
        let services = tally.services.iter().enumerate().map(|(index, service)| {
            let mut figures = calls(&service.calls, seconds);
            let mut own = tally.instances.iter().zip(&shape.instances);
            let (mut in_system, mut waiting) = (0, 0);
            let (mut hits, mut misses) = (0, 0);
            own.by_ref().filter(|(_, shape)| shape.service as usize == index).for_each(
                |(instance, _)| {
                    in_system += instance.in_system.area;
                    waiting += instance.waiting.area;
                    hits += instance.pool_hits;
                    misses += instance.pool_misses;
                },
            );
            figures.in_system_mean = mean(in_system, seconds);
            figures.waiting_mean = mean(waiting, seconds);
            figures.in_system_max = most(service.in_system_max);
            figures.waiting_max = most(service.waiting_max);
            figures.buffer_pool_hit_share = share(hits, hits + misses);
            figures
        });
        let instances = tally.instances.iter().zip(&shape.instances).map(|(instance, shape)| {
            let mut figures = calls(&instance.calls, seconds);
            figures.in_system_mean = mean(instance.in_system.area, seconds);
            figures.waiting_mean = mean(instance.waiting.area, seconds);
            figures.in_system_max = most(instance.in_system.max);
            figures.waiting_max = most(instance.waiting.max);
            let (hits, misses) = (instance.pool_hits, instance.pool_misses);
            figures.buffer_pool_hit_share = share(hits, hits + misses);
            (figures, of_instance(instance, shape.workers, seconds))
        });
        let (site, requests) = by_type(&tally.site(), &tally.requests, seconds);
        Figures {
            site,
            whole: SiteFigures { in_flight_max: Some(Sample::Maximum(tally.in_flight_max as f64)) },
            windows: windows(tally),
            requests,
            services: services.collect(),
            instances: instances.collect(),
            hosts: hosts(&tally.hosts, shape, seconds),
            upstreams: tally.upstreams.iter().map(|tally| upstream(tally, seconds)).collect(),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<Sample> {
    (whole > 0).then_some(Sample::Ratio { part: part as f64, whole: whole as f64 })
}

/// A mean over so many.
fn over(mean: Option<f64>, count: u64) -> Option<Sample> {
    let whole = count as f64;
    mean.filter(|_| count > 0).map(|mean| Sample::Ratio { part: mean * whole, whole })
}

fn number(value: Option<f64>) -> Option<Sample> {
    value.map(Sample::Number)
}

fn longest(value: Option<f64>) -> Option<Sample> {
    value.map(Sample::Maximum)
}

/// The highest that a level was.
#[expect(clippy::unnecessary_wraps, reason = "as all figures are")]
fn most(level: u32) -> Option<Sample> {
    Some(Sample::Maximum(f64::from(level)))
}

/// A level, averaged over time.
#[expect(clippy::unnecessary_wraps, reason = "as all figures are")]
fn mean(area: u128, seconds: f64) -> Option<Sample> {
    Some(Sample::Number(area as f64 / (seconds * 1e9)))
}

#[expect(clippy::unnecessary_wraps, reason = "as all figures are")]
fn rate(count: u64, seconds: f64) -> Option<Sample> {
    Some(Sample::Number(count as f64 / seconds))
}

fn windows(tally: &Tally) -> Vec<StretchFigures<Option<Sample>>> {
    let all = tally.windows.iter().zip(&tally.shape.windows);
    all.map(|(window, (from, until))| {
        let seconds = until.since(*from).seconds() * f64::from(tally.replications);
        let (site, requests) = by_type(&window.site(), &window.requests, seconds);
        StretchFigures { site, requests }
    })
    .collect()
}

/// All requests, and each type.
fn by_type(
    site: &RequestTally,
    types: &[RequestTally],
    seconds: f64,
) -> (RequestFigures<Option<Sample>>, Vec<RequestFigures<Option<Sample>>>) {
    let requests: Vec<_> = types.iter().map(|tally| request(tally, seconds)).collect();
    match &requests[..] {
        // All of them are of the only type.
        [only] => (only.clone(), requests),
        _ => (request(site, seconds), requests),
    }
}

fn request(tally: &RequestTally, seconds: f64) -> RequestFigures<Option<Sample>> {
    let count = tally.causes.iter().sum();
    let rates = RateFigures {
        offered_per_s: rate(count, seconds),
        throughput_per_s: rate(tally.completed, seconds),
        success_share: share(tally.causes[Cause::None as usize], count),
    };
    RequestFigures { rates, ok: latency(&tally.ok), failed: latency(&tally.failed) }
}

fn latency(latency: &Latency) -> LatencyFigures<Option<Sample>> {
    let [p50_s, p90_s, p95_s, p99_s, p99_9_s] =
        latency.quantiles([0.5, 0.9, 0.95, 0.99, 0.999]).map(number);
    LatencyFigures {
        mean_s: over(latency.moments.mean_s(), latency.moments.count),
        p50_s,
        p90_s,
        p95_s,
        p99_s,
        p99_9_s,
        max_s: longest(latency.moments.max_s()),
    }
}

fn calls<const BITS: u32, C: Counter>(
    tally: &CallTally<BITS, C>,
    seconds: f64,
) -> CallFigures<Option<Sample>> {
    let count = tally.count();
    let refused = Cause::ALL.iter().zip(tally.causes).filter(|(cause, _)| is_refusal(**cause));
    let CallTally { sojourn, wait, .. } = tally;
    CallFigures {
        throughput_per_s: rate(tally.completed, seconds),
        refused_share: share(refused.map(|(_, count)| count).sum(), count),
        failed_share: share(count - tally.causes[Cause::None as usize], count),
        sojourn_mean_s: over(sojourn.moments.mean_s(), sojourn.moments.count),
        sojourn_second_moment_s2: over(sojourn.moments.second_moment_s2(), sojourn.moments.count),
        sojourn_p50_s: number(sojourn.quantile(0.5)),
        sojourn_p95_s: number(sojourn.quantile(0.95)),
        sojourn_p99_s: number(sojourn.quantile(0.99)),
        wait_mean_s: over(wait.moments.mean_s(), wait.moments.count),
        wait_second_moment_s2: over(wait.moments.second_moment_s2(), wait.moments.count),
        wait_p50_s: number(wait.quantile(0.5)),
        wait_p95_s: number(wait.quantile(0.95)),
        wait_p99_s: number(wait.quantile(0.99)),
        wait_positive_share: over(wait.moments.positive_share(), wait.moments.count),
        in_system_mean: None,
        in_system_max: None,
        waiting_mean: None,
        waiting_max: None,
        buffer_pool_hit_share: None,
    }
}

fn of_instance(
    tally: &InstanceTally,
    workers: Option<u32>,
    seconds: f64,
) -> InstanceFigures<Option<Sample>> {
    let busy = tally.busy.area as f64 / (seconds * 1e9);
    let workers = workers.filter(|&workers| workers > 0);
    InstanceFigures {
        busy_mean: number(Some(busy)),
        utilisation: number(workers.map(|workers| busy / f64::from(workers))),
        connections_mean: mean(tally.connections_area, seconds),
        connections_max: most(tally.connections_max),
        lag_mean_s: over(tally.lag.moments.mean_s(), tally.lag.moments.count),
        lag_p95_s: number(tally.lag.quantile(0.95)),
        lag_p99_s: number(tally.lag.quantile(0.99)),
        lag_max_s: longest(tally.lag.moments.max_s()),
        group_size_mean: share(tally.transactions, tally.flushes),
    }
}

fn hosts(tallies: &[HostTally], shape: &Shape, seconds: f64) -> Vec<HostFigures<Option<Sample>>> {
    let used = |areas: &Areas, channels: u32| {
        let area: u64 = areas.by_part.iter().sum();
        number((channels > 0).then(|| area as f64 / (seconds * 1e9 * f64::from(channels))))
    };
    let figures = tallies.iter().zip(&shape.hosts).map(|(tally, shape)| HostFigures {
        cpu_utilisation: used(&tally.runnable.used, shape.cores),
        runnable_mean: mean(tally.runnable.area, seconds),
        sending_utilisation: used(&tally.sending, 1),
        receiving_utilisation: used(&tally.receiving, 1),
        disk_utilisation: used(&tally.disk, shape.disk_parallel),
        page_cache_hit_share: share(tally.cache_hits, tally.cache_hits + tally.cache_misses),
    });
    figures.collect()
}

fn upstream(tally: &UpstreamTally, seconds: f64) -> UpstreamFigures<Option<Sample>> {
    UpstreamFigures {
        queued_mean: mean(tally.queued_area, seconds),
        queued_max: most(tally.queued_max),
        failed_attempts_per_s: rate(tally.failed.iter().sum(), seconds),
    }
}
