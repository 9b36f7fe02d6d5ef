//! `MySQL`: connection limit, group commit, replication. Source: reference manual 8.4.

use crate::story::{ms, only, plan, run, story};
use simulate::measure::outcome::Cause;

/// Visitors who speak to the database themselves.
fn site(db: &str, arrivals: &str) -> String {
    format!(
        r#"
[service.db]
kind = "mysql"
hardware = "box"
{db}
[service.db.query.read]
access = "read"
cpu = "100ms"
[service.db.query.write]
access = "write"
cpu = "0ms"
[request.ask]
to = "db.read"
[request.tell]
to = "db.write"
method = "POST"
[workload.visitors]
to = "db"
mix = {{ ask = 1 }}
arrivals = {arrivals}
latency = "1ms"
"#
    )
}

#[test]
fn beyond_max_connections_the_answer_is_an_error_at_once() {
    let text = site("max_connections = 3", "{ even = \"1000/s\" }");
    let story = story(&text, 5);
    for number in 0..3 {
        assert_eq!(story.visit(number), (104.0, 200, Cause::None));
    }
    for number in 3..5 {
        assert_eq!(story.visit(number), (2.0, 0, Cause::TooManyConnections));
    }
}

/// Commits a second by so many clients who write again and again.
fn commits_per_s(users: u32, db: &str) -> f64 {
    let text = site(db, &format!("{{ users = {users}, think = \"0s\" }}"));
    let mut plan = plan(&text.replace("ask = 1", "tell = 1"));
    plan.duration = simulate::engine::time::Span::from_millis(20_000);
    run(&plan, 0).visits.len() as f64 / 20.0
}

#[test]
fn one_client_commits_once_in_two_flushes() {
    // Redo and binary log, 5 ms each, and a round trip of 2 ms.
    let alone = commits_per_s(1, "");
    assert!((alone - 1.0 / 0.012).abs() < 0.5, "{alone}");
    let once = commits_per_s(1, "sync_binlog = 0");
    assert!((once - 1.0 / 0.007).abs() < 0.5, "{once}");
    let never = commits_per_s(1, "sync_binlog = 0\ninnodb_flush_log_at_trx_commit = 0");
    assert!((never - 1.0 / 0.002).abs() < 0.5, "{never}");
}

#[test]
fn many_clients_share_their_flushes() {
    // Everybody is in one of few groups: some 15 ms a round, whatever their number.
    let (few, many) = (commits_per_s(10, ""), commits_per_s(100, ""));
    assert!(few > 550.0, "{few}");
    assert!(many > 9.5 * few, "{few} and {many}");
}

fn replicated(rest: &str, rate: &str) -> String {
    let text =
        site("instances = 3\nreplica_parallel_workers = 1", &format!("{{ even = \"{rate}\" }}"));
    let app = r#"
[service.app]
kind = "app"
hardware = "box"
threads = 1000
[service.app.endpoint.ask]
steps = [{ query = "db.read" }]
[service.app.endpoint.tell]
steps = [{ query = "db.write" }]
"#;
    let text = text.replace("to = \"db.read\"", "to = \"app.ask\"");
    let text = text.replace("to = \"db.write\"", "to = \"app.tell\"");
    let text = text.replace("to = \"db\"", "to = \"app\"").replace("ask = 1", "ask = 1, tell = 1");
    format!("{text}{app}{rest}")
}

#[test]
fn reads_go_to_the_replicas_and_writes_to_the_primary() {
    let instances = |read_from: &str| {
        let upstream = format!("[service.app.upstream.db]\nservers = \"db\"\n{read_from}\n");
        let story = run(&only(plan(&replicated(&upstream, "10/s")), 300), 0);
        assert!(story.statuses().iter().all(|status| *status == 200));
        // A read takes 100 ms, a write the flushes.
        let mut reads = [0_u32; 3];
        let mut writes = [0_u32; 3];
        for visit in &story.visits {
            let list =
                if ms(visit.ended.since(visit.arrived)) > 50.0 { &mut reads } else { &mut writes };
            let at = story.served.iter().find(|call| {
                call.instance < 3 && call.arrived > visit.arrived && call.arrived < visit.ended
            });
            list[at.unwrap().instance as usize] += 1;
        }
        (reads, writes)
    };
    let (reads, writes) = instances("");
    assert_eq!((reads[0], &writes[1..]), (0, &[0, 0][..]));
    assert!(reads[1].abs_diff(reads[2]) <= 1, "{reads:?}");
    let (reads, writes) = instances("read_from = \"any\"");
    assert!(reads.iter().all(|count| *count > 30), "{reads:?}");
    assert_eq!(&writes[1..], [0, 0]);
    let (reads, _) = instances("read_from = \"primary\"");
    assert_eq!(&reads[1..], [0, 0]);
}

