//! Loads, shares and money in words.

mod losses;

pub(super) use self::losses::{
    afterwards, again, blind, in_time, kept, perhaps, survives, unsurvived,
};
pub use self::losses::{fails, not_even, roughly};

use super::{
    Capacity, Eased, Event, Grown, Growth, Known, Limit, Load, Point, Promised, Step, Turn, Unseen,
};
use crate::report::format::{confidence, percent, seconds, span, thousands, three, utilisation};

/// Events that are named.
const EVENTS_MAX: usize = 4;
/// From this share of the hardware's bound on what is missed is missed at the bound.
const NEAR_BOUND: f64 = 0.995;

/// `4,120 requests/s`, `300 users`, or both.
pub fn load(load: &Load) -> String {
    let open = load.per_s.map(|per_s| format!("{} requests/s", rate(per_s)));
    let closed = load.users.map(|users| match users {
        1 => "1 user".to_owned(),
        _ => format!("{} users", thousands(users)),
    });
    match (open, closed) {
        (Some(open), Some(closed)) => format!("{open} and {closed}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => format!("×{}", three(load.factor)),
    }
}

/// Without the unit.
pub(super) fn bare(load: &Load) -> String {
    match (load.per_s, load.users) {
        (Some(per_s), None) => rate(per_s),
        (None, Some(users)) => thousands(users),
        (Some(_), Some(_)) | (None, None) => format!("×{}", three(load.factor)),
    }
}

/// What bare loads are counted in.
pub fn unit(load: &Load) -> &'static str {
    match (load.per_s, load.users) {
        (Some(_), None) => "requests/s",
        (None, Some(_)) => "users",
        (Some(_), Some(_)) | (None, None) => "times the load",
    }
}

/// Four digits: as much as a safe load is said with.
pub(super) fn rate(per_s: f64) -> String {
    match per_s {
        some if some < 9.9995 => format!("{some:.3}"),
        some if some < 99.995 => format!("{some:.2}"),
        some if some < 999.95 => format!("{some:.1}"),
        some => thousands(some.round() as u64),
    }
}

/// `0.50×`, `2.10×`: of what an objective allows; nothing where none of it is used.
pub(super) fn times(badness: f64) -> String {
    if badness == 0.0 {
        "–".to_owned()
    } else if badness < 9.95 {
        format!("{badness:.2}×")
    } else if badness < 1e6 {
        format!("{}×", thousands(badness.round() as u64))
    } else {
        "all".to_owned()
    }
}

/// `3 instances`, `1 core each`.
pub(super) fn sized(size: u32, of: &str) -> String {
    let several = if size == 1 { "" } else { "s" };
    let each = if of == "core" { " each" } else { "" };
    format!("{size} {of}{several}{each}")
}

/// `+60%`, `-12%`.
pub(super) fn signed(share: f64) -> String {
    format!("{:+.0}%", share * 100.0)
}

/// `[low, high]`, in the units of the load that it belongs to.
pub(super) fn between(of: &[Load; 3]) -> String {
    let says = if is_mixed(&of[1]) { load } else { bare };
    format!("[{}, {}]", says(&of[1]), says(&of[2]))
}

/// A load and its interval for columns, which have no room for two units: as shares of the load now.
pub(super) fn narrow(of: &[Load; 3]) -> (String, String) {
    let at = if is_mixed(&of[0]) { format!("{} the load", bare(&of[0])) } else { load(&of[0]) };
    (at, format!("[{}, {}]", bare(&of[1]), bare(&of[2])))
}

/// `missed_from`, for columns.
pub(super) fn sized_from(at: &[Load; 3], bound_per_s: Option<f64>) -> String {
    if is_mixed(&at[0]) { narrow(at).0 } else { missed_from(&at[0], bound_per_s) }
}

/// Requests a second and users.
fn is_mixed(load: &Load) -> bool {
    load.per_s.is_some() && load.users.is_some()
}

/// Machines that are not in what all of them cost.
pub(super) fn unpriced(count: u32) -> String {
    match count {
        1 => "1 machine has no price and is left out".to_owned(),
        _ => format!("{count} machines have no price and are left out"),
    }
}

/// `4,419 requests/s`, and whether that is where the hardware is full.
pub(super) fn missed_from(at: &Load, bound_per_s: Option<f64>) -> String {
    let is_bound = at.per_s.zip(bound_per_s).is_some_and(|(at, bound)| at > NEAR_BOUND * bound);
    format!("{}{}", load(at), if is_bound { " (the bound)" } else { "" })
}

