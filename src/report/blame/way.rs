//! Time that passes on the way: between zones, and on the lines of visitors. A call that is on its way
//! is at nobody, but whoever waits for it holds what it holds.

use std::collections::BTreeSet;

use super::who::Who;
use crate::{
    model::blueprint::{Blueprint, Objective, Promise, Scope, Upstream, Workload},
    report::format::{seconds, three},
};

impl Who<'_> {
    /// The longest way from a service to one that it calls, if it leaves the zone.
    pub(super) fn longest_way(&self, service: usize) -> Option<String> {
        let own = self.site.upstreams.iter().filter(|it| it.caller.index() == service);
        let mut longest: Option<(f64, u32, u32)> = None;
        for (way_s, from, to) in
            own.flat_map(|it| ways_between(self.site, service, it.callee.index()))
        {
            if from != to && longest.is_none_or(|it| way_s > it.0) {
                longest = Some((way_s, from, to));
            }
        }
        let (way_s, from, to) = longest?;
        let name = |zone: u32| self.site.zone_names.get(zone as usize);
        let way = format!("{} one way from zone {} to {}", seconds(way_s), name(from)?, name(to)?);
        Some(way)
    }

    /// Calls of a service that are under way to those it calls, or back, if nothing delays them there.
    pub(super) fn under_way(&self, service: usize) -> f64 {
        let mut ways: Vec<(usize, f64)> = Vec::new();
        for upstream in self.site.upstreams.iter().filter(|it| it.caller.index() == service) {
            let callee = upstream.callee.index();
            let between = ways_between(self.site, service, callee);
            let sum: f64 = between.iter().map(|it| it.0).sum();
            let both_s = self.both_ways_s(upstream, sum / between.len().max(1) as f64);
            match ways.iter_mut().find(|(it, _)| *it == callee) {
                // One more view of the same: its calls are counted once.
                Some((_, most)) => *most = most.max(both_s),
                None => ways.push((callee, both_s)),
            }
        }
        let calls =
            |callee: usize| self.served[callee].unwrap_or(0.0) * self.share_of(callee, service);
        ways.into_iter().map(|(callee, both_s)| calls(callee) * both_s).sum()
    }

    /// Where the lines of visitors alone take as long as is promised for all, or most of the time
    /// where nothing at the end of the path is short: the longest of them.
    pub(super) fn lines(&self, objective: &Objective, entry: usize, end: usize) -> Option<String> {
        let (limit_s, share) = match objective.promise {
            Promise::Percentile { share, limit } => (limit.seconds(), share),
            Promise::Mean { limit } => (limit.seconds(), 0.5),
            _ => return None,
        };
        if matches!(objective.scope, Scope::Service(_)) {
            return None;
        }
        let (mut all, mut sum_s, mut beyond) = (0.0, 0.0, 0.0);
        let mut longest: Option<(f64, f64, &Workload)> = None;
        for (workload, tally) in self.site.workloads.iter().zip(&self.pool.workloads) {
            let is_asked = |request: usize| self.concerned.requests.contains(&request);
            if !self.concerned.touches(workload.service.index())
                || !workload.mix.iter().any(|it| is_asked(it.request.index()))
            {
                continue;
            }
            let (one_s, both_s) = self.line_s(workload, entry)?;
            let count = (tally.ok + tally.failed) as f64;
            all += count;
            sum_s += count * both_s;
            beyond += if both_s >= limit_s { count } else { 0.0 };
            if longest.is_none_or(|it| both_s > it.1) {
                longest = Some((one_s, both_s, workload));
            }
        }
        let mean_s = sum_s / all;
        let is_enough = match objective.promise {
            Promise::Mean { .. } => mean_s >= limit_s,
            _ => beyond > (1.0 - share) * all,
        };
        let is_most = 2.0 * mean_s >= limit_s
            && 2.0 * mean_s > self.mean_s().unwrap_or(0.0)
            && !self.is_congested(end);
        let (one_s, _, workload) = longest?;
        if is_enough || is_most {
            return Some(format!("{} one way, {}", seconds(one_s), workload.name));
        }
        // Bytes that are neither at the entry nor delayed by the distance crawl through a slow line.
        let slow = self.slow_line(entry)?;
        let inside_s = self.load(entry).0 / self.served[entry]?;
        let is_crawl = 2.0 * (self.mean_s()? - mean_s - inside_s) > self.mean_s()?;
        (is_crawl && !self.is_congested(end)).then_some(slow)
    }

    /// The slowest line of visitors who come in at a service, if any has a speed.
    pub(super) fn slow_line(&self, entry: usize) -> Option<String> {
        let comes_in = |visitors: usize| {
            let mut ways = self.site.upstreams.iter();
            ways.any(|it| it.caller.index() == visitors && it.callee.index() == entry)
        };
        let own = self.site.workloads.iter().filter(|it| {
            let visitors = it.service.index();
            self.concerned.touches(visitors) && comes_in(visitors)
        });
        let (bits, name) = own.filter_map(|it| Some((it.bandwidth?, it.name.as_str()))).min()?;
        Some(format!("{} Mbit/s, {name}", three(bits as f64 / 1e6)))
    }

    /// Seconds one way between visitors and where they come in, and there and back.
    fn line_s(&self, workload: &Workload, entry: usize) -> Option<(f64, f64)> {
        let visitors = workload.service.index();
        let upstreams = self.site.upstreams.iter();
        let mut own = upstreams.filter(|it| it.caller.index() == visitors);
        let upstream = own
            .find(|it| it.callee.index() == entry)
            .or_else(|| self.site.upstreams.iter().find(|it| it.caller.index() == visitors))?;
        let one_s = if let Some(law) = workload.latency {
            self.site.laws[law.index()].mean()
        } else {
            let ways = ways_between(self.site, visitors, upstream.callee.index());
            ways.iter().map(|it| it.0).sum::<f64>() / ways.len().max(1) as f64
        };
        Some((one_s, self.both_ways_s(upstream, one_s)))
    }

    /// The mean time of those requests that did not fail.
    fn mean_s(&self) -> Option<f64> {
        let (mut count, mut sum) = (0_u64, 0_u128);
        for &request in &self.concerned.requests {
            for part in &self.pool.requests[request].parts {
                count += part.ok;
                sum += u128::from(part.latency_ns);
            }
        }
        (count > 0).then(|| sum as f64 / 1e9 / count as f64)
    }

    /// There and back, with the handshakes where each call has a connection of its own.
    fn both_ways_s(&self, upstream: &Upstream, one_s: f64) -> f64 {
        let callee = &self.site.services[upstream.callee.index()];
        let opens = callee.accept.is_some() && upstream.idle_max == 0;
        let rounds = if opens { 2 + upstream.handshake_rounds } else { 1 };
        2.0 * one_s * f64::from(rounds)
    }
}

/// Seconds one way between the zones of two services, with the zones.
pub(super) fn ways_between(site: &Blueprint, caller: usize, callee: usize) -> Vec<(f64, u32, u32)> {
    let zones = |service: usize| {
        let own = site.instances.iter().filter(move |it| it.service.index() == service);
        own.map(|it| it.zone).collect::<BTreeSet<u32>>()
    };
    let mut ways = Vec::new();
    for from in zones(caller) {
        for to in zones(callee) {
            let delay = site.latency[(from * site.zones + to) as usize];
            ways.push((site.delays[delay.0 as usize].seconds(), from, to));
        }
    }
    ways
}
