//! The loads that are tried of one variant of a site, each on the same luck: replication `r` is the
//! same visitors at every load, closer together.

use std::collections::BTreeMap;

use super::judgement::Judgement;
use crate::{
    experiment::{
        replicate::Failure,
        rounds::{Crew, Running, round},
    },
    measure::{fold::Fold, record::Record},
    model::blueprint::Blueprint,
    slo::{
        evidence::Evidence,
        sides::{Day, Sides, days, on},
    },
};

/// Who works, who is told, and what has been done so far.
pub struct Work<'a> {
    /// Who works.
    pub crew: Crew<'a>,
    /// Told what is being done, replications done of it, and how many there are to be.
    pub progress: &'a mut (dyn FnMut(&str, u64, u64) + Send),
    /// Replications so far.
    pub replications: u64,
    /// Requests measured so far.
    pub requests: u64,
    /// Loads tried so far.
    pub loads: u32,
}

/// A load, and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) factor: f64,
    /// The site on each of its days, and what they left.
    days: Vec<(Day, Blueprint, String)>,
    folds: Vec<Option<Fold>>,
}

impl Level {
    pub(super) fn plan(&self) -> &Blueprint {
        &self.days[0].1
    }

    /// Of the day as it is.
    pub(super) fn fold(&self) -> Option<&Fold> {
        self.folds[0].as_ref()
    }

    pub(super) fn replications(&self) -> u32 {
        self.fold().map_or(0, |fold| fold.pool.replications)
    }

    fn records(&self, day: usize, count: usize) -> &[Record] {
        let all = self.folds[day].as_ref().map_or(&[][..], |fold| &fold.records);
        &all[..count.min(all.len())]
    }

    /// What the first `count` replications say of each objective.
    pub(super) fn evidence(&self, count: usize) -> Vec<Evidence> {
        let records: Vec<&[Record]> =
            (0..self.days.len()).map(|day| self.records(day, count)).collect();
        self.evidence_of(&records)
    }

    /// The same, where having no data can be bad.
    pub(super) fn judgements(&self, count: usize) -> Vec<Judgement> {
        self.judged(self.evidence(count))
    }

