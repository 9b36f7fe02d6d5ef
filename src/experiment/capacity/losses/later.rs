//! What becomes of a site that was not well in time, although what it had lost is back: whether it
//! recovers slowly, for what has piled up has to be worked off, or stays bad by itself (hysteresis, a
//! metastable failure: retries keep it too busy to answer what causes them, or servers that are banned
//! for failing leave so much to the others that these fail and are banned in turn).
//!
//! It is watched for longer and longer. If it is not well at the end of the longest time either, it is
//! held against its unfaulted twin, the same replications without the loss. What merely has to be
//! worked off becomes less: no more can have piled up than came during the loss, and what the first
//! station can do beyond the load takes a known share of it away. If there is no more in the site than
//! in its twin, or it does not become less, it is nothing of the kind. What
//! fails in all that time, and who is banned, is told.

use super::{
    super::bench::{Bench, Level, Work},
    Kind, REPLICATIONS, before,
};
use crate::{
    engine::time::Span,
    experiment::replicate::Failure,
    measure::{outcome::Cause, tally::Tally},
    model::{blueprint::Blueprint, operational::Operational},
    report::capacity::{Banned, Ending, Failing, Kept},
};

/// Times after the loss, as multiples of how long it lasted; after as long as the loss it was not well.
const TIMES: [u64; 4] = [2, 4, 8, 16];
/// What is in the site beyond what is in its twin is something from this share of the latter on.
const PILED: f64 = 0.1;
/// That it becomes less can be seen if it should by such a share at least.
const SEEN: f64 = 0.1;

/// Causes of failures that are told, and from which share of the time on servers that are passed over.
const FAILING_MAX: usize = 3;
const BANNED_LEAST: f64 = 0.01;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Later {
    /// It is well again within so long.
    Slow(Span),
    /// Not within so long, but what has piled up is worked off, which takes about as much longer.
    Draining(Span, Span),
    /// Not within so long, and nothing goes away, though the twin that lost nothing is well.
    Stays(Span),
    /// Not within so long; the twin is not well either, or what piles up goes away too slowly to tell.
    Unknown(Span),
}

/// Watches for longer; if it is never well, what keeps it so as well. `None`: interrupted.
pub(in super::super) fn watch(
    plan: &Blueprint,
    kind: &Kind,
    (safe, gone): (f64, Span),
    known: &Operational,
    work: &mut Work<'_>,
) -> Result<Option<(Later, Option<Ending>)>, Failure> {
    let says = format!("{}, afterwards", kind.name);
    let mut run = |lost, after: Span| -> Result<Option<Bench>, Failure> {
        let twin = if lost { "" } else { ", but nothing is lost" };
        let lost = lost.then_some(&kind.lost);
        let plan = plan.losing(lost, &kind.name, before(gone), (gone, after));
        let label = format!("{} ({} ns later){twin}", kind.name, after.nanos());
        let mut bench = Bench::new(&plan, &label);
        let is_whole = bench.run(&[(safe, REPLICATIONS)], 0, &says, work)?;
        work.requests += bench.requests();
        Ok(is_whole.then_some(bench))
    };
    let longest = gone.times(TIMES[TIMES.len() - 1]);
    let mut last = None;
    for times in TIMES {
        let after = gone.times(times);
        let Some(bench) = run(true, after)? else { return Ok(None) };
        if is_well(&bench.levels[0]) {
            return Ok(Some((Later::Slow(after), None)));
        }
        last = Some(bench);
    }
    let Some(twin) = run(false, longest)? else { return Ok(None) };
    let (faulted, twin) = (last.expect("it was watched"), &twin.levels[0]);
    let faulted = &faulted.levels[0];
    let rho = known.saturates_at().map_or(0.0, |at| safe / at);
    let later = if is_well(twin) {
        judge(faulted, twin, (rho, gone, longest))
    } else {
        Later::Unknown(longest)
    };
    Ok(Some((later, faulted.fold().map(|it| ending(faulted.plan(), &it.pool)))))
}

/// Whether no objective is surely missed in the second half of the time after the loss.
fn is_well(level: &Level) -> bool {
    let judgements = level.judgements(REPLICATIONS as usize);
    judgements[judgements.len() / 2..].iter().all(|it| it.kept() != Kept::No)
}

