//! Pages of tables, and the pool in which an instance keeps those that were used last.
//!
//! A query reads its pages one after the other; which ones, its request's luck says, by their
//! popularity. One that is in the pool costs nothing, one that is not a random read from disk. A pool
//! that starts warm holds a page with the probability that it has in equilibrium, by Che's equation as
//! in `files`, and is lost with its process. Left out: changed pages and their flushing, read-ahead,
//! two that miss the same page at once (each reads it), a pool that is saved when a process ends.

use std::ops::Range;

use super::{
    blueprint::{Blueprint, BufferPool, InstanceId, Table, TableId},
    run::Run,
};
use crate::{
    engine::{
        luck::{draw, mix, name_key},
        maths::{exp, unit},
    },
    measure::recorder::Recorder,
    resource::{equilibrium::characteristic_time, page_cache::PageCache},
};

const RESIDENT: u64 = 0x504f_4f4c;

/// Pages whose popularity differs by no more than this share are taken to be alike where it is asked
/// how many of them are there: thousands of bands stand for millions of pages.
const ALIKE: f64 = 1e-3;

/// The pools of all instances that have one.
#[derive(Clone, Debug)]
pub struct Pools {
    by_instance: Vec<Option<PageCache>>,
}

impl Pools {
    /// As they stand in equilibrium (or empty), by the replication's luck.
    pub fn new(plan: &Blueprint, key: u64) -> Pools {
        let mut by_instance = vec![None; plan.instances.len()];
        for pool in &plan.buffer_pools {
            let tables = &plan.tables[pool.tables.clone()];
            let total = tables.iter().map(|table| table.pages).sum();
            let warm: Vec<&Table> = tables.iter().filter(|table| table.starts_warm).collect();
            let equilibrium = Equilibrium::new(&warm, pool.pages);
            let service = &plan.services[pool.service.index()];
            for instance in service.first_instance..service.first_instance + service.instances {
                let mut cache = PageCache::new(u64::from(pool.pages), total);
                if !warm.is_empty() {
                    let name = &plan.instances[instance as usize].name;
                    let luck = mix(key, mix(name_key(name), RESIDENT));
                    let is_in = equilibrium.drawn(&warm, total, luck);
                    cache.fill(|page| is_in[page as usize], |_| 1);
                }
                by_instance[instance as usize] = Some(cache);
            }
        }
        Pools { by_instance }
    }
}

/// The share of each table's page reads that miss after a long time, wherever pools begin. Reads keep
/// their proportions, so it is the same at any load.
pub fn missed(plan: &Blueprint) -> Vec<f64> {
    let of = |pool: &BufferPool| {
        let tables: Vec<&Table> = plan.tables[pool.tables.clone()].iter().collect();
        Equilibrium::new(&tables, pool.pages).missed(tables.len())
    };
    plan.buffer_pools.iter().flat_map(of).collect()
}

/// Neighbours by rank, of nearly the same popularity.
struct Band {
    /// Index of the table.
    table: usize,
    ranks: Range<u32>,
    /// Of the reads of its table, all pages of the band together.
    share: f64,
    /// That a page of it is in the pool.
    chance: f64,
}

/// Where a pool stands after a long time.
struct Equilibrium {
    bands: Vec<Band>,
}

impl Equilibrium {
    fn new(tables: &[&Table], pages: u32) -> Equilibrium {
        let mut bands: Vec<Band> = Vec::new();
        for (number, table) in tables.iter().enumerate() {
            bands.extend(in_bands(number, table));
        }
        let pages_of = |band: &Band| u64::from(band.ranks.end - band.ranks.start);
        let rate = |band: &Band| tables[band.table].reads * band.share / pages_of(band) as f64;
        let rates: Vec<f64> = bands.iter().map(rate).collect();
        let sizes: Vec<u64> = bands.iter().map(pages_of).collect();
        let time = characteristic_time(&rates, &sizes, u64::from(pages));
        for (band, rate) in bands.iter_mut().zip(rates) {
            // What nobody asks for is not there, however long one waits.
            band.chance = if rate > 0.0 { 1.0 - exp(-rate * time) } else { 0.0 };
        }
        Equilibrium { bands }
    }

