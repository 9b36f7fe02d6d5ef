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
    course::Until,
    patience::Patience,
    place::{Spread, Ways, speed},
    program::Run,
    time::{Part, Time},
};
use crate::{engine::time::Span, model::files::Misses};

/// Times of an endpoint at no load.
#[derive(Clone, Debug)]
pub(super) struct Residence {
    /// From the request's arrival to where the answer begins to leave: what its caller waits for.
    pub(super) answer: Time,
    /// To the end of its program, which may go on behind the answer: what is held at its own instance.
    held: Time,
    /// For how long the answer leaves.
    pub(super) sending: Part,
    /// The same to a caller on the same host, by no line.
    relayed: Part,
    /// Bytes of the answer, and the mean of their square.
    pub(super) bytes: f64,
    squares: f64,
}

/// What is known of all endpoints.
pub(super) struct Residences<'a> {
    pub(super) plan: &'a Blueprint,
    pub(super) runs: &'a [Run],
    pub(super) misses: &'a Misses,
    /// Which share of the pages of each table is not in memory.
    pub(super) missed: &'a [f64],
    /// Whether those who may choose choose the quickest and the nearest, and whoever gives up waits no
    /// longer than it surely does.
    pub(super) least: bool,
    patience: Patience,
    at: BTreeMap<(EndpointId, InstanceId), Rc<Residence>>,
    through: BTreeMap<(EndpointId, UpstreamId), Rc<Residence>>,
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
    pub(super) fn new(
        plan: &'a Blueprint,
        runs: &'a [Run],
        misses: &'a Misses,
        missed: &'a [f64],
    ) -> Residences<'a> {
        let (at, through) = (BTreeMap::new(), BTreeMap::new());
        let views = vec![None; plan.upstreams.len()];
        let patience = Patience::of(plan);
        Residences { plan, runs, misses, missed, least: false, patience, at, through, views }
    }

    /// At any load, at least.
    pub(super) fn least(self) -> Residences<'a> {
        let Residences { plan, runs, misses, missed, .. } = self;
        Residences { least: true, ..Residences::new(plan, runs, misses, missed) }
    }

    /// One read of so many bytes from an instance's disk.
    pub(super) fn read_of(&self, instance: InstanceId, bytes: f64) -> Part {
        let host = self.plan.instances[instance.index()].host;
        let disk = self.plan.hosts.get(host.index()).and_then(|host| host.disk.as_ref());
        disk.map_or_else(Part::default, |disk| {
            let moving = disk.throughput.map_or(0.0, |rate| bytes / rate);
            let read = Part::of(&self.plan.laws[disk.read.index()]);
            read.and(Part::always(moving))
        })
    }

    fn read_s(&self, instance: InstanceId, bytes: f64) -> f64 {
        self.read_of(instance, bytes).mean_s
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

    /// A commit to a log at an instance, alone in its group.
    pub(super) fn flushing(&self, log: &Log, instance: InstanceId) -> Part {
        let host = self.plan.instances[instance.index()].host;
        let disk = self.plan.hosts.get(host.index()).and_then(|host| host.disk.as_ref());
        let fsync = disk.map(|disk| Part::of(&self.plan.laws[disk.fsync.index()]));
        fsync.unwrap_or_default().times(f64::from(log.fsync_stages))
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
    pub(super) fn at(&mut self, endpoint: EndpointId, instance: InstanceId) -> Rc<Residence> {
        if let Some(known) = self.at.get(&(endpoint, instance)) {
            return Rc::clone(known);
        }
        let answer = self.course(endpoint, instance, Until::Answer);
        let held = self.course(endpoint, instance, Until::End);
        let run = &self.runs[endpoint.index()];
        let (mut bytes, mut squares) = (run.answer_bytes, run.answer_squares);
        let mut relayed = Part::default();
        for call in run.calls.iter().filter(|it| it.cuts_through) {
            let below = self.through(call.endpoint, call.upstream);
            bytes += call.count * call.in_time * below.bytes;
            squares += call.count * call.in_time * below.squares;
            let sending = self.sending(instance, call.endpoint, call.upstream);
            relayed = relayed.or_longer(sending);
        }
        let host = self.plan.hosts.get(self.plan.instances[instance.index()].host.index());
        let bits = host.and_then(|host| host.nic_bits);
        let nic = bits.map_or_else(Part::default, |bits| {
            let byte_s = 8.0 / bits as f64;
            let deviation_s = byte_s * (squares - bytes * bytes).max(0.0).sqrt();
            Part { mean_s: byte_s * bytes, deviation_s, least_s: 0.0 }
        });
        let sending = nic.or_longer(relayed);
        let known = Rc::new(Residence { answer, held, sending, relayed, bytes, squares });
        self.at.insert((endpoint, instance), Rc::clone(&known));
        known
    }

    /// For how long a call holds what it holds at its own instance, a worker: to the end of its program,
    /// or until its caller gives up, if that is noticed.
    pub(super) fn held_s(&mut self, endpoint: EndpointId, instance: InstanceId) -> f64 {
        let service = self.plan.endpoints[endpoint.index()].service;
        let known = self.at(endpoint, instance);
        self.patience.least_s(service, &known.held)
    }

    /// For how long it holds its connection: to the answer.
    pub(super) fn connected_s(&mut self, endpoint: EndpointId, instance: InstanceId) -> f64 {
        let service = self.plan.endpoints[endpoint.index()].service;
        let known = self.at(endpoint, instance);
        self.patience.least_s(service, &known.answer)
    }

    /// For how long a call from an instance holds a slot of its view: until the answer begins to come, or
    /// somebody gives up.
    pub(super) fn pooled_s(
        &mut self,
        from: InstanceId,
        endpoint: EndpointId,
        upstream: UpstreamId,
    ) -> f64 {
        let caller = self.plan.upstreams[upstream.index()].caller;
        let mut time = self.through(endpoint, upstream).answer.clone();
        time.add(Part::always(2.0 * self.way_s(from, upstream)));
        if let Some(limit_s) = self.limit_s(upstream) {
            time = time.within(limit_s, &Time::none(), self.least);
        }
        self.patience.least_s(caller, &time)
    }

    /// How long an answer may be awaited.
    pub(super) fn limit_s(&self, upstream: UpstreamId) -> Option<f64> {
        let timeout = self.plan.upstreams[upstream.index()].response_timeout?;
        Some(self.plan.delays[timeout.0 as usize].seconds())
    }

    /// Of an endpoint, over the servers of the view through which it is called.
    pub(super) fn through(&mut self, endpoint: EndpointId, upstream: UpstreamId) -> Rc<Residence> {
        if let Some(known) = self.through.get(&(endpoint, upstream)) {
            return Rc::clone(known);
        }
        let (view, least) = (self.view(upstream), self.least);
        let spread = &view.spread;
        let limit_s = self.limit_s(upstream);
        let (answer, held) = if least && spread.is_free {
            let waited_s = |it: &Residence| match limit_s {
                Some(limit_s) => it.answer.within_s(limit_s),
                None => it.answer.mean_s(),
            };
            let all = spread.shares.iter().map(|it| self.at(endpoint, it.0));
            let best = all.min_by(|one, other| waited_s(one).total_cmp(&waited_s(other)));
            best.map_or_else(
                || (Time::none(), Time::none()),
                |it| (it.answer.clone(), it.held.clone()),
            )
        } else {
            let all: Vec<(f64, Rc<Residence>)> =
                spread.shares.iter().map(|it| (it.1, self.at(endpoint, it.0))).collect();
            let each = || all.iter();
            (
                Time::of(each().map(|(share, it)| (*share, it.answer.clone()))),
                Time::of(each().map(|(share, it)| (*share, it.held.clone()))),
            )
        };
        let known = Rc::new(Residence {
            answer,
            held,
            sending: spread.part_or_least(least, |it| self.at(endpoint, it).sending),
            relayed: spread.part_or_least(least, |it| self.at(endpoint, it).relayed),
            bytes: spread.mean_or_least(least, |it| self.at(endpoint, it).bytes),
            squares: spread.mean_or_least(false, |it| self.at(endpoint, it).squares),
        });
        self.through.insert((endpoint, upstream), Rc::clone(&known));
        known
    }

    /// The probability that an answer through a view takes as long as `limit_s`, at most: whoever may choose may
    /// choose the slowest.
    pub(super) fn late_most(
        &mut self,
        endpoint: EndpointId,
        upstream: UpstreamId,
        limit_s: f64,
    ) -> f64 {
        let spread = &self.view(upstream).spread;
        if !spread.is_free {
            return self.through(endpoint, upstream).answer.chance_of(limit_s);
        }
        let each = spread.shares.iter().map(|it| self.at(endpoint, it.0).answer.chance_of(limit_s));
        each.fold(0.0, f64::max)
    }

    /// For how long answers to an instance leave the servers of a view: there is no line between two on
    /// one host.
    pub(super) fn sending(
        &mut self,
        from: InstanceId,
        endpoint: EndpointId,
        upstream: UpstreamId,
    ) -> Part {
        let plan = self.plan;
        let view = self.view(upstream);
        let host = plan.instances[from.index()].host;
        if !view.ways.has(host) {
            return self.through(endpoint, upstream).sending;
        }
        view.spread.part_or_least(self.least, |it| {
            let known = self.at(endpoint, it);
            let is_here = plan.instances[it.index()].host == host;
            if is_here { known.relayed } else { known.sending }
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
    pub(super) fn opening_s(&self, upstream: UpstreamId, way_s: f64) -> f64 {
        let view = &self.plan.upstreams[upstream.index()];
        let keeps = view.derived.keeps_alive && (view.keeps.idle || view.derived.has_users);
        if !view.derived.connects || keeps {
            return 0.0;
        }
        2.0 * way_s * f64::from(1 + view.handshake_rounds)
    }

    /// What a visitor waits for the answer to a call of its own, by its line; at least, until it loses its
    /// patience.
    pub(super) fn seen_s(&mut self, visitor: EndpointId) -> f64 {
        let service = self.plan.endpoints[visitor.index()].service;
        let at = InstanceId(self.plan.services[service.index()].first_instance);
        let calls = &self.runs[visitor.index()].calls;
        let mut seen = Time::none();
        for call in calls {
            let below = self.through(call.endpoint, call.upstream);
            let way_s = self.way_s(at, call.upstream);
            let view = &self.plan.upstreams[call.upstream.index()];
            let own_s = view.derived.bandwidth.map_or(0.0, |bits| below.bytes * 8.0 / bits as f64);
            let handshake_s = self.handshake_s(call.endpoint, call.upstream);
            seen = seen.then(&below.answer);
            let asked_s = self.opening_s(call.upstream, way_s) + 2.0 * way_s + handshake_s;
            seen.add(Part::always(asked_s));
            let sending = below.sending;
            let mean_s = sending.mean_s.max(own_s);
            seen.add(Part {
                mean_s,
                deviation_s: f64::max(sending.deviation_s, mean_s),
                ..sending
            });
        }
        let seconds =
            if self.least { self.patience.least_s(service, &seen) } else { seen.mean_s() };
        // The clock ticks in nanoseconds; so do answers.
        Span::from_seconds(seconds).seconds()
    }

    /// Work of the first request on a connection, where each has one of its own.
    pub(super) fn handshake_s(&mut self, endpoint: EndpointId, upstream: UpstreamId) -> f64 {
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
