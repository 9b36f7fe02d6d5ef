//! Losing one of each: what is doubled is borne, what stands alone is not.

use crate::command::Desk;

const PAIR: &str = r#"
[scenario]
duration = "20s"
warm_up  = "2s"
[network]
latency  = "100us"
[zone.a]
[zone.b]
[link.a-b]
latency = "200us"
[hardware.one]
cores = 1
[service.front]
kind = "service"
hardware = "one"
instances = 1
zones = ["a"]
[service.front.endpoint.page]
steps = [ { cpu = "10us" }, { call = "back.page" } ]
[service.front.upstream.back]
servers = "back"
retries = 1
connect_timeout = "50ms"
response_timeout = "300ms"
balance = "least_connections"
[service.back]
kind = "service"
hardware = "one"
instances = 2
zones = ["a", "b"]
connections = "tcp"
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "5ms" } } ]
[request.page]
to = "front.page"
[workload.visitors]
to = "front"
arrivals = { poisson = "100/s" }
mix = { page = 1 }
[[slo]]
name = "pages are quick"
require = "p(95) < 60ms"
"#;

#[test]
fn a_single_point_of_failure_is_named() {
    let desk = Desk::new();
    desk.write("pair.toml", PAIR);
    let said = desk.run("capacity pair.toml --budget 40 --no-scaling --loss 20s --no-plots");
    let said =
        said.expect(0, &["single points of failure: crash of front.1; loss of host front-1"]);
    let row = |name: &str| said.out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    // Refused at once and tried again elsewhere; but one cannot do the work of two.
    let crash = row("crash of back.1");
    assert!(!crash.contains("NO LOAD"), "{crash}");
    let survives: f64 =
        crash.split_whitespace().rev().nth(1).unwrap().replace(',', "").parse().unwrap();
    assert!((60.0..200.0).contains(&survives), "{crash}");
    assert!(row("loss of zone a").contains("NO LOAD"), "{}", said.out);
}
