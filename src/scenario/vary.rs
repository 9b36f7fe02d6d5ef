//! What a sweep varies: settings by their paths, each with the values it is to have, and the grid
//! of points that they span. `[sweep]` of the file and `--vary` of the command line say the same in
//! the same words.

mod range;

use crate::scenario::{
    Override, Source,
    mistake::{At, Mistake, Mistakes, Text},
    overrides::resolved,
    parse::Parser,
    tree::{Entry, Node, Table, Value},
};
use range::{Item, items};
use std::collections::BTreeSet;

/// A setting and the values that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The shortest unambiguous path, such as `app.instances`.
    pub path: String,
    items: Vec<Item>,
    /// Goes together with the other zipped ones, value by value.
    is_zipped: bool,
    place: Place,
}

/// Where a parameter is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// The words of its path; of the command line's, which tell their places themselves, none.
    words: Vec<At>,
    values: At,
}

impl Parameter {
    /// By the command line rather than by the file.
    fn is_given(&self) -> bool {
        self.place.words.is_empty()
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.items.iter().map(Item::count).fold(0, u64::saturating_add)
    }

    /// A value as in the file; quotes round a text may be missing.
    pub fn value(&self, index: u64) -> String {
        let mut index = index;
        for item in &self.items {
            if index < item.count() {
                return item.value(index);
            }
            index -= item.count();
        }
        unreachable!("`{}` has no such value", self.path)
    }
}

/// Values that are looked through one by one.
const LISTED_MAX: u64 = 100_000;

/// All points of a sweep, in their order: the first parameter changes slowest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// What varies, in the order of the file, then of the command line.
    pub parameters: Vec<Parameter>,
    /// Parameters (indices) that go together, in the order in which they are first named.
    axes: Vec<Vec<usize>>,
}

impl Grid {
    fn new(parameters: Vec<Parameter>) -> Grid {
        let mut axes: Vec<Vec<usize>> = Vec::new();
        // The zip of the file, and that of the command line.
        let mut zipped: [Option<usize>; 2] = [None; 2];
        for (index, parameter) in parameters.iter().enumerate() {
            let zip = &mut zipped[usize::from(parameter.is_given())];
            match *zip {
                Some(axis) if parameter.is_zipped => axes[axis].push(index),
                _ => {
                    *zip = if parameter.is_zipped { Some(axes.len()) } else { *zip };
                    axes.push(vec![index]);
                }
            }
        }
        Grid { parameters, axes }
    }

    /// How many values each axis has; zipped parameters are one axis.
    pub fn lengths(&self) -> Vec<u64> {
        self.axes.iter().map(|axis| self.parameters[axis[0]].count()).collect()
    }

    /// The parameters (indices) of each axis, slowest first.
    pub fn axes(&self) -> &[Vec<usize>] {
        &self.axes
    }

    /// How many points there are; `u64::MAX` for more than that.
    pub fn points(&self) -> u64 {
        self.lengths().into_iter().fold(1, u64::saturating_mul)
    }

    /// Where a point stands on each axis.
    pub fn place(&self, point: u64) -> Vec<u64> {
        let mut rest = point;
        let mut place: Vec<u64> = self
            .lengths()
            .into_iter()
            .rev()
            .map(|length| {
                let at = rest % length;
                rest /= length;
                at
            })
            .collect();
        place.reverse();
        place
    }

    /// The values of a point, in the order of the parameters.
    pub fn values(&self, point: u64) -> Vec<String> {
        let mut values = vec![String::new(); self.parameters.len()];
        for (axis, at) in self.axes.iter().zip(self.place(point)) {
            for &index in axis {
                values[index] = self.parameters[index].value(at);
            }
        }
        values
    }

    /// The values of a point in words, which tell it from all others.
    pub fn label(&self, point: u64) -> String {
        let words = self.changes(point);
        let words = words.iter().map(|it| format!("{}={}", it.path, it.value));
        words.collect::<Vec<_>>().join("; ")
    }

    /// Where in the file stands what is at a place of the change that a parameter makes; `None`: it is of
    /// the command line.
    pub(super) fn written(&self, parameter: usize, at: At) -> Option<At> {
        let Parameter { path, place, .. } = &self.parameters[parameter];
        let last = place.words.last()?;
        if at.start as usize > path.len() {
            return Some(place.values);
        }
        let before = path.bytes().take(at.start as usize).filter(|it| *it == b'.').count();
        Some(*place.words.get(before).unwrap_or(last))
    }

