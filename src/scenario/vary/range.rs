//! Values of a parameter: `2,4,8`, `2..12`, `100/s..900/s:200/s`, `1ms..1s:log7`, `10%..90%:lin5`.
//!
//! Whole numbers and decimals are stepped through exactly; what is spaced evenly or by ratio is
//! rounded to digits that people write.

use crate::scenario::units;

/// What a mistake says, and a hint.
type Wrong = (String, Option<&'static str>);

/// As many values as a spaced range may have.
const SPACED_MAX: u64 = 100_000;
/// Digits of a number in a range.
const DIGITS_MAX: usize = 18;

const FORMS: &str = "ranges: `2..12`, `100/s..900/s:200/s` (by steps), `1ms..1s:log7` (seven by \
                     ratio), `1ms..9ms:lin5` (five evenly)";

/// Some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Itself.
    One(String),
    /// `low`, `low + step`, …
    Steps {
        /// In units of the last decimal, as the step.
        low: i128,
        step: i128,
        count: u64,
        /// How many decimals.
        decimals: usize,
        unit: String,
    },
}

impl Item {
    pub(super) fn count(&self) -> u64 {
        match self {
            Item::One(_) => 1,
            Item::Steps { count, .. } => *count,
        }
    }

    pub(super) fn value(&self, index: u64) -> String {
        match self {
            Item::One(text) => text.clone(),
            Item::Steps { low, step, decimals, unit, .. } => {
                let number = plain(low + step * i128::from(index), *decimals);
                format!("{number}{unit}")
            }
        }
    }
}

/// All values of a text.
pub(super) fn items(text: &str) -> Result<Vec<Item>, Wrong> {
    let mut all = Vec::new();
    for part in parts(text) {
        let part = part.trim();
        if part.is_empty() {
            return Err(("no values".to_owned(), Some(FORMS)));
        }
        match part.split_once("..") {
            Some((low, rest)) if !part.starts_with(['"', '\'', '[', '{']) => {
                all.extend(range(low.trim(), rest.trim())?);
            }
            _ => all.push(Item::One(part.to_owned())),
        }
    }
    Ok(all)
}

/// Parts between commas that are within no brackets and no quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_i32, None, 0);
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// A quantity: its digits as a whole number, how many of them are decimals, and its unit.
struct Quantity<'t> {
    digits: i128,
    decimals: usize,
    unit: &'t str,
}

fn quantity(text: &str) -> Result<Quantity<'_>, Wrong> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let wrong = || (format!("`{text}` is no number with a unit"), Some(FORMS));
    if digits.is_empty() || digits.len() > DIGITS_MAX || whole.is_empty() {
        return Err(wrong());
    }
    let digits = digits.parse().map_err(|_| wrong())?;
    Ok(Quantity { digits, decimals: fraction.len(), unit: unit.trim() })
}

impl Quantity<'_> {
    fn scaled(&self, decimals: usize) -> i128 {
        self.digits * 10_i128.pow((decimals - self.decimals) as u32)
    }

    fn number(&self) -> f64 {
        self.digits as f64 / 10_i128.pow(self.decimals as u32) as f64
    }

    /// The same in a unit of which its own is a whole number.
    fn in_unit<'t>(&self, unit: &'t str) -> Option<Quantity<'t>> {
        let factor = units::factor(self.unit, unit)?;
        let digits = self.digits.checked_mul(i128::try_from(factor).ok()?)?;
        // As many as a number in a range may have.
        let fits = digits < 10_i128.pow(DIGITS_MAX as u32);
        fits.then_some(Quantity { digits, decimals: self.decimals, unit })
    }
}

