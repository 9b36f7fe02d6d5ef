//! Hosts and what is between them: transfers through NICs and links, CPU bursts, disk reads.
//!
//! A message leaves through the sender's NIC (first come, first served at line rate), takes the
//! link's delay, and passes the receiver's NIC. Both directions of a NIC are independent. A
//! visitor's own line, if it is limited, is slower than anything else on its way. Left out: loss,
//! TCP's slow start and congestion control.

#![expect(clippy::inline_always, reason = "an event handed over in memory stalls")]

use super::{
    blueprint::{Blueprint, Host, HostId, LawId, Upstream},
    call::{Call, NONE},
    event::Event,
    instance::InstanceState,
    run::Run,
    site::Site,
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
        nic::{Nic, Transmission},
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

    /// Sends a message of this host, which has this index. `None` if messages pass at once.
    #[inline(always)]
    pub(crate) fn send<R: Recorder>(
        &mut self,
        (index, bytes): (u32, u64),
        now: Instant,
        tape: &mut R,
    ) -> Option<Transmission> {
        let sent = self.sending.send(now, bytes)?;
        // What a lost host is asked to do is done by nobody.
        if !self.is_lost {
            tape.busy(Device::Sending(index), sent.start, sent.end, now);
        }
        Some(sent)
    }

    /// Makes sure that the wake-up of a shared CPU is not later than `due`.
    #[inline(always)]
    fn wake_by(&mut self, line: &mut Timeline<Event>, host: HostId, due: Instant) {
        if due < self.wake_at {
            if !self.wake_at.is_never() {
                line.cancel(self.wake);
            }
            self.wake_at = due;
            self.wake = line.at(due, Event::Cpu { host: host.0 });
        }
    }
}

impl HostState {
    /// A burst for a call begins, shares the cores with others, or waits for one.
    #[inline(never)]
    fn admit<R: Recorder>(
        &mut self,
        id: HostId,
        line: &mut Timeline<Event>,
        tape: &mut R,
        (call, work, class): (Key, Span, u8),
    ) {
        let now = line.now();
        let turn = line.coming();
        let admission = self.cpu.admit(now, call, work, class, turn);
        tape.level(Level::Runnable(id.0), self.cpu.runnable(), now);
        match admission {
            Admission::Begins(stint) => schedule_end(line, id, stint, turn),
            Admission::Departs(due) => self.wake_by(line, id, due),
            Admission::Waits => {}
        }
    }
}

/// What a call's burst needs, taken apart so that the call and its instance can be held meanwhile.
pub(crate) struct Cores<'a, R> {
    pub(crate) plan: &'a Blueprint,
    pub(crate) salt: u64,
    pub(crate) hosts: &'a mut [HostState],
    pub(crate) line: &'a mut Timeline<Event>,
    pub(crate) tape: &'a mut R,
}

