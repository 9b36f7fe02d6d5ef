//! Why a promise is broken: when, and who is to blame (`blame/who.rs`).
//!
//! When: the parts of the window in which the promise would be broken by itself, and what happened
//! then. Parts are judged by compact histograms, so they are told in words, not in verdicts.

mod appliers;
mod asked;
mod concerned;
mod held;
mod late;
mod level;
mod path;
mod places;
mod since;
mod taken;
mod used;
mod way;
mod who;

use serde::Serialize;

pub use self::since::Since;

use self::concerned::Concerned;
use super::format::span;
use crate::{
    engine::time::Instant,
    measure::{
        breach::CallPart,
        fold::Fold,
        tally::{ObjectiveTally, RequestPart, Tally},
    },
    model::blueprint::{Blueprint, Budget, Episode, Good, Objective, Promise, Recovery, Scope},
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

/// Looks for who is to blame for a broken promise, or for one that is kept worse than before (`since`).
pub fn blame(
    site: &Blueprint,
    objective: &Objective,
    fold: &Fold,
    (measured, since): (&str, Option<&Since>),
) -> Blame {
    let index = site.objectives.iter().position(|it| it.name == objective.name);
    let mut counted =
        index.and_then(|it| fold.pool.objectives.get(it)).cloned().unwrap_or_default();
    // What was bad before its clock starts a recovery has nothing to do with.
    let (begin, from) = (objective.from, objective.judged_from());
    if let Some(slice) = index.and_then(|it| fold.pool.shape.objectives[it].slice)
        && from > begin
    {
        counted.begin_with((from.since(begin).nanos() / slice.nanos()) as usize);
    }
    let objective = &Objective { from, ..objective.clone() };
    let concerned = Concerned::new(site, &fold.pool, objective, &counted);
    let looks =
        Look { site, pool: &fold.pool, concerned: &concerned, index, counted: &counted, begin };
    let bad = looks.bad_parts(objective);
    let (path, who) = who::who(site, &fold.pool, objective, &concerned, (&bad, since));
    Blame { what: measured.to_owned(), when: looks.when(objective, &bad), who, path }
}

struct Look<'a> {
    site: &'a Blueprint,
    pool: &'a Tally,
    concerned: &'a Concerned,
    /// Which of the objectives it is, and what was counted for it.
    index: Option<usize>,
    counted: &'a ObjectiveTally,
    /// Where the objective's own window begins, and with it what is counted by parts of that.
    begin: Instant,
}

/// From where to where, in seconds since the window began.
type Stretch = (f64, f64);

/// When an event lasts, in seconds since the window began.
fn lasts(site: &Blueprint, episode: &Episode) -> Stretch {
    let start = Instant::ZERO + site.warm_up;
    (episode.from.since(start).seconds(), episode.until.since(start).seconds())
}

/// How much of a stretch an event covers, in seconds. It strikes those, too, that arrived shortly
/// before, and what is undone is felt for a while.
fn covers(event: Stretch, stretch: Stretch) -> f64 {
    let (from, until) = (event.0 - 1.0, event.1 + 0.5 * (event.1 - event.0).max(1.0));
    (until.min(stretch.1) - from.max(stretch.0)).max(0.0)
}

/// `crash of app.2 from 10 s to 20 s`; of several things that happen together, `crash of app.2 and 2 more`.
fn told(site: &Blueprint, episode: &Episode) -> String {
    let (begin, end) = lasts(site, episode);
    let is_beside = |it: &&Episode| it.from == episode.from && it.until == episode.until;
    let together: Vec<&str> =
        site.episodes.iter().filter(is_beside).map(|it| it.name.as_str()).collect();
    let what = match together[..] {
        [one, other] => format!("{one} and {other}"),
        [first, _, ..] => format!("{first} and {} more", together.len() - 1),
        _ => episode.name.clone(),
    };
    format!("{what} from {} to {}", span(begin), span(end))
}

