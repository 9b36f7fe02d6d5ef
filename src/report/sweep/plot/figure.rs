//! What is drawn of a point: four figures, each with its axis, its words and its file.

use super::Shown;
use crate::{
    report::{
        format::{percent, seconds, three, utilisation},
        plot::canvas::{Axis, Ticks, seconds_axis},
    },
    stats::interval::Estimate,
};

/// Logarithms end here; nothing on a web site is quicker.
const LEAST_S: f64 = 1e-6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    P99,
    Success,
    Throughput,
    Busiest,
}

impl Figure {
    pub(super) const ALL: [Figure; 4] =
        [Figure::P99, Figure::Success, Figure::Throughput, Figure::Busiest];

    pub(super) fn file(self) -> &'static str {
        match self {
            Figure::P99 => "p99.png",
            Figure::Success => "success.png",
            Figure::Throughput => "throughput.png",
            Figure::Busiest => "busiest.png",
        }
    }

    /// The end of the picture's title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Figure::P99 => "p99 latency (seconds)",
            Figure::Success => "success (% of requests)",
            Figure::Throughput => "throughput (successes a second)",
            Figure::Busiest => "utilisation of the busiest resource (%)",
        }
    }

    /// The beginning of the remark.
    pub(super) fn remark(self) -> &'static str {
        match self {
            Figure::P99 => "latency of successes that 99% do not exceed, as visitors see it",
            Figure::Success => "share of all requests that succeed",
            Figure::Throughput => "requests answered well, per second",
            Figure::Busiest => {
                "share in use, mean over time, of whatever is used most at each point"
            }
        }
    }

    /// The title of its axis.
    pub(super) fn quantity(self) -> &'static str {
        match self {
            Figure::P99 => "p99 latency",
            Figure::Success => "requests that succeed",
            Figure::Throughput => "successes a second",
            Figure::Busiest => "share in use",
        }
    }

    pub(super) fn of(self, shown: &Shown) -> Estimate {
        match self {
            Figure::P99 => shown.p99_s,
            Figure::Success => shown.success,
            Figure::Throughput => shown.throughput_per_s,
            Figure::Busiest => {
                let value = shown.busiest.as_ref().map(|it| it.0);
                Estimate { value, ..Estimate::default() }
            }
        }
    }

    /// Where a value stands on the axis.
    pub(super) fn position(self, value: f64) -> f64 {
        match self {
            Figure::P99 => libm::log10(value.max(LEAST_S)),
            Figure::Success | Figure::Throughput | Figure::Busiest => value,
        }
    }

    pub(super) fn print(self, value: f64) -> String {
        match self {
            Figure::P99 => seconds(value),
            Figure::Success => percent(value),
            Figure::Throughput => three(value),
            Figure::Busiest => utilisation(value),
        }
    }

    /// An axis for these values. `from_zero`: lengths are compared, so that nothing is cut off; where
    /// colours are, differences count.
    pub(super) fn axis(self, values: &[f64], from_zero: bool) -> Axis {
        let (least, most) = range(values);
        match self {
            Figure::P99 => {
                let least = if values.is_empty() { least } else { least.max(LEAST_S) };
                seconds_axis(least, most.max(least), self.quantity())
            }
            Figure::Success => {
                // Noise of a hundredth of a percent is not to look like a cliff.
                self.between(least.min(0.999), 1.0)
            }
            Figure::Throughput => self.between(if from_zero { 0.0 } else { least }, most),
            Figure::Busiest => self.between(0.0, 1.0),
        }
    }

    fn between(self, least: f64, most: f64) -> Axis {
        let (low, high, ticks) = between(least, most, |it| match self {
            // Round as they are.
            Figure::Success | Figure::Busiest => format!("{}%", plain(it * 100.0)),
            Figure::P99 | Figure::Throughput => plain(it),
        });
        Axis { low, high, ticks, minor: Vec::new(), title: self.quantity().to_owned() }
    }
}

fn range(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if least <= most { (least, most) } else { (0.0, 0.0) }
}

/// A linear axis around two values, with round steps; ends and ticks.
pub(super) fn between(least: f64, most: f64, print: impl Fn(f64) -> String) -> (f64, f64, Ticks) {
    const STEPS: f64 = 6.0;
    let most = if most > least { most } else { least + least.abs().max(1.0) };
    let raw = (most - least) / STEPS;
    let size = libm::exp10(libm::log10(raw).floor());
    // Slack, for ends that are round but for their last bit.
    let slack = 1e-9;
    let factors = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = factors.into_iter().map(|it| it * size).find(|it| raw <= it * (1.0 + slack));
    let step = step.unwrap_or(10.0 * size);
    let first = (least / step + slack).floor();
    let last = (most / step - slack).ceil();
    let ticks = (0..=(last - first) as u32).map(|number| {
        // Rounded to the step's digits: 3 × 0.1 would be 0.30000000000000004.
        let digits = libm::exp10(9.0 - libm::log10(size).floor().min(0.0)).min(1e15);
        let at = ((first + f64::from(number)) * step * digits).round() / digits;
        (at, print(at))
    });
    (first * step, last * step, ticks.collect())
}

/// A number as it is written on an axis of a parameter: no zeros behind, separators in front.
pub(super) fn plain(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 || (size > 0.0 && size < 1e-4) {
        return format!("{value:e}");
    }
    if size >= 10_000.0 && value.fract() == 0.0 {
        let digits = crate::report::format::thousands(size as u64);
        return if value < 0.0 { format!("-{digits}") } else { digits };
    }
    format!("{}", (value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_begin_and_end_at_round_values() {
        let ends = |least, most| {
            let (low, high, ticks) = between(least, most, plain);
            (plain(low), plain(high), ticks.len())
        };
        let text = |low: &str, high: &str, count| (low.to_owned(), high.to_owned(), count);
        assert_eq!(ends(0.0, 1.0), text("0", "1", 6));
        assert_eq!(ends(0.93, 1.0), text("0.92", "1", 5));
        assert_eq!(ends(12.0, 12.0), text("12", "24", 7));
        assert_eq!(ends(2.0, 98_765.0), text("0", "100,000", 6));
        assert_eq!(ends(0.0, 0.0), text("0", "1", 6));
    }

    #[test]
    fn figures_without_a_value_have_an_axis_all_the_same() {
        for figure in Figure::ALL {
            let axis = figure.axis(&[], true);
            let many = axis.ticks.len() > 1;
            assert!(axis.low < axis.high && many, "{figure:?}");
        }
    }
}
