//! Timers beside a site that does not change: 1,000 pending against 1,000,000.
//!
//! The site is a closed population of 64 events, each of which schedules another after an
//! exponential span; now and then one starts a timer. Either nobody touches the timers and they
//! expire in order, as of connections that idle, or each is cancelled at a random age, as of
//! requests that are answered in time.

use simulate::engine::{
    luck::mix,
    maths::{ln, unit},
    time::{Instant, Span},
    timeline::{DelayId, Happening, Ticket, Timeline},
};

/// How many timers are pending on the two sides.
pub const SIZES: [usize; 2] = [1000, 1_000_000];
/// Pending events of the site.
const SITE: usize = 64;
/// A timer starts with one event of the site in so many: as the requests of the four-tier site have
/// 13 events and one time-out each.
const EVENTS_A_TIMER: u64 = 13;
/// Nanoseconds from one event of the site to the next.
const GAP: u64 = 1000;
const SPANS: usize = 1 << 12;

#[derive(Clone, Copy)]
enum Event {
    Site(u64),
    Timer,
}

impl Happening for Event {}

/// Median nanoseconds an event with 1,000 and with 1,000,000 timers.
pub struct Timers {
    /// Timers that nobody cancels.
    pub expire: [f64; 2],
    /// Timers of which each is cancelled when another starts, any of them.
    pub cancel: [f64; 2],
}

/// `rounds` interleaved rounds of `events` events of the site. `clock` tells CPU seconds.
pub fn timers(rounds: usize, events: u64, clock: fn() -> f64) -> Timers {
    let mut nanos: [[Vec<f64>; 2]; 2] = Default::default();
    for round in 0..rounds as u64 {
        for (place, size) in SIZES.into_iter().enumerate() {
            nanos[0][place].push(expire(size, events, round, clock));
            nanos[1][place].push(cancel(size, events, round, clock));
        }
    }
    let median = |measured: &mut Vec<f64>| {
        measured.sort_by(f64::total_cmp);
        measured[measured.len() / 2]
    };
    let [mut expire, mut cancel] = nanos;
    Timers { expire: expire.each_mut().map(median), cancel: cancel.each_mut().map(median) }
}

/// The site's events, on a timeline of their own or beside timers.
struct Site {
    line: Timeline<Event>,
    spans: Vec<Span>,
}

impl Site {
    fn new(delay: Span, round: u64) -> Site {
        let mean = (GAP * SITE as u64) as f64 * 1e-9;
        let span = |place| Span::from_seconds(-ln(unit(mix(round, place))) * mean);
        let spans: Vec<Span> = (0..SPANS as u64).map(span).collect();
        let mut line = Timeline::new(&[delay]);
        for &span in &spans[..SITE] {
            line.after(span, Event::Site(0));
        }
        Site { line, spans }
    }

    /// Lets `events` events of the site happen; `timer` is called for one in so many.
    fn turn(&mut self, events: u64, mut timer: impl FnMut(&mut Timeline<Event>, u64)) {
        let mut done = 0;
        while done < events {
            match self.line.next(Instant::NEVER).expect("the site never ends") {
                Event::Timer => {}
                Event::Site(count) => {
                    let span = self.spans[done as usize % SPANS];
                    self.line.after(span, Event::Site(count + 1));
                    if done.is_multiple_of(EVENTS_A_TIMER) {
                        timer(&mut self.line, done);
                    }
                    done += 1;
                }
            }
        }
    }
}

/// Each timer expires: as many are pending as start within their delay.
fn expire(size: usize, events: u64, round: u64, clock: fn() -> f64) -> f64 {
    let delay = Span::from_nanos(GAP * EVENTS_A_TIMER).times(size as u64);
    let mut site = Site::new(delay, round);
    let start = |line: &mut Timeline<Event>, _| {
        line.later(DelayId(0), Event::Timer);
    };
    site.turn(size as u64 * EVENTS_A_TIMER * 5 / 4, start);
    let (from, before) = (clock(), site.line.happened());
    site.turn(events, start);
    (clock() - from) * 1e9 / (site.line.happened() - before) as f64
}

/// Each timer that starts takes the place of another at random, which is cancelled.
fn cancel(size: usize, events: u64, round: u64, clock: fn() -> f64) -> f64 {
    // So long that hardly one expires: a timer lives for `size` starts on average.
    let delay = Span::from_nanos(GAP * EVENTS_A_TIMER).times(16 * size as u64);
    let mut site = Site::new(delay, round);
    let mut tickets = vec![Ticket::NONE; size];
    let mut start = |line: &mut Timeline<Event>, step: u64| {
        let place = mix(round, step) as usize % size;
        line.cancel(tickets[place]);
        tickets[place] = line.later(DelayId(0), Event::Timer);
    };
    // Twice as many starts as there are places leave one in seven empty.
    site.turn(size as u64 * EVENTS_A_TIMER * 2, &mut start);
    let (from, before) = (clock(), site.line.happened());
    site.turn(events, &mut start);
    (clock() - from) * 1e9 / (site.line.happened() - before) as f64
}
