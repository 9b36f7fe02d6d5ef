//! Replications until figures are as narrow as was asked for.
//!
//! Rounds of a fixed size, the first of twenty: an interval that is looked at again and again stops
//! when it happens to be narrow, and the more there is at the first look the less that matters
//! (Law 2015, 9.4.1). The budget is replications, never seconds.

use super::{
    replicate::Failure,
    rounds::{Crew, Running, round},
};
use crate::stats::{estimator::Estimator, interval::CONFIDENCE};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Precision {
    /// Half the width of an interval over its value.
    pub relative: f64,
    /// Which figures, by their place in a record.
    pub figures: Vec<usize>,
    /// Replications in each round.
    pub round: u32,
    /// Replications at most.
    pub budget: u32,
}

/// How narrow a figure is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// Its place in a record.
    pub figure: usize,
    /// Half the width of its interval over its value; `None`: it has none.
    pub relative: Option<f64>,
}

/// Runs rounds until all figures are narrow enough, or the budget is spent, or nobody wants more.
pub fn run(
    running: &mut [Running<'_>; 1],
    precision: &Precision,
    crew: Crew<'_>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Reached>, Failure> {
    let mut from = 0;
    loop {
        let until = (from + precision.round).min(precision.budget);
        let work: Vec<_> = (from..until).map(|number| (0, u64::from(number))).collect();
        let before = u64::from(from);
        round(running, &work, crew, |done| progress(before + done, u64::from(until)))?;
        let reached = reached(&running[0], precision);
        let is_wide = |it: &Reached| it.relative.is_none_or(|width| width > precision.relative);
        let is_stopped = running[0].replications() < until;
        if is_stopped || until == precision.budget || !reached.iter().any(is_wide) {
            return Ok(reached);
        }
        from = until;
    }
}

fn reached(running: &Running<'_>, precision: &Precision) -> Vec<Reached> {
    let records = running.fold.as_ref().map_or(&[][..], |fold| &fold.records);
    let width = |figure: usize| {
        let values: Vec<f64> = records.iter().filter_map(|it| it.figures[figure]).collect();
        let estimator = Estimator::of(&values).filter(|it| it.value != 0.0)?;
        Some(estimator.half_width(CONFIDENCE) / estimator.value.abs())
    };
    let all = precision.figures.iter();
    all.map(|&figure| Reached { figure, relative: width(figure) }).collect()
}