impl<R: Recorder> Cores<'_, R> {
    /// The burst of a call that stands before one; it goes on when the work is done. Whether there
    /// is anything to do.
    #[inline(always)]
    pub(crate) fn burst(self, key: Key, call: &mut Call, state: &InstanceState) -> bool {
        let work = call.take_work(self.plan, self.salt);
        if work.is_zero() {
            return false;
        }
        let work = if state.speed == 1.0 {
            work
        } else {
            Span::from_nanos((work.nanos() as f64 / state.speed) as u64)
        };
        let id = state.host;
        let host = &mut self.hosts[id.index()];
        let (now, turn) = (self.line.now(), self.line.coming());
        if let Some((stint, runnable)) = host.cpu.begin_if_idle(now, key, work, turn) {
            self.tape.level(Level::Runnable(id.0), runnable, now);
            schedule_end(self.line, id, stint, turn);
        } else {
            let class = self.plan.endpoints[call.endpoint.index()].class;
            host.admit(id, self.line, self.tape, (key, work, class));
        }
        true
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
    #[inline(always)]
    pub(crate) fn lay_way(&mut self, key: Key, upstream: &Upstream) {
        let call = &self.site.calls[key];
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

    /// Sends `bytes` from a host at so many bits a second at most, the last of which cannot leave
    /// before `not_before`.
    #[inline(always)]
    pub(crate) fn transfer(
        &mut self,
        (from, way): (u32, Way),
        bytes: u64,
        not_before: Instant,
        bandwidth: Option<u64>,
    ) -> Arrival {
        let Run { site, tape, .. } = self;
        let Site { hosts, line, .. } = &mut **site;
        let now = line.now();
        let delay = match way {
            Way::Lane(delay) => line.delay(delay),
            Way::Drawn(span) => span,
        };
        let host = hosts.get_mut(from as usize);
        let (first, end) = match host.and_then(|host| host.send((from, bytes), now, *tape)) {
            Some(sent) => (sent.first, sent.end),
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
        let host = self.site.hosts.get_mut(to as usize)?;
        let received = host.receiving.receive(now, bytes)?;
        if !host.is_lost {
            self.tape.busy(Device::Receiving(to), received.start, received.end, now);
        }
        (received.end > now).then_some(received.end)
    }

    /// Makes sure that the wake-up of a shared CPU is not later than `due`.
    pub(crate) fn wake_cpu(&mut self, host: HostId, due: Instant) {
        self.site.hosts[host.index()].wake_by(&mut self.site.line, host, due);
    }

    /// The wake-up of a shared CPU.
    pub(crate) fn cpu_woke(&mut self, host: HostId) {
        let now = self.now();
        // What begins meanwhile need not see to a wake-up.
        self.site.hosts[host.index()].wake_at = Instant::ZERO;
        loop {
            let cpu = &mut self.site.hosts[host.index()].cpu;
            let Some(call) = cpu.depart(now) else { break };
            self.tape.level(Level::Runnable(host.0), cpu.runnable(), now);
            self.advance(call);
        }
        let Site { hosts, line, .. } = &mut *self.site;
        let state = &mut hosts[host.index()];
        state.wake_at = Instant::NEVER;
        let due = state.cpu.due();
        state.wake_by(line, host, due);
    }

    /// A core has worked on a job until its end, unless that was interrupted or removed. Whose job
    /// it was.
    #[inline(always)]
    pub(crate) fn computed(&mut self, host: HostId, core: u32, turn: u32) -> Option<Key> {
        let Run { site, tape, .. } = self;
        let (now, coming) = (site.line.now(), site.line.coming());
        let cpu = &mut site.hosts[host.index()].cpu;
        let (call, next, runnable) = cpu.end(now, core, turn, coming)?;
        tape.level(Level::Runnable(host.0), runnable, now);
        if let Some(stint) = next {
            schedule_end(&mut site.line, host, stint, coming);
        }
        Some(call)
    }

    /// One disk operation: when it will be over.
    pub(crate) fn disk(&mut self, host: HostId, law: LawId, bits: u64, bytes: u64) -> Instant {
        let now = self.now();
        let service = Span::from_seconds(self.plan.laws[law.index()].draw(bits));
        let state = &mut self.site.hosts[host.index()];
        let (start, end) = state.disk.submit(now, service, bytes);
        if !state.is_lost {
            self.tape.busy(Device::Disk(host.0), start, end, now);
        }
        end
    }
}

/// A core works until the end of a job, in the turn that is `coming` (which is the sequence of the
/// event, so that the event need not carry it).
#[inline(always)]
pub(crate) fn schedule_end(line: &mut Timeline<Event>, host: HostId, stint: Stint, turn: u32) {
    debug_assert_eq!(turn, line.coming());
    let Stint { core, end } = stint;
    match Event::word_of_core(host.0, core) {
        Some(word) => line.tell(end, word),
        None => drop(line.at(end, Event::Computed { host: host.0, core, turn })),
    }
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
