//! Time-outs that no answer can keep, however idle everybody is: they are shorter than the way there and
//! back.

use super::{way::ways_between, who::Who};
use crate::{
    measure::outcome::Cause,
    model::blueprint::{Blueprint, Upstream},
    report::{format::seconds, summary::VISITORS},
};

/// Whose requests are given up before they arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Never {
    /// All of an upstream's.
    All,
    /// Those to servers that are far enough away.
    Some,
    /// None.
    None,
}

/// Whether the time-out for an answer is over before a request is there.
pub(super) fn never_arrives(site: &Blueprint, upstream: &Upstream) -> Never {
    let Some(timeout_s) = timeout_s(site, upstream, Cause::ResponseTimeout) else {
        return Never::None;
    };
    let ways = ways_between(site, upstream.caller.index(), upstream.callee.index());
    let far = ways.iter().filter(|it| it.0 > timeout_s).count();
    match far {
        0 => Never::None,
        _ if far == ways.len() => Never::All,
        _ => Never::Some,
    }
}

impl Who<'_> {
    /// Why a service sees this time-out, where it does because it is shorter than the way there and back.
    pub(super) fn hopeless(&self, caller: usize, cause: Cause) -> Option<String> {
        let own = self.site.upstreams.iter().zip(&self.pool.upstreams);
        let own = own.filter(|(it, _)| it.caller.index() == caller);
        let (upstream, tally) = own.max_by_key(|(_, tally)| tally.failed[cause as usize])?;
        if tally.failed[cause as usize] == 0 {
            return None;
        }
        let timeout_s = timeout_s(self.site, upstream, cause)?;
        let callee = upstream.callee.index();
        let ways = ways_between(self.site, caller, callee);
        let longest =
            ways.iter().copied().reduce(|most, it| if it.0 > most.0 { it } else { most })?;
        let is_too_far = |way_s: f64| 2.0 * way_s > timeout_s;
        // Servers that are near may be late for reasons of their own.
        let is_for_all = ways.iter().all(|it| is_too_far(it.0));
        if !is_too_far(longest.0) || !is_for_all && self.is_congested(callee) {
            return None;
        }
        let (way_s, from, to) = longest;
        let zone = |zone: u32| self.site.zone_names.get(zone as usize);
        let zones = match (zone(from), zone(to)) {
            (Some(from), Some(to)) if from != to => format!(" between zones {from} and {to}"),
            _ => String::new(),
        };
        let [caller, callee] = [caller, callee].map(|it| &self.site.services[it]);
        Some(format!(
            "{}: its `{}` of {} for {} is shorter than the way there and back, {}{zones}",
            caller.name,
            setting(caller.kind, cause),
            seconds(timeout_s),
            callee.name,
            seconds(2.0 * way_s),
        ))
    }
}

/// How long a caller waits until it sees this, if it does so by a time-out of its own.
fn timeout_s(site: &Blueprint, upstream: &Upstream, cause: Cause) -> Option<f64> {
    let timeout = match cause {
        Cause::ResponseTimeout => upstream.response_timeout,
        Cause::ConnectTimeout => upstream.connect_timeout,
        _ => None,
    };
    Some(site.delays[timeout?.0 as usize].seconds())
}

/// What whoever wrote the scenario knows a time-out by.
fn setting(kind: &str, cause: Cause) -> &'static str {
    match (kind, cause) {
        ("haproxy", Cause::ConnectTimeout) => "timeout connect",
        ("haproxy", _) => "timeout server",
        ("nginx", Cause::ConnectTimeout) => "proxy_connect_timeout",
        ("nginx", _) => "proxy_read_timeout",
        (VISITORS, _) | (_, Cause::ConnectTimeout) => "connect_timeout",
        ("app", _) => "read_timeout",
        _ => "response_timeout",
    }
}
