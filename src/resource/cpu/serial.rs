//! Cores with a queue: each works on one job until it is done or interrupted, so that the end of a
//! job is known when it begins.

use super::{
    Admission, Discipline, Stint,
    running::Running,
    waiting::{Task, Waiting, class_of, rank},
    work::{Rate, units},
};
use crate::engine::time::{Instant, Span};

/// No core.
const NONE: u32 = u32::MAX;
/// In place of the next idle core: this one is busy.
const BUSY: u32 = u32::MAX - 1;

#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Serial<J> {
    /// Jobs that run and wait: as many run as there are cores for.
    runnable: u32,
    cores: u32,
    /// The first idle one of `running`; each names the next.
    idle: u32,
    has_classes: bool,
    is_preemptive: bool,
    rate: Rate,
    admitted: u64,
    waiting: Waiting<J>,
    running: Running<Core<J>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Core<J> {
    /// What it works on, and what there was to do of it at `since`.
    task: Task<J>,
    since: Instant,
    /// The name of the present stint, or of the last one; a new end of the same job makes a new one.
    turn: u32,
    /// The next idle one, or `BUSY`.
    next: u32,
}

impl<J: Copy> Core<J> {
    /// Takes down what was done until `now`.
    fn settle(&mut self, now: Instant, rate: Rate) {
        let (done, _) = rate.done(now.since(self.since), 0);
        self.task.left = self.task.left.saturating_sub(done);
        self.since = now;
    }
}

impl<J: Copy + Default> Serial<J> {
    pub(super) fn new(cores: u32, speed: f64, discipline: Discipline) -> Serial<J> {
        assert!(cores < BUSY, "{cores} cores");
        Serial {
            runnable: 0,
            cores,
            idle: NONE,
            has_classes: matches!(discipline, Discipline::Priority | Discipline::Preemptive),
            is_preemptive: discipline == Discipline::Preemptive,
            rate: Rate::of(speed),
            admitted: 0,
            waiting: Waiting::new(discipline),
            running: Running::new(),
        }
    }

