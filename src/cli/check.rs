//! `simulate check FILE…`: are the promises kept?

use super::{
    arguments::{Check, Forms},
    baseline,
    exit::{Exit, Problem},
    interrupt::on_interrupt,
    layers, parts,
    prepare::{Prepared, prepare},
    repeat, single,
    terminal::{Terminal, shown},
};
use crate::{
    experiment::{
        check::{Checked, Progress, check as run},
        compare::{Renewed, against as hold_against},
        replicate::Failure,
        rounds::Crew,
    },
    model::blueprint::Blueprint,
    report::{
        check::{Case, Verdicts, annotations, junit, markdown, terminal::render},
        json,
        page::Colour,
        versus::Comparison,
    },
    slo::{
        gate::{Doubt, Rules, Verdict},
        recorded::Recorded,
    },
};
use std::path::{Path, PathBuf};

pub(super) fn check(options: &Check, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let crew = options.conduct.crew(&interrupted);
    let plans = compile(options, terminal)?;
    single::check_once(&options.files)?;
    let outputs = [&options.forms.junit, &options.forms.json, &options.forms.markdown];
    for path in outputs.into_iter().flatten() {
        single::check(path, &options.files)?;
        if let Some(folder) = &options.baseline {
            baseline::spare(path, folder, &plans)?;
        }
    }
    single::check_distinct(&outputs.into_iter().flatten().collect::<Vec<_>>())?;
    // Before anything long is begun.
    let baseline = options.baseline.as_deref();
    if baseline.is_some() {
        baseline::check_names(&plans, &options.files)?;
    }
    let saved: Option<Vec<Recorded>> = baseline
        .map(|folder| plans.iter().map(|plan| baseline::read_of(folder, plan)).collect())
        .transpose()?;
    let Some(ready) = ready(options, &plans, crew, terminal)? else { return Ok(Exit::Interrupted) };
    if let Some(shard) = options.shard {
        return parts::check(options, shard, &changes(options), &ready, crew, terminal);
    }
    let rules = options.effort.rules();
    if let (Some(folder), Some(saved)) = (baseline, saved) {
        return against(options, ready, (folder, &saved), &rules, crew, terminal);
    }
    let running: Vec<(&Prepared, &PathBuf)> = ready
        .iter()
        .zip(&options.files)
        .filter_map(|(it, file)| Some((it.as_ref().ok()?, file)))
        .collect();
    let again = repeats(options, &running);
    let plans: Vec<Blueprint> = running.iter().map(|(it, _)| it.plan.clone()).collect();
    let bar = terminal.progress(u64::from(rules.round) * plans.len() as u64);
    let show = |progress: Progress| {
        bar.set_length(progress.planned);
        bar.set_position(progress.done);
        if plans.len() > 1 {
            bar.set_message(format!(", {} of {} scenarios judged", progress.through, plans.len()));
        }
    };
    let checked = run(&plans, &rules, crew, show);
    bar.finish_and_clear();
    let mut checked = checked.map_err(|failure| failed(&failure, again))?.into_iter();
    let files: Vec<String> = options.files.iter().map(|file| named(file)).collect();
    let cases = ready.iter().zip(&files).map(|(it, file)| match it {
        Err(it) => (&it.plan, file.as_str(), Outcome::Unsettled(&it.why)),
        Ok(it) => (&it.plan, file.as_str(), Outcome::of(checked.next().flatten())),
    });
    conclude(&rules, cases, &options.forms, terminal)
}

/// What came of a scenario.
pub(super) enum Outcome<'a> {
    Checked(Box<Checked>),
    /// Its turn never came.
    Interrupted,
    /// It was not run, for this reason.
    Unsettled(&'a str),
}

impl Outcome<'_> {
    pub(super) fn of(checked: Option<Checked>) -> Self {
        checked.map_or(Outcome::Interrupted, |it| Outcome::Checked(Box::new(it)))
    }
}

/// A scenario that does not settle, and why that is said.
pub(super) struct Unsettled {
    plan: Blueprint,
    pub(super) why: String,
}

/// What a scenario's file is called in results: as it was named, but for the folders of an absolute path,
/// which are another machine's elsewhere.
pub(super) fn named(file: &Path) -> String {
    let name = if file.is_absolute() { file.file_name().map(Path::new) } else { None };
    name.unwrap_or(file).to_string_lossy().into_owned()
}

/// What went wrong in one of the scenarios, and how it is seen again.
fn failed(failure: &Failure, again: impl Fn(u64) -> String) -> Problem {
    Problem::failed(failure, |replication| {
        format!("replication {replication}, seen again with{}", again(replication))
    })
}

/// What runs a replication of each scenario again.
fn repeats(options: &Check, running: &[(&Prepared, &PathBuf)]) -> impl Fn(u64) -> String + use<> {
    let sites: Vec<(Vec<String>, u64, PathBuf)> = running
        .iter()
        .map(|(it, file)| (it.settings(&options.changes.set), it.plan.seed, (*file).clone()))
        .collect();
    move |replication| {
        let seen = sites.iter().map(|(set, seed, file)| {
            format!("\n  {}", repeat::replication(file, set, *seed, replication))
        });
        seen.collect()
    }
}

/// Verdicts for people and programs, and the exit code that they make.
pub(super) fn conclude<'a>(
    rules: &Rules,
    cases: impl Iterator<Item = (&'a Blueprint, &'a str, Outcome<'a>)>,
    forms: &Forms,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let mut verdicts = Verdicts::new(rules);
    let mut is_interrupted = false;
    for (plan, file, outcome) in cases {
        verdicts.scenarios.push(match outcome {
            Outcome::Interrupted => {
                is_interrupted = true;
                Case::interrupted(rules, plan, file)
            }
            Outcome::Unsettled(why) => Case::unsettled(rules, plan, file, why),
            Outcome::Checked(it) => {
                is_interrupted |= it.is_interrupted;
                let found = (&it.measured[..], &it.verdicts[..]);
                Case::new(plan, file, &it.fold, found, rules.confidence)
            }
        });
    }
    publish(forms, &verdicts, terminal)?;
    Ok(if is_interrupted { Exit::Interrupted } else { exit(&verdicts) })
}

