//! The scenario language: parsed, checked whole, compiled to a blueprint.
//!
//! Text becomes a tree with places (`parse`, `tree`), overrides change it, the walker reads it
//! (`fields`, `site` and its neighbours, presets in `kind`) into a description (`schema`), names
//! are resolved (`routes`, `check`), and what has no mistakes is compiled.

mod check;
mod compile;
mod explain;
mod fields;
mod happening;
mod kind;
mod law;
pub mod lines;
mod load;
mod mistake;
mod overrides;
mod parse;
mod program;
mod promise;
mod routes;
mod schema;
mod site;
mod tree;
pub(crate) mod units;
mod vary;

pub use mistake::{At, Mistake, Mistakes, nearest};
pub use vary::{Grid, Parameter, grid, in_vain};

use crate::{
    engine::time::Span,
    model::blueprint::Blueprint,
    scenario::{
        fields::{Filled, Notes},
        mistake::Text,
        parse::Parser,
        routes::Routes,
        schema::Site,
        tree::Table,
    },
};

/// A scenario file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is, for messages; its stem is the scenario's name.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// A value that replaces one of the file's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The shortest unambiguous path, such as `app.workers`.
    pub path: String,
    /// As in the file; quotes round a text may be left out.
    pub value: String,
}

impl Override {
    /// Without white space around path and value.
    #[must_use]
    pub fn trimmed(self) -> Override {
        Override { path: self.path.trim().to_owned(), value: self.value.trim().to_owned() }
    }
}

impl std::str::FromStr for Override {
    type Err = String;

    /// `path=value`.
    fn from_str(text: &str) -> Result<Override, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => {
                Ok(Override { path: path.to_owned(), value: value.to_owned() })
            }
            Some(_) | None => Err(format!("`{}` is not `path=value`", mistake::printable(text))),
        }
    }
}

/// The compiled form of a scenario, or everything that is wrong with it.
pub fn compile(source: &Source, overrides: &[Override]) -> Result<Blueprint, Mistakes> {
    Draft::of(source, overrides).compile()
}

/// A scenario that is parsed and changed, and not yet read. It can be changed further: points of a sweep have their
/// draft in common.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    source: &'a Source,
    /// All that was changed so far.
    overrides: Vec<Override>,
    root: Table,
    parser: Parser,
    /// What is no TOML, and what could not be changed.
    syntax: Vec<Mistake>,
    unchanged: Vec<Mistake>,
}

