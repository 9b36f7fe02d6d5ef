//! What is printed at the end of a run, in the order in which one asks: does it work, how quick is
//! it, what was promised, what gives in first, and then where the time goes. 80 columns, and the
//! same words with and without colour.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diagnosis::{Eased, PilesUp, Resource, RunsOut, Stability},
    format::{or_dash, percent, seconds, span, thousands, three, utilisation},
    objective::measured,
    page::Page,
    summary::{Failures, Instance, Requests, Summary},
    table::Table,
};
use crate::{
    measure::figures::LatencyFigures,
    slo::objective::Measured,
    stats::interval::{Estimate, REPLICATIONS_MIN},
};

pub use super::page::Colour;

const USAGE: [&str; 8] =
    ["", "CPU", "NIC out", "NIC in", "disk", "workers", "page cache", "buffer pool"];

/// Rows by request type around events; of more, summary.json tells.
const AROUND_MAX: usize = 24;

/// Instances named in a list.
const NAMED_MAX: usize = 8;

/// The whole report. `outputs` is the digest of the files, if any were written.
pub fn render(summary: &Summary, outputs: Option<&str>, colour: Colour) -> String {
    let mut page = Page::new(colour);
    header(&mut page, summary);
    for it in &summary.precision {
        page.paragraph(&it.says(), 2);
    }
    success(&mut page, summary);
    stability(&mut page, summary);
    latency(&mut page, summary);
    request_types(&mut page, summary);
    around_events(&mut page, summary);
    objectives(&mut page, summary);
    bottleneck(&mut page, summary);
    services(&mut page, summary);
    most_at_once(&mut page, summary);
    usage(&mut page, summary);
    errors(&mut page, summary);
    replicas(&mut page, summary);
    page.heading("Digests");
    page.line(&format!("events   {}", summary.events_digest));
    if let Some(outputs) = outputs {
        page.line(&format!("outputs  {outputs}"));
    }
    page.text
}

fn header(page: &mut Page, summary: &Summary) {
    let scenario = &summary.scenario;
    let title = if scenario.title.is_empty() { &scenario.name } else { &scenario.title };
    page.painted_paragraph("1", title, 0);
    let runs = match scenario.replications {
        1 => "1 replication".to_owned(),
        many => format!("{many} replications"),
    };
    let warm_up = match scenario.warm_up_s {
        0.0 => String::new(),
        warm_up => format!(" after {} of warm-up", span(warm_up)),
    };
    page.paragraph(
        &format!(
            "{runs} of {}{warm_up}, seed {}; {} requests, {}/s",
            span(scenario.duration_s),
            scenario.seed,
            thousands(summary.site.count),
            or_dash(summary.site.figures.rates.offered_per_s.value, three),
        ),
        0,
    );
    if scenario.replications == 1 && summary.site.figures.ok.mean_s.low.is_some() {
        page.paragraph(
            "[low, high]: by batches of one long run; ~ is rough, from few observations; – is none, from \
             too few or because batches resemble their neighbours.",
            0,
        );
        return;
    }
    if let Some(why) = &summary.no_batches {
        page.paragraph(&format!("{why}; a longer one, or five replications, would give some"), 0);
        return;
    }
    if scenario.replications < REPLICATIONS_MIN {
        page.paragraph(
            "[low, high] needs five replications; there are none here. max is the mean of the runs' \
             longest",
            0,
        );
        return;
    }
    page.paragraph(
        "[low, high] is where the truth lies, with 95% confidence; ~ is rough, from few observations; \
         – is too few for any. max is the longest to be expected in a run of this length, its [low, \
         high] where the longest of another run will lie.",
        0,
    );
}

fn interval(estimate: &Estimate, print: impl Fn(f64) -> String) -> String {
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => {
            let mark = if estimate.is_rough { "~" } else { "" };
            format!("{mark}[{}, {}]", print(low), print(high))
        }
        (Some(_) | None, None) | (None, Some(_)) => String::new(),
    }
}

