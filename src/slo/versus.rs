//! Two experiments against each other: which objectives are kept better, worse, or as well, by name.
//!
//! After each round the declared objectives are compared at a level that is spent bit by bit, and
//! among them by Holm's procedure; what was told stands. All other figures are compared once, at the
//! end, with Benjamini and Hochberg's correction, and are for exploring: no verdict hangs on them.
//! What is identical on both sides is tested in neither family.
//!
//! An objective is the same by its name and by what it measures: its limit may be another one, for a
//! change that loosens a promise is what a comparison is there to see.

use serde::Serialize;

use super::{
    difference::{Both, Difference, Gap, Side, mean, of_pairs, of_sections},
    gate::Rules,
    recorded::{Known, Named, OF_TYPE, Promised, Recorded},
};
use crate::{
    measure::record::{Figure, Record, Resolution, Seen, Unit},
    model::blueprint::{Blueprint, Promise},
    stats::{
        comparison::{Direction, Larger},
        estimator::Estimator,
        interval::{REPLICATIONS_MIN, six_digits},
        multiple::{benjamini_hochberg, holm_adjusted},
        percentile::sectioning,
        ratio::{Pair, jackknife_log_factor},
        spending::Looks,
    },
};

/// Differences as far as they are told.
#[derive(Clone, Debug)]
pub struct Versus {
    rules: Rules,
    looks: Looks,
    rounds: usize,
    told: Vec<Result<Told, Gap>>,
    /// At the end: the objectives of both sides.
    pub objectives: Vec<Told>,
    /// At the end: those of the other side that have nothing to be compared with.
    pub uncompared: Vec<Uncompared>,
    /// At the end: figures of both sides, the surest differences first.
    pub figures: Vec<Told>,
    /// Objectives and figures that only one side has, or that mean something else there.
    pub unmatched: Vec<String>,
    /// At the end: objectives of the one side alone.
    pub gone: Vec<String>,
    /// How many pairs the objectives are of.
    pub judged: usize,
}

/// An objective of the other side that has nothing to be compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uncompared {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// No comparison has it: it is measured beside days without events.
    pub needs_quiet_days: bool,
    /// The one side has none of this name.
    pub is_new: bool,
}

/// What is to be said of an objective or a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// Its requirement, of an objective.
    pub require: Option<String>,
    /// What was required before, if that is not the same.
    pub required: Option<String>,
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
    /// Bounds of the difference as a share of what was, never below -1. `None`: nothing was, or it is
    /// an objective.
    pub relative: Option<(f64, f64)>,
    /// By what factor pairing narrows the variance; `None`: nobody knows, or the sides share no luck.
    pub variance_reduction: Option<f64>,
    /// Its interval is rough: from few observations it holds less often than it says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_rough: bool,
    /// Why it is undecided though the figures differ, or agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

/// Differences that are less, as a share of what differs, are those of rounding.
const ROUNDING: f64 = 1e-12;

/// Why what its own interval tells from nothing is undecided.
const SHARED: &str = "its interval by itself tells it from no difference, but all objectives and all looks share the chance \
                      of an error: more pairs would decide it";

/// Why a side whose work piles up gets no verdict.
const ENDLESS: &str = "unfinished work piles up: the load is at or above capacity, so that what is measured \
                       depends on how long the run is";

