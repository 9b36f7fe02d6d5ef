//! Objectives about the calls to a service see those that never reach it, too.

use crate::command::{Desk, promise};

const FRONT: &str = r#"
[scenario]
duration = "30s"
warm_up = "5s"
[zone.a]
[zone.b]
[link.a-b]
latency = "1ms"
[hardware.one]
cores = 4
[service.front]
kind = "service"
hardware = "one"
zones = ["a"]
[service.front.upstream.back]
servers = "back"
connect_timeout = "50ms"
[service.front.endpoint.page]
steps = [ { cpu = "1ms" }, { call = "back.page" } ]
[service.back]
kind = "service"
hardware = "one"
connections = "tcp"
REST
[service.back.endpoint.page]
steps = [ { wait = { exponential = "10ms" } } ]
[request.page]
to = "front.page"
[workload.visitors]
mix = { page = 1 }
arrivals = { poisson = "100/s" }
"#;

const OF_BACK: &str = "where = { service = \"back\" }";

#[track_caller]
fn check(site: &str, promises: &str, code: i32, says: &[&str]) -> String {
    let desk = Desk::new();
    desk.write("site.toml", &format!("{site}{promises}"));
    desk.run("check site.toml --budget 20").expect(code, says).out
}

/// The share that is good, in percent.
fn share(said: &str) -> f64 {
    let (before, _) = said.split_once("% [").expect("it has a share");
    before.rsplit(' ').next().expect("it has a word").parse().expect("a number")
}

/// One in twenty is never answered: still there when the run ends, as its request is, or without a visitor
/// who waits for it.
#[test]
fn what_is_there_when_the_run_ends() {
    let site = FRONT
        .replace("REST", "")
        .replace("[scenario]", "[scenario]\ndrain = \"1s\"")
        .replace("[ { wait", "[ { branch = \"5%\", steps = [ { wait = \"10min\" } ] }, { wait");
    for patience in ["", "patience = \"5s\"\n"] {
        let site = format!("{site}{patience}");
        let promises = ["", OF_BACK].map(|rest| promise("success > 99%", rest));
        let shares = promises.map(|it| share(&check(&site, &it, 1, &["MISSED"])));
        assert!((shares[0] - shares[1]).abs() < 0.2, "{shares:?}");
        check(&site, &promise("p(97) < 10s", OF_BACK), 1, &["MISSED"]);
        check(&site, &promise("mean < 1s", OF_BACK), 0, &["1 met"]);
    }
}

/// Two in nine visitors leave before they have their answer. nginx notices and logs a 499; the app works on
/// for nobody, and logs a 200.
#[test]
fn callers_who_have_gone() {
    let site = r#"
[scenario]
duration = "30s"
warm_up = "5s"
[hardware.h]
cores = 4
[service.web]
kind = "nginx"
hardware = "h"
[service.web.upstream.app]
servers = "app"
[service.app]
kind = "app"
hardware = "h"
workers = 8
threads = 8
[service.app.endpoint.page]
steps = [ { wait = { exponential = "100ms" } } ]
[request.page]
to = "app.page"
[workload.visitors]
to = "web"
mix = { page = 1 }
patience = "150ms"
arrivals = { poisson = "50/s" }
"#;
    let of = |service: &str| format!("where = {{ service = \"{service}\" }}");
    let whole = share(&check(site, &promise("success > 99%", ""), 1, &["MISSED"]));
    let web = share(&check(site, &promise("success > 99%", &of("web")), 1, &["MISSED"]));
    assert!((whole - web).abs() < 0.5, "{whole} {web}");
    check(site, &promise("success > 99%", &of("app")), 0, &["1 met"]);
}

/// Three in four time out while connecting to a server whose backlog is full.
#[test]
fn time_outs_while_connecting() {
    let site = FRONT.replace("REST", "workers = 1\nbacklog = 1");
    let says = ["MISSED", "succeed, required 99.0%"];
    let whole = check(&site, &promise("success > 99%", ""), 1, &says);
    let calls = check(&site, &promise("success > 99%", OF_BACK), 1, &says);
    let shares = [whole, calls].map(|it| share(&it));
    assert!((shares[0] - shares[1]).abs() < 0.2, "{shares:?}");
    // They took no longer than their time-out, and are beyond every limit nevertheless.
    check(&site, &promise("p(90) < 10s", OF_BACK), 1, &["MISSED"]);
    let successes = format!("{OF_BACK}\ncounting = \"successes\"");
    check(&site, &promise("p(90) < 10s", &successes), 0, &["1 met"]);
    check(&site, &promise("mean < 10s", OF_BACK), 0, &["1 met"]);
}

