//! M/M/1, first come first served: Poisson visitors, one worker on one core, exponential work.
//! The queue is the service's own line for its worker, so that waiting and sojourn are told apart.

use super::harness::{Family, Measured, Number, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(rate: u32) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "fifo"
[service.queue]
kind = "service"
hardware = "machine"
workers = 1
[service.queue.endpoint.job]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {{ poisson = "{rate}/s" }}
"#
    )
}

/// Share of time with ten requests or more.
fn ten_or_more(it: &Measured<'_>) -> Number {
    let levels = &it.tally.instances[it.instance_index("queue")].in_system.by_level_ns;
    let (all, above): (u64, u64) = (levels.iter().sum(), levels.iter().skip(10).sum());
    (all > 0).then(|| above as f64 / all as f64)
}

fn studies() -> Vec<Study> {
    let rows_80 = vec![
        Row::new("mm1-80-mean-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s),
        Row::new("mm1-80-p50-sojourn", 0.01, |it| it.service("queue").sojourn_p50_s),
        Row::new("mm1-80-p95-sojourn", 0.01, |it| it.service("queue").sojourn_p95_s).late(),
        Row::new("mm1-80-p99-sojourn", 0.02, |it| it.service("queue").sojourn_p99_s),
        Row::new("mm1-80-mean-number-in-system", 0.01, |it| it.service("queue").in_system_mean),
        Row::new("mm1-80-mean-number-waiting", 0.01, |it| it.service("queue").waiting_mean).late(),
        Row::new("mm1-80-p-tail", 0.01, ten_or_more).late(),
    ];
    let rows_95 = vec![
        Row::new("mm1-95-mean-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s),
        Row::new("mm1-95-p50-sojourn", 0.01, |it| it.service("queue").sojourn_p50_s),
        Row::new("mm1-95-p95-sojourn", 0.01, |it| it.service("queue").sojourn_p95_s),
        Row::new("mm1-95-p99-sojourn", 0.03, |it| it.service("queue").sojourn_p99_s),
        Row::new("mm1-95-mean-number-in-system", 0.01, |it| it.service("queue").in_system_mean),
        Row::new("mm1-95-mean-number-waiting", 0.01, |it| it.service("queue").waiting_mean),
        Row::new("mm1-95-p-tail", 0.01, ten_or_more),
    ];
    vec![
        Study { site: site(80), warm_up_s: 10.0, short_s: 6e4, long_s: 3.5e5, rows: rows_80 },
        Study { site: site(95), warm_up_s: 150.0, short_s: 0.0, long_s: 0.0, rows: rows_95 }
            .late(1.4e6),
    ]
}

#[test]
fn short() {
    FAMILY.check();
}

#[test]
#[ignore = "long"]
fn long() {
    FAMILY.check_long();
}
