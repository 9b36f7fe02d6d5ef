//! Who is to blame. Whoever waits is not.
//!
//! From where the requests come in, the way is followed along what is *held*: of the calls at a
//! service (Little's law: their number is where the time goes) some wait for it, some are worked on
//! by it, and some hold their place while a service further down has not answered. As long as most
//! of those that are not waiting are held by another one, that one is to blame rather than this. A
//! queue at a balancer because of a slow database ends at the database. Levels are those of the
//! time in which the promise was broken.
//!
//! What fails has a cause of its own: an event that took away who should have answered, or a door
//! that is full. A full door is to blame itself, unless somebody behind it keeps it full. That no
//! server is left because all were late is not the servers' absence, but whatever made them late.

use std::collections::BTreeSet;

use super::{Stretch, concerned::Concerned, covers, lasts, told};
use crate::{
    measure::{
        figures::Figures,
        outcome::Cause,
        tally::{Causes, Tally},
    },
    model::blueprint::{Accept, Blueprint, Episode, Objective, Promise, Scope, Serving, What},
    report::{
        format::{percent, seconds, three, utilisation},
        summary::VISITORS,
    },
};

/// From so much in use on a resource is short.
const SHORT: f64 = 0.7;

/// The services on the way to the one to blame, and why it is.
pub(super) fn who(
    site: &Blueprint,
    pool: &Tally,
    objective: &Objective,
    concerned: &Concerned,
    bad: &[Stretch],
) -> (Vec<String>, String) {
    let ruler = pool.usage_ruler;
    let is_bad = |part: &usize| {
        let (from, until) = ruler.edges_s(*part);
        bad.is_empty() || bad.iter().any(|it| it.0 < until && from < it.1)
    };
    let parts: Vec<usize> = (0..ruler.parts()).filter(is_bad).collect();
    let time: f64 = parts.iter().map(|&it| ruler.edges_s(it).1 - ruler.edges_s(it).0).sum();
    let served =
        Figures::of(pool).numbers().services.iter().map(|it| it.throughput_per_s).collect();
    let nanos = time * 1e9 * f64::from(pool.replications);
    let looks = Who { site, pool, concerned, parts, nanos, served };
    let Some(entry) = looks.entry(objective) else { return (Vec::new(), String::new()) };
    let (path, why) = looks
        .failing(objective, entry, bad)
        .or_else(|| looks.missing(entry, bad))
        .unwrap_or_else(|| {
            let path = looks.follow(entry);
            let why = looks.why(&path);
            (path, why)
        });
    let names: Vec<String> = path.iter().map(|&it| site.services[it].name.clone()).collect();
    let text = match names.len() {
        1 => why,
        _ => format!("{why} (held: {})", names.join(" → ")),
    };
    (names, text)
}

struct Who<'a> {
    site: &'a Blueprint,
    pool: &'a Tally,
    concerned: &'a Concerned,
    /// The parts of the window in which it is broken, and how long they are, all replications
    /// together.
    parts: Vec<usize>,
    nanos: f64,
    /// Calls a second, by service.
    served: Vec<Option<f64>>,
}

