//! Overrides: `app.workers=4` changes the tree before anything reads it, so that a changed value
//! is checked like a written one, and its mistakes point into the override.

use crate::scenario::{
    Override,
    law::LAWS,
    mistake::{At, Mistake, printable, suggestion},
    parse::Parser,
    tree::{Entry, Node, Table, Value},
};

/// Tables of named things: the group may be left out of a path.
const GROUPS: [&str; 7] = ["service", "workload", "request", "hardware", "host", "zone", "link"];

/// The same within a service.
pub(crate) const SUBGROUPS: [&str; 5] = ["backend", "upstream", "location", "endpoint", "query"];

/// Tables whose settings are known by their last word alone.
const SINGLE: [(&str, &[&str]); 2] = [
    ("scenario", &["title", "seed", "duration", "warm_up", "replications", "drain"]),
    ("network", &["latency", "loopback"]),
];

/// Lists of tables, whose elements are numbered from 1.
const LISTS: [&str; 2] = ["event", "slo"];

/// What the small tables of named things can hold; a service's settings are too many to list.
const SETTINGS: [(&str, &[&str]); 5] = [
    ("hardware", &["cores", "speed", "discipline", "nic", "memory", "disk", "price"]),
    ("host", &["hardware", "zone"]),
    ("request", &["to", "path", "method"]),
    ("zone", &[]),
    ("link", &["latency"]),
];

/// One key of a path and where it was written.
#[derive(Clone, Debug)]
struct Segment {
    key: String,
    at: At,
}

/// Applies one, which is text number `text` of the scenario.
pub(crate) fn apply(
    root: &mut Table,
    change: &Override,
    text: u32,
    parser: &mut Parser,
) -> Result<(), Mistake> {
    let mut segments = segments(&change.path, text);
    if change.value.is_empty() {
        let end = change.path.len() as u32;
        let says = format!("`{}` gets no value", printable(&change.path));
        let hint = Some("PATH=VALUE, as in `app.workers=12`; an empty text is `\"\"`".to_owned());
        return Err(Mistake { at: At { text, start: 0, end }, says, hint });
    }
    if let Some(empty) = segments.iter().find(|segment| segment.key.is_empty()) {
        let hint = Some("a path names a value, as in `app.workers`".to_owned());
        return Err(Mistake { at: empty.at, says: "an empty word in the path".to_owned(), hint });
    }
    let value = value(change, text, parser);
    let done = walk(root, &mut segments, parser)?;
    let last = segments.remove(0);
    match parent(root, &done) {
        Some(Node { value: Value::List(items), .. }) => {
            let number = element(items.len(), &last)?;
            items[number] = value;
        }
        Some(Node { value: Value::Table(table), .. }) => table.set(&last.key, last.at, value),
        Some(other) => return Err(not_a_table(other, &last)),
        None => root.set(&last.key, last.at, value),
    }
    Ok(())
}

/// The whole path of what a path leads to, so that two spellings of one setting can be told to be that;
/// where it leads nowhere, as it was written.
pub(crate) fn resolved(root: &Table, path: &str) -> String {
    let mut segments = segments(path, 0);
    let written = segments.clone();
    // It is only looked for: tables that are made on the way are forgotten.
    let way = walk(&mut root.clone(), &mut segments, &mut Parser::default());
    let words = match way {
        Ok(done) => done.into_iter().chain(segments).collect(),
        Err(_) => written,
    };
    let words: Vec<String> = words.into_iter().map(|it: Segment| it.key).collect();
    words.join(".")
}

/// Goes down a path to its last word, which is left in `segments`; gives those before it.
fn walk(
    root: &mut Table,
    segments: &mut Vec<Segment>,
    parser: &mut Parser,
) -> Result<Vec<Segment>, Mistake> {
    let mut done: Vec<Segment> = Vec::new();
    begin(root, segments, &mut done)?;
    while segments.len() > 1 {
        step(root, segments, &mut done, parser)?;
    }
    Ok(done)
}

