//! Where an objective holds: `where`, and whether anything can be measured there.

use crate::{
    model::blueprint::{Promise, Resource},
    scenario::{
        fields::{Fields, Notes},
        happening::declared,
        mistake::At,
        program::calls,
        schema::{Scope, Service, Site, Upstream},
    },
};

/// What `where` names.
pub(super) struct Place {
    pub(super) scope: Scope,
    pub(super) zone: Option<usize>,
    pub(super) at: At,
}

pub(super) fn place(fields: &Fields<'_>, site: &Site) -> Option<Place> {
    if !fields.has("where") {
        fields.sub("where");
        return Some(Place { scope: Scope::Site, zone: None, at: fields.at });
    }
    let notes = fields.notes;
    let inner = Fields::of(fields.node("where")?, "`where`", notes)?;
    let request = inner.get::<String>("request");
    let workload = inner.get::<String>("workload");
    let service = inner.get::<String>("service");
    let zone = inner.get::<String>("zone");
    inner.finish();
    let known =
        site.network.zones.iter().map(|zone| zone.text.as_str()).filter(|it| !it.is_empty());
    let zone = match zone {
        Some(name) => Some(notes.find("zone", "zones", &name, inner.at("zone"), known)?),
        None => None,
    };
    let scope = match (request, workload, service) {
        (Some(name), None, None) => {
            let known = site.requests.iter().map(|request| request.name.text.as_str());
            let at = inner.at("request");
            notes.find("request", "requests", &name, at, known).map(Scope::Request)
        }
        (None, Some(name), None) => {
            let known = site.workloads.iter().map(|workload| workload.name.text.as_str());
            let at = inner.at("workload");
            notes.find("workload", "workloads", &name, at, known).map(Scope::Workload)
        }
        (None, None, Some(name)) => {
            let at = inner.at("service");
            notes.find("service", "services", &name, at, declared(site)).map(Scope::Service)
        }
        (None, None, None) if zone.is_some() => Some(Scope::Site),
        _ => {
            let hint = "one of `request`, `workload`, `service`; a `zone` beside a service";
            notes.hinted(inner.at, "`where` names one thing", hint);
            None
        }
    };
    Some(Place { scope: scope?, zone, at: inner.at })
}

impl Place {
    /// Whether the promise can be measured there.
    pub(super) fn check(&self, promise: Promise, site: &Site, notes: &Notes) -> Option<()> {
        let is_service = matches!(self.scope, Scope::Service(_));
        let is_of_requests = matches!(self.scope, Scope::Request(_) | Scope::Workload(_));
        let wrong = |says: &str, hint: &str| {
            notes.hinted(self.at, says, hint);
            None
        };
        let service = "name a service, as in `where = { service = \"app\" }`";
        if self.zone.is_some() && is_of_requests {
            return wrong("visitors' requests are in no zone", "name a service there");
        }
        match promise {
            Promise::Percentile { .. }
            | Promise::Mean { .. }
            | Promise::Success { .. }
            | Promise::Throughput { .. }
            | Promise::Recovery(_)
            | Promise::Budget(_) => {
                if self.zone.is_some() && !is_service {
                    return wrong("visitors' requests are in no zone", service);
                }
            }
            Promise::Utilisation { of, .. } => {
                if is_of_requests || (self.zone.is_none() && !is_service) {
                    return wrong("machines are used, not requests", service);
                }
                if of == Resource::Workers && !is_service {
                    return wrong("workers are a service's", service);
                }
                self.check_resource(of, site, notes)?;
            }
            Promise::Queue { .. } if !is_service => {
                return wrong("a queue is a service's", service);
            }
            Promise::Queue { .. } => self.check_queue(site, notes)?,
            Promise::Lag { .. } => {
                let Scope::Service(service) = self.scope else {
                    return wrong("a lag is a replicated database's", "name its service");
                };
                let service = &site.services[service];
                if service.parts.log.is_none() || service.instances < 2 {
                    let says = format!("`{}` has no replicas", service.name.text);
                    return wrong(&says, "a primary with `instances` of 2 or more has some");
                }
                if !service.parts.endpoints.iter().any(|it| it.writes) {
                    let says = format!("nothing is ever written to `{}`", service.name.text);
                    return wrong(
                        &says,
                        "a query with `access = \"write\"` is what replicas follow",
                    );
                }
            }
        }
        self.check_zone(promise, site, notes)
    }

    /// Something that it is about stands in the zone.
    fn check_zone(&self, promise: Promise, site: &Site, notes: &Notes) -> Option<()> {
        let (Some(zone), Scope::Service(number)) = (self.zone, self.scope) else {
            return Some(());
        };
        let service = &site.services[number];
        // The primary follows nobody.
        let is_lag = matches!(promise, Promise::Lag { .. });
        let first = u32::from(is_lag);
        if (first..service.instances).any(|it| site.zone_of(service, it) == Some(zone)) {
            return Some(());
        }
        let (service, zone) = (&service.name.text, &site.network.zones[zone].text);
        let what = if is_lag { "replica" } else { "instance" };
        let says = format!("no {what} of `{service}` stands in the zone `{zone}`");
        notes.hinted(self.at, says, "see `zones` of the service, and how many `instances` it has");
        None
    }

    /// Calls wait in a queue only where something is limited that they have to wait for.
    fn check_queue(&self, site: &Site, notes: &Notes) -> Option<()> {
        let Scope::Service(number) = self.scope else { return Some(()) };
        let service = &site.services[number];
        let name = &service.name.text;
        let may_wait = |caller: &Service| {
            let mut declared = caller.parts.upstreams.iter();
            declared.any(|it| it.servers.text == *name && may_queue(it))
                || may_queue(&caller.parts.undeclared) && mentions(caller, name)
        };
        if !service.has_unlimited_workers() || site.services.iter().any(may_wait) {
            return Some(());
        }
        let says = format!("nothing can queue for `{name}`: its workers are unlimited");
        let hint = "limit its workers (`workers`, `threads`), or what callers send it at a time \
                    (`maxconn`, a pool); who waits for a processor is seen in `utilisation` and in \
                    latencies";
        notes.hinted(self.at, says, hint);
        None
    }

    fn check_resource(&self, of: Resource, site: &Site, notes: &Notes) -> Option<()> {
        let Scope::Service(number) = self.scope else { return Some(()) };
        let service = &site.services[number];
        let name = &service.name.text;
        let is_limited = match of {
            Resource::Cpu => true,
            Resource::Workers => !service.has_unlimited_workers(),
            Resource::Disk => site.machines_of(service).iter().any(|it| it.disk.is_some()),
            Resource::Nic => site.machines_of(service).iter().any(|it| it.nic_bits.is_some()),
        };
        if is_limited {
            return Some(());
        }
        let says = match of {
            Resource::Workers => format!("the workers of `{name}` are unlimited"),
            Resource::Cpu | Resource::Disk | Resource::Nic => {
                format!("the machines of `{name}` have no limited {}", of.name())
            }
        };
        notes.hinted(self.at, says, "what has no limit has no utilisation");
        None
    }
}

/// Whether whoever calls a service through this may have to wait for it.
fn may_queue(upstream: &Upstream) -> bool {
    upstream.slots != u32::MAX && upstream.queues
}

/// Whether a service calls another, by way of whatever.
fn mentions(caller: &Service, name: &str) -> bool {
    let mut found = Vec::new();
    caller.parts.endpoints.iter().for_each(|it| calls(&it.steps, &mut found));
    found.iter().any(|target| target.service == name)
}