    /// The values of a point as changes of the scenario.
    pub fn changes(&self, point: u64) -> Vec<Override> {
        let values = self.parameters.iter().zip(self.values(point));
        values.map(|(it, value)| Override { path: it.path.clone(), value }).collect()
    }
}

/// What is to be varied: `[sweep]` of the file, then `vary` (each `PATH=VALUES`), which replaces
/// what the file says of the same path. `zips`: all of `vary` go together, value by value.
pub fn grid(source: &Source, vary: &[String], zips: bool) -> Result<Grid, Mistakes> {
    let mut mistakes = Vec::new();
    let (root, syntax) = Parser::default().document(&source.text, 0);
    // They are told by whoever reads the rest of the file.
    let of_file = if syntax.is_empty() { of_file(&root, &mut mistakes) } else { Vec::new() };
    // One setting may be spelled in several ways: what counts is where a path leads.
    let mut parameters = Distinct::new(&root);
    for it in of_file {
        let at = *it.place.words.last().expect("a key of the file");
        mistakes.extend(parameters.add(it, at).err());
    }
    let mut given = Distinct::new(&root);
    for (text, number) in vary.iter().zip(1..) {
        match of_option(text, number, zips) {
            Ok(it) => {
                let at = At { text: number, start: 0, end: it.path.len() as u32 };
                mistakes.extend(given.add(it, at).err());
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let parameters = parameters.replaced_by(given);
    if parameters.is_empty() && mistakes.is_empty() {
        let hint =
            "`--vary app.instances=2..12`, or a table `[sweep]` with `app.instances = \"2..12\"`";
        mistakes.push(mistake(At::default(), "nothing is varied".to_owned(), Some(hint)));
    }
    unlike(&parameters, &mut mistakes);
    if !mistakes.is_empty() {
        let file = Text { path: source.path.clone(), text: source.text.clone() };
        let options =
            vary.iter().map(|text| Text { path: "--vary".to_owned(), text: text.clone() });
        return Err(Mistakes::new(std::iter::once(file).chain(options).collect(), mistakes));
    }
    Ok(Grid::new(parameters))
}

/// Which of these changes a parameter would undo: those of a setting that is varied. A warm-up that is left open is
/// found once for all points, whatever they are run with.
pub fn in_vain<'c>(source: &Source, grid: &Grid, changes: &'c [Override]) -> Vec<&'c Override> {
    let (root, _) = Parser::default().document(&source.text, 0);
    let varied: Vec<String> = grid.parameters.iter().map(|it| resolved(&root, &it.path)).collect();
    let is_undone = |path: String| path != "scenario.warm_up" && varied.contains(&path);
    changes.iter().filter(|it| is_undone(resolved(&root, &it.path))).collect()
}

/// Parameters, each setting once, with where their paths lead.
struct Distinct<'a> {
    root: &'a Table,
    list: Vec<(String, Parameter)>,
}

impl<'a> Distinct<'a> {
    fn new(root: &'a Table) -> Distinct<'a> {
        Distinct { root, list: Vec::new() }
    }

    fn add(&mut self, it: Parameter, at: At) -> Result<(), Mistake> {
        let leads = resolved(self.root, &it.path);
        let known = self.list.iter().find(|(other, _)| *other == leads);
        let Some((_, other)) = known else {
            self.list.push((leads, it));
            return Ok(());
        };
        let mut says = format!("`{}` is varied twice", it.path);
        if other.path != it.path {
            says.push_str(&format!(": `{}` is the same", other.path));
        }
        Err(mistake(at, says, None))
    }

    fn replaced_by(self, others: Distinct<'_>) -> Vec<Parameter> {
        let is_left = |leads: &str| others.list.iter().all(|(other, _)| other != leads);
        let left = self.list.into_iter().filter(|(leads, _)| is_left(leads)).collect::<Vec<_>>();
        left.into_iter().chain(others.list).map(|(_, it)| it).collect()
    }
}

/// Whether `[sweep]` of a file makes sense in itself, for those who do not sweep.
pub(super) fn check(table: &Table, mistakes: &mut Vec<Mistake>) {
    let parameters = of_table(table, mistakes);
    unlike(&parameters, mistakes);
}

fn mistake(at: At, says: String, hint: Option<&str>) -> Mistake {
    Mistake { at, says, hint: hint.map(str::to_owned) }
}

/// Zipped parameters have as many values as each other.
fn unlike(parameters: &[Parameter], mistakes: &mut Vec<Mistake>) {
    for is_given in [false, true] {
        let own = |it: &&Parameter| it.is_zipped && it.is_given() == is_given;
        let mut zipped = parameters.iter().filter(own);
        let Some(first) = zipped.next() else { continue };
        for it in zipped {
            if it.count() != first.count() {
                let says = format!(
                    "zipped parameters go value by value, but `{}` has {} and `{}` {}",
                    first.path,
                    first.count(),
                    it.path,
                    it.count()
                );
                mistakes.push(mistake(it.place.values, says, None));
            }
        }
    }
}

impl Parameter {
    /// What it would be to vary this in vain.
    fn sensible(self) -> Result<Parameter, Mistake> {
        if self.has_open_warm_up() {
            let hint = "pilots find a warm-up once for all points, by the scenario as it is written, \
                        if that says `warm_up = \"auto\"`; or vary it as spans, such as `5s,10s`";
            let says = "a warm-up that is varied cannot be `auto`".to_owned();
            return Err(mistake(self.place.values, says, Some(hint)));
        }
        self.distinct()
    }

