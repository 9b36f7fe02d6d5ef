//! Balancing over identical servers of one core each, first come first served.
//!
//! The power of d choices: visitors draw d of many servers and take the one with the fewest of
//! their calls. The exact value is that of infinitely many servers; with finitely many the mean is
//! up to 1 % higher unless d is 1, when each server is an M/M/1 queue of its own. The shortest of
//! two queues: a front without work of its own counts its calls exactly and draws between equals.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn pool(servers: u32, load: f64, balance: &str) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "fifo"
[service.server]
kind = "service"
hardware = "machine"
instances = {servers}
[service.server.endpoint.job]
steps = [ {{ cpu = {{ exponential = "1s" }} }} ]
[request.job]
to = "server.job"
[workload.visitors]
mix = {{ job = 1 }}
arrivals = {{ poisson = "{}/s" }}
balance = "{balance}"
"#,
        f64::from(servers) * load
    )
}

fn two_queues(rate: u32) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "fifo"
[service.server]
kind = "service"
hardware = "machine"
instances = 2
[service.server.endpoint.job]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[service.front]
kind = "service"
hardware = "machine"
[service.front.upstream.server]
servers = "server"
balance = "least_connections"
ties = "random"
[service.front.endpoint.page]
steps = [ {{ call = "server.job" }} ]
[request.page]
to = "front.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ poisson = "{rate}/s" }}
"#
    )
}

/// d choices between so many servers; the service time is one second.
fn choices(id: &'static str, load: f64, d: u32, servers: u32) -> Study {
    let row = Row::new(id, 0.015, |it| it.request("job").ok.mean_s);
    let row = if d > 1 { row.of_a_limit() } else { row };
    // Eight times the relaxation time of M/M/1, about 4 / (1 - load)²; with a choice far less.
    let idle = 1.0 - load;
    let warm_up_s = if d > 1 { 15.0 / idle } else { 32.0 / (idle * idle) };
    let site = pool(servers, load, &format!("random({d})"));
    Study { site, warm_up_s, short_s: 2e3, long_s: 0.0, rows: vec![row] }
}

fn studies() -> Vec<Study> {
    let shortest = |id, rate, short_s| {
        let row = Row::new(id, 0.01, |it| it.request("page").ok.mean_s);
        Study { site: two_queues(rate), warm_up_s: 20.0, short_s, long_s: 0.0, rows: vec![row] }
    };
    vec![
        Study { short_s: 4e3, ..choices("pod-0.5-1", 0.5, 1, 200) },
        choices("pod-0.5-2", 0.5, 2, 200),
        choices("pod-0.5-3", 0.5, 3, 200),
        Study { short_s: 8e3, ..choices("pod-0.7-1", 0.7, 1, 200) },
        choices("pod-0.7-2", 0.7, 2, 200),
        choices("pod-0.7-3", 0.7, 3, 200),
        choices("pod-0.9-1", 0.9, 1, 200).late(8e4),
        choices("pod-0.9-2", 0.9, 2, 1_000).late(3e3),
        choices("pod-0.9-3", 0.9, 3, 1_000).late(3e3),
        choices("pod-0.95-1", 0.95, 1, 200).late(3e5),
        choices("pod-0.95-2", 0.95, 2, 1_000).late(5e3),
        choices("pod-0.95-3", 0.95, 3, 1_000).late(5e3),
        shortest("jsq2-120", 120, 8e3),
        shortest("jsq2-180", 180, 0.0).late(1e5),
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
