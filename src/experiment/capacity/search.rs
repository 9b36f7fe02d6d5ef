//! The load at which the first objective is missed: a ladder over everything up to the operational
//! bound, so that nothing is taken for monotone, then a closer and closer look at the first miss.

use super::{
    bench::{Bench, Work},
    bracket::{Side, beyond, gap, parts, side},
    fit::{Crossing, Crossings, badness, crossings, holds},
};
use crate::{
    experiment::replicate::Failure,
    model::{blueprint::Blueprint, operational::Operational},
    report::capacity::Kept,
    stats::{estimator::Estimator, student},
};

/// Rungs of the ladder, of the load that saturates the first station.
const RUNGS: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// Further up, where even that holds.
const BEYOND: [f64; 3] = [1.15, 1.5, 2.0];
/// The same, where the mix of requests changes with the load.
const BEYOND_MIXED: [f64; 6] = [1.15, 1.5, 2.0, 4.0, 8.0, 16.0];
/// Further down, where even the lowest does not.
const BELOW: [f64; 2] = [0.03, 0.01];
/// Where nothing saturates, or users only wait longer, the load is doubled so often at most.
const DOUBLINGS: u32 = 12;
/// Of a rung: the least that has an interval.
const LADDER: u32 = 5;
/// Of a rung that misses below one that holds, to be sure of it.
const SURE: u32 = 20;
/// And of the first such, where it would mean that no load is safe, until it is sure to miss.
const SURER: [u32; 2] = [80, 320];
/// Of the loads between two rungs.
const COARSE: u32 = 6;
/// How often these are moved up or down, where the first miss lies elsewhere.
const SHIFTS: u32 = 4;
/// Loads around the crossing, of itself.
const AROUND: [f64; 4] = [0.97, 0.99, 1.01, 1.03];
/// Replications that these are given more of at a time.
const ROUND: u32 = 12;
/// How often these are moved to where the fit sees the crossing.
const MOVES: u32 = 4;
/// Between loads further apart than this, of the crossing, a fit only guesses.
const APART: f64 = 0.05;
/// And across a jump so far already, of the precision asked for.
const JUMP: f64 = 0.5;
/// Requests by which it is told how long very many would take.
const SAMPLE: f64 = 50_000.0;
/// How often such a gap is cut into parts, or another one is looked for where the crossing is in none.
const CUTS: u32 = 10;

/// The search is done when the lower bound of the crossing is that near, of the precision asked for; the
/// rest of it is for the confirmation.
const SEARCHED: f64 = 0.2;

/// How well the answer has to be known.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Replications of a load in the search, at most.
    pub budget: u32,
    /// How far below the first miss the safe load may lie, of it.
    pub precision: f64,
    /// One less how often the safe load may be wrong.
    pub confidence: f64,
}

impl Effort {
    /// How near the lower bound of a crossing should be, of the crossing.
    pub(super) fn narrow(&self) -> f64 {
        SEARCHED * self.precision
    }

    /// How near it is.
    pub(super) fn half(&self, crossing: &Estimator) -> f64 {
        student::t_quantile(self.confidence, crossing.freedom) * crossing.error
    }
}

/// What a search has found.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// The first objective is missed here.
    Crossing(Crossings),
    /// Not even the smallest holds.
    NoLoad,
    /// Even the largest holds.
    EveryLoad,
}

/// A ladder, and what stands out of it.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    pub(super) bench: Bench,
    /// The highest load below the first miss, 0 if there is none, and the first miss.
    pub(super) bracket: Option<(f64, f64)>,
    /// Loads that miss below one that holds.
    pub(super) islands: Vec<f64>,
    /// All that was tried holds, and this next load is left out: it takes more requests than are free.
    pub(super) untried: Option<Untried>,
}

/// A load that was not tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untried {
    pub(super) factor: f64,
    /// As many as it takes, of all replications.
    pub(super) requests: f64,
}

/// Loads that can be said: four digits of the requests a second, or whole users.
pub(super) fn said(known: &Operational, factor: f64) -> f64 {
    nearest(known, factor, 0.5).max(one_user(known).unwrap_or(0.0))
}

/// The highest of these that is no higher: what is safe is never rounded up. 0 where there is none.
pub(super) fn said_at_most(known: &Operational, factor: f64) -> f64 {
    // A load that can be said already is itself, whatever its last bits are.
    nearest(known, factor, 1e-6)
}

/// As a factor, where whole users are all that comes.
pub(super) fn one_user(known: &Operational) -> Option<f64> {
    known.is_closed().then(|| 1.0 / f64::from(known.users))
}

