//! How a program goes at no load, from its last operation to its first: what is left to do behind each.
//!
//! An answer ends what the caller waits for; a worker is held until the program is over. A call that is not
//! answered in time ends the program with an error.

use std::collections::BTreeMap;

use super::{
    super::blueprint::{
        Blueprint, EndpointId, FilesId, InstanceId, Instruction, LawId, Milestone, Op, UpstreamId,
    },
    place::speed,
    program::Late,
    residence::Residences,
    time::{Part, Time},
};

/// A probability of `Op::Branch` is a whole number of this.
const WHOLE: f64 = 4_294_967_296.0;

/// Calls that are not answered in time as seldom as this are taken to be.
const LATE_LEAST: f64 = 1e-3;

/// What of a program counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// All that comes before the answer.
    Answer,
    /// All of it.
    End,
}

impl Residences<'_> {
    /// How long an endpoint's program takes at an instance.
    pub(super) fn course(
        &mut self,
        endpoint: EndpointId,
        instance: InstanceId,
        until: Until,
    ) -> Time {
        let plan = self.plan;
        let first = plan.endpoints[endpoint.index()].entry as usize;
        let length = plan.program[first..].iter().position(|it| matches!(it.op, Op::End));
        let end = first + length.expect("each program ends");
        let program = &plan.program[..=end];
        let forked = forked(program, first);
        // What is left behind operations that are jumped to.
        let mut behind: BTreeMap<usize, Time> = targets(program, first);
        let mut left = Time::none();
        for at in (first..=end).rev() {
            match program[at].op {
                Op::End => left = Time::none(),
                Op::Respond { .. } | Op::RespondFile | Op::Relay if until == Until::Answer => {
                    left = Time::none();
                }
                // The end of a round: what the loop has more of is known at its top.
                Op::Jump { to } if (to as usize) < at => left = Time::none(),
                Op::Jump { to } => left = behind[&(to as usize)].clone(),
                Op::Branch { share, otherwise } => {
                    let share = f64::from(share) / WHOLE;
                    let other = &behind[&(otherwise as usize)];
                    let loops = matches!(
                        program[otherwise as usize - 1].op,
                        Op::Jump { to } if to as usize == at
                    );
                    left = if loops {
                        left.rounds(share, other)
                    } else {
                        Time::of([(share, left), (1.0 - share, other.clone())].into_iter())
                    };
                }
                Op::Call { upstream, endpoint, until } if !forked[at - first] => {
                    let cuts = until == Milestone::FirstByte;
                    left = self.called(instance, &[(upstream, endpoint, cuts)], &left);
                }
                Op::CallDirectly(call) => {
                    let call = (call.upstream, call.endpoint, false);
                    left = self.called(instance, &[call], &left);
                }
                Op::Fork { calls, .. } => {
                    let all = &program[at + 1..][..usize::from(calls)];
                    let all: Vec<_> = all.iter().filter_map(call_of).collect();
                    left = self.called(instance, &all, &left);
                }
                op => left.add(self.part(op, instance)),
            }
            if let Some(known) = behind.get_mut(&at) {
                *known = left.clone();
            }
        }
        left
    }

    /// Which calls are not answered in time, and how often that ends their program.
    pub(super) fn late(&mut self) -> Late {
        let plan = self.plan;
        let mut late = Late::default();
        for own in &plan.endpoints {
            let service = &plan.services[own.service.index()];
            let callers = service.first_instance..service.first_instance + service.instances;
            let mut fork = None;
            for (at, it) in plan.program.iter().enumerate().skip(own.entry as usize) {
                let call = match it.op {
                    Op::End => break,
                    Op::Fork { calls, copies } => {
                        fork = Some((at, at + usize::from(calls), f64::from(copies)));
                        continue;
                    }
                    _ => call_of(it),
                };
                let Some((upstream, endpoint, _)) = call else { continue };
                let Some(limit_s) = self.limit_s(upstream) else { continue };
                let ways = callers.clone().map(|it| self.way_s(InstanceId(it), upstream));
                let left_s = limit_s - 2.0 * ways.fold(0.0, f64::max);
                let chance = self.late_most(endpoint, upstream, left_s);
                if chance < LATE_LEAST {
                    continue;
                }
                late.calls.insert(at, chance);
                let (at, times) = match fork {
                    Some((fork, end, copies)) if at <= end => (fork, copies),
                    Some(_) | None => (at, 1.0),
                };
                let known = late.ends.entry(at).or_insert(0.0);
                *known = f64::min(1.0, *known + times * chance);
            }
        }
        late
    }

    /// Calls side by side, and what is left once all have answered: no less than by the longest of them.
    fn called(
        &mut self,
        instance: InstanceId,
        calls: &[(UpstreamId, EndpointId, bool)],
        left: &Time,
    ) -> Time {
        let mut longest: Option<(f64, Time)> = None;
        for &(upstream, endpoint, cuts_through) in calls {
            let way_s = self.way_s(instance, upstream);
            let mut asked = self.through(endpoint, upstream).answer.clone();
            asked.add(Part::always(2.0 * way_s + self.handshake_s(endpoint, upstream)));
            let mut next = left.clone();
            if !cuts_through {
                next.add(self.sending(instance, endpoint, upstream));
            }
            let mut all = match self.limit_s(upstream) {
                Some(limit_s) => asked.within(limit_s, &next, self.least),
                None => asked.then(&next),
            };
            all.add(Part::always(self.opening_s(upstream, way_s)));
            let mean_s = all.mean_s();
            if longest.as_ref().is_none_or(|it| it.0 < mean_s) {
                longest = Some((mean_s, all));
            }
        }
        longest.map_or_else(|| left.clone(), |it| it.1)
    }

    /// What a program does at its own instance.
    fn part(&self, op: Op, instance: InstanceId) -> Part {
        let plan = self.plan;
        let law = |id: LawId| &plan.laws[id.index()];
        match op {
            Op::Cpu { work, .. } => Part::of(law(work)).times(1.0 / speed(plan, instance)),
            Op::Wait { law: wait } => Part::of(law(wait)),
            Op::Read { count, bytes } => {
                self.read_of(instance, f64::from(bytes)).counted(whole(plan, count))
            }
            Op::Pages { table, count } => {
                let missed = self.missed[table.index()];
                let count = whole(plan, count);
                // Each is there or not by itself.
                let drawn = (count.mean_s * missed * (1.0 - missed)).max(0.0).sqrt();
                let reads = Part {
                    mean_s: missed * count.mean_s,
                    deviation_s: drawn + count.times(missed).deviation_s,
                    least_s: 0.0,
                };
                let bytes = f64::from(plan.tables[table.index()].page_bytes);
                self.read_of(instance, bytes).counted(reads)
            }
            Op::File { files } => self.file(instance, files),
            Op::Commit { log, .. } => {
                let log = &plan.logs[log.index()];
                self.flushing(log, log.primary)
            }
            // Whether a connection is opened for it is known where it is called.
            Op::Handshake { .. }
            | Op::Call { .. }
            | Op::CallDirectly(_)
            | Op::Fork { .. }
            | Op::Branch { .. }
            | Op::Jump { .. }
            | Op::Round
            | Op::CommitApplied
            | Op::Respond { .. }
            | Op::RespondFile
            | Op::Relay
            | Op::End => Part::default(),
        }
    }

    /// A file that may have to come from disk.
    fn file(&self, instance: InstanceId, files: FilesId) -> Part {
        let missed = self.misses.of(self.plan.instances[instance.index()].host, files);
        let mean_s = missed.share * self.read_of(instance, missed.bytes).mean_s;
        let largest = self.plan.files[files.index()].bytes.iter().max().map_or(0, |it| *it);
        let longest = self.read_of(instance, f64::from(largest));
        let square = longest.deviation_s * longest.deviation_s + longest.mean_s * longest.mean_s;
        let deviation_s = if missed.share > 0.0 { (missed.share * square).sqrt() } else { 0.0 };
        Part { mean_s, deviation_s, least_s: 0.0 }
    }
}

