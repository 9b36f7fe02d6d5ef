//! The four-tier site as a loop of its own: what `scenarios/four-tier.toml` says, and nothing else.
//!
//! Whatever is known of the site is built in: one ring for all hops, as each takes as long as the
//! others; time-outs in a ring by number of request, cancelled by a mark; each core's end of work
//! known when a job joins, so that stations need no queue; an event in one word of 64 bits, with
//! what happens and to whom in its low bits; a handful of departures in a sorted array. Measured
//! are the visitors' latency and each instance's sojourns, and the app's waits for a worker.

use super::{
    chance::Dice,
    counts::{Counts, Latencies, boxed},
    departures::Departures,
};

const HOP: u64 = 200_000;
const PATIENCE: u64 = 1_000_000_000;
const LB_WORK: u64 = 50_000;
const ARRIVAL_MEAN: f64 = 1e6;
const WEB_MEAN: f64 = 0.5e6;
const APP_MEAN: f64 = 8e6;
const DB_MEAN: f64 = 1.5e6;
const WORKERS: u32 = 16;
/// Of 2^64.
const WRITES: u64 = 0x3333_3333_3333_3333;

/// The low bits of an event: what happens, and above it the call.
const WHAT_BITS: u32 = 4;
const CALL_BITS: u32 = 12;
const TIME_SHIFT: u32 = WHAT_BITS + CALL_BITS;
/// So many requests may be in flight, and have begun within the last `PATIENCE`.
const CALLS: usize = 1 << CALL_BITS;
const EMPTY: u64 = u64::MAX;

const ARRIVE: u64 = 0;
const AT_LB: u64 = 1;
const LB_DONE: u64 = 2;
const AT_WEB: u64 = 3;
const WEB_DONE: u64 = 4;
const AT_APP: u64 = 5;
const APP_DONE: u64 = 6;
const AT_DB: u64 = 7;
const DB_DONE: u64 = 8;
const BACK_AT_APP: u64 = 9;
const BACK_AT_WEB: u64 = 10;
const BACK_AT_LB: u64 = 11;
const BACK: u64 = 12;
const TIME_OUT: u64 = 13;

/// What a run has found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Requests begun, the warm-up's included.
    pub requests: u64,
    /// Of those that arrived in the window.
    pub latency: Latencies,
    /// That they failed.
    pub timed_out: u64,
    /// By instance: balancers, web servers, application servers, primary, replicas.
    pub sojourns: [Counts; 15],
    /// For a worker, by application server.
    pub waits: [Counts; 6],
}

#[derive(Clone, Copy, Default)]
struct Call {
    begun: u64,
    web_at: u64,
    app_at: u64,
    db_at: u64,
    number: u32,
    lb: u8,
    web: u8,
    app: u8,
    db: u8,
}

/// Runs the site for `seconds` after a warm-up.
pub fn run(warm_up: u64, seconds: u64, seed: u64) -> Found {
    let from = warm_up * 1_000_000_000;
    let mut site = Site::new(from, from + seconds * 1_000_000_000, seed);
    site.run();
    site.found
}

struct Site {
    from: u64,
    until: u64,
    /// Begun in the window and not over.
    outstanding: u64,
    arrival: u64,
    hops: Box<[u64; CALLS]>,
    hops_head: usize,
    hops_tail: usize,
    departures: Departures,
    calls: Box<[Call; CALLS]>,
    /// A stack of the calls that are not in use.
    free: Box<[u16; CALLS]>,
    free_count: usize,
    /// By number of request: when it began, and whether it is under way, in the lowest bit.
    begun: Box<[u64; CALLS]>,
    oldest: u32,
    /// The next time-out; it may be that of a request since answered.
    time_out: u64,
    /// When each core is free.
    lb_free: [u64; 2],
    web_free: [[u64; 2]; 4],
    app_free: [[u64; 4]; 8],
    db_free: [[u64; 4]; 4],
    workers: [u32; 8],
    waiting: [std::collections::VecDeque<u16>; 8],
    dice: Dice,
    found: Found,
}

impl Site {
    fn new(from: u64, until: u64, seed: u64) -> Site {
        let mut free: Box<[u16; CALLS]> = boxed(0);
        free.iter_mut().zip((0..CALLS as u16).rev()).for_each(|(place, call)| *place = call);
        let mut dice = Dice::new(seed);
        let arrival = dice.exponential(ARRIVAL_MEAN) << TIME_SHIFT | ARRIVE;
        Site {
            from,
            until,
            outstanding: 0,
            arrival,
            hops: boxed(EMPTY),
            hops_head: 0,
            hops_tail: 0,
            departures: Departures::new(),
            calls: boxed(Call::default()),
            free,
            free_count: CALLS,
            begun: boxed(0),
            oldest: 0,
            time_out: EMPTY,
            lb_free: [0; 2],
            web_free: [[0; 2]; 4],
            app_free: [[0; 4]; 8],
            db_free: [[0; 4]; 4],
            workers: [0; 8],
            waiting: Default::default(),
            dice,
            found: Found {
                requests: 0,
                latency: Latencies::new(),
                timed_out: 0,
                sojourns: Default::default(),
                waits: Default::default(),
            },
        }
    }

