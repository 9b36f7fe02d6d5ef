//! Replication lag: a replica applies, one transaction after the other and each in the same time,
//! what comes as a Poisson process: the sojourn time of M/D/1. Writes cost the primary nothing and
//! nothing is flushed, so they are in the log as soon as their visitors come.

use super::harness::{Family, Row, Study};

pub(super) static FAMILY: Family = Family::new(studies);

fn site(rate: u32) -> String {
    format!(
        r#"
[hardware.machine]
cores = 1
discipline = "fifo"
[service.db]
kind = "mysql"
hardware = "machine"
instances = 2
sync_binlog = 0
innodb_flush_log_at_trx_commit = 0
replica_parallel_workers = 1
[service.db.query.order]
access = "write"
cpu = 0
apply = "1ms"
[request.order]
to = "db.order"
method = "POST"
[workload.visitors]
mix = {{ order = 1 }}
arrivals = {{ poisson = "{rate}/s" }}
"#
    )
}

/// The replica is the second instance.
const REPLICA: usize = 1;

fn studies() -> Vec<Study> {
    let study = |rate, short_s, rows| Study {
        site: site(rate),
        warm_up_s: 5.0,
        short_s,
        long_s: 0.0,
        rows,
    };
    let rows = vec![
        Row::new("lag-mean", 0.01, |it| it.figures.instances[REPLICA].1.lag_mean_s),
        Row::new("lag-p95", 0.01, |it| it.figures.instances[REPLICA].1.lag_p95_s).late(),
        Row::new("lag-p99", 0.02, |it| it.figures.instances[REPLICA].1.lag_p99_s),
    ];
    let high = Row::new("lag-mean-900", 0.01, |it| it.figures.instances[REPLICA].1.lag_mean_s);
    vec![Study { long_s: 6e3, ..study(700, 2e3, rows) }, study(900, 0.0, vec![high]).late(1e4)]
}

#[test]
fn short() {
    FAMILY.check();
}

#[test]
#[ignore = "long"]
fn long() {
    FAMILY.check_long();
}
