//! Hosts and what is between them: transfers through NICs and links, CPU bursts, disk reads.
//!
//! A message leaves through the sender's NIC (first come, first served at line rate), takes the
//! link's delay, and passes the receiver's NIC. Both directions of a NIC are independent. A
//! visitor's own line, if it is limited, is slower than anything else on its way. Left out: loss,
//! TCP's slow start and congestion control.

#![expect(clippy::inline_always, reason = "an event handed over in memory stalls")]

use super::{
    blueprint::{Blueprint, Host, HostId, LawId},
    call::{Call, NONE},
    event::Event,
    run::Run,
};
use crate::{
    engine::{
        slab::Key,
        time::{Instant, Span},
        timeline::{DelayId, Ticket, Timeline},
    },
    measure::recorder::{Device, Level, Recorder},
    resource::{
        cpu::{Admission, Cpu, Stint},
        disk::Disk,
        nic::Nic,
    },
};

/// One packet: what arrives at once.
pub(crate) const PACKET_BYTES: u64 = 1460;

/// A machine as it runs. A single core and what is asked of it lie in two neighbouring cache lines,
/// which are fetched together; so do both directions of its NIC.
#[derive(Clone, Debug)]
#[repr(C, align(128))]
pub struct HostState {
    pub(crate) cpu: Cpu<Key>,
    pub(crate) sending: Nic,
    pub(crate) receiving: Nic,
    /// When the pending wake-up of a shared CPU is due; it may be too early, never too late.
    wake_at: Instant,
    wake: Ticket,
    pub(crate) disk: Disk,
    /// Losses that are not over.
    pub(crate) losses: u32,
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
            losses: 0,
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

impl Call {
    /// The way between its caller and its server.
    #[inline]
    pub(crate) fn way(&self) -> Way {
        match self.rest.one_way {
            Some(span) => Way::Drawn(span),
            None => Way::Lane(self.delay),
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// Lays the way between a call's caller and its server, once the server is known.
    pub(crate) fn lay_way(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let upstream = &self.plan.upstreams[call.upstream.index()];
        let to = &self.plan.instances[call.instance as usize];
        let from = if let Some(caller) = self.site.calls.get(call.caller) {
            caller.instance
        } else {
            // A health check: a process of the caller makes it.
            let caller = &self.plan.services[upstream.caller.index()];
            let process = self.site.views[call.rest.view as usize].process;
            caller.first_instance + process / caller.processes
        };
        let from = &self.plan.instances[from as usize];
        let is_same = from.host == to.host && from.host.0 != NONE;
        let call = &mut self.site.calls[key];
        if is_same {
            call.delay = self.plan.loopback;
        } else {
            call.delay = self.plan.latency[(from.zone * self.plan.zones + to.zone) as usize];
            call.rest.server_host = to.host.0;
            call.rest.caller_host = from.host.0;
        }
        call.is.on_loop = upstream.derived.is_served_by_loops;
    }

    /// The way between the caller of `call` and its server.
    #[inline]
    pub(crate) fn way(&self, call: Key) -> Way {
        self.site.calls[call].way()
    }

    /// How long a packet travels.
    #[inline]
    pub(crate) fn one_way(&self, way: Way) -> Span {
        match way {
            Way::Lane(delay) => self.site.line.delay(delay),
            Way::Drawn(span) => span,
        }
    }

    /// A packet without weight (SYN, RST, FIN) that causes `event` where it arrives.
    #[inline(always)]
    pub(crate) fn signal(&mut self, way: Way, event: Event) {
        match way {
            Way::Lane(delay) => self.site.line.hop(delay, event),
            Way::Drawn(span) => drop(self.site.line.after(span, event)),
        }
    }

    /// Sends `bytes`, the last of which cannot leave before `not_before`.
    #[inline]
    pub(crate) fn transfer(
        &mut self,
        call: Key,
        towards: Towards,
        bytes: u64,
        not_before: Instant,
    ) -> Arrival {
        let now = self.now();
        let call = &self.site.calls[call];
        let (from, bandwidth) = match towards {
            Towards::Server => (call.rest.caller_host, None),
            Towards::Caller => {
                let upstream = &self.plan.upstreams[call.upstream.index()];
                (call.rest.server_host, upstream.derived.bandwidth)
            }
        };
        let delay = self.one_way(call.way());
        let host = self.site.hosts.get_mut(from as usize);
        let (first, end) = match host.and_then(|host| host.sending.send(now, bytes)) {
            Some(sent) => {
                self.tape.busy(Device::Sending(from), sent.start, sent.end, now);
                (sent.first, sent.end)
            }
            None => (now, now),
        };
        let mut sent = end.max(not_before);
        if let Some(bits) = bandwidth {
            sent = sent.max(first + line_time(bytes, bits));
        }
        Arrival { first: first + delay, last: sent + delay, sent }
    }

    /// Whether a message that has arrived must still pass a host's busy NIC: until when.
    #[inline]
    pub(crate) fn receive(&mut self, to: u32, bytes: u64) -> Option<Instant> {
        let now = self.site.line.now();
        let received = self.site.hosts.get_mut(to as usize)?.receiving.receive(now, bytes)?;
        self.tape.busy(Device::Receiving(to), received.start, received.end, now);
        (received.end > now).then_some(received.end)
    }

    /// A burst of CPU for a call; it goes on when the work is done.
    #[inline]
    pub(crate) fn compute(&mut self, call: Key, work: Span) {
        let now = self.now();
        let it = &self.site.calls[call];
        let instance = &self.site.instances[it.instance as usize];
        let class = self.plan.endpoints[it.endpoint.index()].class;
        let work = if instance.speed == 1.0 {
            work
        } else {
            Span::from_nanos((work.nanos() as f64 / instance.speed) as u64)
        };
        let host = instance.host;
        let state = &mut self.site.hosts[host.index()];
        let admission = state.cpu.admit(now, call, work, class);
        self.tape.level(Level::Runnable(host.0), state.cpu.runnable(), now);
        match admission {
            Admission::Begins(stint) => schedule_end(&mut self.site.line, host, stint),
            Admission::Departs(due) => self.wake_cpu(host, due),
            Admission::Waits => {}
        }
    }

    /// Makes sure that the wake-up of a shared CPU is not later than `due`.
    #[inline]
    pub(crate) fn wake_cpu(&mut self, host: HostId, due: Instant) {
        let state = &mut self.site.hosts[host.index()];
        if due < state.wake_at {
            self.site.line.cancel(state.wake);
            state.wake_at = due;
            state.wake = self.site.line.at(due, Event::Cpu { host: host.0 });
        }
    }

    /// The wake-up of a shared CPU.
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
        let due = self.site.hosts[host.index()].cpu.due();
        self.wake_cpu(host, due);
    }

    /// A core has worked on a job until its end, unless that was interrupted or removed.
    #[inline]
    pub(crate) fn computed(&mut self, host: HostId, core: u32, turn: u32) {
        let now = self.now();
        let cpu = &mut self.site.hosts[host.index()].cpu;
        let Some((call, next)) = cpu.end(now, core, turn) else { return };
        self.tape.level(Level::Runnable(host.0), cpu.runnable(), now);
        if let Some(stint) = next {
            schedule_end(&mut self.site.line, host, stint);
        }
        self.has_computed(call);
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

/// A core works until the end of a job.
#[inline]
pub(crate) fn schedule_end(line: &mut Timeline<Event>, host: HostId, stint: Stint) {
    let Stint { core, turn, end } = stint;
    line.at(end, Event::Computed { host: host.0, core, turn });
}

/// How long a line of so many bits a second takes for so many bytes.
fn line_time(bytes: u64, bits: u64) -> Span {
    // Messages are far below 2 GB, where this would wrap; larger ones take the long way.
    match bytes.checked_mul(8_000_000_000) {
        Some(product) => Span::from_nanos(product / bits),
        None => Span::from_seconds(bytes as f64 * 8.0 / bits as f64),
    }
}

/// The disk of a host that the scenario's checks have made sure of.
pub(crate) fn disk_of(plan: &Blueprint, host: HostId) -> &super::blueprint::Disk {
    plan.hosts[host.index()].disk.as_ref().expect("checked: a host that reads has a disk")
}
