//! Floods of lines that are written one by one. A reader that is woken for each line is
//! slow; one that sleeps for a moment reads many at once. If a nap gathers nothing, the
//! next one is long in coming, since single lines must not be late.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

/// The number of reads in a row of few bytes that make a flood.
const READS: u32 = 16;
/// The time within which they have to come.
const WITHIN: Duration = Duration::from_millis(1);
/// A read of fewer bytes than this brings few.
const FEW: usize = 4096;
/// The length of a nap.
pub(crate) const NAP: Duration = Duration::from_micros(20);
/// How many times more bytes a read has to bring after a nap than without one.
const WORTH: usize = 4;
/// How many reads follow without a nap after one that did not pay.
const HOLD_OFF: u32 = 2000;

/// How reads are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Counts reads of few bytes: their number, their bytes, and the time of the first.
    Counting(u32, usize, Monotonic),
    /// Naps before each read, which has to bring at least this many bytes.
    Napping(usize),
    /// Does not nap for this many reads.
    HoldingOff(u32),
}

/// Decides about naps from the reads so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flood(State);

impl Flood {
    /// Before the first read.
    pub(crate) const fn new(now: Monotonic) -> Self {
        Self(State::Counting(0, 0, now))
    }

    /// Whether a nap comes before the next read.
    pub(crate) const fn wants_nap(&self) -> bool {
        matches!(self.0, State::Napping(_))
    }

    /// Takes note of a read of `count` bytes.
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

    /// Feeds reads of `count` bytes until one wants a nap; gives their number.
    fn reads_until_nap(flood: &mut Flood, count: usize, apart: Duration) -> Option<u32> {
        let mut now = Monotonic::now();
        (1..5000).find(|_| {
            now = now + apart;
            flood.on_read(count, || now);
            flood.wants_nap()
        })
    }

    #[test]
    fn many_small_reads_in_a_short_time_are_a_flood() {
        let fresh = || Flood::new(Monotonic::now());
        let quick = Duration::from_micros(10);
        assert_eq!(reads_until_nap(&mut fresh(), 100, quick), Some(READS));
        assert_eq!(reads_until_nap(&mut fresh(), FEW, quick), None);
        let slow = Duration::from_micros(200);
        assert_eq!(reads_until_nap(&mut fresh(), 100, slow), None);
    }

    #[test]
    fn a_nap_that_gathers_little_is_followed_by_reads_without_one() {
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
