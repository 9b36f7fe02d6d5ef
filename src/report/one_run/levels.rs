//! Levels, utilisations and hit shares, by batch means of what they were in the parts of the window.

use crate::{
    measure::{batch::BATCHES, figures::Figures, tally::Tally},
    stats::{batches::batch_means, interval::Estimate, ratio::Pair},
};

/// Gives them their intervals.
pub(super) fn by_batches(figures: &mut Figures<Estimate>, pool: &Tally) {
    let parts: Vec<usize> = pool.usage_ruler.whole_parts().collect();
    let seconds = pool.usage_ruler.width.seconds();
    let fill = |it: &mut Estimate, of: &dyn Fn(usize) -> Option<Pair>| {
        let pairs: Option<Vec<Pair>> = parts.iter().map(|&part| of(part)).collect();
        let Some(pairs) = pairs.filter(|_| it.value.is_some()) else { return };
        if let Ok(estimator) = batch_means(&pairs, BATCHES) {
            *it = it.bounded(&estimator);
        }
    };
    let level = |area: &u64| Pair { part: *area as f64 / 1e9, whole: seconds };
    let share = |[hits, misses]: &[u32; 2]| Pair {
        part: f64::from(*hits),
        whole: f64::from(hits + misses),
    };
    for (it, tally) in figures.services.iter_mut().zip(&pool.services) {
        let load = |part: usize| tally.load_by_part.get(part);
        fill(&mut it.in_system_mean, &|part| Some(level(&load(part)?.in_system)));
        fill(&mut it.waiting_mean, &|part| Some(level(&load(part)?.waiting)));
    }
    for (it, tally) in figures.upstreams.iter_mut().zip(&pool.upstreams) {
        fill(&mut it.queued_mean, &|part| Some(level(tally.queued_by_part.get(part)?)));
    }
    let workers = pool.shape.instances.iter().map(|it| f64::from(it.workers.unwrap_or(0)));
    let instances = figures.instances.iter_mut().zip(&pool.instances).zip(workers);
    for (((calls, own), tally), workers) in instances {
        let busy = |part: usize| Some(level(tally.busy.used.by_part.get(part)?));
        fill(&mut own.busy_mean, &busy);
        fill(&mut own.utilisation, &|part| {
            let busy = busy(part)?;
            Some(Pair { whole: busy.whole * workers, ..busy })
        });
        own.utilisation = own.utilisation.below(1.0);
        fill(&mut calls.buffer_pool_hit_share, &|part| tally.pool_by_part.get(part).map(share));
    }
    let hosts = figures.hosts.iter_mut().zip(&pool.hosts).zip(&pool.shape.hosts);
    for ((it, tally), shape) in hosts {
        for (it, areas, channels) in [
            (&mut it.cpu_utilisation, &tally.runnable.used, shape.cores),
            (&mut it.sending_utilisation, &tally.sending, 1),
            (&mut it.receiving_utilisation, &tally.receiving, 1),
            (&mut it.disk_utilisation, &tally.disk, shape.disk_parallel),
        ] {
            fill(it, &|part| {
                let used = level(areas.by_part.get(part)?);
                Some(Pair { whole: used.whole * f64::from(channels), ..used })
            });
            *it = it.below(1.0);
        }
        fill(&mut it.page_cache_hit_share, &|part| tally.cache_by_part.get(part).map(share));
    }
}
