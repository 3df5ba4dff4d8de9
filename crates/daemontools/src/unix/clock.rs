//! Two clocks, never mixed: monotonic time paces, the wall clock is written down.

use core::ops::Add;
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::tai64n::Tai64n;

/// A time of the monotonic clock in nanoseconds. It does not change when the wall clock
/// is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// The time now.
    #[must_use]
    pub fn now() -> Self {
        let (seconds, nanos) = read(ClockId::CLOCK_MONOTONIC);
        Self(u64::try_from(seconds).unwrap_or(0) * 1_000_000_000 + u64::from(nanos))
    }

    /// The duration since `earlier`; zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Monotonic {
    /// The time `duration` before this one, but not before the start of the clock.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

/// The time of the wall clock, as a label.
#[must_use]
pub fn wall() -> Tai64n {
    let (seconds, nanos) = unix(SystemTime::now());
    Tai64n::from_unix(seconds, nanos)
}

/// The time since boot, with the time in which the machine was suspended. The start times
/// in `/proc` are by this clock.
#[must_use]
pub fn since_boot() -> Duration {
    let (seconds, nanos) = read(ClockId::CLOCK_BOOTTIME);
    Duration::new(u64::try_from(seconds).unwrap_or(0), nanos)
}

/// The number of clock ticks a second in `/proc`.
#[must_use]
pub fn ticks_per_second() -> u32 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK);
    let ticks = ticks
        .ok()
        .flatten()
        .and_then(|ticks| u32::try_from(ticks).ok());
    // The kernel gives it at exec, and it is never 0.
    ticks.unwrap_or(1).max(1)
}

/// Unix seconds, rounded down, and nanoseconds. `SystemTime` has 64 bits of seconds on
/// every platform, a C library's `timespec` has not.
fn unix(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => (since.as_secs().cast_signed(), since.subsec_nanos()),
        Err(earlier) => {
            let before = earlier.duration();
            match (before.as_secs().cast_signed(), before.subsec_nanos()) {
                (seconds, 0) => (-seconds, 0),
                (seconds, nanos) => (-seconds - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

/// Seconds and nanoseconds of a clock that begins at boot. All that are read here exist in
/// every kernel.
fn read(clock: ClockId) -> (i64, u32) {
    #[allow(clippy::useless_conversion, reason = "the width is the platform's")]
    clock_gettime(clock).map_or((0, 0), |time| {
        (
            time.tv_sec().into(),
            u32::try_from(time.tv_nsec()).unwrap_or(0),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_read_on_both_sides_of_1970_and_of_32_bits() {
        let half = Duration::from_millis(500);
        for (time, is) in [
            (UNIX_EPOCH, (0, 0)),
            (UNIX_EPOCH + half, (0, 500_000_000)),
            (UNIX_EPOCH - half, (-1, 500_000_000)),
            (UNIX_EPOCH - Duration::from_secs(2), (-2, 0)),
            (
                UNIX_EPOCH + Duration::from_secs(1 << 33),
                (8_589_934_592, 0),
            ),
        ] {
            assert_eq!(unix(time), is);
        }
    }
}
