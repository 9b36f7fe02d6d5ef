//! What a scenario can get wrong: each mistake is found, placed and explained; nothing panics.

mod cases;
mod damage;
mod drawn;
mod overrides;

use simulate::scenario::{Source, compile, explain};

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

#[test]
fn the_small_site_has_no_mistakes() {
    assert_eq!(mistakes(SITE), Vec::<String>::new());
}

/// The pool of whoever calls is something to wait for, declared or not.
#[test]
fn one_queues_for_a_pool() {
    let queue = "[[slo]]\nrequire = \"queue < 3\"\nwhere = { service = \"db\" }\n[[slo]]";
    assert_eq!(mistakes(&spoilt("[[slo]]", queue)), Vec::<String>::new());
}

#[test]
fn each_mistake_is_found_and_placed() {
    let mut wrong = Vec::new();
    for (from, to, expected) in cases::CASES {
        let found = mistakes(&spoilt(from, to));
        if found.len() != 1 || !found[0].contains(expected) {
            wrong.push(format!("`{to}` gives {found:#?}, expected `{expected}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn explained_scenarios_mean_the_same() {
    for path in ["scenarios/0-simple_web_stack.toml", "scenarios/3-scale_up.toml", "site.toml"] {
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| SITE.to_owned());
        let file = Source { path: path.to_owned(), text };
        let full = explain(&file, &[]).unwrap_or_else(|wrong| panic!("{}", wrong.draw(false)));
        let again = Source { path: path.to_owned(), text: full.clone() };
        let compiled = |source| {
            let site = compile(source, &[]);
            let mut site = site.unwrap_or_else(|wrong| panic!("{}", wrong.draw(false)));
            // Where they stand is all that may differ.
            site.objectives.iter_mut().for_each(|objective| objective.line = 0);
            site
        };
        let (once, twice) = (compiled(&file), compiled(&again));
        assert_eq!(format!("{once:?}"), format!("{twice:?}"), "{full}");
        let last = explain(&again, &[]).expect("it was right before");
        assert!(!last.contains("# default"), "a default was not filled in:\n{last}");
    }
}
