//! Two experiments against each other: which objectives are kept better, worse, or as well, by name.
//!
//! After each round the declared objectives are compared at a level that is spent bit by bit, and
//! among them by Holm's procedure; what was told stands. All other figures are compared once, at the
//! end, with Benjamini and Hochberg's correction, and are for exploring: no verdict hangs on them.

use serde::Serialize;

use super::{
    difference::{Difference, of_numbers},
    gate::Rules,
    recorded::{Named, Promised, Recorded},
};
use crate::{
    measure::record::{Record, Seen, Unit},
    model::blueprint::{Blueprint, Promise},
    stats::{
        comparison::{Direction, Larger},
        interval::six_digits,
        multiple::{benjamini_hochberg, holm_adjusted},
        spending::Looks,
    },
};

/// Differences as far as they are told.
#[derive(Clone, Debug)]
pub struct Versus {
    rules: Rules,
    looks: Looks,
    rounds: usize,
    told: Vec<Option<Told>>,
    /// At the end: the objectives of both sides.
    pub objectives: Vec<Told>,
    /// At the end: figures of both sides, the surest differences first.
    pub figures: Vec<Told>,
    /// Objectives and figures that only one side has, or that mean something else there.
    pub unmatched: Vec<String>,
}

/// What is to be said of an objective or a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Its requirement, of an objective.
    pub require: Option<String>,
    /// Its unit.
    pub unit: Unit,
    /// What the other side is.
    pub verdict: Direction,
    /// It is worse by more than the margin, significantly.
    pub is_regression: bool,
    /// On the one side.
    pub one: f64,
    /// On the other.
    pub other: f64,
    /// Other minus one.
    pub difference: f64,
    /// Lower bound of the difference.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// By what factor pairing narrows the variance.
    pub variance_reduction: Option<f64>,
}

impl Versus {
    /// Nothing yet.
    pub fn new(rules: &Rules) -> Versus {
        let budget = f64::from(rules.budget);
        let fractions: Vec<f64> = (1..=rules.rounds())
            .map(|round| f64::from(rules.replications(round)) / budget)
            .collect();
        Versus {
            rules: *rules,
            looks: Looks::new(1.0 - rules.confidence, &fractions),
            rounds: 0,
            told: Vec::new(),
            objectives: Vec::new(),
            figures: Vec::new(),
            unmatched: Vec::new(),
        }
    }

    /// Compares the objectives after another round. Whether more pairs could tell more.
    pub fn look(&mut self, site: &Blueprint, one: &Recorded, other: &[Record]) -> bool {
        let level = self.looks.level(self.rounds);
        self.rounds += 1;
        self.told.resize(site.objectives.len(), None);
        let told = self.objectives_at(site, one, other, level);
        for (old, new) in self.told.iter_mut().zip(told) {
            if old.as_ref().is_none_or(|old| old.verdict == Direction::Undecided) {
                *old = new;
            }
        }
        let mut open = self.told.iter().flatten();
        open.any(|it| it.verdict == Direction::Undecided)
    }

    /// The objectives that both sides have, at a one-sided level.
    fn objectives_at(
        &self,
        site: &Blueprint,
        one: &Recorded,
        other: &[Record],
        level: f64,
    ) -> Vec<Option<Told>> {
        let compared: Vec<Option<Difference>> = (0..site.objectives.len())
            .map(|index| {
                let theirs = counterpart(site, index, one)?;
                let count = one.records.len().min(other.len());
                let seen = |of: &[Record], index: usize| -> Vec<Seen> {
                    of[..count].iter().map(|record| record.objectives[index].clone()).collect()
                };
                let sides = (seen(&one.records, theirs), seen(other, index));
                Difference::of(&site.objectives[index], &sides.0, &sides.1)
            })
            .collect();
        // Holm over those that are compared; two-sided, so at twice the level.
        let known: Vec<&Difference> = compared.iter().flatten().collect();
        let adjusted = |p: &dyn Fn(&Difference) -> f64| {
            holm_adjusted(&known.iter().map(|it| p(it)).collect::<Vec<_>>())
        };
        let zero = adjusted(&|it| it.compared.p_zero / 2.0);
        let regression = adjusted(&|it| it.p_regression);
        let mut place = 0;
        compared
            .iter()
            .zip(&site.objectives)
            .map(|(difference, objective)| {
                let mut difference = (*difference)?;
                difference.compared.p_zero = zero[place];
                let is_regression = regression[place] <= level;
                place += 1;
                let mut told = self.told(&objective.name, &difference, level);
                told.require = Some(objective.require.clone());
                told.is_regression = is_regression;
                Some(told)
            })
            .collect()
    }

