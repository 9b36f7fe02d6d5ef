//! Means that few replications carry. Where a queue is seldom there at all, or a request in a thousand takes a
//! thousand times as long, a sample without what is rare is low and agrees with itself, and neither Student nor a
//! correction for skewness knows how often it comes.
//!
//! What replications have more than the least of them is taken as if it came in events of one size: their
//! sum of squares over their sum is the size that carries the mean, and the sum over that how many there were, an
//! effective number as of shares of a sum (Kish 1965). How likely so few are is then a matter of counting.

use crate::stats::binomial;

/// From so many events on their own spread says as much.
const EVENTS_MIN: f64 = 10.0;
/// Fewer than this are a few.
const FEW: f64 = 3.0;
/// In no more than one of so many replications.
const SELDOM: f64 = 4.0;
/// How closely a bound is found.
const CLOSE: u32 = 60;

/// How a mean is carried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    /// Less is worse: all else is of the values' negatives.
    is_less_worse: bool,
    /// What each replication has.
    floor: f64,
    /// How much more one has that is struck.
    size: f64,
    /// How many are.
    events: f64,
    replications: f64,
}

impl Carried {
    /// By what each replication adds to a mean. `least`: what one that is struck has more than others, at least; for
    /// what was never seen.
    pub(super) fn of(values: &[f64], least: f64) -> Carried {
        let floor = values.iter().copied().fold(f64::INFINITY, f64::min);
        let more = values.iter().map(|it| it - floor);
        let (sum, squares) = more.fold((0.0, 0.0), |(sum, all), it| (sum + it, all + it * it));
        let (size, events) =
            if squares > 0.0 { (squares / sum, sum * sum / squares) } else { (0.0, 0.0) };
        let replications = values.len() as f64;
        Carried { is_less_worse: false, floor, size: size.max(least), events, replications }
    }

    /// The same where less is worse.
    pub(super) fn of_less(values: &[f64], least: f64) -> Carried {
        let negative: Vec<f64> = values.iter().map(|it| -it).collect();
        Carried { is_less_worse: true, ..Carried::of(&negative, least) }
    }

    /// The p-value of "the mean is as bad as `limit`, or worse".
    pub(super) fn p_as_bad(&self, limit: f64) -> f64 {
        self.p_below(if self.is_less_worse { -limit } else { limit })
    }

    /// Whether less is worse.
    pub(super) fn is_less_worse(&self) -> bool {
        self.is_less_worse
    }

    /// The worst that the mean may be at this level, beyond `value`; `value` where nothing is carried by few.
    pub(super) fn worst(&self, value: f64, level: f64) -> f64 {
        if self.is_less_worse { -self.most(-value, level) } else { self.most(value, level) }
    }

    fn p_below(&self, limit: f64) -> f64 {
        if self.events >= EVENTS_MIN || limit >= self.floor + self.size {
            return 0.0;
        }
        if limit <= self.floor {
            return 1.0;
        }
        let share = (limit - self.floor) / self.size;
        binomial::at_most(self.events, self.replications, share)
    }

    fn most(&self, value: f64, level: f64) -> f64 {
        let (mut low, mut high) = (value, self.floor + self.size);
        if self.events >= EVENTS_MIN || high <= low {
            return value;
        }
        for _ in 0..CLOSE {
            let middle = f64::midpoint(low, high);
            if self.p_below(middle) > level { low = middle } else { high = middle }
        }
        high
    }

    /// Whether so few of many replications carry it that nobody knows how often they come.
    pub(super) fn is_by_few(&self) -> bool {
        self.events > 0.0 && self.events < FEW && self.events * SELDOM <= self.replications
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_seen_may_come() {
        let none = Carried::of(&[0.0; 20], 0.1);
        // Nothing in twenty: fewer than 14% of them, of 0.1 each.
        assert!((none.most(0.0, 0.05) - 0.1 * (1.0 - libm::pow(0.05, 0.05))).abs() < 1e-9);
        assert!(none.p_below(0.02) < 0.05 && none.p_below(0.01) > 0.05);
        assert!(!none.is_by_few());
        // Where nothing can be rare, what is always the same is that.
        assert_eq!(Carried::of(&[0.5; 20], 0.0).p_below(0.7), 0.0);
    }

    #[test]
    fn one_of_twenty_may_have_been_three() {
        let mut values = [1.0; 20];
        values[7] = 11.0;
        let one = Carried::of(&values, 0.0);
        assert!(one.is_by_few());
        // One of twenty that should have been four: 1 + 0.2 × 10.
        let expected = binomial::at_most(1.0, 20.0, 0.2);
        assert!((one.p_below(3.0) - expected).abs() < 1e-9);
        assert!(one.most(1.5, 0.05) > 2.5);
    }

    #[test]
    fn less_may_be_worse() {
        // One request a second, and never one too few in sixty seconds.
        let all = Carried::of_less(&[1.0; 20], 1.0 / 60.0);
        assert!(all.p_as_bad(0.999) > 0.05 && all.p_as_bad(0.98) == 0.0);
        assert!(all.worst(1.0, 0.05) < 0.998 && all.worst(1.0, 0.05) > 0.997);
    }

    #[test]
    fn what_all_have_is_not_rare() {
        let values: Vec<f64> = (0..20).map(|it| 10.0 + f64::from(it % 5)).collect();
        let all = Carried::of(&values, 0.0);
        assert_eq!((all.p_below(12.5), all.most(12.0, 0.05)), (0.0, 12.0));
        assert!(!all.is_by_few());
    }
}