const UNFLUSHED: &str = "sync_binlog = 0\ninnodb_flush_log_at_trx_commit = 0";

#[test]
fn a_replica_flushes_what_it_applies() {
    // 300 writes a second; redo and binary log are flushed in 5 ms each.
    let lags = |workers: u32, db: &str| {
        let text = replicated("", "300/s").replace("ask = 1, tell = 1", "tell = 1");
        let text = text.replace("workers = 1", &format!("workers = {workers}\n{db}"));
        let story = run(&only(plan(&text), 900), 0);
        assert_eq!(story.lags.len(), 1800, "both replicas show all in the end");
        story.lags.iter().map(|lag| ms(*lag)).fold(0.0, f64::max)
    };
    // One worker commits 100 a second: 900 of three seconds take nine.
    let alone = lags(1, "");
    assert!((alone - 6_000.0).abs() < 100.0, "{alone}");
    // Many share their flushes, as sessions at the primary do.
    assert!(lags(16, "") < 30.0, "{}", lags(16, ""));
    assert!(lags(1, UNFLUSHED) < 5.0, "{}", lags(1, UNFLUSHED));
}

#[test]
fn a_replica_on_the_same_machine_needs_no_line() {
    // 64 KiB take more than half a second at 1 Mbit/s.
    let thin = "[hardware.thin]\ncores = 64\nnic = \"1Mbit/s\"\ndisk = { read = \"10ms\", fsync = \"5ms\", parallel = 64 }\n";
    let lags = |place: &str| {
        let db = format!("instances = 2\nbinlog_event = \"64KiB\"\n{UNFLUSHED}");
        let text = site(&db, "{ even = \"1/s\" }").replace("ask = 1", "tell = 1");
        let text = text.replace("hardware = \"box\"", place);
        let story =
            run(&only(plan(&format!("{text}{thin}[host.one]\nhardware = \"thin\"\n")), 10), 0);
        assert_eq!(story.lags.len(), 10);
        story.lags.iter().map(|lag| ms(*lag)).fold(0.0, f64::max)
    };
    let (near, far) = (lags("on = \"one\""), lags("hardware = \"thin\""));
    assert!(near < 1.0, "{near}");
    assert!(far > 500.0, "{far}");
}

#[test]
fn a_replica_that_applies_slower_than_is_written_falls_ever_further_behind() {
    let lags = |apply: &str| {
        let text = replicated("", "100/s").replace("ask = 1, tell = 1", "tell = 1");
        let text = text.replace("cpu = \"0ms\"", &format!("cpu = \"0ms\"\napply = \"{apply}\""));
        let text = text.replace("instances = 3", &format!("instances = 3\n{UNFLUSHED}"));
        let story = run(&only(plan(&text), 1000), 0);
        story.lags.iter().map(|lag| ms(*lag)).collect::<Vec<f64>>()
    };
    // Keeps up: network and work.
    assert!(lags("8ms").iter().all(|lag| *lag < 20.0));
    // 100 a second come, 50 are applied: half a second more lag every second.
    let late = lags("20ms");
    assert_eq!(late.len(), 2000, "both replicas show all in the end");
    assert!(late.windows(2).all(|pair| pair[0] <= pair[1]), "never catches up while they come");
    let last = late[late.len() - 1];
    assert!((last - 10_000.0).abs() < 100.0, "{last}");
}

#[test]
fn a_query_that_nobody_waits_for_holds_its_connection_until_it_is_over() {
    // Queries of 2 s, 50 a second, and callers who leave after 100 ms: the thirty connections are
    // taken for 2 s each, whoever still waits.
    let text = site("max_connections = 30", "{ even = \"50/s\" }");
    let text = text.replace("100ms", "2s").replace("to = \"db.read\"", "to = \"app.ask\"");
    let text = text.replace("to = \"db\"", "to = \"app\"");
    let app = r#"
[service.app]
kind = "app"
hardware = "box"
threads = 1000
[service.app.upstream.db]
servers = "db"
pool = { size = 1000 }
read_timeout = "100ms"
[service.app.endpoint.ask]
steps = [{ query = "db.read" }]
"#;
    let text = text.replace("[request.tell]\nto = \"db.write\"\nmethod = \"POST\"\n", "");
    let text = text.replace("[service.db.query.write]\naccess = \"write\"\ncpu = \"0ms\"\n", "");
    let story = run(&only(plan(&format!("{text}{app}")), 500), 0);
    assert_eq!(story.calls_max[&0], 30);
    let failed = |cause| story.failures.iter().filter(|failure| failure.1 == cause).count();
    let (refused, given_up) = (failed(Cause::TooManyConnections), failed(Cause::ResponseTimeout));
    // Thirty each 2 s, a round trip and a bit, in ten seconds.
    assert_eq!(refused + given_up, 500);
    assert!((145..=165).contains(&given_up), "{given_up}");
}
