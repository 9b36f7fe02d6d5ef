//! Checks across tables, of what each table alone cannot know.

use std::collections::BTreeSet;

use crate::scenario::{
    fields::Notes,
    mistake::At,
    schema::{Incident, Machine, Rounds, Service, Site, Standing, Step, What},
    units,
};

/// Operations of all programs, loops unrolled.
const OPS_MAX: u64 = 100_000;

pub(crate) fn check(site: &Site, notes: &Notes) {
    if notes.knows_all_names() {
        zones(site, notes);
    }
    memory(site, notes);
    repairs(site, notes);
    names(site, notes);
    for service in &site.services {
        disks(service, site, notes);
        if !["visitors", ""].contains(&service.kind)
            && service.parts.passing.is_none()
            && service.parts.endpoints.is_empty()
        {
            let says = format!("service `{}` answers nothing", service.name.text);
            let hint = "write `[service.NAME.endpoint.NAME]` (mysql: `query`)";
            notes.hinted(service.name.at, says, hint);
        }
    }
    sizes(site, notes);
}

/// The zones in which something stands.
fn zones_in_use(site: &Site) -> BTreeSet<usize> {
    let mut zones = BTreeSet::new();
    for service in &site.services {
        match &service.standing {
            Standing::Own { zones: own, .. } => {
                zones.extend(own.iter().take(service.instances as usize));
            }
            Standing::On(hosts) => {
                zones.extend(hosts.iter().map(|host| site.shared[*host].zone));
            }
            Standing::Outside => {}
        }
    }
    zones
}

fn zones(site: &Site, notes: &Notes) {
    let zones: Vec<usize> = zones_in_use(site).into_iter().collect();
    let network = &site.network;
    for (number, from) in zones.iter().enumerate() {
        for to in &zones[number + 1..] {
            let joins = |ends: [usize; 2]| ends == [*from, *to] || ends == [*to, *from];
            if !network.links.iter().any(|link| joins(link.ends)) {
                let (from, to) = (&network.zones[*from].text, &network.zones[*to].text);
                let says = format!("no link between the zones `{from}` and `{to}`");
                let hint = format!("write `[link.{from}-{to}]` with its `latency`");
                notes.hinted(network.at, says, hint);
            }
        }
    }
}

fn memory(site: &Site, notes: &Notes) {
    let mut shared = vec![0_u64; site.shared.len()];
    for service in &site.services {
        if let Some(pool) = &service.parts.pool
            && service.memory > 0
            && pool.bytes > service.memory
        {
            let (pool_size, memory) = (units::size(pool.bytes), units::size(service.memory));
            let says = format!("a buffer pool of {pool_size} in a process that has {memory}");
            notes.hinted(pool.at, says, "see `memory` of the service");
        }
        match &service.standing {
            Standing::Own { machine, .. } => {
                fits(&site.machines[*machine], service.memory, service.memory_at, notes);
            }
            Standing::On(hosts) => {
                for instance in 0..service.instances as usize {
                    let host = hosts[instance % hosts.len()];
                    shared[host] += service.memory;
                }
                for host in hosts {
                    if let Some(machine) = site.machines.get(site.shared[*host].machine) {
                        fits(machine, shared[*host], service.memory_at, notes);
                    }
                }
            }
            Standing::Outside => {}
        }
    }
}

/// What is repaired must have been broken: a `restart` of what runs would silently do nothing.
fn repairs(site: &Site, notes: &Notes) {
    for event in &site.events {
        let (verb, fault) = match event.what {
            Incident::Restart(service, number) => ("crash", Incident::Crash(service, number)),
            Incident::Restore(machinery) => ("lose", Incident::Lose(machinery)),
            Incident::Crash(..) | Incident::Lose(_) => continue,
        };
        if !site.events.iter().any(|other| other.what == fault && other.at <= event.at) {
            let hint = format!("write `{verb}`, with `for` or before this event");
            notes.hinted(event.place, "nothing is broken here that this could repair", hint);
        }
    }
}

fn fits(machine: &Machine, taken: u64, at: At, notes: &Notes) {
    let name = &machine.name.text;
    match machine.memory {
        None if taken > 0 => {
            let says = format!("`memory` is taken of hardware `{name}`, which says of none");
            notes.hinted(at, says, format!("write `memory` in `[hardware.{name}]`"));
        }
        Some(memory) if taken > memory => {
            let (taken, memory) = (units::size(taken), units::size(memory));
            let says = format!("services take {taken} of a host that has {memory}");
            notes.hinted(at, says, format!("see `memory` in `[hardware.{name}]`"));
        }
        Some(_) | None => {}
    }
}

