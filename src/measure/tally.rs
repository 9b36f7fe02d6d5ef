//! What one replication leaves, and what many of them leave together: plain sums that can be added.

use super::{
    batch::Reading,
    breach::Breach,
    gauge::{LevelTimes, Usage},
    histogram::{Compact, Counter, Fine, Times},
    latency::Latency,
    outcome::Cause,
    shape::{Detail, Shape},
    window::{Areas, Ruler},
};
use crate::engine::digest::Digest;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// All request types together have at most so many parts.
const REQUEST_PARTS_ALL: u32 = 4_800;

/// Counts by cause, `Cause::None` (no failure) first.
pub type Causes = [u64; Cause::ALL.len()];

/// Everything that was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tally {
    /// What there is.
    #[serde(skip)]
    pub shape: Shape,
    /// How many replications are in here.
    pub replications: u32,
    /// The parts of the window for requests.
    pub request_ruler: Ruler,
    /// The parts of the window for hosts and instances.
    pub usage_ruler: Ruler,
    /// By request type.
    pub requests: Vec<RequestTally>,
    /// By workload.
    pub workloads: Vec<WorkloadTally>,
    /// By service.
    pub services: Vec<ServiceTally>,
    /// By instance.
    pub instances: Vec<InstanceTally>,
    /// By host.
    pub hosts: Vec<HostTally>,
    /// By upstream.
    pub upstreams: Vec<UpstreamTally>,
    /// By objective.
    pub objectives: Vec<ObjectiveTally>,
    /// By stretch of the window.
    pub windows: Vec<StretchTally>,
    /// The most visitors' requests that were under way at once; of several replications, in any.
    pub in_flight_max: u64,
    /// Key, end and outcome of each request that arrived in the window, in order of completion; of
    /// several replications, their digests in order.
    pub events: Digest,
}

/// Requests within a stretch of the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StretchTally {
    /// By request type, without parts.
    pub requests: Vec<RequestTally>,
}

impl StretchTally {
    /// All request types together.
    pub fn site(&self) -> Cow<'_, RequestTally> {
        all_types(&self.requests)
    }
}

/// Requests of one type (or all).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RequestTally {
    /// Told of as arrived within the window.
    pub begun: u64,
    /// Latency of the successes among those that arrived in the window.
    pub ok: Latency,
    /// Latency of the failures among them.
    pub failed: Latency,
    /// The same by cause.
    pub causes: Causes,
    /// Successes that ended in the window, whenever they had arrived.
    pub completed: u64,
    /// By part of the window.
    pub parts: Vec<RequestPart>,
}

/// One part of the window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RequestPart {
    /// Arrived here and succeeded in the end.
    pub ok: u64,
    /// Arrived here and failed in the end.
    pub failed: u64,
    /// Succeeded here, whenever they had arrived.
    pub completed: u64,
    /// Ended here one way or the other, whenever they had arrived.
    pub ended: u64,
    /// Latency of the successes that arrived here.
    pub latency: Compact,
    /// The sum of those latencies in nanoseconds.
    pub latency_ns: u64,
}

/// Requests of one workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadTally {
    /// Arrived in the window and succeeded.
    pub ok: u64,
    /// Arrived in the window and failed.
    pub failed: u64,
}

/// Calls as their servers saw them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(bound = "C: Counter")]
pub struct CallTally<const BITS: u32, C> {
    /// From arrival to the end, of those that ended well.
    pub sojourn: Times<BITS, C>,
    /// In the queue for a slot, of all that were let in, also those that gave up there.
    pub wait: Times<BITS, C>,
    /// Of those that arrived in the window.
    pub causes: Causes,
    /// Ended when nobody was left to answer.
    pub wasted: u64,
    /// Ended well in the window, whenever they had arrived.
    pub completed: u64,
}

/// A service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceTally {
    /// Calls to it.
    pub calls: CallTally<7, u64>,
    /// Visitors' failed requests whose first failure was here, by cause.
    pub blamed: Causes,
    /// Calls at its instances by part of the window; empty if there were none.
    pub load_by_part: Vec<Load>,
    /// The most calls that were there at once; of several replications, in any of them.
    pub in_system_max: u32,
    /// The most that waited there at once.
    pub waiting_max: u32,
}

