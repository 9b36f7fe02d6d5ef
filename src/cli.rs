//! Arguments in, exit code out. Data goes to stdout, everything else to stderr.
//!
//! An interrupt is noticed between replications (`interrupt`). Results are written beside and
//! renamed, so being killed at any time leaves the old results or none.

mod arguments;
mod baseline;
mod capacity;
mod check;
mod compare;
mod exit;
mod explain;
mod foresee;
mod interrupt;
mod layers;
mod merge;
mod parts;
mod prepare;
mod publish;
mod read;
mod repeat;
mod run;
mod single;
mod standing;
mod sweep;
mod sweeping;
mod terminal;

use self::{
    arguments::{Arguments, Command},
    exit::{Exit, Problem},
    terminal::Terminal,
};
use crate::experiment::replicate;
use clap::Parser as _;
use std::{panic, process::ExitCode};

/// Runs the command line.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(says) => {
            // A reader that has gone (`simulate -h | head -1`) is no failure.
            let _ = says.print();
            return if says.use_stderr() { Exit::Wrong.into() } else { Exit::Done.into() };
        }
    };
    let terminal = Terminal::new(arguments.colour(), arguments.is_quiet());
    let work = || match arguments.asked() {
        Command::Run(options) => run::run(options, terminal),
        Command::Check(options) => check::check(options, terminal),
        Command::Compare(options) => compare::compare(options, terminal),
        Command::Sweep(options) => sweep::sweep(options, terminal),
        Command::Merge(options) => merge::merge(options, terminal),
        Command::Capacity(options) => capacity::capacity(options, terminal),
        Command::Explain(options) => explain::explain(options, terminal),
    };
    // The replications have their own; this one is for what compiles and reports.
    let outcome = panic::catch_unwind(panic::AssertUnwindSafe(work));
    let outcome = outcome.unwrap_or_else(|says| Err(Problem::broken(&replicate::text_of(&*says))));
    outcome.unwrap_or_else(|problem| terminal.complain(&problem)).into()
}
