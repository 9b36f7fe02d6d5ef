//! Events and objectives: what happens, and what was promised.

use crate::{
    engine::time::{Instant, Span},
    model::blueprint::Promise,
    scenario::{
        fields::{Fields, Notes, Read},
        load,
        mistake::At,
        program::choice,
        schema::{
            Arrivals, Event, Incident, Machinery, Name, Objective, Scope, Site, Standing, Workload,
        },
        tree::{Node, Value},
        units::{Rate, Share, percent, rate, span},
    },
};

pub(crate) fn read(root: &Fields<'_>, site: &mut Site) {
    for (number, node) in items(root, "event") {
        let Some(fields) = Fields::of(node, format!("event {number}"), root.notes) else {
            continue;
        };
        event(&fields, site);
        fields.finish();
    }
    for (number, node) in items(root, "slo") {
        let Some(fields) = Fields::of(node, format!("slo {number}"), root.notes) else { continue };
        if let Some(objective) = objective(&fields, number, site) {
            site.objectives.push(objective);
        }
        fields.finish();
    }
    let names: Vec<&str> = site.objectives.iter().map(|goal| goal.name.as_str()).collect();
    for (number, name) in names.iter().enumerate() {
        if names[..number].contains(name) {
            let hint = "reports tell objectives apart by their names";
            root.notes.hinted(root.key_at("slo"), format!("two objectives `{name}`"), hint);
        }
    }
}

/// The tables of `[[key]]`, numbered from 1.
fn items<'t>(root: &Fields<'t>, key: &str) -> Vec<(usize, &'t Node)> {
    match root.node(key) {
        Some(Node { value: Value::List(items), .. }) => (1..).zip(items).collect(),
        Some(node) => {
            let says = format!("`{key}` is a list of tables, here it is {}", node.value.kind());
            root.notes.hinted(node.at, says, format!("write `[[{key}]]`"));
            Vec::new()
        }
        None => Vec::new(),
    }
}

const VERBS: [&str; 5] = ["crash", "restart", "lose", "restore", "spike"];

fn event(fields: &Fields<'_>, site: &mut Site) {
    let notes = fields.notes;
    let at = fields.need::<Span>("at");
    if at.is_some_and(|at| at >= site.duration) {
        let hint = format!("`at` counts from the end of the warm-up; {}", lasts(site));
        notes.hinted(fields.at("at"), "an event after the end", hint);
    }
    let undone_after = fields.get::<Span>("for");
    let verbs: Vec<&str> = VERBS.into_iter().filter(|verb| fields.has(verb)).collect();
    let [verb] = verbs[..] else {
        let hint = format!("exactly one of: {}", VERBS.join(", "));
        notes.hinted(fields.at, "an event is one thing that happens", hint);
        for verb in VERBS {
            fields.node(verb);
        }
        return;
    };
    if undone_after.is_some() && !matches!(verb, "crash" | "lose") {
        let says = format!("`for` undoes a `crash` or `lose`, not a `{verb}`");
        notes.mistake(fields.key_at("for"), says);
    }
    if verb == "spike" {
        if let Some(spike) = spike(fields, at.unwrap_or(Span::ZERO), site) {
            load::add(site, spike);
        }
        return;
    }
    let text = fields.get::<String>(verb);
    let place = fields.at(verb);
    let what = text.and_then(|text| match verb {
        "crash" => instance(&text, place, site, notes).map(|(s, i)| Incident::Crash(s, i)),
        "restart" => instance(&text, place, site, notes).map(|(s, i)| Incident::Restart(s, i)),
        "lose" => machinery(&text, place, site, notes).map(Incident::Lose),
        _ => machinery(&text, place, site, notes).map(Incident::Restore),
    });
    if let (Some(at), Some(what)) = (at, what) {
        site.events.push(Event { at, undone_after, what, place });
    }
}

fn lasts(site: &Site) -> String {
    format!("the run lasts {}s from there", site.duration.seconds())
}

fn declared(site: &Site) -> impl Iterator<Item = &str> + Clone {
    let services = site.services.iter().filter(|service| service.kind != "visitors");
    services.map(|service| service.name.text.as_str())
}

/// `app.2`.
fn instance(text: &str, at: At, site: &Site, notes: &Notes) -> Option<(usize, u32)> {
    let Some((name, number)) = text.rsplit_once('.') else {
        let says = format!("`{text}` is not an instance");
        notes.hinted(at, says, "write `service.number`, as in \"app.2\"");
        return None;
    };
    let service = notes.find("service", "services", name, at, declared(site))?;
    let instances = site.services[service].instances;
    let number = number.parse::<u32>().ok().filter(|number| (1..=instances).contains(number));
    if number.is_none() {
        let hint = format!("instances of `{name}` are numbered from 1 to {instances}");
        notes.hinted(at, format!("no instance `{text}`"), hint);
    }
    number.map(|number| (service, number - 1))
}

