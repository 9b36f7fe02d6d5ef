//! The report that is handed on: the safe load first, what isn't modelled last.

use super::{
    Answer, Capacity, Curves, Growth, Kept, Known, Losses, Size,
    terminal::{amount, asked, capacity},
    words::{
        self, NOTHING, added, advice, afterwards, again, bare, between, blind, busy, capped,
        coarse, eased, events, in_time, islands, kept, load, missed_from, missed_somewhere, money,
        not_even, perhaps, rate, required, signed, survives, times, unfinished, unit, unpriced,
        unseen, unsurvived, verdict, worse,
    },
};
use crate::report::format::{confidence, or_dash, percent, seconds, span, thousands, utilisation};

/// Stations that are named.
const NAMED_MAX: usize = 200;

/// The text; `pictures` are those that were drawn.
pub fn render(it: &Capacity, pictures: &[&str]) -> String {
    let title = if it.scenario.title.is_empty() { &it.scenario.name } else { &it.scenario.title };
    let mut out = format!("# Capacity of {}\n\n", cell(title));
    summary(&mut out, it);
    if pictures.contains(&"load.png") {
        out.push_str("\n![Latency and objectives over the load](load.png)\n");
    }
    known(&mut out, it);
    limits(&mut out, it);
    if let Some(losses) = &it.losses {
        lost(&mut out, losses);
        if pictures.contains(&"losses.png") {
            out.push_str("\n![What is left without a part](losses.png)\n");
        }
    }
    if let Some(growth) = &it.growth {
        turns(&mut out, growth);
        grown(&mut out, it, growth);
        if pictures.contains(&"scaling.png") {
            out.push_str("\n![What more machines bring](scaling.png)\n");
        }
        sizes(&mut out, &growth.curves);
        if pictures.contains(&"sizes.png") {
            out.push_str("\n![Each service at several sizes](sizes.png)\n");
        }
    }
    cost(&mut out, it);
    method(&mut out, it);
    out.push_str("\n## What isn't modelled\n\n");
    for line in &it.unmodelled {
        out.push_str(&format!("* {line}\n"));
    }
    out
}

fn summary(out: &mut String, it: &Capacity) {
    out.push_str(&format!("**{}.**\n", sentence(&verdict(it))));
    if let Some(says) = advice(it) {
        out.push_str(&format!("\n{}.\n", sentence(&says)));
    }
    if let Some(says) = events(it) {
        out.push_str(&format!("\n**Events**: {}.\n", cell(&says)));
    }
    if let Some(says) = coarse(it) {
        out.push_str(&format!("\n**Coarse**: {says}.\n"));
    }
    if let Some(says) = capped(it) {
        out.push_str(&format!("\n**Bound**: {says}.\n"));
    }
    if let Some(says) = eased(it) {
        out.push_str(&format!("\n**Less busy than the law says**: {}.\n", cell(&says)));
    }
    for says in islands(it) {
        out.push_str(&format!("\n**Not smooth**: {says}.\n"));
    }
    let Some(safe) = &it.safe else { return };
    out.push_str("\n| | |\n| --- | --- |\n");
    let mut row = |what: &str, says: &str| out.push_str(&format!("| {what} | {} |\n", cell(says)));
    row("Load now", &load(&it.scenario.load));
    row(
        "Safe load",
        &format!("**{}** (lower {} bound)", load(&safe.load), confidence(it.confidence)),
    );
    row("Headroom", &format!("{} on top of the load now", signed(safe.headroom)));
    if let (Some(missed), Some(name)) = (&safe.missed_at, &safe.limited_by) {
        row(
            "Limited by",
            &format!(
                "“{name}”: missed from about {} on, 95% interval {}",
                load(&missed[0]),
                between(missed)
            ),
        );
    }
    if let Some(first) = it.operational.stations.first() {
        let used = busy(it, "at the safe load").map(|(_, used)| used).unwrap_or_default();
        row("First bottleneck", &format!("{}{used}", first.name));
    }
    let next: Vec<&str> =
        it.operational.stations.iter().skip(1).take(2).map(|it| it.name.as_str()).collect();
    if !next.is_empty() {
        row("Once that is relieved", &next.join(", then "));
    }
    match (&it.knee, it.curve.last()) {
        (Some(knee), _) => row(
            "Knee",
            &format!(
                "{}: from there on more load costs more latency than it gains (of the loads tried)",
                load(knee)
            ),
        ),
        (None, Some(last)) => row("Knee", &format!("none up to {}", load(&last.load))),
        (None, None) => {}
    }
    if let Some(losses) = &it.losses {
        let [alone, _] = unsurvived(losses);
        let says = if alone.is_empty() {
            "none among what was lost here".to_owned()
        } else {
            alone.join("; ")
        };
        row("Single points of failure", &says);
    }
    if let Some(cost) = &it.cost
        && let Some(per_million) = cost.per_million
    {
        row(
            "Cost",
            &format!(
                "{} {} a million answered requests at the safe load",
                money(per_million),
                cost.currency
            ),
        );
    }
    if let (Some(settles), true) = (safe.relaxation_s, safe.is_short) {
        let settles = seconds(settles);
        row(
            "Mind",
            &format!(
                "{} is short against the order of {settles} in which a disturbance is forgotten at \
                 this load (as at M/M/1); a longer time (`--sustain`) may bear less",
                span(it.scenario.sustained_s)
            ),
        );
    }
    if let Some(rare) = unseen(it) {
        row("Not known", &format!("of the {} that confirmed it {rare}", safe.confirmed_by));
    }
}

