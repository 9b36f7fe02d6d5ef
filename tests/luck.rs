//! A new thing does not disturb an old thing's luck: what is added to a scenario, or broken in one
//! of two copies, leaves everybody else who they were.

#[path = "support/compile.rs"]
mod compile;

use std::{collections::BTreeMap, sync::atomic::AtomicBool};

use compile::compile;
use simulate::{
    engine::{
        digest::Digest,
        time::{Instant, Span},
    },
    experiment::{replicate::Replications, study::study},
    measure::{
        outcome::Outcome,
        recorder::{Device, Finished, Level, Recorder, Served},
    },
    model::{
        blueprint::{Blueprint, InstanceId, What},
        run::{Run, finish, replicate},
        site::Site,
    },
};

const SITE: &str = r#"
[scenario]
seed = 7
duration = "5s"
warm_up = "500ms"
replications = 3
[hardware.box]
cores = 4
disk = { read = { exponential = "200us" }, fsync = "1ms" }
[service.lb]
kind = "haproxy"
instances = 2
hardware = "box"
timeout = { connect = "1s", server = "5s", client = "30s" }
[service.lb.backend.web]
servers = "web"
balance = "leastconn"
maxconn = 50
check = {}
[service.web]
kind = "nginx"
instances = 2
hardware = "box"
[service.web.location.static]
[service.web.location.static.files]
count = 1000
popularity = { zipf = 0.9 }
size = { lognormal = { median = "9kB", p99 = "300kB" } }
[service.web.upstream.app]
servers = "app"
[service.app]
kind = "app"
instances = 2
hardware = "box"
workers = 2
threads = 4
[service.app.endpoint.page]
steps = [
  { cpu = { exponential = "5ms" } },
  { query = "db.read" },
  { respond = { exponential = "9kB" } },
]
[service.app.endpoint.order]
steps = [{ cpu = { exponential = "3ms" } }, { query = "db.write" }]
[service.db]
kind = "mysql"
instances = 2
hardware = "box"
[service.db.query.read]
access = "read"
cpu = { exponential = "1ms" }
[service.db.query.write]
access = "write"
cpu = { exponential = "1ms" }
[request.page]
to = "app.page"
[request.order]
to = "app.order"
method = "POST"
[request.file]
to = "web.static"
[workload.visitors]
to = "lb"
mix = { page = 3, order = 1, file = 4 }
arrivals = { poisson = "150/s" }
latency = { exponential = "8ms" }
patience = "3s"
"#;

/// What every visitor did.
#[derive(Default)]
struct Visits {
    /// Key: request type, arrival, end, outcome.
    all: BTreeMap<u64, (u32, Instant, Instant, Outcome)>,
    digest: Digest,
}

impl Visits {
    fn of(plan: &Blueprint, replication: u64) -> Visits {
        let mut visits = Visits::default();
        replicate(plan, replication, &mut visits).unwrap();
        visits
    }

    /// Key, request type and arrival of those who arrived in the measured window.
    fn arrivals(&self, plan: &Blueprint) -> Vec<(u64, u32, Instant)> {
        let until = Instant::ZERO + plan.warm_up + plan.duration;
        let visits = self.all.iter().filter(|(_, visit)| visit.1 < until);
        visits.map(|(key, visit)| (*key, visit.0, visit.1)).collect()
    }
}

impl Recorder for Visits {
    fn finished(&mut self, it: Finished, _: Instant) {
        let twin = self.all.insert(it.key, (it.request, it.arrived, it.ended, it.outcome));
        assert!(twin.is_none(), "two visits of one key");
        self.digest.fold(it.key);
        self.digest.fold(it.ended.nanos());
    }
    fn served(&mut self, _: Served, _: Instant) {}
    fn attempt_failed(&mut self, _: u32, _: Outcome, _: Instant) {}
    fn level(&mut self, _: Level, _: u32, _: Instant) {}
    fn busy(&mut self, _: Device, _: Instant, _: Instant, _: Instant) {}
    fn page_cache(&mut self, _: u32, _: bool, _: Instant) {}
    fn applied(&mut self, _: u32, _: Span, _: Instant) {}
    fn flushed(&mut self, _: u32, _: u32, _: Instant) {}
}

