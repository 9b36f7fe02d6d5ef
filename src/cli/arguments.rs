//! What can be said on the command line.

use crate::{
    engine::time::Span,
    experiment::{ledger::Shard, rounds::Crew},
    scenario,
    slo::gate::Rules,
};
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

/// Simulates a whole web site: what users feel, and which machine gives in first.
///
/// `simulate FILE` runs a scenario, as `simulate run FILE` does. The same scenario, seed and
/// version give the same bytes, whatever the number of threads.
#[derive(Debug, Parser)]
#[command(
    name = "simulate",
    version,
    max_term_width = 80,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    override_usage = "simulate [OPTIONS] <FILE>\n       simulate <COMMAND> [OPTIONS] <FILE>",
    after_help = "Exit codes: 0 done (of `compare`, whatever it found: `check --baseline` is the gate); of `check`, \
                  all promises kept; 1 an objective is missed there; 2 the input is \
                  wrong, nothing was written; 3 undecided or no data; 4 a fault of the \
                  simulator; 130 interrupted.\n\
                  A file that is called like a command: `simulate ./run`."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Given>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Given {
    /// Run a scenario and report, as `simulate FILE` does
    Run(Run),
    /// Judge scenarios by their objectives; the exit code says whether all are met
    Check(Check),
    /// Compare two scenarios, or one with changes, on common luck
    ///
    /// It tells what changed and judges no promise: the exit code is 0 whatever is better, worse or undecided.
    /// `simulate check --baseline DIR` is the gate: 1 where an objective is worse by more than its margin.
    Compare(Compare),
    /// Find the highest load that holds all objectives, and what is left without a part
    Capacity(Capacity),
    /// Run many variants of a scenario: `--vary app.instances=2..12`
    Sweep(Sweep),
    /// Put together what was run in parts (`--shard`)
    Merge(Merge),
    /// Print a scenario with every default filled in
    Explain(Explain),
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command<'a> {
    Run(&'a Run),
    Check(&'a Check),
    Compare(&'a Compare),
    Capacity(&'a Capacity),
    Sweep(&'a Sweep),
    Merge(&'a Merge),
    Explain(&'a Explain),
}

/// Which scenario.
#[derive(Args, Clone, Debug)]
pub(super) struct Scenario {
    /// The scenario, a TOML file
    // Required, but where a command with a file of its own is given.
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) changes: Changes,
}

/// What is changed of it, and how it is shown.
#[derive(Args, Clone, Debug)]
pub(super) struct Changes {
    /// Change a setting: `app.workers=12`; may be repeated
    #[arg(long, value_name = "PATH=VALUE", allow_hyphen_values = true)]
    pub(super) set: Vec<String>,

    /// Colours: auto, always, never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(super) color: Colour,
}

/// `simulate run`.
#[derive(Args, Clone, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) scenario: Scenario,

    /// How many replications, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(super) replications: Option<u32>,

    /// Run this replication alone, the first is 0
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          conflicts_with_all = ["replications", "precision"],
          value_parser = value_parser!(u64).range(0..1 << 40))]
    pub(super) replication: Option<u64>,

    /// As many replications as it takes to know figures within this share of them, either way
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true,
          conflicts_with = "replications", value_parser = narrowness)]
    pub(super) precision: Option<f64>,

    /// Which figures: `all requests: p99`; may be repeated
    #[arg(long, value_name = "NAME", requires = "precision")]
    pub(super) figure: Vec<String>,

    /// Replications at most, to reach the precision
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 1000,
          requires = "precision", value_parser = value_parser!(u32).range(20..=1_000_000))]
    pub(super) budget: u32,

    /// Folder of the results [default: results/SCENARIO/]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Write no plots
    #[arg(long)]
    pub(super) no_plots: bool,

    #[command(flatten)]
    pub(super) conduct: Conduct,
}

/// `simulate check`.
#[derive(Args, Clone, Debug)]
pub(super) struct Check {
    /// The scenarios, TOML files with objectives (`[[slo]]`)
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) changes: Changes,

    #[command(flatten)]
    pub(super) effort: Effort,

    /// Fail on what is worse than in these results of an earlier run, and only on that
    // It has as many pairs as there are replications in it, and is looked at once.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["budget", "round"])]
    pub(super) baseline: Option<PathBuf>,

    #[command(flatten)]
    pub(super) forms: Forms,

    /// Do the second of four parts of the next round: `2/4`; `simulate merge` judges
    #[arg(long, value_name = "I/N", requires = "out", conflicts_with = "baseline")]
    pub(super) shard: Option<Shard>,

    /// Folder of all parts' records
    #[arg(long, value_name = "DIR", requires = "shard")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) conduct: Conduct,
}

/// Verdicts for programs.
#[derive(Args, Clone, Debug)]
pub(super) struct Forms {
    /// Write a JUnit file (XML), a case for each objective
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,

    /// Write the verdicts with their figures as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    /// Write a summary in Markdown (`"$GITHUB_STEP_SUMMARY"`)
    #[arg(long, value_name = "FILE")]
    pub(super) markdown: Option<PathBuf>,

