//! M/M/c, first come first served: one line for c workers on as many cores. A call that finds a
//! free worker has a core to itself, so the cores never queue.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(rate: u32, servers: u32) -> String {
    format!(
        r#"
[hardware.machine]
cores = {servers}
discipline = "fifo"
[service.queue]
kind = "service"
hardware = "machine"
workers = {servers}
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

fn studies() -> Vec<Study> {
    let rows_4 = vec![
        Row::new("mmc-4-pwait", 0.01, |it| it.service("queue").wait_positive_share),
        Row::new("mmc-4-wait", 0.01, |it| it.service("queue").wait_mean_s).late(),
        Row::new("mmc-4-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s),
        Row::new("mmc-4-wait-p99", 0.02, |it| it.service("queue").wait_p99_s).late(),
        Row::new("mmc-4-sojourn-p50", 0.01, |it| it.service("queue").sojourn_p50_s),
        Row::new("mmc-4-sojourn-p95", 0.01, |it| it.service("queue").sojourn_p95_s).late(),
        Row::new("mmc-4-sojourn-p99", 0.02, |it| it.service("queue").sojourn_p99_s),
    ];
    let rows_16 = vec![
        Row::new("mmc-16-pwait", 0.01, |it| it.service("queue").wait_positive_share).late(),
        Row::new("mmc-16-wait", 0.01, |it| it.service("queue").wait_mean_s).late(),
        Row::new("mmc-16-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s).late(),
        Row::new("mmc-16-wait-p99", 0.02, |it| it.service("queue").wait_p99_s).late(),
        Row::new("mmc-16-sojourn-p50", 0.01, |it| it.service("queue").sojourn_p50_s).late(),
        Row::new("mmc-16-sojourn-p95", 0.01, |it| it.service("queue").sojourn_p95_s).late(),
        Row::new("mmc-16-sojourn-p99", 0.02, |it| it.service("queue").sojourn_p99_s),
    ];
    vec![
        Study { site: site(320, 4), warm_up_s: 3.0, short_s: 1.1e4, long_s: 5e4, rows: rows_4 },
        Study { site: site(1440, 16), warm_up_s: 2.0, short_s: 1.5e3, long_s: 5e4, rows: rows_16 },
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
