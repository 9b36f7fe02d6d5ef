//! Active checks of `HAProxy`: how long a dead server goes on getting requests, and how long a
//! living one gets none. Sources: configuration manual, section 5.2; check.c.

use crate::story::{Story, ms, only, plan, run};
use simulate::{
    engine::time::{Instant, Span},
    measure::outcome::Cause,
};

const FAULT_S: f64 = 20.0;

/// Ten requests a second through a balancer to two servers, one of which fails at 20 s for 30 s.
fn site(fault: &str, check: &str) -> String {
    format!(
        r#"
[service.lb]
kind = "haproxy"
hardware = "box"
option = ["redispatch"]
timeout = {{ client = "60s", connect = "1s", server = "60s", queue = "30s" }}
[service.lb.backend.app]
servers = "app"
check = {{ {check} }}
[service.app]
kind = "app"
instances = 2
hardware = "box"
threads = 100
[service.app.endpoint.page]
steps = [{{ wait = "5ms" }}]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
mix = {{ page = 1 }}
arrivals = {{ even = "20/s" }}
latency = "1ms"
[[event]]
at = "20s"
for = "30s"
{fault}
"#
    )
}

/// For several replications: how long after the fault the last request went to the dead server,
/// and how long after the repair the first one went there again, in seconds.
fn windows(fault: &str, check: &str, lost_after_s: f64) -> Vec<(f64, f64)> {
    windows_of(&site(fault, check), lost_after_s)
}

fn windows_of(text: &str, lost_after_s: f64) -> Vec<(f64, f64)> {
    let plan = only(plan(text), 1200);
    let window = |replication| {
        let story: Story = run(&plan, replication);
        assert!(story.statuses().iter().all(|status| *status == 200));
        let last = story.failed_ms().last().copied().unwrap() / 1e3 - lost_after_s;
        let repaired = Instant::ZERO + Span::from_seconds(FAULT_S + 30.0);
        let again = story.served.iter().filter(|call| call.instance == 2);
        let again = again.map(|call| call.arrived).find(|arrived| *arrived > repaired).unwrap();
        (last - FAULT_S, ms(again.since(repaired)) / 1e3)
    };
    (0..25).map(window).collect()
}

/// Between the bounds, and all over them. Requests come to each server every 100 ms.
fn check_spread(values: impl Iterator<Item = f64> + Clone, low: f64, high: f64) {
    let least = values.clone().fold(f64::MAX, f64::min);
    let most = values.fold(f64::MIN, f64::max);
    assert!(least > low - 0.15 && least < low + 0.6, "least {least}, not {low}");
    assert!(most < high + 0.15 && most > high - 0.6, "most {most}, not {high}");
}

#[test]
fn a_refused_server_is_down_after_4_to_6_s_and_back_after_2_to_4_s() {
    let windows = windows("crash = \"app.2\"", "", 0.0);
    check_spread(windows.iter().map(|window| window.0), 4.0, 6.0);
    check_spread(windows.iter().map(|window| window.1), 2.0, 4.0);
}

/// A check that asks nothing has its answer where nothing is accepted as well: somebody is there.
#[test]
fn a_server_without_connections_is_checked_all_the_same() {
    let text = site("crash = \"app.2\"", "").replace("kind = \"app\"", "kind = \"service\"");
    let windows = windows_of(&text.replace("threads = 100", "workers = 100"), 0.0);
    check_spread(windows.iter().map(|window| window.0), 4.0, 6.0);
    check_spread(windows.iter().map(|window| window.1), 2.0, 4.0);
}

#[test]
fn a_black_hole_is_down_after_10_to_12_s() {
    let windows = windows("lose = \"host of app.2\"", "", 1.0);
    check_spread(windows.iter().map(|window| window.0), 10.0, 12.0);
}

#[test]
fn fastinter_shortens_the_detection() {
    let windows = windows("crash = \"app.2\"", "fastinter = \"500ms\"", 0.0);
    check_spread(windows.iter().map(|window| window.0), 1.0, 3.0);
    check_spread(windows.iter().map(|window| window.1), 0.5, 2.5);
}

#[test]
fn without_a_server_the_answer_is_503_at_once() {
    let text = site("crash = \"app.2\"", "").replace("instances = 2", "instances = 1");
    let story = run(&only(plan(&text.replace("app.2", "app.1")), 1000), 0);
    let gone: Vec<usize> = (0..story.visits.len())
        .filter(|number| story.visits[*number].outcome.cause == Cause::NoServer)
        .collect();
    assert!(gone.len() > 300);
    for number in gone {
        // The first has waited for its turn-arounds and finds the server marked down.
        assert_eq!(story.visit(number).1, 503);
    }
    let at_once = story
        .visits
        .iter()
        .zip(story.took_ms())
        .filter(|(visit, took)| visit.outcome.cause == Cause::NoServer && *took == 4.0);
    assert!(at_once.count() > 300);
}

