//! A processor with several cores, and who gets them.
//!
//! A job is a runnable thread with so much work to do; it uses at most one core at a time. The
//! processor says when its next job will be done if nothing else happens (`due`); the caller keeps
//! one wake-up for that, asks `depart` when it rings, and may leave it where it is when `due` only
//! moves later. Left out: context switches, caches, time slices (sharing is their limit).

mod in_service;
mod queueing;
mod sharing;

use self::{queueing::Queueing, sharing::Sharing};
use crate::engine::time::{Instant, Span};

/// How a processor is given to those who want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// Exact processor sharing, at most one core a thread.
    Sharing,
    /// First come, first served.
    Fifo,
    /// Last come, first served, without preemption.
    Lifo,
    /// Lower class first, without preemption.
    Priority,
    /// Lower class first; a higher one interrupts and is resumed later.
    Preemptive,
}

/// A processor.
#[derive(Clone, Debug)]
pub struct Cpu<J> {
    cores: u32,
    service: Service<J>,
}

#[derive(Clone, Debug)]
enum Service<J> {
    Sharing(Sharing<J>),
    Queueing(Queueing<J>),
}

impl<J: Copy + PartialEq> Cpu<J> {
    /// An idle processor. `speed` is how many seconds of work a core does in a second; at 0 nothing
    /// departs.
    pub fn new(cores: u32, speed: f64, discipline: Discipline) -> Cpu<J> {
        assert!(cores > 0, "a processor without cores");
        let service = match discipline {
            Discipline::Sharing => Service::Sharing(Sharing::new(cores, speed)),
            Discipline::Fifo | Discipline::Lifo | Discipline::Priority | Discipline::Preemptive => {
                Service::Queueing(Queueing::new(cores, speed, discipline))
            }
        };
        Cpu { cores, service }
    }

    /// `job` wants `work` (at speed 1). Lower classes go first where the discipline knows classes.
    /// Without work it departs at once, if it gets a core.
    #[inline]
    pub fn admit(&mut self, now: Instant, job: J, work: Span, class: u8) {
        match &mut self.service {
            Service::Sharing(station) => station.admit(now, job, work),
            Service::Queueing(station) => station.admit(now, job, work, class),
        }
    }

    /// When the next job departs if nothing else happens, `Instant::NEVER` if none does.
    #[inline]
    pub fn due(&self) -> Instant {
        match &self.service {
            Service::Sharing(station) => station.due(),
            Service::Queueing(station) => station.due(),
        }
    }

    /// The job whose work is done at or before `now`; the first admitted of several. `None` if it
    /// is too early.
    #[inline]
    pub fn depart(&mut self, now: Instant) -> Option<J> {
        match &mut self.service {
            Service::Sharing(station) => station.depart(now),
            Service::Queueing(station) => station.depart(now),
        }
    }

    /// Jobs vanish, unfinished: their process died.
    pub fn remove_if(&mut self, now: Instant, leaves: impl FnMut(J) -> bool) {
        match &mut self.service {
            Service::Sharing(station) => station.remove_if(now, leaves),
            Service::Queueing(station) => station.remove_if(now, leaves),
        }
    }

    /// Throttled, or freed. The work done so far is kept.
    pub fn set_speed(&mut self, now: Instant, speed: f64) {
        match &mut self.service {
            Service::Sharing(station) => station.set_speed(now, speed),
            Service::Queueing(station) => station.set_speed(now, speed),
        }
    }

    /// Jobs in service and waiting.
    #[inline]
    pub fn runnable(&self) -> u32 {
        match &self.service {
            Service::Sharing(station) => station.runnable(),
            Service::Queueing(station) => station.runnable(),
        }
    }

    /// Busy cores.
    #[inline]
    pub fn running(&self) -> u32 {
        self.runnable().min(self.cores)
    }
}

#[cfg(test)]
mod tests;