/// Areas under levels in a part of the window, calls times nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Calls there.
    pub in_system: u64,
    /// Calls waiting there.
    pub waiting: u64,
}

impl Load {
    /// Takes in what was there besides.
    pub fn add(&mut self, other: Load) {
        self.in_system += other.in_system;
        self.waiting += other.waiting;
    }
}

/// An instance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceTally {
    /// Calls to it.
    pub calls: CallTally<4, u32>,
    /// Calls in it.
    pub in_system: LevelTimes,
    /// Calls waiting for a slot.
    pub waiting: LevelTimes,
    /// Slots held, or loops busy.
    pub busy: Usage,
    /// Connections times nanoseconds.
    pub connections_area: u128,
    /// The most connections at once; of several replications, in any of them.
    pub connections_max: u32,
    /// From commit to visible, at a replica, of what became visible in the window: as many as in any other,
    /// where by their commits the longest of the last ones would be missing.
    pub lag: Times<7, u64>,
    /// The same by part of the window; empty if nothing was applied.
    pub lag_by_part: Vec<LagPart>,
    /// Pages found in the buffer pool.
    pub pool_hits: u64,
    /// Pages not found there.
    pub pool_misses: u64,
    /// Both by part of the window; empty if no page was looked for.
    pub pool_by_part: Vec<[u32; 2]>,
    /// Commit groups flushed.
    pub flushes: u64,
    /// Transactions in them.
    pub transactions: u64,
}

/// Transactions that became visible in a part of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LagPart {
    /// Their lags together, in seconds.
    pub sum_s: f64,
    /// How many there were.
    pub count: u64,
}

/// A host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostTally {
    /// Threads that want a core; used: cores.
    pub runnable: Usage,
    /// NIC, outwards.
    pub sending: Areas,
    /// NIC, inwards.
    pub receiving: Areas,
    /// Messages that others on the line hold up, times nanoseconds: on their way out …
    pub sending_wait_area: u128,
    /// … and in.
    pub receiving_wait_area: u128,
    /// Disk channels.
    pub disk: Areas,
    /// Files found in the page cache.
    pub cache_hits: u64,
    /// Files not found there.
    pub cache_misses: u64,
    /// Both by part of the window; empty if no file was looked for.
    pub cache_by_part: Vec<[u32; 2]>,
}

/// An upstream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UpstreamTally {
    /// Calls waiting for a server times nanoseconds.
    pub queued_area: u128,
    /// The most that waited at once; of several replications, in any of them.
    pub queued_max: u32,
    /// The same by part of the window; empty if none waited.
    pub queued_by_part: Vec<u64>,
    /// Failed attempts within the window.
    pub failed: Causes,
    /// Servers that are passed over for their failures, in each caller's process, times nanoseconds.
    pub banned_area: u128,
}

/// An objective.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveTally {
    /// How many there were of what it is about.
    pub count: u64,
    /// How many of them failed or took as long as the limit less its margin, the limit itself, the
    /// limit with its margin.
    pub beyond: [u64; 3],
    /// The sum of their durations in nanoseconds; of a level, its integral over time.
    pub area: u128,
    /// The sum of the squares of their durations, in seconds squared.
    pub squares_s2: f64,
    /// How many there were in each slice, and how many of those were beyond the limit, if the
    /// objective wants slices.
    pub slices: Vec<[u32; 2]>,
    /// Of each slice, how many more last through it from end to end than through the one before.
    pub lasting: Vec<i32>,
    /// How long those that did not fail took, if the objective wants a quantile.
    pub sizes: Fine,
    /// What all that had come to at the end of each batch but the last, of one steady run.
    pub readings: Vec<Reading>,
    /// What blame wants to know besides.
    pub breach: Breach,
}

impl ObjectiveTally {
    fn merge(&mut self, other: &ObjectiveTally) {
        self.count += other.count;
        self.beyond.iter_mut().zip(other.beyond).for_each(|(mine, theirs)| *mine += theirs);
        self.area += other.area;
        self.squares_s2 += other.squares_s2;
        self.sizes.merge(&other.sizes);
        self.breach.merge(&other.breach);
        // Batches are of one run; several have themselves.
        self.readings.clear();
        each_part((&mut self.slices, &other.slices), |mine: &mut [u32; 2], theirs| {
            mine.iter_mut().zip(theirs).for_each(|(mine, it)| *mine = mine.saturating_add(*it));
        });
        each_part((&mut self.lasting, &other.lasting), |mine: &mut i32, theirs| *mine += theirs);
    }

