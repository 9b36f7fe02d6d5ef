//! How fast: each promise of `benches/README.md` as a row of one table. `cargo bench`; a word behind
//! it (`cargo bench -- fork`) runs the rows whose names contain it.
//!
//! Both sides of a ratio are measured in interleaved rounds of one run, so that the machine's
//! noise is common to both, and the medians of the rounds are divided.
#![expect(unreachable_pub, reason = "modules of a program, public to it")]
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "limit"]
mod limit {
    pub mod chance;
    pub mod counts;
    pub mod departures;
    pub mod four_tier;
    pub mod mm1;
    pub mod queues;
}
#[path = "simulator"]
mod simulator {
    pub mod balancers;
    pub mod clock;
    pub mod engine;
    pub mod fork;
    pub mod hold;
    pub mod in_flight;
    pub mod loops;
    pub mod replications;
    pub mod running;
    pub mod scale_up;
    pub mod scenarios;
    pub mod start;
    pub mod sweep;
    pub mod table;
    pub mod thousandfold;
    pub mod timers;
}

use simulator::{
    balancers, engine, fork, in_flight, loops, replications, scale_up, start, sweep, table::Table,
    thousandfold,
};
use std::process::ExitCode;

/// What fills its lines of the table.
type Row = (&'static str, fn(&mut Table));

const ROWS: [Row; 15] = [
    ("four-tier", loops::four_tier),
    ("scale-up", scale_up::row),
    ("mm1", loops::mm1),
    ("hold", engine::holds),
    ("timers", engine::timers),
    ("balancer-round_robin", balancers::round_robin),
    ("balancer-least_connections", balancers::least_connections),
    ("balancer-random1", balancers::random_1),
    ("balancer-random2", balancers::random_2),
    ("in-flight", in_flight::row),
    ("thousandfold", thousandfold::row),
    ("replications", replications::row),
    ("fork", fork::row),
    ("start", start::row),
    ("sweep", sweep::row),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if words.first().is_some_and(|word| word == thousandfold::CHILD) {
        thousandfold::child();
        return ExitCode::SUCCESS;
    }
    let is_asked = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let asked: Vec<&Row> = ROWS.iter().filter(|(name, _)| is_asked(name)).collect();
    if asked.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
        println!("no such row; there are {}", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut table = Table::begin();
    for (_, row) in asked {
        row(&mut table);
    }
    table.end()
}