    /// Print GitHub's annotations behind the report
    #[arg(long)]
    pub(super) github: bool,
}

/// `simulate compare`.
#[derive(Args, Clone, Debug)]
pub(super) struct Compare {
    /// One scenario, and the other; one alone is compared with itself under `--set`
    #[arg(value_name = "FILE", required = true, num_args = 1..=2)]
    pub(super) files: Vec<PathBuf>,

    /// Compare with the results of an earlier run, a folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["budget", "round"])]
    pub(super) baseline: Option<PathBuf>,

    // Changes the other side alone.
    #[command(flatten)]
    pub(super) changes: Changes,

    #[command(flatten)]
    pub(super) effort: Effort,

    /// Write the differences as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,

    #[command(flatten)]
    pub(super) conduct: Conduct,
}

/// `simulate sweep`.
#[derive(Args, Clone, Debug)]
pub(super) struct Sweep {
    /// The scenario, a TOML file; its `[sweep]` says what to vary, too
    #[arg(value_name = "FILE", required = true)]
    pub(super) file: PathBuf,

    /// Values of a setting: `a,b`, `2..12`, `1..9:2`, `1ms..1s:log7`, `1ms..9ms:lin5`
    #[arg(long, value_name = "PATH=VALUES", allow_hyphen_values = true)]
    pub(super) vary: Vec<String>,

    /// The settings of `--vary` go together, value by value
    #[arg(long)]
    pub(super) zip: bool,

    #[command(flatten)]
    pub(super) changes: Changes,

    /// Replications of each point, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(super) replications: Option<u32>,

    /// Give each point luck of its own, rather than all the same
    #[arg(long)]
    pub(super) independent: bool,

    /// Do the second of four parts: `2/4`; `simulate merge` puts them together
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,

    /// Folder of the results [default: results/SCENARIO-sweep/]; what is there goes on
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Begin even if there are very many points
    #[arg(long)]
    pub(super) yes: bool,

    /// Write no plots
    #[arg(long)]
    pub(super) no_plots: bool,

    #[command(flatten)]
    pub(super) conduct: Conduct,
}

/// `simulate merge`.
#[derive(Args, Clone, Debug)]
pub(super) struct Merge {
    /// Folders with the parts' records
    #[arg(value_name = "DIR", required = true)]
    pub(super) folders: Vec<PathBuf>,

    /// Folder of the results [default: a sweep's the first one, a capacity's its usual one]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    #[command(flatten)]
    pub(super) forms: Forms,

    /// Write no plots
    #[arg(long)]
    pub(super) no_plots: bool,

    /// Colours: auto, always, never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(super) color: Colour,

    /// Print nothing but errors
    #[arg(long)]
    pub(super) quiet: bool,
}

/// `simulate capacity`.
#[derive(Args, Clone, Debug)]
pub(super) struct Capacity {
    #[command(flatten)]
    pub(super) scenario: Scenario,

    /// How long a load has to be borne [default: the scenario's duration]
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true, value_parser = some_time)]
    pub(super) sustain: Option<Span>,

    /// Replications of a load at most, where it is searched; on trial it may have twice as many
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 400,
          value_parser = value_parser!(u32).range(20..=100_000))]
    pub(super) budget: u32,

    /// How far below the first miss the safe load may lie, as far as the budget goes
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value = "2%",
          value_parser = narrowness)]
    pub(super) precision: f64,

    /// How sure the safe load must be
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value = "95%",
          value_parser = confidence)]
    pub(super) confidence: f64,

    /// How long what is lost stays away
    #[arg(long, value_name = "SPAN", allow_hyphen_values = true, default_value = "30s",
          value_parser = some_time)]
    pub(super) loss: Span,

    /// Lose nothing: what a lost instance, host or zone does is left out
    #[arg(long)]
    pub(super) no_losses: bool,

    /// Add nothing: what to add next is left out
    #[arg(long)]
    pub(super) no_scaling: bool,

    /// Do the second of four parts of the next round: `2/4`; `simulate merge` answers
    #[arg(long, value_name = "I/N", requires = "out")]
    pub(super) shard: Option<Shard>,

    /// Folder of the results [default: results/SCENARIO-capacity/], or of all parts' records
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Begin even if that takes very many requests
    #[arg(long)]
    pub(super) yes: bool,

    /// Write no plots
    #[arg(long)]
    pub(super) no_plots: bool,

    #[command(flatten)]
    pub(super) conduct: Conduct,
}

/// A span, more than none.
fn some_time(text: &str) -> Result<Span, String> {
    match scenario::span(text) {
        Ok(span) if span < Span::from_millis(1) => Err("no time at all".to_owned()),
        other => other,
    }
}

/// Whose luck it is, who works, and what is said meanwhile.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Conduct {
    /// Seed of all luck, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<u64>,

    /// Replications run at once [default: one a processor]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Print nothing but errors; the exit code tells
    #[arg(long)]
    quiet: bool,
}

