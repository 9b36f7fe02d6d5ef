//! Losing one of each: what is doubled is borne, what stands alone is not.

use crate::{command::Desk, site::Asking};

const PAIR_SITE: &str = r#"
[network]
latency  = "100us"
[zone.a]
[zone.b]
[link.a-b]
latency = "200us"
[hardware.one]
cores = 1
[service.front]
kind = "service"
hardware = "one"
instances = 1
zones = ["a"]
[service.front.endpoint.page]
steps = [ { cpu = "10us" }, { call = "back.page" } ]
[service.front.upstream.back]
servers = "back"
retries = 1
connect_timeout = "50ms"
response_timeout = "300ms"
balance = "least_connections"
[service.back]
kind = "service"
hardware = "one"
instances = 2
zones = ["a", "b"]
connections = "tcp"
[service.back.endpoint.page]
steps = [ { cpu = { exponential = "5ms" } } ]
"#;

fn pair() -> String {
    let visitors =
        Asking { enters: "front", page: "front.page", per_s: 100, require: "p(95) < 60ms" };
    visitors.at(PAIR_SITE)
}

#[test]
fn a_single_point_of_failure_is_named() {
    let desk = Desk::new();
    desk.write("pair.toml", &pair());
    let said = desk.run("capacity pair.toml --budget 40 --no-scaling --loss 8s --no-plots");
    let said =
        said.expect(0, &["single points of failure: crash of front.1; loss of host front-1"]);
    let row = |name: &str| said.out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    // Refused at once and tried again elsewhere; but one cannot do the work of two.
    let crash = row("crash of back.1");
    assert!(!crash.contains("NOT EVEN"), "{crash}");
    // `crash of back.1`, alike, kept, fail, survives.
    let survives = crash.split_whitespace().nth(6).unwrap().replace(',', "");
    let survives: f64 = survives.parse().unwrap();
    assert!((60.0..200.0).contains(&survives), "{crash}");
    // What is claimed goes as far as what was tried: a hundredth of the safe load.
    let zone = row("loss of zone a");
    let tried = zone.split("NOT EVEN").nth(1).unwrap_or_else(|| panic!("{zone}"));
    let tried: f64 = tried.split_whitespace().next().unwrap().parse().unwrap();
    assert!((1.0..4.0).contains(&tried), "{zone}");
    // They stand in different zones, so that what holds for one need not hold for the other.
    for name in ["crash of back.1", "crash of back.2", "loss of host back-1", "loss of host back-2"]
    {
        assert_eq!(row(name).split_whitespace().nth(name.split(' ').count()), Some("1"), "{name}");
    }
}

/// Of two that are alike one stands beside the database: when it is gone the database has more to do it with, when
/// the other is, less.
#[test]
fn who_shares_a_host_is_missed_otherwise() {
    let site = r#"
[hardware.one]
cores = 4
[host.alone]
hardware = "one"
[host.shared]
hardware = "one"
[service.front]
kind = "service"
hardware = "one"
[service.front.upstream.app]
servers = "app"
balance = "least_connections"
[service.front.endpoint.page]
steps = [ { call = "app.page" } ]
[service.app]
kind = "service"
instances = 2
on = ["alone", "shared"]
workers = 100
[service.app.endpoint.page]
steps = [ { cpu = { exponential = "10ms" } }, { call = "db.query" } ]
[service.db]
kind = "service"
on = "shared"
[service.db.endpoint.query]
steps = [ { cpu = { exponential = "10ms" } } ]
"#;
    let visitors =
        Asking { enters: "front", page: "front.page", per_s: 150, require: "p(95) < 300ms" };
    let desk = Desk::new();
    desk.write("pair.toml", &visitors.at(site));
    let said = desk.run("capacity pair.toml --budget 20 --no-scaling --loss 3s --no-plots");
    let said = said.expect(0, &["SAFE LOAD"]);
    for name in ["crash of app.1", "crash of app.2"] {
        let row = said.out.lines().find(|line| line.starts_with(name));
        let row = row.unwrap_or_else(|| panic!("{name}: {}", said.out));
        assert_eq!(row.split_whitespace().nth(3), Some("1"), "{row}");
    }
}

