//! Verdicts for people: the broken promises first, each with what, when and who in a few lines, so
//! that a stranger sees on one screen what is wrong.

use super::{Case, Judged, Verdicts, badness};
use crate::{
    report::{
        format::confidence,
        page::{Colour, Page},
        versus,
    },
    slo::gate::Verdict,
};

/// The page.
pub fn render(verdicts: &Verdicts, colour: Colour) -> String {
    let mut page = Page::new(colour);
    for (number, case) in verdicts.scenarios.iter().enumerate() {
        if number > 0 {
            page.line("");
        }
        match &case.against {
            None => scenario(&mut page, case),
            Some(comparison) => versus::tell(&mut page, comparison),
        }
    }
    page.line("");
    if verdicts.scenarios.iter().all(|case| case.against.is_none()) {
        totals(&mut page, verdicts);
    } else {
        regressions(&mut page, verdicts);
    }
    page.text
}

fn scenario(page: &mut Page, case: &Case) {
    let title = if case.title.is_empty() { &case.name } else { &case.title };
    page.painted_paragraph("1", title, 0);
    let (file, seed) = (&case.file, case.seed);
    page.paragraph(&format!("{file}, seed {seed}, {} replications", case.replications), 2);
    if case.objectives.is_empty() {
        page.line("no objectives: nothing was promised");
    }
    let mut all: Vec<&Judged> = case.objectives.iter().collect();
    all.sort_by_key(|it| std::cmp::Reverse(badness(it.verdict)));
    for judged in all {
        objective(page, judged);
    }
}

fn objective(page: &mut Page, it: &Judged) {
    let (mark, code) = match it.verdict {
        Verdict::Met => ("met      ", "32"),
        Verdict::Missed => ("MISSED   ", "1;31"),
        Verdict::Undecided(_) => ("undecided", "33"),
        Verdict::NoData => ("no data  ", "33"),
    };
    let (name, require, place) = (&it.measured.name, &it.measured.require, &it.measured.place);
    page.painted_paragraph(code, &format!("{mark}  {name}: {require}, {place}"), 12);
    let indent = 11;
    let mut say = |what: &str, text: &str| {
        page.paragraph(&format!("{:indent$}{what}{text}", ""), indent + 6);
    };
    match &it.blame {
        None => {
            say("", &it.says);
            if let Some(reason) = &it.reason {
                say("", reason);
            }
        }
        Some(blame) => {
            say("what  ", &blame.what);
            say("when  ", &blame.when);
            say("who   ", &blame.who);
        }
    }
}

fn regressions(page: &mut Page, verdicts: &Verdicts) {
    let are_several = verdicts.scenarios.len() > 1;
    let all =
        verdicts.scenarios.iter().flat_map(|it| it.objectives.iter().map(move |own| (it, own)));
    for (case, judged) in all {
        let Some(blame) = &judged.blame else { continue };
        let of = if are_several { format!("{}: ", case.file) } else { String::new() };
        page.painted_paragraph("1;31", &format!("REGRESSION  {of}{}", judged.measured.name), 12);
        let what = are_several.then_some(("what  ", &blame.what));
        let lines = what.into_iter().chain([("when  ", &blame.when), ("who   ", &blame.who)]);
        for (what, text) in lines {
            page.paragraph(&format!("            {what}{text}"), 18);
        }
    }
    for case in &verdicts.scenarios {
        // What a comparison leaves undecided it says itself.
        let is_open = |it: &&Judged| {
            it.verdict == Verdict::NoData
                || case.against.is_none() && matches!(it.verdict, Verdict::Undecided(_))
        };
        for judged in case.objectives.iter().filter(is_open) {
            let reason = judged.reason.as_deref().unwrap_or_default();
            page.painted_paragraph(
                "33",
                &format!("{:<10}  {}", judged.word, judged.measured.name),
                12,
            );
            page.paragraph(&format!("            {reason}"), 14);
        }
    }
    let all = verdicts.judged().count();
    let gaps = verdicts.count(|it| it == Verdict::NoData);
    let worse = verdicts.count(|it| it == Verdict::Missed);
    let open = verdicts.count(|it| matches!(it, Verdict::Undecided(_)));
    let judged = all - gaps - open;
    let mut text = match (judged, worse) {
        (0, _) => "nothing was compared".to_owned(),
        (_, 0) => format!("none of {judged} objectives is worse by more than its margin"),
        (_, some) => format!("{some} of {judged} objectives worse by more than the margin"),
    };
    if open > 0 {
        text.push_str(&format!("; {open} undecided"));
    }
    if gaps > 0 {
        text.push_str(&format!("; {gaps} without data"));
    }
    page.line(&text);
}

fn totals(page: &mut Page, verdicts: &Verdicts) {
    let counts = [
        (verdicts.count(|it| it == Verdict::Missed), "missed"),
        (verdicts.count(|it| it == Verdict::NoData), "without data"),
        (verdicts.count(|it| matches!(it, Verdict::Undecided(_))), "undecided"),
        (verdicts.count(|it| it == Verdict::Met), "met"),
    ];
    let said: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let all = verdicts.judged().count();
    let kinds = if all == 1 { "objective" } else { "objectives" };
    let said = if said.is_empty() { "nothing to judge".to_owned() } else { said.join(", ") };
    page.paragraph(
        &format!("{all} {kinds}: {said} (at {} confidence)", confidence(verdicts.confidence)),
        2,
    );
}
