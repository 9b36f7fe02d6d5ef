//! Files and the page cache of each host.
//!
//! Whole files are cached; a cache that starts warm holds file *i* with the probability that it
//! has in equilibrium, 1 − exp(−λᵢT), T by Che's equation (Che, Tung, Wang 2002). That is off where
//! only a few files fit, so what such a cache misses after a long time is counted on one. Left out:
//! read-ahead, and writes.

use std::{collections::BTreeMap, ops::Range};

use super::{
    blueprint::{Blueprint, FilesId, HostId, Op},
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

const RESIDENT: u64 = 0x5041_4745;
const COUNTED: u64 = 0x434F_554E;
/// Che's equation is trusted where so many files fit on average, and no file is a larger part of the cache
/// than one of so many.
const FITS_LEAST: f64 = 64.0;
/// Requests by which the misses of other caches are counted, and of how many the first are not.
const REQUESTS: u64 = 200_000;
const FORGOTTEN: u64 = 20_000;

/// The page caches of all hosts that serve files.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// First number of each population's files.
    first: Vec<u32>,
    /// One for each host; `None` where nobody serves files.
    caches: Vec<Option<PageCache>>,
}

impl Catalogue {
    /// Caches as they stand in equilibrium (or empty), by the replication's luck.
    pub fn new(plan: &Blueprint, key: u64) -> Catalogue {
        let mut first = Vec::new();
        let mut total = 0;
        for files in &plan.files {
            first.push(total);
            total += files.count;
        }
        // Hosts that are alike have the same equilibrium, which is dear to find.
        let mut known: BTreeMap<(&[FilesId], u64), Equilibrium> = BTreeMap::new();
        let by_host = served(plan);
        let caches = by_host.iter().zip(&plan.hosts).map(|(served, host)| {
            let budget = host.page_cache;
            (!served.is_empty()).then(|| {
                let equilibrium = known.entry((served, budget)).or_insert_with(|| {
                    Equilibrium::new(plan, served, &first, total, budget, |warm| warm)
                });
                equilibrium.drawn(plan, mix(key, mix(name_key(&host.name), RESIDENT)), budget)
            })
        });
        let caches = caches.collect();
        Catalogue { first, caches }
    }
}

/// What is not in a page cache after a long time, of one population at one host.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Missed {
    /// Share of requests.
    pub share: f64,
    /// Bytes of what is missed, on average.
    pub bytes: f64,
}

/// What the page caches of all hosts miss after a long time, wherever they begin. Requests keep their
/// proportions, so it is the same at any load: the characteristic time falls as rates rise.
#[derive(Clone, Debug)]
pub struct Misses {
    by_host: Vec<MissedOf>,
}

/// By population, at one host.
type MissedOf = Vec<(FilesId, Missed)>;

impl Misses {
    /// By the equation that warm caches start from, or where that is too rough by counting.
    pub fn new(plan: &Blueprint) -> Misses {
        let mut first = Vec::new();
        let mut total = 0;
        for files in &plan.files {
            first.push(total);
            total += files.count;
        }
        let by_host = served(plan);
        let mut known: BTreeMap<(&[FilesId], u64), MissedOf> = BTreeMap::new();
        let misses = by_host.iter().zip(&plan.hosts).map(|(served, host)| {
            let budget = host.page_cache;
            let missed = known.entry((served, budget)).or_insert_with(|| {
                let after = Equilibrium::new(plan, served, &first, total, budget, |_| true);
                if after.is_rough(budget) {
                    after.counted(plan, budget)
                } else {
                    after.missed(plan)
                }
            });
            missed.clone()
        });
        Misses { by_host: misses.collect() }
    }

    /// Of a population at a host; nothing where there is no host.
    pub fn of(&self, host: HostId, files: FilesId) -> Missed {
        let own = self.by_host.get(host.index());
        let found = own.and_then(|own| own.iter().find(|(id, _)| *id == files));
        found.map_or(Missed::default(), |(_, missed)| *missed)
    }
}

