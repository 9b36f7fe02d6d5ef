//! Servers with a queue: each core works on one job until it is done or interrupted.

use super::{
    Discipline,
    in_service::{InService, Interrupted, rate_of, units},
};
use crate::engine::time::{Instant, Span};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(super) struct Queueing<J> {
    cores: u32,
    discipline: Discipline,
    admitted: u64,
    running: InService<J>,
    /// One queue for each class, in the order of admission; one alone without classes.
    waiting: Vec<VecDeque<Interrupted<J>>>,
    waiting_count: u32,
}

impl<J: Copy> Queueing<J> {
    pub(super) fn new(cores: u32, speed: f64, discipline: Discipline) -> Queueing<J> {
        Queueing {
            cores,
            discipline,
            admitted: 0,
            running: InService::new(rate_of(speed)),
            waiting: vec![VecDeque::new()],
            waiting_count: 0,
        }
    }

    #[inline]
    pub(super) fn admit(&mut self, now: Instant, job: J, work: Span, class: u8) {
        self.running.advance(now);
        let class = match self.discipline {
            Discipline::Priority | Discipline::Preemptive => class,
            Discipline::Sharing | Discipline::Fifo | Discipline::Lifo => 0,
        };
        let arrived = Interrupted { work_left: units(work), order: self.admitted, class, job };
        self.admitted += 1;
        if self.running.len() < self.cores {
            assert!(self.waiting_count == 0, "a job waits beside an idle core");
            self.begin(arrived);
        } else if self.discipline == Discipline::Preemptive
            && let Some(victim) = self.running.interrupt(class)
        {
            // Whatever waits in its class was admitted after it.
            self.queue(victim.class).push_front(victim);
            self.waiting_count += 1;
            self.begin(arrived);
        } else {
            self.queue(class).push_back(arrived);
            self.waiting_count += 1;
        }
    }

    #[inline]
    pub(super) fn due(&self) -> Instant {
        self.running.due()
    }

    #[inline]
    pub(super) fn depart(&mut self, now: Instant) -> Option<J> {
        self.running.advance(now);
        let job = self.running.end();
        self.fill();
        job
    }

    pub(super) fn remove_if(&mut self, now: Instant, mut leaves: impl FnMut(J) -> bool) {
        self.running.advance(now);
        self.running.remove_if(&mut leaves);
        for queue in &mut self.waiting {
            queue.retain(|it| !leaves(it.job));
        }
        self.waiting_count = self.waiting.iter().map(|queue| queue.len() as u32).sum();
        self.fill();
    }

    pub(super) fn set_speed(&mut self, now: Instant, speed: f64) {
        self.running.advance(now);
        self.running.set_rate(rate_of(speed));
    }

    #[inline]
    pub(super) fn runnable(&self) -> u32 {
        self.running.len() + self.waiting_count
    }

    /// Gives idle cores to those who wait.
    #[inline]
    fn fill(&mut self) {
        while self.waiting_count > 0 && self.running.len() < self.cores {
            let queue = self.waiting.iter_mut().find(|queue| !queue.is_empty());
            let next = queue.and_then(|queue| match self.discipline {
                Discipline::Lifo => queue.pop_back(),
                Discipline::Sharing
                | Discipline::Fifo
                | Discipline::Priority
                | Discipline::Preemptive => queue.pop_front(),
            });
            self.waiting_count -= 1;
            self.begin(next.expect("as many wait as were counted"));
        }
    }

    #[inline]
    fn begin(&mut self, job: Interrupted<J>) {
        self.running.begin(job.work_left, job.order, job.class, job.job);
    }

    fn queue(&mut self, class: u8) -> &mut VecDeque<Interrupted<J>> {
        let class = usize::from(class);
        if self.waiting.len() <= class {
            self.waiting.resize_with(class + 1, VecDeque::new);
        }
        &mut self.waiting[class]
    }
}
