//! Requests and workloads: what visitors want, when they come, how long they wait.

use crate::{
    engine::time::{Instant, Span},
    model::blueprint::{Balance, Gaps, Next},
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind,
        law::{CountLaw, SpanLaw},
        program::plain,
        schema::{
            Arrivals, Attempts, Endpoint, Name, Request, Retry, Site, Target, What, Workload,
        },
        site::add_visitors,
        tree::Node,
        units::{BitRate, Maybe, Number, Rate},
    },
};

/// Users of a closed workload.
const USERS_MAX: u32 = 10_000_000;

pub(crate) fn read(root: &Fields<'_>, site: &mut Site) {
    site.requests = root.named("request", "request").iter().map(request).collect();
    let workloads: Vec<Workload> = root
        .named("workload", "workload")
        .iter()
        .map(|named| workload(named, &site.requests))
        .collect();
    if workloads.is_empty() && root.notes.is_clean() {
        let hint = "write `[workload.NAME]`";
        root.notes.hinted(root.at, "a scenario without workloads", hint);
    }
    for workload in workloads {
        add(site, workload);
    }
}

/// Adds a workload and the service of its visitors.
pub(crate) fn add(site: &mut Site, workload: Workload) {
    site.workloads.push(workload);
    add_visitors(site, site.workloads.len() - 1);
}

/// Without a target only its name is known, so that nobody who names it is blamed.
fn request(named: &Named<'_>) -> Request {
    let fields = &named.fields;
    let to = fields.need::<Target>("to");
    let path = fields.or::<String>("path", "\"/\"", "a label");
    let method = fields.or::<String>("method", "\"GET\"", "a label; POST is not repeated");
    fields.finish();
    // RFC 9110 section 9.2.2; nginx repeats all but these three.
    let is_idempotent = !["POST", "PATCH", "LOCK"].contains(&method.as_str());
    let name = Name { text: named.name.clone(), at: named.at };
    let Some(to) = to else {
        fields.notes.gap();
        let [service, endpoint] = [String::new(), String::new()];
        let to = Target { service, endpoint, at: named.at, found: None };
        return Request { name, to, label: String::new(), is_idempotent };
    };
    Request { name, to, label: format!("{method} {path}"), is_idempotent }
}

fn workload(named: &Named<'_>, requests: &[Request]) -> Workload {
    let fields = &named.fields;
    let to = fields.get::<String>("to").map(|text| Name { text, at: fields.at("to") });
    let mix = mix(fields, requests);
    let arrivals = fields.need::<Arrivals>("arrivals");
    let patience = fields.or::<Maybe<SpanLaw>>("patience", "\"none\"", "waits for ever").0;
    let source = "visitors stand next to the site unless told otherwise";
    let latency = fields.or::<SpanLaw>("latency", "0", source).0;
    let source = "no limit unless one is given";
    let bandwidth = fields.or::<Maybe<BitRate>>("bandwidth", "\"unlimited\"", source).0;
    let source = "a browser tries the next address after some seconds";
    let connect_timeout = fields.or::<Maybe<Span>>("connect_timeout", "\"3s\"", source).0;
    let tls = fields.or::<Tls>("tls", "\"none\"", "plain HTTP unless told otherwise");
    let source = "addresses in a rotation drawn for each visitor where the entry speaks TCP";
    let balance = if fields.has("balance") && fields.table_text("balance").as_deref() != Some("dns")
    {
        Some(kind::generic_balance(fields, "round_robin", source))
    } else {
        fields.or::<String>("balance", "\"dns\"", source);
        None
    };
    fields.finish();
    // Where they are wrong only the name is known, so that nobody who names it is blamed.
    let arrivals = arrivals.unwrap_or_else(|| {
        fields.notes.gap();
        let knots = vec![(Instant::ZERO, 1.0)];
        Arrivals::Open { gaps: Gaps::Poisson, knots, batch: None }
    });
    Workload {
        name: Name { text: named.name.clone(), at: named.at },
        to,
        mix,
        arrivals,
        patience: patience.map(|law| law.0),
        latency,
        bandwidth: bandwidth.map(|rate| rate.0),
        connect_timeout,
        handshake_rounds: tls.0,
        balance,
        spike: None,
        service: usize::MAX,
    }
}

fn mix(workload: &Fields<'_>, requests: &[Request]) -> Vec<(usize, f64)> {
    let notes = workload.notes;
    let known = requests.iter().map(|request| request.name.text.as_str());
    let node = workload.node_needed("mix");
    let Some(fields) = node.and_then(|node| Fields::of(node, "`mix`", notes)) else {
        return Vec::new();
    };
    let mut mix = Vec::new();
    for (name, at) in fields.keys() {
        let index = notes.find("request", "requests", name, at, known.clone());
        if let (Some(index), Some(Number(weight))) = (index, fields.get::<Number>(name)) {
            mix.push((index, weight));
        }
    }
    let is_nothing = mix.iter().all(|(_, weight)| *weight == 0.0);
    if is_nothing && fields.keys().next().is_none() {
        let hint = "weights of requests, as in `mix = { page = 3, api = 1 }`";
        notes.hinted(fields.at, "an empty mix", hint);
    } else if is_nothing && notes.is_clean() {
        notes.mistake(fields.at, "the weights of the mix sum to nothing");
    }
    mix
}