    /// It leaves the warm-up open, which is nothing that points are run with.
    fn has_open_warm_up(&self) -> bool {
        let words: Vec<&str> = self.path.split('.').map(str::trim).collect();
        let is_auto = |it: &Item| match it {
            Item::One(value) => value.trim().trim_matches(['"', '\'']) == "auto",
            Item::Steps { .. } => false,
        };
        matches!(words[..], ["warm_up"] | ["scenario", "warm_up"]) && self.items.iter().any(is_auto)
    }

    /// No point is there twice: zipped parameters may repeat a value, others not.
    fn distinct(self) -> Result<Parameter, Mistake> {
        if self.is_zipped || self.count() > LISTED_MAX {
            return Ok(self);
        }
        let mut known = BTreeSet::new();
        let again = (0..self.count()).map(|it| self.value(it)).find(|it| !known.insert(it.clone()));
        match again {
            None => Ok(self),
            Some(value) => {
                let says = format!("`{}` is to be `{value}` twice", self.path);
                Err(mistake(self.place.values, says, Some("each value makes points of its own")))
            }
        }
    }
}

fn of_option(text: &str, number: u32, is_zipped: bool) -> Result<Parameter, Mistake> {
    let whole = At { text: number, start: 0, end: text.len() as u32 };
    let hint = "as in `--vary app.instances=2..12` or `--vary web.balance=leastconn,roundrobin`";
    let Some((path, values)) = text.split_once('=') else {
        return Err(mistake(whole, "`--vary` takes PATH=VALUES".to_owned(), Some(hint)));
    };
    let path = path.trim();
    if path.is_empty() {
        return Err(mistake(whole, "no path before `=`".to_owned(), Some(hint)));
    }
    let start = (text.len() - values.len()) as u32;
    let at = At { start, ..whole };
    let items = items(values).map_err(|(says, hint)| mistake(at, says, hint))?;
    let place = Place { words: Vec::new(), values: at };
    Parameter { path: path.to_owned(), items, is_zipped, place }.sensible()
}

fn of_file(root: &Table, mistakes: &mut Vec<Mistake>) -> Vec<Parameter> {
    match root.get("sweep").map(|node| &node.value) {
        Some(Value::Table(table)) => of_table(table, mistakes),
        // Told by whoever reads the rest of the file.
        Some(_) | None => Vec::new(),
    }
}

fn of_table(table: &Table, mistakes: &mut Vec<Mistake>) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    for entry in &table.entries {
        if entry.key == "zip" {
            match &entry.node.value {
                Value::Table(zip) => leaves(zip, &Way::default(), true, &mut parameters, mistakes),
                _ => mistakes.push(mistake(
                    entry.node.at,
                    "`zip` is a table of parameters that go together".to_owned(),
                    Some("write `[sweep.zip]` with `app.instances = \"2..4\"` and others in it"),
                )),
            }
        } else {
            leaf(&entry.node, Way::default().to(entry), false, &mut parameters, mistakes);
        }
    }
    parameters
}

/// A path in a table of parameters, word by word.
#[derive(Clone, Debug, Default)]
struct Way {
    path: String,
    words: Vec<At>,
}

impl Way {
    fn to(&self, entry: &Entry) -> Way {
        let dot = if self.path.is_empty() { "" } else { "." };
        let mut words = self.words.clone();
        words.push(entry.key_at);
        Way { path: format!("{}{dot}{}", self.path, entry.key), words }
    }
}

