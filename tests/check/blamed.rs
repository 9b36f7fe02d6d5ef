//! Who is to blame where whoever is short of something only waits: for somebody who was taken away, for
//! the wire, for its own bursts.

use crate::command::{Desk, promise};

const HEAD: &str = r#"
[scenario]
duration = "30s"
warm_up  = "5s"
[hardware.h]
cores = 4
[hardware.one]
cores = 1
[request.r]
to = "f.e"
[workload.w]
mix = { r = 1 }
"#;

/// What is told of a site whose promise is missed, in one line.
#[track_caller]
fn told(site: &str, require: &str, rest: &str) -> String {
    let desk = Desk::new();
    desk.write("site.toml", &format!("{HEAD}{site}{}", promise(require, rest)));
    let said = desk.run("check site.toml --budget 20").expect(1, &["MISSED"]);
    said.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(told: &str, words: &[&str]) {
    for it in words {
        assert!(told.contains(it), "`{it}` is missing from: {told}");
    }
}

#[track_caller]
fn never_says(told: &str, words: &[&str]) {
    for it in words {
        assert!(!told.contains(it), "`{it}` is said: {told}");
    }
}

/// Threads that are full of calls to a database that is gone.
fn primary(event: &str) -> String {
    format!(
        r#"
arrivals = {{ poisson = "200/s" }}
[hardware.d]
cores = 2
disk  = {{ read = "1ms" }}
[service.db]
kind      = "mysql"
instances = 3
hardware  = "d"
[service.db.query.w]
access = "write"
cpu    = {{ exponential = "1ms" }}
[service.f]
kind     = "app"
workers  = 8
threads  = 8
hardware = "h"
[service.f.upstream.db]
servers = "db"
[service.f.endpoint.e]
steps = [ {{ query = "db.w" }} ]
{event}
"#
    )
}

#[test]
fn a_lost_primary_rather_than_the_threads_that_wait_for_it() {
    let lost = "[[event]]\nat = \"5s\"\nfor = \"5s\"\nlose = \"host of db.1\"";
    let told = told(&primary(lost), "p(95) < 100ms", "");
    says(&told, &["who db: loss of host of db.1 from 5 s to 10 s; f only waits: workers of f."]);
}

/// A replica is lost, but it is the threads that are too few: before and after as much as meanwhile.
#[test]
fn an_event_is_not_to_blame_for_what_is_as_bad_without_it() {
    let lost = "[[event]]\nat = \"2s\"\nfor = \"16s\"\nlose = \"host of db.3\"";
    let few = primary(lost)
        .replace("workers  = 8\nthreads  = 8", "workers  = 1\nthreads  = 8")
        .replace("[ { query", "[ { wait = \"38ms\" }, { query");
    let told = told(&few, "p(95) < 100ms", "");
    says(&told, &["when throughout", "who f: workers of f.1"]);
}

/// Calls that find nobody hold the pool.
#[test]
fn a_lost_primary_rather_than_the_pool() {
    let lost = "[[event]]\nat = \"5s\"\nfor = \"5s\"\nlose = \"host of db.1\"";
    let pooled = primary(lost)
        .replace("servers = \"db\"", "servers = \"db\"\npool = { size = 4, wait = \"50ms\" }");
    let told = told(&pooled, "success > 99%", "");
    says(&told, &["who db: loss of host of db.1 from 5 s to 10 s; ", "`queue timeout`, seen by f"]);
    never_says(&told, &["too few places"]);
}

#[test]
fn calls_that_queue_do_not_take_that_long_by_themselves() {
    let site = |workers: &str| {
        format!(
            "arrivals = {{ poisson = \"68/s\" }}\n[service.f]\nkind = \"service\"\n\
             hardware = \"one\"\n{workers}\n[service.f.endpoint.e]\n\
             steps = [ {{ cpu = {{ exponential = \"10ms\" }} }} ]\n"
        )
    };
    let told_one = told(&site("workers = 1"), "mean < 20ms", "");
    says(&told_one, &["who f: calls wait for workers of f.1, 68% busy: they come in bursts"]);
    let told_any = told(&site(""), "mean < 20ms", "");
    says(&told_any, &["who f: calls wait for CPU of f-1, 68% busy: they come in bursts"]);
    let alone = told(&site("").replace("68/s", "5/s"), "p(50) < 5ms", "");
    says(&alone, &["its work takes that long by itself"]);
}

/// Where the caller has no queue, who waited too long waited at the server.
#[test]
fn a_server_whose_callers_have_no_queue() {
    let site = |own: &str, upstream: &str| {
        format!(
            "arrivals = {{ poisson = \"50/s\" }}\n[service.f]\nkind = \"service\"\n\
             hardware = \"h\"\n[service.f.upstream.b]\nservers = \"b\"\n{upstream}\n\
             [service.f.endpoint.e]\nsteps = [ {{ call = \"b.e\" }} ]\n\
             [service.b]\nkind = \"service\"\nhardware = \"h\"\n{own}\n\
             [service.b.endpoint.e]\nsteps = [ {{ wait = {{ exponential = \"20ms\" }} }} ]\n"
        )
    };
    let its_own = told(&site("workers = 2\nqueue_timeout = \"5ms\"", ""), "success > 99%", "");
    says(&its_own, &["who b: ", "calls wait too long for its workers", "`queue timeout`"]);
    never_says(&its_own, &["too few places"]);
    let callers = told(&site("", "slots = 2\nqueue_timeout = \"5ms\""), "success > 99%", "");
    says(&callers, &["who b: too few places for it at f (pool, limit a server)"]);
}

#[test]
fn visitors_who_are_far_away() {
    let site = |line: &str| {
        format!(
            "arrivals = {{ poisson = \"50/s\" }}\n{line}\n[service.f]\nkind = \"service\"\n\
             hardware = \"h\"\n[service.f.endpoint.e]\n\
             steps = [ {{ cpu = {{ exponential = \"5ms\" }} }}, {{ respond = \"100KiB\" }} ]\n"
        )
    };
    let far = told(&site("latency = \"150ms\""), "p(90) < 200ms", "");
    says(&far, &["who f: ", "the time goes to the lines of who calls (150 ms one way, w)"]);
    never_says(&far, &["by itself"]);
    let narrow = told(&site("bandwidth = \"2Mbit/s\""), "p(90) < 200ms", "");
    says(&narrow, &["the time goes to the lines of who calls (2.00 Mbit/s, w)"]);
    // The line is short beside what is promised, whatever the mean.
    let near = told(&site("latency = \"5ms\""), "p(99) < 25ms", "");
    never_says(&near, &["the lines of who calls"]);
}

#[test]
fn a_long_way_holds_workers() {
    let site = "arrivals = { poisson = \"48/s\" }\n[zone.a]\n[zone.b]\n[link.a-b]\n\
                latency = \"80ms\"\n[service.f]\nkind = \"service\"\nhardware = \"h\"\n\
                zones = [\"a\"]\nworkers = 8\n[service.f.endpoint.e]\n\
                steps = [ { cpu = \"1ms\" }, { call = \"b.e\" } ]\n[service.b]\n\
                kind = \"service\"\nhardware = \"h\"\nzones = [\"b\"]\n[service.b.endpoint.e]\n\
                steps = [ { cpu = \"1ms\" } ]\n";
    let far = told(site, "p(90) < 300ms", "");
    says(&far, &["who f: the time goes to the network (80.0 ms one way from zone a to b), "]);
    let work = site.replace("80ms", "1ms").replace("{ cpu = \"1ms\" }, ", "{ wait = \"160ms\" }, ");
    let own = told(&work, "p(90) < 300ms", "");
    says(&own, &["who f: workers of f.1 9"]);
}

#[test]
fn a_neighbour_who_uses_the_processors() {
    let site = |noise: &str| {
        format!(
            "arrivals = {{ poisson = \"50/s\" }}\n[request.n]\nto = \"noisy.e\"\n[workload.v]\n\
             mix = {{ n = 1 }}\narrivals = {{ poisson = \"{noise}\" }}\n[host.x]\n\
             hardware = \"one\"\n[service.f]\nkind = \"service\"\non = \"x\"\n\
             [service.f.endpoint.e]\nsteps = [ {{ cpu = {{ exponential = \"5ms\" }} }} ]\n\
             [service.noisy]\nkind = \"service\"\non = \"x\"\n[service.noisy.endpoint.e]\n\
             steps = [ {{ cpu = {{ exponential = \"100ms\" }} }} ]\n"
        )
    };
    let about = "where = { request = \"r\" }";
    let noisy = told(&site("6/s"), "p(95) < 20ms", about);
    says(&noisy, &["who f: CPU of x ", "busy, noisy uses it most"]);
    let own = told(&site("1/s").replace("\"50/s\"", "\"140/s\""), "p(95) < 20ms", about);
    says(&own, &["who f: CPU of x "]);
    never_says(&own, &["noisy"]);
}

/// Who is full refuses nearly all before he has them: what he had went well.
#[test]
fn calls_that_a_server_never_had() {
    let site = "arrivals = { poisson = \"100/s\" }\n[service.f]\nkind = \"service\"\n\
                hardware = \"h\"\n[service.f.upstream.b]\nservers = \"b\"\nconnect_timeout = \"50ms\"\n\
                [service.f.endpoint.e]\nsteps = [ { call = \"b.e\" } ]\n[service.b]\n\
                kind = \"service\"\nhardware = \"one\"\nconnections = \"tcp\"\n\
                [service.b.endpoint.e]\nsteps = [ { cpu = \"1ms\" } ]\n[[event]]\nat = \"5s\"\n\
                for = \"8s\"\nlose = \"host of b.1\"\n";
    let lost = told(site, "success > 99%", "where = { service = \"b\" }");
    says(
        &lost,
        &[
            "from 5 s to 13 s",
            "who b: loss of host of b.1 from 5 s to 13 s; ",
            "`connect timeout`, seen by f",
        ],
    );
    let of_calls = told(site, "p(90) < 10s", "where = { service = \"b\" }");
    says(&of_calls, &["who b: loss of host of b.1 from 5 s to 13 s; "]);
}

/// A part of the window in which nothing arrived is no end of a bad time.
#[test]
fn all_are_bad_and_few_come() {
    let site = "arrivals = { poisson = \"2/s\" }\n[service.f]\nkind = \"service\"\n\
                hardware = \"h\"\n[service.f.endpoint.e]\nsteps = [ { wait = \"200ms\" } ]\n";
    let desk = Desk::new();
    desk.write("site.toml", &format!("{HEAD}{site}{}", promise("p(90) < 100ms", "")));
    let short = "check site.toml --budget 20 --set duration=5s";
    desk.run(short).expect(1, &["when throughout"]);
}

/// A balancer that tries a crashed server again and again.
const RETRIED: &str = r#"
arrivals = { even = "10/s" }
[service.lb]
kind = "haproxy"
hardware = "h"
timeout = { queue = "60s", connect = "5s", server = "60s", client = "60s" }
[service.lb.backend.f]
servers = "f"
[service.f]
kind = "app"
hardware = "h"
workers = 10
[service.f.endpoint.e]
steps = [ { wait = "100ms" } ]
[[event]]
at = "5050ms"
for = "5s"
crash = "f.1"
"#;

/// Retries make more failed calls than failed requests: four of five visitors saw none of the first kind.
#[test]
fn shares_of_failed_calls_are_of_calls() {
    let site = RETRIED.replacen("arrivals", "to = \"lb\"\narrivals", 1);
    let of_f = "where = { service = \"f\" }";
    let told_calls = told(&site, "success > 99%", of_f);
    // Each of 21 requests four times, and what was there is cut off.
    says(
        &told_calls,
        &[
            "who f: crash of f.1 from 5.05 s to 10.05 s; 99.",
            "% of the failures are `refused`, seen by lb",
        ],
    );
    // Calls fail for as long as the server is away, requests for whom the last attempt does.
    says(&told_calls, &["when from 5 s to 10.2 s"]);
    let told_requests = told(&site, "success > 99%", "");
    says(&told_requests, &["when from 5 s to 7.", "`refused`, seen by lb"]);
}

/// What calls failed of is kept for the whole run only: no share is told of a part of it, or of a zone.
#[test]
fn no_share_of_another_window() {
    let site = RETRIED.replacen("arrivals", "to = \"lb\"\narrivals", 1);
    let during =
        told(&site, "success > 99%", "where = { service = \"f\" }\nwindow = \"during event 1\"");
    says(&during, &["the most frequent failure of the whole run is `refused`, seen by lb"]);
    never_says(&during, &["% of the failures"]);
    // Of requests it is kept.
    let late = "[[event]]\nat = \"20s\"\nfor = \"5s\"\nlose = \"host of lb.1\"\n";
    let window = told(&format!("{site}{late}"), "success > 99%", "window = \"during event 1\"");
    says(&window, &["% of the failures are `refused`, seen by lb"]);
    let window = told(&format!("{site}{late}"), "success > 99%", "window = \"during event 2\"");
    never_says(&window, &["`refused`"]);
}

/// No answer can be there in time, however idle everybody is.
#[test]
fn a_time_out_that_is_shorter_than_the_way() {
    let site = "arrivals = { even = \"10/s\" }\n[zone.a]\n[zone.b]\n[link.a-b]\n\
                latency = \"100ms\"\n[service.f]\nkind = \"service\"\nhardware = \"h\"\n\
                zones = [\"a\"]\n[service.f.upstream.b]\nservers = \"b\"\n\
                response_timeout = \"50ms\"\nretries = 2\n[service.f.endpoint.e]\n\
                steps = [ { call = \"b.e\" } ]\n[service.b]\nkind = \"service\"\n\
                hardware = \"h\"\nzones = [\"b\"]\n[service.b.endpoint.e]\n\
                steps = [ { wait = \"300ms\" } ]\n";
    let why = "who f: its `response_timeout` of 50.0 ms for b is shorter than the way there and back, \
               200 ms between zones a and b; 100% of the failures are `response timeout`, seen by f";
    for about in ["", "where = { service = \"f\" }", "where = { service = \"b\" }"] {
        let told = told(site, "success > 99%", about);
        says(&told, &[why]);
        never_says(&told, &["by itself"]);
    }
    // Requests arrive, answers come too late: b has done its part.
    let there = site.replace("50ms", "150ms").replace("300ms", "1ms");
    says(&told(&there, "success > 99%", ""), &["`response_timeout` of 150 ms for b is shorter"]);
    // Long enough for the way, but not for the work.
    let slow = told(&site.replace("50ms", "250ms"), "success > 99%", "");
    never_says(&slow, &["is shorter than the way"]);
    // A connection takes as long as an answer.
    let tcp = site
        .replace("response_timeout", "connect_timeout")
        .replace("[service.b.endpoint", "connections = \"tcp\"\n[service.b.endpoint");
    let told_tcp = told(&tcp, "success > 99%", "");
    says(&told_tcp, &["who f: its `connect_timeout` of 50.0 ms for b is shorter"]);
}

/// Visitors who queue for the one place at a server hold nothing further down.
#[test]
fn the_queue_before_a_limit_rather_than_who_is_behind_it() {
    let site = r#"
to = "lb"
arrivals = { poisson = "80/s" }
patience = "5s"
[service.lb]
kind = "haproxy"
hardware = "h"
[service.lb.backend.f]
servers = "f"
maxconn = 1
[service.f]
kind = "app"
hardware = "h"
instances = 2
workers = 32
[service.f.upstream.db]
servers = "db"
pool = { size = 10 }
[service.f.endpoint.e]
steps = [ { cpu = { exponential = "2ms" } }, { call = "db.q" }, { respond = "10kB" } ]
[service.db]
kind = "service"
hardware = "h"
[service.db.endpoint.q]
steps = [ { cpu = { exponential = "20ms" } } ]
"#;
    let told = told(site, "p(99) < 100ms", "");
    says(&told, &["f: too few places for it at lb", "(held: lb → f)"]);
    never_says(&told, &["by itself", "who db"]);
}

/// Answers that cross the entry's line hold calls everywhere behind it.
#[test]
fn the_line_of_the_entry() {
    let site = r#"
to = "lb"
arrivals = { poisson = "95/s" }
[hardware.line]
cores = 4
nic = "1Gbit/s"
[service.lb]
kind = "haproxy"
hardware = "line"
[service.lb.backend.f]
servers = "f"
[service.f]
kind = "app"
hardware = "line"
instances = 2
workers = 32
[service.f.endpoint.e]
steps = [ { cpu = { exponential = "1ms" } }, { respond = "1200kB" } ]
"#;
    let told = told(site, "mean < 20ms", "");
    says(&told, &["lb: NIC of lb-1"]);
}

/// A line that is busy before a database that takes its time is not what the time goes to.
#[test]
fn a_busy_line_before_whoever_takes_long() {
    let site = r#"
arrivals = { poisson = "95/s" }
[hardware.line]
cores = 4
nic = "1Gbit/s"
[service.f]
kind = "service"
hardware = "line"
[service.f.endpoint.e]
steps = [ { call = "d.q" }, { respond = "1MB" } ]
[service.d]
kind = "service"
hardware = "h"
[service.d.endpoint.q]
steps = [ { wait = { exponential = "200ms" } }, { respond = "1kB" } ]
"#;
    let told = told(site, "mean < 100ms", "");
    says(&told, &["d: nothing there is short"]);
    never_says(&told, &["f: NIC"]);
}

/// The visitors of a spike see what others see.
#[test]
fn failures_of_a_spike_are_failures_of_visitors() {
    let desk = Desk::with(&format!(
        "{}[[event]]\nat = \"20s\"\nfor = \"4s\"\ncrash = \"queue.1\"\n[[event]]\nat = \"22s\"\n\
         spike = {{ workload = \"customers\", extra = \"x1\", hold = \"6s\" }}\n",
        promise("success > 99%", "")
    ));
    let queue = desk.read("queue.toml").replace("80/s", "40/s");
    let queue = queue.replace("workers  = 1\n", "workers = 1\nconnections = \"tcp\"\n");
    desk.write("queue.toml", &queue);
    let said =
        desk.run("check queue.toml --budget 20").expect(1, &["are `refused`, seen by visitors"]);
    let flowing = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let share = flowing.split("% of the failures").next().unwrap().rsplit(' ').next().unwrap();
    assert!(share.parse::<f64>().unwrap() > 99.0, "{}", said.out);
}

/// A few fail, of a crash; most are late whatever happens, which no door explains.
#[test]
fn failures_explain_only_what_failed() {
    let site = r#"[scenario]
seed = 3
duration = "60s"
replications = 20
[zone.a]
[zone.b]
[link.a-b]
latency = "1ms"
[hardware.m]
cores = 2
disk = { read = "200us", write = "100us", fsync = "500us" }
[service.app]
kind = "app"
hardware = "m"
instances = 2
workers = 8
zones = ["a","b"]
[service.app.upstream.db]
servers = "db"
[service.app.endpoint.page]
steps = [ { cpu = { exponential = "5ms" } }, { query = "db.w" }, { query = "db.r" } ]
[service.db]
kind = "mysql"
hardware = "m"
instances = 3
zones = ["a","b","a"]
[service.db.query.w]
access = "write"
cpu = { exponential = "2ms" }
[service.db.query.r]
access = "read"
cpu = { exponential = "2ms" }
[request.page]
to = "app.page"
[workload.v]
to = "app"
arrivals = { poisson = "60/s" }
mix = { page = 1 }
[[event]]
at = "20s"
for = "8s"
crash = "app.1"
[[event]]
at = "42s"
for = "4s"
crash = "db.2"
"#;
    let desk = Desk::new();
    desk.write("site.toml", &format!("{site}{}", promise("p(99) < 10ms", "")));
    let said = desk.run("check site.toml --budget 20").expect(1, &["the time goes to the network"]);
    assert!(!said.out.contains("lets no more in"), "{}", said.out);
}
