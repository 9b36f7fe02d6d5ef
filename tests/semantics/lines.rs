//! Visitors: round trips, TLS, kept connections, bandwidth, several addresses. Sources: RFC 8446
//! section 2, RFC 5246 section 7.3.

use crate::story::{ms, only, plan, run, story};
use simulate::measure::outcome::Cause;

fn site(balancers: u32, visitors: &str, rest: &str) -> String {
    format!(
        r#"
[service.lb]
kind = "haproxy"
hardware = "box"
instances = {balancers}
timeout = {{ client = "60s", connect = "5s", server = "60s" }}
[service.lb.backend.app]
servers = "app"
[service.app]
kind = "app"
hardware = "box"
threads = 1000
keepalive = 0
[service.app.endpoint.page]
steps = [{{ respond = "1kB" }}]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
mix = {{ page = 1 }}
latency = "10ms"
{visitors}
{rest}
"#
    )
}

const EVEN: &str = "arrivals = { even = \"1/s\" }\n";

/// A round trip of the visitor to connect, one to ask; 4 ms behind the balancer.
const UNDISTURBED_MS: f64 = 44.0;

#[test]
fn tls_costs_its_round_trips() {
    let took = |tls: &str| story(&site(1, &format!("{EVEN}tls = \"{tls}\""), ""), 1).took_ms()[0];
    assert_eq!((took("none"), took("1.3"), took("1.2")), (44.0, 64.0, 84.0));
}

#[test]
fn a_user_keeps_the_connection() {
    let arrivals = "arrivals = { users = 1, think = \"1s\" }\ntls = \"1.3\"";
    let mut plan = plan(&site(1, arrivals, ""));
    plan.duration = simulate::engine::time::Span::from_millis(5000);
    assert_eq!(run(&plan, 0).took_ms()[..4], [64.0, 24.0, 24.0, 24.0]);
    // Unless the balancer has closed it meanwhile.
    let arrivals = "arrivals = { users = 1, think = \"61s\" }\ntls = \"1.3\"";
    let mut plan = crate::story::plan(&site(1, arrivals, ""));
    plan.duration = simulate::engine::time::Span::from_millis(200_000);
    assert_eq!(run(&plan, 0).took_ms()[..2], [64.0, 64.0]);
}

#[test]
fn a_line_takes_the_answer_in_at_its_rate() {
    let text = site(1, &format!("{EVEN}bandwidth = \"10Mbit/s\""), "");
    let text = text.replace("1kB", "1250kB");
    // 10 Mbit, of which nothing waits for the whole on the way.
    assert_eq!(story(&text, 1).took_ms()[0], UNDISTURBED_MS + 1000.0);
}

#[test]
fn a_proxy_passes_on_what_comes_as_it_comes() {
    // Both lines take 80 ms for the whole; one after the other would be 160 ms.
    let text = site(1, &format!("{EVEN}bandwidth = \"100Mbit/s\""), "");
    let text = text
        .replace("1kB", "1MB")
        .replace("hardware = \"box\"\nthreads", "hardware = \"thin\"\nthreads");
    let text = format!("{text}[hardware.thin]\ncores = 1\nnic = \"100Mbit/s\"\n");
    let took = story(&text, 1).took_ms()[0];
    assert!((124.0..125.0).contains(&took), "{took}");
}

#[test]
fn a_refused_address_costs_a_round_trip_and_the_next_answers() {
    let text = site(2, EVEN, "[[event]]\nat = \"0s\"\ncrash = \"lb.1\"\n");
    let story = run(&only(plan(&text), 40), 0);
    assert!(story.statuses().iter().all(|status| *status == 200));
    let late = story.took_ms().iter().filter(|took| **took == UNDISTURBED_MS + 20.0).count();
    let well = story.took_ms().iter().filter(|took| **took == UNDISTURBED_MS).count();
    assert_eq!(late + well, 40);
    assert!((8..=32).contains(&late), "{late}");
}

#[test]
fn a_lost_address_costs_the_connect_time_out_and_the_next_answers() {
    let text = site(2, EVEN, "[[event]]\nat = \"0s\"\nlose = \"host of lb.1\"\n");
    let story = run(&only(plan(&text), 40), 0);
    assert!(story.statuses().iter().all(|status| *status == 200));
    let late = story.took_ms().iter().filter(|took| **took == UNDISTURBED_MS + 3000.0).count();
    assert!((8..=32).contains(&late), "{late}");
}

#[test]
fn with_all_addresses_dead_the_visitor_is_told_so() {
    let events =
        "[[event]]\nat = \"0s\"\ncrash = \"lb.1\"\n[[event]]\nat = \"0s\"\ncrash = \"lb.2\"\n";
    assert_eq!(story(&site(2, EVEN, events), 1).visit(0), (40.0, 0, Cause::Refused));
}

#[test]
fn a_full_balancer_lets_nobody_in_until_somebody_leaves() {
    // `maxconn` connections; the others wait in the kernel, unseen by the balancer's timers.
    let text = site(1, &EVEN.replace("1/s", "100/s"), "");
    let text = text.replace("{ respond", "{ wait = \"1s\" }, { respond");
    let text = text.replace("timeout = {", "maxconn = 2\ntimeout = {");
    let story = story(&text, 4);
    let took = story.took_ms();
    assert_eq!(took[..2], [1044.0, 1044.0]);
    // A visitor leaves when it has its answer, and the balancer learns it 10 ms later.
    let ends = |number: usize| ms(story.visits[number].ended.since(story.visits[0].ended));
    assert_eq!((ends(2), ends(3)), (10.0 + 4.0 + 1000.0 + 10.0, 10.0 + 4.0 + 1000.0 + 20.0));
}

/// Twenty batches a second of nobody to four: two visitors on average.
#[test]
fn batches_may_be_empty() {
    for (size, mean) in [("{ uniform = [0, 4] }", 2.0), ("{ poisson = 3 }", 3.0)] {
        let arrivals = format!("arrivals = {{ batches = {{ rate = \"20/s\", size = {size} }} }}");
        let mut plan = plan(&site(1, &arrivals, ""));
        plan.duration = simulate::engine::time::Span::from_millis(60_000);
        let count = run(&plan, 0).took_ms().len() as f64;
        assert!((count / (20.0 * 60.0 * mean) - 1.0).abs() < 0.15, "{count} of size {size}");
    }
}
