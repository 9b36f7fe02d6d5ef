//! Hosts and what is between them: transfers through NICs and links, CPU bursts, disk reads.
//!
//! A message leaves through the sender's NIC (first come, first served at line rate), takes the
//! link's delay, and passes the receiver's NIC. Both directions of a NIC are independent. A
//! visitor's own line, if it is limited, is slower than anything else on its way. Left out: loss,
//! TCP's slow start and congestion control.

use super::{
    blueprint::{Blueprint, Host, HostId, LawId},
    call::NONE,
    event::Event,
    run::Run,
};
use crate::{
    engine::{
        slab::Key,
        time::{Instant, Span},
        timeline::{DelayId, Ticket},
    },
    measure::recorder::{Device, Level, Recorder},
    resource::{cpu::Cpu, disk::Disk, nic::Nic},
};

/// One packet: what arrives at once.
pub(crate) const PACKET_BYTES: u64 = 1460;

/// A machine as it runs.
#[derive(Clone, Debug)]
pub struct HostState {
    pub(crate) cpu: Cpu<Key>,
    /// When the pending wake-up of the CPU is due; it may be too early, never too late.
    wake_at: Instant,
    wake: Ticket,
    pub(crate) sending: Nic,
    pub(crate) receiving: Nic,
    pub(crate) disk: Disk,
    /// Packets to and from it vanish.
    pub(crate) is_lost: bool,
}

impl HostState {
    /// At rest.
    pub fn new(host: &Host) -> HostState {
        let disk = match &host.disk {
            Some(disk) => Disk::new(disk.parallel, disk.throughput, disk.iops),
            None => Disk::new(1, None, None),
        };
        HostState {
            cpu: Cpu::new(host.cores, host.speed, host.discipline),
            wake_at: Instant::NEVER,
            wake: Ticket::NONE,
            sending: Nic::new(host.nic_bits),
            receiving: Nic::new(host.nic_bits),
            disk,
            is_lost: false,
        }
    }
}

/// The way between a call's two ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// A constant delay, on a lane.
    Lane(DelayId),
    /// A visitor's own.
    Drawn(Span),
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    /// To the instance that serves the call.
    Server,
    /// To whoever made the call.
    Caller,
}

/// When a message arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Its first packet.
    pub(crate) first: Instant,
    /// Its last one.
    pub(crate) last: Instant,
    /// When the last one has left the sender's NIC.
    pub(crate) sent: Instant,
}

