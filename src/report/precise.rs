//! Whether figures came out as precisely as was asked for.

use serde::Serialize;

/// A figure that was to be known so precisely. Widths are half an interval over its figure's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Precise {
    /// `all requests: p99`.
    pub figure: String,
    /// As wide as it may be.
    pub wanted: f64,
    /// As wide as it is; `None`: there is no interval that is to be trusted.
    pub relative: Option<f64>,
    /// The interval is rough, from few independent observations in each replication.
    pub is_rough: bool,
    /// After so many replications.
    pub replications: u32,
    /// Of so many at most.
    pub budget: u32,
    /// Narrow enough, and not roughly so.
    pub is_reached: bool,
}

impl Precise {
    /// In words.
    pub fn says(&self) -> String {
        let Precise { figure, replications, .. } = self;
        let Some(relative) = self.relative else {
            return format!(
                "{figure} has no interval after {replications} replications: too little is seen \
                 of it in each, a longer `duration` would help"
            );
        };
        let known = format!("{figure} is known to ±{:.2}%", 100.0 * relative);
        if relative > self.wanted && *replications == self.budget {
            format!("{known} only: the budget of {replications} replications is spent")
        } else if relative > self.wanted {
            format!("{known} so far, {replications} replications")
        } else if self.is_rough {
            format!(
                "{known}, but roughly: each of {replications} replications has too few independent \
                 observations for it, a longer `duration` would help"
            )
        } else {
            format!("{known} after {replications} replications")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_is_not_reached_and_a_spent_budget_is_told() {
        let precise = |relative: Option<f64>, is_rough, replications| {
            let of = Precise {
                figure: "all requests: p99".to_owned(),
                wanted: 0.02,
                relative,
                is_rough,
                replications,
                budget: 100,
                is_reached: false,
            };
            of.says()
        };
        let says = [
            precise(Some(0.015), false, 40),
            precise(Some(0.015), true, 40),
            precise(Some(0.031), true, 100),
            precise(Some(0.031), false, 60),
            precise(None, false, 100),
        ];
        insta::assert_snapshot!(says.join("\n"), @r"
        all requests: p99 is known to ±1.50% after 40 replications
        all requests: p99 is known to ±1.50%, but roughly: each of 40 replications has too few independent observations for it, a longer `duration` would help
        all requests: p99 is known to ±3.10% only: the budget of 100 replications is spent
        all requests: p99 is known to ±3.10% so far, 60 replications
        all requests: p99 has no interval after 100 replications: too little is seen of it in each, a longer `duration` would help
        ");
    }
}
