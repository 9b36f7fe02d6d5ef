//! What is left of a run: a folder of results, and a report on stdout.

use super::{
    arguments::Run,
    exit::Problem,
    prepare::Prepared,
    standing,
    terminal::{Terminal, shown},
};
use crate::{
    measure::{fold::Fold, record::in_order},
    model::blueprint::Blueprint,
    report::{
        csv,
        diagnosis::has_no_end,
        estimates::estimates,
        folder::{self, File, FolderError, RUN},
        hgrm, json, plot,
        precise::Precise,
        summary::Summary,
        terminal::{Colour, render},
    },
    slo::recorded::Recorded,
};
use std::path::{Path, PathBuf};

/// Where results go unless told otherwise, in a folder called like the scenario.
const RESULTS: &str = "results";

/// The folder, if it may be written. To be asked before a long run.
pub(super) fn folder(options: &Run, plan: &Blueprint) -> Result<PathBuf, Problem> {
    let folder = options.out.clone().unwrap_or_else(|| match options.replication {
        // Beside those of the whole experiment.
        Some(number) => usual(plan, &format!("-{number}")),
        None => usual(plan, ""),
    });
    standing::check(RUN, &folder, plan)?;
    Ok(folder)
}

/// The folder of a scenario's results unless told otherwise.
pub(super) fn usual(plan: &Blueprint, suffix: &str) -> PathBuf {
    // A scenario whose name is no name of a folder: `.toml`, `...toml`.
    let is_name = !plan.name.is_empty() && !plan.name.chars().all(|c| c == '.');
    let name = if is_name { &plan.name } else { "scenario" };
    PathBuf::from(RESULTS).join(format!("{name}{suffix}"))
}

/// Writes the results and prints the report, which needs none of them: a full disk is no reason to lose it.
pub(super) fn publish(
    prepared: &Prepared,
    fold: &Fold,
    precise: Vec<Precise>,
    options: &Run,
    to: &Path,
    terminal: Terminal,
) -> Result<(), Problem> {
    let Prepared { plan, scenario, .. } = prepared;
    let summary = Summary { precision: precise, ..Summary::new(plan, fold) };
    let piles_up = has_no_end(plan, summary.diagnosis.stability);
    let figures = in_order(&estimates(plan, fold));
    let recorded = Recorded::new((plan, scenario), fold, &figures, piles_up);
    let mut files = vec![
        File { name: "summary.json", bytes: json::render(&summary).into_bytes() },
        File { name: "latency.csv", bytes: csv::latency(plan, &fold.pool).into_bytes() },
        File { name: "latency.hgrm", bytes: hgrm::render(&fold.pool.site().ok).into_bytes() },
        File { name: "timeseries.csv", bytes: csv::timeseries(plan, &fold.pool).into_bytes() },
        File { name: folder::RECORDED, bytes: json::compact(&recorded).into_bytes() },
    ];
    let mut undrawn = None;
    if !options.no_plots {
        match plot::render(plan, &summary, &fold.pool) {
            Ok(pictures) => files.extend(pictures),
            // The figures are kept all the same.
            Err(error) => undrawn = Some(Problem::broken(&error.to_string())),
        }
    }
    let written = RUN.write(to, &files).map_err(|error| problem(&error));
    let colour = if terminal.colours_data() { Colour::On } else { Colour::Off };
    let digest = folder::digest(&files).to_string();
    let printed = terminal.print(&render(&summary, Some(&digest), colour));
    match (written, &printed) {
        (Ok(_), _) => {}
        (Err(unwritten), Ok(())) => return Err(unwritten),
        (Err(unwritten), Err(_)) => {
            terminal.complain(&unwritten);
        }
    }
    printed?;
    terminal.tell(&format!("results are in {}", shown(to)));
    undrawn.map_or(Ok(()), Err)
}

pub(super) fn problem(error: &FolderError) -> Problem {
    match error {
        FolderError::NotOurs { .. } => Problem::wrong(
            error.to_string(),
            Some("only a folder that holds nothing but earlier results is replaced"),
        ),
        FolderError::Io { left: Some(left), .. } => {
            let hint = format!("what was written of it is in `{}`", left.display());
            Problem::wrong(error.to_string(), Some(&hint))
        }
        FolderError::Io { left: None, .. } => {
            let hint = "nothing there was changed; make room, or name another folder with `--out`";
            Problem::wrong(error.to_string(), Some(hint))
        }
    }
}
