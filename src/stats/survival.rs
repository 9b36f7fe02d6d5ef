//! Times that may be cut off: how long a recovery takes when some were not over at the end.
//!
//! The product-limit estimate of Kaplan and Meier (JASA 53, 1958) with Greenwood's variance;
//! intervals of quantiles where the log-log band crosses them (Brookmeyer and Crowley, Biometrics
//! 38, 1982; Kalbfleisch and Prentice). What cuts off must not depend on the time it cuts: the
//! end of the horizon does not. Where nothing was cut off before the last of what happened, which is
//! so if all are looked at equally long, the bounds are order statistics (David and Nagaraja, Order
//! Statistics, 2003, 7.1), which hold for any distribution and are known where nobody is left.
//! The band has no upper edge there. One time per replication, so that they are independent.

pub use super::binomial::clopper_pearson;

use crate::engine::maths;

use super::{binomial, student};

/// The products of a survival curve are equal to what they are compared with up to this.
const ROUNDING: f64 = 1e-12;

/// A time until something happened, or until nobody looked any more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// In any unit.
    pub time: f64,
    /// Whether it had not happened yet.
    pub is_censored: bool,
}

/// The share to which it has not happened yet, as a falling staircase.
#[derive(Clone, Debug, PartialEq)]
pub struct KaplanMeier {
    /// By time, rising.
    steps: Vec<Step>,
    /// How many were observed.
    count: usize,
    /// When it happened, rising, if nothing was cut off before the last of them.
    complete: Option<Vec<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    time: f64,
    /// From this time on.
    survival: f64,
    /// Greenwood's sum: the squared relative error of `survival`.
    greenwood: f64,
}

impl KaplanMeier {
    /// Of things observed in any order; nothing is known of none.
    pub fn of(observed: &[Observed]) -> KaplanMeier {
        let mut sorted = observed.to_vec();
        sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
        let mut steps = Vec::new();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut at_risk = sorted.len() as f64;
        for same in sorted.chunk_by(|a, b| a.time == b.time) {
            // What is cut off at the same time was still at risk.
            let events = same.iter().filter(|one| !one.is_censored).count() as f64;
            if events > 0.0 {
                survival *= (at_risk - events) / at_risk;
                greenwood += events / (at_risk * (at_risk - events));
                steps.push(Step { time: same[0].time, survival, greenwood });
            }
            at_risk -= same.len() as f64;
        }
        let first_cut = sorted.iter().find(|one| one.is_censored).map(|one| one.time);
        let times: Vec<f64> =
            sorted.iter().filter(|one| !one.is_censored).map(|one| one.time).collect();
        let is_complete = first_cut.is_none_or(|cut| times.last().is_none_or(|last| *last <= cut));
        KaplanMeier { steps, count: sorted.len(), complete: is_complete.then_some(times) }
    }

    /// The share to which it has not happened by `time`, that time included.
    pub fn survival(&self, time: f64) -> f64 {
        let past = self.steps.partition_point(|step| step.time <= time);
        if past == 0 { 1.0 } else { self.steps[past - 1].survival }
    }

    /// The first time by which it has happened to a share `q` in (0, 1); `None`: it was cut off
    /// before.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.first_at_most(1.0 - q, |step| Some(step.survival))
    }

    /// Bounds of the quantile, with `confidence`; `None`: none could be found on that side,
    /// because times were cut off or are few.
    pub fn quantile_interval(&self, q: f64, confidence: f64) -> (Option<f64>, Option<f64>) {
        if let Some(times) = &self.complete {
            return self.order_statistics(times, q, (1.0 - confidence) / 2.0);
        }
        let z = student::normal_quantile(0.5 + confidence / 2.0);
        let low = self.first_at_most(1.0 - q, |step| step.band(z));
        let high = self.first_at_most(1.0 - q, |step| step.band(-z));
        (low, high)
    }

    /// The last time before which so many lie only with the chance `level`, and the first one after
    /// which so few do, if the quantile were there.
    fn order_statistics(&self, times: &[f64], q: f64, level: f64) -> (Option<f64>, Option<f64>) {
        let count = self.count as f64;
        let mut numbers = 1..=self.count;
        let low =
            numbers.clone().rev().find(|&k| binomial::at_most(k as f64 - 1.0, count, q) <= level);
        let high = numbers.find(|&k| binomial::at_least(k as f64, count, q) <= level);
        let time = |number: Option<usize>| times.get(number? - 1).copied();
        (time(low), time(high))
    }

    fn first_at_most(&self, share: f64, curve: impl Fn(&Step) -> Option<f64>) -> Option<f64> {
        assert!(0.0 < share && share < 1.0, "no quantile at {}", 1.0 - share);
        let is_reached = |step: &&Step| curve(step).is_some_and(|value| value <= share + ROUNDING);
        self.steps.iter().find(is_reached).map(|step| step.time)
    }
}

