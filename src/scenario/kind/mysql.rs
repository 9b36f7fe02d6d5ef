//! `MySQL`: one process, a thread for each connection, a primary that takes the writes, replicas
//! that follow its binary log. Sources are the reference manual's pages of system variables.
//!
//! Without `innodb_buffer_pool_size` queries say how many pages they miss (`disk_reads`). With it they
//! say how many they read of which table, and each instance has a pool, which a crash empties. New
//! pages go to the end that is evicted last, not to the head of the old sublist
//! (`innodb_old_blocks_pct`, 37): that guards against scans, and here nobody scans.
//!
//! Left out: locks of rows, semi-synchronous and group replication, failover, checkpoints, changed
//! pages, `innodb_buffer_pool_dump_at_shutdown`.

use crate::{
    engine::time::Span,
    model::blueprint::Order,
    scenario::{
        fields::{Fields, Named, Notes, Read},
        kind::{
            Ground, Kind, SOMAXCONN, Version, bare_upstream, nobody, nothing,
            popular::{Popularity, Start},
        },
        law::{BytesLaw, CountLaw, Room, SpanLaw},
        program::{choice, is_nothing, plain, request_bytes_or},
        schema::{Accept, Endpoint, Log, Name, Parts, Pool, Serving, Table, What},
        tree::Node,
        units::{Bytes, Maybe},
    },
};

pub(super) const KIND: Kind = Kind { name: "mysql", read, unmodelled: &UNMODELLED };

const UNMODELLED: [&str; 27] = [
    "binlog_group_commit_sync_delay",
    "binlog_group_commit_sync_no_delay_count",
    "innodb_buffer_pool_dump_at_shutdown",
    "innodb_buffer_pool_instances",
    "innodb_deadlock_detect",
    "innodb_flush_method",
    "innodb_io_capacity",
    "innodb_lock_wait_timeout",
    "innodb_old_blocks_pct",
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
    let version = service.or::<Version>("version", "\"8.4\"", "the long-term release");
    if version < Version(8, 0, 0) {
        let says = "mysql before 8.0 is not modelled (yet): its defaults are others";
        service.notes.hinted(service.at("version"), says, "modelled: 8.0 and later");
    }
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
    if sync_binlog > 1 {
        let says = "`sync_binlog` beyond 1 is not modelled (yet): a flush in so many commit groups";
        let hint = "1 flushes each group, 0 leaves it to the system";
        service.notes.hinted(service.at("sync_binlog"), says, hint);
    }
    let page = "MySQL manual, InnoDB system variables";
    let source = format!("{page}, innodb_flush_log_at_trx_commit");
    let flush = service.count_or("innodb_flush_log_at_trx_commit", 0..=2, "1", &source);
    let page = "MySQL manual, replica options";
    // "8.0" is its last release.
    let (default, source) = if (Version(8, 0, 1)..Version(8, 0, 27)).contains(&version) {
        ("0", format!("{page}, replica_parallel_workers: one applier before 8.0.27"))
    } else {
        ("4", format!("{page}, replica_parallel_workers"))
    };
    let workers = service.count_or("replica_parallel_workers", 0..=1024, default, &source);
    let source = "MySQL manual, CHANGE REPLICATION SOURCE TO, SOURCE_CONNECT_RETRY";
    let reconnect = service.or::<Span>("source_connect_retry", "\"60s\"", source);
    let pool = pool(service);
    let tables: &[Table] = pool.as_ref().map_or(&[], |pool| &pool.tables);
    let endpoints: Vec<Endpoint> =
        service.named("query", "query").iter().map(|named| query(named, tables)).collect();
    if let Some(pool) = &pool {
        are_read(pool, &endpoints, service.notes);
    }
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
        endpoints,
        passing: None,
        undeclared: bare_upstream(String::new(), nobody(service.at)),
        log: Some(Log {
            fsync_stages: u32::from(sync_binlog == 1) + u32::from(flush == 1),
            event_bytes,
            // 0 is the old single applier.
            apply_workers: workers.max(1),
            reconnect,
        }),
        pool,
    }
}

/// More pages than this (160 GB) would take long to fill, in each replication and instance.
const PAGES_MAX: u64 = 10_000_000;

