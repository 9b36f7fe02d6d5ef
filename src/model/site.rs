//! A running site: one plain value. It can be copied at any instant, and the copy goes on alone.

use super::{
    blueprint::{Blueprint, HostId, Serving, WorkloadId},
    buffer_pool::Pools,
    call::{Call, NONE},
    connection::Connection,
    event::Event,
    event_loop::LoopState,
    files::Catalogue,
    instance::InstanceState,
    log::LogState,
    network::HostState,
    view::View,
    workload::{Source, User},
};
use crate::engine::{
    list::{Links, List},
    luck::{draw, mix},
    slab::{Key, Slab},
    timeline::Timeline,
};

/// All that changes while a site runs.
#[derive(Clone, Debug)]
pub struct Site {
    /// The clock and what is going to happen.
    pub(crate) line: Timeline<Event>,
    /// The replication's key, from which all its luck is derived.
    pub(crate) key: u64,
    /// What a fork changes all later luck by; 0 keeps it.
    pub(crate) salt: u64,
    pub(crate) calls: Slab<Call>,
    /// Of all lists of calls.
    pub(crate) links: Links,
    pub(crate) connections: Slab<Connection>,
    /// Of all lists of idle connections.
    pub(crate) idle_links: Links,
    /// Idle connections that each process has accepted, the longest idle first.
    pub(crate) resting: Vec<List>,
    pub(crate) resting_links: Links,
    pub(crate) hosts: Vec<HostState>,
    pub(crate) instances: Vec<InstanceState>,
    pub(crate) loops: Vec<LoopState>,
    /// Connections of each process, in and out.
    pub(crate) process_connections: Vec<u32>,
    /// Upstream states: for each process of each service, one for each of the service's upstreams.
    pub(crate) views: Vec<View>,
    /// Idle connections to each server of each view that keeps any; those of a view lie together.
    pub(crate) idle: Vec<List>,
    /// Whether each of these lists has a timer, which may be too early, never too late.
    pub(crate) is_idle_timed: Vec<bool>,
    /// Calls queued in all views of an upstream.
    pub(crate) queued: Vec<u32>,
    pub(crate) catalogue: Catalogue,
    pub(crate) pools: Pools,
    pub(crate) logs: Vec<LogState>,
    pub(crate) sources: Vec<Source>,
    pub(crate) users: Vec<User>,
    /// Calls that go on within this event, in order.
    pub(crate) ready: Vec<Key>,
    pub(crate) books: Books,
    /// Whether the queue was looked at since it changed (see `ahead`).
    pub(crate) looked: u64,
    /// What happens within the measured window is scheduled.
    pub(crate) is_window_open: bool,
}

/// What was begun and ended since the beginning, for the law of conservation.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// For each service: calls that arrived, ended well, ended badly, ended for nobody.
    pub services: Vec<Account>,
    /// For each workload: requests begun, and ended either way.
    pub workloads: Vec<Account>,
    /// Requests that arrived in the measured window and are not over.
    pub outstanding: u64,
}

/// One line of the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// How many began.
    pub started: u64,
    /// How many ended well.
    pub succeeded: u64,
    /// How many failed, each with one cause.
    pub failed: u64,
    /// How many ended with nobody left to answer.
    pub cancelled: u64,
}

impl Account {
    /// How many must still be under way.
    pub fn in_flight(&self) -> u64 {
        self.started - self.succeeded - self.failed - self.cancelled
    }
}

impl Site {
    /// A site at rest at time zero.
    pub fn new(plan: &Blueprint, replication: u64) -> Site {
        let key = mix(plan.seed, replication);
        let mut site = Site {
            line: Timeline::with_belts(&plan.delays, &plan.hops),
            key,
            salt: 0,
            calls: Slab::default(),
            links: Links::default(),
            connections: Slab::default(),
            idle_links: Links::default(),
            resting: Vec::new(),
            resting_links: Links::default(),
            hosts: plan.hosts.iter().map(HostState::new).collect(),
            instances: plan.instances.iter().map(|it| InstanceState::new(plan, it)).collect(),
            loops: Vec::new(),
            process_connections: Vec::new(),
            views: Vec::new(),
            idle: Vec::new(),
            is_idle_timed: Vec::new(),
            queued: vec![0; plan.upstreams.len()],
            catalogue: Catalogue::new(plan, key),
            pools: Pools::new(plan, key),
            logs: plan.logs.iter().map(LogState::new).collect(),
            sources: Vec::new(),
            users: Vec::new(),
            ready: Vec::new(),
            books: Books {
                services: vec![Account::default(); plan.services.len()],
                workloads: vec![Account::default(); plan.workloads.len()],
                outstanding: 0,
            },
            looked: 0,
            is_window_open: false,
        };
        site.build_views(plan);
        site.build_sources(plan);
        site
    }