impl Who<'_> {
    /// Where the calls come in that an objective is about.
    fn entry(&self, objective: &Objective) -> Option<usize> {
        if let Scope::Service(id) = objective.scope {
            return Some(id.index());
        }
        let mut visitors = self.site.upstreams.iter().filter(|upstream| {
            let caller = &self.site.services[upstream.caller.index()];
            caller.kind == VISITORS && self.concerned.touches(upstream.caller.index())
        });
        visitors.next().map(|upstream| upstream.callee.index())
    }

    /// Where it is broken because most of what is bad failed, and failures tell why.
    fn failing(
        &self,
        objective: &Objective,
        entry: usize,
        bad: &[Stretch],
    ) -> Option<(Vec<usize>, String)> {
        if !self.fails(objective) {
            return None;
        }
        let (all, _) = failures(&self.concerned.causes);
        let (place, cause, count) = self.most_blamed()?;
        let seen_by = match self.site.services[place].kind {
            VISITORS => "visitors",
            _ => &self.site.services[place].name,
        };
        let share = percent(count as f64 / all as f64);
        let failures = format!("{share} of the failures are `{}`, seen by {seen_by}", cause.name());
        if let Some((service, episode)) = self.gone(bad).filter(|_| self.is_mostly(is_absence, all))
        {
            let name = &self.site.services[service].name;
            return Some((
                vec![service],
                format!("{name}: {}; {failures}", told(self.site, episode)),
            ));
        }
        if !is_door(cause) || 2 * count < all {
            return None;
        }
        let refused_by = self.refused_by(place, cause).filter(|_| cause != Cause::OutOfConnections);
        let is_visitors = self.site.services[place].kind == VISITORS;
        let callee = refused_by.unwrap_or(if is_visitors { entry } else { place });
        let behind = self.follow(callee);
        if self.is_congested(behind[behind.len() - 1]) {
            let why = self.why(&behind);
            return Some((behind, format!("{why}; {failures}")));
        }
        let name = &self.site.services[callee].name;
        if cause == Cause::QueueTimeout && callee != place {
            let (here, _) = self.load(callee);
            let places =
                format!("{name}: too few places for it at {seen_by} (pool, limit a server)");
            let text = format!("{places}; {failures}; {} calls there on average", three(here));
            return Some((vec![callee], text));
        }
        let limit = self.site.services[callee].accept.and_then(|it| limit(&it, cause));
        let limit = limit.map_or(String::new(), |limit| format!(" (limit {limit})"));
        Some((vec![callee], format!("{name}: it lets no more in{limit}; {failures}")))
    }

    /// Where nobody on the way is short of anything, and somebody was taken away: the time goes to
    /// finding out that nobody answers.
    fn missing(&self, entry: usize, bad: &[Stretch]) -> Option<(Vec<usize>, String)> {
        let path = self.follow(entry);
        let (service, episode) =
            self.gone(bad).filter(|_| !self.is_congested(path[path.len() - 1]))?;
        let name = &self.site.services[service].name;
        let told = told(self.site, episode);
        Some((vec![service], format!("{name}: {told}; nobody on the way is short of anything")))
    }

    /// Whether what is bad are failures rather than late successes.
    fn fails(&self, objective: &Objective) -> bool {
        let (failed, all) = failures(&self.concerned.causes);
        match objective.promise {
            Promise::Success { .. } => true,
            Promise::Percentile { share, .. } => {
                !objective.successes_only && failed as f64 > (1.0 - share) * all as f64
            }
            Promise::Recovery(_) | Promise::Budget(_) | Promise::Throughput { .. } => {
                100 * failed > all
            }
            Promise::Mean { .. }
            | Promise::Utilisation { .. }
            | Promise::Queue { .. }
            | Promise::Lag { .. } => false,
        }
    }

    /// Where most of the requests in question failed first, and why. Places are counted for all
    /// requests, so of each cause there are no more than those in question had.
    fn most_blamed(&self) -> Option<(usize, Cause, u64)> {
        let mut most = None;
        let places = self.pool.services.iter().enumerate();
        for (service, tally) in places.filter(|(it, _)| self.concerned.may_fail_at(*it)) {
            for ((&cause, &count), &own) in
                Cause::ALL.iter().zip(&tally.blamed).zip(&self.concerned.causes)
            {
                let count = count.min(own);
                if count > most.map_or(0, |(_, _, count)| count) {
                    most = Some((service, cause, count));
                }
            }
        }
        most
    }

    /// Whether most failures are of this kind.
    fn is_mostly(&self, is: impl Fn(Cause) -> bool, all: u64) -> bool {
        let counted = Cause::ALL.iter().zip(&self.concerned.causes);
        2 * counted.filter(|(cause, _)| is(**cause)).map(|(_, count)| count).sum::<u64>() >= all
    }

    /// The event that took a service's instances away for most of the bad time, if there is one.
    fn gone(&self, bad: &[Stretch]) -> Option<(usize, &Episode)> {
        let length: f64 = bad.iter().map(|it| it.1 - it.0).sum();
        let mut taken = self.site.timeline.iter().filter_map(|happening| {
            let instance =
                match happening.what {
                    What::Crash(instance) => instance.index(),
                    What::Lose(host) => self.site.instances.iter().position(|it| {
                        it.host == host && self.concerned.touches(it.service.index())
                    })?,
                    What::Restart(_) | What::Restore(_) => return None,
                };
            let service = self.site.instances[instance].service.index();
            if !self.concerned.touches(service) {
                return None;
            }
            let episode = &self.site.episodes[happening.episode as usize];
            let event = lasts(self.site, episode);
            let covered: f64 = bad.iter().map(|&it| covers(event, it)).sum();
            (2.0 * covered >= length && length > 0.0).then_some((service, episode))
        });
        taken.next()
    }

    /// Whom a service called most often when it saw that.
    fn refused_by(&self, caller: usize, cause: Cause) -> Option<usize> {
        let own = self.site.upstreams.iter().zip(&self.pool.upstreams);
        let own = own.filter(|(upstream, _)| upstream.caller.index() == caller);
        let most = own.max_by_key(|(_, tally)| tally.failed[cause as usize])?;
        (most.1.failed[cause as usize] > 0).then(|| most.0.callee.index())
    }

    /// From a service along what is held.
    fn follow(&self, from: usize) -> Vec<usize> {
        let mut path = vec![from];
        while let Some(next) = self.held_by(path[path.len() - 1]).or_else(|| self.sent_by(&path))
            && !path.contains(&next)
        {
            path.push(next);
        }
        path
    }

    /// Whom the last of a path calls that is short of something, where the last one is not: answers
    /// on their way through a line that is too slow are at neither.
    fn sent_by(&self, path: &[usize]) -> Option<usize> {
        let last = path[path.len() - 1];
        if self.is_congested(last) {
            return None;
        }
        let own = self.site.upstreams.iter().filter(|it| it.caller.index() == last);
        own.map(|it| it.callee.index()).find(|&it| {
            self.busiest(it).is_some_and(|(_, used)| used >= SHORT) && !path.contains(&it)
        })
    }

    /// Calls at a service while the promise is broken, and those of them that wait there.
    fn load(&self, service: usize) -> (f64, f64) {
        let by_part = &self.pool.services[service].load_by_part;
        let of = self.parts.iter().filter_map(|&part| by_part.get(part));
        let (here, waiting) = of.fold((0, 0), |(here, waiting), it| {
            (here + u128::from(it.in_system), waiting + u128::from(it.waiting))
        });
        (here as f64 / self.nanos, waiting as f64 / self.nanos)
    }

    /// Calls in an upstream's queues.
    fn queued(&self, upstream: usize) -> f64 {
        let by_part = &self.pool.upstreams[upstream].queued_by_part;
        let of = self.parts.iter().filter_map(|&part| by_part.get(part));
        of.map(|&area| u128::from(area)).sum::<u128>() as f64 / self.nanos
    }

    /// The service further down that holds most of the calls at this one that are not waiting for
    /// it, if more are held than are worked on here.
    fn held_by(&self, service: usize) -> Option<usize> {
        let (here, waiting) = self.load(service);
        let inside = here - waiting;
        let mut held: Vec<(usize, f64)> = Vec::new();
        for (index, upstream) in self.site.upstreams.iter().enumerate() {
            if upstream.caller.index() != service {
                continue;
            }
            let callee = upstream.callee.index();
            let calls = self.load(callee).0 * self.share_of(callee, service) + self.queued(index);
            match held.iter_mut().find(|(it, _)| *it == callee) {
                // One more view of the same: its calls are counted already.
                Some((_, sum)) => *sum += self.queued(index),
                None => held.push((callee, calls)),
            }
        }
        let all: f64 = held.iter().map(|(_, calls)| calls).sum();
        let most = held.into_iter().fold(None, |most: Option<(usize, f64)>, it| match most {
            Some(most) if most.1 >= it.1 => Some(most),
            _ => Some(it),
        });
        let (callee, calls) = most?;
        (calls > 0.0 && all > inside - all).then_some(callee)
    }

    /// How many of the calls at `callee` come from `caller`: in proportion to what callers serve.
    fn share_of(&self, callee: usize, caller: usize) -> f64 {
        let served = |service: usize| self.served[service].unwrap_or(0.0);
        let upstreams = self.site.upstreams.iter().filter(|it| it.callee.index() == callee);
        let mut callers: Vec<usize> = upstreams.map(|it| it.caller.index()).collect();
        callers.sort_unstable();
        callers.dedup();
        let all: f64 = callers.iter().map(|&it| served(it)).sum();
        if callers.len() == 1 || all == 0.0 { 1.0 } else { served(caller) / all }
    }

    fn is_congested(&self, service: usize) -> bool {
        let (here, waiting) = self.load(service);
        let busiest = self.busiest(service);
        2.0 * waiting > here || busiest.is_some_and(|(_, used)| used >= SHORT)
    }

    /// What of the last service is used most, and how many calls are there.
    fn why(&self, path: &[usize]) -> String {
        let last = path[path.len() - 1];
        let service = &self.site.services[last];
        let name = &service.name;
        let (here, waiting) = self.load(last);
        let upstreams = self.site.upstreams.iter().enumerate();
        let outside: Vec<(usize, f64)> = upstreams
            .filter(|(_, it)| it.callee.index() == last)
            .map(|(index, it)| (it.caller.index(), self.queued(index)))
            .collect();
        let queued: f64 = outside.iter().map(|it| it.1).sum();
        let busiest = self.busiest(last);
        let is_short = busiest.as_ref().is_some_and(|(_, used)| *used >= SHORT);
        let busy = busiest.map(|(of, used)| format!("{of} {} busy", utilisation(used)));
        let mut text = match busy {
            Some(busy) if is_short => format!("{name}: {busy}"),
            _ if queued > here => {
                let caller = outside.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|it| it.0);
                let caller = caller.map_or("", |it| &self.site.services[it].name);
                format!("{name}: too few places for it at {caller} (pool, limit a server)")
            }
            busy => {
                let busy = busy.map_or(String::new(), |busy| format!(" ({busy} at most)"));
                let why = match (service.accept.is_some(), service.upstreams) {
                    (true, 1..) => {
                        let way =
                            self.longest_way(last).map_or(String::new(), |it| format!(" ({it})"));
                        format!("the time goes to the network{way}, or to the lines of who calls")
                    }
                    _ => "its work takes that long by itself".to_owned(),
                };
                format!("{name}: nothing there is short{busy}, {why}")
            }
        };
        text.push_str(&format!("; {} calls there on average", three(here)));
        if waiting > 0.05 * here {
            text.push_str(&format!(", {} of them waiting", three(waiting)));
        }
        if queued > 0.05 * here {
            text.push_str(&format!(", {} more queue outside", three(queued)));
        }
        text
    }

    /// The longest way from a service to one that it calls, if it leaves the zone.
    fn longest_way(&self, service: usize) -> Option<String> {
        let zones = |service: usize| {
            let own = self.site.instances.iter().filter(move |it| it.service.index() == service);
            own.map(|it| it.zone).collect::<BTreeSet<u32>>()
        };
        let mut longest: Option<(f64, u32, u32)> = None;
        let own = self.site.upstreams.iter().filter(|it| it.caller.index() == service);
        for callee in own.map(|it| it.callee.index()) {
            for from in zones(service) {
                for to in zones(callee).into_iter().filter(|to| *to != from) {
                    let delay = self.site.latency[(from * self.site.zones + to) as usize];
                    let way_s = self.site.delays[delay.0 as usize].seconds();
                    if longest.is_none_or(|it| way_s > it.0) {
                        longest = Some((way_s, from, to));
                    }
                }
            }
        }
        let (way_s, from, to) = longest?;
        let name = |zone: u32| self.site.zone_names.get(zone as usize);
        let way = format!("{} one way from zone {} to {}", seconds(way_s), name(from)?, name(to)?);
        Some(way)
    }

    /// The busiest resource of a service.
    fn busiest(&self, service: usize) -> Option<(String, f64)> {
        let used = |areas: &[u64], of: u32| {
            let area: u64 = self.parts.iter().map(|&part| areas[part]).sum();
            area as f64 / (self.nanos * f64::from(of.max(1)))
        };
        let mut most: Option<(String, f64)> = None;
        let mut consider = |of: String, share: f64| {
            if most.as_ref().is_none_or(|(_, most)| share > *most + 0.005) {
                most = Some((of, share));
            }
        };
        let (here, waiting) = self.load(service);
        let waits = waiting > 0.01 * here;
        let instances = self.site.instances.iter().zip(&self.pool.instances).enumerate();
        for (index, (instance, tally)) in instances {
            if instance.service.index() != service {
                continue;
            }
            let host = instance.host.index();
            if let (Some(it), Some(shape)) =
                (self.pool.hosts.get(host), self.pool.shape.hosts.get(host))
            {
                let name = &self.site.hosts[host].name;
                consider(format!("CPU of {name}"), used(&it.runnable.used.by_part, shape.cores));
                if shape.disk_parallel > 0 {
                    let disk = used(&it.disk.by_part, shape.disk_parallel);
                    consider(format!("disk of {name}"), disk);
                }
                if self.site.hosts[host].nic_bits.is_some() {
                    consider(format!("NIC of {name}, out"), used(&it.sending.by_part, 1));
                    consider(format!("NIC of {name}, in"), used(&it.receiving.by_part, 1));
                }
            }
            // Whoever holds a worker while somebody else works is short of them only if others wait.
            let is_loops = matches!(self.site.services[service].serving, Serving::Loops { .. });
            if let Some(workers) = self.pool.shape.instances[index].workers
                && (is_loops || waits)
            {
                let busy = used(&tally.busy.used.by_part, workers);
                consider(format!("workers of {}", instance.name), busy);
            }
        }
        most
    }
}

/// How many failed, of how many.
fn failures(causes: &Causes) -> (u64, u64) {
    let all: u64 = causes.iter().sum();
    (all - causes[Cause::None as usize], all)
}

/// Nobody was there who could have answered.
fn is_absence(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Refused
            | Cause::Reset
            | Cause::Truncated
            | Cause::NoServer
            | Cause::ConnectTimeout
            | Cause::ResponseTimeout
    )
}

/// Somebody was there, and let nobody in.
fn is_door(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Refused
            | Cause::ConnectTimeout
            | Cause::QueueFull
            | Cause::QueueTimeout
            | Cause::TooManyConnections
            | Cause::OutOfConnections
    )
}

/// The limit that a door has for this.
fn limit(accept: &Accept, cause: Cause) -> Option<u32> {
    let limit = match cause {
        Cause::OutOfConnections => accept.process_connections_max,
        _ => accept.connections_max.min(accept.process_connections_max),
    };
    (limit != u32::MAX).then_some(limit)
}
