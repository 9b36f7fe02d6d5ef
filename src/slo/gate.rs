//! Whether promises are kept, judged again after each round of replications.
//!
//! Looking often must not make mistakes likelier: the chance of a wrong verdict is spent bit by bit
//! (Lan and DeMets 1983), so that over all rounds together it is at most `1 - confidence`. That all
//! promises are kept is an intersection-union test: each is tested at the full level, and the whole
//! is no likelier to be wrong than one. Naming those that are broken is a search among many, so it
//! is Holm's (1979). A verdict that was reached stands.

use serde::Serialize;

use super::evidence::Evidence;
use crate::stats::{multiple::holm, spending::Looks};

/// What is to be said of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept.
    Met,
    /// It is broken.
    Missed,
    /// Nobody can say.
    Undecided(Doubt),
    /// Nothing happened that it is about.
    NoData,
}

/// Why nobody can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The truth lies so close to the limit that it does not matter on which side.
    WithinMargin,
    /// More replications would tell.
    BudgetSpent,
    /// What was seen came in so few bursts that nobody knows how often they come.
    FewBursts,
    /// Were requests independent it would be clear, but they hang together, and few of them count.
    FewEvents,
    /// It was kept so far, but unfinished work piles up: there is no steady state to judge.
    Unstable,
    /// It was kept so far, but an event goes on to do harm when the window ends.
    CutShort,
    /// It was not run: by its pilots it does not settle, so that nobody knows what to measure.
    Unsettled,
    /// The user stopped it.
    Interrupted,
}

impl Verdict {
    /// One or two words.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Undecided(_) => "undecided",
            Verdict::NoData => "no data",
        }
    }

    /// Why it is none, and what would help.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Verdict::Met | Verdict::Missed => None,
            Verdict::NoData => Some("nothing happened that it is about"),
            Verdict::Undecided(Doubt::WithinMargin) => {
                Some("the truth lies within the margin of the limit")
            }
            Verdict::Undecided(Doubt::BudgetSpent) => {
                Some("the budget is spent; more replications (`--budget`) would tell")
            }
            Verdict::Undecided(Doubt::FewBursts) => Some(
                "what was seen came in so few bursts that their rate is not known; longer or more \
                 replications would tell",
            ),
            Verdict::Undecided(Doubt::FewEvents) => Some(
                "few effective observations: requests that hang together count as few; longer or more \
                 replications would tell",
            ),
            Verdict::Undecided(Doubt::Unstable) => Some(
                "unfinished work piles up: the load is at or above capacity, and a longer run would \
                 show something worse",
            ),
            Verdict::Undecided(Doubt::CutShort) => Some(
                "an event still does harm when the window ends, so more is burnt than was seen; a \
                 longer run would tell",
            ),
            Verdict::Undecided(Doubt::Unsettled) => Some("by its pilots it does not settle"),
            Verdict::Undecided(Doubt::Interrupted) => Some("interrupted"),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// From fewer replications nothing is known to be kept: five of ten seconds that agree by luck called a mean right at its
/// limit *met* in 15% of experiments at M/M/1 and load 0.9.
const KEPT_MIN: usize = 10;

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// One less how often a verdict may be wrong.
    pub confidence: f64,
    /// Replications in each round.
    pub round: u32,
    /// Replications at most.
    pub budget: u32,
}

impl Rules {
    /// How many rounds there are at most.
    pub fn rounds(&self) -> u32 {
        self.budget.div_ceil(self.round)
    }

    /// How many replications there are after so many rounds.
    pub fn replications(&self, rounds: u32) -> u32 {
        (rounds * self.round).min(self.budget)
    }
}

/// The objectives of one scenario while rounds go on.
#[derive(Clone, Debug)]
pub struct Gate {
    looks: Looks,
    /// Rounds judged.
    rounds: usize,
    verdicts: Vec<Option<Verdict>>,
}

impl Gate {
    /// For so many objectives.
    pub fn new(objectives: usize, rules: &Rules) -> Gate {
        let budget = f64::from(rules.budget);
        let spent = |round| f64::from(rules.replications(round)) / budget;
        let fractions: Vec<f64> = (1..=rules.rounds()).map(spent).collect();
        let looks = Looks::new(1.0 - rules.confidence, &fractions);
        Gate { looks, rounds: 0, verdicts: vec![None; objectives] }
    }

    /// Judges what there is after another round. Whether more replications could add anything.
    pub fn look(&mut self, evidence: &[Evidence]) -> bool {
        let level = self.looks.level(self.rounds);
        self.rounds += 1;
        let broken: Vec<f64> = evidence.iter().map(Evidence::p_broken).collect();
        let is_broken = holm(&broken, level);
        for ((verdict, evidence), is_broken) in
            self.verdicts.iter_mut().zip(evidence).zip(is_broken)
        {
            if verdict.is_some() || evidence.is_empty() {
                continue;
            }
            if is_broken {
                *verdict = Some(Verdict::Missed);
            } else if evidence.run() < KEPT_MIN {
                // More may yet come.
            } else if evidence.p_kept() <= level {
                *verdict = Some(Verdict::Met);
            } else if evidence.p_within_margin() <= level {
                *verdict = Some(Verdict::Undecided(Doubt::WithinMargin));
            }
        }
        // What has no data after a whole round is not waited for.
        let mut both = self.verdicts.iter().zip(evidence);
        both.any(|(verdict, evidence)| verdict.is_none() && !evidence.is_empty())
    }

    /// Whether any objective has got this verdict so far.
    pub fn has(&self, verdict: Verdict) -> bool {
        self.verdicts.contains(&Some(verdict))
    }

    /// The verdicts, as far as they go. `is_unstable`: unfinished work piles up, which makes what was
    /// kept so far no promise, and what was broken no better.
    pub fn close(
        mut self,
        evidence: &[Evidence],
        is_unstable: bool,
        is_interrupted: bool,
    ) -> Vec<Verdict> {
        let level = self.rounds.checked_sub(1).map_or(0.0, |last| self.looks.level(last));
        let rest = if is_interrupted { Doubt::Interrupted } else { Doubt::BudgetSpent };
        let verdict = |(verdict, evidence): (Option<Verdict>, &Evidence)| match verdict {
            Some(Verdict::Met) if is_unstable => Verdict::Undecided(Doubt::Unstable),
            Some(Verdict::Missed) => Verdict::Missed,
            _ if evidence.is_cut_short() && !is_interrupted => Verdict::Undecided(Doubt::CutShort),
            Some(verdict) => verdict,
            None if evidence.is_empty() && !is_interrupted => Verdict::NoData,
            None if is_unstable && !is_interrupted => Verdict::Undecided(Doubt::Unstable),
            None if !is_interrupted && evidence.came_in_bursts() => {
                Verdict::Undecided(Doubt::FewBursts)
            }
            None if !is_interrupted && evidence.is_held_back(level) => {
                Verdict::Undecided(Doubt::FewEvents)
            }
            None => Verdict::Undecided(rest),
        };
        self.verdicts.into_iter().zip(evidence).map(verdict).collect()
    }
}
