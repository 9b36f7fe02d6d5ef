//! What one run of an endpoint's program asks for on average: how often each operation is met, and
//! what that adds up to at its own instance and in calls to others.
//!
//! Branches and loops as they are compiled, so that the shares are those that the simulator draws.
//! Where a loop is decided on, with probability p, is come by 1 / (1 - p) times as often as it is reached: it has
//! p / (1 - p) rounds. If a round is gone through with the probability g only, that is 1 / (1 - p g).

use std::collections::BTreeMap;

use super::super::blueprint::{
    Blueprint, EndpointId, FilesId, LawId, LogId, Milestone, Op, TableId, UpstreamId,
};

/// A probability of `Op::Branch` is a whole number of this.
const WHOLE: f64 = 4_294_967_296.0;

/// A call that a program makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calls {
    pub(super) upstream: UpstreamId,
    pub(super) endpoint: EndpointId,
    /// How often a run makes it.
    pub(super) count: f64,
    /// How often its answer is still awaited when it comes, of all times: at least.
    pub(super) in_time: f64,
    /// Whether the caller goes on when the answer begins.
    pub(super) cuts_through: bool,
}

/// What one run asks for, on average.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    /// Seconds of a core at speed 1.
    pub(super) work_s: f64,
    /// The same, if the run is the first on its connection.
    pub(super) handshake_s: f64,
    /// Reads from disk: how many, and bytes of all of them.
    pub(super) reads: f64,
    pub(super) read_bytes: f64,
    /// Pages, by table.
    pub(super) pages: Vec<(TableId, f64)>,
    /// Files, by population.
    pub(super) files: Vec<(FilesId, f64)>,
    pub(super) commits: Vec<(LogId, EndpointId, f64)>,
    pub(super) calls: Vec<Calls>,
    /// Bytes of the answer that the program itself makes up, and the mean of their square.
    pub(super) answer_bytes: f64,
    pub(super) answer_squares: f64,
    /// How often it passes on what its last call answered, and which call that is.
    pub(super) relays: f64,
}

/// Calls that are not answered in time, by operation, and with which probability: at most, and where it is
/// worth a word.
#[derive(Clone, Debug, Default)]
pub(super) struct Late {
    /// Of each call.
    pub(super) calls: BTreeMap<usize, f64>,
    /// That it ends its program: of a fork, that any of its calls does.
    pub(super) ends: BTreeMap<usize, f64>,
}

impl Late {
    /// The probability that a program goes on behind an operation.
    fn goes_on(&self, at: usize) -> f64 {
        self.ends.get(&at).map_or(1.0, |ends| 1.0 - ends)
    }

    fn in_time(&self, at: usize) -> f64 {
        self.calls.get(&at).map_or(1.0, |late| 1.0 - late)
    }
}

impl Run {
    /// Of the program that begins at `entry`.
    pub(super) fn of(plan: &Blueprint, entry: u32) -> Run {
        Run::with(plan, entry, &Late::default())
    }

    /// The same, where some calls are its last operation with a probability.
    pub(super) fn with(plan: &Blueprint, entry: u32, late: &Late) -> Run {
        let first = entry as usize;
        let length = plan.program[first..]
            .iter()
            .position(|it| matches!(it.op, Op::End))
            .expect("each program ends")
            + 1;
        let mut flow = Flow::new(first, length);
        let mut run = Run::default();
        let mut fork = None;
        for at in first..first + length {
            let visits = flow.at(at);
            flow.pass(plan, at, late);
            run.add(plan, (at, visits), late.in_time(at), &mut fork);
        }
        run
    }

    /// Reads pages from disk that are not in the pool, by the share of each table's that is not.
    pub(super) fn miss(&mut self, plan: &Blueprint, missed: &[f64]) {
        for (table, pages) in std::mem::take(&mut self.pages) {
            let reads = pages * missed[table.index()];
            self.reads += reads;
            self.read_bytes += reads * f64::from(plan.tables[table.index()].page_bytes);
        }
    }