/// What keeps it from being well: who is passed over, and what fails where.
fn ending(plan: &Blueprint, pool: &Tally) -> Ending {
    // Visitors that came once all was back; of the whole run the loss is part, one of many.
    let causes = pool.windows.get(2).map_or_else(|| pool.site().causes, |it| it.site().causes);
    let all: u64 = causes.iter().sum();
    let share = |count: f64| if all > 0 { count / all as f64 } else { 0.0 };
    let mut failing: Vec<Failing> = Vec::new();
    // Why they fail is known of that time; where, of the whole run: it is split in the same proportions.
    for (number, cause) in Cause::ALL.iter().enumerate() {
        let failed = causes[*cause as usize];
        let blamed = pool.services.iter().map(|it| it.blamed[number]);
        let whole: u64 = blamed.clone().sum();
        for (service, count) in plan.services.iter().zip(blamed) {
            if *cause != Cause::None && failed > 0 && count > 0 {
                let share = share(failed as f64 * (count as f64 / whole as f64));
                let (cause, service) = (cause.name().to_owned(), service.name.clone());
                failing.push(Failing { service, cause, share });
            }
        }
    }
    failing.sort_by(|one, other| other.share.total_cmp(&one.share));
    failing.truncate(FAILING_MAX);
    let mut banned: Vec<Banned> = Vec::new();
    for (view, tally) in plan.upstreams.iter().zip(&pool.upstreams) {
        let caller = &plan.services[view.caller.index()];
        let views = f64::from(caller.instances) * f64::from(caller.processes);
        let whole = views * f64::from(view.servers) * pool.seconds() * 1e9;
        let share = tally.banned_area as f64 / whole;
        if share >= BANNED_LEAST {
            let servers = plan.services[view.callee.index()].name.clone();
            banned.push(Banned { servers, by: caller.name.clone(), share });
        }
    }
    banned.sort_by(|one, other| other.share.total_cmp(&one.share));
    let attempts: u64 = pool.upstreams.iter().flat_map(|it| it.failed).sum();
    let asked: u64 = pool.site().causes.iter().sum();
    Ending {
        failed_share: (all > 0).then(|| share((all - causes[Cause::None as usize]) as f64)),
        failing,
        banned,
        failed_attempts: if asked > 0 { attempts as f64 / asked as f64 } else { 0.0 },
    }
}

fn judge(faulted: &Level, twin: &Level, (rho, gone, longest): (f64, Span, Span)) -> Later {
    let after_s = longest.seconds();
    let middle = (0.5625 * after_s, 0.4375 * after_s);
    let end = (0.125 * after_s, 0.0);
    let usual = calls(twin, (after_s, 0.0));
    let piled = [middle, end].map(|span| calls(faulted, span) - usual);
    if piled[0].max(piled[1]) <= PILED * usual {
        return Later::Stays(longest);
    }
    // All that came during the loss, worked off at 1 - rho against rho.
    let slowest_s = gone.seconds() * rho / (1.0 - rho).max(1e-3);
    let (from_s, until_s) = (0.5 * after_s, 0.9375 * after_s);
    let left = |at: f64| (slowest_s - at).max(0.0);
    let falls = if left(from_s) > 0.0 { 1.0 - left(until_s) / left(from_s) } else { 1.0 };
    let has_fallen = 1.0 - piled[1] / piled[0].max(1e-9);
    if falls < SEEN {
        return Later::Unknown(longest);
    }
    if has_fallen < 0.5 * falls {
        return Later::Stays(longest);
    }
    let more_s = (until_s - from_s) * (piled[1] / (piled[0] - piled[1]).max(1e-9)).max(0.0);
    Later::Draining(longest, Span::from_seconds(more_s.ceil()))
}

/// Calls at all instances but the visitors', between so many seconds before the end and so many, on
/// average over the replications.
fn calls(level: &Level, (from_s, until_s): (f64, f64)) -> f64 {
    let Some(fold) = level.fold() else { return 0.0 };
    let (plan, pool) = (level.plan(), &fold.pool);
    let ruler = &pool.usage_ruler;
    let whole_s = ruler.until.since(ruler.from).seconds();
    let mut area = 0.0;
    let mut seconds = 0.0;
    for part in 0..ruler.parts() {
        let (begin, end) = ruler.edges_s(part);
        let middle = whole_s - f64::midpoint(begin, end);
        if !(until_s..=from_s).contains(&middle) {
            continue;
        }
        let of = |(service, tally): (usize, &crate::measure::tally::ServiceTally)| {
            let is_visitors = plan.services[service].kind == "visitors";
            let load = tally.load_by_part.get(part).filter(|_| !is_visitors);
            load.map_or(0.0, |it| it.in_system as f64)
        };
        area += pool.services.iter().enumerate().map(of).sum::<f64>() / 1e9;
        seconds += end - begin;
    }
    if seconds > 0.0 { area / seconds / f64::from(pool.replications) } else { 0.0 }
}
