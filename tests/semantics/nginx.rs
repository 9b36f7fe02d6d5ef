//! nginx: passive health, `proxy_next_upstream`, blocking reads, limits of a worker. Sources:
//! module pages of nginx.org; `ngx_http_upstream_round_robin.c`.

use crate::story::{only, plan, run, story};
use simulate::measure::outcome::Cause;

const UNDISTURBED_MS: f64 = 58.0;

fn site(instances: u32, web: &str, upstream: &str, rest: &str) -> String {
    format!(
        r#"
[service.web]
kind = "nginx"
hardware = "box"
{web}
[service.web.upstream.app]
servers = "app"
{upstream}
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
to = "web"
mix = {{ page = 1 }}
arrivals = {{ even = "1/s" }}
latency = "1ms"
{rest}
"#
    )
}

const CRASH: &str = "[[event]]\nat = \"0s\"\ncrash = \"app.1\"\n";

#[test]
fn one_failure_bans_for_ten_seconds_then_one_request_probes() {
    let story = story(&site(2, "", "", CRASH), 45);
    assert!(story.statuses().iter().all(|status| *status == 200));
    let failed = story.failed_ms();
    // Whole seconds: banned while at most 10 s have passed; the next turn is the probe.
    assert!((4..=5).contains(&failed.len()), "{failed:?}");
    for pair in failed.windows(2) {
        let gap = pair[1] - pair[0];
        assert!(gap > 10_000.0 && gap <= 12_000.0, "{failed:?}");
    }
    let late = story.took_ms().iter().filter(|took| **took == UNDISTURBED_MS + 2.0).count();
    assert_eq!(late, failed.len(), "each costs its visitor one more round trip");
}

#[test]
fn every_worker_has_to_learn_for_itself() {
    let story = story(&site(2, "worker_processes = 8", "fail_timeout = \"1h\"", CRASH), 200);
    assert!(story.statuses().iter().all(|status| *status == 200));
    assert_eq!(story.failures.len(), 8);
}

#[test]
fn max_fails_counts_to_its_number() {
    let upstream = "max_fails = 3\nfail_timeout = \"1h\"";
    assert_eq!(story(&site(2, "", upstream, CRASH), 60).failures.len(), 3);
    assert_eq!(story(&site(2, "", "max_fails = 0", CRASH), 60).failures.len(), 30);
}

#[test]
fn when_all_are_banned_the_answer_is_502_at_once() {
    let events = "[[event]]\nat = \"0s\"\nfor = \"1500ms\"\ncrash = \"app.1\"\n\
                  [[event]]\nat = \"0s\"\nfor = \"1500ms\"\ncrash = \"app.2\"\n";
    let story = story(&site(2, "", "", events), 14);
    assert_eq!(story.visit(0), (8.0, 502, Cause::Refused), "both are tried");
    // Both are back since 1.5 s, but banned until 11 s.
    for number in 1..10 {
        assert_eq!(story.visit(number), (4.0, 502, Cause::NoServer), "{number}");
    }
    assert!(story.statuses()[11..].iter().all(|status| *status == 200), "{:?}", story.statuses());
}

#[test]
fn one_server_in_its_group_is_never_banned() {
    let event = "[[event]]\nat = \"0s\"\nfor = \"1500ms\"\ncrash = \"app.1\"\n";
    assert_eq!(story(&site(1, "", "", event), 3).statuses(), [502, 200, 200]);
}

#[test]
fn a_get_times_out_at_every_server_and_a_post_at_one() {
    let text = site(3, "", "proxy_read_timeout = \"2s\"", "").replace("50ms", "1h");
    assert_eq!(story(&text, 1).visit(0), (4.0 + 3.0 * 2002.0, 504, Cause::ResponseTimeout));
    let post = text.replace("to = \"app.page\"", "to = \"app.page\"\nmethod = \"POST\"");
    assert_eq!(story(&post, 1).visit(0), (4.0 + 2002.0, 504, Cause::ResponseTimeout));
    let twice = text.replace("proxy_read", "proxy_next_upstream_tries = 2\nproxy_read");
    assert_eq!(story(&twice, 1).visit(0), (4.0 + 2.0 * 2002.0, 504, Cause::ResponseTimeout));
    let off = text.replace("proxy_read", "proxy_next_upstream = \"off\"\nproxy_read");
    assert_eq!(story(&off, 1).visit(0), (4.0 + 2002.0, 504, Cause::ResponseTimeout));
}