impl Told {
    /// Where work piles up there is no steady state to be compared: it is worse than it looks, so nothing
    /// speaks for that side. What is identical is that, whatever it is.
    fn without_end(self, one: bool, other: bool) -> Told {
        let is_open = match self.verdict {
            Direction::Identical => false,
            Direction::Better => other,
            Direction::Worse => one,
            Direction::Equivalent | Direction::Undecided => one || other,
        };
        if !is_open {
            return self;
        }
        let (verdict, doubt) = (Direction::Undecided, Some(ENDLESS));
        Told { verdict, doubt, is_regression: false, ..self }
    }
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
            uncompared: Vec::new(),
            figures: Vec::new(),
            unmatched: Vec::new(),
            gone: Vec::new(),
            judged: 0,
        }
    }

    /// Compares the objectives after another round. Whether more pairs could tell more.
    pub fn look(&mut self, site: &Blueprint, one: &Recorded, other: &Recorded) -> bool {
        let level = self.looks.level(self.rounds);
        self.rounds += 1;
        self.judged = one.records.len();
        self.told.resize(site.objectives.len(), Err(Gap::NoData));
        let told = self.objectives_at(site, one, other, level);
        let mut is_open = false;
        for (old, new) in self.told.iter_mut().zip(told) {
            is_open |= renew(old, new);
        }
        is_open
    }

    /// The objectives that both sides have, at a one-sided level.
    fn objectives_at(
        &self,
        site: &Blueprint,
        one: &Recorded,
        other: &Recorded,
        level: f64,
    ) -> Vec<Result<Told, Gap>> {
        let compared: Vec<Result<(Difference, &Promised), Gap>> = (0..site.objectives.len())
            .map(|index| {
                let theirs = counterpart(site, index, one).ok_or(Gap::NoData)?;
                let before = &one.objectives[theirs];
                let seen = |of: &[Record], index: usize| -> Vec<Seen> {
                    of.iter().map(|record| record.objectives[index].clone()).collect()
                };
                let sides = (seen(&one.records, theirs), seen(&other.records, index));
                let (it, own) = (&site.objectives[index], &other.objectives[index]);
                let percentile = one.percentiles[theirs];
                let from = Side { promised: before, seen: &sides.0, percentile };
                let percentile = other.percentiles[index];
                let to = Side { promised: own, seen: &sides.1, percentile };
                Ok((Difference::of(it, from, to)?, before))
            })
            .collect();
        // Holm over those of which there is a test; two-sided, so at twice the level.
        let is_tested = |it: &Difference| !it.compared.is_identical();
        let known: Vec<&Difference> =
            compared.iter().flatten().map(|(it, _)| it).filter(|it| is_tested(it)).collect();
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
                let (mut difference, before) = (*difference)?;
                let mut is_regression = false;
                if is_tested(&difference) {
                    difference.compared.p_zero = zero[place];
                    is_regression = regression[place] <= level;
                    place += 1;
                }
                if one.seed != site.seed {
                    difference.variance_reduction = None;
                }
                let mut told = self.told(&objective.name, &difference, level);
                told.require = Some(objective.require.clone());
                told.required =
                    (before.require != objective.require).then(|| before.require.clone());
                told.is_regression = is_regression;
                let is_told = told.low > 0.0 || told.high < 0.0;
                if told.verdict == Direction::Undecided && is_told {
                    told.doubt = Some(SHARED);
                }
                Ok(told)
            })
            .collect()
    }

    fn told(&self, name: &str, of: &Difference, level: f64) -> Told {
        let (low, high) = of.compared.interval(self.rules.confidence);
        let difference = of.values.1 - of.values.0;
        // What no digit of either side shows is rounding.
        let is_nothing = difference.abs() <= ROUNDING * of.values.0.abs().max(of.values.1.abs());
        let difference = if is_nothing { 0.0 } else { difference };
        let (low, high) = (six_digits(low).min(difference), six_digits(high).max(difference));
        let (mut values, mut bounds) = (of.values, (difference, low, high));
        if of.is_of_bad {
            values = (1.0 - values.0, 1.0 - values.1);
            // No zero is negative.
            bounds = (0.0 - bounds.0, 0.0 - bounds.2, 0.0 - bounds.1);
        }
        let (difference, low, high) = bounds;
        Told {
            name: name.to_owned(),
            require: None,
            required: None,
            unit: of.unit,
            verdict: of.direction(level),
            is_regression: false,
            one: values.0,
            other: values.1,
            difference,
            low,
            high,
            relative: None,
            variance_reduction: of.variance_reduction,
            is_rough: of.is_rough,
            doubt: None,
        }
    }

    /// What there is to say at the end.
    pub fn close(&mut self, site: &Blueprint, one: &Recorded, other: &Recorded) {
        self.told.resize(site.objectives.len(), Err(Gap::NoData));
        let told = std::mem::take(&mut self.told);
        for ((index, it), told) in site.objectives.iter().enumerate().zip(told) {
            let needs_quiet_days = matches!(it.promise, Promise::Recovery(_) | Promise::Budget(_));
            let is_new = !one.objectives.iter().any(|own| own.name == it.name);
            let reason = match told {
                Ok(told) => {
                    self.objectives.push(told.without_end(one.piles_up, other.piles_up));
                    continue;
                }
                Err(_) if needs_quiet_days => Gap::QuietDays.reason().to_owned(),
                Err(_) if counterpart(site, index, one).is_none() => {
                    match one.objectives.iter().find(|own| own.name == it.name) {
                        Some(own) => own.otherwise(&Promised::of(site, it)),
                        None => "it is new".to_owned(),
                    }
                }
                Err(_) if self.rounds == 0 => "interrupted".to_owned(),
                Err(gap) => gap.reason().to_owned(),
            };
            self.unmatched.push(format!("objective `{}`: {reason}", it.name));
            let name = it.name.clone();
            self.uncompared.push(Uncompared { name, reason, needs_quiet_days, is_new });
        }
        for own in &one.objectives {
            if !site.objectives.iter().any(|it| it.name == own.name) {
                self.unmatched.push(format!("objective `{}`: it is gone", own.name));
                self.gone.push(own.name.clone());
            }
        }
        self.figures = self.explore(one, other);
    }

    fn explore(&mut self, one: &Recorded, other: &Recorded) -> Vec<Told> {
        let mut pairs: Vec<(&Named, Explored)> = Vec::new();
        let is_twice = [one, other].iter().all(|it| has_one_type(it));
        for figure in &other.figures {
            let found = both(&figure.name, one, other);
            if is_twice && found.is_some() && figure.name.starts_with(OF_TYPE) {
                continue;
            }
            let Some((before, sides)) = found else {
                self.unmatched.push(new_figure(&figure.name));
                continue;
            };
            if before.value.is_none() && figure.value.is_none() {
                continue;
            }
            let why = unlike(figure, one, other).or_else(|| too_few(sides.0.len()));
            let why = why.or_else(|| hardly_known((before, figure), &sides));
            if let Some(why) = why {
                self.unmatched.push(format!("figure `{}`: {why}", figure.name));
                continue;
            }
            let is_same = sides.0 == sides.1 && is_mean_identical(&figure.name, one, other);
            let explored = explored((before, figure), &sides, is_same, self.rules.confidence);
            pairs.extend(explored.map(|it| (figure, it)));
        }
        let is_known = |name: &String| other.figures.iter().any(|it| it.name == *name);
        let gone = one.figures.iter().filter(|it| !is_known(&it.name));
        self.unmatched.extend(gone.map(|it| format!("figure `{}`: it is gone", it.name)));
        let is_tested = |it: &Difference| !it.compared.is_identical();
        let tested = pairs.iter().map(|(_, it)| &it.difference).filter(|it| is_tested(it));
        let tested: Vec<f64> = tested.map(|it| it.compared.p_zero).collect();
        let mut adjusted = benjamini_hochberg(&tested).into_iter();
        let level = 1.0 - self.rules.confidence;
        let mut figures: Vec<(f64, Told)> = pairs
            .into_iter()
            .map(|(figure, Explored { mut difference, relative })| {
                let p = if is_tested(&difference) { adjusted.next() } else { None }.unwrap_or(1.0);
                difference.compared.p_zero = p;
                difference.compared.p_equivalent = 1.0;
                if one.seed != other.seed {
                    difference.variance_reduction = None;
                }
                (p, Told { relative, ..self.told(&figure.name, &difference, level) })
            })
            .collect();
        figures.sort_by(|a, b| a.0.total_cmp(&b.0));
        figures.into_iter().map(|(_, told)| told).collect()
    }
}

