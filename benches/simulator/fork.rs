//! A fork of the warmed-up scaled-up site: the copy, a new recorder, and what the first thousand
//! requests take longer than they do in the site that goes on.

use super::{
    clock::{median, wall_seconds},
    running::Going,
    scenarios::frozen,
    table::{Must, Table},
};

/// Each at another instant of one run.
const FORKS: u32 = 101;
const WARMED_UP: f64 = 10.0;
/// In which a thousand requests arrive.
const THOUSAND: f64 = 0.5;

pub fn row(table: &mut Table) {
    let plan = frozen("scale-up", &["duration=100000s"]);
    let mut going = Going::new(&plan, 0);
    going.on_to(WARMED_UP);
    let (mut copies, mut wholes, mut in_flight) = (Vec::new(), Vec::new(), 0);
    for number in 1..=FORKS {
        let until = WARMED_UP + f64::from(number) * THOUSAND;
        in_flight += going.in_flight();
        // By the wall clock, as the spans are short; the median leaves out what others disturb.
        let from = wall_seconds();
        let mut fork = going.fork();
        let copied = wall_seconds();
        fork.on_to(until);
        let forked = wall_seconds();
        going.on_to(until);
        let unforked = wall_seconds() - forked;
        assert_eq!(fork.site.events(), going.site.events(), "a fork keeps its luck");
        copies.push(copied - from);
        wholes.push(forked - from - unforked);
    }
    let in_flight = in_flight as f64 / f64::from(FORKS);
    let (copy, whole) = (median(copies) * 1e3, median(wholes) * 1e3);
    let most = 1.0 + in_flight / 1000.0;
    let measured = format!("{whole:.2} ms");
    let against = format!("{most:.2} ms, {in_flight:.0} in flight");
    table.line("fork / 1 ms + 1 ms a 1,000", &measured, &against, whole / most, Must::AtMost(1.0));
    table.remark(format!("fork: the copy and its empty recorder alone take {copy:.2} ms"));
}
