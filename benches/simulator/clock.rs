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

pub fn median(mut measured: Vec<f64>) -> f64 {
    measured.sort_by(f64::total_cmp);
    measured[measured.len() / 2]
}
