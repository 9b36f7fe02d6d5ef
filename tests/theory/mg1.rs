//! M/G/1 and M/D/1, first come first served: as M/M/1, with other laws of work. Means by Pollaczek
//! and Khinchine, quantiles of M/D/1 from Erlang's series.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(law: &str) -> String {
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
steps = [ {{ cpu = {law} }} ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {{ poisson = "70/s" }}
"#
    )
}

const LOGNORMAL: &str = r#"{ lognormal = { mean = "10ms", cv = 2 } }"#;
const BRANCHES: &str = r#"{ hyperexponential = { branches = [
    { p = 0.887298334621, mean = "0.00563508326896s" },
    { p = 0.112701665379, mean = "0.044364916731s" },
] } }"#;

fn studies() -> Vec<Study> {
    let study =
        |law, short_s, rows| Study { site: site(law), warm_up_s: 20.0, short_s, long_s: 0.0, rows };
    let constant = vec![
        Row::new("mg1-deterministic-wait", 0.01, |it| it.service("queue").wait_mean_s),
        Row::new("mg1-deterministic-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s),
        Row::new("md1-wait-p50", 0.01, |it| it.service("queue").wait_p50_s),
        Row::new("md1-wait-p95", 0.01, |it| it.service("queue").wait_p95_s).late(),
        Row::new("md1-wait-p99", 0.02, |it| it.service("queue").wait_p99_s).late(),
    ];
    let lognormal = vec![
        Row::new("mg1-lognormal-wait", 0.03, |it| it.service("queue").wait_mean_s),
        Row::new("mg1-lognormal-sojourn", 0.03, |it| it.service("queue").sojourn_mean_s),
    ];
    let branches = vec![
        Row::new("mg1-hyperexponential-wait", 0.03, |it| it.service("queue").wait_mean_s),
        Row::new("mg1-hyperexponential-sojourn", 0.03, |it| it.service("queue").sojourn_mean_s),
    ];
    vec![
        Study { long_s: 8e4, ..study(r#""10ms""#, 2.4e4, constant) },
        study(LOGNORMAL, 0.0, lognormal).late(1.2e5),
        study(BRANCHES, 2.6e4, branches),
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
