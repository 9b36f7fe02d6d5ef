//! The engine's queue beside others, and timers beside a site. `cargo bench --bench queues`.
#![expect(unreachable_pub, reason = "modules of a program, public to it")]
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod limit {
    pub mod queues;
}
mod simulator {
    pub mod hold;
    pub mod timers;
}

use simulator::{hold, timers};

fn main() {
    if !std::env::args().any(|argument| argument == "timers") {
        holds();
    }
    let timers = timers::timers(5, 4_000_000, cpu_seconds);
    for (name, [few, many]) in [("expire", timers.expire), ("cancelled", timers.cancel)] {
        println!("{name:16}{few:10.1}{many:10.1}{:10.2}", many / few);
    }
}

fn holds() {
    let rows = hold::rows(5, 4_000_000, cpu_seconds);
    print!("{:16}", "ns an event");
    for size in hold::SIZES {
        print!("{size:>10}");
    }
    println!();
    for row in &rows {
        print!("{:16}", row.name);
        for nanos in &row.nanos {
            match nanos {
                Some(nanos) => print!("{nanos:10.1}"),
                None => print!("{:>10}", "-"),
            }
        }
        println!();
    }
    print!("{:16}", "engine / best");
    for place in 0..hold::SIZES.len() {
        let best = rows[1..].iter().filter_map(|row| row.nanos[place]).fold(f64::MAX, f64::min);
        print!("{:10.2}", rows[0].nanos[place].unwrap_or(f64::NAN) / best);
    }
    println!();
}

/// CPU time of this thread on Linux (its scheduler's own count), else the wall clock's.
fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(wall_seconds, |nanos| nanos * 1e-9)
}

fn wall_seconds() -> f64 {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed().as_secs_f64()
}