impl Look<'_> {
    /// The stretches of the window in which the promise is broken by what arrived there.
    fn bad_parts(&self, objective: &Objective) -> Vec<Stretch> {
        let start = Instant::ZERO + self.site.warm_up;
        let window =
            (objective.from.since(start).seconds(), objective.until.since(start).seconds());
        let is_level = matches!(
            objective.promise,
            Promise::Utilisation { .. } | Promise::Queue { .. } | Promise::Lag { .. }
        );
        let is_calls = !is_level && matches!(objective.scope, Scope::Service(_));
        let (ruler, from) = match self.counted.breach.ruler {
            _ if is_level => (self.pool.usage_ruler, 0.0),
            _ if !is_calls => (self.pool.request_ruler, 0.0),
            Some(ruler) => (ruler, self.begin.since(start).seconds()),
            None => return Vec::new(),
        };
        let edges_s = |part: usize| {
            let (begin, end) = ruler.edges_s(part);
            (begin + from, end + from)
        };
        // Where nothing arrived nothing is known: a bad time goes on, if it is bad on the other side.
        let is_bad = |part: usize| -> Option<bool> {
            if is_level {
                return self.index.map(|it| level::is_broken(objective, it, part, self.pool));
            }
            let (from, until) = edges_s(part);
            let seconds = (until - from) * f64::from(self.pool.replications);
            let is_throughput = matches!(objective.promise, Promise::Throughput { .. });
            if is_calls {
                let calls = self.counted.breach.parts[part];
                let is_known = calls.count > 0 || is_throughput;
                return is_known.then(|| are_broken(objective.promise, &calls, seconds));
            }
            let mut all = RequestPart::default();
            for &request in &self.concerned.requests {
                all.merge(&self.pool.requests[request].parts[part]);
            }
            let is_known = all.ok + all.failed > 0 || is_throughput;
            is_known.then(|| is_broken(objective.promise, &all, seconds))
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        let (mut was_bad, mut is_all_bad) = (false, true);
        for part in 0..ruler.parts() {
            let (from, until) = edges_s(part);
            if until <= window.0 || from >= window.1 {
                continue;
            }
            let Some(is_bad) = is_bad(part) else { continue };
            match stretches.last_mut() {
                Some(last) if is_bad && was_bad => last.1 = until,
                _ if is_bad => stretches.push((from, until)),
                _ => is_all_bad = false,
            }
            was_bad = is_bad;
        }
        if is_all_bad && !stretches.is_empty() { vec![window] } else { stretches }
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
        let episodes = self.site.episodes.iter().enumerate();
        let happened = episodes
            .filter(|(index, _)| self.concerned.is_struck_by(self.site, *index))
            .map(|(_, it)| (it, covers(lasts(self.site, it), worst)));
        let most = happened.fold(None, |most: Option<(&Episode, f64)>, it| match most {
            Some(most) if most.1 >= it.1 => Some(most),
            _ => (it.1 > 0.0).then_some(it).or(most),
        });
        match most {
            Some((episode, _)) => format!("{text}; {}", told(self.site, episode)),
            None => text,
        }
    }
}

/// Whether what arrived in a part of the window breaks a promise by itself.
fn is_broken(promise: Promise, part: &RequestPart, seconds: f64) -> bool {
    let count = part.ok + part.failed;
    if count == 0 && !matches!(promise, Promise::Throughput { .. }) {
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
            part.latency_ns as f64 / 1e9 >= limit.seconds() * part.ok.max(1) as f64
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

/// Whether the calls of a part of the window break a promise about calls by themselves.
fn are_broken(promise: Promise, calls: &CallPart, seconds: f64) -> bool {
    let count = calls.count as f64;
    match promise {
        Promise::Percentile { share, .. }
        | Promise::Success { share }
        | Promise::Recovery(Recovery { of: Good { share, .. }, .. })
        | Promise::Budget(Budget { of: Good { share, .. }, .. }) => {
            calls.beyond as f64 > (1.0 - share) * count
        }
        Promise::Throughput { least } => count < least * seconds,
        Promise::Mean { limit } => calls.area as f64 / 1e9 >= limit.seconds() * count,
        Promise::Utilisation { .. } | Promise::Queue { .. } | Promise::Lag { .. } => false,
    }
}
