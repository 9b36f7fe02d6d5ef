//! Who is to blame is named, not who waits for it: places that are held, lines that hold them, appliers,
//! whoever became slower.

use crate::command::Desk;

/// A balancer with a limit a server, processes with threads, a pool each, and a database.
const SITE: &str = r#"
[scenario]
duration = "10s"
warm_up  = "3s"
[hardware.big]
cores = 16
nic   = "1Gbit/s"
disk  = { read = { exponential = "1ms" }, fsync = "1ms", parallel = 64, throughput = "500MB/s" }
[service.lb]
kind     = "haproxy"
hardware = "big"
timeout  = { client = "30s", connect = "5s", server = "10s", queue = "1s" }
[service.lb.backend.app]
servers = "app"
maxconn = 16
balance = "leastconn"
[service.app]
kind      = "app"
instances = 2
hardware  = "big"
workers   = 1
threads   = 16
[service.app.upstream.db]
servers = "db"
pool    = { size = 1, wait = "5s" }
[service.app.endpoint.page]
steps = [ { cpu = { exponential = "2ms" } }, { query = "db.read" }, { respond = "10KiB" } ]
[service.db]
kind     = "mysql"
hardware = "big"
replication = "none"
[service.db.query.read]
access = "read"
cpu    = { exponential = "2ms" }
disk_reads = { geometric = 0.3 }
[request.page]
to = "app.page"
[workload.v]
to       = "lb"
arrivals = { poisson = "1200/s" }
mix      = { page = 1 }
patience = "10s"
latency  = "5ms"
"#;

const PROMISES: &str = r#"
[[slo]]
name    = "quick"
require = "p(99) < 150ms"
[[slo]]
name    = "answers"
require = "success > 99%"
[[slo]]
name    = "queue"
require = "queue < 5"
where   = { service = "app" }
"#;

/// What is told of a site, in one line for each promise: the first is that of the first.
#[track_caller]
fn told(site: &str, options: &str) -> Vec<String> {
    let desk = Desk::new();
    desk.write("site.toml", site);
    let said = desk.run(&format!("check site.toml --budget 20 {options}")).expect(1, &["MISSED"]);
    let flowing = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    flowing.split("MISSED ").skip(1).map(str::to_owned).collect()
}

#[track_caller]
fn each_says(told: &[String], words: &str) {
    for it in told {
        assert!(it.contains(words), "`{words}` is missing from: {it}");
    }
}

/// The limit a server, or the threads, are held by calls that wait for the pool.
#[test]
fn a_small_pool_rather_than_the_places_before_it() {
    let site = format!("{SITE}{PROMISES}");
    let pool = "who db: too few places for it at app (pool, limit a server); ";
    for sizes in [
        "",
        "--set lb.app.maxconn=1000",
        "--set lb.app.maxconn=14",
        "--set lb.app.maxconn=40 --set app.threads=40",
        "--set lb.app.maxconn=200 --set app.threads=100",
        // Most of its places are full, but for fewer calls than are at the database.
        "--set lb.app.maxconn=3 --set app.db.pool.size=2 --set db.read.cpu.exponential=20ms",
    ] {
        let told = told(&site, sizes);
        assert!(told.len() >= 2, "{sizes}: {told:?}");
        each_says(&told, pool);
    }
    let answers = &told(&site, "")[1];
    assert!(answers.contains("`queue timeout`, seen by lb"), "{answers}");
    // Enough of them: it is met.
    let desk = Desk::new();
    desk.write("site.toml", &site);
    desk.run("check site.toml --budget 20 --set app.db.pool.size=16").expect(0, &[]);
}

/// A limit that lets in no more than there are connections is to blame itself.
#[test]
fn a_small_limit_rather_than_the_pool_behind_it() {
    let site = format!("{SITE}{PROMISES}");
    let limited = told(&site, "--set lb.app.maxconn=2 --set app.db.pool.size=8");
    each_says(&limited, "who app: too few places for it at lb (pool, limit a server); ");
}

