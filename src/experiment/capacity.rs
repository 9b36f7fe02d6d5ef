//! How much a site can bear: what is known at once, a search by simulation from there, a confirmation
//! on fresh luck, and what is left when something is lost or added.
//!
//! What is run next depends on what was measured in whole rounds only, never on time or threads.

mod bench;
mod bracket;
mod bursts;
mod changed;
mod confirm;
mod fit;
mod growth;
mod judgement;
mod known;
mod losses;
mod relieved;
mod search;
mod sizes;
mod tell;

use super::replicate::Failure;
use crate::{
    engine::time::Span,
    measure::fold::Fold,
    model::{blueprint::Blueprint, operational::Operational},
    report::capacity::Capacity,
    slo::gate::{Doubt, Verdict},
    stats::estimator::Estimator,
};

pub use self::{
    bench::Work,
    growth::Change,
    known::known,
    search::{Climb, Effort},
};

use self::{
    bench::Bench,
    confirm::{Tried, attempt},
    losses::{Borne, Kind, bear, kinds},
    search::{Found, Ladder, climb, one_user, refine, said_at_most},
};

/// Loads that are put on trial, at most.
const ATTEMPTS: u32 = 5;
/// A further one lies so many standard errors of the crossing below, and at least so far, or one user.
const STEP: f64 = 1.25;
const STEP_LEAST: f64 = 0.002;
/// The first should lie no further below the crossing than this, of the precision asked for: the rest is
/// for further ones.
const FIRST: f64 = 0.5;
/// What is on trial should lie so many of the trial's standard errors below the limit: 2.3 for a verdict
/// after many looks, 1.3 for nine in ten, the rest for skewed replications.
const NEED: f64 = 4.0;
/// A trial has so many replications at least, and of the search's budget at most.
const TRIAL_LEAST: u32 = 60;
const TRIAL_MOST: u32 = 2;
/// No load is called safe that uses more of the first station.
const FULL: f64 = 0.995;
/// Warm-ups last so many relaxation times, at this use of the first station at most, unless users bound
/// its queue.
const RELAXATIONS: f64 = 3.0;
const RHO_MOST: f64 = 0.97;

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The site; its window is the time for which a load has to be borne.
    pub plan: &'a Blueprint,
    /// How hard to look.
    pub effort: Effort,
    /// How long what is lost stays away. `None`: nothing is lost.
    pub gone: Option<Span>,
    /// Makes larger sites. `None`: nothing is added.
    pub change: Option<Change<'a>>,
    /// Where nothing bounds the load it is doubled as long as the first loads take no more requests.
    pub free: f64,
}

/// All that was found, before it is told.
struct Results<'a> {
    question: &'a Question<'a>,
    known: Operational,
    warm_up: Span,
    ladder: Ladder,
    /// Loads that were looked at more closely.
    near: Option<Bench>,
    found: Option<Found>,
    attempts: Vec<Tried>,
    losses: Option<Vec<(Kind, Borne)>>,
    growth: Option<growth::Growth>,
}

/// Answers. `None`: interrupted before there was an answer.
pub fn capacity(question: &Question<'_>, work: &mut Work<'_>) -> Result<Option<Capacity>, Failure> {
    let plan = question.plan;
    let known = Operational::of(plan);
    let Some(ladder) = climb(plan, &known, question.free, work)? else { return Ok(None) };
    work.requests += ladder.bench.requests();
    let mut results = Results {
        question,
        known,
        warm_up: plan.warm_up,
        ladder,
        near: None,
        found: None,
        attempts: Vec::new(),
        losses: None,
        growth: None,
    };
    match results.ladder.bracket {
        None => {
            results.found = Some(Found::EveryLoad);
        }
        Some((0.0, _)) => results.found = Some(Found::NoLoad),
        Some(bracket) => {
            if !results.look_closer(bracket, work)? {
                return Ok(None);
            }
        }
    }
    if !results.confirm(work)? || !results.lose(work)? || !results.grow(work)? {
        return Ok(None);
    }
    Ok(Some(tell::tell(&results, work)))
}

/// How many replications a trial may take, and how far below a crossing the first one is: by what the
/// crossing may be off and by what such a trial takes to see it. A replication knows as much of
/// the place of the crossing in a trial as it did in the search.
fn trial(crossing: &Estimator, searched: u32, effort: &Effort) -> (u32, f64) {
    let half = effort.half(crossing);
    let needed = NEED * crossing.error * f64::from(searched).sqrt();
    let room = FIRST * effort.precision * crossing.value - half;
    let most = TRIAL_MOST * effort.budget;
    let enough = if room > 0.0 { (needed / room) * (needed / room) } else { f64::INFINITY };
    let count = (enough.ceil() as u32).clamp(TRIAL_LEAST.min(most), most);
    (count, half + needed / f64::from(count).sqrt())
}

/// A warm-up long enough for what is left of the beginning to be forgotten at a load, but no longer than
/// what is measured.
fn settled(plan: &Blueprint, factor: f64) -> Span {
    let known = Operational::of(plan);
    let rho = known.saturates_at().map_or(0.0, |at| factor / at);
    let most = if known.is_closed() { f64::INFINITY } else { RHO_MOST };
    let seconds = RELAXATIONS * known.relaxation_s(rho.min(most));
    Span::from_seconds(seconds.ceil()).min(plan.duration).max(plan.warm_up)
}

