//! The same replications of a scenario on several days: as it is, on a quiet day, and on days on
//! which only one of its events happens. All days share their luck, so they are the same until an
//! event makes them differ: each is a fork of the others at that instant.

use crate::{
    measure::record::Record,
    model::blueprint::{Blueprint, Promise},
};

/// Which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// As the scenario says.
    Whole,
    /// Nothing happens.
    Quiet,
    /// Only this event (index) happens.
    Only(u32),
}

/// What was seen on each day, as many replications of each.
#[derive(Clone, Debug)]
pub struct Sides<'a> {
    /// As it is.
    pub whole: &'a [Record],
    /// Without events; empty if nobody asked for it.
    pub quiet: &'a [Record],
    /// With one event: how often it is to be expected per second, and what was seen.
    pub only: Vec<(f64, &'a [Record])>,
}

impl<'a> Sides<'a> {
    /// The scenario as it is, and nothing beside it.
    pub fn alone(whole: &'a [Record]) -> Sides<'a> {
        Sides { whole, quiet: &[], only: Vec::new() }
    }
}

/// The days on which a scenario has to be run for its objectives.
pub fn days(site: &Blueprint) -> Vec<Day> {
    let mut days = vec![Day::Whole];
    let has = |is: fn(&Promise) -> bool| site.objectives.iter().any(|it| is(&it.promise));
    let has_budget = has(|it| matches!(it, Promise::Budget(_)));
    if has_budget || has(|it| matches!(it, Promise::Recovery(_))) {
        days.push(Day::Quiet);
    }
    if has_budget {
        let expected = (0..).zip(&site.episodes).filter(|(_, episode)| episode.rate.is_some());
        days.extend(expected.map(|(index, _)| Day::Only(index)));
    }
    days
}

/// A site on a day.
pub fn on(site: &Blueprint, day: Day) -> Blueprint {
    match day {
        Day::Whole => site.clone(),
        Day::Quiet => site.with_only(None),
        Day::Only(episode) => site.with_only(Some(episode)),
    }
}
