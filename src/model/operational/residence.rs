//! How long things take where nobody is in the way: the mean time of a call at no load, and how long
//! it holds what it holds. A bound from below: queues, groups of commits, TCP's and a page's own
//! course only ever add to it, and the mean of a maximum is no less than the maximum of means.

use super::{
    super::blueprint::{Blueprint, EndpointId, HostId, InstanceId, Log, UpstreamId},
    place::{Shares, instances, one_way_s, servers, speed},
    program::Run,
};
use crate::{engine::time::Span, model::files::Misses};

/// Times of an endpoint at no load, averaged over whoever answers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Residence {
    /// From the request's arrival to where the answer begins to leave.
    pub(super) first_s: f64,
    /// For how long the answer leaves.
    pub(super) sending_s: f64,
    /// Bytes of the answer.
    pub(super) bytes: f64,
    /// Of `first_s` seconds of work, at speed 1.
    pub(super) work_s: f64,
}

/// What is known of all endpoints.
pub(super) struct Residences<'a> {
    plan: &'a Blueprint,
    runs: &'a [Run],
    misses: &'a Misses,
    known: Vec<Option<Residence>>,
    ways: Vec<Option<f64>>,
}

impl<'a> Residences<'a> {
    pub(super) fn new(plan: &'a Blueprint, runs: &'a [Run], misses: &'a Misses) -> Residences<'a> {
        let known = vec![None; plan.endpoints.len()];
        Residences { plan, runs, misses, known, ways: vec![None; plan.upstreams.len()] }
    }

    /// Seconds of one read of so many bytes from an instance's disk.
    pub(super) fn read_s(&self, instance: InstanceId, bytes: f64) -> f64 {
        let host = self.plan.instances[instance.index()].host;
        let disk = self.plan.hosts.get(host.index()).and_then(|host| host.disk.as_ref());
        disk.map_or(0.0, |disk| {
            let moving = disk.throughput.map_or(0.0, |rate| bytes / rate);
            self.plan.laws[disk.read.index()].mean() + moving
        })
    }

    /// Seconds for which a run reads from disk at an instance.
    pub(super) fn disk_s(&self, run: &Run, instance: InstanceId) -> f64 {
        let host = self.plan.instances[instance.index()].host;
        let mut seconds = if run.reads > 0.0 {
            run.reads * self.read_s(instance, run.read_bytes / run.reads)
        } else {
            0.0
        };
        for &(files, visits) in &run.files {
            let missed = self.misses.of(host, files);
            seconds += visits * missed.share * self.read_s(instance, missed.bytes);
        }
        seconds
    }

    /// Seconds that a commit to a log takes at an instance, alone in its group.
    pub(super) fn flushing_s(&self, log: &Log, instance: InstanceId) -> f64 {
        let host = self.plan.instances[instance.index()].host;
        let disk = self.plan.hosts.get(host.index()).and_then(|host| host.disk.as_ref());
        let fsync = disk.map_or(0.0, |disk| self.plan.laws[disk.fsync.index()].mean());
        f64::from(log.fsync_stages) * fsync
    }

    /// How many reads a run makes at a host, and how many bytes they are.
    pub(super) fn read(&self, run: &Run, host: HostId) -> (f64, f64) {
        let (mut reads, mut bytes) = (run.reads, run.read_bytes);
        for &(files, visits) in &run.files {
            let missed = self.misses.of(host, files);
            reads += visits * missed.share;
            bytes += visits * missed.share * missed.bytes;
        }
        (reads, bytes)
    }

    /// Of an endpoint.
    pub(super) fn of(&mut self, endpoint: EndpointId) -> Residence {
        if let Some(known) = self.known[endpoint.index()] {
            return known;
        }
        let service = self.plan.endpoints[endpoint.index()].service;
        let all = instances(self.plan, service);
        let run = &self.runs[endpoint.index()];
        let mean = |of: &dyn Fn(InstanceId) -> f64| -> f64 {
            all.iter().map(|&(it, share)| share * of(it)).sum()
        };
        let slowness = mean(&|it| 1.0 / speed(self.plan, it));
        let disk_s = mean(&|it| self.disk_s(run, it));
        let commits = run.commits.iter().map(|(log, _, count)| {
            let log = &self.plan.logs[log.index()];
            count * self.flushing_s(log, log.primary)
        });
        let mut first_s = run.work_s * slowness + run.wait_s + disk_s + commits.sum::<f64>();
        let (mut bytes, mut relayed_s) = (run.answer_bytes, 0.0_f64);
        let mut at = 0;
        while at < run.calls.len() {
            let group = run.calls[at].group;
            let end = at + run.calls[at..].iter().take_while(|it| it.group == group).count();
            let mut longest = 0.0_f64;
            for call in &run.calls[at..end] {
                let below = self.of(call.endpoint);
                let way_s = self.one_way_s(call.upstream);
                let opened_s = self.opening_s(call.upstream, way_s);
                let behind = if call.cuts_through { 0.0 } else { below.sending_s };
                let asked_s = opened_s + self.handshake_s(call.endpoint, call.upstream);
                longest = longest.max(asked_s + 2.0 * way_s + below.first_s + behind);
                if call.cuts_through {
                    bytes += call.count * below.bytes;
                    relayed_s = relayed_s.max(below.sending_s);
                }
            }
            first_s += run.calls[at].begun * longest;
            at = end;
        }
        let nic_s = mean(&|it| {
            let host = self.plan.hosts.get(self.plan.instances[it.index()].host.index());
            host.and_then(|host| host.nic_bits).map_or(0.0, |bits| bytes * 8.0 / bits as f64)
        });
        let sending_s = nic_s.max(relayed_s);
        let known = Residence { first_s, sending_s, bytes, work_s: run.work_s };
        self.known[endpoint.index()] = Some(known);
        known
    }

    /// Seconds one way to the servers of a view.
    pub(super) fn one_way_s(&mut self, upstream: UpstreamId) -> f64 {
        if let Some(known) = self.ways[upstream.index()] {
            return known;
        }
        let view = &self.plan.upstreams[upstream.index()];
        let drawn = self.plan.workloads.iter().find(|it| it.service == view.caller);
        let way = if let Some(law) = drawn.and_then(|workload| workload.latency) {
            self.plan.laws[law.index()].mean()
        } else {
            let callers = instances(self.plan, view.caller);
            one_way_s(self.plan, &callers, &self.servers(upstream))
        };
        self.ways[upstream.index()] = Some(way);
        way
    }

    fn servers(&self, upstream: UpstreamId) -> Shares {
        servers(self.plan, &self.plan.upstreams[upstream.index()])
    }

    /// Seconds until a connection is open, where each call opens one.
    fn opening_s(&self, upstream: UpstreamId, way_s: f64) -> f64 {
        let view = &self.plan.upstreams[upstream.index()];
        let keeps = view.derived.keeps_alive && (view.keeps.idle || view.derived.has_users);
        if !view.derived.connects || keeps {
            return 0.0;
        }
        2.0 * way_s * f64::from(1 + view.handshake_rounds)
    }

    /// What a visitor waits for the answer to a call of its own, by its line.
    pub(super) fn seen_s(&mut self, visitor: EndpointId) -> f64 {
        let calls = &self.runs[visitor.index()].calls;
        let mut seconds = 0.0;
        for call in calls {
            let below = self.of(call.endpoint);
            let way_s = self.one_way_s(call.upstream);
            let view = &self.plan.upstreams[call.upstream.index()];
            let own_s = view.derived.bandwidth.map_or(0.0, |bits| below.bytes * 8.0 / bits as f64);
            let handshake_s = self.handshake_s(call.endpoint, call.upstream);
            seconds += self.opening_s(call.upstream, way_s)
                + 2.0 * way_s
                + handshake_s
                + below.first_s
                + below.sending_s.max(own_s);
        }
        // The clock ticks in nanoseconds; so do answers.
        Span::from_seconds(seconds).seconds()
    }

    /// Work of the first request on a connection, where each has one of its own.
    fn handshake_s(&self, endpoint: EndpointId, upstream: UpstreamId) -> f64 {
        let view = &self.plan.upstreams[upstream.index()];
        let opens = view.derived.connects
            && !(view.derived.keeps_alive && (view.keeps.idle || view.derived.has_users));
        if !opens {
            return 0.0;
        }
        let work_s = self.runs[endpoint.index()].handshake_s;
        let slow = servers(self.plan, view)
            .iter()
            .map(|&(it, share)| share / speed(self.plan, it))
            .sum::<f64>();
        work_s * slow
    }
}