/// What a site is without as bottlenecks, of as many as there are the last one.
pub(super) fn relieved(it: &Turn) -> String {
    let last = it.relieved.last().map_or("", String::as_str);
    format!("{}{last}", if it.relieved.len() > 1 { "and " } else { "" })
}

/// What was measured of what should be full next.
pub(super) fn measured(it: &Turn) -> String {
    match (&it.busiest, it.is_next) {
        (Some(busiest), Some(true)) => format!("so it is, {}", utilisation(busiest.utilisation)),
        (Some(busiest), _) => format!("{}, {}", busiest.name, utilisation(busiest.utilisation)),
        (None, _) => "not tried".to_owned(),
    }
}

/// What a step adds, and that more of the same comes before it.
pub(super) fn added(step: &Step) -> String {
    format!("{}{}", if step.skipped > 0 { "… " } else { "" }, step.what)
}

/// Where more instances make the site full earlier, for they stand on hosts that are full already.
pub(super) fn worse(growth: &Growth) -> Vec<String> {
    let of = |it: &Grown| {
        let now = it.wider.first()?.site_per_s?;
        let lower = it.wider.iter().filter_map(|size| Some((size.size, size.site_per_s?)));
        let lower: Vec<String> = lower
            .filter(|(_, site)| *site < 0.999 * now)
            .map(|(size, site)| format!("{size} at {}/s", rate(site)))
            .collect();
        let says = format!("more instances of {} fill the site earlier: ", it.service);
        (!lower.is_empty()).then(|| format!("{says}{}, now at {}/s", lower.join(", "), rate(now)))
    };
    growth.services.iter().filter_map(of).collect()
}

/// Where nothing can be added.
pub(super) const NOTHING: &str = "nothing that one service gets relieves what is full first";

/// Money, two digits behind the point, more where it is little.
pub(super) fn money(amount: f64) -> String {
    if amount >= 1000.0 {
        thousands(amount.round() as u64)
    } else if amount >= 0.1 {
        format!("{amount:.2}")
    } else {
        format!("{amount:.4}")
    }
}

/// The first sentence of all.
pub(super) fn verdict(it: &Capacity) -> String {
    use super::Answer;
    let sustained = crate::report::format::span(it.scenario.sustained_s);
    match (it.answer, &it.safe) {
        (Answer::Found, Some(safe)) => format!(
            "{} {} all objectives for {sustained}, with {} confidence",
            load(&safe.load),
            if is_one(&safe.load) { "holds" } else { "hold" },
            confidence(it.confidence)
        ),
        (Answer::NoLoad, _) => {
            let is_missed =
                |point: &&Point| point.badness.iter().flatten().any(|[value, ..]| *value > 1.0);
            let least = it.curve.iter().find(is_missed).map_or_else(String::new, |point| {
                format!(
                    ": {} already {} {}",
                    load(&point.load),
                    misses(&point.load),
                    missed(it, point)
                )
            });
            let holds = if it.islands.is_empty() {
                "no load holds all objectives"
            } else {
                "no load is safe, for the lowest miss an objective"
            };
            format!("{holds}{least}")
        }
        (Answer::EveryLoad, _) if it.untried.is_some() => {
            let left = it.untried.expect("it was just asked for");
            let most = it.curve.last().map_or_else(String::new, |point| load(&point.load));
            format!(
                "no load up to {most} misses an objective; more was not tried: {} {} {} requests \
                 (`--yes` tries it)",
                load(&left.load),
                if is_one(&left.load) { "takes" } else { "take" },
                thousands(left.requests as u64)
            )
        }
        (Answer::EveryLoad, _) => {
            let most = it
                .curve
                .last()
                .map_or_else(String::new, |point| format!(", not even {}", load(&point.load)));
            format!("no load misses an objective{most}")
        }
        (Answer::Unconfirmed, _) | (Answer::Found, None) => {
            "no load was confirmed to hold all objectives".to_owned()
        }
    }
}

/// A single user.
fn is_one(load: &Load) -> bool {
    load.users == Some(1) && load.per_s.is_none()
}

fn misses(load: &Load) -> &'static str {
    if is_one(load) { "misses" } else { "miss" }
}

/// Loads that miss below one that holds, each in half a sentence.
pub(super) fn islands(it: &Capacity) -> Vec<String> {
    let says = |island: &Load| {
        format!(
            "{} {} although a higher load holds; what is safe lies below the first miss",
            load(island),
            misses(island)
        )
    };
    it.islands.iter().map(says).collect()
}

