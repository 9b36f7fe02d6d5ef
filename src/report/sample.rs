//! A small site with made-up measurements, for the tests of reports.

use crate::{
    engine::time::{Instant, Span},
    engine::timeline::DelayId,
    measure::{
        fold::Fold,
        outcome::{Cause, Outcome},
        recorder::{Device, Finished, Level, Recorder, Served},
        shape::{
            Detail, HostShape, InstanceShape, Judged, ObjectiveShape, Shape, Subject, Whose,
            Workers,
        },
        tally::Tally,
        tape::Tape,
    },
    model::blueprint::{
        Arrivals, Balance, Blueprint, Derived, Discipline, Episode, Gaps, Happening, Host, HostId,
        Instance, InstanceId, Keeps, Next, Objective, Order, Promise, Rate, Request, RequestId,
        Retry, Reuse, Room, Scope, Service, ServiceId, Serving, Statuses, Upstream, What, Workload,
    },
};

const WARM_UP_S: f64 = 10.0;
const WINDOW_S: f64 = 120.0;
const REPLICATIONS: u64 = 5;

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Span::from_seconds(WARM_UP_S + seconds)
}

fn host(name: &str, cores: u32) -> Host {
    Host {
        name: name.to_owned(),
        is_declared: false,
        zone: 0,
        cores,
        speed: 1.0,
        discipline: Discipline::Sharing,
        nic_bits: Some(10_000_000_000),
        disk: None,
        page_cache: 0,
        price_per_h: None,
    }
}

fn service(name: &str, kind: &'static str, first_instance: u32, instances: u32) -> Service {
    let room = Room::Unlimited;
    Service {
        name: name.to_owned(),
        kind,
        first_instance,
        instances,
        first_upstream: 0,
        upstreams: 0,
        processes: 1,
        serving: Serving::Slots { slots: 4, room, order: Order::Fifo, patience: None },
        accept: None,
        stops_when_abandoned: false,
    }
}

fn instance(name: &str, service: u32, host: u32) -> Instance {
    Instance {
        name: name.to_owned(),
        service: ServiceId(service),
        host: HostId(host),
        zone: 0,
        speed: 1.0,
        first_process: 0,
        first_loop: 0,
    }
}

fn request(name: &str, label: &str) -> Request {
    Request { name: name.to_owned(), label: label.to_owned(), is_idempotent: true, place: 0 }
}

fn objective(name: &str, require: &str, scope: Scope, promise: Promise) -> Objective {
    Objective {
        name: name.to_owned(),
        require: require.to_owned(),
        line: 0,
        scope,
        zone: None,
        from: at(0.0),
        until: at(WINDOW_S),
        promise,
        successes_only: false,
        margin: 0.0,
    }
}

/// A balancer's backend, so that a queue in front of servers is reported.
fn upstream() -> Upstream {
    Upstream {
        name: "backend app".to_owned(),
        place: 0,
        reuse: Reuse::Always,
        idle_all_max: u32::MAX,
        purge: None,
        caller: ServiceId(0),
        callee: ServiceId(1),
        first_server: 0,
        servers: 0,
        are_weights_equal: true,
        keeps: Keeps::default(),
        balance: Balance::RoundRobin,
        slots: u32::MAX,
        server_queue: u32::MAX,
        queues: true,
        queue_timeout: None,
        queue_delay: None,
        connect_timeout: None,
        response_timeout: None,
        retry: Retry {
            attempts: 0,
            on_connect: false,
            on_connect_timeout: false,
            on_reset: false,
            on_timeout: false,
            unsafe_too: false,
            forgives_reused: false,
            next: Next::Same,
            turnaround: None,
        },
        idle_max: 0,
        idle: None,
        handshake_rounds: 0,
        opening: None,
        ban: None,
        check: None,
        statuses: Statuses {
            unreachable: 503,
            connect_timeout: 503,
            queue: 503,
            timeout: 504,
            reset: 502,
        },
        derived: Derived::default(),
        buffers: false,
    }
}

fn workload() -> Workload {
    let rate = Rate { knots: vec![(Instant::ZERO, 500.0)] };
    Workload {
        name: "visitors".to_owned(),
        place: 0,
        service: ServiceId(3),
        arrivals: Arrivals::Open { gaps: Gaps::Poisson, rate, batch: None },
        mix: Vec::new(),
        patience: None,
        patience_delay: None,
        latency: None,
        bandwidth: None,
        spike: None,
    }
}

