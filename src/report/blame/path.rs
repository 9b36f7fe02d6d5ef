//! The way along what is held, from where requests come in to who holds them.

use super::{
    used::{Resource, SHORT},
    who::Who,
};
use crate::model::blueprint::{Objective, Promise};

/// From a service to the next one, and so on, as long as there is one that was not passed.
pub(super) fn along(from: usize, next: impl Fn(usize, &[usize]) -> Option<usize>) -> Vec<usize> {
    let mut path = vec![from];
    while let Some(next) = next(path[path.len() - 1], &path)
        && !path.contains(&next)
    {
        path.push(next);
    }
    path
}

impl Who<'_> {
    /// From a service along what is held.
    pub(super) fn follow(&self, from: usize) -> Vec<usize> {
        along(from, |last, path| self.held_by(last).or_else(|| self.sent_by(path)))
    }

    /// The part of a path that is in the way. Where nothing is short at its end, and hardly anybody waits there, it is
    /// whoever before that has no room: a line that answers wait for, or the last of the places that are too few. Those
    /// before it are held by calls that wait there, and those behind a line by calls that wait for it, unless they are
    /// full by themselves.
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
        let line = path.iter().rposition(|&it| 2.0 * on_lines(it) > here);
        let places = path.windows(2).rposition(|pair| self.are_short(pair[0], pair[1]));
        let are_full = |at: &usize| self.are_filled(path[*at], path[at + 1]);
        let end = match (line, places) {
            (Some(line), places) => {
                places.filter(|at| *at >= line && are_full(at)).map_or(line, |at| at + 1)
            }
            (None, Some(at)) => at + 1,
            (None, None) => path.len() - 1,
        };
        path.truncate(end + 1);
        path
    }

    /// From where the calls come in that an objective is about. Of a queue those, too, that wait at a caller for a
    /// place.
    pub(super) fn found(&self, objective: &Objective, entry: usize) -> Vec<usize> {
        let path = self.follow(entry);
        let waits = match objective.promise {
            Promise::Queue { .. } => self.short_caller(entry),
            _ => None,
        };
        let path = match waits {
            Some(caller) => self.stopped_from(caller, path),
            None => self.stopped(path),
        };
        // Workers that are idle at times are not held for good by whoever takes long: calls come in bursts.
        let is_idle = self.queued_at(objective, entry).is_some_and(|it| it.share < SHORT);
        if is_idle && !self.is_in_the_way(&path) { vec![entry] } else { path }
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
