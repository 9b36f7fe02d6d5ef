//! `simulate check --shard` and `simulate capacity --shard`: rounds in parts, and what comes of them.
//!
//! A part does what is its own of the first round that is not whole; when all parts have, the same
//! command goes on with the next round. No part judges: `simulate merge` does.

use super::{
    arguments::{Check, Forms, Merge},
    capacity,
    check::{self, Outcome, Unsettled},
    exit::{Exit, Problem, Text},
    layers,
    prepare::Prepared,
    publish::usual,
    standing,
    sweeping::refused,
    terminal::{Terminal, shown},
};
use crate::{
    experiment::{
        charter::{Charter, Chartered, Work},
        check::{Progress, check as run},
        ledger::{Ledger, Shard},
        replicate::Failure,
        rounds::Crew,
    },
    model::blueprint::Blueprint,
    report::format::thousands,
    scenario::{self, Mistakes},
    slo::gate::Rules,
};
use std::{fs, io, path::Path};

/// Does a part of the next round.
pub(super) fn check(
    options: &Check,
    shard: Shard,
    changes: &[String],
    ready: &[Result<Prepared, Unsettled>],
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let effort = &options.effort;
    let work =
        Work::Check { confidence: effort.confidence, round: effort.round, budget: effort.budget };
    let mut scenarios = Vec::new();
    for (file, it) in options.files.iter().zip(ready) {
        let text = layers::source(file)?.text;
        let (file, changes) = (check::named(file), changes.to_vec());
        scenarios.push(match it {
            Ok(it) => Chartered::warmed_up(file, text, changes, it.plan.warm_up),
            Err(it) => Chartered { file, text, changes, unsettled: Some(it.why.clone()) },
        });
    }
    let charter = Charter::new(scenarios, work);
    let folder = options.out.as_deref().expect("clap requires it");
    only_records(folder)?;
    let ledger = Ledger::resume(folder, &charter.line(), shard).map_err(|it| refused(&it))?;
    let crew = Crew { ledger: Some(&ledger), ..crew };
    let (_, rules) = compiled(&charter, terminal)?;
    let plans: Vec<Blueprint> = ready.iter().flatten().map(|it| it.plan.clone()).collect();
    done(run(&plans, &rules, crew, |_| ()).map(Some), folder, shard, crew, terminal)
}

/// Does a part of the next round of a search for a capacity.
pub(super) fn capacity(
    charter: &Charter,
    folder: &Path,
    shard: Shard,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    only_records(folder)?;
    let ledger = Ledger::resume(folder, &charter.line(), shard).map_err(|it| refused(&it))?;
    let crew = Crew { ledger: Some(&ledger), ..crew };
    let answered = capacity::answer(charter, crew, terminal)?;
    done(answered, folder, shard, crew, terminal)
}

/// What a part has come to.
fn done<T>(
    result: Result<Option<T>, Failure>,
    folder: &Path,
    shard: Shard,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    match result {
        Ok(Some(_)) => {
            let folder = shown(folder);
            terminal.tell(&format!("all rounds are done: `simulate merge {folder}` tells"));
            Ok(Exit::Done)
        }
        Ok(None) => Ok(Exit::Interrupted),
        Err(Failure::Elsewhere { .. }) if crew.is_interrupted() => Ok(Exit::Interrupted),
        Err(Failure::Elsewhere { missing }) => {
            let others = parts_of(&missing, crew.ledger.expect("a part keeps what is finished"));
            terminal.tell(&format!("part {shard} of this round is done; missing: {others}"));
            Ok(Exit::Done)
        }
        Err(failure) => Err(Problem::failed(&failure, |it| format!("replication {it}"))),
    }
}

/// The answer to how much a site can bear, or which parts are to be run for it.
pub(super) fn answer(
    charter: &Charter,
    options: &Merge,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let scenario = &charter.scenarios[0];
    let plan = scenario::compile(&scenario.source(), &scenario.overrides())
        .map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
    let folder = options.out.clone().unwrap_or_else(|| usual(&plan, "-capacity"));
    standing::check_capacity(&folder, &plan, charter)?;
    match capacity::answer(charter, crew, terminal)? {
        Ok(Some(document)) => {
            capacity::open(&plan, terminal)?;
            capacity::publish(&document, &folder, !options.no_plots, terminal)
        }
        Ok(None) => Ok(Exit::Interrupted),
        Err(failure) => Err(unfinished(&failure, "", crew)),
    }
}

/// Not all of a round is there.
fn unfinished(failure: &Failure, there: &str, crew: Crew<'_>) -> Problem {
    let Failure::Elsewhere { missing } = failure else {
        return Problem::failed(failure, |it| format!("replication {it}"));
    };
    let parts = parts_of(missing, crew.ledger.expect("gathered"));
    let says = format!("{there}of the next round {} replications are missing", missing.len());
    let hint = format!("run with `--shard`: {parts}");
    Problem { exit: Exit::Undecided, text: Text::Plain { says, hint: Some(hint) } }
}

/// Judges what the parts have measured, or says which are to be run.
pub(super) fn judge(
    charter: &Charter,
    forms: &Forms,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Exit, Problem> {
    let (plans, rules) = compiled(charter, terminal)?;
    let mut rounds = 0;
    let all = charter.scenarios.iter().zip(&plans);
    let settled: Vec<Blueprint> =
        all.filter(|(it, _)| it.unsettled.is_none()).map(|(_, plan)| plan.clone()).collect();
    let checked = run(&settled, &rules, crew, |progress: Progress| rounds = progress.planned);
    match checked {
        Ok(checked) => {
            let mut checked = checked.into_iter();
            let cases = plans.iter().zip(&charter.scenarios).map(|(plan, it)| {
                let outcome = match &it.unsettled {
                    Some(why) => Outcome::Unsettled(why),
                    None => Outcome::of(checked.next().flatten()),
                };
                (plan, it.file.as_str(), outcome)
            });
            check::conclude(&rules, cases, forms, terminal)
        }
        Err(failure) => {
            let there = if rounds == 0 {
                String::new()
            } else {
                format!("after {} replications nothing is decided; ", thousands(rounds))
            };
            Err(unfinished(&failure, &there, crew))
        }
    }
}

fn compiled(charter: &Charter, terminal: Terminal) -> Result<(Vec<Blueprint>, Rules), Problem> {
    let plans = charter.scenarios.iter().map(|it| scenario::compile(&it.source(), &it.overrides()));
    let plans: Result<Vec<Blueprint>, Mistakes> = plans.collect();
    let plans =
        plans.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
    let Some(rules) = charter.rules() else {
        return Err(Problem::wrong("these records are of nothing that can be judged", None));
    };
    Ok((plans, rules))
}

/// The parts that have to be run for these places of a round.
fn parts_of(missing: &[u64], ledger: &Ledger) -> String {
    let of = u64::from(ledger.parts);
    let mut parts: Vec<u64> = missing.iter().map(|place| place % of + 1).collect();
    parts.sort_unstable();
    parts.dedup();
    let parts: Vec<String> = parts.iter().map(|number| format!("{number}/{of}")).collect();
    parts.join(", ")
}

/// Parts are written to a folder that holds nothing else.
fn only_records(folder: &Path) -> Result<(), Problem> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Problem::wrong(format!("`{}`: {error}", shown(folder)), None)),
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !crate::experiment::ledger::is_records(&name) {
            let says = format!("`{}` holds `{}`", shown(folder), name.escape_debug());
            return Err(Problem::wrong(says, Some("name a folder for the parts' records alone")));
        }
    }
    Ok(())
}
