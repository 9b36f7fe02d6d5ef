//! What the user sees: data on stdout, talk on stderr, colours and a progress bar where somebody
//! watches.

use super::{
    arguments::Colour,
    exit::{Exit, Problem, Text},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    env,
    io::{self, ErrorKind, IsTerminal, Write},
    path::Path,
    time::Duration,
};

/// Often enough that the bar's clock runs, seldom enough to cost nothing.
const TICK: Duration = Duration::from_millis(500);

/// Where output goes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    colour: Colour,
    is_quiet: bool,
}

impl Terminal {
    pub(super) fn new(colour: Colour, is_quiet: bool) -> Terminal {
        Terminal { colour, is_quiet }
    }

    /// Whether what goes to stdout is coloured.
    pub(super) fn colours_data(self) -> bool {
        self.colours(&io::stdout())
    }

    /// Whether what goes to stderr is coloured.
    pub(super) fn colours_talk(self) -> bool {
        self.colours(&io::stderr())
    }

    fn colours(self, stream: &impl IsTerminal) -> bool {
        match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                let forbids = |name, value: fn(&str) -> bool| {
                    env::var_os(name).is_some_and(|it| value(&it.to_string_lossy()))
                };
                // https://no-color.org: present and not empty.
                stream.is_terminal()
                    && !forbids("NO_COLOR", |it| !it.is_empty())
                    && !forbids("TERM", |it| it == "dumb")
            }
        }
    }

    /// Data. A reader that has seen enough (`| head`) is no failure.
    pub(super) fn print(self, text: &str) -> Result<(), Problem> {
        if self.is_quiet {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Problem::wrong(format!("cannot write to stdout: {error}"), None))
            }
            _ => Ok(()),
        }
    }

    /// Talk, which nobody needs.
    pub(super) fn tell(self, text: &str) {
        if !self.is_quiet {
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Says what went wrong, whatever else is to be kept quiet.
    pub(super) fn complain(self, problem: &Problem) -> Exit {
        let text = match &problem.text {
            Text::Drawn(drawn) => drawn.clone(),
            Text::Plain { says, hint } => {
                let (red, blue, off) = if self.colours_talk() {
                    ("\x1b[1;31m", "\x1b[1;34m", "\x1b[0m")
                } else {
                    ("", "", "")
                };
                let hint = hint.as_ref().map(|hint| format!("{blue}hint{off}: {hint}\n"));
                format!("{red}error{off}: {says}\n{}", hint.unwrap_or_default())
            }
        };
        // Without stderr there is nobody left to tell; the exit code stands.
        let _ = io::stderr().write_all(text.as_bytes());
        problem.exit
    }

    /// A bar over so many replications; hidden where nobody watches.
    pub(super) fn progress(self, replications: u64) -> ProgressBar {
        // What does not fit behind that is cut off.
        self.bar(replications, "{bar:20} {pos} of {len} replications, {elapsed} so far{wide_msg}")
    }

    /// The same where it is known how many there will be.
    pub(super) fn progress_left(self, replications: u64) -> ProgressBar {
        self.bar(replications, "{bar:20} {pos} of {len} replications, {eta} left")
    }

    fn bar(self, replications: u64, style: &str) -> ProgressBar {
        let is_watched = !self.is_quiet && io::stderr().is_terminal();
        let target =
            if is_watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(replications), target);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        if is_watched {
            bar.enable_steady_tick(TICK);
        }
        bar
    }
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// A stranger's text on one line, whatever it is made of.
pub(super) fn printable(text: &str) -> String {
    let escaped = |c: char| {
        let hidden = if c.is_control() { Some(c.escape_default()) } else { None };
        let plain = if c.is_control() { None } else { Some(c) };
        hidden.into_iter().flatten().chain(plain)
    };
    text.chars().flat_map(escaped).collect()
}

/// A word of a command for a shell.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("service.web.instances=4"), "service.web.instances=4");
        assert_eq!(quoted("title=it's"), r"'title=it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
