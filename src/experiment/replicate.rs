//! Runs independent replications on several threads and hands their results over in the order of
//! their numbers, so that nothing that is folded from them can tell how many threads there were.
//!
//! At most twice as many results as threads are alive at once: a slow replication holds the others
//! up rather than have the finished ones pile up behind it.

use super::ledger::LedgerError;
use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

/// How many, and by how many at once.
#[derive(Clone, Copy, Debug)]
pub struct Replications<'a> {
    /// They have the numbers `0 .. count`.
    pub count: u64,
    /// `None`: as many as there are processors.
    pub threads: Option<usize>,
    /// Once it is set no further one is begun; those under way are finished and kept.
    pub interrupted: &'a AtomicBool,
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The system has no more threads to give.
    NoThreads {
        /// What it says.
        says: String,
    },
    /// An invariant of the simulator does not hold.
    Broken {
        /// In which replication, the first of several.
        replication: u64,
        /// What was asserted.
        says: String,
    },
    /// A variant that was first read when its turn came makes no sense.
    Mistaken {
        /// Which.
        of: String,
        /// What is wrong with it, drawn.
        drawn: String,
    },
    /// Finished replications could not be written down or read again.
    Ledger {
        /// What the system says.
        says: String,
    },
    /// What was told could not be written down.
    Output {
        /// What the system says.
        says: String,
    },
    /// The rest of a round is other shards' work, and not yet there.
    Elsewhere {
        /// What is missing: places in the round's list of work.
        missing: Vec<u64>,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoThreads { says } => write!(f, "cannot start threads: {says}"),
            Failure::Broken { replication, says } => {
                write!(f, "replication {replication} broke an invariant of the simulator: {says}")
            }
            Failure::Mistaken { of, drawn } => write!(f, "{of} makes no sense\n{drawn}"),
            Failure::Ledger { says } => write!(f, "finished replications are not kept: {says}"),
            Failure::Output { says } => f.write_str(says),
            Failure::Elsewhere { missing } => {
                write!(f, "{} replications are not yet there", missing.len())
            }
        }
    }
}

/// Why a single one has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An invariant does not hold.
    Broken(String),
    /// It makes no sense.
    Mistaken {
        /// Which variant.
        of: String,
        /// What is wrong with it, drawn.
        drawn: String,
    },
    /// It was run, but could not be written down or read.
    Ledger(String),
}

impl From<String> for Trouble {
    fn from(says: String) -> Trouble {
        Trouble::Broken(says)
    }
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Trouble {
        Trouble::Ledger(error.to_string())
    }
}

impl Trouble {
    fn of(self, replication: u64) -> Failure {
        match self {
            Trouble::Broken(says) => Failure::Broken { replication, says },
            Trouble::Mistaken { of, drawn } => Failure::Mistaken { of, drawn },
            Trouble::Ledger(says) => Failure::Ledger { says },
        }
    }
}

/// Runs the replications. `run` gets a number and gives a result, or what does not hold; `fold`
/// gets the results in the order of the numbers; `progress` is told how many are done, in any
/// order. How many were folded: all of them, unless it was interrupted.
pub fn replicate<T: Send, E: Into<Trouble>>(
    work: Replications<'_>,
    run: impl Fn(u64) -> Result<T, E> + Sync,
    mut fold: impl FnMut(u64, T) + Send,
    progress: impl FnMut(u64) + Send,
) -> Result<u64, Failure> {
    let fold = |number, result| {
        fold(number, result);
        Ok(())
    };
    try_replicate(work, run, fold, progress)
}

