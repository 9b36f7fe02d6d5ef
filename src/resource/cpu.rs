//! A processor with several cores, and who gets them.
//!
//! A job is a runnable thread with so much work to do; it uses at most one core at a time. Two ways
//! to learn of its end:
//! * Where a core works on one job until it is done or interrupted, the end of a **stint** is known
//!   when it begins. The caller asks `end` at that time, which says whose job it was and what the
//!   core does next. A stint that was interrupted, moved or removed meanwhile is over: asking for
//!   it is harmless. Stints are told apart by a `turn` that the caller gives them, a different one
//!   for each stint of a core.
//! * Where cores are shared, the processor says when its next job will be done if nothing else
//!   happens (`due`). The caller keeps one wake-up for that, asks `depart` when it rings, and may
//!   leave it where it is when `due` only moves later.
//!
//! Left out: context switches, caches, time slices (sharing is their limit).

mod in_service;
mod running;
mod serial;
mod sharing;
mod soonest;
mod sorted;
mod waiting;
mod work;

use self::{serial::Serial, sharing::Sharing};
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
    service: Service<J>,
}

/// Which it is stands first, beside what is asked for first.
#[derive(Clone, Debug)]
#[repr(u8)]
enum Service<J> {
    Sharing(Sharing<J>),
    Serial(Serial<J>),
}

/// A core works on one job, from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint {
    /// Which core.
    pub core: u32,
    /// When it will be over; `Instant::NEVER` at a standstill.
    pub end: Instant,
}

/// What comes of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A core works on it.
    Begins(Stint),
    /// It shares the cores, and will be the next to depart, then.
    Departs(Instant),
    /// It waits, or shares the cores and is not the next to depart.
    Waits,
}

impl<J: Copy + Default> Cpu<J> {
    /// An idle processor. `speed` is how many seconds of work a core does in a second; at 0 nothing
    /// departs.
    pub fn new(cores: u32, speed: f64, discipline: Discipline) -> Cpu<J> {
        assert!(cores > 0, "a processor without cores");
        let service = match discipline {
            Discipline::Sharing => Service::Sharing(Sharing::new(cores, speed)),
            Discipline::Fifo | Discipline::Lifo | Discipline::Priority | Discipline::Preemptive => {
                Service::Serial(Serial::new(cores, speed, discipline))
            }
        };
        Cpu { service }
    }

    /// `job` wants `work` (at speed 1), and gets it if a core that would work on nothing else is
    /// idle: how many jobs there are then. Otherwise it must be admitted.
    #[inline]
    pub fn begin_if_idle(
        &mut self,
        now: Instant,
        job: J,
        work: Span,
        turn: u32,
    ) -> Option<(Stint, u32)> {
        match &mut self.service {
            Service::Sharing(_) => None,
            Service::Serial(station) => station.begin_if_idle(now, job, work, turn),
        }
    }

    /// `job` wants `work` (at speed 1). Lower classes go first where the discipline knows classes.
    /// Without work it departs at once, if it gets a core.
    #[inline]
    pub fn admit(&mut self, now: Instant, job: J, work: Span, class: u8, turn: u32) -> Admission {
        match &mut self.service {
            Service::Sharing(station) => station.admit(now, job, work),
            Service::Serial(station) => station.admit(now, job, work, class, turn),
        }
    }

    /// A stint is at its end: whose job is done, what the core does next, if there is anything, in
    /// the turn `next`, and how many jobs are left. `None` if the stint was over before.
    #[inline]
    pub fn end(
        &mut self,
        now: Instant,
        core: u32,
        turn: u32,
        next: u32,
    ) -> Option<(J, Option<Stint>, u32)> {
        match &mut self.service {
            Service::Serial(station) => station.end(now, core, turn, next),
            Service::Sharing(_) => unreachable!("shared cores have no stints"),
        }
    }

    /// Fetches what the next arrival changes; the result means nothing.
    #[inline]
    pub fn seen(&mut self) -> u32 {
        match &mut self.service {
            Service::Sharing(station) => station.runnable(),
            Service::Serial(station) => station.seen(),
        }
    }

    /// Whose job a core works on or was the last to work on, where cores have stints.
    #[inline]
    pub fn job(&mut self, core: u32) -> J {
        match &mut self.service {
            Service::Serial(station) => station.job(core),
            Service::Sharing(_) => unreachable!("shared cores have no stints"),
        }
    }

    /// When the next job departs from shared cores if nothing else happens, `Instant::NEVER` if
    /// none does.
    #[inline]
    pub fn due(&self) -> Instant {
        match &self.service {
            Service::Sharing(station) => station.due(),
            Service::Serial(_) => Instant::NEVER,
        }
    }

    /// The job on shared cores whose work is done at or before `now`; the first admitted of
    /// several. `None` if it is too early.
    #[inline]
    pub fn depart(&mut self, now: Instant) -> Option<J> {
        match &mut self.service {
            Service::Sharing(station) => station.depart(now),
            Service::Serial(_) => None,
        }
    }

    /// Jobs vanish, unfinished: their process died. Others begin in their place, each in the turn
    /// that it is given.
    pub fn remove_if(
        &mut self,
        now: Instant,
        leaves: impl FnMut(J) -> bool,
        begins: impl FnMut(Stint) -> u32,
    ) {
        match &mut self.service {
            Service::Sharing(station) => station.remove_if(now, leaves),
            Service::Serial(station) => station.remove_if(now, leaves, begins),
        }
    }

    /// Throttled, or freed. The work done so far is kept; what cores work on has a new stint, in
    /// the turn that it is given.
    pub fn set_speed(&mut self, now: Instant, speed: f64, moves: impl FnMut(Stint) -> u32) {
        match &mut self.service {
            Service::Sharing(station) => station.set_speed(now, speed),
            Service::Serial(station) => station.set_speed(now, speed, moves),
        }
    }

    /// Jobs in service and waiting.
    #[inline]
    pub fn runnable(&self) -> u32 {
        match &self.service {
            Service::Sharing(station) => station.runnable(),
            Service::Serial(station) => station.runnable(),
        }
    }
}

#[cfg(test)]
mod tests;
