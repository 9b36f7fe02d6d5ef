//! `simulate sweep FILE`: many variants of one scenario.

use super::{
    arguments::Sweep as Options,
    exit::{Exit, Problem},
    foresee,
    interrupt::on_interrupt,
    layers,
    prepare::prepare,
    sweeping::{self, Told},
    terminal::{Terminal, printable, shown},
};
use crate::{
    experiment::{
        charter::{Charter, Chartered, Work},
        ledger::{Ledger, Shard},
        rounds::Crew,
        sweep::{Sweep, Swept},
    },
    report::format::{counted, span, thousands},
    scenario::{self, Mistakes},
};
use std::path::{Path, PathBuf};

/// More points than this are not begun without being asked for twice.
const POINTS_FREE: u64 = 100_000;

pub(super) fn sweep(options: &Options, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let crew = options.conduct.crew(&interrupted);
    let Some(charter) = charter(options, crew, terminal)? else { return Ok(Exit::Interrupted) };
    let sweep = charter.sweep().expect("it is one").map_err(|mistakes| {
        // Drawn in full before: the same text gives the same grid.
        Problem::mistakes(mistakes.draw(terminal.colours_talk()))
    })?;
    if let Some(it) = sweep.grid.parameters.iter().find(|it| it.path.ends_with("replications")) {
        return Err(Problem::wrong(
            format!("`{}` is not varied: all points have as many `replications`", it.path),
            Some("`--replications 20` sets them"),
        ));
    }
    ask(&sweep, options, crew, terminal)?;
    check(&sweep, crew, terminal)?;
    let folder = folder(options);
    sweeping::check_folder(&folder, &charter)?;
    let ledger = Ledger::resume(&folder, &charter.line(), options.shard.unwrap_or(Shard::WHOLE));
    let ledger = ledger.map_err(|error| sweeping::refused(&error))?;
    for (path, bytes) in &ledger.torn {
        let bytes = thousands(*bytes);
        terminal.tell(&format!("{}: {bytes} bytes of a torn record are cut off", shown(path)));
    }
    if !ledger.is_empty() {
        let count = ledger.len() as u64;
        let are = if count == 1 { "is" } else { "are" };
        terminal.tell(&format!("{} {are} done already", counted(count, "replication")));
    }
    // Whoever does a part alone leaves nothing but records.
    let told = match options.shard {
        None | Some(Shard::WHOLE) => Some(Told::new(&folder, &sweep, terminal)?),
        Some(_) => None,
    };
    let crew = Crew { ledger: Some(&ledger), ..crew };
    match sweeping::run(&sweep, &charter, crew, told, !options.no_plots, terminal)? {
        Swept::Whole => Ok(Exit::Done),
        Swept::Part => {
            let shard = options.shard.unwrap_or(Shard::WHOLE);
            terminal.tell(&format!(
                "part {shard} is done; `simulate merge {}` when all parts are",
                shown(&folder)
            ));
            Ok(Exit::Done)
        }
        Swept::Interrupted => {
            terminal.tell("interrupted: what is finished is kept; the same command goes on");
            Ok(Exit::Interrupted)
        }
    }
}

fn folder(options: &Options) -> PathBuf {
    options.out.clone().unwrap_or_else(|| {
        let stem = options.file.file_stem().map(|it| it.to_string_lossy().into_owned());
        let name = stem.filter(|it| !it.chars().all(|c| c == '.'));
        Path::new("results").join(format!("{}-sweep", name.as_deref().unwrap_or("scenario")))
    })
}

