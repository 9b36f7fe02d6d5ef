//! Objectives: `require` in the manner of a threshold, `where` it holds, over which `window`.

mod place;
mod window;

use self::{
    place::place,
    window::{holds_in, window},
};
use crate::{
    engine::time::{Instant, Span},
    model::blueprint::{Budget, Good, Promise, Recovery, Resource},
    scenario::{
        fields::{Fields, Notes, Read},
        happening::lasts,
        mistake::{At, nearest},
        program::choice,
        schema::{Objective, Site},
        tree::Node,
        units::{Share, percent, plain, rate, span},
    },
};

pub(crate) fn objective(fields: &Fields<'_>, number: usize, site: &Site) -> Option<Objective> {
    let notes = fields.notes;
    let name = fields.or::<String>("name", &format!("\"slo {number}\""), "its number");
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        notes.mistake(fields.at("name"), "names have 1 to 200 printable characters");
    }
    if site.objectives.iter().any(|it| it.name == name) {
        let hint = "reports and baselines tell objectives apart by their names";
        notes.hinted(fields.at("name"), format!("two objectives `{name}`"), hint);
    }
    let require = fields.need::<String>("require");
    let place = place(fields, site);
    let window = window(fields, site);
    let all = "a failure counts as beyond every limit";
    let counting = fields.or::<Counting>("counting", "\"all\"", all);
    let margin = fields.or::<Share>("margin", "0", "the limit itself").0;
    if margin >= 1.0 {
        let says = "within a margin of the whole limit all is the same";
        notes.hinted(fields.at("margin"), says, "a share of the limit, such as `2%`");
    }
    let require = require?;
    let at = fields.at("require");
    let is_strict = strict(&require, at, notes);
    let promise = match long_term(fields, &require, site) {
        Some(promise) => promise?,
        None => promise(&require, at, notes)?,
    };
    is_strict?;
    let successes_only = counting == Counting::Successes;
    if successes_only && !matches!(promise, Promise::Percentile { .. }) {
        let says = match promise {
            Promise::Success { .. } => "a share of successes among successes is always the whole",
            _ => "only percentiles of latencies count failures or leave them out",
        };
        notes.hinted(fields.at("counting"), says, "leave `counting` out");
    }
    let place = place?;
    place.check(promise, site, notes)?;
    let window = window?;
    if let Promise::Budget(Budget { slice: Some(slice), .. }) = promise
        && slice > window.1 - window.0
    {
        let says = format!("a slice of {}s is longer than the window", slice.seconds());
        let hint = format!("the window lasts {}s", (window.1 - window.0).seconds());
        notes.hinted(fields.at("slice"), says, hint);
        return None;
    }
    let at = if fields.has("window") { fields.at("window") } else { at };
    holds_in(window, promise, at, site, notes)?;
    if let Promise::Budget(Budget { slice: Some(slice), .. }) = promise
        && !(window.1 - window.0).nanos().is_multiple_of(slice.nanos())
    {
        let length = (window.1 - window.0).seconds();
        let says = format!("{length}s are no whole number of slices of {}s", slice.seconds());
        notes.hinted(fields.at("slice"), says, "a part of a slice would count as a whole one");
        return None;
    }
    let (scope, zone) = (place.scope, place.zone);
    Some(Objective { name, require, at, scope, zone, window, promise, successes_only, margin })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    All,
    Successes,
}

impl Read for Counting {
    fn read(node: &Node, notes: &Notes) -> Option<Counting> {
        choice(node, notes, &[("all", Counting::All), ("successes", Counting::Successes)])
    }
}

/// `recovery < 30s` and `error_budget < 100%`, which have settings of their own; `None`: it is none of
/// them.
#[expect(clippy::option_option, reason = "whether it is one, and whether it is right")]
fn long_term(fields: &Fields<'_>, require: &str, site: &Site) -> Option<Option<Promise>> {
    let (what, limit) = require.split_once('<')?;
    let limit = limit.trim_start_matches('=').trim();
    match what.trim() {
        "recovery" => Some(recovery(fields, limit, site)),
        "error_budget" => Some(budget(fields, limit, site)),
        _ => None,
    }
}

