//! What a scenario can get wrong: each mistake is found, placed and explained; nothing panics.

use proptest::prelude::*;
use simulate::scenario::{Override, Source, compile, explain};

/// A small site without mistakes; each test spoils one line of it.
const SITE: &str = r#"[scenario]
duration = "1min"
warm_up = "5s"
[zone.a]
[zone.b]
[link.a-b]
latency = "1ms"
[hardware.small]
cores = 2
memory = "2GiB"
disk = { read = "100us" }
[hardware.bare]
cores = 2
[service.lb]
kind = "haproxy"
hardware = "bare"
timeout = { connect = "5s", server = "10s" }
[service.lb.backend.web]
servers = "web"
[service.web]
kind = "nginx"
hardware = "small"
instances = 2
zones = ["a", "b"]
[service.web.location.static]
files = { count = 100, popularity = { zipf = 0.9 }, size = "10KiB" }
[service.web.upstream.app]
servers = "app"
[service.app]
kind = "app"
hardware = "bare"
workers = 2
instance.1 = { speed = 0.8 }
[service.app.endpoint.page]
steps = [ { cpu = "5ms" }, { query = "db.read" }, { respond = "10KiB" } ]
[service.db]
kind = "mysql"
hardware = "small"
[service.db.query.read]
access = "read"
cpu = "1ms"
[service.db.query.write]
access = "write"
cpu = "1ms"
[service.leaf]
kind = "service"
hardware = "bare"
workers = 1
[service.leaf.endpoint.x]
steps = [ { cpu = { exponential = "10ms" } } ]
[service.leaf.endpoint.y]
steps = [ { repeat = 3, steps = [ { wait = "1ms" } ] } ]
[request.page]
to = "app.page"
[request.image]
to = "web.static"
[workload.visitors]
to = "lb"
arrivals = { poisson = "10/s" }
mix = { page = 1, image = 3 }
[[event]]
at = "20s"
for = "10s"
crash = "web.2"
[[slo]]
name = "quick"
require = "p(99) < 250ms"
where = { request = "page" }
"#;

fn source(text: &str) -> Source {
    Source { path: "site.toml".to_owned(), text: text.to_owned() }
}

fn spoilt(from: &str, to: &str) -> String {
    assert_eq!(SITE.matches(from).count(), 1, "`{from}` must be there once");
    SITE.replace(from, to)
}

/// All mistakes, each as `line: says (hint)`.
fn mistakes(text: &str) -> Vec<String> {
    let Err(mistakes) = compile(&source(text), &[]) else { return Vec::new() };
    let one = |mistake: &simulate::scenario::Mistake| {
        let (line, _) = mistakes.line_and_column(mistake.at);
        let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{line}: {}{hint}", mistake.says)
    };
    mistakes.list().iter().map(one).collect()
}

fn drawn(from: &str, to: &str) -> String {
    compile(&source(&spoilt(from, to)), &[]).expect_err("a mistake").draw(false)
}

#[test]
fn the_small_site_has_no_mistakes() {
    assert_eq!(mistakes(SITE), Vec::<String>::new());
}

