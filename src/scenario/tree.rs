//! A scenario as a tree of values, each with its place, in the order of the file. Overrides change
//! the tree, the walker reads it, `explain` prints it.

use std::fmt::{Display, Formatter, Result};

use crate::scenario::mistake::At;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

/// What a TOML file can say.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// Decimal digits as written, without underscores; exact.
    Number(String),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
    /// A date or a time, of which a scenario has none.
    Date(String),
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Tells tables apart, whatever their path.
    pub(crate) id: u32,
    pub(crate) entries: Vec<Entry>,
}

/// One key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: At,
    pub(crate) node: Node,
}

impl Value {
    /// For messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Number(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Date(_) => "a date",
        }
    }
}

impl Table {
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// Replaces what is there, or adds it at the end.
    pub(crate) fn set(&mut self, key: &str, key_at: At, node: Node) {
        match self.get_mut(key) {
            Some(old) => *old = node,
            None => self.entries.push(Entry { key: key.to_owned(), key_at, node }),
        }
    }
}

impl Node {
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Display for Node {
    /// As TOML on one line.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.value {
            Value::Text(text) => quoted(text, f),
            Value::Number(digits) => f.write_str(digits),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Date(date) => f.write_str(date),
            Value::List(items) => {
                f.write_str("[")?;
                for (number, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if number == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Value::Table(table) => {
                f.write_str("{")?;
                for (number, entry) in table.entries.iter().enumerate() {
                    f.write_str(if number == 0 { " " } else { ", " })?;
                    key(&entry.key, f)?;
                    write!(f, " = {}", entry.node)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A key, quoted if TOML wants it so.
pub(crate) fn key(text: &str, f: &mut impl std::fmt::Write) -> Result {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(bare) { f.write_str(text) } else { quoted(text, f) }
}

/// A basic string.
pub(crate) fn quoted(text: &str, f: &mut impl std::fmt::Write) -> Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04X}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
