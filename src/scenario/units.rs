//! Quantities with their units: exact decimals on the way in, one type for each dimension. A bare
//! number is a mistake wherever a unit could be meant.

use crate::{
    engine::time::Span,
    scenario::{
        fields::{Notes, Read},
        mistake::{At, nearest},
        tree::{Node, Value},
    },
};

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) u64);

/// Bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BitRate(pub(crate) u64);

/// Bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Throughput(pub(crate) f64);

/// Something a second; more than none.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Rate(pub(crate) f64);

/// A share of a whole, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Share(pub(crate) f64);

/// A plain number, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Number(pub(crate) f64);

/// What a machine costs in an hour, and in which currency.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Price {
    pub(crate) per_h: f64,
    pub(crate) currency: String,
}

/// A setting that can be switched off: `"none"` or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Maybe<T>(pub(crate) Option<T>);

/// Femtoseconds of each unit of time: fine enough for any law, exact in 128 bits.
const TIMES: [(&str, u128); 9] = [
    ("ns", FEMTO / 1_000_000_000),
    ("us", FEMTO / 1_000_000),
    ("µs", FEMTO / 1_000_000),
    ("μs", FEMTO / 1_000_000),
    ("ms", FEMTO / 1_000),
    ("s", FEMTO),
    ("min", 60 * FEMTO),
    ("h", 3_600 * FEMTO),
    ("d", 86_400 * FEMTO),
];
const FEMTO: u128 = 1_000_000_000_000_000;
const FEMTO_PER_NANO: u128 = 1_000_000;

const SIZES: [(&str, u128); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

const BIT_RATES: [(&str, u128); 5] = [
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
    ("Tbit/s", 1_000_000_000_000),
];

/// How many a day.
const RATES: [(&str, u128); 5] =
    [("/ms", 86_400_000), ("/s", 86_400), ("/min", 1_440), ("/h", 24), ("/d", 1)];

const TIME_UNITS: &str = "units of time: ns us µs ms s min h d, as in \"250ms\" or \"1min 30s\"";
const SIZE_UNITS: &str = "units of size: B kB KiB MB MiB GB GiB TB TiB, as in \"12KiB\"";
const BIT_UNITS: &str = "units: bit/s kbit/s Mbit/s Gbit/s Tbit/s, as in \"10Gbit/s\"";
const RATE_UNITS: &str = "units of rates: /ms /s /min /h /d, as in \"1200/s\"";
const FLOW_UNITS: &str = "a size a second, as in \"500MB/s\"";

/// How many of a finer unit a coarser one has, if it is a whole number of them.
pub(crate) fn factor(coarse: &str, fine: &str) -> Option<u128> {
    [&TIMES[..], &SIZES, &BIT_RATES, &RATES].into_iter().find_map(|units| {
        let of = |name: &str| units.iter().find(|unit| unit.0 == name).map(|unit| unit.1);
        let (coarse, fine) = (of(coarse)?, of(fine)?);
        coarse.is_multiple_of(fine).then(|| coarse / fine)
    })
}

/// What is wrong with a quantity, and how it is written.
pub(crate) type Wrong = (String, String);

/// `12.5` as 125 and 1, with what follows. At most 30 digits.
fn number(text: &str) -> Option<(u128, u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !whole.is_empty()
        && whole.len() + part.len() <= 30
        && !part.contains('.')
        && (digits.len() == whole.len() || !part.is_empty());
    if !is_number {
        return None;
    }
    let all = format!("{whole}{part}");
    Some((all.parse().ok()?, part.len() as u32, rest))
}

/// One number with one unit, in the table's base unit; `None` if it is not a whole count of it.
fn measure<'t>(
    text: &'t str,
    units: &[(&str, u128)],
    help: &str,
) -> Result<(Option<u128>, &'t str), Wrong> {
    if text.starts_with('-') {
        return Err((format!("`{text}` is negative"), help.to_owned()));
    }
    let Some((digits, decimals, rest)) = number(text) else {
        return Err((format!("`{text}` is not a number with a unit"), help.to_owned()));
    };
    let rest = rest.trim_start();
    let end = rest.find([' ', '\t']).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    if unit.is_empty() {
        return Err((format!("`{text}` has no unit"), help.to_owned()));
    }
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        let near = nearest(unit, units.iter().map(|(name, _)| *name));
        let hint = near.map_or(help.to_owned(), |near| format!("did you mean `{near}`? {help}"));
        return Err((format!("unknown unit `{unit}`"), hint));
    };
    let large = || (format!("`{text}` is too large"), help.to_owned());
    let scaled = digits.checked_mul(*scale).ok_or_else(large)?;
    let divisor = 10_u128.pow(decimals);
    let exact = scaled.is_multiple_of(divisor).then_some(scaled / divisor);
    Ok((exact, rest.trim_start()))
}

