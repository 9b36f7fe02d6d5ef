//! One direction of a network interface: messages leave one after the other at line rate.
//!
//! Left out: frames' and packets' headers (a message's bytes are what it carries), drops of a full
//! transmit queue, and two messages sharing the line packet by packet: the one that came first is
//! sent whole, which moves completions of single messages but not of the backlog.

#![expect(clippy::inline_always, reason = "what a message takes is handed over in registers")]

use super::line::{Line, Passage};
use crate::engine::time::Instant;

/// What fits into one packet on an Ethernet of 1500 bytes (the usual segment size of TCP).
const PACKET_BYTES: u64 = 1460;
const BITS_PER_BYTE: u64 = 8;

/// One direction of a network interface.
#[derive(Clone, Debug)]
pub struct Nic {
    /// `None`: unlimited.
    line: Option<Line>,
}

/// Both directions of one lie on a cache line.
const _: () = assert!(size_of::<Nic>() <= 32);

/// A message on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmission {
    /// Its first bit leaves.
    pub start: Instant,
    /// Its first packet has left.
    pub first: Instant,
    /// All of it has left.
    pub end: Instant,
}

impl Nic {
    /// A free interface of so many bits a second; `None` is unlimited.
    pub fn new(bits_per_second: Option<u64>) -> Nic {
        Nic { line: bits_per_second.map(Line::new) }
    }

    /// Sends a message after those that were sent before. `None` if messages pass at once.
    #[inline(always)]
    pub fn send(&mut self, now: Instant, bytes: u64) -> Option<Transmission> {
        let line = self.line.as_mut()?;
        if bytes <= PACKET_BYTES {
            let Passage { start, end } = line.pass(now, bytes * BITS_PER_BYTE);
            return Some(Transmission { start, first: end, end });
        }
        let first = line.ahead(now, PACKET_BYTES * BITS_PER_BYTE);
        let Passage { start, end } = line.pass(now, bytes.saturating_mul(BITS_PER_BYTE));
        Some(Transmission { start, first, end })
    }

    /// The last byte of a message reached the far end of the line at `arrived_last`. This side has
    /// it all then, if the line was free for as long as the message takes; later if other messages
    /// were on it. `None` if messages pass at once.
    #[inline]
    pub fn receive(&mut self, arrived_last: Instant, bytes: u64) -> Option<Passage> {
        let line = self.line.as_mut()?;
        Some(line.absorb(arrived_last, bytes.saturating_mul(BITS_PER_BYTE)))
    }

    /// The host is gone, and with it what was queued.
    pub fn reset(&mut self, now: Instant) {
        if let Some(line) = &mut self.line {
            line.reset(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn ten_gigabit_carry_a_packet_in_1168_ns() {
        let mut nic = Nic::new(Some(10_000_000_000));
        let sent = nic.send(at(100), 14_600).unwrap();
        assert_eq!(sent, Transmission { start: at(100), first: at(1268), end: at(11_780) });
        let behind = nic.send(at(200), 1).unwrap();
        // 0.8 ns: rounded up for the reader, kept exactly for the next.
        assert_eq!(behind, Transmission { start: at(11_780), first: at(11_781), end: at(11_781) });
        for _ in 0..9 {
            nic.send(at(200), 1);
        }
        assert_eq!(nic.send(at(200), 0).unwrap().end, at(11_788));
    }

    #[test]
    fn an_unlimited_line_takes_no_time() {
        let mut nic = Nic::new(None);
        assert_eq!(nic.send(at(7), u64::MAX), None);
        assert_eq!(nic.receive(at(7), u64::MAX), None);
    }

    #[test]
    fn two_senders_share_the_receivers_line() {
        let mut nic = Nic::new(Some(8_000_000_000));
        let received = |start, end| Some(Passage { start: at(start), end: at(end) });
        assert_eq!(nic.receive(at(10_000), 4000), received(6_000, 10_000));
        assert_eq!(nic.receive(at(10_500), 4000), received(10_000, 14_000));
    }
}
