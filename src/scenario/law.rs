//! Distributions as a scenario writes them. Which parameters a law may have is the law's own
//! business (it says why it refuses); here are only names, dimensions and places.

use std::{cell::RefCell, collections::BTreeMap};

use crate::{
    engine::sample::Law,
    scenario::{
        fields::{Fields, Notes, Read},
        mistake::{At, suggestion},
        tree::{Node, Table, Value},
        units::{Maybe, Number, Share, bytes, plain, quantity, seconds},
    },
};

/// A law of time, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct SpanLaw(pub(crate) Law);

/// A law of sizes, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct BytesLaw(pub(crate) Law);

/// A law of counts.
#[derive(Clone, Debug)]
pub(crate) struct CountLaw(pub(crate) Law);

/// Laws that were built, by dimension and as the file writes them: those that are written alike
/// share one table.
#[derive(Debug, Default)]
pub(crate) struct Shelf(RefCell<BTreeMap<(Dimension, String), Law>>);

/// What a law is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dimension {
    Span,
    Bytes,
    Count,
}

pub(crate) const LAWS: [&str; 9] = [
    "constant",
    "exponential",
    "uniform",
    "erlang",
    "gamma",
    "lognormal",
    "hyperexponential",
    "pareto",
    "weibull",
];

const COUNT_LAWS: [&str; 3] = ["geometric", "geometric1", "poisson"];

/// A count beyond this is a slip, and would keep one request busy for ever.
const COUNT_MAX: f64 = 1e6;

impl Dimension {
    /// One parameter of this dimension.
    fn amount(self, node: &Node, notes: &Notes) -> Option<f64> {
        match self {
            Dimension::Span => quantity(node, notes, "a span", "250ms", Some(0.0), seconds),
            Dimension::Bytes => {
                let parse = |text: &str| bytes(text).map(|bytes| bytes as f64);
                quantity(node, notes, "a size", "12KiB", Some(0.0), parse)
            }
            Dimension::Count => {
                let Value::Number(digits) = &node.value else {
                    let says = format!("a count is expected, here it is {}", node.value.kind());
                    notes.mistake(node.at, says);
                    return None;
                };
                let count = plain(digits).filter(|count| (0.0..=COUNT_MAX).contains(count));
                if count.is_none() {
                    notes.mistake(node.at, format!("`{digits}` must be a count from 0 to 10^6"));
                }
                count
            }
        }
    }

    fn read(self, node: &Node, notes: &Notes) -> Option<Law> {
        let Value::Table(table) = &node.value else {
            let amount = self.amount(node, notes)?;
            return built(Law::constant(amount), node.at, notes);
        };
        // What has mistakes is read again each time, as each has its own place.
        let key = (self, node.to_string());
        if let Some(law) = notes.laws.0.borrow().get(&key) {
            return Some(law.clone());
        }
        let law = self.named(node, table, notes)?;
        notes.laws.0.borrow_mut().insert(key, law.clone());
        Some(law)
    }

    fn named(self, node: &Node, table: &Table, notes: &Notes) -> Option<Law> {
        let [entry] = &table.entries[..] else {
            let hint = format!("one of: {}", self.names().join(", "));
            notes.hinted(node.at, "a law is a table with the name of one distribution", hint);
            return None;
        };
        let name = entry.key.as_str();
        if !self.names().contains(&name) {
            let hint = suggestion(name, "laws", self.names());
            notes.hinted(entry.key_at, format!("unknown law `{name}`"), hint);
            return None;
        }
        self.law(name, &entry.node, notes)
    }

