//! `simulate merge DIR…`: puts the parts of an experiment together.

use super::{
    arguments::Merge as Options,
    exit::{Exit, Problem, Text},
    interrupt::on_interrupt,
    parts, single,
    sweeping::{self, Told},
    terminal::{Terminal, shown},
};
use crate::{
    experiment::{
        charter::Charter,
        ledger::{Ledger, LedgerError, is_records},
        rounds::Crew,
        sweep::{Sweep, Swept},
    },
    report::format::thousands,
};
use std::{fs, path::PathBuf};

pub(super) fn merge(options: &Options, terminal: Terminal) -> Result<Exit, Problem> {
    let interrupted = on_interrupt();
    let gathered = Ledger::gather(&options.folders);
    let (line, ledger) = gathered.map_err(|error| match error {
        LedgerError::Io { .. } => {
            let hint = "name the folders that the parts were written to";
            Problem::wrong(error.to_string(), Some(hint))
        }
        other => sweeping::refused(&other),
    })?;
    for (path, bytes) in &ledger.torn {
        let bytes = thousands(*bytes);
        terminal.tell(&format!("{}: {bytes} bytes of a torn record are left out", shown(path)));
    }
    let Some(charter) = Charter::of_line(&line) else {
        return Err(Problem::wrong("the records are of another version of `simulate`", None));
    };
    let this = env!("CARGO_PKG_VERSION");
    if !charter.is_by_this_program() {
        let which = if charter.version == this { "another build of" } else { "" };
        let by = format!("{which} `simulate` {}", charter.version);
        return Err(Problem::wrong(
            format!("the records were written by {}; this is {this}", by.trim()),
            Some("only the version that measured can put together"),
        ));
    }
    let crew = Crew { ledger: Some(&ledger), ..Crew::new(None, &interrupted) };
    let records = ledger_files(&options.folders);
    let outputs = [&options.forms.junit, &options.forms.json, &options.forms.markdown];
    for path in outputs.into_iter().flatten() {
        single::spare(path, &records, "a file of the records")?;
    }
    let Some(sweep) = charter.sweep() else {
        return match charter.bearing() {
            Some(_) => parts::answer(&charter, options, crew, terminal),
            None => parts::judge(&charter, &options.forms, crew, terminal),
        };
    };
    let sweep =
        sweep.map_err(|mistakes| Problem::mistakes(mistakes.draw(terminal.colours_talk())))?;
    let missing = sweep.missing(&ledger);
    if !missing.is_empty() {
        return Err(incomplete(&missing, &ledger, &sweep));
    }
    let folder = options.out.as_ref().unwrap_or(&options.folders[0]);
    sweeping::check_folder(folder, &charter)?;
    let told = Told::new(folder, &sweep, terminal)?;
    let swept = sweeping::run(&sweep, &charter, crew, Some(told), !options.no_plots, terminal)?;
    Ok(if swept == Swept::Interrupted { Exit::Interrupted } else { Exit::Done })
}

/// What is put together, so that no output is written over it.
fn ledger_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let is_ours = |it: &fs::DirEntry| is_records(&it.file_name().to_string_lossy());
    entries.filter(is_ours).map(|it| it.path()).collect()
}

fn incomplete(missing: &[u32], ledger: &Ledger, sweep: &Sweep) -> Problem {
    let all = sweep.replications();
    let there = ledger.len() as u64;
    let says = format!(
        "{} of {} replications are there; missing are parts of {}",
        thousands(there),
        thousands(all),
        if missing.len() == 1 { "shard" } else { "shards" }
    );
    let list: Vec<String> = missing.iter().map(|it| format!("{it}/{}", ledger.parts)).collect();
    let says = format!("{says} {}", list.join(", "));
    let hint = "run these again with the same command: they go on where they were stopped";
    Problem { exit: Exit::Undecided, text: Text::Plain { says, hint: Some(hint.to_owned()) } }
}