#[test]
fn a_check_of_an_endpoint_takes_out_a_server_that_only_accepts() {
    // The port is open but the page takes longer than the check's two seconds.
    let text = site("crash = \"app.2\"", "endpoint = \"app.health\"");
    let text = text.replace(
        "[request.page]",
        "[service.app.endpoint.health]\nsteps = [{ wait = \"3s\" }]\n[request.page]",
    );
    let story = run(&only(plan(&text), 300), 0);
    let last = story.visits.last().unwrap().outcome;
    assert_eq!((last.status, last.cause), (503, Cause::NoServer));
}

#[test]
fn a_server_that_is_dead_at_the_start_is_down_after_one_check() {
    let text = site("crash = \"app.2\"", "").replace("at = \"20s\"", "at = \"0s\"");
    let plan = only(plan(&text), 200);
    let last = (0..25).map(|replication| {
        let story = run(&plan, replication);
        story.failed_ms().last().copied().unwrap_or(0.0) / 1e3
    });
    check_spread(last, 0.0, 2.0);
}

#[test]
fn the_queue_of_a_backend_without_servers_is_answered_at_once() {
    // One at a time of 100 ms, twenty a second come; the queue would be waited in for 30 s, and the
    // only slot is held by a request to the lost host.
    let text = site("lose = \"host of app.1\"", "").replace("instances = 2", "instances = 1");
    let text = text.replace("check = {", "maxconn = 1\ncheck = {").replace("5ms", "100ms");
    let story = run(&only(plan(&text), 500), 0);
    let down = story.visits.iter().filter(|visit| visit.outcome.cause == Cause::NoServer);
    let ends: Vec<Instant> = down.map(|visit| visit.ended).collect();
    let first = ends.iter().min().unwrap();
    let flushed = ends.iter().filter(|end| *end == first).count();
    assert!(flushed > 250, "{flushed} at {first:?}");
    let marked_s = ms(first.since(Instant::ZERO)) / 1e3;
    assert!((FAULT_S + 10.0..FAULT_S + 12.1).contains(&marked_s), "{marked_s}");
}

#[test]
fn timeout_check_is_for_the_answer_and_timeout_connect_for_the_connection() {
    // Three checks of a black hole, each given up after `timeout connect`, 1 s, though 10 s are
    // allowed for an answer; 2 s between them, and up to 2 s before the first.
    let text =
        site("lose = \"host of app.2\"", "").replace("connect =", "check = \"10s\", connect =");
    check_spread(windows_of(&text, 1.0).iter().map(|window| window.0), 7.0, 9.0);
}

#[test]
fn timeout_check_begins_when_the_connection_is_there() {
    // Packets take 150 ms: the connection 300 ms, the answer 300 ms and 50 ms.
    let status_in_the_end = |check: &str| {
        let text = site("crash = \"app.2\"\n", "endpoint = \"app.health\"");
        let text = text.replace("connect =", &format!("check = \"{check}\", connect ="));
        let text = text.replace("option =", "zones = [\"a\"]\noption =");
        let text = text.replace("instances = 2", "instances = 2\nzones = [\"b\"]");
        let text = text.replace(
            "[request.page]",
            "[service.app.endpoint.health]\nsteps = [{ wait = \"50ms\" }]\n[request.page]\n",
        );
        let text = format!("{text}[zone.a]\n[zone.b]\n[link.a-b]\nlatency = \"150ms\"\n");
        let story = run(&only(plan(&text), 300), 0);
        story.visits.last().unwrap().outcome.status
    };
    assert_eq!(status_in_the_end("400ms"), 200);
    assert_eq!(status_in_the_end("340ms"), 503);
}

#[test]
fn a_check_of_the_port_passes_at_a_server_that_is_merely_full() {
    // Two connections to visitors and two to the application are all that a worker has.
    let text = r#"
[service.lb]
kind = "haproxy"
hardware = "box"
timeout = { client = "60s", connect = "1s", server = "60s", queue = "30s" }
[service.lb.backend.web]
servers = "web"
check = {}
[service.web]
kind = "nginx"
hardware = "box"
worker_connections = 4
[service.web.upstream.app]
servers = "app"
[service.app]
kind = "app"
hardware = "box"
threads = 100
[service.app.endpoint.page]
steps = [{ wait = "20s" }]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
mix = { page = 1 }
arrivals = { even = "5/s" }
latency = "1ms"
"#;
    let story = run(&only(plan(text), 300), 0);
    let failed = |cause| story.visits.iter().filter(|it| it.outcome.cause == cause).count();
    assert_eq!(failed(Cause::NoServer), 0);
    assert!(failed(Cause::TooManyConnections) > 250);
}