/// The same keys, types of request and instants of arrival, all of them. What is asked below (a
/// file, its size, a branch) hangs on the key alone.
fn check_same_visitors(changed: &str) {
    let (before, after) = (compile(SITE), compile(changed));
    for replication in 0..2 {
        let one = Visits::of(&before, replication).arrivals(&before);
        let other = Visits::of(&after, replication).arrivals(&after);
        assert!(one.len() > 700, "{}", one.len());
        assert_eq!(one, other);
    }
}

fn digest_of(plan: &Blueprint, threads: usize, count: u64) -> Digest {
    let interrupted = AtomicBool::new(false);
    let work = Replications { count, threads: Some(threads), interrupted: &interrupted };
    study(plan, work, |_| ()).unwrap().unwrap().pool.events
}

#[test]
fn more_instances_leave_the_visitors_who_they_were() {
    check_same_visitors(
        &SITE.replace("kind = \"app\"\ninstances = 2", "kind = \"app\"\ninstances = 5"),
    );
    check_same_visitors(
        &SITE.replace("kind = \"haproxy\"\ninstances = 2", "kind = \"haproxy\"\ninstances = 3"),
    );
}

#[test]
fn a_fault_leaves_the_visitors_who_they_were() {
    check_same_visitors(&format!(
        "{SITE}\n[[event]]\nat = \"1s\"\nfor = \"1s\"\ncrash = \"app.1\"\n"
    ));
}

#[test]
fn a_spike_is_others_on_top_of_the_same() {
    let spike = "[[event]]\nat = \"1s\"\n\
                 spike = { workload = \"visitors\", extra = \"x2\", hold = \"1s\" }\n";
    let (before, after) = (compile(SITE), compile(&format!("{SITE}\n{spike}")));
    let (one, other) = (Visits::of(&before, 0), Visits::of(&after, 0));
    let (one, other) = (one.arrivals(&before), other.arrivals(&after));
    assert!(other.len() > one.len() + 200);
    assert!(one.iter().all(|visit| other.binary_search(visit).is_ok()));
}

#[test]
fn another_service_and_another_request_type_of_no_weight_change_nothing() {
    let more = "[service.idle]\nkind = \"app\"\nhardware = \"box\"\n\
                [service.idle.endpoint.nothing]\nsteps = [{ cpu = \"1ms\" }]\n\
                [request.rare]\nto = \"idle.nothing\"\n\
                [workload.nobody]\nto = \"idle\"\nmix = { rare = 1 }\n\
                arrivals = { even = \"1/h\" }\n";
    let (before, after) = (compile(SITE), compile(&format!("{SITE}\n{more}")));
    assert_eq!(Visits::of(&before, 0).digest, Visits::of(&after, 0).digest);
}

#[test]
fn an_objective_leaves_every_event_as_it_was() {
    let slo =
        "[[slo]]\nname = \"quick\"\nrequire = \"p(99) < 1ms\"\nwhere = { request = \"page\" }\n";
    let (before, after) = (compile(SITE), compile(&format!("{SITE}\n{slo}")));
    assert_eq!(digest_of(&before, 1, 2), digest_of(&after, 1, 2));
}

#[test]
fn an_event_without_effect_leaves_every_event_as_it_was() {
    let idle = "[hardware.spare]\ncores = 1\n[service.idle]\nkind = \"service\"\n\
                hardware = \"spare\"\n[service.idle.endpoint.nothing]\nsteps = []\n";
    let event = "[[event]]\nat = \"2s\"\nfor = \"1s\"\ncrash = \"idle.1\"\n";
    let site = format!("{SITE}\n{idle}");
    let (before, after) = (compile(&site), compile(&format!("{site}\n{event}")));
    assert_eq!(digest_of(&before, 1, 2), digest_of(&after, 1, 2));
}

#[test]
fn a_higher_load_is_the_same_visitors_closer_together() {
    let (before, after) = (compile(SITE), compile(&SITE.replace("150/s", "300/s")));
    let (one, other) = (Visits::of(&before, 0), Visits::of(&after, 0));
    let mut both = 0;
    for (key, (request, arrived, ..)) in &one.all {
        let Some((same, sooner, ..)) = other.all.get(key) else { continue };
        assert_eq!(request, same);
        let (late, soon) = (arrived.nanos(), sooner.nanos());
        assert!(late.abs_diff(2 * soon) <= 2, "{late} and {soon}");
        both += 1;
    }
    assert!(both > 700, "{both}");
}