/// Holds the scenarios against earlier results.
fn against(
    options: &Check,
    ready: Vec<Result<Prepared, Unsettled>>,
    (folder, saved): (&Path, &[Recorded]),
    rules: &Rules,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let changes = changes(options);
    let prepared: Vec<Prepared> = ready
        .into_iter()
        .zip(saved)
        .zip(&options.files)
        .map(|((it, saved), file)| match it {
            Ok(it) => baseline::aligned(it, saved, file, &changes, terminal),
            Err(it) => baseline::held_as(saved, &it.plan.name, file, &changes, terminal),
        })
        .collect::<Result<_, Problem>>()?;
    let pairs = prepared.iter().zip(saved);
    let pairs: Vec<Renewed<'_>> =
        pairs.map(|(it, saved)| Renewed { saved, now: (&it.plan, &it.scenario) }).collect();
    let bar = terminal.progress(0);
    let ran = hold_against(&pairs, rules, crew, |done, planned| {
        bar.set_length(planned);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let again: Vec<(&Prepared, &PathBuf)> = prepared.iter().zip(&options.files).collect();
    let ran = ran.map_err(|failure| failed(&failure, repeats(options, &again)))?;
    let mut verdicts = Verdicts::new(rules);
    let mut is_interrupted = false;
    for ((it, file), ran) in prepared.iter().zip(&options.files).zip(ran) {
        let (from, to, plan) = (shown(folder), shown(file), &it.plan);
        let Some(ran) = ran.filter(|ran| !ran.is_interrupted) else {
            is_interrupted = true;
            verdicts.scenarios.push(Case::interrupted(rules, plan, &to));
            continue;
        };
        let comparison = Comparison::new(rules, (&ran.one, &from), (&ran.other, &to), &ran.versus);
        verdicts.scenarios.push(Case::against(plan, &to, &ran.fold, comparison));
    }
    publish(&options.forms, &verdicts, terminal)?;
    Ok(if is_interrupted { Exit::Interrupted } else { exit(&verdicts) })
}

/// The user's changes.
fn changes(options: &Check) -> Vec<String> {
    options.changes.set.iter().cloned().chain(options.conduct.change()).collect()
}

/// All scenarios, ready to run, or why one is not. `None`: interrupted.
fn ready(
    options: &Check,
    plans: &[Blueprint],
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<Vec<Result<Prepared, Unsettled>>>, Problem> {
    let changes = changes(options);
    let one = |(file, plan): (&PathBuf, &Blueprint)| match prepare(file, &changes, crew, terminal) {
        Ok(it) => Ok(it.map(Ok)),
        Err(problem) if problem.exit == Exit::Undecided => {
            Ok(Some(Err(Unsettled { plan: plan.clone(), why: problem.sentence() })))
        }
        Err(problem) => Err(problem),
    };
    options.files.iter().zip(plans).map(one).collect()
}

/// All scenarios, unless something is wrong with any of them.
fn compile(options: &Check, terminal: Terminal) -> Result<Vec<Blueprint>, Problem> {
    let changes = changes(options);
    let (mut plans, mut problems) = (Vec::new(), Vec::new());
    for file in &options.files {
        let plan = layers::compile(file, changes.iter(), terminal);
        match plan.and_then(|plan| promising(&plan, file).map(|()| plan)) {
            Ok(plan) => plans.push(plan),
            Err(problem) => problems.push(problem),
        }
    }
    // All are told, the last one by whoever called.
    match problems.pop() {
        None => Ok(plans),
        Some(last) => {
            for problem in &problems {
                terminal.complain(problem);
            }
            Err(last)
        }
    }
}

/// A scenario that promises something.
fn promising(plan: &Blueprint, file: &Path) -> Result<(), Problem> {
    if plan.objectives.is_empty() {
        return Err(Problem::wrong(
            format!("`{}` promises nothing, so there is nothing to check", file.display()),
            Some("an objective: `[[slo]]` with `require = \"p(99) < 800ms\"`"),
        ));
    }
    Ok(())
}

fn publish(options: &Forms, verdicts: &Verdicts, terminal: Terminal) -> Result<(), Problem> {
    if let Some(path) = &options.junit {
        single::write(path, junit::render(verdicts))?;
    }
    if let Some(path) = &options.json {
        single::write(path, json::render(verdicts))?;
    }
    if let Some(path) = &options.markdown {
        single::write(path, markdown::render(verdicts))?;
    }
    let colour = if terminal.colours_data() { Colour::On } else { Colour::Off };
    terminal.print(&render(verdicts, colour))?;
    if options.github {
        terminal.print(&annotations::render(verdicts))?;
    }
    Ok(())
}

/// The worst of all verdicts.
fn exit(verdicts: &Verdicts) -> Exit {
    let mut exit = Exit::Done;
    for judged in verdicts.judged() {
        match judged.verdict {
            Verdict::Missed => return Exit::Missed,
            Verdict::Met => {}
            Verdict::Undecided(
                Doubt::WithinMargin
                | Doubt::BudgetSpent
                | Doubt::FewBursts
                | Doubt::FewEvents
                | Doubt::Unstable
                | Doubt::CutShort
                | Doubt::Unsettled
                | Doubt::Interrupted,
            )
            | Verdict::NoData => exit = Exit::Undecided,
        }
    }
    exit
}
