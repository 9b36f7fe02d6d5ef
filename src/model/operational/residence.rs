//! How long things take where nobody is in the way: the mean time of a call at no load, and how long
//! it holds what it holds. A bound from below: queues, groups of commits, TCP's and a page's own
//! course only ever add to it, and the mean of a maximum is no less than the maximum of means.
//!
//! Where a call runs is known by the view through which it comes. Callers who prefer the idle go to all of
//! their servers alike as long as nobody waits; at a load they may find that the quickest, or the nearest, is
//! idle most of the time. So what is told of no load is the mean, and what bounds a load the least.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    super::blueprint::{Blueprint, EndpointId, HostId, InstanceId, Log, UpstreamId},
    place::{Spread, Ways, speed},
    program::Run,
};
use crate::{engine::time::Span, model::files::Misses};

/// Times of an endpoint at no load.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Residence {
    /// From the request's arrival to where the answer begins to leave.
    pub(super) first_s: f64,
    /// For how long the answer leaves.
    pub(super) sending_s: f64,
    /// The same to a caller on the same host, by no line.
    relayed_s: f64,
    /// Bytes of the answer.
    pub(super) bytes: f64,
}

/// What is known of all endpoints.
pub(super) struct Residences<'a> {
    plan: &'a Blueprint,
    runs: &'a [Run],
    misses: &'a Misses,
    /// Whether those who may choose choose the quickest and the nearest.
    least: bool,
    at: BTreeMap<(EndpointId, InstanceId), Residence>,
    through: BTreeMap<(EndpointId, UpstreamId), Residence>,
    views: Vec<Option<Rc<View>>>,
}

/// Where the calls through a view go.
struct View {
    spread: Spread,
    ways: Ways,
    /// Seconds one way as its callers draw them, visitors whose distance is a law.
    drawn_s: Option<f64>,
}

