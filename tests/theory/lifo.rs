//! M/M/1, last come first served without preemption: one worker whose line is a stack. The mean is
//! that of the queue; the wait of whoever waits at all is a busy period, with its long tail.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

const SITE: &str = r#"
[hardware.machine]
cores = 1
discipline = "fifo"
[service.stack]
kind = "service"
hardware = "machine"
workers = 1
queue_order = "lifo"
[service.stack.endpoint.job]
steps = [ { cpu = { exponential = "10ms" } } ]
[request.job]
to = "stack.job"
[workload.visitors]
mix = { job = 1 }
arrivals = { poisson = "80/s" }
"#;

fn studies() -> Vec<Study> {
    let rows = vec![
        Row::new("lifo-mean", 0.01, |it| it.service("stack").sojourn_mean_s).late(),
        Row::new("lifo-wait2", 0.04, |it| it.service("stack").wait_second_moment_s2).late(),
        Row::new("lifo-wait-p95", 0.04, |it| it.service("stack").wait_p95_s),
        Row::new("lifo-wait-p99", 0.04, |it| it.service("stack").wait_p99_s),
    ];
    let site = SITE.to_owned();
    vec![Study { site, warm_up_s: 10.0, short_s: 2e4, long_s: 1e5, rows }]
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
