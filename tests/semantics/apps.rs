//! Application servers and the kernel in front of them: workers, accept queues, pools. Sources:
//! gunicorn and `HikariCP` settings; Linux `net/ipv4/tcp_input.c`, ip-sysctl.

use crate::story::{ms, only, plan, run, story};
use simulate::{engine::time::Instant, measure::outcome::Cause};

fn site(app: &str, steps: &str, rest: &str) -> String {
    format!(
        r#"
[service.app]
kind = "app"
hardware = "box"
{app}
[service.app.endpoint.page]
steps = [{steps}]
[request.page]
to = "app.page"
[workload.visitors]
to = "app"
mix = {{ page = 1 }}
arrivals = {{ even = "20/s" }}
latency = "1ms"
connect_timeout = "2min"
{rest}
"#
    )
}

const DATABASE: &str = r#"
[service.db]
kind = "mysql"
hardware = "box"
[service.db.query.read]
access = "read"
cpu = "1s"
"#;

#[test]
fn a_worker_is_held_while_the_database_thinks() {
    let query = "{ query = \"db.read\" }";
    let one = story(&site("", query, DATABASE), 3);
    // 4 ms to the visitor; the first opens the pool's connection, 2 ms; a query is 2 ms and 1 s.
    assert_eq!(one.took_ms()[0], 1008.0);
    let ends: Vec<f64> =
        one.visits.iter().map(|visit| ms(visit.ended.since(one.visits[0].ended))).collect();
    assert_eq!(ends, [0.0, 1002.0, 2004.0]);
    let three = story(&site("threads = 3", query, DATABASE), 3);
    assert_eq!(three.took_ms(), [1008.0; 3]);
}

#[test]
fn a_full_accept_queue_drops_the_syn_which_comes_again_each_second() {
    // One worker, backlog 1: one is served, two wait (full at backlog + 1).
    let text = site("backlog = 1", "{ wait = \"1500ms\" }", "");
    let story = story(&text, 4);
    let arrived: Vec<f64> =
        story.served.iter().map(|call| ms(call.arrived.since(Instant::ZERO))).collect();
    // The 4th comes at 200 ms, and is let in two seconds later: the first has gone at 1.553 s.
    assert_eq!(arrived, [53.0, 103.0, 153.0, 2203.0]);
    assert!(story.statuses().iter().all(|status| *status == 200));
}

#[test]
fn syns_come_on_the_schedule_of_linux_6_5() {
    let text = site("backlog = 1", "{ wait = \"10s\" }", "");
    let story = story(&text, 7);
    let mut pauses: Vec<f64> = (3..7)
        .map(|number| {
            let visit = &story.visits[number];
            let asked = story.served.iter().filter(|call| call.arrived > visit.arrived);
            let waits = asked.map(|call| ms(call.arrived.since(visit.arrived)) - 3.0);
            waits.filter(|wait| wait % 1000.0 == 0.0).fold(0.0, f64::max) / 1000.0
        })
        .collect();
    pauses.sort_by(f64::total_cmp);
    // Free places come every 10 s; SYNs after 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 s. The one place
    // of 10.05 s is taken at 11 s, two that are free since 20.05 s and 30.05 s at 35 s.
    assert_eq!(pauses, [11.0, 35.0, 35.0, 67.0]);
}

#[test]
fn a_dropped_syn_meets_the_connect_time_out() {
    let text = site("backlog = 1", "{ wait = \"10s\" }", "").replace("2min", "3s");
    assert_eq!(story(&text, 4).visit(3), (3000.0, 0, Cause::ConnectTimeout));
}

#[test]
fn a_pool_is_waited_for_and_then_fails() {
    let upstream = "[service.app.upstream.db]\nservers = \"db\"\n\
                    pool = { size = 1, wait = \"200ms\" }\n";
    let text = site("threads = 10", "{ query = \"db.read\" }", &format!("{upstream}{DATABASE}"));
    let story = story(&text, 3);
    assert_eq!(story.visit(0).1, 200);
    assert_eq!(story.visit(1), (204.0, 500, Cause::QueueTimeout));
    assert_eq!(story.visit(2), (204.0, 500, Cause::QueueTimeout));
}

#[test]
fn every_worker_has_a_pool_of_its_own() {
    let upstream = "[service.app.upstream.db]\nservers = \"db\"\n\
                    pool = { size = 1, wait = \"200ms\" }\n";
    let app = "workers = 3\nthreads = 10";
    let text = site(app, "{ query = \"db.read\" }", &format!("{upstream}{DATABASE}"));
    assert_eq!(story(&text, 4).statuses(), [200, 200, 200, 500]);
}

#[test]
fn a_pool_opens_no_more_connections_than_its_size() {
    let upstream = "[service.app.upstream.db]\nservers = \"db\"\npool = { size = 2 }\n";
    let text = site("threads = 10", "{ query = \"db.read\" }", &format!("{upstream}{DATABASE}"));
    let text = text.replace("cpu = \"1s\"", "cpu = \"100ms\"");
    let story = story(&text, 10);
    assert!(story.statuses().iter().all(|status| *status == 200));
    let at_database = story.served.iter().filter(|call| call.instance == 1);
    // Two at a time, 100 ms each and a round trip between them.
    let arrived: Vec<f64> = at_database.map(|call| ms(call.arrived.since(Instant::ZERO))).collect();
    assert_eq!(arrived[..4], [56.0, 106.0, 158.0, 208.0]);
}

