//! A comparison, as a document and as a page: what is worse comes first, then what is better, and
//! what only explores stands apart.

mod changes;

use serde::Serialize;

use self::changes::changes;
use super::{
    format::{confidence, three},
    objective::number,
    page::{Colour, Page},
    table::Table,
};
use crate::{
    measure::record::Unit,
    slo::{
        gate::Rules,
        recorded::Recorded,
        versus::{Told, Uncompared, Versus},
    },
    stats::comparison::Direction,
};

/// Changes whenever a field is renamed, removed or means something else.
pub const SCHEMA: &str = "simulate-compare/1";
/// Exploratory differences told on the page.
const FIGURES_MAX: usize = 12;
/// Lines of the scenarios' differences told on the page.
const CHANGES_MAX: usize = 12;

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// `SCHEMA`.
    pub schema: &'static str,
    /// Of this program.
    pub version: &'static str,
    /// How sure the verdicts are.
    pub confidence: f64,
    /// The one.
    pub one: Side,
    /// The other, which is judged.
    pub other: Side,
    /// Pairs of replications.
    pub pairs: u32,
    /// Pairs that the objectives are of: of rounds that were not interrupted.
    pub judged_pairs: u32,
    /// Lines by which the scenarios differ, every default filled in: `- …` of the one, `+ …` of the
    /// other.
    pub changes: Vec<String>,
    /// What was promised.
    pub objectives: Vec<Told>,
    /// What was promised and has nothing to be compared with.
    pub uncompared: Vec<Uncompared>,
    /// Everything else: exploratory.
    pub exploratory: Vec<Told>,
    /// What only one side has.
    pub unmatched: Vec<String>,
    /// Objectives that were there before.
    pub gone: Vec<String>,
}

/// Who is compared.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The file or folder.
    pub from: String,
    /// The scenario's name.
    pub name: String,
    /// The experiment's seed.
    pub seed: u64,
    /// Of the program that ran it.
    pub version: String,
}

impl Comparison {
    /// Puts names to it. `from`: the file or folder of each side.
    pub fn new(
        rules: &Rules,
        (one, one_from): (&Recorded, &str),
        (other, other_from): (&Recorded, &str),
        versus: &Versus,
    ) -> Comparison {
        let side = |it: &Recorded, from: &str| Side {
            from: from.to_owned(),
            name: it.name.clone(),
            seed: it.seed,
            version: it.version.clone(),
        };
        Comparison {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            confidence: rules.confidence,
            one: side(one, one_from),
            other: side(other, other_from),
            pairs: one.records.len().min(other.records.len()) as u32,
            judged_pairs: versus.judged as u32,
            changes: changes(&one.scenario, &other.scenario),
            objectives: versus.objectives.clone(),
            uncompared: versus.uncompared.clone(),
            exploratory: versus.figures.clone(),
            unmatched: versus.unmatched.clone(),
            gone: versus.gone.clone(),
        }
    }

    /// Whether an objective is worse than it was, by more than its margin.
    pub fn has_regressed(&self) -> bool {
        self.objectives.iter().any(|it| it.is_regression)
    }
}

/// The page.
pub fn render(it: &Comparison, colour: Colour) -> String {
    let mut page = Page::new(colour);
    tell(&mut page, it);
    page.text
}

/// The same on a page that has other things, too.
pub fn tell(page: &mut Page, it: &Comparison) {
    page.painted_paragraph("1", &it.other.from, 0);
    page.paragraph(&format!("against {}", it.one.from), 2);
    let luck = if it.one.seed == it.other.seed {
        format!("on common luck, seed {}", it.one.seed)
    } else {
        format!("on independent luck, seeds {} and {}", it.one.seed, it.other.seed)
    };
    page.paragraph(&format!("{} pairs of replications {luck}", it.pairs), 2);
    if it.judged_pairs < it.pairs {
        let judged = match it.judged_pairs {
            0 => "objectives are not compared".to_owned(),
            pairs => format!("objectives are compared over the first {pairs} pairs"),
        };
        page.painted_paragraph("33", &format!("interrupted: {judged}"), 2);
    }
    scenarios(page, it);
    objectives(page, it);
    exploratory(page, it);
    if !it.unmatched.is_empty() {
        page.heading("Not compared");
        it.unmatched.iter().take(CHANGES_MAX).for_each(|text| page.paragraph(text, 2));
        if it.unmatched.len() > CHANGES_MAX {
            page.line(&format!("and {} more", it.unmatched.len() - CHANGES_MAX));
        }
    }
}

fn scenarios(page: &mut Page, it: &Comparison) {
    page.heading("What was changed");
    if it.changes.is_empty() {
        page.line("nothing in the scenario");
    }
    for line in it.changes.iter().take(CHANGES_MAX) {
        // A line of a scenario may be long; its beginning tells which it is.
        let short: String = line.chars().take(super::page::WIDTH).collect();
        page.painted(if line.starts_with('-') { "31" } else { "32" }, &short);
    }
    if it.changes.len() > CHANGES_MAX {
        page.line(&format!("and {} lines more", it.changes.len() - CHANGES_MAX));
    }
}

