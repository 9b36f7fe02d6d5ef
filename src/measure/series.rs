//! One number from each replication, reduced to what an interval needs.

/// Count, mean and spread of values given one by one (Welford 1962), in a fixed order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Series {
    /// How many values there were.
    pub count: u32,
    /// Their mean; 0 of nothing.
    pub mean: f64,
    /// The sum of squared distances from the mean.
    pub squares: f64,
}

impl Series {
    /// Takes a value; a replication that has none is left out.
    pub fn push(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        assert!(value.is_finite(), "a replication gave {value}");
        self.count += 1;
        let distance = value - self.mean;
        self.mean += distance / f64::from(self.count);
        self.squares += distance * (value - self.mean);
    }

    /// The variance of the values; `None` of fewer than two.
    pub fn variance(&self) -> Option<f64> {
        (self.count >= 2).then(|| self.squares / f64::from(self.count - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_variance() {
        let mut series = Series::default();
        for value in [Some(2.0), None, Some(4.0), Some(9.0)] {
            series.push(value);
        }
        assert_eq!((series.count, series.mean, series.variance()), (3, 5.0, Some(13.0)));
        assert_eq!(Series::default().variance(), None);
    }
}