impl Results<'_> {
    /// How much of the first station a load uses.
    fn rho(&self, factor: f64) -> f64 {
        self.known.saturates_at().map_or(0.0, |at| factor / at)
    }

    /// The highest load that may be called safe, for the hardware's sake. `None` as well where the hardware was
    /// found less busy than it should be.
    fn cap(&self) -> Option<f64> {
        if self.eased().is_some() { None } else { self.full() }
    }

    /// The highest load that may be sustained, by the law.
    fn full(&self) -> Option<f64> {
        let full = self.known.filled_at(self.question.plan)?;
        Some(said_at_most(&self.known, FULL * full))
    }

    /// `false`: interrupted.
    fn look_closer(&mut self, bracket: (f64, f64), work: &mut Work<'_>) -> Result<bool, Failure> {
        let plan = self.question.plan;
        self.warm_up = settled(plan, bracket.1);
        let plan = plan.warmed_up_for(self.warm_up);
        let mut bench = Bench::new(&plan, "search");
        let found = refine(&mut bench, bracket, &self.known, &self.question.effort, work)?;
        work.requests += bench.requests();
        self.near = Some(bench);
        let is_whole = found.is_some();
        self.found = found;
        Ok(is_whole)
    }

    fn crossing(&self) -> Option<&fit::Crossings> {
        match &self.found {
            Some(Found::Crossing(crossings)) => Some(crossings),
            Some(Found::NoLoad | Found::EveryLoad) | None => None,
        }
    }

    /// The load that was confirmed.
    fn safe(&self) -> Option<&Tried> {
        self.attempts.last().filter(|it| it.is_met)
    }

    fn confirm(&mut self, work: &mut Work<'_>) -> Result<bool, Failure> {
        let Some(crossings) = self.crossing() else { return Ok(true) };
        let effort = &self.question.effort;
        let first = crossings.first.at;
        let step_least = one_user(&self.known).unwrap_or(STEP_LEAST * first.value);
        let step = (STEP * first.error).max(step_least);
        let searched = self.near.as_ref().map_or(0, Bench::most_replications);
        let (replications, off) = trial(&first, searched, effort);
        // Across a jump only its lower end is known to hold.
        let mut from = crossings.first.jump.map_or(f64::INFINITY, |(held, _)| held);
        from = from.min(first.value - off);
        // What goes wrong rarely has to be seen before anything is said.
        let most = TRIAL_MOST * effort.budget;
        let least = bursts::needed(self.burst(), effort.confidence).min(most);
        let replications = replications.max(least);
        if let Some(cap) = self.cap() {
            from = from.min(cap);
        }
        let plan = self.question.plan.warmed_up_for(self.warm_up);
        for number in 0..ATTEMPTS {
            // Where work piles up the law holds, whatever seemed to ease it.
            let piles_up =
                |it: &Tried| matches!(it.against, Some((_, Verdict::Undecided(Doubt::Unstable))));
            if let (true, Some(full)) = (self.attempts.last().is_some_and(piles_up), self.full()) {
                from = from.min(full);
            }
            // Where what breaks the promise is rare the search hardly knows where that is: further down.
            let steps = if least > TRIAL_LEAST { (1_u32 << number) - 1 } else { number };
            let factor = said_at_most(&self.known, from - f64::from(steps) * step);
            let is_known = self.attempts.last().is_some_and(|it| it.factor <= factor);
            if factor <= 0.0 || is_known {
                continue;
            }
            let Some(tried) =
                attempt(&plan, factor, number, (effort.confidence, least, replications), work)?
            else {
                return Ok(false);
            };
            self.attempts.push(tried);
            if self.safe().is_some() {
                break;
            }
        }
        Ok(true)
    }

    /// How badly a replication went wrong at loads where most are well, as far as the search has seen.
    fn burst(&self) -> f64 {
        self.near.as_ref().map_or(1.0, |bench| bursts::size(&bench.levels))
    }

    fn lose(&mut self, work: &mut Work<'_>) -> Result<bool, Failure> {
        let (Some(safe), Some(gone)) = (self.safe().map(|it| it.factor), self.question.gone) else {
            return Ok(true);
        };
        let plan = self.question.plan;
        let plan = plan.warmed_up_for(settled(plan, safe));
        let mut losses = Vec::new();
        for kind in kinds(&plan) {
            let Some(borne) = bear(&plan, &kind, (safe, gone), &self.known, work)? else {
                return Ok(false);
            };
            losses.push((kind, borne));
        }
        self.losses = Some(losses);
        Ok(true)
    }

    fn grow(&mut self, work: &mut Work<'_>) -> Result<bool, Failure> {
        let Some(change) = self.question.change else { return Ok(true) };
        let plan = self.question.plan;
        let services = growth::services(plan, change);
        let crossing = self.crossing().map(|it| it.first.at.value);
        let Some(steps) = growth::steps(plan, &self.known, crossing, change, work)? else {
            return Ok(false);
        };
        let mut curves = Vec::new();
        if let Some(crossings) = self.crossing() {
            let asked = (change, steps.as_slice());
            let found = sizes::curves(plan, &self.known, &crossings.first, asked, work)?;
            let Some(found) = found else { return Ok(false) };
            curves = found;
        }
        let Some(turns) = relieved::turns(plan, &self.known, work)? else { return Ok(false) };
        self.growth = Some(growth::Growth { services, turns, steps, curves });
        Ok(true)
    }

    /// Of the confirmed load.
    fn confirmed(&self) -> Option<&Fold> {
        self.safe()?.fold.as_ref()
    }
}