impl Conduct {
    /// The seed as a change of the scenario: it goes the way of `--set`, behind it, so that it is
    /// checked and explained in one place, and the last one wins.
    pub(super) fn change(self) -> Option<String> {
        self.seed.map(|seed| format!("scenario.seed={seed}"))
    }

    /// Who works.
    pub(super) fn crew(self, interrupted: &AtomicBool) -> Crew<'_> {
        Crew::new(self.threads(), interrupted)
    }

    /// How many threads, if that was said.
    pub(super) fn threads(self) -> Option<usize> {
        self.threads.map(usize::from)
    }
}

/// How hard to look.
#[derive(Args, Clone, Debug)]
pub(super) struct Effort {
    /// Replications of a scenario at most
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 200,
          value_parser = value_parser!(u32).range(5..=1_000_000))]
    pub(super) budget: u32,

    /// Replications in each round
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 20,
          value_parser = value_parser!(u32).range(5..=100_000))]
    pub(super) round: u32,

    /// How sure a verdict must be
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value = "95%",
          value_parser = confidence)]
    pub(super) confidence: f64,
}

impl Effort {
    /// The rules by which verdicts are found.
    pub(super) fn rules(&self) -> Rules {
        Rules { confidence: self.confidence, round: self.round, budget: self.budget }
    }
}

/// `2%` or `0.02`, more than nothing.
fn narrowness(text: &str) -> Result<f64, String> {
    match share(text) {
        Some(share) if (0.000_01..1.0).contains(&share) => Ok(share),
        Some(_) => Err("from 0.001% to less than 100%".to_owned()),
        None => Err("as in `2%` or `0.02`".to_owned()),
    }
}

fn share(text: &str) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|it| it / 100.0),
        None => text.parse::<f64>().ok(),
    }
}

/// `95%` or `0.95`, at least a half and less than certain.
fn confidence(text: &str) -> Result<f64, String> {
    match share(text) {
        // A percentage that is divided by a hundred is not always the nearest number to what was written.
        Some(share) if (0.5..=0.999_999).contains(&share) => Ok((share * 1e12).round() / 1e12),
        Some(_) => Err("from 50% to 99.9999%: nothing that is drawn is certain".to_owned()),
        None => Err("as in `95%` or `0.95`".to_owned()),
    }
}

/// `simulate explain`.
#[derive(Args, Clone, Debug)]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) scenario: Scenario,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl Scenario {
    pub(super) fn file(&self) -> &Path {
        self.file.as_deref().expect("clap requires a file")
    }
}

impl Arguments {
    pub(super) fn asked(&self) -> Command<'_> {
        match &self.command {
            Some(Given::Run(run)) => Command::Run(run),
            Some(Given::Check(check)) => Command::Check(check),
            Some(Given::Compare(compare)) => Command::Compare(compare),
            Some(Given::Capacity(capacity)) => Command::Capacity(capacity),
            Some(Given::Sweep(sweep)) => Command::Sweep(sweep),
            Some(Given::Merge(merge)) => Command::Merge(merge),
            Some(Given::Explain(explain)) => Command::Explain(explain),
            None => Command::Run(&self.run),
        }
    }

    pub(super) fn colour(&self) -> Colour {
        match self.asked() {
            Command::Run(run) => run.scenario.changes.color,
            Command::Check(check) => check.changes.color,
            Command::Compare(compare) => compare.changes.color,
            Command::Capacity(capacity) => capacity.scenario.changes.color,
            Command::Sweep(sweep) => sweep.changes.color,
            Command::Merge(merge) => merge.color,
            Command::Explain(explain) => explain.scenario.changes.color,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        match self.asked() {
            Command::Run(run) => run.conduct.quiet,
            Command::Check(check) => check.conduct.quiet,
            Command::Compare(compare) => compare.conduct.quiet,
            Command::Capacity(capacity) => capacity.conduct.quiet,
            Command::Sweep(sweep) => sweep.conduct.quiet,
            Command::Merge(merge) => merge.quiet,
            Command::Explain(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn clap_finds_no_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_file_alone_is_run() {
        for line in ["simulate a.toml --seed 3", "simulate run a.toml --seed 3"] {
            let arguments = parsed(line).unwrap();
            let Command::Run(run) = arguments.asked() else { panic!("{line}") };
            assert_eq!((run.scenario.file().to_str(), run.conduct.seed), (Some("a.toml"), Some(3)));
        }
    }

    #[test]
    fn a_file_may_be_called_like_a_command() {
        let arguments = parsed("simulate ./run").unwrap();
        assert!(matches!(arguments.asked(), Command::Run(_)));
        let arguments = parsed("simulate run explain").unwrap();
        assert!(matches!(arguments.asked(), Command::Run(_)));
        assert!(parsed("simulate run").is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["simulate", "simulate a b", "simulate a --threads 0", "simulate a --seed -1"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn help_fits_a_terminal() {
        let mut command = Arguments::command();
        let mut texts = vec![command.render_help(), command.render_long_help()];
        for sub in command.get_subcommands_mut() {
            texts.extend([sub.render_help(), sub.render_long_help()]);
        }
        for text in texts {
            let text = text.to_string();
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        }
    }
}
