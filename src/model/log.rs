//! Replicated logs: group commit at the primary, shipping, appliers at the replicas.
//!
//! A commit passes the flush stages one after the other; each stage works on one group at a time,
//! and the next group is all who came meanwhile (`MySQL`'s binary log group commit: redo and binary
//! log are each flushed once a group). Then the transaction has a position, its session goes on,
//! and it is sent to every replica that follows. A replica keeps what it has received and applies
//! it with some workers, in parallel (as with write-set dependency tracking, no two transactions
//! in conflict), but commits in order (`replica_preserve_commit_order`), through flush stages of its
//! own (`log_replica_updates`): a group is at most as many as there are workers. Lag is the age of a
//! transaction at the instant at which the replica shows it.

use std::collections::{BTreeMap, VecDeque};

use super::{
    blueprint::{EndpointId, InstanceId, Log, LogId, Op},
    call::{Call, Place, Stage},
    event::Event,
    latch::Latch,
    network::disk_of,
    run::Run,
};
use crate::{
    engine::{
        luck::mix,
        slab::Key,
        time::{Instant, Span},
    },
    measure::recorder::Recorder,
};

const FLUSH: u64 = 0x464C_5553;
const SHIP: u64 = 0x5348_4950;
const APPLY: u64 = 0x4150_504C;

/// A log as it stands.
#[derive(Clone, Debug)]
pub struct LogState {
    /// Of the primary.
    pub(crate) flushing: Flushing,
    /// The transactions from `base` on.
    entries: VecDeque<Transaction>,
    base: u64,
    pub(crate) replicas: Vec<ReplicaState>,
}

#[derive(Clone, Copy, Debug)]
struct Transaction {
    committed: Instant,
    /// The program by which a replica applies it.
    apply: EndpointId,
}

/// Who flushes: the primary, or a replica by its number plus one.
const PRIMARY: u16 = 0;

/// Commits of an instance on their way to stable storage.
#[derive(Clone, Debug)]
pub(crate) struct Flushing {
    pub(crate) stages: Vec<FlushStage>,
    /// Counts the instance's runs: a flush of an earlier one is of no use.
    epoch: u32,
    /// Flushes begun, for their luck.
    flushes: u64,
}

impl Flushing {
    fn new(log: &Log) -> Flushing {
        let stages = vec![FlushStage::default(); log.fsync_stages as usize];
        Flushing { stages, epoch: 0, flushes: 0 }
    }

    /// The instance has died.
    fn cut(&mut self) {
        self.stages.fill(FlushStage::default());
        self.epoch += 1;
    }

