//! The report for a terminal: the safe load first, then why it is that, what is left without something,
//! what to add, what it costs, and last what is not modelled.

use super::{
    Answer, Capacity, Cost, Curves, Growth, Known, Losses, Point, Size,
    words::{
        NOTHING, added, advice, afterwards, again, alone, bare, between, blind, busy, capped,
        coarse, eased, events, in_time, islands, kept, load, measured, missed_from,
        missed_somewhere, money, narrow, no_knee, perhaps, rate, relieved, required, signed,
        sized_from, survives, times, unfinished, unit, unpriced, unseen, unsurvived, verdict,
        worse,
    },
};
use crate::report::{
    format::{counted, or_dash, percent, seconds, span, thousands, utilisation},
    page::{Colour, Page, WIDTH},
    table::Table,
};

/// Stations that are named.
const NAMED_MAX: usize = 6;

/// What is known at once, to be told before the search.
pub fn opening(title: &str, it: &Known, colour: Colour) -> String {
    let mut page = Page::new(colour);
    page.painted_paragraph("1", &format!("{title}: capacity"), 0);
    known(&mut page, it);
    demands(&mut page, it);
    page.text
}

/// What the search has found, to be told after that.
pub fn render(it: &Capacity, colour: Colour) -> String {
    let mut page = Page::new(colour);
    answer(&mut page, it);
    limits(&mut page, it);
    curve(&mut page, it);
    if let Some(losses) = &it.losses {
        lost(&mut page, losses);
    }
    if let Some(growth) = &it.growth {
        turns(&mut page, growth);
        grown(&mut page, growth, it.cost.as_ref());
    }
    cost(&mut page, it);
    method(&mut page, it);
    page.heading("Not modelled");
    for line in &it.unmodelled {
        page.paragraph(&format!("* {line}"), 2);
    }
    page.text
}

fn answer(page: &mut Page, it: &Capacity) {
    page.line("");
    let (code, prefix) =
        if it.answer == Answer::Found { ("1;32", "SAFE LOAD  ") } else { ("1;33", "") };
    let mut wrapped = Page::new(Colour::Off);
    wrapped.paragraph(&format!("{prefix}{}", verdict(it)), prefix.len());
    for line in wrapped.text.lines() {
        page.painted(code, line);
    }
    if let Some(says) = advice(it) {
        page.paragraph(&says, 0);
    }
    if let Some(says) = events(it) {
        page.paragraph(&format!("EVENTS     {says}"), 11);
    }
    if let Some(says) = coarse(it) {
        page.paragraph(&format!("COARSE     {says}"), 11);
    }
    if let Some(says) = capped(it) {
        page.paragraph(&format!("BOUND      {says}"), 11);
    }
    if let Some(says) = eased(it) {
        page.paragraph(&format!("LESS BUSY  {says}"), 11);
    }
    for says in islands(it) {
        page.paragraph(&format!("NOT SMOOTH {says}"), 11);
    }
    let Some(safe) = &it.safe else { return };
    let mut fact = |what: &str, says: &str| page.paragraph(&format!("{what:<11}{says}"), 11);
    fact("now", &format!("{}; headroom {}", load(&it.scenario.load), signed(safe.headroom)));
    if let (Some(missed), Some(name)) = (&safe.missed_at, &safe.limited_by) {
        fact(
            "limit",
            &format!("`{name}` is missed from about {} on {}", load(&missed[0]), between(missed)),
        );
    }
    if let Some((name, used)) = busy(it, "then") {
        fact("busiest", &format!("{name}{used}"));
    }
    let rare = unseen(it).map_or_else(String::new, |rare| format!("; {rare}"));
    let count = safe.confirmed_by;
    fact("confirmed", &format!("on {count} replications that the search had not seen{rare}"));
    let short = if safe.is_short {
        "; the stated time is short against that: a longer one (`--sustain`) may bear less"
    } else {
        ""
    };
    if let Some(settles) = safe.relaxation_s {
        let settles = seconds(settles);
        fact(
            "settles",
            &format!("as at M/M/1, a disturbance is forgotten in the order of {settles}{short}"),
        );
    }
}

