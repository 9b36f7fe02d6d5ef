use simulate::engine::{luck::name_key, sample::Law, time::*, timeline::DelayId};
use simulate::measure::tape::Tape;
use simulate::model::{blueprint::*, run, shape::shape};
fn main() {
    let dur: u64 = std::env::args().nth(1).map(|a| a.parse().unwrap()).unwrap_or(10_000);
    let st = Statuses { unreachable: 503, queue: 503, timeout: 504, reset: 502 };
    let retry = Retry {
        attempts: 0,
        on_connect: false,
        on_reset: false,
        on_timeout: false,
        unsafe_too: false,
        next: Next::Same,
        turnaround: None,
    };
    let plan = Blueprint {
        name: "mm1".into(),
        title: "".into(),
        seed: 1,
        replications: 1,
        warm_up: Span::from_millis(100_000),
        duration: Span::from_millis(dur * 1000),
        drain: Span::from_millis(60_000),
        delays: vec![Span::ZERO],
        laws: vec![Law::exponential(0.01).unwrap(), Law::constant(0.0).unwrap()],
        hosts: vec![Host {
            name: "h".into(),
            zone: 0,
            cores: 1,
            speed: 1.0,
            discipline: Discipline::Fifo,
            nic_bits: None,
            disk: None,
            page_cache: 0,
        }],
        latency: vec![DelayId(0); 4],
        zones: 2,
        loopback: DelayId(0),
        services: vec![
            Service {
                name: "s".into(),
                kind: "service",
                first_instance: 0,
                instances: 1,
                first_upstream: 0,
                upstreams: 0,
                processes: 1,
                serving: Serving::Slots {
                    slots: 1,
                    room: Room::Unlimited,
                    order: Order::Fifo,
                    patience: None,
                },
                accept: None,
                stops_when_abandoned: false,
            },
            Service {
                name: "v".into(),
                kind: "visitors",
                first_instance: 1,
                instances: 1,
                first_upstream: 0,
                upstreams: 1,
                processes: 1,
                serving: Serving::Slots {
                    slots: u32::MAX,
                    room: Room::Unlimited,
                    order: Order::Fifo,
                    patience: None,
                },
                accept: None,
                stops_when_abandoned: false,
            },
        ],
        instances: vec![
            Instance {
                name: "s.1".into(),
                service: ServiceId(0),
                host: HostId(0),
                zone: 0,
                speed: 1.0,
                first_process: 0,
                first_loop: 0,
            },
            Instance {
                name: "v".into(),
                service: ServiceId(1),
                host: HostId(u32::MAX),
                zone: 1,
                speed: 1.0,
                first_process: 1,
                first_loop: 0,
            },
        ],
        upstreams: vec![Upstream {
            name: "u".into(),
            caller: ServiceId(1),
            callee: ServiceId(0),
            first_server: 0,
            servers: 1,
            balance: Balance::RoundRobin,
            slots: u32::MAX,
            server_queue: u32::MAX,
            queues: false,
            queue_timeout: None,
            queue_delay: None,
            connect_timeout: None,
            response_timeout: None,
            retry,
            idle_max: 0,
            idle: None,
            handshake_rounds: 0,
            ban: None,
            check: None,
            statuses: st,
            buffers: true,
        }],
        servers: vec![Server { instance: InstanceId(0), weight: 1 }],
        endpoints: vec![
            Endpoint {
                name: "s.e".into(),
                service: ServiceId(0),
                entry: 0,
                request_bytes: 0,
                class: 0,
                place: name_key("a"),
            },
            Endpoint {
                name: "v.e".into(),
                service: ServiceId(1),
                entry: 3,
                request_bytes: 0,
                class: 0,
                place: name_key("b"),
            },
        ],
        ops: vec![
            Op::Cpu { work: LawId(0), of_request: false },
            Op::Respond { bytes: LawId(1) },
            Op::End,
            Op::Call {
                upstream: UpstreamId(0),
                endpoint: EndpointId(0),
                until: Milestone::LastByte,
            },
            Op::End,
        ],
        places: vec![name_key("c"), name_key("d"), 0, name_key("e"), 0],
        files: vec![],
        logs: vec![],
        requests: vec![Request {
            name: "r".into(),
            label: "".into(),
            is_idempotent: true,
            place: name_key("r"),
        }],
        workloads: vec![Workload {
            name: "w".into(),
            place: name_key("w"),
            service: ServiceId(1),
            arrivals: Arrivals::Open {
                gaps: Gaps::Poisson,
                rate: Rate { knots: vec![(Instant::ZERO, 80.0)] },
                batch: None,
            },
            mix: vec![Choice { below: 1 << 53, request: RequestId(0), endpoint: EndpointId(1) }],
            patience: None,
            patience_delay: None,
            latency: None,
            bandwidth: None,
            is_spike: false,
        }],
        timeline: vec![],
        objectives: vec![],
    };
    let t = std::time::Instant::now();
    let mut tape = Tape::new(&shape(&plan));
    let site = run::replicate(&plan, 0, &mut tape).unwrap();
    let el = t.elapsed().as_secs_f64();
    let tally = tape.close(Instant::ZERO + plan.warm_up + plan.duration);
    let n = site.books().workloads[0].started;
    println!(
        "{} requests, {} events, {:.1} ns/event, {:.0} ns/request",
        n,
        site.events(),
        el * 1e9 / site.events() as f64,
        el * 1e9 / n as f64
    );
    println!("{}", serde_json::to_string(&0).unwrap());
    let _ = tally;
}