fn nearest(known: &Operational, factor: f64, rounding: f64) -> f64 {
    let whole = |value: f64, base: f64| {
        let mut step = 1.0;
        while value / step >= 10_000.0 {
            step *= 10.0;
        }
        while value > 0.0 && value / step < 1_000.0 {
            step /= 10.0;
        }
        (value / step + rounding).floor() * step / base
    };
    if known.open_per_s > 0.0 {
        return whole(factor * known.open_per_s, known.open_per_s);
    }
    let users = f64::from(known.users);
    (factor * users + rounding).floor() / users
}

/// What the first ladder asks for, before anything is known of the site but its bound.
#[derive(Clone, Debug)]
pub struct Climb {
    /// Requests of all rungs and replications, warm-ups included.
    pub requests: f64,
    /// The same with all doublings, which are tried where nothing saturates and every rung holds.
    pub doubled: f64,
    /// Replications of all rungs.
    pub replications: u64,
    /// The highest rung.
    pub most_per_s: f64,
    /// What is full first, where it is known.
    pub first: Option<String>,
    /// The site at a load that is simulated at once, and how many requests come there.
    pub sample: (Blueprint, f64),
}

impl Climb {
    /// Of a site.
    pub fn of(plan: &Blueprint) -> Climb {
        let known = Operational::of(plan);
        let rungs = rungs(&known);
        let loads: Vec<f64> = rungs.iter().map(|rung| per_s(&known, *rung)).collect();
        let seconds = (plan.warm_up + plan.duration).seconds();
        let requests = requests(plan, &known, &rungs);
        let doubled =
            if is_bounded(&known) { 0.0 } else { self::requests(plan, &known, &doublings(&known)) };
        // What a request takes hardly depends on the load, as long as nothing piles up.
        let top = known.saturates_at().unwrap_or(1.0);
        let few = (SAMPLE / (seconds * known.load_per_s())).min(RUNGS[4] * top);
        Climb {
            requests,
            doubled: requests + doubled,
            replications: rungs.len() as u64 * u64::from(LADDER),
            most_per_s: loads.into_iter().fold(0.0, f64::max),
            first: known.stations.first().map(|it| it.name(plan)),
            sample: (plan.at_load(few), per_s(&known, few) * seconds),
        }
    }
}

/// Requests a second at so many times the scenario's load, at most.
fn per_s(known: &Operational, factor: f64) -> f64 {
    let users = known.users_per_s(factor * f64::from(known.users));
    factor * known.open_per_s + if known.users > 0 { users } else { 0.0 }
}

/// Requests of these rungs and all of their replications, warm-ups included.
fn requests(plan: &Blueprint, known: &Operational, rungs: &[f64]) -> f64 {
    let seconds = (plan.warm_up + plan.duration).seconds();
    let loads = rungs.iter().map(|rung| per_s(known, *rung));
    loads.sum::<f64>() * seconds * f64::from(LADDER)
}

/// Whether there is a load that cannot be sustained.
fn is_bounded(known: &Operational) -> bool {
    known.saturates_at().is_some() && !known.is_closed()
}

/// Rungs beyond the ladder, where there is no bound to go by.
fn doublings(known: &Operational) -> Vec<f64> {
    let top = known.saturates_at().unwrap_or(1.0);
    (1..=DOUBLINGS).map(|times| said(known, top * f64::from(1_u32 << times))).collect()
}

fn rungs(known: &Operational) -> Vec<f64> {
    let top = known.saturates_at().unwrap_or(1.0);
    let mut rungs: Vec<f64> = RUNGS.iter().map(|share| said(known, share * top)).collect();
    // The scenario's own load is asked about first of all.
    if 1.0 < 1.2 * top {
        rungs.retain(|rung| (rung - 1.0).abs() > 0.02);
        rungs.push(1.0);
    }
    rungs
}

