//! Places that a caller has at whom it calls: a pool, a limit a server. Full places that callers queue for are
//! short only if whoever is behind them does not wait for yet another place: those are held, not short.

use super::who::Who;

/// From so much in use on a caller's places are full.
const FULL: f64 = 0.9;

impl Who<'_> {
    /// Calls that wait at a caller for a place at whom it calls.
    pub(super) fn queued_for(&self, caller: usize, callee: usize) -> f64 {
        let upstreams = self.site.upstreams.iter().enumerate();
        let own =
            upstreams.filter(|(_, it)| it.caller.index() == caller && it.callee.index() == callee);
        own.map(|(index, _)| self.queued(index)).sum()
    }

    /// Whether there are too few places for those who call: more of them wait than are behind, or some do while
    /// nearly all places are in use behind.
    pub(super) fn are_short(&self, caller: usize, callee: usize) -> bool {
        let queued = self.queued_for(caller, callee);
        queued > self.called(caller, callee) || queued > 0.0 && self.are_filled(caller, callee)
    }

    /// Whether calls that are at the callee fill the places, rather than those on their way there or back.
    pub(super) fn are_filled(&self, caller: usize, callee: usize) -> bool {
        let places = self.places(caller, callee);
        places.is_some_and(|places| self.called(caller, callee) >= FULL * places)
    }

    /// The caller with too few places for a service, at which most wait.
    pub(super) fn short_caller(&self, callee: usize) -> Option<usize> {
        let upstreams = self.site.upstreams.iter().filter(|it| it.callee.index() == callee);
        let short = upstreams.map(|it| it.caller.index()).filter(|&it| self.are_short(it, callee));
        short.max_by(|one, other| {
            self.queued_for(*one, callee).total_cmp(&self.queued_for(*other, callee))
        })
    }

    /// Whether the end of a path is: it is short of something, or its callers of places for it.
    pub(super) fn is_in_the_way(&self, path: &[usize]) -> bool {
        let last = path[path.len() - 1];
        let are_short = |pair: &[usize]| self.are_short(pair[0], pair[1]);
        self.is_congested(last) || path.windows(2).last().is_some_and(are_short)
    }

    /// The part of the way to a service that is in the way (`stopped`), from a caller at whom calls queue for it:
    /// that caller alone, if its line holds them, or from the service on.
    pub(super) fn stopped_from(&self, caller: usize, path: Vec<usize>) -> Vec<usize> {
        let mut whole = self.stopped([vec![caller], path].concat());
        if whole.len() > 1 {
            whole.remove(0);
        }
        whole
    }

    /// Calls of a caller at whom it calls.
    fn called(&self, caller: usize, callee: usize) -> f64 {
        self.load(callee).0 * self.share_of(callee, caller)
    }

    /// Places that all of a caller have at all servers of another one. `None`: no limit.
    fn places(&self, caller: usize, callee: usize) -> Option<f64> {
        let service = &self.site.services[caller];
        let upstreams = self.site.upstreams.iter();
        let own = upstreams.filter(|it| it.caller.index() == caller && it.callee.index() == callee);
        let each = own
            .map(|it| (it.slots != u32::MAX).then(|| f64::from(it.servers) * f64::from(it.slots)));
        let each = each.sum::<Option<f64>>()?;
        Some(each * f64::from(service.processes) * f64::from(service.instances))
    }
}