#[test]
fn a_small_pool_in_a_spike() {
    let spike =
        "[[event]]\nat = \"2s\"\nspike = { workload = \"v\", extra = \"x2\", hold = \"3s\" }\n";
    let told = told(&format!("{SITE}{spike}{PROMISES}"), "--set workload.v.arrivals.poisson=400/s");
    each_says(&told, "who db: too few places for it at app (pool, limit a server); ");
}

/// Places for servers are held by transfers through the balancer's own line.
#[test]
fn the_balancers_line_rather_than_places_that_nobody_uses() {
    let site = format!("{SITE}{PROMISES}").replace(
        "kind     = \"haproxy\"\nhardware = \"big\"",
        "kind     = \"haproxy\"\nhardware = \"thin\"",
    );
    let site = format!("{site}[hardware.thin]\ncores = 2\nnic = \"20Mbit/s\"\n");
    let told = told(&site, "--set app.db.pool.size=16 --set workload.v.arrivals.poisson=400/s");
    assert_eq!(told.len(), 3, "{told:?}");
    each_says(&told, "who lb: NIC of lb-1, in 100% busy; ");
}

/// A replica that applies more slowly than the primary writes.
#[test]
fn appliers_that_are_full() {
    let site = r#"
[scenario]
duration = "20s"
warm_up  = "3s"
[hardware.h]
cores = 8
disk  = { read = "1ms", fsync = "1ms", parallel = 4 }
[service.db]
kind        = "mysql"
hardware    = "h"
instances   = 3
replication = "async"
replica_parallel_workers = 1
[service.db.query.write]
access = "write"
cpu    = { exponential = "1ms" }
apply  = "60ms"
[service.app]
kind     = "app"
hardware = "h"
workers  = 8
[service.app.endpoint.buy]
steps = [ { query = "db.write" } ]
[request.buy]
to = "app.buy"
[workload.v]
to       = "app"
arrivals = { poisson = "40/s" }
mix      = { buy = 1 }
[[slo]]
name    = "fresh"
require = "lag p(99) < 100ms"
where   = { service = "db" }
"#;
    let full = told(site, "");
    each_says(&full, "who db: appliers (replica_parallel_workers) of db.2 100% busy; ");
    let busy = told(site, "--set db.write.apply=20ms");
    each_says(&busy, "who db: appliers (replica_parallel_workers) of db.2 8");
    // Less than that, but writes come in bursts.
    let bursts = told(site, "--set db.replica_parallel_workers=4");
    each_says(
        &bursts,
        "who db: transactions wait for appliers (replica_parallel_workers) of db.2, 6",
    );
    // Transactions that take long by themselves.
    let long = told(
        site,
        "--set db.replica_parallel_workers=64 --set db.write.apply=150ms --set db.hardware.cores=64",
    );
    each_says(&long, "who db: nothing there is short");
}

/// A line that is full in bursts, for its callers ban their servers while it is.
#[test]
fn a_line_that_is_waited_for_while_it_is_idle_at_times() {
    let site = r#"
[scenario]
duration = "20s"
[hardware.thin]
cores = 2
nic   = "10Mbit/s"
[hardware.h]
cores = 2
nic   = "1Gbit/s"
disk  = { read = "1ms", parallel = 8 }
[service.web]
kind     = "nginx"
hardware = "thin"
worker_connections = 1024
[service.web.upstream.app]
servers            = "app"
proxy_read_timeout = "1s"
[service.app]
kind      = "app"
hardware  = "h"
instances = 2
workers   = 2
threads   = 8
[service.app.upstream.db]
servers = "db"
pool    = { size = 8, wait = "2s" }
[service.app.upstream.pay]
servers = "pay"
pool    = { size = 8, wait = "2s" }
[service.app.endpoint.e]
steps = [ { cpu = { exponential = "2ms" } }, { query = "db.q" }, { respond = "5KiB" } ]
[service.app.endpoint.p]
steps = [ { cpu = { exponential = "2ms" } }, { call = "pay.e" }, { respond = "5KiB" } ]
[service.db]
kind        = "mysql"
hardware    = "h"
replication = "none"
[service.db.query.q]
access = "read"
cpu    = { exponential = "1ms" }
[service.pay]
kind     = "service"
hardware = "h"
workers  = 4
[service.pay.endpoint.e]
steps = [ { wait = { exponential = "20ms" } } ]
[request.r]
to = "app.e"
[request.p]
to = "app.p"
[workload.v]
to       = "web"
arrivals = { poisson = "300/s" }
mix      = { r = 4, p = 1 }
[[slo]]
name    = "r"
require = "p(99) < 100ms"
[[slo]]
name    = "ok"
require = "success > 99.5%"
"#;
    let banned = told(site, "");
    each_says(&banned, "who web: calls wait for NIC of web-1, ");
    each_says(&banned, " busy: they come in bursts, or some take long; ");
    each_says(&told(site, "--set web.app.max_fails=0"), "who web: NIC of web-1, out 100% busy");
}

