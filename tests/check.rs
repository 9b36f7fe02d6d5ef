//! `simulate check`, `compare` and what belongs to them, as a shell sees them: verdicts against exact
//! values of M/M/1, exit codes, files, and the same bytes whatever the threads.

#[path = "support/command.rs"]
mod command;

#[path = "check/baselines.rs"]
mod baselines;
#[path = "check/blamed.rs"]
mod blamed;
#[path = "check/budgets.rs"]
mod budgets;
#[path = "check/calls.rs"]
mod calls;
#[path = "check/comparisons.rs"]
mod comparisons;
#[path = "check/culprits.rs"]
mod culprits;
#[path = "check/days.rs"]
mod days;
#[path = "check/examples.rs"]
mod examples;
#[path = "check/files.rs"]
mod files;
#[cfg(unix)]
#[path = "check/interrupted.rs"]
mod interrupted;
#[path = "check/one_run.rs"]
mod one_run;
#[path = "check/overload.rs"]
mod overload;
#[path = "check/refused.rs"]
mod refused;
#[path = "check/scale_up.rs"]
mod scale_up;
#[path = "check/settling.rs"]
mod settling;
#[path = "check/verdicts.rs"]
mod verdicts;
