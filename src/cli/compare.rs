//! `simulate compare A B`: does the change make it better, worse, or neither?

use super::{
    arguments::Compare,
    baseline,
    exit::{Exit, Problem},
    interrupt::on_interrupt,
    prepare::{Prepared, prepare, warmed_up, with_warm_up},
    repeat, single,
    terminal::{Terminal, shown},
};
use crate::{
    experiment::{
        compare::{Side, compare as run},
        rounds::Crew,
    },
    report::{
        json,
        page::Colour,
        versus::{Comparison, render},
    },
    slo::recorded::Recorded,
};
use std::path::Path;

/// The one side.
enum One {
    Live(Box<Prepared>),
    Saved(Box<Recorded>),
}

/// Where it comes from.
enum From<'a> {
    File(&'a Path),
    Saved(Box<Recorded>),
}

pub(super) fn compare(options: &Compare, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let crew = options.conduct.crew(&interrupted);
    let (one, one_from, other_file) = sides(options)?;
    if let Some(path) = &options.json {
        single::check(path, &options.files)?;
        if let Some(folder) = &options.baseline {
            baseline::spare(path, folder, &[])?;
        }
    }
    let Some((one, other)) = ready(options, one, other_file, crew, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    let again = repeats(options, &one, &other, other_file);
    let Prepared { plan, scenario, .. } = other;
    let rules = options.effort.rules();
    let bar = terminal.progress(u64::from(rules.round) * 2);
    let side = match &one {
        One::Live(it) => Side::Live(&it.plan, &it.scenario),
        One::Saved(saved) => Side::Saved(saved),
    };
    let ran = run(side, (&plan, &scenario), &rules, crew, |done, planned| {
        bar.set_length(planned);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let ran = ran.map_err(|failure| {
        Problem::failed(&failure, |replication| {
            format!("replication {replication}, seen again with{}", again(replication))
        })
    })?;
    let Some(ran) = ran else { return Ok(Exit::Interrupted) };
    let mut other_from = shown(other_file);
    for change in &options.changes.set {
        other_from.push_str(&format!(" with {change}"));
    }
    let comparison =
        Comparison::new(&rules, (&ran.one, &one_from), (&ran.other, &other_from), &ran.versus);
    if let Some(path) = &options.json {
        single::write(path, json::render(&comparison))?;
    }
    let colour = if terminal.colours_data() { Colour::On } else { Colour::Off };
    terminal.print(&render(&comparison, colour))?;
    Ok(if ran.is_interrupted { Exit::Interrupted } else { Exit::Done })
}

/// What runs a replication of each side that is run again.
fn repeats<'a>(
    options: &'a Compare,
    one: &One,
    other: &Prepared,
    other_file: &'a Path,
) -> impl Fn(u64) -> String + use<'a> {
    let mut sides = vec![(other_file, other.settings(&options.changes.set), other.plan.seed)];
    if let One::Live(it) = one {
        sides.push((&options.files[0], it.settings(&[]), it.plan.seed));
    }
    move |replication| {
        let side = |(file, set, seed): &(&Path, Vec<String>, u64)| {
            format!("\n  {}", repeat::replication(file, set, *seed, replication))
        };
        sides.iter().map(side).collect()
    }
}

/// The one side, its name, and the file of the other.
fn sides(options: &Compare) -> Result<(From<'_>, String, &Path), Problem> {
    let (one, other) = match (&options.baseline, &options.files[..]) {
        (Some(folder), [file]) => {
            let saved = baseline::read(folder)?;
            return Ok((From::Saved(Box::new(saved)), shown(folder), file));
        }
        (Some(_), _) => {
            let hint = Some("`simulate compare FILE --baseline DIR`");
            return Err(Problem::wrong("a baseline is compared with one scenario", hint));
        }
        (None, [one, other]) => (one, other),
        (None, [one]) if !options.changes.set.is_empty() => (one, one),
        (None, _) => {
            let hint = "a second scenario, `--set` for what is to be changed, or `--baseline`";
            return Err(Problem::wrong("there is nothing to compare it with", Some(hint)));
        }
    };
    Ok((From::File(one), shown(one), other))
}

/// Both sides, with the same warm-up: the longer one, if it was left open. `None`: interrupted.
fn ready(
    options: &Compare,
    one: From<'_>,
    other_file: &Path,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<(One, Prepared)>, Problem> {
    let seed: Vec<String> = options.conduct.change().into_iter().collect();
    let changes = &[&options.changes.set[..], &seed].concat();
    let other = match prepare(other_file, changes, crew, terminal) {
        Ok(None) => return Ok(None),
        Ok(Some(it)) => Ok(it),
        // It may be held against the one side, from where that has settled on.
        Err(problem) if problem.exit == Exit::Undecided => Err(problem),
        Err(problem) => return Err(problem),
    };
    let (one, mut other) = match (one, other) {
        (From::Saved(saved), Err(_)) => {
            let name = other_file.file_stem().unwrap_or_default().to_string_lossy();
            let other = baseline::held_as(&saved, &name, other_file, changes, terminal)?;
            return Ok(Some((One::Saved(saved), other)));
        }
        (From::File(file), Err(problem)) => {
            let Some(it) = prepare(file, &seed, crew, terminal)? else { return Ok(None) };
            let Some(cut) = it.found else { return Err(problem) };
            let other = warmed_up(cut, other_file, changes, terminal)?;
            return Ok(Some((One::Live(Box::new(it)), other)));
        }
        (From::Saved(saved), Ok(mut other)) => {
            other = baseline::aligned(other, &saved, other_file, changes, terminal)?;
            return Ok(Some((One::Saved(saved), other)));
        }
        (From::File(file), Ok(other)) => (file, other),
    };
    let Some(mut it) = prepare(one, &seed, crew, terminal)? else { return Ok(None) };
    if let (Some(first), Some(second)) = (it.found, other.found)
        && first != second
    {
        let longer = first.max(second);
        it = with_warm_up(&it, longer, one, &seed, terminal)?;
        other = with_warm_up(&other, longer, other_file, changes, terminal)?;
    }
    Ok(Some((One::Live(Box::new(it)), other)))
}