/// What took longer than before, rather than what takes most of the time.
#[test]
fn a_regression_is_whose_calls_take_longer() {
    let promise = "[[slo]]\nname = \"quick\"\nrequire = \"p(99) < 150ms\"\nmargin = \"2%\"\n";
    let desk = Desk::new();
    desk.write("site.toml", &format!("{SITE}{promise}"));
    let usual = "--set app.db.pool.size=16 --set workload.v.arrivals.poisson=200/s \
                 --set db.read.cpu.exponential=4ms";
    desk.run(&format!("site.toml --no-plots --replications 20 --out base {usual}")).expect(0, &[]);
    let change = |from: &str, to: &str| {
        desk.write("site.toml", &format!("{SITE}{promise}").replace(from, to));
        let said = desk.run(&format!("check site.toml --baseline base {usual}"));
        let said = said.expect(1, &["REGRESSION quick"]);
        said.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // It takes less than the database still.
    let own = "[ { cpu = { exponential = \"2ms\" } }";
    let slow_app = change(own, &own.replace("2ms", "3ms"));
    assert!(slow_app.contains("who app: its calls take longer than before, "), "{slow_app}");
    assert!(slow_app.contains("(held: lb → app)"), "{slow_app}");
    let slow_db = change("geometric = 0.3", "geometric = 2");
    assert!(slow_db.contains("who db: its calls take longer than before, "), "{slow_db}");
    assert!(slow_db.contains("(held: lb → app → db)"), "{slow_db}");
    // Whoever waits longer for a place does so at the caller.
    let few = "--set app.db.pool.size=1 --set workload.v.arrivals.poisson=200/s \
               --set db.read.cpu.exponential=4ms";
    desk.write("site.toml", &format!("{SITE}{promise}"));
    let said = desk.run(&format!("check site.toml --baseline base {few}"));
    said.expect(1, &["REGRESSION quick", "who db: calls wait for a place for it at app (pool"]);
}

/// What is short where the time goes says more than that something takes longer; what was not there before is to
/// blame as well; and where nothing takes longer it is the way to it.
#[test]
fn a_regression_by_what_is_short_or_new_or_outside() {
    let promise = "[[slo]]\nname = \"quick\"\nrequire = \"p(99) < 150ms\"\nmargin = \"2%\"\n";
    let desk = Desk::new();
    desk.write("site.toml", &format!("{SITE}{promise}"));
    let usual = "--set app.db.pool.size=16 --set workload.v.arrivals.poisson=200/s";
    desk.run(&format!("site.toml --no-plots --replications 20 --out base {usual}")).expect(0, &[]);
    let told = |options: &str| {
        let said = desk.run(&format!("check site.toml --baseline base {usual} {options}"));
        let said = said.expect(1, &["REGRESSION quick"]);
        said.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let full = told("--set db.read.cpu.exponential=90ms");
    assert!(full.contains("who db: CPU of db-1 "), "{full}");
    let lines = told("--set v.latency=10ms");
    assert!(lines.contains("the time goes to the lines of who calls"), "{lines}");
    let new = "[service.cache]\nkind = \"service\"\nhardware = \"big\"\n\
               [service.cache.endpoint.get]\nsteps = [ { wait = { exponential = \"5ms\" } } ]\n";
    let calls = SITE
        .replace("{ query = \"db.read\" }", "{ call = \"cache.get\" }, { query = \"db.read\" }");
    desk.write("site.toml", &format!("{calls}{new}{promise}"));
    let new = told("");
    assert!(new.contains("who cache: its calls take 5."), "{new}");
    assert!(new.contains("and were not there before"), "{new}");
}

/// A throughput is held against what it was: fewer ask, or a crash lasts longer.
#[test]
fn a_throughput_that_regresses() {
    let promise = "[[slo]]\nname = \"t\"\nrequire = \"throughput > 200/s\"\n\
                   [[event]]\nat = \"2s\"\nfor = \"2s\"\ncrash = \"db.1\"\n";
    let desk = Desk::new();
    desk.write("site.toml", &format!("{SITE}{promise}"));
    let usual = "--set app.db.pool.size=16";
    let rate = "--set workload.v.arrivals.poisson=300/s";
    let base = format!("site.toml --no-plots --replications 20 --out base {usual} {rate}");
    desk.run(&base).expect(0, &[]);
    let told = |options: &str| {
        let said = desk.run(&format!("check site.toml --baseline base {usual} {options}"));
        let said = said.expect(1, &["REGRESSION t"]);
        said.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let fewer = told("--set workload.v.arrivals.poisson=150/s");
    assert!(fewer.contains("who fewer ask for it: 14"), "{fewer}");
    assert!(fewer.contains("/s were answered before"), "{fewer}");
    let longer = told(&format!("{rate} --set event.1.for=5s"));
    assert!(longer.contains("crash of db.1"), "{longer}");
}

/// Whoever waits in a queue waits for what the queue is before, however few they are.
#[test]
fn a_queue_is_before_workers() {
    let promise =
        "[[slo]]\nname = \"q\"\nrequire = \"queue < 0.001\"\nwhere = { service = \"app\" }\n";
    let few =
        "--set app.db.pool.size=16 --set app.threads=2 --set workload.v.arrivals.poisson=200/s";
    let told = told(&format!("{SITE}{promise}"), few);
    each_says(&told, "who app: ");
    each_says(&told, "workers of app.");
}

/// Whoever asks too little is told so: nobody behind the entry is to blame.
#[test]
fn a_throughput_that_nobody_asks_for() {
    let promise = |about: &str| {
        format!("{SITE}[[slo]]\nname = \"t\"\nrequire = \"throughput > 1/s\"\n{about}\n")
    };
    let nobody = "[request.rare]\nto = \"app.page\"\n";
    let unasked = promise("where = { request = \"rare\" }\n") + nobody;
    each_says(&told(&unasked, ""), "who nobody asks for it");
    let rarely =
        told(&promise(""), "--set workload.v.arrivals.poisson=1/h --set app.db.pool.size=16");
    each_says(&rarely, "who fewer ask for it: ");
    let few =
        told(&promise(""), "--set workload.v.arrivals.poisson=1000/h --set app.db.pool.size=16");
    each_says(&few, "who fewer ask for it: 0.27/s arrive, required more than 1.00/s");
    // Of calls, too; but not where they are stuck on their way.
    let calls = promise("where = { service = \"db\" }\n").replace("> 1/s", "> 1000/s");
    let served = told(&calls, "--set workload.v.arrivals.poisson=200/s");
    each_says(&served, "who fewer ask for it: ");
    let stuck = told(&calls, "--set db.read.cpu.exponential=4ms");
    each_says(&stuck, "who db: too few places for it at app (pool, limit a server); ");
    let desk = Desk::new();
    desk.write("site.toml", &unasked);
    let outputs = "--json v.json --markdown m.md --github --budget 20";
    let said =
        desk.run(&format!("check site.toml {outputs}")).expect(1, &["who: nobody asks for it"]);
    for text in [desk.read("v.json"), desk.read("m.md"), said.out] {
        assert!(text.contains("nobody asks for it"), "{text}");
    }
}