fn known(out: &mut String, it: &Capacity) {
    let known = &it.operational;
    out.push_str("\n## What runs out\n\n");
    if let Some(bound) = known.bound_per_s {
        out.push_str(&format!(
            "By the utilisation law, without simulating, {} {} requests/s. A \
             request takes {} on average if nobody is in its way.\n\n",
            if known.mix_changes {
                "the mix of no load could be served at"
            } else {
                "this mix cannot exceed"
            },
            rate(bound),
            words::alone(known)
        ));
    }
    if known.stations.is_empty() {
        out.push_str("Nothing that is modelled runs out.\n");
    } else {
        out.push_str("| resource | a request asks for | there is | in use now | full at |\n");
        out.push_str("| --- | ---: | ---: | ---: | ---: |\n");
    }
    for station in known.stations.iter().take(NAMED_MAX) {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {}{}/s |\n",
            cell(&station.name),
            amount(station.kind, station.demand),
            capacity(station.kind, station.capacity),
            utilisation(station.utilisation),
            if station.is_least { "≤ " } else { "" },
            rate(station.saturates_at_per_s),
        ));
    }
    if known.stations.len() > 1 {
        out.push_str(
            "\nIn turn: each is the next bottleneck when all above it are relieved, which is to say \
             that their services have so much of that resource that it never runs out.\n",
        );
    }
    for line in &known.unknown {
        out.push_str(&format!("\n{line}\n"));
    }
    if !it.busiest.is_empty() {
        let said: Vec<String> = it
            .busiest
            .iter()
            .take(3)
            .map(|it| format!("{} {}", it.name, utilisation(it.utilisation)))
            .collect();
        out.push_str(&format!("\nMeasured at the safe load: {}.\n", said.join(", ")));
    }
    demands(out, known);
    out.push_str("\n| request | share | at no load |\n| --- | ---: | ---: |\n");
    for request in &known.requests {
        out.push_str(&format!(
            "| {} | {} | {} |\n",
            cell(&request.name),
            percent(request.share),
            seconds(request.no_load_s)
        ));
    }
}

/// By kind of request.
fn demands(out: &mut String, known: &Known) {
    if known.requests.is_empty() || known.stations.is_empty() {
        return;
    }
    let names: Vec<String> = known.requests.iter().map(|it| cell(&it.name)).collect();
    out.push_str(&format!(
        "\nWhat one request of each type asks for:\n\n| resource | {} |\n| --- |{}\n",
        names.join(" | "),
        " ---: |".repeat(names.len())
    ));
    for station in known.stations.iter().take(NAMED_MAX) {
        let asks: Vec<String> = station.demands.iter().map(|it| asked(station.kind, *it)).collect();
        out.push_str(&format!("| {} | {} |\n", cell(&station.name), asks.join(" | ")));
    }
}

