//! What a site holds for nobody: once all work is over, every slot, loop, queue and count must be
//! back where it began, and every connection must lie idle with whoever keeps it.
//!
//! Idle connections are not leaks: they are counted against the processes and instances that they
//! belong to. Health checks come and go at any time; ask again at another instant.

use super::{
    blueprint::{Blueprint, Instance, Serving},
    instance::seats,
    log::Flushing,
    site::Site,
};
use crate::engine::{list::List, slab::Key};

impl Site {
    /// Everything that is still held, in words.
    pub fn leaks(&self, plan: &Blueprint) -> Vec<String> {
        let mut leaks = Vec::new();
        self.calls_left(plan, &mut leaks);
        self.places_left(plan, &mut leaks);
        self.views_left(plan, &mut leaks);
        self.logs_left(plan, &mut leaks);
        self.connections_left(plan, &mut leaks);
        self.books_left(plan, &mut leaks);
        leaks
    }

    /// Connections that somebody keeps for later.
    pub fn idle_connections(&self) -> usize {
        self.kept().len()
    }

    fn calls_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        for key in self.calls.keys() {
            let call = &self.calls[key];
            let name = match plan.endpoints.get(call.endpoint.index()) {
                Some(endpoint) => endpoint.name.as_str(),
                None => "a check",
            };
            leaks.push(format!(
                "a call of {name} at instance {}: {:?} for its caller, {:?} at its server",
                call.instance, call.phase, call.stage
            ));
        }
    }

    fn places_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        for (index, (it, state)) in plan.instances.iter().zip(&self.instances).enumerate() {
            let lists = state.waiting.iter().map(List::len).sum::<u32>();
            let held = [
                ("slots or loops", state.busy),
                ("places of those who wait", state.waiting_count),
                ("entries of its queues", lists),
                ("calls", state.calls),
                ("connections not yet accepted", state.unaccepted.len()),
            ];
            for (what, count) in held {
                if count > 0 {
                    leaks.push(format!("{count} {what} of {}", named(plan, index)));
                }
            }
            let seats = seats(state.capacity, state.processes);
            if state.seats.len() as u32 != seats {
                let free = state.seats.len();
                leaks.push(format!("{free} of {seats} seats are free in {}", named(plan, index)));
            }
            self.loops_left(plan, it, index, leaks);
        }
        for (host, state) in plan.hosts.iter().zip(&self.hosts) {
            if state.cpu.runnable() > 0 {
                leaks.push(format!("{} threads on {}", state.cpu.runnable(), host.name));
            }
        }
    }

    fn loops_left(&self, plan: &Blueprint, it: &Instance, index: usize, leaks: &mut Vec<String>) {
        let service = &plan.services[it.service.index()];
        let Serving::Loops { loops } = service.serving else { return };
        for seat in it.first_loop..it.first_loop + loops * service.processes {
            let at = &self.loops[seat as usize];
            if !at.holder.is_none() || !at.queue.is_empty() {
                leaks.push(format!("a loop of {}", named(plan, index)));
            }
        }
    }

    fn views_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        for view in &self.views {
            let upstream = &plan.upstreams[view.upstream as usize];
            let of =
                |what: &str| format!("{what} of {} in process {}", upstream.name, view.process);
            if !view.queue.is_empty() {
                leaks.push(of("the queue"));
            }
            for server in 0..upstream.servers {
                let (served, queued) = (view.sent(server), view.queue_of(server).len());
                if served > 0 || queued > 0 {
                    leaks.push(of(&format!("a server ({served} served, {queued} queued)")));
                }
            }
        }
        for (upstream, queued) in plan.upstreams.iter().zip(&self.queued) {
            if *queued != 0 {
                leaks.push(format!("{queued} counted in the queues of {}", upstream.name));
            }
        }
    }

    fn logs_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        for (log, state) in plan.logs.iter().zip(&self.logs) {
            let of = |what: &str| format!("{what} in the log of instance {}", log.primary.0);
            let replicas = state.replicas.iter().map(|replica| &replica.flushing);
            if replicas.chain([&state.flushing]).any(Flushing::is_busy) {
                leaks.push(of("a commit"));
            }
            for replica in &state.replicas {
                if !replica.applying.is_empty() || replica.applied != state.head() {
                    let (applied, head) = (replica.applied, state.head());
                    leaks.push(of(&format!("a replica at {applied} of {head}")));
                }
            }
        }
    }

    fn connections_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        let kept = self.kept();
        if kept.len() != self.connections.len() {
            let (all, kept) = (self.connections.len(), kept.len());
            leaks.push(format!("{all} connections, of which {kept} lie idle"));
        }
        let mut of_instances = vec![0; self.instances.len()];
        let mut of_processes = vec![0; self.process_connections.len()];
        for key in kept {
            let connection = &self.connections[key];
            let index = connection.instance as usize;
            let state = &self.instances[index];
            if state.is_up && connection.epoch == state.epoch {
                of_instances[index] += 1;
                of_processes[connection.processes[0] as usize] += 1;
            }
            if let Some(count) = of_processes.get_mut(connection.processes[1] as usize) {
                *count += 1;
            }
        }
        for (index, (state, kept)) in self.instances.iter().zip(of_instances).enumerate() {
            if state.connections != kept {
                let counted = state.connections;
                let name = named(plan, index);
                leaks.push(format!("{counted} connections counted at {name}, {kept} are there"));
            }
        }
        for (index, (counted, kept)) in
            self.process_connections.iter().zip(of_processes).enumerate()
        {
            if *counted != kept {
                leaks.push(format!("{counted} connections of process {index}, {kept} are there"));
            }
        }
    }

    fn books_left(&self, plan: &Blueprint, leaks: &mut Vec<String>) {
        let services = plan.services.iter().map(|service| &service.name);
        let workloads = plan.workloads.iter().map(|workload| &workload.name);
        let accounts = self.books.services.iter().chain(&self.books.workloads);
        for (name, account) in services.chain(workloads).zip(accounts) {
            if account.in_flight() > 0 {
                leaks.push(format!("{} in flight in the books of {name}", account.in_flight()));
            }
        }
        if self.books.outstanding > 0 {
            leaks.push(format!("{} outstanding", self.books.outstanding));
        }
    }

    /// Connections in the lists of those who keep them.
    fn kept(&self) -> Vec<Key> {
        let mut kept = Vec::new();
        for idle in &self.idle {
            let mut next = idle.first();
            while let Some(index) = next {
                kept.push(self.connections.key_at(index));
                next = self.idle_links.next(index);
            }
        }
        let of_users = self.users.iter().map(|user| user.connection);
        kept.extend(of_users.filter(|&key| self.connections.contains(key)));
        kept
    }
}

fn named(plan: &Blueprint, index: usize) -> String {
    let it = &plan.instances[index];
    let service = &plan.services[it.service.index()];
    format!("{}.{}", service.name, index as u32 - service.first_instance + 1)
}
