//! Who was taken away, and who waits for it.

use super::{
    Stretch, covers, lasts,
    used::{Resource, SHORT},
    who::Who,
};
use crate::model::{
    blueprint::{Episode, What},
    operational::below,
};

impl Who<'_> {
    /// The event that took instances of one of these services away for most of the bad time, if there
    /// is one. What is as bad without the event is not because of it.
    pub(super) fn gone(
        &self,
        bad: &[Stretch],
        is_meant: impl Fn(usize) -> bool,
    ) -> Option<(usize, &Episode)> {
        let length: f64 = bad.iter().map(|it| it.1 - it.0).sum();
        let window = self.site.duration.seconds();
        let mut taken = self.site.timeline.iter().filter_map(|happening| {
            let is_own = |service: usize| self.concerned.touches(service) && is_meant(service);
            let instance = match happening.what {
                What::Crash(instance) => instance.index(),
                What::Lose(host) => self
                    .site
                    .instances
                    .iter()
                    .position(|it| it.host == host && is_own(it.service.index()))?,
                What::Restart(_) | What::Restore(_) => return None,
            };
            let service = self.site.instances[instance].service.index();
            if !is_own(service) {
                return None;
            }
            let episode = &self.site.episodes[happening.episode as usize];
            let (begin, end) = lasts(self.site, episode);
            let event = (begin, end + self.lingers_s);
            let covered: f64 = bad.iter().map(|&it| covers(event, it)).sum();
            let outside = window - covers(event, (0.0, window));
            let is_bad_without = 2.0 * (length - covered) > outside && outside > 0.0;
            (2.0 * covered >= length && length > 0.0 && !is_bad_without)
                .then_some((service, episode))
        });
        taken.next()
    }

    /// The event that took away whom the last of a path waits for, or that one itself. Its own workers
    /// may well be short: calls that find nobody hold them.
    pub(super) fn awaited(&self, path: &[usize], bad: &[Stretch]) -> Option<(usize, &Episode)> {
        let last = path[path.len() - 1];
        let is_short = self.is_congested(last);
        let own = self.gone(bad, |_| !is_short);
        if own.is_some() {
            return own;
        }
        let is_machine_short = self
            .resources(last)
            .iter()
            .any(|it| it.share >= SHORT && !matches!(it.what, Resource::Workers));
        if is_machine_short || !self.hangs(last) {
            return None;
        }
        let below = below(self.site, last);
        self.gone(bad, |service| service != last && below[service])
    }
}
