//! What a sweep leaves, whether it was run here or put together: tables that grow as points are
//! done, then pictures and a page.

mod tee;

use super::{
    exit::Problem,
    single,
    terminal::{Terminal, shown},
};
use crate::{
    engine::digest::Digest,
    experiment::{
        charter::Charter,
        ledger::{Ledger, LedgerError, is_records},
        replicate::Failure,
        rounds::Crew,
        sweep::{Measured, Progress, Sweep, Swept},
    },
    model::blueprint::Blueprint,
    report::{
        json,
        page::Colour,
        summary::Summary,
        sweep::{
            self, bare, csv,
            json::{Head, SCHEMA, Varied},
            page::{self, Line, SHOWN},
            plot::{AxisOf, Shown, draw},
        },
    },
    stats::interval::CONFIDENCE,
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use tee::Tee;

const TABLE: &str = "sweep.csv";
const LINES: &str = "sweep.jsonl";
const HEAD: &str = "sweep.json";
const PICTURES: [&str; 4] = ["p99.png", "success.png", "throughput.png", "busiest.png"];

/// Nobody sees more in a picture.
const DRAWN_MAX: u64 = 100_000;

/// Whether a folder may hold the results of this sweep: it is not there, empty, or all in it is of
/// the same sweep.
pub(super) fn check_folder(folder: &Path, charter: &Charter) -> Result<(), Problem> {
    let refused = |found: &str| {
        let says = format!("`{}` is left as it is: {found}", shown(folder));
        Problem::wrong(says, Some("`--out DIR` names another folder"))
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(refused("it is a file"));
        }
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let (mut has_records, mut has_results, mut has_head) = (false, false, false);
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().is_ok_and(|it| it.is_file());
        let is_ours = |name: &str| [TABLE, LINES, HEAD].contains(&name) || PICTURES.contains(&name);
        // What a kill left of a file that was to be renamed.
        let whole = name.strip_suffix(".tmp").and_then(|rest| rest.rsplit_once('.'));
        if is_file && is_records(&name) {
            has_records = true;
        } else if is_file && is_ours(&name) {
            has_results = true;
            has_head |= name == HEAD;
        } else if !(is_file && whole.is_some_and(|(whole, _)| is_ours(whole))) {
            return Err(refused(&format!("it holds `{}`", name.escape_debug())));
        }
    }
    let of_another = || Err(refused("it holds the results of another sweep"));
    let vouches = has_records
        && Ledger::vouches(folder, &charter.line()).map_err(|error| self::refused(&error))?;
    if has_head {
        let head = fs::read_to_string(folder.join(HEAD)).unwrap_or_default();
        let head: serde_json::Value = serde_json::from_str(&head).unwrap_or_default();
        if head["experiment"] != charter.digest() {
            return of_another();
        }
    } else if has_results && !vouches {
        // Tables that are not whole do not say of what they are; their records do.
        return of_another();
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    Problem::wrong(format!("`{}`: {error}", shown(path)), None)
}

/// Records that cannot be used.
pub(super) fn refused(error: &LedgerError) -> Problem {
    let hint = match error {
        LedgerError::OtherExperiment { .. } => {
            "another scenario, other options or another version wrote it; `--out DIR` names another \
             folder"
        }
        LedgerError::OtherParts { .. } => "all parts of one folder have the same number of parts",
        LedgerError::Locked { .. } => "wait for it, or give each process a part of its own",
        LedgerError::NoRecords { .. } => "parts are made by `simulate sweep FILE --shard 1/4`",
        LedgerError::Foreign { .. } => {
            "it may be damaged, or of another version or experiment; `--out DIR` names another folder"
        }
        // Nothing has begun: what goes wrong later is no matter of this.
        LedgerError::Io { .. } => "`--out DIR` names another folder",
    };
    Problem::wrong(error.to_string(), Some(hint))
}

/// What points have told so far.
pub(super) struct Told<'a> {
    folder: PathBuf,
    sweep: &'a Sweep,
    table: Tee,
    lines: Tee,
    /// Points that are done before one in front of them.
    waiting: BTreeMap<u64, (String, String)>,
    next: u64,
    shown: Vec<(u64, Line)>,
    drawn: Vec<(u64, Shown)>,
    /// The scenario without what varies.
    common: Blueprint,
}

