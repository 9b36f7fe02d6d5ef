//! One queue, one server, as a loop of its own: what `scenarios/mm1.toml` says, and nothing else.
//!
//! What is pending stands in a 4-ary heap, for want of which a loop would not be a simulation of
//! events. Measured are the customers' latency, their sojourns at the server and their waits.

use super::{
    chance::Dice,
    counts::{Counts, Latencies, boxed},
    queues::{Yardstick, four_ary::FourAry},
};

const ARRIVAL_MEAN: f64 = 12.5e6;
const WORK_MEAN: f64 = 10e6;
const QUEUE_MAX: usize = 4096;
/// What can be pending, in the order in which ties break.
const ARRIVAL: u64 = 0;
const DEPARTURE: u64 = 1;

/// What a run has found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Customers who came, in the warm-up too.
    pub customers: u64,
    /// Of those who came in the window.
    pub latency: Latencies,
    /// At the server.
    pub sojourns: Counts,
    /// In the queue.
    pub waits: Counts,
}

/// Runs the queue for `seconds` after a warm-up.
pub fn run(warm_up: u64, seconds: u64, seed: u64) -> Found {
    let from = warm_up * 1_000_000_000;
    let until = from + seconds * 1_000_000_000;
    let mut dice = Dice::new(seed);
    let mut found = Found {
        customers: 0,
        latency: Latencies::new(),
        sojourns: Counts::default(),
        waits: Counts::default(),
    };
    let mut queue: Box<[u64; QUEUE_MAX]> = boxed(0);
    let (mut head, mut tail) = (0_usize, 0_usize);
    let mut outstanding = 0_u64;
    let mut pending = FourAry::default();
    let mut is_busy = false;
    pending.push(key(dice.exponential(ARRIVAL_MEAN), ARRIVAL));
    while let Some(next) = pending.pop() {
        let now = (next >> 64) as u64;
        if now >= until && outstanding == 0 {
            break;
        }
        if next as u64 == ARRIVAL {
            found.customers += 1;
            pending.push(key(now + dice.exponential(ARRIVAL_MEAN), ARRIVAL));
            let is_measured = from <= now && now < until;
            outstanding += u64::from(is_measured);
            queue[tail % QUEUE_MAX] = now;
            tail += 1;
            assert!(tail - head < QUEUE_MAX);
            if !is_busy {
                is_busy = true;
                pending.push(key(now + dice.exponential(WORK_MEAN), DEPARTURE));
                if is_measured {
                    found.waits.record(0);
                }
            }
        } else {
            let arrived = queue[head % QUEUE_MAX];
            head += 1;
            if from <= arrived && arrived < until {
                found.latency.record(now - arrived);
                found.sojourns.record(now - arrived);
                outstanding -= 1;
            }
            is_busy = head != tail;
            if is_busy {
                let next = queue[head % QUEUE_MAX];
                pending.push(key(now + dice.exponential(WORK_MEAN), DEPARTURE));
                if from <= next && next < until {
                    found.waits.record(now - next);
                }
            }
        }
    }
    found
}

/// As wide as the simulator's.
fn key(at: u64, what: u64) -> u128 {
    u128::from(at) << 64 | u128::from(what)
}