impl<R: Recorder> Run<'_, R> {
    /// The way between the caller of `call` and its server.
    #[inline]
    pub(crate) fn way(&self, call: Key) -> Way {
        let call = &self.site.calls[call];
        if let Some(span) = call.one_way {
            return Way::Drawn(span);
        }
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let to = &self.plan.instances[call.instance as usize];
        let from = match self.site.calls.get(call.caller) {
            Some(caller) => &self.plan.instances[caller.instance as usize],
            None => {
                let caller = &self.plan.services[upstream.caller.index()];
                let process = self.site.views[call.view as usize].process;
                &self.plan.instances
                    [(caller.first_instance + process / caller.processes.max(1)) as usize]
            }
        };
        if from.host == to.host && from.host.0 != NONE {
            return Way::Lane(self.plan.loopback);
        }
        Way::Lane(self.plan.latency[(from.zone * self.plan.zones + to.zone) as usize])
    }

    /// How long a packet travels.
    pub(crate) fn one_way(&self, way: Way) -> Span {
        match way {
            Way::Lane(delay) => self.site.line.delay(delay),
            Way::Drawn(span) => span,
        }
    }

    /// A packet without weight (SYN, RST, FIN) that causes `event` where it arrives.
    #[inline]
    pub(crate) fn signal(&mut self, way: Way, event: Event) -> Ticket {
        match way {
            Way::Lane(delay) => self.site.line.later(delay, event),
            Way::Drawn(span) => self.site.line.after(span, event),
        }
    }

    /// The hosts at both ends of a call, server first; `None` where a visitor is, or on one host.
    fn ends(&self, call: Key) -> (Option<HostId>, Option<HostId>) {
        let call = &self.site.calls[call];
        let server = self.plan.instances[call.instance as usize].host;
        let caller = match self.site.calls.get(call.caller) {
            Some(caller) => self.plan.instances[caller.instance as usize].host,
            None => HostId(NONE),
        };
        if server == caller {
            return (None, None);
        }
        let real = |host: HostId| (host.0 != NONE).then_some(host);
        (real(server), real(caller))
    }

    /// Sends `bytes`, the last of which cannot leave before `not_before`.
    pub(crate) fn transfer(
        &mut self,
        call: Key,
        towards: Towards,
        bytes: u64,
        not_before: Instant,
    ) -> Arrival {
        let now = self.now();
        let (server, caller) = self.ends(call);
        let from = if towards == Towards::Server { caller } else { server };
        let (first, end) = match from {
            Some(host) => {
                let sent = self.site.hosts[host.index()].sending.send(now, bytes);
                self.tape.busy(Device::Sending(host.0), sent.start, sent.end, now);
                (sent.first, sent.end)
            }
            None => (now, now),
        };
        let mut sent = end.max(not_before);
        if towards == Towards::Caller
            && let Some(bits) = self.bandwidth(call)
        {
            let line = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(bits);
            sent = sent.max(first + Span::from_nanos(line as u64));
        }
        let delay = self.one_way(self.way(call));
        Arrival { first: first + delay, last: sent + delay, sent }
    }

    /// The line of the visitor that made `call`, if it is a visitor's and limited.
    fn bandwidth(&self, call: Key) -> Option<u64> {
        let caller = self.site.calls.get(self.site.calls[call].caller)?;
        if !caller.is.is_root {
            return None;
        }
        self.plan.workloads[self.workload_of(caller.instance)].bandwidth
    }

    /// Whether a message that has arrived must still pass a busy receiving NIC: until when.
    pub(crate) fn receive(&mut self, call: Key, towards: Towards, bytes: u64) -> Option<Instant> {
        let (server, caller) = self.ends(call);
        let host = if towards == Towards::Server { server } else { caller }?;
        let now = self.now();
        let done = self.site.hosts[host.index()].receiving.receive(now, bytes);
        if let Some(bits) = self.plan.hosts[host.index()].nic_bits {
            let line = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(bits);
            let from = Instant::from_nanos(done.nanos().saturating_sub(line as u64));
            self.tape.busy(Device::Receiving(host.0), from, done, now);
        }
        (done > now).then_some(done)
    }

    /// A burst of CPU for a call; it goes on when the work is done.
    #[inline]
    pub(crate) fn compute(&mut self, call: Key, work: Span) {
        let now = self.now();
        let it = &self.site.calls[call];
        let instance = &self.plan.instances[it.instance as usize];
        let class = self.plan.endpoints[it.endpoint.index()].class;
        let work = if instance.speed == 1.0 {
            work
        } else {
            Span::from_nanos((work.nanos() as f64 / instance.speed) as u64)
        };
        let host = instance.host;
        let cpu = &mut self.site.hosts[host.index()].cpu;
        cpu.admit(now, call, work, class);
        self.tape.level(Level::Runnable(host.0), cpu.runnable(), now);
        self.wake_cpu(host);
    }

    /// Makes sure that the wake-up of a CPU is not later than its next departure.
    #[inline]
    pub(crate) fn wake_cpu(&mut self, host: HostId) {
        let state = &mut self.site.hosts[host.index()];
        let due = state.cpu.due();
        if due < state.wake_at {
            self.site.line.cancel(state.wake);
            state.wake_at = due;
            state.wake = self.site.line.at(due, Event::Cpu { host: host.0 });
        }
    }

    /// The wake-up of a CPU.
    pub(crate) fn cpu_woke(&mut self, host: HostId) {
        let now = self.now();
        let state = &mut self.site.hosts[host.index()];
        state.wake_at = Instant::NEVER;
        state.wake = Ticket::NONE;
        while let Some(call) = self.site.hosts[host.index()].cpu.depart(now) {
            let runnable = self.site.hosts[host.index()].cpu.runnable();
            self.tape.level(Level::Runnable(host.0), runnable, now);
            self.advance(call);
        }
        self.wake_cpu(host);
    }

    /// One disk operation: when it will be over.
    pub(crate) fn disk(&mut self, host: HostId, law: LawId, bits: u64, bytes: u64) -> Instant {
        let now = self.now();
        let service = Span::from_seconds(self.plan.laws[law.index()].draw(bits));
        let (start, end) = self.site.hosts[host.index()].disk.submit(now, service, bytes);
        self.tape.busy(Device::Disk(host.0), start, end, now);
        end
    }
}

/// The disk of a host that the scenario's checks have made sure of.
pub(crate) fn disk_of(plan: &Blueprint, host: HostId) -> &super::blueprint::Disk {
    plan.hosts[host.index()].disk.as_ref().expect("checked: a host that reads has a disk")
}