/// Both in the finer of their units; `None` if they are of different kinds.
fn alike<'t>(one: Quantity<'t>, other: Quantity<'t>) -> Option<(Quantity<'t>, Quantity<'t>)> {
    // `1..10ms` is what one writes by hand.
    if one.unit == other.unit || one.unit.is_empty() || one.digits == 0 {
        Some((Quantity { unit: other.unit, ..one }, other))
    } else if let Some(one) = one.in_unit(other.unit) {
        Some((one, other))
    } else {
        let other = other.in_unit(one.unit)?;
        Some((one, other))
    }
}

fn range(low: &str, rest: &str) -> Result<Vec<Item>, Wrong> {
    let (high, by) = match rest.split_once(':') {
        Some((high, by)) => (high.trim(), Some(by.trim())),
        None => (rest, None),
    };
    let (low, high) = (quantity(low)?, quantity(high)?);
    let says = format!("a range from `{}` to `{}`: two units", low.unit, high.unit);
    let both = alike(low, high);
    let (mut low, mut high) = both.ok_or((says, Some("write both ends in the same unit")))?;
    if low.scaled(low.decimals.max(high.decimals)) > high.scaled(low.decimals.max(high.decimals)) {
        return Err(("the range runs backwards".to_owned(), Some(FORMS)));
    }
    let spaced = |kind: &str| by.and_then(|by| by.strip_prefix(kind)).map(count);
    if let Some(count) = spaced("log") {
        return by_ratio(&low, &high, count?);
    }
    if let Some(count) = spaced("lin") {
        return Ok(evenly(&low, &high, count?));
    }
    let mut step = match by {
        Some(by) => quantity(by)?,
        None if low.decimals.max(high.decimals) == 0 => {
            Quantity { digits: 1, decimals: 0, unit: "" }
        }
        None => {
            let says = "a range between decimals needs a step".to_owned();
            return Err((says, Some(FORMS)));
        }
    };
    if step.digits == 0 {
        return Err(("a step of nothing goes nowhere".to_owned(), Some(FORMS)));
    }
    if !step.unit.is_empty() && step.unit != high.unit {
        let says = format!("a step in `{}` through a range in `{}`", step.unit, high.unit);
        // Whichever is finer.
        if let Some(same) = step.in_unit(high.unit) {
            step = same;
        } else {
            let ends = low.in_unit(step.unit).zip(high.in_unit(step.unit));
            (low, high) = ends.ok_or((says, Some("write the step in the same unit")))?;
        }
    }
    let (unit, decimals) = (high.unit, low.decimals.max(high.decimals));
    let decimals = decimals.max(step.decimals);
    let (from, until, step) = (low.scaled(decimals), high.scaled(decimals), step.scaled(decimals));
    let count = u64::try_from((until - from) / step + 1).unwrap_or(u64::MAX);
    Ok(vec![Item::Steps { low: from, step, count, decimals, unit: unit.to_owned() }])
}

fn count(text: &str) -> Result<u64, Wrong> {
    let count = text.trim().parse().ok().filter(|count| (2..=SPACED_MAX).contains(count));
    count.ok_or_else(|| {
        let says = format!("`{text}` is no number of values from 2 to {SPACED_MAX}");
        (says, Some(FORMS))
    })
}

fn by_ratio(low: &Quantity<'_>, high: &Quantity<'_>, count: u64) -> Result<Vec<Item>, Wrong> {
    if low.digits == 0 {
        let says = "values by ratio cannot begin at 0".to_owned();
        return Err((says, Some("begin above it, or use `lin`")));
    }
    let (first, ratio) = (low.number(), high.number() / low.number());
    let at = |index: u64| first * libm::pow(ratio, index as f64 / (count - 1) as f64);
    Ok(spaced(low, high, count, 3, at))
}

fn evenly(low: &Quantity<'_>, high: &Quantity<'_>, count: u64) -> Vec<Item> {
    let (first, width) = (low.number(), high.number() - low.number());
    let at = |index: u64| first + width * (index as f64 / (count - 1) as f64);
    spaced(low, high, count, 6, at)
}

