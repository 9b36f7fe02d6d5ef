//! How long a site takes to settle, found by pilots: replications without events that begin empty.
//!
//! MSER-5 on several state series, each averaged over the pilots: work in flight, and where there are
//! any, the hit ratios of page caches and of buffer pools and the lag of replicas. The longest of their cuts is taken, once
//! for the whole experiment. Where work in flight keeps growing there is no steady state, and where
//! a cut lies in the second half the pilots are too short to tell.

use super::{
    replicate::{Failure, Replications, replicate},
    rounds::Crew,
    study::measure,
};
use crate::{
    engine::time::Span,
    measure::{
        shape::{Detail, Shape},
        tally::Tally,
    },
    model::{self, blueprint::Blueprint},
    stats::warm_up::{Refusal, drifts, mser5},
};

/// How many pilots: of ten one sees less than a queue's slow beginning at load 0.9.
pub const PILOTS: u64 = 20;
/// Their replication numbers begin here, far from those of any experiment: what they show of the
/// site is no part of what is measured of it.
const FIRST: u64 = 1 << 40;

/// What pilots say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settling {
    /// So much is to be left out.
    After(Span),
    /// The pilots are too short to tell by this series, and why.
    TooShort(&'static str, Refusal),
    /// It never settles: unfinished work piles up.
    Never,
}

/// Runs pilots of `plan`, which has no warm-up and no events. `None`: interrupted.
///
/// One in a hundred sites below its capacity seems to drift by bad luck: whether it does so once more is asked of as
/// many other pilots.
pub fn settling(plan: &Blueprint, crew: Crew<'_>) -> Result<Option<Settling>, Failure> {
    let Some(mut pilots) = pilots(plan, 0, crew)? else { return Ok(None) };
    if drift(&pilots) {
        let Some(others) = self::pilots(plan, PILOTS, crew)? else { return Ok(None) };
        if drift(&others) {
            return Ok(Some(Settling::Never));
        }
        pilots.extend(others);
    }
    Ok(Some(judge(&pilots, plan.duration)))
}

/// The pilots from this number on. `None`: interrupted.
fn pilots(plan: &Blueprint, from: u64, crew: Crew<'_>) -> Result<Option<Vec<States>>, Failure> {
    let shape = Shape { detail: Detail::PILOT, ..model::shape::shape(plan) };
    let mut pilots: Vec<States> = Vec::new();
    let Crew { threads, interrupted, .. } = crew;
    let work = Replications { count: PILOTS, threads, interrupted };
    let run = |number| Ok::<_, String>(States::of(&measure(plan, &shape, FIRST + from + number)?));
    replicate(work, run, |_, states| pilots.push(states), |_| ())?;
    Ok((pilots.len() as u64 == PILOTS).then_some(pilots))
}

fn drift(pilots: &[States]) -> bool {
    let in_flight: Vec<Vec<f64>> = pilots.iter().map(|it| it.in_flight.clone()).collect();
    drifts(&in_flight)
}