impl<'a> Draft<'a> {
    /// Of a scenario.
    pub fn of(source: &'a Source, overrides: &[Override]) -> Draft<'a> {
        let mut parser = Parser::default();
        let (root, syntax) = parser.document(&source.text, 0);
        let (overrides_before, unchanged) = (Vec::new(), Vec::new());
        let mut draft =
            Draft { source, overrides: overrides_before, root, parser, syntax, unchanged };
        draft.change(overrides);
        draft
    }

    fn change(&mut self, overrides: &[Override]) {
        for change in overrides {
            self.overrides.push(change.clone());
            let text = self.overrides.len() as u32;
            let done = overrides::apply(&mut self.root, change, text, &mut self.parser);
            self.unchanged.extend(done.err());
        }
    }

    /// A point of a sweep. Mistakes in its own changes point into `--vary`, or to where the file says so;
    /// those that it makes elsewhere say at which point.
    pub fn compile_point(&self, grid: &Grid, number: u64) -> Result<Blueprint, Mistakes> {
        let mut point = self.clone();
        point.change(&grid.changes(number));
        point.compile().map_err(|mistakes| {
            let first = self.overrides.len() + 1;
            mistakes.renamed(first, "--vary").changed(|Mistake { at, says, hint }| {
                let of = (at.text as usize).checked_sub(first);
                let written = of.map(|parameter| grid.written(parameter, at));
                let (at, is_said) = match written {
                    // The value stands there.
                    Some(None) => (at, true),
                    Some(Some(place)) => (place, false),
                    None => (at, false),
                };
                let point = (!is_said).then(|| format!("at the point `{}`", grid.label(number)));
                let hint: Vec<String> = hint.into_iter().chain(point).collect();
                Mistake { at, says, hint: (!hint.is_empty()).then(|| hint.join("; ")) }
            })
        })
    }

    /// The compiled form, or everything that is wrong.
    pub fn compile(self) -> Result<Blueprint, Mistakes> {
        let Source { path, text } = self.source;
        let reading = self.read(false)?;
        let line = |at: At| if at.text == 0 { line_of(text, at) } else { 0 };
        Ok(compile::compile(stem(path), &reading.site, &reading.routes, &line))
    }

    fn read(self, explains: bool) -> Result<Reading, Mistakes> {
        let Draft { source, overrides, root, parser, syntax, unchanged } = self;
        let broken = syntax.clone();
        let notes = Notes::new(parser.tables, syntax, explains);
        for Mistake { at, says, hint } in unchanged {
            match hint {
                Some(hint) => notes.hinted(at, says, hint),
                None => notes.mistake(at, says),
            }
        }
        let mut site = site::read(&root, &notes);
        let mut found = None;
        // Behind a syntax error half of the names may be lost; to miss them would only confuse. So
        // would ways that end where a name is wrong.
        if !notes.is_damaged() {
            check::check(&site, &notes);
        }
        if notes.knows_all_names() {
            let before = notes.count();
            routes::resolve(&mut site, &notes);
            load::connect(&mut site, &notes);
            check::weights(&site, &notes);
            found = (notes.count() == before).then(|| routes::find_ways(&mut site, &notes));
        }
        let is_clean = notes.is_clean();
        let (mut mistakes, filled) = notes.into_parts();
        drop_echoes(&mut mistakes, &broken, &source.text);
        for mistake in &mut mistakes {
            point_elsewhere(mistake, &root, &overrides);
        }
        match found {
            Some(routes) if is_clean => Ok(Reading { root, site, routes, filled }),
            Some(_) | None => Err(Mistakes::new(texts(source, &overrides), mistakes)),
        }
    }
}

/// The scenario as TOML with every default filled in and its source, or everything that is wrong
/// with it.
pub fn explain(source: &Source, overrides: &[Override]) -> Result<String, Mistakes> {
    let reading = Draft::of(source, overrides).read(true)?;
    Ok(explain::explain(&reading.root, reading.filled))
}

/// A span as scenarios write it, or what is wrong with it.
pub fn span(text: &str) -> Result<Span, String> {
    units::span(text).map_err(|(says, hint)| format!("{says}; {hint}"))
}

/// A scenario without mistakes.
struct Reading {
    root: Table,
    site: Site,
    routes: Routes,
    filled: Vec<Filled>,
}

/// What is left of a line with a syntax error makes no sense; to say so once is enough.
fn drop_echoes(mistakes: &mut Vec<Mistake>, broken: &[Mistake], text: &str) {
    let line = |at: At| text.bytes().take(at.start as usize).filter(|b| *b == b'\n').count();
    let lines: Vec<usize> = broken.iter().take(100).map(|wrong| line(wrong.at)).collect();
    mistakes.retain(|mistake| {
        let is_echo = !broken.contains(mistake)
            && mistake.at.text == 0
            && !lines.is_empty()
            && lines.contains(&line(mistake.at));
        !is_echo
    });
}

/// A path that ends at nothing may have been meant for something else of the same name.
fn point_elsewhere(mistake: &mut Mistake, root: &Table, overrides: &[Override]) {
    let number = (mistake.at.text as usize).checked_sub(1);
    let Some(Override { path, .. }) = number.and_then(|number| overrides.get(number)) else {
        return;
    };
    if mistake.at.end as usize > path.len() {
        return;
    }
    let ways = overrides::elsewhere(root, path);
    if ways.is_empty() {
        return;
    }
    let ways: Vec<String> = ways.iter().map(|way| format!("`{way}`")).collect();
    let meant = format!("or is {} meant?", ways.join(" or "));
    mistake.hint = Some(match mistake.hint.take() {
        Some(hint) => format!("{hint}; {meant}"),
        None => meant,
    });
}

/// The texts that mistakes point into.
fn texts(source: &Source, overrides: &[Override]) -> Vec<Text> {
    let file = Text { path: source.path.clone(), text: source.text.clone() };
    let sets = overrides.iter().map(|change| Text {
        path: "--set".to_owned(),
        // Without a value there need not have been a sign for one either.
        text: match change.value.as_str() {
            "" => change.path.clone(),
            value => format!("{}={value}", change.path),
        },
    });
    std::iter::once(file).chain(sets).collect()
}

/// The line of a place in the file, from 1.
fn line_of(text: &str, at: At) -> u32 {
    let newlines = text.bytes().take(at.start as usize).filter(|byte| *byte == b'\n').count();
    newlines as u32 + 1
}

/// The file's name without folders and extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".toml").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::time::Instant,
        model::blueprint::{Arrivals, Op},
    };

    fn site(rest: &str) -> Blueprint {
        let text = format!(
            "[scenario]\nduration = \"1min\"\nwarm_up = \"10s\"\n[hardware.h]\ncores = 1\n\
             [service.s]\nkind = \"service\"\nhardware = \"h\"\n\
             [request.r]\nto = \"s.e\"\n\
             [workload.w]\nmix = {{ r = 1 }}\narrivals = {{ poisson = \"10/s\" }}\n{rest}"
        );
        let source = Source { path: "folder/small.toml".to_owned(), text };
        compile(&source, &[]).unwrap_or_else(|mistakes| panic!("{}", mistakes.draw(false)))
    }

    /// The endpoint's operations, told in a letter each, jumps with where they go.
    fn ops(steps: &str) -> (String, Vec<u64>) {
        let leaf = "[service.t]\nkind = \"service\"\nhardware = \"h\"\n[service.t.endpoint.x]\n";
        let site = site(&format!("[service.s.endpoint.e]\nsteps = [{steps}]\n{leaf}"));
        let first = site.endpoints[0].entry as usize;
        let last = site.endpoints[1].entry as usize;
        let told = site.program[first..last].iter().map(|it| match it.op {
            Op::Cpu { .. } => "C".to_owned(),
            Op::Wait { .. } => "W".to_owned(),
            Op::Call { .. } => "call".to_owned(),
            Op::Fork { calls, copies } => format!("F{calls}x{copies}"),
            Op::Branch { otherwise, .. } => format!("B{otherwise}"),
            Op::Jump { to } => format!("J{to}"),
            Op::Round => "N".to_owned(),
            Op::Respond { .. } => "R".to_owned(),
            Op::End => "E".to_owned(),
            other => format!("{other:?}"),
        });
        (
            told.collect::<Vec<_>>().join(" "),
            site.program[first..last].iter().map(|it| it.place).collect(),
        )
    }

    #[test]
    fn steps_become_operations() {
        let check = |steps: &str, expected: &str| assert_eq!(ops(steps).0, expected, "{steps}");
        check("{ cpu = \"1ms\" }", "C R E");
        check("{ repeat = 3, steps = [ { cpu = \"1ms\" } ] }", "C N C N C R E");
        check("{ repeat = { probability = 0.5 }, steps = [ { cpu = \"1ms\" } ] }", "B3 C J0 R E");
        check("{ branch = 0.5, steps = [ { cpu = \"1ms\" } ] }", "B2 C R E");
        check(
            "{ branch = 0.5, steps = [ { cpu = \"1ms\" } ], else = [ { wait = \"1ms\" } ] }",
            "B3 C J4 W R E",
        );
        check("{ parallel = \"t.x\", count = 5 }", "F1x5 call R E");
        check("{ parallel = [\"t.x\", \"t.x\"] }", "F2x1 call call R E");
        check("{ respond = \"1KiB\" }, { cpu = \"1ms\" }", "R C E");
    }

    #[test]
    fn places_belong_to_the_steps_own_words() {
        let (_, alone) = ops("{ cpu = \"1ms\" }");
        let (_, behind) = ops("{ wait = \"1ms\" }, { cpu = \"2ms\" }");
        assert_eq!(alone[0], behind[1]);
        let (_, rounds) = ops("{ repeat = 2, steps = [ { cpu = \"1ms\" } ] }");
        assert_eq!(rounds[0], rounds[2]);
        let (_, twice) = ops("{ cpu = \"1ms\" }, { cpu = \"1ms\" }");
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn a_spike_is_a_workload_of_its_own() {
        let spike = "[[event]]\nat = \"20s\"\nspike = { workload = \"w\", extra = \"x3\", \
                     ramp = \"2s\", hold = \"5s\", decay = \"1s\" }";
        let site = site(&format!("[service.s.endpoint.e]\n{spike}"));
        assert_eq!((site.name.as_str(), site.services.len()), ("small", 3));
        let workload = &site.workloads[1];
        assert!(workload.spike == Some(0) && workload.name == "w/spike@20s");
        let Arrivals::Open { rate, .. } = &workload.arrivals else { panic!("an open load") };
        let second = |s: u64| Instant::from_nanos(s * 1_000_000_000);
        let knots = [(second(30), 0.0), (second(32), 30.0), (second(37), 30.0), (second(38), 0.0)];
        assert_eq!(rate.knots, knots);
    }

    #[test]
    fn the_sites_of_the_repository_compile() {
        for name in ["0-simple_web_stack", "3-scale_up"] {
            let path = format!("scenarios/{name}.toml");
            let text = std::fs::read_to_string(&path).expect("the file is there");
            match compile(&Source { path, text }, &[]) {
                Ok(blueprint) => assert_eq!(blueprint.name, name),
                Err(mistakes) => panic!("{}", mistakes.draw(false)),
            }
        }
    }
}