/// One balancer, two application servers of which the second crashes, a database with a replica.
pub(crate) fn site() -> Blueprint {
    let mut balancer = service("lb", "haproxy", 0, 1);
    balancer.serving = Serving::Loops { loops: 4 };
    let percentile = Promise::Percentile { share: 0.99, limit: Span::from_millis(250) };
    let quick = Scope::Request(RequestId(0));
    Blueprint {
        name: "sample".to_owned(),
        title: "A shop, made up".to_owned(),
        seed: 7,
        replications: 3,
        warm_up: Span::from_seconds(WARM_UP_S),
        finds_warm_up: false,
        duration: Span::from_seconds(WINDOW_S),
        drain: Span::from_seconds(10.0),
        delays: vec![Span::ZERO],
        hops: Vec::new(),
        laws: Vec::new(),
        hosts: vec![
            host("lb-1", 4),
            host("app-1", 4),
            host("app-2", 4),
            host("db-1", 8),
            host("db-2", 8),
        ],
        currency: None,
        latency: vec![DelayId(0)],
        zones: 1,
        zone_names: Vec::new(),
        loopback: DelayId(0),
        services: vec![
            balancer,
            service("app", "app", 1, 2),
            service("db", "mysql", 3, 2),
            service("visitors", "visitors", 5, 1),
        ],
        instances: vec![
            instance("lb.1", 0, 0),
            instance("app.1", 1, 1),
            instance("app.2", 1, 2),
            instance("db.1", 2, 3),
            instance("db.2", 2, 4),
            instance("visitors", 3, u32::MAX),
        ],
        upstreams: vec![upstream()],
        servers: Vec::new(),
        endpoints: Vec::new(),
        program: Vec::new(),
        files: Vec::new(),
        tables: Vec::new(),
        buffer_pools: Vec::new(),
        logs: Vec::new(),
        requests: vec![request("page", "GET /product/*"), request("checkout", "POST /checkout")],
        workloads: vec![workload()],
        timeline: vec![
            Happening { at: at(40.0), what: What::Crash(InstanceId(2)), episode: 0 },
            Happening { at: at(60.0), what: What::Restart(InstanceId(2)), episode: 0 },
        ],
        objectives: vec![
            objective("pages are quick", "p(99) < 250ms", quick, percentile),
            objective(
                "the site answers",
                "success > 99.9%",
                Scope::Site,
                Promise::Success { share: 0.999 },
            ),
        ],
        episodes: vec![Episode {
            name: "crash of app.2".to_owned(),
            from: at(40.0),
            until: at(60.0),
            rate: None,
        }],
    }
}

fn shape() -> Shape {
    let objective = |whose, limit| ObjectiveShape {
        subject: Subject::Requests(whose, Judged { limits: [limit; 3], successes_only: false }),
        from: at(0.0),
        until: at(WINDOW_S),
        slice: None,
        phases: None,
        told_from: at(0.0),
        quantile: None,
    };
    let workers_are = Workers::Loops;
    let instance = |service, workers| InstanceShape { service, workers, workers_are };
    Shape {
        detail: Detail::FINE,
        from: at(0.0),
        until: at(WINDOW_S),
        services: 4,
        instances: vec![
            instance(0, Some(4)),
            instance(1, Some(32)),
            instance(1, Some(32)),
            instance(2, None),
            instance(2, None),
            instance(3, None),
        ],
        hosts: [(4, 0), (4, 0), (4, 0), (8, 16), (8, 16)]
            .map(|(cores, disk_parallel)| HostShape { cores, disk_parallel })
            .to_vec(),
        upstreams: 1,
        requests: 2,
        workloads: 1,
        objectives: vec![
            objective(Whose::Type(0), Span::from_millis(250)),
            objective(Whose::All, Span::MAX),
        ],
        windows: Vec::new(),
        is_steady: false,
    }
}

/// Uniform in (0, 1): Marsaglia's xorshift64, enough for a picture.
struct Luck(u64);

impl Luck {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.unit())
    }
}

/// One replication; `rate` arrivals a second.
fn replication(number: u64, rate: f64) -> Tally {
    let mut luck = Luck(0x9E37_79B9_7F4A_7C15 ^ (number + 1));
    let mut story = Vec::new();
    let mut clock = -WARM_UP_S;
    while clock < WINDOW_S {
        clock += luck.exponential(1.0 / rate);
        let is_crashed = (40.0..60.0).contains(&clock);
        visit(&mut story, &mut luck, clock, is_crashed);
    }
    for second in 0..(WARM_UP_S + WINDOW_S) as u32 {
        let clock = f64::from(second) - WARM_UP_S;
        let is_crashed = (40.0..60.0).contains(&clock);
        usage(&mut story, &mut luck, clock, is_crashed);
    }
    story.sort_by_key(|(at, _)| *at);
    let mut tape = Tape::new(&shape());
    for (at, told) in story {
        told.tell(&mut tape, at);
    }
    tape.close(at(WINDOW_S + 10.0))
}

/// What a recorder is told, and when.
type Story = Vec<(Instant, Told)>;

enum Told {
    Arrived(u32),
    Finished(Finished),
    Served(Served),
    Applied(Span),
    Level(Level, u32),
    Busy(Device, Instant),
}

impl Told {
    fn tell(self, tape: &mut Tape, now: Instant) {
        match self {
            Told::Arrived(request) => tape.arrived(0, request, now),
            Told::Finished(it) => tape.finished(it, now),
            Told::Served(it) => tape.served(it, now),
            Told::Applied(lag) => tape.applied(4, lag, now),
            Told::Level(level, value) => tape.level(level, value, now),
            Told::Busy(device, until) => tape.busy(device, now, until, now),
        }
    }
}