    fn run(&mut self) {
        loop {
            let hop = self.hops[self.hops_head % CALLS];
            let event = self.arrival.min(self.time_out).min(hop).min(self.departures.soonest());
            let now = event >> TIME_SHIFT;
            if now >= self.until && self.outstanding == 0 {
                return;
            }
            let call = (event >> WHAT_BITS) as usize % CALLS;
            match event % (1 << WHAT_BITS) {
                ARRIVE => self.arrive(now),
                AT_LB => self.at_lb(now, call),
                LB_DONE => self.lb_done(now, call),
                AT_WEB => self.at_web(now, call),
                WEB_DONE => self.web_done(now, call),
                AT_APP => self.at_app(now, call),
                APP_DONE => self.app_done(now, call),
                AT_DB => self.at_db(now, call),
                DB_DONE => self.db_done(now, call),
                BACK_AT_APP => self.back_at_app(now, call),
                BACK_AT_WEB => self.back_at_web(now, call),
                BACK_AT_LB => self.back_at_lb(now, call),
                BACK => self.end(now, call),
                _ => self.time_out(now),
            }
        }
    }

    fn arrive(&mut self, now: u64) {
        let gap = self.dice.exponential(ARRIVAL_MEAN);
        self.arrival = (now + gap) << TIME_SHIFT | ARRIVE;
        let number = self.found.requests as u32;
        self.found.requests += 1;
        assert!(self.free_count > 0, "too many requests in flight");
        self.free_count -= 1;
        let call = self.free[self.free_count % CALLS];
        self.calls[call as usize % CALLS] =
            Call { begun: now, number, lb: (number % 2) as u8, ..Call::default() };
        let begun = &mut self.begun[number as usize % CALLS];
        assert!(number - self.oldest < CALLS as u32, "too many requests within their patience");
        *begun = now << 1 | 1;
        if self.time_out == EMPTY {
            self.oldest = number;
            self.time_out = (now + PATIENCE) << TIME_SHIFT | TIME_OUT;
        }
        if now >= self.from && now < self.until {
            self.outstanding += 1;
        }
        self.hop(now, call as usize, AT_LB);
    }

    #[inline]
    fn at_lb(&mut self, now: u64, call: usize) {
        self.arrived();
        let free = &mut self.lb_free[self.calls[call].lb as usize % 2];
        *free = now.max(*free) + LB_WORK;
        self.departures.push(*free << TIME_SHIFT | (call as u64) << WHAT_BITS | LB_DONE);
    }

    #[inline]
    fn lb_done(&mut self, now: u64, call: usize) {
        self.departures.pop();
        self.calls[call].web = (self.dice.word() >> 62) as u8;
        self.hop(now, call, AT_WEB);
    }

    #[inline]
    fn at_web(&mut self, now: u64, call: usize) {
        self.arrived();
        let work = self.dice.exponential(WEB_MEAN);
        let it = &mut self.calls[call];
        it.web_at = now;
        let done = occupy(&mut self.web_free[it.web as usize % 4], now, work);
        self.departures.push(done << TIME_SHIFT | (call as u64) << WHAT_BITS | WEB_DONE);
    }

    #[inline]
    fn web_done(&mut self, now: u64, call: usize) {
        self.departures.pop();
        self.calls[call].app = self.dice.below(6) as u8;
        self.hop(now, call, AT_APP);
    }

    #[inline]
    fn at_app(&mut self, now: u64, call: usize) {
        self.arrived();
        let it = &mut self.calls[call];
        it.app_at = now;
        let app = it.app as usize % 8;
        if self.workers[app] < WORKERS {
            self.workers[app] += 1;
            self.serve(now, call);
        } else {
            self.waiting[app].push_back(call as u16);
        }
    }

    #[inline]
    fn app_done(&mut self, now: u64, call: usize) {
        self.departures.pop();
        let word = self.dice.word();
        let replica = 1 + (word & 1) as u8;
        self.calls[call].db = if word < WRITES { 0 } else { replica };
        self.hop(now, call, AT_DB);
    }

    #[inline]
    fn at_db(&mut self, now: u64, call: usize) {
        self.arrived();
        let work = self.dice.exponential(DB_MEAN);
        let it = &mut self.calls[call];
        it.db_at = now;
        let done = occupy(&mut self.db_free[it.db as usize % 4], now, work);
        self.departures.push(done << TIME_SHIFT | (call as u64) << WHAT_BITS | DB_DONE);
    }