fn known(page: &mut Page, known: &Known) {
    page.heading("What runs out, without simulating");
    match known.bound_per_s {
        Some(bound) => page.paragraph(
            &format!(
                "{} {}/s can be served; a request takes {} if nobody is in its way",
                if known.mix_changes { "at the mix of no load" } else { "no more than" },
                rate(bound),
                alone(known)
            ),
            0,
        ),
        None => page.line("nothing runs out"),
    }
    let mut table = Table::new(["", "a request asks for", "of", "now", "full at"]);
    for station in known.stations.iter().take(NAMED_MAX) {
        let least = if station.is_least { "≤ " } else { "" };
        table.row([
            station.name.clone(),
            amount(station.kind, station.demand),
            capacity(station.kind, station.capacity),
            utilisation(station.utilisation),
            format!("{least}{}/s", rate(station.saturates_at_per_s)),
        ]);
    }
    if !known.stations.is_empty() {
        page.table(&table);
    }
    if known.stations.len() > NAMED_MAX {
        let more = known.stations.len() - NAMED_MAX;
        page.line(&format!("and {more} more that are full later, named in the report"));
    }
    if known.stations.len() > 1 {
        page.paragraph(
            "each the next bottleneck when all above it are relieved: when their services have so \
             much of that resource that it never runs out",
            0,
        );
    }
    for line in &known.unknown {
        page.paragraph(line, 0);
    }
}

/// By kind of request, where that is more than one and they fit side by side.
fn demands(page: &mut Page, known: &Known) {
    let mut titles = vec![String::new()];
    titles.extend(known.requests.iter().map(|it| it.name.clone()));
    let mut table = Table::of(titles);
    for station in known.stations.iter().take(NAMED_MAX) {
        let mut cells = vec![station.name.clone()];
        cells.extend(station.demands.iter().map(|it| asked(station.kind, *it)));
        table.row_of(cells);
    }
    let fits = table.lines().iter().all(|line| line.chars().count() <= WIDTH);
    if known.requests.len() > 1 && !known.stations.is_empty() && fits {
        page.heading("What one request of each type asks for");
        page.table(&table);
    }
}

/// `12.0 ms`, or that it is nothing.
pub(super) fn asked(kind: &str, demand: f64) -> String {
    if demand > 0.0 { amount(kind, demand) } else { "–".to_owned() }
}

/// What a request asks of a station.
pub(super) fn amount(kind: &str, demand: f64) -> String {
    match kind {
        "NIC out" | "NIC in" => format!("{}bit", scaled(demand)),
        "disk throughput" => format!("{}B", scaled(demand)),
        "disk operations" => format!("{demand:.3}"),
        _ => seconds(demand),
    }
}

/// What a station has.
pub(super) fn capacity(kind: &str, capacity: f64) -> String {
    match kind {
        "NIC out" | "NIC in" => format!("{}bit/s", scaled(capacity)),
        "disk throughput" => format!("{}B/s", scaled(capacity)),
        "disk operations" => format!("{}/s", scaled(capacity)),
        "CPU" if capacity == 1.0 => "1 core".to_owned(),
        "CPU" => format!("{} cores", count(capacity)),
        _ => count(capacity),
    }
}

fn count(value: f64) -> String {
    if value.fract() == 0.0 { thousands(value as u64) } else { format!("{value:.1}") }
}

fn scaled(value: f64) -> String {
    let units = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    let (size, unit) = units.into_iter().find(|(size, _)| value >= *size).unwrap_or((1.0, " "));
    format!("{}{unit}", crate::report::format::three(value / size))
}

fn limits(page: &mut Page, it: &Capacity) {
    page.heading("Objectives, and where they are missed");
    let mut table = Table::new(["", "requires", "missed from", "[low, high]"]);
    for (index, limit) in it.objectives.iter().enumerate() {
        let (at, bounds) = if let Some(missed) = &limit.missed_at {
            narrow(missed)
        } else {
            let at = missed_somewhere(it, index);
            (at.unwrap_or_else(|| "not near the limit".to_owned()), String::new())
        };
        table.row([limit.name.clone(), required(it, limit), at, bounds]);
    }
    page.table(&table);
    if let Some(says) = unfinished(it) {
        page.paragraph(&says, 0);
    }
}

