//! A summary for the page of a CI job: a table for each scenario, and the story of what is missed.

use super::Verdicts;
use crate::{report::format::confidence, slo::gate::Verdict};

/// The text.
pub fn render(verdicts: &Verdicts) -> String {
    let mut out = String::from("## Objectives\n");
    for case in &verdicts.scenarios {
        let title = if case.title.is_empty() { &case.name } else { &case.title };
        out.push_str(&format!("\n### {} (`{}`)\n\n", cell(title), code(&case.file)));
        if case.objectives.is_empty() {
            out.push_str("Nothing was promised.\n");
            continue;
        }
        let seen = match &case.against {
            None => "measured".to_owned(),
            Some(comparison) => format!("against `{}`", code(&comparison.one.from)),
        };
        out.push_str(&format!("| | objective | requires | {seen} |\n"));
        out.push_str("| --- | --- | --- | --- |\n");
        for judged in &case.objectives {
            let it = &judged.measured;
            out.push_str(&format!(
                "| {} {} | {} | `{}`, {} | {} |\n",
                mark(judged.verdict),
                judged.word,
                cell(&it.name),
                code(&it.require),
                cell(&it.place),
                cell(&judged.says),
            ));
        }
        for judged in &case.objectives {
            if let Some(blame) = &judged.blame {
                let name = cell(&judged.measured.name);
                out.push_str(&format!("\n**{name}**\n\n"));
                for (what, text) in
                    [("What", &blame.what), ("When", &blame.when), ("Who", &blame.who)]
                {
                    out.push_str(&format!("- {what}: {}\n", cell(text)));
                }
            } else if let Some(reason) = &judged.reason {
                out.push_str(&format!("\n**{}**: {reason}\n", cell(&judged.measured.name)));
            }
        }
        let events = match case.events_digest.as_str() {
            "" => String::new(),
            digest => format!("; events `{digest}`"),
        };
        out.push_str(&format!(
            "\n{} replications, seed {}, {} confidence{events}\n",
            case.replications,
            case.seed,
            confidence(verdicts.confidence),
        ));
    }
    out
}

const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "✅",
        Verdict::Missed => "❌",
        Verdict::Undecided(_) | Verdict::NoData => "⚠️",
    }
}

/// Text that cannot end a table's cell or begin markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '<' | '*' | '_' | '`' | '[' | '\\') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// Text between backticks, in a table's cell.
fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " ")
}
