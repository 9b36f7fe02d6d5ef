//! Why a promise is broken: when, and who is to blame.
//!
//! Whoever waits is not to blame. From where the requests come in, the way is followed along what is
//! *held*: of the calls at a service (Little's law: their number is where the time goes) some wait
//! for it, some are worked on by it, and some hold their place while a service further down has
//! not answered. As long as most of those that are not waiting are held by another one, that one is
//! to blame rather than this. A queue at a balancer because of a slow database ends at the database.
//!
//! When: the parts of the window in which the promise would be broken by itself, and what happened
//! then. Parts are judged by compact histograms, so they are told in words, not in verdicts.

use serde::Serialize;

use super::{
    format::{percent, seconds, span, three, utilisation},
    summary::VISITORS,
};
use crate::{
    engine::time::Instant,
    measure::{
        figures::Figures,
        fold::Fold,
        outcome::Cause,
        tally::{Causes, RequestPart, Tally},
    },
    model::blueprint::{Blueprint, Budget, Objective, Promise, Recovery, Scope},
};

/// Why a promise is broken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Blame {
    /// What was broken, by how much.
    pub what: String,
    /// When, and what happened then.
    pub when: String,
    /// The service to blame, and why.
    pub who: String,
    /// The services from the entry to that one.
    pub path: Vec<String>,
}

/// Looks for who is to blame for a broken promise.
pub fn blame(site: &Blueprint, objective: &Objective, fold: &Fold, measured: &str) -> Blame {
    let looks = Look { site, pool: &fold.pool, figures: Figures::of(&fold.pool).numbers() };
    let bad = looks.bad_parts(objective);
    let (path, who) = looks.follow(objective, &bad);
    Blame { what: measured.to_owned(), when: looks.when(objective, &bad), who, path }
}

struct Look<'a> {
    site: &'a Blueprint,
    pool: &'a Tally,
    figures: Figures<Option<f64>>,
}

/// From where to where, in seconds since the window began.
type Stretch = (f64, f64);

