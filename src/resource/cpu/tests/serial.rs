//! Cores with a queue, against those written the plain way.

use super::{Discipline, Kept, QUEUES, at, drain, span};
use crate::engine::time::Instant;
use proptest::prelude::*;

/// Speeds are in sixteenths, work in sixteenths of a nanosecond: exact.
const PARTS: u64 = 16;

#[derive(Clone, Copy, Debug)]
struct Job {
    name: u32,
    class: u8,
    left: u64,
}

/// All jobs in the order of admission; who is running is asked anew at every step.
struct Plain {
    discipline: Discipline,
    cores: usize,
    speed: u64,
    now: u64,
    running: Vec<Job>,
    waiting: Vec<Job>,
}

impl Plain {
    fn class(&self, it: &Job) -> u8 {
        match self.discipline {
            Discipline::Priority | Discipline::Preemptive => it.class,
            Discipline::Sharing | Discipline::Fifo | Discipline::Lifo => 0,
        }
    }

    fn admit(&mut self, job: Job) {
        let last = self.running.iter().copied().max_by_key(|it| (self.class(it), it.name));
        let victim = last.filter(|it| {
            let is_full = self.running.len() == self.cores;
            let is_above = self.class(it) > self.class(&job);
            self.discipline == Discipline::Preemptive && is_full && is_above && it.left > 0
        });
        if let Some(victim) = victim {
            self.running.retain(|it| it.name != victim.name);
            self.running.push(job);
            self.waiting.push(victim);
        } else {
            self.waiting.push(job);
        }
        self.fill();
    }

    fn fill(&mut self) {
        while self.running.len() < self.cores && !self.waiting.is_empty() {
            let order = |it: &Job| match self.discipline {
                Discipline::Lifo => (0, u32::MAX - it.name),
                _ => (self.class(it), it.name),
            };
            let next = (0..self.waiting.len()).min_by_key(|&place| order(&self.waiting[place]));
            self.running.push(self.waiting.remove(next.unwrap()));
        }
    }

    fn due(&self) -> Option<u64> {
        let least = self.running.iter().map(|it| it.left).min()?;
        (least == 0 || self.speed > 0).then(|| self.now + least.div_ceil(self.speed.max(1)))
    }

    fn advance(&mut self, to: u64) {
        for it in &mut self.running {
            it.left = it.left.saturating_sub((to - self.now) * self.speed);
        }
        self.now = to;
    }

    fn drain(&mut self, until: u64, out: &mut Vec<(u32, u64)>) {
        while let Some(due) = self.due().filter(|due| *due <= until) {
            self.advance(due);
            let done = self.running.iter().position(|it| it.left == 0).unwrap();
            out.push((self.running.remove(done).name, due));
            self.fill();
        }
        self.advance(until);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Admissions, departures, removals and changes of speed (to a standstill, too). Sometimes what
    /// is due at an instant has been asked for before, sometimes not.
    #[test]
    fn queues_agree_with_the_plain_ones(
        which in 0usize..4,
        cores in 1u32..5,
        steps in prop::collection::vec((0u8..10, 0u64..300, 0u64..900, 0u8..4), 1..150),
    ) {
        let discipline = QUEUES[which];
        let mut cpu = Kept::new(cores, 1.0, discipline);
        let mut plain = Plain {
            discipline,
            cores: cores as usize,
            speed: PARTS,
            now: 0,
            running: Vec::new(),
            waiting: Vec::new(),
        };
        let mut now = 0;
        let (mut left, mut expected) = (Vec::new(), Vec::new());
        let steps = steps.into_iter().chain([(8, 1 << 20, 3, 0), (9, 1 << 40, 1, 0)]);
        for (job, (what, pause, value, class)) in (0u32..).zip(steps) {
            now += pause;
            drain(&mut cpu, at(now), &mut left);
            plain.drain(now, &mut expected);
            match what {
                8 => {
                    let leaves = |job: u32| job % 5 == (value % 5) as u32;
                    cpu.remove_if(at(now), leaves);
                    plain.running.retain(|it| !leaves(it.name));
                    plain.waiting.retain(|it| !leaves(it.name));
                    plain.fill();
                }
                9 => {
                    let sixteenths = if value % 8 == 0 { 0 } else { 1 + value % 40 };
                    cpu.set_speed(at(now), sixteenths as f64 / PARTS as f64);
                    plain.speed = sixteenths;
                }
                _ => {
                    cpu.admit(at(now), job, span(value), class);
                    plain.admit(Job { name: job, class, left: value * PARTS });
                }
            }
            let runnable = plain.running.len() + plain.waiting.len();
            prop_assert_eq!(cpu.cpu.runnable() as usize, runnable);
        }
        drain(&mut cpu, Instant::NEVER, &mut left);
        plain.drain(1 << 50, &mut expected);
        prop_assert_eq!(cpu.cpu.runnable(), 0);
        left.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(left, expected);
    }
}