/// Hosts of services are numbered (`web-1`), and a `[host]` may not take such a name.
fn names(site: &Site, notes: &Notes) {
    for host in &site.shared {
        let Some((name, number)) = host.name.text.rsplit_once('-') else { continue };
        let number = number.parse::<u32>().ok().filter(|number| *number > 0);
        let is_taken = |service: &Service| {
            matches!(service.standing, Standing::Own { .. })
                && service.name.text == name
                && number.is_some_and(|number| number <= service.instances)
        };
        if site.services.iter().any(is_taken) {
            let says = format!("`{}` is the name of a host of service `{name}`", host.name.text);
            notes.mistake(host.name.at, says);
        }
    }
}

/// An upstream whose servers all have weight 0 serves nobody.
pub(crate) fn weights(site: &Site, notes: &Notes) {
    for upstream in site.services.iter().flat_map(|service| &service.parts.upstreams) {
        let Some(callee) = upstream.callee else { continue };
        let callee = &site.services[callee];
        let idle: BTreeSet<u32> =
            callee.odd.iter().filter(|odd| odd.weight == 0).map(|odd| odd.number).collect();
        if idle.len() == callee.instances as usize {
            let says = format!("all servers of `{}` have weight 0", callee.name.text);
            notes.mistake(upstream.servers.at, says);
        }
    }
}

/// Programs that need a disk, on hosts that have none.
fn disks(service: &Service, site: &Site, notes: &Notes) {
    let machines: Vec<usize> = match &service.standing {
        Standing::Own { machine, .. } => vec![*machine],
        Standing::On(hosts) => hosts.iter().map(|host| site.shared[*host].machine).collect(),
        Standing::Outside => return,
    };
    let without = machines.iter().filter_map(|number| site.machines.get(*number));
    let Some(machine) = without.into_iter().find(|machine| machine.disk.is_none()) else { return };
    let flushes = service.parts.log.as_ref().is_some_and(|log| log.fsync_stages > 0);
    for endpoint in &service.parts.endpoints {
        if let Some(at) = disk_step(&endpoint.steps, flushes) {
            let name = &endpoint.name.text;
            let says = format!("`{name}` needs a disk, hardware `{}` has none", machine.name.text);
            let hint = format!("write `disk` in `[hardware.{}]`", machine.name.text);
            notes.hinted(at, says, hint);
        }
    }
}

fn disk_step(steps: &[Step], flushes: bool) -> Option<At> {
    steps.iter().find_map(|step| match &step.what {
        What::Read { .. } | What::Pages { .. } | What::File => Some(step.at),
        What::Commit => flushes.then_some(step.at),
        What::Repeat { steps, .. } => disk_step(steps, flushes),
        What::Branch { steps, otherwise, .. } => {
            disk_step(steps, flushes).or_else(|| disk_step(otherwise, flushes))
        }
        What::Handshake(_)
        | What::Cpu { .. }
        | What::Wait(_)
        | What::Call(_)
        | What::Fork { .. }
        | What::Respond(_)
        | What::RespondFile => None,
    })
}

fn sizes(site: &Site, notes: &Notes) {
    let mut total = 0_u64;
    for service in &site.services {
        for endpoint in &service.parts.endpoints {
            let size = size(&endpoint.steps);
            total = total.saturating_add(size);
            if size > OPS_MAX {
                let says = format!("`{}` unrolls to {size} operations", endpoint.name.text);
                let hint =
                    format!("at most {OPS_MAX}; `repeat` with a probability is not unrolled");
                notes.hinted(endpoint.name.at, says, hint);
                return;
            }
        }
    }
    if total > 10 * OPS_MAX {
        let says = format!("all programs unroll to {total} operations");
        notes.hinted(At::default(), says, format!("at most {}", 10 * OPS_MAX));
    }
}

fn size(steps: &[Step]) -> u64 {
    steps.iter().fold(0_u64, |sum, step| {
        let own = match &step.what {
            What::Fork { calls, .. } => 1 + calls.len() as u64,
            What::Repeat { rounds: Rounds::Fixed(count), steps } => {
                u64::from(*count).saturating_mul(size(steps).saturating_add(1))
            }
            What::Repeat { rounds: Rounds::Chance(_), steps } => size(steps).saturating_add(2),
            What::Branch { steps, otherwise, .. } => {
                size(steps).saturating_add(size(otherwise)).saturating_add(2)
            }
            What::Handshake(_)
            | What::Cpu { .. }
            | What::Wait(_)
            | What::Read { .. }
            | What::Pages { .. }
            | What::File
            | What::Call(_)
            | What::Commit
            | What::Respond(_)
            | What::RespondFile => 1,
        };
        sum.saturating_add(own)
    })
}