    /// A job begins if a core is idle; how many jobs there are then.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    pub(super) fn begin_if_idle(
        &mut self,
        now: Instant,
        job: J,
        work: Span,
        turn: u32,
    ) -> Option<(Stint, u32)> {
        if self.has_classes || self.runnable >= self.cores {
            return None;
        }
        self.runnable += 1;
        let end = self.rate.end_of(now, work);
        let core = self.begin(now, Task { job, left: units(work), rank: 0 }, turn);
        Some((Stint { core, end }, self.runnable))
    }

    pub(super) fn admit(
        &mut self,
        now: Instant,
        job: J,
        work: Span,
        class: u8,
        turn: u32,
    ) -> Admission {
        let rank = if self.has_classes { rank(class, self.admitted) } else { 0 };
        let task = Task { job, left: units(work), rank };
        self.admitted += 1;
        self.runnable += 1;
        if self.runnable <= self.cores {
            return Admission::Begins(self.begin_stint(now, task, turn));
        }
        if self.is_preemptive
            && let Some(stint) = self.interrupt(now, task, turn)
        {
            return Admission::Begins(stint);
        }
        self.waiting.push(task);
        Admission::Waits
    }

    /// The end of a stint: whose job that was, what the core does next, in the turn `next`, and how
    /// many jobs are left. `None` if the stint was over before.
    #[inline]
    pub(super) fn end(
        &mut self,
        now: Instant,
        core: u32,
        turn: u32,
        next: u32,
    ) -> Option<(J, Option<Stint>, u32)> {
        let it = self.running.at(core);
        if it.turn != turn || it.next != BUSY {
            return None;
        }
        let job = it.task.job;
        self.runnable -= 1;
        if self.runnable < self.cores {
            it.next = self.idle;
            self.idle = core;
            return Some((job, None, self.runnable));
        }
        it.task = self.waiting.pop().expect("somebody waits while all cores are busy");
        it.since = now;
        it.turn = next;
        let end = self.rate.end(now, it.task.left, 0);
        Some((job, Some(Stint { core, end }), self.runnable))
    }

    pub(super) fn remove_if(
        &mut self,
        now: Instant,
        mut leaves: impl FnMut(J) -> bool,
        mut begins: impl FnMut(Stint) -> u32,
    ) {
        let mut busy = 0;
        for core in 0..self.running.len() {
            let it = self.running.at(core);
            if it.next == BUSY && leaves(it.task.job) {
                self.free(core);
            } else if it.next == BUSY {
                busy += 1;
            }
        }
        self.waiting.remove_if(leaves);
        self.runnable = busy + self.waiting.len();
        while busy < self.cores.min(self.runnable) {
            let task = self.waiting.pop().expect("somebody waits beside an idle core");
            let stint = self.begin_stint(now, task, 0);
            self.running.at(stint.core).turn = begins(stint);
            busy += 1;
        }
    }

    pub(super) fn set_speed(
        &mut self,
        now: Instant,
        speed: f64,
        mut moves: impl FnMut(Stint) -> u32,
    ) {
        let rate = std::mem::replace(&mut self.rate, Rate::of(speed));
        for (core, it) in (0..).zip(self.running.iter_mut()) {
            if it.next == BUSY {
                it.settle(now, rate);
                let end = self.rate.end(now, it.task.left, 0);
                it.turn = moves(Stint { core, end });
            }
        }
    }

    /// Fetches what the next arrival changes.
    #[inline]
    pub(super) fn seen(&mut self) -> u32 {
        self.runnable ^ self.running.at(0).turn
    }

    #[inline]
    pub(super) fn job(&mut self, core: u32) -> J {
        self.running.at(core).task.job
    }

    #[inline]
    pub(super) fn runnable(&self) -> u32 {
        self.runnable
    }

    /// An idle core begins. When it will be done.
    fn begin_stint(&mut self, now: Instant, task: Task<J>, turn: u32) -> Stint {
        Stint { end: self.rate.end(now, task.left, 0), core: self.begin(now, task, turn) }
    }

    /// An idle core begins. Which one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "on the way of every burst")]
    fn begin(&mut self, now: Instant, task: Task<J>, turn: u32) -> u32 {
        let core = self.idle;
        if core == NONE {
            return self.begin_on_another(now, task, turn);
        }
        let it = self.running.at(core);
        self.idle = it.next;
        it.next = BUSY;
        // Part by part: as a whole it would be put together in memory first.
        it.task.job = task.job;
        it.task.left = task.left;
        it.task.rank = task.rank;
        it.since = now;
        it.turn = turn;
        core
    }

    /// A core that has never been busy.
    #[cold]
    fn begin_on_another(&mut self, now: Instant, task: Task<J>, turn: u32) -> u32 {
        self.running.push(Core { task, since: now, turn, next: BUSY });
        self.running.len() - 1
    }

    fn free(&mut self, core: u32) {
        self.running.at(core).next = self.idle;
        self.idle = core;
    }

    /// All cores are busy: `task` takes that of the highest class, the last admitted of several, if
    /// that is a class above its own.
    #[inline(never)]
    fn interrupt(&mut self, now: Instant, task: Task<J>, turn: u32) -> Option<Stint> {
        let running = (0..).zip(self.running.iter_mut());
        let (core, victim) = running.max_by_key(|(_, it)| it.task.rank)?;
        if class_of(victim.task.rank) <= class_of(task.rank) {
            return None;
        }
        victim.settle(now, self.rate);
        // Whoever is done is not interrupted: its departure has only not been asked for.
        if victim.task.left == 0 {
            return None;
        }
        self.waiting.put_back(victim.task);
        self.free(core);
        Some(self.begin_stint(now, task, turn))
    }
}
