//! One worker, exponential work, other arrivals: gaps that are even or Erlang (G/M/1), and batches
//! of visitors at one instant (M[X]/M/1).

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(arrivals: &str) -> String {
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
arrivals = {arrivals}
"#
    )
}

fn studies() -> Vec<Study> {
    let study = |arrivals, short_s, long_s, rows| Study {
        site: site(arrivals),
        warm_up_s: 20.0,
        short_s,
        long_s,
        rows,
    };
    let erlang = vec![
        Row::new("e2m1-sigma", 0.01, |it| it.service("queue").wait_positive_share),
        Row::new("e2m1-wait", 0.01, |it| it.service("queue").wait_mean_s).late(),
        Row::new("e2m1-sojourn-p99", 0.02, |it| it.service("queue").sojourn_p99_s).late(),
    ];
    let even = vec![
        Row::new("dm1-sigma", 0.01, |it| it.service("queue").wait_positive_share),
        Row::new("dm1-wait", 0.01, |it| it.service("queue").wait_mean_s).late(),
        Row::new("dm1-sojourn-p99", 0.02, |it| it.service("queue").sojourn_p99_s).late(),
    ];
    let mean = |id| vec![Row::new(id, 0.015, |it| it.service("queue").sojourn_mean_s)];
    let fours = r#"{ batches = { rate = "20/s", size = 4 } }"#;
    let geometric = r#"{ batches = { rate = "14/s", size = { geometric1 = 5 } } }"#;
    vec![
        study(r#"{ erlang = { rate = "80/s", k = 2 } }"#, 1e4, 1.2e5, erlang),
        study(r#"{ even = "80/s" }"#, 1e4, 8e4, even),
        study(fours, 0.0, 0.0, mean("batch-fixed4")).late(1.5e5),
        study(geometric, 0.0, 0.0, mean("batch-geom5")).late(1.5e5),
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
