//! Numbers as people read them: three digits, a unit, no more.

/// Seconds, with the unit that fits: `0.85 ms`, `12.3 ms`, `1.20 s`, `2 min 5 s`.
pub fn seconds(seconds: f64) -> String {
    assert!(seconds.is_finite(), "{seconds} seconds");
    for (unit, size) in [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)] {
        // From the next unit on where rounding would otherwise print 1000.
        if seconds < size * 999.5 {
            let digits =
                if unit == "ns" { format!("{:.0}", seconds / size) } else { three(seconds / size) };
            return if seconds == 0.0 { "0".to_owned() } else { format!("{digits} {unit}") };
        }
    }
    if seconds < 119.95 {
        return format!("{} s", three(seconds));
    }
    let whole = (seconds + 0.5) as u64;
    let (days, hours) = (whole / 86_400, whole / 3600 % 24);
    let (minutes, rest) = (whole / 60 % 60, whole % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
    let said: Vec<String> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    said.join(" ")
}

/// A length of time as it would be written in a scenario: `2 min`, `20 s`, `0.5 s`.
pub fn span(seconds: f64) -> String {
    if !(1.0..60.0).contains(&seconds) {
        return self::seconds(seconds);
    }
    format!("{} s", (seconds * 1e3).round() / 1e3)
}

/// From here on separators make nothing readable.
const LARGE: f64 = 1e15;

/// Three significant digits, whole numbers with separators from a thousand on, powers of ten where
/// nobody would count them.
pub fn three(value: f64) -> String {
    assert!(value.is_finite(), "printing {value}");
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.000_95 => format!("{value:.2e}"),
        size if size < 0.0995 => format!("{value:.3}"),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        size if size >= LARGE => format!("{value:.2e}"),
        _ => thousands(value.round() as u64),
    }
}

/// So many of something: `1 point`, `1,440 points`.
pub fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// A whole number with separators: `1,440,123`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut said = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// A share in percent, with two digits of what it is short of 100% (or above 0%): `99.66%`,
/// `99.99980%`; `100%` is all of it.
pub fn percent(share: f64) -> String {
    assert!(share.is_finite(), "printing {share}");
    let missing = share.min(1.0 - share).abs();
    if missing == 0.0 {
        return format!("{}%", share * 100.0);
    }
    let mut decimals = 1;
    let mut step = 0.01;
    // As far as a double goes next to 1.
    while missing < step && decimals < 16 {
        decimals += 1;
        step /= 10.0;
    }
    format!("{:.decimals$}%", share * 100.0)
}

/// How sure something is, with no more digits than were asked for: `95%`, `99.9%`.
pub fn confidence(share: f64) -> String {
    format!("{}%", (share * 1e10).round() / 1e8)
}

/// A utilisation in whole percent, in tenths below ten.
pub fn utilisation(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 {
        "0%".to_owned()
    } else if percent < 9.95 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    }
}

/// `–` where there is nothing to print.
pub fn or_dash(value: Option<f64>, print: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), print)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_three_digits_and_a_unit() {
        let said: Vec<String> =
            [0.0, 3e-9, 0.000_045_6, 0.000_999_6, 0.012_34, 0.9996, 1.2, 125.0, 90_000.0]
                .map(seconds)
                .to_vec();
        let expected = [
            "0",
            "3 ns",
            "45.6 µs",
            "1.00 ms",
            "12.3 ms",
            "1.00 s",
            "1.20 s",
            "2 min 5 s",
            "1 d 1 h",
        ];
        assert_eq!(said, expected);
        assert_eq!([span(20.0), span(120.0), span(0.5)], ["20 s", "2 min", "500 ms"]);
    }

    #[test]
    fn confidences_are_as_they_were_asked_for() {
        let said = [0.5, 0.95, 99.9 / 100.0, 0.999_999].map(confidence);
        assert_eq!(said, ["50%", "95%", "99.9%", "99.9999%"]);
    }

    #[test]
    fn a_hundred_per_cent_is_all_of_it() {
        let said = [1.0, 0.0, 0.5, 0.9997, 0.999_998, 0.000_3].map(percent);
        assert_eq!(said, ["100%", "0%", "50.0%", "99.970%", "99.99980%", "0.030%"]);
        let near = [0.999_999_999_999, 1.0 - f64::EPSILON, 1e-12].map(percent);
        assert_eq!(near, ["99.999999999900%", "99.999999999999972%", "0.000000000100%"]);
    }

    #[test]
    fn thousands_are_separated() {
        assert_eq!([0, 999, 1_000, 1_440_123].map(thousands), ["0", "999", "1,000", "1,440,123"]);
    }
}