fn objectives(page: &mut Page, it: &Comparison) {
    page.heading(&format!("Objectives ({} confidence)", confidence(it.confidence)));
    if it.objectives.is_empty() {
        let is_there = it.uncompared.iter().any(|own| !own.is_new);
        page.line(if is_there { "none could be compared" } else { "none that both sides have" });
    }
    let mut all: Vec<&Told> = it.objectives.iter().collect();
    all.sort_by_key(|told| rank(told.verdict));
    for told in all {
        let (word, code) = word(told.verdict);
        let require = told.require.as_deref().unwrap_or_default();
        let required = told.required.as_ref().map(|it| format!(" (it was {it})"));
        let required = required.unwrap_or_default();
        page.painted_paragraph(
            code,
            &format!("{word:<10}  {}: {require}{required}", told.name),
            12,
        );
        let mut text = change(told);
        if let Some(factor) = told.variance_reduction {
            text.push_str(&format!("; pairing narrows the variance {}×", three(factor)));
        }
        page.paragraph(&format!("            {text}"), 14);
        if let Some(doubt) = told.doubt {
            page.paragraph(&format!("            {doubt}"), 14);
        }
    }
}

fn exploratory(page: &mut Page, it: &Comparison) {
    page.heading("Other figures (exploratory: false discovery rate, not verdicts)");
    let told: Vec<&Told> = it
        .exploratory
        .iter()
        .filter(|told| matches!(told.verdict, Direction::Better | Direction::Worse))
        .collect();
    if it.exploratory.is_empty() {
        page.line(&format!("none could be compared in {} pairs", it.pairs));
        return;
    }
    if told.is_empty() {
        let identical =
            it.exploratory.iter().filter(|told| told.verdict == Direction::Identical).count();
        let all = it.exploratory.len();
        page.line(&format!("none of {all} differs significantly; {identical} are identical"));
        return;
    }
    let mut table = Table::new(["", "", "from", "to", "change"]);
    for told in told.iter().take(FIGURES_MAX) {
        let print = number(told.unit);
        table.row([
            told.name.clone(),
            word(told.verdict).0.to_owned(),
            print(told.one),
            print(told.other),
            relative(told),
        ]);
    }
    page.table(&table);
    if told.iter().take(FIGURES_MAX).any(|it| it.is_rough) {
        page.line("~ is rough, from few observations");
    }
    if told.len() > FIGURES_MAX {
        page.line(&format!("and {} more that differ", told.len() - FIGURES_MAX));
    }
}

/// `99.2% → 97.1%, a difference of −2.10 points [−2.31 points, −1.90 points]`.
pub fn change(told: &Told) -> String {
    let print = number(told.unit);
    let mut text = format!("{} → {}", print(told.one), print(told.other));
    if told.verdict != Direction::Identical {
        text.push_str(&format!(", a difference of {}", difference(told, "")));
        if told.is_rough {
            text.push_str(", roughly: few observations");
        }
    }
    if told.is_regression {
        text.push_str("; worse by more than its margin");
    }
    text
}

/// What is worse is told first.
const fn rank(verdict: Direction) -> u32 {
    match verdict {
        Direction::Worse => 0,
        Direction::Better => 1,
        Direction::Undecided => 2,
        Direction::Equivalent => 3,
        Direction::Identical => 4,
    }
}

const fn word(verdict: Direction) -> (&'static str, &'static str) {
    match verdict {
        Direction::Worse => ("WORSE", "1;31"),
        Direction::Better => ("better", "32"),
        Direction::Undecided => ("undecided", "33"),
        Direction::Equivalent => ("equivalent", "0"),
        Direction::Identical => ("identical", "0"),
    }
}

/// `+7.6% [+7.0%, +8.1%]`, where there is something to be relative to.
fn relative(told: &Told) -> String {
    let mark = if told.is_rough { "~" } else { "" };
    let Some((low, high)) = told.relative else { return difference(told, mark) };
    if told.verdict == Direction::Identical {
        return "0".to_owned();
    }
    let signed = |value: f64| {
        let sign = if value < 0.0 { "−" } else { "+" };
        format!("{sign}{}%", three(100.0 * value.abs()))
    };
    format!("{} {mark}[{}, {}]", signed(told.difference / told.one), signed(low), signed(high))
}

/// `+1.2 ms [+0.8 ms, +1.5 ms]`.
fn difference(told: &Told, mark: &str) -> String {
    let signed = |value: f64| {
        let sign = if value < 0.0 { "−" } else { "+" };
        match told.unit {
            // Shares that differ by little differ by points of a percent.
            Unit::Share => format!("{sign}{} points", three(100.0 * value.abs())),
            Unit::Seconds | Unit::PerSecond | Unit::Calls => {
                format!("{sign}{}", number(told.unit)(value.abs()))
            }
        }
    };
    if told.difference == 0.0 && told.low == 0.0 && told.high == 0.0 {
        return "0".to_owned();
    }
    format!("{} {mark}[{}, {}]", signed(told.difference), signed(told.low), signed(told.high))
}
