//! `MySQL`: one process, a thread for each connection, a primary that takes the writes, replicas
//! that follow its binary log. Sources are the reference manual's pages of system variables.
//!
//! Left out: locks of rows, the buffer pool as a cache (queries say how many pages they miss),
//! semi-synchronous and group replication, failover, checkpoints.

use crate::{
    engine::time::Span,
    model::blueprint::Order,
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{Ground, Kind, SOMAXCONN, Version, bare_upstream, nobody, nothing},
        law::{BytesLaw, CountLaw, Room, SpanLaw},
        program::{choice, is_nothing, plain, request_bytes_or},
        schema::{Accept, Endpoint, Log, Name, Parts, Serving, What},
        tree::Node,
    },
};

pub(super) const KIND: Kind = Kind { name: "mysql", read, unmodelled: &UNMODELLED };

const UNMODELLED: [&str; 26] = [
    "binlog_group_commit_sync_delay",
    "binlog_group_commit_sync_no_delay_count",
    "innodb_buffer_pool_instances",
    "innodb_buffer_pool_size",
    "innodb_deadlock_detect",
    "innodb_flush_method",
    "innodb_io_capacity",
    "innodb_lock_wait_timeout",
    "innodb_read_io_threads",
    "innodb_redo_log_capacity",
    "innodb_rollback_on_timeout",
    "innodb_thread_concurrency",
    "innodb_write_io_threads",
    "long_query_time",
    "max_execution_time",
    "net_read_timeout",
    "net_write_timeout",
    "replica_net_timeout",
    "replica_parallel_type",
    "replica_preserve_commit_order",
    "rpl_semi_sync_source_enabled",
    "rpl_semi_sync_source_timeout",
    "thread_cache_size",
    "thread_handling",
    "transaction_isolation",
    "wait_timeout",
];

/// Bytes of an `InnoDB` page.
const PAGE: u32 = 16 << 10;

/// `wait_timeout`: idle connections are closed after eight hours.
const WAIT_TIMEOUT: Span = Span::from_millis(28_800_000);

fn read(service: &Fields<'_>, ground: Ground) -> Parts {
    service.or::<Version>("version", "\"8.4\"", "the long-term release");
    let replication =
        service.or::<Replication>("replication", "\"async\"", "as MySQL replicates on its own");
    if replication == Replication::None && ground.instances > 1 {
        let says = "several instances, and none of them replicates";
        let hint = "`replication = \"async\"`, or `instances = 1`";
        service.notes.hinted(service.at("replication"), says, hint);
    }
    let page = "MySQL manual, server system variables";
    let source = format!("{page}, max_connections");
    let max_connections = service.count_or("max_connections", 1..=100_000, "151", &source);
    let page = "MySQL manual, binary logging options";
    let source = format!("{page}, sync_binlog: a flush for each commit group");
    let sync_binlog = service.or::<u32>("sync_binlog", "1", &source);
    let page = "MySQL manual, InnoDB system variables";
    let source = format!("{page}, innodb_flush_log_at_trx_commit");
    let flush = service.count_or("innodb_flush_log_at_trx_commit", 0..=2, "1", &source);
    let page = "MySQL manual, replica options";
    let source = format!("{page}, replica_parallel_workers");
    let workers = service.count_or("replica_parallel_workers", 0..=1024, "4", &source);
    let source = "MySQL manual, CHANGE REPLICATION SOURCE TO, SOURCE_CONNECT_RETRY";
    let reconnect = service.or::<Span>("source_connect_retry", "\"60s\"", source);
    let source = "a row event with its header for a few rows of some hundred bytes";
    let event_bytes = service.or::<BytesLaw>("binlog_event", "\"1KiB\"", source).0;
    Parts {
        processes: 1,
        serving: Serving::Slots {
            slots: u32::MAX,
            room: Room::Unlimited,
            order: Order::Fifo,
            patience: None,
        },
        accept: Some(Accept {
            backlog: max_connections.min(SOMAXCONN),
            connections_max: max_connections,
            is_strict: true,
            process_connections_max: u32::MAX,
            idle: Some(WAIT_TIMEOUT),
            keeps_alive: true,
        }),
        stops_when_abandoned: false,
        upstreams: Vec::new(),
        endpoints: service.named("query", "query").iter().map(query).collect(),
        passing: None,
        undeclared: bare_upstream(String::new(), nobody(service.at)),
        log: Some(Log {
            fsync_stages: u32::from(sync_binlog == 1) + u32::from(flush == 1),
            event_bytes,
            // 0 is the old single applier.
            apply_workers: workers.max(1),
            reconnect,
        }),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replication {
    Async,
    None,
}

impl Read for Replication {
    fn read(node: &Node, notes: &Notes) -> Option<Replication> {
        if let Some(word @ ("semisync" | "semi-sync" | "group")) = node.text() {
            let says = format!("replication of mysql that is not modelled (yet): `{word}`");
            notes.hinted(node.at, says, "modelled: async, none");
            return None;
        }
        choice(node, notes, &[("async", Replication::Async), ("none", Replication::None)])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl Read for Access {
    fn read(node: &Node, notes: &Notes) -> Option<Access> {
        choice(node, notes, &[("read", Access::Read), ("write", Access::Write)])
    }
}

fn query(named: &Named<'_>) -> Endpoint {
    let fields = &named.fields;
    let writes = fields.need::<Access>("access") == Some(Access::Write);
    let cpu = fields.need::<SpanLaw>("cpu").map_or_else(nothing, |law| law.0);
    let source = "all pages are in the buffer pool";
    let disk_reads = fields.or::<CountLaw>("disk_reads", "0", source).0;
    let source = "some rows of a hundred bytes each";
    let rows = fields.or::<BytesLaw>("rows", "\"1KiB\"", source).0;
    let source = "a statement of a few lines";
    let request_bytes = request_bytes_or(fields, "\"200B\"", source);
    let apply = writes.then(|| {
        let law = fields.get::<SpanLaw>("apply");
        if !fields.has("apply")
            && let Some(text) = fields.toml("cpu")
        {
            fields.filled("apply", text, "a replica does the work of its source");
        }
        let source = "what a write touches is as a rule in a replica's buffer pool too";
        let reads = fields.or::<CountLaw>("apply_reads", "0", source).0;
        (law.map_or_else(|| cpu.clone(), |law| law.0), reads)
    });
    if !writes && (fields.has("apply") || fields.has("apply_reads")) {
        let says = "a read is not applied at replicas";
        fields.notes.mistake(fields.at, says);
        fields.node("apply");
        fields.node("apply_reads");
    }
    fields.finish();
    let mut steps = vec![What::Cpu { work: cpu, of_request: false }];
    if !is_nothing(&disk_reads) {
        steps.push(What::Read { count: disk_reads, bytes: PAGE });
    }
    if writes {
        steps.push(What::Commit);
    }
    steps.push(What::Respond(rows));
    Endpoint {
        name: Name { text: named.name.clone(), at: named.at },
        class: 0,
        request_bytes,
        writes,
        steps: plain(named.at, steps),
        files: None,
        apply,
    }
}