    /// What they say without one of them.
    pub(super) fn judgements_without(&self, count: usize, left_out: usize) -> Vec<Judgement> {
        let kept: Vec<Vec<Record>> = (0..self.days.len())
            .map(|day| {
                let all = self.records(day, count).iter().enumerate();
                all.filter(|(index, _)| *index != left_out).map(|(_, it)| it.clone()).collect()
            })
            .collect();
        self.judged(self.evidence_of(&kept.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    fn judged(&self, evidence: Vec<Evidence>) -> Vec<Judgement> {
        let pool = self.fold().map(|it| &it.pool);
        let all = evidence.into_iter().enumerate();
        all.map(|(index, it)| Judgement::new((self.plan(), index), it, pool)).collect()
    }

    fn evidence_of(&self, records: &[&[Record]]) -> Vec<Evidence> {
        let mut sides = Sides::alone(records[0]);
        for ((day, plan, _), records) in self.days.iter().zip(records) {
            match *day {
                Day::Whole => {}
                Day::Quiet => sides.quiet = records,
                Day::Only(episode) => {
                    let rate = plan.episodes[episode as usize].rate.unwrap_or(0.0);
                    sides.only.push((rate, *records));
                }
            }
        }
        let all = self.plan().objectives.iter().enumerate();
        all.map(|(index, it)| Evidence::of(it, index, &sides)).collect()
    }
}

/// All loads of a variant, the lowest first.
#[derive(Clone, Debug)]
pub(super) struct Bench {
    base: Blueprint,
    label: String,
    pub(super) levels: Vec<Level>,
}

impl Bench {
    /// Nothing tried yet. No two variants of an experiment have the same label.
    pub(super) fn new(base: &Blueprint, label: &str) -> Bench {
        let label = format!("{}/{label}", base.name);
        Bench { base: base.clone(), label, levels: Vec::new() }
    }

    /// The place of a load among those tried, which it joins.
    pub(super) fn level(&mut self, factor: f64) -> usize {
        let at = self.levels.partition_point(|level| level.factor < factor);
        if self.levels.get(at).is_some_and(|level| level.factor == factor) {
            return at;
        }
        let plan = self.base.at_load(factor);
        let days: Vec<(Day, Blueprint, String)> = days(&plan)
            .into_iter()
            .map(|day| (day, on(&plan, day), format!("{} ×{factor:?} {day:?}", self.label)))
            .collect();
        let folds = vec![None; days.len()];
        self.levels.insert(at, Level { factor, days, folds });
        at
    }

    /// Loads that were tried.
    pub(super) fn levels_at(&self, factors: &[f64]) -> Vec<&Level> {
        self.levels.iter().filter(|it| factors.contains(&it.factor)).collect()
    }

    /// Runs each of these loads until it has so many replications, all of them side by side, from the
    /// replication of this number on. `false`: interrupted.
    pub(super) fn run(
        &mut self,
        wanted: &[(f64, u32)],
        from: u64,
        says: &str,
        work: &mut Work<'_>,
    ) -> Result<bool, Failure> {
        for &(factor, _) in wanted {
            self.level(factor);
        }
        // Loads that are said alike are one load, which is run once.
        let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
        for &(factor, count) in wanted {
            let known = counts.entry(self.level(factor)).or_default();
            *known = count.max(*known);
        }
        let wanted: Vec<(usize, u32)> = counts.into_iter().collect();
        let (mut running, mut list, mut fresh) = (Vec::new(), Vec::new(), 0);
        let mut folds: Vec<Option<Fold>> = Vec::new();
        for &(level, _) in &wanted {
            folds.extend(std::mem::take(&mut self.levels[level].folds));
        }
        let mut folds_of = folds.into_iter();
        let mut longest: Vec<Vec<(usize, u64)>> = Vec::new();
        for &(index, count) in &wanted {
            let level = &self.levels[index];
            for (_, plan, label) in &level.days {
                let mut it = Running::labelled(plan, label.clone());
                it.fold = folds_of.next().flatten();
                let done = it.replications();
                fresh += u32::from(done == 0);
                let numbers = u64::from(done)..u64::from(count.max(done));
                longest.push(numbers.map(|number| (running.len(), from + number)).collect());
                running.push(it);
            }
        }
        // The highest load takes longest, so it begins.
        for numbers in longest.into_iter().rev() {
            list.extend(numbers);
        }
        work.loads += fresh;
        let planned = list.len() as u64;
        let progress = &mut *work.progress;
        let result = if list.is_empty() {
            Ok(())
        } else {
            progress(says, 0, planned);
            round(&mut running, &list, work.crew, |done| progress(says, done, planned))
        };
        let mut back = running.into_iter().map(|it| it.fold).collect::<Vec<_>>().into_iter();
        let mut is_whole = true;
        for &(index, count) in &wanted {
            let level = &mut self.levels[index];
            level.folds = back.by_ref().take(level.days.len()).collect();
            is_whole &= level.replications() >= count;
        }
        result?;
        work.replications += planned;
        Ok(is_whole)
    }

    /// Of the load that was looked at most.
    pub(super) fn most_replications(&self) -> u32 {
        self.levels.iter().map(Level::replications).max().unwrap_or(0)
    }

    /// Requests that were measured at all loads.
    pub(super) fn requests(&self) -> u64 {
        let folds = self.levels.iter().flat_map(|level| level.folds.iter().flatten());
        folds.map(|fold| fold.pool.site().causes.iter().sum::<u64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::scenario::{Source, compile};

    const QUEUE: &str = r#"
[scenario]
duration = "5s"
warm_up = "1s"
[hardware.one]
cores = 1
[service.queue]
kind = "service"
hardware = "one"
[service.queue.endpoint.job]
steps = [ { cpu = "10ms" } ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = { job = 1 }
arrivals = { poisson = "50/s" }
[[slo]]
name = "quick"
require = "mean < 30ms"
"#;

    /// Arrivals at each load.
    fn run(rounds: &[&[(f64, u32)]]) -> Vec<(f64, u32, u64)> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let source = Source { path: "queue.toml".to_owned(), text: QUEUE.to_owned() };
        let mut bench = Bench::new(&compile(&source, &[]).unwrap(), "test");
        let mut nobody = |_: &str, _, _| ();
        let crew = Crew::new(Some(1), &NEVER);
        let mut work = Work { crew, progress: &mut nobody, replications: 0, requests: 0, loads: 0 };
        for wanted in rounds {
            assert!(bench.run(wanted, 0, "", &mut work).unwrap());
        }
        let of = |it: &Level| {
            let fold = it.fold().expect("it was run");
            (it.factor, it.replications(), fold.pool.site().causes.iter().sum())
        };
        bench.levels.iter().map(of).collect()
    }

    /// Loads that round to the same are asked for twice.
    #[test]
    fn a_load_that_is_wanted_twice_is_run_once() {
        let once = run(&[&[(0.5, 2), (1.0, 2)], &[(0.5, 3), (1.0, 3), (1.5, 3)]]);
        let twice = run(&[
            &[(0.5, 2), (0.5, 2), (1.0, 2)],
            &[(1.0, 3), (0.5, 3), (0.5, 2), (1.0, 3), (1.5, 3)],
        ]);
        assert_eq!(once, twice);
        assert!(once.windows(2).all(|two| two[0].2 < two[1].2), "{once:?}");
    }
}
