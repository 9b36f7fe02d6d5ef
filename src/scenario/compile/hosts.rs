//! Zones, hosts and instances.

use crate::{
    engine::time::Span,
    model::blueprint::{Disk, Host, HostId, Instance, ServiceId},
    scenario::{
        compile::Build,
        schema::{Machine, Machinery, Odd, Service, Serving, Standing},
    },
};

impl Build<'_> {
    /// The matrix of delays; the last zones are the visitors', as far away as their workload says.
    pub(super) fn network(&mut self) {
        let network = &self.site.network;
        let own = network.zones.len();
        let zones = own + self.site.workloads.len();
        let inside = self.delay(network.latency);
        let nowhere = self.delay(Span::ZERO);
        self.out.latency = vec![nowhere; zones * zones];
        for zone in 0..own {
            self.out.latency[zone * zones + zone] = inside;
        }
        for link in &network.links {
            let [from, to] = link.ends;
            self.link(zones, from, to, link.latency);
        }
        for (number, workload) in self.site.workloads.iter().enumerate() {
            // One that is drawn is the visitor's own.
            let latency = workload.latency.as_constant().unwrap_or(0.0);
            for zone in 0..own {
                self.link(zones, zone, own + number, Span::from_seconds(latency));
            }
        }
        self.out.zones = zones as u32;
        self.out.zone_names = network.zones.iter().map(|zone| zone.text.clone()).collect();
        self.out.loopback = self.delay(network.loopback);
    }

    fn link(&mut self, zones: usize, one: usize, other: usize, latency: Span) {
        let delay = self.delay(latency);
        self.out.latency[one * zones + other] = delay;
        self.out.latency[other * zones + one] = delay;
    }

    /// Shared hosts first, then each service's own, then the instances on them.
    pub(super) fn hosts(&mut self) {
        let site = self.site;
        for shared in &site.shared {
            let host = self.host(&site.machines[shared.machine], shared.name.text.clone());
            self.out.hosts.push(Host { is_declared: true, zone: shared.zone as u32, ..host });
        }
        let (mut process, mut event_loop) = (0, 0);
        for (number, service) in site.services.iter().enumerate() {
            for instance in 0..service.instances {
                let (host, zone) = self.stand(number, service, instance);
                let odd = odd(service, instance);
                self.out.instances.push(Instance {
                    name: format!("{}.{}", service.name.text, instance + 1),
                    service: ServiceId(number as u32),
                    host,
                    zone,
                    speed: odd.map_or(1.0, |odd| odd.speed),
                    first_process: process,
                    first_loop: event_loop,
                });
                process += service.parts.processes;
                if let Serving::Loops(loops) = service.parts.serving {
                    event_loop += loops * service.parts.processes;
                }
            }
        }
    }

    /// The host of an instance, made if it is the instance's own.
    fn stand(&mut self, number: usize, service: &Service, instance: u32) -> (HostId, u32) {
        let site = self.site;
        match &service.standing {
            Standing::Own { machine, zones } => {
                let name = format!("{}-{}", service.name.text, instance + 1);
                let zone = zones[instance as usize % zones.len()] as u32;
                let host = Host { zone, ..self.host(&site.machines[*machine], name) };
                let page_cache = host.page_cache.saturating_sub(service.memory);
                self.out.hosts.push(Host { page_cache, ..host });
                (HostId(self.out.hosts.len() as u32 - 1), zone)
            }
            Standing::On(hosts) => {
                let number = hosts[instance as usize % hosts.len()];
                let host = &mut self.out.hosts[number];
                host.page_cache = host.page_cache.saturating_sub(service.memory);
                (HostId(number as u32), host.zone)
            }
            Standing::Outside => {
                let workload = site.workloads.iter().position(|it| it.service == number);
                let workload = workload.expect("visitors belong to a workload");
                (HostId(u32::MAX), (site.network.zones.len() + workload) as u32)
            }
        }
    }

    fn host(&mut self, machine: &Machine, name: String) -> Host {
        let disk = machine.disk.as_ref().map(|disk| Disk {
            read: self.law(&disk.read),
            write: self.law(&disk.write),
            fsync: self.law(&disk.fsync),
            parallel: disk.parallel,
            throughput: disk.throughput,
            iops: disk.iops,
        });
        Host {
            name,
            is_declared: false,
            zone: 0,
            cores: machine.cores,
            speed: machine.speed,
            discipline: machine.discipline,
            nic_bits: machine.nic_bits,
            disk,
            page_cache: machine.memory.unwrap_or(0),
            price_per_h: machine.price.as_ref().map(|price| price.per_h),
        }
    }

    /// The host that an event means.
    pub(super) fn machinery(&self, machinery: Machinery) -> HostId {
        match machinery {
            Machinery::Shared(number) => HostId(number as u32),
            Machinery::Of(service, instance) => {
                let first = self.out.services[service].first_instance;
                self.out.instances[(first + instance) as usize].host
            }
        }
    }
}

/// What is special about an instance.
pub(super) fn odd(service: &Service, instance: u32) -> Option<&Odd> {
    service.odd.iter().find(|odd| odd.number == instance)
}
