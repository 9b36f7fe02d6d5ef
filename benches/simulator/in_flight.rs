//! One request in flight, or a million, at a server that serves all at once: a delay of a law that
//! is not constant, so that each has a key of its own in the queue.

use super::{
    clock::medians,
    running::Going,
    scenarios::of,
    table::{Must, Table},
};
use simulate::model::blueprint::Blueprint;

const ROUNDS: u64 = 5;
const MANY: u32 = 1_000_000;
/// While the clock runs.
const REQUESTS: f64 = 250_000.0;
/// Each stays 1 s on average and 1.5 s at most: after this the site is in equilibrium.
const FILLED: f64 = 2.0;

/// As many arrivals a second as are to be in flight.
fn site(rate: u32) -> Blueprint {
    let text = format!(
        r#"
[scenario]
duration = "10000000s"
[network]
latency = 0
[hardware.one]
cores = 1
[service.web]
kind = "service"
hardware = "one"
[service.web.endpoint.serve]
steps = [ {{ wait = {{ uniform = ["0.5s", "1.5s"] }} }} ]
[request.request]
to = "web.serve"
[workload.visitors]
arrivals = {{ poisson = "{rate}/s" }}
mix = {{ request = 1 }}
"#
    );
    of("in-flight.toml", &text, &[])
}

pub fn row(table: &mut Table) {
    let plans = [1, MANY].map(site);
    let filled = [0, 1].map(|which| {
        let mut going = Going::new(&plans[which], 0);
        going.on_to(FILLED);
        going
    });
    let side = |which: usize, rate: u32| {
        filled[which].fork().on_to(FILLED + REQUESTS / f64::from(rate)).nanos_an_event()
    };
    let [one, many] = medians(ROUNDS, [&mut |_| side(0, 1), &mut |_| side(1, MANY)]);
    let (measured, against) = (format!("{many:.0} ns an event"), format!("{one:.0} ns an event"));
    let what = "1,000,000 / 1 requests in flight";
    table.line(what, &measured, &against, many / one, Must::AtMost(4.0));
    table.remark(format!("in flight: {} when the clock starts", filled[1].in_flight()));
}