/// The same where folding may fail: then no further one is begun.
pub fn try_replicate<T: Send, E: Into<Trouble>>(
    work: Replications<'_>,
    run: impl Fn(u64) -> Result<T, E> + Sync,
    fold: impl FnMut(u64, T) -> Result<(), Failure> + Send,
    progress: impl FnMut(u64) + Send,
) -> Result<u64, Failure> {
    // 0 leaves it to rayon, which knows the processors and the user's RAYON_NUM_THREADS.
    let threads = work.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::NoThreads { says: error.to_string() })?;
    let belt = Belt {
        work,
        alive_max: 2 * pool.current_num_threads() as u64,
        state: Mutex::default(),
        has_moved: Condvar::new(),
        end: Mutex::new(End { fold, progress }),
    };
    pool.broadcast(|_| {
        while let Some(number) = belt.next() {
            belt.put(number, caught(&run, number));
        }
    });
    let State { folded, broken, panic, .. } = belt.state.into_inner().expect(HELD_SHORTLY);
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
    broken.map_or(Ok(folded), Err)
}

/// Hands out numbers and takes results. Whoever puts a result while nobody folds folds all that can be
/// folded: no thread is woken for it, and what was just measured is still in that processor's caches.
struct Belt<'a, T, F, P> {
    work: Replications<'a>,
    alive_max: u64,
    state: Mutex<State<T>>,
    /// There is room for more results, or there will be no more.
    has_moved: Condvar,
    /// Of whoever folds.
    end: Mutex<End<F, P>>,
}

struct State<T> {
    begun: u64,
    done: u64,
    folded: u64,
    /// Done, but not folded.
    waiting: BTreeMap<u64, Result<T, Trouble>>,
    is_folding: bool,
    /// Threads that wait until there is room; to wake nobody is a call to the system, too.
    held_up: u32,
    broken: Option<Failure>,
    /// What folding panicked with.
    panic: Option<Box<dyn Any + Send>>,
}

impl<T> Default for State<T> {
    fn default() -> State<T> {
        let (waiting, broken, panic) = (BTreeMap::new(), None, None);
        State {
            begun: 0,
            done: 0,
            folded: 0,
            waiting,
            is_folding: false,
            held_up: 0,
            broken,
            panic,
        }
    }
}

struct End<F, P> {
    fold: F,
    progress: P,
}

const HELD_SHORTLY: &str = "nothing can panic while it is held";

impl<T, F, P> Belt<'_, T, F, P>
where
    F: FnMut(u64, T) -> Result<(), Failure>,
    P: FnMut(u64),
{
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(HELD_SHORTLY)
    }

    /// The next number, as soon as there is room for its result.
    fn next(&self) -> Option<u64> {
        let mut state = self.state();
        loop {
            let is_over = state.begun == self.work.count
                || state.broken.is_some()
                || state.panic.is_some()
                || self.work.interrupted.load(Ordering::Relaxed);
            if is_over {
                return None;
            }
            if state.begun < state.folded + self.alive_max {
                state.begun += 1;
                return Some(state.begun - 1);
            }
            state.held_up += 1;
            state = self.has_moved.wait(state).expect(HELD_SHORTLY);
            state.held_up -= 1;
        }
    }

    fn put(&self, number: u64, result: Result<T, Trouble>) {
        let mut state = self.state();
        state.done += 1;
        state.waiting.insert(number, result);
        if state.is_folding {
            return;
        }
        state.is_folding = true;
        drop(state);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.fold())) {
            // Nobody folds any more.
            self.state().panic = Some(panic);
            self.has_moved.notify_all();
        }
    }

    /// Until nothing is left that can be folded.
    fn fold(&self) {
        let mut end = self.end.lock().expect("nobody folds after a panic");
        let mut told = 0;
        let mut state = self.state();
        loop {
            if state.done > told {
                told = state.done;
                drop(state);
                (end.progress)(told);
                state = self.state();
            }
            let number = state.folded;
            let result = match state.broken {
                None => state.waiting.remove(&number),
                Some(_) => None,
            };
            let Some(result) = result else {
                if state.done > told {
                    continue;
                }
                state.is_folding = false;
                return;
            };
            drop(state);
            let broken = match result {
                Ok(result) => (end.fold)(number, result).err(),
                Err(trouble) => Some(trouble.of(number)),
            };
            state = self.state();
            state.broken = broken;
            state.folded += 1;
            if state.held_up > 0 {
                self.has_moved.notify_all();
            }
        }
    }
}