fn limits(out: &mut String, it: &Capacity) {
    out.push_str("\n## Objectives over the load\n\n");
    out.push_str(
        "| objective | requires | missed from about | 95% interval |\n| --- | --- | ---: | --- |\n",
    );
    for (index, limit) in it.objectives.iter().enumerate() {
        let (at, bounds) = if let Some(missed) = &limit.missed_at {
            (load(&missed[0]), between(missed))
        } else {
            let at = missed_somewhere(it, index);
            (at.unwrap_or_else(|| "not near its limit here".to_owned()), "–".to_owned())
        };
        out.push_str(&format!(
            "| {} | `{}` | {at} | {bounds} |\n",
            cell(&limit.name),
            required(it, limit).replace('|', "\\|")
        ));
    }
    if let Some(says) = unfinished(it) {
        out.push_str(&format!("\n{}.\n", cell(&sentence(&says))));
    }
    let Some(first) = it.curve.first() else { return };
    out.push_str(&format!(
        "\n| {} | answered well | mean | p50 | p95 | p99 | allowance used |\n",
        unit(&first.load)
    ));
    out.push_str("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for point in &it.curve {
        let worst = point.badness.iter().flatten().map(|it| it[0]).fold(0.0, f64::max);
        let [mean, p50, p95, p99] = point.latency_s.map(|it| or_dash(it, seconds));
        out.push_str(&format!(
            "| {} | {} | {mean} | {p50} | {p95} | {p99} | {}{} |\n",
            bare(&point.load),
            or_dash(point.answered_per_s, |it| format!("{}/s", rate(it))),
            times(worst),
            if worst > 1.0 { " **missed**" } else { "" },
        ));
    }
    out.push_str(
        "\nThe last column is how much is used of what the objective nearest to its limit allows: \
         bad requests over those allowed, a level over its limit. 1× is the limit.\n",
    );
}

fn lost(out: &mut String, losses: &Losses) {
    out.push_str(&format!(
        "\n## What is left without a part\n\nOne of each kind is lost for {} in the middle of \
         the run, at the safe load, with the \
         transient, cold caches, health checks and bans that go with it; objectives are judged \
         over the time of the loss, \
         and again over the second half of as long a time after it.\n\n",
        span(losses.gone_s)
    ));
    out.push_str(&format!(
        "| lost | alike | objectives kept | fail meanwhile | missed by | survives | well again {} \
         later |\n",
        in_time(losses)
    ));
    out.push_str("| --- | ---: | --- | ---: | --- | ---: | --- |\n");
    for loss in &losses.each {
        let worst = match (&loss.worst, loss.badness) {
            (Some(name), Some(badness)) if badness > 1.0 => {
                format!("{} {}", cell(name), times(badness))
            }
            _ => "–".to_owned(),
        };
        let survives = match &loss.survives {
            Some(_) if loss.is_blind() => format!("**{}**", survives(loss, load)),
            Some(_) => survives(loss, load),
            None => format!("**{}**", not_even(loss, load)),
        };
        out.push_str(&format!(
            "| {} | {} | {} | {} | {worst} | {survives} | {} |\n",
            cell(&loss.name),
            loss.alike,
            state(loss.kept),
            or_dash(loss.failed_share, percent),
            match loss.later {
                None => state(loss.well_again).to_owned(),
                Some(_) => format!("{}; {}", state(loss.well_again), again(loss)),
            },
        ));
    }
    let [alone, others] = unsurvived(losses);
    if !alone.is_empty() {
        out.push_str(&format!(
            "\nSingle points of failure, at which no load tried keeps all objectives, or most \
             requests fail: {}.\n",
            cell(&alone.join("; "))
        ));
    }
    if !others.is_empty() {
        out.push_str(&format!(
            "\nNor does the lowest load tried survive this, although there are others like it: \
             {}.\n",
            cell(&others.join("; "))
        ));
    }
    for line in blind(losses).into_iter().chain(perhaps(losses)).chain(afterwards(losses)) {
        out.push_str(&format!("\n{}.\n", cell(&sentence(&line))));
    }
}

