//! Services and their views of each other.

use std::ops::Range;

use crate::{
    engine::{luck::name_key, time::Span, timeline::DelayId},
    model::blueprint::{
        Accept, Ban, Check, Derived, EndpointId, InstanceId, Keeps, Retry, Room, Server, Service,
        ServiceId, Serving, Upstream,
    },
    scenario::{
        compile::{Build, hosts::odd},
        law, schema,
        schema::{Attempts, ReadFrom},
    },
};

impl Build<'_> {
    pub(super) fn services(&mut self) {
        let mut first_instance = 0;
        for service in &self.site.services {
            let serving = self.serving(&service.parts.serving);
            let accept = service.parts.accept.as_ref().map(|accept| self.accept(accept));
            self.out.services.push(Service {
                name: service.name.text.clone(),
                kind: service.kind,
                first_instance,
                instances: service.instances,
                first_upstream: 0,
                upstreams: 0,
                processes: service.parts.processes,
                serving,
                accept,
                stops_when_abandoned: service.parts.stops_when_abandoned,
            });
            first_instance += service.instances;
        }
    }

    fn serving(&mut self, serving: &schema::Serving) -> Serving {
        match serving {
            schema::Serving::Loops(loops) => Serving::Loops { loops: *loops },
            schema::Serving::Slots { slots, room, order, patience } => Serving::Slots {
                slots: *slots,
                room: match room {
                    law::Room::Unlimited => Room::Unlimited,
                    law::Room::Places(places) => Room::Places(*places),
                    law::Room::Law(law) => Room::Law(self.law(law)),
                },
                order: *order,
                patience: patience.as_ref().map(|law| self.law(law)),
            },
        }
    }

    fn accept(&mut self, accept: &schema::Accept) -> Accept {
        Accept {
            backlog: accept.backlog,
            connections_max: accept.connections_max,
            is_strict: accept.is_strict,
            process_connections_max: accept.process_connections_max,
            idle: accept.idle.map(|idle| self.delay(idle)),
            keeps_alive: accept.keeps_alive,
        }
    }

    /// Each view once, or twice where writes and reads go to different instances.
    pub(super) fn upstreams(&mut self) {
        let site = self.site;
        for (number, service) in site.services.iter().enumerate() {
            let first = self.out.upstreams.len() as u32;
            let mut views = Vec::new();
            for upstream in &service.parts.upstreams {
                let callee = upstream.callee.expect("resolved");
                let all = 0..site.services[callee].instances;
                let [writes, reads] = halves(&site.services[callee], upstream.read_from, all);
                let view = self.out.upstreams.len() as u32;
                self.upstream(number, upstream, upstream.name.clone(), writes.clone());
                if reads == writes {
                    views.push([view, view]);
                } else {
                    self.upstream(number, upstream, format!("{} (reads)", upstream.name), reads);
                    views.push([view, view + 1]);
                }
            }
            self.views.push(views);
            let compiled = &mut self.out.services[number];
            compiled.first_upstream = first;
            compiled.upstreams = self.out.upstreams.len() as u32 - first;
        }
    }

    fn upstream(
        &mut self,
        caller: usize,
        upstream: &schema::Upstream,
        name: String,
        range: Range<u32>,
    ) {
        let callee = upstream.callee.expect("resolved");
        let first_server = self.out.servers.len() as u32;
        let first_instance = self.out.services[callee].first_instance;
        let servers = range.len() as u32;
        let mut weight_up_to = 0;
        for instance in range {
            let weight = odd(&self.site.services[callee], instance).map_or(1, |odd| odd.weight);
            let instance = InstanceId(first_instance + instance);
            weight_up_to += u64::from(weight);
            self.out.servers.push(Server { instance, weight, weight_up_to });
        }
        let queue = upstream.queue_timeout.as_ref().map(|law| self.law_and_delay(law));
        let weights = &self.out.servers[first_server as usize..];
        let are_weights_equal = weights.windows(2).all(|pair| pair[0].weight == pair[1].weight);
        let place = name_key(&format!("{}/{name}", self.site.services[caller].name.text));
        let mut compiled = Upstream {
            name,
            place,
            caller: ServiceId(caller as u32),
            callee: ServiceId(callee as u32),
            first_server,
            servers,
            are_weights_equal,
            keeps: Keeps::default(),
            balance: upstream.balance,
            slots: upstream.slots,
            server_queue: upstream.server_queue,
            queues: upstream.queues,
            queue_timeout: queue.map(|(law, _)| law),
            queue_delay: queue.and_then(|(_, delay)| delay),
            connect_timeout: upstream.connect_timeout.map(|span| self.delay(span)),
            response_timeout: upstream.response_timeout.map(|span| self.delay(span)),
            retry: self.retry(&upstream.retry, servers),
            idle_max: upstream.idle_max,
            idle_all_max: upstream.idle_all_max,
            reuse: upstream.reuse,
            purge: upstream.purge.map(|span| self.delay(span)),
            idle: upstream.idle.map(|span| self.delay(span)),
            handshake_rounds: upstream.handshake_rounds,
            opening: self.opening(caller, upstream),
            // A server that is alone in its group is never banned (ngx_http_upstream_module).
            ban: upstream
                .ban
                .filter(|_| servers > 1)
                .map(|(fails_max, span)| Ban { fails_max, span }),
            check: upstream.check.as_ref().map(|check| self.check(check, callee)),
            statuses: upstream.statuses,
            derived: Derived::default(),
            buffers: upstream.buffers,
        };
        let connects = self.out.services[callee].accept.is_some();
        let servers = &self.out.servers[first_server as usize..];
        compiled.keeps = Keeps::new(&compiled, servers, connects);
        self.out.upstreams.push(compiled);
    }

    /// SYN-ACK, handshake, request: of visitors whose distance is the same for all.
    fn opening(&mut self, caller: usize, upstream: &schema::Upstream) -> Option<DelayId> {
        let mut workloads = self.site.workloads.iter();
        let workload = workloads.find(|workload| workload.service == caller)?;
        let latency = Span::from_seconds(workload.latency.as_constant()?);
        let hops = 2 + 2 * u64::from(upstream.handshake_rounds);
        upstream.response_timeout.is_none().then(|| self.delay(latency.times(hops)))
    }

    fn retry(&mut self, retry: &schema::Retry, servers: u32) -> Retry {
        Retry {
            attempts: match retry.attempts {
                Attempts::Fixed(count) => count,
                Attempts::Servers(most) => most.min(servers - 1),
            },
            on_connect: retry.on_connect,
            on_connect_timeout: retry.on_connect_timeout,
            on_reset: retry.on_reset,
            on_timeout: retry.on_timeout,
            unsafe_too: retry.unsafe_too,
            forgives_reused: retry.forgives_reused,
            next: retry.next,
            turnaround: retry.turnaround.map(|span| self.delay(span)),
        }
    }

    fn check(&mut self, check: &schema::Check, callee: usize) -> Check {
        let endpoint = check.endpoint.as_ref().map(|target| {
            let number = self.routes.endpoint(callee, target.found.expect("resolved"));
            EndpointId(number as u32)
        });
        Check {
            inter: self.delay(check.inter),
            fast: self.delay(check.fast),
            down: self.delay(check.down),
            timeout: self.delay(check.timeout),
            answer_timeout: check.answer_timeout.map(|span| self.delay(span)),
            fall: check.fall,
            rise: check.rise,
            endpoint,
        }
    }
}

/// The instances that take writes and those that take reads.
fn halves(callee: &schema::Service, reads: ReadFrom, all: Range<u32>) -> [Range<u32>; 2] {
    if callee.parts.log.is_none() || all.len() == 1 {
        return [all.clone(), all];
    }
    match reads {
        ReadFrom::Replicas => [0..1, 1..all.end],
        ReadFrom::Any => [0..1, all],
        ReadFrom::Primary => [0..1, 0..1],
    }
}