    fn names(self) -> Vec<&'static str> {
        let mut names = LAWS.to_vec();
        if self == Dimension::Count {
            names.extend(COUNT_LAWS);
        }
        names
    }

    fn law(self, name: &str, node: &Node, notes: &Notes) -> Option<Law> {
        let law = match name {
            "constant" => Law::constant(self.amount(node, notes)?),
            "exponential" => Law::exponential(self.amount(node, notes)?),
            "geometric" => Law::geometric(self.amount(node, notes)?),
            "geometric1" => Law::geometric1(self.amount(node, notes)?),
            "poisson" => Law::poisson(self.amount(node, notes)?),
            "uniform" => self.uniform(node, notes)?,
            "hyperexponential" => self.hyperexponential(node, notes)?,
            _ => {
                let fields = Fields::of(node, format!("`{name}`"), notes)?;
                let law = self.shaped(name, &fields);
                fields.finish();
                law?
            }
        };
        built(law, node.at, notes)
    }

    fn uniform(self, node: &Node, notes: &Notes) -> Option<Result<Law, String>> {
        let Value::List(ends) = &node.value else {
            notes.hinted(node.at, "`uniform` has two ends", "write `{ uniform = [low, high] }`");
            return None;
        };
        let [low, high] = &ends[..] else {
            notes.hinted(node.at, "`uniform` has two ends", "write `{ uniform = [low, high] }`");
            return None;
        };
        let (low, high) = (self.amount(low, notes)?, self.amount(high, notes)?);
        if self != Dimension::Count {
            return Some(Law::uniform(low, high));
        }
        if low.fract() != 0.0 || high.fract() != 0.0 {
            notes.mistake(node.at, "counts are whole numbers");
            return None;
        }
        Some(Law::uniform_count(low as u64, high as u64))
    }

    fn hyperexponential(self, node: &Node, notes: &Notes) -> Option<Result<Law, String>> {
        let fields = Fields::of(node, "`hyperexponential`", notes)?;
        let Some(branches) = fields.node("branches") else {
            let mean = self.parameter(&fields, "mean");
            let cv = fields.need::<Number>("cv");
            fields.finish();
            return Some(Law::hyperexponential_cv(mean?, cv?.0));
        };
        fields.finish();
        let Value::List(items) = &branches.value else {
            notes.mistake(branches.at, "`branches` is a list of `{ p = …, mean = … }`");
            return None;
        };
        let mut list = Vec::new();
        for item in items {
            let branch = Fields::of(item, "a branch", notes)?;
            let (p, mean) = (branch.need::<Share>("p"), self.parameter(&branch, "mean"));
            branch.finish();
            list.push((p?.0, mean?));
        }
        Some(Law::hyperexponential(&list))
    }

    /// Laws with named parameters.
    fn shaped(self, name: &str, fields: &Fields<'_>) -> Option<Result<Law, String>> {
        let number = |key: &'static str| fields.need::<Number>(key).map(|number| number.0);
        match name {
            "erlang" => {
                let (mean, k) = (self.parameter(fields, "mean"), fields.need::<u32>("k"));
                Some(Law::erlang(mean?, k?))
            }
            "gamma" => {
                let (mean, cv) = (self.parameter(fields, "mean"), number("cv"));
                Some(Law::gamma(mean?, cv?))
            }
            "pareto" => {
                let (min, alpha) = (self.parameter(fields, "min"), number("alpha"));
                Some(Law::pareto(min?, alpha?))
            }
            "weibull" => {
                let (mean, shape) = (self.parameter(fields, "mean"), number("shape"));
                Some(Law::weibull(mean?, shape?))
            }
            _ => self.lognormal(fields),
        }
    }

    fn lognormal(self, fields: &Fields<'_>) -> Option<Result<Law, String>> {
        let has = |key| fields.has(key);
        if has("median") {
            let (median, p99) = (self.parameter(fields, "median"), self.parameter(fields, "p99"));
            return Some(Law::lognormal_median_p99(median?, p99?));
        }
        if has("mean") && has("cv") {
            let (mean, cv) = (self.parameter(fields, "mean"), fields.need::<Number>("cv"));
            return Some(Law::lognormal_mean_cv(mean?, cv?.0));
        }
        if has("mean") && has("p99") {
            let (mean, p99) = (self.parameter(fields, "mean"), self.parameter(fields, "p99"));
            return Some(Law::lognormal_mean_p99(mean?, p99?));
        }
        // So that those which are there are not reported as unknown.
        for key in ["median", "mean", "p99", "cv"] {
            fields.node(key);
        }
        let hint = "`{ median, p99 }`, `{ mean, cv }` or `{ mean, p99 }`";
        fields.notes.hinted(fields.at, "`lognormal` has two parameters", hint);
        None
    }

    fn parameter(self, fields: &Fields<'_>, key: &'static str) -> Option<f64> {
        if !fields.has(key) && !fields.notes.is_damaged() {
            fields.notes.mistake(fields.at, format!("the law has no `{key}`"));
        }
        self.amount(fields.node(key)?, fields.notes)
    }
}

/// The law, or its reason for not existing.
fn built(law: Result<Law, String>, at: At, notes: &Notes) -> Option<Law> {
    match law {
        Ok(law) => Some(law),
        Err(reason) => {
            notes.mistake(at, format!("no such law: {reason}"));
            None
        }
    }
}

/// A constant that is known to be one.
pub(crate) fn constant(value: f64) -> Law {
    Law::constant(value).expect("constants within range exist")
}

impl Read for SpanLaw {
    fn read(node: &Node, notes: &Notes) -> Option<SpanLaw> {
        Dimension::Span.read(node, notes).map(SpanLaw)
    }
}

impl Read for BytesLaw {
    fn read(node: &Node, notes: &Notes) -> Option<BytesLaw> {
        Dimension::Bytes.read(node, notes).map(BytesLaw)
    }
}

impl Read for CountLaw {
    fn read(node: &Node, notes: &Notes) -> Option<CountLaw> {
        Dimension::Count.read(node, notes).map(CountLaw)
    }
}

/// A waiting room: unlimited, places, or a law of the longest queue that one would join.
#[derive(Clone, Debug)]
pub(crate) enum Room {
    Unlimited,
    Places(u32),
    Law(Law),
}

impl Read for Room {
    fn read(node: &Node, notes: &Notes) -> Option<Room> {
        if matches!(node.value, Value::Table(_)) {
            return CountLaw::read(node, notes).map(|law| Room::Law(law.0));
        }
        let places = Maybe::<u32>::read(node, notes)?;
        Some(places.0.map_or(Room::Unlimited, Room::Places))
    }
}