#[test]
fn a_crash_resets_what_is_under_way_and_refuses_what_comes() {
    let text =
        site("threads = 9", "{ wait = \"1s\" }", "[[event]]\nat = \"120ms\"\ncrash = \"app.1\"\n");
    let story = story(&text, 3);
    assert_eq!(story.visit(0), (71.0, 0, Cause::Reset));
    assert_eq!(story.visit(1), (21.0, 0, Cause::Reset));
    assert_eq!(story.visit(2), (2.0, 0, Cause::Refused));
}

#[test]
fn a_lost_host_says_nothing() {
    let event = "patience = \"5s\"\n[[event]]\nat = \"120ms\"\nlose = \"host of app.1\"\n";
    let story = story(&site("threads = 9", "{ wait = \"1s\" }", event).replace("2min", "3s"), 3);
    assert_eq!(story.visit(0), (5000.0, 0, Cause::Patience));
    assert_eq!(story.visit(1), (5000.0, 0, Cause::Patience));
    assert_eq!(story.visit(2), (3000.0, 0, Cause::ConnectTimeout));
}

#[test]
fn overlapping_faults_end_with_the_last_of_them() {
    let crashes = "[[event]]\nat = \"10ms\"\nfor = \"100ms\"\ncrash = \"app.1\"\n\
                   [[event]]\nat = \"60ms\"\nfor = \"120ms\"\ncrash = \"app.1\"\n";
    let story = story(&site("threads = 9", "{ wait = \"1ms\" }", crashes), 4);
    let causes: Vec<Cause> = (0..4).map(|number| story.visit(number).2).collect();
    assert_eq!(causes, [Cause::Refused, Cause::Refused, Cause::Refused, Cause::None]);
    // The processes are back within the loss of their host, and the host within nothing.
    let both = "[[event]]\nat = \"10ms\"\nfor = \"150ms\"\nlose = \"host of app.1\"\n\
                [[event]]\nat = \"20ms\"\nfor = \"30ms\"\ncrash = \"app.1\"\n";
    let text = site("threads = 9", "{ wait = \"1ms\" }", both).replace("2min", "50ms");
    let story = crate::story::story(&text, 4);
    let causes: Vec<Cause> = (0..4).map(|number| story.visit(number).2).collect();
    let lost = Cause::ConnectTimeout;
    assert_eq!(causes, [lost, lost, lost, Cause::None]);
}

#[test]
fn a_dropped_end_of_a_handshake_comes_again_with_the_data_or_the_syn_ack() {
    // Four in 2 ms: one is served, two wait, and the last has its connection, as it believes. Its
    // data comes again after 200 and 600 ms, when all is full, and would after 1400 ms; before that
    // the server's SYN-ACK is answered once more, after a second.
    let text = site("backlog = 1", "{ wait = \"850ms\" }", "");
    let text = text.replace("even = \"20/s\"", "even = \"2000/s\"");
    let story = story(&text, 4);
    let mut arrived: Vec<Instant> = story.served.iter().map(|call| call.arrived).collect();
    arrived.sort();
    let after: Vec<f64> = arrived.iter().map(|it| ms(it.since(arrived[0]))).collect();
    assert_eq!(after, [0.0, 0.5, 1.0, 1001.5]);
}

/// Each attempt ends once: at the server that had it, or where it was when nobody had.
#[test]
fn what_never_reached_a_server_is_told_of_once() {
    let full = site("backlog = 1", "{ wait = \"10s\" }", "").replace("2min", "3s");
    let full = story(&full, 4);
    assert_eq!((full.served.len(), &full.missed[..]), (3, &[(Some(0), 200.0, 3000.0)][..]));
    // Nor did the one whose visitor lost patience before the kernel did.
    let impatient = site("backlog = 1", "{ wait = \"10s\" }", "patience = \"8s\"\n");
    let impatient = story(&impatient, 4);
    let last = impatient.missed.last();
    assert_eq!((impatient.missed.len(), last), (1, Some(&(Some(0), 200.0, 8000.0))));
    let crash = "[[event]]\nat = \"120ms\"\ncrash = \"app.1\"\n";
    let crashed = story(&site("threads = 9", "{ wait = \"1s\" }", crash), 3);
    assert_eq!((crashed.served.len(), &crashed.missed[..]), (2, &[(Some(0), 150.0, 2.0)][..]));
    let upstream = "[service.app.upstream.db]\nservers = \"db\"\n\
                    pool = { size = 1, wait = \"200ms\" }\n";
    let query = "{ query = \"db.read\" }";
    let pooled = story(&site("threads = 10", query, &format!("{upstream}{DATABASE}")), 3);
    assert_eq!(pooled.served.len(), 4);
    let took: Vec<f64> = pooled.missed.iter().map(|&(_, _, took)| took).collect();
    assert_eq!(took, [200.0; 2]);
}

/// A call is made when it is made, whatever it costs to simulate.
#[test]
fn direct_calls_that_reach_nobody_are_told_of_alike() {
    let text = r#"
[service.front]
kind = "service"
hardware = "box"
[service.front.endpoint.page]
steps = [{ call = "back.page" }]
[service.back]
kind = "service"
hardware = "box"
instances = 2
[service.back.endpoint.page]
steps = [{ wait = "10ms" }]
[request.page]
to = "front.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { even = "20/s" }
[[event]]
at = "120ms"
crash = "back.1"
"#;
    let direct = only(plan(text), 8);
    let ordinary = run(&direct.with_ordinary_calls(), 0).missed;
    assert_eq!(run(&direct, 0).missed, ordinary);
    assert!(ordinary.len() >= 2 && ordinary.iter().all(|it| it.0.is_some()), "{ordinary:?}");
    assert!(ordinary.iter().all(|&(_, _, took)| took == 2.0), "{ordinary:?}");
}
