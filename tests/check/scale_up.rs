//! The scaled-up site under `check`, whole and broken one way after the other: the exit code, and who
//! is to blame, in words that lead to what was broken.

use crate::command::Desk;

/// Breaks it by settings, and says how that ends and what the page says.
#[track_caller]
fn check(changes: &[&str], code: i32, says: &[&str]) {
    let desk = Desk::new();
    let scenario = format!("{}/scenarios/3-scale_up.toml", env!("CARGO_MANIFEST_DIR"));
    let mut words = vec!["check", &scenario, "--budget", "20", "--set", "duration=4s"];
    for change in changes {
        words.extend(["--set", change]);
    }
    let said = desk.run_words(&words).expect(code, says);
    // A missed promise takes one screen.
    let is_narrow = |line: &str| line.chars().count() <= 80 || line.contains(&scenario);
    assert!(said.out.lines().all(is_narrow) && said.out.lines().count() <= 40, "{}", said.out);
}

#[test]
fn as_it_is() {
    check(&[], 0, &["3 objectives: 3 met", "[", "at 95% confidence"]);
}

#[test]
fn a_slow_database() {
    let slow = ["service.db.query.catalogue.cpu.exponential=60ms"];
    check(&slow, 1, &["MISSED pages are quick", "who db: CPU of db-", "lb → web → app → db"]);
}

#[test]
fn a_database_that_lets_few_in() {
    let says = ["who db: it lets no more in (limit 10)", "`too many connections`, seen by app"];
    check(&["db.max_connections=10"], 1, &says);
}

#[test]
fn too_few_workers() {
    let says = ["who app: workers of app.", "100% busy", "of them waiting (held: lb → web → app)"];
    check(&["app.workers=1", "app.threads=1"], 1, &says);
}

#[test]
fn a_pool_that_is_too_small() {
    let says = ["MISSED the site answers", "who db: too few places for it at app", "queue timeout"];
    check(&["app.upstream.db.pool={ size = 1, wait = \"0.2ms\" }"], 1, &says);
}

#[test]
fn a_balancer_that_lets_few_in() {
    let says = ["who lb: it lets no more in (limit 20)", "`connect timeout`, seen by visitors"];
    check(&["lb.maxconn=20"], 1, &says);
}

#[test]
fn a_narrow_line() {
    check(&["web.hardware.nic=100Mbit/s"], 1, &["who web: NIC of web-", "(held: lb → web)"]);
}

#[test]
fn slow_lines_of_visitors() {
    let says = ["who lb: nothing there is short", "the lines of who calls"];
    check(&["visitors.bandwidth=1Mbit/s"], 1, &says);
}

/// Workers that are held by whoever is far away are not short while nobody waits for one.
#[test]
fn a_long_way_between_zones() {
    let far = [
        "link.a-b.latency=60ms",
        "app.threads=64",
        "app.upstream.db.pool={ size = 1000 }",
        "db.max_connections=100000",
    ];
    let says = ["the time goes to the network (60.0 ms one way from zone a to b)"];
    check(&far, 1, &says);
}

#[test]
fn more_visitors_than_it_can_serve() {
    check(&["visitors.arrivals.poisson=6000/s"], 1, &["who app: CPU of app-", "100% busy"]);
}

#[test]
fn an_application_server_that_is_gone() {
    let crash = "event=[{ at = \"1s\", crash = \"app.2\" }, { at = \"1s\", crash = \"app.3\" }, \
                 { at = \"1s\", crash = \"app.1\" }, { at = \"1s\", crash = \"app.4\" }]";
    let says =
        ["to 4 s; crash of app.2 and 3 more from 1 s to 4 s", "who app: crash of app.2 and 3 more"];
    check(&[crash], 1, &says);
}

#[test]
fn a_balancer_whose_host_is_lost() {
    let lost = "event=[{ at = \"1s\", lose = \"host of lb.1\" }]";
    check(&[lost], 1, &["who lb: loss of host of lb.1 from 1 s to 4 s; nobody on the way"]);
}

#[test]
fn limits_that_nobody_can_tell() {
    let close = "slo=[{ name = \"cpu\", require = \"utilisation < 37.05%\", margin = \"10%\", \
                 where = { service = \"app\" } }]";
    check(&[close], 3, &["undecided cpu", "within the margin"]);
    check(&["slo=[]"], 2, &["promises nothing"]);
    check(&["app.wrokers=3"], 2, &["wrokers"]);
}
