//! Closed networks: users who think, ask, and think again when they are answered. A front without
//! any work of its own and with a worker for everybody calls one station after the other, so that
//! each is left before the next begins, as product form wants it.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

/// A station of one or more cores that serve in order.
fn station(name: &str, cores: u32, mean: &str) -> String {
    format!(
        r#"
[hardware.{name}]
cores = {cores}
discipline = "fifo"
[service.{name}]
kind = "service"
hardware = "{name}"
[service.{name}.endpoint.visit]
steps = [ {{ cpu = {{ exponential = "{mean}" }} }} ]
"#
    )
}

fn users(count: u32, think: &str, stations: &[&str]) -> String {
    let calls: Vec<_> = stations.iter().map(|it| format!("{{ call = \"{it}.visit\" }}")).collect();
    format!(
        r#"
[hardware.front]
cores = 1
[service.front]
kind = "service"
hardware = "front"
[service.front.endpoint.page]
steps = [ {} ]
[request.page]
to = "front.page"
[workload.visitors]
mix = {{ page = 1 }}
arrivals = {{ users = {count}, think = {{ exponential = "{think}" }} }}
"#,
        calls.join(", ")
    )
}

fn studies() -> Vec<Study> {
    let repairman = vec![
        Row::new("repairman-throughput", 0.01, |it| it.request("page").rates.throughput_per_s),
        Row::new("repairman-response", 0.01, |it| it.request("page").ok.mean_s),
    ];
    let three = vec![
        Row::new("mva3-throughput", 0.01, |it| it.request("page").rates.throughput_per_s),
        Row::new("mva3-response", 0.01, |it| it.request("page").ok.mean_s).late(),
        Row::new("mva3-app-number", 0.01, |it| it.host("app").runnable_mean).late(),
    ];
    let several = vec![
        Row::new("mva-multi-throughput", 0.01, |it| it.request("page").rates.throughput_per_s),
        Row::new("mva-multi-response", 0.01, |it| it.request("page").ok.mean_s).late(),
    ];
    vec![
        Study {
            site: station("repair", 1, "10ms") + &users(15, "100ms", &["repair"]),
            warm_up_s: 5.0,
            short_s: 6e3,
            long_s: 0.0,
            rows: repairman,
        },
        Study {
            site: station("web", 1, "5ms")
                + &station("app", 1, "12ms")
                + &station("db", 1, "8ms")
                + &users(100, "1s", &["web", "app", "db"]),
            warm_up_s: 20.0,
            short_s: 7e3,
            long_s: 5e4,
            rows: three,
        },
        Study {
            site: station("app", 4, "40ms")
                + &station("db", 1, "9ms")
                + &users(120, "1s", &["app", "db"]),
            warm_up_s: 20.0,
            short_s: 5e3,
            long_s: 5e4,
            rows: several,
        },
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
