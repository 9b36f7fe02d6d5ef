//! What follows from the tables and is looked up at every call: derived once, when they are complete.

use super::{Arrivals, Blueprint};

impl Blueprint {
    /// Derives it.
    pub(crate) fn derive(&mut self) {
        self.number_views();
        self.find_users();
        self.find_direct_calls();
    }

    /// Views stand in the order of services, processes, upstreams.
    fn number_views(&mut self) {
        let mut first_view = 0;
        for service in &self.services {
            let first = service.first_upstream as usize;
            let own = &mut self.upstreams[first..first + service.upstreams as usize];
            for (view, upstream) in (first_view..).zip(own) {
                upstream.first_view = view;
                upstream.views_apart = service.upstreams;
                upstream.first_process =
                    self.instances[service.first_instance as usize].first_process;
            }
            first_view += service.instances * service.processes * service.upstreams;
        }
    }

    fn find_users(&mut self) {
        for workload in &self.workloads {
            if matches!(workload.arrivals, Arrivals::Closed { .. }) {
                let service = &self.services[workload.service.index()];
                let first = service.first_upstream as usize;
                for upstream in &mut self.upstreams[first..first + service.upstreams as usize] {
                    upstream.has_users = true;
                }
            }
        }
    }
}
