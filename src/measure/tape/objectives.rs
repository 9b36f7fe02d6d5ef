//! What is counted and metered for objectives, exactly: a counter for each declared limit rather
//! than a look into a histogram, and for levels their integral, read at both ends of the window.

use super::{Ahead, Reserved};
use crate::{
    engine::time::{Instant, Span},
    measure::{
        batch::{BATCHES, Reading},
        histogram::Size,
        recorder::Finished,
        shape::{Judged, Meter, ObjectiveShape, Shape, Subject, Whose},
        tally::{HostTally, ObjectiveTally, Tally},
        window::Areas,
    },
};

/// Which objectives to look at when something happens (indices).
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// When a request is over.
    pub(super) requests: Vec<u32>,
    /// When a call is over, by instance; empty if no objective is about calls.
    pub(super) calls: Vec<Vec<u32>>,
    /// When an attempt is over for which no server was picked, by upstream; empty if no objective minds.
    pub(super) unpicked: Vec<Vec<u32>>,
    /// When a transaction is visible or never will be, by instance; empty if no objective is about lag.
    pub(super) lags: Vec<Vec<u32>>,
    /// About levels.
    levels: Vec<u32>,
    /// Those that are read batch by batch.
    batches: Vec<u32>,
}

impl Watch {
    pub(super) fn new(shape: &Shape) -> Watch {
        let mut watch = Watch::default();
        let count = shape.instances.len();
        for (index, objective) in (0..).zip(&shape.objectives) {
            match &objective.subject {
                Subject::Requests(..) | Subject::Ended(_) => watch.requests.push(index),
                Subject::Calls(callees, _) => {
                    list(&mut watch.calls, count, &callees.instances, index);
                    let upstreams = shape.upstreams as usize;
                    list(&mut watch.unpicked, upstreams, &callees.upstreams, index);
                }
                Subject::Served(instances) => list(&mut watch.calls, count, instances, index),
                Subject::Lag(instances, _) => list(&mut watch.lags, count, instances, index),
                Subject::Level(_) => watch.levels.push(index),
            }
            if shape.is_steady && shape.detail.has_batches && objective.has_batches() {
                watch.batches.push(index);
            }
        }
        watch
    }

    /// Where levels have to be read, and all that has batches, in order.
    pub(super) fn edges(&self, shape: &Shape) -> Vec<Instant> {
        let of = |index: &u32| &shape.objectives[*index as usize];
        let mut edges: Vec<_> =
            self.levels.iter().flat_map(|it| [of(it).from, of(it).until]).collect();
        edges.extend(self.batches.iter().flat_map(|it| of(it).ends_of_batches()));
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    /// Reads the levels whose windows begin or end now; their areas up to now are in the tally.
    pub(super) fn read_levels(&self, now: Instant, ahead: &[Ahead], tally: &mut Tally) {
        for &index in &self.levels {
            let objective = &tally.shape.objectives[index as usize];
            let Subject::Level(meter) = &objective.subject else { continue };
            let read = reading(meter, now, ahead, tally);
            let area = &mut tally.objectives[index as usize].area;
            if objective.from == now {
                // Taken off again at the end.
                *area = read;
            } else if objective.until == now {
                *area = read - *area;
            }
        }
    }

    /// Reads what has a batch that ends now.
    pub(super) fn read_batches(&self, now: Instant, ahead: &[Ahead], tally: &mut Tally) {
        for &index in &self.batches {
            let objective = &tally.shape.objectives[index as usize];
            let counted = &tally.objectives[index as usize];
            let next = counted.readings.len() + 1;
            if next == BATCHES || objective.end_of_batches(next) != now {
                continue;
            }
            let area = match &objective.subject {
                // What it was when the window began is taken off.
                Subject::Level(meter) => reading(meter, now, ahead, tally) - counted.area,
                _ => counted.area,
            };
            let reading = Reading::of(objective, counted, area);
            tally.objectives[index as usize].readings.push(reading);
        }
    }
}

fn list(lists: &mut Vec<Vec<u32>>, count: usize, places: &[u32], objective: u32) {
    lists.resize(count, Vec::new());
    for &place in places {
        lists[place as usize].push(objective);
    }
}

/// The integral of a level since the window began, level times nanoseconds.
fn reading(meter: &Meter, now: Instant, ahead: &[Ahead], tally: &Tally) -> u128 {
    let total = |areas: &Areas| areas.by_part.iter().map(|&area| u128::from(area)).sum::<u128>();
    let hosts = |of: &[u32], areas: fn(&HostTally) -> &Areas| {
        of.iter().map(|&host| total(areas(&tally.hosts[host as usize]))).sum::<u128>()
    };
    // What devices will do later is among it already, as far as it lies in the window.
    let end = tally.shape.until;
    let later = |of: &[u32], reserved: fn(&Ahead) -> &Reserved| {
        let all = of.iter().flat_map(|&host| reserved(&ahead[host as usize]).ahead(now));
        let inside = all.filter(|(from, _)| *from < end);
        inside.map(|(from, until)| u128::from(until.min(end).since(from).nanos())).sum::<u128>()
    };
    let instance = |index: &u32| &tally.instances[*index as usize];
    match meter {
        Meter::Cores(of) => hosts(of, |host| &host.runnable.used),
        Meter::Disks(of) => hosts(of, |host| &host.disk) - later(of, |it| &it.disk),
        Meter::Sending(of) => hosts(of, |host| &host.sending) - later(of, |it| &it.sending),
        Meter::Workers(of) => of.iter().map(|index| total(&instance(index).busy.used)).sum(),
        Meter::Waiting(of, upstreams) => {
            let here: u128 = of.iter().map(|index| instance(index).waiting.area).sum();
            let there = upstreams.iter().map(|&it| tally.upstreams[it as usize].queued_area);
            here + there.sum::<u128>()
        }
    }
}

impl Whose {
    fn is_of(self, request: &Finished) -> bool {
        match self {
            Whose::All => true,
            Whose::Type(index) => index == request.request,
            Whose::Workload(index) => index == request.workload,
        }
    }
}

impl ObjectiveShape {
    fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }

    /// A visitor's request is over; `is_cut_off` by the end of the run.
    pub(super) fn see_request(
        &self,
        request: &Finished,
        is_cut_off: bool,
        counter: &mut ObjectiveTally,
    ) {
        let is_ok = request.outcome.is_ok();
        match self.subject {
            Subject::Requests(whose, judged)
                if whose.is_of(request) && self.covers(request.arrived) =>
            {
                let is_bad = judged.count(request.ended.since(request.arrived), is_ok, counter);
                if !is_ok && request.arrived >= self.told_from {
                    counter.breach.see_failure(request.outcome);
                }
                self.cut(request.arrived, request.ended, is_bad, counter);
                self.size(request.ended.since(request.arrived), is_ok, counter);
            }
            Subject::Ended(whose) if whose.is_of(request) => {
                let counts = is_ok && !is_cut_off && self.covers(request.ended);
                counter.count += u64::from(counts);
                if !is_ok && self.covers(request.ended) {
                    counter.breach.see_failure(request.outcome);
                }
            }
            _ => {}
        }
    }

    /// A call is over, at its server or before it had one.
    pub(super) fn see_call(
        &self,
        arrived: Instant,
        ended: Instant,
        is_ok: bool,
        counter: &mut ObjectiveTally,
    ) {
        match self.subject {
            Subject::Calls(_, judged) if self.covers(arrived) => {
                let took = ended.since(arrived);
                let is_bad = judged.count(took, is_ok, counter);
                if is_ok || !judged.successes_only {
                    counter.breach.see_call((self.from, self.until), arrived, took, is_bad);
                }
                self.cut(arrived, ended, is_bad, counter);
                self.size(took, is_ok, counter);
            }
            Subject::Served(_) if is_ok && self.covers(ended) => {
                counter.count += 1;
                let took = ended.since(arrived);
                counter.breach.see_call((self.from, self.until), ended, took, false);
            }
            _ => {}
        }
    }

    /// Counts by size, too.
    #[inline]
    fn size(&self, took: Span, is_ok: bool, counter: &mut ObjectiveTally) {
        if self.quantile.is_some() && is_ok {
            counter.sizes.record(Size::of(took));
        }
    }

    /// Counts in slices, too.
    fn cut(&self, arrived: Instant, ended: Instant, is_bad: bool, counter: &mut ObjectiveTally) {
        let Some(slice) = self.slice else { return };
        let at = (arrived.since(self.from).nanos() / slice.nanos()) as usize;
        if counter.slices.len() <= at {
            counter.slices.resize(at + 1, [0; 2]);
        }
        counter.slices[at][0] += 1;
        counter.slices[at][1] += u32::from(is_bad);
        let end = if ended < self.until {
            (ended.since(self.from).nanos() / slice.nanos()) as usize
        } else {
            self.slices()
        };
        if at + 1 < end {
            if counter.lasting.len() <= end {
                counter.lasting.resize(end + 1, 0);
            }
            counter.lasting[at + 1] += 1;
            counter.lasting[end] -= 1;
        }
    }

    /// A transaction is visible, or is not when the run ends, which makes its lag at least as long. It
    /// counts by its commit: a replica that is gone shows nothing, and that is what is wrong with it.
    pub(super) fn see_lag(&self, lag: Span, committed: Instant, counter: &mut ObjectiveTally) {
        if let Subject::Lag(_, judged) = self.subject
            && self.covers(committed)
        {
            judged.count(lag, true, counter);
            self.size(lag, true, counter);
        }
    }
}

impl Judged {
    /// Whether it is beyond the limit.
    #[inline]
    fn count(self, took: Span, is_ok: bool, counter: &mut ObjectiveTally) -> bool {
        if self.successes_only && !is_ok {
            return false;
        }
        counter.count += 1;
        counter.area += u128::from(took.nanos());
        counter.squares_s2 += took.seconds() * took.seconds();
        for (beyond, limit) in counter.beyond.iter_mut().zip(self.limits) {
            *beyond += u64::from(took >= limit || !is_ok);
        }
        took >= self.limits[1] || !is_ok
    }
}
