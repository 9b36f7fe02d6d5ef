//! `HAProxy`: retries, redispatch, queues and their time-out, balancing. Sources: configuration
//! manual 2.8, sections 4.2 and 5.2; backend.c and queue.c.

use crate::story::{only, plan, run, story};
use simulate::measure::outcome::Cause;

/// Visitors, a balancer, application servers that wait 50 ms. A round trip to connect and one to
/// ask on either side: 2 + 2 + 2 + 2 + 50 ms.
const UNDISTURBED_MS: f64 = 58.0;

fn site(instances: u32, lb: &str, backend: &str, rest: &str) -> String {
    format!(
        r#"
[service.lb]
kind = "haproxy"
hardware = "box"
timeout = {{ client = "60s", connect = "5s", server = "60s", queue = "30s" }}
{lb}
[service.lb.backend.app]
servers = "app"
{backend}
[service.app]
kind = "app"
instances = {instances}
hardware = "box"
threads = 100
[service.app.endpoint.page]
steps = [{{ wait = "50ms" }}, {{ respond = "1kB" }}]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
mix = {{ page = 1 }}
arrivals = {{ even = "1/s" }}
latency = "1ms"
{rest}
"#
    )
}

fn event(at: &str, what: &str) -> String {
    format!("[[event]]\nat = \"{at}\"\n{what}\n")
}

#[test]
fn a_request_takes_the_round_trips_of_both_sides() {
    assert_eq!(story(&site(1, "", "", ""), 1).visit(0), (UNDISTURBED_MS, 200, Cause::None));
}

#[test]
fn a_kept_connection_to_the_server_saves_its_round_trip() {
    let text = site(1, "", "http-reuse = \"always\"", "");
    let closes = text.replace("threads = 100", "threads = 100\nkeepalive = 0");
    assert_eq!(story(&closes, 2).took_ms(), [58.0; 2], "the application closes: no keep-alive");
    // Workers with threads are gunicorn's gthread, which keeps connections for 2 s.
    assert_eq!(story(&text, 2).took_ms(), [58.0, 56.0]);
    let seldom = text.replace("even = \"1/s\"", "even = \"0.4/s\"");
    assert_eq!(story(&seldom, 2).took_ms(), [58.0; 2], "idle for more than 2 s");
    let keeps = |text: &str| text.replace("threads = 100", "threads = 100\nkeepalive = \"30s\"");
    assert_eq!(story(&keeps(&text), 3).took_ms(), [58.0, 56.0, 56.0]);
    // `safe`: the first request of each client's connection has a fresh one.
    assert_eq!(story(&keeps(&site(1, "", "", "")), 3).took_ms(), [58.0; 3]);
}

#[test]
fn a_refused_server_is_tried_three_times_more_a_second_apart() {
    let text = site(1, "", "", &event("0s", "crash = \"app.1\""));
    // Four refusals of a round trip, three turn-arounds, and the visitor's own 4 ms.
    assert_eq!(story(&text, 1).visit(0), (3012.0, 503, Cause::Refused));
}

#[test]
fn a_short_turn_around_is_the_connect_time_out() {
    let text = site(1, "", "", &event("0s", "crash = \"app.1\""));
    let text = text.replace("connect = \"5s\"", "connect = \"200ms\"");
    assert_eq!(story(&text, 1).visit(0), (612.0, 503, Cause::Refused));
}

#[test]
fn with_redispatch_the_first_retry_goes_elsewhere_at_once() {
    let text = site(2, "option = [\"redispatch\"]", "", &event("0s", "crash = \"app.1\""));
    let story = story(&text, 8);
    assert!(story.statuses().iter().all(|status| *status == 200));
    let took = story.took_ms();
    assert_eq!(took.iter().filter(|took| **took == UNDISTURBED_MS).count(), 4, "{took:?}");
    assert_eq!(took.iter().filter(|took| **took == UNDISTURBED_MS + 2.0).count(), 4, "{took:?}");
}

#[test]
fn a_black_hole_costs_four_connect_time_outs_without_pauses() {
    let text = site(1, "", "", &event("0s", "lose = \"host of app.1\""));
    assert_eq!(story(&text, 1).visit(0), (20_004.0, 503, Cause::ConnectTimeout));
}

