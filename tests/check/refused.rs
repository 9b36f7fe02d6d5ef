//! What cannot be judged is refused with its place, all of it at once, and nothing is run.

use crate::command::{Desk, QUEUE, promise};

#[track_caller]
fn refused(require: &str, rest: &str, says: &[&str]) {
    let desk = Desk::with(&promise(require, rest));
    let said = desk.run("check queue.toml --json v.json").expect(2, says);
    assert!(said.out.is_empty() && !desk.file("v.json").exists());
    assert!(said.talk.contains("queue.toml:"), "no place: {}", said.talk);
}

#[test]
fn promises_that_are_none() {
    refused("p(120) < 1s", "", &["lies between 0 and 100"]);
    refused("p(0) < 1s", "", &["lies between 0 and 100"]);
    refused("p(99) > 1s", "", &["*below* its limit"]);
    refused("success < 99%", "", &["*above* its limit"]);
    refused("sucess > 99%", "", &["`success` is near"]);
    refused("p(99) < 100", "", &["`100` has no unit"]);
    refused("success > 0%", "", &["no run can keep, or none can break"]);
    refused("success > 100%", "", &["no run can keep, or none can break"]);
    refused("throughput > 0/s", "", &["is absurd"]);
    refused("throughput > 10", "", &["is not a rate"]);
    refused("queue < many", "where = { service = \"queue\" }", &["is not a number of calls"]);
    refused("rto < 5min", "", &["not modelled yet"]);
    refused("mean", "", &["is not a promise"]);
    refused("p(99) <= 1s", "", &["`<=`: what is right at a limit", "write `p(99) < 1s`"]);
    refused("success >=99%", "", &["`>=`: what is right at a limit", "write `success >99%`"]);
    refused("recovery <= 3s", "of = \"p(99) < 1s\"", &["write `recovery < 3s`"]);
    refused("recovery < 3s", "of = \"p(99) <= 1s\"", &["write `p(99) < 1s`"]);
}

#[test]
fn what_is_not_there_or_cannot_be_measured() {
    refused(
        "p(99) < 1s",
        "where = { request = \"custmer\" }",
        &["no request `custmer`", "customer"],
    );
    refused("p(99) < 1s", "where = { zone = \"a\" }", &["no zone `a`"]);
    refused("utilisation < 50%", "", &["machines are used, not requests"]);
    refused("utilisation(dsk) < 50%", "where = { service = \"queue\" }", &["no resource `dsk`"]);
    refused(
        "utilisation(disk) < 50%",
        "where = { service = \"queue\" }",
        &["no limited disk", "what has no limit has no utilisation"],
    );
    refused("queue < 3", "", &["a queue is a service's"]);
    let unlimited = Desk::new();
    let queue = QUEUE.replace("workers  = 1", "");
    let told = promise("queue < 3", "where = { service = \"queue\" }");
    unlimited.write("queue.toml", &format!("{queue}{told}"));
    unlimited.run("check queue.toml").expect(
        2,
        &["queue.toml:", "nothing can queue for `queue`", "limit its workers", "`utilisation`"],
    );
    refused("lag < 1s", "where = { service = \"queue\" }", &["has no replicas"]);
    refused("mean < 1s", "counting = \"successes\"", &["only percentiles"]);
    refused("recovery < 30s", "of = \"success > 99%\"", &["no event 1: the scenario has 0"]);
    refused(
        "error_budget < 100%",
        "of = \"success > 99%\"\nover = \"30d\"",
        &["a budget that no event burns"],
    );
}

/// A zone that has none of a service, a primary's lag, a database that nobody writes to.
#[test]
fn what_stands_elsewhere() {
    let site = r#"
[scenario]
duration = "20s"
[zone.a]
[zone.b]
[zone.c]
[link.a-b]
latency = "1ms"
[link.a-c]
latency = "1ms"
[link.b-c]
latency = "1ms"
[hardware.h]
cores = 2
disk = { read = "1ms" }
[service.s]
kind = "service"
hardware = "h"
instances = 2
zones = ["a", "b"]
workers = 4
[service.s.endpoint.e]
steps = [ { cpu = "5ms" }, { query = "d.w" } ]
[service.d]
kind = "mysql"
hardware = "h"
instances = 2
zones = ["a", "b"]
[service.d.query.w]
access = "write"
cpu = "1ms"
[service.idle]
kind = "service"
hardware = "h"
zones = ["c"]
[service.idle.endpoint.e]
steps = [ { cpu = "1ms" } ]
[request.r]
to = "s.e"
[workload.v]
to = "s"
arrivals = { poisson = "100/s" }
mix = { r = 1 }
"#;
    let check = |require: &str, place: &str, more: &str, says: &str| {
        let desk = Desk::new();
        let place = format!("where = {{ {place} }}");
        desk.write("zones.toml", &format!("{site}{}", promise(require, &place)));
        let said = desk.run(&format!("check zones.toml --json v.json {more}")).expect(2, &[says]);
        assert!(said.out.is_empty() && !desk.file("v.json").exists(), "{}", said.out);
    };
    let none = "no instance of `s` stands in the zone `c`";
    for require in ["queue < 1", "utilisation < 10%", "p(99) < 1s", "throughput > 1/s"] {
        check(require, "service = \"s\", zone = \"c\"", "", none);
    }
    let none = "no replica of `d` stands in the zone `a`";
    check("lag < 1s", "service = \"d\", zone = \"a\"", "", none);
    let none = "nothing is ever written to `d`";
    check("lag < 1s", "service = \"d\"", "--set d.w.access=read", none);
}