fn single(text: &str, units: &[(&str, u128)], help: &str) -> Result<u128, Wrong> {
    let (value, rest) = measure(text, units, help)?;
    if !rest.is_empty() {
        return Err((format!("`{text}` is more than one quantity"), help.to_owned()));
    }
    value.ok_or_else(|| (format!("`{text}` is not a whole number of the least unit"), help.into()))
}

/// Femtoseconds of `1min 30s`.
fn femtoseconds(text: &str) -> Result<u128, Wrong> {
    let mut sum = 0_u128;
    let mut rest = text.trim();
    loop {
        let (value, behind) = measure(rest, &TIMES, TIME_UNITS)?;
        let fine = || (format!("`{text}` is finer than time can be told"), TIME_UNITS.to_owned());
        let large = || (format!("`{text}` is too long"), TIME_UNITS.to_owned());
        sum = sum.checked_add(value.ok_or_else(fine)?).ok_or_else(large)?;
        if sum / FEMTO_PER_NANO >= u128::from(Span::MAX.nanos()) {
            return Err((format!("`{text}` is too long"), "the longest span is 834 days".into()));
        }
        if behind.is_empty() {
            return Ok(sum);
        }
        rest = behind;
    }
}

/// Seconds, for a parameter of a law.
pub(crate) fn seconds(text: &str) -> Result<f64, Wrong> {
    femtoseconds(text).map(|femto| femto as f64 / FEMTO as f64)
}

pub(crate) fn span(text: &str) -> Result<Span, Wrong> {
    let femto = femtoseconds(text)?;
    if !femto.is_multiple_of(FEMTO_PER_NANO) {
        let hint = "the clock ticks in nanoseconds".to_owned();
        return Err((format!("`{text}` is not a whole number of nanoseconds"), hint));
    }
    Ok(Span::from_nanos((femto / FEMTO_PER_NANO) as u64))
}

pub(crate) fn bytes(text: &str) -> Result<u64, Wrong> {
    const BYTES_MAX: u128 = 1 << 50;
    let value = single(text.trim(), &SIZES, SIZE_UNITS)?;
    if value > BYTES_MAX {
        return Err((format!("`{text}` is absurdly large"), "the most is 1024TiB".into()));
    }
    Ok(value as u64)
}

/// In the largest binary unit of which it is a whole number, or with one digit more.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, bits)| bytes >= 1 << bits) {
        Some((unit, bits)) => {
            let tenths = (u128::from(bytes) * 10) >> bits;
            match tenths % 10 {
                0 => format!("{}{unit}", tenths / 10),
                digit => format!("{}.{digit}{unit}", tenths / 10),
            }
        }
        None => format!("{bytes}B"),
    }
}

fn bit_rate(text: &str) -> Result<u64, Wrong> {
    let value = single(text.trim(), &BIT_RATES, BIT_UNITS)?;
    if value == 0 || value > 1_000_000_000_000_000 {
        return Err((format!("`{text}` is no line rate"), "from 1bit/s to 1000Tbit/s".into()));
    }
    Ok(value as u64)
}

fn throughput(text: &str) -> Result<f64, Wrong> {
    let help = || FLOW_UNITS.to_owned();
    let size = text
        .trim()
        .strip_suffix("/s")
        .ok_or_else(|| (format!("`{text}` is not a throughput"), help()))?;
    let value = single(size.trim_end(), &SIZES, SIZE_UNITS)?;
    if value == 0 {
        return Err((format!("`{text}` would never move a byte"), help()));
    }
    Ok(value as f64)
}