/// The first ladder; it is not climbed by doublings to more requests in all than are free. `None`:
/// interrupted.
pub(super) fn climb(
    plan: &Blueprint,
    known: &Operational,
    free: f64,
    work: &mut Work<'_>,
) -> Result<Option<Ladder>, Failure> {
    let mut bench = Bench::new(plan, "ladder");
    let top = known.saturates_at().unwrap_or(1.0);
    let nice = |factor: f64| said(known, factor);
    if !try_rungs(&mut bench, &rungs(known), work)? {
        return Ok(None);
    }
    let lowest = bench.levels[0].factor;
    let mut is_deep = false;
    let mut untried = None;
    // Where users may give way what is known is only where to begin.
    let beyond = if known.is_mixed() { &BEYOND_MIXED[..] } else { &BEYOND };
    if bench.levels.iter().all(|level| is_held(level, LADDER)) {
        let further: Vec<f64> = if is_bounded(known) {
            beyond.iter().map(|share| nice(share * top)).collect()
        } else {
            doublings(known)
        };
        for rung in further {
            let tried: Vec<f64> = bench.levels.iter().map(|level| level.factor).collect();
            let more = requests(plan, known, &[rung]);
            if !is_bounded(known) && requests(plan, known, &tried) + more > free {
                untried = Some(Untried { factor: rung, requests: more });
                break;
            }
            if !try_rungs(&mut bench, &[rung], work)? {
                return Ok(None);
            }
            let level = bench.level(rung);
            if !is_held(&bench.levels[level], LADDER) {
                break;
            }
        }
    } else if !is_held(&bench.levels[0], LADDER) {
        for share in BELOW {
            let rung = nice(share * top);
            if rung >= bench.levels[0].factor {
                break;
            }
            if !try_rungs(&mut bench, &[rung], work)? {
                return Ok(None);
            }
            is_deep = true;
            if is_surely_held(&bench.levels[0]) {
                break;
            }
        }
    }
    // A rung that misses below one that holds may be bad luck: a closer look at both.
    let held: Vec<bool> = bench.levels.iter().map(|level| is_held(level, LADDER)).collect();
    let last_held = held.iter().rposition(|it| *it);
    let first_miss = held.iter().position(|it| !it);
    if let (Some(last), Some(first)) = (last_held, first_miss)
        && first < last
    {
        let again: Vec<(f64, u32)> =
            bench.levels[first..=last].iter().map(|level| (level.factor, SURE)).collect();
        if !bench.run(&again, 0, "a miss below a load that holds", work)? {
            return Ok(None);
        }
    }
    if !is_there_none(&mut bench, (lowest, is_deep), work)? {
        return Ok(None);
    }
    let held: Vec<bool> = bench.levels.iter().map(is_held_so_far).collect();
    // Few requests come at loads that were added below, and luck alone may keep them within a limit.
    let first_miss = match held.iter().position(|it| !it) {
        Some(1..) if is_left_to_luck(&mut bench, (lowest, is_deep)) => Some(0),
        other => other,
    };
    let bracket = first_miss.map(|miss| {
        let low = if miss > 0 { bench.levels[miss - 1].factor } else { 0.0 };
        (low, bench.levels[miss].factor)
    });
    let last_held = held.iter().rposition(|it| *it).unwrap_or(0);
    let lonely = |index: &usize| !held[*index] && *index < last_held;
    let islands: Vec<f64> =
        (0..held.len()).filter(lonely).map(|index| bench.levels[index].factor).collect();
    Ok(Some(Ladder { bench, bracket, islands, untried }))
}

/// Whether what holds below the ladder's lowest rung, which misses, may only hold by luck.
fn is_left_to_luck(bench: &mut Bench, (lowest, is_deep): (f64, bool)) -> bool {
    let level = bench.level(lowest);
    is_deep && !is_held_so_far(&bench.levels[level]) && !is_surely_held(&bench.levels[0])
}

/// Looks again at the first miss where it would mean that no load is safe although a higher one holds:
/// few requests come there, and a miss that is no sure one may be bad luck. `false`: interrupted.
fn is_there_none(
    bench: &mut Bench,
    (lowest, is_deep): (f64, bool),
    work: &mut Work<'_>,
) -> Result<bool, Failure> {
    loop {
        let held: Vec<bool> = bench.levels.iter().map(is_held_so_far).collect();
        let (first, last) = (held.iter().position(|it| !it), held.iter().rposition(|it| *it));
        let (Some(first), Some(last)) = (first, last) else { return Ok(true) };
        let is_none = first == 0 || is_left_to_luck(bench, (lowest, is_deep));
        let level = &bench.levels[first];
        let more = SURER.into_iter().find(|count| *count > level.replications());
        let is_open = first < last && is_none && !is_surely_missed(level);
        let (true, Some(more)) = (is_open, more) else { return Ok(true) };
        if !bench.run(&[(level.factor, more)], 0, "a miss below a load that holds", work)? {
            return Ok(false);
        }
    }
}

fn is_held_so_far(level: &super::bench::Level) -> bool {
    is_held(level, level.replications())
}

