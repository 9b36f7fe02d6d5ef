//! A unit-rate process on the real clock: arrivals are warped through the cumulative rate, so that
//! a higher load is the same visitors closer together.

use crate::model::blueprint::Rate;

/// Where a source stands, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    at_s: f64,
}

impl Clock {
    /// Moves on until the rate has accumulated `gap`; `None` if it never does.
    pub(crate) fn advance(&mut self, rate: &Rate, gap: f64) -> Option<f64> {
        let knots = &rate.knots;
        if let [(_, constant)] = knots.as_slice() {
            if *constant <= 0.0 {
                return None;
            }
            self.at_s += gap / constant;
            return Some(self.at_s);
        }
        let mut left = gap;
        loop {
            let next = knots.iter().position(|(at, _)| at.seconds() > self.at_s);
            let Some(next) = next else {
                let (_, last) = knots[knots.len() - 1];
                if last <= 0.0 {
                    return None;
                }
                self.at_s += left / last;
                return Some(self.at_s);
            };
            let end_s = knots[next].0.seconds();
            let length = end_s - self.at_s;
            let (begin, slope) = if next == 0 {
                (knots[0].1, 0.0)
            } else {
                let (from, to) = (knots[next - 1], knots[next]);
                let slope = (to.1 - from.1) / (end_s - from.0.seconds());
                (from.1 + slope * (self.at_s - from.0.seconds()), slope)
            };
            let area = (begin + slope * length / 2.0) * length;
            if left < area {
                // begin·t + slope·t²/2 = left, in the form that does not cancel.
                let root = (begin * begin + 2.0 * slope * left).max(0.0).sqrt();
                self.at_s += (2.0 * left / (begin + root)).min(length);
                return Some(self.at_s);
            }
            left -= area;
            self.at_s = end_s;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::{Instant, Span};

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_millis(seconds * 1000)
    }

    #[test]
    fn a_trapezoid_holds_as_many_as_its_area() {
        let knots = vec![(at(10), 0.0), (at(20), 6.0), (at(40), 6.0), (at(50), 0.0)];
        let rate = Rate { knots };
        let mut clock = Clock::default();
        let mut arrivals = Vec::new();
        while let Some(seconds) = clock.advance(&rate, 1.0) {
            arrivals.push(seconds);
        }
        // Area: 30 + 120 + 30; the 180th falls on the last instant, by rounding before or after.
        assert!((179..=180).contains(&arrivals.len()), "{}", arrivals.len());
        assert!(arrivals.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((arrivals[29] - 20.0).abs() < 1e-9);
        assert!((arrivals[149] - 40.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_that_ends_lets_nobody_in_any_more() {
        let rate = Rate { knots: vec![(at(0), 0.0)] };
        assert_eq!(Clock::default().advance(&rate, 1.0), None);
    }
}
