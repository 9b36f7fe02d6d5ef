//! Queues that callers leave unserved: M/M/c+M (Erlang A), where each waits for an exponential
//! time at most, and M/M/1+D with a constant limit. Service that has begun is finished.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(rate: u32, servers: u32, limit: &str) -> String {
    format!(
        r#"
[hardware.machine]
cores = {servers}
discipline = "fifo"
[service.queue]
kind = "service"
hardware = "machine"
workers = {servers}
queue_timeout = {limit}
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

const EXPONENTIAL: &str = r#"{ exponential = "50ms" }"#;

fn studies() -> Vec<Study> {
    let study = |site, short_s, rows| Study { site, warm_up_s: 5.0, short_s, long_s: 0.0, rows };
    let one = vec![
        Row::new("mm1m-abandon", 0.01, |it| it.service("queue").failed_share),
        Row::new("mm1m-pwait", 0.01, |it| it.service("queue").wait_positive_share),
        Row::new("mm1m-wait", 0.01, |it| it.service("queue").wait_mean_s),
    ];
    let ten = vec![
        Row::new("erlang-a-10-abandon", 0.01, |it| it.service("queue").failed_share).late(),
        Row::new("erlang-a-10-pwait", 0.01, |it| it.service("queue").wait_positive_share),
        Row::new("erlang-a-10-wait", 0.01, |it| it.service("queue").wait_mean_s).late(),
    ];
    let constant = |id| vec![Row::new(id, 0.01, |it| it.service("queue").failed_share)];
    vec![
        study(site(120, 1, EXPONENTIAL), 6e3, one),
        Study { long_s: 6e3, ..study(site(1100, 10, EXPONENTIAL), 8e2, ten) },
        study(site(90, 1, r#""50ms""#), 2.3e4, constant("mm1d-90-abandon")),
        study(site(120, 1, r#""50ms""#), 1e4, constant("mm1d-120-abandon")),
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