fn is_surely_missed(level: &super::bench::Level) -> bool {
    let judgements = level.judgements(level.replications() as usize);
    judgements.iter().any(|it| it.kept() == Kept::No)
}

fn is_held(level: &super::bench::Level, count: u32) -> bool {
    holds(&badness(&level.judgements(count as usize)))
}

/// Not by luck.
fn is_surely_held(level: &super::bench::Level) -> bool {
    let judgements = level.judgements(level.replications() as usize);
    judgements.iter().all(|it| it.kept() == Kept::Yes)
}

fn try_rungs(bench: &mut Bench, rungs: &[f64], work: &mut Work<'_>) -> Result<bool, Failure> {
    let wanted: Vec<(f64, u32)> = rungs.iter().map(|&rung| (rung, LADDER)).collect();
    bench.run(&wanted, 0, "a ladder of loads", work)
}

/// Where between `low`, which holds (or is 0), and `high`, which does not, the first objective is
/// missed; the loads tried are added to the bench. `None`: interrupted.
pub(super) fn refine(
    bench: &mut Bench,
    (low, high): (f64, f64),
    known: &Operational,
    effort: &Effort,
    work: &mut Work<'_>,
) -> Result<Option<Found>, Failure> {
    let nice = |factor: f64| said(known, factor);
    let coarse = COARSE.min(effort.budget);
    let (mut low, mut high) = (if low > 0.0 { low } else { high / 10.0 }, high);
    let mut shifts = 0;
    let guess = loop {
        let inner = parts((low, high), nice);
        let wanted: Vec<(f64, u32)> = inner.iter().map(|&factor| (factor, coarse)).collect();
        if !bench.run(&wanted, 0, "between two loads", work)? {
            return Ok(None);
        }
        if let Some(guess) = first_crossing(bench, &inner, coarse) {
            break guess;
        }
        // With a longer warm-up, or more luck, the ends need not be what they were on the ladder.
        let all_hold = inner.iter().all(|&factor| {
            let level = bench.level(factor);
            is_held(&bench.levels[level], coarse)
        });
        shifts += 1;
        if shifts > SHIFTS {
            return Ok(Some(if all_hold { Found::EveryLoad } else { Found::NoLoad }));
        }
        let width = high - low;
        (low, high) =
            if all_hold { (high, high + width) } else { ((low - width).max(low / 2.0), low) };
    };
    let mut middle = guess.first.at.value.clamp(low * 0.9, high * 1.1);
    let around = |near: &mut Vec<f64>, middle: f64| {
        for share in AROUND {
            let factor = nice(share * middle);
            if near.iter().all(|other| (other - factor).abs() > 0.002 * middle) {
                near.push(factor);
            }
        }
        // Few users may round to one and the same load: those on both sides of the crossing.
        if let Some(one) = one_user(known) {
            let below = said_at_most(known, middle).max(one);
            for factor in [below, said(known, below + one)] {
                if near.iter().all(|other| (other - factor).abs() > 0.5 * one) {
                    near.push(factor);
                }
            }
        }
        near.sort_by(f64::total_cmp);
    };
    let mut near: Vec<f64> = Vec::new();
    around(&mut near, middle);
    let mut count = ROUND.min(effort.budget);
    let (mut moves, mut cuts) = (0, 0);
    loop {
        let wanted: Vec<(f64, u32)> = near.iter().map(|&factor| (factor, count)).collect();
        if !bench.run(&wanted, 0, "around the first miss", work)? {
            return Ok(None);
        }
        let found = first_crossing(bench, &near, count);
        let place = side(bench, &near, count);
        let (first, last) = (near[0], near[near.len() - 1]);
        if let (Some(found), true) = (&found, moves < MOVES) {
            let value = found.first.at.value;
            let is_there = match place {
                Side::Below => value < first,
                Side::Within => false,
                Side::Above => value > last,
            };
            if is_there {
                moves += 1;
                middle = value.clamp(0.9 * middle, 1.1 * middle);
                around(&mut near, middle);
                continue;
            }
        }
        let value = found.as_ref().map(|it| it.first.at.value);
        let bracket = match place {
            Side::Below => Some(beyond(bench, &near, false)),
            Side::Above => Some(beyond(bench, &near, true)),
            Side::Within => value.and_then(|value| gap(&near, value)).filter(|(low, high)| {
                // Of a gap that is wider than what replications say of the place they know nothing.
                let is_jump = found.as_ref().is_some_and(|it| {
                    it.first.jump.is_some() && effort.half(&it.first.at) < high - low
                });
                let most = if is_jump { JUMP * effort.precision } else { APART };
                high - low > most * high
            }),
        };
        if let Some(bracket) = bracket
            && cuts < CUTS
        {
            cuts += 1;
            let cut = parts(bracket, nice);
            // Between neighbours of whole users there is nothing to be tried.
            if cut != near {
                near = cut;
                continue;
            }
        }
        // Luck that changes its mind at every cut: between the last two loads of which one holds.
        let Some(found) = found else {
            let (low, high) = bracket.unwrap_or((first, last));
            if !bench.run(&[(low, count), (high, count)], 0, "around the first miss", work)? {
                return Ok(None);
            }
            let found = first_crossing(bench, &[low, high], count).unwrap_or(guess);
            return Ok(Some(Found::Crossing(found)));
        };
        let value = found.first.at.value;
        let half = effort.half(&found.first.at);
        let wanted = effort.narrow() * value;
        if half <= wanted || count >= effort.budget {
            return Ok(Some(Found::Crossing(found)));
        }
        // As many more as the square-root law says, but no more than twice as many at a time.
        let wider = (half / wanted).min(1.42);
        let more = (f64::from(count) * wider * wider) as u32;
        count = more.next_multiple_of(ROUND).max(count + ROUND).min(effort.budget);
        // All loads have the same luck: further ones add to the shape, not to what is known of the place.
        let low = near.iter().rposition(|it| *it <= value - half).unwrap_or(0);
        let high = near.iter().position(|it| *it >= value + half).unwrap_or(near.len() - 1);
        near = near[low..=high].to_vec();
    }
}

