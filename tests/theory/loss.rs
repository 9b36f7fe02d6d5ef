//! Queues with finite room. M/M/c/K: c workers and K - c places to wait; M/G/c/c: no places at
//! all, where the law of service does not matter beyond its mean. Whoever finds it full is refused
//! at once and does not come back.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(rate: u32, servers: u32, places: u32, law: &str) -> String {
    format!(
        r#"
[hardware.machine]
cores = {servers}
discipline = "fifo"
[service.queue]
kind = "service"
hardware = "machine"
workers = {servers}
queue = {places}
[service.queue.endpoint.job]
steps = [ {{ cpu = {law} }} ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {{ poisson = "{rate}/s" }}
"#
    )
}

const EXPONENTIAL: &str = r#"{ exponential = "10ms" }"#;
const LOGNORMAL: &str = r#"{ lognormal = { mean = "10ms", cv = 2 } }"#;

fn studies() -> Vec<Study> {
    let mmck = |servers, rate, places, short_s, rows| {
        let site = site(rate, servers, places, EXPONENTIAL);
        Study { site, warm_up_s: 5.0, short_s, long_s: 0.0, rows }
    };
    let one = vec![
        Row::new("mmck-1-10-loss", 0.01, |it| it.service("queue").refused_share),
        Row::new("mmck-1-10-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s),
        Row::new("mmck-1-10-throughput", 0.01, |it| it.service("queue").throughput_per_s),
    ];
    let four = vec![
        Row::new("mmck-4-20-loss", 0.01, |it| it.service("queue").refused_share).late(),
        Row::new("mmck-4-20-sojourn", 0.01, |it| it.service("queue").sojourn_mean_s).late(),
        Row::new("mmck-4-20-throughput", 0.01, |it| it.service("queue").throughput_per_s),
    ];
    let mgcc = |id, law| {
        let row = Row::new(id, 0.01, |it| it.service("queue").refused_share);
        let site = site(800, 10, 0, law);
        Study { site, warm_up_s: 5.0, short_s: 1.7e3, long_s: 0.0, rows: vec![row] }
    };
    vec![
        mmck(1, 120, 9, 1.3e4, one),
        Study { long_s: 2e5, ..mmck(4, 380, 16, 2e3, four) },
        mgcc("mgcc-10-deterministic", r#""10ms""#),
        mgcc("mgcc-10-exponential", EXPONENTIAL),
        mgcc("mgcc-10-lognormal", LOGNORMAL).late(8e3),
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
