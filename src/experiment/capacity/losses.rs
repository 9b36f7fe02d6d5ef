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
        blueprint::{Blueprint, HostId, InstanceId, Lost, ServiceId, Upstream},
        operational::Operational,
    },
    report::capacity::{Ending, Kept},
    resource::cpu::Discipline,
    stats::interval::CONFIDENCE,
};

mod later;

pub(super) use later::Later;

/// Replications at the safe load, and of each load below it.
pub(super) const REPLICATIONS: u32 = 5;
/// At the safe load, where the first have left it open.
const REPLICATIONS_MORE: u32 = 15;
/// Loads below, of the safe one: the first of these that is borne,
const LOWEST: [f64; 3] = [0.15, 0.03, 0.01];
/// and where that is the first of all, what may be borne as well.
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
    /// The highest load that is borne; `None`: none of those tried.
    pub(super) survives: Option<f64>,
    /// The lowest that was tried, where that is not borne either.
    pub(super) not_even: Option<f64>,
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

/// One of each kind: an instance of each role, its host, each zone. Members of a role that differ in what
/// is left without them are kinds of their own.
pub(super) fn kinds(plan: &Blueprint) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut hosts: BTreeSet<HostId> = BTreeSet::new();
    let mut of_hosts = Vec::new();
    for service in plan.services.iter().filter(|it| it.kind != "visitors") {
        let first = service.first_instance;
        let all: Vec<InstanceId> = (first..first + service.instances).map(InstanceId).collect();
        let beside = |id: &InstanceId| residents(plan, plan.instances[id.index()].host);
        for members in alike(&all, |id| (Member::of(plan, *id), beside(id))) {
            let id = members[0];
            let name = &plan.instances[id.index()].name;
            kinds.push(Kind {
                name: format!("crash of {name}{}", role(plan, id)),
                lost: Lost::Instance(id),
                alike: members.len() as u32,
            });
        }
        for id in all {
            let host = plan.instances[id.index()].host;
            if hosts.contains(&host) {
                continue;
            }
            let this = residents(plan, host);
            let is_like = |it: &HostId| residents(plan, *it) == this;
            let like: Vec<HostId> =
                (0..plan.hosts.len() as u32).map(HostId).filter(is_like).collect();
            let name = &plan.hosts[host.index()].name;
            of_hosts.push(Kind {
                name: format!("loss of host {name}{}", role(plan, id)),
                lost: Lost::Hosts(vec![host]),
                alike: like.len() as u32,
            });
            hosts.extend(like);
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

/// What tells a member of a role from the others as far as it may be missed: what it can do, where it
/// stands, and its share of what each caller sends. Who is beside it on its machine tells as well (`residents`).
#[derive(Clone, Debug, PartialEq)]
struct Member {
    service: ServiceId,
    role: &'static str,
    zone: u32,
    cores: u32,
    speed: f64,
    nic_bits: Option<u64>,
    page_cache: u64,
    discipline: Discipline,
    disk: Option<DiskOf>,
    /// By upstream: its weight among the servers, if it is one.
    weights: Vec<Option<u32>>,
}

/// What tells disks apart.
#[derive(Clone, Debug, PartialEq)]
struct DiskOf {
    parallel: u32,
    /// Bytes and operations a second.
    most: [Option<f64>; 2],
    /// How long a read, a write and a flush take, in words: tables of laws are not compared.
    takes: [String; 3],
}

impl Member {
    fn of(plan: &Blueprint, id: InstanceId) -> Member {
        let instance = &plan.instances[id.index()];
        let host = &plan.hosts[instance.host.index()];
        let of_callers = plan.upstreams.iter().filter(|it| it.callee == instance.service);
        let weight = |it: &Upstream| {
            let servers = it.servers_in(&plan.servers);
            servers.iter().find(|server| server.instance == id).map(|server| server.weight)
        };
        Member {
            service: instance.service,
            role: role(plan, id),
            zone: instance.zone,
            cores: host.cores,
            speed: host.speed * instance.speed,
            nic_bits: host.nic_bits,
            page_cache: host.page_cache,
            discipline: host.discipline,
            disk: host.disk.as_ref().map(|it| {
                let takes =
                    [it.read, it.write, it.fsync].map(|id| format!("{:?}", plan.laws[id.index()]));
                DiskOf { parallel: it.parallel, most: [it.throughput, it.iops], takes }
            }),
            weights: of_callers.map(weight).collect(),
        }
    }
}

/// All that is on a host.
fn residents(plan: &Blueprint, host: HostId) -> Vec<Member> {
    let all = (0..).zip(&plan.instances).filter(|(_, it)| it.host == host);
    all.map(|(id, _)| Member::of(plan, InstanceId(id))).collect()
}

/// Those of which the same is true together, in the order of the first of each.
fn alike<T: Clone, Key: PartialEq>(all: &[T], key: impl Fn(&T) -> Key) -> Vec<Vec<T>> {
    let mut groups: Vec<(Key, Vec<T>)> = Vec::new();
    for it in all {
        let this = key(it);
        match groups.iter_mut().find(|(key, _)| *key == this) {
            Some((_, members)) => members.push(it.clone()),
            None => groups.push((this, vec![it.clone()])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
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
        not_even: None,
        later: None,
        ending: None,
    }
}

/// Before a loss the site is as it always is, for long enough to be seen.
fn before(gone: Span) -> Span {
    Span::from_nanos(gone.nanos() / 6)
}

/// What was found of the lowest loads.
struct Lowest {
    /// The highest of them that is borne.
    borne: Option<f64>,
    /// The lowest of them that is not.
    missed: Option<f64>,
}

/// The lowest loads, from above, until one is borne. `None`: interrupted.
fn lowest(
    bench: &mut Bench,
    (safe, says): (f64, &str),
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<Lowest>, Failure> {
    let mut missed = None;
    for share in LOWEST {
        let rung = said(known, share * safe);
        // Users are whole.
        if missed.is_some_and(|it| rung >= it) {
            break;
        }
        if !bench.run(&[(rung, REPLICATIONS)], 0, says, work)? {
            return Ok(None);
        }
        let mut is_held = holds(&badness(&judged(bench, rung)));
        // Few visitors come at the lowest loads: luck alone may keep them within a limit, and where
        // nobody comes at all nothing was seen.
        if is_held && missed.is_some() {
            if !bench.run(&[(rung, REPLICATIONS_MORE)], 0, says, work)? {
                return Ok(None);
            }
            let (here, there) = (badness(&judged(bench, rung)), badness(&judged(bench, safe)));
            if here.iter().zip(&there).any(|(here, there)| here.is_none() && there.is_some()) {
                break;
            }
            is_held = judged(bench, rung).iter().all(|it| it.kept() == Kept::Yes);
        }
        if is_held {
            return Ok(Some(Lowest { borne: Some(rung), missed }));
        }
        missed = Some(rung);
    }
    Ok(Some(Lowest { borne: None, missed }))
}

/// By all replications of a load.
fn judged(bench: &mut Bench, factor: f64) -> Vec<Judgement> {
    let level = bench.level(factor);
    let level = &bench.levels[level];
    level.judgements(level.replications() as usize)
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
    let held = |bench: &mut Bench, factor: f64| holds(&badness(&judged(bench, factor)));
    let Some(Lowest { borne: lowest, missed }) = lowest(bench, (safe, says), known, work)? else {
        return Ok(false);
    };
    let Some(lowest) = lowest else {
        borne.not_even = missed;
        return Ok(true);
    };
    let mut rungs = vec![lowest];
    if let Some(above) = missed {
        rungs.push(above);
    } else {
        rungs.extend(LOWER.iter().map(|share| nice(share * safe)));
        rungs.push(safe);
    }
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