fn curve(page: &mut Page, it: &Capacity) {
    let Some(first) = it.curve.first() else { return };
    page.heading("Latency over the load, as visitors see it");
    let mut table =
        Table::new([unit(&first.load), "answered", "mean", "p50", "p95", "p99", "used"]);
    let worst = |point: &Point| point.badness.iter().flatten().map(|it| it[0]).fold(0.0, f64::max);
    let mark = |point: &Point| {
        let is_knee = it.knee.is_some_and(|knee| knee.factor == point.load.factor);
        let miss = if worst(point) > 1.0 { " MISS" } else { "" };
        format!("{miss}{}", if is_knee { " knee" } else { "" })
    };
    let width = it.curve.iter().map(|it| mark(it).len()).max().unwrap_or(0).max(5);
    for point in &it.curve {
        let [mean, p50, p95, p99] = point.latency_s;
        table.row([
            bare(&point.load),
            or_dash(point.answered_per_s, |it| format!("{}/s", rate(it))),
            or_dash(mean, seconds),
            or_dash(p50, seconds),
            or_dash(p95, seconds),
            or_dash(p99, seconds),
            format!("{}{:<width$}", times(worst(point)), mark(point)),
        ]);
    }
    page.table(&table);
    page.paragraph(
        "used: of what the objective nearest to its limit allows (bad requests over those allowed; \
         a level over its limit)",
        6,
    );
    let knee = match &it.knee {
        Some(knee) => format!(
            "the knee, from which more load costs more latency than it gains, of the loads tried: {}",
            load(knee)
        ),
        None => no_knee(it),
    };
    page.paragraph(&knee, 0);
}

fn lost(page: &mut Page, losses: &Losses) {
    page.heading(&format!("Losing one of each, for {}, at the safe load", span(losses.gone_s)));
    let well = format!("after {}", in_time(losses));
    let mut table = Table::new(["", "alike", "kept", "fail", "survives", &well]);
    for loss in &losses.each {
        table.row([
            loss.name.clone(),
            loss.alike.to_string(),
            kept(loss.kept).to_owned(),
            or_dash(loss.failed_share, percent),
            survives(loss, bare),
            again(loss),
        ]);
    }
    page.table(&table);
    page.paragraph(
        &format!("after {}: whether all is well so long after it is back", in_time(losses)),
        2,
    );
    let [alone, others] = unsurvived(losses);
    if !alone.is_empty() {
        page.paragraph(&format!("single points of failure: {}", alone.join("; ")), 2);
    }
    if !others.is_empty() {
        page.paragraph(
            &format!("not even the lowest load tried survives {}", others.join("; ")),
            2,
        );
    }
    for line in blind(losses).into_iter().chain(perhaps(losses)).chain(afterwards(losses)) {
        page.paragraph(&line, 2);
    }
}

/// The bottlenecks behind the first, as tried.
fn turns(page: &mut Page, growth: &Growth) {
    if growth.turns.is_empty() {
        return;
    }
    page.heading("The next bottlenecks, tried where these never run out");
    let mut table = Table::new(["never runs out", "full next", "at", "busiest then"]);
    for turn in &growth.turns {
        table.row([
            relieved(turn),
            turn.next.clone(),
            format!("{}/s", rate(turn.full_at_per_s)),
            measured(turn),
        ]);
    }
    page.table(&table);
}

/// For a column beside four others.
fn short(load: &str) -> String {
    load.replace(" requests/s", "/s")
}

fn grown(page: &mut Page, growth: &Growth, cost: Option<&Cost>) {
    page.heading("What to add next");
    if growth.steps.is_empty() {
        page.line(NOTHING);
    } else {
        steps(page, growth, cost);
    }
    by_services(page, growth);
    if !growth.curves.is_empty() {
        sizes(page, &growth.curves);
    }
}

