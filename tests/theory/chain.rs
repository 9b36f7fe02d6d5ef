//! Stationary distributions of finite Markov chains in continuous time, by the elimination of
//! Grassmann, Taksar and Heyman (1985): no subtraction, hence no cancellation.

/// A chain: `rates[from]` lists where it goes from there, and how often a second.
pub(crate) fn stationary(rates: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let count = rates.len();
    let mut dense = vec![vec![0.0; count]; count];
    for (from, ways) in rates.iter().enumerate() {
        for (to, rate) in ways {
            assert!(*rate >= 0.0 && *to < count);
            if *to != from {
                dense[from][*to] += rate;
            }
        }
    }
    // The last states are taken out one by one; whoever led there leads on to where they led.
    for last in (1..count).rev() {
        let leaving: f64 = dense[last][..last].iter().sum();
        assert!(leaving > 0.0, "no way down from state {last}");
        let (rest, removed) = dense.split_at_mut(last);
        for row in rest {
            row[last] /= leaving;
            let share = row[last];
            if share > 0.0 {
                for (to, rate) in row[..last].iter_mut().zip(&removed[0][..last]) {
                    *to += share * rate;
                }
            }
        }
    }
    let mut weights = vec![1.0; count];
    for last in 1..count {
        weights[last] = (0..last).map(|from| weights[from] * dense[from][last]).sum();
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[test]
fn mm1k() {
    let states = 11;
    let ways = |n: usize| {
        let up = (n + 1 < states).then_some((n + 1, 120.0));
        let down = (n > 0).then(|| (n - 1, 100.0));
        up.into_iter().chain(down).collect()
    };
    let share = stationary(&(0..states).map(ways).collect::<Vec<_>>());
    let exact = super::cases::value("mmck-1-10-loss");
    assert!((share[10] / exact - 1.0).abs() < 1e-9);
}
