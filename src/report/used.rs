//! How busy stations were, as measured: what the utilisation law says is held against that.

use std::collections::BTreeSet;

use super::summary::{Instance, Summary};
use crate::model::{
    blueprint::{Blueprint, InstanceId, Upstream},
    operational::{Kind, Station, Where},
};

/// How busy something was.
pub struct Used {
    /// Its name.
    pub name: String,
    /// How much of it was in use.
    pub utilisation: f64,
    /// It is the station that was asked about.
    pub is_next: bool,
}

/// How busy a station was, of all its places, on so many replications. `None`: nothing measures it.
pub fn used(
    plan: &Blueprint,
    (summary, replications): (&Summary, u32),
    station: &Station,
) -> Option<f64> {
    let host = |id: u32| {
        let name = &plan.hosts[id as usize].name;
        let figures = &summary.hosts.iter().find(|it| it.name == *name)?.figures;
        match station.kind {
            Kind::Cpu => figures.cpu_utilisation.value,
            Kind::NicOut => figures.sending_utilisation.value,
            Kind::NicIn => figures.receiving_utilisation.value,
            _ => figures.disk_utilisation.value,
        }
    };
    let instance = |id: u32| {
        let name = &plan.instances[id as usize].name;
        summary.instances.iter().find(|it| it.name == *name)?.own.utilisation.value
    };
    let each: Option<Vec<f64>> = match station.kind {
        Kind::Cpu | Kind::NicOut | Kind::NicIn | Kind::Disk => {
            station.at.iter().map(|id| host(*id)).collect()
        }
        Kind::Loops | Kind::Workers => station.at.iter().map(|id| instance(*id)).collect(),
        Kind::Connections | Kind::Appliers | Kind::Pool => {
            let held = held(plan, summary, station, replications);
            Some(held.into_iter().map(|it| it.utilisation).collect())
        }
        Kind::DiskBytes | Kind::DiskOperations => None,
    };
    let each = each.filter(|it| !it.is_empty())?;
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

/// Whether how busy it is can be measured.
pub fn is_measured(plan: &Blueprint, station: &Station) -> bool {
    match station.kind {
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::Loops
        | Kind::Workers
        | Kind::Connections
        | Kind::Appliers => true,
        Kind::Pool => pooled_at(plan, station).is_some(),
        Kind::DiskBytes | Kind::DiskOperations => false,
    }
}

/// How much is held of what has no clock of its own: connections by their mean, a caller's slots by the calls at
/// its servers (those on the way are left out), appliers by the transactions on their way to be seen, which is
/// the rate at which they are applied times their lag (Little's law; all of them, if more wait).
pub fn held(plan: &Blueprint, summary: &Summary, next: &Station, replications: u32) -> Vec<Used> {
    let of = |id: InstanceId| &plan.instances[id.index()].name;
    let seen = |id: InstanceId| summary.instances.iter().find(|it| it.name == *of(id));
    let each = next.capacity / next.at.len() as f64;
    let at_each = |value: &dyn Fn(&Instance) -> Option<f64>| -> Vec<Used> {
        let all = next.at.iter().map(|id| InstanceId(*id));
        all.filter_map(|id| {
            let utilisation = (value(seen(id)?)? / each).min(1.0);
            let name = format!("{} of {}", next.kind.name(), of(id));
            Some(Used { name, utilisation, is_next: true })
        })
        .collect()
    };
    match next.kind {
        Kind::Connections => at_each(&|it| it.own.connections_mean.value),
        Kind::Appliers => at_each(&|it| {
            let seconds = plan.duration.seconds() * f64::from(replications);
            Some(it.applied as f64 / seconds * it.own.lag_mean_s.value?)
        }),
        Kind::Pool => {
            let Some(servers) = pooled_at(plan, next) else { return Vec::new() };
            let calls = servers.iter().filter_map(|id| seen(*id)?.figures.in_system_mean.value);
            let utilisation = (calls.sum::<f64>() / next.capacity).min(1.0);
            vec![Used { name: next.name(plan), utilisation, is_next: true }]
        }
        Kind::Cpu
        | Kind::NicOut
        | Kind::NicIn
        | Kind::Disk
        | Kind::DiskBytes
        | Kind::DiskOperations
        | Kind::Loops
        | Kind::Workers => Vec::new(),
    }
}

/// Who holds a caller's slots: the servers of its view, where all callers are alike and nobody else calls
/// these.
fn pooled_at(plan: &Blueprint, station: &Station) -> Option<BTreeSet<InstanceId>> {
    let Where::View { of, callers } = &station.place else { return None };
    let view = &plan.upstreams[of.index()];
    if callers.len() != plan.services[view.caller.index()].instances as usize {
        return None;
    }
    let servers = |view: &Upstream| -> BTreeSet<InstanceId> {
        view.servers_in(&plan.servers).iter().map(|it| it.instance).collect()
    };
    let own = servers(view);
    let others = plan.upstreams.iter().enumerate().filter(|it| it.0 != of.index());
    others.into_iter().all(|(_, other)| servers(other).is_disjoint(&own)).then_some(own)
}