impl<'a> Told<'a> {
    /// Nothing yet.
    pub(super) fn new(
        folder: &Path,
        sweep: &'a Sweep,
        terminal: Terminal,
    ) -> Result<Told<'a>, Problem> {
        let common = sweep
            .draft()
            .compile()
            .map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
        fs::create_dir_all(folder).map_err(|error| unreadable(folder, &error))?;
        let tee = |name: &str| {
            let path = folder.join(name);
            Tee::open(path.clone(), &folder.join(HEAD)).map_err(|error| unreadable(&path, &error))
        };
        Ok(Told {
            folder: folder.to_owned(),
            sweep,
            table: tee(TABLE)?,
            lines: tee(LINES)?,
            waiting: BTreeMap::new(),
            next: 0,
            shown: Vec::new(),
            drawn: Vec::new(),
            common,
        })
    }

    fn take(&mut self, points: &[Measured<'_>]) -> Result<(), Failure> {
        for it in points {
            self.add(it);
        }
        while let Some((rows, line)) = self.waiting.remove(&self.next) {
            if self.next == 0 {
                let parameters = &self.sweep.grid.parameters;
                let paths: Vec<String> = parameters.iter().map(|it| it.path.clone()).collect();
                self.table.tell(&csv::titles(&paths));
            }
            self.table.tell(&rows);
            self.lines.tell(&line);
            self.next += 1;
        }
        self.table.write()?;
        self.lines.write()
    }

    fn add(&mut self, &Measured { number, point, fold }: &Measured<'_>) {
        let summary = Summary::new(&point.plan, fold);
        let grid = &self.sweep.grid;
        let paths = grid.parameters.iter().map(|it| it.path.clone());
        let told = sweep::Told::new(number, paths.zip(grid.values(number)), summary);
        if (number as usize) < SHOWN {
            self.shown.push((number, Line::new(&told)));
        }
        if grid.points() <= DRAWN_MAX {
            self.drawn.push((number, Shown::new(&told, grid.place(number))));
        }
        self.waiting.insert(number, (csv::point(&told), sweep::json::point(&told)));
    }

    /// All points are told: the rest of the files, and the page.
    fn close(mut self, charter: &Charter, draws: bool, terminal: Terminal) -> Result<(), Problem> {
        for tee in [&mut self.table, &mut self.lines] {
            tee.close().map_err(|failure| Problem::failed(&failure, |_| String::new()))?;
        }
        let Blueprint { name, title, seed, warm_up, duration, .. } = &self.common;
        let mut outputs = Digest::new();
        outputs.fold_digest(self.table.digest);
        outputs.fold_digest(self.lines.digest);
        let grid = &self.sweep.grid;
        let varies = |key: &str| {
            let is_it = |path: &str| path.strip_prefix("scenario.").unwrap_or(path) == key;
            grid.parameters.iter().any(|it| is_it(&it.path))
        };
        let varied =
            |it: &crate::scenario::Parameter| Varied { path: it.path.clone(), values: it.count() };
        let head = Head {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            experiment: charter.digest(),
            name: name.clone(),
            // What all points have in common has a name all the same.
            title: if title.is_empty() || varies("title") { name.clone() } else { title.clone() },
            seed: (!varies("seed")).then_some(*seed),
            luck: if self.sweep.is_independent || varies("seed") {
                "independent"
            } else {
                "common"
            },
            replications: self.sweep.replications,
            warm_up_s: (!varies("warm_up")).then_some(warm_up.seconds()),
            duration_s: (!varies("duration")).then_some(duration.seconds()),
            confidence: CONFIDENCE,
            changes: charter.scenarios[0].changes.clone(),
            parameters: grid.parameters.iter().map(varied).collect(),
            points: grid.points(),
            outputs_digest: outputs.to_string(),
        };
        let mut undrawn = None;
        if draws && self.drawn.is_empty() {
            terminal.tell("too many points for pictures; the tables have them");
        } else if draws {
            self.drawn.sort_by_key(|it| it.0);
            let shown: Vec<Shown> = self.drawn.into_iter().map(|it| it.1).collect();
            match draw(&head.title, &axes(self.sweep), &shown) {
                Ok(files) => {
                    for file in files {
                        single::write(&self.folder.join(file.name), &file.bytes)?;
                    }
                }
                Err(error) => undrawn = Some(Problem::broken(&error.to_string())),
            }
        }
        single::write(&self.folder.join(HEAD), json::render(&head))?;
        self.shown.sort_by_key(|it| it.0);
        let lines: Vec<Line> = self.shown.into_iter().map(|it| it.1).collect();
        let colour = if terminal.colours_data() { Colour::On } else { Colour::Off };
        terminal.print(&page::render(&head, &lines, colour))?;
        terminal.tell(&format!("results are in {}", shown(&self.folder)));
        undrawn.map_or(Ok(()), Err)
    }
}

fn axes(sweep: &Sweep) -> Vec<AxisOf> {
    let grid = &sweep.grid;
    let axis = |parameters: &Vec<usize>| {
        let members = || parameters.iter().map(|&index| &grid.parameters[index]);
        let titles: Vec<&str> = members().map(|it| it.path.as_str()).collect();
        let value = |at: u64| {
            let values: Vec<String> = members().map(|it| bare(&it.value(at))).collect();
            values.join(", ")
        };
        let count = grid.parameters[parameters[0]].count();
        AxisOf { title: titles.join(", "), values: (0..count).map(value).collect() }
    };
    grid.axes().iter().map(axis).collect()
}

/// Runs what is left to be run here, and tells it if that is all.
pub(super) fn run(
    sweep: &Sweep,
    charter: &Charter,
    crew: Crew<'_>,
    mut told: Option<Told<'_>>,
    draws: bool,
    terminal: Terminal,
) -> Result<Swept, Problem> {
    let ledger = crew.ledger.expect("a sweep keeps what is finished");
    let all = sweep.own_replications(ledger);
    let bar = terminal.progress_left(all);
    let result = sweep.run(
        crew,
        ledger,
        |points| match &mut told {
            Some(told) => told.take(points),
            None => Ok(()),
        },
        // What is only read takes no time: the bar is over the rest, so that it knows what is left.
        |Progress { measured, found, .. }| {
            bar.set_length(all - found);
            bar.set_position(measured);
        },
    );
    bar.finish_and_clear();
    let swept = result.map_err(|failure| {
        Problem::failed(&failure, |replication| format!("replication {replication}"))
    })?;
    if swept == Swept::Whole
        && let Some(told) = told
    {
        told.close(charter, draws, terminal)?;
    }
    Ok(swept)
}