/// Events a second of `1200/s`.
pub(crate) fn rate(text: &str) -> Result<f64, Wrong> {
    const RATE_MAX: f64 = 1e9;
    let help = || RATE_UNITS.to_owned();
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err((format!("`{text}` is negative"), help()));
    }
    let Some((count, unit)) = trimmed.split_once('/') else {
        return Err((format!("`{text}` is not a rate"), help()));
    };
    let per_second = match unit.trim() {
        "ms" => 1_000.0,
        "s" => 1.0,
        "min" => 1.0 / 60.0,
        "h" => 1.0 / 3_600.0,
        "d" => 1.0 / 86_400.0,
        other => return Err((format!("unknown unit `/{other}`"), help())),
    };
    let value = match number(count.trim_end()) {
        Some((digits, decimals, "")) => digits as f64 / 10_u128.pow(decimals) as f64 * per_second,
        _ => return Err((format!("`{text}` is not a rate"), help())),
    };
    if value <= 0.0 || value > RATE_MAX {
        let says = format!("a rate of `{text}` is absurd");
        return Err((says, "more than none, at most 1000000000/s".into()));
    }
    Ok(value)
}

/// `0.34 USD/h`.
pub(crate) fn price(text: &str) -> Result<Price, Wrong> {
    const HELP: &str =
        "a price is written \"0.34 USD/h\": an amount, three letters, and /h, /d or /mo";
    const PRICE_MAX: f64 = 1e9;
    let help = || HELP.to_owned();
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err((format!("`{text}` is negative"), help()));
    }
    let Some((digits, decimals, rest)) = number(trimmed) else {
        return Err((format!("`{text}` is not a price"), help()));
    };
    let Some((currency, unit)) = rest.trim_start().split_once('/') else {
        return Err((format!("`{text}` does not say for how long"), help()));
    };
    let currency = currency.trim();
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let says = format!("`{currency}` is not a currency");
        return Err((says, "three capital letters, as in ISO 4217: USD, EUR, GBP".to_owned()));
    }
    let hours = match unit.trim() {
        "h" => 1.0,
        "d" => 24.0,
        // As clouds bill a month.
        "mo" => 730.0,
        other => return Err((format!("unknown unit `/{other}`"), help())),
    };
    let per_h = digits as f64 / 10_u128.pow(decimals) as f64 / hours;
    if per_h > PRICE_MAX {
        return Err((format!("a price of `{text}` is absurd"), help()));
    }
    Ok(Price { per_h, currency: currency.to_owned() })
}

/// 0.999 of `99.9%`.
pub(crate) fn percent(text: &str) -> Result<f64, Wrong> {
    let help = || "a share is written \"99.9%\" or 0.999".to_owned();
    let digits = text.trim().strip_suffix('%').map(str::trim_end);
    match digits.and_then(number) {
        Some((digits, decimals, "")) => {
            let share = digits as f64 / 10_u128.pow(decimals + 2) as f64;
            if share > 1.0 {
                return Err((format!("`{text}` is more than the whole"), help()));
            }
            Ok(share)
        }
        _ => Err((format!("`{text}` is not a share"), help())),
    }
}

/// A quantity as everybody's: the same text for the same quantity, in whatever unit it is written. `None` of what
/// is none.
pub(crate) fn meaning(text: &str) -> Option<String> {
    let time = || span(text).ok().map(|it| format!("{} ns", it.nanos()));
    let size = || bytes(text).ok().map(|it| format!("{it} B"));
    let line = || bit_rate(text).ok().map(|it| format!("{it} bit/s"));
    let flow = || throughput(text).ok().map(|it| format!("{it} B/s"));
    let often = || rate(text).ok().map(|it| format!("{it}/s"));
    // A share may be written as a number, too.
    let share = || percent(text).ok().map(|it| it.to_string());
    time().or_else(size).or_else(line).or_else(flow).or_else(often).or_else(share)
}

/// A finite number as written in TOML.
pub(crate) fn plain(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
}

fn wrong(at: At, wrong: Wrong, notes: &Notes) {
    notes.hinted(at, wrong.0, wrong.1);
}

