//! Passive health: a server whose calls failed too often is passed over for a while, as nginx's
//! `max_fails` and `fail_timeout` have it (`ngx_http_upstream_round_robin.c`).
//!
//! Once its time is over the next call is a trial, and the server is passed over again until that
//! has been answered (then the failures are forgiven) or the time is over once more.

use std::collections::VecDeque;

use super::blueprint::Ban;
use crate::engine::time::{Instant, Span};

/// The failures of a view's servers.
#[derive(Clone, Debug)]
pub(crate) struct Bans {
    failures: Vec<Failures>,
    /// Servers that were banned, and when, oldest first; some have been pardoned since.
    banned: VecDeque<(u32, Instant)>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    /// Those that count.
    count: u32,
    failed_at: Instant,
    /// When they were last looked at.
    looked_at: Instant,
    /// The server is passed over until then, if it was ever banned.
    banned_until: Instant,
}

impl Bans {
    pub(crate) fn new(servers: u32) -> Bans {
        let clean = Failures {
            count: 0,
            failed_at: Instant::ZERO,
            looked_at: Instant::ZERO,
            banned_until: Instant::ZERO,
        };
        Bans { failures: vec![clean; servers as usize], banned: VecDeque::new() }
    }

    /// A call at a server has failed. If that bans it: from when until when it is passed over for this
    /// failure and was not for earlier ones. A trial counts from its beginning if it fails.
    pub(crate) fn blame(
        &mut self,
        server: u32,
        ban: Ban,
        now: Instant,
    ) -> Option<(Instant, Instant)> {
        let failures = &mut self.failures[server as usize];
        let since = if failures.count >= ban.fails_max { failures.looked_at } else { now };
        failures.count += 1;
        failures.failed_at = now;
        failures.looked_at = now;
        if !self.is_banned(server, ban, now) {
            return None;
        }
        let failures = &mut self.failures[server as usize];
        let from = since.max(failures.banned_until);
        failures.banned_until = pardoned_at(now, ban.span);
        Some((from, failures.banned_until))
    }

    /// A call was answered: failures from before the last look are forgiven. Whether any were.
    #[inline]
    pub(crate) fn forgive(&mut self, server: u32) -> bool {
        let failures = &mut self.failures[server as usize];
        let is_forgiven = failures.count > 0 && failures.failed_at < failures.looked_at;
        if is_forgiven {
            failures.count = 0;
        }
        is_forgiven
    }

    /// A server was picked. Whether it is on trial: banned until that call is answered.
    #[inline]
    pub(crate) fn look_at(&mut self, server: u32, ban: Ban, now: Instant) -> bool {
        let failures = &mut self.failures[server as usize];
        if seconds_since(failures.looked_at, now) <= ban.span {
            return false;
        }
        failures.looked_at = now;
        self.is_banned(server, ban, now)
    }

    fn is_banned(&mut self, server: u32, ban: Ban, now: Instant) -> bool {
        let is_banned = self.failures[server as usize].count >= ban.fails_max;
        if is_banned {
            self.banned.push_back((server, now));
        }
        is_banned
    }

    /// A server whose time is over, as long as there are any.
    #[inline]
    pub(crate) fn next_pardoned(&mut self, ban: Ban, now: Instant) -> Option<u32> {
        while let Some(&(server, since)) = self.banned.front() {
            if seconds_since(since, now) <= ban.span {
                return None;
            }
            self.banned.pop_front();
            if self.failures[server as usize].looked_at == since {
                return Some(server);
            }
        }
        None
    }
}

const SECOND: u64 = 1_000_000_000;

/// nginx reads a clock of whole seconds: a ban of ten lasts between ten and eleven.
fn seconds_since(then: Instant, now: Instant) -> Span {
    Span::from_nanos((now.nanos() / SECOND - then.nanos() / SECOND) * SECOND)
}

/// When a ban that begins now is over, by that clock.
fn pardoned_at(now: Instant, span: Span) -> Instant {
    Instant::from_nanos((now.nanos() / SECOND + span.nanos() / SECOND + 1) * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bans that overlap are told once; a trial that fails counts from its beginning.
    #[test]
    fn stretches_of_bans_do_not_overlap() {
        let at = |seconds: u64| Instant::from_nanos(seconds * 1_000_000_000);
        let ban = Ban { fails_max: 2, span: Span::from_seconds(10.0) };
        let mut bans = Bans::new(1);
        assert_eq!(bans.blame(0, ban, at(1)), None);
        assert_eq!(bans.blame(0, ban, at(2)), Some((at(2), at(13))));
        assert_eq!(bans.blame(0, ban, at(5)), Some((at(13), at(16))));
        assert_eq!(bans.next_pardoned(ban, at(16)), Some(0));
        assert!(bans.look_at(0, ban, at(20)));
        assert_eq!(bans.blame(0, ban, at(21)), Some((at(20), at(32))));
    }
}