#[test]
fn windows_that_are_none() {
    refused("p(99) < 1s", "window = \"50s..10s\"", &["is empty"]);
    refused("p(99) < 1s", "window = \"0s..2h\"", &["ends after the run"]);
    refused("p(99) < 1s", "window = \"during event 1\"", &["no event 1"]);
    refused("p(99) < 1s", "window = \"during the fair\"", &["named by their number"]);
    refused("p(99) < 1s", "margin = \"100%\"", &["within a margin of the whole limit"]);
}

#[test]
fn names_are_matched_and_there_is_one_of_each() {
    let second = "[[slo]]\nname = \"it\"\nrequire = \"mean < 1s\"";
    refused("p(99) < 1s", second, &["two objectives `it`", "apart by their names"]);
}

#[test]
fn options_that_make_no_sense() {
    let desk = Desk::with(&promise("p(99) < 1s", ""));
    desk.run("check queue.toml --confidence 1").expect(2, &["nothing that is drawn is certain"]);
    desk.run("check queue.toml --confidence 0%").expect(2, &["--confidence"]);
    desk.run("check queue.toml --budget 4").expect(2, &["--budget"]);
    desk.run("check queue.toml --round 4").expect(2, &["--round"]);
    desk.run("check").expect(2, &["<FILE>"]);
    desk.run("queue.toml --precision 2% --replications 3").expect(2, &["cannot be used with"]);
    desk.run("queue.toml --precision 0").expect(2, &["from 0.001%"]);
    let said = desk.run_words(&["queue.toml", "--precision", "2%", "--figure", "all requests: p9"]);
    said.expect(2, &["no figure is called", "did you mean `all requests: p90`"]);
}

#[test]
fn all_mistakes_of_all_files_at_once() {
    let desk = Desk::with(&promise("p(120) < 1s", ""));
    desk.write("good.toml", &format!("{}{}", crate::command::QUEUE, promise("mean < 1s", "")));
    desk.write("none.toml", crate::command::QUEUE);
    let said = desk.run("check good.toml queue.toml none.toml gone.toml --json v.json");
    let says = ["between 0 and 100", "`none.toml` promises nothing", "no such file"];
    let said = said.expect(2, &says);
    assert!(said.out.is_empty() && !desk.file("v.json").exists());
}

/// It would be judged twice, and its verdict counted twice.
#[test]
fn a_scenario_that_is_given_twice() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    for twice in ["check queue.toml queue.toml", "check queue.toml ./queue.toml"] {
        let said = desk.run(twice).expect(2, &["queue.toml` is given twice"]);
        assert!(said.out.is_empty(), "{}", said.out);
    }
}

/// Another name of the same file is no other scenario; a copy of it is.
#[cfg(unix)]
#[test]
fn a_scenario_that_is_given_twice_by_another_name() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    std::fs::hard_link(desk.file("queue.toml"), desk.file("other.toml")).unwrap();
    let said = desk.run("check queue.toml other.toml").expect(2, &["other.toml` is given twice"]);
    assert!(said.out.is_empty(), "{}", said.out);
}

/// What is wrong with a change is shown as it was written.
#[test]
fn a_change_without_a_value() {
    let desk = Desk::with(&promise("p(99) < 250ms", ""));
    for line in ["check queue.toml", "sweep queue.toml --vary hardware.one.speed=1..2"] {
        let said = desk.run(&format!("{line} --set nonsense"));
        let said = said.expect(2, &["`nonsense` gets no value", "1 | nonsense\n"]);
        assert!(!said.talk.contains("nonsense="), "{}", said.talk);
    }
}
