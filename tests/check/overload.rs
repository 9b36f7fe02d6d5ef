//! A load above capacity has no steady state to judge, whatever it is that runs out: machines may idle.

use crate::command::{Desk, promise};

/// A balancer in front of a server that only waits: nothing of any machine is ever busy.
const POOL: &str = r#"
[scenario]
duration = "60s"
warm_up = "5s"
[network]
latency = 0
loopback = 0
[hardware.one]
cores = 4
[service.lb]
kind = "haproxy"
hardware = "one"
[service.lb.backend.app]
servers = "app"
maxconn = 2
[service.app]
kind = "service"
hardware = "one"
connections = "tcp"
[service.app.endpoint.page]
steps = [ { wait = { exponential = "100ms" } } ]
[request.page]
to = "app.page"
[workload.visitors]
to = "lb"
arrivals = { poisson = "15/s" }
mix = { page = 1 }
"#;

const REPLICA: &str = r#"
[scenario]
duration = "60s"
warm_up = "5s"
[network]
latency = "100us"
[hardware.one]
cores = 2
disk = { read = "1ms", parallel = 4 }
[service.app]
kind = "app"
hardware = "one"
threads = 8
[service.app.endpoint.page]
steps = [ { cpu = { exponential = "1ms" } }, { query = "db.put" } ]
[service.db]
kind = "mysql"
hardware = "one"
instances = 2
replica_parallel_workers = 1
[service.db.query.put]
access = "write"
cpu = "1ms"
apply = "60ms"
[request.page]
to = "app.page"
[workload.visitors]
arrivals = { poisson = "10/s" }
mix = { page = 1 }
"#;

#[test]
fn a_pool_that_is_too_small_is_above_capacity() {
    let desk = Desk::new();
    desk.write("site.toml", &format!("{POOL}{}", promise("p(99) < 60s", "")));
    let line = "site.toml --no-plots --replications 10";
    let said = desk.run(line).expect(0, &[]);
    assert!(!said.out.contains("UNSTABLE"), "{}", said.out);
    desk.run("check site.toml --budget 20").expect(0, &["1 met"]);
    let more = "--set visitors.arrivals.poisson=22/s";
    let says = ["UNSTABLE: slots from lb to app can serve 20.0/s", "work in flight grows by"];
    desk.run(&format!("{line} {more}")).expect(0, &says);
    let says = ["unfinished work piles up", "0 met"];
    desk.run(&format!("check site.toml --budget 20 {more}")).expect(3, &says[..1]);
}

/// Nothing waits: visits are long, and the window ends before as many are under way as there will be.
#[test]
fn a_site_that_still_fills_is_not_overloaded() {
    let desk = Desk::new();
    let long = POOL
        .replace("maxconn = 2", "maxconn = 100000")
        .replace("100ms", "15s")
        .replace("duration = \"60s\"", "duration = \"60s\"\ndrain = \"200s\"");
    desk.write("site.toml", &format!("{long}{}", promise("success > 50%", "")));
    let said = desk.run("site.toml --no-plots --replications 10").expect(0, &[]);
    assert!(!said.out.contains("UNSTABLE"), "{}", said.out);
    desk.run("check site.toml --budget 20").expect(0, &["1 met"]);
}

/// A queue at 90% load goes up and down: with one replication one sees nothing but that.
#[test]
fn one_replication_below_capacity_is_not_overloaded() {
    let desk = Desk::with("");
    for seed in 1..=15 {
        let line = format!(
            "queue.toml --no-plots --replications 1 --set customers.arrivals.poisson=95/s \
             --set duration=30s --seed {seed}"
        );
        let said = desk.run(&line).expect(0, &[]);
        assert!(!said.out.contains("UNSTABLE"), "seed {seed}: {}", said.out);
    }
    // What exceeds the bound does so whatever luck shows.
    let line = "queue.toml --no-plots --replications 1 --set customers.arrivals.poisson=104/s";
    desk.run(line).expect(0, &["UNSTABLE: CPU of queue-1 can serve 100/s"]);
}

/// Exactly at capacity a queue grows without bound, if slowly; but not where nothing is left to chance.
#[test]
fn load_that_is_all_of_the_capacity() {
    let desk = Desk::with(&promise("p(99) < 100s", ""));
    let line = "check queue.toml --budget 20 --set duration=50s";
    let full = format!("{line} --set customers.arrivals.poisson=100/s");
    desk.run(&full).expect(3, &["unfinished work piles up"]);
    let even = desk.read("queue.toml").replace("poisson = \"80/s\"", "even = \"100/s\"");
    desk.write("queue.toml", &even);
    desk.run(line).expect(3, &["unfinished work piles up"]);
    desk.write("queue.toml", &even.replace("{ exponential = \"10ms\" }", "\"10ms\""));
    desk.run(line).expect(0, &["1 met"]);
}