/// How many there are, whole ones.
fn whole(plan: &Blueprint, count: LawId) -> Part {
    let law = &plan.laws[count.index()];
    let spread = law.variance().map_or(f64::INFINITY, f64::sqrt);
    // What is cut off is spread over less than one.
    let cut = if law.is_count() || law.as_constant().is_some() { 0.0 } else { 0.5 };
    Part { mean_s: law.whole_mean(), deviation_s: spread + cut, least_s: law.least().floor() }
}

fn call_of(it: &Instruction) -> Option<(UpstreamId, EndpointId, bool)> {
    match it.op {
        Op::Call { upstream, endpoint, until } => {
            Some((upstream, endpoint, until == Milestone::FirstByte))
        }
        _ => None,
    }
}

/// Which operations are met through a fork only.
fn forked(program: &[Instruction], first: usize) -> Vec<bool> {
    let mut forked = vec![false; program.len() - first];
    for at in first..program.len() {
        if let Op::Fork { calls, .. } = program[at].op {
            forked[at - first + 1..][..usize::from(calls)].fill(true);
        }
    }
    forked
}

fn targets(program: &[Instruction], first: usize) -> BTreeMap<usize, Time> {
    let target = |it: &Instruction| match it.op {
        Op::Branch { otherwise: to, .. } | Op::Jump { to } => Some((to as usize, Time::none())),
        _ => None,
    };
    program[first..].iter().filter_map(target).collect()
}
