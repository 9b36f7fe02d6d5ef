//! Workflow commands of GitHub Actions: each verdict but *met* is pinned to its line of the scenario.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::Verdicts;
use crate::slo::gate::Verdict;

/// A line for each.
pub fn render(verdicts: &Verdicts) -> String {
    let mut out = String::new();
    for case in &verdicts.scenarios {
        for judged in &case.objectives {
            let level = match judged.verdict {
                Verdict::Met => continue,
                Verdict::Missed | Verdict::NoData | Verdict::Undecided(_) => "error",
            };
            let (name, require) = (&judged.measured.name, &judged.measured.require);
            let title = property(&format!("{}: {name}", judged.word));
            let mut says = format!("{require}: {}", judged.says);
            if let Some(blame) = &judged.blame {
                says.push_str(&format!("\nwhen: {}\nwho: {}", blame.when, blame.who));
            } else if let Some(reason) = &judged.reason {
                says.push_str(&format!("\n{reason}"));
            }
            let file = property(&case.file);
            let line =
                if judged.line > 0 { format!(",line={}", judged.line) } else { String::new() };
            out.push_str(&format!("::{level} file={file}{line},title={title}::{}\n", data(&says)));
        }
    }
    out
}

/// What stands behind `::` may have no line ends.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property may have no separators either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