/// Users who wait for their answers are never more than they are.
#[test]
fn users_do_not_pile_up() {
    let desk = Desk::with(&promise("success > 90%", ""));
    let users = "customers.arrivals={ users = 2000, think = { exponential = \"10s\" } }";
    let said = desk.run_words(&["queue.toml", "--no-plots", "--set", users, "--replications", "5"]);
    let said = said.expect(0, &[]);
    assert!(!said.out.contains("UNSTABLE"), "{}", said.out);
}

/// But what they gave up and nobody cancels may, however slowly: 101 ask in a second, and 99 can be served.
#[test]
fn what_users_leave_behind_piles_up() {
    let desk = Desk::with(&promise("mean < 1s", ""));
    let queue = desk.read("queue.toml");
    let check = |service: &str, line: &str| {
        let mut shared = queue.clone();
        // Some are served at once all the same.
        for (from, to) in [("fifo", "sharing"), ("workers  = 1\n", ""), ("10ms", service)] {
            shared = shared.replace(from, to);
        }
        desk.write("queue.toml", &shared);
        let users = "customers.arrivals={ users = 20, think = \"100ms\" }";
        let line: Vec<&str> = line.split(' ').collect();
        desk.run_words(
            &[&["check", "queue.toml", "--budget", "20", "--set", users], &line[..]].concat(),
        )
    };
    check("50ms", "--set customers.patience=100s").expect(0, &["1 met"]);
    let gives_up = "--set customers.patience=100ms";
    check("50ms", gives_up).expect(3, &["unfinished work piles up"]);
    let long = format!("{gives_up} --set duration=2000s --set warm_up=60s");
    check("10.1ms", &long).expect(3, &["unfinished work piles up"]);
    let short = format!("{gives_up} --set duration=600s --set warm_up=60s");
    for seed in 1..=6 {
        let line = format!("{short} --seed {seed}");
        check("10.1ms", &line).expect(3, &["unfinished work piles up"]);
        check("9.9ms", &line).expect(0, &["1 met"]);
    }
    check("9.9ms", &long).expect(0, &["1 met"]);
}

#[test]
fn a_replica_that_falls_behind_is_above_capacity() {
    let desk = Desk::new();
    desk.write("site.toml", &format!("{REPLICA}{}", promise("p(99) < 1s", "")));
    let line = "site.toml --no-plots --replications 10";
    let said = desk.run(line).expect(0, &[]);
    assert!(!said.out.contains("UNSTABLE"), "{}", said.out);
    let more = "--set visitors.arrivals.poisson=20/s";
    // The bound needs no replications.
    desk.run(&format!("site.toml --no-plots --replications 1 {more}")).expect(
        0,
        &["UNSTABLE: appliers of db.2 can serve 16", "first  appliers of db.2, full at 16"],
    );
    // One second of commits takes 1.2 s to apply.
    let says = ["UNSTABLE: replicas fall behind by 1", "ms a second"];
    desk.run(&format!("{line} {more}")).expect(0, &says);
    desk.run(&format!("check site.toml --budget 20 {more}"))
        .expect(3, &["unfinished work piles up"]);
}

/// Visitors who give up leave their calls behind: no more of them are under way, and yet work piles up, in
/// front of workers who serve nobody or in a balancer's queue.
#[test]
fn calls_that_nobody_waits_for_pile_up() {
    let workers = r#"
[scenario]
duration = "20s"
drain = "60s"
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
workers = 2
[service.app.endpoint.page]
steps = [ { wait = "400ms" } ]
[request.page]
to = "app.page"
[workload.v]
to = "web"
mix = { page = 1 }
patience = "1s"
arrivals = { even = "10/s" }
"#;
    let of_app = "where = { service = \"app\" }";
    let desk = Desk::new();
    desk.write("site.toml", &format!("{workers}{}", promise("success > 95%", of_app)));
    let says = ["UNSTABLE: workers of app.1 can serve 5.00/s", "calls at app grow by 5.0"];
    desk.run("site.toml --no-plots --replications 10").expect(0, &says);
    let says = ["unfinished work piles up", "1 undecided"];
    desk.run("check site.toml --budget 20").expect(3, &says);
    // Nobody gives up where it holds.
    let enough = desk.run("check site.toml --budget 20 --set app.workers=5");
    enough.expect(0, &["1 met"]);

    let queue = POOL.replace(
        "arrivals = { poisson = \"15/s\" }",
        "patience = \"2s\"\narrivals = { poisson = \"30/s\" }",
    );
    let of_lb = "where = { service = \"lb\" }";
    desk.write("pool.toml", &format!("{queue}{}", promise("mean < 100s", of_lb)));
    let says = ["UNSTABLE: slots from lb to app can serve 20.0/s", "calls at lb grow by "];
    desk.run("pool.toml --no-plots --replications 10").expect(0, &says);
    desk.run("check pool.toml --budget 20").expect(3, &["unfinished work piles up"]);
    // A sweep says the same of each of its points.
    let line =
        "sweep pool.toml --vary visitors.arrivals.poisson=15/s,30/s --replications 5 --no-plots";
    desk.run(line).expect(0, &[]);
    let told = desk.read("results/pool-sweep/sweep.csv");
    assert!(told.contains("unstable") && !told.contains("saturated"), "{told}");
}

