//! Few or many instances behind one balancer, at the same load each.

use super::{
    clock::medians,
    running::Going,
    scenarios::of,
    table::{Must, Table},
};
use simulate::model::blueprint::Blueprint;

const ROUNDS: u64 = 5;
const FEW: u32 = 10;
const MANY: u32 = 10_000;
/// Requests an instance gets in a second; half of what it can do.
const RATE: u32 = 50;
/// So many before the clock is read, and so many while it runs.
const REQUESTS: f64 = 100_000.0;

fn site(instances: u32, balance: &str) -> Blueprint {
    let text = format!(
        r#"
[scenario]
duration = "100000s"
[network]
latency = "0.2ms"
[hardware.one]
cores = 1
discipline = "fifo"
[service.lb]
kind = "service"
hardware = "one"
[service.lb.upstream.web]
servers = "web"
balance = "{balance}"
[service.lb.endpoint.pass]
steps = [ {{ call = "web.serve" }} ]
[service.web]
kind = "service"
instances = {instances}
hardware = "one"
[service.web.endpoint.serve]
steps = [ {{ cpu = {{ exponential = "10ms" }} }} ]
[request.request]
to = "lb.pass"
[workload.visitors]
arrivals = {{ poisson = "{}/s" }}
mix = {{ request = 1 }}
"#,
        instances * RATE
    );
    of("balancer.toml", &text, &[])
}

fn row(table: &mut Table, balance: &str) {
    let plans = [FEW, MANY].map(|instances| site(instances, balance));
    let side = |plan: &Blueprint, instances: u32, round: u64| {
        let seconds = REQUESTS / f64::from(instances * RATE);
        let mut going = Going::new(plan, round);
        going.on_to(seconds);
        going.on_to(2.0 * seconds).nanos_a_request()
    };
    let [few, many] = medians(
        ROUNDS,
        [&mut |round| side(&plans[0], FEW, round), &mut |round| side(&plans[1], MANY, round)],
    );
    let what = format!("10,000 / 10 instances, {balance}");
    let (measured, against) = (format!("{many:.0} ns a request"), format!("{few:.0} ns a request"));
    table.line(&what, &measured, &against, many / few, Must::AtMost(3.0));
}

pub fn round_robin(table: &mut Table) {
    row(table, "round_robin");
}

pub fn least_connections(table: &mut Table) {
    row(table, "least_connections");
}

pub fn random_1(table: &mut Table) {
    row(table, "random(1)");
}

pub fn random_2(table: &mut Table) {
    row(table, "random(2)");
}
