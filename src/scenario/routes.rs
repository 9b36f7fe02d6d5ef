//! Who answers whom: proxies pass requests on until somebody answers them,
//! and nobody calls himself in a circle.

mod names;

pub(crate) use names::resolve;

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::{
    fields::Notes,
    mistake::At,
    program::calls,
    schema::{Name, Rounds, Service, Site, Step, Target, What},
};

/// Service and endpoint, by index.
pub(crate) type Answerer = (usize, usize);

/// Something that can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An endpoint that the service answers itself.
    Own(usize),
    /// What a proxy passes on to who answers it.
    Pass(Answerer),
}

/// All that can be called, service by service, in the numbering of the compiled form.
#[derive(Debug)]
pub(crate) struct Routes {
    /// Service and origin of each.
    pub(crate) endpoints: Vec<(usize, Origin)>,
    /// Where each service's begin; one more at the end.
    pub(crate) first: Vec<usize>,
    passes: Vec<Vec<Answerer>>,
    ways: BTreeMap<(usize, usize), usize>,
    /// Calls a second of each endpoint, as far as they can be known before anything runs.
    pub(crate) rates: Vec<f64>,
}

/// One step on the way to an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    /// Of the caller's list.
    pub(crate) upstream: usize,
    /// Of `Routes::endpoints`.
    pub(crate) endpoint: usize,
}

/// Finds every way; a service that calls another without having declared a view of it gets one.
pub(crate) fn find_ways(site: &mut Site, notes: &Notes) -> Routes {
    declare(site);
    let mut routes = Routes {
        endpoints: Vec::new(),
        first: Vec::new(),
        passes: vec![Vec::new(); site.services.len()],
        ways: BTreeMap::new(),
        rates: Vec::new(),
    };
    let mut pending: Vec<(usize, Answerer, At)> = Vec::new();
    for (number, service) in site.services.iter().enumerate() {
        for endpoint in &service.parts.endpoints {
            let mut found = Vec::new();
            calls(&endpoint.steps, &mut found);
            pending.extend(found.iter().filter_map(|t| Some((number, t.found?, t.at))));
        }
    }
    let mut passed = BTreeSet::new();
    pending.reverse();
    while let Some((from, to, at)) = pending.pop() {
        let Some(upstream) = routes.way(site, from, to.0, at, notes) else { continue };
        let callee = site.services[from].parts.upstreams[upstream].callee.expect("a way has one");
        if callee != to.0 && passed.insert((callee, to)) {
            routes.passes[callee].push(to);
            pending.push((callee, to, at));
        }
    }
    routes.pass_checks(site, notes);
    for (number, service) in site.services.iter().enumerate() {
        routes.first.push(routes.endpoints.len());
        let own = (0..service.parts.endpoints.len()).map(|own| (number, Origin::Own(own)));
        routes.endpoints.extend(own);
        let passes = routes.passes[number].iter().map(|to| (number, Origin::Pass(*to)));
        routes.endpoints.extend(passes);
    }
    routes.first.push(routes.endpoints.len());
    if notes.is_clean() {
        routes.find_rates(site, notes);
    }
    routes
}

/// Views that nobody has declared.
fn declare(site: &mut Site) {
    for number in 0..site.services.len() {
        let service = &site.services[number];
        if service.kind == "visitors" || service.parts.passing.is_some() {
            continue;
        }
        let mut wanted: Vec<(usize, At)> = Vec::new();
        for endpoint in &service.parts.endpoints {
            let mut found = Vec::new();
            calls(&endpoint.steps, &mut found);
            for target in found {
                let Some((to, _)) = target.found else { continue };
                let is_known = wanted.iter().any(|(known, _)| *known == to);
                if !is_known && candidates(&site.services, number, to).is_empty() {
                    wanted.push((to, target.at));
                }
            }
        }
        for (to, at) in wanted {
            let text = site.services[to].name.text.clone();
            let parts = &mut site.services[number].parts;
            let mut upstream = parts.undeclared.clone();
            upstream.name = format!("upstream {text}");
            upstream.servers = Name { text, at };
            upstream.callee = Some(to);
            parts.upstreams.push(upstream);
        }
    }
}

