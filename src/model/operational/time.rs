//! How long something takes at no load: a few ways that it may go, each with a mean and an upper bound
//! of how far it is spread.
//!
//! Only means matter as long as nobody gives up. Who waits no longer than for some limit T waits for
//! min(X, T), whose mean is at least (m + T − √(s² + (T − m)²)) / 2 where X has the mean m and the standard
//! deviation s (Scarf 1958), and no less than that of the least X. That is exact for constants, so branches are
//! kept apart: one call in ten that takes a second is another way than the other nine. Deviations of what follows
//! one another are added, as if all were long at once, so that nothing need be independent but the ways.

use crate::engine::sample::Law;

/// Ways that are kept apart. Of more, those that are most alike become one.
const WAYS_MAX: usize = 8;

/// Something that takes its time, seconds.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "units stand last")]
pub(super) struct Part {
    pub(super) mean_s: f64,
    /// The standard deviation, at most.
    pub(super) deviation_s: f64,
    pub(super) least_s: f64,
}

impl Part {
    pub(super) const fn always(seconds: f64) -> Part {
        Part { mean_s: seconds, deviation_s: 0.0, least_s: seconds }
    }

    /// As a law says.
    pub(super) fn of(law: &Law) -> Part {
        let deviation_s = law.variance().map_or(f64::INFINITY, f64::sqrt);
        Part { mean_s: law.mean(), deviation_s, least_s: law.least() }
    }

    /// So many times as long, or so often one after the other.
    pub(super) fn times(self, factor: f64) -> Part {
        if factor == 0.0 {
            return Part::default();
        }
        Part {
            mean_s: factor * self.mean_s,
            deviation_s: factor * self.deviation_s,
            least_s: factor * self.least_s,
        }
    }

    /// As often as `count` says, each time anew.
    pub(super) fn counted(self, count: Part) -> Part {
        if count.mean_s == 0.0 {
            return Part::default();
        }
        let of_each =
            if self.deviation_s > 0.0 { count.mean_s.sqrt() * self.deviation_s } else { 0.0 };
        let of_count = if count.deviation_s > 0.0 { count.deviation_s * self.mean_s } else { 0.0 };
        Part {
            mean_s: count.mean_s * self.mean_s,
            deviation_s: of_each + of_count,
            least_s: count.least_s * self.least_s,
        }
    }

    /// One of several, by their shares.
    pub(super) fn of_one(parts: &[(f64, Part)]) -> Part {
        let mut all = parts.iter().map(|&(share, takes)| Way { share, takes });
        let first = all.next();
        first.map_or_else(Part::default, |first| all.fold(first, Way::with).takes)
    }

    /// The longer of both is at least this.
    pub(super) fn or_longer(self, other: Part) -> Part {
        let longer = if other.mean_s > self.mean_s { other } else { self };
        Part { deviation_s: self.deviation_s.max(other.deviation_s), ..longer }
    }

    pub(super) fn and(self, other: Part) -> Part {
        Part {
            mean_s: self.mean_s + other.mean_s,
            deviation_s: self.deviation_s + other.deviation_s,
            least_s: self.least_s + other.least_s,
        }
    }

    /// The mean of it if nobody waits for longer than `limit_s`, at least.
    fn within_s(self, limit_s: f64) -> f64 {
        let left_s = limit_s - self.mean_s;
        let mean_s = self.mean_s.min(limit_s) - excess_s(self.deviation_s, left_s.abs());
        mean_s.max(self.least_s.min(limit_s))
    }

    /// The probability that it takes as long as `limit_s`, at most (Cantelli; Markov where the variance is
    /// infinite).
    fn chance_of(self, limit_s: f64) -> f64 {
        let left_s = limit_s - self.mean_s;
        if left_s <= 0.0 {
            return 1.0;
        }
        if !self.deviation_s.is_finite() {
            return self.mean_s / limit_s;
        }
        let variance = self.deviation_s * self.deviation_s;
        variance / (variance + left_s * left_s)
    }

    /// As it is where it goes on only `share` of the times, at most as far spread.
    fn at_times(self, share: f64) -> Part {
        let unsure = (share * (1.0 - share)).max(0.0).sqrt();
        let least_s = if share < 1.0 { 0.0 } else { self.least_s };
        let deviation_s = self.deviation_s + unsure * self.mean_s;
        Part { mean_s: share * self.mean_s, deviation_s, least_s }
    }
}