/// The populations that services on each host serve.
fn served(plan: &Blueprint) -> Vec<Vec<FilesId>> {
    let mut by_service = vec![Vec::new(); plan.services.len()];
    for endpoint in &plan.endpoints {
        let program = plan.program[endpoint.entry as usize..].iter().map(|it| it.op);
        for op in program.take_while(|op| !matches!(op, Op::End)) {
            let served = &mut by_service[endpoint.service.index()];
            if let Op::File { files } = op
                && !served.contains(&files)
            {
                served.push(files);
            }
        }
    }
    let mut by_host = vec![Vec::new(); plan.hosts.len()];
    for instance in &plan.instances {
        let Some(served) = by_host.get_mut(instance.host.index()) else { continue };
        for &files in &by_service[instance.service.index()] {
            if !served.contains(&files) {
                served.push(files);
            }
        }
    }
    by_host
}

/// Where the caches of hosts that are alike stand after a long time.
struct Equilibrium {
    /// The populations that are asked about, each with the numbers of its files.
    warm: Vec<(FilesId, Range<usize>)>,
    /// For each file the probability that it is there.
    chances: Vec<f64>,
    /// For each file its size.
    bytes: Vec<u64>,
}

impl Equilibrium {
    fn new(
        plan: &Blueprint,
        served: &[FilesId],
        first: &[u32],
        total: u32,
        budget: u64,
        starts_in: fn(bool) -> bool,
    ) -> Equilibrium {
        let warm: Vec<(FilesId, Range<usize>)> = served
            .iter()
            .filter(|files| starts_in(plan.files[files.index()].starts_warm))
            .map(|&files| {
                let start = first[files.index()] as usize;
                (files, start..start + plan.files[files.index()].shares.len())
            })
            .collect();
        let (mut rates, mut sizes) = (Vec::new(), Vec::new());
        for (id, _) in &warm {
            let files = &plan.files[id.index()];
            rates.extend(files.shares.iter().map(|share| share * files.rate_per_host));
            sizes.extend(files.bytes.iter().map(|&bytes| u64::from(bytes)));
        }
        let time = characteristic_time(&rates, &sizes, budget);
        let mut chances = vec![0.0; total as usize];
        let mut bytes = vec![0; total as usize];
        for (id, range) in &warm {
            let files = &plan.files[id.index()];
            let all = files.shares.iter().zip(&files.bytes);
            for (object, (share, &size)) in range.clone().zip(all) {
                chances[object] = 1.0 - exp(-share * files.rate_per_host * time);
                bytes[object] = u64::from(size);
            }
        }
        Equilibrium { warm, chances, bytes }
    }

    /// Whether so few files fit that what is in the cache is not nearly independent of one another, or some never do.
    fn is_rough(&self, budget: u64) -> bool {
        let never = |(&size, &chance): (&u64, &f64)| size > budget && chance > 0.0;
        if self.bytes.iter().zip(&self.chances).any(never) {
            return true;
        }
        let is_partly = self.chances.iter().any(|&chance| chance > 0.0 && chance < 1.0);
        let fit: f64 = self.chances.iter().sum();
        let largest = self.bytes.iter().max().map_or(0.0, |&size| size as f64);
        is_partly && (fit < FITS_LEAST || largest * FITS_LEAST > budget as f64)
    }