fn success(page: &mut Page, summary: &Summary) {
    page.heading("Success");
    let rates = &summary.site.figures.rates;
    let failed: u64 = summary.site.failures.iter().map(|failures| failures.count).sum();
    let share = or_dash(rates.success_share.value, percent);
    let is_bare = rates.success_share.low.is_none();
    let bounds = if is_bare && summary.scenario.replications >= REPLICATIONS_MIN {
        "(too little was seen for an interval)".to_owned()
    } else {
        interval(&rates.success_share, percent)
    };
    let counted = match failed {
        0 => format!("none of {} failed", thousands(summary.site.count)),
        _ => format!("{} of {} failed", thousands(failed), thousands(summary.site.count)),
    };
    let code = if failed == 0 { "32" } else { "33" };
    page.painted(code, &format!("{share} {bounds}   {counted}").replace("  ", " "));
    if failed > 0 {
        page.paragraph(&format!("because of: {}", causes(&summary.site.failures)), 12);
    }
    page.line(&format!(
        "{}/s arrive, {}/s are answered well",
        or_dash(rates.offered_per_s.value, three),
        or_dash(rates.throughput_per_s.value, three),
    ));
}

fn causes(failures: &[Failures]) -> String {
    let said = failures.iter().map(|it| format!("{} {}", it.cause, thousands(it.count)));
    said.collect::<Vec<_>>().join(" · ")
}

fn stability(page: &mut Page, summary: &Summary) {
    let diagnosis = &summary.diagnosis;
    let Some(first) = diagnosis.busiest.first() else { return };
    let busy = utilisation(first.utilisation);
    let busiest = format!("{} of {} is {busy} busy", first.kind, first.of);
    let name = match (diagnosis.beyond_per_s, &diagnosis.beyond_of, &diagnosis.waits) {
        (Some(bound), Some(of), _) => format!("{of} can serve {}/s", three(bound)),
        (_, _, Some(at)) => format!("more and more calls wait {at}; {busiest} at most"),
        _ => busiest,
    };
    let by_whom = if diagnosis.waits.is_some() { "is served" } else { "it can serve" };
    let (code, heading, says) = match (diagnosis.stability, diagnosis.falling_behind) {
        (Stability::Stable, _) => return,
        (Stability::Saturated, _) => (
            "1;33",
            format!("SATURATED: {name}"),
            "What it cannot serve is turned away or gives up; nothing piles up.".to_owned(),
        ),
        (Stability::Unstable, Some(behind)) => (
            "1;31",
            format!("UNSTABLE: replicas fall behind by {} a second; {name}", seconds(behind)),
            "More is committed than they can apply. How old what they show is depends on how long \
             the run is; read it as \"it does not hold\"."
                .to_owned(),
        ),
        (Stability::Unstable, None) => (
            "1;31",
            format!("UNSTABLE: {name}"),
            format!(
                "More arrives than {by_whom}{}. Times and shares depend on how long the run is; \
                 read them as \"it does not hold\".",
                match (&diagnosis.piles_up, diagnosis.growth_per_s) {
                    (Some(PilesUp { at, per_s }), _) => format!(
                        ": calls at {at} grow by {} a second, though no more visitors wait for them",
                        three(*per_s),
                    ),
                    (None, growth) if growth > 0.0 => format!(
                        ": work in flight grows by {} requests a second, {} had not ended when \
                         the runs did",
                        three(growth),
                        thousands(diagnosis.unfinished),
                    ),
                    _ => String::new(),
                }
            ),
        ),
    };
    page.line("");
    page.painted_paragraph(code, &heading, 0);
    page.paragraph(&says, 0);
}