/// How far below the first miss the safe load lies, and why, if that is further than was asked for.
pub(super) fn coarse(it: &Capacity) -> Option<String> {
    let safe = it.safe.as_ref().filter(|safe| safe.is_coarse)?;
    let why = if safe.is_spent {
        "the budget was spent; more replications of a load (`--budget`) bring it nearer"
    } else if it.method.attempts.len() > 1 {
        "higher loads were not confirmed"
    } else {
        "where it is missed differs much from replication to replication"
    };
    let (below, asked) = (percent(safe.below), percent(it.method.precision));
    Some(format!("the safe load lies {below} below the first miss, further than {asked}: {why}"))
}

/// That the objectives would allow more than the hardware does.
pub(super) fn capped(it: &Capacity) -> Option<String> {
    it.safe.as_ref().filter(|safe| safe.is_capped)?;
    let bound = it.operational.bound.as_ref()?;
    Some(format!(
        "the hardware's bound limits it, {}: no load above 99.5% of that is called safe, though the \
         objectives are missed only further up",
        load(bound)
    ))
}

/// That what is full first by the law has more room than that says.
pub(super) fn eased(it: &Capacity) -> Option<String> {
    let Eased { name, load: at, utilisation: busy, by_law } = it.eased.as_ref()?;
    Some(format!(
        "{name} was {} busy at {}, where the law says {}: what fails or ends on its way asks less of it. So the \
         bound is one on what is answered, not on what comes, and does not limit the safe load",
        utilisation(*busy),
        load(at),
        utilisation(*by_law)
    ))
}

/// What is full first by the law, and how busy it is at the safe load, as measured or by the law, which says
/// nothing of users who wait for their answers.
pub(super) fn busy<'a>(it: &'a Capacity, when: &str) -> Option<(&'a str, String)> {
    let first = it.operational.stations.first()?;
    let by_law = it.safe.as_ref()?.utilisation;
    let measured = it.busiest.iter().find(|busy| busy.name == first.name);
    let says = if let Some(busy) = measured {
        format!(", {} busy {when}", utilisation(busy.utilisation))
    } else {
        let least = if first.is_least { "at least " } else { "" };
        format!(", {least}{} busy {when}, by the law", utilisation(by_law?))
    };
    Some((&first.name, says))
}

/// What a request takes if nobody is in its way.
pub(super) fn alone(it: &Known) -> String {
    format!("{}{}", if it.forks { "at least " } else { "" }, seconds(it.no_load_s))
}

/// That more load never cost more than it gained.
pub(super) fn no_knee(it: &Capacity) -> String {
    let most = it.curve.last().map_or_else(String::new, |last| load(&last.load));
    format!(
        "no knee up to {most}: at none of these loads does more cost more latency than it gains"
    )
}

/// What the replications that confirmed the safe load cannot know: what hits a whole one now and then, where
/// it hit none of them.
pub(super) fn unseen(it: &Capacity) -> Option<String> {
    let safe = it.safe.as_ref()?;
    let Unseen { once_in, breaks_it } = safe.unseen?;
    let rare = match once_in {
        few if few < 1.5 => "what does not hit all replications".to_owned(),
        once_in => format!(
            "what hits fewer than about 1 in {} replications",
            thousands(once_in.round() as u64)
        ),
    };
    let breaks = breaks_it.map_or_else(String::new, |size| {
        format!(
            ", and 1 in {} would break the promise, were they as bad as some at loads near the first \
             miss: more of them (`--budget`) would tell",
            thousands(size.round() as u64)
        )
    });
    Some(format!("none by itself missed an objective: nothing is known of {rare}{breaks}"))
}

/// Which objectives are missed for what is left over at the end, and what that means.
pub(super) fn unfinished(it: &Capacity) -> Option<String> {
    let such = it.objectives.iter().filter(|limit| limit.is_unfinished);
    let names: Vec<String> = such.map(|limit| format!("`{}`", limit.name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "where {} is first missed, most of what counts against it is requests that are not over \
             when the run ends: that is how much has piled up by then, and from which load on depends \
             on for how long it is sustained (`--sustain`)",
            names.join(" and ")
        )
    })
}