/// Of all time, events may take so much. Renewal and reward adds up what each burns by itself, which is
/// what they burn together only while they hardly ever meet.
const MEET_MOST: f64 = 0.1;
/// What is over at once, a restart, does harm for a while.
const EVENT_LEAST_S: f64 = 1.0;

fn budget(fields: &Fields<'_>, limit: &str, site: &Site) -> Option<Promise> {
    let notes = fields.notes;
    let at = fields.at("require");
    let of = good(fields);
    let over = fields.need_as::<Span>("over", "how long the budget lasts, as in `over = \"30d\"`");
    let slice = fields.get::<Span>("slice");
    for (key, says) in
        [("over", "a budget over no time is none"), ("slice", "a slice of no time holds nothing")]
    {
        let it = if key == "over" { over } else { slice };
        if it.is_some_and(Span::is_zero) {
            let hint = "leave `slice` out, and each request counts";
            let hint = if key == "over" { "as in `over = \"30d\"`" } else { hint };
            notes.hinted(fields.at(key), says, hint);
            return None;
        }
    }
    let expected = site.episodes.iter().filter_map(|it| Some((it, it.rate?)));
    let busy: Vec<(f64, &str)> = expected
        .map(|(it, rate)| {
            let lasts_s = (it.until - it.from).seconds().max(EVENT_LEAST_S);
            (rate * lasts_s, it.name.as_str())
        })
        .collect();
    if busy.is_empty() {
        let hint = "say how often an event is to be expected, as in `rate = \"0.5/d\"`";
        notes.hinted(at, "a budget that no event burns: none has a `rate`", hint);
        return None;
    }
    let all: f64 = busy.iter().map(|(share, _)| share).sum();
    if all > MEET_MOST {
        let most = busy.iter().fold(busy[0], |most, it| if it.0 > most.0 { *it } else { most });
        let says = format!(
            "events would run for {} of all time, so they would meet; `{}` alone for {}",
            shown_share(all),
            most.1,
            shown_share(most.0)
        );
        let hint = format!(
            "a budget adds up what each event burns by itself: `rate` times how long it lasts (a \
             second at least) may be {} at most, all together",
            shown_share(MEET_MOST)
        );
        notes.hinted(at, says, hint);
        return None;
    }
    let most = match percent(limit) {
        Ok(most) if most > 0.0 => Some(most),
        Ok(_) => {
            let hint = "the limit has to be above 0, as in `error_budget < 100%`";
            notes.hinted(at, "a promise that no run can keep", hint);
            None
        }
        Err(reason) => {
            notes.hinted(at, reason.0, reason.1);
            None
        }
    };
    Some(Promise::Budget(Budget { of: of?, over: over?, most: most?, slice }))
}

/// A share that may be many times the whole.
fn shown_share(share: f64) -> String {
    format!("{}%", (share * 1e3).round() / 10.0)
}