/// The upstreams of `from` that lead to `to`: those to itself, or else those through proxies.
fn candidates(services: &[Service], from: usize, to: usize) -> Vec<usize> {
    let upstreams = &services[from].parts.upstreams;
    let direct: Vec<usize> =
        (0..upstreams.len()).filter(|number| upstreams[*number].callee == Some(to)).collect();
    if !direct.is_empty() {
        return direct;
    }
    let leads = |number: &usize| {
        upstreams[*number].callee.is_some_and(|callee| reaches(services, callee, to, from))
    };
    (0..upstreams.len()).filter(leads).collect()
}

/// Whether proxies from `start` on pass requests to `to`, without going through `avoided`.
fn reaches(services: &[Service], start: usize, to: usize, avoided: usize) -> bool {
    let mut seen = BTreeSet::from([start, avoided]);
    let mut pending = vec![start];
    while let Some(number) = pending.pop() {
        if services[number].parts.passing.is_none() {
            continue;
        }
        for callee in services[number].parts.upstreams.iter().filter_map(|u| u.callee) {
            if callee == to {
                return true;
            }
            if seen.insert(callee) {
                pending.push(callee);
            }
        }
    }
    false
}

impl Routes {
    /// The upstream of `from` towards `to`; a mistake if there is none, or more than one.
    fn way(&mut self, site: &Site, from: usize, to: usize, at: At, notes: &Notes) -> Option<usize> {
        if let Some(known) = self.ways.get(&(from, to)) {
            return Some(*known);
        }
        let found = candidates(&site.services, from, to);
        let name = |number: usize| format!("`{}`", site.services[number].name.text);
        match found[..] {
            [only] => {
                self.ways.insert((from, to), only);
                Some(only)
            }
            [] => {
                let says = format!("no way from {} to {}", name(from), name(to));
                let hint = "a proxy passes on to the `servers` of its backends and upstreams";
                notes.hinted(at, says, hint);
                None
            }
            _ => {
                let upstreams = &site.services[from].parts.upstreams;
                let names: Vec<&str> = found.iter().map(|n| upstreams[*n].name.as_str()).collect();
                let says = format!("several ways from {} to {}", name(from), name(to));
                notes.hinted(at, says, format!("ways: {}", names.join(", ")));
                None
            }
        }
    }

    /// Health checks may ask for what a proxy only passes on.
    fn pass_checks(&mut self, site: &Site, notes: &Notes) {
        for service in &site.services {
            for upstream in &service.parts.upstreams {
                let target = upstream.check.as_ref().and_then(|check| check.endpoint.as_ref());
                let Some(target) = target else { continue };
                let (Some(callee), Some(to)) = (upstream.callee, target.found) else { continue };
                if to.0 != callee && !self.passes[callee].contains(&to) {
                    let says = format!(
                        "`{}` does not answer `{}.{}`",
                        upstream.servers.text, target.service, target.endpoint
                    );
                    notes.hinted(target.at, says, "a check asks for what visitors ask for too");
                }
            }
        }
    }

    /// Number of what `service` answers for `to`.
    pub(crate) fn endpoint(&self, service: usize, to: Answerer) -> usize {
        let first = self.first[service];
        if service == to.0 {
            return first + to.1;
        }
        let range = first..self.first[service + 1];
        let pass = Origin::Pass(to);
        range.clone().find(|n| self.endpoints[*n].1 == pass).expect("every pass has been found")
    }

    /// Where a call from `from` goes first.
    pub(crate) fn hop(&self, site: &Site, from: usize, to: Answerer) -> Hop {
        let upstream = self.ways[&(from, to.0)];
        let callee = site.services[from].parts.upstreams[upstream].callee.expect("resolved");
        Hop { upstream, endpoint: self.endpoint(callee, to) }
    }

    /// What each endpoint calls and how often for each of its own calls.
    fn edges(&self, site: &Site, number: usize) -> Vec<(usize, f64)> {
        let (service, origin) = self.endpoints[number];
        let mut edges = Vec::new();
        match origin {
            Origin::Own(own) => {
                let steps = &site.services[service].parts.endpoints[own].steps;
                expected(steps, 1.0, &mut |target, times| {
                    let to = target.found.expect("resolved");
                    edges.push((self.hop(site, service, to).endpoint, times));
                });
            }
            Origin::Pass(to) => edges.push((self.hop(site, service, to).endpoint, 1.0)),
        }
        edges
    }