#[test]
fn a_post_that_was_not_sent_goes_to_the_next_server() {
    let text = site(2, "", "", CRASH);
    let text = text.replace("to = \"app.page\"", "to = \"app.page\"\nmethod = \"POST\"");
    let story = story(&text, 4);
    assert_eq!(story.statuses(), [200; 4]);
    assert_eq!(story.failures.len(), 1);
}

#[test]
fn a_server_error_does_not_ban() {
    // The application answers 500, since its database is down.
    let rest = "[service.db]\nkind = \"mysql\"\nhardware = \"box\"\n\
                [service.db.query.read]\naccess = \"read\"\ncpu = \"1ms\"\n\
                [[event]]\nat = \"0s\"\nfor = \"4500ms\"\ncrash = \"db.1\"\n";
    let text = site(2, "", "", rest).replace("{ wait = \"50ms\" }", "{ query = \"db.read\" }");
    let story = story(&text, 6);
    assert_eq!(story.statuses(), [500, 500, 500, 500, 200, 200]);
    assert!(story.failures.iter().all(|(upstream, ..)| upstream == "upstream db"));
}

#[test]
fn a_blocking_read_stalls_its_own_worker_only() {
    let took = |workers: u32| {
        let text = format!(
            r#"
[service.web]
kind = "nginx"
hardware = "box"
worker_processes = {workers}
[service.web.location.static]
files = {{ count = 1000000, popularity = {{ uniform = true }}, size = "1kB", start = "cold" }}
[request.file]
to = "web.static"
[workload.visitors]
to = "web"
mix = {{ file = 1 }}
arrivals = {{ even = "250/s" }}
latency = "1ms"
"#
        );
        story(&text, 4).took_ms()
    };
    // A read takes 10 ms and they come 4 ms apart; a round trip to connect and one to ask.
    assert_eq!(took(1), [14.0, 20.0, 26.0, 32.0]);
    assert_eq!(took(4), [14.0; 4]);
}

#[test]
fn a_worker_that_waits_for_its_upstream_takes_other_requests() {
    let text = site(1, "worker_processes = 1", "", "").replace("1/s", "1000/s");
    assert_eq!(story(&text, 20).took_ms(), [UNDISTURBED_MS; 20]);
}

#[test]
fn connections_to_clients_and_to_upstreams_count_alike() {
    let text = site(1, "worker_connections = 10", "", "").replace("50ms", "10s");
    let story = run(&only(plan(&text.replace("1/s", "100/s")), 30), 0);
    let well = story.statuses().iter().filter(|status| **status == 200).count();
    assert_eq!(well, 5, "ten connections, two for each request");
    assert!(story.connections_max <= 10);
    let causes = [Cause::TooManyConnections, Cause::OutOfConnections];
    let failed = story.visits.iter().filter(|visit| causes.contains(&visit.outcome.cause));
    assert_eq!(failed.count(), 25);
}

#[test]
fn max_conns_skips_full_servers_and_fails_when_all_are_full() {
    let text = site(2, "", "max_conns = 2", "").replace("50ms", "10s").replace("1/s", "100/s");
    let statuses = story(&text, 6).statuses();
    assert_eq!(statuses, [200, 200, 200, 200, 502, 502]);
}

#[test]
fn kept_connections_to_the_upstream_save_a_round_trip() {
    let text = site(1, "", "keepalive = 8", "");
    let text = text.replace("threads = 100", "threads = 100\nkeepalive = \"30s\"");
    assert_eq!(story(&text, 3).took_ms(), [58.0, 56.0, 56.0]);
    // The application closes idle connections sooner than nginx does.
    let short = text.replace("keepalive = \"30s\"", "keepalive = \"500ms\"");
    assert_eq!(story(&short, 3).took_ms(), [58.0; 3]);
    // 1.29.7 keeps them unless told otherwise.
    let newer = site(1, "version = \"1.29.7\"", "", "");
    let newer = newer.replace("threads = 100", "threads = 100\nkeepalive = \"30s\"");
    assert_eq!(story(&newer, 2).took_ms(), [58.0, 56.0]);
}

#[test]
fn an_impatient_client_leaves_work_behind_at_the_application() {
    let text = site(1, "", "", "patience = \"1s\"").replace("50ms", "5s");
    let story = story(&text, 1);
    assert_eq!(story.visit(0), (1000.0, 0, Cause::Patience));
    let worked: Vec<(u32, bool, u64)> = story
        .served
        .iter()
        .map(|call| (call.instance, call.is_wasted, call.arrived.nanos() / 1_000_000))
        .collect();
    // nginx cancels at 2.001 s; the application ends what it began at 1.006 s, for nobody.
    assert_eq!(worked, [(0, true, 1003), (1, true, 1006)]);
}