fn visit(story: &mut Story, luck: &mut Luck, clock: f64, is_crashed: bool) {
    let request = u32::from(luck.unit() < 0.2);
    let slow = if is_crashed { 3.0 } else { 1.0 };
    let waited = (luck.exponential(0.012 * slow) - 0.01).max(0.0);
    let work = 0.008 + luck.exponential(0.015 * slow) * f64::from(1 + request);
    let fails = luck.unit() < if is_crashed { 0.02 } else { 0.0001 };
    let cause = if luck.unit() < 0.3 { Cause::QueueTimeout } else { Cause::Reset };
    let outcome = if fails { Outcome { status: 503, cause, at: 1 } } else { Outcome::OK };
    let arrived = at(clock);
    let ended = at(clock + waited + work + if fails { 1.0 } else { 0.0 });
    let key = (luck.unit() * 1e18) as u64;
    story.push((arrived, Told::Arrived(request)));
    let finished = Finished { key, workload: 0, request, arrived, ended, outcome };
    story.push((ended, Told::Finished(finished)));
    let instance = 1 + u32::from(!is_crashed && luck.unit() < 0.5);
    let waited = Span::from_seconds(waited);
    let call = |service, instance, outcome| Served {
        service,
        instance,
        arrived,
        waited: if service == 1 { waited } else { Span::ZERO },
        outcome,
        is_wasted: false,
        is_check: false,
    };
    story.push((ended, Told::Served(call(0, 0, outcome))));
    let worked = at(clock + waited.seconds() + work);
    story.push((worked, Told::Served(call(1, instance, outcome))));
    let database = 3 + u32::from(request == 0);
    story.push((at(clock + 0.004), Told::Served(call(2, database, Outcome::OK))));
    if request == 1 {
        let lag = Span::from_seconds(0.002 + luck.exponential(0.003));
        story.push((ended, Told::Applied(lag)));
    }
}

fn usage(story: &mut Story, luck: &mut Luck, clock: f64, is_crashed: bool) {
    let now = at(clock);
    let mut level = |level, value| story.push((now, Told::Level(level, value)));
    let mut around = |mean: f64| (mean + 1.5 * luck.unit()) as u32;
    level(Level::Runnable(0), around(0.2));
    level(Level::Runnable(1), around(if is_crashed { 3.5 } else { 2.0 }));
    level(Level::Runnable(2), if is_crashed { 0 } else { around(2.0) });
    level(Level::Runnable(3), around(1.5));
    level(Level::Runnable(4), around(3.0));
    level(Level::Busy(0), around(0.1));
    level(Level::Busy(1), around(if is_crashed { 28.0 } else { 11.0 }));
    level(Level::Busy(2), if is_crashed { 0 } else { around(11.0) });
    level(Level::Calls(1), around(if is_crashed { 60.0 } else { 12.0 }));
    level(Level::Waiting(1), if is_crashed { 32 } else { 1 });
    level(Level::Queued(0), if is_crashed { 5 } else { 0 });
    story.push((now, Told::Busy(Device::Sending(0), at(clock + 0.031))));
    story.push((now, Told::Busy(Device::Disk(3), at(clock + 1.9))));
}

/// A replication in which nothing happened.
pub(crate) fn idle() -> Tally {
    Tape::new(&shape()).close(at(WINDOW_S))
}

/// Two replications in which `app-1` is always busy: of 100 requests a second it answers
/// `served` and turns away `refused`; the others are still there at the end.
pub(crate) fn overloaded(served: u64, refused: u64) -> Fold {
    let one = || {
        let mut tape = Tape::new(&shape());
        tape.level(Level::Runnable(1), 9, at(-5.0));
        for number in 0..(WINDOW_S as u64 * 100) {
            let arrived = at(number as f64 / 100.0);
            let (after_s, cause) = match number % 100 {
                place if place < served => (0.1, Cause::None),
                place if place < served + refused => (0.0, Cause::QueueFull),
                _ => (1e6, Cause::Unfinished),
            };
            let ended = (arrived + Span::from_seconds(after_s)).min(at(WINDOW_S + 10.0));
            let outcome = Outcome { status: 503, cause, at: 1 };
            let outcome = if cause == Cause::None { Outcome::OK } else { outcome };
            tape.arrived(0, 0, arrived);
            let key = number;
            tape.finished(
                Finished { key, workload: 0, request: 0, arrived, ended, outcome },
                ended,
            );
        }
        tape.close(at(WINDOW_S + 10.0))
    };
    let mut fold = Fold::new(one());
    fold.push(&one());
    fold
}

/// Three replications, folded.
pub(crate) fn fold() -> Fold {
    let mut fold = Fold::new(replication(0, 500.0));
    (1..REPLICATIONS).for_each(|number| fold.push(&replication(number, 500.0)));
    fold
}