/// Where work for nobody ends, or is turned away, there is no more of it after a while.
#[test]
fn what_nobody_waits_for_and_ends_does_not_pile_up() {
    let site = |own: &str, load: &str| {
        format!(
            "[scenario]\nduration = \"60s\"\nwarm_up = \"20s\"\n[hardware.h]\ncores = 4\n\
             [service.f]\nkind = \"service\"\nhardware = \"h\"\nworkers = 2\n{own}\n\
             [service.f.endpoint.e]\nsteps = [ {{ wait = {{ exponential = \"100ms\" }} }} ]\n\
             [request.r]\nto = \"f.e\"\n[workload.w]\nmix = {{ r = 1 }}\npatience = \"1s\"\n\
             arrivals = {{ poisson = \"{load}\" }}\n"
        )
    };
    let desk = Desk::new();
    for (own, load, says) in [
        ("queue_timeout = \"3s\"", "30/s", "SATURATED"),
        ("queue = 50", "30/s", "SATURATED"),
        ("queue = 50", "19/s", "What gives in first"),
        ("", "18/s", "What gives in first"),
    ] {
        desk.write("site.toml", &site(own, load));
        for seed in 1..=5 {
            for replications in [1, 10] {
                let line = format!("--no-plots --replications {replications} --seed {seed}");
                let said = desk.run(&format!("site.toml {line}")).expect(0, &[says]);
                assert!(!said.out.contains("UNSTABLE"), "{own} {load} {line}: {}", said.out);
            }
        }
    }
}

/// Users who wait for their answers give way to others, whatever both ask for: only those may pile up.
#[test]
fn users_beside_others_do_not_pile_up() {
    let users = "[workload.users]\nmix = { customer = 1 }\n\
                 arrivals = { users = 20, think = { exponential = \"100ms\" } }\n";
    let desk = Desk::with(&format!("{users}{}", promise("p(99) < 10min", "")));
    let check = |per_s: u32, seed: u32, code: i32| {
        let line = format!(
            "check queue.toml --budget 20 --set duration=30s --seed {seed} \
             --set customers.arrivals.poisson={per_s}/s"
        );
        desk.run(&line).expect(code, &[]);
    };
    (1..=8).for_each(|seed| check(50, seed, 0));
    check(101, 1, 3);
}

/// What comes in batches, or seldom takes long, comes and goes far less evenly than Poisson's arrivals.
#[test]
fn bursts_are_no_pile() {
    let site = crate::command::QUEUE;
    let batches = "batches = { rate = \"0.7/s\", size = { geometric1 = 100 } }";
    let desk = Desk::new();
    desk.write("batches.toml", &site.replace("poisson = \"80/s\"", batches));
    let mixed = "{ hyperexponential = { branches = [ { p = 0.999, mean = \"3ms\" }, \
                 { p = 0.001, mean = \"3s\" } ] } }";
    desk.write("long.toml", &site.replace("{ exponential = \"10ms\" }", mixed));
    for file in ["batches.toml", "long.toml"] {
        for seed in 1..=10 {
            let many = "--replications 10 --set duration=120s --set warm_up=120s";
            let one = "--replications 1 --set duration=600s --set warm_up=120s";
            for how in [many, one] {
                let said = desk.run(&format!("{file} --no-plots --seed {seed} {how}"));
                let said = said.expect(0, &[]);
                assert!(!said.out.contains("UNSTABLE"), "{file} {seed} {how}: {}", said.out);
            }
        }
    }
}

/// What has an end is judged up to there, whatever it would come to if it went on.
#[test]
fn what_ends_is_judged_as_it_is() {
    let spike = "[[event]]\nat = \"25s\"\n\
                 spike = { workload = \"customers\", extra = \"x1\", hold = \"35s\" }\n";
    let before = promise("p(99) < 800ms", "window = \"before event 1\"");
    let desk = Desk::with(&format!("{spike}{before}"));
    let line = "check queue.toml --budget 20 --set customers.arrivals.poisson=50/s";
    desk.run(line).expect(0, &["1 met"]);
    desk.run(&format!("{line} --set event.1.spike.extra=x2")).expect(0, &["1 met"]);
    // More than can be served all the time, and what happens for a while ends nothing.
    let line = "check queue.toml --budget 20 --set customers.arrivals.poisson=104/s";
    let before = promise("p(99) < 1h", "");
    let desk = Desk::with(&format!("{}{before}", spike.replace("x1", "x0.01")));
    desk.run(line).expect(3, &["unfinished work piles up"]);
}