/// What is to be done. `None`: interrupted while pilots looked for the warm-up.
fn charter(
    options: &Options,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<Charter>, Problem> {
    let mut changes = options.changes.set.clone();
    changes.extend(options.conduct.change());
    changes.extend(options.replications.map(|count| format!("scenario.replications={count}")));
    let source = layers::source(&options.file)?;
    let as_written = scenario::compile(&source, &layers::overrides(changes.iter()));
    // Wrong parameters are told before pilots run, and together with what is wrong without them.
    let grid = scenario::grid(&source, &options.vary, options.zip);
    let (as_written, grid) = match (as_written, grid) {
        (Ok(plan), Ok(grid)) => (plan, grid),
        (Ok(_), Err(wrong)) => return Err(told([&wrong], terminal)),
        (Err(wrong), Err(varied)) => return Err(told([&wrong, &varied], terminal)),
        (Err(wrong), Ok(grid)) => {
            let overrides = layers::overrides(changes.iter());
            let draft = Sweep::of_changes(source, overrides, grid);
            let of_points = wrong_points(&draft, crew)?;
            return Err(told(std::iter::once(&wrong).chain(&of_points), terminal));
        }
    };
    let set = layers::overrides(options.changes.set.iter());
    if let Some(it) = scenario::in_vain(&source, &grid, &set).first() {
        let says = format!("`{}` is set, and varied as well", printable(&it.path));
        let hint = format!("as one value of it: `--vary {}={}`", it.path, it.value);
        return Err(Problem::wrong(says, Some(&printable(&hint))));
    }
    let Some(prepared) = prepare(&options.file, &changes, crew, terminal)? else {
        return Ok(None);
    };
    if as_written.finds_warm_up {
        // Once for all points, by the scenario as it is written.
        changes.push(format!("scenario.warm_up={}ns", prepared.plan.warm_up.nanos()));
    }
    let file = options.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let scenario = Chartered { file, text: source.text, changes, unsettled: None };
    let work = Work::Sweep {
        vary: options.vary.clone(),
        zips: options.zip,
        is_independent: options.independent,
        replications: prepared.plan.replications,
    };
    Ok(Some(Charter::new(vec![scenario], work)))
}

/// Whether so much is meant.
fn ask(
    sweep: &Sweep,
    options: &Options,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<(), Problem> {
    let points = sweep.grid.points();
    if points <= POINTS_FREE || options.yes {
        return Ok(());
    }
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.conduct.threads().unwrap_or_else(processors);
    let point = sweep
        .point(&sweep.draft(), 0)
        .map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
    let took = foresee::took_s(&point.plan, crew)?;
    let all = sweep.replications();
    let count = |number: u64, one: &str| match number {
        u64::MAX => format!("more than 10^19 {one}s"),
        number => counted(number, one),
    };
    let says = format!(
        "{}, {}: {} {} on {threads} thread{}, as the first one took {}",
        count(points, "point"),
        count(all, "replication"),
        if all == u64::MAX { "more than" } else { "about" },
        foresee::long(took * all as f64 / threads as f64),
        if threads == 1 { "" } else { "s" },
        span(took)
    );
    Err(Problem::wrong(says, Some("`--yes` begins it; or vary less")))
}

/// All mistakes of all points, each once.
fn check(sweep: &Sweep, crew: Crew<'_>, terminal: Terminal) -> Result<(), Problem> {
    let wrong = wrong_points(sweep, crew)?;
    if wrong.is_empty() { Ok(()) } else { Err(told(&wrong, terminal)) }
}

fn wrong_points(sweep: &Sweep, crew: Crew<'_>) -> Result<Vec<Mistakes>, Problem> {
    sweep.check(crew).map_err(|failure| {
        Problem::failed(&failure, |number| format!("point {number} while it was checked"))
    })
}

/// Mistakes of several readings of one text, each once.
fn told<'a>(wrong: impl IntoIterator<Item = &'a Mistakes>, terminal: Terminal) -> Problem {
    const DRAWN_MAX: usize = 20;
    let mut drawn: Vec<String> = Vec::new();
    // What is said and where: the same of the next value of a range is no news.
    let mut known: Vec<String> = Vec::new();
    for text in wrong.into_iter().flat_map(|it| it.drawn(terminal.colours_talk())) {
        let head = text.lines().take(2).collect::<Vec<_>>().join("\n");
        if !known.contains(&head) {
            known.push(head);
            drawn.push(text);
        }
    }
    let rest = drawn.len().saturating_sub(DRAWN_MAX);
    drawn.truncate(DRAWN_MAX);
    let mut text = drawn.join("\n");
    if rest > 0 {
        text.push_str(&format!("\n… and {rest} more\n"));
    }
    Problem::mistakes(text)
}
