//! Floods of lines that are written one by one. A fast reader is woken for each of
//! them, and so is slow; one that sleeps for a moment finds many at once.
//!
//! A nap pays only where it gathers something: where it does not, no other is tried
//! for long, or single lines would come late.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

/// So many reads of few bytes, within so short a time, are a flood.
const READS: u32 = 16;
const WITHIN: Duration = Duration::from_millis(1);
/// Fewer bytes than a page are few.
const FEW: usize = 4096;
/// How long a nap is.
pub(crate) const NAP: Duration = Duration::from_micros(20);
/// A nap has to gather so many times what a read brought without one.
const WORTH: usize = 4;
/// After one that did not, so many reads go by without.
const HOLD_OFF: u32 = 2000;

/// Whether to sleep before the next read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Counts reads of few bytes: how many, how many bytes, since when.
    Counting(u32, usize, Monotonic),
    /// Sleeps before each read, which has to bring so many bytes.
    Napping(usize),
    /// Does not, for so many reads.
    HoldingOff(u32),
}

/// What the reads so far were like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flood(State);

impl Flood {
    /// Nothing was read yet.
    pub(crate) const fn new(now: Monotonic) -> Self {
        Self(State::Counting(0, 0, now))
    }

    /// Whether a nap comes before the next read.
    pub(crate) const fn wants_nap(&self) -> bool {
        matches!(self.0, State::Napping(_))
    }

    /// A read brought `count` bytes.
    #[inline]
    pub(crate) fn on_read(&mut self, count: usize, now: impl FnOnce() -> Monotonic) {
        self.0 = match self.0 {
            State::Napping(worth) if count >= worth => return,
            State::Napping(_) => State::HoldingOff(HOLD_OFF),
            State::HoldingOff(left @ 2..) => State::HoldingOff(left - 1),
            State::HoldingOff(_) => State::Counting(0, 0, now()),
            State::Counting(..) if count >= FEW => State::Counting(0, 0, now()),
            State::Counting(reads, bytes, since) if reads + 1 < READS => {
                State::Counting(reads + 1, bytes + count, since)
            }
            State::Counting(_, bytes, since) => {
                let now = now();
                if now.since(since) < WITHIN {
                    State::Napping((bytes + count) * WORTH / READS as usize)
                } else {
                    State::Counting(0, 0, now)
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds reads of so many bytes, so far apart, until one wants a nap; how many
    /// it took.
    fn reads_until_nap(flood: &mut Flood, count: usize, apart: Duration) -> Option<u32> {
        let mut now = Monotonic::now();
        (1..5000).find(|_| {
            now = now + apart;
            flood.on_read(count, || now);
            flood.wants_nap()
        })
    }

    #[test]
    fn only_many_small_reads_in_a_short_time_are_a_flood() {
        let fresh = || Flood::new(Monotonic::now());
        let quick = Duration::from_micros(10);
        assert_eq!(reads_until_nap(&mut fresh(), 100, quick), Some(READS));
        assert_eq!(reads_until_nap(&mut fresh(), FEW, quick), None);
        let slow = Duration::from_micros(200);
        assert_eq!(reads_until_nap(&mut fresh(), 100, slow), None);
    }

    #[test]
    fn a_nap_that_gathers_little_is_the_last_for_long() {
        let mut flood = Flood::new(Monotonic::now());
        let quick = Duration::from_micros(10);
        reads_until_nap(&mut flood, 100, quick);
        flood.on_read(400, Monotonic::now);
        assert!(flood.wants_nap(), "it was worth it");
        flood.on_read(399, Monotonic::now);
        let reads = reads_until_nap(&mut flood, 100, quick).expect("another flood");
        assert!(reads >= HOLD_OFF, "{reads}");
    }
}
