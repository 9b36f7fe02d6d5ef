//! What a process learns of its servers: active checks, and failures of real calls.
//!
//! Active checks are `HAProxy`'s: health counts from 0 to `rise + fall - 1`, up from `rise` on; one
//! success at the upper part forgives all failures, one failure at the lower part forgets all
//! successes. A check is a connection of its own, to the server's accept queue and CPU like any
//! other (manual, 5.2 "check", "inter", "fall", "rise"). For passive bans see `ban`.

use super::{
    blueprint::{Blueprint, Check, UpstreamId},
    call::{Call, NONE, Phase},
    event::Event,
    run::Run,
    site::Site,
};
use crate::{
    engine::{luck::mix, slab::Key, time::Span, timeline::Ticket},
    measure::{outcome::Cause, recorder::Recorder},
};

const CHECK: u64 = 0x4348_4543;

impl Site {
    /// First checks are spread over the interval (over servers as `HAProxy` does it, and by a phase
    /// of each process, since no two are started at the same instant).
    pub(crate) fn schedule_first_checks(&mut self, plan: &Blueprint) {
        for view in 0..self.views.len() as u32 {
            self.schedule_checks_of(plan, view);
        }
    }

    /// First checks of one view, after its process has started.
    pub(crate) fn schedule_checks_of(&mut self, plan: &Blueprint, view: u32) {
        let it = &self.views[view as usize];
        let process = it.process;
        let upstream = &plan.upstreams[it.upstream as usize];
        let Some(check) = upstream.check else { return };
        let inter = self.line.delay(check.inter).nanos();
        let word = self.draw(mix(self.key, mix(upstream.place, CHECK)), u64::from(process));
        let phase = (u128::from(word) * u128::from(inter)) >> 64;
        for server in 0..upstream.servers {
            let stagger = inter / u64::from(upstream.servers) * u64::from(server);
            let span = Span::from_nanos((phase as u64 + stagger) % inter.max(1));
            let ticket = self.line.after(span, Event::Check { view, server });
            self.views[view as usize].checks[server as usize].next = ticket;
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A check begins.
    pub(crate) fn check(&mut self, view: u32, server: u32) {
        let it = &self.site.views[view as usize];
        let id = UpstreamId(it.upstream);
        let upstream = &self.plan.upstreams[id.index()];
        let Some(check) = upstream.check else { return };
        let endpoint = check.endpoint.unwrap_or(super::blueprint::EndpointId(NONE));
        let place = mix(upstream.place, mix(u64::from(server), u64::from(it.process)));
        let state = &mut self.site.views[view as usize].checks[server as usize];
        state.next = Ticket::NONE;
        state.begun += 1;
        let key = mix(mix(self.site.key, place), state.begun);
        let mut call = Call::new(endpoint, key, mix(key, CHECK));
        call.upstream = id;
        call.rest.view = view;
        call.rest.server = server;
        call.instance = self.plan.servers[(upstream.first_server + server) as usize].instance.0;
        call.is.is_check = true;
        call.is.is_idempotent = true;
        call.phase = Phase::Connecting;
        let call = self.site.calls.insert(call);
        let timer = self.site.line.later(check.timeout, Event::TimeOut { call });
        self.site.calls[call].timer = timer;
        self.lay_way(call, upstream);
        self.connect(call, upstream);
    }

    /// The connection of a check is open.
    pub(crate) fn check_connected(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let timer = call.timer;
        let check = self.plan.upstreams[call.upstream.index()].check;
        if check.is_none_or(|check| check.endpoint.is_none()) {
            self.end_check(key, true);
            return;
        }
        if let Some(delay) = check.and_then(|check| check.answer_timeout) {
            self.site.line.cancel(timer);
            let timer = self.site.line.later(delay, Event::TimeOut { call: key });
            self.site.calls[key].timer = timer;
        }
        self.send(key);
    }

    /// A check was answered.
    pub(crate) fn check_answered(&mut self, key: Key) {
        let is_good = self.site.calls[key].outcome.is_ok();
        self.end_check(key, is_good);
    }

    /// A check was refused, cut off or timed out.
    pub(crate) fn check_failed(&mut self, key: Key) {
        self.end_check(key, false);
    }

    fn end_check(&mut self, key: Key, is_good: bool) {
        let call = &self.site.calls[key];
        let (view, server, upstream) = (call.rest.view, call.rest.server, call.upstream);
        self.part(key);
        self.settle(key);
        let declared = &self.plan.upstreams[upstream.index()];
        let Some(check) = declared.check else { return };
        let state = &mut self.site.views[view as usize];
        let peer = &mut state.checks[server as usize];
        let was_up = peer.health >= check.rise;
        peer.health = next_health(peer.health, is_good, &check);
        let is_up_now = peer.health >= check.rise;
        let is_settled = peer.health == 0 || peer.health == check.rise + check.fall - 1;
        let delay = match (is_up_now, is_settled) {
            (false, true) => check.down,
            (_, false) => check.fast,
            (true, true) => check.inter,
        };
        peer.next = self.site.line.later(delay, Event::Check { view, server });
        if was_up && !is_up_now {
            state.goes_down(server);
            self.redistribute(view, server);
        } else if is_up_now && !was_up {
            state.comes_up(server);
            self.dequeue(view, server);
        }
    }

    /// A real call failed: it may count against the server.
    pub(crate) fn blame(&mut self, key: Key, cause: Cause) {
        let call = &self.site.calls[key];
        let Some(ban) = self.plan.upstreams[call.upstream.index()].ban else { return };
        if !call.is.holds_server {
            return;
        }
        let counts = match cause {
            Cause::Refused
            | Cause::ConnectTimeout
            | Cause::TooManyConnections
            | Cause::ResponseTimeout
            | Cause::Reset => true,
            // Once the header is there, nginx counts a success.
            Cause::Truncated
            | Cause::OutOfConnections
            | Cause::None
            | Cause::NoServer
            | Cause::QueueTimeout
            | Cause::QueueFull
            | Cause::Patience
            | Cause::Unfinished
            | Cause::ClientClosed => false,
        };
        if counts {
            let (now, upstream) = (self.now(), call.upstream.0);
            let view = &mut self.site.views[call.rest.view as usize];
            if let Some((from, until)) = view.blame(call.rest.server, ban, now) {
                self.tape.banned(upstream, from, until);
            }
        }
    }
}

/// `HAProxy`'s counter (check.c, `check_notify_success` and `check_notify_failure`).
fn next_health(health: u32, is_good: bool, check: &Check) -> u32 {
    let best = check.rise + check.fall - 1;
    if is_good {
        let health = (health + 1).min(best);
        if health >= check.rise { best } else { health }
    } else {
        let health = health.saturating_sub(1);
        if health < check.rise { 0 } else { health }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::timeline::DelayId;

    fn pattern(results: &str) -> String {
        let delay = DelayId(0);
        let check = Check {
            inter: delay,
            fast: delay,
            down: delay,
            timeout: delay,
            answer_timeout: None,
            fall: 3,
            rise: 2,
            endpoint: None,
        };
        let mut health = check.rise;
        let mut says = String::new();
        for result in results.chars() {
            health = next_health(health, result == 'P', &check);
            says.push(if health >= check.rise { 'U' } else { 'D' });
        }
        says
    }

    #[test]
    fn one_success_forgives_and_one_failure_forgets() {
        // Never down: two failures of three are forgiven each time.
        assert_eq!(pattern("PFFPFFPFFP"), "UUUUUUUUUU");
        // The first check alone takes a server out at start-up.
        assert_eq!(pattern("F"), "D");
        assert_eq!(pattern("PFFF"), "UUUD");
        // On the way up a failure forgets the successes so far.
        assert_eq!(pattern("FPFPP"), "DDDDU");
    }
}