/// Texts go through `parse`, a plain 0 where zero makes sense; everything else lacks its unit.
pub(crate) fn quantity<T>(
    node: &Node,
    notes: &Notes,
    what: &str,
    example: &str,
    zero: Option<T>,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Option<T> {
    match &node.value {
        Value::Text(text) => match parse(text) {
            Ok(value) => Some(value),
            Err(reason) => {
                wrong(node.at, reason, notes);
                None
            }
        },
        Value::Number(digits) => {
            if plain(digits) == Some(0.0) && zero.is_some() {
                return zero;
            }
            let hint = format!("{what} is written as \"{example}\"");
            notes.hinted(node.at, format!("`{digits}` has no unit"), hint);
            None
        }
        other => {
            let says = format!("{what} is expected, here it is {}", other.kind());
            notes.hinted(node.at, says, format!("write it as \"{example}\""));
            None
        }
    }
}

impl Read for Span {
    fn read(node: &Node, notes: &Notes) -> Option<Span> {
        quantity(node, notes, "a span", "250ms", Some(Span::ZERO), span)
    }
}

impl Read for Bytes {
    fn read(node: &Node, notes: &Notes) -> Option<Bytes> {
        quantity(node, notes, "a size", "12KiB", Some(Bytes(0)), |text| bytes(text).map(Bytes))
    }
}

impl Read for BitRate {
    fn read(node: &Node, notes: &Notes) -> Option<BitRate> {
        quantity(node, notes, "a bit rate", "10Gbit/s", None, |text| bit_rate(text).map(BitRate))
    }
}

impl Read for Throughput {
    fn read(node: &Node, notes: &Notes) -> Option<Throughput> {
        let parse = |text: &str| throughput(text).map(Throughput);
        quantity(node, notes, "a throughput", "500MB/s", None, parse)
    }
}

impl Read for Rate {
    fn read(node: &Node, notes: &Notes) -> Option<Rate> {
        quantity(node, notes, "a rate", "1200/s", None, |text| rate(text).map(Rate))
    }
}

impl Read for Price {
    fn read(node: &Node, notes: &Notes) -> Option<Price> {
        quantity(node, notes, "a price", "0.34 USD/h", None, price)
    }
}

impl Read for Share {
    fn read(node: &Node, notes: &Notes) -> Option<Share> {
        if let Value::Number(digits) = &node.value {
            let share = plain(digits).filter(|share| (0.0..=1.0).contains(share));
            if share.is_none() {
                let hint = "a share is written \"99.9%\" or 0.999";
                notes.hinted(node.at, format!("`{digits}` is not a share of 0 to 1"), hint);
            }
            return share.map(Share);
        }
        quantity(node, notes, "a share", "99.9%", None, |text| percent(text).map(Share))
    }
}

impl Read for Number {
    fn read(node: &Node, notes: &Notes) -> Option<Number> {
        let Value::Number(digits) = &node.value else {
            let says = format!("a number is expected, here it is {}", node.value.kind());
            notes.mistake(node.at, says);
            return None;
        };
        let number = plain(digits).filter(|number| (0.0..=1e12).contains(number));
        if number.is_none() {
            notes.mistake(node.at, format!("`{digits}` must be a number from 0 to 10^12"));
        }
        number.map(Number)
    }
}

impl Read for u32 {
    fn read(node: &Node, notes: &Notes) -> Option<u32> {
        whole(node, notes, u64::from(u32::MAX)).map(|count| count as u32)
    }
}

impl Read for u64 {
    fn read(node: &Node, notes: &Notes) -> Option<u64> {
        // More is beyond what TOML promises, and other readers would refuse the file.
        whole(node, notes, i64::MAX as u64)
    }
}

fn whole(node: &Node, notes: &Notes, most: u64) -> Option<u64> {
    let says = match &node.value {
        Value::Number(digits) => match digits.parse::<i128>() {
            Ok(count) if (0..=i128::from(most)).contains(&count) => return Some(count as u64),
            Ok(count) if count < 0 => format!("`{digits}` is negative"),
            Ok(_) => format!("`{digits}` is more than {most}"),
            Err(_) => format!("`{digits}` is not a whole number"),
        },
        other => format!("a whole number is expected, here it is {}", other.kind()),
    };
    notes.mistake(node.at, says);
    None
}

impl Read for bool {
    fn read(node: &Node, notes: &Notes) -> Option<bool> {
        if let Value::Bool(truth) = node.value {
            return Some(truth);
        }
        notes.mistake(
            node.at,
            format!("true or false is expected, here it is {}", node.value.kind()),
        );
        None
    }
}

impl Read for String {
    fn read(node: &Node, notes: &Notes) -> Option<String> {
        match &node.value {
            Value::Text(text) => return Some(text.clone()),
            // Overrides are written without quotes: `db.version=8.4`.
            Value::Number(digits) if node.at.text > 0 => return Some(digits.clone()),
            _ => {}
        }
        notes.mistake(node.at, format!("a text is expected, here it is {}", node.value.kind()));
        None
    }
}

impl<T: Read> Read for Maybe<T> {
    fn read(node: &Node, notes: &Notes) -> Option<Maybe<T>> {
        match node.text() {
            Some("none" | "unlimited") => Some(Maybe(None)),
            Some(_) | None => T::read(node, notes).map(|value| Maybe(Some(value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_exact() {
        let nanos = |text| span(text).map(Span::nanos);
        assert_eq!(nanos("250ms"), Ok(250_000_000));
        assert_eq!(nanos("1min 30s"), Ok(90_000_000_000));
        assert_eq!(nanos("0.4us"), Ok(400));
        assert_eq!(nanos("0.4µs"), Ok(400));
        assert_eq!(nanos("2 h"), Ok(7_200_000_000_000));
        assert_eq!(seconds("0.5ns"), Ok(5e-10));
        assert_eq!(seconds("0.1s"), Ok(0.1));
    }

    #[test]
    fn wrong_spans_are_told_apart() {
        let says = |text| span(text).unwrap_err().0;
        assert_eq!(says("250"), "`250` has no unit");
        assert_eq!(says("-5ms"), "`-5ms` is negative");
        assert_eq!(says("5 sec"), "unknown unit `sec`");
        assert_eq!(says("1e3ms"), "unknown unit `e3ms`");
        assert_eq!(says("soon"), "`soon` is not a number with a unit");
        assert_eq!(says(""), "`` is not a number with a unit");
        assert_eq!(says("0.1ns"), "`0.1ns` is not a whole number of nanoseconds");
        assert_eq!(says("900d"), "`900d` is too long");
        assert_eq!(says("1.s"), "`1.s` is not a number with a unit");
    }

    #[test]
    fn sizes_rates_and_shares() {
        assert_eq!(bytes("12KiB"), Ok(12_288));
        assert_eq!(bytes("900kB"), Ok(900_000));
        assert_eq!(bytes("1.5KiB"), Ok(1_536));
        assert!(bytes("8G").unwrap_err().1.starts_with("did you mean `GB`?"));
        assert!(bytes("0.5B").is_err());
        assert_eq!(bit_rate("10Gbit/s"), Ok(10_000_000_000));
        assert_eq!(throughput("500MB/s"), Ok(5e8));
        assert_eq!(rate("1200/s"), Ok(1200.0));
        assert_eq!(rate("30/min"), Ok(0.5));
        assert!(rate("0/s").is_err());
        assert!(rate("5").is_err());
        assert_eq!(price("0.34 USD/h"), Ok(Price { per_h: 0.34, currency: "USD".to_owned() }));
        assert_eq!(price("73EUR/mo").unwrap().per_h, 0.1);
        let says = |text| price(text).unwrap_err().0;
        assert_eq!(says("0.34 dollars/h"), "`dollars` is not a currency");
        assert_eq!(says("0.34 USD"), "`0.34 USD` does not say for how long");
        assert_eq!(says("0.34 USD/y"), "unknown unit `/y`");
        assert_eq!(says("-1 USD/h"), "`-1 USD/h` is negative");
        assert_eq!(says("cheap"), "`cheap` is not a price");
        assert_eq!(percent("99.9%"), Ok(0.999));
        assert!(percent("101%").is_err());
    }
}