    fn told(&self, name: &str, of: &Difference, level: f64) -> Told {
        let estimator = &of.compared.difference;
        let (low, high) = estimator.interval(self.rules.confidence);
        let (mut values, mut bounds) = (of.values, (estimator.value, low, high));
        if of.is_of_bad {
            values = (1.0 - values.0, 1.0 - values.1);
            bounds = (-bounds.0, -bounds.2, -bounds.1);
        }
        let (difference, low, high) = bounds;
        Told {
            name: name.to_owned(),
            require: None,
            unit: of.unit,
            verdict: of.direction(level),
            is_regression: false,
            one: values.0,
            other: values.1,
            difference,
            low: six_digits(low),
            high: six_digits(high),
            variance_reduction: of.variance_reduction,
        }
    }

    /// What there is to say at the end.
    pub fn close(&mut self, site: &Blueprint, one: &Recorded, other: &Recorded) {
        self.objectives = std::mem::take(&mut self.told).into_iter().flatten().collect();
        for (index, it) in site.objectives.iter().enumerate() {
            if counterpart(site, index, one).is_none() {
                self.unmatched.push(match one.objectives.iter().find(|own| own.name == it.name) {
                    Some(own) => {
                        format!("objective `{}`: it was `{}`, {}", it.name, own.require, own.scope)
                    }
                    None => format!("objective `{}`: it is new", it.name),
                });
            }
        }
        for it in &site.objectives {
            if matches!(it.promise, Promise::Recovery(_) | Promise::Budget(_)) {
                self.unmatched.push(format!(
                    "objective `{}`: it needs days without events, which only `check` runs",
                    it.name
                ));
            }
        }
        for own in &one.objectives {
            if !site.objectives.iter().any(|it| it.name == own.name) {
                self.unmatched.push(format!("objective `{}`: it is gone", own.name));
            }
        }
        self.figures = self.explore(one, other);
    }

    fn explore(&mut self, one: &Recorded, other: &Recorded) -> Vec<Told> {
        let count = one.records.len().min(other.records.len());
        let mut pairs: Vec<(&Named, Difference)> = Vec::new();
        for (index, figure) in other.figures.iter().enumerate() {
            let Some(theirs) = one.figures.iter().position(|it| it.name == figure.name) else {
                self.unmatched.push(format!("figure `{}`: it is new", figure.name));
                continue;
            };
            let both = one.records[..count].iter().zip(&other.records[..count]);
            let both: Vec<(f64, f64)> =
                both.filter_map(|(a, b)| Some((a.figures[theirs]?, b.figures[index]?))).collect();
            let (a, b): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
            let larger = if figure.more_is_better { Larger::IsBetter } else { Larger::IsWorse };
            pairs.extend(of_numbers(&a, &b, 0.0, larger, figure.unit).map(|it| (figure, it)));
        }
        let adjusted =
            benjamini_hochberg(&pairs.iter().map(|it| it.1.compared.p_zero).collect::<Vec<_>>());
        let level = 1.0 - self.rules.confidence;
        let mut figures: Vec<(f64, Told)> = pairs
            .into_iter()
            .zip(adjusted)
            .map(|((figure, mut difference), p)| {
                difference.compared.p_zero = p;
                difference.compared.p_equivalent = 1.0;
                (p, self.told(&figure.name, &difference, level))
            })
            .collect();
        figures.sort_by(|a, b| a.0.total_cmp(&b.0));
        figures.into_iter().map(|(_, told)| told).collect()
    }
}

/// The same promise on the other side: the same name, requirement, place and window.
fn counterpart(site: &Blueprint, index: usize, one: &Recorded) -> Option<usize> {
    let it = Promised::of(site, &site.objectives[index]);
    one.objectives.iter().position(|own| *own == it)
}
