//! How high a level was that an objective is about, part by part of the window.

use crate::{
    measure::{
        record::capacity,
        shape::{Meter, Subject},
        tally::{HostTally, Tally},
        window::Ruler,
    },
    model::blueprint::{Objective, Promise, Scope},
};

/// Whether a level, or a lag, broke its promise in a part by itself. `index`: of the objective.
pub(super) fn is_broken(objective: &Objective, index: usize, part: usize, pool: &Tally) -> bool {
    match (&pool.shape.objectives[index].subject, objective.promise) {
        (Subject::Level(meter), Promise::Utilisation { most, .. } | Promise::Queue { most }) => {
            level(meter, objective.scope, part, pool) >= most
        }
        (Subject::Lag(replicas, _), Promise::Lag { limit, .. }) => {
            let of = |it: &u32| pool.instances[*it as usize].lag_by_part.get(part);
            let seen: Vec<_> =
                replicas.iter().map(|it| of(it).copied().unwrap_or_default()).collect();
            // Where nothing becomes visible the replica is gone, or far behind.
            let is_silent = seen.iter().any(|it| it.count == 0);
            let sum: f64 = seen.iter().map(|it| it.sum_s).sum();
            let count: u64 = seen.iter().map(|it| it.count).sum();
            is_silent || sum >= limit.seconds() * count as f64
        }
        _ => false,
    }
}

fn level(meter: &Meter, scope: Scope, part: usize, pool: &Tally) -> f64 {
    let at = |areas: &[u64]| u128::from(areas.get(part).copied().unwrap_or(0));
    let hosts = |of: &[u32], areas: fn(&HostTally) -> &[u64]| -> u128 {
        of.iter().map(|&host| at(areas(&pool.hosts[host as usize]))).sum()
    };
    let area = match meter {
        Meter::Cores(of) => hosts(of, |host| &host.runnable.used.by_part),
        Meter::Disks(of) => hosts(of, |host| &host.disk.by_part),
        Meter::Sending(of) => hosts(of, |host| &host.sending.by_part),
        Meter::Workers(of) => {
            of.iter().map(|&it| at(&pool.instances[it as usize].busy.used.by_part)).sum()
        }
        Meter::Waiting(_, upstreams) => {
            let outside = upstreams.iter().map(|&it| &pool.upstreams[it as usize].queued_by_part);
            let inside = match scope {
                Scope::Service(id) => pool.services[id.index()].load_by_part.get(part),
                _ => None,
            };
            let inside = inside.map_or(0, |load| u128::from(load.waiting));
            outside.map(|it| at(it)).sum::<u128>() + inside
        }
    };
    area as f64 / (nanos(pool.usage_ruler, part, pool.replications) * capacity(meter, &pool.shape))
}

/// How long a part is, all replications together.
fn nanos(ruler: Ruler, part: usize, replications: u32) -> f64 {
    let (from, until) = ruler.edges_s(part);
    (until - from) * 1e9 * f64::from(replications)
}
