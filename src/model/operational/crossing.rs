//! Which calls cross the lines of hosts, and whose: nothing does between two on one host.
//!
//! Calls are made where their callers run, and run where these send them. Where either is by weight it is known how
//! many cross each line. Where callers or servers may choose, it is known how many cross at least, by one line or
//! another: the least over all that they may choose.

use std::collections::BTreeMap;

use super::{
    super::blueprint::{Blueprint, HostId, InstanceId},
    place::Spread,
    station::Where,
};

/// The share of calls that crosses.
pub(super) struct Crossing {
    /// The lines of callers: that of a host, or those of a group's hosts together.
    pub(super) callers: Vec<(Where, f64)>,
    /// The lines of those who are called.
    pub(super) callees: Vec<(Where, f64)>,
    /// More may cross than this.
    pub(super) is_least: bool,
}

/// One end of calls.
struct End<'a> {
    spread: &'a Spread,
    /// Shares by host.
    hosts: BTreeMap<u32, f64>,
    /// Which of them it is, is open.
    is_free: bool,
}

impl Crossing {
    pub(super) fn between(plan: &Blueprint, from: &Spread, to: &Spread) -> Crossing {
        let (from, to) = (End::of(plan, from), End::of(plan, to));
        let is_shared = from.hosts.keys().any(|host| to.hosts.contains_key(host));
        Crossing {
            callers: from.as_caller(&to),
            callees: to.as_callee(plan, &from),
            is_least: is_shared && (from.is_free || to.is_free),
        }
    }
}

impl<'a> End<'a> {
    fn of(plan: &Blueprint, spread: &'a Spread) -> End<'a> {
        let hosts = spread.hosts(plan);
        // All on one host are in one place.
        End { spread, is_free: spread.is_free && hosts.len() > 1, hosts }
    }

    /// The share of its calls that may be kept on a host.
    fn kept_at(&self, host: u32) -> f64 {
        match self.hosts.get(&host) {
            Some(_) if self.is_free => 1.0,
            Some(share) => *share,
            None => 0.0,
        }
    }

    fn group(&self) -> Where {
        Where::Group(self.spread.instances())
    }

    /// By the lines of those who call.
    fn as_caller(&self, to: &End<'_>) -> Vec<(Where, f64)> {
        let away = |host: &u32| 1.0 - to.kept_at(*host);
        if self.is_free {
            return vec![(self.group(), self.hosts.keys().map(away).fold(1.0, f64::min))];
        }
        let each = self.hosts.iter();
        each.map(|(host, share)| (Where::Host(HostId(*host)), share * away(host))).collect()
    }

    /// By the lines of those who are called.
    fn as_callee(&self, plan: &Blueprint, from: &End<'_>) -> Vec<(Where, f64)> {
        let is_beside = |host: &u32| from.hosts.contains_key(host);
        if self.is_free {
            let beside: f64 =
                from.hosts.iter().filter(|it| self.hosts.contains_key(it.0)).map(|it| it.1).sum();
            let kept = if from.is_free && beside > 0.0 { 1.0 } else { beside };
            return vec![(self.group(), (1.0 - kept).max(0.0))];
        }
        let at = |host: u32, share: f64| (Where::Host(HostId(host)), share);
        if !from.is_free {
            let each = self.hosts.iter();
            return each
                .map(|(&host, share)| at(host, share * (1.0 - from.kept_at(host))))
                .collect();
        }
        // Callers may all be beside one of the servers, but not beside two: of what these are sent all but the most
        // crosses a line of theirs.
        let apart = self.hosts.iter().filter(|it| !is_beside(it.0));
        let mut found: Vec<(Where, f64)> = apart.map(|(&host, &share)| at(host, share)).collect();
        let shared = || self.hosts.iter().filter(|it| is_beside(it.0)).map(|it| *it.1);
        let most = shared().fold(0.0, f64::max);
        let is_at_shared = |it: &InstanceId| is_beside(&plan.instances[it.index()].host.0);
        let group = self.spread.instances().into_iter().filter(is_at_shared).collect();
        found.push((Where::Group(group), shared().sum::<f64>() - most));
        found
    }
}
