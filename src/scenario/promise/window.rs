//! When an objective holds.

use crate::{
    engine::time::{Instant, Span},
    model::{
        blueprint::{Promise, Recovery},
        episodes,
    },
    scenario::{
        fields::{Fields, Notes, Read},
        happening::lasts,
        mistake::At,
        schema::Site,
        units::span,
    },
};

const WINDOWS: &str =
    "as in \"0s..3min\", \"before event 1\", \"during event 1\", \"after event 1\"";

/// The window, as times after the end of the warm-up.
pub(super) fn window(fields: &Fields<'_>, site: &Site) -> Option<(Span, Span)> {
    let Some(node) = fields.node("window") else {
        fields.filled("window", format!("\"0s..{}s\"", site.duration.seconds()), "the whole run");
        return Some((Span::ZERO, site.duration));
    };
    let notes = fields.notes;
    let text = String::read(node, notes)?;
    let trimmed = text.trim();
    for (word, part) in [("before", 0), ("during", 1), ("after", 2)] {
        if let Some(rest) = trimmed.strip_prefix(word) {
            return around(rest, part, node.at, site, notes);
        }
    }
    let ends = trimmed.split_once("..").map(|(from, until)| (span(from), span(until)));
    match ends {
        Some((Ok(from), Ok(until))) if from < until && until <= site.duration => {
            Some((from, until))
        }
        Some((Ok(from), Ok(until))) if from < until => {
            notes.hinted(node.at, format!("the window `{text}` ends after the run"), lasts(site));
            None
        }
        Some((Ok(_), Ok(_))) => {
            let hint = format!("it has to end after it begins, {WINDOWS}");
            notes.hinted(node.at, format!("the window `{text}` is empty"), hint);
            None
        }
        Some((Err(reason), _) | (_, Err(reason))) => {
            notes.hinted(node.at, reason.0, reason.1);
            None
        }
        None => {
            notes.hinted(node.at, format!("`{text}` is not a window"), WINDOWS);
            None
        }
    }
}

/// The time before, during or after an event, which is named by its number.
fn around(rest: &str, part: usize, at: At, site: &Site, notes: &Notes) -> Option<(Span, Span)> {
    let number = rest.trim().strip_prefix("event").and_then(|it| it.trim().parse::<usize>().ok());
    let Some(number) = number else {
        notes.hinted(at, "events are named by their number", WINDOWS);
        return None;
    };
    let episode = number.checked_sub(1).and_then(|index| site.episodes.get(index));
    let Some(episode) = episode else {
        let says = format!("no event {number}: the scenario has {}", site.episodes.len());
        notes.hinted(at, says, "they are counted from 1, in the order of the file");
        return None;
    };
    let lasts: Vec<_> = site.episodes.iter().map(|it| (it.from, it.until)).collect();
    let [before, after] = episodes::around(&lasts, number - 1, (Span::ZERO, site.duration));
    let (from, until) = [before, (episode.from, episode.until), after][part];
    // What has been told of the event is why.
    if from >= until && episode.from == episode.until && notes.has_mistakes() {
        return None;
    }
    if from >= until {
        let says = format!("there is no time {} it", ["before", "during", "after"][part]);
        let hint = format!(
            "it lasts from {}s to {}s, and the run is measured until {}s",
            episode.from.seconds(),
            episode.until.seconds(),
            site.duration.seconds()
        );
        notes.hinted(at, says, hint);
        return None;
    }
    Some((from, until))
}

/// Whether the window has all that a recovery or a budget looks at.
pub(super) fn holds_in(
    (from, until): (Span, Span),
    promise: Promise,
    at: At,
    site: &Site,
    notes: &Notes,
) -> Option<()> {
    match promise {
        Promise::Recovery(Recovery { clock, hold, within, .. }) => {
            let clock = clock.since(Instant::ZERO + site.warm_up);
            if clock < from {
                let says = "the window begins when the clock of the recovery has run for a while";
                notes.hinted(at, says, format!("the clock starts at {}s", clock.seconds()));
                return None;
            }
            if clock + hold >= until {
                let says = "the window ends before anything can have held for so long";
                let hint = format!("the clock starts at {}s", clock.seconds());
                notes.hinted(at, says, hint);
                return None;
            }
            let needed = clock + within + hold;
            if needed > until {
                let says = format!(
                    "the window ends at {}s, before anybody can tell who is well again in time",
                    until.seconds()
                );
                let hint = format!(
                    "the clock starts at {}s, the limit is {}s and what is well has to hold for {}s: \
                     the window has to last until {}s",
                    clock.seconds(),
                    within.seconds(),
                    hold.seconds(),
                    needed.seconds()
                );
                notes.hinted(at, says, hint);
                return None;
            }
        }
        Promise::Budget(_) => {
            let expected = (1..).zip(&site.episodes).filter(|(_, it)| it.rate.is_some());
            for (number, it) in expected {
                if from <= it.from && it.until < until {
                    continue;
                }
                let says = if it.until == site.duration {
                    format!("event {number} (`{}`) is not undone, so it burns more", it.name)
                } else {
                    format!("event {number} (`{}`) is not within the window", it.name)
                };
                let hint = "what an event burns is seen if it begins, ends and wears off there: \
                            give it a `for`, or the budget another `window`";
                notes.hinted(at, says, hint);
                return None;
            }
        }
        _ => {}
    }
    Some(())
}
