//! What is lost, in words.

use super::{
    super::{Kept, Later, Load, Loss, Losses},
    bare,
};
use crate::report::format::{percent, three};

/// Losses that no load survives that was tried, or at which most requests fail, by name: of what stands alone, and of what has its likes.
pub(in crate::report::capacity) fn unsurvived(losses: &Losses) -> [Vec<&str>; 2] {
    let names = |alone: bool| {
        let is = move |it: &&Loss| match (it.alike == 1, alone) {
            (true, true) => it.is_fatal(),
            (false, false) => it.survives.is_none(),
            (true, false) | (false, true) => false,
        };
        losses.each.iter().filter(is).map(|it| it.name.as_str()).collect()
    };
    [names(true), names(false)]
}

/// Losses at which many requests fail although objectives are kept.
pub(in crate::report::capacity) fn blind(losses: &Losses) -> Option<String> {
    let such = losses.each.iter().filter(|it| it.is_blind());
    let named: Vec<String> = such
        .map(|it| format!("{} ({})", it.name, percent(it.failed_share.unwrap_or_default())))
        .collect();
    (!named.is_empty()).then(|| {
        format!(
            "the objectives are kept, or perhaps, and many requests fail all the same: {}; an objective \
             on `success` says how many may",
            named.join("; ")
        )
    })
}

pub(in crate::report::capacity) fn kept(it: Kept) -> &'static str {
    match it {
        Kept::Yes => "yes",
        Kept::Perhaps => "perhaps",
        Kept::No => "NO",
    }
}

/// What is left of the safe load, as far as anything is known of it.
pub(in crate::report::capacity) fn survives(loss: &Loss, says: fn(&Load) -> String) -> String {
    match &loss.survives {
        Some(_) if loss.is_blind() => fails(loss),
        Some(_) if loss.is_borne() => "the safe load".to_owned(),
        Some(load) => says(load),
        None => not_even(loss, roughly).to_uppercase(),
    }
}

/// `fails 49.9%`: that objectives are kept meanwhile is not all that matters.
pub fn fails(loss: &Loss) -> String {
    format!("fails {}", percent(loss.failed_share.unwrap_or_default()))
}

/// The lowest load that was tried, where that is not survived either.
pub fn not_even(loss: &Loss, says: fn(&Load) -> String) -> String {
    match &loss.not_even {
        Some(tried) => format!("not even {}", says(tried)),
        None => "none of those tried".to_owned(),
    }
}

/// Three digits, without the unit: what was only tried is no figure to go by.
pub fn roughly(load: &Load) -> String {
    match (load.per_s, load.users) {
        (Some(per_s), None) if per_s < 999.5 => three(per_s),
        _ => bare(load),
    }
}

/// What `perhaps` means, where it is said.
pub(in crate::report::capacity) fn perhaps(losses: &Losses) -> Option<String> {
    let is_said = |it: &Loss| it.kept == Kept::Perhaps || it.well_again == Kept::Perhaps;
    losses.each.iter().any(is_said).then(|| {
        "perhaps: whether the objectives are kept at the safe load was not to be told with 95% \
         confidence; what is survived is a lower bound all the same"
            .to_owned()
    })
}

/// Whether all is well again after a loss, in a few words.
pub(in crate::report::capacity) fn again(loss: &Loss) -> String {
    match loss.later {
        None => kept(loss.well_again).to_owned(),
        Some(Later::Slow { within_s }) => format!("within {}", minutes(within_s)),
        Some(Later::Draining { watched_s, more_s }) => {
            format!("in ~{}", minutes(watched_s + more_s))
        }
        Some(Later::Stays { .. }) => "STAYS BAD".to_owned(),
        Some(Later::Unknown { watched_s }) => format!("not in {}", minutes(watched_s)),
    }
}

fn minutes(seconds: f64) -> String {
    match seconds {
        some if some < 120.0 => format!("{some:.0} s"),
        some => format!("{:.0} min", (some / 60.0).ceil()),
    }
}

/// What those words mean, of those that need it.
pub(in crate::report::capacity) fn afterwards(losses: &Losses) -> Vec<String> {
    let named = |is: fn(&Later) -> bool| -> Vec<&str> {
        let such = losses.each.iter().filter(|it| it.later.as_ref().is_some_and(is));
        such.map(|it| it.name.as_str()).collect()
    };
    let watched_s = losses.each.iter().filter_map(|it| match it.later? {
        Later::Slow { .. } => None,
        Later::Draining { watched_s, .. }
        | Later::Stays { watched_s }
        | Later::Unknown { watched_s } => Some(watched_s),
    });
    let watched = minutes(watched_s.fold(0.0, f64::max));
    let mut lines = Vec::new();
    let mut line = |names: Vec<&str>, says: String| {
        if !names.is_empty() {
            lines.push(format!("{says}: {}", names.join("; ")));
        }
    };
    line(
        named(|it| matches!(it, Later::Stays { .. })),
        format!(
            "does not recover by itself at the safe load (hysteresis): bad for {watched} after all \
             is back, nothing is worked off, and the same replications are well if nothing is lost"
        ),
    );
    line(
        named(|it| matches!(it, Later::Draining { .. })),
        format!("recovers slowly: what has piled up was still being worked off after {watched}"),
    );
    line(
        named(|it| matches!(it, Later::Unknown { .. })),
        format!(
            "not well within {watched}, and whether for ever cannot be told: the site is not well \
             for so long without a loss either, or has too little to spare"
        ),
    );
    lines.extend(losses.each.iter().filter_map(ending));
    lines
}

/// Why a site is not well long after a loss.
fn ending(loss: &Loss) -> Option<String> {
    let it = loss.ending.as_ref()?;
    let mut says = vec![match it.failed_share {
        Some(share) => format!("of what came once all was back {} fail", percent(share)),
        None => "nobody came once all was back, for all still wait for answers".to_owned(),
    }];
    for one in &it.failing {
        says.push(format!("{} with “{}” at {}", percent(one.share), one.cause, one.service));
    }
    // Known of the whole run only.
    let mut whole = Vec::new();
    for one in &it.banned {
        whole.push(format!(
            "{} bans servers of {} for {} of the time",
            one.by,
            one.servers,
            percent(one.share)
        ));
    }
    if it.banned.is_empty() {
        whole.push("no server is banned".to_owned());
    }
    whole.push(format!("{:.2} attempts fail for each request", it.failed_attempts));
    Some(format!(
        "what keeps it so, after {}: {}; in all the time watched, the loss included, {}",
        loss.name,
        says.join(", "),
        whole.join(", ")
    ))
}

/// Within which time after a loss all has to be well again.
pub(in crate::report::capacity) fn in_time(losses: &Losses) -> String {
    crate::report::format::span(losses.gone_s / 2.0)
}
