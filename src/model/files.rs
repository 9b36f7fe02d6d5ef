//! Files and the page cache of each host.
//!
//! Whole files are cached; a cache that starts warm holds file *i* with the probability that it
//! has in equilibrium, 1 − exp(−λᵢT), T by Che's equation (Che, Tung, Wang 2002). Left out:
//! read-ahead, and writes.

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
        let mut caches: Vec<Option<PageCache>> = vec![None; plan.hosts.len()];
        for (host, cache) in caches.iter_mut().enumerate() {
            let served = served_on(plan, host as u32);
            if !served.is_empty() {
                *cache = Some(filled(plan, key, host, &served, &first, total));
            }
        }
        Catalogue { first, caches }
    }
}

/// The populations that services on a host serve.
fn served_on(plan: &Blueprint, host: u32) -> Vec<FilesId> {
    let mut served = Vec::new();
    for instance in plan.instances.iter().filter(|instance| instance.host.0 == host) {
        for endpoint in plan.endpoints.iter().filter(|it| it.service == instance.service) {
            for op in &plan.ops[endpoint.entry as usize..] {
                if let Op::File { files } = op
                    && !served.contains(files)
                {
                    served.push(*files);
                }
                if matches!(op, Op::End) {
                    break;
                }
            }
        }
    }
    served
}

fn filled(
    plan: &Blueprint,
    key: u64,
    host: usize,
    served: &[FilesId],
    first: &[u32],
    total: u32,
) -> PageCache {
    let it = &plan.hosts[host];
    let mut cache = PageCache::new(it.page_cache, total);
    let warm = || served.iter().filter(|files| plan.files[files.index()].starts_warm);
    let rates = |id: &FilesId| {
        let files = &plan.files[id.index()];
        files.shares.iter().map(|share| share * files.rate_per_host).collect::<Vec<_>>()
    };
    let all_rates: Vec<f64> = warm().flat_map(rates).collect();
    let all_bytes: Vec<u64> = warm()
        .flat_map(|id| plan.files[id.index()].bytes.iter().map(|&bytes| u64::from(bytes)))
        .collect();
    if all_rates.is_empty() {
        return cache;
    }
    let time = characteristic_time(&all_rates, &all_bytes, it.page_cache);
    let luck = mix(key, mix(name_key(&it.name), RESIDENT));
    let mut is_in = vec![false; total as usize];
    let mut bytes = vec![0; total as usize];
    for id in warm() {
        let files = &plan.files[id.index()];
        let start = first[id.index()] as usize;
        let luck = mix(luck, name_key(&files.name));
        for (rank, share) in files.shares.iter().enumerate() {
            let object = start + rank;
            let chance = 1.0 - exp(-share * files.rate_per_host * time);
            is_in[object] = unit(draw(luck, rank as u64)) < chance;
            bytes[object] = u64::from(files.bytes[rank]);
        }
    }
    cache.fill(|object| is_in[object as usize], |object| bytes[object as usize]);
    cache
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
