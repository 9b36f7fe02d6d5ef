//! The lists of a scenario: what happens, and (each by `promise`) what was promised.

use crate::{
    engine::time::{Instant, Span},
    scenario::{
        fields::{Fields, Notes, Read},
        load,
        mistake::At,
        promise,
        schema::{Arrivals, Episode, Event, Incident, Machinery, Name, Site, Standing, Workload},
        tree::{Node, Value},
        units::{Rate, rate},
    },
};

pub(crate) fn read(root: &Fields<'_>, site: &mut Site) {
    for (number, node) in items(root, "event") {
        let Some(fields) = Fields::of(node, format!("event {number}"), root.notes) else {
            continue;
        };
        let episode = event(&fields, site).unwrap_or_default();
        site.episodes.push(episode);
        fields.finish();
    }
    for (number, node) in items(root, "slo") {
        let Some(fields) = Fields::of(node, format!("slo {number}"), root.notes) else { continue };
        if let Some(objective) = promise::objective(&fields, number, site) {
            site.objectives.push(objective);
        }
        fields.finish();
    }
}

/// The tables of `[[key]]`, numbered from 1.
fn items<'t>(root: &Fields<'t>, key: &'static str) -> Vec<(usize, &'t Node)> {
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

fn event(fields: &Fields<'_>, site: &mut Site) -> Option<Episode> {
    let notes = fields.notes;
    let at = fields.need::<Span>("at");
    if at.is_some_and(|at| at >= site.duration) {
        let hint = format!("`at` counts from the end of the warm-up; {}", lasts(site));
        notes.hinted(fields.at("at"), "an event after the end", hint);
    }
    let undone_after = fields.get::<Span>("for");
    let rate = fields.get::<Rate>("rate").map(|Rate(rate)| rate);
    let verbs: Vec<&str> = VERBS.into_iter().filter(|verb| fields.has(verb)).collect();
    let [verb] = verbs[..] else {
        let hint = format!("exactly one of: {}", VERBS.join(", "));
        notes.hinted(fields.at, "an event is one thing that happens", hint);
        for verb in VERBS {
            fields.node(verb);
        }
        return None;
    };
    if undone_after.is_some() && !matches!(verb, "crash" | "lose") {
        let says = format!("`for` undoes a `crash` or `lose`, not a `{verb}`");
        notes.mistake(fields.key_at("for"), says);
    }
    if verb == "spike" {
        let (spike, episode) = spike(fields, at.unwrap_or(Span::ZERO), site)?;
        load::add(site, spike);
        return Some(Episode { rate, ..episode });
    }
    let text = fields.get::<String>(verb);
    let noun = match verb {
        "lose" => "loss",
        "restore" => "return",
        verb => verb,
    };
    let name = format!("{noun} of {}", text.as_deref().unwrap_or_default());
    let place = fields.at(verb);
    let what = text.and_then(|text| match verb {
        "crash" => instance(&text, place, site, notes).map(|(s, i)| Incident::Crash(s, i)),
        "restart" => instance(&text, place, site, notes).map(|(s, i)| Incident::Restart(s, i)),
        "lose" => machinery(&text, place, site, notes).map(Incident::Lose),
        _ => machinery(&text, place, site, notes).map(Incident::Restore),
    });
    let (at, what) = (at?, what?);
    site.events.push(Event { at, undone_after, what, place, episode: site.episodes.len() });
    let end = match verb {
        "crash" | "lose" => undone_after.map_or(site.duration, |after| at + after),
        _ => at,
    };
    Some(Episode { name, from: at, until: end.min(site.duration), rate })
}

pub(crate) fn lasts(site: &Site) -> String {
    format!("the run lasts {}s from there", site.duration.seconds())
}

pub(crate) fn declared(site: &Site) -> impl Iterator<Item = &str> + Clone {
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
fn spike(event: &Fields<'_>, at: Span, site: &Site) -> Option<(Workload, Episode)> {
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
    let known = site.workloads.iter().filter(|workload| workload.spike.is_none());
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
    let episode = Episode {
        name: format!("spike of {}", base.name.text),
        from: at,
        until: (at + ramp + hold + decay).min(site.duration),
        rate: None,
    };
    let workload = Workload {
        name: Name { text, at: event.at("spike") },
        arrivals: Arrivals::Open { gaps: *gaps, knots, batch: batch.clone() },
        spike: Some(site.episodes.len()),
        service: usize::MAX,
        ..base.clone()
    };
    Some((workload, episode))
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
