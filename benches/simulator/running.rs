//! Replications that are run in stretches or as a whole, with every measure on, and timed.

use super::clock::cpu_seconds;
use simulate::{
    engine::time::{Instant, Span},
    measure::{tally::Tally, tape::Tape},
    model::{
        blueprint::Blueprint,
        run::{Run, finish},
        shape::shape,
        site::{Account, Site},
    },
};

/// What was done in how much time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch {
    pub seconds: f64,
    pub events: u64,
    pub requests: u64,
}

impl Stretch {
    pub fn nanos_a_request(self) -> f64 {
        self.seconds * 1e9 / self.requests as f64
    }

    pub fn nanos_an_event(self) -> f64 {
        self.seconds * 1e9 / self.events as f64
    }
}

/// A site on its way.
pub struct Going<'a> {
    pub plan: &'a Blueprint,
    pub site: Site,
    pub tape: Tape,
}

impl<'a> Going<'a> {
    pub fn new(plan: &'a Blueprint, replication: u64) -> Going<'a> {
        Going { plan, site: Site::new(plan, replication), tape: Tape::new(&shape(plan)) }
    }

    /// Up to an instant, in seconds since the beginning.
    pub fn on_to(&mut self, seconds: f64) -> Stretch {
        let (events, requests) = (self.site.events(), requests(&self.site));
        let Going { plan, site, tape } = self;
        let from = cpu_seconds();
        Run { plan, site, tape }.until(Instant::ZERO + Span::from_seconds(seconds));
        Stretch {
            seconds: cpu_seconds() - from,
            events: self.site.events() - events,
            requests: self::requests(&self.site) - requests,
        }
    }

    /// The same from here on, with a recorder of its own.
    pub fn fork(&self) -> Going<'a> {
        let plan = self.plan;
        Going { plan, site: self.site.fork(0), tape: Tape::new(&shape(plan)) }
    }

    /// How many visitors' requests are in flight.
    pub fn in_flight(&self) -> u64 {
        self.site.books().workloads.iter().map(Account::in_flight).sum()
    }
}

/// A replication from beginning to end.
pub fn whole(plan: &Blueprint, replication: u64) -> (Stretch, Tally) {
    let mut site = Site::new(plan, replication);
    let mut tape = Tape::new(&shape(plan));
    let from = cpu_seconds();
    finish(plan, &mut site, &mut tape).expect("nothing is lost");
    let seconds = cpu_seconds() - from;
    let stretch = Stretch { seconds, events: site.events(), requests: requests(&site) };
    (stretch, tape.close(Instant::ZERO + plan.warm_up + plan.duration + plan.drain))
}

fn requests(site: &Site) -> u64 {
    site.books().workloads.iter().map(|account| account.started).sum()
}