    /// Forgets what it counted in slices before this one: counts are those of the others.
    pub fn begin_with(&mut self, slice: usize) {
        self.slices.drain(..slice.min(self.slices.len()));
        let sum = |of: usize| self.slices.iter().map(|it| u64::from(it[of])).sum();
        (self.count, self.beyond) = (sum(0), [sum(1); 3]);
    }

    /// How many there were in each slice, and how many of those were beyond the limit. A slice in which
    /// none arrived while older ones lasted through it is silent: 0, and how many those were.
    pub fn slices(&self) -> Vec<[u32; 2]> {
        let mut slices = self.slices.clone();
        slices.resize(slices.len().max(self.lasting.len()), [0; 2]);
        let mut older = 0_i32;
        for (slice, more) in slices.iter_mut().zip(&self.lasting) {
            older += more;
            if slice[0] == 0 {
                slice[1] = older.unsigned_abs();
            }
        }
        slices
    }
}

/// Requests that were lost or made up: a broken invariant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imbalance {
    /// Index of the request type.
    pub request: u32,
    /// How many arrived in the window.
    pub arrived: u64,
    /// How many of those were told of as finished or cut off.
    pub finished: u64,
}

impl Tally {
    /// Nothing yet.
    pub fn new(shape: &Shape) -> Tally {
        let Detail { request_parts, request_parts_least, usage_parts, .. } = shape.detail;
        let most = (REQUEST_PARTS_ALL / shape.requests.max(1)).max(request_parts_least);
        let request_ruler = Ruler::new(shape.from, shape.until, request_parts.min(most));
        let ruler = Ruler::new(shape.from, shape.until, usage_parts);
        let request = || RequestTally {
            parts: vec![RequestPart::default(); request_ruler.parts()],
            ..RequestTally::default()
        };
        Tally {
            replications: 1,
            request_ruler,
            usage_ruler: ruler,
            requests: (0..shape.requests).map(|_| request()).collect(),
            workloads: vec![WorkloadTally::default(); shape.workloads as usize],
            services: vec![ServiceTally::default(); shape.services as usize],
            instances: shape.instances.iter().map(|_| InstanceTally::new(&ruler)).collect(),
            hosts: shape.hosts.iter().map(|_| HostTally::new(&ruler)).collect(),
            upstreams: vec![UpstreamTally::default(); shape.upstreams as usize],
            objectives: shape.objectives.iter().map(|_| ObjectiveTally::default()).collect(),
            windows: vec![
                StretchTally {
                    requests: vec![RequestTally::default(); shape.requests as usize],
                };
                shape.windows.len()
            ],
            in_flight_max: 0,
            events: Digest::new(),
            shape: shape.clone(),
        }
    }

    /// Measured seconds, of all replications together.
    pub fn seconds(&self) -> f64 {
        self.shape.until.since(self.shape.from).seconds() * f64::from(self.replications)
    }

    /// What services know of all their instances.
    pub(super) fn sum_up_services(&mut self) {
        for (shape, instance) in self.shape.instances.iter().zip(&self.instances) {
            let service = &mut self.services[shape.service as usize].calls;
            service.sojourn.moments.merge(&instance.calls.sojourn.moments);
            service.wait.moments.merge(&instance.calls.wait.moments);
            add(&mut service.causes, &instance.calls.causes);
            service.wasted += instance.calls.wasted;
            service.completed += instance.calls.completed;
        }
    }

    /// Whether each request that arrived in the window came to an end.
    pub fn check_conservation(&self) -> Result<(), Imbalance> {
        for (request, tally) in self.requests.iter().enumerate() {
            let finished = tally.ok.moments.count + tally.failed.moments.count;
            if tally.begun != finished {
                let request = request as u32;
                return Err(Imbalance { request, arrived: tally.begun, finished });
            }
        }
        Ok(())
    }