    fn add(
        &mut self,
        plan: &Blueprint,
        (at, visits): (usize, f64),
        in_time: f64,
        fork: &mut Option<Fork>,
    ) {
        let law = |law: LawId| plan.laws[law.index()].mean();
        // Counts and bytes are the whole part of what is drawn.
        let whole = |law: LawId| plan.laws[law.index()].whole_mean();
        match plan.program[at].op {
            Op::Cpu { work, .. } => self.work_s += visits * law(work),
            Op::Handshake { work } => self.handshake_s += visits * law(work),
            Op::Read { count, bytes } => {
                let reads = visits * whole(count);
                self.reads += reads;
                self.read_bytes += reads * f64::from(bytes);
            }
            Op::Pages { table, count } => self.pages.push((table, visits * whole(count))),
            Op::File { files } => self.files.push((files, visits)),
            Op::Call { upstream, endpoint, until } => {
                let cuts_through = until == Milestone::FirstByte;
                let count = match fork {
                    Some(it) if at < it.end => it.count,
                    Some(_) | None => visits,
                };
                self.calls.push(Calls { upstream, endpoint, count, in_time, cuts_through });
            }
            Op::CallDirectly(call) => self.calls.push(Calls {
                upstream: call.upstream,
                endpoint: call.endpoint,
                count: visits,
                in_time: 1.0,
                cuts_through: false,
            }),
            Op::Fork { calls, copies } => {
                let end = at + 1 + usize::from(calls);
                *fork = Some(Fork { end, count: visits * f64::from(copies) });
            }
            Op::Commit { log, apply } => self.commits.push((log, apply, visits)),
            Op::Respond { bytes, .. } => {
                self.answer_bytes += visits * whole(bytes);
                let drawn = &plan.laws[bytes.index()];
                let variance = drawn.variance().unwrap_or(f64::INFINITY);
                if visits > 0.0 {
                    self.answer_squares += visits * (variance + drawn.mean() * drawn.mean());
                }
            }
            Op::RespondFile => {
                let Some((files, _)) = self.files.last() else { return };
                let files = &plan.files[files.index()];
                for (share, &bytes) in files.shares.iter().zip(&files.bytes) {
                    let bytes = f64::from(bytes);
                    self.answer_bytes += visits * share * bytes;
                    self.answer_squares += visits * share * bytes * bytes;
                }
            }
            Op::Relay => self.relays += visits,
            // The log knows who applies, and how often it flushes.
            Op::Wait { .. }
            | Op::CommitApplied
            | Op::Branch { .. }
            | Op::Jump { .. }
            | Op::Round
            | Op::End => {}
        }
    }
}

/// A fork under way: its calls stand before `end`.
struct Fork {
    end: usize,
    /// How often each of them is made.
    count: f64,
}

/// How often each operation is met. Loops are well nested, so that one pass forwards is exact.
struct Flow {
    first: usize,
    visits: Vec<f64>,
}

impl Flow {
    fn new(first: usize, length: usize) -> Flow {
        let mut visits = vec![0.0; length];
        visits[0] = 1.0;
        Flow { first, visits }
    }

    fn at(&self, at: usize) -> f64 {
        // What stands at the top of a loop is met once more each time round: see `pass`.
        self.visits[at - self.first]
    }

    fn add(&mut self, at: usize, visits: f64) {
        // A program's last operation leads nowhere.
        if let Some(sum) = self.visits.get_mut(at - self.first) {
            *sum += visits;
        }
    }

    /// Hands on what arrives at an operation, all but what ends there.
    fn pass(&mut self, plan: &Blueprint, at: usize, late: &Late) {
        let visits = self.at(at) * late.goes_on(at);
        match plan.program[at].op {
            Op::Branch { share, otherwise } => {
                let share = f64::from(share) / WHOLE;
                let end = otherwise as usize;
                if !is_loop(plan, at, end) {
                    self.add(at + 1, visits * share);
                    self.add(end, visits * (1.0 - share));
                    return;
                }
                let again = share * Flow::round(plan, at + 1, end - 1, late);
                self.add(at + 1, visits / (1.0 - again) * share);
                // All of a loop's way out is here.
                self.add(end, visits * ((1.0 - share) / (1.0 - again)));
            }
            // Backwards: the loop's branch has taken it into account.
            Op::Jump { to } if (to as usize) < at => {}
            Op::Jump { to } => self.add(to as usize, visits),
            // The operations behind a fork are met through it, but flow goes past them.
            Op::Fork { calls, .. } => self.add(at + 1 + usize::from(calls), visits),
            Op::End => {}
            _ => self.add(at + 1, visits),
        }
    }

    /// The probability that a round of a loop is gone through, from its first operation to the jump at its end.
    fn round(plan: &Blueprint, first: usize, jump: usize, late: &Late) -> f64 {
        if late.ends.range(first..jump).next().is_none() {
            return 1.0;
        }
        let mut flow = Flow::new(first, jump - first + 1);
        (first..jump).for_each(|at| flow.pass(plan, at, late));
        flow.at(jump)
    }
}

/// Whether a branch to `end` is the top of a loop.
fn is_loop(plan: &Blueprint, at: usize, end: usize) -> bool {
    matches!(plan.program[end - 1].op, Op::Jump { to } if to as usize == at)
}