/// Where else a path may have been meant to lead: to things of its first name within services, such
/// as backends, in which its next word is written.
pub(crate) fn elsewhere(root: &Table, path: &str) -> Vec<String> {
    let mut words = path.split('.').map(str::trim);
    let (Some(name), Some(next)) = (words.next(), words.next()) else { return Vec::new() };
    let mut found = Vec::new();
    for service in named(root, "service") {
        for group in SUBGROUPS {
            let things = service.node.table().and_then(|table| table.get(group)?.table());
            let thing = things.and_then(|things| things.get(name)?.table());
            if thing.is_some_and(|thing| thing.get(next).is_some()) {
                found.push(format!("{}.{group}.{path}", service.key));
            }
        }
    }
    found
}

fn segments(path: &str, text: u32) -> Vec<Segment> {
    let mut start = 0;
    let mut list = Vec::new();
    for key in path.split('.') {
        let at = At { text, start, end: start + key.len() as u32 };
        list.push(Segment { key: key.trim().to_owned(), at });
        start = at.end + 1;
    }
    list
}

/// As in the file; what is no TOML is a text without its quotes.
fn value(change: &Override, text: u32, parser: &mut Parser) -> Node {
    let start = change.path.len() + 1;
    // A document of one key as long as the path, so that places are those of the override.
    let document = format!("v{}={}", " ".repeat(start - 2), change.value);
    let (mut table, mistakes) = parser.document(&document, text);
    if mistakes.is_empty()
        && table.entries.len() == 1
        && let Some(Entry { node, .. }) = table.entries.pop()
    {
        return node;
    }
    let end = (start + change.value.len()) as u32;
    let at = At { text, start: start as u32, end };
    Node { at, value: Value::Text(change.value.trim().to_owned()) }
}

/// Finds where a path begins: at the top, at a named thing, or at a setting of the experiment.
fn begin(
    root: &Table,
    segments: &mut Vec<Segment>,
    done: &mut Vec<Segment>,
) -> Result<(), Mistake> {
    let first = segments[0].clone();
    let tops = || GROUPS.into_iter().chain(LISTS).chain(SINGLE.map(|(table, _)| table));
    if tops().any(|top| top == first.key) {
        let is_whole = segments.len() == 1 && !LISTS.contains(&first.key.as_str());
        return if is_whole { Err(not_one_value(&first)) } else { Ok(()) };
    }
    if segments.len() == 1 {
        for (table, keys) in SINGLE {
            if keys.contains(&first.key.as_str()) {
                let at = first.at;
                segments.insert(0, Segment { key: table.to_owned(), at });
                return Ok(());
            }
        }
    }
    let mut found: Vec<&str> = GROUPS
        .into_iter()
        .filter(|group| named(root, group).any(|entry| entry.key == first.key))
        .collect();
    if found.len() > 1 && segments.len() > 1 {
        found = fitting(root, found, &first.key, &segments[1].key);
    }
    match found[..] {
        [group] => {
            done.push(Segment { key: group.to_owned(), at: first.at });
            done.push(segments.remove(0));
            if segments.is_empty() { Err(not_one_value(&first)) } else { Ok(()) }
        }
        [] => {
            let owners = named(root, "service").filter(|entry| {
                let table = entry.node.table();
                segments.len() == 1 && table.is_some_and(|it| it.get(&first.key).is_some())
            });
            let owners: Vec<String> =
                owners.map(|entry| format!("`{}.{}`", entry.key, first.key)).collect();
            if !owners.is_empty() {
                let hint = Some(format!("did you mean {}?", owners.join(" or ")));
                let says = format!("nothing here is `{}`", first.key);
                return Err(Mistake { at: first.at, says, hint });
            }
            let names = GROUPS.into_iter().flat_map(|group| named(root, group));
            let names = names.map(|entry| entry.key.as_str());
            let settings = SINGLE.into_iter().flat_map(|(_, keys)| keys.iter().copied());
            let known: Vec<&str> = names.chain(settings).chain(tops()).collect();
            let hint = Some(suggestion(&first.key, "paths", known));
            Err(Mistake { at: first.at, says: format!("nothing here is `{}`", first.key), hint })
        }
        _ => {
            let rest: Vec<&str> = segments.iter().map(|segment| &segment.key[..]).collect();
            let ways = found.iter().map(|group| format!("`{group}.{}`", rest.join(".")));
            let hint = Some(format!("one of {}", ways.collect::<Vec<_>>().join(", ")));
            let says = format!("`{}` is the name of several things", first.key);
            Err(Mistake { at: first.at, says, hint })
        }
    }
}

