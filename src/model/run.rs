//! The event loop: a site, the blueprint it was built from, and whoever measures it.

use super::{
    ahead::MANY,
    blueprint::{Blueprint, HostId, ServiceId},
    call::{Call, Phase, Stage},
    event::Event,
    site::Site,
};
use crate::{
    engine::{
        slab::Key,
        time::{Instant, Span},
    },
    measure::recorder::Recorder,
};

/// Into how many steps a time as long as the window is cut where calls are waited for.
const STEPS: u64 = 100;

/// A site in motion. The methods are spread over the files of this layer, each with the noun it is
/// about.
#[derive(Debug)]
pub struct Run<'a, R> {
    /// What the site is.
    pub plan: &'a Blueprint,
    /// How it stands.
    pub site: &'a mut Site,
    /// Who listens.
    pub tape: &'a mut R,
}

/// A run that cannot go on, because a law of the simulator was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which law, and both sides of it.
    pub says: String,
}

/// Runs one replication from the beginning to the end of its last measured request.
pub fn replicate<R: Recorder>(
    plan: &Blueprint,
    replication: u64,
    tape: &mut R,
) -> Result<Site, Broken> {
    let mut site = Site::new(plan, replication);
    finish(plan, &mut site, tape)?;
    Ok(site)
}

/// Runs a site on to the end of its last measured request, and checks that nothing was lost.
pub fn finish<R: Recorder>(plan: &Blueprint, site: &mut Site, tape: &mut R) -> Result<(), Broken> {
    let mut run = Run { plan, site, tape };
    let until = Instant::ZERO + plan.warm_up + plan.duration;
    run.until(until);
    run.drain(until + plan.drain);
    run.drain_calls(until + plan.drain);
    run.cut_off();
    run.audit()
}

