//! An objective and what was measured of it, in a sentence.

use super::format::{percent, seconds, span, thousands, three};
use crate::{
    engine::maths,
    measure::record::Unit,
    slo::{objective::Measured, recovery::Recovered},
    stats::interval::Estimate,
};

/// `99.1% [98.7%, 99.4%] within 250 ms, required 99%; 12 of 1,400 are not`.
pub fn measured(it: &Measured) -> String {
    let Some(value) = it.estimate.value else {
        return it.note.map_or("no data".to_owned(), |note| format!("not measured here: {note}"));
    };
    let number = number(it.unit);
    let seen = format!("{}{}", number(value), between(&it.estimate, number));
    let is_counted = it.unit == Unit::Share && it.count > 0 && !it.is_budget;
    let text = match (is_counted, it.limit_s) {
        (true, Some(limit)) if it.recovered_half.is_some() => {
            let (beyond, count) = (thousands(it.beyond), thousands(it.count));
            format!(
                "{seen} of replications are well again within {}{}, required {}; {beyond} of \
                 {count} are not",
                seconds(limit),
                it.clock_s.map_or(String::new(), |clock| format!(" from {} on", span(clock))),
                number(it.limit)
            )
        }
        (true, limit) => {
            let good = limit.map_or("succeed".to_owned(), |it| format!("within {}", seconds(it)));
            let (beyond, count) = (thousands(it.beyond), thousands(it.count));
            format!("{seen} {good}, required {}; {beyond} of {count} do not", number(it.limit))
        }
        (false, _) if it.unit == Unit::PerSecond => {
            format!("{seen}, required more than {}", number(it.limit))
        }
        (false, _) => format!("{seen}, required less than {}", number(it.limit)),
    };
    let recovered = recovered(it);
    match it.note {
        Some(note) => format!("{text}{recovered} ({note})"),
        None => format!("{text}{recovered}"),
    }
}

/// Where nothing bad was seen, how rare it may still be: what hits a whole replication now and then was
/// not seen either, and requests in any number say nothing of it (the rule of three: of a share of 3/n
/// nothing is seen in n of 20 cases).
pub fn unseen(it: &Measured, replications: u32, confidence: f64) -> Option<String> {
    let is_share = it.unit == Unit::Share && it.count > 0 && !it.is_budget;
    if !is_share || it.beyond > 0 || it.recovered_half.is_some() || it.note.is_some() {
        return None;
    }
    let once_in = f64::from(replications) / -maths::ln(1.0 - confidence);
    let rare = if once_in < 1.5 {
        "not all of them".to_owned()
    } else {
        format!("fewer than about 1 in {} of them", thousands(once_in.round() as u64))
    };
    let count = thousands(u64::from(replications));
    Some(format!("none in {count} replications: nothing is known of what hits {rare}"))
}

/// When half of the recoveries are over, and most.
fn recovered(it: &Measured) -> String {
    let said = |of: &Recovered| match of.time_s {
        None => "later than was looked".to_owned(),
        Some(time) => {
            let bound = |bound: Option<f64>| bound.map_or("…".to_owned(), seconds);
            format!("{} [{}, {}]", seconds(time), bound(of.low_s), bound(of.high_s))
        }
    };
    match (&it.recovered_half, &it.recovered_most) {
        (Some(half), Some(most)) => {
            format!("; half are well again after {}, 95% after {}", said(half), said(most))
        }
        _ => String::new(),
    }
}

/// How a quantity is written.
pub fn number(unit: Unit) -> fn(f64) -> String {
    match unit {
        Unit::Share => percent,
        Unit::Seconds => seconds,
        Unit::PerSecond => |value| format!("{}/s", three(value)),
        Unit::Calls => |value| format!("{} calls", three(value)),
    }
}

/// ` [low, high]`, if there is an interval.
fn between(estimate: &Estimate, number: fn(f64) -> String) -> String {
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!(" [{}, {}]", number(low), number(high)),
        _ => String::new(),
    }
}
