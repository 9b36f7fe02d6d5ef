//! The engine alone: the hold model beside other queues, and timers beside a site.

use super::{
    clock::cpu_seconds,
    hold,
    table::{Must, Table},
    timers,
};

const ROUNDS: usize = 5;
const HOLDS: usize = 1_000_000;
const SITE_EVENTS: u64 = 2_000_000;

pub fn holds(table: &mut Table) {
    let rows = hold::rows(ROUNDS, HOLDS, cpu_seconds);
    let (engine, others) = rows.split_first().expect("the engine comes first");
    for (place, &size) in hold::SIZES.iter().enumerate() {
        let told = others.iter().filter_map(|row| Some((row.nanos[place]?, row.name)));
        let (best, name) =
            told.min_by(|one, other| one.0.total_cmp(&other.0)).expect("some take part");
        let ours = engine.nanos[place].expect("the engine takes part everywhere");
        let most = if size > 100_000 { 3.0 } else { 1.3 };
        let what = format!("hold model, {size} pending / the best queue");
        let (measured, against) =
            (format!("{ours:.1} ns an event"), format!("{best:.1} ns, {name}"));
        table.line(&what, &measured, &against, ours / best, Must::AtMost(most));
    }
    for row in &rows {
        let told = row.nanos.iter().map(|nanos| match nanos {
            Some(nanos) => format!("{nanos:.0}"),
            None => "–".to_owned(),
        });
        let told = told.collect::<Vec<String>>().join(", ");
        table.remark(format!("hold model, ns an event by size, {}: {told}", row.name));
    }
}

pub fn timers(table: &mut Table) {
    let measured = timers::timers(ROUNDS, SITE_EVENTS, cpu_seconds);
    for (what, [few, many], most) in [
        ("1,000,000 / 1,000 timers, expiring in order", measured.expire, 1.1),
        ("1,000,000 / 1,000 timers, cancelled at random", measured.cancel, 2.0),
    ] {
        let (measured, against) =
            (format!("{many:.1} ns an event"), format!("{few:.1} ns an event"));
        table.line(what, &measured, &against, many / few, Must::AtMost(most));
    }
}
