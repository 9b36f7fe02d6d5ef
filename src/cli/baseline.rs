//! Results of an earlier run, read to be held against.

use super::{
    exit::Problem,
    prepare::{Prepared, warmed_up, with_warm_up},
    single,
    terminal::{Terminal, printable, shown},
};
use crate::{
    engine::time::Span,
    model::blueprint::Blueprint,
    report::folder::RECORDED,
    slo::recorded::{Recorded, SCHEMA},
    stats::interval::REPLICATIONS_MIN,
};
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The record that a scenario is to be held against: in the folder itself, or in one of its name there.
/// It may be of another version of it, under another name even, but not of something else.
pub(super) fn read_of(folder: &Path, plan: &Blueprint) -> Result<Recorded, Problem> {
    let own = folder.join(&plan.name);
    let folder = if own.join(RECORDED).is_file() { &own } else { folder };
    let recorded = read(folder)?;
    if recorded.name != plan.name && !recorded.knows_any_of(plan) {
        let says = format!(
            "`{}` is of `{}`, which has no objective in common with `{}`",
            shown(folder),
            printable(&recorded.name),
            printable(&plan.name)
        );
        let hint = format!("results of `{0}` are looked for in DIR/{0}, too", plan.name);
        return Err(Problem::wrong(says, Some(&printable(&hint))));
    }
    Ok(recorded)
}

/// Whether an output would be written over the record that is to be held against.
pub(super) fn spare(output: &Path, folder: &Path, plans: &[Blueprint]) -> Result<(), Problem> {
    let own = plans.iter().map(|plan| folder.join(&plan.name).join(RECORDED));
    let records: Vec<PathBuf> = own.chain([folder.join(RECORDED)]).collect();
    single::spare(output, &records, "the baseline")
}

/// Whether each scenario has a record of its own: those of one name would be held against the same.
pub(super) fn check_names(plans: &[Blueprint], files: &[PathBuf]) -> Result<(), Problem> {
    for (index, plan) in plans.iter().enumerate() {
        if let Some(other) = plans[..index].iter().position(|it| it.name == plan.name) {
            let says = format!(
                "`{}` and `{}` would be held against the same record, `{}`",
                shown(&files[other]),
                shown(&files[index]),
                printable(&plan.name)
            );
            let hint = "rename one of them, or check them one by one";
            return Err(Problem::wrong(says, Some(hint)));
        }
    }
    Ok(())
}

/// A scenario that leaves its warm-up open has that of the baseline: both sides are cut alike.
pub(super) fn aligned(
    now: Prepared,
    saved: &Recorded,
    file: &Path,
    changes: &[String],
    terminal: Terminal,
) -> Result<Prepared, Problem> {
    let cut = Span::from_nanos(saved.warm_up_ns);
    let Some(found) = now.found.filter(|found| *found != cut) else { return Ok(now) };
    let seconds = cut.seconds();
    let name = printable(&now.plan.name);
    terminal.tell(&format!("warm-up: {seconds} s for `{name}`, as in the baseline"));
    if found > cut {
        let longer = found.seconds();
        terminal.tell(&format!(
            "it settles after {longer} s only: with `--set warm_up={longer}s` on both sides nothing \
             of that is measured"
        ));
    }
    with_warm_up(&now, cut, file, changes, terminal)
}

/// A scenario that leaves its warm-up open and does not settle, warmed up as the baseline was: what is overloaded
/// now and was not is to be told.
pub(super) fn held_as(
    saved: &Recorded,
    name: &str,
    file: &Path,
    changes: &[String],
    terminal: Terminal,
) -> Result<Prepared, Problem> {
    let cut = Span::from_nanos(saved.warm_up_ns);
    let (seconds, name) = (cut.seconds(), printable(name));
    terminal.tell(&format!(
        "warm-up: {seconds} s for `{name}`, as in the baseline: it does not settle"
    ));
    warmed_up(cut, file, changes, terminal)
}

/// The record in a folder of results.
pub(super) fn read(folder: &Path) -> Result<Recorded, Problem> {
    let path = folder.join(RECORDED);
    let name = shown(&path);
    let hint = Some("a baseline is a folder of results, as `simulate FILE --out DIR` writes it");
    let text = fs::read_to_string(&path).map_err(|error| {
        let says = match error.kind() {
            ErrorKind::NotFound => format!("there is no `{name}`"),
            _ => format!("cannot read `{name}`: {error}"),
        };
        Problem::wrong(says, hint)
    })?;
    let known = format!("\"schema\":\"{SCHEMA}\"");
    let is_ours = text.contains("\"schema\":\"simulate-replications/");
    let recorded: Recorded = match serde_json::from_str(&text) {
        Ok(recorded) if text.contains(&known) => recorded,
        Ok(_) => return Err(Problem::wrong(format!("`{name}` is of another version"), hint)),
        // Its fields are others, too.
        Err(_) if is_ours && !text.contains(&known) => {
            return Err(Problem::wrong(format!("`{name}` is of another version"), hint));
        }
        Err(error) if is_ours => {
            let says = format!("`{name}` is torn: {error}");
            return Err(Problem::wrong(says, Some("run it again")));
        }
        Err(_) => return Err(Problem::wrong(format!("`{name}` is of another program"), hint)),
    };
    if !recorded.is_whole() {
        let says = format!("`{name}` is torn or was changed: its digest is not its own");
        return Err(Problem::wrong(says, Some("run it again")));
    }
    let count = recorded.records.len();
    if count < REPLICATIONS_MIN as usize {
        let says = format!("`{name}` has too few replications to judge by: {count}");
        return Err(Problem::wrong(says, Some("five replications or more are a baseline")));
    }
    Ok(recorded)
}