fn first_crossing(bench: &mut Bench, factors: &[f64], count: u32) -> Option<Crossings> {
    let places: Vec<usize> = factors.iter().map(|&factor| bench.level(factor)).collect();
    let levels: Vec<_> = places.iter().map(|&place| &bench.levels[place]).collect();
    crossings(&levels, count as usize)
}

/// The lower confidence bound of a crossing.
pub(super) fn lower(crossing: &Crossing, confidence: f64) -> f64 {
    let Crossing { at, jump } = crossing;
    let low = at.value - student::t_quantile(confidence, at.freedom) * at.error;
    jump.map_or(low, |(held, _)| low.min(held))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::{
        experiment::rounds::Crew,
        scenario::{Source, compile},
    };

    const WAITS: &str = r#"
[scenario]
duration = "10s"
[hardware.one]
cores = 1
[service.queue]
kind = "service"
hardware = "one"
[service.queue.endpoint.job]
steps = [ { wait = "1ms" } ]
[request.job]
to = "queue.job"
[workload.visitors]
mix = { job = 1 }
arrivals = { poisson = "10/s" }
[[slo]]
name = "quick"
require = "mean < 30ms"
"#;

    /// Nothing runs out: only what is free bounds how often the load is doubled.
    #[test]
    fn the_load_is_doubled_as_long_as_that_is_free() {
        static NEVER: AtomicBool = AtomicBool::new(false);
        let source = Source { path: "queue.toml".to_owned(), text: WAITS.to_owned() };
        let plan = compile(&source, &[]).unwrap();
        let mut nobody = |_: &str, _, _| ();
        let crew = Crew::new(Some(1), &NEVER);
        let mut work = Work { crew, progress: &mut nobody, replications: 0, requests: 0, loads: 0 };
        let mut climbed = |free: f64| {
            let known = Operational::of(&plan);
            let ladder = climb(&plan, &known, free, &mut work).unwrap().unwrap();
            assert!(ladder.bracket.is_none());
            (ladder.bench.levels.last().unwrap().factor, ladder.untried)
        };
        let seconds = plan.warm_up.seconds() + 10.0;
        // Rungs are 5.5 times the load, each of five replications; twice and four times as much come next.
        let each = 10.0 * seconds * f64::from(LADDER);
        let (most, left) = climbed(each * (5.5 + 2.0 + 4.0 + 7.9));
        let left = left.unwrap();
        assert_eq!((most, left.factor), (4.0, 8.0));
        assert!((left.requests - 8.0 * each).abs() < 1e-6 * each, "{}", left.requests);
        let (most, left) = climbed(each * (5.5 + 1.9));
        assert_eq!((most, left.unwrap().factor), (1.0, 2.0));
        let doubled = Climb::of(&plan).doubled;
        assert!((doubled - each * (5.5 + 8190.0)).abs() < 1e-6 * doubled, "{doubled}");
    }
}
