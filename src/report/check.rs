//! The verdicts on one or several scenarios, as a document; `check/` has a file for each form in
//! which it is told: for people, `JUnit`, GitHub's annotations, Markdown.

pub mod annotations;
pub mod junit;
pub mod markdown;
pub mod terminal;

use serde::Serialize;

use super::{
    blame::{Blame, Since, blame},
    objective::{measured as sentence, unseen},
    versus::{Comparison, change},
};
use crate::{
    measure::fold::Fold,
    model::blueprint::Blueprint,
    slo::{
        gate::{Doubt, Rules, Verdict},
        objective::Measured,
        sides::Sides,
    },
};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-check/1";

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Verdicts {
    /// `SCHEMA`.
    pub schema: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// One less how often a verdict may be wrong.
    pub confidence: f64,
    /// Replications in each round.
    pub round: u32,
    /// Replications at most.
    pub budget: u32,
    /// In the order in which they were given.
    pub scenarios: Vec<Case>,
}

/// A scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// Its file's name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// One line for people.
    pub title: String,
    /// The experiment's seed.
    pub seed: u64,
    /// How many were needed.
    pub replications: u32,
    /// The worst of its verdicts, in a word.
    pub verdict: Option<&'static str>,
    /// What was promised.
    pub objectives: Vec<Judged>,
    /// What it was held against, if it was not judged by its limits but by what was there before.
    pub against: Option<Comparison>,
    /// Key, end and outcome of each request, in order.
    pub events_digest: String,
}

/// An objective and its verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// What was promised and measured.
    #[serde(flatten)]
    pub measured: Measured,
    /// What is to be said of it.
    #[serde(skip)]
    pub verdict: Verdict,
    /// The same in a word: held against what was there before it is no limit that is missed.
    #[serde(rename = "verdict")]
    pub word: &'static str,
    /// Why it is none.
    pub reason: Option<String>,
    /// What it was judged by, in a sentence: what was measured, or how it differs from what was before.
    #[serde(skip)]
    pub says: String,
    /// The line of the file, 0 if it does not stand in one.
    pub line: u32,
    /// Of a broken one.
    pub blame: Option<Blame>,
}

impl Verdicts {
    /// Nothing yet.
    pub fn new(rules: &Rules) -> Verdicts {
        Verdicts {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            confidence: rules.confidence,
            round: rules.round,
            budget: rules.budget,
            scenarios: Vec::new(),
        }
    }

    /// How many objectives got this verdict.
    pub fn count(&self, is: impl Fn(Verdict) -> bool) -> usize {
        self.judged().filter(|judged| is(judged.verdict)).count()
    }

    /// All objectives of all scenarios.
    pub fn judged(&self) -> impl Iterator<Item = &Judged> {
        self.scenarios.iter().flat_map(|case| &case.objectives)
    }
}

impl Case {
    /// Puts names, figures and reasons to verdicts.
    pub fn new(
        site: &Blueprint,
        file: &str,
        fold: &Fold,
        (measured, verdicts): (&[Measured], &[Verdict]),
        confidence: f64,
    ) -> Case {
        let told = site.objectives.iter().zip(measured).zip(verdicts);
        let objectives: Vec<Judged> = told
            .map(|((objective, it), &verdict)| {
                let is_broken = verdict == Verdict::Missed;
                let mut says = sentence(it);
                if let Some(unseen) = unseen(it, fold.pool.replications, confidence) {
                    says.push_str(&format!("; {unseen}"));
                }
                Judged {
                    measured: it.clone(),
                    verdict,
                    word: verdict.name(),
                    reason: verdict.reason().map(str::to_owned),
                    line: objective.line,
                    blame: is_broken.then(|| blame(site, objective, fold, (&says, None))),
                    says,
                }
            })
            .collect();
        Case::of(site, file, fold, objectives, None)
    }