/// `host of app.2`, or the name of a shared host.
fn machinery(text: &str, at: At, site: &Site, notes: &Notes) -> Option<Machinery> {
    if let Some(inner) = text.strip_prefix("host of ") {
        let (service, number) = instance(inner.trim(), at, site, notes)?;
        return match &site.services[service].standing {
            Standing::On(hosts) => Some(Machinery::Shared(hosts[number as usize % hosts.len()])),
            Standing::Own { .. } => Some(Machinery::Of(service, number)),
            Standing::Outside => None,
        };
    }
    let known = site.shared.iter().map(|host| host.name.text.as_str());
    if site.shared.is_empty() {
        let hint = "write `host of service.number`, as in \"host of app.2\"";
        notes.hinted(at, format!("no host `{text}`"), hint);
        return None;
    }
    notes.find("host", "hosts", text, at, known).map(Machinery::Shared)
}

/// A workload on top of another: its visitors are further ones, so that those of the base stay
/// who they were.
fn spike(event: &Fields<'_>, at: Span, site: &Site) -> Option<Workload> {
    let notes = event.notes;
    let fields = event.sub("spike");
    let name = fields.need::<String>("workload");
    let extra = fields.need::<Extra>("extra");
    let (ramp, hold, decay) = (
        fields.or::<Span>("ramp", "0", "at once"),
        fields.need::<Span>("hold"),
        fields.or::<Span>("decay", "0", "at once"),
    );
    fields.finish();
    let known = site.workloads.iter().filter(|workload| !workload.is_spike);
    let known = known.map(|workload| workload.name.text.as_str());
    let base = notes.find("workload", "workloads", &name?, fields.at("workload"), known)?;
    let base = &site.workloads[base];
    let Arrivals::Open { gaps, knots, batch } = &base.arrivals else {
        let says = format!("`{}` is a fixed number of users, who have no rate", base.name.text);
        notes.mistake(fields.at("workload"), says);
        return None;
    };
    let top = match extra? {
        Extra::Times(times) => times * knots[0].1,
        Extra::Rate(rate) => rate,
    };
    let begin = Instant::ZERO + site.warm_up + at;
    let (full, hold) = (begin + ramp, hold?);
    let knots = vec![(begin, 0.0), (full, top), (full + hold, top), (full + hold + decay, 0.0)];
    let written = event.table_text("at").unwrap_or_else(|| "0s".to_owned());
    let mut text = format!("{}/spike@{written}", base.name.text);
    let twins = site.workloads.iter().filter(|other| other.name.text.starts_with(&text)).count();
    if twins > 0 {
        text = format!("{text}#{}", twins + 1);
    }
    Some(Workload {
        name: Name { text, at: event.at("spike") },
        arrivals: Arrivals::Open { gaps: *gaps, knots, batch: batch.clone() },
        is_spike: true,
        service: usize::MAX,
        ..base.clone()
    })
}

/// What a spike adds.
enum Extra {
    /// So many times the base rate.
    Times(f64),
    /// So many a second.
    Rate(f64),
}

impl Read for Extra {
    fn read(node: &Node, notes: &Notes) -> Option<Extra> {
        let Some(times) = node.text().and_then(|text| text.strip_prefix('x')) else {
            return match &node.value {
                Value::Text(text) if rate(text).is_err() => {
                    let hint = "\"x3\" of the base rate, or a rate as in \"500/s\"";
                    notes.hinted(node.at, format!("`{text}` is not an extra load"), hint);
                    None
                }
                _ => Rate::read(node, notes).map(|rate| Extra::Rate(rate.0)),
            };
        };
        let times = times.parse::<f64>().ok().filter(|times| *times > 0.0 && *times <= 1e6);
        if times.is_none() {
            notes.hinted(node.at, "not a factor", "as in \"x3\": three times the base rate");
        }
        times.map(Extra::Times)
    }
}

fn objective(fields: &Fields<'_>, number: usize, site: &Site) -> Option<Objective> {
    let notes = fields.notes;
    let name = fields.or::<String>("name", &format!("\"slo {number}\""), "its number");
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        notes.mistake(fields.at("name"), "names have 1 to 200 printable characters");
    }
    let require = fields.need::<String>("require");
    let scope = scope(fields, site);
    let window = window(fields, site);
    let all = "a failure counts as beyond every limit";
    let counting = fields.or::<Counting>("counting", "\"all\"", all);
    let margin = fields.or::<Share>("margin", "0", "the limit itself").0;
    let require = require?;
    let promise = promise(&require, fields.at("require"), notes)?;
    let successes_only = counting == Counting::Successes;
    if successes_only && matches!(promise, Promise::Success { .. }) {
        let says = "a share of successes among successes is always the whole";
        notes.mistake(fields.at("counting"), says);
    }
    Some(Objective {
        name,
        require,
        scope: scope?,
        window: window?,
        promise,
        successes_only,
        margin,
    })
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