fn state(it: Kept) -> &'static str {
    if it == Kept::No { "**no**" } else { kept(it) }
}

/// The bottlenecks behind the first, as tried.
fn turns(out: &mut String, growth: &Growth) {
    if growth.turns.is_empty() {
        return;
    }
    out.push_str(
        "\n## The next bottlenecks\n\nThe first ones are given so much that they never run out; then the \
         site is tried at the load that nearly fills what is next by the utilisation law.\n\n\
         | never runs out | full next | at | tried at | busiest then |\n\
         | --- | --- | ---: | ---: | --- |\n",
    );
    for turn in &growth.turns {
        let (tried, busiest) = match (&turn.tried, &turn.busiest) {
            (Some(tried), Some(busiest)) => {
                let used = utilisation(busiest.utilisation);
                (load(tried), format!("{}, {used}", cell(&busiest.name)))
            }
            _ => ("–".to_owned(), "not tried".to_owned()),
        };
        let marked = if turn.is_next == Some(false) { "**not so**: " } else { "" };
        out.push_str(&format!(
            "| {} | {} | {}/s | {tried} | {marked}{busiest} |\n",
            cell(&turn.relieved.join(", ")),
            cell(&turn.next),
            rate(turn.full_at_per_s)
        ));
    }
}

fn grown(out: &mut String, it: &Capacity, growth: &Growth) {
    out.push_str("\n## Growth\n\n");
    if growth.steps.is_empty() {
        out.push_str(&format!("What to add next: {NOTHING}.\n"));
    } else {
        steps(out, it, growth);
    }
    alone(out, it, growth);
    out.push_str(
        "\nSettings stay as they are: workers, pools and limits do not grow with the \
     cores unless the scenario says so.\n",
    );
}

/// What to add next.
fn steps(out: &mut String, it: &Capacity, growth: &Growth) {
    out.push_str("What to add next, one after the other:\n\n");
    let currency = it.cost.as_ref().map_or("", |cost| cost.currency.as_str());
    let has_cost = growth.steps.iter().any(|step| step.cost_per_h.is_some());
    out.push_str("| add | relieves | hardware is full at | objectives are missed from about |");
    out.push_str(if has_cost { " cost an hour |\n" } else { "\n" });
    out.push_str("| --- | --- | ---: | ---: |");
    out.push_str(if has_cost { " ---: |\n" } else { "\n" });
    for step in &growth.steps {
        let missed = step
            .missed_at
            .as_ref()
            .map_or_else(|| "–".to_owned(), |at| missed_from(at, Some(step.bound_per_s)));
        out.push_str(&format!(
            "| {} | {} | {}/s | {missed} |",
            cell(&added(step)),
            cell(&step.relieves),
            rate(step.bound_per_s)
        ));
        if has_cost {
            out.push_str(&format!(
                " {} |",
                or_dash(step.cost_per_h, |cost| format!("{} {currency}", money(cost)))
            ));
        }
        out.push('\n');
    }
    if has_cost && growth.steps.iter().any(|step| step.what.ends_with("cores each")) {
        out.push_str("\nA machine with more cores is taken to cost as much more.\n");
    }
}

