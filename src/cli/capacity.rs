//! `simulate capacity FILE`: how much can the site bear?

use super::{
    arguments::Capacity,
    exit::{Exit, Problem},
    foresee,
    interrupt::on_interrupt,
    layers, parts,
    prepare::{Prepared, prepare},
    publish::{problem, usual},
    repeat, standing,
    terminal::{Terminal, shown},
};
use crate::{
    experiment::{
        capacity::{Climb, Effort, Question, Work, capacity as run, known},
        charter::{Bearing, Charter, Chartered, Work as CharteredWork},
        replicate::Failure,
        rounds::Crew,
    },
    model::blueprint::Blueprint,
    report::{
        capacity::{
            Answer, Capacity as Document, markdown,
            terminal::{opening, render},
        },
        folder::{CAPACITY, File},
        format::{thousands, three},
        json,
        page::Colour,
        plot,
    },
    scenario::{self, Override},
};
use std::path::{Path, PathBuf};

/// More requests than this in the first loads that are tried are not begun without being asked for twice.
const REQUESTS_FREE: f64 = 1e9;

pub(super) fn capacity(options: &Capacity, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let crew = options.conduct.crew(&interrupted);
    let file = options.scenario.file();
    let changes = changes(options);
    let (folder, before) = asked(options, file, &changes, terminal)?;
    if options.shard.is_none() {
        // What is known at once is told at once: finding the rest can take long.
        open(&before, terminal)?;
    }
    ask(&before, options, crew)?;
    let Some(Prepared { plan, .. }) = prepare(file, &changes, crew, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    let charter = charter(options, &plan, &changes)?;
    if let Some(shard) = options.shard {
        return parts::capacity(&charter, &folder, shard, crew, terminal);
    }
    let answered = answer(&charter, crew, terminal)?.map_err(|failure| {
        Problem::failed(&failure, |replication| {
            let set = &options.scenario.changes.set;
            let mut again = repeat::scenario("capacity", file, set, plan.seed);
            if let Some(span) = options.sustain {
                again.push_str(&format!(" --sustain {}ns", span.nanos()));
            }
            format!(
                "replication {replication} of a load or variant that is named above, with\n  \
                 {again} --threads 1"
            )
        })
    })?;
    let Some(document) = answered else {
        terminal.tell("interrupted: there is no answer yet, and nothing was written");
        return Ok(Exit::Interrupted);
    };
    publish(&document, &folder, !options.no_plots, terminal)
}

/// Whether so many requests are meant: a bound may be far from any load that can be simulated.
fn ask(plan: &Blueprint, options: &Capacity, crew: Crew<'_>) -> Result<(), Problem> {
    let climb = Climb::of(plan);
    if climb.requests <= REQUESTS_FREE || options.yes {
        return Ok(());
    }
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = options.conduct.threads().unwrap_or_else(processors);
    let (sample, few) = &climb.sample;
    let seconds = foresee::took_s(sample, crew)? / few * climb.requests / threads as f64;
    let says = format!(
        "the first loads to be tried, up to {} requests a second, take {} replications of all of them, \
         altogether {} requests: about {} on {threads} thread{}",
        three(climb.most_per_s),
        thousands(climb.replications),
        three(climb.requests),
        foresee::long(seconds),
        if threads == 1 { "" } else { "s" },
    );
    let hint = match climb.first {
        Some(first) => format!(
            "it is {first} that is full there; is that all that a request needs? `--yes` begins it, a shorter \
             `--sustain` makes it less"
        ),
        None => "`--yes` begins it; a shorter `--sustain` makes it less".to_owned(),
    };
    Err(Problem::wrong(says, Some(&hint)))
}

/// Whether doublings of the load may come to more requests than are begun without being asked for.
fn is_open(plan: &Blueprint) -> bool {
    let climb = Climb::of(plan);
    climb.doubled > climb.requests && climb.doubled > REQUESTS_FREE
}

/// What is known without simulating.
pub(super) fn open(plan: &Blueprint, terminal: Terminal) -> Result<(), Problem> {
    let title = if plan.title.is_empty() { &plan.name } else { &plan.title };
    terminal.print(&opening(title, &known(plan), colour(terminal)))
}

fn colour(terminal: Terminal) -> Colour {
    if terminal.colours_data() { Colour::On } else { Colour::Off }
}

/// Prints and writes the report, but for what is known without simulating. Neither waits for the other to
/// go well: a search takes long, and a full disk or a closed pipe is no reason to lose what it found.
pub(super) fn publish(
    document: &Document,
    folder: &Path,
    draws: bool,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let has_answer = matches!(document.answer, Answer::Found | Answer::Unconfirmed);
    let is_better = standing::is_confirmed(folder) && document.answer == Answer::Unconfirmed;
    let printed = terminal.print(&render(document, colour(terminal)));
    let mut undrawn = None;
    if has_answer && !is_better {
        match (write(draws, document, folder), &printed) {
            (Ok(problem), _) => undrawn = problem,
            (Err(unwritten), Ok(())) => return Err(unwritten),
            (Err(unwritten), Err(_)) => {
                terminal.complain(&unwritten);
            }
        }
    }
    printed?;
    let there = shown(folder);
    if has_answer && !is_better {
        terminal.tell(&format!("the report is in {there}"));
    } else if is_better {
        terminal.tell(&format!(
            "{there} is left as it is: its safe load was confirmed (`--out` names another folder)"
        ));
    } else if folder.exists() {
        terminal.tell(&format!("nothing was written; {there} is of an earlier search"));
    }
    match undrawn {
        Some(problem) => Err(problem),
        None if document.answer == Answer::Found => Ok(Exit::Done),
        None => Ok(Exit::Undecided),
    }
}

/// The options that stand for settings of the scenario go the way of `--set`, behind it.
fn changes(options: &Capacity) -> Vec<String> {
    let mut changes = options.scenario.changes.set.clone();
    changes.extend(options.conduct.change());
    changes.extend(options.sustain.map(|it| format!("scenario.duration={}ns", it.nanos())));
    changes
}

/// Whether it can be answered, and where to: all that is in the way is told at once.
fn asked(
    options: &Capacity,
    file: &Path,
    changes: &[String],
    terminal: Terminal,
) -> Result<(PathBuf, Blueprint), Problem> {
    let plan = layers::compile(file, changes.iter(), terminal)?;
    let mut problems = Vec::new();
    if plan.objectives.is_empty() {
        problems.push(Problem::wrong(
            format!("`{}` promises nothing, so every load would do", shown(file)),
            Some("an objective: `[[slo]]` with `require = \"p(99) < 800ms\"`"),
        ));
    }
    let folder = options.out.clone().unwrap_or_else(|| usual(&plan, "-capacity"));
    if options.shard.is_none()
        && let Err(problem) =
            standing::check_capacity(&folder, &plan, &charter(options, &plan, changes)?)
    {
        problems.push(problem);
    }
    match problems.pop() {
        None => Ok((folder, plan)),
        Some(last) => {
            for problem in &problems {
                terminal.complain(problem);
            }
            Err(last)
        }
    }
}

/// All that the answer depends on.
fn charter(options: &Capacity, plan: &Blueprint, changes: &[String]) -> Result<Charter, Problem> {
    let file = options.scenario.file();
    let text = layers::source(file)?.text;
    let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bearing = Bearing {
        budget: options.budget,
        precision: options.precision,
        confidence: options.confidence,
        gone: (!options.no_losses).then_some(options.loss),
        grows: !options.no_scaling,
        is_boundless: options.yes && is_open(plan),
    };
    // The warm-up belongs to larger sites as well.
    let scenario = Chartered::warmed_up(file, text, changes.to_vec(), plan.warm_up);
    Ok(Charter::new(vec![scenario], CharteredWork::Capacity(bearing)))
}

/// The answer, as far as what has been measured goes.
pub(super) fn answer(
    charter: &Charter,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Result<Option<Document>, Failure>, Problem> {
    let bearing = charter.bearing().expect("a charter of capacity");
    let scenario = &charter.scenarios[0];
    let (source, changes) = (scenario.source(), scenario.overrides());
    let plan = scenario::compile(&source, &changes)
        .map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
    let change = |more: &[String]| {
        let more = more.iter().filter_map(|text| text.parse().ok());
        let all: Vec<Override> = changes.iter().cloned().chain(more).collect();
        scenario::compile(&source, &all).ok()
    };
    let question = Question {
        plan: &plan,
        effort: Effort {
            budget: bearing.budget,
            precision: bearing.precision,
            confidence: bearing.confidence,
        },
        gone: bearing.gone,
        change: if bearing.grows { Some(&change) } else { None },
        free: if bearing.is_boundless { f64::INFINITY } else { REQUESTS_FREE },
    };
    let bar = terminal.progress(1);
    let mut before = String::new();
    let mut progress = |says: &str, done: u64, planned: u64| {
        // In this order nobody sees more done of the next step than there is of it.
        bar.set_position(done);
        bar.set_length(planned);
        if before != says {
            bar.set_message(format!(", {says}"));
            says.clone_into(&mut before);
        }
    };
    let mut work = Work { crew, progress: &mut progress, replications: 0, requests: 0, loads: 0 };
    let answer = run(&question, &mut work);
    bar.finish_and_clear();
    let named = |it: Document| Document { experiment: charter.question(), ..it };
    Ok(answer.map(|it| it.map(named)))
}

/// Writes the folder. What could not be drawn is told when the rest is safe.
fn write(draws: bool, document: &Document, folder: &Path) -> Result<Option<Problem>, Problem> {
    let mut files =
        vec![File { name: "capacity.json", bytes: json::render(document).into_bytes() }];
    let mut undrawn = None;
    let mut pictures = Vec::new();
    if draws {
        match plot::capacity::render(document) {
            Ok(drawn) => pictures = drawn,
            Err(error) => undrawn = Some(Problem::broken(&error.to_string())),
        }
    }
    let names: Vec<&str> = pictures.iter().map(|it| it.name).collect();
    let text = markdown::render(document, &names);
    files.push(File { name: "capacity.md", bytes: text.into_bytes() });
    files.extend(pictures);
    CAPACITY.write(folder, &files).map_err(|error| problem(&error))?;
    Ok(undrawn)
}
