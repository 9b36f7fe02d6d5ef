//! Calls in parallel that are waited for together. Fork and join of two queues; the slowest of
//! many leaves that never queue (each finds a core of its own); and the share of requests that
//! meet a slow leaf, as an objective between the two speeds counts it.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

/// Leaves behind a front without any work of its own.
fn site(rate: u32, leaves: &str, fork: &str) -> String {
    format!(
        r#"
[hardware.front]
cores = 1
[hardware.one]
cores = 1
discipline = "fifo"
[hardware.plenty]
cores = 4096
discipline = "fifo"
[service.front]
kind = "service"
hardware = "front"
{leaves}
[service.front.endpoint.page]
steps = [ {{ {fork} }} ]
[request.page]
to = "front.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ poisson = "{rate}/s" }}
"#
    )
}

const TWO_QUEUES: &str = r#"
[service.a]
kind = "service"
hardware = "one"
[service.a.endpoint.half]
steps = [ { cpu = { exponential = "10ms" } } ]
[service.b]
kind = "service"
hardware = "one"
[service.b.endpoint.half]
steps = [ { cpu = { exponential = "10ms" } } ]
"#;

const LEAVES: &str = r#"
[service.leaf]
kind = "service"
hardware = "plenty"
[service.leaf.endpoint.part]
steps = [ { cpu = { exponential = "10ms" } } ]
"#;

fn slow_leaves(share: f64) -> String {
    format!(
        r#"
[service.leaf]
kind = "service"
hardware = "plenty"
[service.leaf.endpoint.part]
steps = [ {{ branch = {share}, steps = [ {{ wait = "1s" }} ], else = [ {{ wait = "1ms" }} ] }} ]
[[slo]]
name = "no slow leaf"
require = "p(50) < 500ms"
"#
    )
}

fn of_leaves(count: u32) -> String {
    format!("parallel = \"leaf.part\", count = {count}")
}

fn studies() -> Vec<Study> {
    let queues =
        |site, short_s, row| Study { site, warm_up_s: 10.0, short_s, long_s: 0.0, rows: vec![row] };
    // Requests that never meet each other have nothing to warm up.
    let apart = |site, short_s, rows| Study { site, warm_up_s: 0.0, short_s, long_s: 0.0, rows };
    let join = |id, rate| {
        let row = Row::new(id, 0.01, |it| it.request("page").ok.mean_s);
        (site(rate, TWO_QUEUES, r#"parallel = ["a.half", "b.half"]"#), row)
    };
    let (half_site, half) = join("forkjoin2-50", 50);
    let (high_site, high) = join("forkjoin2-80", 80);
    let ten = vec![
        Row::new("fanout-10-mean", 0.005, |it| it.request("page").ok.mean_s),
        Row::new("fanout-10-p99", 0.015, |it| it.request("page").ok.p99_s),
    ];
    let hundred = vec![
        Row::new("fanout-100-mean", 0.005, |it| it.request("page").ok.mean_s),
        Row::new("fanout-100-p99", 0.015, |it| it.request("page").ok.p99_s),
    ];
    let slow = |id, count, share| {
        let row = Row::new(id, 0.01, |it| {
            let objective = &it.tally.objectives[0];
            Some(objective.beyond[1] as f64 / objective.count as f64)
        });
        (site(50, &slow_leaves(share), &of_leaves(count)), row)
    };
    let (ten_site, slow_10) = slow("tail-10-0.01", 10, 0.01);
    let (hundred_site, slow_100) = slow("tail-100-0.01", 100, 0.01);
    let (two_hundred_site, slow_200) = slow("tail-200-0.01", 200, 0.01);
    let (many_site, slow_2000) = slow("tail-2000-0.0001", 2_000, 0.0001);
    vec![
        queues(half_site, 1e4, half),
        queues(high_site, 0.0, high).late(5e4),
        apart(site(100, LEAVES, &of_leaves(10)), 1e3, ten),
        apart(site(10, LEAVES, &of_leaves(100)), 2.4e3, hundred),
        apart(ten_site, 0.0, vec![slow_10]).late(6e3),
        apart(hundred_site, 6.5e2, vec![slow_100]),
        apart(two_hundred_site, 2.6e2, vec![slow_200]),
        apart(many_site, 0.0, vec![slow_2000]).late(3.6e3),
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