    /// Whether a commit is on its way.
    pub(crate) fn is_busy(&self) -> bool {
        let waits = |stage: &FlushStage| !stage.waiting.is_empty() || !stage.flushing.is_empty();
        self.stages.iter().any(waits)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FlushStage {
    /// The next group gathers.
    pub(crate) waiting: Latch,
    /// The group that is being flushed; opened by the disk.
    pub(crate) flushing: Latch,
}

#[derive(Clone, Debug)]
pub(crate) struct ReplicaState {
    is_following: bool,
    /// Counts its connections to the source.
    epoch: u32,
    /// The next position it will receive.
    received: u64,
    /// The next position to be applied.
    next: u64,
    /// The next position to be committed.
    turn: u64,
    /// All below are visible.
    pub(crate) applied: u64,
    /// Applied, and waiting for those before them to commit.
    done: BTreeMap<u64, Key>,
    pub(crate) flushing: Flushing,
    pub(crate) applying: Vec<(Key, u64)>,
}

impl LogState {
    /// Empty, everybody following.
    pub fn new(log: &Log) -> LogState {
        let replica = ReplicaState {
            is_following: true,
            epoch: 0,
            received: 0,
            next: 0,
            turn: 0,
            applied: 0,
            done: BTreeMap::new(),
            flushing: Flushing::new(log),
            applying: Vec::new(),
        };
        LogState {
            flushing: Flushing::new(log),
            entries: VecDeque::new(),
            base: 0,
            replicas: vec![replica; log.replicas.len()],
        }
    }

    pub(crate) fn head(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// Of the primary or a replica.
    fn flushing(&mut self, writer: u16) -> &mut Flushing {
        match writer.checked_sub(1) {
            None => &mut self.flushing,
            Some(replica) => &mut self.replicas[usize::from(replica)].flushing,
        }
    }

    /// Forgets what every replica shows.
    fn trim(&mut self) {
        let shown = self.replicas.iter().map(|replica| replica.applied).min();
        let shown = shown.unwrap_or_else(|| self.head());
        while self.base < shown {
            self.entries.pop_front();
            self.base += 1;
        }
    }
}

impl<R: Recorder> Run<'_, R> {
    /// A transaction commits.
    pub(crate) fn commit(&mut self, key: Key, log: LogId, apply: EndpointId) {
        if self.plan.logs[log.index()].fsync_stages == 0 {
            self.append(log, apply);
            self.site.ready.push(key);
            return;
        }
        self.gather(key, log, PRIMARY);
        self.flush(log, PRIMARY, 0);
    }

    /// A call joins the next group of whoever it commits at.
    fn gather(&mut self, key: Key, log: LogId, writer: u16) {
        self.site.calls[key].place = Place::CommitQueue;
        let stage = &mut self.site.logs[log.index()].flushing(writer).stages[0];
        stage.waiting.wait(&mut self.site.links, key.index());
    }

    /// All who wait at a stage are flushed together, if it is free.
    fn flush(&mut self, id: LogId, writer: u16, stage: u16) {
        let now = self.now();
        let log = &self.plan.logs[id.index()];
        let state = self.site.logs[id.index()].flushing(writer);
        let at = &mut state.stages[usize::from(stage)];
        if !at.flushing.is_empty() || at.waiting.is_empty() {
            return;
        }
        at.flushing = std::mem::take(&mut at.waiting);
        let group = at.flushing.len();
        state.flushes += 1;
        let (number, epoch) = (state.flushes, state.epoch);
        let instance = writer_of(log, writer);
        let host = self.plan.instances[instance.index()].host;
        let place = match writer {
            PRIMARY => mix(log.place, FLUSH),
            replica => mix(mix(log.place, FLUSH), u64::from(replica)),
        };
        let word = self.site.draw(mix(self.site.key, place), number);
        let fsync = disk_of(self.plan, host).fsync;
        let bytes = self.plan.laws[log.event_bytes.index()].mean() * f64::from(group);
        let end = self.disk(host, fsync, word, bytes as u64);
        self.tape.flushed(instance.0, group, now);
        self.site.line.at(end, Event::Flushed { log: id.0 as u16, writer, stage, epoch });
    }

    /// A group is on stable storage.
    pub(crate) fn flushed(&mut self, log: u16, writer: u16, stage: u16, epoch: u32) {
        let id = LogId(u32::from(log));
        let state = self.site.logs[id.index()].flushing(writer);
        if state.epoch != epoch {
            return;
        }
        let is_last = usize::from(stage) + 1 == state.stages.len();
        let mut group = std::mem::take(&mut state.stages[usize::from(stage)].flushing);
        while let Some(index) = group.next(&mut self.site.links) {
            if is_last {
                let key = self.site.calls.key_at(index);
                self.site.calls[key].place = Place::Nowhere;
                self.committed(key, id, writer);
                self.site.ready.push(key);
            } else {
                let stages = &mut self.site.logs[id.index()].flushing(writer).stages;
                let next = &mut stages[usize::from(stage) + 1];
                next.waiting.wait(&mut self.site.links, index);
            }
        }
        if !is_last {
            self.flush(id, writer, stage + 1);
        }
        self.flush(id, writer, stage);
    }

    /// The transaction of a call is safe: in the primary's log, or to be seen at a replica.
    fn committed(&mut self, key: Key, id: LogId, writer: u16) {
        if let Some(replica) = writer.checked_sub(1) {
            self.show(id, replica);
            return;
        }
        let committing = self.site.calls[key].pc - 1;
        let Op::Commit { apply, .. } = self.plan.program[committing as usize].op else {
            unreachable!("a commit waits for its operation")
        };
        self.append(id, apply);
    }

    /// A transaction is in the log, and on its way to whoever follows.
    fn append(&mut self, id: LogId, apply: EndpointId) {
        let now = self.now();
        let state = &mut self.site.logs[id.index()];
        let position = state.head();
        state.entries.push_back(Transaction { committed: now, apply });
        for replica in 0..state.replicas.len() as u16 {
            if self.site.logs[id.index()].replicas[usize::from(replica)].is_following {
                self.ship(id, replica, position);
            }
        }
        self.site.logs[id.index()].trim();
    }

    fn ship(&mut self, id: LogId, replica: u16, position: u64) {
        let now = self.now();
        let log = &self.plan.logs[id.index()];
        let word = self.site.draw(mix(self.site.key, mix(log.place, SHIP)), position);
        let bytes = self.plan.laws[log.event_bytes.index()].draw(word) as u64;
        let from = &self.plan.instances[log.primary.index()];
        let to = &self.plan.instances[log.replicas[usize::from(replica)].index()];
        let epoch = self.site.logs[id.index()].replicas[usize::from(replica)].epoch;
        // What stays on the machine passes no NIC.
        let (sent, delay) = if from.host == to.host {
            (None, self.plan.loopback)
        } else {
            let host = &mut self.site.hosts[from.host.index()];
            let sent = host.send((from.host.0, bytes), now, self.tape);
            (sent, self.plan.latency[(from.zone * self.plan.zones + to.zone) as usize])
        };
        let arrives = sent.map_or(now, |sent| sent.end) + self.site.line.delay(delay);
        self.site.line.at(arrives, Event::Shipped { log: id.0 as u16, replica, epoch });
    }

    /// A transaction reaches a replica's relay log.
    pub(crate) fn shipped(&mut self, log: u16, replica: u16, epoch: u32) {
        let id = LogId(u32::from(log));
        let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
        if state.epoch == epoch && state.is_following {
            state.received += 1;
            self.apply(id, replica);
        }
    }

    /// Free workers of a replica take the next transactions.
    fn apply(&mut self, id: LogId, replica: u16) {
        let log = &self.plan.logs[id.index()];
        let instance = log.replicas[usize::from(replica)];
        loop {
            let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
            let is_free = (state.applying.len() as u32) < log.apply_workers;
            if !is_free || state.next >= state.received {
                return;
            }
            let position = state.next;
            state.next += 1;
            let key = mix(mix(self.site.key, mix(log.place, APPLY)), position);
            let log_state = &self.site.logs[id.index()];
            let apply = log_state.entries[(position - log_state.base) as usize].apply;
            let mut call = Call::new(apply, key, mix(key, u64::from(replica)));
            call.instance = instance.0;
            call.process = self.plan.instances[instance.index()].first_process;
            call.stage = Stage::Running;
            call.pc = self.plan.endpoints[apply.index()].entry;
            call.is.is_background = true;
            call.rest.user = id.0;
            call.rest.server = u32::from(replica);
            let call = self.site.calls.insert(call);
            let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
            state.applying.push((call, position));
            self.site.ready.push(call);
        }
    }

    /// The run ends: tells what replicas do not show.
    pub(crate) fn tell_unseen(&mut self) {
        let now = self.now();
        for (log, plan) in self.site.logs.iter().zip(&self.plan.logs) {
            for (state, instance) in log.replicas.iter().zip(&plan.replicas) {
                for it in log.entries.range((state.applied - log.base) as usize..) {
                    self.tape.unseen(instance.0, it.committed, now);
                }
            }
        }
    }

    /// A worker has applied its transaction. It commits behind those before it, and its worker is
    /// taken until then.
    pub(crate) fn commit_applied(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let (id, replica) = (LogId(call.rest.user), call.rest.server as u16);
        let writer = replica + 1;
        let flushes = self.plan.logs[id.index()].fsync_stages > 0;
        let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
        let found = state.applying.iter().find(|&&(worker, _)| worker == key);
        let (_, position) = found.expect("an applier has a position");
        state.done.insert(*position, key);
        loop {
            let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
            let Some(next) = state.done.remove(&state.turn) else { break };
            state.turn += 1;
            if flushes {
                self.gather(next, id, writer);
            } else {
                self.show(id, replica);
                self.site.ready.push(next);
            }
        }
        if flushes {
            self.flush(id, writer, 0);
        }
    }

    /// A replica shows the next transaction.
    fn show(&mut self, id: LogId, replica: u16) {
        let now = self.now();
        let instance = self.plan.logs[id.index()].replicas[usize::from(replica)];
        let log = &mut self.site.logs[id.index()];
        let state = &mut log.replicas[usize::from(replica)];
        let Transaction { committed, .. } = log.entries[(state.applied - log.base) as usize];
        self.tape.applied(instance.0, now.since(committed), now);
        state.applied += 1;
        log.trim();
    }

    /// A worker is free for another transaction.
    pub(crate) fn applied(&mut self, key: Key) {
        let call = &self.site.calls[key];
        let (id, replica) = (LogId(call.rest.user), call.rest.server as u16);
        let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
        state.applying.retain(|&(worker, _)| worker != key);
        self.apply(id, replica);
    }

    /// A replica reaches for its source.
    pub(crate) fn follow(&mut self, log: u16, replica: u16, epoch: u32) {
        let id = LogId(u32::from(log));
        let plan = &self.plan.logs[id.index()];
        let instance = plan.replicas[usize::from(replica)];
        let is_up = |index: usize| {
            self.site.instances[index].is_up && !self.site.is_lost(self.plan.instances[index].host)
        };
        let both = is_up(plan.primary.index()) && is_up(instance.index());
        let state = &mut self.site.logs[id.index()].replicas[usize::from(replica)];
        if state.epoch != epoch || state.is_following {
            return;
        }
        if !both {
            self.site.line.later(plan.reconnect, Event::Follow { log, replica, epoch });
            return;
        }
        state.is_following = true;
        let from = state.received;
        for position in from..self.site.logs[id.index()].head() {
            self.ship(id, replica, position);
        }
    }

    /// An instance has died: logs that it wrote or followed are cut.
    pub(crate) fn cut_logs(&mut self, instance: u32) {
        for log in 0..self.plan.logs.len() {
            let plan = &self.plan.logs[log];
            let is_primary = plan.primary.0 == instance;
            if is_primary {
                self.site.logs[log].flushing.cut();
            }
            for (index, replica) in plan.replicas.iter().enumerate() {
                if !is_primary && replica.0 != instance {
                    continue;
                }
                let state = &mut self.site.logs[log].replicas[index];
                state.is_following = false;
                state.epoch += 1;
                if replica.0 == instance {
                    // What was not visible is applied anew.
                    state.applying.clear();
                    state.done.clear();
                    state.flushing.cut();
                    state.next = state.applied;
                    state.turn = state.applied;
                }
                let (log, replica, epoch) = (log as u16, index as u16, state.epoch);
                self.site.line.later(plan.reconnect, Event::Follow { log, replica, epoch });
            }
        }
    }

    /// An instance has started: as a replica it reaches for its source at once.
    pub(crate) fn resume_logs(&mut self, instance: u32) {
        for log in 0..self.plan.logs.len() {
            for index in 0..self.plan.logs[log].replicas.len() {
                if self.plan.logs[log].replicas[index].0 != instance {
                    continue;
                }
                let state = &mut self.site.logs[log].replicas[index];
                state.epoch += 1;
                let (log, replica, epoch) = (log as u16, index as u16, state.epoch);
                self.site.line.after(Span::ZERO, Event::Follow { log, replica, epoch });
                self.apply(LogId(u32::from(log)), replica);
            }
        }
    }
}

/// Which instance flushes.
fn writer_of(log: &Log, writer: u16) -> InstanceId {
    match writer.checked_sub(1) {
        None => log.primary,
        Some(replica) => log.replicas[usize::from(replica)],
    }
}
