//! Tables for other tools: `latency.csv`, the whole distribution, and `timeseries.csv`.
//!
//! Times count from the beginning of the measured window. Over time, requests are counted where
//! they arrived, but for `throughput_per_s`, which counts successes where they ended. Values are
//! those of all replications together; an empty cell is "no data".

use csv::{Terminator, WriterBuilder};

use super::summary::VISITORS;
use crate::{
    measure::{
        latency::Latency,
        tally::{RequestTally, Tally},
        window::Areas,
    },
    model::blueprint::Blueprint,
};

/// A table under construction.
struct Rows(csv::Writer<Vec<u8>>);

impl Rows {
    fn new(titles: &[&str]) -> Rows {
        let mut builder = WriterBuilder::new();
        let mut rows = Rows(builder.terminator(Terminator::Any(b'\n')).from_writer(Vec::new()));
        rows.0.write_record(titles).expect("memory takes all");
        rows
    }

    fn row(&mut self, cells: &[String]) {
        self.0.write_record(cells).expect("as many cells as titles");
    }

    fn text(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes all");
        String::from_utf8(bytes).expect("text was written")
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Shares from 0 to where one request in `count` is left, ten to each halving of what is left.
pub fn shares(count: u64) -> Vec<f64> {
    let mut shares = Vec::new();
    let mut left = 1.0;
    while left * count as f64 >= 1.0 {
        shares.extend((0..10).map(|tenth| 1.0 - left * (1.0 - f64::from(tenth) / 20.0)));
        left /= 2.0;
    }
    shares.push(1.0);
    shares
}

/// The distribution of latency by request type and outcome.
pub fn latency(site: &Blueprint, pool: &Tally) -> String {
    let mut rows = Rows::new(&["request", "outcome", "share", "latency_s", "count"]);
    let mut distribution = |request: &str, outcome: &str, latency: &Latency| {
        let count = latency.moments.count;
        if count == 0 {
            return;
        }
        let mut quantile = latency.ascending();
        for share in shares(count) {
            rows.row(&[
                request.to_owned(),
                outcome.to_owned(),
                share.to_string(),
                cell(quantile(share)),
                count.to_string(),
            ]);
        }
    };
    let all = pool.site();
    distribution("site", "success", &all.ok);
    distribution("site", "failure", &all.failed);
    for (request, tally) in site.requests.iter().zip(&pool.requests) {
        distribution(&request.name, "success", &tally.ok);
        distribution(&request.name, "failure", &tally.failed);
    }
    rows.text()
}

const SERIES: [&str; 15] = [
    "scope",
    "name",
    "from_s",
    "until_s",
    "offered_per_s",
    "failed_per_s",
    "throughput_per_s",
    "p50_s",
    "p95_s",
    "p99_s",
    "cpu_utilisation",
    "sending_utilisation",
    "receiving_utilisation",
    "disk_utilisation",
    "workers_utilisation",
];

/// Requests, hosts and instances over time.
pub fn timeseries(site: &Blueprint, pool: &Tally) -> String {
    let mut rows = Rows::new(&SERIES);
    requests(&mut rows, "site", pool, &pool.site());
    for (request, tally) in site.requests.iter().zip(&pool.requests) {
        requests(&mut rows, &request.name, pool, tally);
    }
    for (index, host) in site.hosts.iter().enumerate() {
        let (tally, shape) = (&pool.hosts[index], pool.shape.hosts[index]);
        let nic = u32::from(host.nic_bits.is_some());
        let columns = [
            (&tally.runnable.used, shape.cores),
            (&tally.sending, nic),
            (&tally.receiving, nic),
            (&tally.disk, shape.disk_parallel),
        ];
        usage(&mut rows, "host", &host.name, pool, &columns, 0);
    }
    for (index, instance) in site.instances.iter().enumerate() {
        let workers = pool.shape.instances[index].workers.filter(|&workers| workers > 0);
        if let Some(workers) = workers
            && site.services[instance.service.index()].kind != VISITORS
        {
            let columns = [(&pool.instances[index].busy.used, workers)];
            usage(&mut rows, "instance", &instance.name, pool, &columns, 4);
        }
    }
    rows.text()
}

fn requests(rows: &mut Rows, name: &str, pool: &Tally, tally: &RequestTally) {
    let scope = if name == "site" { "site" } else { "request" };
    for (index, part) in tally.parts.iter().enumerate() {
        let (from, until) = pool.request_ruler.edges_s(index);
        let seconds = (until - from) * f64::from(pool.replications);
        let rate = |count: u64| (count as f64 / seconds).to_string();
        let mut cells =
            vec![scope.to_owned(), name.to_owned(), from.to_string(), until.to_string()];
        cells.extend([rate(part.ok + part.failed), rate(part.failed), rate(part.completed)]);
        cells.extend([0.5, 0.95, 0.99].map(|share| cell(part.latency.quantile(share))));
        cells.resize(SERIES.len(), String::new());
        rows.row(&cells);
    }
}

/// Areas as shares of so many channels each, in the columns from `skipped` on; no channels, no data.
fn usage(
    rows: &mut Rows,
    scope: &str,
    name: &str,
    pool: &Tally,
    columns: &[(&Areas, u32)],
    skipped: usize,
) {
    for index in 0..pool.usage_ruler.parts() {
        let (from, until) = pool.usage_ruler.edges_s(index);
        let mut cells =
            vec![scope.to_owned(), name.to_owned(), from.to_string(), until.to_string()];
        cells.resize(10 + skipped, String::new());
        cells.extend(
            columns.iter().map(|&(areas, channels)| cell(share(areas, index, channels, pool))),
        );
        cells.resize(SERIES.len(), String::new());
        rows.row(&cells);
    }
}

/// The share of `channels` in use in a part of the window.
pub fn share(areas: &Areas, part: usize, channels: u32, pool: &Tally) -> Option<f64> {
    let (from, until) = pool.usage_ruler.edges_s(part);
    let nanos = (until - from) * 1e9 * f64::from(pool.replications) * f64::from(channels);
    // Edges in seconds are rounded; a share is not more than all.
    (channels > 0).then(|| (areas.by_part[part] as f64 / nanos).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn shares_end_where_one_request_is_left() {
        let shares = shares(4);
        assert_eq!(shares.len(), 31);
        assert_eq!((shares[0], shares[10], shares[20], shares[30]), (0.0, 0.5, 0.75, 1.0));
        assert!(shares.windows(2).all(|pair| pair[0] < pair[1]));
    }

    /// The first lines of each kind of row; the rest is more of the same.
    fn excerpt(text: &str) -> String {
        let key = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(",");
        let mut last = (String::new(), 0);
        let mut kept = String::new();
        for line in text.lines() {
            last = if last.0 == key(line) { (last.0, last.1 + 1) } else { (key(line), 0) };
            if last.1 < 2 {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        kept
    }

    #[test]
    fn tables_of_a_small_site() {
        let (site, pool) = (sample::site(), sample::fold().pool);
        insta::assert_snapshot!("latency", excerpt(&latency(&site, &pool)));
        insta::assert_snapshot!("timeseries", excerpt(&timeseries(&site, &pool)));
    }
}
