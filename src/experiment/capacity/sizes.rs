//! Each service smaller and larger, all else as it is: where the first objective is missed then, simulated.
//!
//! A size by which the law moves the site's bound is looked at where that puts the first miss. One by which it does not is
//! held against the site as it is, on the same luck, which takes a few replications to tell "no
//! difference" from one that the law does not know.

use super::{
    bench::Work,
    changed::{AsItIs, Miss, Reference, first_miss},
    fit::Crossing,
    growth::{Change, SIMULATED, Size, Step, WORTH, cores, heights, of_cores, of_instances},
};
use crate::{
    experiment::replicate::Failure,
    model::{
        blueprint::{Blueprint, ServiceId},
        operational::Operational,
    },
};

/// A service at one of several sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sized {
    /// Instances, or cores of each of their hosts.
    pub(super) size: u32,
    /// Of the site.
    pub(super) bound: Option<f64>,
    /// Where the first objective is missed, as simulated.
    pub(super) missed_at: Option<Crossing>,
}

/// A service at several sizes, each of them simulated.
#[derive(Clone, Debug)]
pub(super) struct Curves {
    pub(super) service: ServiceId,
    pub(super) wider: Vec<Sized>,
    pub(super) taller: Vec<Sized>,
}

/// A change, and what was found of it.
type Known = (Vec<String>, Sized);

/// Sizes are looked at one after the other.
struct Sizes<'a, 'w> {
    known: &'a Operational,
    crossing: &'a Crossing,
    change: Change<'a>,
    steps: &'a [Step],
    work: &'a mut Work<'w>,
    /// The same machines may be those of several services.
    seen: Vec<Known>,
    plan: &'a Blueprint,
    /// `None`: nobody needed it yet.
    as_it_is: Option<Reference>,
}

/// Each service with one instance less, as it is, with one and two more; and with half, as many, one and a
/// half times and twice the cores; the one that is full first by itself comes first. `None`: interrupted.
pub(super) fn curves(
    plan: &Blueprint,
    known: &Operational,
    crossing: &Crossing,
    (change, steps): (Change<'_>, &[Step]),
    work: &mut Work<'_>,
) -> Result<Option<Vec<Curves>>, Failure> {
    let (seen, as_it_is) = (Vec::new(), None);
    let mut sizes = Sizes { known, crossing, change, steps, work, seen, plan, as_it_is };
    let mut found = Vec::new();
    for service in fullest_first(plan, known) {
        let it = &plan.services[service.index()];
        let (now, of_each) = (it.instances, cores(plan, service));
        let mut curves = Curves { service, wider: Vec::new(), taller: Vec::new() };
        for count in widths(now) {
            let changes = vec![of_instances(plan, service, count)];
            let size = Size { service, is_wider: true, count };
            let Some(it) = sizes.one(size, count == now, changes)? else { return Ok(None) };
            curves.wider.extend(it);
        }
        for count in heights(of_each) {
            let changes = of_cores(plan, service, count);
            let size = Size { service, is_wider: false, count };
            let Some(it) = sizes.one(size, count == of_each, changes)? else { return Ok(None) };
            curves.taller.extend(it);
        }
        // A size alone is no curve: such a service cannot be made larger by itself.
        for sizes in [&mut curves.wider, &mut curves.taller] {
            if sizes.len() < 2 {
                sizes.clear();
            }
        }
        found.push(curves);
    }
    Ok(Some(found))
}

/// All services but visitors, those that never run out last.
fn fullest_first(plan: &Blueprint, known: &Operational) -> Vec<ServiceId> {
    let services = (0..).map(ServiceId).zip(&plan.services);
    let mut all: Vec<ServiceId> =
        services.filter(|(_, it)| it.kind != "visitors").map(|(id, _)| id).collect();
    let full_at = |it: &ServiceId| known.alone_per_s(*it).unwrap_or(f64::INFINITY);
    all.sort_by(|one, other| full_at(one).total_cmp(&full_at(other)));
    all
}

/// One instance less, as many, one and two more.
fn widths(instances: u32) -> std::ops::RangeInclusive<u32> {
    instances.saturating_sub(1).max(1)..=instances + 2
}

impl Sizes<'_, '_> {
    /// `None`: interrupted; an empty list where such a size makes no site.
    fn one(
        &mut self,
        size: Size,
        is_now: bool,
        changes: Vec<String>,
    ) -> Result<Option<Vec<Sized>>, Failure> {
        let before = self.known.bound_per_s();
        if is_now {
            let missed_at = Some(*self.crossing);
            return Ok(Some(vec![Sized { size: size.count, bound: before, missed_at }]));
        }
        if let Some((_, found)) = self.seen.iter().find(|(known, _)| *known == changes) {
            return Ok(Some(vec![*found]));
        }
        let Some(sized) = (self.change)(&changes) else { return Ok(Some(Vec::new())) };
        let bound = Operational::of(&sized).bound_per_s();
        let Some(miss) = self.look(&sized, before.zip(bound), size)? else { return Ok(None) };
        let found = Sized { size: size.count, bound, missed_at: miss.at };
        self.seen.push((changes, found));
        Ok(Some(vec![found]))
    }

    /// With the bounds before and after; without, nothing runs out on one side.
    fn look(
        &mut self,
        sized: &Blueprint,
        bounds: Option<(f64, f64)>,
        size: Size,
    ) -> Result<Option<Miss>, Failure> {
        // What to add next may have asked the same, as long as it was more of the same.
        let is_like =
            |it: &&Step| (it.size.service, it.size.is_wider) == (size.service, size.is_wider);
        let mut same = self.steps.iter().take(SIMULATED).take_while(is_like);
        if let Some(step) = same.find(|it| it.size == size) {
            return Ok(Some(Miss { at: step.missed_at }));
        }
        let Size { service, is_wider, count } = size;
        let name = &self.plan.services[service.index()].name;
        let s = if count == 1 { "" } else { "s" };
        let of = if is_wider { format!("instance{s}") } else { format!("core{s} each") };
        let label = format!("with {name}: {count} {of}");
        let factor = bounds.map_or(1.0, |(before, after)| after / before);
        let is_moved = (factor - 1.0).abs() > WORTH - 1.0;
        if !is_moved {
            if self.as_it_is.is_none() {
                let found = AsItIs::run(self.plan, self.crossing, self.known, self.work)?;
                self.as_it_is = Some(found);
            }
            match &self.as_it_is {
                Some(Reference::There(it)) => {
                    return it.beside(sized, &label, self.known, self.work);
                }
                Some(Reference::Interrupted) => return Ok(None),
                Some(Reference::Unclear) | None => {}
            }
        }
        first_miss(sized, factor * self.crossing.at.value, &label, self.known, self.work)
    }
}