/// Of pilots in which work in flight does not drift.
fn judge(pilots: &[States], length: Span) -> Settling {
    let of = |pick: fn(&States) -> &Vec<f64>| averaged(pilots, pick);
    let series: [(&'static str, Vec<f64>); 4] = [
        ("work in flight", of(|it| &it.in_flight)),
        ("hit ratio of page caches", of(|it| &it.hits)),
        ("hit ratio of buffer pools", of(|it| &it.pooled)),
        ("lag of replicas", of(|it| &it.lag)),
    ];
    let mut longest = Span::ZERO;
    for (name, values) in series {
        if values.windows(2).all(|two| two[0] == two[1]) {
            continue;
        }
        match mser5(&values) {
            Ok(cut) => {
                let share = cut as f64 / values.len() as f64;
                longest = longest.max(Span::from_seconds(length.seconds() * share));
            }
            Err(Refusal::Drifts) => return Settling::Never,
            Err(refusal) => return Settling::TooShort(name, refusal),
        }
    }
    Settling::After(longest)
}

/// State series of one pilot, a value for each part of its window.
struct States {
    in_flight: Vec<f64>,
    hits: Vec<f64>,
    pooled: Vec<f64>,
    lag: Vec<f64>,
}

impl States {
    fn of(tally: &Tally) -> States {
        let mut now = 0.0;
        let in_flight = (0..tally.request_ruler.parts()).map(|part| {
            for request in &tally.requests {
                let part = &request.parts[part];
                now += (part.ok + part.failed) as f64 - part.ended as f64;
            }
            now
        });
        let parts = tally.usage_ruler.parts();
        let sums = |of: &dyn Fn(usize) -> (f64, f64)| carried((0..parts).map(of));
        let found = |(hits, all): (f64, f64), &[hit, missed]: &[u32; 2]| {
            (hits + f64::from(hit), all + f64::from(hit) + f64::from(missed))
        };
        let hits = sums(&|part| {
            let parts = tally.hosts.iter().filter_map(|host| host.cache_by_part.get(part));
            parts.fold((0.0, 0.0), found)
        });
        let pooled = sums(&|part| {
            let parts = tally.instances.iter().filter_map(|it| it.pool_by_part.get(part));
            parts.fold((0.0, 0.0), found)
        });
        let lag = sums(&|part| {
            let parts = tally.instances.iter().filter_map(|it| it.lag_by_part.get(part));
            parts.fold((0.0, 0.0), |(sum, count), it| (sum + it.sum_s, count + it.count as f64))
        });
        States { in_flight: in_flight.collect(), hits, pooled, lag }
    }
}

/// Ratios; where there is nothing to divide by the one before is carried on.
fn carried(sums: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    let mut last = 0.0;
    sums.map(|(sum, count)| {
        if count > 0.0 {
            last = sum / count;
        }
        last
    })
    .collect()
}

fn averaged(pilots: &[States], pick: fn(&States) -> &Vec<f64>) -> Vec<f64> {
    let length = pick(&pilots[0]).len();
    let at = |index: usize| pilots.iter().map(|it| pick(it)[index]).sum::<f64>();
    (0..length).map(|index| at(index) / pilots.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Instant;

    /// A series that is 0 for the first parts, and then goes up and down by little.
    fn settled_after(parts: usize) -> Vec<f64> {
        let late = |part: usize| 0.9 + 0.01 * ((part * 7 % 5) as f64 - 2.0);
        (0..60).map(|part| if part < parts { 0.0 } else { late(part) }).collect()
    }

    /// However long it lasts, and however many kinds of requests there are.
    #[test]
    fn there_are_parts_enough() {
        let lengths = (1..200).map(|it| Span::from_millis(it * it * it * 97));
        for length in lengths {
            let (from, until) = (Instant::ZERO, Instant::ZERO + length);
            for requests in [1, 1_000] {
                let detail = Detail::PILOT;
                let tally =
                    Tally::new(&Shape { detail, from, until, requests, ..Shape::default() });
                let parts = tally.usage_ruler.parts().min(tally.request_ruler.parts());
                assert!((50..=150).contains(&parts), "{parts} in {length:?}");
            }
        }
    }

    /// Each series by itself makes the warm-up as long as it takes.
    #[test]
    fn the_last_one_to_settle_decides() {
        let cut = |in_flight, hits, pooled, lag| {
            let [in_flight, hits, pooled, lag] = [in_flight, hits, pooled, lag].map(settled_after);
            let pilots = [States { in_flight, hits, pooled, lag }];
            judge(&pilots, Span::from_millis(60_000))
        };
        for settling in [cut(20, 5, 5, 5), cut(5, 20, 5, 5), cut(5, 5, 20, 5), cut(5, 5, 5, 20)] {
            assert_eq!(settling, Settling::After(Span::from_millis(20_000)));
        }
        assert_eq!(
            cut(5, 5, 35, 5),
            Settling::TooShort("hit ratio of buffer pools", Refusal::LateMinimum)
        );
    }
}
