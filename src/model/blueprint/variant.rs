//! The same site under another load, for another time, or with something lost: what changes is data,
//! so that all else keeps its luck.

use super::{
    Arrivals, Blueprint, Episode, Happening, HostId, InstanceId, Objective, Promise, What, Workload,
};
use crate::engine::time::{Instant, Span};

/// What may be lost at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Processes of an instance die; its host tells whoever asks.
    Instance(InstanceId),
    /// Hosts are gone, and say nothing: one, or all of a zone.
    Hosts(Vec<HostId>),
}

impl Workload {
    /// Requests a second at an instant; of users none, for they come when they are answered.
    pub fn per_s(&self, plan: &Blueprint, at: Instant) -> f64 {
        let Arrivals::Open { rate, batch, .. } = &self.arrivals else { return 0.0 };
        let after = rate.knots.partition_point(|knot| knot.0 <= at);
        let (before, next) = (rate.knots[..after].last(), rate.knots.get(after));
        let per_s = match (before, next) {
            (Some(one), Some(two)) => {
                let share = at.since(one.0).seconds() / two.0.since(one.0).seconds();
                one.1 + share * (two.1 - one.1)
            }
            (Some(only), None) | (None, Some(only)) => only.1,
            (None, None) => 0.0,
        };
        // As many come together as the whole part of what is drawn.
        per_s * batch.map_or(1.0, |law| plan.laws[law.index()].whole_mean())
    }
}

impl Blueprint {
    /// So many times the load: the rates of all workloads, spikes with them, the numbers of users, and
    /// the throughput that was promised, which is a share of what comes. Visitors are the same ones,
    /// closer together.
    #[must_use]
    pub fn at_load(&self, factor: f64) -> Blueprint {
        assert!(factor.is_finite() && factor > 0.0, "{factor} times the load");
        let mut plan = self.clone();
        for workload in &mut plan.workloads {
            match &mut workload.arrivals {
                Arrivals::Open { rate, .. } => {
                    rate.knots.iter_mut().for_each(|knot| knot.1 *= factor);
                }
                Arrivals::Closed { users, .. } => {
                    *users = (f64::from(*users) * factor + 0.5).clamp(1.0, 1e8) as u32;
                }
            }
        }
        for files in &mut plan.files {
            files.rate_per_host *= factor;
        }
        for table in &mut plan.tables {
            table.reads *= factor;
        }
        for objective in &mut plan.objectives {
            if let Promise::Throughput { least } = &mut objective.promise {
                *least *= factor;
            }
        }
        plan
    }

    /// Warmed up for longer: all that has a time comes later by as much.
    #[must_use]
    pub fn warmed_up_for(&self, warm_up: Span) -> Blueprint {
        let more = warm_up.nanos().saturating_sub(self.warm_up.nanos());
        let later = |at: Instant| Instant::from_nanos(at.nanos() + more);
        let mut plan = self.clone();
        plan.warm_up = Span::from_nanos(self.warm_up.nanos() + more);
        for happening in &mut plan.timeline {
            happening.at = later(happening.at);
        }
        for episode in &mut plan.episodes {
            (episode.from, episode.until) = (later(episode.from), later(episode.until));
        }
        for objective in &mut plan.objectives {
            (objective.from, objective.until) = (later(objective.from), later(objective.until));
            if let Promise::Recovery(recovery) = &mut objective.promise {
                recovery.clock = later(recovery.clock);
            }
        }
        for workload in plan.workloads.iter_mut().filter(|it| it.spike.is_some()) {
            if let Arrivals::Open { rate, .. } = &mut workload.arrivals {
                rate.knots.iter_mut().for_each(|knot| knot.0 = later(knot.0));
            }
        }
        plan
    }

    /// A day on which nothing happens but one loss: at `at` after the beginning of the window, undone
    /// after `gone`, and watched for `after`. Each objective stands there twice: over the time
    /// of the loss, and (behind all of those) over the second half of the time after it, when what
    /// comes back by itself has come back. Those that are about events themselves are left out.
    /// `None` is lost: the same day without the loss.
    #[must_use]
    pub fn losing(
        &self,
        lost: Option<&Lost>,
        name: &str,
        at: Span,
        (gone, after): (Span, Span),
    ) -> Blueprint {
        let mut plan = self.with_only(None);
        let from = Instant::ZERO + plan.warm_up + at;
        let until = from + gone;
        let end = until + after;
        plan.duration = Span::from_nanos(at.nanos() + gone.nanos() + after.nanos());
        let name = name.to_owned();
        plan.episodes = vec![Episode { name, from, until, rate: None }];
        let mut happens = |what, undone| {
            for (at, what) in [(from, what), (until, undone)] {
                plan.timeline.push(Happening { at, what, episode: 0 });
            }
        };
        match lost {
            None => {}
            Some(Lost::Instance(id)) => happens(What::Crash(*id), What::Restart(*id)),
            Some(Lost::Hosts(hosts)) => {
                for &it in hosts {
                    happens(What::Lose(it), What::Restore(it));
                }
            }
        }
        plan.timeline.sort_by_key(|it| it.at);
        let is_about_events =
            |it: &Objective| matches!(it.promise, Promise::Recovery(_) | Promise::Budget(_));
        let kept: Vec<Objective> =
            self.objectives.iter().filter(|it| !is_about_events(it)).cloned().collect();
        let within = |from: Instant, until: Instant| {
            kept.iter().map(move |it| Objective { from, until, ..it.clone() })
        };
        let back = Instant::from_nanos(until.nanos() + after.nanos() / 2);
        plan.objectives = within(from, until).chain(within(back, end)).collect();
        plan
    }
}
