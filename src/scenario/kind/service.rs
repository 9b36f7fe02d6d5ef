//! The generic service: slots, a waiting room, programs; no product's habits. For theory, and for
//! whatever has no preset.

use crate::{
    engine::time::Span,
    model::blueprint::{Balance, Order},
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{Algorithms, Ground, Kind, SOMAXCONN, bare_upstream, nobody, servers},
        law::{Room, SpanLaw},
        program::{choice, endpoints},
        schema::{Accept, Attempts, Parts, Retry, Serving, Upstream},
        tree::Node,
        units::Maybe,
    },
};

pub(super) const KIND: Kind = Kind { name: "service", read, unmodelled: &[] };

const NO_LIMIT: &str = "no limit unless one is given";

const ALGORITHMS: Algorithms = Algorithms {
    product: "service",
    known: &[
        ("round_robin", Balance::RoundRobin),
        ("least_connections", Balance::LeastConnections { random_ties: false, counts_next: false }),
    ],
    unmodelled: &[],
    counts_draws: true,
};

/// `balance` in the generic words.
pub(crate) fn read_balance(fields: &Fields<'_>, default: &str, source: &str) -> Balance {
    ALGORITHMS.read(fields, default, source)
}

fn read(service: &Fields<'_>, _ground: Ground) -> Parts {
    let workers = service.or::<Maybe<u32>>("workers", "\"unlimited\"", NO_LIMIT).0;
    if workers == Some(0) {
        service.notes.mistake(service.at("workers"), "`workers` of 0 serve nobody");
    }
    let room = service.or::<Room>("queue", "\"unlimited\"", NO_LIMIT);
    let order = service.or::<Order>("queue_order", "\"fifo\"", "first come, first served");
    let source = "waits for ever unless told otherwise";
    let patience = service.or::<Maybe<SpanLaw>>("queue_timeout", "\"none\"", source).0;
    let source = "calls arrive without connections unless told otherwise";
    let speaks_tcp = service.or::<Transport>("connections", "\"none\"", source) == Transport::Tcp;
    let backlog = speaks_tcp.then(|| {
        let source = "net.core.somaxconn of Linux since 5.4";
        service.count_or("backlog", 1..=u32::MAX, "4096", source).min(SOMAXCONN)
    });
    let upstreams = service.named("upstream", "upstream").iter().map(upstream).collect();
    Parts {
        processes: 1,
        serving: Serving::Slots {
            slots: workers.unwrap_or(u32::MAX).max(1),
            room,
            order,
            patience: patience.map(|law| law.0),
        },
        accept: backlog.map(|backlog| Accept {
            backlog,
            connections_max: u32::MAX,
            is_strict: false,
            process_connections_max: u32::MAX,
            idle: None,
            keeps_alive: true,
        }),
        stops_when_abandoned: false,
        upstreams,
        endpoints: endpoints(service),
        passing: None,
        undeclared: bare_upstream(String::new(), nobody(service.at)),
        log: None,
        pool: None,
    }
}

fn upstream(named: &Named<'_>) -> Upstream {
    let fields = &named.fields;
    let servers = servers(fields);
    let mut balance = read_balance(fields, "round_robin", "servers that are alike take turns");
    let ties = fields.or::<Ties>("ties", "\"turn\"", "an idle cluster is used evenly");
    if let Balance::LeastConnections { random_ties, .. } = &mut balance {
        *random_ties = ties == Ties::Random;
    }
    let slots = fields.or::<Maybe<u32>>("slots", "\"unlimited\"", NO_LIMIT).0;
    if slots == Some(0) {
        fields.notes.mistake(fields.at("slots"), "`slots` of 0 let nothing through");
    }
    let never = "waits for ever unless told otherwise";
    let queue_timeout = fields.or::<Maybe<SpanLaw>>("queue_timeout", "\"none\"", never).0;
    let span = |key: &'static str| fields.or::<Maybe<Span>>(key, "\"none\"", never).0;
    let (connect_timeout, response_timeout) = (span("connect_timeout"), span("response_timeout"));
    let retries = fields.count_or("retries", 0..=1_000, "0", "no retries unless declared");
    let source = "a connection for each request unless told otherwise";
    let idle_max = fields.or::<Maybe<u32>>("keepalive", "0", source).0.unwrap_or(u32::MAX);
    fields.finish();
    Upstream {
        balance,
        slots: slots.unwrap_or(u32::MAX).max(1),
        queue_timeout: queue_timeout.map(|law| law.0),
        connect_timeout,
        response_timeout,
        retry: Retry {
            attempts: Attempts::Fixed(retries),
            on_connect: true,
            on_connect_timeout: true,
            on_reset: true,
            on_timeout: true,
            unsafe_too: true,
            ..super::no_retry()
        },
        idle_max,
        ..bare_upstream(format!("upstream {}", named.name), servers)
    }
}

impl Read for Order {
    fn read(node: &Node, notes: &Notes) -> Option<Order> {
        const WORDS: [(&str, Order); 3] =
            [("fifo", Order::Fifo), ("lifo", Order::Lifo), ("priority", Order::Priority)];
        choice(node, notes, &WORDS)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transport {
    None,
    Tcp,
}

impl Read for Transport {
    fn read(node: &Node, notes: &Notes) -> Option<Transport> {
        choice(node, notes, &[("none", Transport::None), ("tcp", Transport::Tcp)])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ties {
    Turn,
    Random,
}

impl Read for Ties {
    fn read(node: &Node, notes: &Notes) -> Option<Ties> {
        choice(node, notes, &[("turn", Ties::Turn), ("random", Ties::Random)])
    }
}
