//! Replicated logs, populations of files, and tables with what is kept of them in memory.

use crate::{
    engine::{
        luck::{draw, name_key},
        maths::unit,
        memo::Memo,
        sample::Law,
    },
    model::blueprint::{BufferPool, Files, InstanceId, Log, ServiceId, Table},
    scenario::{
        compile::Build,
        schema::{self, Service, What},
    },
};

impl Build<'_> {
    /// A log for each service that is written to.
    pub(super) fn logs(&mut self) {
        for (number, service) in self.site.services.iter().enumerate() {
            let log = service.parts.log.as_ref();
            let is_written = service.parts.endpoints.iter().any(|endpoint| endpoint.writes);
            let compiled = log.filter(|_| is_written).map(|log| self.log(number, service, log));
            self.logs.push(compiled.is_some().then_some(self.out.logs.len() as u32));
            self.out.logs.extend(compiled);
        }
    }

    fn log(&mut self, number: usize, service: &Service, log: &schema::Log) -> Log {
        let first = self.out.services[number].first_instance;
        Log {
            primary: InstanceId(first),
            replicas: (1..service.instances).map(|replica| InstanceId(first + replica)).collect(),
            fsync_stages: log.fsync_stages,
            event_bytes: self.law(&log.event_bytes),
            apply_workers: log.apply_workers,
            reconnect: self.delay(log.reconnect),
            place: name_key(&format!("{}/log", service.name.text)),
        }
    }

    pub(super) fn files(&mut self) {
        for (number, service) in self.site.services.iter().enumerate() {
            for (own, endpoint) in service.parts.endpoints.iter().enumerate() {
                let Some(files) = &endpoint.files else { continue };
                let rate = self.routes.rates[self.routes.first[number] + own];
                let name = format!("{}.{}", service.name.text, endpoint.name.text);
                let popularity = self.law(&files.popularity);
                self.files.insert((number, own), self.out.files.len() as u32);
                self.out.files.push(Files {
                    count: files.count,
                    popularity,
                    shares: shares(files.count, files.zipf),
                    bytes: bytes(&name, files),
                    starts_warm: files.starts_warm,
                    rate_per_host: rate / f64::from(service.instances),
                    name,
                });
            }
        }
    }
}

impl Build<'_> {
    pub(super) fn tables(&mut self) {
        for (number, service) in self.site.services.iter().enumerate() {
            let Some(pool) = &service.parts.pool else { continue };
            let first_table = self.out.tables.len();
            let mut first = 0;
            for (index, table) in pool.tables.iter().enumerate() {
                let popularity = self.law(&table.popularity);
                self.out.tables.push(Table {
                    name: format!("{}.{}", service.name.text, table.name.text),
                    pages: table.pages,
                    page_bytes: pool.page_bytes,
                    first,
                    popularity,
                    zipf: table.zipf,
                    starts_warm: table.starts_warm,
                    reads: self.reads(number, index),
                });
                first += table.pages;
            }
            self.out.buffer_pools.push(BufferPool {
                service: ServiceId(number as u32),
                pages: pool.pages,
                tables: first_table..self.out.tables.len(),
            });
        }
    }

    /// Pages of a table that queries of its service are expected to read in a second.
    fn reads(&self, number: usize, table: usize) -> f64 {
        let endpoints = self.site.services[number].parts.endpoints.iter().enumerate();
        let reads = endpoints.map(|(own, endpoint)| {
            let rate = self.routes.rates[self.routes.first[number] + own];
            let pages = endpoint.steps.iter().map(|step| match &step.what {
                What::Pages { table: of, count } if *of == table => count.mean(),
                _ => 0.0,
            });
            rate * pages.sum::<f64>()
        });
        reads.sum()
    }
}

/// Larger populations are not remembered.
const KNOWN_FILES_MAX: u32 = 1 << 16;

/// Popularity by rank: `1 / rank^s`, summed to 1 from the smallest on.
fn shares(count: u32, exponent: f64) -> Vec<f64> {
    static KNOWN: Memo<(u32, u64), Vec<f64>> = Memo::new(16);
    if count > KNOWN_FILES_MAX {
        return computed_shares(count, exponent);
    }
    let known = KNOWN.get((count, exponent.to_bits()), |_| computed_shares(count, exponent));
    known.to_vec()
}

fn computed_shares(count: u32, exponent: f64) -> Vec<f64> {
    let mut shares: Vec<f64> =
        (1..=count).map(|rank| libm::pow(f64::from(rank), -exponent)).collect();
    let sum: f64 = shares.iter().rev().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

/// The size of each file, by its own key: one more file changes no other.
fn bytes(name: &str, files: &schema::Files) -> Vec<u32> {
    static KNOWN: Memo<(String, String, u32), Vec<u32>> = Memo::new(16);
    // Tables of counts do not tell all of themselves.
    if files.count > KNOWN_FILES_MAX || matches!(files.size, Law::Steps(_)) {
        return computed_bytes(name, files);
    }
    let of = (name.to_owned(), format!("{:?}", files.size), files.count);
    KNOWN.get(of, |_| computed_bytes(name, files)).to_vec()
}

fn computed_bytes(name: &str, files: &schema::Files) -> Vec<u32> {
    let key = name_key(&format!("{name}/files"));
    (0..files.count)
        .map(|rank| {
            let size = files.size.quantile(unit(draw(key, u64::from(rank))));
            size.round().clamp(1.0, f64::from(u32::MAX)) as u32
        })
        .collect()
}
