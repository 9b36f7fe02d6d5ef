//! Whether a load that seems safe is: judged anew by the gate, on luck that the search has not seen.
//!
//! The chance of being wrong is spent over the attempts as well: the first has half of it, each further
//! one half of what is left. A load that is not safe is therefore called safe at most as often as
//! one safe load in all may be wrong.
//!
//! Where the search saw replications go wrong as a whole, none is judged before there are so many that one of
//! these would be among them, if they were so frequent that the promise is broken by them: the spread of
//! those that are well says nothing of it.

use super::{
    bench::{Bench, Work},
    bursts,
};
use crate::{
    engine::maths::normal_quantile,
    experiment::replicate::Failure,
    measure::fold::Fold,
    model::blueprint::Blueprint,
    report::{diagnosis::has_no_end, summary::Summary},
    slo::{
        evidence::Evidence,
        gate::{Gate, Rules, Verdict},
    },
};

/// Replication numbers of confirmations begin here, far from those of any search.
const FRESH: u64 = 1 << 38;
/// And each attempt's so far apart.
const APART: u64 = 1 << 32;
/// Replications in each round.
const ROUND: u32 = 20;
/// After so many replications it is asked whether there is hope,
const HOPE: u32 = 3 * ROUND;
/// which takes so many standard errors in the end, were the truth so many better than what was seen.
const ENOUGH: f64 = 1.9;
const BETTER: f64 = 1.28;

/// What an attempt has shown.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) factor: f64,
    pub(super) is_met: bool,
    /// The objective that was not, and what was said of it.
    pub(super) against: Option<(usize, Verdict)>,
    /// No replication by itself missed an objective.
    pub(super) is_even: bool,
    pub(super) fold: Option<Fold>,
}

/// Whether what is left of the budget would hardly be enough, even if what comes is as much better than
/// what was seen as luck may have it (one in ten): the distance from the limit in standard errors grows
/// with the square root. Giving up early makes no mistake likelier.
fn is_hopeless(evidence: &[Evidence], count: u32, rules: &Rules) -> bool {
    if count < HOPE {
        return false;
    }
    let grows = (f64::from(rules.budget) / f64::from(count)).sqrt();
    evidence.iter().filter(|it| !it.is_empty()).any(|it| {
        let p = it.p_kept().clamp(1e-12, 1.0 - 1e-12);
        (BETTER - normal_quantile(p)) * grows < ENOUGH
    })
}

/// The `attempt`-th load (from 0) on trial, on no fewer and no more than so many replications. `None`:
/// interrupted.
pub(super) fn attempt(
    plan: &Blueprint,
    factor: f64,
    attempt: u32,
    (confidence, least, budget): (f64, u32, u32),
    work: &mut Work<'_>,
) -> Result<Option<Tried>, Failure> {
    // The gate is two-sided; a load is wrongly called safe on one side only.
    let alpha = 2.0 * (1.0 - confidence) / f64::from(1_u32 << (attempt + 1).min(30));
    let rules = Rules { confidence: 1.0 - alpha, round: ROUND.max(least).min(budget), budget };
    let mut bench = Bench::new(plan, &format!("confirmation {}", attempt + 1));
    let mut gate = Gate::new(plan.objectives.len(), &rules);
    let mut rounds = 0;
    let evidence = loop {
        let count = rules.replications(rounds + 1);
        let from = FRESH + u64::from(attempt) * APART;
        if !bench.run(&[(factor, count)], from, "on fresh seeds", work)? {
            return Ok(None);
        }
        rounds += 1;
        let evidence = bench.levels[0].evidence(count as usize);
        let goes_on = gate.look(&evidence);
        let is_lost = gate.has(Verdict::Missed) || is_hopeless(&evidence, count, &rules);
        if !goes_on || is_lost || rounds >= rules.rounds() {
            break evidence;
        }
    };
    work.requests += bench.requests();
    let level = &bench.levels[0];
    let fold = level.fold().cloned();
    let stability = fold.as_ref().map(|it| Summary::new(level.plan(), it).diagnosis.stability);
    let is_unstable = stability.is_some_and(|it| has_no_end(level.plan(), it));
    let verdicts = gate.close(&evidence, is_unstable, false);
    let against = verdicts.iter().enumerate().find(|(_, it)| **it != Verdict::Met);
    let against = against.map(|(index, verdict)| (index, *verdict));
    let is_even = bursts::is_even(level);
    Ok(Some(Tried { factor, is_met: against.is_none(), against, is_even, fold }))
}