fn pool(service: &Fields<'_>) -> Option<Pool> {
    let notes = service.notes;
    let source = "queries say how many pages they miss";
    let key = "innodb_buffer_pool_size";
    let size = service.or::<Maybe<Bytes>>(key, "\"none\"", source).0;
    let named = service.named("table", "table");
    let tables: Vec<Option<Table>> = named.iter().map(table).collect();
    let Some(Bytes(bytes)) = size else {
        if let Some(first) = named.first() {
            let hint = format!("write `{key}`, as in `{key} = \"48GiB\"`");
            notes.hinted(first.at, "a table, and no buffer pool to read it through", hint);
        }
        return None;
    };
    let at = service.at(key);
    let pages = bytes / u64::from(PAGE);
    if pages == 0 {
        notes.mistake(at, "a buffer pool without room for a page of 16 KiB");
        return None;
    }
    let tables: Vec<Table> = tables.into_iter().collect::<Option<_>>()?;
    let all: u64 = tables.iter().map(|table| u64::from(table.pages)).sum();
    if all > PAGES_MAX {
        let hint = "ten million pages of 16 KiB at most; rows that nobody asks for need no pages";
        notes.hinted(at, format!("tables of {all} pages"), hint);
        return None;
    }
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    Some(Pool { bytes, page_bytes: PAGE, pages, at, tables })
}

fn table(named: &Named<'_>) -> Option<Table> {
    let fields = &named.fields;
    let size = fields.need::<Bytes>("size");
    let popularity = fields.need::<Popularity>("popularity");
    let source = "a server that has been running for a while";
    let starts_warm = fields.or::<Start>("start", "\"warm\"", source) == Start::Warm;
    fields.finish();
    let (Bytes(size), popularity) = (size?, popularity?);
    let pages = size.div_ceil(u64::from(PAGE)).max(1);
    if pages > PAGES_MAX {
        let hint = "ten million pages of 16 KiB at most; rows that nobody asks for need no pages";
        fields.notes.hinted(fields.at("size"), format!("a table of {pages} pages"), hint);
        return None;
    }
    match popularity.law(pages as u32) {
        Ok(law) => Some(Table {
            name: Name { text: named.name.clone(), at: named.at },
            pages: pages as u32,
            zipf: popularity.0,
            popularity: law,
            starts_warm,
        }),
        Err(reason) => {
            fields.notes.mistake(fields.at("popularity"), reason);
            None
        }
    }
}

/// A table that no query reads would take no part in anything.
fn are_read(pool: &Pool, queries: &[Endpoint], notes: &Notes) {
    let steps = || queries.iter().flat_map(|query| &query.steps);
    if pool.tables.is_empty() {
        let hint = "declare `[service.X.table.NAME]`, and name it in queries as their `table`";
        notes.hinted(pool.at, "a buffer pool without tables", hint);
    }
    for (number, table) in pool.tables.iter().enumerate() {
        let reads = |what: &What| matches!(what, What::Pages { table, .. } if *table == number);
        if !steps().any(|step| reads(&step.what)) {
            let says = format!("no query reads table `{}`", table.name.text);
            notes.hinted(table.name.at, says, "name it in a query as its `table`");
        }
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

/// The pages that a query reads through the pool.
fn pages(fields: &Fields<'_>, tables: &[Table]) -> Option<What> {
    let Some(name) = fields.get::<String>("table") else {
        if fields.has("pages") {
            let hint = "name its `table`; without a buffer pool it is `disk_reads`";
            fields.notes.hinted(fields.at("pages"), "pages of no table", hint);
            fields.node("pages");
        }
        return None;
    };
    let source = "a row by its key; the upper levels of the tree are always in the pool";
    let count = fields.or::<CountLaw>("pages", "1", source).0;
    for key in ["disk_reads", "apply_reads"] {
        if fields.has(key) {
            let says = "what is read from disk is what the buffer pool misses";
            fields.notes.hinted(fields.at(key), says, "leave it out, or leave out `table`");
            fields.node(key);
        }
    }
    let known = tables.iter().map(|table| table.name.text.as_str());
    let table = fields.notes.find("table", "tables", &name, fields.at("table"), known)?;
    Some(What::Pages { table, count })
}

fn query(named: &Named<'_>, tables: &[Table]) -> Endpoint {
    let fields = &named.fields;
    let writes = fields.need::<Access>("access") == Some(Access::Write);
    let cpu = fields.need::<SpanLaw>("cpu").map_or_else(nothing, |law| law.0);
    let pages = pages(fields, tables);
    let source = "all pages are in the buffer pool";
    let is_pooled = fields.has("table");
    let reads = |key: &'static str, source: &str| {
        if is_pooled { nothing() } else { fields.or::<CountLaw>(key, "0", source).0 }
    };
    let disk_reads = reads("disk_reads", source);
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
        let reads = reads("apply_reads", source);
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
    steps.extend(pages);
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
