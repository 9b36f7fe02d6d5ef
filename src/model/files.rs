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
        let by_host = served(plan);
        let caches = by_host.iter().enumerate().map(|(host, served)| {
            let is_used = !served.is_empty();
            is_used.then(|| filled(plan, key, host, served, &first, total))
        });
        let caches = caches.collect();
        Catalogue { first, caches }
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
