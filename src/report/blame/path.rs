//! The way along what is held, from where requests come in to who holds them.

use super::{
    used::{Resource, SHORT},
    who::Who,
};

impl Who<'_> {
    /// From a service along what is held.
    pub(super) fn follow(&self, from: usize) -> Vec<usize> {
        let mut path = vec![from];
        while let Some(next) = self.held_by(path[path.len() - 1]).or_else(|| self.sent_by(&path))
            && !path.contains(&next)
        {
            path.push(next);
        }
        path
    }

    /// The part of a path that is in the way. Where nothing is short at its end, and hardly anybody waits there, it is
    /// whoever before that has no room: a line that answers wait for, or a queue of callers for a place in which
    /// more wait than are at all behind it.
    pub(super) fn stopped(&self, mut path: Vec<usize>) -> Vec<usize> {
        let last = path[path.len() - 1];
        if self.is_congested(last) {
            return path;
        }
        // Who waits for a line is counted wherever answers come from: about as many as at M/M/1.
        let on_lines = |service: usize| -> f64 {
            let lines = self.resources(service).into_iter();
            let short = lines.filter(|it| it.what == Resource::Line && it.share >= SHORT);
            short.map(|it| it.share / (1.0 - it.share).max(1e-3)).sum()
        };
        let (here, _) = self.load(last);
        if let Some(at) = path.iter().rposition(|&it| 2.0 * on_lines(it) > here) {
            path.truncate(at + 1);
            return path;
        }
        let queued = |pair: &[usize]| -> f64 {
            let views = self.site.upstreams.iter().enumerate();
            let own = views
                .filter(|(_, it)| it.caller.index() == pair[0] && it.callee.index() == pair[1]);
            own.map(|(index, _)| self.queued(index)).sum()
        };
        let stops = path.windows(2).position(|pair| queued(pair) > self.load(pair[1]).0);
        if let Some(at) = stops {
            path.truncate(at + 2);
        }
        path
    }

    /// Whom the last of a path calls that is short of something, where the last one is not: answers
    /// on their way through a line that is too slow are at neither.
    fn sent_by(&self, path: &[usize]) -> Option<usize> {
        let last = path[path.len() - 1];
        if self.is_congested(last) {
            return None;
        }
        let own = self.site.upstreams.iter().filter(|it| it.caller.index() == last);
        own.map(|it| it.callee.index()).find(|&it| self.is_short(it) && !path.contains(&it))
    }
}