#[test]
fn closed_users_ask_the_same_however_slow_the_answers() {
    let users = SITE.replace("{ poisson = \"150/s\" }", "{ users = 20, think = \"100ms\" }");
    let (before, after) = (compile(&users), compile(&users.replace("5ms", "9ms")));
    let (one, other) = (Visits::of(&before, 0), Visits::of(&after, 0));
    let both = one.all.iter().filter_map(|(key, visit)| Some((visit.0, other.all.get(key)?.0)));
    let both: Vec<(u32, u32)> = both.collect();
    assert!(both.len() > 500, "{}", both.len());
    assert!(both.iter().all(|(one, other)| one == other));
}

/// The site at 2 s, and what went before.
fn halfway(plan: &Blueprint) -> Site {
    let mut site = Site::new(plan, 0);
    let until = Instant::ZERO + Span::from_millis(2_000);
    Run { plan, site: &mut site, tape: &mut Visits::default() }.until(until);
    site
}

fn rest(plan: &Blueprint, mut site: Site) -> Visits {
    let mut visits = Visits::default();
    finish(plan, &mut site, &mut visits).unwrap();
    visits
}

#[test]
fn a_copy_with_the_same_luck_goes_the_same_way() {
    let plan = compile(SITE);
    let site = halfway(&plan);
    let one = rest(&plan, site.fork(0)).digest;
    assert_eq!(one, rest(&plan, site.fork(0)).digest);
    assert_eq!(one, rest(&plan, site.clone()).digest);
    assert_eq!(one, rest(&plan, site.fork(0).fork(0)).digest);
}

#[test]
fn a_copy_with_other_luck_goes_another_way() {
    let plan = compile(SITE);
    let site = halfway(&plan);
    let digests = [0, 1, 2].map(|salt| rest(&plan, site.fork(salt)).digest);
    assert_ne!(digests[0], digests[1]);
    assert_ne!(digests[0], digests[2]);
    assert_ne!(digests[1], digests[2]);
    assert_eq!(digests[1], rest(&plan, site.fork(1)).digest);
    // Of one that was forked before, too.
    assert_ne!(digests[1], rest(&plan, site.fork(1).fork(1)).digest);
}

#[test]
fn a_fault_in_a_copy_changes_nothing_before_it_and_something_after() {
    let plan = compile(SITE);
    let site = halfway(&plan);
    let (mut well, mut ill) = (site.fork(0), site.fork(0));
    let mut visits = [Visits::default(), Visits::default()];
    let fault = Instant::ZERO + Span::from_millis(3_000);
    let app = plan.services.iter().find(|service| service.name == "app").unwrap().first_instance;
    for (site, visits) in [&mut well, &mut ill].into_iter().zip(&mut visits) {
        Run { plan: &plan, site, tape: visits }.until(fault);
    }
    Run { plan: &plan, site: &mut ill, tape: &mut visits[1] }.inject(What::Crash(InstanceId(app)));
    finish(&plan, &mut well, &mut visits[0]).unwrap();
    finish(&plan, &mut ill, &mut visits[1]).unwrap();
    let [well, ill] = visits;
    let ended = |visits: &Visits| {
        let before = visits.all.iter().filter(|(_, visit)| visit.2 < fault);
        before.map(|(key, visit)| (*key, *visit)).collect::<Vec<_>>()
    };
    assert!(ended(&well).len() > 100);
    assert_eq!(ended(&well), ended(&ill));
    assert_eq!(well.arrivals(&plan), ill.arrivals(&plan), "the same visitors come");
    assert_ne!(well.digest, ill.digest);
}

#[test]
fn a_replication_does_not_know_how_many_there_are() {
    let plan = compile(SITE);
    let alone: Vec<Digest> = (0..3).map(|number| Visits::of(&plan, number).digest).collect();
    assert_eq!(Visits::of(&plan, 1).digest, alone[1]);
    assert_ne!(alone[0], alone[1]);
    for count in 1..4 {
        let one = digest_of(&plan, 1, count);
        for threads in [2, 3] {
            assert_eq!(one, digest_of(&plan, threads, count));
        }
    }
}
