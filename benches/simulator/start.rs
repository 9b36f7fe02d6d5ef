//! From text to blueprint: parse, check, compile a site of a thousand instances, against what
//! 20,000 requests of the scaled-up site take.

use super::{
    clock::{cpu_seconds, medians},
    running::whole,
    scenarios::{frozen, of},
    table::{Must, Table},
};
use std::fmt::Write as _;

const ROUNDS: u64 = 7;
const REQUESTS: f64 = 20_000.0;
const SERVICES: u32 = 250;

/// The scaled-up site with a thousand instances, of the same mix.
const LARGE: [&str; 4] =
    ["lb.instances=100", "web.instances=300", "app.instances=400", "db.instances=200"];

/// A thousand instances in 250 services, each of which calls the next two.
fn many_services() -> String {
    let mut text = String::from(
        "[scenario]\nduration = \"60s\"\n[hardware.one]\ncores = 4\n\
         [workload.visitors]\narrivals = { poisson = \"1000/s\" }\nmix = { request = 1 }\n\
         [request.request]\nto = \"service-0.front\"\n",
    );
    for number in 0..SERVICES {
        let cpu = "{ cpu = { lognormal = { median = \"1ms\", p99 = \"5ms\" } } }";
        let (next, after) = (number + 1, number + 2);
        let calls = if after < SERVICES {
            format!(
                ", {{ branch = \"10%\", steps = [ {{ call = \"service-{next}.front\" }} ] }}, \
                     {{ call = \"service-{after}.back\" }}"
            )
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "[service.service-{number}]\nkind = \"service\"\ninstances = 4\nhardware = \"one\"\n\
             workers = 16\n\
             [service.service-{number}.endpoint.front]\nsteps = [ {cpu}{calls} ]\n\
             [service.service-{number}.endpoint.back]\nsteps = [ {cpu} ]"
        );
    }
    text
}

pub fn row(table: &mut Table) {
    let plan = frozen("scale-up", &["duration=5s"]);
    let text = many_services();
    let mut simulated = |round| {
        let (stretch, _) = whole(&plan, round);
        stretch.seconds / stretch.requests as f64 * REQUESTS * 1e3
    };
    let timed = |start: &dyn Fn() -> usize| {
        let from = cpu_seconds();
        let instances = start();
        assert!(instances >= 1000, "{instances}");
        (cpu_seconds() - from) * 1e3
    };
    let mut large = |_| timed(&|| frozen("scale-up", &LARGE).instances.len());
    let mut many = |_| timed(&|| of("many.toml", &text, &[]).instances.len());
    let [simulated, large, many] = medians(ROUNDS, [&mut simulated, &mut large, &mut many]);
    let against = format!("{simulated:.1} ms for 20,000 requests");
    for (what, millis) in [
        ("start, scale-up of 1,000 instances / simulating", large),
        ("start, 250 services of 4 instances / simulating", many),
    ] {
        let measured = format!("{millis:.1} ms");
        table.line(what, &measured, &against, millis / simulated, Must::AtMost(1.0));
    }
}