    /// Seconds a second by which replicas fell behind in the second half of the window, added up: how much
    /// older what became visible in the last quarter was than in the one before.
    pub fn falling_behind(&self) -> f64 {
        let parts = self.usage_ruler.parts();
        let quarters = [parts / 2, parts * 3 / 4, parts];
        let mean_s = |parts: &[LagPart]| {
            let count: u64 = parts.iter().map(|it| it.count).sum();
            (count > 0).then(|| parts.iter().map(|it| it.sum_s).sum::<f64>() / count as f64)
        };
        let seconds = |from: usize| self.usage_ruler.edges_s(from.min(parts - 1)).0;
        let apart_s = (seconds(quarters[2] - 1) - seconds(quarters[0])) / 2.0;
        let of = |it: &InstanceTally| {
            let third = mean_s(it.lag_by_part.get(quarters[0]..quarters[1])?)?;
            let last = mean_s(it.lag_by_part.get(quarters[1]..quarters[2])?)?;
            (apart_s > 0.0).then_some((last - third) / apart_s)
        };
        self.instances.iter().filter_map(of).sum()
    }

    /// Requests by which the work in flight grew in the second half of the window; in the first it
    /// does so in whatever begins empty.
    pub fn growth(&self) -> f64 {
        let half = self.request_ruler.parts() / 2;
        let parts = self.requests.iter().flat_map(|it| &it.parts[half..]);
        let (came, went) =
            parts.fold((0, 0), |(came, went), it| (came + it.ok + it.failed, went + it.ended));
        came as f64 - went as f64
    }

    /// All request types together.
    pub fn site(&self) -> Cow<'_, RequestTally> {
        all_types(&self.requests)
    }

    /// Takes in what `other` has measured of the same site.
    pub fn merge(&mut self, other: &Tally) {
        assert_eq!(self.request_ruler, other.request_ruler, "tallies of different windows");
        self.replications += other.replications;
        each(&mut self.requests, &other.requests, RequestTally::merge);
        each(&mut self.services, &other.services, ServiceTally::merge);
        each(&mut self.instances, &other.instances, InstanceTally::merge);
        each(&mut self.hosts, &other.hosts, HostTally::merge);
        each(&mut self.workloads, &other.workloads, |mine, theirs| {
            mine.ok += theirs.ok;
            mine.failed += theirs.failed;
        });
        each(&mut self.upstreams, &other.upstreams, |mine, theirs| {
            mine.queued_area += theirs.queued_area;
            mine.queued_max = mine.queued_max.max(theirs.queued_max);
            each_part((&mut mine.queued_by_part, &theirs.queued_by_part), |mine: &mut u64, it| {
                *mine += it;
            });
            add(&mut mine.failed, &theirs.failed);
            mine.banned_area += theirs.banned_area;
        });
        each(&mut self.objectives, &other.objectives, ObjectiveTally::merge);
        each(&mut self.windows, &other.windows, |mine, theirs| {
            each(&mut mine.requests, &theirs.requests, RequestTally::merge);
        });
        self.in_flight_max = self.in_flight_max.max(other.in_flight_max);
        self.events.fold_digest(other.events);
    }
}

fn all_types(requests: &[RequestTally]) -> Cow<'_, RequestTally> {
    if let [only] = requests {
        return Cow::Borrowed(only);
    }
    let mut site = RequestTally::default();
    for request in requests {
        site.merge(request);
    }
    Cow::Owned(site)
}

fn each<T>(mine: &mut [T], theirs: &[T], merge: impl Fn(&mut T, &T)) {
    assert_eq!(mine.len(), theirs.len(), "tallies of different sites");
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| merge(mine, theirs));
}

/// Parts of the window, where either side may have none.
fn each_part<T: Clone + Default>((mine, theirs): (&mut Vec<T>, &[T]), merge: impl Fn(&mut T, &T)) {
    if mine.len() < theirs.len() {
        mine.resize(theirs.len(), T::default());
    }
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| merge(mine, theirs));
}

fn add(mine: &mut Causes, theirs: &Causes) {
    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
}