/// (√(s² + d²) − d) / 2, in the form that does not cancel.
fn excess_s(deviation_s: f64, apart_s: f64) -> f64 {
    if !deviation_s.is_finite() {
        return f64::INFINITY;
    }
    let root = libm::hypot(deviation_s, apart_s) + apart_s;
    if root > 0.0 { deviation_s * deviation_s / root / 2.0 } else { 0.0 }
}

#[derive(Clone, Copy, Debug)]
struct Way {
    share: f64,
    takes: Part,
}

/// How long something takes.
#[derive(Clone, Debug)]
pub(super) struct Time {
    ways: Vec<Way>,
    /// The probability that it ends early, for somebody did not wait any longer: at most.
    cut: f64,
}

impl Time {
    pub(super) fn none() -> Time {
        Time { ways: vec![Way { share: 1.0, takes: Part::default() }], cut: 0.0 }
    }

    pub(super) fn mean_s(&self) -> f64 {
        self.ways.iter().map(|it| it.share * it.takes.mean_s).sum()
    }

    /// The mean of it if nobody waits for longer than `limit_s`, at least.
    pub(super) fn within_s(&self, limit_s: f64) -> f64 {
        self.ways.iter().map(|it| it.share * it.takes.within_s(limit_s)).sum()
    }

    /// The probability that it takes as long as `limit_s`, at most.
    pub(super) fn chance_of(&self, limit_s: f64) -> f64 {
        self.ways.iter().map(|it| it.share * it.takes.chance_of(limit_s)).sum()
    }

    /// Something more comes before or behind it, whichever way it goes.
    pub(super) fn add(&mut self, part: Part) {
        for way in &mut self.ways {
            way.takes = way.takes.and(part);
        }
    }

    /// One of several, by their shares.
    pub(super) fn of(times: impl Iterator<Item = (f64, Time)>) -> Time {
        let mut mixed = Time { ways: Vec::new(), cut: 0.0 };
        for (share, time) in times {
            mixed.cut += share * time.cut;
            let ways = time.ways.into_iter().map(|it| Way { share: share * it.share, ..it });
            mixed.ways.extend(ways.filter(|it| it.share > 0.0));
        }
        mixed.gather();
        mixed
    }

    /// This, and the next behind it.
    pub(super) fn then(&self, next: &Time) -> Time {
        let mut all = Time { ways: Vec::new(), cut: 1.0 - (1.0 - self.cut) * (1.0 - next.cut) };
        for one in &self.ways {
            let each = next.ways.iter();
            all.ways.extend(
                each.map(|it| Way { share: one.share * it.share, takes: one.takes.and(it.takes) }),
            );
        }
        all.gather();
        all
    }

    /// This, which nobody waits for longer than `limit_s`, and behind it the next, if it came in time.
    /// `least`: no more than that surely is on average; else as if each way took its mean.
    pub(super) fn within(&self, limit_s: f64, next: &Time, least: bool) -> Time {
        let mut all = Time { ways: Vec::new(), cut: 0.0 };
        for &Way { share, takes } in &self.ways {
            let is_late = takes.mean_s >= limit_s;
            let given_up =
                if least { takes.chance_of(limit_s) } else { f64::from(u8::from(is_late)) };
            all.cut += share * (1.0 - (1.0 - given_up) * (1.0 - next.cut));
            let most_s = takes.mean_s.min(limit_s);
            let mean_s = if least { takes.within_s(limit_s) } else { most_s };
            let deviation_s = takes.deviation_s.min(limit_s / 2.0);
            let waited = Part {
                mean_s,
                // What is told of it is no mean, but less.
                deviation_s: libm::hypot(deviation_s, most_s - mean_s),
                least_s: takes.least_s.min(limit_s),
            };
            if given_up >= 1.0 {
                all.ways.push(Way { share, takes: waited });
                continue;
            }
            let each = next.ways.iter().map(|it| Way {
                share: share * it.share,
                takes: waited.and(it.takes.at_times(1.0 - given_up)),
            });
            all.ways.extend(each);
        }
        all.cut += self.cut * (1.0 - all.cut);
        all.gather();
        all
    }

    /// So often as `again` has it: geometric rounds of this, and what follows.
    pub(super) fn rounds(&self, again: f64, next: &Time) -> Time {
        let round = self.merged();
        let goes_on = again * (1.0 - self.cut);
        let rounds = again / (1.0 - goes_on);
        let square = again * (1.0 + goes_on) / ((1.0 - goes_on) * (1.0 - goes_on));
        let unsure = (square - rounds * rounds).max(0.0).sqrt();
        let all = Part {
            mean_s: rounds * round.mean_s,
            deviation_s: rounds.sqrt() * round.deviation_s + unsure * round.mean_s,
            least_s: 0.0,
        };
        let is_left = (1.0 - again) / (1.0 - goes_on);
        let each = next.ways.iter();
        let ways = each.map(|it| Way {
            share: it.share,
            takes: all.and(if self.cut > 0.0 { it.takes.at_times(is_left) } else { it.takes }),
        });
        let cut = if self.cut > 0.0 { 1.0 - is_left * (1.0 - next.cut) } else { next.cut };
        Time { ways: ways.collect(), cut }
    }

