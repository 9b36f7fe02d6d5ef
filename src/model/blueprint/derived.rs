//! What follows from the tables and is looked up at every call: derived once, when they are complete.

use std::collections::BTreeSet;

use super::{Arrivals, Blueprint};
use crate::engine::belts::BELTS_MAX;

impl Blueprint {
    /// Derives it.
    pub(crate) fn derive(&mut self) {
        self.number_views();
        self.describe_visitors();
        self.find_direct_calls();
        self.find_hops();
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

    fn find_hops(&mut self) {
        let openings = self.upstreams.iter().filter_map(|upstream| upstream.opening);
        let ways = self.latency.iter().copied().chain([self.loopback]).chain(openings);
        self.hops = ways.collect::<BTreeSet<_>>().into_iter().take(BELTS_MAX).collect();
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
