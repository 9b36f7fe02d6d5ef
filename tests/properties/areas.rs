//! Integrals of the numbers in system, and the sums of times in system that they must equal.

use std::collections::BTreeMap;

use simulate::{
    engine::{
        digest::Digest,
        time::{Instant, Span},
    },
    measure::{
        outcome::Outcome,
        recorder::{Device, Finished, Level, Recorder, Served},
    },
    model::blueprint::{Blueprint, Instance, Serving},
};

/// The area under a level.
#[derive(Clone, Copy, Default)]
struct Area {
    level: u32,
    since: u64,
    sum: u128,
}

impl Area {
    fn set(&mut self, level: u32, now: Instant) {
        self.sum += u128::from(self.level) * u128::from(now.nanos() - self.since);
        (self.level, self.since) = (level, now.nanos());
    }
}

/// What passed through each instance.
pub(crate) struct Areas {
    /// Numbers in system, and waiting, by instance.
    calls: Vec<Area>,
    waiting: Vec<Area>,
    /// Slots of each instance: whoever is there beyond them waits. `None` of event loops, which say
    /// how many wait.
    slots: Vec<Option<u32>>,
    /// Times in system, and waited, by instance.
    stayed: Vec<u128>,
    waited: Vec<u128>,
    /// When each device was to be busy, in nanoseconds.
    busy: BTreeMap<Device, Vec<(u64, u64)>>,
    /// Visits that began and ended.
    pub(crate) begun: u64,
    pub(crate) over: u64,
    /// Of everything told.
    pub(crate) digest: Digest,
}

impl Areas {
    pub(crate) fn new(plan: &Blueprint) -> Areas {
        let count = plan.instances.len();
        let slots = |it: &Instance| {
            let service = &plan.services[it.service.index()];
            match service.serving {
                Serving::Slots { slots, .. } => Some(slots.saturating_mul(service.processes)),
                Serving::Loops { .. } => None,
            }
        };
        Areas {
            calls: vec![Area::default(); count],
            waiting: vec![Area::default(); count],
            slots: plan.instances.iter().map(slots).collect(),
            stayed: vec![0; count],
            waited: vec![0; count],
            busy: BTreeMap::new(),
            begun: 0,
            over: 0,
            digest: Digest::new(),
        }
    }

    /// Little's law, for a run that began and ended empty.
    pub(crate) fn check(&self, plan: &Blueprint, is_undisturbed: bool) -> Result<(), String> {
        for (index, it) in plan.instances.iter().enumerate() {
            let name = &plan.services[it.service.index()].name;
            let (calls, waiting) = (self.calls[index], self.waiting[index]);
            if (calls.level, waiting.level) != (0, 0) {
                return Err(format!("{name}: {} in system at the end", calls.level));
            }
            if calls.sum != self.stayed[index] {
                let (area, stayed) = (calls.sum, self.stayed[index]);
                return Err(format!("{name}: area {area} ns, times in system {stayed} ns"));
            }
            // Who dies while waiting is not told to have waited.
            if is_undisturbed && waiting.sum != self.waited[index] {
                let (area, waited) = (waiting.sum, self.waited[index]);
                return Err(format!(
                    "{name}: area of those who wait {area} ns, waited {waited} ns"
                ));
            }
        }
        if self.begun != self.over {
            return Err(format!("{} visits began, {} ended", self.begun, self.over));
        }
        Ok(())
    }
}

impl Areas {
    /// No device does more than it can.
    pub(crate) fn check_devices(&self, plan: &Blueprint) -> Result<(), String> {
        for (device, stretches) in &self.busy {
            let most = match device {
                Device::Sending(_) | Device::Receiving(_) => 1,
                Device::Disk(host) => {
                    plan.hosts[*host as usize].disk.as_ref().map_or(0, |disk| disk.parallel)
                }
            };
            let begin = stretches.iter().map(|&(from, _)| (from, 1));
            let end = stretches.iter().map(|&(_, until)| (until, -1));
            let mut steps: Vec<(u64, i64)> = begin.chain(end).collect();
            // What ends makes room for what begins at the same time.
            steps.sort_unstable();
            let mut level = 0;
            for (at, step) in steps {
                level += step;
                if level > i64::from(most) {
                    return Err(format!("{device:?} does {level} things at {at} ns"));
                }
            }
        }
        Ok(())
    }
}

impl Recorder for Areas {
    fn arrived(&mut self, _: u32, _: u32, _: Instant) {
        self.begun += 1;
    }
    fn finished(&mut self, request: Finished, now: Instant) {
        self.over += 1;
        self.digest.fold(request.key);
        self.digest.fold(now.nanos());
        self.digest.fold(request.outcome.cause as u64);
    }
    fn served(&mut self, call: Served, now: Instant) {
        let index = call.instance as usize;
        self.stayed[index] += u128::from(now.since(call.arrived).nanos());
        self.waited[index] += u128::from(call.waited.nanos());
        let seen = u64::from(call.instance) << 1 | u64::from(call.is_wasted);
        self.digest.fold(now.nanos() ^ seen << 40);
    }
    fn attempt_failed(&mut self, upstream: u32, outcome: Outcome, now: Instant) {
        self.digest.fold(u64::from(upstream) << 8 | outcome.cause as u64);
        self.digest.fold(now.nanos());
    }
    fn level(&mut self, level: Level, value: u32, now: Instant) {
        match level {
            Level::Calls(index) => {
                self.calls[index as usize].set(value, now);
                if let Some(slots) = self.slots[index as usize] {
                    self.waiting[index as usize].set(value.saturating_sub(slots), now);
                }
            }
            Level::Waiting(index) => self.waiting[index as usize].set(value, now),
            Level::Busy(_) | Level::Connections(_) | Level::Runnable(_) | Level::Queued(_) => {
                self.digest.fold(u64::from(value));
            }
        }
    }
    fn busy(&mut self, device: Device, from: Instant, until: Instant, _: Instant) {
        self.digest.fold(from.nanos() ^ until.nanos().rotate_left(32));
        if from < until {
            self.busy.entry(device).or_default().push((from.nanos(), until.nanos()));
        }
    }
    fn lost(&mut self, host: u32, now: Instant) {
        for device in [Device::Sending(host), Device::Receiving(host), Device::Disk(host)] {
            let stretches = self.busy.entry(device).or_default();
            stretches.retain(|&(from, _)| from < now.nanos());
            for (_, until) in stretches {
                *until = (*until).min(now.nanos());
            }
        }
    }
    fn page_cache(&mut self, _: u32, is_hit: bool, _: Instant) {
        self.digest.fold(u64::from(is_hit));
    }
    fn applied(&mut self, _: u32, lag: Span, _: Instant) {
        self.digest.fold(lag.nanos());
    }
    fn flushed(&mut self, _: u32, transactions: u32, _: Instant) {
        self.digest.fold(u64::from(transactions));
    }
}
