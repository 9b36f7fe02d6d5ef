//! Who is to blame. Whoever waits is not.
//!
//! From where the requests come in, the way is followed along what is *held*: of the calls at a
//! service (Little's law: their number is where the time goes) some wait for it, some are worked on
//! by it, and some hold their place while a service further down has not answered. As long as most
//! of those that are not waiting are held by another one, that one is to blame rather than this. A
//! queue at a balancer because of a slow database ends at the database, or at the pool through which it
//! is called: of several places that are full the last is short, those before it are held (`places.rs`). Levels
//! are those of the time in which the promise was broken.
//!
//! What fails has a cause of its own: an event that took away who should have answered, or a door
//! that is full. A full door is to blame itself, unless somebody behind it keeps it full, or was taken
//! away, so that those who look for him do (`taken.rs`). That no server is left because all were late is
//! not the servers' absence, but whatever made them late.
//!
//! Where something was held against what was there before, whoever became slower is to blame (`since.rs`). Of
//! what nobody asks for nobody is (`asked.rs`).
//!
//! What is on its way is held by nobody: where that is most, the way is to blame (`way.rs`), and where
//! most wait, they do whether or not anything is short (`used.rs`).

use super::{
    Stretch,
    appliers::Appliers,
    asked::NOBODY,
    concerned::{Concerned, Failed, Failures},
    held::Time,
    since::Since,
    told,
    used::{SHORT, Used},
};
use crate::{
    measure::{figures::Figures, outcome::Cause, tally::Tally},
    model::blueprint::{Accept, Blueprint, Objective, Promise, Scope},
    report::{
        format::{percent, three, utilisation},
        summary::VISITORS,
    },
};

/// The services on the way to the one to blame, and why it is.
pub(super) fn who(
    site: &Blueprint,
    pool: &Tally,
    objective: &Objective,
    concerned: &Concerned,
    (bad, since): (&[Stretch], Option<&Since>),
) -> (Vec<String>, String) {
    let ruler = pool.usage_ruler;
    let is_bad = |part: &usize| {
        let (from, until) = ruler.edges_s(*part);
        bad.is_empty() || bad.iter().any(|it| it.0 < until && from < it.1)
    };
    let time = |parts: Vec<usize>| {
        let of = |it: &usize| ruler.edges_s(*it).1 - ruler.edges_s(*it).0;
        let length: f64 = parts.iter().map(of).sum();
        Time { parts, nanos: length * 1e9 * f64::from(pool.replications) }
    };
    let (bad_parts, good) = (0..ruler.parts()).partition(is_bad);
    let served =
        Figures::of(pool).numbers().services.iter().map(|it| it.throughput_per_s).collect();
    let lingers_s = match objective.promise {
        // Who follows notices nothing, and asks again when its time has come.
        Promise::Lag { .. } => {
            let reconnects =
                site.logs.iter().map(|it| site.delays[it.reconnect.0 as usize].seconds());
            reconnects.fold(0.0, f64::max)
        }
        _ => 0.0,
    };
    let (bad_time, good) = (time(bad_parts), time(good));
    let appliers = Appliers::of(site, pool, objective, &bad_time);
    let looks = Who { site, pool, concerned, bad: bad_time, good, served, lingers_s, appliers };
    let Some(entry) = looks.entry(objective) else { return (Vec::new(), NOBODY.to_owned()) };
    if let Some(why) = looks.unasked(objective, since) {
        return (Vec::new(), why);
    }
    let (path, why) = looks.failing(objective, entry, bad).unwrap_or_else(|| {
        let path = looks.found(objective, entry);
        looks
            .missing(&path, bad)
            .or_else(|| looks.slower(since?, objective, &path))
            .or_else(|| looks.outside(objective, &path))
            .or_else(|| looks.unchanged(since?, objective, &path))
            .unwrap_or_else(|| (path.clone(), looks.why(objective, &path)))
    });
    let names: Vec<String> = path.iter().map(|&it| site.services[it].name.clone()).collect();
    let text = match names.len() {
        1 => why,
        _ => format!("{why} (held: {})", names.join(" → ")),
    };
    (names, text)
}