/// What to do about an answer that is none.
pub(super) fn advice(it: &Capacity) -> Option<String> {
    use super::Answer;
    let says = match it.answer {
        Answer::Found => return None,
        Answer::NoLoad => match too_much(it) {
            Some(says) => return Some(says),
            // What they do is no matter of the load.
            None if !it.operational.events.is_empty() => {
                "what the scenario has in store happens at every load, however low: \
                 `--set event=[]` asks without it"
            }
            None if !it.islands.is_empty() => {
                "low loads miss what higher ones hold: `simulate run` with a tenth of the load shows \
                 where the time goes"
            }
            None => {
                "the objectives ask for more than the site can give even when it is all but idle: \
                 `simulate run` with a tenth of the load shows where the time goes"
            }
        },
        Answer::EveryLoad if it.operational.bound_per_s.is_none() => {
            "nothing that is modelled runs out here, so that more load changes nothing: work on a CPU \
             (`cpu`), workers, slots or bytes would"
        }
        Answer::EveryLoad => {
            "what is promised does not depend on the load: a tighter objective on the latency or \
             success of all requests would; what the hardware bears at most stands above, under what \
             runs out"
        }
        Answer::Unconfirmed if it.method.attempts.last().is_some_and(|last| last.piles_up) => {
            "work piles up at the loads that were tried for it, which no number of replications changes: \
             `simulate run` at such a load shows where, and a longer `--sustain` what comes of it"
        }
        Answer::Unconfirmed => "more replications of a load (`--budget`) may tell",
    };
    Some(says.to_owned())
}

/// That more is promised than comes, which no load can help.
fn too_much(it: &Capacity) -> Option<String> {
    let of = |it: &Promised| Some((it.objective.clone(), it.of_what_comes.filter(|it| *it > 1.0)?));
    let such: Vec<(String, f64)> = it.operational.promised.iter().filter_map(of).collect();
    let says = such
        .iter()
        .map(|(name, share)| format!("`{name}` promises {} of what comes", tenths(*share)));
    (!such.is_empty()).then(|| {
        format!(
            "{}: a promised throughput goes with the load, and nobody answers more than is asked",
            says.collect::<Vec<_>>().join(" and ")
        )
    })
}

/// What is required, and what that means at other loads.
pub(super) fn required(it: &Capacity, limit: &Limit) -> String {
    let is_it = |promised: &&Promised| promised.objective == limit.name;
    match it.operational.promised.iter().find(is_it).map(|it| it.of_what_comes) {
        None => limit.require.clone(),
        Some(Some(share)) => format!("{} ({} of what comes)", limit.require, tenths(share)),
        Some(None) => format!("{} (goes with the load)", limit.require),
    }
}

/// A share in percent, with a tenth where it is not whole: `200%`, `80.5%`.
fn tenths(share: f64) -> String {
    format!("{}%", (share * 1000.0).round() / 10.0)
}

/// That the scenario's own events are part of every load.
pub(super) fn events(it: &Capacity) -> Option<String> {
    let events = &it.operational.events;
    let says = |it: &Event| {
        let lasts = it.lasts_s.map_or_else(String::new, |it| format!(" for {}", span(it)));
        format!("{} at {}{lasts}", it.name, span(it.at_s))
    };
    let named: Vec<String> = events.iter().take(EVENTS_MAX).map(says).collect();
    let more = match events.len().saturating_sub(EVENTS_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!events.is_empty()).then(|| {
        format!(
            "part of every load is what the scenario has in store: {}{more}; `--set event=[]` asks \
             without it",
            named.join("; ")
        )
    })
}

/// From where on an objective is missed that has no crossing, by what was tried; `None`: nowhere.
pub(super) fn missed_somewhere(it: &Capacity, objective: usize) -> Option<String> {
    let of =
        |point: &Point| Some((point.load, point.badness.get(objective).copied().flatten()?[0]));
    let known: Vec<(Load, f64)> = it.curve.iter().filter_map(of).collect();
    let (first, _) = known.iter().find(|(_, badness)| *badness > 1.0)?;
    let is_everywhere = known.iter().all(|(_, badness)| *badness > 1.0);
    Some(if is_everywhere {
        "every load tried".to_owned()
    } else {
        format!("below {}", load(first))
    })
}

/// The objectives that a load misses.
fn missed(it: &Capacity, point: &Point) -> String {
    let missed = it.objectives.iter().zip(&point.badness);
    let names: Vec<String> = missed
        .filter(|(_, badness)| badness.is_some_and(|[value, ..]| value > 1.0))
        .map(|(limit, _)| format!("`{}`", limit.name))
        .collect();
    names.join(" and ")
}
