//! What happens if something is lost, as a document.

use serde::Serialize;

use super::Load;

/// What happens if something is lost.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Losses {
    /// For so long, seconds.
    pub gone_s: f64,
    /// Replications of each; thrice as many where these leave it open.
    pub replications: u32,
    /// One of each kind.
    pub each: Vec<Loss>,
}

/// Something is lost at the safe load.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Loss {
    /// `crash of app.1`.
    pub name: String,
    /// How many there are of its kind: what holds for one holds for each.
    pub alike: u32,
    /// Whether all objectives are kept while it is gone.
    pub kept: Kept,
    /// The one that is missed by most.
    pub worst: Option<String>,
    /// By how much: what is bad over what may be.
    pub badness: Option<f64>,
    /// Requests that fail while it is gone.
    pub failed_share: Option<f64>,
    /// The highest load at which they are kept meanwhile and afterwards: a lower bound; `None`: none
    /// of those tried.
    pub survives: Option<Load>,
    /// Then the lowest load that was tried.
    pub not_even: Option<Load>,
    /// Whether all is well in the second half of as long a time after it is back.
    pub well_again: Kept,
    /// If it is not, what becomes of it at the safe load.
    pub later: Option<Later>,
    /// If it is never well while it is watched, what keeps it so.
    pub ending: Option<Ending>,
}

/// Whether objectives are kept, as far as a few replications can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Surely (95%).
    Yes,
    /// It can be either.
    Perhaps,
    /// Surely not (95%).
    No,
}

/// So many of all requests are not lost without a word, and so many are most of them, whatever was promised.
const MANY: f64 = 0.1;
const MOST: f64 = 0.5;

impl Loss {
    /// The safe load is borne without it.
    pub fn is_borne(&self) -> bool {
        self.kept == Kept::Yes && self.well_again == Kept::Yes
    }

    /// Objectives are kept, and yet many requests fail: what is promised does not count them, or allows
    /// that.
    pub fn is_blind(&self) -> bool {
        let is_kept = self.kept != Kept::No && self.survives.is_some();
        is_kept && self.failed_share.is_some_and(|it| it >= MANY)
    }

    /// No load is survived, or most requests fail.
    pub fn is_fatal(&self) -> bool {
        let fails_most = self.failed_share.is_some_and(|it| it >= MOST);
        self.survives.is_none() || self.is_blind() && fails_most
    }

    /// It is not, surely.
    pub fn is_missed(&self) -> bool {
        self.kept == Kept::No || self.well_again == Kept::No
    }
}

/// What becomes of a site that is not well in time although what it had lost is back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Later {
    /// It recovers slowly.
    Slow {
        /// Well in the second half of so long a time, seconds.
        within_s: f64,
    },
    /// It recovers slowly, and had not at the end.
    Draining {
        /// Seconds for which it was watched.
        watched_s: f64,
        /// After about so many more what has piled up is worked off.
        more_s: f64,
    },
    /// It stays bad though its twin that lost nothing is well, and nothing is worked off: hysteresis.
    Stays {
        /// Seconds for which it was watched.
        watched_s: f64,
    },
    /// Its twin is not well for so long either, or nobody can see whether what has piled up goes away.
    Unknown {
        /// Seconds for which it was watched.
        watched_s: f64,
    },
}

/// A site that was not well for as long as it was watched: the time of the loss and many times as long.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Ending {
    /// Share of visitors' requests that fail, of those that came once all was back. `None`: nobody came.
    pub failed_share: Option<f64>,
    /// Why most of them do.
    pub failing: Vec<Failing>,
    /// Servers that callers pass over for their failures, over all the time watched.
    pub banned: Vec<Banned>,
    /// Attempts that fail, inside of the site as well, for each request of a visitor, over all the time
    /// watched.
    pub failed_attempts: f64,
}

/// Visitors' requests that fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Failing {
    /// Where they fail first.
    pub service: String,
    /// `no server`, `response timeout`, …
    pub cause: String,
    /// Of all requests that came once all was back.
    pub share: f64,
}

/// Servers that are banned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(serde::Deserialize))]
pub struct Banned {
    /// The service that they belong to.
    pub servers: String,
    /// The service that calls them.
    pub by: String,
    /// Of the time of all servers in the eyes of all callers.
    pub share: f64,
}