/// What each service could serve if nothing else ran out.
fn alone(out: &mut String, it: &Capacity, growth: &Growth) {
    let site = it.operational.bound_per_s;
    out.push_str(&format!(
        "\nEach service by itself: the requests/s at which the first of its own resources is full, \
         whatever else is. The site is full where the first of its services is, or earlier where \
         they share hosts, {} now.\n\n",
        or_dash(site, |it| format!("at {}/s", rate(it)))
    ));
    out.push_str(
        "| service | now | +1 instance | +2 | +3 | +4 | ½ × the cores | 1½ × | 2 × |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for grown in &growth.services {
        let [half, _, more, twice] = grown.by_cores();
        let sizes = grown.wider.iter().map(Some).chain([half, more, twice]);
        let rates: Vec<String> = sizes
            .map(|it: Option<&Size>| or_dash(it.and_then(|it| it.alone_per_s), rate))
            .collect();
        out.push_str(&format!(
            "| {} ×{} | {} |\n",
            cell(&grown.service),
            grown.from,
            rates.join(" | ")
        ));
    }
    for line in worse(growth) {
        out.push_str(&format!("\n{}.\n", cell(&sentence(&line))));
    }
}

/// Each service at other sizes, simulated.
fn sizes(out: &mut String, curves: &[Curves]) {
    if curves.is_empty() {
        return;
    }
    out.push_str(
        "\n### Each service at other sizes\n\nOne service made smaller or larger, all else as it is, \
         the one that is full first by itself first. The \
         last two columns are simulated, on fewer replications than the safe load: where the first \
         objective is missed, and its 95% interval. Where the law says that a size is none of the site's \
         limits it is held against the site as it is, on the same luck.\n\n\
         | service | size | the site's hardware is full at | objectives are missed from about | 95% interval |\n\
         | --- | --- | ---: | ---: | --- |\n",
    );
    for (service, size, it) in curves.iter().flat_map(Curves::rows) {
        let bound = or_dash(it.bound_per_s, |it| format!("{}/s", rate(it)));
        let (at, bounds) = match &it.missed_at {
            Some(missed) => (missed_from(&missed[0], it.bound_per_s), between(missed)),
            None => ("–".to_owned(), "–".to_owned()),
        };
        out.push_str(&format!("| {} | {size} | {bound} | {at} | {bounds} |\n", cell(service)));
    }
}

fn cost(out: &mut String, it: &Capacity) {
    let Some(cost) = &it.cost else { return };
    let currency = &cost.currency;
    out.push_str(&format!("\n## Cost\n\nAll machines: {} {currency} an hour.", money(cost.per_h)));
    if let Some(safe) = cost.per_million {
        out.push_str(&format!(
            " A million answered requests at the safe load: {} {currency}",
            money(safe)
        ));
        if let Some(now) = cost.per_million_now {
            out.push_str(&format!("; at the load now: {} {currency}", money(now)));
        }
        out.push('.');
    }
    if cost.unpriced > 0 {
        out.push_str(&format!(" {}.", unpriced(cost.unpriced)));
    }
    out.push('\n');
}

fn method(out: &mut String, it: &Capacity) {
    let method = &it.method;
    out.push_str(&format!(
        "\n## How it was found\n\n{} replications of {} after {} of warm-up at {} loads, {} \
         requests, seed {}, simulate {}. \
         All loads share their luck: the same visitors come, closer together. First a ladder \
         over all loads up to what the \
         hardware bears, for nothing says that a higher load is always worse; then loads around \
         the first miss; an isotonic fit \
         and its jackknife over replications give where the objectives are missed. What lies \
         safely below was then judged anew \
         on luck that the search had not seen:\n\n",
        thousands(method.replications),
        span(it.scenario.sustained_s),
        span(it.scenario.warm_up_s),
        method.loads,
        thousands(method.requests),
        it.scenario.seed,
        it.version,
    ));
    for attempt in &method.attempts {
        let came = match &attempt.says {
            None => "confirmed".to_owned(),
            Some(says) => format!("not confirmed: {}", cell(says)),
        };
        out.push_str(&format!(
            "* {} on {} fresh replications: {came}\n",
            load(&attempt.load),
            attempt.replications
        ));
    }
    if it.answer == Answer::Found {
        out.push_str(&format!(
            "\nThe chance that the true limit lies below the safe load is at most {}, all \
             attempts together. Figures of losses \
             and growth come from few replications and say about how much.\n",
            confidence(1.0 - it.confidence)
        ));
    }
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// Text that cannot end a table's cell or begin markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '<' | '[' | '\\') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}
