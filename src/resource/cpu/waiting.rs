//! Those who wait for a core, in the order in which they get one.

use super::Discipline;
use crate::engine::ring::Ring;

/// A job and what there is to do of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Task<J> {
    pub(super) job: J,
    /// Units of work.
    pub(super) left: u64,
    /// Its class in the highest byte, then the order of admission; 0 where classes do not matter.
    pub(super) rank: u64,
}

const CLASS_BITS: u32 = 8;
const ORDER_BITS: u32 = u64::BITS - CLASS_BITS;

/// A task's rank.
#[inline]
pub(super) fn rank(class: u8, order: u64) -> u64 {
    u64::from(class) << ORDER_BITS | order
}

/// The class of a rank.
#[inline]
pub(super) fn class_of(rank: u64) -> u8 {
    (rank >> ORDER_BITS) as u8
}

#[derive(Clone, Debug)]
pub(super) enum Waiting<J> {
    Fifo(Ring<Task<J>>),
    Lifo(Vec<Task<J>>),
    /// One queue for each class that has been met, the lowest first.
    Classes(Vec<(u8, Ring<Task<J>>)>),
}

impl<J: Copy> Waiting<J> {
    pub(super) fn new(discipline: Discipline) -> Waiting<J> {
        match discipline {
            Discipline::Sharing | Discipline::Fifo => Waiting::Fifo(Ring::default()),
            Discipline::Lifo => Waiting::Lifo(Vec::new()),
            Discipline::Priority | Discipline::Preemptive => Waiting::Classes(Vec::new()),
        }
    }

    pub(super) fn len(&self) -> u32 {
        match self {
            Waiting::Fifo(queue) => queue.len() as u32,
            Waiting::Lifo(stack) => stack.len() as u32,
            Waiting::Classes(queues) => queues.iter().map(|(_, queue)| queue.len() as u32).sum(),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, task: Task<J>) {
        match self {
            Waiting::Fifo(queue) => queue.push_back(task),
            Waiting::Lifo(_) | Waiting::Classes(_) => self.push_otherwise(task),
        }
    }

    // First come, first served is the rule; the others need not be inlined everywhere.
    #[inline(never)]
    fn push_otherwise(&mut self, task: Task<J>) {
        match self {
            Waiting::Fifo(queue) => queue.push_back(task),
            Waiting::Lifo(stack) => stack.push(task),
            Waiting::Classes(queues) => queue_of(queues, class_of(task.rank)).push_back(task),
        }
    }

    /// The task was interrupted: whatever waits in its class was admitted after it.
    pub(super) fn put_back(&mut self, task: Task<J>) {
        let Waiting::Classes(queues) = self else {
            unreachable!("nobody is interrupted where there are no classes")
        };
        queue_of(queues, class_of(task.rank)).push_front(task);
    }

    /// Who gets the next core.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Task<J>> {
        match self {
            Waiting::Fifo(queue) => queue.pop_front(),
            Waiting::Lifo(_) | Waiting::Classes(_) => self.pop_otherwise(),
        }
    }

    #[inline(never)]
    fn pop_otherwise(&mut self) -> Option<Task<J>> {
        match self {
            Waiting::Fifo(queue) => queue.pop_front(),
            Waiting::Lifo(stack) => stack.pop(),
            Waiting::Classes(queues) => queues.iter_mut().find_map(|it| it.1.pop_front()),
        }
    }

    pub(super) fn remove_if(&mut self, mut leaves: impl FnMut(J) -> bool) {
        match self {
            Waiting::Fifo(queue) => queue.retain(|it| !leaves(it.job)),
            Waiting::Lifo(stack) => stack.retain(|it| !leaves(it.job)),
            Waiting::Classes(queues) => {
                for (_, queue) in queues {
                    queue.retain(|it| !leaves(it.job));
                }
            }
        }
    }
}

fn queue_of<J: Copy>(queues: &mut Vec<(u8, Ring<J>)>, class: u8) -> &mut Ring<J> {
    let place = queues.binary_search_by_key(&class, |it| it.0);
    let place = place.unwrap_or_else(|place| {
        queues.insert(place, (class, Ring::default()));
        place
    });
    &mut queues[place].1
}