fn recovery(fields: &Fields<'_>, limit: &str, site: &Site) -> Option<Promise> {
    let notes = fields.notes;
    let within = match span(limit) {
        Ok(within) => Some(within),
        Err(reason) => {
            notes.hinted(fields.at("require"), reason.0, reason.1);
            None
        }
    };
    let of = good(fields);
    let number = fields.count_or("event", 1..=10_000, "1", "the first event of the file");
    let hold = fields.or::<Span>("hold", "\"5s\"", "it has to stay well for so long");
    if hold.is_zero() {
        let says = "what holds for no time does not hold";
        notes.hinted(fields.at("hold"), says, "a time above 0, such as `hold = \"5s\"`");
    }
    let source = "recovery counts from where the event is undone";
    let clock = fields.or::<Clock>("clock", "\"end\"", source);
    let share = fields.or::<Share>("share", "\"95%\"", "of all cases").0;
    if share <= 0.0 || share >= 1.0 {
        let says = "a share of cases lies between 0% and 100%";
        let hint = "in 95% of all cases, say: that all recover no number of replications shows";
        notes.hinted(fields.at("share"), says, hint);
    }
    let Some(episode) = site.episodes.get(number as usize - 1) else {
        let says = format!("no event {number}: the scenario has {}", site.episodes.len());
        notes.hinted(fields.at("require"), says, "there has to be something to recover from");
        return None;
    };
    let from = match clock {
        Clock::Begin => episode.from,
        Clock::End => episode.until,
    };
    if from + hold >= site.duration {
        notes.hinted(fields.at("require"), "nothing is left of the run by then", lasts(site));
        return None;
    }
    let clock = Instant::ZERO + site.warm_up + from;
    Some(Promise::Recovery(Recovery { within: within?, of: of?, clock, hold, share }))
}

/// Where the clock of a recovery starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Begin,
    End,
}

impl Read for Clock {
    fn read(node: &Node, notes: &Notes) -> Option<Clock> {
        choice(node, notes, &[("begin", Clock::Begin), ("end", Clock::End)])
    }
}

/// `of`: a percentile or a share of successes.
fn good(fields: &Fields<'_>) -> Option<Good> {
    let text = fields.need_as::<String>("of", "what is good, as in `of = \"success > 99.9%\"`")?;
    let at = fields.at("of");
    strict(&text, at, fields.notes)?;
    match promise(&text, at, fields.notes)? {
        Promise::Percentile { share, limit } => Some(Good { share, limit: Some(limit) }),
        Promise::Success { share } if share < 1.0 => Some(Good { share, limit: None }),
        _ => {
            let hint = "as in \"success > 99.9%\" or \"p(99) < 800ms\"";
            fields.notes.hinted(at, "not a share of good requests", hint);
            None
        }
    }
}

const PROMISES: &str = "as in \"p(99) < 800ms\", \"success > 99.9%\", \"mean < 50ms\"; \
                        docs/language.md lists all";

/// Limits are strict: what is right at one is beyond it, so none may be written that is not.
fn strict(text: &str, at: At, notes: &Notes) -> Option<()> {
    for (loose, sign) in [("<=", "<"), (">=", ">")] {
        if text.contains(loose) {
            let says = format!("`{loose}`: what is right at a limit breaks the promise");
            notes.hinted(at, says, format!("write `{}`", text.trim().replace(loose, sign)));
            return None;
        }
    }
    Some(())
}

/// What a promise is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Metric {
    Percentile(f64),
    Mean,
    Success,
    Throughput,
    Utilisation(Resource),
    Queue,
    Lag,
    LagPercentile(f64),
}

/// Metrics by their first word, and what a limit on them bounds.
const METRICS: [&str; 7] = ["p", "mean", "success", "throughput", "utilisation", "queue", "lag"];
/// What is known to be wanted, and not modelled yet.
const UNMODELLED: [&str; 2] = ["rpo", "rto"];

/// `p(99) < 800ms`, `success > 99.9%`, …
fn promise(text: &str, at: At, notes: &Notes) -> Option<Promise> {
    let trimmed = text.trim();
    let Some(sign) = trimmed.find(['<', '>']) else {
        notes.hinted(at, format!("`{text}` is not a promise"), PROMISES);
        return None;
    };
    let metric = metric(trimmed[..sign].trim(), text, at, notes)?;
    let limit = trimmed[sign + 1..].trim_start_matches('=').trim();
    let is_below = trimmed.as_bytes()[sign] == b'<';
    let wants_more = matches!(metric, Metric::Success | Metric::Throughput);
    if is_below == wants_more {
        let says = if wants_more {
            "this is to be *above* its limit: `>`"
        } else {
            "this is to be *below* its limit: `<`"
        };
        notes.hinted(at, says, PROMISES);
        return None;
    }
    match limited(metric, limit) {
        Ok(Some(promise)) => Some(promise),
        Ok(None) => {
            let says = "a promise that no run can keep, or none can break";
            let hint =
                "times, rates and levels have limits above 0, shares lie between 0% and 100%";
            notes.hinted(at, says, hint);
            None
        }
        Err(reason) => {
            notes.hinted(at, reason.0, reason.1);
            None
        }
    }
}

