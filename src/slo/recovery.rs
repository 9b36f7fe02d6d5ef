//! How long it takes until everything is well again after an event.
//!
//! Well is: over the time for which it has to hold, the share of bad requests is within its limit,
//! AND close to that of the quiet twin (the same replication without events), AND there is no silence
//! that the twin does not know (`stretch`). A replication that is not well again by the end of the
//! run is censored: it would have taken longer than was looked.

use super::stretch::Wellness;
use crate::{
    engine::time::Span,
    measure::record::Seen,
    model::{
        blueprint::{Objective, Recovery},
        shape::slice_of,
    },
    stats::survival::Observed,
};

/// When one replication is well again, seconds after the clock has started.
pub fn recovery_time(objective: &Objective, it: &Recovery, seen: &Seen, quiet: &Seen) -> Observed {
    let slice = slice_of(objective, it.hold);
    let window = objective.until.since(objective.from).nanos();
    let slices = window.div_ceil(slice.nanos()) as usize;
    let held = it.hold.nanos().div_ceil(slice.nanos()).max(1) as usize;
    let clock = it.clock.since(objective.from).nanos();
    let first = clock.div_ceil(slice.nanos()) as usize;
    let wellness = Wellness::new(objective, it.of.share, held, seen, quiet);
    let last = slices.saturating_sub(held);
    if let Some(slice_number) = (first..=last).find(|&from| wellness.is_well(from)) {
        let at = slice_number as u64 * slice.nanos();
        Observed { time: Span::from_nanos(at.saturating_sub(clock)).seconds(), is_censored: false }
    } else {
        // None that begins with a later slice would be seen to hold.
        let looked = ((last + 1) as u64 * slice.nanos()).saturating_sub(clock);
        Observed { time: Span::from_nanos(looked).seconds(), is_censored: true }
    }
}
