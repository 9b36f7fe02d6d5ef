//! Points under way: each is compiled once, and kept until all of its replications are done.

use super::{Counts, Point, Stretch, Sweep, group::Groups};
use crate::{
    experiment::{
        ledger::{Item, Ledger},
        replicate::Trouble,
        study::measure_forked,
    },
    measure::tally::Tally,
    scenario::Draft,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
    time::Duration,
};

/// So many groups are compiled in advance at most …
const AHEAD: usize = 15;
/// … as long as those that are have fewer instances together.
const INSTANCES_MAX: usize = 256;

/// The points of a group.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) members: Vec<Point>,
    /// They share their warm-up.
    forks: bool,
}

impl Members {
    /// What is there of it is read; the rest is measured, and written down point by point.
    pub(super) fn found_or_run(
        &self,
        replication: u64,
        ledger: &Ledger,
        counts: &Counts,
    ) -> Result<Vec<Tally>, Trouble> {
        let item = |index: usize| Item::new(&self.members[index].label, replication);
        let mut tallies = Vec::new();
        for (index, point) in self.members.iter().enumerate() {
            tallies.push(ledger.read(item(index), &point.shape)?);
        }
        let open: Vec<usize> =
            (0..tallies.len()).filter(|&index| tallies[index].is_none()).collect();
        let found = (tallies.len() - open.len()) as u64;
        counts.found.fetch_add(found, Ordering::Relaxed);
        let together = if self.forks { open.len().max(1) } else { 1 };
        for several in open.chunks(together) {
            let variants: Vec<_> = several
                .iter()
                .map(|&it| (&self.members[it].plan, &self.members[it].shape))
                .collect();
            let (begun, mut kept) = (counts.time(), Duration::ZERO);
            measure_forked(&variants, replication, |number, tally| {
                let done = counts.time();
                let index = several[number];
                ledger.keep(item(index), &tally)?;
                tallies[index] = Some(tally);
                counts.measured.fetch_add(1, Ordering::Relaxed);
                kept += counts.time().saturating_sub(done);
                Ok(())
            })?;
            let simulated = counts.time().saturating_sub(begun + kept);
            counts.simulated_ns.fetch_add(simulated.as_nanos() as u64, Ordering::Relaxed);
        }
        Ok(tallies.into_iter().flatten().collect())
    }
}

#[derive(Debug, Default)]
struct There {
    groups: BTreeMap<u64, Arc<Members>>,
    /// Groups before this one are done: whoever is late with compiling one throws it away.
    next: u64,
}

impl There {
    fn put(&mut self, group: u64, members: &Arc<Members>) {
        if group >= self.next {
            self.groups.entry(group).or_insert_with(|| Arc::clone(members));
        }
    }
}

/// Groups under way.
#[derive(Debug)]
pub(super) struct Shelf<'a> {
    pub(super) sweep: &'a Sweep,
    pub(super) groups: &'a Groups,
    stretch: Stretch,
    draft: Draft<'a>,
    there: Mutex<There>,
    /// Held by whoever compiles several.
    ahead: Mutex<()>,
}

impl<'a> Shelf<'a> {
    pub(super) fn of(sweep: &'a Sweep, groups: &'a Groups, stretch: Stretch) -> Shelf<'a> {
        let (there, ahead) = (Mutex::default(), Mutex::default());
        Shelf { sweep, groups, stretch, draft: sweep.draft(), there, ahead }
    }

    fn there(&self) -> MutexGuard<'_, There> {
        self.there.lock().expect("nobody panics with it")
    }

    pub(super) fn get(&self, group: u64) -> Result<Arc<Members>, Trouble> {
        if let Some(found) = self.there().groups.get(&group) {
            return Ok(Arc::clone(found));
        }
        let found = Arc::new(self.compile(group)?);
        self.there().put(group, &found);
        // Others may need theirs meanwhile: nobody waits for those that come next.
        if let Ok(_held) = self.ahead.try_lock() {
            self.compile_ahead(group, &found);
        }
        Ok(found)
    }

    /// The groups behind this one, while they are small. What is wrong with one is told when its turn comes.
    fn compile_ahead(&self, group: u64, first: &Members) {
        let instances = |it: &Members| -> usize {
            it.members.iter().map(|point| point.plan.instances.len()).sum()
        };
        let mut all = instances(first);
        let replications = u64::from(self.sweep.replications);
        for next in self.stretch.groups_behind(group, replications).take(AHEAD) {
            if all >= INSTANCES_MAX {
                return;
            }
            if self.there().groups.contains_key(&next) {
                continue;
            }
            let Ok(members) = self.compile(next) else { return };
            all += instances(&members);
            self.there().put(next, &Arc::new(members));
        }
    }

    fn compile(&self, group: u64) -> Result<Members, Trouble> {
        let point = |number: u64| {
            self.sweep.point(&self.draft, number).map_err(|mistakes| {
                let of = format!("point {number}, `{}`,", self.sweep.label(number));
                Trouble::Mistaken { of, drawn: mistakes.draw(false) }
            })
        };
        let points = self.groups.points(group).into_iter();
        let members: Vec<Point> = points.map(point).collect::<Result<_, Trouble>>()?;
        let mut others = members.iter().skip(1);
        let forks = others.all(|it| it.plan.is_same_until_window(&members[0].plan));
        Ok(Members { members, forks })
    }

    /// All of its replications are done, and those of all groups before it.
    pub(super) fn take(&self, group: u64) -> Arc<Members> {
        let mut there = self.there();
        there.next = group + 1;
        there.groups.remove(&group).expect("it has just been run")
    }

    /// Groups before this one are done, as far as they are done here.
    pub(super) fn forget_before(&self, group: u64) {
        let mut there = self.there();
        there.next = group;
        there.groups.retain(|&it, _| it >= group);
    }
}
