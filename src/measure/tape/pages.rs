//! Time cut into pages: the warm-up, then the parts of the window (long ones in several pages), then
//! whatever comes. Within a page a gauge only adds; what else there is to do happens between two.

use crate::{
    engine::time::{Instant, Span},
    measure::window::Ruler,
};

/// Levels below 2^24 fit the areas of a gauge for so long (18 minutes).
const LONGEST: Span = Span::from_nanos(1 << 40);

/// The present page.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    ruler: Ruler,
    /// Where a page has to end besides, those ahead only, the last first.
    edges: Vec<Instant>,
    begin: Instant,
    end: Instant,
}

/// A page that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// The part of the window that it belongs to.
    pub(super) part: Option<usize>,
    /// Where it ended.
    pub(super) end: Instant,
    /// It ended with the window.
    pub(super) is_last: bool,
}

impl Pages {
    /// The page of the warm-up.
    pub(super) fn new(ruler: Ruler, mut edges: Vec<Instant>) -> Pages {
        edges.reverse();
        Pages { ruler, edges, begin: Instant::ZERO, end: ruler.from.min(Instant::ZERO + LONGEST) }
    }

    /// Other edges of levels' windows, all of them to come.
    pub(super) fn set_edges(&mut self, mut edges: Vec<Instant>) {
        edges.reverse();
        self.edges = edges;
    }

    /// Whether the present page ends at or before this instant.
    #[inline]
    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.end
    }

    /// Goes on to the next page, and tells of the one that is over.
    pub(super) fn turn(&mut self) -> Page {
        // A warm-up of no length has the page `0 .. 0`, which is no part's.
        let part = self.ruler.part(self.begin).filter(|_| self.begin < self.end);
        let page = Page { part, end: self.end, is_last: self.end == self.ruler.until };
        self.begin = self.end;
        let edge = match self.ruler.part(self.begin) {
            None if self.begin < self.ruler.from => self.ruler.from,
            None => Instant::NEVER,
            Some(part) => {
                let edge = self.ruler.from + self.ruler.width.times(part as u64 + 1);
                edge.min(self.ruler.until)
            }
        };
        while self.edges.last().is_some_and(|edge| *edge <= self.begin) {
            self.edges.pop();
        }
        let edge = self.edges.last().map_or(edge, |own| edge.min(*own));
        self.end = edge.min(self.begin + LONGEST);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(warm_up: u64, length_s: f64, parts: u32) -> Vec<(Option<usize>, f64)> {
        let from = Instant::ZERO + Span::from_millis(warm_up);
        let ruler = Ruler::new(from, from + Span::from_seconds(length_s), parts);
        let mut pages = Pages::new(ruler, Vec::new());
        let mut turned = Vec::new();
        while pages.end <= ruler.until {
            let page = pages.turn();
            turned.push((page.part, page.end.seconds()));
        }
        turned
    }

    #[test]
    fn one_page_a_part() {
        let expected = [(None, 1.0), (Some(0), 2.0), (Some(1), 3.0), (Some(2), 3.5)];
        assert_eq!(pages(1_000, 2.5, 3), expected);
        assert_eq!(pages(0, 1.0, 1), [(None, 0.0), (Some(0), 1.0)]);
    }

    #[test]
    fn what_is_long_has_several_pages() {
        assert_eq!(super::tests::pages(3_600_000, 1.0, 1).len(), 4 + 1);
        let pages = pages(0, 3600.0, 1);
        assert_eq!(pages.len(), 1 + 4);
        assert!(pages[1..].iter().all(|page| page.0 == Some(0)));
        assert_eq!(pages[4].1, 3600.0);
    }
}
