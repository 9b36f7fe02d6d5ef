//! What follows from the tables and is looked up at every call: derived once, when they are complete.

use std::collections::BTreeSet;

use super::{Arrivals, Blueprint, DelayId, Op, ServiceId, Serving, Upstream};
use crate::engine::belts::BELTS_MAX;

impl Blueprint {
    /// Derives it.
    pub(crate) fn derive(&mut self) {
        self.number_views();
        self.describe_visitors();
        self.describe_connections();
        self.measure_ways();
        self.find_direct_calls();
        self.find_last_answers();
    }

    /// Event loops stand in the order of instances, for as many as there are of each.
    pub(crate) fn number_loops(&mut self) {
        let mut first = 0;
        for it in &mut self.instances {
            it.first_loop = first;
            let service = &self.services[it.service.index()];
            if let Serving::Loops { loops } = service.serving {
                first += loops * service.processes;
            }
        }
    }

    /// Views stand in the order of services, processes, upstreams.
    fn number_views(&mut self) {
        let mut first_view = 0;
        for service in &self.services {
            let first = service.first_upstream as usize;
            let own = &mut self.upstreams[first..first + service.upstreams as usize];
            for (view, upstream) in (first_view..).zip(own) {
                upstream.derived.first_view = view;
                upstream.derived.views_apart = service.upstreams;
                upstream.derived.first_process =
                    self.instances[service.first_instance as usize].first_process;
            }
            first_view += service.instances * service.processes * service.upstreams;
        }
    }

    /// What becomes of the connections of each view.
    fn describe_connections(&mut self) {
        for upstream in &mut self.upstreams {
            let caller = &self.services[upstream.caller.index()];
            let callee = &self.services[upstream.callee.index()];
            let ends = [upstream.idle, callee.accept.and_then(|accept| accept.idle)];
            let derived = &mut upstream.derived;
            derived.connects = callee.accept.is_some();
            derived.keeps_alive = callee.accept.is_some_and(|accept| accept.keeps_alive);
            derived.is_served_by_loops = matches!(callee.serving, Serving::Loops { .. });
            let length = |delay: &DelayId| self.delays[delay.0 as usize];
            derived.idle = ends.into_iter().flatten().min_by_key(length);
            derived.process_connections_max =
                caller.accept.map_or(u32::MAX, |accept| accept.process_connections_max);
        }
    }

    /// The delays between each view's two sides; the first few of all are hops.
    fn measure_ways(&mut self) {
        let mut hops = BTreeSet::new();
        for index in 0..self.upstreams.len() {
            let upstream = &self.upstreams[index];
            let ways = self.ways(upstream);
            hops.extend(ways.iter().copied().chain(upstream.opening));
            let first_instance = self.servers[upstream.first_server as usize].instance.0;
            let derived = &mut self.upstreams[index].derived;
            derived.first_instance = first_instance;
            derived.one_way = ways.first().copied().filter(|_| ways.len() == 1);
        }
        self.hops = hops.into_iter().take(BELTS_MAX).collect();
    }

    /// Every delay that there is between callers and servers of a view.
    fn ways(&self, upstream: &Upstream) -> BTreeSet<DelayId> {
        let places = |service: ServiceId| {
            let service = &self.services[service.index()];
            let first = service.first_instance as usize;
            let instances = &self.instances[first..first + service.instances as usize];
            let zones: BTreeSet<u32> = instances.iter().map(|it| it.zone).collect();
            let hosts: BTreeSet<u32> = instances.iter().map(|it| it.host.0).collect();
            (zones, hosts)
        };
        let (from, callers) = places(upstream.caller);
        let (to, servers) = places(upstream.callee);
        let mut ways = BTreeSet::new();
        for (one, other) in from.iter().flat_map(|one| to.iter().map(move |other| (one, other))) {
            ways.insert(self.latency[(one * self.zones + other) as usize]);
        }
        if callers.intersection(&servers).next().is_some() {
            ways.insert(self.loopback);
        }
        ways
    }

    fn find_last_answers(&mut self) {
        for at in 1..self.program.len() {
            let ends = matches!(self.program[at].op, Op::End);
            if let Op::Respond { is_last, .. } = &mut self.program[at - 1].op {
                *is_last = ends;
            }
        }
    }

    /// What visitors are is a matter of their views, too.
    fn describe_visitors(&mut self) {
        for workload in &self.workloads {
            let service = &self.services[workload.service.index()];
            let first = service.first_upstream as usize;
            for upstream in &mut self.upstreams[first..first + service.upstreams as usize] {
                upstream.derived.has_users = matches!(workload.arrivals, Arrivals::Closed { .. });
                upstream.derived.bandwidth = workload.bandwidth;
            }
        }
    }
}
