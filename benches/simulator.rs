//! How fast: the engine alone, one queue, and the scaled-up site. `cargo bench`.
//!
//! All three are measured in interleaved rounds of one run, in CPU time of this thread where the
//! system tells it, and the median round counts: the machine's noise is common to all. What to
//! look at is the ratio, not the nanoseconds.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use simulate::{
    engine::{
        luck::mix,
        maths::{ln, unit},
        time::{Instant, Span},
        timeline::Timeline,
    },
    measure::tape::Tape,
    model::{blueprint::Blueprint, run::Run, run::finish, shape::shape, site::Site},
    scenario::{Override, Source, compile},
};

const ROUNDS: usize = 7;
const HOLDS: u64 = 2_000_000;
const MM1: &str = r#"
[scenario]
duration = "5000s"
warm_up = "10s"
replications = 1
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 1
discipline = "fifo"
[service.queue]
kind = "service"
hardware = "one"
workers = 1
[service.queue.endpoint.serve]
steps = [ { cpu = { exponential = "10ms" } } ]
[request.customer]
to = "queue.serve"
[workload.customers]
arrivals = { poisson = "80/s" }
mix = { customer = 1 }
"#;

/// One measured run.
struct Round {
    seconds: f64,
    events: u64,
    requests: u64,
}

impl Round {
    fn nanos_an_event(&self) -> f64 {
        self.seconds * 1e9 / self.events as f64
    }
}

fn main() {
    let site = scenario("scenarios/3-scale_up.toml", &[("duration", "20s")]);
    let queue = text("mm1.toml", MM1, &[]);
    let (pending, keys) = pending(&site);
    let (mut holds, mut smalls) = (Vec::new(), Vec::new());
    let (mut queues, mut sites) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        holds.push(hold(pending, round));
        smalls.push(hold(keys, round));
        queues.push(replication(&queue, round));
        sites.push(replication(&site, round));
    }
    println!("{ROUNDS} interleaved rounds, medians; ns and rates are of one core");
    println!(
        "{:24} {:>9} {:>12} {:>12} {:>10}",
        "", "ns/event", "events/s", "requests/s", "events/req"
    );
    let hold = report(&format!("hold model, {pending} pending"), &mut holds);
    let small = report(&format!("hold model, {keys} pending"), &mut smalls);
    let mm1 = report("M/M/1", &mut queues);
    let all = report("3-scale_up", &mut sites);
    println!();
    println!(
        "The site has {pending} events pending, most of them idle timers on lanes, and {keys} keys"
    );
    println!("in its queue. Time an event, against the hold model with");
    println!("  as many pending:  3-scale_up {:.2} (at most 4)", all / hold);
    println!("  as many in queue: 3-scale_up {:.2}, M/M/1 {:.2}", all / small, mm1 / small);
}

fn report(name: &str, rounds: &mut [Round]) -> f64 {
    rounds.sort_by(|one, other| one.nanos_an_event().total_cmp(&other.nanos_an_event()));
    let median = &rounds[rounds.len() / 2];
    let events_per_second = median.events as f64 / median.seconds;
    let nanos = median.nanos_an_event();
    if median.requests == 0 {
        println!("{name:24} {nanos:9.1} {events_per_second:12.0}");
    } else {
        println!(
            "{name:24} {nanos:9.1} {events_per_second:12.0} {:12.0} {:10.1}",
            median.requests as f64 / median.seconds,
            median.events as f64 / median.requests as f64,
        );
    }
    nanos
}

/// Every event schedules the next one after an exponential span: nothing but the engine.
fn hold(pending: usize, round: u64) -> Round {
    let mut line: Timeline<u64> = Timeline::new(&[]);
    let span = |key: u64| Span::from_seconds(-ln(unit(key)) * pending as f64 * 1e-6);
    for number in 0..pending as u64 {
        line.after(span(mix(round, number)), number);
    }
    let from = cpu_seconds();
    for step in 0..HOLDS {
        let event = line.next(Instant::NEVER).expect("as many as ever are pending");
        line.after(span(mix(event, step)), mix(event, step));
    }
    Round { seconds: cpu_seconds() - from, events: HOLDS, requests: 0 }
}

/// One replication with every measure on.
fn replication(plan: &Blueprint, number: u64) -> Round {
    let mut site = Site::new(plan, number);
    let mut tape = Tape::new(&shape(plan));
    let from = cpu_seconds();
    finish(plan, &mut site, &mut tape).expect("nothing is lost");
    let seconds = cpu_seconds() - from;
    let requests = site.books().workloads.iter().map(|account| account.started).sum();
    Round { seconds, events: site.events(), requests }
}

/// How many events are pending in the running site, and how many keys stand in its queue, on average
/// over some instants.
fn pending(plan: &Blueprint) -> (usize, usize) {
    let mut site = Site::new(plan, 0);
    let mut tape = Tape::new(&shape(plan));
    let mut run = Run { plan, site: &mut site, tape: &mut tape };
    let (mut events, mut keys) = (0, 0);
    for second in 10..20 {
        run.until(Instant::ZERO + Span::from_millis(1000 * second));
        events += run.site.pending();
        keys += run.site.keys();
    }
    (events / 10, keys / 10)
}

fn scenario(path: &str, set: &[(&str, &str)]) -> Blueprint {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let content = std::fs::read_to_string(&path).expect("the scenario is there");
    text(&path, &content, set)
}

fn text(path: &str, content: &str, set: &[(&str, &str)]) -> Blueprint {
    let source = Source { path: path.to_owned(), text: content.to_owned() };
    let change = |(path, value): &(&str, &str)| Override {
        path: (*path).to_owned(),
        value: (*value).to_owned(),
    };
    let overrides: Vec<Override> = set.iter().map(change).collect();
    compile(&source, &overrides).unwrap_or_else(|mistakes| panic!("{}", mistakes.draw(false)))
}

/// CPU time of this thread on Linux (its scheduler's own count), else the wall clock's.
fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(wall_seconds, |nanos| nanos * 1e-9)
}

fn wall_seconds() -> f64 {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
}
