//! How a command ends.

use std::process::ExitCode;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done. Whether the objectives were met is for the reader of the report to judge.
    Done,
    /// The input is wrong; nothing was written.
    Wrong,
    /// An invariant of the simulator does not hold.
    Broken,
    /// Interrupted; what was finished is kept.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Wrong => 2,
            Exit::Broken => 4,
            Exit::Interrupted => 130,
        })
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

    /// The simulator is wrong.
    pub(super) fn broken(says: &str) -> Problem {
        let hint = "this is a mistake of the simulator, not of the scenario; please report it \
                    with the scenario";
        let says = format!("an invariant of the simulator does not hold: {says}");
        Problem { exit: Exit::Broken, text: Text::Plain { says, hint: Some(hint.to_owned()) } }
    }
}
