//! From a checked description to flat tables of typed ids. Nothing here can go wrong any more:
//! whatever could, is a mistake that was found before.

mod hosts;
mod load;
mod logs;
mod programs;
mod services;

use std::collections::BTreeMap;

use crate::{
    engine::{sample::Law, time::Span, timeline::DelayId},
    model::blueprint::{Blueprint, LawId},
    scenario::{mistake::At, routes::Routes, schema::Site},
};

/// The tables while they are filled.
struct Build<'s> {
    site: &'s Site,
    routes: &'s Routes,
    delays: BTreeMap<Span, DelayId>,
    out: Blueprint,
    /// For each service and each of its upstreams: the compiled ones for writes and for reads.
    views: Vec<Vec<[u32; 2]>>,
    /// For each service the log that its writes go to.
    logs: Vec<Option<u32>>,
    /// Populations of files: service, endpoint.
    files: BTreeMap<(usize, usize), u32>,
}

/// The compiled form of a site without mistakes.
pub(crate) fn compile(
    name: &str,
    site: &Site,
    routes: &Routes,
    line: &dyn Fn(At) -> u32,
) -> Blueprint {
    let mut build = Build {
        site,
        routes,
        delays: BTreeMap::new(),
        out: empty(name, site),
        views: Vec::new(),
        logs: Vec::new(),
        files: BTreeMap::new(),
    };
    build.network();
    build.hosts();
    build.services();
    build.upstreams();
    build.logs();
    build.files();
    build.tables();
    build.programs();
    build.load();
    build.timeline();
    build.objectives(line);
    build.out.derive();
    build.out
}

fn empty(name: &str, site: &Site) -> Blueprint {
    Blueprint {
        name: name.to_owned(),
        title: site.title.clone(),
        seed: site.seed,
        replications: site.replications,
        warm_up: site.warm_up,
        finds_warm_up: site.finds_warm_up,
        duration: site.duration,
        drain: site.drain,
        delays: Vec::new(),
        hops: Vec::new(),
        laws: Vec::new(),
        hosts: Vec::new(),
        currency: site.machines.iter().find_map(|it| Some(it.price.as_ref()?.currency.clone())),
        latency: Vec::new(),
        zones: 0,
        zone_names: Vec::new(),
        loopback: DelayId(0),
        services: Vec::new(),
        instances: Vec::new(),
        upstreams: Vec::new(),
        servers: Vec::new(),
        endpoints: Vec::new(),
        program: Vec::new(),
        files: Vec::new(),
        tables: Vec::new(),
        buffer_pools: Vec::new(),
        logs: Vec::new(),
        requests: Vec::new(),
        workloads: Vec::new(),
        timeline: Vec::new(),
        objectives: Vec::new(),
        episodes: Vec::new(),
    }
}

impl Build<'_> {
    /// The number of a constant delay, the same for the same span.
    fn delay(&mut self, span: Span) -> DelayId {
        let next = DelayId(self.out.delays.len() as u32);
        let id = *self.delays.entry(span).or_insert(next);
        if id == next {
            self.out.delays.push(span);
        }
        id
    }

    fn law(&mut self, law: &Law) -> LawId {
        self.out.laws.push(law.clone());
        LawId(self.out.laws.len() as u32 - 1)
    }

    /// A law of time, and its delay if it is constant.
    fn law_and_delay(&mut self, law: &Law) -> (LawId, Option<DelayId>) {
        let delay = law.as_constant().map(|seconds| self.delay(Span::from_seconds(seconds)));
        (self.law(law), delay)
    }
}