/// One server whose caller gives up after 200 ms and asks three times more: what asks for an answer again
/// keeps the server too busy to give one in time.
fn lone(retries: u32, balance: &str, instances: u32, require: &str) -> String {
    format!(
        r#"
[scenario]
duration = "20s"
warm_up  = "2s"
[network]
latency  = "100us"
[hardware.one]
cores = 4
[hardware.small]
cores = 1
discipline = "fifo"
[service.front]
kind = "service"
hardware = "one"
[service.front.endpoint.page]
steps = [ {{ cpu = "10us" }}, {{ call = "back.page" }} ]
[service.front.upstream.back]
servers = "back"
retries = {retries}
{balance}
[service.back]
kind = "service"
hardware = "small"
instances = {instances}
connections = "tcp"
[service.back.endpoint.page]
steps = [ {{ cpu = {{ exponential = "5ms" }} }} ]
[request.page]
to = "front.page"
[workload.visitors]
to = "front"
arrivals = {{ poisson = "100/s" }}
mix = {{ page = 1 }}
[[slo]]
name = "pages are quick"
require = "{require}"
"#
    )
}

fn lost_host(scenario: &str, budget: u32, loss: &str) -> (String, String) {
    let desk = Desk::new();
    desk.write("lone.toml", scenario);
    let line =
        format!("capacity lone.toml --budget {budget} --no-scaling --loss {loss} --no-plots");
    let said = desk.run(&line).expect(0, &["SAFE LOAD"]);
    let row = said.out.lines().find(|line| line.starts_with("loss of host back-1")).unwrap();
    let folder = "results/lone-capacity/capacity.json";
    let report: serde_json::Value = serde_json::from_str(&desk.read(folder)).unwrap();
    for loss in report["losses"]["each"].as_array().unwrap() {
        // Causes are shares of the very requests of which it is told how many fail.
        let ending = &loss["ending"];
        let (Some(failed), Some(failing)) =
            (ending["failed_share"].as_f64(), ending["failing"].as_array())
        else {
            continue;
        };
        let sum: f64 = failing.iter().map(|it| it["share"].as_f64().unwrap()).sum();
        assert!(sum <= failed + 1e-9, "{ending}");
    }
    (row.trim_end().to_owned(), said.out)
}

#[test]
fn retries_that_keep_a_site_down_are_told_from_slow_recovery() {
    let times = "connect_timeout = \"200ms\"\nresponse_timeout = \"200ms\"";
    // With a quarter of the capacity to spare, four attempts each are more than it can do for ever.
    let (row, said) = lost_host(&lone(3, times, 1, "p(95) < 60ms"), 40, "5s");
    assert!(row.ends_with("STAYS BAD"), "{said}");
    assert!(said.contains("does not recover by itself at the safe load (hysteresis)"), "{said}");
    let flowing = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in ["with “response timeout” at front", "no server is banned, 3.9"] {
        assert!(flowing.contains(words), "{words}: {said}");
    }
    // Without retries it is well at once. The load is near the limit, so it takes a longer look to tell.
    let (row, said) = lost_host(&lone(0, times, 1, "p(95) < 60ms"), 40, "10s");
    assert!(row.ends_with("yes") && !said.contains("hysteresis"), "{said}");
    // What piles up at one of two, which nobody gives up, is worked off with an eighth of the capacity.
    let (row, said) =
        lost_host(&lone(0, "balance = \"least_connections\"", 2, "p(95) < 80ms"), 60, "5s");
    assert!(row.ends_with("within 20 s") && !said.contains("hysteresis"), "{said}");
}

/// Of two servers one has a tenth of the other's speed: it alone bears a tenth, but that it does.
#[test]
fn unlike_members_are_lost_one_by_one_and_what_little_is_left_is_told() {
    let unlike =
        lone(1, "balance = \"least_connections\"\nconnect_timeout = \"50ms\"", 3, "p(90) < 1s")
            .replace(
                "instances = 3",
                "instances = 3\ninstance.2 = { speed = 0.05 }\ninstance.3 = { speed = 0.05 }",
            );
    let desk = Desk::new();
    desk.write("unlike.toml", &unlike);
    let line = "capacity unlike.toml --budget 20 --no-scaling --loss 20s --no-plots";
    let said = desk.run(line).expect(0, &["SAFE LOAD"]);
    let row = |name: &str| -> Vec<String> {
        let line = said.out.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name}: {}", said.out));
        line[name.len()..].split_whitespace().map(|it| it.replace(',', "")).collect()
    };
    // Alike, kept, fail, survives. The two slow ones answer 20 a second: more than a hundredth of what the
    // three do, and less than 15% of it.
    let quick = row("crash of back.1");
    assert_eq!(quick[0], "1");
    let survives: f64 = quick[3].parse().unwrap_or_else(|_| panic!("{}", said.out));
    assert!((1.9..20.0).contains(&survives), "{}", said.out);
    let slow = row("crash of back.2");
    assert!(slow[0] == "2" && slow[3] != "NOT", "{}", said.out);
    assert!(!said.out.contains("crash of back.3"), "{}", said.out);
}
