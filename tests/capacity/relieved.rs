//! Bottlenecks that are relieved and tried in turn: what is held while others work, beside what works.

use serde_json::Value;

use crate::{growth::asked, site::Asking};

/// Services that are called one by the other; visitors come to `enters` for a page of `to`.
fn site(services: &str, [enters, to]: [&str; 2]) -> String {
    let page = format!("{to}.page");
    let visitors = Asking { enters, page: &page, per_s: 50, require: "mean < 250ms" };
    let ground = "[network]\nlatency = 0\nloopback = 0\n[hardware.one]\ncores = 1\n\
                  [hardware.four]\ncores = 4\n";
    visitors.at(&format!("{ground}{services}"))
}

/// What is relieved, what is next, and whether a trial shows it.
#[track_caller]
fn check(scenario: &str, expected: &[(&[&str], &str)]) -> Vec<Value> {
    let (found, said) = asked(scenario, "");
    let turns = found["growth"]["turns"].as_array().unwrap().clone();
    let told: Vec<(Vec<&str>, &str, &Value)> = turns
        .iter()
        .map(|it| {
            let relieved = it["relieved"].as_array().unwrap();
            let relieved = relieved.iter().map(|it| it.as_str().unwrap()).collect();
            (relieved, it["next"].as_str().unwrap(), &it["is_next"])
        })
        .collect();
    let yes = Value::Bool(true);
    let expected: Vec<(Vec<&str>, &str, &Value)> =
        expected.iter().map(|(relieved, next)| (relieved.to_vec(), *next, &yes)).collect();
    assert_eq!(told, expected, "{said}");
    turns
}

/// One loop on four cores, before and behind a core elsewhere.
#[test]
fn loops_are_relieved() {
    let services = r#"
[service.lb]
kind = "haproxy"
hardware = "four"
nbthread = 1
cpu = { connection = 0, request = "6ms", response = "6ms" }
[service.lb.backend.back]
servers = "back"
[service.back]
kind = "service"
hardware = "one"
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "8ms" } } ]
"#;
    let text = site(services, ["lb", "back"]);
    check(
        &text,
        &[
            (&["loops of lb.1"], "CPU of back-1"),
            (&["loops of lb.1", "CPU of back-1"], "CPU of lb-1"),
        ],
    );
    // And the other way round: loops are what is next.
    let text = text.replace("\"8ms\"", "\"16ms\"");
    check(
        &text,
        &[
            (&["CPU of back-1"], "loops of lb.1"),
            (&["CPU of back-1", "loops of lb.1"], "CPU of lb-1"),
        ],
    );
}

/// Five connections that are held for 66 ms at least.
#[test]
fn connections_are_relieved() {
    let services = r#"
[service.lb]
kind = "haproxy"
hardware = "four"
maxconn = 5
cpu = { connection = 0, request = "4ms", response = "4ms" }
[service.lb.backend.back]
servers = "back"
[service.back]
kind = "service"
hardware = "one"
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "4ms" } }, { wait = "54ms" } ]
"#;
    let text = site(services, ["lb", "back"]);
    check(
        &text,
        &[
            (&["connections of lb.1"], "CPU of back-1"),
            (&["connections of lb.1", "CPU of back-1"], "CPU of lb-1"),
        ],
    );
    let text = text.replace("exponential = \"4ms\"", "exponential = \"14ms\"").replace("54", "44");
    check(
        &text,
        &[
            (&["CPU of back-1"], "connections of lb.1"),
            (&["CPU of back-1", "connections of lb.1"], "CPU of lb-1"),
        ],
    );
}

/// Two slots that are held for 20 ms, behind a front that is full before these are.
#[test]
fn pools_are_tried() {
    let services = r#"
[service.front]
kind = "service"
hardware = "one"
[service.front.upstream.back]
servers = "back"
slots = 2
[service.front.endpoint.page]
steps = [ { cpu = { exponential = "12ms" } }, { call = "back.page" } ]
[service.back]
kind = "service"
hardware = "one"
[service.back.endpoint.page]
steps = [ { cpu = "4ms" }, { wait = "16ms" } ]
"#;
    let turns = check(
        &site(services, ["front"; 2]),
        &[
            (&["CPU of front-1"], "slots from front to back"),
            (&["CPU of front-1", "slots from front to back"], "CPU of back-1"),
        ],
    );
    assert_eq!(turns[0]["busiest"]["name"], "slots from front to back");
}

/// One applier whose transactions take 9 ms, behind a front that is full before it is.
#[test]
fn appliers_are_tried() {
    let services = r#"
[service.app]
kind = "app"
hardware = "one"
threads = 64
[service.app.endpoint.page]
steps = [ { cpu = { exponential = "12ms" } }, { query = "db.put" } ]
[service.db]
kind = "mysql"
hardware = "four"
instances = 2
replica_parallel_workers = 1
sync_binlog = 0
innodb_flush_log_at_trx_commit = 0
[service.db.query.put]
access = "write"
cpu = "1ms"
apply = "9ms"
"#;
    check(
        &site(services, ["app"; 2]),
        &[
            (&["CPU of app-1"], "appliers of db.2"),
            (&["CPU of app-1", "appliers of db.2"], "CPU of db-2"),
        ],
    );
}