/// How it is told of a figure that only the other side has.
pub fn new_figure(name: &str) -> String {
    format!("figure `{name}`: it is new")
}

/// Takes what another round says, figures and all. A verdict stands, but what is worse may yet turn out to be so by more
/// than its margin, and what differs to do so by less: then it is too little to matter. That nothing differs is no test's
/// verdict, and true until something does. Whether more pairs could tell more.
fn renew(old: &mut Result<Told, Gap>, new: Result<Told, Gap>) -> bool {
    let (verdict, was_regression) = match old {
        Ok(Told { verdict: Direction::Undecided | Direction::Identical, .. }) | Err(_) => {
            let is_open = new.as_ref().is_ok_and(|told| {
                let is_worse = told.verdict == Direction::Worse && !told.is_regression;
                told.verdict == Direction::Undecided || is_worse
            });
            *old = new;
            return is_open;
        }
        Ok(told) => (told.verdict, told.is_regression),
    };
    let Ok(told) = new else { return false };
    let is_open = verdict == Direction::Worse && !was_regression;
    let differs = matches!(verdict, Direction::Worse | Direction::Better);
    let is_little = differs && !was_regression && told.verdict == Direction::Equivalent;
    let verdict = if is_little { Direction::Equivalent } else { verdict };
    let is_regression = was_regression || is_open && told.is_regression;
    *old = Ok(Told { verdict, is_regression, ..told });
    is_open && !is_little && !is_regression
}

