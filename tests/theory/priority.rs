//! M/M/1 with two classes: a worker for everybody, one core that takes the class with the lower
//! number first, at the end of a burst (Cobham) or at once (preemptive-resume). Cobham's queue once
//! more with one worker and a line ordered by class, where the core never has to choose.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(discipline: &str, slots: &str) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "{discipline}"
[service.queue]
kind = "service"
hardware = "machine"
{slots}
[service.queue.endpoint.high]
priority = 1
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[service.queue.endpoint.low]
priority = 2
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.high]
to = "queue.high"
[request.low]
to = "queue.low"
[workload.visitors]
mix = {{ high = 30, low = 50 }}
arrivals = {{ poisson = "80/s" }}
"#
    )
}

fn studies() -> Vec<Study> {
    let study = |site, high, low| {
        let rows = vec![
            Row::new(high, 0.01, |it| it.request("high").ok.mean_s),
            Row::new(low, 0.01, |it| it.request("low").ok.mean_s).late(),
        ];
        Study { site, warm_up_s: 10.0, short_s: 1.2e4, long_s: 1e5, rows }
    };
    let one_worker = "workers = 1\nqueue_order = \"priority\"";
    vec![
        study(site("priority", ""), "prio-np-high", "prio-np-low"),
        study(site("fifo", one_worker), "prio-np-high", "prio-np-low"),
        study(site("preemptive", ""), "prio-pr-high", "prio-pr-low"),
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