/// The application's line takes 0.8 s for the answer.
fn slow_answer(rest: &str) -> String {
    let text = site(1, "", "proxy_read_timeout = \"200ms\"", rest).replace("1kB", "1MB");
    let text = text.replace("hardware = \"box\"\nthreads", "hardware = \"thin\"\nthreads");
    format!("{text}[hardware.thin]\ncores = 1\nnic = \"10Mbit/s\"\n")
}

#[test]
fn an_answer_that_keeps_coming_does_not_time_out() {
    let (took, status, cause) = story(&slow_answer(""), 1).visit(0);
    assert_eq!((status, cause), (200, Cause::None));
    assert!((858.0..862.0).contains(&took), "{took}");
}

#[test]
fn an_answer_that_falls_silent_is_cut_after_the_read_time_out() {
    let event = "[[event]]\nat = \"1500ms\"\nlose = \"host of app.1\"\n";
    let (took, _, cause) = story(&slow_answer(event), 1).visit(0);
    assert_eq!(cause, Cause::Truncated);
    // Lost half a second after the visitor came; 200 ms of silence; 1 ms to the visitor.
    assert!((700.0..703.0).contains(&took), "{took}");
}

#[test]
fn an_answer_is_cut_at_once_where_the_process_dies() {
    let event = "[[event]]\nat = \"1500ms\"\ncrash = \"app.1\"\n";
    let (took, _, cause) = story(&slow_answer(event), 1).visit(0);
    assert_eq!(cause, Cause::Truncated);
    assert!((500.0..503.0).contains(&took), "{took}");
}

#[test]
fn a_connection_that_does_not_open_in_time_is_a_time_out() {
    let lost = "[[event]]\nat = \"0s\"\nlose = \"host of app.1\"\n";
    let one = |rest: &str| story(&site(1, "", rest, lost), 1).visit(0);
    assert_eq!(one("proxy_connect_timeout = \"2s\""), (2004.0, 504, Cause::ConnectTimeout));
    // The kernel's own end, after 131 s, is an error.
    let (_, status, cause) = one("proxy_connect_timeout = \"none\"");
    assert_eq!((status, cause), (502, Cause::ConnectTimeout));
    // The word `timeout` has its say, not `error`.
    let two = |words: &str| {
        let rest = format!("proxy_connect_timeout = \"2s\"\nproxy_next_upstream = [{words}]");
        story(&site(2, "", &rest, lost), 2).statuses()
    };
    let failed = |statuses: Vec<u16>| statuses.iter().filter(|status| **status == 504).count();
    assert_eq!(failed(two("\"error\"")), 1);
    assert_eq!(two("\"timeout\""), [200, 200]);
}

#[test]
fn the_two_of_random_two_are_never_the_same() {
    // Pairs at once: the second always finds the server of the first among its two, and takes the
    // other one.
    let text = site(2, "", "balance = \"random two\"", "");
    let text = text.replace("even = \"1/s\"", "batches = { rate = \"1/min\", size = 2 }");
    let story = run(&only(plan(&text), 50), 0);
    let calls = |instance: u32| story.served.iter().filter(|it| it.instance == instance).count();
    assert!(calls(1) > 20);
    assert_eq!(calls(1), calls(2));
}

#[test]
fn a_kept_connection_that_breaks_is_one_more_try() {
    // It breaks under the second request, which is tried again though there is no other server.
    let crash = "[[event]]\nat = \"2.030s\"\nfor = \"1ms\"\ncrash = \"app.1\"\n";
    let text = site(1, "", "keepalive = 8", crash);
    let kept = text.replace("threads = 100", "threads = 100\nkeepalive = \"30s\"");
    let told = |text: &str| {
        let story = story(text, 2);
        (story.statuses(), story.failures.len())
    };
    assert_eq!(told(&kept), (vec![200, 200], 1));
    // A new connection that breaks is not, and what may have been done is not done again.
    let closed = text.replace("threads = 100", "threads = 100\nkeepalive = 0");
    assert_eq!(told(&closed), (vec![200, 502], 1));
    let post = kept.replace("to = \"app.page\"", "to = \"app.page\"\nmethod = \"POST\"");
    assert_eq!(told(&post), (vec![200, 502], 1));
}