    /// Which pages are in one pool, by its own luck.
    fn drawn(&self, tables: &[&Table], total: u32, luck: u64) -> Vec<bool> {
        let mut is_in = vec![false; total as usize];
        for band in &self.bands {
            let table = tables[band.table];
            let luck = mix(luck, name_key(&table.name));
            for rank in band.ranks.clone() {
                let is_there = unit(draw(luck, u64::from(rank))) < band.chance;
                is_in[(table.first + rank) as usize] = is_there;
            }
        }
        is_in
    }

    fn missed(&self, tables: usize) -> Vec<f64> {
        let mut missed = vec![0.0; tables];
        for band in &self.bands {
            missed[band.table] += band.share * (1.0 - band.chance);
        }
        missed
    }
}

fn in_bands(number: usize, table: &Table) -> Vec<Band> {
    let mut bands = Vec::new();
    let mut first = 1;
    while first <= table.pages {
        let alike = if table.zipf > 0.0 { f64::from(first) * ALIKE / table.zipf } else { f64::MAX };
        let until = (f64::from(first) + alike).min(f64::from(table.pages) + 1.0);
        let until = (until as u32).max(first + 1);
        let middle = f64::midpoint(f64::from(first), f64::from(until - 1));
        let share = f64::from(until - first) * libm::pow(middle, -table.zipf);
        bands.push(Band { table: number, ranks: first - 1..until - 1, share, chance: 0.0 });
        first = until;
    }
    let all: f64 = bands.iter().rev().map(|band| band.share).sum();
    for band in &mut bands {
        band.share /= all;
    }
    bands
}

impl<R: Recorder> Run<'_, R> {
    /// Whether a page is in an instance's pool; it was used.
    pub(crate) fn is_pooled(&mut self, instance: u32, table: TableId, rank: u32) -> bool {
        let now = self.now();
        let page = self.plan.tables[table.index()].first + rank;
        let pool = &mut self.site.pools.by_instance[instance as usize];
        let is_hit = pool.as_mut().is_some_and(|pool| pool.access(page));
        self.tape.buffer_pool(instance, is_hit, now);
        is_hit
    }

    /// A page was read from disk.
    pub(crate) fn pool_page(&mut self, instance: u32, table: TableId, rank: u32) {
        let page = self.plan.tables[table.index()].first + rank;
        if let Some(pool) = &mut self.site.pools.by_instance[instance as usize] {
            pool.insert(page, |_| 1);
        }
    }

    /// A process has lost its memory.
    pub(crate) fn clear_pool(&mut self, instance: InstanceId) {
        if let Some(pool) = &mut self.site.pools.by_instance[instance.index()] {
            pool.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::blueprint::LawId;

    fn table(pages: u32, zipf: f64) -> Table {
        let name = "db.items".to_owned();
        let popularity = LawId(0);
        let (first, page_bytes, starts_warm, reads) = (0, 1, true, 1.0);
        Table { name, pages, page_bytes, first, popularity, zipf, starts_warm, reads }
    }

    /// Against the equation with each page by itself.
    #[test]
    fn bands_are_as_good_as_pages() {
        for zipf in [0.0, 0.6, 0.99, 1.5] {
            let table = table(200_000, zipf);
            let banded = Equilibrium::new(&[&table], 40_000);
            let weights: Vec<f64> =
                (1..=table.pages).map(|rank| libm::pow(f64::from(rank), -zipf)).collect();
            let all: f64 = weights.iter().sum();
            let rates: Vec<f64> = weights.iter().map(|weight| weight / all).collect();
            let time = characteristic_time(&rates, &vec![1; rates.len()], 40_000);
            let missed: f64 = rates.iter().map(|rate| rate * exp(-rate * time)).sum();
            let found = banded.missed(1)[0];
            assert!((found - missed).abs() < 1e-5, "{zipf}: {found} {missed}");
            assert!(banded.bands.len() < 20_000);
            let last = &banded.bands[banded.bands.len() - 1];
            assert_eq!((banded.bands[0].ranks.start, last.ranks.end), (0, 200_000));
        }
    }

    #[test]
    fn what_fits_is_there() {
        let (one, mut other) = (table(1_000, 0.9), table(500, 0.0));
        other.first = 1_000;
        let all = Equilibrium::new(&[&one, &other], 1_500);
        assert_eq!(all.missed(2), [0.0, 0.0]);
        assert!(all.drawn(&[&one, &other], 1_500, 7).into_iter().all(|it| it));
        other.reads = 0.0;
        let unread = Equilibrium::new(&[&one, &other], 1_500).missed(2);
        assert_eq!((unread[0], unread[1].round()), (0.0, 1.0));
    }
}