impl<'a> Residences<'a> {
    /// At no load, on average.
    pub(super) fn new(plan: &'a Blueprint, runs: &'a [Run], misses: &'a Misses) -> Residences<'a> {
        let (at, through) = (BTreeMap::new(), BTreeMap::new());
        let views = vec![None; plan.upstreams.len()];
        Residences { plan, runs, misses, least: false, at, through, views }
    }

    /// At any load, at least.
    pub(super) fn least(
        plan: &'a Blueprint,
        runs: &'a [Run],
        misses: &'a Misses,
    ) -> Residences<'a> {
        Residences { least: true, ..Residences::new(plan, runs, misses) }
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

    /// Of an endpoint at one of its instances.
    pub(super) fn at(&mut self, endpoint: EndpointId, instance: InstanceId) -> Residence {
        if let Some(known) = self.at.get(&(endpoint, instance)) {
            return *known;
        }
        let run = &self.runs[endpoint.index()];
        let commits = run.commits.iter().map(|(log, _, count)| {
            let log = &self.plan.logs[log.index()];
            count * self.flushing_s(log, log.primary)
        });
        let own_s = run.work_s / speed(self.plan, instance) + self.disk_s(run, instance);
        let mut first_s = own_s + run.wait_s + commits.sum::<f64>();
        let (mut bytes, mut relayed_s) = (run.answer_bytes, 0.0_f64);
        let mut at = 0;
        while at < run.calls.len() {
            let group = run.calls[at].group;
            let end = at + run.calls[at..].iter().take_while(|it| it.group == group).count();
            let mut longest = 0.0_f64;
            for call in &run.calls[at..end] {
                let below = self.through(call.endpoint, call.upstream);
                let way_s = self.way_s(instance, call.upstream);
                let opened_s = self.opening_s(call.upstream, way_s);
                let sending_s = self.sending_s(instance, call.endpoint, call.upstream);
                let behind = if call.cuts_through { 0.0 } else { sending_s };
                let asked_s = opened_s + self.handshake_s(call.endpoint, call.upstream);
                longest = longest.max(asked_s + 2.0 * way_s + below.first_s + behind);
                if call.cuts_through {
                    bytes += call.count * below.bytes;
                    relayed_s = relayed_s.max(sending_s);
                }
            }
            first_s += run.calls[at].begun * longest;
            at = end;
        }
        let host = self.plan.hosts.get(self.plan.instances[instance.index()].host.index());
        let bits = host.and_then(|host| host.nic_bits);
        let nic_s = bits.map_or(0.0, |bits| bytes * 8.0 / bits as f64);
        let known = Residence { first_s, sending_s: nic_s.max(relayed_s), relayed_s, bytes };
        self.at.insert((endpoint, instance), known);
        known
    }

    /// Of an endpoint, over the servers of the view through which it is called.
    pub(super) fn through(&mut self, endpoint: EndpointId, upstream: UpstreamId) -> Residence {
        if let Some(known) = self.through.get(&(endpoint, upstream)) {
            return *known;
        }
        let (view, least) = (self.view(upstream), self.least);
        let spread = &view.spread;
        let known = Residence {
            first_s: spread.mean_or_least(least, |it| self.at(endpoint, it).first_s),
            sending_s: spread.mean_or_least(least, |it| self.at(endpoint, it).sending_s),
            relayed_s: spread.mean_or_least(least, |it| self.at(endpoint, it).relayed_s),
            bytes: spread.mean_or_least(least, |it| self.at(endpoint, it).bytes),
        };
        self.through.insert((endpoint, upstream), known);
        known
    }

    /// Seconds for which answers to an instance leave the servers of a view: there is no line between two on
    /// one host.
    fn sending_s(&mut self, from: InstanceId, endpoint: EndpointId, upstream: UpstreamId) -> f64 {
        let plan = self.plan;
        let view = self.view(upstream);
        let host = plan.instances[from.index()].host;
        if !view.ways.has(host) {
            return self.through(endpoint, upstream).sending_s;
        }
        view.spread.mean_or_least(self.least, |it| {
            let known = self.at(endpoint, it);
            let is_here = plan.instances[it.index()].host == host;
            if is_here { known.relayed_s } else { known.sending_s }
        })
    }

    /// Seconds one way from an instance to the servers of a view.
    pub(super) fn way_s(&mut self, from: InstanceId, upstream: UpstreamId) -> f64 {
        let view = self.view(upstream);
        view.drawn_s.unwrap_or_else(|| view.ways.seconds_from(self.plan, from, self.least))
    }

    fn view(&mut self, upstream: UpstreamId) -> Rc<View> {
        let plan = self.plan;
        let known = self.views[upstream.index()].get_or_insert_with(|| {
            let caller = plan.upstreams[upstream.index()].caller;
            let spread = Spread::of(plan, Some(upstream), caller);
            let visitors = plan.workloads.iter().find(|it| it.service == caller);
            let law = visitors.and_then(|workload| workload.latency);
            let drawn_s = law.map(|law| plan.laws[law.index()].mean());
            Rc::new(View { ways: Ways::to(plan, &spread), spread, drawn_s })
        });
        Rc::clone(known)
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
        let service = self.plan.endpoints[visitor.index()].service;
        let at = InstanceId(self.plan.services[service.index()].first_instance);
        let calls = &self.runs[visitor.index()].calls;
        let mut seconds = 0.0;
        for call in calls {
            let below = self.through(call.endpoint, call.upstream);
            let way_s = self.way_s(at, call.upstream);
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
    fn handshake_s(&mut self, endpoint: EndpointId, upstream: UpstreamId) -> f64 {
        let derived = &self.plan.upstreams[upstream.index()].derived;
        let keeps_idle = self.plan.upstreams[upstream.index()].keeps.idle;
        let opens = derived.connects && !(derived.keeps_alive && (keeps_idle || derived.has_users));
        if !opens {
            return 0.0;
        }
        let work_s = self.runs[endpoint.index()].handshake_s;
        let spread = &self.view(upstream).spread;
        work_s * spread.mean_or_least(self.least, |it| 1.0 / speed(self.plan, it))
    }
}