/// Rounded to so many digits, counts to whole numbers; the ends as they were written.
fn spaced(
    low: &Quantity<'_>,
    high: &Quantity<'_>,
    count: u64,
    digits: usize,
    at: impl Fn(u64) -> f64,
) -> Vec<Item> {
    let is_count = high.unit.is_empty() && low.decimals == 0 && high.decimals == 0;
    let mut values: Vec<String> = (0..count)
        .map(|index| match index {
            0 => plain(low.digits, low.decimals),
            _ if index + 1 == count => plain(high.digits, high.decimals),
            _ if is_count => format!("{}", libm::round(at(index))),
            _ => {
                let text = format!("{:.*e}", digits - 1, at(index));
                format!("{}", text.parse::<f64>().expect("a number was printed"))
            }
        })
        .collect();
    // Small counts lie closer together than one.
    values.dedup();
    values.into_iter().map(|number| Item::One(format!("{number}{}", high.unit))).collect()
}

/// A number of so many decimals, without needless zeros.
fn plain(digits: i128, decimals: usize) -> String {
    if decimals == 0 {
        return digits.to_string();
    }
    let text = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = text.split_at(text.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let values: Vec<String> = match items(text) {
            Ok(items) => items
                .iter()
                .flat_map(|item| (0..item.count()).map(move |index| item.value(index)))
                .collect(),
            Err((says, _)) => vec![says],
        };
        assert_eq!(values.join(" "), expected, "{text}");
    }

    #[test]
    fn values_as_people_write_them() {
        check("2..5", "2 3 4 5");
        check("1,4, 16", "1 4 16");
        check("2..4,8", "2 3 4 8");
        check("1ms..2ms:0.5ms", "1ms 1.5ms 2ms");
        check("0.1..0.35:0.1", "0.1 0.2 0.3");
        check("1..3ms", "1ms 2ms 3ms");
        check("0..10%:5", "0% 5% 10%");
        check("1ms..1s:log4", "1ms 10ms 100ms 1000ms");
        check("1s..1.1s:50ms", "1000ms 1050ms 1100ms");
        check("500ms..1500ms:0.5s", "500ms 1000ms 1500ms");
        check("0s..1min:30s", "0s 30s 60s");
        check("512MiB..2GiB:lin4", "512MiB 1024MiB 1536MiB 2048MiB");
        check("100/s..1000/s:log3", "100/s 316/s 1000/s");
        check("30/min..2/s:30/min", "30/min 60/min 90/min 120/min");
        check("1/s..2/s:30/min", "60/min 90/min 120/min");
        check("1..100:log5", "1 3 10 32 100");
        check("1..4:log9", "1 2 3 4");
        check("0..1s:lin5", "0s 0.25s 0.5s 0.75s 1s");
        check(
            "{ poisson = \"5/s\" },{ even = \"1..2\", x = [1, 2] }",
            "{ poisson = \"5/s\" } { even = \"1..2\", x = [1, 2] }",
        );
        check("leastconn,\"random(2)\"", "leastconn \"random(2)\"");
    }

    #[test]
    fn wrong_ranges_say_so() {
        check("5..2", "the range runs backwards");
        check("1ms..2GB", "a range from `ms` to `GB`: two units");
        check("1ms..2ms:1/s", "a step in `/s` through a range in `ms`");
        check("1..9:0", "a step of nothing goes nowhere");
        check("0.5..1", "a range between decimals needs a step");
        check("0..9:log4", "values by ratio cannot begin at 0");
        check("1..9:log1", "`1` is no number of values from 2 to 100000");
        check("a..b", "`a` is no number with a unit");
        check("1..2..3", "`2..3` is no number with a unit");
    }

    #[test]
    fn an_absurd_range_takes_no_memory() {
        let items = items("1..1000000000").unwrap();
        assert_eq!((items.len(), items[0].count()), (1, 1_000_000_000));
        assert_eq!(items[0].value(999_999_999), "1000000000");
    }
}
