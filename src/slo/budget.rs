//! The share of an error budget that is burnt over a long time, by renewal and reward: everyday
//! badness, and for each kind of event its rate times what one of it burns more than a quiet day
//! does. A ratio of sums over replications; an event's own burning is what its day has more than its
//! quiet twin. Each of these is a portion by itself: what was never seen of one of them may come,
//! however much the others vary.

use super::{sides::Sides, stretch::is_worse, sum::Portion};
use crate::{
    measure::record::{Record, Seen},
    model::blueprint::{Budget, Objective},
    stats::{binomial, ratio::Pair},
};

/// An event is over if at the end of the window it is no worse than its quiet twin ...
const WORSE_MOST: f64 = 0.1;
/// ... in more replications than so many, or than are as likely as this by chance: none of three.
const CHANCE: f64 = 0.125;

/// What was burnt of it and what there was, by replication: every day, and by each kind of event. A single event more
/// is one bad request, or slice. None: nothing is known.
pub(super) fn burnt(
    objective: &Objective,
    it: &Budget,
    index: usize,
    sides: &Sides<'_>,
) -> Vec<Portion> {
    if sides.quiet.is_empty() {
        return Vec::new();
    }
    let over_s = it.over.seconds();
    let windows = over_s / objective.until.since(objective.from).seconds();
    let quiet: Vec<Day> =
        sides.quiet.iter().map(|quiet| Day::of(it, &quiet.objectives[index])).collect();
    let pair = |quiet: &Day, part: f64| {
        let whole = (1.0 - it.of.share) * quiet.count * windows;
        Pair { part, whole }
    };
    let everyday = quiet.iter().map(|quiet| pair(quiet, quiet.bad * windows)).collect();
    let by_event = sides.only.iter().map(|(rate, only)| {
        let pairs = quiet.iter().enumerate().map(|(number, quiet)| {
            // Silence counts where an event makes it: who asks rarely is silent on quiet days, too.
            let more = only.get(number).map_or(0.0, |only| {
                let only = Day::of(it, &only.objectives[index]);
                (only.bad + only.silent) - (quiet.bad + quiet.silent)
            });
            pair(quiet, rate * over_s * more)
        });
        Portion { pairs: pairs.collect(), one: rate * over_s }
    });
    let everyday = Portion { pairs: everyday, one: windows };
    std::iter::once(everyday).chain(by_event).collect()
}

/// Whether what an event burns is not over by the end of the window, so that more is burnt than was
/// seen.
pub(super) fn is_cut_short(
    objective: &Objective,
    it: &Budget,
    index: usize,
    sides: &Sides<'_>,
) -> bool {
    let last = |day: &Record| day.objectives[index].sliced.map(|it| it.last);
    sides.only.iter().any(|(_, only)| {
        let (mut worse, mut better) = (0_u32, 0_u32);
        for (only, quiet) in only.iter().zip(sides.quiet) {
            let (Some(here), Some(there)) = (last(only), last(quiet)) else { continue };
            worse += u32::from(is_worse(objective, it.of.share, here, there));
            better += u32::from(is_worse(objective, it.of.share, there, here));
        }
        // Luck makes either of two days the worse one as often as the other: the sign test.
        let (more, either) = (f64::from(worse) - f64::from(better), f64::from(worse + better));
        more > WORSE_MOST * sides.quiet.len() as f64
            && binomial::at_least(f64::from(worse), either, 0.5) <= CHANCE
    })
}

/// What one day of one replication had: of requests, or of slices.
struct Day {
    count: f64,
    bad: f64,
    silent: f64,
}

impl Day {
    fn of(it: &Budget, seen: &Seen) -> Day {
        match seen.sliced.filter(|_| it.slice.is_some()) {
            Some(sliced) => Day { count: sliced.slices, bad: sliced.bad, silent: sliced.silent },
            None => Day { count: seen.count as f64, bad: seen.beyond[1] as f64, silent: 0.0 },
        }
    }
}