    /// What is missed of each population, by so many requests to such a cache.
    fn counted(&self, plan: &Blueprint, budget: u64) -> Vec<(FilesId, Missed)> {
        let mut below = Vec::new();
        let mut whole = 0.0;
        for (number, (id, range)) in (0..).zip(&self.warm) {
            let files = &plan.files[id.index()];
            for (share, object) in files.shares.iter().zip(range.clone()) {
                whole += share * files.rate_per_host;
                below.push((whole, number, object));
            }
        }
        let mut cache = PageCache::new(budget, self.bytes.len() as u32);
        // Of each population: requests, misses, and bytes of these.
        let mut counts = vec![[0_u64; 3]; self.warm.len()];
        for number in 0..FORGOTTEN + REQUESTS {
            let at = unit(draw(COUNTED, number)) * whole;
            let place = below.partition_point(|it| it.0 <= at).min(below.len() - 1);
            let (_, population, object) = below[place];
            let is_hit = cache.access(object as u32);
            if !is_hit {
                cache.insert(object as u32, |object| self.bytes[object as usize]);
            }
            if number >= FORGOTTEN {
                let [asked, missed, bytes] = &mut counts[population];
                *asked += 1;
                *missed += u64::from(!is_hit);
                *bytes += if is_hit { 0 } else { self.bytes[object] };
            }
        }
        let of = |((id, _), &[asked, missed, bytes]): (&(FilesId, _), &[u64; 3])| {
            let per =
                |sum: u64, count: u64| if count > 0 { sum as f64 / count as f64 } else { 0.0 };
            (*id, Missed { share: per(missed, asked), bytes: per(bytes, missed) })
        };
        self.warm.iter().zip(&counts).map(of).collect()
    }

    /// What is missed of each population.
    fn missed(&self, plan: &Blueprint) -> Vec<(FilesId, Missed)> {
        let of = |(id, range): &(FilesId, Range<usize>)| {
            let files = &plan.files[id.index()];
            let (mut share, mut bytes) = (0.0, 0.0);
            for (asked, object) in files.shares.iter().zip(range.clone()) {
                let missed = asked * (1.0 - self.chances[object]);
                share += missed;
                bytes += missed * self.bytes[object] as f64;
            }
            let bytes = if share > 0.0 { bytes / share } else { 0.0 };
            (*id, Missed { share, bytes })
        };
        self.warm.iter().map(of).collect()
    }

    /// One host's cache, by its own luck.
    fn drawn(&self, plan: &Blueprint, luck: u64, budget: u64) -> PageCache {
        let mut cache = PageCache::new(budget, self.bytes.len() as u32);
        if self.warm.is_empty() {
            return cache;
        }
        let mut is_in = vec![false; self.bytes.len()];
        for (id, range) in &self.warm {
            let luck = mix(luck, name_key(&plan.files[id.index()].name));
            for (rank, object) in (0..).zip(range.clone()) {
                is_in[object] = unit(draw(luck, rank)) < self.chances[object];
            }
        }
        cache.fill(|object| is_in[object as usize], |object| self.bytes[object as usize]);
        cache
    }
}

impl<R: Recorder> Run<'_, R> {
    /// Whether a file is in a host's page cache; it was used.
    pub(crate) fn is_cached(&mut self, host: HostId, files: FilesId, rank: u32) -> bool {
        let now = self.now();
        let catalogue = &mut self.site.catalogue;
        let object = catalogue.first[files.index()] + rank;
        let is_hit =
            catalogue.caches[host.index()].as_mut().is_some_and(|cache| cache.access(object));
        self.tape.page_cache(host.0, is_hit, now);
        is_hit
    }

    /// A file was read from disk.
    pub(crate) fn cache_file(&mut self, host: HostId, files: FilesId, rank: u32) {
        let catalogue = &mut self.site.catalogue;
        let object = catalogue.first[files.index()] + rank;
        let (first, plan) = (&catalogue.first, self.plan);
        if let Some(cache) = &mut catalogue.caches[host.index()] {
            cache.insert(object, |object| {
                let population = first.partition_point(|&start| start <= object) - 1;
                let rank = object - first[population];
                u64::from(plan.files[population].bytes[rank as usize])
            });
        }
    }

    /// A host has lost its memory.
    pub(crate) fn clear_page_cache(&mut self, host: HostId) {
        if let Some(cache) = &mut self.site.catalogue.caches[host.index()] {
            cache.clear();
        }
    }
}
