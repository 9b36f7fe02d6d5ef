//! The scenario with every default filled in: valid TOML again, each default with its source.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::scenario::{
    fields::{Filled, Filling},
    tree::{Entry, Node, Table, Value, key},
};

/// Prints `root` and what the walker filled in.
pub(crate) fn explain(root: &Table, filled: Vec<Filled>) -> String {
    let mut fills: BTreeMap<u32, Vec<Filled>> = BTreeMap::new();
    for fill in filled {
        let list = fills.entry(fill.table).or_default();
        if !list.iter().any(|known| known.key == fill.key) {
            list.push(fill);
        }
    }
    let mut page = Page { fills, out: String::new() };
    page.section(Some(root), root.id, "", "");
    page.out.trim_start().to_owned()
}

struct Page {
    fills: BTreeMap<u32, Vec<Filled>>,
    out: String,
}

impl Page {
    /// A table with its header, its values and the tables below it. `header` is `[path]`,
    /// `[[path]]`, or nothing at the top.
    fn section(&mut self, table: Option<&Table>, id: u32, header: &str, path: &str) {
        let entries = table.map_or(&[][..], |table| &table.entries[..]);
        let fills = self.fills.remove(&id).unwrap_or_default();
        let (below, here): (Vec<&Entry>, Vec<&Entry>) =
            entries.iter().partition(|entry| self.is_section(path, entry));
        let has_values = fills.iter().any(|fill| !matches!(fill.what, Filling::Table { .. }));
        if !header.is_empty() && (!here.is_empty() || has_values || entries.is_empty()) {
            let _ = writeln!(self.out, "\n{header}");
        }
        for fill in &fills {
            if let Filling::Remark { text } = &fill.what {
                let _ = writeln!(self.out, "# {text}");
            }
        }
        for entry in here {
            self.value(entry);
        }
        for fill in &fills {
            if let Filling::Default { text, source } = &fill.what {
                let _ = key(&fill.key, &mut self.out);
                let _ = writeln!(self.out, " = {text} # default: {source}");
            }
        }
        for fill in &fills {
            // An absent table without defaults would say nothing.
            if let Filling::Table { id } = fill.what
                && self.fills.contains_key(&id)
            {
                let path = join(path, &fill.key);
                self.section(None, id, &format!("[{path}]"), &path);
            }
        }
        for entry in below {
            self.below(entry, path);
        }
    }

    fn below(&mut self, entry: &Entry, path: &str) {
        let path = join(path, &entry.key);
        match &entry.node.value {
            Value::Table(table) => {
                self.section(Some(table), table.id, &format!("[{path}]"), &path);
            }
            Value::List(items) => {
                for item in items {
                    if let Some(table) = item.table() {
                        self.section(Some(table), table.id, &format!("[[{path}]]"), &path);
                    }
                }
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => {}
        }
    }

    /// Tables of the first levels and those with defaults have a section; laws and the like stay
    /// on their line.
    fn is_section(&self, path: &str, entry: &Entry) -> bool {
        match &entry.node.value {
            Value::Table(table) => {
                path.is_empty() || !path.contains('.') && is_group(path) || self.has_fills(table)
            }
            Value::List(items) => path.is_empty() && items.iter().all(|i| i.table().is_some()),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => false,
        }
    }

    fn has_fills(&self, table: &Table) -> bool {
        self.fills.contains_key(&table.id)
            || table.entries.iter().any(|entry| match &entry.node.value {
                Value::Table(inner) => self.has_fills(inner),
                Value::List(_)
                | Value::Text(_)
                | Value::Number(_)
                | Value::Bool(_)
                | Value::Date(_) => false,
            })
    }

    /// A value on its line; the elements of a list of tables on a line each.
    fn value(&mut self, entry: &Entry) {
        let _ = key(&entry.key, &mut self.out);
        self.out.push_str(" = ");
        let mut sources = Vec::new();
        match &entry.node.value {
            Value::List(items) if items.iter().any(|item| item.table().is_some()) => {
                self.out.push_str("[\n");
                for item in items {
                    self.out.push_str("  ");
                    self.inline(item, &mut sources);
                    self.out.push(',');
                    self.comment(&mut sources);
                }
                self.out.push_str("]\n");
            }
            _ => {
                self.inline(&entry.node, &mut sources);
                self.comment(&mut sources);
            }
        }
    }

    fn comment(&mut self, sources: &mut Vec<String>) {
        sources.dedup();
        if !sources.is_empty() {
            let _ = write!(self.out, " # default: {}", sources.join("; "));
            sources.clear();
        }
        self.out.push('\n');
    }

    fn inline(&mut self, node: &Node, sources: &mut Vec<String>) {
        match &node.value {
            Value::List(items) => {
                self.out.push('[');
                for (number, item) in items.iter().enumerate() {
                    self.out.push_str(if number == 0 { "" } else { ", " });
                    self.inline(item, sources);
                }
                self.out.push(']');
            }
            Value::Table(table) => {
                let mut comma = " ";
                self.out.push('{');
                for entry in &table.entries {
                    self.out.push_str(comma);
                    let _ = key(&entry.key, &mut self.out);
                    self.out.push_str(" = ");
                    self.inline(&entry.node, sources);
                    comma = ", ";
                }
                for fill in self.fills.remove(&table.id).unwrap_or_default() {
                    if let Filling::Default { text, source } = fill.what {
                        self.out.push_str(comma);
                        let _ = key(&fill.key, &mut self.out);
                        let _ = write!(self.out, " = {text}");
                        sources.push(format!("{}: {source}", fill.key));
                        comma = ", ";
                    }
                }
                self.out.push_str(" }");
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => {
                let _ = write!(self.out, "{node}");
            }
        }
    }
}

/// Whether a table of the top holds named tables.
fn is_group(path: &str) -> bool {
    !matches!(path, "scenario" | "network" | "event" | "slo")
}

fn join(path: &str, word: &str) -> String {
    let mut joined = path.to_owned();
    if !joined.is_empty() {
        joined.push('.');
    }
    let _ = key(word, &mut joined);
    joined
}