#[test]
fn each_mistake_is_found_and_placed() {
    let mut wrong = Vec::new();
    for (from, to, expected) in CASES {
        let found = mistakes(&spoilt(from, to));
        if found.len() != 1 || !found[0].contains(expected) {
            wrong.push(format!("`{to}` gives {found:#?}, expected `{expected}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is there, what takes its place, and what is to be said of it.
const CASES: &[(&str, &str, &str)] = &[
    // Keys.
    ("workers = 2", "wrokers = 2", "unknown key `wrokers` (did you mean `workers`?)"),
    ("duration = \"1min\"", "", "1: `[scenario]` has no `duration`"),
    ("[zone.b]", "[zone.b]\nfoo = 1", "6: unknown key `foo`"),
    ("[zone.a]", "[scenari.x]\n[zone.a]", "unknown key `scenari` (did you mean `scenario`?)"),
    ("kind = \"app\"", "kind = \"ap\"", "no kind `ap` (did you mean `app`?)"),
    // Units.
    ("\"1min\"", "60", "2: `60` has no unit (a span is written as \"250ms\")"),
    ("\"1min\"", "\"60\"", "`60` has no unit (units of time: ns us"),
    ("\"1min\"", "\"1 minute\"", "unknown unit `minute`"),
    ("\"1min\"", "\"-1min\"", "`-1min` is negative"),
    ("\"1min\"", "\"3000d\"", "`3000d` is too long"),
    ("\"1min\"", "0", "a `duration` of no time"),
    ("\"2GiB\"", "\"2G\"", "unknown unit `G` (did you mean `GB`?"),
    ("\"10/s\"", "\"-10/s\"", "`-10/s` is negative"),
    ("\"10/s\"", "\"10\"", "`10` is not a rate"),
    ("\"10/s\"", "10", "`10` has no unit (a rate is written as \"1200/s\")"),
    ("\"10/s\"", "\"10e9/s\"", "`10e9/s` is not a rate"),
    ("\"10/s\"", "\"99999999999/s\"", "a rate of `99999999999/s` is absurd"),
    (
        "crash = \"web.2\"",
        "spike = { workload = \"visitors\", extra = \"x3\", hold = \"1s\" }\n",
        "`for` undoes",
    ),
    ("at = \"20s\"", "at = 30", "`30` has no unit"),
    ("for = \"10s\"", "for = 10", "`10` has no unit"),
    ("\"5s\"\n[zone.a]", "\"auto\"\n[zone.a]", "3: `warm_up = \"auto\"` is not available"),
    // Names.
    ("servers = \"web\"", "servers = \"wbe\"", "no service `wbe` (did you mean `web`?)"),
    ("\"db.read\"", "\"db.raed\"", "no endpoint `db.raed` (did you mean `read`?)"),
    ("\"db.read\"", "\"read\"", "`read` is not an endpoint"),
    ("to = \"app.page\"", "to = \"shop.page\"", "no service `shop`"),
    (
        "to = \"lb\"",
        "to = \"nowhere\"",
        "no service `nowhere` (services here: lb, web, app, db, leaf)",
    ),
    ("mix = { page = 1, image = 3 }", "mix = { pag = 1, image = 3 }", "no request `pag`"),
    ("zones = [\"a\", \"b\"]", "zones = [\"a\", \"c\"]", "no zone `c`"),
    ("where = { request = \"page\" }", "where = { request = \"home\" }", "no request `home`"),
    ("where = { request = \"page\" }", "where = { service = \"home\" }", "no service `home`"),
    ("where = { request = \"page\" }", "where = { workload = \"home\" }", "no workload `home`"),
    ("\"web.2\"", "\"web.3\"", "no instance `web.3` (instances of `web` are numbered from 1 to 2)"),
    ("\"web.2\"", "\"web\"", "`web` is not an instance"),
    ("crash = \"web.2\"", "lose = \"rack\"", "no host `rack`"),
    ("instance.1 =", "instance.2 =", "no instance `2`"),
    ("[zone.b]", "[zone.b]\n[zone.\"../c\"]", "`../c` cannot be the name of a zone"),
    ("[zone.b]", "[zone.b]\n[zone.\"\\u001b[2J\"]", "cannot be the name of a zone"),
    // Ways and circles.
    ("servers = \"app\"", "servers = \"leaf\"", "no way from `visitors` to `app`"),
    (
        "steps = [ { cpu = { exponential = \"10ms\" } } ]",
        "steps = [ { call = \"leaf.x\" } ]",
        "endpoints that call each other in a circle (leaf.x calls leaf.x)",
    ),
    (
        "steps = [ { cpu = { exponential = \"10ms\" } } ]",
        "steps = [ { call = \"app.page\" } ]\n[service.app.endpoint.back]\nsteps = [ { call = \"leaf.x\" }, { call = \"app.back\" } ]",
        "in a circle (app.back calls app.back)",
    ),
    // Nothing where something is needed.
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninstances = 0",
        "`instances` must be at least 1, it is 0",
    ),
    ("instances = 2", "instances = 2000000", "`instances` must be at most 1000000"),
    ("cores = 2\nmemory", "cores = 0\nmemory", "`cores` must be at least 1"),
    ("workers = 2", "workers = 0", "`workers` must be at least 1"),
    ("workers = 1", "workers = 0", "`workers` of 0 serve nobody"),
    (
        "disk = { read = \"100us\" }",
        "disk = { read = \"100us\", parallel = 0 }",
        "`parallel` must be at least 1",
    ),
    (
        "cores = 2\n[service.lb]",
        "cores = 2\nnic = \"0bit/s\"\n[service.lb]",
        "`0bit/s` is no line rate",
    ),
    ("mix = { page = 1, image = 3 }", "mix = {}", "an empty mix"),
    (
        "mix = { page = 1, image = 3 }",
        "mix = { page = 0 }",
        "the weights of the mix sum to nothing",
    ),
    ("speed = 0.8 }", "weight = 0 }", "all servers of `app` have weight 0"),
    ("[link.a-b]\nlatency = \"1ms\"", "", "no link between the zones `a` and `b`"),
    ("[link.a-b]", "[link.a-c]", "`a-c` does not join two zones"),
    (
        "kind = \"nginx\"\nhardware = \"small\"",
        "kind = \"nginx\"\nhardware = \"bare\"",
        "`static` needs a disk, hardware `bare` has none",
    ),
    (
        "kind = \"mysql\"\nhardware = \"small\"",
        "kind = \"mysql\"\nhardware = \"bare\"",
        "`write` needs a disk, hardware `bare` has none",
    ),
    ("kind = \"mysql\"", "kind = \"mysql\"\nmemory = \"3GiB\"", "services take"),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nreplication = \"none\"\ninstances = 3",
        "none of them replicates",
    ),
    // Laws.
    ("{ exponential = \"10ms\" }", "{ exponentail = \"10ms\" }", "did you mean `exponential`?"),
    (
        "{ exponential = \"10ms\" }",
        "{ lognormal = { mean = \"1ms\" } }",
        "`lognormal` has two parameters",
    ),
    (
        "{ exponential = \"10ms\" }",
        "{ lognormal = { mean = \"1ms\", p99 = \"100ms\" } }",
        "no such law: ",
    ),
    ("{ exponential = \"10ms\" }", "{ uniform = [\"9ms\", \"1ms\"] }", "no such law: "),
    ("{ exponential = \"10ms\" }", "{ poisson = 3 }", "unknown law `poisson`"),
    ("{ exponential = \"10ms\" }", "{ erlang = { mean = \"1ms\" } }", "has no `k`"),
    ("size = \"10KiB\"", "size = 10", "`10` has no unit"),
    // What products have and the model has not.
    (
        "kind = \"nginx\"",
        "kind = \"nginx\"\nproxy_cache = \"x\"",
        "setting of nginx that is not modelled (yet): `proxy_cache`",
    ),
    (
        "kind = \"haproxy\"",
        "kind = \"haproxy\"\ncompression = \"gzip\"",
        "setting of haproxy that is not modelled (yet): `compression`",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\nstick-table = \"x\"",
        "setting of haproxy that is not modelled (yet): `stick-table`",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\ninnodb_lock_wait_timeout = 50",
        "setting of mysql that is not modelled (yet): `innodb_lock",
    ),
    (
        "kind = \"app\"",
        "kind = \"app\"\ntimeout = \"30s\"",
        "setting of app that is not modelled (yet): `timeout`",
    ),
    (
        "servers = \"web\"",
        "servers = \"web\"\nbalance = \"static-rr\"",
        "of haproxy that is not modelled (yet): `static-rr`",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nbalance = \"ip_hash\"",
        "of nginx that is not modelled (yet): `ip_hash`",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nbalance = \"roundrobin\"",
        "did you mean `round_robin`?",
    ),
    (
        "servers = \"app\"",
        "servers = \"app\"\nproxy_next_upstream = [\"http_500\"]",
        "condition of nginx that is not modelled (yet): `http_500`",
    ),
    (
        "kind = \"haproxy\"",
        "kind = \"haproxy\"\noption = [\"httpchk\"]",
        "option of haproxy that is not modelled (yet): `httpchk`",
    ),
    (
        "kind = \"mysql\"",
        "kind = \"mysql\"\nreplication = \"semisync\"",
        "not modelled (yet): `semisync`",
    ),
    // Programs.
    ("{ repeat = 3,", "{ repeat = { probability = 1.0 },", "a loop that would hardly ever end"),
    ("{ repeat = 3,", "{ repeat = 0,", "`repeat` goes from 1 to 10000 rounds"),
    ("{ wait = \"1ms\" }", "{ wiat = \"1ms\" }", "a step that does nothing known"),
    (
        "{ wait = \"1ms\" }",
        "{ wait = \"1ms\", cpu = \"1ms\" }",
        "a step that does several things: cpu, wait",
    ),
    ("{ wait = \"1ms\" }", "{ respond = \"1KiB\" }", "`y` may answer more than once"),
    (
        "{ wait = \"1ms\" }",
        "{ repeat = 9999, steps = [ { repeat = 9999, steps = [] }, { wait = 0 } ] }",
        "operations",
    ),
    // Events and objectives.
    ("at = \"20s\"", "at = \"2min\"", "an event after the end"),
    (
        "crash = \"web.2\"",
        "crash = \"web.2\"\nlose = \"host of web.1\"",
        "an event is one thing that happens",
    ),
    ("p(99) < 250ms", "p(100) < 250ms", "`p(100)`: a percentile lies between 0 and 100"),
    ("p(99) < 250ms", "p(99) < 250", "`250` has no unit"),
    ("p(99) < 250ms", "p(99) > 250ms", "a percentile is to be *below* its limit"),
    ("p(99) < 250ms", "success < 99%", "a share of successes is to be *above* its limit"),
    ("p(99) < 250ms", "mean < 250ms", "`mean < 250ms` is not a promise"),
    (
        "name = \"quick\"",
        "name = \"quick\"\nwindow = \"20s..10s\"",
        "the window `20s..10s` is empty",
    ),
    ("name = \"quick\"", "name = \"quick\"\nwindow = \"0s..10min\"", "ends after the run"),
    ("name = \"quick\"", "[[slo]]\nname = \"x\"", "slo 1 has no `require`"),
    // Twice the same.
    ("[zone.b]", "[zone.b]\n[zone.b]", "duplicate key"),
    (
        "[[slo]]",
        "[[slo]]\nname = \"quick\"\nrequire = \"success > 9%\"\n[[slo]]",
        "two objectives `quick`",
    ),
    // No TOML at all.
    ("cores = 2\nmemory", "cores = 2 2\nmemory", "9: string values must be quoted"),
];

fn set(text: &str) -> Result<simulate::model::blueprint::Blueprint, String> {
    let change: Override = text.parse().expect("path=value");
    compile(&source(SITE), &[change]).map_err(|mistakes| {
        let mistake = &mistakes.list()[0];
        format!("{} ({})", mistake.says, mistake.hint.as_deref().unwrap_or_default())
    })
}

#[test]
fn overrides_reach_what_they_name() {
    let processes = |site: &simulate::model::blueprint::Blueprint, name: &str| {
        site.services.iter().find(|service| service.name == name).unwrap().processes
    };
    assert_eq!(processes(&set("app.workers=4").unwrap(), "app"), 4);
    assert_eq!(processes(&set("service.app.workers=4").unwrap(), "app"), 4);
    assert_eq!(set("duration=30s").unwrap().duration.seconds(), 30.0);
    assert_eq!(set("scenario.duration=30s").unwrap().duration.seconds(), 30.0);
    assert!(set("workload.visitors.arrivals.poisson=2400/s").is_ok());
    assert!(set("visitors.arrivals.poisson=2400/s").is_ok());
    assert!(set("app.page.steps.1.cpu=9ms").is_ok());
    assert!(set("lb.timeout.queue=1s").is_ok());
    assert!(set("web.app.keepalive=8").is_ok());
    assert!(set("event.1.at=10s").is_ok());
    assert!(set("db.version=8.0").is_ok());
    let site = set("app.hardware.cores=7").unwrap();
    let cores: Vec<(&str, u32)> =
        site.hosts.iter().map(|host| (host.name.as_str(), host.cores)).collect();
    assert_eq!(
        cores,
        [("lb-1", 2), ("web-1", 2), ("web-2", 2), ("app-1", 7), ("db-1", 2), ("leaf-1", 2)]
    );
}

#[test]
fn overrides_are_checked_like_the_file() {
    let says = |text: &str| set(text).expect_err("a mistake");
    assert_eq!(says("ap.workers=4"), "nothing here is `ap` (did you mean `app`?)");
    assert_eq!(says("app.wrokers=4"), "unknown key `wrokers` (did you mean `workers`?)");
    assert!(says("app.workers=four").starts_with("a whole number is expected"));
    assert!(says("duration=30").starts_with("`30` has no unit"));
    assert!(says("event.7.at=1s").starts_with("no element `7`"));
    assert!(says("app=4").starts_with("`app` is not one value"));
    assert!(says("app..x=4").starts_with("an empty word"));
    assert!("app.workers".parse::<Override>().is_err());
}

#[test]
fn explained_scenarios_mean_the_same() {
    for path in ["scenarios/0-simple_web_stack.toml", "scenarios/3-scale_up.toml", "site.toml"] {
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| SITE.to_owned());
        let file = Source { path: path.to_owned(), text };
        let full = explain(&file, &[]).unwrap_or_else(|wrong| panic!("{}", wrong.draw(false)));
        let again = Source { path: path.to_owned(), text: full.clone() };
        let once = compile(&file, &[]).unwrap_or_else(|wrong| panic!("{}", wrong.draw(false)));
        let twice = compile(&again, &[]).unwrap_or_else(|wrong| panic!("{}", wrong.draw(false)));
        assert_eq!(format!("{once:?}"), format!("{twice:?}"), "{full}");
        let last = explain(&again, &[]).expect("it was right before");
        assert!(!last.contains("# default"), "a default was not filled in:\n{last}");
    }
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
    insta::assert_snapshot!(drawn("\"5s\"\n[zone.a]", "\"auto\"\n[zone.a]"), @r##"
    error: `warm_up = "auto"` is not available
     --> site.toml:3:11
      |
    3 | warm_up = "auto"
      |           ^^^^^^
      |
      = help: write a span, as in "60s"
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
       = help: `at` counts from the end of the warm-up; the run lasts 60s from there
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
       = help: "p(99) < 800ms" or "success > 99.9%"
    "##);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Damage of any kind ends in mistakes or in a site, the same each time, and never in a panic.
    #[test]
    fn damaged_files_never_panic(
        which in 0..3_usize,
        damage in proptest::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let mut text = match which {
            0 => SITE.to_owned(),
            1 => std::fs::read_to_string("scenarios/0-simple_web_stack.toml").unwrap(),
            _ => std::fs::read_to_string("scenarios/3-scale_up.toml").unwrap(),
        };
        for (kind, here, there) in damage {
            text = damaged(&text, kind, here, there);
        }
        let first = compile(&source(&text), &[]);
        let second = compile(&source(&text), &[]);
        match (first, second) {
            (Ok(first), Ok(second)) => prop_assert_eq!(format!("{first:?}"), format!("{second:?}")),
            (Err(first), Err(second)) => prop_assert_eq!(first.draw(true), second.draw(true)),
            _ => prop_assert!(false, "not the same twice"),
        }
    }

    /// The same for texts that were never a scenario.
    #[test]
    fn arbitrary_texts_never_panic(text in "[ -~\n\u{1b}é]{0,200}", path in "[a-z.]{1,20}") {
        if let Err(wrong) = compile(&source(&text), &[]) {
            let escape = '\u{1b}';
            prop_assert!(!wrong.draw(false).contains(escape));
        }
        let _ = compile(&source(SITE), &[Override { path, value: text }]);
    }
}

/// A character or a line is gone or there twice, or two lines or values have changed places.
fn damaged(text: &str, kind: u8, here: prop::sample::Index, there: prop::sample::Index) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut chars: Vec<char> = text.chars().collect();
    if lines.is_empty() || chars.is_empty() {
        return text.to_owned();
    }
    match kind {
        0 => {
            chars.remove(here.index(chars.len()));
            return chars.into_iter().collect();
        }
        1 => {
            let at = here.index(chars.len());
            chars.insert(at, chars[at]);
            return chars.into_iter().collect();
        }
        2 => {
            let (here, there) = (here.index(lines.len()), there.index(lines.len()));
            let values = (lines[here].split_once('='), lines[there].split_once('='));
            if let (Some((key, value)), Some((other_key, other))) = values {
                let (first, second) = (format!("{key}={other}"), format!("{other_key}={value}"));
                lines[here] = first;
                lines[there] = second;
            } else {
                lines.swap(here, there);
            }
        }
        _ => {
            let line = lines.remove(here.index(lines.len()));
            let at = there.index(lines.len() + 1);
            lines.insert(at, line.clone());
            lines.insert(at, line);
        }
    }
    lines.join("\n")
}
