//! Workers that are held while they wait for another service.
//!
//! *Pre-forked*: w workers, each on a core of its own, who call a database with one core in the
//! middle of each request. *Blocking*: two stations of one core each; the first has w workers, and
//! only one call at a time may go to the second (a pool of one connection). With w = 2 that is the
//! classical tandem without room between its stations: a job that is done at the first keeps it
//! blocked until the second is free. Its highest throughput is 2/3 of a station's (Hunt 1956); with
//! visitors who come at random both are Markov chains, over the jobs in the whole and the workers
//! who are beyond the first station, and solved here.

use super::{
    chain::stationary,
    harness::{Family, Row, Study},
};

pub(super) static FAMILY: Family = Family::new(studies);

/// Jobs beyond this many have no weight at the loads below.
const JOBS_MAX: usize = 250;

/// What the chain says.
struct Exact {
    /// Mean time in the whole, seconds.
    sojourn_s: f64,
    /// Workers held, mean.
    busy: f64,
    /// Share of visitors who find all workers held.
    delayed: f64,
}

/// `first` gives the rate of the first station from the number of workers at it.
fn solve(workers: usize, arrivals: f64, first: impl Fn(usize) -> f64, second: f64) -> Exact {
    let state = |jobs: usize, beyond: usize| jobs * (workers + 1) + beyond;
    let mut rates = vec![Vec::new(); (JOBS_MAX + 1) * (workers + 1)];
    for jobs in 0..=JOBS_MAX {
        let busy = jobs.min(workers);
        for beyond in 0..=workers {
            let ways = &mut rates[state(jobs, beyond)];
            if beyond > busy {
                // No such state; it only has to lead somewhere.
                ways.push((state(jobs, busy), 1.0));
                continue;
            }
            if jobs < JOBS_MAX {
                ways.push((state(jobs + 1, beyond), arrivals));
            }
            if beyond < busy {
                ways.push((state(jobs, beyond + 1), first(busy - beyond)));
            }
            if beyond > 0 {
                ways.push((state(jobs - 1, beyond - 1), second));
            }
        }
    }
    let share = stationary(&rates);
    let jobs = |index: usize| index / (workers + 1);
    let mean = |of: &dyn Fn(usize) -> f64| -> f64 {
        share.iter().enumerate().map(|(index, share)| share * of(jobs(index))).sum()
    };
    assert!(mean(&|jobs| f64::from(u8::from(jobs == JOBS_MAX))) < 1e-9, "cut too early");
    Exact {
        sojourn_s: mean(&|jobs| jobs as f64) / arrivals,
        busy: mean(&|jobs| jobs.min(workers) as f64),
        delayed: mean(&|jobs| f64::from(u8::from(jobs >= workers))),
    }
}

fn site(first: &str, call: &str, arrivals: &str) -> String {
    format!(
        r#"
[hardware.one]
cores = 1
discipline = "fifo"
[hardware.three]
cores = 3
discipline = "fifo"
[service.first]
{first}
[service.first.upstream.second]
servers = "second"
{call}
[service.first.endpoint.page]
steps = [ {{ cpu = {{ exponential = "10ms" }} }}, {{ call = "second.query" }} ]
[service.second]
kind = "service"
hardware = "one"
[service.second.endpoint.query]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.page]
to = "first.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {arrivals}
"#
    )
}

fn studies() -> Vec<Study> {
    let study = |site, short_s, rows| Study { site, warm_up_s: 10.0, short_s, long_s: 0.0, rows };
    // Three processes with a connection to the database each.
    let forked = solve(3, 60.0, |at_first| at_first as f64 * 100.0, 100.0);
    let forked_rows = vec![
        Row::known("prefork-sojourn", forked.sojourn_s, 0.01, |it| it.request("page").ok.mean_s),
        Row::known("prefork-busy", forked.busy, 0.01, |it| it.instance("first").1.busy_mean),
        Row::known("prefork-delayed", forked.delayed, 0.01, |it| {
            it.service("first").wait_positive_share
        }),
    ];
    let blocking = |workers| solve(workers, 40.0, |_| 100.0, 100.0);
    let (two, three) = (blocking(2), blocking(3));
    let two_rows = vec![
        Row::known("blocking-2-sojourn", two.sojourn_s, 0.01, |it| it.request("page").ok.mean_s),
        Row::known("blocking-2-delayed", two.delayed, 0.01, |it| {
            it.service("first").wait_positive_share
        }),
    ];
    let three_rows = vec![
        Row::known("blocking-3-sojourn", three.sojourn_s, 0.01, |it| it.request("page").ok.mean_s),
        Row::known("blocking-3-busy", three.busy, 0.01, |it| it.instance("first").1.busy_mean),
    ];
    let hunt = vec![Row::known("blocking-2-throughput", 200.0 / 3.0, 0.01, |it| {
        it.request("page").rates.throughput_per_s
    })];
    let app = "kind = \"app\"\nhardware = \"three\"\nworkers = 3";
    let held = |workers| format!("kind = \"service\"\nhardware = \"one\"\nworkers = {workers}");
    let poisson = |rate: u32| format!("{{ poisson = \"{rate}/s\" }}");
    // A dozen users who do not think keep a line of ten in front of the first station.
    let crowd = r#"{ users = 12, think = "0s" }"#;
    vec![
        study(site(app, "pool = { size = 1 }", &poisson(60)), 2.2e4, forked_rows),
        study(site(&held(2), "slots = 1", &poisson(40)), 2e4, two_rows),
        study(site(&held(3), "slots = 1", &poisson(40)), 1.4e4, three_rows),
        study(site(&held(2), "slots = 1", crowd), 1e3, hunt),
    ]
}

#[test]
fn short() {
    FAMILY.check();
}
