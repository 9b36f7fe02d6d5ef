//! Few users who wait for their answers: loads are whole numbers of them, and a dead site answers none.

use crate::command::{Desk, Said};

/// A page takes its time at the front and 10 ms at one of two servers; a user asks again at once.
fn pair(front: &str, limit: &str) -> String {
    format!(
        r#"
[scenario]
duration = "10s"
warm_up  = "1s"
[network]
latency  = 0
loopback = 0
[hardware.big]
cores = 4
[hardware.slow]
cores = 1
discipline = "fifo"
[hardware.one]
cores = 1
discipline = "fifo"
[service.front]
kind = "service"
{front}
[service.front.upstream.back]
servers = "back"
retries = 1
connect_timeout = "50ms"
balance = "least_connections"
[service.back]
kind = "service"
hardware = "one"
instances = 2
connections = "tcp"
[service.back.endpoint.page]
steps = [ {{ cpu = "10ms" }} ]
[request.page]
to = "front.page"
[workload.visitors]
to = "front"
arrivals = {{ users = 4, think = "1us" }}
mix = {{ page = 1 }}
[[slo]]
name = "quick"
require = "mean < {limit}"
"#
    )
}

const SLOW: &str = r#"hardware = "slow"
[service.front.endpoint.page]
steps = [ { cpu = "5.3ms" }, { call = "back.page" } ]"#;
const QUICK: &str = r#"hardware = "big"
[service.front.endpoint.page]
steps = [ { call = "back.page" } ]"#;

fn asked(scenario: &str, options: &str) -> Said {
    let desk = Desk::new();
    desk.write("pair.toml", scenario);
    desk.run(&format!("capacity pair.toml --budget 20 --no-scaling --no-plots {options}"))
}

/// The row of a loss: `crash of front.1`, alike, kept, fail, survives, well again.
fn row<'a>(said: &'a Said, name: &str) -> &'a str {
    said.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{}", said.out))
}

#[test]
fn a_site_that_answers_nobody_has_not_survived() {
    let said = asked(&pair(SLOW, "39ms"), "--loss 6s");
    let said = said.expect(
        0,
        &["SAFE LOAD 7 users", "single points of failure: crash of front.1; loss of host front-1"],
    );
    // Whether it refuses all that come, or they wait for ever and nobody else comes.
    for name in ["crash of front.1", "loss of host front-1"] {
        let row = row(&said, name);
        assert!(row.contains(" NO ") && row.contains("NOT EVEN 1 "), "{row}");
    }
    // One server does 10 ms for each of three users before 39 ms are over, but not of four.
    let crash = row(&said, "crash of back.1");
    assert_eq!(crash.split_whitespace().nth(6), Some("3"), "{crash}");
}

#[test]
fn seven_hold_and_eight_miss() {
    let said = asked(&pair(SLOW, "39ms"), "--no-losses")
        .expect(0, &["SAFE LOAD 7 users hold", "`quick` is missed from about 8 users on [8, 8]"]);
    // No more than all users can queue: nothing takes hours to be forgotten.
    let settles = said.out.lines().find(|line| line.starts_with("settles")).unwrap();
    assert!(settles.ends_with(" ms") && !said.out.contains("--sustain"), "{settles}");
}

#[test]
fn users_are_never_rounded_up() {
    // Five wait 25 ms, six 30 ms: the limit is crossed at 5.6 users.
    asked(&pair(QUICK, "28ms"), "--no-losses").expect(
        0,
        &["SAFE LOAD 5 users hold", "missed from about 6 users on [6, 6]", "* 5 users on"],
    );
    // One user takes 10 ms.
    asked(&pair(QUICK, "12ms"), "--no-losses").expect(0, &["SAFE LOAD 2 users hold"]);
}
