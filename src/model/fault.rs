//! What happens to a site from outside: crashes and restarts, hosts that are lost and come back.
//!
//! A crash is the end of an instance's processes: the kernel refuses connections and closes those
//! that were open, so both sides learn of it within a one-way delay. A lost host says nothing:
//! packets vanish and callers meet their time-outs. Calls that were in flight fail once, with
//! their cause. Idle connections that a lost host had opened are forgotten by their servers at once
//! (in truth they linger until the servers' own keep-alive; nothing else is simplified); those on
//! which a request is being worked on, when it is over.

use super::{
    blueprint::{HostId, InstanceId, What},
    call::{NONE, Phase, Place, Stage},
    event::Event,
    network::schedule_end,
    run::Run,
    site::Site,
    view::View,
};
use crate::{
    engine::{slab::Key, timeline::Ticket},
    measure::{
        outcome::{Cause, Outcome},
        recorder::{Level, Recorder, Served},
    },
    resource::cpu::Stint,
};

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// Its processes died; its host's kernel tells whoever asks.
    Crash,
    /// Its host is gone; nobody tells.
    Loss,
}

impl<R: Recorder> Run<'_, R> {
    /// Something on the scenario's timeline.
    pub(crate) fn on_the_timeline(&mut self, index: u32) {
        self.inject(self.plan.timeline[index as usize].what);
    }

    /// Lets something happen now.
    pub fn inject(&mut self, what: What) {
        match what {
            What::Crash(instance) => {
                self.site.instances[instance.index()].crashes += 1;
                self.kill(instance, Death::Crash);
            }
            What::Restart(instance) => {
                let crashes = &mut self.site.instances[instance.index()].crashes;
                *crashes = crashes.saturating_sub(1);
                self.restart(instance);
            }
            What::Lose(host) => self.lose(host),
            What::Restore(host) => self.restore(host),
        }
    }

    fn lose(&mut self, host: HostId) {
        let now = self.now();
        let state = &mut self.site.hosts[host.index()];
        state.losses += 1;
        if std::mem::replace(&mut state.is_lost, true) {
            return;
        }
        self.tape.lost(host.0, now);
        for index in 0..self.plan.instances.len() as u32 {
            if self.plan.instances[index as usize].host == host {
                self.kill(InstanceId(index), Death::Loss);
            }
        }
        self.clear_page_cache(host);
    }

    fn restore(&mut self, host: HostId) {
        let now = self.now();
        let state = &mut self.site.hosts[host.index()];
        state.losses = state.losses.saturating_sub(1);
        if state.losses > 0 || !std::mem::replace(&mut state.is_lost, false) {
            return;
        }
        state.disk.reset(now);
        state.sending.reset(now);
        state.receiving.reset(now);
        for index in 0..self.plan.instances.len() as u32 {
            if self.plan.instances[index as usize].host == host {
                self.restart(InstanceId(index));
            }
        }
    }

    /// The processes of an instance are gone.
    fn kill(&mut self, id: InstanceId, death: Death) {
        if !self.site.instances[id.index()].is_up {
            return;
        }
        let state = &mut self.site.instances[id.index()];
        state.is_up = false;
        if death == Death::Crash {
            // From the next start on, connections of this run are known to be dead.
            state.broken_epoch = state.epoch + 1;
        }
        self.orphan_callees(id, death);
        self.end_calls(id, death);
        self.forget_views(id);
        self.cut_logs(id.0);
        self.stop_computing(id);
        self.clear_instance(id);
        self.clear_pool(id);
    }

    /// Calls that the dead processes had made: nobody waits for them any more.
    fn orphan_callees(&mut self, id: InstanceId, death: Death) {
        for key in self.site.calls_in_order() {
            let Some(call) = self.site.calls.get(key) else { continue };
            let caller = self.site.calls.get(call.caller);
            let is_callee = if call.is.is_check {
                self.views_of(id).contains(&call.rest.view)
            } else {
                caller.is_some_and(|caller| caller.instance == id.0 && !caller.is.is_root)
            };
            if !is_callee || call.phase == Phase::Over {
                continue;
            }
            self.site.calls[key].make_ordinary();
            let call = &self.site.calls[key];
            if death == Death::Loss && !matches!(call.stage, Stage::Away | Stage::Over) {
                // Its server works on and does not know.
                self.site.calls[key].is.is_wasted = true;
                self.leave_unnoticed(key);
            } else {
                self.tell_missed(key);
                self.part(key);
            }
            self.site.calls[key].is.holds_server = false;
            self.settle(key);
        }
    }

    fn leave_unnoticed(&mut self, key: Key) {
        let call = &mut self.site.calls[key];
        let timer = std::mem::replace(&mut call.timer, Ticket::NONE);
        let connection = call.rest.connection;
        call.phase = Phase::Over;
        self.site.line.cancel(timer);
        if self.site.connections.contains(connection) {
            self.leave_open(key, connection);
        }
    }

    /// Calls that were in flight at the dead instance end, and their callers learn of it, or not.
    fn end_calls(&mut self, id: InstanceId, death: Death) {
        let now = self.now();
        for key in self.site.calls_in_order() {
            let call = &self.site.calls[key];
            if call.instance != id.0 || call.is.is_root {
                continue;
            }
            self.site.calls[key].make_ordinary();
            let call = &self.site.calls[key];
            if matches!(call.stage, Stage::Away | Stage::Over) {
                if death == Death::Loss && call.rest.sent_until > now && call.is_awaited() {
                    // What had not left the machine never will.
                    self.fall_silent(key);
                }
                continue;
            }
            let cause = if call.is.is_answered { Cause::Truncated } else { Cause::Reset };
            let hold = call.rest.hold;
            self.site.line.cancel(hold);
            self.bury(key, Outcome { status: 0, cause, at: 0 });
            let Some(call) = self.site.calls.get(key) else { continue };
            if call.phase == Phase::Over {
                continue;
            }
            match death {
                Death::Crash => {
                    let way = self.way(key);
                    self.site.calls[key].is.is_cut = true;
                    self.signal(way, Event::Broken { call: key, cause });
                }
                Death::Loss if self.site.calls[key].is.is_answered => self.fall_silent(key),
                Death::Loss => {}
            }
        }
    }

    /// A call ends at a dead instance: counted, but no queue or slot of it is touched, since they
    /// are all cleared at once.
    fn bury(&mut self, key: Key, outcome: Outcome) {
        let now = self.now();
        let service = self.service_of(key);
        let call = &mut self.site.calls[key];
        if call.stage == Stage::Waiting {
            call.waited = now.since(call.arrived);
        }
        call.stage = Stage::Over;
        call.place = Place::Nowhere;
        call.is.holds_slot = false;
        call.pending = 0;
        if call.is.is_background {
            self.site.calls.remove(key);
            return;
        }
        let outcome = Outcome { at: service as u16, ..outcome };
        call.outcome = outcome;
        let is_wasted = call.is.is_wasted;
        let (instance, arrived, waited) = (call.instance, call.arrived, call.waited);
        let left_open = if call.phase == Phase::Over { call.rest.connection } else { Key::NONE };
        let account = &mut self.site.books.services[service as usize];
        if is_wasted {
            account.cancelled += 1;
        } else {
            account.failed += 1;
        }
        let is_check = call.is.is_check;
        let over = Served { service, instance, arrived, waited, outcome, is_wasted, is_check };
        self.tape.served(over, now);
        self.settle(key);
        if self.site.connections.contains(left_open) {
            self.forget(left_open);
        }
    }

    /// An answer stops in the middle. Its caller, and whoever it was passing it on to, hear nothing
    /// more and meet their inactivity time-outs.
    fn fall_silent(&mut self, key: Key) {
        let mut silent = key;
        loop {
            let Some(call) = self.site.calls.get_mut(silent) else { return };
            if call.is.is_root || call.phase == Phase::Over {
                return;
            }
            call.is.is_cut = true;
            let (upstream, caller, timer) = (call.upstream, call.caller, call.timer);
            if call.phase == Phase::Receiving {
                self.site.line.cancel(timer);
                let timeout = self.plan.upstreams[upstream.index()].response_timeout;
                self.site.calls[silent].timer = match timeout {
                    Some(delay) => self.site.line.later(delay, Event::TimeOut { call: silent }),
                    None => Ticket::NONE,
                };
            }
            let caller_goes_on =
                self.site.calls.get(caller).is_some_and(|caller| caller.is.is_answered);
            if !caller_goes_on {
                return;
            }
            silent = caller;
        }
    }

    /// The views of a dead instance's processes.
    fn views_of(&self, id: InstanceId) -> std::ops::Range<u32> {
        let it = &self.plan.instances[id.index()];
        let service = &self.plan.services[it.service.index()];
        let number = id.0 - service.first_instance;
        let each = service.processes * service.upstreams;
        let first = match self.plan.upstreams.get(service.first_upstream as usize) {
            Some(upstream) => upstream.derived.first_view + number * each,
            None => 0,
        };
        first..first + each
    }

    /// What dead processes knew and held: idle connections are closed, checks and opinions end.
    fn forget_views(&mut self, id: InstanceId) {
        let now = self.now();
        for index in self.views_of(id) {
            let view = &self.site.views[index as usize];
            let (upstream, process, first) = (view.upstream, view.process, view.first_idle);
            for check in &view.checks {
                self.site.line.cancel(check.next);
            }
            let declared = &self.plan.upstreams[upstream as usize];
            if declared.keeps.idle {
                for peer in first..first + declared.servers {
                    while self.close_longest_idle(id.0, peer) {}
                }
            }
            let servers = declared.servers_in(&self.plan.servers);
            let fresh = View::new(declared, servers, [upstream, process, first]);
            self.site.views[index as usize] = fresh;
            self.tape.level(Level::Queued(upstream), self.site.queued[upstream as usize], now);
        }
    }

    /// The constant delay between two instances.
    pub(crate) fn between(&self, one: u32, other: u32) -> crate::engine::timeline::DelayId {
        let (from, to) = (&self.plan.instances[one as usize], &self.plan.instances[other as usize]);
        if from.host == to.host && from.host.0 != NONE {
            self.plan.loopback
        } else {
            self.plan.latency[(from.zone * self.plan.zones + to.zone) as usize]
        }
    }

    /// Bursts of dead processes leave the CPU.
    fn stop_computing(&mut self, id: InstanceId) {
        let now = self.now();
        let host = self.plan.instances[id.index()].host;
        let Site { hosts, calls, line, .. } = &mut *self.site;
        let is_dead = |key: Key| {
            calls.get(key).is_none_or(|call| call.instance == id.0 && call.stage == Stage::Over)
        };
        let begins = |stint: Stint| {
            let turn = line.coming();
            schedule_end(line, host, stint, turn);
            turn
        };
        let cpu = &mut hosts[host.index()].cpu;
        cpu.remove_if(now, is_dead, begins);
        let (runnable, due) = (cpu.runnable(), cpu.due());
        self.tape.level(Level::Runnable(host.0), runnable, now);
        self.wake_cpu(host, due);
    }

    /// The processes of an instance start.
    fn restart(&mut self, id: InstanceId) {
        let it = &self.plan.instances[id.index()];
        let is_lost = self.site.is_lost(it.host);
        let state = &mut self.site.instances[id.index()];
        // Overlapping faults: it starts when the last of them is over.
        if state.is_up || is_lost || state.crashes > 0 {
            return;
        }
        state.is_up = true;
        state.epoch += 1;
        for view in self.views_of(id) {
            self.site.schedule_checks_of(self.plan, view);
        }
        self.resume_logs(id.0);
    }
}