/// From where to where.
type Bounds = (f64, f64);

/// Figures of the one side and of the other, as many of each.
type Sides = (Vec<Figure>, Vec<Figure>);

/// A figure of the one side, and what the pairs that have it on both have of it. `None`: one side does not know it.
fn both<'a>(name: &str, one: &'a Recorded, other: &Recorded) -> Option<(&'a Named, Sides)> {
    let place = |of: &Recorded| of.figures.iter().position(|it| it.name == name);
    let (theirs, own) = (place(one)?, place(other)?);
    let pairs = one.records.iter().zip(&other.records);
    let pairs = pairs.filter_map(|(a, b)| Some((a.figures[theirs]?, b.figures[own]?)));
    Some((&one.figures[theirs], pairs.unzip()))
}

/// Why a percentile is not the same quantity on both sides: a rank of a longer run is another one, and one of more
/// replications has no pairs.
fn unlike(figure: &Named, one: &Recorded, other: &Recorded) -> Option<String> {
    if figure.resolution == Resolution::Exact {
        return None;
    }
    let why = if one.window_ns != other.window_ns {
        "the windows are not as long"
    } else if one.records.len() != other.records.len() {
        "interrupted before each of a pair was done"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// Why so many pairs that have a figure tell nothing.
fn too_few(pairs: usize) -> Option<String> {
    (pairs < REPLICATIONS_MIN as usize).then(|| match pairs {
        0 => "no pair has it on both sides".to_owned(),
        1 => "one pair has it".to_owned(),
        _ => format!("{pairs} pairs have it"),
    })
}

/// Why a figure of next to no observations is not compared, unless it is the same.
fn hardly_known(figures: (&Named, &Named), sides: &Sides) -> Option<String> {
    let is_hardly = [figures.0, figures.1].iter().any(|it| it.known == Known::Hardly);
    (is_hardly && sides.0 != sides.1).then(|| "too few observations for an interval".to_owned())
}

/// Whether the figures by request type are those of all requests once more.
fn has_one_type(of: &Recorded) -> bool {
    let means = of.figures.iter().filter(|it| it.name.starts_with(OF_TYPE));
    means.filter(|it| it.name.ends_with(": mean")).count() == 1
}

/// Whether the mean that stands beside a percentile is the same on both sides, exactly: then so are
/// the values that the percentile was read from.
fn is_mean_identical(percentile: &str, one: &Recorded, other: &Recorded) -> bool {
    let mean = percentile.rsplit_once(' ').map(|(of, _)| format!("{of} mean"));
    let means = mean.and_then(|mean| both(&mean, one, other));
    means.is_some_and(|(_, (a, b))| a.iter().zip(&b).all(|(a, b)| a.value() == b.value()))
}

/// A figure of both sides, held against no margin.
struct Explored {
    difference: Difference,
    relative: Option<Bounds>,
}

/// Values without a bucket are ratios of sums; percentiles are those of all replications, or their means where few know them.
fn explored(
    (before, figure): (&Named, &Named),
    (one, other): &Sides,
    is_same: bool,
    confidence: f64,
) -> Option<Explored> {
    let larger = if figure.more_is_better { Larger::IsBetter } else { Larger::IsWorse };
    let is_rough = figure.known != Known::Well || before.known != Known::Well;
    let (difference, factor) = if figure.resolution == Resolution::Exact {
        let pair = |it: &Figure| Pair { part: it.sums().0, whole: it.sums().1 };
        let pairs = |of: &[Figure]| of.iter().map(pair).collect::<Vec<_>>();
        let (one, other) = (pairs(one), pairs(other));
        let difference = of_pairs((&one, &other), 0.0, larger, figure.unit)?;
        (difference, jackknife_log_factor(&one, &other))
    } else {
        let values = |of: &[Figure]| of.iter().map(|it| it.value()).collect::<Vec<_>>();
        let (one, other) = (values(one), values(other));
        let of_all =
            if is_rough { (mean(&one), mean(&other)) } else { (before.value?, figure.value?) };
        let difference = of_sections(of_all, (&one, &other), 0.0, larger, figure.unit)?;
        (difference, log_factor(of_all, (&one, &other)))
    };
    let (from, to) = difference.values;
    let blur = if is_same { 0.0 } else { figure.resolution.width(from.max(to)) };
    let relative = factor.map(|factor| {
        let (low, high) = factor.sure_interval(confidence);
        let off = blur / from;
        let bound = |log: f64, off: f64| six_digits((libm::exp(log) - 1.0 + off).max(-1.0));
        (bound(low, -off), bound(high, off))
    });
    let difference = Difference { is_rough, ..difference.blurred(blur, 0.0) };
    Some(Explored { difference, relative })
}

/// The logarithm of the factor between two percentiles, by sectioning.
fn log_factor((one, other): (f64, f64), each: Both<'_>) -> Option<Estimator> {
    let log = |one: f64, other: f64| (one > 0.0 && other > 0.0).then(|| libm::log(other / one));
    let sections = each.0.iter().zip(each.1).map(|(one, other)| log(*one, *other));
    sectioning(log(one, other)?, &sections.collect::<Option<Vec<_>>>()?)
}

/// The same promise on the other side: the same name, quantity, place and window.
fn counterpart(site: &Blueprint, index: usize, one: &Recorded) -> Option<usize> {
    let it = Promised::of(site, &site.objectives[index]);
    one.objectives.iter().position(|own| own.is_about_the_same(&it))
}

impl Recorded {
    /// Whether it has an objective of the same name as one of the site's, whatever that is about.
    pub fn knows_any_of(&self, site: &Blueprint) -> bool {
        let is_known = |name: &String| self.objectives.iter().any(|own| own.name == *name);
        site.objectives.iter().any(|it| is_known(&it.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told((verdict, is_regression): (Direction, bool)) -> Told {
        Told {
            name: "it".to_owned(),
            require: None,
            required: None,
            unit: Unit::Seconds,
            verdict,
            is_regression,
            one: 1.0,
            other: 2.0,
            difference: 1.0,
            low: 0.5,
            high: 1.5,
            relative: None,
            variance_reduction: None,
            is_rough: false,
            doubt: None,
        }
    }

    /// Nothing speaks for a side whose work piles up, and identical is identical.
    #[test]
    fn what_piles_up_is_not_judged_in_its_favour() {
        use Direction::{Better, Equivalent, Identical, Undecided, Worse};
        for (verdict, one, other, then) in [
            (Better, false, true, Undecided),
            (Better, true, false, Better),
            (Worse, false, true, Worse),
            (Worse, true, false, Undecided),
            (Equivalent, true, true, Undecided),
            (Identical, true, true, Identical),
            (Better, false, false, Better),
        ] {
            let it = told((verdict, verdict == Worse)).without_end(one, other);
            assert_eq!((it.verdict, it.is_regression), (then, then == Worse), "{verdict:?}");
            assert_eq!(it.doubt.is_some(), then == Undecided);
        }
    }

    /// What is worse is looked at until it is known whether by more than the margin.
    #[test]
    fn a_verdict_stands_and_may_become_a_regression() {
        use Direction::{Better, Equivalent, Identical, Undecided, Worse};
        for (old, new, then, is_open) in [
            ((Undecided, false), (Worse, false), (Worse, false), true),
            ((Worse, false), (Undecided, false), (Worse, false), true),
            ((Worse, false), (Worse, true), (Worse, true), false),
            ((Worse, false), (Equivalent, false), (Equivalent, false), false),
            ((Worse, true), (Undecided, false), (Worse, true), false),
            ((Better, false), (Worse, true), (Better, false), false),
            ((Better, false), (Equivalent, false), (Equivalent, false), false),
            ((Identical, false), (Worse, true), (Worse, true), false),
            ((Identical, false), (Undecided, false), (Undecided, false), true),
        ] {
            let mut it = Ok(told(old));
            assert_eq!(renew(&mut it, Ok(told(new))), is_open, "{old:?} {new:?}");
            assert_eq!(it, Ok(told(then)), "{old:?} {new:?}");
        }
    }
}
