//! What an experiment's records belong to: all that its results depend on, on one line.
//!
//! Two processes work on the same experiment if and only if their charters are the same to the
//! letter. Folders and machines are not in it.

use super::sweep::Sweep;
use crate::{
    engine::{digest::Digest, time::Span},
    scenario::{self, Mistakes, Override, Source},
    slo::gate::Rules,
};
use serde::{Deserialize, Serialize};

/// This program's.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const BUILD: &str = env!("SIMULATE_BUILD");

/// The last change of a scenario: a warm-up, found by pilots or as it was written.
const WARM_UP: &str = "scenario.warm_up=";

/// An experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charter {
    /// Of the program: another one may measure something else.
    pub version: String,
    /// Of the program's sources: two builds may bear the same version.
    pub build: String,
    /// The scenarios.
    pub scenarios: Vec<Chartered>,
    /// What is done with them.
    pub work: Work,
}

/// A scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chartered {
    /// Its file as it was named; where that would be a path of one machine, without folders.
    pub file: String,
    /// What it says.
    pub text: String,
    /// What is changed of it, `path=value`, a warm-up that pilots have found among it.
    pub changes: Vec<String>,
    /// Why it is not run: it does not settle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// `simulate sweep`.
    Sweep {
        /// `PATH=VALUES`.
        vary: Vec<String>,
        /// They go together.
        zips: bool,
        /// Each point has luck of its own.
        is_independent: bool,
        /// Of each point.
        replications: u32,
    },
    /// `simulate check`.
    Check {
        /// How sure a verdict must be.
        confidence: f64,
        /// Replications in a round.
        round: u32,
        /// And at most.
        budget: u32,
    },
    /// `simulate capacity`.
    Capacity(Bearing),
}

/// What is asked of `simulate capacity`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bearing {
    /// Replications of a load at most.
    pub budget: u32,
    /// How far below the first miss the safe load may lie.
    pub precision: f64,
    /// How sure the safe load must be.
    pub confidence: f64,
    /// How long what is lost stays away. `None`: nothing is lost.
    pub gone: Option<Span>,
    /// Whether larger sites are tried.
    pub grows: bool,
    /// Whether any number of requests may be simulated before there is a bound; said only where it makes a
    /// difference, so that reports without it stay theirs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_boundless: bool,
}

impl Charter {
    /// Of work that this program does.
    pub fn new(scenarios: Vec<Chartered>, work: Work) -> Charter {
        let (version, build) = (VERSION.to_owned(), BUILD.to_owned());
        Charter { version, build, scenarios, work }
    }

    /// Whether this very program wrote it.
    pub fn is_by_this_program(&self) -> bool {
        self.version == VERSION && self.build == BUILD
    }

    /// On one line, without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a charter has no odd keys")
    }

    /// From its line.
    pub fn of_line(line: &str) -> Option<Charter> {
        serde_json::from_str(line).ok()
    }

    /// To tell it from others.
    pub fn digest(&self) -> String {
        let mut digest = Digest::new();
        digest.fold_bytes(self.line().as_bytes());
        digest.to_string()
    }

    /// To tell what is asked from other questions, whichever build answers it, and before pilots have
    /// found a warm-up: that follows from the rest.
    pub fn question(&self) -> String {
        let mut asked = self.clone();
        asked.build = String::new();
        for scenario in &mut asked.scenarios {
            scenario.changes.pop_if(|last| last.starts_with(WARM_UP));
        }
        asked.digest()
    }

    /// The sweep, if it is one.
    pub fn sweep(&self) -> Option<Result<Sweep, Mistakes>> {
        let Work::Sweep { vary, zips, is_independent, replications } = &self.work else {
            return None;
        };
        let [scenario] = &self.scenarios[..] else { return None };
        let source = scenario.source();
        Some(scenario::grid(&source, vary, *zips).map(|grid| Sweep {
            source,
            changes: scenario.overrides(),
            grid,
            replications: *replications,
            is_independent: *is_independent,
        }))
    }

    /// The rules of a check, if it is one.
    pub fn rules(&self) -> Option<Rules> {
        match self.work {
            Work::Check { confidence, round, budget } => Some(Rules { confidence, round, budget }),
            Work::Sweep { .. } | Work::Capacity(_) => None,
        }
    }

    /// What is asked of a site's capacity, if that is it.
    pub fn bearing(&self) -> Option<Bearing> {
        match self.work {
            Work::Capacity(bearing) => Some(bearing),
            Work::Sweep { .. } | Work::Check { .. } => None,
        }
    }
}

impl Chartered {
    /// Of a file with these changes, warmed up for so long.
    pub fn warmed_up(
        file: String,
        text: String,
        mut changes: Vec<String>,
        warm_up: Span,
    ) -> Chartered {
        changes.push(format!("{WARM_UP}{}ns", warm_up.nanos()));
        Chartered { file, text, changes, unsettled: None }
    }

    /// As it was read.
    pub fn source(&self) -> Source {
        Source { path: self.file.clone(), text: self.text.clone() }
    }

    /// Its changes.
    pub fn overrides(&self) -> Vec<Override> {
        let parsed = self.changes.iter().filter_map(|text| text.parse().ok());
        parsed.map(Override::trimmed).collect()
    }
}
