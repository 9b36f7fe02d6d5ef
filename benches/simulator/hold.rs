//! The hold model: a constant number of events pending, each of which schedules another after an
//! exponential span. The engine beside five priority queues on the same keys.

use crate::limit::queues::{
    Plain, Yardstick, calendar::Calendar, four_ary::FourAry, pairing::Pairing, sorted::Sorted,
    standard::Standard,
};
use simulate::engine::{
    luck::mix,
    maths::{ln, unit},
    time::{Instant, Span},
    timeline::Timeline,
};
use std::hint::black_box;

/// How many events are pending.
pub const SIZES: [usize; 7] = [16, 64, 256, 1024, 4096, 16_384, 1_000_000];
/// Nanoseconds from one event to the next, whatever the number pending.
const GAP: f64 = 1000.0;
/// The sorted array shifts kilobytes an event when it is large.
const SORTED_LARGE: usize = 4096;

/// Nanoseconds an event of one queue at each size, `None` where it is left out.
pub struct Row {
    /// What the queue is called.
    pub name: &'static str,
    /// The median of the rounds at each of `SIZES`.
    pub nanos: Vec<Option<f64>>,
}

/// Median nanoseconds an event of the engine (first) and of each yardstick at each size, in
/// `rounds` interleaved rounds of about `holds` events. `clock` tells CPU seconds.
pub fn rows(rounds: usize, holds: usize, clock: fn() -> f64) -> Vec<Row> {
    let mut rows = vec![
        row("engine"),
        row(Standard::NAME),
        row(FourAry::NAME),
        row(Sorted::NAME),
        row(Pairing::NAME),
        row(Calendar::NAME),
    ];
    for size in SIZES {
        let mut nanos = vec![Vec::new(); rows.len()];
        for round in 0..rounds as u64 {
            let spans = spans(size, round);
            let mut note = |row: usize, measured: Option<f64>| nanos[row].extend(measured);
            note(0, Some(engine(size, holds, &spans, clock)));
            note(1, plain::<Standard>(size, holds, &spans, clock));
            note(2, plain::<FourAry>(size, holds, &spans, clock));
            let fewer = if size > SORTED_LARGE { holds / 20 } else { holds };
            note(3, plain::<Sorted>(size, fewer, &spans, clock));
            note(4, plain::<Pairing>(size, holds, &spans, clock));
            note(5, plain::<Calendar>(size, holds, &spans, clock));
        }
        for (row, mut measured) in rows.iter_mut().zip(nanos) {
            measured.sort_by(f64::total_cmp);
            row.nanos.push(measured.get(measured.len() / 2).copied());
        }
    }
    rows
}

fn row(name: &'static str) -> Row {
    Row { name, nanos: Vec::new() }
}

/// Exponential spans, drawn beforehand so that the draws are not measured, and walked through in
/// order: a line of the cache for sixteen events.
fn spans(size: usize, round: u64) -> Vec<u32> {
    // In units of 256 ns, which hold 18 minutes: a million times the longest of 16,384 spans.
    let mean = GAP * size as f64 / 256.0;
    (0..16_384).map(|place| (-ln(unit(mix(round, place))) * mean) as u32).collect()
}

#[inline]
fn span(spans: &[u32], step: usize) -> u64 {
    // The low bits are the step's own, so that spans in one unit do not make equal times.
    u64::from(spans[step % 16_384]) * 256 + (step as u64).wrapping_mul(167) % 256
}

fn engine(size: usize, holds: usize, spans: &[u32], clock: fn() -> f64) -> f64 {
    let mut line: Timeline<u64> = Timeline::new(&[]);
    for step in 0..size {
        line.after(Span::from_nanos(span(spans, step)), step as u64);
    }
    let mut turn = |from: usize, to: usize| {
        for step in from..to {
            let event = line.next(Instant::NEVER).expect("as many as ever are pending");
            line.after(Span::from_nanos(span(spans, step)), black_box(event + 1));
        }
    };
    turn(size, 2 * size);
    let from = clock();
    turn(2 * size, 2 * size + holds);
    (clock() - from) * 1e9 / holds as f64
}

fn plain<Q: Yardstick>(
    size: usize,
    holds: usize,
    spans: &[u32],
    clock: fn() -> f64,
) -> Option<f64> {
    if size > Q::SIZE_MAX {
        return None;
    }
    let mut line: Plain<Q> = Plain::default();
    for step in 0..size {
        line.after(span(spans, step), step as u64);
    }
    let mut turn = |from: usize, to: usize| {
        for step in from..to {
            let event = line.next().expect("as many as ever are pending");
            line.after(span(spans, step), black_box(event + 1));
        }
    };
    turn(size, 2 * size);
    let from = clock();
    turn(2 * size, 2 * size + holds);
    Some((clock() - from) * 1e9 / holds as f64)
}
