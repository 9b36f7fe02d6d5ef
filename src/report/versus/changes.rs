//! Lines by which two scenarios differ, both with every default filled in. What means the same is no
//! difference, however it is spelled: `60s` and `1min`, `4` and `4.0`, the order of settings and of tables. The order of
//! a mix decides who asks for what. Events and objectives, which are lists of tables, keep their order.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use toml::{Table, Value};

use crate::scenario::units;

/// A line of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    /// What it means, spelled as everybody's.
    means: String,
    /// As it is written.
    says: String,
}

/// `- …` of the one, `+ …` of the other. How many replications there are is no part of what a scenario is: as many
/// pairs are compared as both sides have. Nor are comments, such as where a default comes from.
pub(super) fn changes(one: &str, other: &str) -> Vec<String> {
    let [one, other] = [one, other].map(lines);
    let means = |of: &[Line]| -> Vec<String> { of.iter().map(|it| it.means.clone()).collect() };
    let steps = capture_diff_slices(Algorithm::Myers, &means(&one), &means(&other));
    let mut changes = Vec::new();
    for step in steps {
        let (tag, old, new) = step.as_tag_tuple();
        if tag == DiffTag::Equal {
            continue;
        }
        let told = |sign: char, of: &[Line]| -> Vec<String> {
            let lines = of.iter().flat_map(|it| it.says.lines());
            lines.map(|line| format!("{sign} {}", line.trim())).collect()
        };
        changes.extend(told('-', &one[old]));
        changes.extend(told('+', &other[new]));
    }
    changes
}

/// Tables by their names and settings by theirs.
fn lines(text: &str) -> Vec<Line> {
    let mut tables: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
    for line in text.lines().map(bare).filter(|it| !it.is_empty()) {
        let (_, settings) = tables.last_mut().expect("there is one");
        if line.starts_with('[') {
            tables.push((line.to_owned(), Vec::new()));
        } else if line.starts_with([' ', ']', '}'])
            && let Some(last) = settings.last_mut()
        {
            // The rest of a value of several lines.
            last.push_str(&format!("\n{line}"));
        } else {
            settings.push(line.to_owned());
        }
    }
    // Windows of events and objectives follow from what else is changed.
    let order = |header: &str| (header.starts_with("[["), header.to_owned());
    tables.sort_by_cached_key(|(header, _)| order(header));
    let mut all = Vec::new();
    for (header, settings) in tables {
        let of_settings = settings.into_iter().filter(|it| !it.starts_with("replications "));
        let mut settings: Vec<Line> = of_settings.map(Line::new).collect();
        settings.sort();
        if !header.is_empty() {
            all.push(Line { means: header.clone(), says: header });
        }
        all.extend(settings);
    }
    all
}

impl Line {
    fn new(says: String) -> Line {
        // Who asks for what is drawn in the order of the mix; and whatever is no setting means what it says.
        let setting = toml::from_str::<Table>(&says).ok().filter(|_| !says.starts_with("mix "));
        let means = setting.map_or_else(|| says.clone(), |it| meaning(&Value::Table(it)));
        Line { means, says }
    }
}

/// A value as everybody's: the settings of a table in the order of their names, quantities in units of their own.
fn meaning(value: &Value) -> String {
    match value {
        Value::String(text) => quantities(text),
        Value::Integer(number) => (*number as f64).to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(is_so) => is_so.to_string(),
        Value::Datetime(at) => at.to_string(),
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(meaning).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Table(table) => {
            let settings = table.iter().map(|(name, value)| format!("{name} = {}", meaning(value)));
            format!("{{{}}}", settings.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text whose quantities are spelled as everybody's: the whole of it, or its words.
fn quantities(text: &str) -> String {
    let word = |word: &str| units::meaning(word).unwrap_or_else(|| format!("{word:?}"));
    units::meaning(text)
        .unwrap_or_else(|| text.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
}

/// A line without its comment. A `#` within quotes begins none.
fn bare(line: &str) -> &str {
    let mut quote = None;
    let mut is_escaped = false;
    let comment = line.char_indices().find(|&(_, letter)| {
        match quote {
            _ if is_escaped => is_escaped = false,
            Some('"') if letter == '\\' => is_escaped = true,
            Some(open) if letter == open => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            _ => return quote.is_none() && letter == '#',
        }
        false
    });
    let end = comment.map_or(line.len(), |(at, _)| at);
    line[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_no_difference() {
        let one = "[a]\nfor = \"60s\" # default: theirs\nboth = { x = 1, y = \"20%\" }\ncores = 4\n\n\
                   [[slo]]\nrequire = \"p(99) < 800ms\"\n";
        let other = "[[slo]]\nrequire = \"p(99) < 0.8s\"\n\n\
                     [a]\ncores = 4.0\nboth = { y = 0.2, x = 1 }\nfor = \"1min\"\nreplications = 3\n";
        assert_eq!(changes(one, other), [""; 0]);
    }

    #[test]
    fn what_differs_is_told_as_it_is_written() {
        let one = "[a]\nfor = \"60s\"\nname = \"x # y\"\n[[slo]]\nrequire = \"p(99) < 800ms\"\n";
        let other = "[a]\nfor = \"2min\"\nname = \"x # z\"\nlist = [\n  1,\n]\n\
                     [[slo]]\nrequire = \"p(99) < 900ms\"\n";
        let told = [
            "- for = \"60s\"",
            "- name = \"x # y\"",
            "+ for = \"2min\"",
            "+ list = [",
            "+ 1,",
            "+ ]",
            "+ name = \"x # z\"",
            "- require = \"p(99) < 800ms\"",
            "+ require = \"p(99) < 900ms\"",
        ];
        assert_eq!(changes(one, other), told);
    }
}
