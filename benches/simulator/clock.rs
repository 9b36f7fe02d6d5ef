//! Clocks, and rounds in turns.

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

/// CPU time of this thread on Linux (its scheduler's own count), else the wall clock's.
pub fn cpu_seconds() -> f64 {
    // The scheduler brings its count up to date when it is entered; else it is as old as the last
    // tick, up to 4 ms.
    thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(wall_seconds, |nanos| nanos * 1e-9)
}

/// CPU time of all threads of this process, those that have ended too, on Unix, else the wall clock's.
#[cfg(unix)]
pub fn process_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The wall clock's.
#[cfg(not(unix))]
pub fn process_seconds() -> f64 {
    wall_seconds()
}

/// CPU time of this thread, in an instant, on Unix, else the wall clock's.
#[cfg(unix)]
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The wall clock's.
#[cfg(not(unix))]
pub fn thread_time() -> Duration {
    Duration::from_secs_f64(wall_seconds())
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