fn caught<T, E: Into<Trouble>>(
    run: &impl Fn(u64) -> Result<T, E>,
    number: u64,
) -> Result<T, Trouble> {
    // Whatever the panic left half done belongs to that replication and is dropped with it.
    match catch_unwind(AssertUnwindSafe(|| run(number))) {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => Err(Trouble::Broken(text_of(&*panic))),
    }
}

/// What a panic said.
pub fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked without a word".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn work(count: u64, threads: usize) -> Replications<'static> {
        Replications { count, threads: Some(threads), interrupted: &NEVER }
    }

    /// Burns more for some numbers, so that they finish out of order.
    fn hashed(number: u64) -> u64 {
        (0..(number * 7919 % 13) * 20_000).fold(number, |hash, it| hash.rotate_left(5) ^ it)
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        let expected: Vec<u64> = (0..100).map(hashed).collect();
        for threads in [1, 2, 3, 8] {
            let (mut out, mut told) = (Vec::new(), 0);
            let run = |number| Ok::<_, String>(hashed(number));
            let fold = |number, result| {
                assert_eq!(number, out.len() as u64);
                out.push(result);
            };
            let count = replicate(work(100, threads), run, fold, |done| told = done);
            assert_eq!((count, told), (Ok(100), 100));
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn few_results_are_alive_at_once() {
        struct Counted<'a>(&'a AtomicU64);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        let (alive, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let run = |number| {
            most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            hashed(if number == 0 { 12 } else { 0 });
            Ok::<_, String>(Counted(&alive))
        };
        assert_eq!(replicate(work(500, 3), run, |_, _| (), |_| ()), Ok(500));
        assert!(most.load(Ordering::SeqCst) <= 6);
    }

    #[test]
    fn the_first_broken_one_is_named() {
        let run = |number: u64| {
            hashed(number);
            assert!(number != 31, "lost a job");
            if number == 29 { Err("lost a call".to_owned()) } else { Ok(()) }
        };
        for threads in [1, 4] {
            let mut folded = 0;
            let result = replicate(work(100, threads), run, |_, ()| folded += 1, |_| ());
            let says = "lost a call".to_owned();
            assert_eq!(result, Err(Failure::Broken { replication: 29, says }));
            assert_eq!(folded, 29);
        }
        let panics = |_: u64| -> Result<(), String> { panic!("job {} is gone", 7) };
        let says = "job 7 is gone".to_owned();
        let result = replicate(work(2, 2), panics, |_, ()| (), |_| ());
        assert_eq!(result, Err(Failure::Broken { replication: 0, says }));
    }

    #[test]
    fn what_folding_panics_with_is_not_lost() {
        for threads in [1, 4] {
            let run = |number: u64| Ok::<_, String>(hashed(number));
            let fold = |number: u64, _| assert!(number < 40, "cannot fold {number}");
            let all = || replicate(work(100, threads), run, fold, |_| ());
            let panic = catch_unwind(AssertUnwindSafe(all)).unwrap_err();
            assert_eq!(text_of(&*panic), "cannot fold 40");
        }
    }

    #[test]
    fn an_interrupted_run_keeps_what_is_finished() {
        let interrupted = AtomicBool::new(false);
        let work = Replications { count: 1000, threads: Some(2), interrupted: &interrupted };
        let run = |number| {
            if number == 10 {
                interrupted.store(true, Ordering::Relaxed);
            }
            Ok::<_, String>(number)
        };
        let mut out = Vec::new();
        let count = replicate(work, run, |_, number| out.push(number), |_| ()).unwrap();
        assert!((11..=20).contains(&count), "{count}");
        assert_eq!(out, (0..count).collect::<Vec<_>>());
    }
}
