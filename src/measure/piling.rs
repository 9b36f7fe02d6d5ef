//! How levels grow in the second half of the window: in the first they do so in whatever begins empty.

use std::ops::Range;

use super::tally::Tally;

impl Tally {
    /// Calls a second by which there are more at each service.
    pub fn piles_per_s(&self) -> impl Iterator<Item = f64> {
        self.latest_loads().map(|loads| self.per_s(loads))
    }

    /// Calls at each service in the third and in the last quarter of the window, on average.
    pub fn latest_loads(&self) -> impl Iterator<Item = [f64; 2]> {
        self.services.iter().map(|it| {
            self.latest(|parts| {
                let load = it.load_by_part.get(parts).unwrap_or(&[]);
                load.iter().map(|it| u128::from(it.in_system)).sum()
            })
        })
    }

    /// By how much a level is higher in the last quarter of the window than in the one before, a second. `area`:
    /// under it, in some parts.
    pub fn rise_per_s(&self, area: impl Fn(Range<usize>) -> u128) -> f64 {
        self.per_s(self.latest(area))
    }

    fn per_s(&self, [third, last]: [f64; 2]) -> f64 {
        let apart_s = self.second_half_s() / 2.0;
        if apart_s > 0.0 { (last - third) / apart_s } else { 0.0 }
    }

    /// A level in the third and in the last quarter of the window; the same twice where there are too few parts.
    fn latest(&self, area: impl Fn(Range<usize>) -> u128) -> [f64; 2] {
        let parts = self.usage_ruler.parts();
        let quarters = [parts / 2, parts * 3 / 4, parts];
        if quarters[0] == quarters[1] {
            return [0.0; 2];
        }
        let level = |from: usize, until: usize| {
            let nanos = (self.edge_s(until) - self.edge_s(from)) * 1e9;
            area(from..until) as f64 / (nanos * f64::from(self.replications))
        };
        [level(quarters[0], quarters[1]), level(quarters[1], quarters[2])]
    }

    /// How long the second half of the window is, as its parts have it.
    pub fn second_half_s(&self) -> f64 {
        self.window_s() - self.edge_s(self.usage_ruler.parts() / 2)
    }

    /// How long the window is.
    pub fn window_s(&self) -> f64 {
        self.shape.until.since(self.shape.from).seconds()
    }

    fn edge_s(&self, part: usize) -> f64 {
        let ruler = &self.usage_ruler;
        if part < ruler.parts() { ruler.edges_s(part).0 } else { self.window_s() }
    }
}
