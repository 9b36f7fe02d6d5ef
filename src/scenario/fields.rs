//! The walker: reads a table key by key, remembers what it was asked for, and reports the rest.
//! Every default is given to it as TOML text with its source, so that what is computed and what
//! `explain` prints cannot differ.

use std::{
    cell::{Cell, RefCell},
    ops::RangeInclusive,
};

use crate::{
    engine::memo::Memo,
    scenario::{
        law::Shelf,
        mistake::{At, Mistake, suggestion},
        overrides::SUBGROUPS,
        parse::Parser,
        tree::{Node, Table, Value},
    },
};

/// Defaults as they are read, by their text and where they are read for: thousands of points of a sweep have
/// them in common.
static DEFAULTS: Memo<(String, u32), Node> = Memo::new(1024);

/// What is found on the way: mistakes, and the defaults that were filled in.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    mistakes: RefCell<Vec<Mistake>>,
    filled: RefCell<Vec<Filled>>,
    next_table: Cell<u32>,
    /// The file has syntax errors: what is missing may have been lost by them.
    is_damaged: Cell<bool>,
    /// The defaults that are filled in are wanted.
    explains: bool,
    /// Something could not be read as a whole: names may be missed that are there.
    has_gaps: Cell<bool>,
    pub(crate) laws: Shelf,
}

/// A setting that the file leaves out.
#[derive(Clone, Debug)]
pub(crate) struct Filled {
    /// The table that it belongs to.
    pub(crate) table: u32,
    pub(crate) key: String,
    pub(crate) what: Filling,
}

/// What a setting that was left out stands for.
#[derive(Clone, Debug)]
pub(crate) enum Filling {
    /// A value as TOML text, and who says so.
    Default { text: String, source: String },
    /// A table, which has defaults of its own.
    Table { id: u32 },
    /// Not a setting: a line of comment at the head of the table.
    Remark { text: String },
}

impl Notes {
    pub(crate) fn new(next_table: u32, mistakes: Vec<Mistake>, explains: bool) -> Notes {
        let is_damaged = Cell::new(!mistakes.is_empty());
        let notes = Notes { is_damaged, explains, ..Notes::default() };
        notes.next_table.set(next_table);
        notes.mistakes.replace(mistakes);
        notes
    }

    /// Whether anything was wrong so far.
    pub(crate) fn has_mistakes(&self) -> bool {
        !self.mistakes.borrow().is_empty()
    }

    pub(crate) fn mistake(&self, at: At, says: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake { at, says: says.into(), hint: None });
    }

    pub(crate) fn hinted(&self, at: At, says: impl Into<String>, hint: impl Into<String>) {
        let mistake = Mistake { at, says: says.into(), hint: Some(hint.into()) };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Looks a name up; a mistake with a suggestion if it is not there.
    pub(crate) fn find<'k>(
        &self,
        what: &str,
        plural: &str,
        wanted: &str,
        at: At,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> Option<usize> {
        let found = known.clone().position(|name| name == wanted);
        if found.is_none() {
            self.hinted(at, format!("no {what} `{wanted}`"), suggestion(wanted, plural, known));
        }
        found
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.mistakes.borrow().is_empty()
    }

    /// Says that a part of the file is known by its name only.
    pub(crate) fn gap(&self) {
        self.has_gaps.set(true);
    }

    /// Whether every name of the file is known, so that one can be missed.
    pub(crate) fn knows_all_names(&self) -> bool {
        !self.is_damaged.get() && !self.has_gaps.get()
    }

    /// How many mistakes there are so far.
    pub(crate) fn count(&self) -> usize {
        self.mistakes.borrow().len()
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged.get()
    }

    pub(crate) fn into_parts(self) -> (Vec<Mistake>, Vec<Filled>) {
        (self.mistakes.into_inner(), self.filled.into_inner())
    }

    fn fill(&self, table: u32, key: &str, what: impl FnOnce() -> Filling) {
        if self.explains {
            self.filled.borrow_mut().push(Filled { table, key: key.to_owned(), what: what() });
        }
    }
}

/// A value that can be read from a node; its mistakes go to the notes.
pub(crate) trait Read: Sized {
    fn read(node: &Node, notes: &Notes) -> Option<Self>;
}

/// One table being read.
#[derive(Debug)]
pub(crate) struct Fields<'t> {
    table: Option<&'t Table>,
    id: u32,
    /// Where the table is named.
    pub(crate) at: At,
    /// For messages: what it is, and its name.
    what: String,
    pub(crate) notes: &'t Notes,
    seen: RefCell<Vec<&'t str>>,
}

/// A table that the file gave a name.
pub(crate) struct Named<'t> {
    pub(crate) name: String,
    pub(crate) at: At,
    pub(crate) fields: Fields<'t>,
}

impl<'t> Fields<'t> {
    pub(crate) fn new(table: &'t Table, at: At, what: impl Into<String>, notes: &'t Notes) -> Self {
        let seen = RefCell::default();
        Fields { table: Some(table), id: table.id, at, what: what.into(), notes, seen }
    }