/// Refused at the one that is down, of two in different zones.
#[test]
fn refusals() {
    let crash = "[[event]]\nat = \"10s\"\nfor = \"10s\"\ncrash = \"back.1\"\n";
    let site = FRONT.replace("REST", "instances = 2\nzones = [\"a\", \"b\"]") + crash;
    let during =
        |rest: &str| promise("success > 99%", &format!("window = \"during event 1\"\n{rest}"));
    check(&site, &during(OF_BACK), 1, &["MISSED"]);
    check(&site, &during("where = { service = \"back\", zone = \"a\" }"), 1, &["MISSED"]);
    check(&site, &during("where = { service = \"back\", zone = \"b\" }"), 0, &["1 met"]);
    let recovery = |limit: &str| {
        let rest = format!("of = \"success > 99%\"\nhold = \"2s\"\nclock = \"begin\"\n{OF_BACK}");
        promise(&format!("recovery < {limit}"), &rest)
    };
    check(&site, &recovery("5s"), 1, &["MISSED"]);
}

/// Who writes finds no primary.
#[test]
fn nobody_to_ask() {
    let site = FRONT
        .replace("connect_timeout = \"50ms\"\n", "")
        .replace(
            "kind = \"service\"\nhardware = \"one\"\nconnections = \"tcp\"\nREST",
            "kind = \"mysql\"\nhardware = \"one\"",
        )
        .replace(
            "[service.back.endpoint.page]\nsteps = [ { wait = { exponential = \"10ms\" } } ]",
            "[service.back.query.page]\naccess = \"read\"\ncpu = \"1ms\"",
        )
        .replace("{ call = \"back.page\" }", "{ query = \"back.page\" }");
    let crash = "[[event]]\nat = \"10s\"\nfor = \"10s\"\ncrash = \"back.1\"\n";
    let rest = format!("window = \"during event 1\"\n{OF_BACK}");
    let site = format!("{site}{crash}");
    check(&site, &promise("success > 99%", &rest), 1, &["MISSED"]);
}

/// Behind a balancer: `lb` is of its backend, `app` of the service, `rest` of the visitors and what follows them.
fn balanced(lb: &str, app: &str, rest: &str) -> String {
    format!(
        "[scenario]\nduration = \"20s\"\n[hardware.h]\ncores = 4\n\
         [service.lb]\nkind = \"haproxy\"\nhardware = \"h\"\n\
         timeout = {{ queue = \"60s\", connect = \"5s\", server = \"60s\", client = \"60s\" }}\n\
         [service.lb.backend.app]\nservers = \"app\"\n{lb}\n\
         [service.app]\nkind = \"app\"\nhardware = \"h\"\n{app}\n\
         [service.app.endpoint.health]\nsteps = [ {{ wait = \"1ms\" }} ]\n\
         [request.page]\nto = \"app.page\"\n\
         [workload.visitors]\nto = \"lb\"\nmix = {{ page = 1 }}\n{rest}\n"
    )
}

const OF_APP: &str = "where = { service = \"app\" }";

/// Two checks a second, a millisecond each, beside one call of 100 ms.
#[test]
fn health_checks_are_no_calls() {
    let checks = "check = { inter = \"500ms\", endpoint = \"app.health\" }";
    let app = "workers = 4\n[service.app.endpoint.page]\nsteps = [ { wait = \"100ms\" } ]";
    let site = balanced(checks, app, "arrivals = { even = \"1/s\" }");
    check(&site, &promise("p(50) < 90ms", OF_APP), 1, &["0% [0%, 1.1%]", "380 of 380 do not"]);
    check(&site, &promise("mean < 99ms", OF_APP), 1, &["100 ms [100 ms, 100 ms]"]);
    check(&site, &promise("throughput > 2/s", OF_APP), 1, &["0.95/s"]);
}

/// Ten calls a second to two workers who need 0.4 s for each, by visitors who leave after a second: all 199 are
/// made, each takes longer by 0.1 s than the one before, and the run goes on until they are over.
#[test]
fn calls_that_nobody_waits_for_are_waited_for() {
    let app = "workers = 2\n[service.app.endpoint.page]\nsteps = [ { wait = \"400ms\" } ]";
    let rest = "arrivals = { even = \"10/s\" }\npatience = \"1s\"";
    let site = balanced("", app, rest);
    check(&site, &promise("p(95) < 12s", OF_APP), 1, &["58.3%", "1,660 of 3,980 do not"]);
    // Unless the run has an end before that.
    let short = site.replace("duration = \"20s\"", "duration = \"20s\"\ndrain = \"1s\"");
    check(&short, &promise("success > 99%", OF_APP), 1, &["of 3,980 do not"]);
    // None fails, but they pile up: there is no steady state to judge.
    let says = ["0 of 3,980 do not", "unfinished work piles up"];
    check(&site, &promise("success > 99%", OF_APP), 3, &says);
}

/// Ten calls a second wait at the balancer for two places at a server that needs a second for each. Of the fifty
/// before it dies ten are answered or under way, and forty never got there.
#[test]
fn calls_in_the_queue_of_a_caller_that_dies() {
    let app = "workers = 8\n[service.app.endpoint.page]\nsteps = [ { wait = \"1s\" } ]";
    let rest = "arrivals = { even = \"10/s\" }\n[[event]]\nat = \"5.05s\"\ncrash = \"lb.1\"\n";
    let site = balanced("maxconn = 2", app, rest);
    let before = format!("{OF_APP}\nwindow = \"before event 1\"");
    check(&site, &promise("success > 99%", &before), 1, &["20.0%", "800 of 1,000 do not"]);
}
