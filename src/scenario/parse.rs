//! TOML text to a tree. Syntax errors are mistakes like all others; what is whole is still read.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue, Error},
};

use crate::scenario::{
    mistake::{At, Mistake},
    tree::{Entry, Node, Table, Value},
};

/// Deeper than any scenario, shallower than any stack.
const DEPTH_MAX: u32 = 64;

/// Larger than any scenario that a person or a generator would want checked in a moment.
const BYTES_MAX: usize = 16 << 20;

/// Builds trees; numbers their tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parser {
    pub(crate) tables: u32,
}

impl Parser {
    /// The document in `text`, which is text number `number`.
    pub(crate) fn document(&mut self, text: &str, number: u32) -> (Table, Vec<Mistake>) {
        let at = At { text: number, start: 0, end: 0 };
        if text.len() > BYTES_MAX {
            let says = format!("the file is larger than {} MiB", BYTES_MAX >> 20);
            return (Table::default(), vec![Mistake { at, says, hint: None }]);
        }
        if let Some(mistake) = too_deep(text, number) {
            return (Table::default(), vec![mistake]);
        }
        let (root, errors) = DeTable::parse_recoverable(text);
        let mistakes = errors.iter().map(|error| mistake(error, number)).collect();
        (self.table(root.get_ref(), number), mistakes)
    }

    /// One value, as behind `key = `.
    pub(crate) fn value(&mut self, text: &str, number: u32) -> Result<Node, Mistake> {
        match DeValue::parse(text) {
            Ok(value) => {
                let at = place(&value.span(), number);
                Ok(Node { at, value: self.node(value.get_ref(), number) })
            }
            Err(error) => Err(mistake(&error, number)),
        }
    }

    fn table(&mut self, table: &DeTable<'_>, number: u32) -> Table {
        let id = self.tables;
        self.tables += 1;
        let mut entries: Vec<Entry> =
            table.iter().map(|(key, value)| self.entry(key, value, number)).collect();
        entries.sort_by_key(|entry| entry.key_at.start);
        Table { id, entries }
    }

    fn entry(
        &mut self,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        number: u32,
    ) -> Entry {
        let key_at = place(&key.span(), number);
        // Tables that are only implied by a longer name have no place of their own.
        let span = value.span();
        let at = if span.is_empty() || value.get_ref().is_table() && span.start < key.span().start {
            key_at
        } else {
            place(&span, number)
        };
        let node = Node { at, value: self.node(value.get_ref(), number) };
        Entry { key: key.get_ref().clone().into_owned(), key_at, node }
    }

    fn node(&mut self, value: &DeValue<'_>, number: u32) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(integer) => Value::Number(decimal(integer)),
            DeValue::Float(float) => Value::Number(float.as_str().to_owned()),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| Node {
                        at: place(&item.span(), number),
                        value: self.node(item.get_ref(), number),
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, number)),
        }
    }
}

/// Brackets nested deeper than `DEPTH_MAX`, before a recursive parser meets them. Brackets within
/// texts count too; no scenario has so many.
fn too_deep(text: &str, number: u32) -> Option<Mistake> {
    let mut depth = 0_u32;
    for (start, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            // A comment or a text may leave brackets open; a header begins anew.
            b'\n' if text[start + 1..].starts_with('[') => depth = 0,
            _ => {}
        }
        if depth > DEPTH_MAX {
            let at = place(&(start..start + 1), number);
            let says = format!("nested deeper than {DEPTH_MAX} levels");
            return Some(Mistake { at, says, hint: None });
        }
    }
    None
}

/// The digits of an integer in base ten; what no machine word holds stays as it was written and
/// fails where a number is read.
fn decimal(integer: &DeInteger<'_>) -> String {
    i128::from_str_radix(integer.as_str(), integer.radix())
        .map_or_else(|_| integer.to_string(), |number| number.to_string())
}

fn place(span: &Range<usize>, text: u32) -> At {
    At { text, start: span.start as u32, end: span.end as u32 }
}

fn mistake(error: &Error, number: u32) -> Mistake {
    let at = place(&error.span().unwrap_or(0..0), number);
    Mistake { at, says: error.message().to_owned(), hint: None }
}