fn found_or_not(mine: &mut [u32; 2], theirs: [u32; 2]) {
    *mine = [mine[0].saturating_add(theirs[0]), mine[1].saturating_add(theirs[1])];
}

impl RequestTally {
    fn merge(&mut self, other: &RequestTally) {
        self.begun += other.begun;
        self.ok.merge(&other.ok);
        self.failed.merge(&other.failed);
        add(&mut self.causes, &other.causes);
        self.completed += other.completed;
        if self.parts.is_empty() {
            self.parts.clone_from(&other.parts);
            return;
        }
        each(&mut self.parts, &other.parts, RequestPart::merge);
    }
}

impl RequestPart {
    /// Takes in what another has of the same stretch.
    pub fn merge(&mut self, other: &RequestPart) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.completed += other.completed;
        self.ended += other.ended;
        self.latency.merge(&other.latency);
        self.latency_ns += other.latency_ns;
    }
}

impl<const BITS: u32, C: Counter> CallTally<BITS, C> {
    /// All that arrived in the window.
    pub fn count(&self) -> u64 {
        self.causes.iter().sum()
    }

    fn merge(&mut self, other: &CallTally<BITS, C>) {
        self.sojourn.merge(&other.sojourn);
        self.wait.merge(&other.wait);
        add(&mut self.causes, &other.causes);
        self.wasted += other.wasted;
        self.completed += other.completed;
    }
}

impl ServiceTally {
    fn merge(&mut self, other: &ServiceTally) {
        self.calls.merge(&other.calls);
        add(&mut self.blamed, &other.blamed);
        self.in_system_max = self.in_system_max.max(other.in_system_max);
        self.waiting_max = self.waiting_max.max(other.waiting_max);
        each_part((&mut self.load_by_part, &other.load_by_part), |mine: &mut Load, theirs| {
            mine.add(*theirs);
        });
    }
}

impl InstanceTally {
    fn new(ruler: &Ruler) -> InstanceTally {
        InstanceTally {
            calls: CallTally::default(),
            in_system: LevelTimes::default(),
            waiting: LevelTimes::default(),
            busy: Usage::new(ruler),
            connections_area: 0,
            connections_max: 0,
            lag: Times::default(),
            lag_by_part: Vec::new(),
            pool_hits: 0,
            pool_misses: 0,
            pool_by_part: Vec::new(),
            flushes: 0,
            transactions: 0,
        }
    }

    fn merge(&mut self, other: &InstanceTally) {
        self.calls.merge(&other.calls);
        self.in_system.merge(&other.in_system);
        self.waiting.merge(&other.waiting);
        self.busy.merge(&other.busy);
        self.connections_area += other.connections_area;
        self.connections_max = self.connections_max.max(other.connections_max);
        self.lag.merge(&other.lag);
        each_part((&mut self.lag_by_part, &other.lag_by_part), |mine: &mut LagPart, theirs| {
            mine.sum_s += theirs.sum_s;
            mine.count += theirs.count;
        });
        self.pool_hits += other.pool_hits;
        self.pool_misses += other.pool_misses;
        each_part((&mut self.pool_by_part, &other.pool_by_part), |mine, it| {
            found_or_not(mine, *it);
        });
        self.flushes += other.flushes;
        self.transactions += other.transactions;
    }
}

impl HostTally {
    fn new(ruler: &Ruler) -> HostTally {
        HostTally {
            runnable: Usage::new(ruler),
            sending: Areas::new(ruler),
            receiving: Areas::new(ruler),
            sending_wait_area: 0,
            receiving_wait_area: 0,
            disk: Areas::new(ruler),
            cache_hits: 0,
            cache_misses: 0,
            cache_by_part: Vec::new(),
        }
    }

    fn merge(&mut self, other: &HostTally) {
        self.runnable.merge(&other.runnable);
        self.sending.merge(&other.sending);
        self.receiving.merge(&other.receiving);
        self.sending_wait_area += other.sending_wait_area;
        self.receiving_wait_area += other.receiving_wait_area;
        self.disk.merge(&other.disk);
        self.cache_hits += other.cache_hits;
        self.cache_misses += other.cache_misses;
        each_part((&mut self.cache_by_part, &other.cache_by_part), |mine, it| {
            found_or_not(mine, *it);
        });
    }
}
