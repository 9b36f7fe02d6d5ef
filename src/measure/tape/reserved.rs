//! What a device has been told to do and has not done yet. It is counted as soon as it is told of;
//! whoever looks earlier, or hears that the host is gone, takes it off again.

use crate::engine::time::Instant;
use std::collections::VecDeque;

/// Of one device: every stretch that is not over, and some that are.
#[derive(Clone, Debug, Default)]
pub(super) struct Reserved {
    /// The last one: of a line all that it has to do, without a gap.
    last: Stretch,
    /// Those before it that were not over when it came.
    earlier: VecDeque<Stretch>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    from: Instant,
    until: Instant,
}

impl Reserved {
    /// It is now told to be busy from `from` to `until`.
    #[inline]
    pub(super) fn add(&mut self, from: Instant, until: Instant, now: Instant) {
        if self.last.until == from {
            self.last.until = until;
            return;
        }
        if self.last.until > now {
            self.keep_last(now);
        }
        self.last = Stretch { from, until };
    }

    #[inline(never)]
    fn keep_last(&mut self, now: Instant) {
        while self.earlier.front().is_some_and(|it| it.until <= now) {
            self.earlier.pop_front();
        }
        self.earlier.push_back(self.last);
    }

    /// From where to where it will be busy from now on; of several channels each by itself.
    pub(super) fn ahead(&self, now: Instant) -> impl Iterator<Item = (Instant, Instant)> {
        let all = self.earlier.iter().chain([&self.last]);
        all.filter(move |it| it.until > now).map(move |it| (it.from.max(now), it.until))
    }

    /// It will do nothing of that.
    pub(super) fn clear(&mut self) {
        self.last = Stretch::default();
        self.earlier.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn what_is_over_is_not_ahead() {
        let mut reserved = Reserved::default();
        let add = |reserved: &mut Reserved, from, until, now| {
            reserved.add(at(from), at(until), at(now));
        };
        let ahead = |reserved: &Reserved, now| {
            let all = reserved.ahead(at(now)).map(|(from, until)| (from.nanos(), until.nanos()));
            all.collect::<Vec<_>>()
        };
        add(&mut reserved, 10, 20, 10);
        add(&mut reserved, 20, 50, 12);
        assert_eq!(ahead(&reserved, 15), [(15, 50)]);
        // Another channel.
        add(&mut reserved, 16, 40, 16);
        add(&mut reserved, 60, 70, 16);
        assert_eq!(ahead(&reserved, 16), [(16, 50), (16, 40), (60, 70)]);
        assert_eq!(ahead(&reserved, 45), [(45, 50), (60, 70)]);
        add(&mut reserved, 65, 90, 65);
        assert_eq!((ahead(&reserved, 65), reserved.earlier.len()), (vec![(65, 70), (65, 90)], 1));
        reserved.clear();
        assert_eq!(ahead(&reserved, 0), []);
    }
}
