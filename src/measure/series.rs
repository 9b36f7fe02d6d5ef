//! One figure from each replication, kept as what intervals are made of.
//!
//! A figure is a ratio of sums (a mean over requests, a share), a number (a level, a rate, a
//! percentile) or the maximum of one replication. Up to `SECTIONS` of them are kept one by one; of more, neighbours are put together,
//! again and again, so that memory does not grow with the number of replications. Of maxima the first
//! `SECTIONS` are kept besides, for how single ones are spread.

/// Replications, or groups of neighbouring ones, are never more than this.
const SECTIONS: usize = 128;

/// A figure of one replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// A sum over a sum.
    Ratio {
        /// What is summed up.
        part: f64,
        /// Over what; more than 0.
        whole: f64,
    },
    /// Anything else.
    Number(f64),
    /// The highest that something was in this replication.
    Maximum(f64),
}

impl Sample {
    /// As a number.
    pub fn value(self) -> f64 {
        match self {
            Sample::Ratio { part, whole } => part / whole,
            Sample::Number(value) | Sample::Maximum(value) => value,
        }
    }
}

/// A figure over replications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    sections: Vec<Section>,
    /// How many replications a full section has.
    each: u32,
    /// Its samples are ratios.
    pub is_ratio: bool,
    /// The first ones by themselves, of maxima.
    pub singles: Vec<f64>,
}

/// Neighbouring replications.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Section {
    /// The sum of the parts, or of the numbers.
    pub part: f64,
    /// The sum of the wholes, or how many numbers there are.
    pub whole: f64,
    replications: u32,
}

impl Section {
    /// The ratio, or the mean of the numbers.
    pub fn value(&self) -> f64 {
        self.part / self.whole
    }

    fn add(&mut self, other: Section) {
        self.part += other.part;
        self.whole += other.whole;
        self.replications += other.replications;
    }
}

impl Series {
    /// Takes a value; a replication that has none is left out.
    pub fn push(&mut self, sample: Option<Sample>) {
        let Some(sample) = sample else { return };
        assert!(sample.value().is_finite(), "a replication gave {sample:?}");
        let (part, whole) = match sample {
            Sample::Ratio { part, whole } => (part, whole),
            Sample::Number(value) | Sample::Maximum(value) => (value, 1.0),
        };
        if let Sample::Maximum(value) = sample
            && self.singles.len() < SECTIONS
        {
            self.singles.push(value);
        }
        self.is_ratio = matches!(sample, Sample::Ratio { .. });
        self.each = self.each.max(1);
        let section = Section { part, whole, replications: 1 };
        match self.sections.last_mut() {
            Some(last) if last.replications < self.each => last.add(section),
            _ => self.sections.push(section),
        }
        if self.sections.len() > SECTIONS {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.each *= 2;
        let pairs = self.sections.chunks(2).map(|pair| {
            let mut both = Section::default();
            for section in pair {
                both.add(*section);
            }
            both
        });
        self.sections = pairs.collect();
    }

    /// The replications, or groups of them.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How many replications had a value.
    pub fn count(&self) -> u32 {
        self.sections.iter().map(|section| section.replications).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replication_without_data_is_left_out() {
        let mut series = Series::default();
        for value in [Some(2.0), None, Some(4.0), Some(9.0)] {
            series.push(value.map(Sample::Number));
        }
        let values: Vec<f64> = series.sections().iter().map(Section::value).collect();
        assert_eq!((series.count(), values), (3, vec![2.0, 4.0, 9.0]));
    }

    #[test]
    fn memory_does_not_grow_with_replications() {
        let mut series = Series::default();
        for number in 0..100_001 {
            series.push(Some(Sample::Ratio { part: f64::from(number), whole: 2.0 }));
        }
        assert!(series.sections().len() <= SECTIONS && series.count() == 100_001);
        let (part, whole) = series
            .sections()
            .iter()
            .fold((0.0, 0.0), |sums, section| (sums.0 + section.part, sums.1 + section.whole));
        assert_eq!((part, whole), (5_000_050_000.0, 200_002.0));
    }
}
