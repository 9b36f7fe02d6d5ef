//! Clocks, and rounds in turns.

use std::{sync::OnceLock, thread, time::Instant};

/// CPU time of this thread on Linux (its scheduler's own count), else the wall clock's.
pub fn cpu_seconds() -> f64 {
    // The scheduler brings its count up to date when it is entered; else it is as old as the last
    // tick, up to 4 ms.
    thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(wall_seconds, |nanos| nanos * 1e-9)
}

/// CPU time of all threads of this process, those that have ended too, on Linux (in hundredths of a second), else
/// the wall clock's.
pub fn process_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/self/stat").ok();
    // The second field is the program's name, which may have spaces; the 14th and 15th are user and system.
    let ticks = told.and_then(|text| {
        let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut field = || fields.next()?.parse::<f64>().ok();
        Some(field()? + field()?)
    });
    ticks.map_or_else(wall_seconds, |ticks| ticks / 100.0)
}

/// Since the first call.
pub fn wall_seconds() -> f64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// What each side measures in its median round; the sides take turns within each round.
pub fn medians<const SIDES: usize>(
    rounds: u64,
    mut sides: [&mut dyn FnMut(u64) -> f64; SIDES],
) -> [f64; SIDES] {
    let mut measured = [const { Vec::new() }; SIDES];
    for round in 0..rounds {
        for (side, measured) in sides.iter_mut().zip(&mut measured) {
            measured.push(side(round));
        }
    }
    measured.map(median)
}

/// What two sides measure in their median rounds, and the median of the rounds' ratios: what a neighbour takes
/// from both for a while is not in it.
pub fn paired(
    rounds: u64,
    one: &mut dyn FnMut() -> f64,
    other: &mut dyn FnMut() -> f64,
) -> ([f64; 2], f64) {
    let measured: Vec<[f64; 2]> = (0..rounds).map(|_| [one(), other()]).collect();
    let sides = [0, 1].map(|side| median(measured.iter().map(|it| it[side]).collect()));
    (sides, median(measured.iter().map(|[one, other]| one / other).collect()))
}

pub fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured[measured.len() / 2]
}
