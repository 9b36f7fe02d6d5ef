//! What is wrong with a scenario: where, why, and what would be right. Mistakes are gathered, so
//! that one look at a file shows all of them; drawing is apart from finding.

use std::fmt::Write as _;

use super::lines::{WIDTH, lines};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// More are counted, not drawn: a page that nobody reads to the end helps nobody.
const DRAWN_MAX: usize = 20;

/// What stands before a hint: `    = help: `, where lines have three digits.
const MARGIN: usize = 12;

/// A range of bytes in one of the texts that a scenario is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// 0 is the file; override `n` (from 1, as given) is text `n`.
    pub text: u32,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// One mistake of the user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Where.
    pub at: At,
    /// What is wrong: lower case, names in backticks, no full stop.
    pub says: String,
    /// What would be right, or what there is to choose from.
    pub hint: Option<String>,
}

/// One of the texts that mistakes point into.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// As people know it: a path, or `--set`.
    pub(crate) path: String,
    /// The very text that was parsed.
    pub(crate) text: String,
}

/// All mistakes of one scenario, in the order of their places, each once.
#[derive(Clone, Debug)]
pub struct Mistakes {
    texts: Vec<Text>,
    list: Vec<Mistake>,
}

impl Mistakes {
    pub(crate) fn new(texts: Vec<Text>, mut list: Vec<Mistake>) -> Mistakes {
        assert!(!list.is_empty(), "no mistake to report");
        assert!(list.iter().all(|m| (m.at.text as usize) < texts.len()));
        list.sort();
        list.dedup();
        Mistakes { texts, list }
    }

    /// The texts from number `first` on are known by another name.
    pub(crate) fn renamed(mut self, first: usize, path: &str) -> Mistakes {
        for text in self.texts.iter_mut().skip(first) {
            path.clone_into(&mut text.path);
        }
        self
    }

    /// The same, each as `change` leaves it.
    pub(crate) fn changed(self, change: impl Fn(Mistake) -> Mistake) -> Mistakes {
        Mistakes::new(self.texts, self.list.into_iter().map(change).collect())
    }

    /// Each of them, in the order of their places.
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// Line and column (from 1, in characters) of a place.
    pub fn line_and_column(&self, at: At) -> (usize, usize) {
        let text = &self.texts[at.text as usize].text;
        let (start, _) = bounds(text, at);
        let line = text[..start].matches('\n').count() + 1;
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        (line, text[begin..start].chars().count() + 1)
    }

    /// The mistakes as text for people: at most twenty, then a count.
    pub fn draw(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for mistake in self.list.iter().take(DRAWN_MAX) {
            out.push_str(&renderer.render(&[self.group(mistake)]));
            out.push_str("\n\n");
        }
        let rest = self.list.len().saturating_sub(DRAWN_MAX);
        if rest > 0 {
            let _ = writeln!(out, "… and {rest} more");
        } else {
            out.pop();
        }
        out
    }

    /// Each of them drawn by itself, in the order of their places.
    pub fn drawn(&self, colour: bool) -> Vec<String> {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let draw = |mistake| format!("{}\n", renderer.render(&[self.group(mistake)]));
        self.list.iter().map(draw).collect()
    }

    fn group<'a>(&'a self, mistake: &'a Mistake) -> Group<'a> {
        let text = &self.texts[mistake.at.text as usize];
        let (start, end) = bounds(&text.text, mistake.at);
        let snippet = Snippet::source(text.text.as_str())
            .path(printable(&text.path))
            .annotation(AnnotationKind::Primary.span(start..end));
        let group = Level::ERROR.primary_title(printable(&mistake.says)).element(snippet);
        match &mistake.hint {
            Some(hint) => {
                let help = lines(&printable(hint), WIDTH - MARGIN, 0).join("\n");
                group.element(Level::HELP.message(help))
            }
            None => group,
        }
    }
}

/// The range, moved to where characters begin and into the text.
fn bounds(text: &str, at: At) -> (usize, usize) {
    let mut start = (at.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (at.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    (start, end)
}

/// Control characters, and those that turn the direction of text, made visible: names come from
/// strangers' files and go to terminals.
pub(crate) fn printable(text: &str) -> String {
    let turns = |c| {
        let marks = ['\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
        marks.iter().any(|range| range.contains(&c))
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || turns(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

/// The known word nearest to `word`, if it is near enough to have been meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // The distance costs the product of the lengths; nobody means a name by a page of text.
    if word.len() > 100 {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        // Of names equally near, one that the word is the beginning of.
        .min_by_key(|(distance, name)| (*distance, !name.starts_with(word)))
        .map(|(_, name)| name)
}

/// `did you mean`, or what there is.
pub(crate) fn suggestion<'k>(
    word: &str,
    what: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> String {
    const LISTED_MAX: usize = 24;
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    if known.is_empty() {
        return format!("there are no {what} here");
    }
    let mut list = known.iter().take(LISTED_MAX).copied().collect::<Vec<_>>().join(", ");
    if known.len() > LISTED_MAX {
        let _ = write!(list, ", … ({} in all)", known.len());
    }
    format!("{what} here: {list}")
}