pub(super) struct Who<'a> {
    pub(super) site: &'a Blueprint,
    pub(super) pool: &'a Tally,
    pub(super) concerned: &'a Concerned,
    /// When it is broken, and when it is not.
    pub(super) bad: Time,
    pub(super) good: Time,
    /// Calls a second, by service.
    pub(super) served: Vec<Option<f64>>,
    /// For how long what is taken away is missed when it is back, seconds.
    pub(super) lingers_s: f64,
    /// Of replicas, where a lag is promised.
    pub(super) appliers: Vec<Appliers>,
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
        let all = self.concerned.failures.failed;
        let Failed { place, cause, count } = self.concerned.failures.most()?;
        let seen_by = match self.site.services[place].kind {
            VISITORS => "visitors",
            _ => &self.site.services[place].name,
        };
        let name = cause.name();
        let failures = if self.concerned.failures.are_of_whole_run {
            format!("the most frequent failure of the whole run is `{name}`, seen by {seen_by}")
        } else {
            let share = percent(count as f64 / all as f64);
            format!("{share} of the failures are `{name}`, seen by {seen_by}")
        };
        let gone = self.gone(bad, |_| true).filter(|_| self.is_mostly(is_absence, all));
        if let Some((service, episode)) = gone {
            let name = &self.site.services[service].name;
            return Some((
                vec![service],
                format!("{name}: {}; {failures}", told(self.site, episode)),
            ));
        }
        if 2 * count >= all
            && let Some(why) = self.hopeless(place, cause)
        {
            return Some((vec![place], format!("{why}; {failures}")));
        }
        if !is_door(cause) || 2 * count < all {
            return None;
        }
        let refused_by = self.refused_by(place, cause).filter(|_| cause != Cause::OutOfConnections);
        let is_visitors = self.site.services[place].kind == VISITORS;
        let callee = refused_by.unwrap_or(if is_visitors { entry } else { place });
        let behind = self.follow(callee);
        if let Some((service, episode)) = self.awaited(&behind, bad) {
            let name = &self.site.services[service].name;
            let told = told(self.site, episode);
            return Some((vec![service], format!("{name}: {told}; {failures}")));
        }
        let has_queued = callee != place && !is_visitors && self.has_queued(place, callee);
        let behind =
            if has_queued { self.stopped_from(place, behind) } else { self.stopped(behind) };
        if self.is_in_the_way(&behind) {
            let why = self.why(objective, &behind);
            return Some((behind, format!("{why}; {failures}")));
        }
        let name = &self.site.services[callee].name;
        if cause == Cause::QueueTimeout && callee != place {
            let (here, waiting) = self.load(callee);
            // Where nobody ever queued at the caller, they did at the callee's own door.
            let is_its_own = !has_queued;
            let places = if is_its_own {
                let busiest = self.busiest(callee);
                let busy = busiest.map_or(String::new(), |it| format!(" ({} at most)", busy(&it)));
                format!("calls wait too long for its workers{busy}")
            } else {
                format!("too few places for it at {seen_by} (pool, limit a server)")
            };
            let waiting = if is_its_own {
                format!(", {} of them waiting", three(waiting))
            } else {
                String::new()
            };
            let here = three(here);
            let text = format!("{name}: {places}; {failures}; {here} calls there on average");
            let text = format!("{text}{waiting}");
            return Some((vec![callee], text));
        }
        let limit = self.site.services[callee].accept.and_then(|it| limit(&it, cause));
        let limit = limit.map_or(String::new(), |limit| format!(" (limit {limit})"));
        Some((vec![callee], format!("{name}: it lets no more in{limit}; {failures}")))
    }

    /// Where somebody was taken away, and nobody on the way is short of anything but of places that
    /// those hold who look for him: the time goes to finding out that nobody answers.
    fn missing(&self, path: &[usize], bad: &[Stretch]) -> Option<(Vec<usize>, String)> {
        let (service, episode) = self.awaited(path, bad)?;
        let last = path[path.len() - 1];
        let name = &self.site.services[service].name;
        let told = told(self.site, episode);
        let why = match self.busiest(last).filter(|_| last != service && self.is_congested(last)) {
            Some(it) => format!("{} only waits: {}", self.site.services[last].name, busy(&it)),
            None => "nobody on the way is short of anything".to_owned(),
        };
        Some((vec![service], format!("{name}: {told}; {why}")))
    }

    /// Where the time passes before the calls come in, and after they are answered.
    fn outside(&self, objective: &Objective, path: &[usize]) -> Option<(Vec<usize>, String)> {
        let (entry, end) = (path[0], path[path.len() - 1]);
        let line = self.lines(objective, entry, end)?;
        let name = &self.site.services[entry].name;
        let (here, _) = self.load(entry);
        let short = match self.busiest(entry) {
            Some(it) if it.share < SHORT => {
                format!("nothing there is short ({} at most), ", busy(&it))
            }
            _ => String::new(),
        };
        let why = format!("{short}the time goes to the lines of who calls ({line})");
        let text = format!("{name}: {why}; {} calls there on average", three(here));
        Some((vec![entry], text))
    }

    /// Whether anybody ever waited at a caller for a place at whom it calls.
    fn has_queued(&self, caller: usize, callee: usize) -> bool {
        let upstreams = self.site.upstreams.iter().zip(&self.pool.upstreams);
        let mut own =
            upstreams.filter(|(it, _)| it.caller.index() == caller && it.callee.index() == callee);
        own.any(|(_, tally)| tally.queued_max > 0 || tally.queued_area > 0)
    }

    /// Whether what is bad are failures rather than late successes.
    fn fails(&self, objective: &Objective) -> bool {
        let Failures { failed, all, bad, .. } = self.concerned.failures;
        let are_most = 2 * failed >= bad;
        match objective.promise {
            Promise::Success { .. } => true,
            Promise::Percentile { share, .. } => {
                let are_enough = failed as f64 > (1.0 - share) * all as f64;
                !objective.successes_only && are_enough && are_most
            }
            Promise::Recovery(_) | Promise::Budget(_) => 100 * failed > all && are_most,
            Promise::Throughput { .. } => 100 * failed > all,
            Promise::Mean { .. }
            | Promise::Utilisation { .. }
            | Promise::Queue { .. }
            | Promise::Lag { .. } => false,
        }
    }

    /// Whether most failures are of this kind.
    fn is_mostly(&self, is: impl Fn(Cause) -> bool, all: u64) -> bool {
        2 * self.concerned.failures.of(is) >= all
    }

    /// Whom a service called most often when it saw that.
    fn refused_by(&self, caller: usize, cause: Cause) -> Option<usize> {
        let own = self.site.upstreams.iter().zip(&self.pool.upstreams);
        let own = own.filter(|(upstream, _)| upstream.caller.index() == caller);
        let most = own.max_by_key(|(_, tally)| tally.failed[cause as usize])?;
        (most.1.failed[cause as usize] > 0).then(|| most.0.callee.index())
    }

    /// What of the last service is used most, and how many calls are there.
    fn why(&self, objective: &Objective, path: &[usize]) -> String {
        let last = path[path.len() - 1];
        let service = &self.site.services[last];
        let name = &service.name;
        let (here, waiting) = self.load(last);
        let upstreams = self.site.upstreams.iter().enumerate();
        let outside = upstreams.filter(|(_, it)| it.callee.index() == last);
        let queued: f64 = outside.map(|(index, _)| self.queued(index)).sum();
        let inside = here - waiting;
        let mut text = if 2.0 * self.under_way(last) > inside && inside > 0.0 {
            let way = self.longest_way(last).map_or(String::new(), |it| format!(" ({it})"));
            let held = match self.busiest(last).filter(|it| it.share >= SHORT) {
                Some(it) => format!(", calls under way hold what is short: {}", busy(&it)),
                None => String::new(),
            };
            format!("{name}: the time goes to the network{way}{held}")
        } else if let Some(it) = self.busiest(last).filter(|it| it.share >= SHORT) {
            let neighbour = self.neighbour(last, &it);
            let by = neighbour.map_or(String::new(), |it| format!(", {it} uses it most"));
            format!("{name}: {}{by}", busy(&it))
        } else if let Some(caller) = self.short_caller(last) {
            let is_under_way = self.under_way(caller) > here;
            let way = is_under_way.then(|| self.longest_way(caller)).flatten();
            let caller = &self.site.services[caller].name;
            match way {
                Some(way) => format!(
                    "{name}: the time goes to the network ({way}), calls under way hold the places \
                     for it at {caller} (pool, limit a server)"
                ),
                None => {
                    format!("{name}: too few places for it at {caller} (pool, limit a server)")
                }
            }
        } else if let Some(it) = self.waited_for(last).or_else(|| self.queued_at(objective, last)) {
            let used = utilisation(it.share);
            let why = "they come in bursts, or some take long";
            format!("{name}: calls wait for {}, {used} busy: {why}", it.name)
        } else if let Some(it) = self.waits_for_appliers(last) {
            let used = utilisation(it.share);
            let why = "they come in bursts, or some take long";
            format!("{name}: transactions wait for {}, {used} busy: {why}", it.name)
        } else {
            let busiest = self.busiest(last);
            let at_most = busiest.map_or(String::new(), |it| format!(" ({} at most)", busy(&it)));
            let why = match (service.accept.is_some(), service.upstreams) {
                _ if here == 0.0 => "no call was there".to_owned(),
                (true, 1..) => {
                    let way = self.longest_way(last).map_or(String::new(), |it| format!(" ({it})"));
                    let line = self.slow_line(last).map_or(String::new(), |it| format!(" ({it})"));
                    format!("the time goes to the network{way}, or to the lines of who calls{line}")
                }
                _ => "its work takes that long by itself".to_owned(),
            };
            format!("{name}: nothing there is short{at_most}, {why}")
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
}

/// `CPU of app-1 93% busy`.
pub(super) fn busy(used: &Used) -> String {
    format!("{} {} busy", used.name, utilisation(used.share))
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
