//! Looking ahead. With thousands of calls under way nothing that an event is about lies in the nearer
//! caches, and an event waits for its call, then for its instance, then for its machine. What is
//! going to happen next is known, though: now and then all that a number of events will need is
//! asked for in a row, so that the processor fetches it together. It changes nothing.

use super::{event::Event, run::Run, site::Site};
use crate::{engine::slab::Key, measure::recorder::Recorder};
use std::hint::black_box;

/// After so many events one looks ahead.
const EVENTS_TOGETHER: u64 = 32;
/// At most so many come off a belt until one looks again.
const STEP: usize = EVENTS_TOGETHER as usize;
/// With fewer calls under way what is needed lies in the nearer caches.
pub(crate) const MANY: usize = 4096;

impl<R: Recorder> Run<'_, R> {
    /// Fetches what comes next, if many calls are under way and it is time to.
    #[inline]
    pub(crate) fn look_ahead(&mut self) {
        if self.site.line.happened().is_multiple_of(EVENTS_TOGETHER) {
            self.look_at_belts();
        }
        if self.site.line.refills() != self.site.looked {
            self.look_at_queue();
        }
    }

    /// Fetches what messages on their way need where they arrive.
    #[inline(never)]
    fn look_at_belts(&mut self) {
        if self.site.calls.len() < MANY {
            return;
        }
        let Site { line, calls, instances, hosts, .. } = &mut *self.site;
        let mut seen = 0;
        // Each is looked at three times while it comes nearer, for what can be found by then.
        for event in line.on_belts(2 * STEP, STEP) {
            if let Event::Reach { call } | Event::Return { call, .. } = event {
                seen ^= calls.get(*call).map_or(0, |call| call.request_key);
            }
        }
        for event in line.on_belts(STEP, STEP) {
            if let Event::Reach { call } | Event::Return { call, .. } = event
                && let Some(call) = calls.get(*call)
                && let Some(instance) = instances.get(call.instance as usize)
            {
                seen ^= u64::from(instance.calls);
            }
        }
        for event in line.on_belts(0, STEP) {
            if let Event::Reach { call } = event
                && let Some(call) = calls.get(*call)
                && let Some(instance) = instances.get(call.instance as usize)
                && let Some(host) = hosts.get_mut(instance.host.index())
            {
                seen ^= u64::from(host.cpu.seen());
            }
        }
        black_box(seen);
    }

    /// Fetches what the next events of the queue need.
    #[inline(never)]
    fn look_at_queue(&mut self) {
        let Site { line, calls, hosts, looked, .. } = &mut *self.site;
        *looked = line.refills();
        if calls.len() < MANY {
            return;
        }
        let look =
            |call: Key| calls.get(call).map_or((0, Key::NONE), |it| (it.request_key, it.caller));
        let mut seen = 0;
        for event in line.soon() {
            seen ^= match event {
                Event::Computed { host, .. } => u64::from(hosts[host as usize].cpu.seen()),
                Event::Resume { call } => look(call).0,
                _ => 0,
            }
        }
        for event in line.soon() {
            seen ^= match event {
                Event::Computed { host, core, .. } => look(hosts[host as usize].cpu.job(core)).0,
                Event::Resume { call } => look(look(call).1).0,
                _ => 0,
            }
        }
        black_box(seen);
    }
}