#[test]
fn a_server_that_does_not_answer_is_a_504_after_timeout_server() {
    let text = site(1, "", "", "").replace("server = \"60s\"", "server = \"20ms\"");
    assert_eq!(story(&text, 1).visit(0), (4.0 + 2.0 + 20.0, 504, Cause::ResponseTimeout));
}

#[test]
fn a_server_that_dies_before_its_answer_is_a_502() {
    let text = site(1, "", "", &event("1.030s", "crash = \"app.1\""));
    // It dies 30 ms after the visitor came; 1 ms to the balancer, 1 ms to the visitor.
    assert_eq!(story(&text, 1).visit(0), (32.0, 502, Cause::Reset));
}

#[test]
fn a_request_waits_in_the_queue_for_exactly_timeout_queue() {
    let text = site(1, "", "maxconn = 1", "").replace("queue = \"30s\"", "queue = \"3s\"");
    let text = text.replace("50ms", "10s").replace("1/s", "10/s");
    let story = story(&text, 3);
    assert_eq!(story.visit(0).1, 200);
    assert_eq!(story.visit(1), (3004.0, 503, Cause::QueueTimeout));
    assert_eq!(story.visit(2), (3004.0, 503, Cause::QueueTimeout));
}

#[test]
fn timeout_queue_is_timeout_connect_unless_given() {
    let text = site(1, "", "maxconn = 1", "").replace(", queue = \"30s\"", "");
    let text = text.replace("50ms", "20s").replace("1/s", "10/s");
    assert_eq!(story(&text, 2).visit(1), (5004.0, 503, Cause::QueueTimeout));
}

#[test]
fn a_freed_slot_goes_to_the_older_head_of_both_queues() {
    // The first visitor meets a refused port and is bound to the server; it returns after its
    // turn-around, at 1.105 s + 1 s, into the server's own queue. Those who came meanwhile hold the
    // slot (2nd) and wait in the backend's queue, before it (3rd to 8th) and behind it (9th on).
    let crash = "crash = \"app.1\"\nfor = \"160ms\"";
    let text = site(1, "", "maxconn = 1", &event("0s", crash));
    let text = text.replace("50ms", "1s").replace("1/s", "8/s");
    let story = story(&text, 11);
    assert_eq!(story.statuses(), [200; 11]);
    let mut order: Vec<usize> = (0..11).collect();
    order.sort_by_key(|number| story.visits[*number].ended);
    // At 125 ms the 1st is refused; it comes back at 1.13 s: the 2nd to the 8th came before, at
    // 250 ms to 1 s, the 9th at 1.125 s + 3 ms is before it too, by 2 ms.
    assert_eq!(order, [1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 10]);
}

#[test]
fn random_queues_though_servers_are_idle_and_roundrobin_does_not() {
    let late = |balance: &str| {
        let text = site(4, "", &format!("maxconn = 1\nbalance = \"{balance}\""), "");
        let text = text.replace("even = \"1/s\"", "batches = { rate = \"1/min\", size = 3 }");
        let story = run(&only(plan(&text), 100), 0);
        assert!(story.visits.len() > 150, "{}", story.visits.len());
        story.took_ms().iter().filter(|took| **took > UNDISTURBED_MS).count()
    };
    assert_eq!(late("roundrobin"), 0);
    assert_eq!(late("leastconn"), 0);
    // Of three at once on four servers the winner of two draws is busy now and then.
    assert!(late("random(2)") > 5);
    assert!(late("random(1)") > late("random(2)"));
}

#[test]
fn leastconn_spares_the_slow_server() {
    let share = |balance: &str| {
        let text = site(2, "", &format!("balance = \"{balance}\""), "");
        let text = text.replace("{ wait = \"50ms\" }", "{ cpu = \"50ms\" }");
        let text = text.replace("hardware = \"box\"\nthreads", "hardware = \"slow\"\nthreads");
        let text = text.replace("threads = 100", "threads = 100\ninstance.2 = { speed = 0.25 }");
        let text = format!("{text}\n[hardware.slow]\ncores = 1\n").replace("1/s", "15/s");
        let story = run(&only(plan(&text), 300), 0);
        let slow = story.served.iter().map(|call| call.instance).max().unwrap();
        story.served.iter().filter(|call| call.instance == slow).count()
    };
    assert_eq!(share("roundrobin"), 150);
    assert!(share("leastconn") < 110, "{}", share("leastconn"));
}