impl<R: Recorder> Run<'_, R> {
    /// The present.
    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.site.line.now()
    }

    /// Lets everything happen that is due at or before `until`.
    pub fn until(&mut self, until: Instant) {
        let begin = Instant::ZERO + self.plan.warm_up;
        if !self.site.is_window_open && until >= begin {
            self.warm_up();
            self.site.open_window(self.plan);
        }
        self.go(until, false);
        self.site.line.rest_until(until);
    }

    /// Lets everything happen that is due before the measured window begins.
    pub fn warm_up(&mut self) {
        let begin = Instant::ZERO + self.plan.warm_up;
        if let Some(last) = begin.nanos().checked_sub(1) {
            let last = Instant::from_nanos(last);
            self.go(last, false);
            self.site.line.rest_until(last);
        }
    }

    /// Goes on until the last measured request is over, at most until `bound`.
    pub fn drain(&mut self, bound: Instant) {
        self.go(bound, true);
    }

    /// Goes on until the calls are over of which something is promised and that came within the window, at most
    /// until `bound`: whoever made them may have gone long since.
    fn drain_calls(&mut self, bound: Instant) {
        let judged = self.plan.judges_calls_of();
        if judged.is_empty() || self.site.books.outstanding > 0 {
            return;
        }
        let end = Instant::ZERO + self.plan.warm_up + self.plan.duration;
        let step = Span::from_nanos(self.plan.duration.nanos() / STEPS).max(Span::from_millis(1));
        let mut open = self.site.calls.keys();
        open.retain(|&key| self.is_call_to(key, &judged) && self.site.calls[key].arrived < end);
        loop {
            open.retain(|&key| self.site.calls.get(key).is_some_and(Call::is_under_way));
            let next = (self.now() + step).min(bound);
            if open.is_empty() || next <= self.now() {
                return;
            }
            self.go(next, false);
            self.site.line.rest_until(next);
        }
    }

    /// Whether it is a call, made by or for a visitor, to one of these services.
    fn is_call_to(&self, key: Key, services: &[ServiceId]) -> bool {
        let call = &self.site.calls[key];
        let is_call = !call.is.is_root && !call.is.is_background && !call.is.is_check;
        is_call && services.contains(&self.plan.upstreams[call.upstream.index()].callee)
    }

    /// The loop. There is one, so that all of an event is compiled into it.
    fn go(&mut self, until: Instant, only_while_outstanding: bool) {
        while !only_while_outstanding || self.site.books.outstanding > 0 {
            let Some(event) = self.site.line.next(until) else { break };
            if self.site.calls.places() >= MANY {
                self.look_ahead();
            }
            self.happen(event);
            if !self.site.ready.is_empty() {
                self.let_go_on();
            }
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "called in one place, once an event")]
    fn happen(&mut self, event: Event) {
        let goes_on = 'one: {
            match event {
                Event::Computed { host, core, turn } => {
                    break 'one self.computed(HostId(host), core, turn);
                }
                Event::Return { call, bytes } => break 'one self.returned(call, bytes),
                Event::Reach { call } => self.reach(call),
                Event::Visit { source } => self.visit(source),
                Event::Cpu { host } => self.cpu_woke(HostId(host)),
                Event::Ask { user } => self.ask(user),
                Event::Syn { call } => self.syn(call),
                Event::Connected { call } => self.connected(call),
                Event::Send { call } => self.send(call),
                Event::Arrive { call } => self.arrive(call),
                Event::Deliver { call } => self.deliver(call),
                Event::FirstByte { call } => self.first_byte(call),
                Event::LastByte { call } => self.last_byte(call),
                Event::Answered { call } => self.answered(call),
                Event::Broken { call, cause } => self.broken(call, cause),
                Event::Abandoned { call } => self.abandoned(call),
                Event::Closed { connection } => self.closed(connection),
                Event::Idle { connection } => self.idled(connection),
                Event::Stale { peer, delay } => self.close_stale(peer, delay),
                Event::TimeOut { call } => self.timed_out(call),
                Event::GiveUp { call } => self.give_up(call),
                Event::Renege { call } => self.renege(call),
                Event::Resume { call } => self.resume(call),
                Event::Retry { call } => self.retry_now(call),
                Event::Flushed { log, writer, stage, epoch } => {
                    self.flushed(log, writer, stage, epoch);
                }
                Event::Shipped { log, replica, epoch } => self.shipped(log, replica, epoch),
                Event::Follow { log, replica, epoch } => self.follow(log, replica, epoch),
                Event::Check { view, server } => self.check(view, server),
                Event::Purge { view } => self.purge(view),
                Event::Happen { index } => self.on_the_timeline(index),
            }
            return;
        };
        // Most events end so: there is one place for it, as it is compiled into the loop.
        if let Some(call) = goes_on {
            self.go_on_directly(call);
        }
    }

    /// Calls that were let go on by this event: a freed slot, a freed loop. They may free others.
    #[inline(never)]
    fn let_go_on(&mut self) {
        let mut next = 0;
        while let Some(&key) = self.site.ready.get(next) {
            next += 1;
            // A host that is lost may have taken it along within the same event.
            match self.site.calls.get(key) {
                Some(call) if call.stage == Stage::Running => self.go_on_in_slot(key),
                Some(_) | None => {}
            }
        }
        self.site.ready.clear();
    }

    /// Requests that are not over when the run ends are failures of their own kind, in the order in
    /// which they came; so are attempts that no server has had by then, and calls that one has.
    fn cut_off(&mut self) {
        let calls = &self.site.calls;
        let mut open = calls.keys();
        open.retain(|&key| calls[key].is.is_root);
        open.sort_by_key(|&key| (calls[key].arrived, calls[key].request_key));
        for key in open {
            self.cut_off_visit(key);
        }
        let calls = &self.site.calls;
        let mut away = calls.keys();
        away.retain(|&key| calls[key].stage == Stage::Away && calls[key].phase != Phase::Over);
        away.sort_by_key(|&key| calls[key].attempt_key);
        for key in away {
            self.tell_missed(key);
        }
        self.tell_unanswered();
        self.tell_unseen();
    }

    /// Calls that are still at their server.
    fn tell_unanswered(&mut self) {
        let calls = &self.site.calls;
        let mut there = calls.keys();
        there.retain(|&key| {
            let call = &calls[key];
            let is_call = !call.is.is_root && !call.is.is_background && !call.is.is_check;
            is_call && !matches!(call.stage, Stage::Away | Stage::Over)
        });
        there.sort_by_key(|&key| calls[key].attempt_key);
        let now = self.site.line.now();
        for key in there {
            let call = &self.site.calls[key];
            self.tape.unanswered(call.instance, call.arrived, now);
        }
    }

    /// Law 3: started + nothing = succeeded + failed + cancelled + in flight, for every service and
    /// for the site. The right side is counted anew from the calls that exist.
    fn audit(&self) -> Result<(), Broken> {
        let mut in_flight = vec![0u64; self.plan.services.len()];
        let mut requests = vec![0u64; self.plan.workloads.len()];
        for key in self.site.calls.keys() {
            let call = &self.site.calls[key];
            if call.is.is_root {
                requests[self.workload_of(call.instance)] += 1;
            } else if !call.is.is_background && !matches!(call.stage, Stage::Away | Stage::Over) {
                let instance = &self.plan.instances[call.instance as usize];
                in_flight[instance.service.index()] += 1;
            }
        }
        let books = &self.site.books;
        let services = books.services.iter().zip(&in_flight).zip(&self.plan.services);
        for ((account, counted), service) in services {
            if account.in_flight() != *counted {
                return Err(Broken::lost(&service.name, account, *counted));
            }
        }
        let workloads = books.workloads.iter().zip(&requests).zip(&self.plan.workloads);
        for ((account, counted), workload) in workloads {
            if account.in_flight() != *counted {
                return Err(Broken::lost(&workload.name, account, *counted));
            }
        }
        Ok(())
    }

    /// Frees a call of which nothing is left at either end.
    #[inline]
    pub(crate) fn settle(&mut self, key: Key) {
        let call = &self.site.calls[key];
        if call.phase == Phase::Over && matches!(call.stage, Stage::Away | Stage::Over) {
            self.site.calls.remove(key);
        }
    }
}

impl Broken {
    fn lost(name: &str, account: &super::site::Account, counted: u64) -> Broken {
        let says = format!(
            "conservation at `{name}`: {account:?} leaves {} in flight, but {counted} are there",
            account.in_flight()
        );
        Broken { says }
    }
}