    /// The warm-up is over: what the scenario has in store for the window is scheduled. Until here
    /// nothing of it can have mattered, so a site that has warmed up may go on with another plan
    /// that differs in that alone.
    pub(crate) fn open_window(&mut self, plan: &Blueprint) {
        self.is_window_open = true;
        for (index, workload) in (0u32..).zip(&plan.workloads) {
            if workload.spike.is_some() {
                self.begin_source(plan, WorkloadId(index));
            }
        }
        for (index, happening) in plan.timeline.iter().enumerate() {
            self.line.at(happening.at, Event::Happen { index: index as u32 });
        }
    }

    fn build_views(&mut self, plan: &Blueprint) {
        for service in &plan.services {
            let loops = match service.serving {
                Serving::Loops { loops } => loops,
                Serving::Slots { .. } => 0,
            };
            let processes = service.instances * service.processes;
            for process in 0..processes {
                self.process_connections.push(0);
                self.resting.push(List::default());
                self.loops.extend((0..loops).map(|_| LoopState::default()));
                for upstream in 0..service.upstreams {
                    let upstream = service.first_upstream + upstream;
                    let declared = &plan.upstreams[upstream as usize];
                    let first_idle = self.idle.len();
                    assert!(u32::try_from(first_idle).is_ok(), "2^32 lists of idle connections");
                    if declared.keeps.idle {
                        let lists = first_idle + declared.servers as usize;
                        self.idle.resize(lists, List::default());
                    }
                    let servers = declared.servers_in(&plan.servers);
                    let place = [upstream, process, first_idle as u32];
                    self.views.push(View::new(declared, servers, place));
                }
            }
        }
        self.is_idle_timed = vec![false; self.idle.len()];
        self.schedule_first_checks(plan);
        self.schedule_purges(plan);
    }

    fn build_sources(&mut self, plan: &Blueprint) {
        for (index, workload) in (0u32..).zip(&plan.workloads) {
            let source = Source::new(workload, self.key, self.users.len() as u32);
            self.sources.push(source);
            if workload.spike.is_none() {
                self.begin_source(plan, WorkloadId(index));
            }
        }
    }

    /// A copy that goes on by itself. With salt 0 it has the same luck (a what-if comparison); any
    /// other salt gives it a future of its own.
    #[must_use]
    pub fn fork(&self, salt: u64) -> Site {
        let mut copy = self.clone();
        if salt != 0 {
            copy.salt = mix(self.salt, salt);
            for source in &mut copy.sources {
                source.stream.rekey(salt);
            }
        }
        copy
    }

    /// All calls, in an order of their own rather than that of their places in memory.
    pub(crate) fn calls_in_order(&self) -> Vec<Key> {
        let mut keys = self.calls.keys();
        keys.sort_by_key(|&key| self.calls[key].attempt_key);
        keys
    }

    /// One uniform word for a key at a place.
    #[inline]
    pub(crate) fn draw(&self, key: u64, place: u64) -> u64 {
        draw(key ^ self.salt, place)
    }

    /// Whether a host answers.
    pub(crate) fn is_lost(&self, host: HostId) -> bool {
        host.0 != NONE && self.hosts[host.index()].is_lost
    }

    /// How many events have happened.
    pub fn events(&self) -> u64 {
        self.line.happened()
    }

    /// How many keys stand in the queue of events.
    pub fn keys(&self) -> usize {
        self.line.keys()
    }

    /// How many events are pending.
    pub fn pending(&self) -> usize {
        self.line.pending()
    }

    /// What was begun and ended.
    pub fn books(&self) -> &Books {
        &self.books
    }
}