fn scope(fields: &Fields<'_>, site: &Site) -> Option<Scope> {
    if !fields.has("where") {
        fields.sub("where");
        return Some(Scope::Site);
    }
    let notes = fields.notes;
    let inner = Fields::of(fields.node("where")?, "`where`", notes)?;
    let request = inner.get::<String>("request");
    let workload = inner.get::<String>("workload");
    let service = inner.get::<String>("service");
    inner.finish();
    match (request, workload, service) {
        (Some(name), None, None) => {
            let known = site.requests.iter().map(|request| request.name.text.as_str());
            let at = inner.at("request");
            notes.find("request", "requests", &name, at, known).map(Scope::Request)
        }
        (None, Some(name), None) => {
            let known = site.workloads.iter().map(|workload| workload.name.text.as_str());
            let at = inner.at("workload");
            notes.find("workload", "workloads", &name, at, known).map(Scope::Workload)
        }
        (None, None, Some(name)) => {
            let at = inner.at("service");
            notes.find("service", "services", &name, at, declared(site)).map(Scope::Service)
        }
        _ => {
            let hint = "one of `request`, `workload`, `service`; without `where` the whole site";
            notes.hinted(inner.at, "`where` names one thing", hint);
            None
        }
    }
}

fn window(fields: &Fields<'_>, site: &Site) -> Option<(Span, Span)> {
    let Some(node) = fields.node("window") else {
        fields.filled("window", format!("\"0s..{}s\"", site.duration.seconds()), "the whole run");
        return Some((Span::ZERO, site.duration));
    };
    let text = String::read(node, fields.notes)?;
    let ends = text.split_once("..").map(|(from, until)| (span(from), span(until)));
    match ends {
        Some((Ok(from), Ok(until))) if from < until && until <= site.duration => {
            Some((from, until))
        }
        Some((Ok(from), Ok(until))) if from < until => {
            let says = format!("the window `{text}` ends after the run");
            fields.notes.hinted(node.at, says, lasts(site));
            None
        }
        Some((Ok(_), Ok(_))) => {
            fields.notes.mistake(node.at, format!("the window `{text}` is empty"));
            None
        }
        Some((Err(reason), _) | (_, Err(reason))) => {
            fields.notes.hinted(node.at, reason.0, reason.1);
            None
        }
        None => {
            let says = format!("`{text}` is not a window");
            fields.notes.hinted(node.at, says, "as in \"0s..3min\"");
            None
        }
    }
}

const PROMISES: &str = "\"p(99) < 800ms\" or \"success > 99.9%\"";

/// `p(99) < 800ms` or `success > 99.9%`.
fn promise(text: &str, at: At, notes: &Notes) -> Option<Promise> {
    let unknown = || {
        notes.hinted(at, format!("`{text}` is not a promise"), PROMISES);
        None
    };
    let trimmed = text.trim();
    let Some(sign) = trimmed.find(['<', '>']) else { return unknown() };
    let (what, limit) = (trimmed[..sign].trim(), trimmed[sign + 1..].trim_start_matches('='));
    let is_below = trimmed.as_bytes()[sign] == b'<';
    if what == "success" {
        if is_below {
            notes.hinted(at, "a share of successes is to be *above* its limit", PROMISES);
            return None;
        }
        return match percent(limit.trim()) {
            Ok(share) if share > 0.0 => Some(Promise::Success { share }),
            Ok(_) => {
                notes.mistake(at, "a promise that no run can break");
                None
            }
            Err(reason) => {
                notes.hinted(at, reason.0, reason.1);
                None
            }
        };
    }
    let inner = what.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner else { return unknown() };
    if !is_below {
        notes.hinted(at, "a percentile is to be *below* its limit", PROMISES);
        return None;
    }
    let share = percent(&format!("{}%", inner.trim().trim_end_matches('%')));
    let share = match share {
        Ok(share) if share > 0.0 && share < 1.0 => share,
        Ok(_) | Err(_) => {
            let says = format!("`p({inner})`: a percentile lies between 0 and 100");
            notes.hinted(at, says, PROMISES);
            return None;
        }
    };
    match span(limit) {
        Ok(limit) if limit.is_zero() => {
            notes.mistake(at, "a promise that no run can keep");
            None
        }
        Ok(limit) => Some(Promise::Percentile { share, limit }),
        Err(reason) => {
            notes.hinted(at, reason.0, reason.1);
            None
        }
    }
}