fn metric(what: &str, text: &str, at: At, notes: &Notes) -> Option<Metric> {
    let (word, argument) = match what.split_once('(') {
        Some((word, rest)) => match rest.strip_suffix(')') {
            Some(argument) => (word.trim(), Some(argument.trim())),
            None => (what, None),
        },
        None => (what, None),
    };
    let metric = match (word, argument) {
        ("p", Some(share)) => Metric::Percentile(percentile(share, at, notes)?),
        ("lag p", Some(share)) => Metric::LagPercentile(percentile(share, at, notes)?),
        ("mean", None) => Metric::Mean,
        ("success", None) => Metric::Success,
        ("throughput", None) => Metric::Throughput,
        ("queue", None) => Metric::Queue,
        ("lag", None) => Metric::Lag,
        ("utilisation" | "utilization", None) => Metric::Utilisation(Resource::Cpu),
        ("utilisation" | "utilization", Some(of)) => {
            let known = Resource::ALL.iter().map(|resource| resource.name());
            let index = notes.find("resource", "resources", of, at, known)?;
            Metric::Utilisation(Resource::ALL[index])
        }
        _ => {
            if UNMODELLED.contains(&word) {
                let says = format!("`{word}` is not modelled yet");
                notes.hinted(at, says, PROMISES);
            } else {
                let guess = nearest(word, METRICS);
                let says = match guess {
                    Some(near) => format!("`{text}` is not a promise; `{near}` is near"),
                    None => format!("`{text}` is not a promise"),
                };
                notes.hinted(at, says, PROMISES);
            }
            return None;
        }
    };
    Some(metric)
}

fn percentile(text: &str, at: At, notes: &Notes) -> Option<f64> {
    let share = percent(&format!("{}%", text.trim_end_matches('%')));
    let share = share.ok().filter(|share| *share > 0.0 && *share < 1.0);
    if share.is_none() {
        let says = format!("`p({text})`: a percentile lies between 0 and 100");
        notes.hinted(at, says, PROMISES);
    }
    share
}

/// The promise, unless it could not be kept, or not be broken.
fn limited(metric: Metric, limit: &str) -> Result<Option<Promise>, (String, String)> {
    let time = || span(limit).map(|limit| (!limit.is_zero()).then_some(limit));
    let share = || percent(limit).map(|share| (share > 0.0).then_some(share));
    Ok(match metric {
        Metric::Percentile(share) => time()?.map(|limit| Promise::Percentile { share, limit }),
        Metric::Mean => time()?.map(|limit| Promise::Mean { limit }),
        // That nothing ever fails cannot be seen, however long one looks.
        Metric::Success => {
            share()?.filter(|share| *share < 1.0).map(|share| Promise::Success { share })
        }
        Metric::Throughput => Some(Promise::Throughput { least: rate(limit)? }),
        Metric::Utilisation(of) => share()?.map(|most| Promise::Utilisation { of, most }),
        Metric::Lag => time()?.map(|limit| Promise::Lag { share: None, limit }),
        Metric::LagPercentile(share) => {
            time()?.map(|limit| Promise::Lag { share: Some(share), limit })
        }
        Metric::Queue => match plain(limit) {
            Some(most) if most > 0.0 => Some(Promise::Queue { most }),
            Some(_) => None,
            None => {
                let says = format!("`{limit}` is not a number of calls");
                return Err((says, "as in \"queue < 20\"".to_owned()));
            }
        },
    })
}
