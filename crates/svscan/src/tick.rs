//! Time as a slot remembers it: four bytes of milliseconds instead of eight of
//! nanoseconds. The count wraps after 49 days, and every comparison allows for it.

use daemontools::unix::clock::Monotonic;

/// A moment of the monotonic clock in milliseconds, modulo 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tick(pub(crate) u32);

/// Milliseconds, in nanoseconds.
const MILLI: u64 = 1_000_000;

impl Tick {
    /// The tick of a moment, rounded down.
    pub(crate) const fn of(moment: Monotonic) -> Self {
        let [b0, b1, b2, b3, ..] = (moment.0 / MILLI).to_le_bytes();
        Self(u32::from_le_bytes([b0, b1, b2, b3]))
    }

    /// This many milliseconds later.
    pub(crate) const fn plus(self, millis: u32) -> Self {
        Self(self.0.wrapping_add(millis))
    }

    /// Milliseconds since `earlier`.
    pub(crate) const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    /// How many milliseconds from `now` to this moment; 0 if it has passed. Right
    /// for moments less than 24 days apart.
    pub(crate) const fn wait(self, now: Self) -> u32 {
        let wait = self.0.wrapping_sub(now.0);
        if wait.cast_signed() > 0 { wait } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_right_across_the_wrap() {
        let before = Tick(u32::MAX - 10);
        let after = before.plus(30);
        assert_eq!(after.0, 19);
        assert_eq!(after.wait(before), 30);
        assert_eq!(before.wait(after), 0);
        assert_eq!(after.since(before), 30);
        assert_eq!(after.wait(after), 0);
    }

    #[test]
    fn a_tick_is_a_millisecond() {
        let moment = Monotonic(5_000_999_999);
        assert_eq!(Tick::of(moment), Tick(5000));
        assert_eq!(Tick::of(Monotonic((1 << 32) * MILLI)), Tick(0));
    }
}
