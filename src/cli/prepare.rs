//! A scenario ready to run: read, checked and compiled, its warm-up found if that was left open.

use super::{
    exit::{Exit, Problem, Text},
    layers,
    terminal::Terminal,
};
use crate::{
    engine::time::Span,
    experiment::{
        pilot::{PILOTS, Settling, settling},
        rounds::Crew,
    },
    model::blueprint::Blueprint,
    stats::warm_up::Refusal,
};
use std::path::Path;

/// Pilots are made longer so often, twofold each time, before it is given up.
const LONGER: u32 = 4;

/// What runs, and the scenario with every default filled in.
pub(super) struct Prepared {
    pub(super) plan: Blueprint,
    pub(super) scenario: String,
    /// How long it takes to settle, if that was left open.
    pub(super) found: Option<Span>,
}

impl Prepared {
    /// The user's settings, and the warm-up that was found: what runs the same again without pilots.
    pub(super) fn settings(&self, set: &[String]) -> Vec<String> {
        let found = self.found.map(|_| fixed(self.plan.warm_up));
        set.iter().cloned().chain(found).collect()
    }
}

/// Prepares a scenario with changes, the last of which wins. `None`: interrupted.
pub(super) fn prepare(
    file: &Path,
    changes: &[String],
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<Prepared>, Problem> {
    let mut changes = changes.to_vec();
    let mut plan = layers::compile(file, changes.iter(), terminal)?;
    let mut found = None;
    if plan.finds_warm_up {
        let Some(warm_up) = warm_up(file, &changes, &plan, crew, terminal)? else {
            return Ok(None);
        };
        changes.push(fixed(warm_up));
        plan = layers::compile(file, changes.iter(), terminal)?;
        found = Some(warm_up);
    }
    let scenario = layers::explain(file, changes.iter(), terminal)?;
    Ok(Some(Prepared { plan, scenario, found }))
}

/// The same with a warm-up that was found elsewhere: for the other side of a comparison, or by an
/// earlier run.
pub(super) fn with_warm_up(
    it: &Prepared,
    warm_up: Span,
    file: &Path,
    changes: &[String],
    terminal: Terminal,
) -> Result<Prepared, Problem> {
    Ok(Prepared { found: it.found, ..warmed_up(warm_up, file, changes, terminal)? })
}

/// A scenario with such a warm-up, whatever it says.
pub(super) fn warmed_up(
    warm_up: Span,
    file: &Path,
    changes: &[String],
    terminal: Terminal,
) -> Result<Prepared, Problem> {
    let changes: Vec<String> = changes.iter().cloned().chain([fixed(warm_up)]).collect();
    let plan = layers::compile(file, changes.iter(), terminal)?;
    let scenario = layers::explain(file, changes.iter(), terminal)?;
    Ok(Prepared { plan, scenario, found: Some(warm_up) })
}

/// As somebody would write it, so that it is no change where that stands in the file.
fn fixed(warm_up: Span) -> String {
    let nanos = warm_up.nanos();
    let said = match nanos {
        some if some % 1_000_000_000 == 0 => format!("{}s", some / 1_000_000_000),
        some if some % 1_000_000 == 0 => format!("{}ms", some / 1_000_000),
        some => format!("{some}ns"),
    };
    format!("scenario.warm_up={said}")
}

fn warm_up(
    file: &Path,
    changes: &[String],
    plan: &Blueprint,
    crew: Crew<'_>,
    terminal: Terminal,
) -> Result<Option<Span>, Problem> {
    let mut length = plan.duration;
    let mut too_short = ("work in flight", Refusal::LateMinimum);
    for _ in 0..LONGER {
        let quiet = [
            "scenario.warm_up=0".to_owned(),
            format!("scenario.duration={}ns", length.nanos()),
            "event=[]".to_owned(),
            "slo=[]".to_owned(),
        ];
        let pilot = layers::compile(file, changes.iter().chain(&quiet), terminal)?;
        let settled = settling(&pilot, crew).map_err(|failure| {
            Problem::failed(&failure, |number| format!("pilot {number} of `{}`", plan.name))
        })?;
        match settled {
            None => return Ok(None),
            Some(Settling::After(span)) => {
                let seconds = span.seconds();
                terminal.tell(&format!("warm-up: {seconds} s, by {PILOTS} pilots without events"));
                return Ok(Some(span));
            }
            Some(Settling::Never) => {
                return Err(refused(
                    format!(
                        "`{}` never settles: unfinished work piles up, the load is at or above \
                         capacity",
                        plan.name
                    ),
                    "there is no steady state to measure; a warm-up written as a span, such as \
                     `--set warm_up=0`, shows the beginning of the end",
                ));
            }
            Some(Settling::TooShort(series, why)) => too_short = (series, why),
        }
        length = length.times(2);
    }
    let (name, seconds) = (&plan.name, length.seconds() / 2.0);
    let says = match too_short {
        (series, Refusal::TooFew) => {
            format!("`{name}` has too few values of its {series} in {seconds} s to tell")
        }
        (series, _) => format!("`{name}` has not settled within {seconds} s, by its {series}"),
    };
    Err(refused(says, "a longer `duration` makes longer pilots; or write `warm_up` as a span"))
}

/// The scenario is no mistake; there is just nothing to say of it.
fn refused(says: String, hint: &str) -> Problem {
    let text = Text::Plain { says, hint: Some(hint.to_owned()) };
    Problem { exit: Exit::Undecided, text }
}