    /// Follows the calls from the visitors on, callers before callees.
    fn find_rates(&mut self, site: &Site, notes: &Notes) {
        let edges: Vec<_> = (0..self.endpoints.len()).map(|n| self.edges(site, n)).collect();
        let mut callers = vec![0_usize; edges.len()];
        for (to, _) in edges.iter().flatten() {
            callers[*to] += 1;
        }
        self.rates = vec![0.0; edges.len()];
        for workload in &site.workloads {
            let total: f64 = workload.mix.iter().map(|(_, weight)| weight).sum();
            for (number, (_, weight)) in workload.mix.iter().enumerate() {
                let share = weight / total;
                self.rates[self.first[workload.service] + number] = share * workload.usual_rate();
            }
        }
        let mut ready: Vec<usize> = (0..edges.len()).filter(|n| callers[*n] == 0).collect();
        while let Some(number) = ready.pop() {
            for (to, times) in &edges[number] {
                self.rates[*to] += self.rates[number] * times;
                callers[*to] -= 1;
                if callers[*to] == 0 {
                    ready.push(*to);
                }
            }
        }
        if let Some(start) = callers.iter().position(|callers| *callers > 0) {
            self.report_circle(site, start, &edges, &callers, notes);
        }
    }

    fn report_circle(
        &self,
        site: &Site,
        start: usize,
        edges: &[Vec<(usize, f64)>],
        callers: &[usize],
        notes: &Notes,
    ) {
        // Behind a circle lie endpoints that are called from it but do not call on: walk back.
        let back = |to: usize| {
            (0..edges.len())
                .find(|n| callers[*n] > 0 && edges[*n].iter().any(|(callee, _)| *callee == to))
                .expect("who has callers left is called from a circle")
        };
        let mut way = vec![start];
        loop {
            let caller = back(way[way.len() - 1]);
            if let Some(begin) = way.iter().position(|n| *n == caller) {
                way.drain(..begin);
                break;
            }
            way.push(caller);
        }
        way.reverse();
        way.push(way[0]);
        let names: Vec<String> = way.iter().map(|n| self.name(site, *n)).collect();
        let (service, origin) = self.endpoints[way[0]];
        let at = match origin {
            Origin::Own(own) => site.services[service].parts.endpoints[own].name.at,
            Origin::Pass(_) => site.services[service].name.at,
        };
        let hint = names.join(" calls ");
        notes.hinted(at, "endpoints that call each other in a circle", hint);
    }

    /// `app.checkout`; for a proxy the name of what it passes on.
    pub(crate) fn name(&self, site: &Site, number: usize) -> String {
        let (service, origin) = self.endpoints[number];
        let (service, own) = match origin {
            Origin::Own(own) => (service, own),
            Origin::Pass(to) => to,
        };
        let service = &site.services[service];
        format!("{}.{}", service.name.text, service.parts.endpoints[own].name.text)
    }
}

/// Tells `found` of every call and how often it is to be expected.
fn expected(steps: &[Step], times: f64, found: &mut dyn FnMut(&Target, f64)) {
    for step in steps {
        match &step.what {
            What::Call(target) => found(target, times),
            What::Fork { calls, copies } => {
                for target in calls {
                    found(target, times * f64::from(*copies));
                }
            }
            What::Repeat { rounds, steps } => {
                let rounds = match rounds {
                    Rounds::Fixed(count) => f64::from(*count),
                    Rounds::Chance(p) => p / (1.0 - p),
                };
                expected(steps, times * rounds, found);
            }
            What::Branch { share, steps, otherwise } => {
                expected(steps, times * share, found);
                expected(otherwise, times * (1.0 - share), found);
            }
            What::Handshake(_)
            | What::Cpu { .. }
            | What::Wait(_)
            | What::Read { .. }
            | What::Pages { .. }
            | What::File
            | What::Commit
            | What::Respond(_)
            | What::RespondFile => {}
        }
    }
}
