//! Replications until figures are as narrow as was asked for.
//!
//! Rounds of a fixed size, the first of twenty: an interval that is looked at again and again stops
//! when it happens to be narrow, and the more there is at the first look the less that matters
//! (Law 2015, 9.4.1). The intervals are those that the results show. The budget is replications,
//! never seconds.

use super::{
    replicate::Failure,
    rounds::{Crew, Running, round},
};
use crate::{measure::record::in_order, report::estimates::estimates};

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
    /// Half the width of its interval over its value; `None`: it has none that is to be trusted.
    pub relative: Option<f64>,
    /// The interval is rough, from few independent observations in each replication.
    pub is_rough: bool,
}

impl Reached {
    /// Wider than was asked for, which more replications would mend; that it is rough they would not.
    pub fn is_wide(&self, precision: &Precision) -> bool {
        self.relative.is_none_or(|width| width > precision.relative)
    }
}

/// Runs rounds until all figures are narrow enough, or the budget is spent, or nobody wants more.
pub fn run(
    running: &mut [Running<'_>; 1],
    precision: &Precision,
    crew: Crew<'_>,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Vec<Reached>, Failure> {
    let mut from = 0;
    loop {
        let until = (from + precision.round).min(precision.budget);
        let work: Vec<_> = (from..until).map(|number| (0, u64::from(number))).collect();
        let before = u64::from(from);
        round(running, &work, crew, |done| progress(before + done, u64::from(until)))?;
        let reached = reached(&running[0], precision);
        let is_stopped = running[0].replications() < until;
        if is_stopped
            || until == precision.budget
            || !reached.iter().any(|it| it.is_wide(precision))
        {
            return Ok(reached);
        }
        from = until;
    }
}

fn reached(running: &Running<'_>, precision: &Precision) -> Vec<Reached> {
    let estimates = running.fold.as_ref().map(|fold| in_order(&estimates(running.plan, fold)));
    let of = |&figure: &usize| {
        let it = estimates.as_ref().map(|all| all[figure]).unwrap_or_default();
        let value = it.value.filter(|value| *value != 0.0);
        let relative = match (value, it.low, it.high) {
            // A bound at zero was cut off there, so the other side tells.
            (Some(value), Some(low), Some(high)) => Some((high - value).max(value - low) / value),
            _ => None,
        };
        Reached { figure, relative, is_rough: it.is_rough }
    };
    precision.figures.iter().map(of).collect()
}
