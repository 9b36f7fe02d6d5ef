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
    /// The matrix of delays; the last zone is the visitors', whose own latency is the workload's.
    pub(super) fn network(&mut self) {
        let network = &self.site.network;
        let zones = network.zones.len();
        let inside = self.delay(network.latency);
        let outside = self.delay(Span::ZERO);
        self.out.latency = vec![outside; (zones + 1) * (zones + 1)];
        for zone in 0..zones {
            self.out.latency[zone * (zones + 1) + zone] = inside;
        }
        for link in &network.links {
            let delay = self.delay(link.latency);
            let [from, to] = link.ends;
            self.out.latency[from * (zones + 1) + to] = delay;
            self.out.latency[to * (zones + 1) + from] = delay;
        }
        self.out.zones = zones as u32 + 1;
        self.out.loopback = self.delay(network.loopback);
    }

    /// Shared hosts first, then each service's own, then the instances on them.
    pub(super) fn hosts(&mut self) {
        let site = self.site;
        for shared in &site.shared {
            let host = self.host(&site.machines[shared.machine], shared.name.text.clone());
            self.out.hosts.push(Host { zone: shared.zone as u32, ..host });
        }
        let (mut process, mut event_loop) = (0, 0);
        for (number, service) in site.services.iter().enumerate() {
            for instance in 0..service.instances {
                let (host, zone) = self.stand(service, instance);
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
    fn stand(&mut self, service: &Service, instance: u32) -> (HostId, u32) {
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
            Standing::Outside => (HostId(u32::MAX), self.out.zones - 1),
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
            zone: 0,
            cores: machine.cores,
            speed: machine.speed,
            discipline: machine.discipline,
            nic_bits: machine.nic_bits,
            disk,
            page_cache: machine.memory.unwrap_or(0),
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