fn leaves(
    table: &Table,
    way: &Way,
    is_zipped: bool,
    parameters: &mut Vec<Parameter>,
    mistakes: &mut Vec<Mistake>,
) {
    for entry in &table.entries {
        leaf(&entry.node, way.to(entry), is_zipped, parameters, mistakes);
    }
}

fn leaf(
    node: &Node,
    way: Way,
    is_zipped: bool,
    parameters: &mut Vec<Parameter>,
    mistakes: &mut Vec<Mistake>,
) {
    let items = match &node.value {
        Value::Table(table) => return leaves(table, &way, is_zipped, parameters, mistakes),
        Value::Text(text) => items(text),
        Value::List(list) if list.is_empty() => Err(("no values".to_owned(), None)),
        Value::List(list) => Ok(list.iter().map(|it| Item::One(it.to_string())).collect()),
        Value::Number(_) | Value::Bool(_) | Value::Date(_) => Ok(vec![Item::One(node.to_string())]),
    };
    let Way { path, words } = way;
    let place = Place { words, values: node.at };
    let parameter = items
        .map_err(|(says, hint)| mistake(node.at, says, hint))
        .and_then(|items| Parameter { path, items, is_zipped, place }.sensible());
    match parameter {
        Ok(parameter) => parameters.push(parameter),
        Err(mistake) => mistakes.push(mistake),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(file: &str, vary: &[&str], zips: bool) -> Result<Vec<String>, String> {
        let source = Source { path: "a.toml".to_owned(), text: file.to_owned() };
        let vary: Vec<String> = vary.iter().map(|&it| it.to_owned()).collect();
        let grid = grid(&source, &vary, zips).map_err(|mistakes| mistakes.draw(false))?;
        let point = |point| {
            let changes = grid.changes(point);
            let words = changes.iter().map(|it| format!("{}={}", it.path, it.value));
            words.collect::<Vec<_>>().join(" ")
        };
        Ok((0..grid.points()).map(point).collect())
    }

    #[test]
    fn the_first_parameter_changes_slowest() {
        let file = "[sweep]\na.n = \"1..2\"\nb = [\"x\", \"y\"]\n";
        let all = points(file, &[], false).unwrap();
        let expected = ["a.n=1 b=\"x\"", "a.n=1 b=\"y\"", "a.n=2 b=\"x\"", "a.n=2 b=\"y\""];
        assert_eq!(all, expected);
        let all = points(file, &["b=z", "c=7"], false).unwrap();
        assert_eq!(all, ["a.n=1 b=z c=7", "a.n=2 b=z c=7"]);
    }

    #[test]
    fn zipped_ones_go_together() {
        let file = "[sweep]\nq = \"5,6\"\n[sweep.zip]\na.n = \"1..2\"\nb.n = \"4..5\"\n";
        let all = points(file, &[], false).unwrap();
        let expected = ["q=5 a.n=1 b.n=4", "q=5 a.n=2 b.n=5", "q=6 a.n=1 b.n=4", "q=6 a.n=2 b.n=5"];
        assert_eq!(all, expected);
        let all = points("", &["a=1,2", "b=3,4"], true).unwrap();
        assert_eq!(all, ["a=1 b=3", "a=2 b=4"]);
        let error = points("", &["a=1,2", "b=3,4,5"], true).unwrap_err();
        assert!(error.contains("`a` has 2 and `b` 3"), "{error}");
        // Those of the file are tied to each other, those of the command line to theirs.
        let file = "[sweep.zip]\na.n = \"1..2\"\nb.n = \"4..5\"\n";
        let all = points(file, &["c=1..3", "d=7..9"], true).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(
            (all[0].as_str(), all[5].as_str()),
            ("a.n=1 b.n=4 c=1 d=7", "a.n=2 b.n=5 c=3 d=9")
        );
        assert_eq!(points(file, &["c=1,2"], true).unwrap().len(), 4);
        assert_eq!(points(file, &["b.n=7,8,9"], true).unwrap().len(), 6);
    }

    #[test]
    fn nonsense_is_told() {
        let check = |vary: &[&str], says: &str| {
            let error = points("", vary, false).unwrap_err();
            assert!(error.contains(says), "{error}");
        };
        check(&[], "nothing is varied");
        check(&["a"], "PATH=VALUES");
        check(&["=3"], "no path");
        check(&["a=1", "a=2"], "`a` is varied twice");
        check(&["a=9..2", "b="], "runs backwards");
        check(&["a=9..2", "b="], "no values");
    }
}
