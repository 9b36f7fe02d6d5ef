//! The share of an error budget that is burnt over a long time, by renewal and reward: everyday
//! badness, and for each kind of event its rate times what one of it burns more than a quiet day
//! does. A ratio of sums over replications; an event's own burning is what its day has more than its
//! quiet twin.

use super::{
    sides::Sides,
    stretch::{Stretch, Wellness},
};
use crate::{
    measure::record::Seen,
    model::{
        blueprint::{Budget, Objective},
        shape::budget_slice,
    },
    stats::ratio::Pair,
};

/// An event is over if in this last part of the window all is well ...
const LAST_PART: usize = 20;
/// ... in all but so many replications.
const NOT_WELL_MOST: f64 = 0.1;

/// What was burnt of it and what there was, by replication, and what one bad request, or slice, more burns; `None`:
/// nothing is known.
pub(super) fn burnt(
    objective: &Objective,
    it: &Budget,
    index: usize,
    sides: &Sides<'_>,
) -> Option<(Vec<Pair>, f64)> {
    let window_s = objective.until.since(objective.from).seconds();
    let windows = it.over.seconds() / window_s;
    let pairs = sides.quiet.iter().enumerate().map(|(number, quiet)| {
        let quiet = Day::of(it, &quiet.objectives[index]);
        let events = sides.only.iter().filter_map(|(rate, only)| {
            let only = Day::of(it, &only.get(number)?.objectives[index]);
            // Silence counts where an event makes it: who asks rarely is silent on quiet days, too.
            let burnt = (only.bad + only.silent) - (quiet.bad + quiet.silent);
            Some(rate * it.over.seconds() * burnt)
        });
        let burnt = quiet.bad * windows + events.sum::<f64>();
        Pair { part: burnt, whole: (1.0 - it.of.share) * quiet.count * windows }
    });
    let pairs: Vec<Pair> = pairs.collect();
    (!pairs.is_empty()).then_some((pairs, windows))
}

/// Whether what an event burns is not over by the end of the window, so that more is burnt than was
/// seen.
pub(super) fn is_cut_short(
    objective: &Objective,
    it: &Budget,
    index: usize,
    sides: &Sides<'_>,
) -> bool {
    let window = objective.until.since(objective.from).nanos();
    let slices = window.div_ceil(budget_slice(objective, it).nanos()) as usize;
    let length = slices.div_ceil(LAST_PART);
    let is_well = |number: usize| {
        let quiet = &sides.quiet[number].objectives[index];
        let mut days = sides.only.iter().filter_map(|(_, only)| only.get(number));
        days.all(|only| {
            let seen = &only.objectives[index];
            Wellness::new(objective, it.of.share, length, seen, quiet).is_well(slices - length)
        })
    };
    let not_well = (0..sides.quiet.len()).filter(|&number| !is_well(number)).count();
    not_well as f64 > NOT_WELL_MOST * sides.quiet.len() as f64
}

/// What one day of one replication had: of requests, or of slices.
struct Day {
    count: f64,
    bad: f64,
    silent: f64,
}

impl Day {
    fn of(it: &Budget, seen: &Seen) -> Day {
        if it.slice.is_none() {
            return Day { count: seen.count as f64, bad: seen.beyond[1] as f64, silent: 0.0 };
        }
        let allowed = 1.0 - it.of.share;
        let mut day = Day { count: 0.0, bad: 0.0, silent: 0.0 };
        for from in 0..seen.slices.len() {
            let slice = Stretch::of(seen, from, 1);
            let is_bad = slice.bad as f64 > allowed * slice.count as f64;
            day.count += f64::from(u8::from(slice.count > 0 || slice.silent > 0));
            day.bad += f64::from(u8::from(is_bad));
            day.silent += slice.silent as f64;
        }
        day
    }
}