/// Which of several things of one name is meant: the next word may tell, by what is written in
/// them, or by being a setting of a service, which the profile of the same name cannot have.
fn fitting(root: &Table, found: Vec<&'static str>, name: &str, next: &str) -> Vec<&'static str> {
    let has = |group: &&str| {
        let entry = named(root, group).find(|entry| entry.key == name);
        entry.and_then(|entry| entry.node.table()).is_some_and(|table| {
            let parts = SUBGROUPS.iter().filter(|_| *group == "service");
            let mut parts = parts.filter_map(|part| table.get(part).and_then(Node::table));
            table.get(next).is_some() || parts.any(|part| part.get(next).is_some())
        })
    };
    let can = |group: &&str| match SETTINGS.iter().find(|(table, _)| table == group) {
        Some((_, keys)) => keys.contains(&next),
        None => true,
    };
    let written: Vec<&str> = found.iter().copied().filter(has).collect();
    let possible: Vec<&str> = found.iter().copied().filter(can).collect();
    [written, possible].into_iter().find(|list| list.len() == 1).unwrap_or(found)
}

fn not_one_value(segment: &Segment) -> Mistake {
    let says = format!("`{}` is not one value", segment.key);
    let is_group = GROUPS.contains(&segment.key.as_str());
    let rest = if is_group { "NAME.SETTING" } else { "SETTING" };
    Mistake { at: segment.at, says, hint: Some(format!("as in `{}.{rest}=…`", segment.key)) }
}

fn named<'t>(root: &'t Table, group: &str) -> impl Iterator<Item = &'t Entry> + use<'t> {
    let table = root.get(group).and_then(Node::table);
    table.map_or(&[][..], |table| &table.entries[..]).iter()
}

/// Goes one word down the path.
fn step(
    root: &mut Table,
    segments: &mut Vec<Segment>,
    done: &mut Vec<Segment>,
    parser: &mut Parser,
) -> Result<(), Mistake> {
    let segment = segments.remove(0);
    if segment.key == "hardware" && is_owner(done) {
        return copy_hardware(root, segment.at, done, parser);
    }
    let is_service = done.len() == 2 && done[0].key == "service";
    let is_named =
        done.len() == 3 && done[0].key == "service" && SUBGROUPS.contains(&done[2].key.as_str());
    let is_group = done.len() == 1 && GROUPS.contains(&done[0].key.as_str())
        || is_service && SUBGROUPS.contains(&segment.key.as_str())
        || is_named;
    let id = parser.tables;
    let here = match parent(root, done) {
        None => root,
        Some(node) => match &mut node.value {
            Value::Table(table) => table,
            Value::List(items) => {
                element(items.len(), &segment)?;
                done.push(segment);
                return Ok(());
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => {
                return Err(not_a_table(node, &segment));
            }
        },
    };
    if here.get(&segment.key).is_none() {
        if is_service && let Some(group) = subgroup(here, &segment)? {
            done.push(Segment { key: group.to_owned(), at: segment.at });
        } else if is_group || LISTS.contains(&segment.key.as_str()) {
            let known = here.entries.iter().map(|entry| entry.key.as_str());
            let hint = Some(suggestion(&segment.key, "names", known));
            let says = format!("nothing here is `{}`", segment.key);
            return Err(Mistake { at: segment.at, says, hint });
        } else if let Some(written) = here.entries.iter().find(|it| LAWS.contains(&&it.key[..])) {
            // A law has one distribution, and none that is called so.
            let says = format!("nothing here is `{}`", segment.key);
            let hint = if LAWS.contains(&&segment.key[..]) {
                format!("it is `{}`; another distribution is set as a whole", written.key)
            } else {
                suggestion(&segment.key, "distributions", LAWS)
            };
            return Err(Mistake { at: segment.at, says, hint: Some(hint) });
        } else {
            // A table of settings that has only had defaults.
            parser.tables += 1;
            let table = Table { id, entries: Vec::new() };
            here.set(&segment.key, segment.at, Node { at: segment.at, value: Value::Table(table) });
        }
    }
    done.push(segment);
    Ok(())
}

/// The group of a service in which something has this name.
fn subgroup(service: &Table, segment: &Segment) -> Result<Option<&'static str>, Mistake> {
    let has = |group: &&str| {
        let table = service.get(group).and_then(Node::table);
        table.is_some_and(|table| table.get(&segment.key).is_some())
    };
    let found: Vec<&'static str> = SUBGROUPS.into_iter().filter(has).collect();
    match found[..] {
        [] => Ok(None),
        [group] => Ok(Some(group)),
        _ => {
            let ways = found.iter().map(|group| format!("`{group}.{}`", segment.key));
            let hint = Some(format!("one of {}", ways.collect::<Vec<_>>().join(", ")));
            let says = format!("`{}` is the name of several things", segment.key);
            Err(Mistake { at: segment.at, says, hint })
        }
    }
}