    /// The value of `key`, if it is there.
    pub(crate) fn node(&self, key: &'t str) -> Option<&'t Node> {
        let mut seen = self.seen.borrow_mut();
        if !seen.contains(&key) {
            seen.push(key);
        }
        self.table.and_then(|table| table.get(key))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.get(key).is_some())
    }

    /// Where the value of `key` stands, or else the table.
    pub(crate) fn at(&self, key: &str) -> At {
        self.table.and_then(|table| table.get(key)).map_or(self.at, |node| node.at)
    }

    /// Where the key itself stands, or else the table.
    pub(crate) fn key_at(&self, key: &str) -> At {
        self.table.and_then(|table| table.entry(key)).map_or(self.at, |entry| entry.key_at)
    }

    /// A setting that may be left out and then is not there at all.
    pub(crate) fn get<T: Read>(&self, key: &'t str) -> Option<T> {
        self.node(key).and_then(|node| T::read(node, self.notes))
    }

    /// A setting that has to be there.
    pub(crate) fn need<T: Read>(&self, key: &'t str) -> Option<T> {
        self.node_needed(key).and_then(|node| T::read(node, self.notes))
    }

    /// The value of `key`, which has to be there, as the hint shows.
    pub(crate) fn need_as<T: Read>(&self, key: &'t str, hint: &str) -> Option<T> {
        if self.node(key).is_none() && !self.notes.is_damaged() {
            self.notes.hinted(self.at, format!("{} has no `{key}`", self.what), hint);
            return None;
        }
        self.node(key).and_then(|node| T::read(node, self.notes))
    }

    /// The value of `key`, which has to be there.
    pub(crate) fn node_needed(&self, key: &'t str) -> Option<&'t Node> {
        let node = self.node(key);
        if node.is_none() && !self.notes.is_damaged() {
            self.notes.mistake(self.at, format!("{} has no `{key}`", self.what));
        }
        node
    }

    /// A setting with a default, which is written as in the file.
    pub(crate) fn or<T: Read>(&self, key: &'t str, default: &str, source: &str) -> T {
        if let Some(node) = self.node(key) {
            if let Some(value) = T::read(node, self.notes) {
                return value;
            }
        } else {
            let what = || Filling::Default { text: default.to_owned(), source: source.to_owned() };
            self.notes.fill(self.id, key, what);
        }
        // Also behind a mistake, so that reading goes on.
        let parse = |(default, text): &(String, u32)| {
            Parser::default().value(default, *text).expect("defaults are valid TOML")
        };
        let node = DEFAULTS.get((default.to_owned(), self.at.text), parse);
        T::read(&node, self.notes).expect("defaults can be read")
    }

    /// A whole number within a range.
    pub(crate) fn count_or(
        &self,
        key: &'t str,
        range: RangeInclusive<u32>,
        default: &str,
        source: &str,
    ) -> u32 {
        let count = self.or::<u32>(key, default, source);
        self.within(key, count, range)
    }

    /// A whole number within a range, which has to be there; the least one behind a mistake.
    pub(crate) fn need_count(&self, key: &'t str, range: RangeInclusive<u32>) -> u32 {
        let count = self.need::<u32>(key).unwrap_or(*range.start());
        self.within(key, count, range)
    }

    fn within(&self, key: &str, count: u32, range: RangeInclusive<u32>) -> u32 {
        if range.contains(&count) {
            return count;
        }
        let (low, high) = range.into_inner();
        let says = if count < low {
            format!("`{key}` must be at least {low}, it is {count}")
        } else {
            format!("`{key}` must be at most {high}, it is {count}")
        };
        self.notes.mistake(self.at(key), says);
        count.clamp(low, high)
    }

    /// A table within this one; if it is not there, one that has nothing but defaults.
    pub(crate) fn sub(&self, key: &'t str) -> Fields<'t> {
        let what = match self.what.as_str() {
            "the file" => format!("`[{key}]`"),
            other => format!("`{key}` of {other}"),
        };
        let notes = self.notes;
        let Some(node) = self.node(key) else {
            let fields = self.absent(self.at, what);
            notes.fill(self.id, key, || Filling::Table { id: fields.id });
            return fields;
        };
        if let Value::Table(table) = &node.value {
            return Fields::new(table, node.at, what, notes);
        }
        if node.value.kind() == Value::Bool(true).kind() {
            let says = format!("`{key}` is a table, here it is {}", node.value.kind());
            let hint = format!("`{key} = {{}}` is one with all defaults");
            self.notes.hinted(node.at, says, hint);
            return self.absent(node.at, what);
        }
        let says = format!("`{key}` is a table, here it is {}", node.value.kind());
        notes.mistake(node.at, says);
        self.absent(node.at, what)
    }

    /// A table of `node`, if it is one.
    pub(crate) fn of(node: &'t Node, what: impl Into<String>, notes: &'t Notes) -> Option<Self> {
        match &node.value {
            Value::Table(table) => Some(Fields::new(table, node.at, what, notes)),
            other => {
                let what = what.into();
                notes.mistake(node.at, format!("{what} is a table, here it is {}", other.kind()));
                None
            }
        }
    }

    fn absent(&self, at: At, what: String) -> Fields<'t> {
        let id = self.notes.next_table.get();
        self.notes.next_table.set(id + 1);
        Fields { table: None, id, at, what, notes: self.notes, seen: RefCell::default() }
    }

    /// The tables that are named within `[… key.NAME]`, in the order of the file.
    pub(crate) fn named(&self, key: &'t str, what: &str) -> Vec<Named<'t>> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let Some(table) = node.table() else {
            let says = format!("`{key}` holds named tables, here it is {}", node.value.kind());
            self.notes.hinted(node.at, says, format!("write `[{key}.NAME]`"));
            return Vec::new();
        };
        let mut list = Vec::new();
        for entry in &table.entries {
            check_name(&entry.key, entry.key_at, what, self.notes);
            let title = format!("{what} `{}`", entry.key);
            let Some(inner) = Fields::of(&entry.node, title, self.notes) else { continue };
            let fields = Fields { at: entry.key_at, ..inner };
            list.push(Named { name: entry.key.clone(), at: entry.key_at, fields });
        }
        list
    }

    /// The value of `key` if it is a text.
    pub(crate) fn table_text(&self, key: &str) -> Option<String> {
        self.table.and_then(|table| table.get(key)).and_then(Node::text).map(str::to_owned)
    }

    /// The value of `key` as TOML.
    pub(crate) fn toml(&self, key: &str) -> Option<String> {
        self.table.and_then(|table| table.get(key)).map(Node::to_string)
    }

    /// Tells `explain` of a default that the reader computes itself.
    pub(crate) fn filled(&self, key: &str, text: String, source: &str) {
        self.notes.fill(self.id, key, || Filling::Default { text, source: source.to_owned() });
    }

    /// The keys that are there, in the order of the file.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&'t str, At)> + use<'t> {
        let entries = self.table.map_or(&[][..], |table| &table.entries[..]);
        entries.iter().map(|entry| (entry.key.as_str(), entry.key_at))
    }

