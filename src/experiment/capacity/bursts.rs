//! What replications are like one by one: whether any goes wrong as a whole, and how badly.
//!
//! A site that collapses now and then is well in most replications, and these agree with each other. Where
//! none collapsed their spread says nothing of how often that happens; only their number does.

use super::bench::Level;
use crate::{
    engine::maths::ln,
    measure::record::Seen,
    model::blueprint::{Objective, Promise},
};

/// How near its limit an objective was in one replication, 1 right at it. `None`: it had nothing to say, or
/// one replication never has.
pub(super) fn alone(objective: &Objective, seen: &Seen) -> Option<f64> {
    let count = seen.count as f64;
    let of_count = |part: f64, limit: f64| (seen.count > 0).then(|| over(part, count * limit));
    match objective.promise {
        Promise::Percentile { share, .. }
        | Promise::Lag { share: Some(share), .. }
        | Promise::Success { share } => of_count(seen.beyond[1] as f64, 1.0 - share),
        Promise::Mean { limit } | Promise::Lag { share: None, limit } => {
            of_count(seen.sum_s, limit.seconds())
        }
        Promise::Throughput { least } => seen.value.map(|it| over(least, it)),
        Promise::Utilisation { most, .. } | Promise::Queue { most } => {
            seen.value.map(|it| over(it, most))
        }
        Promise::Recovery(_) | Promise::Budget(_) => None,
    }
}

fn over(part: f64, whole: f64) -> f64 {
    if part == 0.0 { 0.0 } else { part / whole }
}

/// How near the limit each replication at a load was, by objective.
fn each(level: &Level) -> Vec<Vec<f64>> {
    let Some(fold) = level.fold() else { return Vec::new() };
    let objectives = level.plan().objectives.iter().enumerate();
    let of = |(index, objective)| {
        let all = fold.records.iter();
        all.filter_map(|it| alone(objective, &it.objectives[index])).collect()
    };
    objectives.map(of).collect()
}

/// Whether no replication by itself missed an objective.
pub(super) fn is_even(level: &Level) -> bool {
    let all = each(level).concat();
    !all.is_empty() && all.iter().all(|it| *it <= 1.0)
}

/// The worst that a replication did at a load where most keep the promise, in units of what is allowed; 1 at
/// least.
pub(super) fn size(levels: &[Level]) -> f64 {
    let mut worst = 1.0_f64;
    for mut replications in levels.iter().flat_map(each) {
        replications.sort_by(f64::total_cmp);
        let middle = replications.get(replications.len() / 2);
        if let (Some(middle), Some(last)) = (middle, replications.last())
            && *middle <= 1.0
        {
            worst = worst.max(*last);
        }
    }
    worst
}

/// Replications among which one of that size would be seen with this confidence, if such came so often
/// that they alone break the promise: one in `size`.
pub(super) fn needed(size: f64, confidence: f64) -> u32 {
    if size <= 1.0 {
        return 1;
    }
    (ln(1.0 - confidence) / ln(1.0 - 1.0 / size)).ceil() as u32
}

/// Of what hits fewer than one in so many replications nothing is known after so many that were not hit.
pub(super) fn once_in(replications: u32, confidence: f64) -> f64 {
    f64::from(replications) / -ln(1.0 - confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One in forty is seen among 118 in 19 of 20 cases: 0.975^118 = 0.0504, 0.975^119 = 0.0492.
    #[test]
    fn what_is_worse_has_to_be_rarer() {
        assert_eq!(needed(40.0, 0.95), 119);
        assert_eq!(needed(2.0, 0.95), 5);
        assert_eq!(needed(1.0, 0.95), 1);
        assert!((once_in(60, 0.95) - 20.03).abs() < 0.01);
    }
}