impl Look<'_> {
    /// The stretches of the window in which the promise is broken by what arrived there.
    fn bad_parts(&self, objective: &Objective) -> Vec<Stretch> {
        let start = Instant::ZERO + self.site.warm_up;
        let window =
            (objective.from.since(start).seconds(), objective.until.since(start).seconds());
        let ruler = self.pool.request_ruler;
        let requests: Vec<usize> = match objective.scope {
            Scope::Request(id) => vec![id.index()],
            Scope::Site | Scope::Workload(_) | Scope::Service(_) => {
                (0..self.pool.requests.len()).collect()
            }
        };
        let is_bad = |part: usize| {
            let mut all = RequestPart::default();
            for &request in &requests {
                all.merge(&self.pool.requests[request].parts[part]);
            }
            let (from, until) = ruler.edges_s(part);
            let seconds = (until - from) * f64::from(self.pool.replications);
            is_broken(objective.promise, &all, seconds)
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        for part in 0..ruler.parts() {
            let (from, until) = ruler.edges_s(part);
            if until <= window.0 || from >= window.1 || !is_bad(part) {
                continue;
            }
            match stretches.last_mut() {
                Some(last) if last.1 == from => last.1 = until,
                _ => stretches.push((from, until)),
            }
        }
        stretches
    }

    fn when(&self, objective: &Objective, bad: &[Stretch]) -> String {
        let start = Instant::ZERO + self.site.warm_up;
        let from = objective.from.since(start).seconds();
        let until = objective.until.since(start).seconds();
        let length: f64 = bad.iter().map(|it| it.1.min(until) - it.0.max(from)).sum();
        if bad.is_empty() {
            return "throughout, in no part more than in others".to_owned();
        }
        if length > 0.9 * (until - from) {
            return "throughout".to_owned();
        }
        let worst = bad
            .iter()
            .copied()
            .fold(bad[0], |worst, it| if it.1 - it.0 > worst.1 - worst.0 { it } else { worst });
        let mut text = format!("from {} to {}", span(worst.0), span(worst.1));
        if bad.len() > 1 {
            let times = if bad.len() == 2 { "time" } else { "times" };
            text = format!("{text}, and {} shorter {times}", bad.len() - 1);
        }
        let happens = self.site.episodes.iter().find(|episode| {
            let begin = episode.from.since(start).seconds();
            let end = episode.until.since(start).seconds();
            // What is undone may be felt for a while.
            begin <= worst.1 && worst.0 <= end + 0.5 * (end - begin).max(1.0)
        });
        match happens {
            Some(episode) => {
                let begin = episode.from.since(start).seconds();
                let end = episode.until.since(start).seconds();
                format!("{text}; {} from {} to {}", episode.name, span(begin), span(end))
            }
            None => text,
        }
    }

    /// The services on the way to the one to blame, and why it is.
    fn follow(&self, objective: &Objective, bad: &[Stretch]) -> (Vec<String>, String) {
        let Some(entry) = self.entry(objective) else { return (Vec::new(), String::new()) };
        if let Some(told) = self.dead(entry, objective) {
            return told;
        }
        let mut path = vec![entry];
        while let Some(next) = self.held_by(path[path.len() - 1])
            && !path.contains(&next)
        {
            path.push(next);
        }
        let last = path[path.len() - 1];
        let names = path.iter().map(|&it| self.site.services[it].name.clone()).collect();
        (names, self.why(last, &path, bad))
    }

    /// Where the calls come in that an objective is about.
    fn entry(&self, objective: &Objective) -> Option<usize> {
        if let Scope::Service(id) = objective.scope {
            return Some(id.index());
        }
        let mut visitors = self.site.upstreams.iter().filter(|upstream| {
            let caller = &self.site.services[upstream.caller.index()];
            caller.kind == VISITORS
                && match objective.scope {
                    Scope::Workload(id) => {
                        self.site.workloads[id.index()].service == upstream.caller
                    }
                    Scope::Site | Scope::Request(_) | Scope::Service(_) => true,
                }
        });
        visitors.next().map(|upstream| upstream.callee.index())
    }

    /// Where failures come from processes and hosts that were not there, if most of them do.
    fn dead(&self, entry: usize, objective: &Objective) -> Option<(Vec<String>, String)> {
        if !matches!(objective.promise, Promise::Success { .. } | Promise::Percentile { .. }) {
            return None;
        }
        let all: u64 = self.pool.services.iter().map(|it| it.blamed.iter().sum::<u64>()).sum();
        let is_dead = |cause: Cause| {
            matches!(cause, Cause::Refused | Cause::Reset | Cause::Truncated | Cause::NoServer)
        };
        let (at, cause, count) = self.most_blamed()?;
        if !is_dead(cause) || 2 * count < all {
            return None;
        }
        let (from, to) = (&self.site.services[entry].name, &self.site.services[at].name);
        // Whoever called is told of the failure; whom it called was not there.
        let callee = self.site.upstreams.iter().find(|it| it.caller.index() == at);
        let gone = callee.map(|it| self.site.services[it.callee.index()].name.clone());
        let count = percent(count as f64 / all as f64);
        let because = match gone {
            Some(gone) => {
                format!("{gone}: {count} of the failures are `{}` seen by {to}", cause.name())
            }
            None => format!("{to}: {count} of the failures are `{}`", cause.name()),
        };
        let path = if from == to { vec![from.clone()] } else { vec![from.clone(), to.clone()] };
        Some((path, because))
    }

    fn most_blamed(&self) -> Option<(usize, Cause, u64)> {
        let mut most = None;
        for (service, tally) in self.pool.services.iter().enumerate() {
            let blamed: &Causes = &tally.blamed;
            for (&cause, &count) in Cause::ALL.iter().zip(blamed) {
                if count > most.map_or(0, |(_, _, count)| count) {
                    most = Some((service, cause, count));
                }
            }
        }
        most
    }

    /// The service further down that holds most of the calls at this one that are not waiting for
    /// it, if more are held than are worked on here.
    fn held_by(&self, service: usize) -> Option<usize> {
        let figures = &self.figures.services[service];
        let inside = figures.in_system_mean? - figures.waiting_mean?;
        let mut held: Vec<(usize, f64)> = Vec::new();
        for (upstream, figures) in self.site.upstreams.iter().zip(&self.figures.upstreams) {
            if upstream.caller.index() != service {
                continue;
            }
            let callee = upstream.callee.index();
            let own = self.figures.services[callee].in_system_mean.unwrap_or(0.0);
            let calls = own * self.share_of(callee, service) + figures.queued_mean.unwrap_or(0.0);
            match held.iter_mut().find(|(it, _)| *it == callee) {
                // One more view of the same: its calls are counted already.
                Some((_, sum)) => *sum += figures.queued_mean.unwrap_or(0.0),
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
        let served =
            |service: usize| self.figures.services[service].throughput_per_s.unwrap_or(0.0);
        let mut callers: Vec<usize> = self
            .site
            .upstreams
            .iter()
            .filter(|it| it.callee.index() == callee)
            .map(|it| it.caller.index())
            .collect();
        callers.sort_unstable();
        callers.dedup();
        let all: f64 = callers.iter().map(|&it| served(it)).sum();
        if callers.len() == 1 || all == 0.0 { 1.0 } else { served(caller) / all }
    }

    /// What of a service is used most while the promise is broken, and how many calls are there.
    fn why(&self, service: usize, path: &[usize], bad: &[Stretch]) -> String {
        let name = &self.site.services[service].name;
        let busiest = self.busiest(service, bad);
        let figures = &self.figures.services[service];
        let waiting = figures.waiting_mean.unwrap_or(0.0);
        let calls = figures.in_system_mean.unwrap_or(0.0);
        let mut text = match busiest {
            Some((of, used)) => format!("{name}: {of} is {} busy", utilisation(used)),
            None => format!("{name}: nothing there is limited"),
        };
        text.push_str(&format!("; {} calls there on average", three(calls)));
        if waiting > 0.05 * calls {
            text.push_str(&format!(", {} of them waiting", three(waiting)));
        }
        if let Some(mean) = figures.sojourn_mean_s {
            text.push_str(&format!(", {} each", seconds(mean)));
        }
        if path.len() > 1 {
            let names: Vec<&str> =
                path.iter().map(|&it| self.site.services[it].name.as_str()).collect();
            text.push_str(&format!(" (held: {})", names.join(" → ")));
        }
        text
    }

    /// The busiest resource of a service in these stretches (everywhere if there are none).
    fn busiest(&self, service: usize, bad: &[Stretch]) -> Option<(String, f64)> {
        let ruler = self.pool.usage_ruler;
        let parts: Vec<usize> = (0..ruler.parts())
            .filter(|&part| {
                let (from, until) = ruler.edges_s(part);
                bad.is_empty() || bad.iter().any(|it| it.0 < until && from < it.1)
            })
            .collect();
        let time: f64 = parts.iter().map(|&it| ruler.edges_s(it).1 - ruler.edges_s(it).0).sum();
        let time = time * 1e9 * f64::from(self.pool.replications);
        let used = |areas: &[u64], of: u32| {
            let area: u64 = parts.iter().map(|&part| areas[part]).sum();
            area as f64 / (time * f64::from(of.max(1)))
        };
        let mut most: Option<(String, f64)> = None;
        let mut consider = |of: String, share: f64| {
            if most.as_ref().is_none_or(|(_, most)| share > *most + 0.005) {
                most = Some((of, share));
            }
        };
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
                let cpu = used(&it.runnable.used.by_part, shape.cores);
                consider(format!("CPU of {name}"), cpu);
                if shape.disk_parallel > 0 {
                    consider(
                        format!("disk of {name}"),
                        used(&it.disk.by_part, shape.disk_parallel),
                    );
                }
                if self.site.hosts[host].nic_bits.is_some() {
                    consider(format!("NIC of {name}, out"), used(&it.sending.by_part, 1));
                    consider(format!("NIC of {name}, in"), used(&it.receiving.by_part, 1));
                }
            }
            if let Some(workers) = self.pool.shape.instances[index].workers {
                let busy = used(&tally.busy.used.by_part, workers);
                consider(format!("workers of {}", instance.name), busy);
            }
        }
        most
    }
}

/// Whether what arrived in a part of the window breaks a promise by itself.
fn is_broken(promise: Promise, part: &RequestPart, seconds: f64) -> bool {
    let count = part.ok + part.failed;
    if count == 0 {
        return false;
    }
    match promise {
        Promise::Percentile { share, limit } => {
            // Failures are beyond every limit.
            let among_ok = share * count as f64 / part.ok.max(1) as f64;
            let quantile = part.latency.quantile(among_ok.min(1.0));
            among_ok > 1.0 || quantile.is_some_and(|it| it > limit.seconds())
        }
        Promise::Success { share } => (part.ok as f64) < share * count as f64,
        Promise::Throughput { least } => (part.completed as f64) < least * seconds,
        Promise::Mean { limit } => {
            part.latency.quantile(0.5).is_some_and(|it| it > limit.seconds())
        }
        Promise::Recovery(Recovery { of, .. }) | Promise::Budget(Budget { of, .. }) => is_broken(
            match of.limit {
                Some(limit) => Promise::Percentile { share: of.share, limit },
                None => Promise::Success { share: of.share },
            },
            part,
            seconds,
        ),
        Promise::Utilisation { .. } | Promise::Queue { .. } | Promise::Lag { .. } => false,
    }
}