fn latency(page: &mut Page, summary: &Summary) {
    page.heading("Latency, as visitors see it");
    let mut table = Table::new(["", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"]);
    let figures = &summary.site.figures;
    for (name, of) in [("successes", &figures.ok), ("failures", &figures.failed)] {
        if of.mean_s.value.is_none() {
            continue;
        }
        table.row(cells(name, of, |estimate| estimate.value));
        if of.mean_s.low.is_some() {
            table.row(cells("  low", of, |estimate| estimate.low));
            table.row(cells("  high", of, |estimate| estimate.high));
        }
    }
    page.table(&table);
}

fn cells(
    name: &str,
    of: &LatencyFigures<Estimate>,
    pick: impl Fn(&Estimate) -> Option<f64>,
) -> [String; 8] {
    let is_bound = name.starts_with(' ');
    let said = |estimate: &Estimate| {
        let mark = if is_bound && estimate.is_rough { "~" } else { "" };
        or_dash(pick(estimate), |value| format!("{mark}{}", seconds(value)))
    };
    [
        name.to_owned(),
        said(&of.mean_s),
        said(&of.p50_s),
        said(&of.p90_s),
        said(&of.p95_s),
        said(&of.p99_s),
        said(&of.p99_9_s),
        said(&of.max_s),
    ]
}

fn request_types(page: &mut Page, summary: &Summary) {
    if summary.requests.len() < 2 {
        return;
    }
    page.heading("By request type (latency of successes)");
    let mut table = Table::new(["", "per s", "success", "p50", "p95", "p99", "[low, high]"]);
    for request in &summary.requests {
        let Requests { name, figures, .. } = request;
        table.row([
            name.clone(),
            or_dash(figures.rates.offered_per_s.value, three),
            or_dash(figures.rates.success_share.value, percent),
            or_dash(figures.ok.p50_s.value, seconds),
            or_dash(figures.ok.p95_s.value, seconds),
            or_dash(figures.ok.p99_s.value, seconds),
            interval(&figures.ok.p99_s, seconds),
        ]);
    }
    page.table(&table);
}

fn around_events(page: &mut Page, summary: &Summary) {
    if summary.windows.is_empty() {
        return;
    }
    page.heading("Around events (requests by arrival; latency of successes)");
    let mut table = Table::new(["", "from", "to", "success", "p99", "[low, high]"]);
    let types = if summary.requests.len() < 2 { 0 } else { summary.requests.len() };
    let with_types = types * summary.windows.len() <= AROUND_MAX;
    let mut row = |of: &Requests, name: String, [from, until]: [String; 2]| {
        table.row([
            name,
            from,
            until,
            or_dash(of.figures.rates.success_share.value, percent),
            or_dash(of.figures.ok.p99_s.value, seconds),
            interval(&of.figures.ok.p99_s, seconds),
        ]);
    };
    for window in &summary.windows {
        let lasts = [window.from_s, window.until_s].map(span);
        row(&window.all, window.all.name.clone(), lasts);
        for of_type in window.requests.iter().filter(|_| types > 0 && with_types) {
            row(of_type, format!("  {}", of_type.name), Default::default());
        }
    }
    page.table(&table);
    if !with_types {
        page.line("summary.json has them by request type");
    }
}

fn objectives(page: &mut Page, summary: &Summary) {
    if summary.objectives.is_empty() {
        return;
    }
    page.heading("Objectives (measured; `simulate check` judges)");
    for objective in &summary.objectives {
        let Measured { name, require, place, .. } = objective;
        page.paragraph(&format!("{name}: {require}, {place}"), 2);
        page.paragraph(&format!("  {}", measured(objective)), 2);
    }
}

/// From here on it is said that what should be as busy as this is not.
const NEARLY_FULL: f64 = 0.8;

fn bottleneck(page: &mut Page, summary: &Summary) {
    let diagnosis = &summary.diagnosis;
    let mut busiest = diagnosis.busiest.iter();
    let Some(first) = busiest.next() else { return };
    page.heading("What gives in first");
    let is_saturated = diagnosis.stability != Stability::Stable;
    let said = |resource: &Resource| {
        let name = format!("{} of {}", resource.kind, resource.of);
        let busy = utilisation(resource.utilisation);
        match resource.saturates_at_per_s {
            None if resource.utilisation == 0.0 => format!("{name}, not used at all"),
            None => format!("{name}, {busy} busy on average, events included"),
            Some(load) if is_saturated => format!("{name}, {busy} busy at {}/s", three(load)),
            Some(load) => format!("{name}, {busy} busy, saturates at about {}/s", three(load)),
        }
    };
    let mut words = ["first", "next ", "then "].into_iter();
    let mut word = || words.next().unwrap_or("then ");
    if let Some(RunsOut { of, at_per_s }) = &diagnosis.runs_out {
        let said = format!("{}  {of}, full at {}/s at most", word(), three(*at_per_s));
        page.painted_paragraph("1", &said, 7);
    }
    if let Some(Eased { of, utilisation: busy, by_law }) =
        diagnosis.eased.as_ref().filter(|it| it.by_law >= NEARLY_FULL)
    {
        let (busy, by_law) = (utilisation(*busy), utilisation(*by_law));
        page.paragraph(
            &format!("{of} is {busy} busy, not {by_law} as by the utilisation law: what fails or ends on its way asks less of it"),
            7,
        );
    }
    page.painted("1", &format!("{}  {}", word(), said(first)));
    // The next when that is relieved at all instances of its service, and so on: the first of each kind.
    let role = |resource: &Resource| {
        let of = resource.of.trim_end_matches(|it: char| it.is_ascii_digit());
        (resource.kind, of.to_owned())
    };
    let mut before = vec![role(first)];
    for _ in 0..2 {
        let Some(other) = diagnosis.busiest.iter().find(|it| !before.contains(&role(it))) else {
            return;
        };
        page.line(&format!("{}  {}", word(), said(other)));
        before.push(role(other));
    }
}

fn services(page: &mut Page, summary: &Summary) {
    page.heading("Services");
    let titles =
        ["", "calls/s", "failed", "time mean", "p99", "wait mean", "p99", "queue", "in it"];
    let mut table = Table::new(titles);
    for service in &summary.services {
        let figures = &service.figures;
        table.row([
            format!("{} ×{}", service.name, service.instances),
            or_dash(figures.throughput_per_s.value, three),
            or_dash(figures.failed_share.value, percent),
            or_dash(figures.sojourn_mean_s.value, seconds),
            or_dash(figures.sojourn_p99_s.value, seconds),
            or_dash(figures.wait_mean_s.value, seconds),
            or_dash(figures.wait_p99_s.value, seconds),
            or_dash(figures.waiting_mean.value, three),
            or_dash(figures.in_system_mean.value, three),
        ]);
    }
    page.table(&table);
    let is_idle = |it: &&super::summary::Service| {
        it.figures.failed_share.value.is_none() && it.figures.throughput_per_s.value == Some(0.0)
    };
    for service in summary.services.iter().filter(is_idle) {
        page.line(&format!(
            "nothing has reached {}; a workload's `to` says where visitors connect",
            service.name
        ));
    }
    let queued = |upstream: &&super::summary::Upstream| {
        upstream.figures.queued_mean.value.is_some_and(|mean| mean > 0.0)
    };
    for upstream in summary.upstreams.iter().filter(queued) {
        page.line(&format!(
            "queue of {} for {} ({}): {} calls on average",
            upstream.caller,
            upstream.callee,
            upstream.name,
            or_dash(upstream.figures.queued_mean.value, three),
        ));
    }
}

/// What was highest at once, for whoever sets limits: the site, the fullest services, the queues.
fn most_at_once(page: &mut Page, summary: &Summary) {
    let is_some = |it: &Estimate| it.value.is_some_and(|value| value > 0.0);
    if !is_some(&summary.whole.in_flight_max) {
        return;
    }
    page.heading("Most at once (to be expected of a run of this length)");
    let mut table = Table::new(["", "in it", "[low, high]", "waiting", "[low, high]"]);
    let mut has_bounds = false;
    let mut row = |name: String, in_it: Option<&Estimate>, waiting: Option<&Estimate>| {
        let value =
            |it: Option<&Estimate>| it.map_or_else(String::new, |it| or_dash(it.value, three));
        let bounds = |it: Option<&Estimate>| {
            it.filter(|it| is_some(it)).map_or_else(String::new, |it| interval(it, three))
        };
        let both = [bounds(in_it), bounds(waiting)];
        has_bounds |= both.iter().any(|it| !it.is_empty());
        let [of_calls, of_waiting] = both;
        table.row([name, value(in_it), of_calls, value(waiting), of_waiting]);
    };
    row("all requests".to_owned(), Some(&summary.whole.in_flight_max), None);
    let mut fullest: Vec<_> = summary.services.iter().collect();
    let value = |it: &Estimate| it.value.unwrap_or(0.0);
    fullest.sort_by(|one, other| {
        let most = |it: &super::summary::Service| value(&it.figures.in_system_max);
        most(other).total_cmp(&most(one))
    });
    for service in fullest.iter().take(NAMED_MAX) {
        let figures = &service.figures;
        let name = service.name.clone();
        row(name, Some(&figures.in_system_max), Some(&figures.waiting_max));
    }
    let queues = summary.upstreams.iter().filter(|it| is_some(&it.figures.queued_max));
    for upstream in queues.take(NAMED_MAX) {
        let name = format!("{} for {}", upstream.caller, upstream.callee);
        row(name, None, Some(&upstream.figures.queued_max));
    }
    page.table(&table.without_empty_columns());
    if has_bounds {
        page.line("[low, high] is where the highest of another run will lie.");
    }
}

/// Mean and highest over the instances of a service.
fn spread(values: impl Iterator<Item = Option<f64>>) -> String {
    let known: Vec<f64> = values.flatten().collect();
    if known.is_empty() {
        return "–".to_owned();
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let most = known.iter().copied().fold(0.0, f64::max);
    if known.len() == 1 {
        return utilisation(mean);
    }
    format!("{} / {}", utilisation(mean), utilisation(most))
}

fn usage(page: &mut Page, summary: &Summary) {
    page.heading("Utilisation (mean / busiest instance)");
    let mut table = Table::new(USAGE);
    for service in &summary.services {
        let own: Vec<&Instance> =
            summary.instances.iter().filter(|it| it.service == service.name).collect();
        // Hosts in the order of the scenario, each once however many instances it carries.
        let carries: BTreeSet<&str> = own.iter().map(|it| it.host.as_str()).collect();
        let hosts: Vec<_> = summary
            .hosts
            .iter()
            .filter(|host| carries.contains(host.name.as_str()))
            .map(|host| &host.figures)
            .collect();
        let cached: Vec<f64> =
            hosts.iter().filter_map(|it| it.page_cache_hit_share.value).collect();
        let hits = cached.iter().sum::<f64>() / cached.len().max(1) as f64;
        table.row([
            service.name.clone(),
            spread(hosts.iter().map(|it| it.cpu_utilisation.value)),
            spread(hosts.iter().map(|it| it.sending_utilisation.value)),
            spread(hosts.iter().map(|it| it.receiving_utilisation.value)),
            spread(hosts.iter().map(|it| it.disk_utilisation.value)),
            spread(own.iter().map(|it| it.own.utilisation.value)),
            or_dash((!cached.is_empty()).then_some(hits), |hits| format!("{} hits", percent(hits))),
            or_dash(service.figures.buffer_pool_hit_share.value, |hits| {
                format!("{} hits", percent(hits))
            }),
        ]);
    }
    page.table(&table.without_empty_columns());
    let mut tenants: BTreeMap<&str, &str> = BTreeMap::new();
    let mut is_shared = false;
    for instance in &summary.instances {
        let first = tenants.entry(&instance.host).or_insert(&instance.service);
        is_shared |= *first != instance.service;
    }
    if is_shared {
        page.line("Services that share a host are each shown with all of its use.");
    }
}

fn errors(page: &mut Page, summary: &Summary) {
    let visitors = summary.visitors.iter().map(|it| (&it.name, &it.blamed));
    let services = summary.services.iter().map(|it| (&it.name, &it.blamed));
    let places: Vec<_> = visitors.chain(services).filter(|(_, why)| !why.is_empty()).collect();
    if places.is_empty() {
        return;
    }
    page.heading("Where requests failed first");
    let width = places.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, why) in places {
        page.paragraph(&format!("{name:<width$}  {}", causes(why)), width + 2);
    }
}

fn replicas(page: &mut Page, summary: &Summary) {
    let replicas: Vec<_> = summary.instances.iter().filter(|it| it.applied > 0).collect();
    if replicas.is_empty() {
        return;
    }
    page.heading("Replicas (lag from commit to visible)");
    let mut table = Table::new(["", "mean", "p95", "p99", "max", "[low, high]", "transactions"]);
    for replica in replicas.iter().take(NAMED_MAX) {
        table.row([
            replica.name.clone(),
            or_dash(replica.own.lag_mean_s.value, seconds),
            or_dash(replica.own.lag_p95_s.value, seconds),
            or_dash(replica.own.lag_p99_s.value, seconds),
            or_dash(replica.own.lag_max_s.value, seconds),
            interval(&replica.own.lag_max_s, seconds),
            thousands(replica.applied),
        ]);
    }
    page.table(&table);
    if replicas.len() > NAMED_MAX {
        page.line(&format!("and {} more in summary.json", replicas.len() - NAMED_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{page::WIDTH, sample};

    fn summary() -> Summary {
        Summary::new(&sample::site(), &sample::fold())
    }

    #[test]
    fn a_run_of_a_small_site() {
        insta::assert_snapshot!(render(&summary(), Some("0123456789abcdef"), Colour::Off));
    }

    #[test]
    fn eighty_columns_and_the_same_words_in_colour() {
        let plain = render(&summary(), None, Colour::Off);
        for line in plain.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        let coloured = render(&summary(), None, Colour::On);
        let codes = ["\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[0m"];
        let stripped = codes.iter().fold(coloured, |text, code| text.replace(code, ""));
        assert_eq!(stripped, plain);
    }
}