    /// Held against what was there before: missed is what is worse by more than its margin, and
    /// nothing else is. Of what has nothing to be held against there is no data: it was renamed, or means
    /// something else now. What came in addition, while nothing is gone, has no part in it, nor has what
    /// needs days without events, which no comparison runs; unless that is all there is.
    pub fn against(site: &Blueprint, file: &str, fold: &Fold, comparison: Comparison) -> Case {
        let (sides, confidence) = (Sides::alone(&fold.records), comparison.confidence);
        let measured =
            (0..site.objectives.len()).map(|index| Measured::new(site, index, &sides, confidence));
        let both = site.objectives.iter().zip(measured);
        let is_any_compared = !comparison.objectives.is_empty();
        let objectives = both.filter_map(|(objective, it)| {
            let line = objective.line;
            if let Some(told) = comparison.objectives.iter().find(|told| told.name == it.name) {
                let says = change(told);
                let blame = told.is_regression.then(|| {
                    let since = Since::of(site, &fold.pool, &comparison, told);
                    blame(site, objective, fold, (&says, Some(&since)))
                });
                let verdict = match (told.is_regression, told.doubt) {
                    (true, _) => Verdict::Missed,
                    (false, Some(_)) => Verdict::Undecided(Doubt::Unstable),
                    (false, None) => Verdict::Met,
                };
                let (reason, word) = (told.doubt.map(str::to_owned), against(verdict));
                return Some(Judged { measured: it, verdict, word, reason, says, line, blame });
            }
            let gap = comparison.uncompared.iter().find(|gap| gap.name == it.name)?;
            let is_added = gap.is_new && comparison.gone.is_empty();
            if (gap.needs_quiet_days || is_added) && is_any_compared {
                return None;
            }
            let says = "not compared with the baseline".to_owned();
            let reason = Some(gap.reason.clone());
            let (verdict, word) = (Verdict::NoData, against(Verdict::NoData));
            Some(Judged { measured: it, verdict, word, reason, says, line, blame: None })
        });
        let objectives = objectives.collect();
        Case::of(site, file, fold, objectives, Some(comparison))
    }

    /// A scenario whose turn never came, for the user stopped: nothing is known of it.
    pub fn interrupted(rules: &Rules, site: &Blueprint, file: &str) -> Case {
        Case::unjudged(rules, site, file, Doubt::Interrupted, None)
    }

    /// A scenario that was not run, for it does not settle: `why`.
    pub fn unsettled(rules: &Rules, site: &Blueprint, file: &str, why: &str) -> Case {
        Case::unjudged(rules, site, file, Doubt::Unsettled, Some(why))
    }

    fn unjudged(
        rules: &Rules,
        site: &Blueprint,
        file: &str,
        doubt: Doubt,
        why: Option<&str>,
    ) -> Case {
        let verdict = Verdict::Undecided(doubt);
        let objectives = site.objectives.iter().enumerate().map(|(index, objective)| {
            let measured = Measured::new(site, index, &Sides::alone(&[]), rules.confidence);
            Judged {
                says: sentence(&measured),
                measured,
                verdict,
                word: verdict.name(),
                reason: why.or(verdict.reason()).map(str::to_owned),
                line: objective.line,
                blame: None,
            }
        });
        let objectives: Vec<Judged> = objectives.collect();
        let worst = (!objectives.is_empty()).then_some(verdict.name());
        Case {
            name: site.name.clone(),
            file: file.to_owned(),
            title: site.title.clone(),
            seed: site.seed,
            replications: 0,
            verdict: worst,
            objectives,
            against: None,
            events_digest: String::new(),
        }
    }

    fn of(
        site: &Blueprint,
        file: &str,
        fold: &Fold,
        objectives: Vec<Judged>,
        against: Option<Comparison>,
    ) -> Case {
        let worst = objectives.iter().max_by_key(|it| badness(it.verdict)).map(|it| it.word);
        Case {
            name: site.name.clone(),
            file: file.to_owned(),
            title: site.title.clone(),
            seed: site.seed,
            replications: fold.pool.replications,
            verdict: worst,
            objectives,
            against,
            events_digest: fold.pool.events.to_string(),
        }
    }
}

/// What a verdict is called that holds something against what was there before: it is no limit that is missed.
const fn against(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "not worse",
        Verdict::Missed => "worse",
        Verdict::Undecided(_) | Verdict::NoData => verdict.name(),
    }
}

/// What is worse is told first.
const fn badness(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Met => 0,
        Verdict::Undecided(_) => 1,
        Verdict::NoData => 2,
        Verdict::Missed => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// It stands in every output, as undecided: nobody can take its silence for green.
    #[test]
    fn a_scenario_whose_turn_never_came_is_told() {
        let site = sample::site();
        let rules = Rules { confidence: 0.95, round: 20, budget: 200 };
        let case = Case::interrupted(&rules, &site, "shop.toml");
        assert_eq!(case.objectives.len(), site.objectives.len());
        let verdicts = Verdicts { scenarios: vec![case], ..Verdicts::new(&rules) };
        let xml = junit::render(&verdicts);
        let errors = format!("errors=\"{}\"", site.objectives.len());
        assert!(!site.objectives.is_empty() && xml.contains(&errors), "{xml}");
        let page = terminal::render(&verdicts, crate::report::page::Colour::Off);
        assert!(page.contains("interrupted"), "{page}");
    }
}