fn steps(page: &mut Page, growth: &Growth, cost: Option<&Cost>) {
    let currency = cost.map_or("", |cost| cost.currency.as_str());
    let money_title = format!("{currency}/h");
    let mut table = Table::new(["", "relieves", "full at", "missed from about", &money_title]);
    for step in &growth.steps {
        table.row([
            added(step),
            step.relieves.clone(),
            format!("{}/s", rate(step.bound_per_s)),
            step.missed_at.as_ref().map_or_else(
                || "–".to_owned(),
                |at| short(&missed_from(at, Some(step.bound_per_s))),
            ),
            or_dash(step.cost_per_h, money),
        ]);
    }
    let table = table.without_empty_columns();
    page.table(&table);
}

/// What each service could serve if nothing else ran out.
fn by_services(page: &mut Page, growth: &Growth) {
    page.heading("Full at, each service alone, by instances and by cores (requests/s)");
    let mut table = Table::new(["", "now", "+1", "+2", "+4", "½ cores", "1½", "2×"]);
    for it in &growth.services {
        let rate_of = |size: Option<&Size>| or_dash(size.and_then(|it| it.alone_per_s), rate);
        let [half, _, more, twice] = it.by_cores();
        table.row([
            format!("{} ×{}", it.service, it.from),
            rate_of(it.wider.first()),
            rate_of(it.wider.get(1)),
            rate_of(it.wider.get(2)),
            rate_of(it.wider.get(4)),
            rate_of(half),
            rate_of(more),
            rate_of(twice),
        ]);
    }
    page.table(&table);
    page.paragraph(
        "the site is full where the first of its services is, or earlier where they share hosts",
        0,
    );
    for line in worse(growth) {
        page.paragraph(&line, 2);
    }
}

fn sizes(page: &mut Page, curves: &[Curves]) {
    page.heading("Each service at other sizes, simulated");
    let mut table = Table::new(["", "", "full at", "missed from about", "[low, high]"]);
    let mut last = "";
    for (service, size, it) in curves.iter().flat_map(Curves::rows) {
        table.row([
            if service == last { String::new() } else { service.to_owned() },
            size,
            or_dash(it.bound_per_s, |it| format!("{}/s", rate(it))),
            it.missed_at
                .as_ref()
                .map_or_else(|| "–".to_owned(), |at| sized_from(at, it.bound_per_s)),
            it.missed_at.as_ref().map_or_else(String::new, |at| narrow(at).1),
        ]);
        last = service;
    }
    page.table(&table);
}

fn cost(page: &mut Page, it: &Capacity) {
    let Some(cost) = &it.cost else { return };
    page.heading("Cost");
    let currency = &cost.currency;
    page.line(&format!("{} {currency} an hour for all machines", money(cost.per_h)));
    if let Some(safe) = cost.per_million {
        let now = cost
            .per_million_now
            .map_or_else(String::new, |now| format!("; {} {currency} now", money(now)));
        page.line(&format!(
            "{} {currency} a million answered requests at the safe load{now}",
            money(safe)
        ));
    }
    if cost.unpriced > 0 {
        page.line(&unpriced(cost.unpriced));
    }
}

fn method(page: &mut Page, it: &Capacity) {
    page.heading("How it was found");
    let method = &it.method;
    page.paragraph(
        &format!(
            "{} of {} after {} of warm-up at {}, {}, seed {}",
            counted(method.replications, "replication"),
            span(it.scenario.sustained_s),
            span(it.scenario.warm_up_s),
            counted(u64::from(method.loads), "load"),
            counted(method.requests, "request"),
            it.scenario.seed,
        ),
        0,
    );
    for attempt in &method.attempts {
        let came = match &attempt.says {
            None => "confirmed".to_owned(),
            Some(says) => format!("not confirmed: {says}"),
        };
        let (load, count) = (load(&attempt.load), attempt.replications);
        page.paragraph(&format!("* {load} on {count} fresh replications: {came}"), 2);
    }
}