/// Services and shared hosts name a profile of hardware.
fn is_owner(done: &[Segment]) -> bool {
    done.len() == 2 && (done[0].key == "service" || done[0].key == "host")
}

/// A profile may be shared: a change through one of its users is for that user alone.
fn copy_hardware(
    root: &mut Table,
    at: At,
    done: &mut Vec<Segment>,
    parser: &mut Parser,
) -> Result<(), Mistake> {
    let owner = done[1].key.clone();
    let user = parent(root, done).and_then(|node| node.table_mut());
    let profile = user.as_ref().and_then(|user| user.get("hardware")).and_then(Node::text);
    let Some(profile) = profile.map(str::to_owned) else {
        let on = user.and_then(|user| user.get("on").map(ToString::to_string));
        let hint = on.map(|on| format!("it stands on {on}: change that host's `hardware`"));
        let says = format!("`{owner}` has no hardware of its own");
        return Err(Mistake { at, says, hint });
    };
    let copy = if profile.ends_with(&format!("-of-{owner}")) {
        profile
    } else {
        let name = format!("{profile}-of-{owner}");
        if let Some(user) = user {
            user.set("hardware", at, Node { at, value: Value::Text(name.clone()) });
        }
        let profiles = root.get_mut("hardware").and_then(Node::table_mut);
        if let Some(profiles) = profiles
            && let Some(mut node) = profiles.get(&profile).cloned()
        {
            renumber(&mut node, parser);
            profiles.set(&name, at, node);
        }
        name
    };
    *done = vec![Segment { key: "hardware".to_owned(), at }, Segment { key: copy, at }];
    if parent(root, done).is_none() {
        let says = format!("`{owner}` names hardware that does not exist");
        return Err(Mistake { at, says, hint: None });
    }
    Ok(())
}

/// Tables are told apart by their numbers, copies too.
fn renumber(node: &mut Node, parser: &mut Parser) {
    match &mut node.value {
        Value::Table(table) => {
            table.id = parser.tables;
            parser.tables += 1;
            table.entries.iter_mut().for_each(|entry| renumber(&mut entry.node, parser));
        }
        Value::List(items) => items.iter_mut().for_each(|item| renumber(item, parser)),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => {}
    }
}

/// The node at the end of a path that is known to exist; `None` is the root, or nothing.
fn parent<'t>(root: &'t mut Table, done: &[Segment]) -> Option<&'t mut Node> {
    let (first, rest) = done.split_first()?;
    let mut node = root.get_mut(&first.key)?;
    for segment in rest {
        node = match &mut node.value {
            Value::Table(table) => table.get_mut(&segment.key)?,
            Value::List(items) => {
                let number = element(items.len(), segment).ok()?;
                &mut items[number]
            }
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Date(_) => return None,
        };
    }
    Some(node)
}

fn element(length: usize, segment: &Segment) -> Result<usize, Mistake> {
    let number = segment.key.parse::<usize>().ok().filter(|n| (1..=length).contains(n));
    number.map(|number| number - 1).ok_or_else(|| Mistake {
        at: segment.at,
        says: format!("no element `{}`", segment.key),
        hint: Some(format!("elements are numbered from 1 to {length}")),
    })
}

fn not_a_table(node: &Node, segment: &Segment) -> Mistake {
    let says = format!("`{}` would be within {}", segment.key, node.value.kind());
    Mistake { at: segment.at, says, hint: Some("set the whole value".to_owned()) }
}