/// Round trips of a TLS handshake: RFC 5246 section 7.3, RFC 8446 section 2.
struct Tls(u32);

impl Read for Tls {
    fn read(node: &Node, notes: &Notes) -> Option<Tls> {
        const WORDS: [(&str, u32); 3] = [("none", 0), ("1.2", 2), ("1.3", 1)];
        crate::scenario::program::choice(node, notes, &WORDS).map(Tls)
    }
}

const ARRIVALS: &str = "`{ poisson = \"1200/s\" }`, `{ even = … }`, `{ erlang = { rate, k } }`, \
                        `{ batches = { rate, size } }` or `{ users = 100, think = LAW }`";

impl Read for Arrivals {
    fn read(node: &Node, notes: &Notes) -> Option<Arrivals> {
        let fields = Fields::of(node, "`arrivals`", notes)?;
        let words = ["poisson", "even", "erlang", "batches", "users"];
        let words: Vec<&str> = words.into_iter().filter(|word| fields.has(word)).collect();
        let [word] = words[..] else {
            notes.hinted(node.at, "`arrivals` come in exactly one way", ARRIVALS);
            return None;
        };
        let open = |gaps, rate: Option<Rate>, batch| {
            let knots = vec![(Instant::ZERO, rate?.0)];
            Some(Arrivals::Open { gaps, knots, batch })
        };
        let arrivals = match word {
            "poisson" => open(Gaps::Poisson, fields.get::<Rate>(word), None),
            "even" => open(Gaps::Even, fields.get::<Rate>(word), None),
            "erlang" => {
                let inner = fields.sub(word);
                let (rate, k) = (inner.need::<Rate>("rate"), inner.need_count("k", 1..=1_000));
                inner.finish();
                open(Gaps::Erlang(k), rate, None)
            }
            "batches" => {
                let inner = fields.sub(word);
                let (rate, size) = (inner.need::<Rate>("rate"), inner.need::<CountLaw>("size"));
                inner.finish();
                if size.as_ref().is_some_and(|size| size.0.whole_mean() <= 0.0) {
                    inner
                        .notes
                        .mistake(inner.at("size"), "batches of nobody: no visitor ever comes");
                }
                size.and_then(|size| open(Gaps::Poisson, rate, Some(size.0)))
            }
            _ => {
                let users = fields.need_count("users", 1..=USERS_MAX);
                let think = fields.need::<SpanLaw>("think");
                think.map(|think| Arrivals::Closed { users, think: think.0 })
            }
        };
        fields.finish();
        arrivals
    }
}

/// Gives the visitors of each workload their programs and their view of the entry. An entry that
/// nobody has named is the service that all requests are for.
pub(crate) fn connect(site: &mut Site, notes: &Notes) {
    for number in 0..site.workloads.len() {
        let workload = site.workloads[number].clone();
        let Some(entry) = entry(site, &workload, notes) else { continue };
        let speaks_tcp = site.services[entry].parts.accept.is_some();
        let servers = Name { text: site.services[entry].name.text.clone(), at: workload.name.at };
        let others = site.services[entry].instances.saturating_sub(1);
        let balance = match workload.balance {
            Some(balance) => balance,
            None if speaks_tcp => Balance::Addresses,
            None => Balance::RoundRobin,
        };
        let (_, bare) = kind::visitors(workload.name.at);
        let upstream = crate::scenario::schema::Upstream {
            name: format!("to {}", servers.text),
            servers,
            callee: Some(entry),
            balance,
            connect_timeout: workload.connect_timeout,
            retry: Retry {
                attempts: Attempts::Fixed(if balance == Balance::Addresses { others } else { 0 }),
                on_connect: true,
                on_connect_timeout: true,
                next: Next::Other,
                ..bare.retry.clone()
            },
            handshake_rounds: workload.handshake_rounds,
            ..bare
        };
        let endpoints = workload.mix.iter().map(|(request, _)| {
            let request = &site.requests[*request];
            Endpoint {
                name: request.name.clone(),
                class: 0,
                request_bytes: 0,
                writes: false,
                steps: plain(request.to.at, vec![What::Call(request.to.clone())]),
                files: None,
                apply: None,
            }
        });
        let endpoints = endpoints.collect();
        let parts = &mut site.services[workload.service].parts;
        parts.endpoints = endpoints;
        parts.upstreams = vec![upstream];
    }
}

fn entry(site: &Site, workload: &Workload, notes: &Notes) -> Option<usize> {
    let declared = site.services.len() - site.workloads.len();
    let known = site.services[..declared].iter().map(|service| service.name.text.as_str());
    if let Some(to) = &workload.to {
        return notes.find("service", "services", &to.text, to.at, known);
    }
    let mut entries: Vec<usize> = workload
        .mix
        .iter()
        .filter_map(|(request, _)| site.requests[*request].to.found)
        .map(|(service, _)| service)
        .collect();
    entries.sort_unstable();
    entries.dedup();
    if let [entry] = entries[..] {
        return Some(entry);
    }
    if notes.is_clean() {
        let says = format!("workload `{}` does not say where it connects", workload.name.text);
        notes.hinted(workload.name.at, says, "write `to = \"SERVICE\"`");
    }
    None
}
