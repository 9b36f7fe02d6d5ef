//! Idle timers beside a site that goes on unchanged: the engine alone.
//!
//! The site is a hold model with as many events pending as the four-tier site has in its queue.
//! For every twelve of its events one timer is set, as the four-tier site sets one for each
//! request; all timers wait equally long, on a lane, and few or many of them are pending. Either
//! each one expires, in order, or each is cancelled while it waits, whichever comes to hand.

use super::{
    clock::{cpu_seconds, medians},
    table::{Must, Table},
};
use simulate::engine::{
    luck::mix,
    maths::{ln, unit},
    time::{Instant, Span},
    timeline::{DelayId, Ticket, Timeline},
};
use std::hint::black_box;

const ROUNDS: u64 = 7;
const SITE_PENDING: u64 = 24;
const EVENTS_A_TIMER: u64 = 12;
const GAP_NS: u64 = 1_000;
const TIMERS: u64 = 200_000;
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// What a timer's event says; the site's events are below.
const EXPIRED: u64 = u64::MAX;
const IDLE: DelayId = DelayId(0);

/// The site and its timers.
struct Beside {
    line: Timeline<u64>,
    step: u64,
    spans: Vec<Span>,
}

impl Beside {
    fn new(idle: Span, round: u64) -> Beside {
        let mean = (SITE_PENDING * GAP_NS) as f64 * 1e-9;
        let span = |place| Span::from_seconds(-ln(unit(mix(round, place))) * mean);
        let spans: Vec<Span> = (0..4096).map(span).collect();
        let mut line = Timeline::new(&[idle]);
        for number in 0..SITE_PENDING {
            line.after(spans[number as usize], number);
        }
        Beside { line, step: 0, spans }
    }

    /// The next dozen of the site's events; timers that expire meanwhile.
    fn dozen(&mut self) {
        let mut left = EVENTS_A_TIMER;
        while left > 0 {
            let event = self.line.next(Instant::NEVER).expect("the site never ends");
            if event != EXPIRED {
                left -= 1;
                self.step += 1;
                let span = self.spans[self.step as usize % 4096];
                self.line.after(span, black_box(event));
            }
        }
    }

    /// Nanoseconds an event, while so many timers are set.
    fn timed(&mut self, mut timer: impl FnMut(&mut Beside)) -> f64 {
        let events = self.line.happened();
        let from = cpu_seconds();
        for _ in 0..TIMERS {
            self.dozen();
            timer(self);
        }
        (cpu_seconds() - from) * 1e9 / (self.line.happened() - events) as f64
    }
}

fn expiring(pending: u64, round: u64) -> f64 {
    let idle = Span::from_nanos(pending * EVENTS_A_TIMER * GAP_NS);
    let mut site = Beside::new(idle, round);
    // Until as many expire as are set.
    for _ in 0..pending + pending / 10 {
        site.dozen();
        site.line.later(IDLE, EXPIRED);
    }
    site.timed(|site| {
        site.line.later(IDLE, EXPIRED);
    })
}

fn cancelled(pending: u64, round: u64) -> f64 {
    // None of them lives long enough to expire.
    let mut site = Beside::new(Span::from_seconds(1e6), round);
    let mut tickets: Vec<Ticket> = Vec::new();
    for _ in 0..pending {
        site.dozen();
        tickets.push(site.line.later(IDLE, EXPIRED));
    }
    let mut replace = |site: &mut Beside| {
        let victim = mix(round, site.step) % pending;
        site.line.cancel(tickets[victim as usize]);
        tickets[victim as usize] = site.line.later(IDLE, EXPIRED);
    };
    // The lane in the order that it has when it has been used for long.
    for _ in 0..2 * pending {
        site.dozen();
        replace(&mut site);
    }
    site.timed(replace)
}

fn row(table: &mut Table, what: &str, most: f64, side: fn(u64, u64) -> f64) {
    let [few, many] =
        medians(ROUNDS, [&mut |round| side(FEW, round), &mut |round| side(MANY, round)]);
    let (measured, against) = (format!("{many:.1} ns an event"), format!("{few:.1} ns an event"));
    table.line(what, &measured, &against, many / few, Must::AtMost(most));
}

pub(crate) fn in_order(table: &mut Table) {
    row(table, "1,000,000 / 1,000 timers, expiring in order", 1.1, expiring);
}

pub(crate) fn at_random(table: &mut Table) {
    row(table, "1,000,000 / 1,000 timers, cancelled at random", 2.0, cancelled);
}