impl Step {
    /// The lower edge of the log-log band for positive `z`, the upper one for negative. It has
    /// none where nobody is left, but there the lower edge is 0 whatever the method.
    fn band(&self, z: f64) -> Option<f64> {
        if self.survival <= 0.0 {
            return (z > 0.0).then_some(0.0);
        }
        let log = maths::ln(self.survival);
        let error = self.greenwood.sqrt() / -log;
        Some(maths::exp(log * maths::exp(z * error)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::trial::Luck;

    fn of(times: &[f64], censored: &[f64]) -> KaplanMeier {
        let mark = |is_censored| move |&time: &f64| Observed { time, is_censored };
        let mut all: Vec<Observed> = times.iter().map(mark(false)).collect();
        all.extend(censored.iter().map(mark(true)));
        KaplanMeier::of(&all)
    }

    /// Remission in weeks under 6-mercaptopurine (Freireich 1963; Kaplan and Meier's curve of it
    /// in Cox and Oakes 1984, table 1.1): the median is 23.
    #[test]
    fn remission_as_published() {
        let curve = of(
            &[6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0],
            &[6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0],
        );
        for (time, survival) in [
            (5.9, 1.0),
            (6.0, 0.857_1),
            (7.0, 0.806_7),
            (10.0, 0.752_9),
            (13.0, 0.690_2),
            (16.0, 0.627_5),
            (22.0, 0.537_8),
            (23.0, 0.448_2),
            (99.0, 0.448_2),
        ] {
            assert!((curve.survival(time) - survival).abs() < 5e-5, "{time}");
        }
        // Greenwood's error at 10 weeks is 0.0963.
        let step = curve.steps[2];
        assert!((step.survival * step.greenwood.sqrt() - 0.0963).abs() < 5e-5);
        assert_eq!(curve.quantile(0.5), Some(23.0));
        assert_eq!(curve.quantile(0.6), None);
        // R: survfit(.., conf.type = "log-log"): median 23, 13 to NA.
        assert_eq!(curve.quantile_interval(0.5, 0.95), (Some(13.0), None));
    }

    #[test]
    fn ends() {
        let nothing = KaplanMeier::of(&[]);
        assert_eq!((nothing.survival(1.0), nothing.quantile(0.5)), (1.0, None));
        assert_eq!(nothing.quantile_interval(0.5, 0.95), (None, None));
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        let curve = of(&ten, &[]);
        assert_eq!((curve.quantile(0.5), curve.quantile(0.51)), (Some(5.0), Some(6.0)));
        assert_eq!(of(&[], &ten).quantile(0.1), None);
    }

    /// Where all of many are over at the same time, it is known on both sides.
    #[test]
    fn bounds_where_nobody_is_left() {
        let curve = of(&[33.0; 100], &[]);
        assert_eq!(curve.quantile_interval(0.5, 0.95), (Some(33.0), Some(33.0)));
        assert_eq!(curve.quantile_interval(0.95, 0.95), (Some(33.0), Some(33.0)));
        // Of 20 one in three would have none of the slowest 5%.
        assert_eq!(of(&[33.0; 20], &[]).quantile_interval(0.95, 0.95), (Some(33.0), None));
        // The median of ten: the second and the ninth (97.9%), as in every table.
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(of(&ten, &[]).quantile_interval(0.5, 0.95), (Some(2.0), Some(9.0)));
        let cut = of(&ten[..8], &[8.5, 8.5]);
        assert_eq!(cut.quantile_interval(0.5, 0.95), (Some(2.0), None));
    }

    /// Exponential times cut off at exponential times: the median's interval holds ln 2.
    #[test]
    fn the_median_is_covered() {
        let mut luck = Luck::new(11);
        let held = (0..1_000).filter(|_| {
            let observed: Vec<Observed> = (0..50)
                .map(|_| {
                    let (time, end) = (luck.exponential(1.0), luck.exponential(3.0));
                    Observed { time: time.min(end), is_censored: end < time }
                })
                .collect();
            let (low, high) = KaplanMeier::of(&observed).quantile_interval(0.5, 0.95);
            low.is_none_or(|low| low <= LN_2) && high.is_none_or(|high| LN_2 <= high)
        });
        let covered = held.count() as f64 / 1_000.0;
        assert!((0.93..0.98).contains(&covered), "{covered}");
    }

    const LN_2: f64 = std::f64::consts::LN_2;

    proptest! {
        /// Without censoring it is the empirical distribution.
        #[test]
        fn uncensored_is_empirical(
            times in prop::collection::vec(0.0..10.0_f64, 1..60), at in 0.0..10.0_f64,
        ) {
            let curve = of(&times, &[]);
            let later = times.iter().filter(|&&time| time > at).count();
            prop_assert!((curve.survival(at) - later as f64 / times.len() as f64).abs() < 1e-12);
            let (low, high) = curve.quantile_interval(0.5, 0.95);
            let median = curve.quantile(0.5).unwrap();
            prop_assert!(low.is_none_or(|low| low <= median));
            prop_assert!(high.is_none_or(|high| median <= high));
        }
    }
}
