//! A calendar queue: a year of days, each a short sorted list, resized as the population changes
//! (Brown, CACM 31(10), 1988), with days of 2^k nanoseconds so that a day is found by a shift.

use super::Yardstick;

const DAYS_MIN: usize = 2;
/// How many of the soonest keys tell the length of a day on resizing.
const SAMPLE: usize = 64;
/// How many of the soonest a day should hold.
const A_DAY: u64 = 2;

/// Days of one year; a key lies in the day of its time, whichever the year.
pub struct Calendar {
    /// Each descending, so that a day's soonest is popped from the end.
    days: Vec<Vec<u128>>,
    /// A day is 2^shift nanoseconds long.
    shift: u32,
    /// The day reached, counted from the beginning of time.
    today: u64,
    len: usize,
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar { days: vec![Vec::new(); DAYS_MIN], shift: 10, today: 0, len: 0 }
    }
}

impl Calendar {
    #[inline]
    fn day(&self, key: u128) -> u64 {
        (key >> 72) as u64 >> self.shift
    }

    #[inline]
    fn insert(&mut self, key: u128) {
        let place = self.day(key) as usize & (self.days.len() - 1);
        let day = &mut self.days[place];
        let mut at = day.len();
        while at > 0 && day[at - 1] < key {
            at -= 1;
        }
        day.insert(at, key);
    }

    #[cold]
    fn resize(&mut self, days: usize) {
        let mut keys: Vec<u128> = self.days.iter_mut().flat_map(std::mem::take).collect();
        if keys.len() > SAMPLE {
            let (sooner, last, _) = keys.select_nth_unstable(SAMPLE);
            let first = sooner.iter().min().copied().unwrap_or(*last);
            let span = (*last >> 72) as u64 - (first >> 72) as u64;
            self.shift = (A_DAY * span / SAMPLE as u64).max(1).next_power_of_two().ilog2();
            self.today = self.day(first);
        }
        self.days.resize_with(days, Vec::new);
        for key in keys {
            self.insert(key);
        }
    }

    /// After a whole year without an event: the day of the soonest one.
    #[cold]
    fn skip(&mut self) {
        let soonest = self.days.iter().filter_map(|day| day.last()).min();
        self.today = soonest.map_or(self.today, |&key| self.day(key));
    }
}

impl Yardstick for Calendar {
    const NAME: &'static str = "calendar queue";

    #[inline]
    fn push(&mut self, key: u128) {
        self.today = self.today.min(self.day(key));
        self.insert(key);
        self.len += 1;
        if self.len > 2 * self.days.len() {
            self.resize(2 * self.days.len());
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<u128> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        if self.days.len() > DAYS_MIN && self.len < self.days.len() / 2 {
            self.resize(self.days.len() / 2);
        }
        let mut looked = 0;
        loop {
            let place = self.today as usize & (self.days.len() - 1);
            if let Some(&key) = self.days[place].last()
                && self.day(key) == self.today
            {
                self.days[place].pop();
                return Some(key);
            }
            self.today += 1;
            looked += 1;
            if looked == self.days.len() {
                self.skip();
                looked = 0;
            }
        }
    }
}
