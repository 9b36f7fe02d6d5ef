//! Mistakes as people see them.

use simulate::scenario::compile;

use crate::{source, spoilt};

fn drawn(from: &str, to: &str) -> String {
    compile(&source(&spoilt(from, to)), &[]).expect_err("a mistake").draw(false)
}

#[test]
fn a_slip_of_the_pen_is_drawn() {
    insta::assert_snapshot!(drawn("workers = 2", "wrokers = 2"), @r##"
    error: unknown key `wrokers`
      --> site.toml:32:1
       |
    32 | wrokers = 2
       | ^^^^^^^
       |
       = help: did you mean `workers`?
    "##);
}

#[test]
fn no_unit_drawn() {
    insta::assert_snapshot!(drawn("\"1min\"", "60"), @r##"
    error: `60` has no unit
     --> site.toml:2:12
      |
    2 | duration = 60
      |            ^^
      |
      = help: a span is written as "250ms"
    "##);
}

#[test]
fn what_does_not_exist_yet_drawn() {
    insta::assert_snapshot!(drawn("p(99) < 250ms", "rto < 5min"), @r##"
    error: `rto` is not modelled yet
      --> site.toml:67:11
       |
    67 | require = "rto < 5min"
       |           ^^^^^^^^^^^^
       |
       = help: as in "p(99) < 800ms", "success > 99.9%", "mean < 50ms";
               docs/language.md lists all
    "##);
}

#[test]
fn hostile_names_drawn() {
    insta::assert_snapshot!(drawn("[zone.b]", "[zone.\"\\u001b[2J\"]\n[zone.b]"), @r##"
    error: `\u{1b}[2J` cannot be the name of a zone
     --> site.toml:5:7
      |
    5 | [zone."\u001b[2J"]
      |       ^^^^^^^^^^^
      |
      = help: names have letters, digits, `_` and `-`, 1 to 60 of them
    "##);
}

#[test]
fn a_name_that_nobody_has_drawn() {
    insta::assert_snapshot!(drawn("servers = \"web\"", "servers = \"wbe\""), @r##"
    error: no service `wbe`
      --> site.toml:19:11
       |
    19 | servers = "wbe"
       |           ^^^^^
       |
       = help: did you mean `web`?
    "##);
}

#[test]
fn a_missing_link_drawn() {
    insta::assert_snapshot!(drawn("[link.a-b]\nlatency = \"1ms\"", ""), @r##"
    error: no link between the zones `a` and `b`
     --> site.toml:4:2
      |
    4 | [zone.a]
      |  ^^^^
      |
      = help: write `[link.a-b]` with its `latency`
    "##);
}

#[test]
fn settings_that_are_not_modelled_drawn() {
    insta::assert_snapshot!(drawn("kind = \"nginx\"", "kind = \"nginx\"\nproxy_cache = \"zone\""), @r##"
    error: setting of nginx that is not modelled (yet): `proxy_cache`
      --> site.toml:22:1
       |
    22 | proxy_cache = "zone"
       | ^^^^^^^^^^^
       |
       = help: nothing here corresponds to it; leave it out to simulate without it
    "##);
}

#[test]
fn algorithms_that_are_not_modelled_drawn() {
    insta::assert_snapshot!(drawn("servers = \"web\"", "servers = \"web\"\nbalance = \"static-rr\""), @r##"
    error: balancing algorithm of haproxy that is not modelled (yet): `static-rr`
      --> site.toml:20:11
       |
    20 | balance = "static-rr"
       |           ^^^^^^^^^^^
       |
       = help: modelled: roundrobin, leastconn, random
    "##);
}

#[test]
fn laws_that_cannot_exist_drawn() {
    insta::assert_snapshot!(drawn("{ exponential = \"10ms\" }", "{ lognormal = { mean = \"1ms\", p99 = \"100ms\" } }"), @r##"
    error: no such law: the 99th percentile 0.1 is 100.00 times the mean 0.001; for a lognormal distribution it is never more than 14.97 times the mean, because a heavier tail raises the mean as well
      --> site.toml:50:33
       |
    50 | steps = [ { cpu = { lognormal = { mean = "1ms", p99 = "100ms" } } } ]
       |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "##);
}

#[test]
fn a_disk_that_is_not_there_drawn() {
    insta::assert_snapshot!(drawn("kind = \"mysql\"\nhardware = \"small\"", "kind = \"mysql\"\nhardware = \"bare\""), @r##"
    error: `write` needs a disk, hardware `bare` has none
      --> site.toml:42:19
       |
    42 | [service.db.query.write]
       |                   ^^^^^
       |
       = help: write `disk` in `[hardware.bare]`
    "##);
}

#[test]
fn events_after_the_end_drawn() {
    insta::assert_snapshot!(drawn("at = \"20s\"", "at = \"2min\""), @r##"
    error: an event after the end
      --> site.toml:62:6
       |
    62 | at = "2min"
       |      ^^^^^^
       |
       = help: `at` counts from the end of the warm-up; the run lasts 60s from
               there
    "##);
}

#[test]
fn promises_that_make_no_sense_drawn() {
    insta::assert_snapshot!(drawn("p(99) < 250ms", "p(100) < 250ms"), @r##"
    error: `p(100)`: a percentile lies between 0 and 100
      --> site.toml:67:11
       |
    67 | require = "p(100) < 250ms"
       |           ^^^^^^^^^^^^^^^^
       |
       = help: as in "p(99) < 800ms", "success > 99.9%", "mean < 50ms";
               docs/language.md lists all
    "##);
}