    fn merged(&self) -> Part {
        let mut ways = self.ways.iter();
        let first = ways.next().map_or_else(Part::default, |it| it.takes);
        let first = Way { share: self.ways.first().map_or(1.0, |it| it.share), takes: first };
        ways.fold(first, |one, other| one.with(*other)).takes
    }

    /// Those that are most alike become one.
    fn gather(&mut self) {
        let mean_s = |it: &Way| it.takes.mean_s;
        self.ways.sort_by(|one, other| mean_s(one).total_cmp(&mean_s(other)));
        while self.ways.len() > WAYS_MAX {
            let lost = |pair: &[Way]| {
                let share = pair[0].share * pair[1].share / (pair[0].share + pair[1].share);
                let apart_s = mean_s(&pair[1]) - mean_s(&pair[0]);
                share * apart_s * apart_s
            };
            let pairs = self.ways.windows(2).map(lost).enumerate();
            let best =
                pairs.fold((0, f64::INFINITY), |best, it| if it.1 < best.1 { it } else { best });
            let other = self.ways.remove(best.0 + 1);
            self.ways[best.0] = self.ways[best.0].with(other);
        }
    }
}

impl Way {
    fn with(self, other: Way) -> Way {
        let share = self.share + other.share;
        if share <= 0.0 {
            return self;
        }
        let (one, two) = (self.share / share, other.share / share);
        let mean_s = one * self.takes.mean_s + two * other.takes.mean_s;
        let spread = |it: Part| {
            let around_s = it.deviation_s + (it.mean_s - mean_s).abs();
            around_s * around_s
        };
        let square = one * spread(self.takes) + two * spread(other.takes);
        let least_s = self.takes.least_s.min(other.takes.least_s);
        Way { share, takes: Part { mean_s, deviation_s: square.sqrt(), least_s } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-9 * expected, "{value} is not {expected}");
    }

    fn one(part: Part) -> Time {
        let mut time = Time::none();
        time.add(part);
        time
    }

    #[test]
    fn constants_are_waited_for_until_the_limit() {
        let long = one(Part::always(1.0));
        let mixed = Time::of([(0.9, one(Part::always(0.001))), (0.1, long)].into_iter());
        near(mixed.mean_s(), 0.1009);
        near(mixed.within_s(0.05), 0.9 * 0.001 + 0.1 * 0.05);
        // Whoever gives up does not do what would have been next.
        let next = one(Part::always(0.01));
        near(mixed.within(0.05, &next, true).mean_s(), 0.9 * 0.011 + 0.1 * 0.05);
        near(mixed.then(&next).mean_s(), 0.1109);
        near(next.rounds(0.75, &next).mean_s(), 0.04);
    }

    /// Of an exponential time m, min(X, T) has the mean m (1 − exp(−T / m)).
    #[test]
    fn what_is_waited_for_is_never_less() {
        for limit_s in [0.01, 0.1, 0.3, 1.0, 30.0] {
            let time = one(Part { mean_s: 0.1, deviation_s: 0.1, least_s: 0.0 });
            let least_s = time.within_s(limit_s);
            let mean_s = 0.1 * (1.0 - libm::exp(-limit_s / 0.1));
            assert!((0.0..=mean_s).contains(&least_s), "{least_s} of {mean_s} until {limit_s}");
            let twice = time.within(limit_s, &time, true);
            assert!(twice.mean_s() <= mean_s * (2.0 - libm::exp(-limit_s / 0.1)));
        }
        near(one(Part { mean_s: 0.1, deviation_s: 0.1, least_s: 0.0 }).within_s(1e9), 0.1);
    }

    #[test]
    fn many_ways_become_a_few() {
        let ways = (0..100).map(|it| (0.01, one(Part::always(f64::from(it)))));
        let time = Time::of(ways);
        assert_eq!(time.ways.len(), WAYS_MAX);
        near(time.mean_s(), 49.5);
        let true_s: f64 = (0..100).map(|it| f64::from(it).min(20.0)).sum::<f64>() / 100.0;
        let least_s = time.within_s(20.0);
        assert!((0.8 * true_s..=true_s).contains(&least_s), "{least_s} of {true_s}");
    }
}
