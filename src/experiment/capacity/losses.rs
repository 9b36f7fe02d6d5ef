//! Losing one of each kind at the safe load: an event in the middle of the run, with its transient, its
//! cold caches, checks and bans, not a smaller site. Where the objectives are missed meanwhile, the
//! load that is borne is looked for below; coarsely, and with what comes after the loss as well.

use std::collections::BTreeSet;

use super::{
    bench::{Bench, Level, Work},
    fit::{badness, crossings, holds, worst},
    judgement::Judgement,
    search::{lower, said, said_at_most},
};
use crate::{
    engine::time::Span,
    experiment::replicate::Failure,
    measure::outcome::Cause,
    model::{
        blueprint::{Blueprint, HostId, InstanceId, Lost},
        operational::Operational,
    },
    report::capacity::{Ending, Kept},
    stats::interval::CONFIDENCE,
};

mod later;

pub(super) use later::Later;

/// Replications at the safe load, and of each load below it.
pub(super) const REPLICATIONS: u32 = 5;
/// At the safe load, where the first have left it open.
const REPLICATIONS_MORE: u32 = 15;
/// Loads below, of the safe one.
const LOWEST: f64 = 0.15;
const LOWER: [f64; 2] = [0.4, 0.7];

/// Something that may be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) lost: Lost,
    /// How many there are like it.
    pub(super) alike: u32,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Borne {
    /// By objective while it is gone, and then again after it.
    pub(super) badness: Vec<Option<f64>>,
    /// How sure that is: near the safe load luck alone goes beyond a limit at times.
    pub(super) kept: Vec<Kept>,
    pub(super) failed_share: Option<f64>,
    /// The highest load that is borne; `None`: none.
    pub(super) survives: Option<f64>,
    /// What became of it at the safe load, where it was not well in time.
    pub(super) later: Option<Later>,
    /// And what keeps it so, where it was never well.
    pub(super) ending: Option<Ending>,
}

impl Borne {
    fn half(&self) -> usize {
        self.badness.len() / 2
    }

    /// The objective that is missed by most while it is gone.
    pub(super) fn worst(&self) -> Option<(usize, f64)> {
        worst(&self.badness[..self.half()])
    }

    /// Whether all objectives are kept while it is gone.
    pub(super) fn meanwhile(&self) -> Kept {
        self.kept[..self.half()].iter().copied().max().unwrap_or(Kept::Yes)
    }

    /// Whether all is well again after it. The site is then what the safe load was confirmed for, so
    /// what may be either goes by the best guess.
    pub(super) fn again(&self) -> Kept {
        let half = self.half();
        let after = self.kept[half..].iter().zip(&self.badness[half..]);
        let of = |(kept, badness): (&Kept, &Option<f64>)| match kept {
            Kept::Perhaps if badness.is_none_or(|it| it <= 1.0) => Kept::Yes,
            it => *it,
        };
        after.map(of).max().unwrap_or(Kept::Yes)
    }

    /// The safe load is borne, surely.
    pub(super) fn is_borne(&self) -> bool {
        self.meanwhile() == Kept::Yes && self.again() == Kept::Yes
    }
}

/// One of each kind: an instance of each role, its host, each zone.
pub(super) fn kinds(plan: &Blueprint) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut hosts: BTreeSet<HostId> = BTreeSet::new();
    let mut of_hosts = Vec::new();
    for service in plan.services.iter().filter(|it| it.kind != "visitors") {
        let first = service.first_instance;
        let all: Vec<InstanceId> = (first..first + service.instances).map(InstanceId).collect();
        let leads = |id: &InstanceId| plan.logs.iter().any(|log| log.primary == *id);
        let (leaders, others): (Vec<_>, Vec<_>) = all.into_iter().partition(leads);
        for members in [leaders, others] {
            let Some(&id) = members.first() else { continue };
            let role = role(plan, id);
            let instance = &plan.instances[id.index()];
            let alike = members.len() as u32;
            kinds.push(Kind {
                name: format!("crash of {}{role}", instance.name),
                lost: Lost::Instance(id),
                alike,
            });
            if hosts.insert(instance.host) {
                let own: BTreeSet<HostId> =
                    members.iter().map(|it| plan.instances[it.index()].host).collect();
                hosts.extend(own.iter().copied());
                of_hosts.push(Kind {
                    name: format!("loss of host {}{role}", plan.hosts[instance.host.index()].name),
                    lost: Lost::Hosts(vec![instance.host]),
                    alike: own.len() as u32,
                });
            }
        }
    }
    kinds.extend(of_hosts);
    if plan.zone_names.len() > 1 {
        for (zone, name) in (0..).zip(&plan.zone_names) {
            let hosts: Vec<HostId> = (0..)
                .zip(&plan.hosts)
                .filter(|(_, host)| host.zone == zone)
                .map(|(id, _)| HostId(id))
                .collect();
            if !hosts.is_empty() {
                let name = format!("loss of zone {name} ({} hosts)", hosts.len());
                kinds.push(Kind { name, lost: Lost::Hosts(hosts), alike: 1 });
            }
        }
    }
    kinds
}

