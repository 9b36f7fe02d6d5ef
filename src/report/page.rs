//! A page of text: 80 columns, headings and tables, the same words with and without colour.

use super::table::Table;
pub use crate::scenario::lines::WIDTH;
use crate::scenario::lines::lines;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Off,
    /// ANSI escapes.
    On,
}

/// A page under construction.
#[derive(Clone, Debug)]
pub struct Page {
    /// What it says so far.
    pub text: String,
    colour: Colour,
}

impl Page {
    /// An empty one.
    pub fn new(colour: Colour) -> Page {
        Page { text: String::new(), colour }
    }

    /// A line as it is.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line in a colour or weight, by its ANSI code.
    pub fn painted(&mut self, code: &str, line: &str) {
        match self.colour {
            Colour::Off => self.line(line),
            Colour::On => self.line(&format!("\x1b[{code}m{line}\x1b[0m")),
        }
    }

    /// A heading, behind an empty line.
    pub fn heading(&mut self, words: &str) {
        self.line("");
        self.painted("1", words);
    }

    /// A table, its titles dimmed.
    pub fn table(&mut self, table: &Table) {
        for (number, line) in table.lines_within(WIDTH).iter().enumerate() {
            if number == 0 { self.painted("2", line) } else { self.line(line) }
        }
    }

    /// Words in a colour or weight, broken at spaces where the page ends; further lines are indented.
    pub fn painted_paragraph(&mut self, code: &str, words: &str, indent: usize) {
        for line in lines(words, WIDTH, indent) {
            self.painted(code, &line);
        }
    }

    /// Words, broken at spaces where the page ends; further lines are indented.
    pub fn paragraph(&mut self, words: &str, indent: usize) {
        for line in lines(words, WIDTH, indent) {
            self.line(&line);
        }
    }
}