    #[inline]
    fn db_done(&mut self, now: u64, call: usize) {
        self.departures.pop();
        let it = &self.calls[call];
        let (db, sojourn) = (12 + it.db as usize, now - it.db_at);
        self.hop(now, call, BACK_AT_APP);
        self.sojourn(db, sojourn);
    }

    #[inline]
    fn back_at_app(&mut self, now: u64, call: usize) {
        self.arrived();
        let it = &self.calls[call];
        let (app, sojourn) = (it.app as usize % 8, now - it.app_at);
        self.hop(now, call, BACK_AT_WEB);
        self.sojourn(6 + app, sojourn);
        match self.waiting[app].pop_front() {
            Some(next) => self.serve(now, next as usize % CALLS),
            None => self.workers[app] -= 1,
        }
    }

    #[inline]
    fn back_at_web(&mut self, now: u64, call: usize) {
        self.arrived();
        let it = &self.calls[call];
        let (web, sojourn) = (2 + it.web as usize, now - it.web_at);
        self.hop(now, call, BACK_AT_LB);
        self.sojourn(web, sojourn);
    }

    #[inline]
    fn back_at_lb(&mut self, now: u64, call: usize) {
        self.arrived();
        let it = &self.calls[call];
        let (lb, sojourn) = (it.lb as usize, now - it.begun - HOP);
        self.hop(now, call, BACK);
        self.sojourn(lb, sojourn);
    }

    #[inline]
    fn hop(&mut self, now: u64, call: usize, then: u64) {
        let event = (now + HOP) << TIME_SHIFT | (call as u64) << WHAT_BITS | then;
        self.hops[self.hops_tail % CALLS] = event;
        self.hops_tail += 1;
    }

    /// The soonest hop is over.
    #[inline]
    fn arrived(&mut self) {
        self.hops[self.hops_head % CALLS] = EMPTY;
        self.hops_head += 1;
    }

    #[inline]
    fn serve(&mut self, now: u64, call: usize) {
        let work = self.dice.exponential(APP_MEAN);
        let it = &self.calls[call];
        let app = it.app as usize % 8;
        let (waited, done) = (now - it.app_at, occupy(&mut self.app_free[app], now, work));
        self.departures.push(done << TIME_SHIFT | (call as u64) << WHAT_BITS | APP_DONE);
        if (self.from..self.until).contains(&(now - waited)) {
            self.found.waits[app % 6].record(waited);
        }
    }

    #[inline]
    fn sojourn(&mut self, instance: usize, span: u64) {
        self.found.sojourns[instance % 15].record(span);
    }

    #[inline]
    fn end(&mut self, now: u64, call: usize) {
        self.arrived();
        let it = &self.calls[call];
        let begun = &mut self.begun[it.number as usize % CALLS];
        // Else it has failed long since, and this is wasted work that has come to an end.
        let is_awaited = *begun == it.begun << 1 | 1;
        if is_awaited {
            *begun = 0;
            if it.begun >= self.from && it.begun < self.until {
                self.found.latency.record(now - it.begun);
                self.outstanding -= 1;
            }
        }
        self.free[self.free_count % CALLS] = call as u16;
        self.free_count += 1;
    }

    /// The oldest request that was under way when this was set is at the end of its patience, if it
    /// still is; the next time-out is that of the oldest one under way now.
    fn time_out(&mut self, now: u64) {
        let begun = self.begun[self.oldest as usize % CALLS];
        if begun & 1 == 1 {
            self.begun[self.oldest as usize % CALLS] = 0;
            if begun >> 1 >= self.from && begun >> 1 < self.until {
                self.found.timed_out += 1;
                self.outstanding -= 1;
            }
        }
        self.time_out = EMPTY;
        while u64::from(self.oldest) + 1 < self.found.requests {
            self.oldest += 1;
            let begun = self.begun[self.oldest as usize % CALLS];
            if begun & 1 == 1 {
                self.time_out = ((begun >> 1) + PATIENCE) << TIME_SHIFT | TIME_OUT;
                break;
            }
        }
        debug_assert!(self.time_out == EMPTY || self.time_out >> TIME_SHIFT >= now);
    }
}

/// First come, first served: the job begins when the first core is free. When it is done.
#[inline]
fn occupy<const CORES: usize>(free: &mut [u64; CORES], now: u64, work: u64) -> u64 {
    let mut first = 0;
    for core in 1..CORES {
        first = if free[core] < free[first] { core } else { first };
    }
    let done = now.max(free[first]) + work;
    free[first] = done;
    done
}
