//! An open Jackson network in the shape of a site: a balancer calls a web server, which calls an
//! application, which with probability 0.6 asks the database and computes again. Workers are
//! unlimited, cores serve in order and are the only queues, so it does not matter who holds what
//! meanwhile. One visit to the application's cores is measured by Little's law: each call begins
//! with one, and each call to the database is followed by another.

use super::harness::{Family, Measured, Number, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn machine(name: &str, cores: u32) -> String {
    format!(
        r#"
[hardware.{name}]
cores = {cores}
discipline = "fifo"
[service.{name}]
kind = "service"
hardware = "{name}"
"#
    )
}

const PROGRAMS: &str = r#"
[service.lb.endpoint.page]
steps = [ { cpu = { exponential = "2ms" } }, { call = "web.page" } ]
[service.web.endpoint.page]
steps = [ { cpu = { exponential = "8ms" } }, { call = "app.page" } ]
[service.app.endpoint.page]
steps = [
  { cpu = { exponential = "20ms" } },
  { repeat = { probability = 0.6 }, steps = [
    { call = "db.query" },
    { cpu = { exponential = "20ms" } },
  ] },
]
[service.db.endpoint.query]
steps = [ { cpu = { exponential = "10ms" } } ]
[request.page]
to = "lb.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "50/s" }
"#;

fn app_visit(it: &Measured<'_>) -> Number {
    let visits = it.service("app").throughput_per_s? + it.service("db").throughput_per_s?;
    Some(it.host("app").runnable_mean? / visits)
}

fn studies() -> Vec<Study> {
    let site = machine("lb", 1) + &machine("web", 1) + &machine("app", 4) + &machine("db", 1);
    let rows = vec![
        Row::new("jackson-total", 0.01, |it| it.request("page").ok.mean_s).late(),
        Row::new("jackson-app", 0.01, app_visit),
        Row::new("jackson-db", 0.01, |it| it.service("db").sojourn_mean_s).late(),
        Row::new("jackson-app-util", 0.01, |it| it.host("app").cpu_utilisation),
    ];
    vec![Study { site: site + PROGRAMS, warm_up_s: 10.0, short_s: 8e3, long_s: 1.2e5, rows }]
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
