//! Names become indices: which service and which endpoint every call, check and view means.

use std::collections::BTreeMap;

use crate::scenario::{
    fields::Notes,
    mistake::{At, suggestion},
    program::each_call,
    schema::{Name, Site, Target},
};

/// What can be called, by name.
struct Names {
    /// Services and their endpoints, in the order of the file.
    list: Vec<(String, Vec<String>)>,
    /// Numbers of services.
    services: BTreeMap<String, usize>,
}

impl Names {
    fn new(site: &Site) -> Names {
        let services = site.services.iter().filter(|service| service.kind != "visitors");
        let list: Vec<(String, Vec<String>)> = services
            .map(|service| {
                let endpoints = service.parts.endpoints.iter();
                (service.name.text.clone(), endpoints.map(|e| e.name.text.clone()).collect())
            })
            .collect();
        let services = list.iter().zip(0..).map(|((name, _), number)| (name.clone(), number));
        Names { services: services.collect(), list }
    }

    /// The number of a service; a mistake if there is none of this name.
    fn service(&self, name: &str, at: At, notes: &Notes) -> Option<usize> {
        self.services.get(name).copied().or_else(|| {
            let known = self.list.iter().map(|(name, _)| name.as_str());
            notes.find("service", "services", name, at, known)
        })
    }

    fn find(&self, target: &mut Target, notes: &Notes) {
        let Some(service) = self.service(&target.service, target.at, notes) else { return };
        let endpoints = &self.list[service].1;
        let endpoint = endpoints.iter().position(|name| *name == target.endpoint);
        if endpoint.is_none() {
            let what = format!("endpoints of `{}`", target.service);
            let hint = suggestion(&target.endpoint, &what, endpoints.iter().map(String::as_str));
            let says = format!("no endpoint `{}.{}`", target.service, target.endpoint);
            notes.hinted(target.at, says, hint);
        }
        target.found = endpoint.map(|endpoint| (service, endpoint));
    }
}

/// Fills in whom every name of the site means.
pub(crate) fn resolve(site: &mut Site, notes: &Notes) {
    let names = Names::new(site);
    let mut find = |target: &mut Target| names.find(target, notes);
    for service in &mut site.services {
        for upstream in &mut service.parts.upstreams {
            let Name { text, at } = &upstream.servers;
            if !text.is_empty() {
                upstream.callee = names.service(text, *at, notes);
            }
            if let Some(check) = &mut upstream.check
                && let Some(endpoint) = &mut check.endpoint
            {
                find(endpoint);
            }
        }
        for endpoint in &mut service.parts.endpoints {
            each_call(&mut endpoint.steps, &mut find);
        }
    }
    for request in &mut site.requests {
        find(&mut request.to);
    }
}