    /// A comment that `explain` prints at the head of this table.
    pub(crate) fn remark(&self, text: impl Into<String>) {
        self.notes.fill(self.id, "", || Filling::Remark { text: text.into() });
    }

    /// Reports keys that the product knows by this name, and that are said elsewhere or otherwise here: each
    /// with where and how.
    pub(crate) fn elsewhere(&self, known: &[(&'t str, &str)]) {
        for (key, at) in self.keys() {
            if let Some((name, hint)) = known.iter().find(|(name, _)| *name == key) {
                let _ = self.node(name);
                self.notes.hinted(at, format!("`{key}` does not stand here"), *hint);
            }
        }
    }

    /// Reports every key that nobody asked for.
    /// What is called by a name here: endpoints, backends and the like.
    fn names(&self) -> impl Iterator<Item = &'t str> {
        let groups = self.table.into_iter().flat_map(|table| &table.entries);
        let groups = groups.filter(|it| SUBGROUPS.contains(&it.key.as_str()));
        groups.filter_map(|it| it.node.table()).flat_map(|it| &it.entries).map(|it| &it.key[..])
    }

    pub(crate) fn finish(&self) {
        self.finish_product("", &[]);
    }

    /// The same, for a product's own settings: what the product has but the model has not is
    /// neither ignored nor taken for a slip of the pen.
    pub(crate) fn finish_product(&self, product: &str, unmodelled: &[&str]) {
        let seen = self.seen.borrow();
        for (key, at) in self.keys() {
            if seen.contains(&key) {
                continue;
            }
            if unmodelled.contains(&key) {
                let says = format!("setting of {product} that is not modelled (yet): `{key}`");
                self.notes.hinted(
                    at,
                    says,
                    "nothing here corresponds to it; leave it out to simulate without it",
                );
                continue;
            }
            // A name may have been meant, of what may be left out of a path.
            let known = seen.iter().copied().chain(self.names());
            let hint = suggestion(key, &format!("keys of {}", self.what), known);
            self.notes.hinted(at, format!("unknown key `{key}`"), hint);
        }
    }
}

/// Names go into file names, reports and other tools: letters, digits, `_` and `-`.
fn check_name(name: &str, at: At, what: &str, notes: &Notes) {
    const LENGTH_MAX: usize = 60;
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    // Overrides name nothing new but copies of hardware, whose names are ours.
    let is_ours = at.text > 0;
    if !is_ours && (name.is_empty() || name.len() > LENGTH_MAX || !is_plain) {
        let says = format!("`{name}` cannot be the name of a {what}");
        let hint = format!("names have letters, digits, `_` and `-`, 1 to {LENGTH_MAX} of them");
        notes.hinted(at, says, hint);
    }
}