fn role(plan: &Blueprint, id: InstanceId) -> &'static str {
    if plan.logs.iter().any(|log| log.primary == id) {
        " (primary)"
    } else if plan.logs.iter().any(|log| log.replicas.contains(&id)) {
        " (replica)"
    } else {
        ""
    }
}

/// What is borne without it. `None`: interrupted.
pub(super) fn bear(
    plan: &Blueprint,
    kind: &Kind,
    (safe, gone): (f64, Span),
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<Borne>, Failure> {
    let whole = plan;
    let plan = plan.losing(Some(&kind.lost), &kind.name, before(gone), (gone, gone));
    let mut bench = Bench::new(&plan, &kind.name);
    if !bench.run(&[(safe, REPLICATIONS)], 0, &kind.name, work)? {
        return Ok(None);
    }
    let mut borne = seen(&bench.levels[0], safe);
    if borne.meanwhile() == Kept::Perhaps || borne.again() == Kept::Perhaps {
        if !bench.run(&[(safe, REPLICATIONS_MORE)], 0, &kind.name, work)? {
            return Ok(None);
        }
        borne = seen(&bench.levels[0], safe);
    }
    if !borne.is_borne() {
        borne.survives = None;
        if !look_below(&mut bench, &mut borne, (safe, &kind.name), known, work)? {
            return Ok(None);
        }
    }
    work.requests += bench.requests();
    if borne.again() == Kept::No {
        let seen = later::watch(whole, kind, (safe, gone), known, work)?;
        let Some((later, ending)) = seen else { return Ok(None) };
        (borne.later, borne.ending) = (Some(later), ending);
    }
    Ok(Some(borne))
}

/// At the safe load, by all replications there are.
fn seen(level: &Level, safe: f64) -> Borne {
    let judgements = level.judgements(level.replications() as usize);
    // Before all events, while it is gone, afterwards.
    let failed_share = level.fold().and_then(|fold| fold.pool.windows.get(1)).and_then(|it| {
        let causes = it.site().causes;
        let count: u64 = causes.iter().sum();
        (count > 0).then(|| 1.0 - causes[Cause::None as usize] as f64 / count as f64)
    });
    Borne {
        badness: badness(&judgements),
        kept: judgements.iter().map(Judgement::kept).collect(),
        failed_share,
        survives: Some(safe),
        later: None,
        ending: None,
    }
}

/// Before a loss the site is as it always is, for long enough to be seen.
fn before(gone: Span) -> Span {
    Span::from_nanos(gone.nanos() / 6)
}

/// Looks for the highest load below the first miss. `false`: interrupted.
fn look_below(
    bench: &mut Bench,
    borne: &mut Borne,
    (safe, says): (f64, &str),
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<bool, Failure> {
    let nice = |factor: f64| said(known, factor);
    let judged = |bench: &mut Bench, factor: f64| {
        let level = bench.level(factor);
        let level = &bench.levels[level];
        level.judgements(level.replications() as usize)
    };
    let held = |bench: &mut Bench, factor: f64| holds(&badness(&judged(bench, factor)));
    let lowest = nice(LOWEST * safe);
    if !bench.run(&[(lowest, REPLICATIONS)], 0, says, work)? {
        return Ok(false);
    }
    if !held(bench, lowest) {
        return Ok(true);
    }
    let mut rungs = vec![lowest];
    rungs.extend(LOWER.iter().map(|share| nice(share * safe)));
    rungs.push(safe);
    rungs.dedup();
    let wanted: Vec<(f64, u32)> = rungs.iter().map(|&rung| (rung, REPLICATIONS)).collect();
    if !bench.run(&wanted, 0, says, work)? {
        return Ok(false);
    }
    let miss = (1..rungs.len()).find(|&at| !held(bench, rungs[at])).unwrap_or(rungs.len() - 1);
    let (low, high) = (rungs[miss.saturating_sub(1)], rungs[miss]);
    let mut near: Vec<f64> =
        [0.0, 0.25, 0.5, 0.75, 1.0].iter().map(|it| nice(low + it * (high - low))).collect();
    near.dedup();
    let wanted: Vec<(f64, u32)> = near.iter().map(|&it| (it, REPLICATIONS)).collect();
    if !bench.run(&wanted, 0, says, work)? {
        return Ok(false);
    }
    let places: Vec<usize> = near.iter().map(|&it| bench.level(it)).collect();
    let levels: Vec<_> = places.iter().map(|&it| &bench.levels[it]).collect();
    let bound = crossings(&levels, REPLICATIONS as usize)
        .map(|it| said_at_most(known, lower(&it.first, CONFIDENCE)).min(high));
    // What is surely kept is borne, whatever a fit through few loads says.
    let mut tried: Vec<f64> = rungs.into_iter().take(miss).chain(near).collect();
    tried.sort_by(f64::total_cmp);
    let is_sure = |&it: &f64| judged(bench, it).iter().all(|it| it.kept() == Kept::Yes);
    let sure = tried.into_iter().take_while(is_sure).last();
    // Of the lowest load tried it is the best guess that it is borne.
    borne.survives = [bound, sure, Some(lowest)].into_iter().flatten().reduce(f64::max);
    Ok(true)
}