#[test]
fn weights_are_shares() {
    let text = site(2, "", "", "").replace("threads = 100", "threads = 9\ninstance.1.weight = 3");
    let story = run(&only(plan(&text), 80), 0);
    let first = story.served.iter().map(|call| call.instance).filter(|it| *it == 1).count();
    assert_eq!(first, 60);
}

#[test]
fn a_dead_request_is_served_unless_abortonclose() {
    // Three who wait for ever, from 100 ms on, and three who leave after a second, in the queue.
    let served = |option: &str| {
        let holders = "[workload.holders]\nto = \"lb\"\nmix = { page = 1 }\n\
                       arrivals = { even = \"10/s\" }\n";
        let text = site(1, option, "maxconn = 1", &format!("patience = \"1s\"\n{holders}"));
        let story = story(&text.replace("50ms", "2s").replace("\"1/s\"", "\"4/s\""), 3);
        let left = story.visits.iter().filter(|it| it.outcome.cause == Cause::Patience).count();
        assert_eq!(left, 3);
        let at_app: Vec<_> = story.served.iter().filter(|call| call.instance == 1).collect();
        (at_app.len(), at_app.iter().filter(|call| call.outcome.is_ok()).count())
    };
    assert_eq!(served("option = [\"abortonclose\"]"), (3, 3));
    assert_eq!(served(""), (6, 6));
    assert_eq!(served("version = \"3.3\""), (3, 3), "on since 3.3");
}

#[test]
fn behind_a_limit_of_one_a_draw_is_as_busy_as_its_load() {
    // Ten servers with one place each, 100 ms a request, 80/s: 80% of what they can do.
    let answered = |balance: &str| {
        let text = site(10, "", &format!("maxconn = 1\nbalance = \"{balance}\""), "");
        let text = text.replace("queue = \"30s\"", "queue = \"2s\"");
        let text = text.replace("50ms", "100ms").replace("even = \"1/s\"", "poisson = \"80/s\"");
        let story = run(&only(plan(&text), 8000), 0);
        let well = story.statuses().iter().filter(|status| **status == 200).count();
        well as f64 / story.visits.len() as f64
    };
    assert!(answered("random(2)") > 0.999, "{}", answered("random(2)"));
    assert!(answered("roundrobin") > 0.999, "{}", answered("roundrobin"));
}

#[test]
fn leastconn_weighs_a_busy_server_with_the_call_it_would_get() {
    // Weights 3 and 1, six at once. Keys are 0 when idle, else load + 1 per weight: one each, then
    // 2/3, 1, 4/3, 5/3 of the first against 2 of the second.
    let text = site(2, "", "balance = \"leastconn\"", "");
    let text = text.replace("threads = 100", "threads = 100\ninstance.1.weight = 3");
    let text = text.replace("even = \"1/s\"", "even = \"1000/s\"");
    let story = story(&text, 6);
    let calls = |instance: u32| story.served.iter().filter(|it| it.instance == instance).count();
    assert_eq!((calls(1), calls(2)), (5, 1));
}

#[test]
fn a_full_server_queue_is_answered_at_once_and_once() {
    // Three are refused and bound to the server. When they come back its only place is taken for
    // long, and one of them may wait for it.
    let crash = "crash = \"app.1\"\nfor = \"400ms\"";
    let text = site(1, "", "maxconn = 1\nmaxqueue = 1", &event("0s", crash));
    let story = story(&text.replace("50ms", "10s").replace("1/s", "8/s"), 4);
    let failed = |cause| story.failures.iter().filter(|failure| failure.1 == cause).count();
    assert_eq!((failed(Cause::Refused), failed(Cause::QueueFull)), (3, 2));
}
