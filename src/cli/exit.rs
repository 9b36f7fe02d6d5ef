//! How a command ends.

use crate::experiment::replicate::Failure;
use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done; all promises are kept, where they were asked about.
    Done,
    /// A promise is broken.
    Missed,
    /// The input is wrong; nothing was written.
    Wrong,
    /// Of some promise nobody can say, and none is known to be broken.
    Undecided,
    /// An invariant of the simulator does not hold.
    Broken,
    /// Interrupted; what was finished is kept.
    Interrupted,
}

impl Exit {
    /// What the shell sees.
    pub(super) const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Missed => 1,
            Exit::Wrong => 2,
            Exit::Undecided => 3,
            Exit::Broken => 4,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) exit: Exit,
    pub(super) text: Text,
}

/// What there is to say about it.
#[derive(Debug)]
pub(super) enum Text {
    /// One sentence, and what to do about it.
    Plain { says: String, hint: Option<String> },
    /// Drawn already, from the first line to the last.
    Drawn(String),
}

impl Problem {
    /// The user's input is wrong.
    pub(super) fn wrong(says: impl Into<String>, hint: Option<&str>) -> Problem {
        let text = Text::Plain { says: says.into(), hint: hint.map(str::to_owned) };
        Problem { exit: Exit::Wrong, text }
    }

    /// The scenario is wrong, as drawn.
    pub(super) fn mistakes(drawn: String) -> Problem {
        Problem { exit: Exit::Wrong, text: Text::Drawn(drawn) }
    }

    /// Replications could not be run. `again`: what is to be said of one that broke an invariant, and
    /// how it is seen again.
    pub(super) fn failed(failure: &Failure, again: impl FnOnce(u64) -> String) -> Problem {
        match failure {
            Failure::NoThreads { .. } => {
                Problem::wrong(failure.to_string(), Some("try fewer, such as `--threads 1`"))
            }
            Failure::Mistaken { .. } => Problem::wrong(
                failure.to_string().trim_end(),
                Some("what is finished of the others is kept"),
            ),
            Failure::Ledger { .. } | Failure::Output { .. } => Problem::wrong(
                failure.to_string(),
                Some("what is finished is kept; the same command goes on from there"),
            ),
            Failure::Elsewhere { .. } => {
                let text = Text::Plain { says: failure.to_string(), hint: None };
                Problem { exit: Exit::Undecided, text }
            }
            Failure::Broken { replication, .. } => {
                let hint = format!(
                    "this is a mistake of the simulator, not of the scenario; please report it \
                     with the scenario; it was {}",
                    again(*replication)
                );
                let text = Text::Plain { says: failure.to_string(), hint: Some(hint) };
                Problem { exit: Exit::Broken, text }
            }
        }
    }

    /// What it says and what to do about it, as one line.
    pub(super) fn sentence(&self) -> String {
        match &self.text {
            Text::Plain { says, hint: Some(hint) } => format!("{says}; {hint}"),
            Text::Plain { says, hint: None } | Text::Drawn(says) => says.clone(),
        }
    }

    /// The simulator is wrong.
    pub(super) fn broken(says: &str) -> Problem {
        let hint = "this is a mistake of the simulator, not of the scenario; please report it \
                    with the scenario";
        let says = format!("an invariant of the simulator does not hold: {says}");
        Problem { exit: Exit::Broken, text: Text::Plain { says, hint: Some(hint.to_owned()) } }
    }
}
