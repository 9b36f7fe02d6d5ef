//! What can be said on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use std::path::{Path, PathBuf};

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
    after_help = "Exit codes: 0 done; 2 the input is wrong, nothing was written; 4 a fault of \
                  the simulator; 130 interrupted.\n\
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
    /// Print a scenario with every default filled in
    Explain(Explain),
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command<'a> {
    Run(&'a Run),
    Explain(&'a Explain),
}

/// Which scenario.
#[derive(Args, Clone, Debug)]
pub(super) struct Scenario {
    /// The scenario, a TOML file
    // Required, but where a command with a file of its own is given.
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,

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

    /// Seed of all luck, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) seed: Option<u64>,

    /// How many replications, instead of the scenario's
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(super) replications: Option<u32>,

    /// Replications run at once [default: one a processor]
    #[arg(long, value_name = "N", allow_negative_numbers = true,
          value_parser = value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,

    /// Folder of the results [default: results/SCENARIO/]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Write no plots
    #[arg(long)]
    pub(super) no_plots: bool,

    /// Print nothing but errors; the exit code tells
    #[arg(long)]
    pub(super) quiet: bool,
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
            Some(Given::Explain(explain)) => Command::Explain(explain),
            None => Command::Run(&self.run),
        }
    }

    pub(super) fn colour(&self) -> Colour {
        match self.asked() {
            Command::Run(run) => run.scenario.color,
            Command::Explain(explain) => explain.scenario.color,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        match self.asked() {
            Command::Run(run) => run.quiet,
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
            assert_eq!((run.scenario.file().to_str(), run.seed), (Some("a.toml"), Some(3)));
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
